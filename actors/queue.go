package actors

import "slices"

// roomy is the capacity from which on a queue that has run empty gives its
// memory back.
const roomy = 4096

// queue is first in, first out, in one slice that is used from the front and
// moved down when it is full: every operation takes constant time on average.
// The zero value is empty.
type queue[T any] struct {
	items []T
	head  int
}

func (q *queue[T]) len() int { return len(q.items) - q.head }

func (q *queue[T]) push(v T) {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		left := copy(q.items, q.items[q.head:])
		clear(q.items[left:])
		q.items, q.head = q.items[:left], 0
	}
	q.items = append(q.items, v)
}

// first is the oldest item of a queue that has one.
func (q *queue[T]) first() T { return q.items[q.head] }

// pop takes the oldest item out of a queue that has one.
func (q *queue[T]) pop() T {
	var none T
	v := q.items[q.head]
	q.items[q.head] = none
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > roomy {
			q.items = nil
		}
	}
	return v
}

func (q *queue[T]) clone() queue[T] { return queue[T]{items: slices.Clone(q.items[q.head:])} }
