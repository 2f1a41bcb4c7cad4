package arq

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// fuzzPolicies are the profiles, and policies that reach corners sooner.
var fuzzPolicies = []Policy{
	Interactive.Policy(),
	Balanced.Policy(),
	Guarded.Policy(),
	Fast.Policy(),
	{Attempts: 1, Floor: 3 * time.Second},
	{Attempts: 2, Floor: 3 * time.Second, Growth: 2, Ceiling: 4 * time.Second, Jitter: Jitter{Mean: time.Second, OfETA: 0.5}},
	{Attempts: 3, Deadline: time.Minute, Floor: 2 * time.Second, Growth: 1.5},
	{Deadline: time.Minute, Floor: time.Second},
}

// FuzzMachine gives a machine any events in any order: of attempts asked for
// and not, of other generations, with departures in the past and the future,
// late and early timeouts. The witness holds every step to the rules. In the
// end all is healed, and the message must end.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 30, 40, 6, 0, 200, 0})
	f.Add([]byte{2, 90, 8, 0, 0, 0, 0, 0, 0, 0, 9, 0, 10, 0, 1, 1, 5, 77, 6, 0, 255, 255})
	f.Add([]byte{5, 0, 0, 0, 0, 0, 4, 1, 3, 3, 6, 0, 99, 0, 2, 1, 1, 0, 1, 2, 9, 9, 4, 2, 9, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		if err := play(script); err != nil {
			t.Fatal(err)
		}
	})
}

// TestRulesHoldForRandomHistories is the fuzz target on fixed seeds, so that
// an ordinary run of the tests sees more than the fuzz corpus.
func TestRulesHoldForRandomHistories(t *testing.T) {
	histories := 20000
	if testing.Short() {
		histories = 2000
	}
	for seed := range uint64(histories) {
		chance := rand.New(rand.NewPCG(seed, 3))
		script := make([]byte, 2+4*chance.IntN(80))
		for i := range script {
			script[i] = byte(chance.Uint32())
		}
		if err := play(script); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// play runs a script: two bytes of policy and deadline, then four an event.
func play(script []byte) error {
	if len(script) < 2 {
		return nil
	}
	policy := fuzzPolicies[int(script[0])%len(fuzzPolicies)]
	now := Instant(time.Hour)
	var deadline Instant
	if n := script[1]; n >= 128 {
		deadline = now.Add(time.Duration(n) * time.Second)
	}
	w := newWitness(&policy, deadline, uint64(script[0])<<8|uint64(script[1]))
	var wake Instant
	for line := script[2:]; len(line) >= 4; line = line[4:] {
		at, ev := decodeEvent(line, now, wake, len(w.facts))
		e, err := w.step(at, ev)
		if err != nil {
			return err
		}
		now = at
		if ev.Generation == 1 {
			wake = e.Wake
		}
	}
	return heal(&w, now)
}

// decodeEvent makes an event of four bytes.
func decodeEvent(line []byte, now, wake Instant, asked int) (Instant, Event) {
	ev := Event{Kind: Kind(line[0] & 15), Generation: 1}
	switch {
	case ev.Kind > Release:
		ev.Kind = Timeout // the commonest, and with it time goes on
	case ev.Kind == Cancel && line[3]&7 != 0:
		ev.Kind = Sent // rare, as it ends the story
	case ev.Kind == Reply && line[3]&3 != 0:
		ev.Kind = Lost
	}
	if line[0] > 250 {
		ev.Generation = uint32(line[1])
	}
	// Mostly the latest attempt, sometimes another, sometimes none of ours.
	switch back := int(line[1] & 15); {
	case back < 10:
		ev.Attempt = asked
	default:
		ev.Attempt = asked - back + 11
	}
	step := time.Duration(line[2]) * 40 * time.Millisecond
	if ev.Kind == Timeout && line[2]&1 == 0 && wake != 0 {
		now = max(now, wake) // on time
	} else {
		now = now.Add(step)
	}
	number := time.Duration(line[3]) * 37 * time.Millisecond
	switch line[1] >> 6 {
	case 0:
		ev.Departure, ev.LatestDeparture = now, now
	case 1:
		ev.Departure, ev.LatestDeparture = now.Add(-number), now.Add(-number)
	case 2:
		ev.Departure, ev.LatestDeparture = now.Add(number), now.Add(number)
	}
	ev.ETA = number
	ev.Grace = time.Duration(int8(line[2])) * 11 * time.Millisecond
	ev.Expiry = now.Add(2*number - time.Second)
	ev.Permanent = line[3]&31 == 31
	return now, ev
}

// heal ends every disturbance and answers what is asked for with sent events:
// from any state, the message must end within a bounded number of steps.
func heal(w *witness, now Instant) error {
	var e Effects
	for _, ev := range []Event{{Kind: Release}, {Kind: Start}, {Kind: Timeout}} {
		ev.Generation = 1
		got, err := w.step(now, ev)
		if err != nil {
			return err
		}
		if got.Done != Pending {
			return nil
		}
		e.Wake = got.Wake
	}
	unbounded := w.policy.Attempts == 0 && w.deadline == 0
	for step := range 1000 {
		if w.machine.State() == Done || unbounded && step == 40 {
			return nil
		}
		var err error
		if w.machine.State() == Queued {
			e, err = w.step(now, Event{
				Kind: Sent, Generation: 1, Attempt: len(w.facts), ETA: 2 * time.Second, Expiry: now.Add(7 * time.Second),
			})
		} else if e.Wake == 0 {
			return fmt.Errorf("stuck in %v: no timer and nothing to wait for", w.machine.State())
		} else {
			now = e.Wake
			e, err = w.step(now, Event{Kind: Timeout, Generation: 1})
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("not ended: still %v at %v", w.machine.State(), now)
}
