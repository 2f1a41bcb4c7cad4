package sim

import (
	"time"

	"github.com/homing-mix/homing/arq"
)

// outage is the time in which a mix that has restarted drops what it gets.
type outage struct{ from, until arq.Instant }

func (o outage) on(at arq.Instant) bool { return o.from != 0 && at >= o.from && at < o.until }

// RestartMix restarts a mix that every packet passes. It has lost its keys:
// until it is in a document with new ones, for the given time, everything is
// lost, both ways, while status, sent events and ETAs stay as ever. A time that
// is not positive is one and a half epochs, as it was seen of real networks.
// During such an outage it moves the end.
func (m *Mixnet) RestartMix(now arq.Instant, lasts time.Duration) {
	m.reach(now)
	if lasts <= 0 {
		lasts = m.network.length * 3 / 2
	}
	if !m.outage.on(now) {
		m.outage.from = now
	}
	m.outage.until = now.Add(lasts)
}
