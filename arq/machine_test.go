package arq

import (
	"slices"
	"testing"
	"time"
	"unsafe"
)

// sent returns the sent event of an attempt that leaves now, with a reply due
// at once after its ETA and a SURB that lives 4.5 s longer.
func sent(attempt int, now Instant, eta time.Duration) Event {
	return Event{
		Kind: Sent, Generation: 1, Attempt: attempt,
		Departure: now, ETA: eta, Expiry: now.Add(eta + 4500*time.Millisecond),
	}
}

// drive starts a message and follows its timers, with every attempt leaving
// wait after it was asked for and no reply to any, until it is done. It calls
// asked with each attempt, and returns the outcome and its instant.
func drive(m *Machine, now Instant, wait, eta time.Duration, asked func(number int, at Instant)) (Outcome, Instant) {
	e := m.Step(now, Event{Kind: Start, Generation: 1})
	for e.Done == Pending {
		if e.Transmit != 0 {
			asked(e.Transmit, now)
			now = now.Add(wait)
			e = m.Step(now, sent(e.Transmit, now, eta))
			continue
		}
		now = e.Wake
		e = m.Step(now, Event{Kind: Timeout, Generation: 1})
	}
	return e.Done, now
}

// TestAMessageIsSmall holds the memory of 100 000 outstanding messages down.
func TestAMessageIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Attempt{}); size > 48 {
		t.Errorf("an Attempt takes %d bytes", size)
	}
	if size := unsafe.Sizeof(Machine{}); size > 256 {
		t.Errorf("a Machine takes %d bytes", size)
	}
}

