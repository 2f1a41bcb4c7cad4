package arq

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// judge compares a step with the rules, given the machine before it.
func (w *witness) judge(now Instant, ev Event, before *Machine, e Effects) error {
	m := &w.machine
	if w.ended || ev.Generation != m.Generation() {
		if e != (Effects{}) || !same(m, before) {
			return fmt.Errorf("an event after the end, or of another generation, had an effect")
		}
		return nil
	}
	if now < w.now {
		return fmt.Errorf("the test went back in time")
	}
	w.now = now
	waited := w.turn
	news := w.note(ev, before.State())

	want := w.outcome(ev, news, before.State())
	if e.Done != want {
		return fmt.Errorf("outcome %v, want %v", e.Done, want)
	}
	if want != Pending {
		w.ended = true
		return w.judgeEnd(ev, e)
	}
	if ev.Kind == Collected && !m.Collected() {
		return fmt.Errorf("Collected was not recorded")
	}
	if e.Transmit != 0 {
		if err := w.judgeTransmission(ev, before.State(), e); err != nil {
			return err
		}
	}
	if err := w.judgeState(ev, before.State(), e); err != nil {
		return err
	}
	kicked := ev.Kind == Release && m.State() == BackingOff && before.failures > 0
	if !news && !kicked && e.Transmit == 0 && m.State() == before.State() {
		quiet := before.Clone()
		quiet.collected, quiet.held = m.collected, w.held
		if !same(m, &quiet) || w.turn != waited {
			return fmt.Errorf("an event that says nothing new changed the machine")
		}
	}
	return w.judgeWake(ev, e)
}

// outcome is the one that the rules demand of a step.
func (w *witness) outcome(ev Event, news bool, before State) Outcome {
	asked := ev.Attempt >= 1 && ev.Attempt <= len(w.facts)
	current := ev.Attempt == len(w.facts)
	hopeless := before != Idle && w.spent() && !w.current().undecided() && w.hope() <= w.now
	switch {
	case ev.Kind == Reply && asked:
		return Answered
	case ev.Kind == Reply:
		return Pending
	case w.deadline != 0 && w.now >= w.deadline:
		return Expired
	case ev.Kind == Cancel:
		return Canceled
	case ev.Kind == SendFailed && news && current && ev.Permanent:
		return Rejected
	case hopeless && (ev.Kind == Timeout || ev.Kind == Lost && news):
		return Exhausted
	}
	return Pending
}

func (w *witness) judgeEnd(ev Event, e Effects) error {
	m := &w.machine
	switch {
	case e != Effects{Done: e.Done}:
		return fmt.Errorf("the end came with other effects")
	case m.State() != Done:
		return fmt.Errorf("the end left the state %v", m.State())
	case e.Done == Answered && m.Answered() != ev.Attempt:
		return fmt.Errorf("attempt %d answered, %d reported", ev.Attempt, m.Answered())
	case e.Done != Answered && m.Answered() != 0:
		return fmt.Errorf("an answer reported without one")
	}
	if e.Done == Exhausted {
		for _, a := range m.Attempts() {
			if a.Fate == Departed || a.Fate == Waiting {
				return fmt.Errorf("exhausted with attempt %d %v", a.Number, a.Fate)
			}
		}
	}
	return nil
}

func (w *witness) judgeTransmission(ev Event, before State, e Effects) error {
	switch ev.Kind {
	case Start, Timeout, Release:
	default:
		return fmt.Errorf("transmitted on %v", ev.Kind)
	}
	current := w.current()
	switch {
	case w.held && ev.Kind != Release:
		return fmt.Errorf("transmitted while held")
	case e.Transmit != len(w.facts)+1:
		return fmt.Errorf("attempt %d asked for after %d", e.Transmit, len(w.facts))
	case w.spent():
		return fmt.Errorf("more than %d attempts", w.policy.Attempts)
	case current != nil && current.undecided():
		return fmt.Errorf("repeated although the last attempt is not known to have left")
	case current != nil && current.departure != 0 && !current.lost && before == InFlight && w.now < w.due:
		return fmt.Errorf("repeated before the reply was due")
	case w.now < w.clear:
		return fmt.Errorf("asked %v before the floor was over", w.clear.Sub(w.now))
	}
	for i, f := range w.facts {
		if f.departure != 0 && w.now.Sub(f.departure) < lawfulFloor(w.policy, f.ordinal) {
			return fmt.Errorf("asked %v after attempt %d departed", w.now.Sub(f.departure), i+1)
		}
	}
	w.facts = append(w.facts, fact{asked: w.now})
	return nil
}

// mayFollow is the diagram of states in the package documentation, but for
// Done, which may follow all.
var mayFollow = map[State][]State{
	Idle:       {Queued, Paused},
	Queued:     {InFlight, BackingOff, Paused},
	InFlight:   {BackingOff, Queued, Paused},
	BackingOff: {Queued, Paused},
	Paused:     {Queued, BackingOff},
}

