package sim

import (
	"time"

	"github.com/homing-mix/homing/arq"
)

// gateway is the daemon's connection to its gateway.
type gateway struct {
	away   bool
	keeps  bool   // a reconnect voids nothing
	runs   bool   // the egress clock does not stop for it
	outage uint64 // serial of the outage under way
	life   uint64 // counts connections and restarts: a SURB is void in another life than its own
}

// DropGateway cuts the daemon from its gateway for a time. The egress clock
// stands still meanwhile; when the connection is back every SURB that was out
// is void, silently. During an outage it moves the end of that outage. A time
// that is not positive is an outage of one nanosecond.
func (m *Mixnet) DropGateway(now arq.Instant, outage time.Duration) {
	m.reach(now)
	g := &m.gateway
	g.outage++
	m.schedule.push(now.Add(max(outage, 1)), happening{kind: gatewayReturns, serial: g.outage})
	if g.away {
		return
	}
	g.away = true
	if !g.runs {
		m.egress.stop(now)
	}
	m.announce(Delivery{Kind: GatewayDown})
}

// Away tells whether the gateway is away.
func (m *Mixnet) Away() bool { return m.gateway.away }

func (m *Mixnet) reconnect(now arq.Instant, outage uint64) {
	g := &m.gateway
	if outage != g.outage {
		return
	}
	g.away = false
	if !g.keeps {
		g.life++
	}
	if !g.runs {
		m.egress.start(now)
	}
	m.announce(Delivery{Kind: GatewayUp})
}
