package mailbox

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// letter is a message that says who sent it and as which of theirs.
type letter struct{ sender, number int }

// reader is an invoker that checks what a mailbox promises while many post to it at once.
type reader struct {
	t        *testing.T
	mailbox  actor.Mailbox
	expected int
	done     chan struct{}

	inside   atomic.Int32 // how many messages are being run
	next     []int        // by sender: the number of its next letter
	orders   []int        // by sender: the number of its next control message
	data     int
	control  int
	failures int
	held     bool // between a panic and the resume that follows it
}

func (r *reader) enter() func() {
	if n := r.inside.Add(1); n != 1 {
		r.t.Errorf("%d messages run at once", n)
	}
	return func() { r.inside.Add(-1) }
}

func (r *reader) InvokeUserMessage(message any) {
	defer r.enter()()
	l := message.(letter)
	if r.held {
		r.t.Errorf("%v ran in a suspended mailbox", l)
	}
	if r.next[l.sender] != l.number {
		r.t.Errorf("letter %d of sender %d came when %d was due", l.number, l.sender, r.next[l.sender])
	}
	r.next[l.sender] = l.number + 1
	r.data++
	r.finish()
	if l.number%97 == 0 {
		r.held = true
		panic(l)
	}
}

func (r *reader) InvokeSystemMessage(message any) {
	defer r.enter()()
	switch m := message.(type) {
	case letter:
		if r.orders[m.sender] != m.number {
			r.t.Errorf("control message %d of sender %d came when %d was due", m.number, m.sender, r.orders[m.sender])
		}
		r.orders[m.sender] = m.number + 1
		r.control++
		r.finish()
	case func():
		m()
	}
}

// EscalateFailure does what an actor context does: it suspends the mailbox and somebody else resumes it.
func (r *reader) EscalateFailure(reason, message any) {
	if reason != message {
		r.t.Errorf("panic %v was escalated with message %v", reason, message)
	}
	r.failures++
	r.mailbox.PostSystemMessage(suspend)
	r.mailbox.PostSystemMessage(func() { r.held = false })
	r.mailbox.PostSystemMessage(resume)
}

func (r *reader) finish() {
	if r.data+r.control == r.expected {
		close(r.done)
	}
}

func TestMailboxLosesAndReordersNothingUnderAnyDispatcher(t *testing.T) {
	const senders, letters, orders = 8, 3000, 300
	pools := func(workers, throughput int) func() (actor.Dispatcher, func()) {
		return func() (actor.Dispatcher, func()) {
			p := newPool(workers, throughput)
			return p, p.close
		}
	}
	dispatchers := map[string]func() (actor.Dispatcher, func()){
		"goroutine per activation": func() (actor.Dispatcher, func()) { return actor.NewDefaultDispatcher(10), func() {} },
		"caller's goroutine":       func() (actor.Dispatcher, func()) { return actor.NewSynchronizedDispatcher(300), func() {} },
		"single run queue":         pools(1, 5),
		"worker pool":              pools(4, 1),
	}
	producers := map[string]actor.MailboxProducer{"lean": NewLean, "keeping": Keeping(64)}
	for name, dispatcher := range dispatchers {
		for kind, produce := range producers {
			t.Run(name+"/"+kind, func(t *testing.T) {
				d, stop := dispatcher()
				m := produce()
				r := &reader{
					t: t, mailbox: m, expected: senders * (letters + orders), done: make(chan struct{}),
					next: make([]int, senders), orders: make([]int, senders),
				}
				m.RegisterHandlers(r, d)
				m.Start()

				var posting sync.WaitGroup
				for sender := range senders {
					posting.Go(func() {
						for i := range letters {
							m.PostUserMessage(letter{sender, i})
							if i%(letters/orders) == 0 {
								m.PostSystemMessage(letter{sender, i / (letters / orders)})
							}
						}
					})
				}
				posting.Wait()
				<-r.done
				stop()
				if n := m.UserMessageCount(); n != 0 {
					t.Errorf("%d messages still wait", n)
				}
				if want := senders * ((letters + 96) / 97); r.failures != want {
					t.Errorf("%d panics escalated, want %d", r.failures, want)
				}
			})
		}
	}
}
