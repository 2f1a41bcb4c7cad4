package arq

import (
	"hash/maphash"
	"testing"
	"time"
)

// TestEveryHistoryOfThreeAttempts walks through everything that can happen to
// a message of three attempts, in steps of one second and without jitter: at
// each instant any event of any attempt, those that make no sense included, or
// a second that passes, with or without a timer running out in it. States that
// will behave alike are visited once: what counts of an instant is how far
// ahead it lies, so that the walk has no horizon. The witness holds every step
// to the rules, and from every state the message must come to an end.
func TestEveryHistoryOfThreeAttempts(t *testing.T) {
	for _, c := range []struct {
		name     string
		policy   Policy
		deadline time.Duration // from the first instant
		failures int           // failed sends tried in one history
		least    int           // states known to be reached: fewer means a blind spot
	}{
		{"growing floors", Policy{Attempts: 3, Floor: 2 * tick, Growth: 1.5, Ceiling: 4 * tick}, 0, 1, 190_000},
		{"deadline", Policy{Attempts: 3, Floor: tick, Growth: 2}, 5 * tick, 1, 90_000},
		{"failed sends", Policy{Attempts: 1, Floor: 2 * tick}, 0, 5, 300},
		{"two attempts, failed sends", Policy{Attempts: 2, Floor: 2 * tick}, 0, 2, 23_000},
		{"no floor", Policy{Attempts: 2}, 0, 1, 6_500},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := walk{visited: make(map[uint64]struct{}), failures: c.failures}
			var deadline Instant
			if c.deadline != 0 {
				deadline = walkOrigin.Add(c.deadline)
			}
			start := time.Now()
			w.push(newWitness(&c.policy, deadline, 0), walkOrigin, 0)
			for len(w.open) > 0 {
				at := w.open[len(w.open)-1]
				w.open = w.open[:len(w.open)-1]
				if err := w.expand(at); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d states, %d steps, %v", len(w.visited), w.steps, time.Since(start))
			if len(w.visited) < c.least {
				t.Errorf("%d states visited, at least %d are known", len(w.visited), c.least)
			}
		})
	}
}

const (
	tick       = time.Second
	walkOrigin = Instant(time.Hour)
)

// walk is a depth-first search through the states of a machine.
type walk struct {
	open     []place
	visited  map[uint64]struct{}
	failures int
	steps    int
}

// place is a state still to be left in every possible way.
type place struct {
	witness  witness
	now      Instant
	failures int
}

// walkSeed makes the fingerprints. Two states with one fingerprint would hide
// one of them: below 10⁻⁷ for a million states.
var walkSeed = maphash.MakeSeed()

func (w *walk) push(at witness, now Instant, failures int) {
	key := maphash.Comparable(walkSeed, fingerprint(&at, now, failures))
	if _, ok := w.visited[key]; ok {
		return
	}
	w.visited[key] = struct{}{}
	w.open = append(w.open, place{at, now, failures})
}

// expand takes every step that is possible from a place.
func (w *walk) expand(p place) error {
	healed := p.witness.clone()
	if err := heal(&healed, p.now); err != nil {
		return err
	}
	if p.witness.machine.State() == Done {
		return nil
	}
	w.push(p.witness.clone(), p.now.Add(tick), p.failures)
	for _, ev := range w.events(&p) {
		ev.Generation = 1
		next := p.witness.clone()
		failures := p.failures
		if ev.Kind == SendFailed && next.facts[ev.Attempt-1].departure == 0 && !next.facts[ev.Attempt-1].failed {
			failures++
		}
		w.steps++
		if _, err := next.step(p.now, ev); err != nil {
			return err
		}
		w.push(next, p.now, failures)
	}
	return nil
}

// events are all that can be told to a machine at one instant.
func (w *walk) events(p *place) []Event {
	events := []Event{
		{Kind: Start}, {Kind: Timeout}, {Kind: Hold}, {Kind: Release}, {Kind: Collected}, {Kind: Cancel},
		{Kind: Reply, Attempt: 0}, {Kind: Reply, Attempt: len(p.witness.facts) + 1},
		{Kind: Sent, Attempt: len(p.witness.facts) + 1},
	}
	before := p.now.Add(-tick)
	for i := range p.witness.facts {
		a := i + 1
		events = append(events,
			Event{Kind: Reply, Attempt: a},
			Event{Kind: Sent, Attempt: a, Departure: p.now, ETA: tick, Expiry: p.now.Add(2 * tick)},
			Event{Kind: Sent, Attempt: a, Departure: before, ETA: tick, Grace: 2 * tick, Expiry: p.now.Add(4 * tick)},
			Event{Kind: Lost, Attempt: a, LatestDeparture: p.now},
			Event{Kind: Lost, Attempt: a, LatestDeparture: before},
		)
		if p.failures < w.failures {
			events = append(events,
				Event{Kind: SendFailed, Attempt: a},
				Event{Kind: SendFailed, Attempt: a, Permanent: true},
			)
		}
	}
	return events
}

// imprint is what decides all that a machine and its witness will do, with every
// instant relative to the present.
type imprint struct {
	machine          frozen
	records          [4]Attempt
	facts            [8]fact
	now              time.Duration // to the deadline, if there is one
	failures         int
	due, clear, turn time.Duration
	row, departed    int
	flags            [3]bool
}

// fingerprint forgets what can no longer matter: how long ago an instant was
// (one second at most, as no event tells of an earlier one), the numbers of
// departures and ETAs without jitter, and everything after the end.
func fingerprint(w *witness, now Instant, failures int) imprint {
	if w.machine.State() == Done {
		return imprint{machine: frozen{state: Done}}
	}
	m := freeze(&w.machine)
	m.deadline, m.due, m.clear, m.base = 0, ahead(m.due, now), ahead(m.clear, now), ahead(m.base, now)
	m.collected = false // it is recorded, and the witness checks that nothing else comes of it
	p := imprint{
		machine:  m,
		failures: failures,
		due:      time.Duration(ahead(w.due, now)),
		clear:    time.Duration(ahead(w.clear, now)),
		turn:     time.Duration(ahead(w.turn, now)),
		row:      w.failures,
		departed: w.departed,
		flags:    [3]bool{w.started, w.held, w.ended},
	}
	if w.deadline != 0 {
		p.now = max(w.deadline.Sub(now), 0) + 1
	}
	for i, a := range w.machine.Attempts() {
		a.Asked, a.Expiry, a.ETA = ahead(a.Asked, now), ahead(a.Expiry, now), 0
		a.Departure = min(a.Departure, 1)
		p.records[i] = a
	}
	for i, f := range w.facts {
		f.asked, f.expiry, f.eta = ahead(f.asked, now), ahead(f.expiry, now), 0
		f.departure = min(f.departure, 1)
		p.facts[i] = f
	}
	return p
}

// ahead is how far after the present an instant lies, at least one second
// before it; unset stays unset.
func ahead(t, now Instant) Instant {
	if t == 0 {
		return 0
	}
	return walkOrigin.Add(max(t.Sub(now), -tick))
}
