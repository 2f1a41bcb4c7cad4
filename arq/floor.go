package arq

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// unbounded stands for a missing ceiling: far beyond any use, and far enough
// below the largest Duration that a product rounded up still fits.
const unbounded = time.Duration(1) << 62

// newFloor returns the source of floor_1, floor_2 …, one for each call of
// NextBackOff. Jitter is not its business: its own comes from the global
// source and after the cap, and could be neither seeded nor bounded below. It
// never stops, as the message's own deadline decides.
func newFloor(p *Policy) backoff.ExponentialBackOff {
	b := backoff.ExponentialBackOff{
		InitialInterval: p.Floor,
		Multiplier:      max(p.Growth, 1),
		MaxInterval:     p.Ceiling,
		Stop:            backoff.Stop,
		Clock:           origin{},
	}
	if p.Ceiling == 0 {
		b.MaxInterval = unbounded
	}
	b.Reset()
	return b
}

// floorOf returns floor_k of the policy for k ≥ 1. It serves the rare attempt
// whose departure becomes known after its floor was first needed.
func floorOf(p *Policy, k uint32) time.Duration {
	b := newFloor(p)
	for range k - 1 {
		b.NextBackOff()
	}
	return b.NextBackOff()
}

// origin is a clock that stands still: the core has no time of its own, and
// an ExponentialBackOff without MaxElapsedTime does not need any.
type origin struct{}

func (origin) Now() time.Time { return time.Time{} }
