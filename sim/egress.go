package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/homing-mix/homing/arq"
)

// QueueRule tells how the daemon queues requests. Use SharedFIFO or
// RoundRobin.
type QueueRule struct {
	shared bool
	limit  int
}

// SharedFIFO is the rule of kpclientd until v0.0.72: one queue of limit
// requests for all clients, first come, first served (200 there). What is in
// it stays when its client goes.
func SharedFIFO(limit int) QueueRule { return QueueRule{shared: true, limit: limit} }

// RoundRobin is the rule of kpclientd from v0.0.73 on: a queue of limit
// requests for each client, served in turn (16 there). What is in it goes with
// its client.
func RoundRobin(limit int) QueueRule { return QueueRule{limit: limit} }

// egress is the queue and the Poisson clock that empties it.
type egress struct {
	rule    QueueRule
	fifo    []queued // SharedFIFO
	turn    int      // RoundRobin: index into the clients of the one to serve next
	queued  int
	tick    arq.Instant   // the next; 0 while the clock stands still
	left    time.Duration // until the tick, while it stands still
	holds   int           // reasons for which it stands still
	mean    time.Duration
	longest time.Duration
	stream  *rand.PCG
}

type queued struct {
	client *client
	packet Packet
}

// after draws the tick that follows one at now: the gaps of a Poisson process
// are exponential, at most longest where the daemon cuts them.
func (e *egress) after(now arq.Instant) arq.Instant {
	gap := max(arq.Exponential(e.stream, e.mean), 1)
	if e.longest > 0 {
		gap = min(gap, e.longest)
	}
	return now.Add(gap)
}

// stop holds the clock; once every stop is followed by a start it goes on where
// it was held.
func (e *egress) stop(now arq.Instant) {
	if e.holds++; e.holds == 1 {
		e.left, e.tick = e.tick.Sub(now), 0
	}
}

func (e *egress) start(now arq.Instant) {
	if e.holds--; e.holds == 0 {
		e.tick = now.Add(max(e.left, 1))
	}
}

// Join makes a client known without a request of its own: it hears of
// gateways and epochs from now on. Send joins too.
func (m *Mixnet) Join(now arq.Instant, id ClientID) {
	m.reach(now)
	m.join(id)
}

func (m *Mixnet) join(id ClientID) *client {
	c := m.clients[id]
	if c == nil {
		c = &client{id: id}
		m.clients[id] = c
		m.order = append(m.order, c)
	}
	return c
}

// Send queues a request. It returns false, and keeps nothing, when the queue is
// full: the daemon then stops reading that client until Room.
func (m *Mixnet) Send(now arq.Instant, id ClientID, p Packet) bool {
	m.reach(now)
	c := m.join(id)
	if !m.room(c) {
		return false
	}
	if m.egress.rule.shared {
		m.egress.fifo = append(m.egress.fifo, queued{c, p})
	} else {
		c.queue = append(c.queue, p)
	}
	m.egress.queued++
	return true
}

// Room tells whether the queue has room for a request of the client.
func (m *Mixnet) Room(id ClientID) bool {
	c := m.clients[id]
	return c == nil || m.room(c)
}

func (m *Mixnet) room(c *client) bool {
	if m.egress.rule.shared {
		return len(m.egress.fifo) < m.egress.rule.limit
	}
	return len(c.queue) < m.egress.rule.limit
}

// take removes the request whose turn it is.
func (m *Mixnet) take() (*client, Packet, bool) {
	e := &m.egress
	if e.queued == 0 {
		return nil, Packet{}, false
	}
	e.queued--
	if e.rule.shared {
		q := e.fifo[0]
		e.fifo = slices.Delete(e.fifo, 0, 1)
		return q.client, q.packet, true
	}
	for {
		if e.turn >= len(m.order) {
			e.turn = 0
		}
		c := m.order[e.turn]
		e.turn++
		if len(c.queue) > 0 {
			p := c.queue[0]
			c.queue = slices.Delete(c.queue, 0, 1)
			return c, p, true
		}
	}
}

// Unqueue throws away what the client has queued, as a lost connection does
// under RoundRobin, and returns how many requests that were. Under SharedFIFO
// nothing can be taken back.
func (m *Mixnet) Unqueue(now arq.Instant, id ClientID) int {
	m.reach(now)
	c := m.clients[id]
	if c == nil {
		return 0
	}
	return m.unqueue(c)
}

func (m *Mixnet) unqueue(c *client) int {
	n := len(c.queue)
	c.queue = nil
	m.egress.queued -= n
	m.counters.Dropped += uint64(n)
	return n
}

// Forget drops a client: its SURBs, what is queued unless the rule is
// SharedFIFO, and everything that would still be delivered to it. A client that
// joins under the same name later is another one.
func (m *Mixnet) Forget(now arq.Instant, id ClientID) {
	m.reach(now)
	c := m.clients[id]
	if c == nil {
		return
	}
	m.unqueue(c)
	m.strike(c)
}

// strike takes a client off the books.
func (m *Mixnet) strike(c *client) {
	c.gone, c.held = true, nil
	delete(m.clients, c.id)
	if i := slices.Index(m.order, c); i >= 0 {
		m.order = slices.Delete(m.order, i, i+1)
		if i < m.egress.turn {
			m.egress.turn--
		}
	}
	m.out = slices.DeleteFunc(m.out, func(d Delivery) bool { return d.Client == c.id })
}

// Restart is the daemon's: all queues, SURBs and clients are gone, while the
// network, its clock and what is on its way there go on.
func (m *Mixnet) Restart(now arq.Instant) {
	m.reach(now)
	m.counters.Dropped += uint64(m.egress.queued)
	m.egress.fifo, m.egress.queued = nil, 0
	for len(m.order) > 0 {
		c := m.order[0]
		c.queue = nil
		m.strike(c)
	}
	m.gateway.life++
	m.unwedge(now)
}
