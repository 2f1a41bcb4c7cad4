package arq

import (
	"math"
	"testing"
	"time"
)

func TestFloorsFollowTheirLaw(t *testing.T) {
	policies := []Policy{
		Interactive.Policy(), Balanced.Policy(), Guarded.Policy(), Fast.Policy(),
		{Floor: time.Second}, {Floor: time.Second, Growth: 1}, {Floor: time.Second, Growth: 3},
		{Floor: math.MaxInt64 / 3, Growth: 1.7}, {Floor: 1, Growth: 1e300}, {Ceiling: time.Hour, Growth: 2},
	}
	for _, p := range policies {
		source := newFloor(&p)
		last := time.Duration(0)
		for k := 1; k <= 80; k++ {
			got := source.NextBackOff()
			if again := floorOf(&p, uint32(k)); again != got {
				t.Errorf("%+v: floor %d is %v and %v", p, k, got, again)
			}
			// Rounding down at every power loses at most growth^k nanoseconds.
			law := float64(p.Floor) * math.Pow(max(p.Growth, 1), float64(k-1))
			if p.Ceiling > 0 {
				law = min(law, float64(p.Ceiling))
			}
			if law = min(law, float64(unbounded)); math.Abs(float64(got)-law) > 1e-6*law {
				t.Errorf("%+v: floor %d is %v, want %v", p, k, got, time.Duration(law))
			}
			if got < last {
				t.Errorf("%+v: floor %d shrinks from %v to %v", p, k, last, got)
			}
			last = got
		}
	}
}

// TestFloorsOfTheProfiles are golden: whole nanoseconds, the same everywhere.
func TestFloorsOfTheProfiles(t *testing.T) {
	for profile, want := range map[Profile][]time.Duration{
		Interactive: {3000000000, 3750000000, 4687500000, 5859375000, 7324218750, 9155273437, 11444091796, 14305114745, 17881393431, 22351741788, 27939677235, 30000000000},
		Guarded:     {3000000000, 4500000000, 6750000000, 10125000000, 15187500000, 22781250000, 34171875000, 51257812500, 76886718750, 115330078125, 172995117187, 259492675780},
		Fast:        {0, 0, 0},
	} {
		p := profile.Policy()
		source := newFloor(&p)
		for i, w := range want {
			if got := source.NextBackOff(); got != w {
				t.Errorf("%v: floor %d is %d, want %d", profile, i+1, got, w)
			}
		}
	}
}

func TestRetryDelaysGrowToThirtySeconds(t *testing.T) {
	for n, want := range []time.Duration{
		1000000000, 1500000000, 2250000000, 3375000000, 5062500000, 7593750000, 11390625000, 17085937500, 25628906250, 30000000000,
	} {
		if got := retryDelay(uint8(n)); got != want {
			t.Errorf("after %d failures %d, want %d", n, got, want)
		}
	}
	if retryDelay(maxFailures) != longestRetry {
		t.Error("maxFailures is too few")
	}
}
