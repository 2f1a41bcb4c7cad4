package actors

import (
	"slices"

	"github.com/homing-mix/homing/arq"
)

// linkDown stops the writing. What is lost is known only when the link is up
// again and says whether the session goes on.
func (d *Desk) linkDown(e *LinkEvent) {
	if !d.up {
		return
	}
	d.up, d.downAt = false, e.At
	d.counters.Downs++
}

// linkUp tells every attempt what the interruption has done to it.
//
// A new session knows nothing of the former one: everything is lost, what had
// a sent event at its departure, the rest at the latest when the link went
// down, or later where the daemon goes on sending it. A resumed session (v0.0.73 and later) keeps SURB keys and replies, but
// neither requests still unsent nor sent events: attempts with a sent event go
// on waiting, those without are lost, though their SURBs may yet be answered.
func (d *Desk) linkUp(now arq.Instant, e *LinkEvent, out []DeskEffect) []DeskEffect {
	latest := d.latestDeparture(now, e)
	for _, slot := range slices.Clone(d.window.slots) {
		out = d.lose(now, slot, latest, out)
	}
	if !e.Same {
		out = d.loseDeparted(now, true, out)
	}
	d.up, d.gateway, d.connection, d.watch.usable = true, true, e.Connection, now
	return out
}

// latestDeparture is when what was written and not reported as sent can have
// left at the latest. A daemon that drops it with the connection stopped at the
// Down. One that keeps it has it leave as soon as it can, also while nobody is
// connected; counting from now covers a daemon whose gateway was away.
func (d *Desk) latestDeparture(now arq.Instant, e *LinkEvent) arq.Instant {
	switch {
	case !e.Same && d.directory != nil && d.directory.Lingers > 0:
		return now.Add(max(d.directory.Lingers, d.watch.longest))
	case d.up:
		return e.At // the Down between two Ups was never read
	default:
		return d.downAt
	}
}

// gatewayUp loses what was sent before it: each reconnection of the daemon to
// its gateway voids all SURBs outstanding, silently. What has no sent event
// yet is still queued in the daemon, will be sent, and is not repeated.
func (d *Desk) gatewayUp(now arq.Instant, out []DeskEffect) []DeskEffect {
	d.gateway, d.watch.usable = true, now
	return d.loseDeparted(now, false, out)
}

// loseDeparted reports every departed attempt as lost, in the order of the
// slab, which is the same in every run of the same history. While the session
// goes on, the daemon's own ARQ sends what it holds again.
func (d *Desk) loseDeparted(now arq.Instant, session bool, out []DeskEffect) []DeskEffect {
	for i := 0; i < len(d.tickets.slab); i++ { // it is given back when the last ticket goes
		k := &d.tickets.slab[i]
		if !k.free && !k.void && !k.inWindow && k.departure != 0 && (session || !k.reliable) {
			out = d.lose(now, int32(i), k.departure, out)
		}
	}
	return out
}

// lose reports one attempt as lost. Its SURB stays answerable as long as the
// message lives: a reply that comes all the same is still the answer.
func (d *Desk) lose(now arq.Instant, slot int32, latest arq.Instant, out []DeskEffect) []DeskEffect {
	k := &d.tickets.slab[slot]
	k.void = true
	if !k.observer {
		d.counters.LinkLosses++
	}
	out = d.tell(k, arq.Lost, arq.Event{LatestDeparture: latest}, out)
	out = d.settle(now, slot, out)
	if k.observer {
		d.tickets.remove(slot)
	}
	return out
}

// newDirectory lets attempts that waited for a document with their service
// back into the lanes, each service's in their order. A nil directory changes
// nothing: the last known one is the best there is.
func (d *Desk) newDirectory(directory *Directory) {
	if directory == nil {
		return
	}
	d.directory = directory
	parked := d.parked
	d.parked = newLanes()
	for e, ok := parked.Pop(); ok; e, ok = parked.Pop() {
		if len(directory.Services[e.Service]) == 0 {
			_ = d.wait(&d.parked, inParked, e) // refuses nothing that other lanes have taken
		} else {
			_ = d.wait(&d.lanes, inLanes, e)
		}
	}
}
