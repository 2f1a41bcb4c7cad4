package thin

import (
	"fmt"

	"github.com/homing-mix/homing/thin/wire"
)

// refusal is the last look at a request before it is encoded: nil, or why it is
// never written to any daemon. What it refuses ends or wedges
// some daemon for every application of the host, or can only be a mistake.
func refusal(limit int, r *wire.Request) error {
	switch {
	case len(r.Unknown) > 0:
		return &MessageError{fmt.Sprintf("the request has the key %q, which no daemon knows", r.Unknown[0])}
	case r.SendMessage != nil:
		return refusedMessage(r.SendMessage, r.SendMessage.SURBID, limit)
	case r.SendARQMessage != nil:
		return refusedMessage(r.SendARQMessage, r.SendARQMessage.ID, limit)
	case r.SessionToken != nil && r.SessionToken.Client == wire.ID{}:
		return &MessageError{"its session token is zero"}
	}
	return nil // of the rest the encoder takes what the dialect knows
}

// refusedMessage checks what the fields of a message must be; id is that by
// which it is correlated.
func refusedMessage(m *wire.SendMessage, id *wire.ID, limit int) error {
	switch {
	case !m.WithSURB:
		return &MessageError{"it has no SURB, which kills daemons up to v0.0.72 and reaches no service on any"}
	case id == nil:
		return &MessageError{"its identifier is null, which can kill daemons up to v0.0.72"}
	case m.Destination == nil:
		return &MessageError{"its destination is null"}
	case m.Payload == nil:
		return &MessageError{"its payload is null"}
	}
	return (&Message{SURBID: *id, Destination: *m.Destination, Recipient: m.Recipient, Payload: m.Payload}).check(limit)
}
