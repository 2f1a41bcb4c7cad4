package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestLossRateMatchesTheKnob(t *testing.T) {
	const n = 20000
	for _, p := range []float64{0, 0.01, 0.1, 0.5, 1} {
		l := newLab(t, func(c *MixnetConfig) { c.Loss = p })
		l.stream(n)
		c := l.fates()
		lost := float64(c.LostForward+c.LostReturn) / n
		if bound := 4 * math.Sqrt(p*(1-p)/n); math.Abs(lost-p) > bound {
			t.Errorf("loss %v: lost %v of %d, bound ±%v", p, lost, n, bound)
		}
		if c.Replied != n-c.LostForward-c.LostReturn || c.Departed != n {
			t.Errorf("loss %v: %+v", p, c)
		}
		// Of the packets that reach the service as many are lost as of all.
		way := perWay(p)
		if f := float64(c.LostForward) / n; math.Abs(f-way) > 4*math.Sqrt(way*(1-way)/n) {
			t.Errorf("loss %v: forward share %v, want %v", p, f, way)
		}
	}
}

func TestETAIsAWholeNumberOfMillisecondsWithMeanHopsOverMu(t *testing.T) {
	const n = 20000
	l := newLab(t, nil)
	var sum, squares float64
	for _, d := range of(l.stream(n), Departed) {
		if d.ETA%time.Millisecond != 0 || d.ETA <= 0 {
			t.Fatalf("ETA %v", d.ETA)
		}
		x := d.ETA.Seconds()
		sum, squares = sum+x, squares+x*x
	}
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean-1.8) > 4*0.6/math.Sqrt(n) {
		t.Errorf("mean ETA %v s, want (2·3+3)·0.2 s", mean)
	}
	if math.Abs(deviation-0.6) > 0.02 {
		t.Errorf("deviation %v s, want √9·0.2 s", deviation)
	}
}

func TestDepartureGapsAreExponential(t *testing.T) {
	const n = 10000
	l := newLab(t, nil)
	departed := of(l.stream(n), Departed)
	gaps := make([]float64, 0, n)
	for i := 1; i < len(departed); i++ {
		gaps = append(gaps, departed[i].At.Sub(departed[i-1].At).Seconds())
	}
	if ks := distance(gaps, func(x float64) float64 { return 1 - math.Exp(-x) }); ks > 1.95/math.Sqrt(n) {
		t.Errorf("Kolmogorov–Smirnov distance %v to Exp(1 s)", ks)
	}
}

func TestGapsAreCutAtTheLongestWait(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) { c.LambdaPMaxDelay = time.Second })
	departed := of(l.stream(2000), Departed)
	cut := 0
	for i := 1; i < len(departed); i++ {
		switch gap := departed[i].At.Sub(departed[i-1].At); {
		case gap > time.Second:
			t.Fatalf("gap %v", gap)
		case gap == time.Second:
			cut++
		}
	}
	if share := float64(cut) / 2000; math.Abs(share-math.Exp(-1)) > 0.05 {
		t.Errorf("share of cut gaps %v, want 1/e", share)
	}
}

// The centre and the tail that the package promises for the light residual.
func TestModelAHasAMedianNearHalfASecondAndATailLikeTheMeasuredOne(t *testing.T) {
	const n = 50000
	stream := rand.New(rand.NewPCG(1, 2))
	sample := make([]time.Duration, n)
	for i := range sample {
		sample[i] = ModelA{}.Draw(stream, 9, 0)
		if sample[i] < 0 || sample[i]%time.Microsecond != 0 {
			t.Fatalf("residual %v", sample[i])
		}
	}
	slices.Sort(sample)
	for _, q := range []struct {
		share     float64
		low, high time.Duration
	}{
		{0.50, 440 * time.Millisecond, 500 * time.Millisecond},
		{0.99, 800 * time.Millisecond, 880 * time.Millisecond},
	} {
		if r := sample[int(q.share*n)]; r < q.low || r > q.high {
			t.Errorf("quantile %v is %v, want %v to %v", q.share, r, q.low, q.high)
		}
	}
}

// distance is the Kolmogorov–Smirnov distance of a sample to a law.
func distance(sample []float64, law func(float64) float64) float64 {
	slices.Sort(sample)
	n, most := float64(len(sample)), 0.0
	for i, x := range sample {
		f := law(x)
		most = max(most, f-float64(i)/n, float64(i+1)/n-f)
	}
	return most
}
