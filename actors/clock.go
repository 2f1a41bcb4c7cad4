package actors

import (
	"math"
	"sync"
	"time"

	"github.com/homing-mix/homing/arq"
)

// Clock tells the time and holds the actors' timers. An actor arms only its
// own timer; the clock only calls Tick.
type Clock interface {
	// Now is the current instant; never 0, never going back.
	Now() arq.Instant
	// Arm sets a timer, or with the zero instant disarms it.
	Arm(t *Timer, at arq.Instant)
}

// LiveClock follows the machine's monotonic clock, speed virtual seconds to
// the second. All its timers share one heap and one runtime timer: a million
// time.AfterFunc would start a goroutine per firing. It is safe for concurrent
// use.
type LiveClock struct {
	speed  float64
	origin time.Time
	base   arq.Instant

	mu      sync.Mutex
	timers  Timers
	runtime *time.Timer
	set     arq.Instant // what runtime is set to; 0 = not running
	closed  bool
	firing  sync.WaitGroup
}

// NewClock starts a clock at the wall time in Unix nanoseconds. Speed is
// virtual seconds per second; what is not finite and above 0 means 1.
func NewClock(speed float64) *LiveClock {
	if !(speed > 0) || math.IsInf(speed, 1) {
		speed = 1
	}
	now := time.Now()
	return &LiveClock{speed: speed, origin: now, base: arq.Instant(now.UnixNano())}
}

// Speed is how many virtual seconds pass per second.
func (c *LiveClock) Speed() float64 { return c.speed }

// Now implements Clock.
func (c *LiveClock) Now() arq.Instant { return c.At(time.Now()) }

// At turns a time read from time.Now into an instant of this clock.
func (c *LiveClock) At(t time.Time) arq.Instant {
	elapsed := t.Sub(c.origin) // saturates
	if c.speed != 1 {
		scaled := float64(elapsed) * c.speed
		elapsed = time.Duration(max(math.MinInt64/2, min(scaled, math.MaxInt64/2)))
	}
	return max(1, c.base.Add(elapsed)) // 0 would be no instant at all
}

// Arm implements Clock. After Close it does nothing.
func (c *LiveClock) Arm(t *Timer, at arq.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.timers.Arm(t, at)
	c.wind()
}

// wind sets the runtime timer to the earliest armed one. A runtime timer that
// is set too early is left alone: firing early costs less than resetting it at
// every disarming.
func (c *LiveClock) wind() {
	next := c.timers.Next()
	if next == 0 || (c.set != 0 && c.set <= next) {
		return
	}
	wait := max(0, next.Sub(c.Now()))
	if c.speed != 1 {
		// Rounded up: a wait of nothing for an instant that is still to come
		// would fire again and again until it has.
		wait = time.Duration(min(math.Ceil(float64(wait)/c.speed), 1<<62))
	}
	c.set = next
	if c.runtime == nil {
		c.runtime = time.AfterFunc(wait, c.fire)
		return
	}
	c.runtime.Reset(wait)
}

func (c *LiveClock) fire() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.firing.Add(1)
	defer c.firing.Done()
	c.set = 0
	now := c.Now()
	var due []Ticker
	for t := c.timers.Due(now); t != nil; t = c.timers.Due(now) {
		due = append(due, t.Owner)
	}
	c.wind()
	c.mu.Unlock()
	for _, owner := range due {
		owner.Tick()
	}
}

// Close disarms everything and waits for ticks that are being delivered. It is
// idempotent.
func (c *LiveClock) Close() {
	c.mu.Lock()
	c.closed = true
	if c.runtime != nil {
		c.runtime.Stop()
	}
	c.timers = Timers{} // lets go of their owners
	c.mu.Unlock()
	c.firing.Wait()
}