func (w *witness) judgeState(ev Event, before State, e Effects) error {
	m, state := &w.machine, w.machine.State()
	if state != before && !slices.Contains(mayFollow[before], state) {
		return fmt.Errorf("%v follows %v", state, before)
	}
	switch ev.Kind {
	case Start:
		w.started = true
	case Hold:
		w.held = true
	case Release:
		w.held = false
	}
	current := w.current()
	undecided := current != nil && current.undecided()
	switch {
	case (state == Idle) == w.started:
		return fmt.Errorf("%v, and started is %v", state, w.started)
	case (state == Queued) != undecided:
		return fmt.Errorf("%v, and the current attempt being undecided is %v", state, undecided)
	case (e.Transmit != 0) != (state == Queued && before != Queued):
		return fmt.Errorf("transmitted %d from %v to %v", e.Transmit, before, state)
	case state == Paused && !w.held:
		return fmt.Errorf("Paused without being held")
	case (state == BackingOff || state == Paused) && w.spent():
		return fmt.Errorf("%v with no attempt left", state)
	case state == InFlight && w.hope() == 0:
		return fmt.Errorf("InFlight with nothing to be answered")
	case state == InFlight && !w.spent() && (current.lost || current.failed):
		return fmt.Errorf("InFlight for an attempt that cannot be answered")
	case before == Paused && ev.Kind == Release && state == Paused:
		return fmt.Errorf("Paused after the release")
	case w.policy.Attempts > 0 && len(m.Attempts()) > w.policy.Attempts:
		return fmt.Errorf("%d records of %d attempts", len(m.Attempts()), w.policy.Attempts)
	}

	switch {
	case before == InFlight && ev.Kind == Timeout && state != InFlight:
		w.turn = w.due
		w.drawUnless(state == Paused)
	case before == InFlight && ev.Kind == SendFailed && ev.Attempt < len(w.facts) && state != InFlight:
		w.turn = w.now
		w.drawUnless(state == Paused)
	case before == BackingOff && ev.Kind == Release && state == BackingOff && w.failures > 0:
		w.turn = w.now
		w.drawUnless(false)
	case before == Paused && state != Paused:
		if early := w.turn > w.now || w.departed > 0; early == (e.Transmit != 0) {
			return fmt.Errorf("released from Paused to %v", state)
		}
		if state == BackingOff {
			w.turn = max(w.turn, w.now)
			w.drawUnless(false)
		}
	case before != BackingOff && state == BackingOff:
		w.drawUnless(false)
	}
	for i := range m.Attempts() {
		if err := w.judgeRecord(&m.Attempts()[i]); err != nil {
			return err
		}
	}
	return nil
}

// drawUnless follows the machine's draw of a jitter.
func (w *witness) drawUnless(paused bool) {
	if paused {
		return
	}
	mean := w.policy.Jitter.Mean
	if w.policy.Jitter.OfETA != 0 {
		eta := w.policy.Floor
		for _, f := range w.facts {
			if f.eta > 0 && !f.failed {
				eta = f.eta
			}
		}
		mean += time.Duration(math.Round(w.policy.Jitter.OfETA * float64(eta)))
	}
	w.jitter = Exponential(&w.draws, mean)
}

func (w *witness) judgeRecord(a *Attempt) error {
	f := &w.facts[a.Number-1]
	want := []Fate{Departed, Presumed}
	switch {
	case f.failed:
		want = []Fate{Failed}
	case f.lost:
		want = []Fate{LostByLink}
	case f.departure == 0:
		want = []Fate{Waiting}
	}
	if !slices.Contains(want, a.Fate) || a.Asked != f.asked || a.Departure != f.departure || a.Expiry != f.expiry || a.ETA != f.eta {
		return fmt.Errorf("record %+v of %+v", *a, *f)
	}
	return nil
}

func (w *witness) judgeWake(ev Event, e Effects) error {
	var want Instant
	switch w.machine.State() {
	case InFlight:
		if want = w.due; w.spent() {
			want = w.hope()
		}
	case BackingOff:
		want = max(w.turn, w.clear).Add(w.jitter)
	}
	if w.deadline != 0 && (want == 0 || w.deadline < want) {
		want = w.deadline
	}
	if want != 0 {
		want = max(want, w.now)
	}
	switch {
	case e.Wake != want:
		return fmt.Errorf("wake %v, want %v", e.Wake, want)
	case e.Wake != 0 && e.Wake < w.now:
		return fmt.Errorf("wake %v in the past", e.Wake)
	case ev.Kind == Timeout && e.Wake == w.now:
		return fmt.Errorf("a timeout was spent and asks for another at once")
	}
	return nil
}
