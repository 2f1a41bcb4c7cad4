package sim

import (
	"strings"
	"time"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/thin/wire"
)

// What daemons up to v0.0.72 do for send_arq_message.
const (
	arqPatience  = 225 * time.Second // after departure + ETA they send again
	arqResends   = 3
	arqCollected = 5 * time.Minute // after departure + ETA comes the garbage-collected event
	arqRetry     = time.Second     // when the queue has no room for a resend
	maxRetries   = 5               // the error code at the end
)

// reliable is a message that the daemon itself retransmits. Each transmission
// has a SURB ID that the daemon draws; only the first has a sent event.
type reliable struct {
	owner    *session
	carrier  ClientID // under which the model knows it
	packet   Packet   // of the latest transmission
	resends  int
	reported bool // the sent event is out
	unknown  bool // the destination is not in the document
	answered bool
	over     bool // answered or given up
}

// transmission is what a timer is set for. An entry that is superseded by a
// resend or an answer stays in the queue until its time.
type transmission struct {
	message *reliable
	surb    [16]byte
}

// reliables are those of a process.
type reliables struct {
	running    map[ClientID]*reliable
	resends    timers[transmission]
	collection timers[*reliable]
}

func newReliables(t temper) reliables {
	return reliables{
		running:    make(map[ClientID]*reliable),
		resends:    timers[transmission]{skewed: t.has(ARQOneTimer)},
		collection: timers[*reliable]{skewed: t.has(ARQGCWrongID)},
	}
}

// next is when a timer is due, 0 for never.
func (r *reliables) next() arq.Instant {
	a, b := r.resends.next(), r.collection.next()
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// rely serves send_arq_message.
func (d *Daemon) rely(c *conn, m *wire.SendMessage, now arq.Instant) verdict {
	d.lastClient++
	r := &reliable{owner: c.session, carrier: d.lastClient, packet: Packet{
		MessageID: (*[16]byte)(m.ID), SURBID: d.identifier(), Recipient: m.Recipient, Payload: m.Payload,
		NoDestination: m.Destination == nil,
	}}
	if m.Destination != nil {
		r.packet.Destination = *m.Destination
	}
	if !d.mixnet.Send(now, r.carrier, r.packet) {
		d.mixnet.Forget(now, r.carrier)
		c.waiting = true
		return full
	}
	d.reliables.running[r.carrier] = r
	return served
}

// attend takes what the model tells of a reliable message.
func (d *Daemon) attend(r *reliable, v Delivery) {
	switch v.Kind {
	case Departed, SendError:
		r.unknown = strings.Contains(v.Err, "service not found")
		d.reliables.resends.push(v.At.Add(v.ETA+arqPatience), transmission{r, v.Packet.SURBID})
		if !r.reported {
			r.reported = true
			d.reliables.collection.push(v.At.Add(v.ETA+arqCollected), r)
			d.tellOwner(r, d.sent(v))
		}
	case Replied:
		if v.Packet.SURBID != r.packet.SURBID && d.temper.has(ARQForgetsSURB) {
			return
		}
		r.answered = true
		d.conclude(r, v.At)
		d.tellOwner(r, replied(v))
	}
}

// retransmit rings the timers that are due.
func (d *Daemon) retransmit(now arq.Instant) {
	for d.reliables.collection.due(now) {
		_, r := d.reliables.collection.fire()
		if !r.answered || d.temper.has(ARQGCAnswered) {
			d.tellOwner(r, wire.Response{Collected: &wire.MessageCollected{MessageID: (*wire.ID)(r.packet.MessageID)}})
		}
	}
	for d.reliables.resends.due(now) {
		_, t := d.reliables.resends.fire()
		if r := t.message; !r.over && r.packet.SURBID == t.surb {
			d.resend(r, now)
		}
	}
}

// resend is the timeout of a transmission.
func (d *Daemon) resend(r *reliable, now arq.Instant) {
	switch {
	case r.unknown && d.temper.has(ARQUnknownWedges):
		d.conclude(r, now)
		d.note(r.owner.client, "the daemon is wedged for every client: a reliable message to an unknown destination")
		d.wedge(now)
	case r.resends < arqResends:
		r.resends++
		r.packet.SURBID = d.identifier()
		d.transmit(r, now)
	default:
		d.conclude(r, now)
		if d.clients[r.owner.client] != r.owner && d.temper.has(ARQDisconnectPanic) {
			d.crash("a reliable message was given up whose client is gone")
			return
		}
		d.tellOwner(r, wire.Response{Reply: &wire.MessageReply{
			MessageID: (*wire.ID)(r.packet.MessageID), SURBID: (*wire.ID)(&r.packet.SURBID),
			Payload: []byte{}, ErrorCode: maxRetries,
		}})
	}
}

// transmit queues a resend.
func (d *Daemon) transmit(r *reliable, now arq.Instant) {
	if !r.over && !d.mixnet.Send(now, r.carrier, r.packet) {
		d.alarm(now.Add(arqRetry), func(now arq.Instant) { d.transmit(r, now) })
	}
}

// conclude ends a message.
func (d *Daemon) conclude(r *reliable, now arq.Instant) {
	r.over = true
	delete(d.reliables.running, r.carrier)
	d.mixnet.Forget(now, r.carrier)
}

// tellOwner tells the client whose message it is, if it is still there.
func (d *Daemon) tellOwner(r *reliable, event wire.Response) {
	if d.clients[r.owner.client] == r.owner {
		d.respond(r.owner.conn, event)
	}
}
