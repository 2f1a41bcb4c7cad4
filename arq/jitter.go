package arq

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"time"
)

// Jitter is the law of the random wait J that follows the floor:
// J ~ Exp(Mean + OfETA·ETA), drawn anew for each attempt. The exponential law
// is memoryless: to have seen nothing for a while tells an observer nothing
// about when the retransmission comes. The zero Jitter is no wait.
type Jitter struct {
	// Mean is the fixed part of the mean. 0 is none; it cannot be negative.
	Mean time.Duration

	// OfETA is the share of the attempt's ETA that is added to the mean.
	// 0 is none; it cannot be negative. Where no attempt of the message has an
	// ETA yet, the policy's Floor stands in for it, so that a message whose
	// sent events were lost is not predictable.
	OfETA float64
}

// mean returns the mean of the law for an attempt with the given ETA. The
// product is rounded before it is added, so that no machine fuses the two.
func (j Jitter) mean(eta time.Duration) time.Duration {
	if j.OfETA == 0 {
		return j.Mean
	}
	share := math.Round(j.OfETA * float64(eta))
	if !(share < 1<<62) {
		share = 1 << 62
	}
	return time.Duration(saturatingSum(int64(j.Mean), int64(share)))
}

// Exponential draws from the exponential law with the given mean, rounded to
// the nearest nanosecond. A mean of zero or less gives zero and draws nothing.
//
// It uses comparisons of uniform integers only, and therefore gives the same
// durations on every machine: J. von Neumann, "Various techniques used in
// connection with random digits", 1951. With u the first of a run of
// uniform numbers that falls for as long as it can, the run's length is odd
// with probability exp(-u); with k runs of even length before it, k+u is
// exponential with mean 1. About 4.3 numbers are used per draw.
func Exponential(src *rand.PCG, mean time.Duration) time.Duration {
	if mean <= 0 {
		return 0
	}
	for k := uint64(0); ; k++ {
		u := src.Uint64()
		odd := true
		for last := u; ; odd = !odd {
			next := src.Uint64()
			if next >= last {
				break
			}
			last = next
		}
		if odd {
			return multiple(mean, k, u)
		}
	}
}

// multiple returns mean·(k + u/2⁶⁴) to the nearest nanosecond, saturated.
func multiple(mean time.Duration, k, u uint64) time.Duration {
	high, whole := bits.Mul64(uint64(mean), k)
	part, low := bits.Mul64(uint64(mean), u)
	part += low >> 63
	sum, carry := bits.Add64(whole, part, 0)
	if high != 0 || carry != 0 || sum > math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(sum)
}
