package sim

import "github.com/homing-mix/homing/arq"

// schedule is a binary heap of things that happen at an instant. Things of the
// same instant leave in the order in which they were put in, so that a run
// depends on nothing but the seed. The zero value is empty.
type schedule[T any] struct {
	entries []entry[T]
	ordinal uint64
}

type entry[T any] struct {
	at      arq.Instant
	ordinal uint64
	what    T
}

func (e entry[T]) before(o entry[T]) bool {
	if e.at != o.at {
		return e.at < o.at
	}
	return e.ordinal < o.ordinal
}

// next returns the instant of the earliest entry, 0 when there is none.
func (s *schedule[T]) next() arq.Instant {
	if len(s.entries) == 0 {
		return 0
	}
	return s.entries[0].at
}

// due tells whether an entry is due at now.
func (s *schedule[T]) due(now arq.Instant) bool {
	return len(s.entries) > 0 && s.entries[0].at <= now
}

func (s *schedule[T]) push(at arq.Instant, what T) {
	s.ordinal++
	s.entries = append(s.entries, entry[T]{at: at, ordinal: s.ordinal, what: what})
	s.rise(len(s.entries) - 1)
}

// rise moves an entry up to where no parent is later.
func (s *schedule[T]) rise(i int) {
	h := s.entries
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// remove takes out a leaf: an entry without children.
func (s *schedule[T]) remove(leaf int) {
	last := len(s.entries) - 1
	s.entries[leaf] = s.entries[last]
	s.entries[last] = entry[T]{}
	s.entries = s.entries[:last]
	if leaf < last {
		s.rise(leaf)
	}
}

// pop removes the earliest entry; the schedule must not be empty.
func (s *schedule[T]) pop() (arq.Instant, T) {
	h := s.entries
	first, last := h[0], len(h)-1
	h[0] = h[last]
	h[last] = entry[T]{}
	h = h[:last]
	s.entries = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first.at, first.what
		}
		if child+1 < last && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(h[i]) {
			return first.at, first.what
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
