package arq

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// The four MUSTs that Katzenpost's drafts set for retransmission, each as a
// test over the three profiles that keep them.
var guardedProfiles = []Profile{Interactive, Balanced, Guarded}

// unanswered drives seeds messages of a profile to their end without a reply.
func unanswered(t *testing.T, p Profile, seeds int, eta time.Duration, see func(m *Machine, asked []Instant, end Outcome, at Instant)) {
	t.Helper()
	policy := p.Policy()
	start := Instant(time.Hour)
	for seed := range uint64(seeds) {
		m := New(1, &policy, start.Add(policy.Deadline), [2]uint64{seed, uint64(p)})
		var asked []Instant
		end, at := drive(&m, start, 700*time.Millisecond, eta, func(number int, at Instant) {
			asked = append(asked, at)
			if number != len(asked) {
				t.Fatalf("%v asked for attempt %d after %d", p, number, len(asked)-1)
			}
		})
		see(&m, asked, end, at)
	}
}

// TestMustTakeAFreshPath: every attempt has a number of its own, by which the
// dispatcher gives it a SURB ID and a path of its own; a number never returns,
// not even after a failed send.
func TestMustTakeAFreshPath(t *testing.T) {
	for _, p := range guardedProfiles {
		unanswered(t, p, 50, 2*time.Second, func(m *Machine, asked []Instant, _ Outcome, _ Instant) {
			seen := map[int]bool{}
			for _, a := range m.Attempts() {
				if seen[a.Number] {
					t.Errorf("%v: attempt %d twice", p, a.Number)
				}
				seen[a.Number] = true
			}
		})
		policy := p.Policy()
		m := New(1, &policy, 0, [2]uint64{})
		e := m.Step(1, Event{Kind: Start, Generation: 1})
		for last := 0; last < 20; {
			if e.Transmit != last+1 {
				t.Fatalf("%v: attempt %d after the failed %d", p, e.Transmit, last)
			}
			last = e.Transmit
			e = m.Step(Instant(last)*Instant(time.Hour), Event{Kind: SendFailed, Generation: 1, Attempt: last})
			e = m.Step(e.Wake, Event{Kind: Timeout, Generation: 1})
		}
	}
}

// TestMustLeaveThreeSecondsBetweenDepartures, however short the round trip, and
// with the shortest wait in the queue that there is: none. The random histories
// and the exhaustive walk hold this against losses, holds and failed sends.
func TestMustLeaveThreeSecondsBetweenDepartures(t *testing.T) {
	for _, p := range guardedProfiles {
		for _, eta := range []time.Duration{0, time.Millisecond, 2 * time.Second, 20 * time.Second} {
			unanswered(t, p, 200, eta, func(m *Machine, _ []Instant, _ Outcome, _ Instant) {
				attempts := m.Attempts()
				for i := 1; i < len(attempts); i++ {
					if gap := attempts[i].Asked.Sub(attempts[i-1].Departure); gap < 3*time.Second {
						t.Fatalf("%v: attempt %d asked %v after the departure before", p, i+1, gap)
					}
				}
			})
		}
	}
}

// TestMustBeUnpredictable: over the floor or the time at which the reply was
// due, whichever is later, each wait is exponential with the profile's mean,
// and tells nothing of the next one. The bounds are those of docs/evaluation.md
// for fixed seeds.
func TestMustBeUnpredictable(t *testing.T) {
	for _, c := range []struct {
		profile Profile
		mean    time.Duration
	}{
		{Interactive, time.Second}, {Balanced, 2 * time.Second}, {Guarded, 30 * time.Second},
	} {
		const eta = 2 * time.Second
		var waits []float64
		var product, pairs float64
		unanswered(t, c.profile, 1500, eta, func(m *Machine, _ []Instant, _ Outcome, _ Instant) {
			policy := c.profile.Policy()
			attempts := m.Attempts()
			last := math.NaN()
			for i := 1; i < len(attempts); i++ {
				anchor := attempts[i-1].Departure.Add(max(eta, lawfulFloor(&policy, i)))
				wait := float64(attempts[i].Asked.Sub(anchor)) / float64(c.mean)
				waits = append(waits, wait)
				if i > 1 {
					product += (wait - 1) * (last - 1)
					pairs++
				}
				last = wait
			}
		})
		if len(waits) < 10_000 {
			t.Fatalf("%v: only %d waits", c.profile, len(waits))
		}
		if d, limit := distance(waits), 1.95/math.Sqrt(float64(len(waits))); d > limit {
			t.Errorf("%v: %d waits are %.4f from exponential, more than %.4f", c.profile, len(waits), d, limit)
		}
		if r := product / pairs; math.Abs(r) > 0.04 {
			t.Errorf("%v: consecutive waits are correlated: %.3f", c.profile, r)
		}
	}
}

// TestMustBeBounded: by the cap where the deadline is far, by the deadline
// where it is not, and after either nothing is asked for.
func TestMustBeBounded(t *testing.T) {
	for _, p := range guardedProfiles {
		policy := p.Policy()
		ends := map[Outcome]int{}
		unanswered(t, p, 200, 2*time.Second, func(m *Machine, asked []Instant, end Outcome, at Instant) {
			ends[end]++
			last := asked[len(asked)-1]
			switch {
			case len(asked) > policy.Attempts:
				t.Fatalf("%v: %d attempts", p, len(asked))
			case end == Exhausted && len(asked) != policy.Attempts:
				t.Fatalf("%v: exhausted after %d attempts", p, len(asked))
			case end != Exhausted && end != Expired, at.Before(last), at.Sub(Instant(time.Hour)) > policy.Deadline:
				t.Fatalf("%v: %v at %v", p, end, at)
			}
			if e := m.Step(at.Add(time.Hour), Event{Kind: Timeout, Generation: 1}); e != (Effects{}) {
				t.Fatalf("%v: %+v after the end", p, e)
			}
		})
		if len(ends) == 0 || ends[Exhausted] == 0 {
			t.Errorf("%v: %v", p, ends)
		}
	}
}

// TestFastBreaksTwoMusts, as its documentation says: it neither waits 3 s nor
// is it unpredictable. It is bounded, and takes a fresh path each time.
func TestFastBreaksTwoMusts(t *testing.T) {
	gaps := map[string]int{}
	unanswered(t, Fast, 20, time.Second, func(m *Machine, asked []Instant, end Outcome, _ Instant) {
		if len(asked) != 16 || end != Exhausted {
			t.Fatalf("%d attempts, %v", len(asked), end)
		}
		attempts := m.Attempts()
		for i := 1; i < len(attempts); i++ {
			gaps[fmt.Sprint(attempts[i].Asked.Sub(attempts[i-1].Departure))]++
		}
	})
	if len(gaps) != 1 || gaps["1s"] == 0 {
		t.Errorf("gaps %v", gaps)
	}
}
