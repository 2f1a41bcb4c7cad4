package actors

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/homing-mix/homing/arq"
)

// Ledger is the index of messages: the running ones, and those with an
// idempotency key that finished recently, so that a repeated call finds the
// answer instead of sending again. It is safe for concurrent use.
type Ledger struct {
	retention time.Duration
	limit     int

	mu       sync.Mutex
	refusing error         // nil while messages are accepted
	shut     chan struct{} // closed when they are no longer
	ordinals uint64
	running  map[ID]*entry
	finished map[ID]*entry
	order    queue[*entry] // the finished ones, the oldest first
	idle     chan struct{} // closed when nothing runs; nil while nobody waits
	totals   Totals
}

// Totals counts messages since the start.
type Totals struct {
	Accepted  uint64
	Joined    uint64 // calls that found their message running or finished
	Answered  uint64
	Expired   uint64
	Exhausted uint64
	Canceled  uint64
	Rejected  uint64
	Internal  uint64
	Closed    uint64 // ended by Shut, without an outcome of their own
	Running   int
}

type entry struct {
	id       ID
	service  string
	digest   [32]byte
	keyed    bool
	ref      Ref // of its actor
	accepted arq.Instant
	deadline arq.Instant
	ended    arq.Instant
	promise  Promise
	canceled atomic.Bool // set before anybody is told: no attempt of it is written from then on
	pid      *actor.PID
}

// runner is a running message and its actor.
type runner struct {
	Outstanding
	ref   Ref
	pid   *actor.PID
	entry *entry
}

func (e *entry) runner() runner {
	return runner{Outstanding{e.id, e.service, e.accepted, e.deadline}, e.ref, e.pid, e}
}

func newLedger(retention time.Duration, limit int) *Ledger {
	if retention <= 0 {
		retention = 10 * time.Minute
	}
	if limit <= 0 {
		limit = 10_000
	}
	return &Ledger{
		retention: retention, limit: limit, shut: make(chan struct{}),
		running: make(map[ID]*entry), finished: make(map[ID]*entry),
	}
}

// join looks for a message with the ID of e. It returns its promise if service
// and digest are the same, ErrConflict if not, nothing if there is none. The
// lock must be held.
func (l *Ledger) join(now arq.Instant, e *entry) (*Promise, error) {
	l.forget(now)
	known := l.running[e.id]
	if known == nil {
		known = l.finished[e.id]
	}
	if known == nil {
		return nil, nil
	}
	if known.service != e.service || known.digest != e.digest {
		return nil, ErrConflict
	}
	l.totals.Joined++
	return &known.promise, nil
}

// lookup is join under the lock.
func (l *Ledger) lookup(now arq.Instant, e *entry) (*Promise, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusing != nil {
		return nil, l.refusing
	}
	return l.join(now, e)
}

// admit enters e and starts its actor, unless it joins another message, whose
// promise is then returned.
func (l *Ledger) admit(now arq.Instant, e *entry, spawn func(Ref) (*actor.PID, error)) (*Promise, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusing != nil {
		return nil, l.refusing
	}
	if joined, err := l.join(now, e); joined != nil || err != nil {
		return joined, err
	}
	ref := Ref{Ordinal: l.ordinals + 1, Generation: 1} // the first life of a new actor
	pid, err := spawn(ref)
	if err != nil {
		return nil, err
	}
	l.ordinals++
	e.ref, e.pid = ref, pid
	l.running[e.id] = e
	l.totals.Accepted++
	return nil, nil
}

// finish moves a message from running to finished and completes its promise,
// in this order: whoever has seen the result finds the message finished.
func (l *Ledger) finish(id ID, outcome arq.Outcome, r Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.running[id]
	if e == nil {
		return
	}
	delete(l.running, id)
	l.count(outcome, r.Err)
	e.pid = nil // who holds a PID holds its actor
	if e.keyed && r.Err != ErrClosed {
		e.ended = r.Finished
		l.finished[id] = e
		l.order.push(e)
		l.forget(r.Finished)
	}
	e.promise.Complete(r)
	if len(l.running) == 0 {
		if l.idle != nil {
			close(l.idle)
		}
		l.idle = nil
	}
}

func (l *Ledger) count(outcome arq.Outcome, err error) {
	switch {
	case err == ErrClosed:
		l.totals.Closed++
	case err == ErrInternal:
		l.totals.Internal++
	case outcome == arq.Answered:
		l.totals.Answered++
	case outcome == arq.Expired:
		l.totals.Expired++
	case outcome == arq.Exhausted:
		l.totals.Exhausted++
	case outcome == arq.Canceled:
		l.totals.Canceled++
	case outcome == arq.Rejected:
		l.totals.Rejected++
	}
}

// forget drops finished messages that are too old or too many. The lock must
// be held.
func (l *Ledger) forget(now arq.Instant) {
	for l.order.len() > l.limit || l.order.len() > 0 && now.Sub(l.order.first().ended) >= l.retention {
		delete(l.finished, l.order.pop().id)
	}
}

// refuse makes every later admission fail with err. The first reason stays,
// except that an end of the engine replaces a reason for which it went on.
func (l *Ledger) refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusing == nil {
		close(l.shut)
	} else if l.refusing == ErrClosed || l.refusing == ErrInternal || err != ErrClosed && err != ErrInternal {
		return
	}
	l.refusing = err
}

// refusal is why no message is accepted; nil while they are.
func (l *Ledger) refusal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refusing
}

// snapshot is the running messages in the order in which they were accepted.
func (l *Ledger) snapshot() []runner {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]runner, 0, len(l.running))
	for _, e := range l.running {
		list = append(list, e.runner())
	}
	slices.SortFunc(list, func(a, b runner) int { return cmp.Compare(a.ref.Ordinal, b.ref.Ordinal) })
	return list
}

// find returns a running message.
func (l *Ledger) find(id ID) (runner, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.running[id]
	if e == nil {
		return runner{}, false
	}
	return e.runner(), true
}

// whenIdle returns a channel that is closed when no message is running.
func (l *Ledger) whenIdle() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.running) == 0 {
		return closedChannel
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	return l.idle
}

// closedChannel is for those who have nothing to wait for.
var closedChannel = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (l *Ledger) sums() Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.totals
	t.Running = len(l.running)
	return t
}
