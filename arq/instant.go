package arq

import (
	"math"
	"time"
)

// Instant is a point in time: nanoseconds since the origin of the clock that
// handed it out. Zero means unset; a clock never hands out zero. Instants of
// different clocks cannot be compared, and an Instant says nothing about the
// wall clock.
type Instant int64

// Add returns the instant d after t, or before it if d is negative. It
// saturates instead of wrapping around, so that a hostile duration cannot
// turn a far future into the past.
func (t Instant) Add(d time.Duration) Instant {
	return Instant(saturatingSum(int64(t), int64(d)))
}

// Sub returns the time from u to t, saturated to what a Duration holds.
func (t Instant) Sub(u Instant) time.Duration {
	d := int64(t) - int64(u)
	switch {
	case u < t && d < 0:
		return math.MaxInt64
	case u > t && d > 0:
		return math.MinInt64
	}
	return time.Duration(d)
}

// Before reports whether t is earlier than u.
func (t Instant) Before(u Instant) bool { return t < u }

// After reports whether t is later than u.
func (t Instant) After(u Instant) bool { return t > u }

// String returns the time since the clock's origin, as in "1m2.5s".
func (t Instant) String() string { return time.Duration(t).String() }

// saturatingSum returns a+b, or the nearest int64 to it.
func saturatingSum(a, b int64) int64 {
	sum := a + b
	switch {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	}
	return sum
}
