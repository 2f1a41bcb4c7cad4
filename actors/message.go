package actors

import (
	"fmt"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/homing-mix/homing/arq"
)

// messageActor is one outstanding message. It steps its Machine and carries
// out what comes back; it decides nothing. It ends when its message does.
type messageActor struct {
	engine  *Engine
	spec    *spec
	pid     *actor.PID
	machine arq.Machine
	timer   Timer
	due     tick // sent at every tick: one value for the life of the actor

	outcome  arq.Outcome
	result   Result
	said     error // what the link said to the last send that failed, or when the daemon gave up
	canceled error // what Cancel was given
	leaving  bool  // the dispatcher has been told that the message needs nothing more
	ended    bool  // the promise is complete
	panicked error
}

// Receive implements actor.Actor.
func (m *messageActor) Receive(ctx actor.Context) {
	defer m.note()
	switch msg := ctx.Message().(type) {
	case *start:
		m.begin(ctx, &msg.spec)
	case *told:
		m.hear(msg)
	case *tick:
		m.step(arq.Event{Kind: arq.Timeout, Generation: msg.generation})
	case *cancel:
		m.canceled = msg.err
		m.step(arq.Event{Kind: arq.Cancel, Generation: msg.generation})
	case *kick:
		m.step(arq.Event{Kind: arq.Release, Generation: msg.generation})
	case *released:
		if msg.generation == m.spec.ref.Generation && !m.ended {
			m.result.MayHaveExecuted = msg.mayHaveExecuted
			m.complete()
			ctx.Stop(m.pid)
		}
	case *orphaned:
		if msg.generation == m.spec.ref.Generation {
			m.abandon(msg.err, msg.cause)
			ctx.Stop(m.pid)
		}
	case *actor.Stopping:
		m.abandon(ErrInternal, m.panicked)
	}
}

// note keeps what a panic said and passes it on: the guardian stops the actor.
func (m *messageActor) note() {
	if reason := recover(); reason != nil {
		m.panicked = fmt.Errorf("panic in a message actor: %v", reason)
		m.engine.logger.Error("homing: a message actor panicked; its message fails, the others go on",
			"panic", reason, "stack", string(debug.Stack()))
		panic(reason)
	}
}

func (m *messageActor) begin(ctx actor.Context, s *spec) {
	m.spec, m.pid = s, ctx.Self()
	m.due.generation = s.ref.Generation
	m.timer.Owner = m
	m.machine = arq.New(s.ref.Generation, s.policy, s.deadline, s.seed)
	m.step(arq.Event{Kind: arq.Start, Generation: s.ref.Generation})
}

// Tick implements Ticker. It runs on the clock's goroutine.
func (m *messageActor) Tick() { m.engine.send(m.pid, &m.due) }

func (m *messageActor) hear(t *told) {
	if m.outcome != arq.Pending {
		return
	}
	switch t.event.Kind {
	case arq.Reply:
		m.result.Payload = t.payload
	case arq.SendFailed, arq.Lost:
		if t.reason != nil {
			m.said = t.reason
		}
	}
	m.step(t.event)
}

func (m *messageActor) step(event arq.Event) {
	if event.Generation != m.spec.ref.Generation || m.outcome != arq.Pending {
		return
	}
	now := m.engine.clock.Now()
	effects := m.machine.Step(now, event)
	if m.engine.observe != nil {
		m.engine.observe(Observation{
			Now: now, Ordinal: m.spec.ref.Ordinal, Event: event, State: m.machine.State(), Effects: effects,
		})
	}
	m.engine.clock.Arm(&m.timer, effects.Wake)
	if effects.Transmit != 0 {
		m.engine.send(m.engine.dispatcher, &attempt{from: m.pid, entry: Entry{
			Ref: m.spec.ref, Attempt: effects.Transmit, Service: m.spec.service,
			Class: m.spec.class, Payload: m.spec.payload, DaemonARQ: m.spec.daemonARQ,
			Canceled: m.spec.canceled,
		}})
	}
	if effects.Done != arq.Pending {
		m.end(now, effects.Done)
	}
}

// end writes the result and tells the dispatcher. An answer is handed over at
// once. Any other outcome waits for the dispatcher's word that nothing more is
// sent for this message, and whether anything was.
func (m *messageActor) end(now arq.Instant, outcome arq.Outcome) {
	m.outcome = outcome
	m.result.Err, m.result.Cause = m.reason(outcome)
	m.result.Submitted, m.result.Finished = m.spec.submitted, now
	m.result.Attempts = m.machine.Attempts() // the machine is not stepped any more
	m.result.Answered = m.machine.Answered()
	m.leave(outcome != arq.Answered)
	if outcome == arq.Answered {
		m.result.MayHaveExecuted = true
		m.complete()
		m.engine.system.Root.Stop(m.pid)
	}
}

// leave tells the dispatcher, once, that the message needs nothing more, except
// perhaps its last word.
func (m *messageActor) leave(wait bool) {
	if m.leaving {
		return
	}
	m.leaving = true
	if m.spec.daemonARQ && len(m.machine.Attempts()) == 0 {
		m.engine.freeDaemonARQ() // the dispatcher has never heard of it
	}
	letter := &finished{ref: m.spec.ref}
	if wait {
		letter.from = m.pid
	}
	m.engine.send(m.engine.dispatcher, letter)
}

// reason is the error for an outcome, and what the link had to say about it.
func (m *messageActor) reason(outcome arq.Outcome) (err, cause error) {
	switch outcome {
	case arq.Answered:
		return nil, nil
	case arq.Expired:
		return ErrDeadline, m.said
	case arq.Exhausted:
		return ErrExhausted, m.said
	case arq.Rejected:
		return ErrRejected, m.said
	case arq.Canceled:
		return m.canceled, nil
	default:
		return ErrInternal, fmt.Errorf("actors: unknown outcome %d", outcome)
	}
}

func (m *messageActor) complete() {
	m.ended = true
	m.engine.clock.Arm(&m.timer, 0)
	m.engine.ledger.finish(m.spec.id, m.outcome, m.result)
	m.spec.payload, m.result = nil, Result{} // whoever holds the PID holds this actor
}

// abandon ends the message of an actor that stops before its time: it has
// panicked, or there is no dispatcher any more. An outcome that only waited for
// the dispatcher's word stands.
func (m *messageActor) abandon(err, cause error) {
	if m.ended {
		return
	}
	m.leave(false)
	if m.outcome == arq.Pending {
		m.result.Err, m.result.Cause, m.result.Payload = err, cause, nil
		m.result.Submitted, m.result.Finished = m.spec.submitted, m.engine.clock.Now()
		m.result.Attempts = m.machine.Attempts() // the machine is not stepped any more
	}
	m.result.MayHaveExecuted = true // not known, and the careful answer
	m.complete()
}
