package actors

import (
	"context"
	"time"

	"github.com/homing-mix/homing/arq"
)

// What the ARQ of daemons up to v0.0.72 does: it sends again 225 s after an
// unanswered ETA, three times, and then replies with code 5 (seen on v0.0.55).
// A message that it has forgotten by one of its bugs is given up a minute later.
const (
	daemonResends     = 3
	daemonResendAfter = 225 * time.Second
	daemonForgets     = time.Minute
	daemonGivesUp     = 5 // the error code
	// daemonLongest is how long the daemon can be busy with a message of which
	// nothing is heard any more: 15 minutes after a client has left it with one,
	// it crashes.
	daemonLongest = 16 * time.Minute
)

// daemonBudget is how long after departure + ETA the daemon's ARQ can still
// bring an answer.
func daemonBudget(eta time.Duration) time.Duration {
	return daemonResends*(eta+daemonResendAfter) + daemonForgets
}

// daemonARQ is the one message that is in the hands of the daemon's own ARQ.
// With two, that ARQ sends one again and silently never the other; left alone
// with one, it takes the daemon down: so the place is given back only when the
// daemon is done with it, whatever has become of the message here.
type daemonARQ struct {
	id    ID
	until arq.Instant // the daemon is done with it by then, whatever happens; 0: not yet written
}

// reliableDone gives the place back if id is the message that holds it.
func (d *Desk) reliableDone(id ID, out []DeskEffect) []DeskEffect {
	if d.reliable.until == 0 || d.reliable.id != id {
		return out
	}
	d.reliable = daemonARQ{}
	return append(out, DeskEffect{Kind: FreeDaemonARQ})
}

// reliableOver gives the place back when the daemon must be done.
func (d *Desk) reliableOver(now arq.Instant, out []DeskEffect) []DeskEffect {
	if d.reliable.until == 0 || now < d.reliable.until {
		return out
	}
	return d.reliableDone(d.reliable.id, out)
}

// collected passes the daemon's garbage collection on to the message that it
// names. It is a hint: the name is often that of another message.
func (d *Desk) collected(e *LinkEvent, out []DeskEffect) []DeskEffect {
	d.counters.Collected++
	k, _ := d.tickets.find(e.MessageID)
	if k == nil || !k.reliable {
		return out
	}
	return d.tell(k, arq.Collected, arq.Event{}, out)
}

// takeDaemonARQ takes the one place in the daemon's ARQ, or returns ErrDaemonARQ.
func (e *Engine) takeDaemonARQ() error {
	select {
	case e.reliable <- struct{}{}:
		return nil
	default:
		return ErrDaemonARQ
	}
}

func (e *Engine) freeDaemonARQ() {
	select {
	case <-e.reliable:
	default: // given back twice would be a bug of the Desk, not a reason to hang
	}
}

// DaemonARQ waits until the daemon's ARQ holds no message of this engine, and
// keeps it so. It returns the cause of ctx if that ends first.
func (e *Engine) DaemonARQ(ctx context.Context) error {
	select {
	case e.reliable <- struct{}{}:
		return nil
	default:
	}
	select {
	case e.reliable <- struct{}{}:
		return nil
	case <-e.stopped:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
