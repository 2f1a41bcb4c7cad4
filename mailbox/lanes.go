package mailbox

import (
	"errors"
	"slices"
)

// DefaultLimit is the number of entries that may wait in [Lanes] whose Limit is zero.
const DefaultLimit = 10_000

// bulkTurn is the share of [Bulk]: every 16th Pop while it waits.
const bulkTurn = 16

var (
	// ErrFull is returned by Push for a first transmission when Limit entries wait. Try again when some have left.
	ErrFull = errors.New("mailbox: send lanes are full")
	// ErrClass is returned by Push for a class that is none of the five.
	ErrClass = errors.New("mailbox: no such class")
)

// Handle names one entry of [Lanes] for as long as it waits. The zero value names none. It is comparable.
//
// A handle is told from an older one of the same slot by a 32-bit generation: one that was kept while 2³² other
// entries were pushed may name a newer entry.
type Handle struct {
	index      int32 // counted from 1
	generation uint32
}

// Lanes hold what waits to be sent and decide what goes next.
//
// Classes are strict: [Control] before [Retransmission] before [Urgent] before [Normal] before [Bulk], except that
// Bulk, while it waits, gets every 16th Pop. Within a class the services take turns, one entry each, so that a
// caller who queues a thousand requests to one service does not delay another's single one; a service that
// begins to wait comes after all those that already do. Within a class and service the order is first in, first out.
//
// Push, Pop and Remove take constant time, but for a binary search for the service in Push and the insertion there
// of a service that did not wait. There is no map and no chance: the same calls give the same order everywhere.
//
// The zero value is empty and ready, with the default limit. Lanes are not safe for concurrent use. A plain copy
// shares its memory with the original: only one of the two may be used afterwards; see [Lanes.Clone].
type Lanes[T any] struct {
	// Limit is the number of waiting entries, of all classes, from which on Push refuses first transmissions
	// (Urgent, Normal, Bulk). Zero or less means DefaultLimit.
	Limit int

	entries []entry[T]
	free    int32 // the first unused entry
	last    uint32

	services services
	turn     [classes]int32 // the service whose turn it is
	count    [classes]int
	total    int
	passed   int // while Bulk waits: how many entries went since it began to, or since its last turn
}

// entry is one slot of the slab. Links are indices counted from 1; 0 is none.
type entry[T any] struct {
	value      T
	generation uint32 // 0: unused
	before     int32
	after      int32 // in its lane, or in the list of unused ones
	service    int32
	class      Class
}

// Push queues v and returns a handle with which it can be removed again. It returns ErrFull if v is a first
// transmission and Limit entries or more wait. Control and Retransmission are never refused: what they are about
// has been accepted already, and their number is bounded by that of the accepted messages. It returns ErrClass
// for a class that is none of the five.
func (l *Lanes[T]) Push(class Class, service string, v T) (Handle, error) {
	if class < Control || class > Bulk {
		return Handle{}, ErrClass
	}
	if class.first() && l.total >= l.limit() {
		return Handle{}, ErrFull
	}
	if class == Bulk && l.count[bulk] == 0 {
		l.passed = 0
	}
	s := l.services.find(service)
	i := l.take()
	e := l.entry(i)
	e.value, e.class, e.service = v, class, s
	e.before, e.after = l.services.append(s, class.index(), i), 0
	if e.before == 0 {
		l.services.join(&l.turn[class.index()], class.index(), s)
	} else {
		l.entry(e.before).after = i
	}
	l.count[class.index()]++
	l.total++
	return Handle{index: i, generation: e.generation}, nil
}

// Pop takes out the entry whose turn it is. It returns false if nothing waits.
func (l *Lanes[T]) Pop() (T, bool) {
	class := l.next()
	if class < 0 {
		var none T
		return none, false
	}
	if l.passed++; class == bulk {
		l.passed = 0
	}
	s := l.turn[class]
	l.turn[class] = l.services.after(s, class)
	return l.release(l.services.first(s, class)), true
}

// next returns the index of the class that goes next, or -1.
func (l *Lanes[T]) next() int {
	if l.count[bulk] > 0 && l.passed >= bulkTurn-1 {
		return bulk
	}
	return slices.IndexFunc(l.count[:], func(n int) bool { return n > 0 })
}

// Remove takes out the entry of that handle. It returns false if it does not wait any more.
func (l *Lanes[T]) Remove(h Handle) (T, bool) {
	if h.index < 1 || int(h.index) > len(l.entries) || h.generation == 0 || l.entry(h.index).generation != h.generation {
		var none T
		return none, false
	}
	return l.release(h.index), true
}

// Len returns the number of entries that wait.
func (l *Lanes[T]) Len() int { return l.total }

// LenClass returns the number of entries of one class that wait; none wait in a class that is none of the five.
func (l *Lanes[T]) LenClass(class Class) int {
	if class < Control || class > Bulk {
		return 0
	}
	return l.count[class.index()]
}

// Clone returns lanes with the same entries, order and handles, which share no memory with these. The values are
// copied by assignment: what they point to is shared.
func (l *Lanes[T]) Clone() Lanes[T] {
	c := *l
	c.entries = slices.Clone(l.entries)
	c.services = l.services.clone()
	return c
}

func (l *Lanes[T]) limit() int {
	if l.Limit <= 0 {
		return DefaultLimit
	}
	return l.Limit
}

func (l *Lanes[T]) entry(i int32) *entry[T] { return &l.entries[i-1] }

// take returns an unused entry with a new generation.
func (l *Lanes[T]) take() int32 {
	i := l.free
	if i != 0 {
		l.free = l.entry(i).after
	} else {
		l.entries = append(l.entries, entry[T]{})
		i = int32(len(l.entries))
	}
	l.last++
	if l.last == 0 { // 0 marks an unused entry
		l.last++
	}
	l.entry(i).generation = l.last
	return i
}

// release takes a waiting entry out of its lane and returns its value.
func (l *Lanes[T]) release(i int32) T {
	e := l.entry(i)
	v, class := e.value, e.class.index()
	if e.before != 0 {
		l.entry(e.before).after = e.after
	}
	if e.after != 0 {
		l.entry(e.after).before = e.before
	}
	if l.services.cut(e.service, class, e.before, e.after, i) {
		l.services.leave(&l.turn[class], class, e.service)
	}
	l.count[class]--
	l.total--
	*e = entry[T]{after: l.free}
	l.free = i
	if l.total == 0 {
		l.shrink()
	}
	return v
}

// shrink gives back the memory of a burst that is over. Handles stay told apart: generations are counted for all
// entries together, not in the slab.
func (l *Lanes[T]) shrink() {
	if len(l.entries) > roomy {
		l.entries, l.free = nil, 0
	}
	if len(l.services.slab) > roomy {
		l.services = services{}
	}
}
