package sim

import (
	"fmt"
	"time"

	"github.com/homing-mix/homing/arq"
)

// Clock tells virtual time. It never goes backwards, never returns 0, and may
// be asked from any goroutine.
type Clock interface {
	Now() arq.Instant
}

// ScaledClock is virtual time that runs Speed times as fast as real time. A
// client that shares it with a Daemon sees the same instants. Safe for
// concurrent use.
type ScaledClock struct {
	origin time.Time
	speed  float64
}

// NewClock returns a clock that starts now and runs speed virtual seconds per
// real second; 0 = 1. It fails with ErrConfig unless speed is in
// [0.001, 1e6] or 0.
func NewClock(speed float64) (*ScaledClock, error) {
	if speed == 0 {
		speed = 1
	}
	if !(speed >= 1e-3 && speed <= 1e6) {
		return nil, fmt.Errorf("%w: a speed of %v is not in [0.001, 1e6]", ErrConfig, speed)
	}
	return &ScaledClock{origin: time.Now(), speed: speed}, nil
}

// Now returns the virtual time since the clock was made, at least 1 ns.
func (c *ScaledClock) Now() arq.Instant {
	return arq.Instant(float64(time.Since(c.origin))*c.speed) + 1
}

// Speed returns virtual seconds per real second.
func (c *ScaledClock) Speed() float64 { return c.speed }

// Origin returns the real time at which the clock stood at 0.
func (c *ScaledClock) Origin() time.Time { return c.origin }
