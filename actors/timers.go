package actors

import (
	"container/heap"

	"github.com/homing-mix/homing/arq"
)

// Ticker is told that its timer has come due. Tick may be called from any
// goroutine, may come late, and may come once more after the timer was
// disarmed or re-armed: whoever implements it posts a message to its own actor
// and lets the state machine find out whether there is anything to do.
type Ticker interface{ Tick() }

// Timer is one actor's alarm. The zero value with an owner is disarmed.
type Timer struct {
	Owner Ticker
	at    arq.Instant
	order uint64 // breaks ties: first armed, first fired
	slot  int    // 1 + index in the heap; 0 = disarmed
}

// Timers is a heap of armed timers. It is not safe for concurrent use; a clock
// guards it.
type Timers struct {
	heap  timerHeap
	armed uint64
}

// Arm sets t to fire at the given instant, whatever it was set to before. The
// zero instant disarms it.
func (s *Timers) Arm(t *Timer, at arq.Instant) {
	if t.slot != 0 {
		switch at {
		case t.at:
			return
		case 0:
			heap.Remove(&s.heap, t.slot-1)
			return
		}
		t.at = at
		heap.Fix(&s.heap, t.slot-1)
		return
	}
	if at == 0 {
		return
	}
	s.armed++
	t.at, t.order = at, s.armed
	heap.Push(&s.heap, t)
}

// Next is the earliest instant any timer is set to; 0 if none is armed.
func (s *Timers) Next() arq.Instant {
	if len(s.heap) == 0 {
		return 0
	}
	return s.heap[0].at
}

// Due disarms and returns the earliest timer that is due at now, or nil.
func (s *Timers) Due(now arq.Instant) *Timer {
	if len(s.heap) == 0 || s.heap[0].at > now {
		return nil
	}
	return heap.Pop(&s.heap).(*Timer)
}

// Len is the number of armed timers.
func (s *Timers) Len() int { return len(s.heap) }

type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].order < h[j].order
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i+1, j+1
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	*h = append(*h, t)
	t.slot = len(*h)
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.slot = 0
	return t
}
