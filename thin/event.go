package thin

import (
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// Document is the PKI document of an epoch. It is shared and not to be
// modified.
type Document = wire.Document

// An Event is one of Up, Down, GatewayUp, GatewayDown, NewDocument,
// MessageSent, MessageReply, Collected, Shutdown and Unrecognised. Its At is
// when it was read off the socket, or when it happened if nothing was read, by
// this host's clock with monotonic reading. Events are shared between
// subscriptions: their slices and pointers are not to be modified.
type Event interface{ event() }

// Up: the link can be used under this connection number. Numbers grow with
// every connection, also of those that never come up.
type Up struct {
	At         time.Time
	Connection uint64
	// Same: the daemon has kept SURB keys and replies of the previous
	// connection. What it had not reported as sent is lost all the same. False:
	// everything sent before is lost.
	Same    bool
	Version wire.Version
}

// Down ends the Up of the same connection number.
type Down struct {
	At         time.Time
	Connection uint64
	// Reason is a *LinkError, or the error given to Reset.
	Reason error
}

// GatewayDown: the daemon lost its gateway. Requests wait in its queue.
type GatewayDown struct {
	At         time.Time
	Connection uint64
}

// GatewayUp: the daemon has connected to a gateway anew. All SURBs of packets
// that had left before are void; requests still queued in the daemon go on.
// Daemons up to v0.0.72 may lose their gateway without a word, so there every
// status "connected" after the greeting counts; it can come before the Up of
// its connection.
type GatewayUp struct {
	At         time.Time
	Connection uint64
}

// NewDocument: a document of another epoch than the one before.
type NewDocument struct {
	At time.Time
	*Document
}

// MessageSent: the packet was handed to the gateway's connection, or could not
// be composed.
type MessageSent struct {
	At         time.Time
	Connection uint64
	SURBID     wire.ID
	MessageID  *wire.ID      // nil for plain messages
	SentAt     time.Time     // by the daemon, whole seconds; At is better
	ETA        time.Duration // sum of the hop delays both ways, in the daemon's time; 0 with Err
	Err        *SendError    // nil if sent
}

// MessageReply: an answer arrived. Payload is of ForwardPayloadLength bytes,
// padded with zeros, or empty if Code is not 0.
type MessageReply struct {
	At         time.Time
	Connection uint64
	SURBID     wire.ID
	MessageID  *wire.ID
	Payload    []byte
	Code       ErrorCode
}

// Collected: the daemon's ARQ has dropped a message. Only daemons up to
// v0.0.72 say so, at odd times and often of another message.
type Collected struct {
	At         time.Time
	Connection uint64
	MessageID  wire.ID
}

// Shutdown: the daemon is about to end. A Down follows.
type Shutdown struct {
	At         time.Time
	Connection uint64
}

// Unrecognised is what the daemon said and this package has no event for: of
// another protocol, of a later version, or out of place.
type Unrecognised struct {
	At         time.Time
	Connection uint64
	Key        string
	Raw        []byte // CBOR
}

func (Up) event()           {}
func (Down) event()         {}
func (GatewayUp) event()    {}
func (GatewayDown) event()  {}
func (NewDocument) event()  {}
func (MessageSent) event()  {}
func (MessageReply) event() {}
func (Collected) event()    {}
func (Shutdown) event()     {}
func (Unrecognised) event() {}

// size is about what the event occupies, in bytes.
func size(e Event) int {
	const fixed = 160
	switch e := e.(type) {
	case MessageReply:
		return fixed + len(e.Payload)
	case Unrecognised:
		return fixed + len(e.Key) + len(e.Raw)
	case MessageSent:
		if e.Err != nil {
			return fixed + len(e.Err.Text)
		}
	}
	return fixed
}
