package sim

import (
	"time"

	"github.com/homing-mix/homing/arq"
)

// ClientID names a client of a Mixnet. The caller chooses it; it is never
// reused by a Daemon.
type ClientID uint64

// Packet is one request as a client hands it in.
type Packet struct {
	Connection    uint64    // the caller's, echoed in deliveries
	MessageID     *[16]byte // echoed, nil allowed
	SURBID        [16]byte
	NoSURB        bool     // takes a tick, never reaches a service, nothing is ever said about it
	Destination   [32]byte // BLAKE2b-256 of the service node's identity key
	NoDestination bool     // the destination was null
	Recipient     []byte   // queue ID, 1–32 bytes
	Payload       []byte   // at most UserForwardPayloadLength bytes; not copied: leave it alone after Send
}

// DeliveryKind tells what a Delivery reports.
type DeliveryKind uint8

// The kinds of deliveries.
const (
	Departed    DeliveryKind = iota + 1 // the packet was written to the gateway; ETA and Expiry are set
	SendError                           // composing failed; Err is set and nothing left the host
	Replied                             // Payload holds the reply
	GatewayDown                         // the connection to the gateway is lost
	GatewayUp                           // it is back: every SURB that was out is void
	NewEpoch                            // there is a new document; Epoch is set
)

// String returns the kind's name.
func (k DeliveryKind) String() string {
	switch k {
	case Departed:
		return "departed"
	case SendError:
		return "send error"
	case Replied:
		return "replied"
	case GatewayDown:
		return "gateway down"
	case GatewayUp:
		return "gateway up"
	case NewEpoch:
		return "new epoch"
	}
	return "unknown"
}

// Delivery is something the model tells one client. GatewayDown, GatewayUp and
// NewEpoch come once for each client, in the order in which they joined.
type Delivery struct {
	At      arq.Instant
	Client  ClientID
	Kind    DeliveryKind
	Packet  Packet        // Departed, SendError, Replied: what was sent
	ETA     time.Duration // Departed: the sum of the drawn hop delays, a whole number of milliseconds
	Expiry  arq.Instant   // Departed: no reply can come after it
	Payload []byte        // Replied: ForwardPayloadLength bytes, zero padded, owned by the receiver
	Err     string        // SendError: the daemon's text
	Epoch   uint64        // NewEpoch
}
