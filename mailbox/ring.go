package mailbox

import "math/bits"

// smallest is the room of a ring that has just begun to hold messages, a power of two.
const smallest = 4

// ring is a first-in-first-out queue in a slice that wraps around. It doubles when it is full, halves when it is a
// quarter full, and never falls below the room it was told to keep. The zero value is empty and keeps nothing.
type ring struct {
	slots []any // its length is zero or a power of two
	head  int
	count int
	keep  int
}

// newRing returns a ring that always keeps at least that much room.
func newRing(room int) *ring {
	keep := max(smallest, 1<<bits.Len(uint(room-1)))
	return &ring{slots: make([]any, keep), keep: keep}
}

func (r *ring) push(message any) {
	if r.count == len(r.slots) {
		r.resize(max(smallest, 2*len(r.slots)))
	}
	r.slots[(r.head+r.count)&(len(r.slots)-1)] = message
	r.count++
}

// pop takes the first message out of a ring that has one.
func (r *ring) pop() any {
	message := r.slots[r.head]
	r.slots[r.head] = nil
	r.head = (r.head + 1) & (len(r.slots) - 1)
	r.count--
	if len(r.slots) > max(smallest, r.keep) && r.count <= len(r.slots)/4 {
		r.resize(len(r.slots) / 2)
	}
	return message
}

func (r *ring) resize(room int) {
	slots := make([]any, room)
	for i := range r.count {
		slots[i] = r.slots[(r.head+i)&(len(r.slots)-1)]
	}
	r.slots, r.head = slots, 0
}
