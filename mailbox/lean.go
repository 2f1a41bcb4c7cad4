package mailbox

import (
	"math"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Lean is the mailbox of one actor, in little memory: on 64-bit machines an idle one is 104 bytes (112 as they are
// allocated) and the 16 of the closure it is scheduled with. A single message waits in place, without an allocation.
//
// Promises, to one poster and to the actor:
//
//   - Every message posted is run exactly once, one at a time, in the order in which it was posted by its
//     sender, except that control messages (those of PostSystemMessage) go before all data, in their own order.
//   - Nothing runs before Start, so an actor sees Started first, whoever wrote to it before.
//   - While suspended (SuspendMailbox until ResumeMailbox) only control messages run; data waits.
//   - A panic in the actor is recovered and handed to EscalateFailure with the message that caused it; that
//     message is not run again, the next ones wait for the supervisor's verdict.
//   - It asks the dispatcher for one activation at a time, and for none while it has nothing to run. After
//     Throughput messages (at least one) it gives way and asks for the next activation, so that actors that share
//     a worker pool take turns, and a single-goroutine run queue decides who is next. A dispatcher that runs the
//     function at once is legal too; it nests one call per Throughput messages waiting.
//   - A message is run as it was posted: one with a GetMessages method is not taken apart.
//   - A nil message is refused and counted ([Lean.Refused]); there is nothing to run, and nobody to tell.
//
// It has no limit. Posting cannot fail or wait, so a sender who may be faster than the actor needs a credit
// before it posts.
//
// All methods are safe for concurrent use. Make one with [NewLean] or [Keeping].
type Lean struct {
	mu        sync.Mutex
	started   bool
	scheduled bool // an activation is asked for or running: there is never a second one
	suspended bool
	refused   uint32

	control fifo
	data    fifo

	invoker    actor.MessageInvoker
	dispatcher actor.Dispatcher
	activate   func() // made once: a method value made at each scheduling would be an allocation at each
}

var _ actor.Mailbox = (*Lean)(nil)

// NewLean returns a mailbox that releases its queue whenever it runs empty: for actors of which there are many
// and each of which seldom has more than one message waiting. It is an [actor.MailboxProducer].
func NewLean() actor.Mailbox { return new(Lean) }

// Keeping returns a producer of mailboxes that keep room for that many waiting data messages (rounded up to a
// power of two) while they are empty: for the one actor that everybody writes to, which would otherwise grow its
// queue anew at every burst. Zero or less keeps nothing, as [NewLean].
func Keeping(room int) actor.MailboxProducer {
	if room <= 0 {
		return NewLean
	}
	return func() actor.Mailbox {
		m := new(Lean)
		m.data.rest = newRing(room)
		return m
	}
}

// PostUserMessage queues a data message. It never waits.
func (m *Lean) PostUserMessage(message any) {
	m.mu.Lock()
	if message == nil {
		m.refuse()
		m.mu.Unlock()
		return
	}
	m.data.push(message)
	m.wake()
}

// PostSystemMessage queues a control message; it goes before all data. It never waits.
func (m *Lean) PostSystemMessage(message any) {
	m.mu.Lock()
	if message == nil {
		m.refuse()
		m.mu.Unlock()
		return
	}
	m.control.push(message)
	m.wake()
}

// RegisterHandlers tells the mailbox whom it serves. It is called once, before Start.
func (m *Lean) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.invoker, m.dispatcher, m.activate = invoker, dispatcher, m.run
}

// Start lets the messages run that were posted so far and those that follow.
func (m *Lean) Start() {
	m.mu.Lock()
	m.started = true
	m.wake()
}

// UserMessageCount returns the number of data messages that wait. The one being run is not among them.
func (m *Lean) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data.len()
}

// Refused returns the number of nil messages that were posted and not queued.
func (m *Lean) Refused() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int(m.refused)
}

func (m *Lean) refuse() {
	if m.refused < math.MaxUint32 {
		m.refused++
	}
}

// wake asks for an activation if there is something to run and none is on its way. It is called with the mutex
// held and releases it first, as a dispatcher may run the activation at once.
func (m *Lean) wake() {
	ask := m.started && !m.scheduled && m.runnable()
	if ask {
		m.scheduled = true
	}
	m.mu.Unlock()
	if ask {
		m.dispatcher.Schedule(m.activate)
	}
}

func (m *Lean) runnable() bool {
	return m.control.len() > 0 || !m.suspended && m.data.len() > 0
}

// run is one activation.
func (m *Lean) run() {
	for left := max(1, m.dispatcher.Throughput()); left > 0; {
		var idle bool
		if left, idle = m.runSome(left); idle {
			return
		}
	}
	m.mu.Lock()
	m.scheduled = false
	m.wake()
}

// runSome runs up to that many messages and returns how many it may still run: none, or, after a panic, the rest.
// Idle means that nothing is runnable and the activation is over.
func (m *Lean) runSome(allowed int) (left int, idle bool) {
	var message any
	left = allowed
	defer func() {
		if reason := recover(); reason != nil {
			m.invoker.EscalateFailure(reason, message)
		}
	}()
	for left > 0 {
		var control bool
		if message, control = m.next(); message == nil {
			return left, true
		}
		left--
		switch {
		case !control:
			m.invoker.InvokeUserMessage(message)
		case !m.heed(message):
			m.invoker.InvokeSystemMessage(message)
		}
	}
	return 0, false
}

// next takes the next runnable message, or ends the activation under the same lock under which a poster looks
// whether it has to ask for one: between the two no message can be left behind.
func (m *Lean) next() (message any, control bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.control.len() > 0:
		return m.control.pop(), true
	case !m.suspended && m.data.len() > 0:
		return m.data.pop(), false
	}
	m.scheduled = false
	return nil, false
}

// heed obeys the control messages that are meant for the mailbox and not for its actor.
func (m *Lean) heed(message any) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch message.(type) {
	case *actor.SuspendMailbox:
		m.suspended = true
	case *actor.ResumeMailbox:
		m.suspended = false
	default:
		return false
	}
	return true
}
