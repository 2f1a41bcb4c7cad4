package arq

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// distance is the Kolmogorov–Smirnov distance of a sample from the exponential
// law with mean 1.
func distance(sample []float64) float64 {
	slices.Sort(sample)
	n, d := float64(len(sample)), 0.0
	for i, x := range sample {
		law := 0.0
		if x > 0 {
			law = -math.Expm1(-x)
		}
		d = max(d, law-float64(i)/n, float64(i+1)/n-law)
	}
	return d
}

func TestExponentialFollowsItsLaw(t *testing.T) {
	const n = 200_000
	for seed := range uint64(3) {
		src := rand.NewPCG(seed, 99)
		sample := make([]float64, n)
		var sum, squares, lagged float64
		for i := range sample {
			x := float64(Exponential(src, time.Minute)) / float64(time.Minute)
			sample[i] = x
			sum += x
			squares += (x - 1) * (x - 1)
			if i > 0 {
				lagged += (x - 1) * (sample[i-1] - 1)
			}
		}
		if d, limit := distance(sample), 1.95/math.Sqrt(n); d > limit {
			t.Errorf("seed %d: %.5f from the law, more than %.5f", seed, d, limit)
		}
		if mean := sum / n; math.Abs(mean-1) > 4/math.Sqrt(n) {
			t.Errorf("seed %d: mean %.5f", seed, mean)
		}
		// The variance of the square is 8 for this law.
		if v := squares / n; math.Abs(v-1) > 4*math.Sqrt(8.0/n) {
			t.Errorf("seed %d: variance %.5f", seed, v)
		}
		if r := lagged / n; math.Abs(r) > 4/math.Sqrt(n) {
			t.Errorf("seed %d: correlation %.5f", seed, r)
		}
	}
}

// TestDistanceSeesAWrongLaw shows that the test above can fail.
func TestDistanceSeesAWrongLaw(t *testing.T) {
	const n = 10_000
	chance := rand.New(rand.NewPCG(1, 1))
	for _, wrong := range []struct {
		law  string
		draw func() float64
	}{
		{"10 % too long", func() float64 { return 1.1 * chance.ExpFloat64() }},
		{"never short", func() float64 { return 0.05 + chance.ExpFloat64() }},
		{"uniform", func() float64 { return 2 * chance.Float64() }},
	} {
		sample := make([]float64, n)
		for i := range sample {
			sample[i] = wrong.draw()
		}
		if d := distance(sample); d < 1.95/math.Sqrt(n) {
			t.Errorf("%s: only %.4f away", wrong.law, d)
		}
	}
}

// TestExponentialIsTheSameEverywhere: these durations were computed by an
// independent program in unbounded integers, generator included.
func TestExponentialIsTheSameEverywhere(t *testing.T) {
	for _, c := range []struct {
		seed [2]uint64
		want []time.Duration
	}{
		{[2]uint64{1, 2}, []time.Duration{1796596578, 2121448433, 1048651208, 1706741408, 823001522, 460771528, 673262850, 947207852}},
		{[2]uint64{7, 7}, []time.Duration{1149388288, 301823262, 194426867, 2205743311, 2781621443, 27438498, 2621487573, 900568632}},
	} {
		src := rand.NewPCG(c.seed[0], c.seed[1])
		for i, want := range c.want {
			if got := Exponential(src, time.Second); got != want {
				t.Errorf("seed %v, draw %d: %d, want %d", c.seed, i, got, want)
			}
		}
	}
}

func TestExponentialWithoutAMeanIsZeroAndDrawsNothing(t *testing.T) {
	src := rand.NewPCG(1, 2)
	for _, mean := range []time.Duration{0, -1, math.MinInt64} {
		if got := Exponential(src, mean); got != 0 {
			t.Errorf("mean %d gave %v", mean, got)
		}
	}
	if *src != *rand.NewPCG(1, 2) {
		t.Error("the stream was used")
	}
}

// TestMultipleRoundsToTheNearestNanosecond compares with unbounded integers.
func TestMultipleRoundsToTheNearestNanosecond(t *testing.T) {
	chance := rand.New(rand.NewPCG(5, 5))
	edges := []uint64{0, 1, 1 << 31, 1<<63 - 1, 1 << 63, 1<<63 + 1, math.MaxUint64 - 1, math.MaxUint64}
	for range 100_000 {
		mean := time.Duration(chance.Uint64() >> (1 + chance.UintN(63)))
		k := chance.Uint64() >> (40 + chance.UintN(24))
		u := chance.Uint64()
		if chance.UintN(4) == 0 {
			u = edges[chance.IntN(len(edges))]
		}
		sum := new(big.Int).Lsh(new(big.Int).SetUint64(k), 64)
		sum.Add(sum, new(big.Int).SetUint64(u))
		sum.Mul(sum, big.NewInt(int64(mean)))
		sum.Add(sum, new(big.Int).Lsh(big.NewInt(1), 63))
		sum.Rsh(sum, 64)
		want := time.Duration(math.MaxInt64)
		if sum.IsInt64() {
			want = time.Duration(sum.Int64())
		}
		if got := multiple(mean, k, u); got != want {
			t.Fatalf("%d·(%d + %d/2⁶⁴) = %d, want %d", mean, k, u, got, want)
		}
	}
}

func TestJitterMeanAddsItsShareOfTheETA(t *testing.T) {
	for _, c := range []struct {
		law  Jitter
		eta  time.Duration
		want time.Duration
	}{
		{Jitter{}, time.Hour, 0},
		{Jitter{Mean: time.Second}, time.Hour, time.Second},
		{Jitter{OfETA: 1}, 1234567891 * time.Nanosecond, 1234567891},
		{Jitter{Mean: time.Second, OfETA: 0.5}, 3 * time.Nanosecond, time.Second + 2},
		{Jitter{OfETA: 3}, math.MaxInt64, 1 << 62},
		{Jitter{Mean: math.MaxInt64, OfETA: 3}, math.MaxInt64, math.MaxInt64},
		{Jitter{OfETA: math.Inf(1)}, time.Second, 1 << 62},
		{Jitter{OfETA: math.NaN()}, time.Second, 1 << 62},
	} {
		if got := c.law.mean(c.eta); got != c.want {
			t.Errorf("%+v with ETA %v: %d, want %d", c.law, c.eta, got, c.want)
		}
	}
}

func BenchmarkExponential(b *testing.B) {
	src := rand.NewPCG(1, 2)
	for b.Loop() {
		Exponential(src, time.Second)
	}
}
