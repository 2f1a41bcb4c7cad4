package arq

import (
	"slices"
	"time"
)

// A send that failed is repeated after firstRetry·1.5ⁿ, at most longestRetry,
// with n failed sends just before it.
const (
	firstRetry   = time.Second
	longestRetry = 30 * time.Second
	maxFailures  = 9 // 1.5⁹ s is above longestRetry: more need not be told apart
)

// longestQueue bounds how late an attempt that Lost speaks of may yet leave.
const longestQueue = time.Hour

// retryDelay returns how long after a failed send the next may be asked for.
func retryDelay(failures uint8) time.Duration {
	d := firstRetry
	for range failures {
		d += d / 2
	}
	return min(d, longestRetry)
}

// transmit asks for the next attempt. Failed ones make room: a message may
// meet thousands of them in a day, and nothing that can still happen needs
// their records.
func (m *Machine) transmit(now Instant) Effects {
	m.attempts = slices.DeleteFunc(m.attempts, func(a Attempt) bool { return a.Fate == Failed })
	m.current++
	m.attempts = append(m.attempts, Attempt{Number: m.current, Asked: now})
	m.state = Queued
	e := m.wait(now)
	e.Transmit = m.current
	return e
}

// proceed leaves Idle or Paused. The first departure needs no jitter: it
// follows nothing that an observer has seen, and the pace of many messages
// released at once is set by whoever releases them.
func (m *Machine) proceed(now Instant) Effects {
	switch {
	case m.held:
		m.state = Paused
	case m.departures == 0 && m.base <= now:
		return m.transmit(now)
	default:
		m.backOff(max(now, m.base))
	}
	return m.wait(now)
}

// backOff waits for the next attempt's turn: the base or the floors, whichever
// is later (see timer), and a fresh jitter. A held machine pauses, and draws
// when it is released.
func (m *Machine) backOff(base Instant) {
	m.base = base
	if m.held {
		m.state = Paused
		return
	}
	m.state = BackingOff
	m.jitter = Exponential(&m.stream, m.policy.Jitter.mean(m.eta()))
}

// eta returns the latest ETA known, for jitter.
func (m *Machine) eta() time.Duration {
	for i := len(m.attempts) - 1; i >= 0; i-- {
		if eta := m.attempts[i].ETA; eta > 0 {
			return eta
		}
	}
	return m.policy.Floor
}

// record notes what Sent, SendFailed, Lost and Collected say, and reports
// whether one of the first three said anything new of an attempt asked for.
// The first word on whether an attempt has left stands.
func (m *Machine) record(now Instant, ev Event) bool {
	switch ev.Kind {
	case Sent, SendFailed, Lost:
	case Collected:
		m.collected = true
		return false
	default:
		return false
	}
	a := m.find(ev.Attempt)
	if a == nil {
		return false
	}
	switch ev.Kind {
	case Sent:
		if a.Departure != 0 || a.Fate == Failed {
			return false
		}
		a.Departure = within(ev.Departure, a.Asked, now)
		a.ETA = max(ev.ETA, 0)
		due := max(a.Departure, a.Departure.Add(a.ETA).Add(ev.Grace))
		a.Expiry = max(ev.Expiry, due)
		if a.Number == m.current {
			m.due = due
		}
		// A Sent that follows Lost shows that the link knew less than it
		// thought: an answer is possible again.
		a.Fate = Departed
		m.left(a, a.Departure)
	case SendFailed:
		if a.Departure != 0 || a.Fate == Failed {
			return false
		}
		a.Fate = Failed
	case Lost:
		if a.Fate == Failed || a.Fate == LostByLink {
			return false
		}
		a.Fate = LostByLink
		if a.Departure == 0 {
			latest := ev.LatestDeparture
			if latest == 0 {
				latest = now
			}
			m.left(a, within(latest, a.Asked, now.Add(longestQueue)))
		}
	}
	return true
}

// left notes that an attempt may have left the host, at the latest at the
// given instant. What is asked for later must keep the floor from it, even if
// the instant becomes known when the attempt is no longer the current one.
func (m *Machine) left(a *Attempt, departure Instant) {
	var floor time.Duration
	if a.ordinal == 0 {
		m.failures = 0
		m.departures++
		a.ordinal = m.departures
		floor = m.floor.NextBackOff()
	} else {
		floor = floorOf(m.policy, a.ordinal)
	}
	m.clear = max(m.clear, departure.Add(floor))
}

// lost follows up a loss that the link has told.
func (m *Machine) lost(now Instant, attempt int) Effects {
	waiting := m.state == Queued || m.state == InFlight
	switch {
	case waiting && m.last() && (attempt == m.current || m.state == InFlight):
		// The loss of an older attempt can be the end only if the current one
		// is no longer in a queue.
		if m.latestExpiry() <= now {
			return m.exhausted()
		}
		m.state = InFlight
	case waiting && attempt == m.current:
		m.backOff(now)
	}
	return m.wait(now)
}

// sendFailed follows up a failed send.
func (m *Machine) sendFailed(now Instant, ev Event) Effects {
	switch {
	case ev.Attempt == m.current && ev.Permanent:
		return m.finish(Rejected)
	case ev.Attempt == m.current && (m.state == Queued || m.state == InFlight):
		delay := retryDelay(m.failures)
		m.failures = min(m.failures+1, maxFailures)
		m.backOff(now.Add(delay))
	case m.state == InFlight && !m.last() && !m.find(m.current).answerable():
		// The allowed attempts seemed spent and the current one was lost, so
		// that only older ones were waited for. One of those never left, and
		// one more attempt is allowed.
		m.backOff(now)
	}
	return m.wait(now)
}

// last reports whether no attempt is allowed after those that may have left.
func (m *Machine) last() bool {
	if m.policy.Attempts == 0 {
		return false
	}
	n := 0
	for i := range m.attempts {
		if m.attempts[i].Fate != Failed {
			n++
		}
	}
	return n >= m.policy.Attempts
}

// latestExpiry returns when the last attempt that may still be answered
// expires; 0 if there is none.
func (m *Machine) latestExpiry() Instant {
	var latest Instant
	for i := range m.attempts {
		if a := &m.attempts[i]; a.answerable() {
			latest = max(latest, a.Expiry)
		}
	}
	return latest
}

// find returns the record of an attempt, or nil if it was never asked for or
// is no longer kept.
func (m *Machine) find(number int) *Attempt {
	for i := len(m.attempts) - 1; i >= 0; i-- {
		if m.attempts[i].Number == number {
			return &m.attempts[i]
		}
	}
	return nil
}

// within moves t into [earliest, latest]; unset is the latest.
func within(t, earliest, latest Instant) Instant {
	if t == 0 || t > latest {
		return latest
	}
	return max(t, earliest)
}
