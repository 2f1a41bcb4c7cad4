package arq

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// witness steps a machine and holds it to the rules. It keeps its own account
// of what it has been told, written from the rules and not from the machine,
// and predicts the outcome, the attempt asked for and the timer of each step.
type witness struct {
	machine  Machine
	policy   *Policy
	deadline Instant

	facts    []fact // of attempt i+1
	now      Instant
	started  bool
	held     bool
	ended    bool
	departed int           // how many may have left, for floor_k
	failures int           // failed sends in a row
	due      Instant       // of the current attempt: departure + ETA + grace
	clear    Instant       // latest of (departure + floor) over all attempts
	turn     Instant       // the next attempt's, but for the floors and jitter
	draws    rand.PCG      // the jitter stream, followed independently
	jitter   time.Duration // the latest draw
}

// fact is what the witness was told of one attempt.
type fact struct {
	asked, departure, expiry Instant
	eta                      time.Duration
	ordinal                  int
	lost, failed             bool
}

func (f *fact) undecided() bool { return f.departure == 0 && !f.lost && !f.failed }

func newWitness(p *Policy, deadline Instant, seed uint64) witness {
	return witness{
		machine:  New(1, p, deadline, [2]uint64{seed, seed}),
		policy:   p,
		deadline: deadline,
		draws:    *rand.NewPCG(seed, seed),
	}
}

func (w *witness) clone() witness {
	c := *w
	c.machine = w.machine.Clone()
	c.facts = slices.Clone(w.facts)
	return c
}

// step steps the machine and returns the first rule that it broke.
func (w *witness) step(now Instant, ev Event) (Effects, error) {
	before := w.machine.Clone()
	e := w.machine.Step(now, ev)
	if err := w.judge(now, ev, &before, e); err != nil {
		return e, fmt.Errorf("at %v, %+v\nfrom %v to %v with %+v\n%w", now, ev, before.State(), w.machine.State(), e, err)
	}
	return e, nil
}

// note takes an event into the account, and reports whether it was news of an
// attempt. What the machine does in consequence is judged elsewhere.
func (w *witness) note(ev Event, before State) bool {
	if ev.Attempt < 1 || ev.Attempt > len(w.facts) {
		return false
	}
	f, current := &w.facts[ev.Attempt-1], ev.Attempt == len(w.facts)
	switch ev.Kind {
	case Sent:
		if f.departure != 0 || f.failed {
			return false
		}
		f.departure, f.eta, f.lost = clamp(ev.Departure, f.asked, w.now), max(ev.ETA, 0), false
		due := max(f.departure, f.departure.Add(f.eta).Add(ev.Grace))
		f.expiry = max(due, ev.Expiry)
		if current {
			w.due = due
		}
		w.keepFloor(f, f.departure)
		return true
	case SendFailed:
		if f.departure != 0 || f.failed {
			return false
		}
		f.failed = true
		if current && (before == Queued || before == InFlight) {
			w.turn = w.now.Add(delayAfter(w.failures))
			w.failures++
		}
		return true
	case Lost:
		if f.failed || f.lost {
			return false
		}
		f.lost = true
		if f.departure == 0 {
			latest := ev.LatestDeparture
			if latest == 0 {
				latest = w.now
			}
			w.keepFloor(f, clamp(latest, f.asked, w.now.Add(time.Hour)))
		}
		if current && (before == Queued || before == InFlight) {
			w.turn = w.now
		}
		return true
	}
	return false
}

func clamp(t, low, high Instant) Instant {
	if t == 0 || t > high {
		return high
	}
	return max(t, low)
}

func (w *witness) keepFloor(f *fact, departure Instant) {
	if f.ordinal == 0 {
		w.departed++
		w.failures = 0
		f.ordinal = w.departed
	}
	w.clear = max(w.clear, departure.Add(lawfulFloor(w.policy, f.ordinal)))
}

// lawfulFloor is min(Floor·Growth^(k-1), Ceiling), each power rounded down to
// a nanosecond.
func lawfulFloor(p *Policy, k int) time.Duration {
	floor := p.Floor
	for range k - 1 {
		if p.Growth > 0 {
			floor = time.Duration(min(float64(floor)*p.Growth, math.MaxInt64/2))
		}
		if p.Ceiling > 0 {
			floor = min(floor, p.Ceiling)
		}
	}
	return floor
}

func delayAfter(failures int) time.Duration {
	return time.Duration(min(30e9, math.Floor(1e9*math.Pow(1.5, float64(failures)))))
}

// used is how many attempts count against the cap.
func (w *witness) used() int {
	n := 0
	for _, f := range w.facts {
		if !f.failed {
			n++
		}
	}
	return n
}

func (w *witness) spent() bool { return w.policy.Attempts > 0 && w.used() >= w.policy.Attempts }

// hope is the latest instant at which a reply can still come; 0 if none can.
func (w *witness) hope() Instant {
	var latest Instant
	for _, f := range w.facts {
		if f.departure != 0 && !f.lost && !f.failed {
			latest = max(latest, f.expiry)
		}
	}
	return latest
}

func (w *witness) current() *fact {
	if len(w.facts) == 0 {
		return nil
	}
	return &w.facts[len(w.facts)-1]
}

// frozen is all of a machine but its attempts, in a form that can be compared.
type frozen struct {
	floor                      backoff.ExponentialBackOff
	stream                     rand.PCG
	deadline, due, clear, base Instant
	jitter                     time.Duration
	current, answered          int
	departures                 uint32
	failures                   uint8
	state                      State
	held, collected            bool
}

func freeze(m *Machine) frozen {
	return frozen{
		m.floor, m.stream, m.deadline, m.due, m.clear, m.base, m.jitter,
		m.current, m.answered, m.departures, m.failures, m.state, m.held, m.collected,
	}
}

// same reports whether two machines will behave alike for ever.
func same(a, b *Machine) bool {
	return freeze(a) == freeze(b) && slices.Equal(a.attempts, b.attempts)
}
