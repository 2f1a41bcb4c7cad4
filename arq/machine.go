package arq

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Machine is the retransmission protocol of one message: make it with New,
// and step it with everything that happens. It has no clock, does no input or
// output, and starts nothing. It is a value for one goroutine at a time; a
// plain copy shares the records of the attempts, so copy with Clone.
type Machine struct {
	attempts []Attempt // in order; a failed one only until the next is asked for
	policy   *Policy
	floor    backoff.ExponentialBackOff // gives floor_k for the next k
	stream   rand.PCG                   // the message's own, for jitter only

	deadline Instant       // 0: none
	due      Instant       // departure + ETA + grace of the current attempt, once sent
	clear    Instant       // no attempt may be asked for before: latest departure + floor seen
	base     Instant       // in BackingOff and Paused: the next attempt's turn but for floors and jitter
	jitter   time.Duration // in BackingOff: J

	current    int // number of the latest attempt asked for; 0 before the first
	answered   int
	generation uint32
	departures uint32 // how many attempts may have left, for the floor's ordinal
	failures   uint8  // failed sends in a row, up to maxFailures
	state      State
	held       bool
	collected  bool
}

// New returns an idle machine. It ignores events of another generation; ends
// with Expired at the deadline, 0 being none; and draws its jitter from a
// stream of its own made from seed, which must differ from message to message
// and be unknown to others. The policy is shared, not copied, and must satisfy
// Validate; nil is Interactive's.
func New(generation uint32, p *Policy, deadline Instant, seed [2]uint64) Machine {
	if p == nil {
		p = &profiles[Interactive]
	}
	return Machine{
		policy:     p,
		floor:      newFloor(p),
		stream:     *rand.NewPCG(seed[0], seed[1]),
		deadline:   deadline,
		generation: generation,
	}
}

// Clone returns a machine that behaves as m from here on and shares nothing
// with it but the policy.
func (m *Machine) Clone() Machine {
	c := *m
	c.attempts = slices.Clone(m.attempts)
	return c
}

// State returns what the machine is doing.
func (m *Machine) State() State { return m.state }

// Attempts returns the records of the attempts in the order asked for. A
// failed send's is there only until the next attempt is asked for. It is a
// view, valid until the next Step; do not write to it.
func (m *Machine) Attempts() []Attempt { return m.attempts }

// Answered returns the number of the attempt that was answered, or 0.
func (m *Machine) Answered() int { return m.answered }

// Generation returns the generation given to New.
func (m *Machine) Generation() uint32 { return m.generation }

// Collected reports whether a Collected event came before the end.
func (m *Machine) Collected() bool { return m.collected }

// Step tells the machine that ev happened, and returns what the shell must do.
// The instants of successive steps must not decrease. It allocates nothing but
// room for a new attempt's record. No event is an error: those that make no
// sense in the state, or speak of an attempt never asked for, change nothing,
// and return the Wake in force. An event of another generation, and any event
// after Done, gives the zero Effects.
//
// A reply wins over a deadline that passed before it; any other event at or
// after the deadline is recorded and ends the message with Expired.
func (m *Machine) Step(now Instant, ev Event) Effects {
	if ev.Generation != m.generation || m.state == Done {
		return Effects{}
	}
	now = max(now, 1) // a clock never hands out less, and 0 would read as unset
	if ev.Kind == Reply {
		return m.reply(now, ev.Attempt)
	}
	news := m.record(now, ev)
	if m.deadline != 0 && now >= m.deadline {
		return m.finish(Expired)
	}
	switch ev.Kind {
	case Start:
		if m.state == Idle {
			return m.proceed(now)
		}
	case Sent:
		if news && m.state == Queued && ev.Attempt == m.current {
			m.state = InFlight
		}
	case SendFailed:
		if news {
			return m.sendFailed(now, ev)
		}
	case Lost:
		if news {
			return m.lost(now, ev.Attempt)
		}
	case Timeout:
		return m.timeout(now)
	case Cancel:
		return m.finish(Canceled)
	case Hold:
		m.held = true
	case Release:
		m.held = false
		switch {
		case m.state == Paused:
			return m.proceed(now)
		case m.state == BackingOff && m.failures > 0:
			// Whoever releases knows that sending works again.
			m.backOff(now)
		}
	}
	return m.wait(now)
}

// reply ends the message if the attempt was ever asked for. The record of a
// failed attempt may be gone; its reply counts all the same.
func (m *Machine) reply(now Instant, attempt int) Effects {
	if attempt < 1 || attempt > m.current {
		return m.wait(now)
	}
	if a := m.find(attempt); a != nil {
		a.Fate = Replied
	}
	m.answered = attempt
	return m.finish(Answered)
}

// finish ends the message.
func (m *Machine) finish(o Outcome) Effects {
	m.state = Done
	return Effects{Done: o}
}

// exhausted ends a message that nothing can answer any more.
func (m *Machine) exhausted() Effects {
	for i := range m.attempts {
		if a := &m.attempts[i]; a.Fate == Departed {
			a.Fate = Presumed
		}
	}
	return m.finish(Exhausted)
}

// wait leaves the state as it is and returns the timer in force.
func (m *Machine) wait(now Instant) Effects {
	wake := m.timer()
	if wake == 0 || m.deadline != 0 && m.deadline < wake {
		wake = m.deadline
	}
	if wake != 0 {
		wake = max(wake, now)
	}
	return Effects{Wake: wake}
}

// timer returns when the state ends by itself; 0 is never. It is worked out
// from the state at each step rather than set and cleared, so that no path can
// forget it.
func (m *Machine) timer() Instant {
	switch m.state {
	case InFlight:
		if m.last() {
			return m.latestExpiry()
		}
		return m.due
	case BackingOff:
		return max(m.base, m.clear).Add(m.jitter)
	}
	return 0
}

// timeout ends whatever has run out by now; an early one ends nothing.
func (m *Machine) timeout(now Instant) Effects {
	if m.state == InFlight && now >= m.timer() {
		if m.last() {
			return m.exhausted()
		}
		if a := m.find(m.current); a.Fate == Departed {
			a.Fate = Presumed
		}
		m.backOff(m.due)
	}
	if m.state == BackingOff && now >= m.timer() {
		if !m.held {
			return m.transmit(now)
		}
		m.state = Paused
	}
	return m.wait(now)
}
