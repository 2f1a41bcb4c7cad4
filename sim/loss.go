package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// loss draws whether a packet dies on the way there and on the way back. Both
// draws are made for every departure, whatever the rates: turning a rate does
// not shift the draws of later packets.
type loss struct {
	stream        *rand.PCG
	forward, back uint64 // of 2^53: a draw below it is a loss
}

// set turns the rates of the two ways.
func (l *loss) set(forward, back float64) error {
	for _, p := range [...]float64{forward, back} {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("%w: a loss rate of %v is not in [0, 1]", ErrConfig, p)
		}
	}
	l.forward, l.back = uint64(forward*(1<<53)), uint64(back*(1<<53))
	return nil
}

func (l *loss) draw() (forward, back bool) {
	f, b := l.stream.Uint64()>>11, l.stream.Uint64()>>11
	return f < l.forward, b < l.back
}

// perWay splits the loss of a whole round trip evenly over its two ways:
// (1−f)² = 1−p.
func perWay(p float64) float64 {
	if p >= 1 {
		return p
	}
	return 1 - math.Sqrt(1-p)
}
