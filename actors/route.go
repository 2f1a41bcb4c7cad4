package actors

import (
	"time"

	"github.com/homing-mix/homing/arq"
)

// Hear takes one event of the link and routes what follows from it.
func (d *Desk) Hear(now arq.Instant, e *LinkEvent, out []DeskEffect) []DeskEffect {
	d.watch.heard(now)
	d.tickets.expire(now)
	switch e.Kind {
	case LinkUp:
		out = d.linkUp(now, e, out)
	case LinkDown:
		d.linkDown(e)
	case LinkGatewayDown:
		d.gateway = false
	case LinkGatewayUp:
		out = d.gatewayUp(now, out)
	case LinkDirectory:
		d.newDirectory(e.Directory)
	case LinkSent:
		out = d.sent(now, e, out)
	case LinkReply:
		out = d.reply(now, e, out)
	case LinkCollected:
		out = d.collected(e, out)
	}
	if e.Kind == LinkReply {
		d.postpone(now)
		return out
	}
	return d.pump(now, out)
}

// afterReply is how long a slot that a reply has given back stays empty unless
// something else happens. The sent event that the reply has overtaken is
// usually next.
const afterReply = time.Second

// postpone has the lanes looked at later: nothing is sent in reaction to a
// reply, as that would show an observer of both that there was one.
func (d *Desk) postpone(now arq.Instant) {
	if d.owed == 0 && d.usable() && d.window.len() < d.config.Window && d.lanes.Len() > 0 {
		d.owed = now.Add(afterReply)
	}
}

// sent starts an attempt's timer. Only now has it left.
func (d *Desk) sent(now arq.Instant, e *LinkEvent, out []DeskEffect) []DeskEffect {
	k, slot := d.tickets.find(e.SURBID)
	if k == nil {
		return out
	}
	if k.departure != 0 {
		return out // reported twice, or after it was given up: the first word stands
	}
	if e.Reason != nil && (e.Permanent || !k.reliable) {
		return d.failed(slot, e, out)
	}
	// The daemon's own ARQ keeps what it could not send, and sends it later.
	d.counters.Departed++
	if k.inWindow {
		d.watch.waited(k.writtenAt, e.At)
		out = d.overtake(now, slot, e.At, out)
	}
	return d.depart(now, slot, e.At, e.ETA, out)
}

// depart records a departure, gives the slot back and tells the message.
func (d *Desk) depart(now arq.Instant, slot int32, at arq.Instant, eta time.Duration, out []DeskEffect) []DeskEffect {
	k := &d.tickets.slab[slot]
	grace, life := d.grace(), d.directory.Expiry
	if k.reliable {
		grace, life = daemonBudget(eta), daemonBudget(eta)
		if d.reliable.id == k.surb {
			d.reliable.until = at.Add(daemonLongest)
		}
	}
	k.departure, k.eta, k.expiry = at, eta, at.Add(eta).Add(life)
	k.void = false // an attempt that was thought lost in the daemon's queue has left it
	out = d.tell(k, arq.Sent, arq.Event{Departure: at, ETA: eta, Grace: grace, Expiry: k.expiry}, out)
	return d.settle(now, slot, out)
}

// settle gives a slot back. An observer is watched from here on.
func (d *Desk) settle(now arq.Instant, slot int32, out []DeskEffect) []DeskEffect {
	k := &d.tickets.slab[slot]
	if !d.window.take(slot) {
		return out
	}
	k.inWindow = false
	if k.observer {
		d.tickets.watch(now, slot)
	}
	return out
}

// failed takes back an attempt that never left the host.
func (d *Desk) failed(slot int32, e *LinkEvent, out []DeskEffect) []DeskEffect {
	k := &d.tickets.slab[slot]
	if !d.window.take(slot) {
		return out
	}
	d.counters.Failed++
	k.inWindow = false
	if m, ok := d.messages[k.ref.Ordinal]; ok && m.ref == k.ref {
		m.written--
		m.first = d.tickets.unlink(m.first, slot)
		d.messages[k.ref.Ordinal] = m
	}
	if k.reliable {
		d.reliable = daemonARQ{} // it never had the message, whose end gives the place back
	}
	before := len(out)
	out = d.tell(k, arq.SendFailed, arq.Event{Permanent: e.Permanent}, out)
	for i := range out[before:] {
		out[before+i].Reason = e.Reason
	}
	d.tickets.remove(slot)
	return out
}

// overtake accounts for sent events that were lost: they come in the order of
// the writes, so an attempt overtaken by two later ones will not be reported
// any more. It counts as departed when the first of them was. Failed sends
// overtake nobody: a link may report them as soon as it knows.
func (d *Desk) overtake(now arq.Instant, slot int32, at arq.Instant, out []DeskEffect) []DeskEffect {
	var lost []int32
	for _, earlier := range d.window.before(slot) {
		k := &d.tickets.slab[earlier]
		if k.overtakenAt == 0 {
			k.overtakenAt = at
			continue
		}
		lost = append(lost, earlier)
	}
	for _, earlier := range lost {
		d.counters.Overtaken++
		out = d.depart(now, earlier, d.tickets.slab[earlier].overtakenAt, d.directory.Overdue, out)
	}
	return out
}

// reply completes a message, whichever of its attempts is answered. What still
// waits of it is withdrawn at once: it would be a packet for nothing.
func (d *Desk) reply(now arq.Instant, e *LinkEvent, out []DeskEffect) []DeskEffect {
	if e.Code == 0 || e.Code == daemonGivesUp {
		out = d.reliableDone(e.SURBID, out) // also when the message has ended before
	}
	k, slot := d.tickets.find(e.SURBID)
	if k == nil || k.answered {
		d.counters.Strays++
		return out
	}
	if e.Code != 0 {
		return d.refused(now, slot, e, out)
	}
	k.answered = true
	m, running := d.messages[k.ref.Ordinal]
	if !running || m.ref != k.ref {
		d.counters.Strays++
		d.window.take(slot)
		d.tickets.remove(slot)
		return out
	}
	m.answered = true
	d.withdraw(&m)
	d.messages[k.ref.Ordinal] = m
	d.counters.Replies++
	if slot != m.first {
		d.counters.Late++
	}
	out = d.tell(k, arq.Reply, arq.Event{}, out)
	out[len(out)-1].Payload = e.Payload
	return d.settle(now, slot, out) // a reply may overtake its sent event
}

// refused takes note of an error code in place of an answer. Of plain messages
// none is known, and it is no word on what will come; the daemon's own ARQ says
// with one that it has given up.
func (d *Desk) refused(now arq.Instant, slot int32, e *LinkEvent, out []DeskEffect) []DeskEffect {
	d.counters.Refused++
	k := &d.tickets.slab[slot]
	if !k.reliable || e.Code != daemonGivesUp {
		return out
	}
	before := len(out)
	out = d.lose(now, slot, k.departure, out)
	for i := range out[before:] {
		out[before+i].Reason = e.Reason
	}
	return out
}

// tell appends an event for the message of a ticket, unless it is finished.
func (d *Desk) tell(k *ticket, kind arq.Kind, e arq.Event, out []DeskEffect) []DeskEffect {
	if m, ok := d.messages[k.ref.Ordinal]; !ok || m.ref != k.ref {
		return out
	}
	e.Kind, e.Generation, e.Attempt = kind, k.ref.Generation, int(k.attempt)
	return append(out, DeskEffect{Kind: TellMessage, Ref: k.ref, Event: e})
}
