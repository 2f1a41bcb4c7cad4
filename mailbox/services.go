package mailbox

import (
	"slices"
	"strings"
)

// roomy is the number of unused slots from which on a slab is worth giving back.
const roomy = 256

// services are the lanes of [Lanes]: for each service one list of entries per class, and per class a ring of the
// services that wait in it. Indices are counted from 1; 0 is none.
type services struct {
	slab   []service
	sorted []int32 // by name; among them some that have nothing waiting
	free   int32   // the first slot that is no service's
	idle   int     // how many in sorted have nothing waiting
}

type service struct {
	name    string
	waiting int
	unused  int32 // the next slot that is no service's
	lanes   [classes]lane
}

type lane struct {
	first, last   int32 // entries
	before, after int32 // services in the ring of the class, meaningless when not in it
}

func (s *services) at(i int32) *service { return &s.slab[i-1] }

// find returns the service of that name, a new one if there is none.
func (s *services) find(name string) int32 {
	k, found := s.search(name)
	if found {
		return s.sorted[k]
	}
	if s.idle > roomy && s.idle > len(s.sorted)/2 {
		s.sweep()
		k, _ = s.search(name)
	}
	i := s.free
	if i != 0 {
		s.free = s.at(i).unused
	} else {
		s.slab = append(s.slab, service{})
		i = int32(len(s.slab))
	}
	s.at(i).name = name
	s.sorted = slices.Insert(s.sorted, k, i)
	s.idle++
	return i
}

func (s *services) search(name string) (int, bool) {
	return slices.BinarySearchFunc(s.sorted, name, func(i int32, name string) int {
		return strings.Compare(s.at(i).name, name)
	})
}

// sweep forgets the services that have nothing waiting. It runs when they are most of those known, so that its
// cost is shared by the Push calls that made them.
func (s *services) sweep() {
	s.sorted = slices.DeleteFunc(s.sorted, func(i int32) bool {
		if s.at(i).waiting > 0 {
			return false
		}
		*s.at(i) = service{unused: s.free}
		s.free = i
		return true
	})
	s.idle = 0
}

// append puts an entry at the end of a lane and returns the one before it, 0 if the lane was empty.
func (s *services) append(i int32, class int, entry int32) (before int32) {
	v := s.at(i)
	if v.waiting == 0 {
		s.idle--
	}
	v.waiting++
	n := &v.lanes[class]
	before = n.last
	n.last = entry
	if before == 0 {
		n.first = entry
	}
	return before
}

// cut takes an entry with its two neighbours out of a lane and reports whether the lane is empty now.
func (s *services) cut(i int32, class int, before, after, entry int32) (empty bool) {
	v := s.at(i)
	v.waiting--
	if v.waiting == 0 {
		s.idle++
	}
	n := &v.lanes[class]
	if n.first == entry {
		n.first = after
	}
	if n.last == entry {
		n.last = before
	}
	return n.first == 0
}

func (s *services) first(i int32, class int) int32 { return s.at(i).lanes[class].first }

func (s *services) after(i int32, class int) int32 { return s.at(i).lanes[class].after }

// join puts a service at the end of the ring of a class, which is just before the one whose turn it is.
func (s *services) join(turn *int32, class int, i int32) {
	n := &s.at(i).lanes[class]
	if *turn == 0 {
		n.before, n.after = i, i
		*turn = i
		return
	}
	n.after = *turn
	n.before = s.at(*turn).lanes[class].before
	s.at(n.before).lanes[class].after = i
	s.at(n.after).lanes[class].before = i
}

// leave takes a service out of the ring of a class; if it was its turn, it is the next one's.
func (s *services) leave(turn *int32, class int, i int32) {
	n := &s.at(i).lanes[class]
	if n.after == i {
		*turn = 0
	} else {
		s.at(n.before).lanes[class].after = n.after
		s.at(n.after).lanes[class].before = n.before
		if *turn == i {
			*turn = n.after
		}
	}
}

func (s *services) clone() services {
	c := *s
	c.slab = slices.Clone(s.slab)
	c.sorted = slices.Clone(s.sorted)
	return c
}
