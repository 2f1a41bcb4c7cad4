package thin

import (
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Waits between connections, in the daemon's time, before jitter.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
	// settled is how long a link must have been up for the waits to start anew,
	// so that a daemon that ends every connection is not dialled in a loop.
	settled = 30 * time.Second
)

// reconnect gives the waits between connections: growing from 1 s to 30 s, each
// ± 50 %, so that the clients of a restarted daemon do not come back together.
// The jitter is its own: that of the backoff package is drawn from the global
// source and applied after the cap.
type reconnect struct {
	floor backoff.ExponentialBackOff
	rand  *rand.Rand
}

func newReconnect(r *rand.Rand) *reconnect {
	b := &reconnect{rand: r, floor: backoff.ExponentialBackOff{
		InitialInterval: firstRetry,
		Multiplier:      2,
		MaxInterval:     lastRetry,
		Stop:            backoff.Stop,
		Clock:           backoff.SystemClock, // only read for MaxElapsedTime, which is 0: no end
	}}
	b.floor.Reset()
	return b
}

// next returns the wait after a connection that was up for the given time, 0 if
// it never came up.
func (b *reconnect) next(up time.Duration) time.Duration {
	if up >= settled {
		b.floor.Reset()
	}
	d := b.floor.NextBackOff()
	return d/2 + time.Duration(b.rand.Int64N(int64(d)))
}
