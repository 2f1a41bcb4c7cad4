package thin

import (
	"context"
	"sync"
)

// Bounds of a subscription: at one event per millisecond the first is a minute
// of inattention.
const (
	maxEvents     = 65536
	maxEventBytes = 64 << 20
)

// A Subscription is one consumer's view of the events. Next is meant for one
// goroutine; all methods are safe for concurrent use.
type Subscription struct {
	client *Client

	mu     sync.Mutex
	events []Event // events[head:] wait
	head   int
	bytes  int
	ended  error         // once what waits is taken; nil while live
	notify chan struct{} // has one token while something may be there
}

func newSubscription(c *Client) *Subscription {
	return &Subscription{client: c, notify: make(chan struct{}, 1)}
}

// Next returns the next event, waiting for it until ctx ends. An event that is
// there is returned even if ctx has ended. At the end of the subscription Next
// returns what is left, and then for ever ErrOverrun if the consumer fell
// behind, or ErrClosed.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	for {
		if e, err, ok := s.take(); ok {
			return e, err
		}
		select {
		case <-s.notify:
		case <-ctx.Done():
			if e, err, ok := s.take(); ok {
				return e, err
			}
			return nil, context.Cause(ctx)
		}
	}
}

func (s *Subscription) take() (Event, error, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head == len(s.events) {
		if s.ended != nil {
			s.signal() // for another waiting Next
		}
		return nil, s.ended, s.ended != nil
	}
	e := s.events[s.head]
	s.events[s.head] = nil
	s.head++
	s.bytes -= size(e)
	if s.head == len(s.events) {
		s.events, s.head = s.events[:0], 0
	} else {
		s.signal()
	}
	return e, nil, true
}

// offer appends e, or ends the subscription if it is full. It reports whether
// the subscription is live. It never blocks.
func (s *Subscription) offer(e Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return false
	}
	if n := size(e); len(s.events)-s.head >= maxEvents || s.bytes+n > maxEventBytes {
		s.ended = ErrOverrun
	} else {
		if s.head > len(s.events)/2 { // most of the slice has been taken
			n := copy(s.events, s.events[s.head:])
			clear(s.events[n:])
			s.events, s.head = s.events[:n], 0
		}
		s.events = append(s.events, e)
		s.bytes += n
	}
	s.signal()
	return s.ended == nil
}

// finish ends the subscription after what it holds.
func (s *Subscription) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = err
	}
	s.signal()
}

func (s *Subscription) signal() {
	select {
	case s.notify <- struct{}{}:
	default:
	}
}

// Close ends the subscription and drops what it holds. It may be called any
// number of times.
func (s *Subscription) Close() {
	s.client.unsubscribe(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events, s.head, s.bytes = nil, 0, 0
	s.ended = ErrClosed
	s.signal()
}
