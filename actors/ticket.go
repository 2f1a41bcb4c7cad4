package actors

import (
	"maps"
	"slices"
	"time"

	"github.com/homing-mix/homing/arq"
)

// none marks the end of a list of tickets.
const none int32 = -1

// ticket ties a SURB ID to the attempt it was drawn for. It outlives the
// message as an observer, until the SURB expires.
type ticket struct {
	surb        ID
	ref         Ref
	attempt     int32
	next        int32 // the message's older ticket
	writtenAt   arq.Instant
	departure   arq.Instant // 0 until known
	eta         time.Duration
	expiry      arq.Instant // 0 until known
	overtakenAt arq.Instant // when a later attempt's sent event was first read
	reliable    bool        // surb is a message ID of the daemon's own ARQ
	void        bool        // the link has reported it lost
	answered    bool        // its SURB is used up
	observer    bool        // its message is finished
	watched     bool        // an observer that is counted against the limit
	inWindow    bool        // neither departed nor known to be lost
	free        bool
}

// tickets is a slab of tickets with an index by SURB ID. Slots are reused;
// links and indices survive a copy of the slab.
type tickets struct {
	slab     []ticket
	spare    []int32
	bySURB   map[ID]int32
	watching queue[observed] // the oldest first; some may be gone already
	watched  int             // those that are not gone
	limit    int
}

type observed struct {
	slot int32
	surb ID // tells a reused slot
}

func newTickets(observers int) tickets {
	return tickets{bySURB: make(map[ID]int32), limit: observers}
}

func (t *tickets) clone() tickets {
	return tickets{
		slab: slices.Clone(t.slab), spare: slices.Clone(t.spare),
		bySURB: maps.Clone(t.bySURB), watching: t.watching.clone(), watched: t.watched, limit: t.limit,
	}
}

func (t *tickets) len() int       { return len(t.bySURB) }
func (t *tickets) observers() int { return t.watched }

func (t *tickets) add(k ticket) int32 {
	var slot int32
	if n := len(t.spare); n > 0 {
		slot, t.spare = t.spare[n-1], t.spare[:n-1]
		t.slab[slot] = k
	} else {
		slot = int32(len(t.slab))
		t.slab = append(t.slab, k)
	}
	t.bySURB[k.surb] = slot
	return slot
}

// find returns the ticket of a SURB ID, or nil. The pointer is good until the
// next add.
func (t *tickets) find(surb ID) (*ticket, int32) {
	slot, ok := t.bySURB[surb]
	if !ok {
		return nil, none
	}
	return &t.slab[slot], slot
}

func (t *tickets) remove(slot int32) {
	k := &t.slab[slot]
	if k.free {
		return
	}
	if k.watched {
		t.watched--
	}
	delete(t.bySURB, k.surb)
	*k = ticket{free: true, next: none}
	t.spare = append(t.spare, slot)
	if len(t.bySURB) == 0 && len(t.slab) > roomy {
		*t = newTickets(t.limit) // gives back the memory of a burst that is over
	}
}

// unlink takes a slot out of the list that begins at first and returns where
// the list begins then.
func (t *tickets) unlink(first, slot int32) int32 {
	if first == slot {
		return t.slab[slot].next
	}
	for at := first; at != none; at = t.slab[at].next {
		if t.slab[at].next == slot {
			t.slab[at].next = t.slab[slot].next
			break
		}
	}
	return first
}

// observe turns the tickets of a finished message into observers. One that
// still holds a slot of the window begins to be watched when it gives it back.
func (t *tickets) observe(now arq.Instant, first int32) {
	for slot := first; slot != none; {
		k := &t.slab[slot]
		next := k.next
		k.observer, k.next = true, none
		if !k.inWindow {
			t.watch(now, slot)
		}
		slot = next
	}
}

// watch keeps an observer until its SURB expires, unless no reply can come.
func (t *tickets) watch(now arq.Instant, slot int32) {
	k := &t.slab[slot]
	if k.void || k.answered || k.departure == 0 || k.expiry <= now {
		t.remove(slot)
		return
	}
	k.watched = true
	t.watched++
	t.watching.push(observed{slot, k.surb})
	t.expire(now)
}

// expire drops observers from the old end: those that are gone or expired, and
// as many more as are beyond the limit.
func (t *tickets) expire(now arq.Instant) {
	for t.watching.len() > 0 {
		o := t.watching.first()
		here := t.here(o)
		if here && t.slab[o.slot].expiry > now && t.watched <= t.limit {
			break
		}
		t.watching.pop()
		if here {
			t.remove(o.slot)
		}
	}
	if t.watching.len() > 2*t.watched+roomy {
		// One that lives long is in front of many that are gone.
		left := queue[observed]{}
		for t.watching.len() > 0 {
			if o := t.watching.pop(); t.here(o) {
				left.push(o)
			}
		}
		t.watching = left
	}
}

// here reports whether an observer still is one: its slot may have been given
// to another ticket since.
func (t *tickets) here(o observed) bool {
	k := &t.slab[o.slot]
	return k.watched && k.surb == o.surb
}
