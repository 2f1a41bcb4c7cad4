package actors

import (
	"encoding/hex"
	"time"

	"github.com/homing-mix/homing/arq"
)

// ID is a 16-byte identifier: of a message, or of a SURB.
type ID [16]byte

// String returns the ID in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Link carries attempts to a daemon. The dispatcher calls it from an actor, so
// neither method may block; what happens is reported through Engine.Deliver.
type Link interface {
	// Transmit hands one attempt to the link's writer. A link whose current
	// connection is not the packet's drops it without a word: the Down event
	// that is on its way accounts for it.
	Transmit(Packet)
	// Reset drops the connection and connects anew. Down{reason} follows.
	Reset(reason error)
}

// Packet is one attempt on its way to the writer.
type Packet struct {
	Connection  uint64   // the connection that the Desk believes to be up
	SURBID      ID       // fresh for every attempt; with DaemonARQ the daemon's message ID
	DaemonARQ   bool     // for the daemon's own ARQ, which draws the SURB IDs itself
	Destination [32]byte // BLAKE2b-256 of the service node's identity key
	Recipient   []byte   // the service's queue ID on that node
	Payload     []byte   // at most Directory.Payload bytes
}

// LinkKind says what a LinkEvent reports.
type LinkKind uint8

// The kinds of link events. Fields not named are unused by that kind.
const (
	LinkUp          LinkKind = iota + 1 // Connection, Same: usable from now on
	LinkDown                            // Connection, Reason
	LinkGatewayDown                     // the daemon lost its gateway; what is queued in it waits
	LinkGatewayUp                       // the daemon has a gateway again; SURBs made before are void
	LinkDirectory                       // Directory
	LinkSent                            // SURBID, ETA, or Reason and Permanent if it did not leave
	LinkReply                           // SURBID, Payload, Code
	LinkCollected                       // MessageID: the daemon's ARQ has dropped it, or another
)

// LinkEvent is one thing that the link has seen. At is when it was read.
type LinkEvent struct {
	Kind       LinkKind
	At         arq.Instant
	Connection uint64
	Same       bool // LinkUp: the session of the former connection goes on
	Reason     error
	Permanent  bool // LinkSent with a Reason: sending it again is of no use
	SURBID     ID   // or the message ID, of what the daemon's own ARQ has sent
	MessageID  ID
	ETA        time.Duration // LinkSent: the sum of the drawn hop delays, there and back
	Payload    []byte        // LinkReply
	Code       uint8         // LinkReply: 0, or the daemon's error code
	Directory  *Directory
}

// Directory is what one PKI document says, as far as the engine needs it. It
// is immutable once delivered.
type Directory struct {
	Epoch    uint64
	Services map[string][]Instance // by capability; each list in the document's order

	// Slop is how long after departure + ETA a reply is still waited for while
	// nothing is known about the path: on v0.0.77 and later 0.5 s × (2L+3), the
	// time after which the daemon has dropped the SURB's key; before, its poll
	// interval + 1 s.
	Slop time.Duration
	// Expiry is how long after departure + ETA a reply can still come: Slop on
	// v0.0.77 and later; 60 s before, where late replies have been seen.
	Expiry time.Duration
	// Overdue is an ETA that hardly any packet exceeds. It stands in for the
	// ETA of an attempt whose sent event was lost.
	Overdue time.Duration
	// Silence is the shortest silence that may be taken for a wedged daemon:
	// 60 s, on v0.0.72 and older at least 300/LambdaP.
	Silence time.Duration
	// Lingers is for how long after the end of a connection the daemon may go
	// on sending what it had been given on it: v0.0.72 and older keep it in the
	// queue that all clients share. 0: it is dropped with the connection.
	Lingers time.Duration
	// Payload is the largest request in bytes (UserForwardPayloadLength).
	Payload int
}

// Instance is one node that offers a service.
type Instance struct {
	Node        string // its name in the document
	Destination [32]byte
	Recipient   []byte
}
