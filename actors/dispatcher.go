package actors

import (
	"fmt"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"
)

// dispatcherActor wraps the link's event channel. It is the only owner of the
// link and of the Desk, and carries messages to and from it.
type dispatcherActor struct {
	engine  *Engine
	pid     *actor.PID
	desk    Desk
	timer   Timer
	actors  map[uint64]*actor.PID // by ordinal: those that have asked for an attempt
	effects []DeskEffect          // reused between steps
	cause   error
}

// Receive implements actor.Actor.
func (d *dispatcherActor) Receive(ctx actor.Context) {
	defer d.note()
	now := d.engine.clock.Now()
	effects := d.effects[:0]
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		d.pid = ctx.Self()
		d.timer.Owner = d
		return
	case *attempt:
		d.actors[msg.entry.Ref.Ordinal] = msg.from
		effects = d.desk.Queue(now, msg.entry, effects)
	case *finished:
		effects = d.desk.Finish(now, msg.ref, effects)
		d.actors[msg.ref.Ordinal] = msg.from // nil if it needs no last word
	case *heard:
		effects = d.desk.Hear(now, &msg.event, effects)
		d.engine.handled()
	case *wake:
		effects = d.desk.Tick(now, effects)
	case *leave:
		ctx.Stop(d.pid)
		return
	case *actor.Stopped:
		d.engine.clock.Arm(&d.timer, 0)
		d.desk, d.actors, d.effects = Desk{}, nil, nil // whoever holds the PID holds this actor
		d.engine.dispatcherStopped(d.cause)
		return
	default:
		return
	}
	for i := range effects {
		d.perform(&effects[i])
	}
	if clear(effects); cap(effects) > roomy { // lets go of payloads, and of a burst's room
		effects = nil
	}
	d.effects = effects
	d.engine.clock.Arm(&d.timer, d.desk.Wake())
	d.engine.publish(d.desk.Counters())
}

func (d *dispatcherActor) perform(e *DeskEffect) {
	switch e.Kind {
	case WritePacket:
		d.engine.link.Transmit(e.Packet)
	case TellMessage:
		if pid := d.actors[e.Ref.Ordinal]; pid != nil {
			d.engine.send(pid, &told{event: e.Event, payload: e.Payload, reason: e.Reason})
		}
	case Released:
		if pid := d.actors[e.Ref.Ordinal]; pid != nil {
			d.engine.send(pid, &released{generation: e.Ref.Generation, mayHaveExecuted: e.MayHaveExecuted})
		}
		delete(d.actors, e.Ref.Ordinal)
	case GiveBack:
		d.engine.giveBack()
	case FreeDaemonARQ:
		d.engine.freeDaemonARQ()
	case ResetLink:
		d.engine.link.Reset(e.Reason)
	}
}

// Tick implements Ticker. It runs on the clock's goroutine.
func (d *dispatcherActor) Tick() { d.engine.send(d.pid, &wake{}) }

// note keeps what a panic said and passes it on: the guardian stops the
// dispatcher, and with it the engine.
func (d *dispatcherActor) note() {
	if reason := recover(); reason != nil {
		d.cause = fmt.Errorf("panic in the dispatcher: %v", reason)
		d.engine.logger.Error("homing: the dispatcher panicked; the client ends",
			"panic", reason, "stack", string(debug.Stack()))
		panic(reason)
	}
}
