package actors

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
)

// Everything that actors send each other. What is meant for one message carries
// the generation of its actor, in its event or by itself. Each type implements
// IgnoreDeadLetterLogging: an event for an actor that has just stopped is
// normal, and protoactor would start a goroutine for every burst of others.
type (
	// start brings a message actor to life.
	start struct{ spec spec }
	// told is an event for a message's Machine; payload comes with a reply,
	// reason with a failed send, or when the daemon has given up.
	told struct {
		event   arq.Event
		payload []byte
		reason  error
	}
	// tick says that the timer of this generation may be due.
	tick struct{ generation uint32 }
	// cancel ends a message; err is what its holders are told.
	cancel struct {
		generation uint32
		err        error
	}
	// kick takes a message out of a wait that floor and jitter do not ask for.
	kick struct{ generation uint32 }
	// orphaned ends a message whose dispatcher has stopped.
	orphaned struct {
		generation uint32
		err, cause error
	}
	// released is the dispatcher's last word to a finished message.
	released struct {
		generation      uint32
		mayHaveExecuted bool
	}

	// attempt asks the dispatcher for a transmission.
	attempt struct {
		entry Entry
		from  *actor.PID
	}
	// finished tells the dispatcher that a message needs nothing any more. It is
	// answered by released if from is set.
	finished struct {
		ref  Ref
		from *actor.PID
	}
	// heard is an event of the link.
	heard struct{ event LinkEvent }
	// wake says that the Desk's timer may be due.
	wake struct{}
	// leave asks the dispatcher to stop. Actors are never stopped from outside:
	// a Stop for one that is gone already is a dead letter that protoactor
	// starts a goroutine for, and a Stop overtakes the letter that says what an
	// actor is for.
	leave struct{}
)

// spec is what a message actor is given.
type spec struct {
	ref       Ref
	id        ID
	service   string
	class     mailbox.Class
	daemonARQ bool
	canceled  *atomic.Bool
	payload   []byte
	policy    *arq.Policy
	deadline  arq.Instant
	seed      [2]uint64
	submitted arq.Instant
}

func (*start) IgnoreDeadLetterLogging()    {}
func (*told) IgnoreDeadLetterLogging()     {}
func (*tick) IgnoreDeadLetterLogging()     {}
func (*cancel) IgnoreDeadLetterLogging()   {}
func (*kick) IgnoreDeadLetterLogging()     {}
func (*released) IgnoreDeadLetterLogging() {}
func (*attempt) IgnoreDeadLetterLogging()  {}
func (*finished) IgnoreDeadLetterLogging() {}
func (*heard) IgnoreDeadLetterLogging()    {}
func (*wake) IgnoreDeadLetterLogging()     {}
func (*leave) IgnoreDeadLetterLogging()    {}
func (*orphaned) IgnoreDeadLetterLogging() {}