func TestStepAllocatesOnlyRoomForAttempts(t *testing.T) {
	p := Balanced.Policy()
	room := make([]Attempt, 0, p.Attempts+1)
	allocs := testing.AllocsPerRun(200, func() {
		m := New(1, &p, 0, [2]uint64{1, 2})
		m.attempts = room[:0]
		now := Instant(time.Hour)
		m.Step(now, Event{Kind: Hold, Generation: 1})
		m.Step(now, Event{Kind: Start, Generation: 1})
		e := m.Step(now, Event{Kind: Release, Generation: 1})
		for range 3 {
			e = m.Step(now, Event{Kind: SendFailed, Generation: 1, Attempt: e.Transmit})
			now = e.Wake
			e = m.Step(now, Event{Kind: Timeout, Generation: 1})
		}
		m.Step(now, Event{Kind: Lost, Generation: 1, Attempt: e.Transmit})
		m.Step(now, sent(e.Transmit, now, time.Second))
		m.Step(now, Event{Kind: Collected, Generation: 1})
		for e.Done == Pending {
			if e.Transmit != 0 {
				e = m.Step(now, sent(e.Transmit, now, time.Second))
			} else {
				e = m.Step(now, Event{Kind: Timeout, Generation: 1})
			}
			now = max(now, e.Wake)
		}
		if e.Done != Exhausted || len(m.attempts) != p.Attempts {
			t.Fatalf("%v after %d attempts", e.Done, len(m.attempts))
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// TestADayOfFailedSendsKeepsNoRecords takes Guarded through its deadline with a
// daemon that refuses everything.
func TestADayOfFailedSendsKeepsNoRecords(t *testing.T) {
	p := Guarded.Policy()
	now := Instant(time.Hour)
	m := New(1, &p, now.Add(p.Deadline), [2]uint64{1, 2})
	e := m.Step(now, Event{Kind: Start, Generation: 1})
	asked := 0
	for e.Done == Pending {
		if e.Transmit != 0 {
			asked = e.Transmit
			e = m.Step(now, Event{Kind: SendFailed, Generation: 1, Attempt: asked})
		} else {
			now = e.Wake
			e = m.Step(now, Event{Kind: Timeout, Generation: 1})
		}
		if n := len(m.Attempts()); n > 1 {
			t.Fatalf("%d records", n)
		}
	}
	if e.Done != Expired || now.Sub(Instant(time.Hour)) != p.Deadline {
		t.Errorf("%v after %v", e.Done, now.Sub(Instant(time.Hour)))
	}
	// One every 30 s + Exp(30 s), after the first few.
	if asked < 1250 || asked > 1650 {
		t.Errorf("%d sends asked for in a day", asked)
	}
}

func TestACloneSharesNothing(t *testing.T) {
	p := Interactive.Policy()
	now := Instant(time.Hour)
	m := New(1, &p, 0, [2]uint64{3, 4})
	m.Step(now, Event{Kind: Start, Generation: 1})
	c := m.Clone()
	if !same(&m, &c) {
		t.Fatal("the clone differs")
	}
	before, records := freeze(&m), slices.Clone(m.Attempts())
	var asked []Instant
	note := func(_ int, at Instant) { asked = append(asked, at) }
	c.Step(now, sent(1, now, time.Second))
	drive(&c, now, 0, time.Second, note)
	if freeze(&m) != before || !slices.Equal(m.Attempts(), records) {
		t.Error("stepping the clone changed the machine")
	}
	if len(asked) < 2 {
		t.Errorf("the clone asked for %d attempts", len(asked))
	}
}

func TestACloneDrawsTheSameJitter(t *testing.T) {
	p := Interactive.Policy()
	now := Instant(time.Hour)
	m := New(1, &p, 0, [2]uint64{3, 4})
	m.Step(now, Event{Kind: Start, Generation: 1})
	m.Step(now, sent(1, now, time.Second))
	c := m.Clone()
	timeout := Event{Kind: Timeout, Generation: 1}
	if a, b := m.Step(now.Add(time.Second), timeout), c.Step(now.Add(time.Second), timeout); a != b || a.Wake == 0 {
		t.Errorf("%+v and %+v", a, b)
	}
}

func TestAMachineWithoutAPolicyIsInteractive(t *testing.T) {
	p := Interactive.Policy()
	now := Instant(time.Hour)
	a, b := New(1, nil, 0, [2]uint64{3, 4}), New(1, &p, 0, [2]uint64{3, 4})
	var times [2][]Instant
	for i, m := range []*Machine{&a, &b} {
		drive(m, now, time.Second, 2*time.Second, func(_ int, at Instant) { times[i] = append(times[i], at) })
	}
	if len(times[0]) != p.Attempts || !slices.Equal(times[0], times[1]) {
		t.Errorf("asked at %v and %v", times[0], times[1])
	}
}

func TestAccessorsTellWhatWasGiven(t *testing.T) {
	p := Interactive.Policy()
	m := New(77, &p, 0, [2]uint64{})
	if m.Generation() != 77 || m.State() != Idle || len(m.Attempts()) != 0 || m.Answered() != 0 || m.Collected() {
		t.Errorf("a new machine is %+v", m)
	}
	m.Step(1, Event{Kind: Start, Generation: 77})
	m.Step(2, Event{Kind: Collected, Generation: 77})
	m.Step(3, Event{Kind: Reply, Generation: 77, Attempt: 1})
	if m.State() != Done || m.Answered() != 1 || !m.Collected() {
		t.Errorf("an answered machine is %+v", m)
	}
}

// TestAClockAtZeroDoesNotStopTheTimers covers a broken clock: instants at or
// before zero would read as unset.
func TestAClockAtZeroDoesNotStopTheTimers(t *testing.T) {
	p := Fast.Policy()
	m := New(1, &p, 0, [2]uint64{})
	m.Step(-5, Event{Kind: Start, Generation: 1})
	e := m.Step(0, Event{Kind: Sent, Generation: 1, Attempt: 1, Grace: -time.Hour})
	if e.Wake <= 0 || m.Attempts()[0].Departure <= 0 || m.Attempts()[0].Asked <= 0 {
		t.Errorf("%+v, %+v", e, m.Attempts())
	}
}

func BenchmarkMessageOfThreeAttempts(b *testing.B) {
	p := Interactive.Policy()
	b.ReportAllocs()
	for b.Loop() {
		now := Instant(time.Hour)
		m := New(1, &p, 0, [2]uint64{1, 2})
		e := m.Step(now, Event{Kind: Start, Generation: 1})
		for e.Transmit != 3 {
			if e.Transmit != 0 {
				e = m.Step(now, sent(e.Transmit, now, time.Second))
			} else {
				now = e.Wake
				e = m.Step(now, Event{Kind: Timeout, Generation: 1})
			}
		}
		m.Step(now, Event{Kind: Reply, Generation: 1, Attempt: 2})
	}
}
