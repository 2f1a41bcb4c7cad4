package actors

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/arq"
)

// alarm is a timer that notes when it fires.
type alarm struct {
	Timer
	clock *LiveClock
	then  func()
	mu    sync.Mutex
	noted []arq.Instant
}

func newAlarm(c *LiveClock) *alarm {
	a := &alarm{clock: c}
	a.Owner = a
	return a
}

func (a *alarm) Tick() {
	a.mu.Lock()
	a.noted = append(a.noted, a.clock.Now())
	a.mu.Unlock()
	if a.then != nil {
		a.then()
	}
}

func (a *alarm) in(d time.Duration) arq.Instant {
	at := a.clock.Now().Add(d)
	a.clock.Arm(&a.Timer, at)
	return at
}

// fired are the instants at which it fired so far.
func (a *alarm) fired() []arq.Instant {
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.noted)
}

// want fails unless it fired at exactly these instants.
func (a *alarm) want(t *testing.T, at ...arq.Instant) {
	t.Helper()
	fired := a.fired()
	if len(fired) != len(at) {
		t.Fatalf("it fired %d times, want %d", len(fired), len(at))
	}
	for i := range at {
		if fired[i] != at[i] {
			t.Errorf("it fired %v after the instant it was set to", fired[i].Sub(at[i]))
		}
	}
}

func TestClockFiresAtTheInstantAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		defer c.Close()
		a, b := newAlarm(c), newAlarm(c)
		late := a.in(time.Hour)
		early := b.in(time.Second)
		time.Sleep(time.Second - 1)
		b.want(t)
		time.Sleep(time.Nanosecond)
		b.want(t, early)
		a.want(t)
		time.Sleep(time.Hour)
		a.want(t, late)
		past := a.in(-time.Hour)
		if a.want(t, late, c.Now()); past >= c.Now() {
			t.Error("the past is not past")
		}
	})
}

func TestTimerThatIsArmedAnewOrDisarmedForgetsItsFormerInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		defer c.Close()
		a, b := newAlarm(c), newAlarm(c)
		a.in(time.Second)
		at := a.in(3 * time.Second)
		b.in(2 * time.Second)
		c.Arm(&b.Timer, 0)
		time.Sleep(time.Minute)
		a.want(t, at)
		b.want(t)
		a.in(time.Minute)
		sooner := a.in(time.Second)
		time.Sleep(time.Hour)
		a.want(t, at, sooner)
	})
}

func TestTickMayArmItsOwnTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		defer c.Close()
		a := newAlarm(c)
		left := 999
		a.then = func() {
			if left--; left >= 0 {
				a.in(time.Second)
			}
		}
		begin := a.in(time.Second)
		time.Sleep(time.Hour)
		fired := a.fired()
		if n := len(fired); n != 1000 || fired[n-1] != begin.Add(999*time.Second) {
			t.Errorf("it fired %d times", n)
		}
	})
}

func TestScaledClockRunsThatManyTimesAsFast(t *testing.T) {
	for _, speed := range []float64{0.25, 3, 100, 12345.678, 1e6} {
		synctest.Test(t, func(t *testing.T) {
			c := NewClock(speed)
			defer c.Close()
			if c.Speed() != speed {
				t.Errorf("the speed is %v", c.Speed())
			}
			a, began, from := newAlarm(c), time.Now(), c.Now()
			at := a.in(time.Hour)
			for len(a.fired()) == 0 {
				time.Sleep(time.Duration(float64(time.Hour) / speed / 100))
			}
			if fired := a.fired()[0]; fired < at {
				t.Errorf("speed %v: it fired %v early", speed, at.Sub(fired))
			}
			passed, ran := time.Since(began), c.Now().Sub(from)
			if ratio := float64(ran) / float64(passed) / speed; math.Abs(ratio-1) > 1e-6 {
				t.Errorf("speed %v: %v in %v", speed, ran, passed)
			}
		})
	}
}

func TestSpeedThatMakesNoSenseIsOne(t *testing.T) {
	for _, speed := range []float64{0, -3, math.NaN(), math.Inf(1), math.Inf(-1)} {
		if c := NewClock(speed); c.Speed() != 1 {
			t.Errorf("%v gives %v", speed, c.Speed())
		}
	}
}

func TestTimesAreInstantsOfTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(2)
		now := time.Now()
		if c.Now() != arq.Instant(now.UnixNano()) || c.Now() <= 0 {
			t.Errorf("it begins at %v", c.Now())
		}
		if got, want := c.At(now.Add(time.Second)), c.Now().Add(2*time.Second); got != want {
			t.Errorf("a second later is %v, want %v", got, want)
		}
	})
}

func TestNoTimerFiresAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		a := newAlarm(c)
		a.in(time.Second)
		c.Close()
		c.Close()
		a.in(time.Second)
		time.Sleep(time.Hour)
		a.want(t)
		if c.timers.Len() != 0 {
			t.Error("the closed clock holds timers and their owners")
		}
	})
}

func TestCloseWaitsForATickThatIsBeingDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		a := newAlarm(c)
		hold := make(chan struct{})
		a.then = func() { <-hold }
		a.in(time.Second)
		time.Sleep(time.Second)
		synctest.Wait()
		var closed atomic.Bool
		go func() {
			c.Close()
			closed.Store(true)
		}()
		synctest.Wait()
		if closed.Load() {
			t.Error("Close did not wait")
		}
		close(hold)
		synctest.Wait()
		if !closed.Load() {
			t.Error("Close did not return")
		}
	})
}

func TestAThousandTimersStartOneGoroutineToFire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(1)
		defer c.Close()
		stacks := make([]byte, 1<<20)
		most, fired := 0, 0
		for range 1000 {
			a := newAlarm(c)
			a.then = func() {
				fired++
				text := string(stacks[:runtime.Stack(stacks, true)])
				most = max(most, strings.Count(text, "(*LiveClock).fire("))
			}
			a.in(time.Second)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if fired != 1000 || most != 1 {
			t.Errorf("%d of 1000 fired, on up to %d goroutines", fired, most)
		}
	})
}
