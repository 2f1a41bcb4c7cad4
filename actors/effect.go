package actors

import "github.com/homing-mix/homing/arq"

// DeskEffectKind says what the dispatcher is to do.
type DeskEffectKind uint8

// The kinds of effects. Fields not named are unused by that kind.
const (
	WritePacket   DeskEffectKind = iota + 1 // Packet: to the link
	TellMessage                             // Ref, Event, Payload, Reason: to the message actor
	Released                                // Ref, MayHaveExecuted: nothing more will come for it
	GiveBack                                // one place among the waiting is free again
	ResetLink                               // Reason
	FreeDaemonARQ                           // the daemon's own ARQ is done with its message
)

// DeskEffect is one thing that a Desk wants done.
type DeskEffect struct {
	Kind            DeskEffectKind
	Ref             Ref
	Packet          Packet
	Event           arq.Event
	Payload         []byte // with a Reply event
	Reason          error
	MayHaveExecuted bool
}
