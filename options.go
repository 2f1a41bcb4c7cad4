package homing

import (
	"fmt"
	"time"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
)

// Option changes one call.
type Option func(*call) error

// call is what the options of one call add up to.
type call struct {
	id       ID
	keyed    bool
	deadline time.Time     // zero: none given
	timeout  time.Duration // 0: none given
	policy   *arq.Policy   // nil: the client's
	class    mailbox.Class
	framing  Framing
	wait     bool
	reliable bool
}

// Priority says which of the waiting messages goes first. Retransmissions go
// before all of them.
type Priority int

// The priorities. The zero value is Normal.
const (
	Normal Priority = iota
	Urgent          // before Normal
	Bulk            // when nothing else waits, and every 16th time otherwise
)

// WithDeadline ends the message at t, if it is not answered by then. The
// profile's deadline and, for Call, that of ctx hold as well: the earliest
// wins.
func WithDeadline(t time.Time) Option {
	return func(c *call) error {
		if t.IsZero() {
			return fmt.Errorf("%w: WithDeadline: the zero time", ErrConfig)
		}
		c.deadline = t
		return nil
	}
}

// WithTimeout ends the message after d, in the daemon's time, if it is not
// answered by then. It may be longer than the profile's deadline, which it
// replaces. d must be positive.
func WithTimeout(d time.Duration) Option {
	return func(c *call) error {
		if d <= 0 {
			return fmt.Errorf("%w: WithTimeout: %v is not positive", ErrConfig, d)
		}
		c.timeout = d
		return nil
	}
}

// WithPriority sets which lane the message waits in.
func WithPriority(p Priority) Option {
	return func(c *call) error {
		switch p {
		case Normal:
			c.class = mailbox.Normal
		case Urgent:
			c.class = mailbox.Urgent
		case Bulk:
			c.class = mailbox.Bulk
		default:
			return fmt.Errorf("%w: there is no priority %d", ErrConfig, int(p))
		}
		return nil
	}
}

// WithID makes the call idempotent on this side: while a message with the same
// ID, service and payload is running, or has finished within the last 10
// minutes, whatever its outcome, the call joins it and gets the same result.
// With another service or payload it returns ErrConflict and sends nothing. Draw
// IDs with NewID; the zero ID is refused. A message that was given no ID gets
// one from Go, which can be joined only while it runs.
func WithID(id ID) Option {
	return func(c *call) error {
		if id == (ID{}) {
			return fmt.Errorf("%w: WithID: the zero ID; draw one with NewID", ErrConfig)
		}
		c.id, c.keyed = id, true
		return nil
	}
}

// WithProfile sets the message's policy.
func WithProfile(p Profile) Option {
	return func(c *call) error {
		if p < Interactive || p > Fast {
			return fmt.Errorf("%w: there is no profile %d", ErrConfig, int(p))
		}
		policy := p.Policy()
		c.policy = &policy
		return nil
	}
}

// WithPolicy sets the message's policy, number by number. It must satisfy
// Policy.Validate.
func WithPolicy(p Policy) Option {
	return func(c *call) error {
		if err := p.Validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrConfig, err)
		}
		c.policy = &p
		return nil
	}
}

// WithFraming sets how the payload's length travels. The default is Raw.
func WithFraming(f Framing) Option {
	return func(c *call) error {
		if f > Sized {
			return fmt.Errorf("%w: there is no framing %d", ErrConfig, f)
		}
		c.framing = f
		return nil
	}
}

// WithWait lets Go wait for a place among the waiting messages until its ctx
// ends, instead of returning ErrBusy.
func WithWait() Option {
	return func(c *call) error {
		c.wait = true
		return nil
	}
}

// WithDaemonARQ leaves it to the daemon's own ARQ to send the message again,
// which exists up to v0.0.72: ErrUnsupported elsewhere, and while the daemon's
// version is not known yet. One such message can be out at a time, ErrBusy
// otherwise, until the daemon is done with it: it resends 225 s after an
// unanswered ETA, three times (WithWait does not wait for that), and may crash for every application on the host
// if its client leaves before that, for which reason Close waits. The message
// ends at the answer, when the daemon gives up, or at ETA + 3·(ETA + 225 s) +
// 60 s; a deadline holds only if the call names one.
func WithDaemonARQ() Option {
	return func(c *call) error {
		c.reliable = true
		return nil
	}
}
