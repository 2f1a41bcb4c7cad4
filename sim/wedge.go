package sim

import "github.com/homing-mix/homing/arq"

// Wedge hangs the daemon as v0.0.55 does now and then when its gateway drops:
// nothing departs and nothing is told any more, while requests are still taken
// until the queue is full. Only Restart ends it.
func (m *Mixnet) Wedge(now arq.Instant) {
	m.reach(now)
	if m.wedged {
		return
	}
	m.wedged = true
	m.egress.stop(now)
}

func (m *Mixnet) unwedge(now arq.Instant) {
	if m.wedged {
		m.wedged = false
		m.egress.start(now)
	}
}

// hold stops the egress clock, resume ends that.
func (m *Mixnet) hold(now arq.Instant) {
	m.reach(now)
	m.egress.stop(now)
}

func (m *Mixnet) resume(now arq.Instant) {
	m.reach(now)
	m.egress.start(now)
}
