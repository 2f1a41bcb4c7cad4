package homing

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/arq"
)

// ID is a message's identity: 16 bytes, never on the wire. Its text is
// hexadecimal.
type ID = actors.ID

// NewID draws an ID from crypto/rand.
func NewID() (id ID) {
	rand.Read(id[:])
	return id
}

// Attempt is the record of one transmission of a message.
type Attempt = arq.Attempt

// Reply is the answer to a message.
type Reply struct {
	ID      ID
	Payload []byte // in Raw framing with the network's padding

	Attempts []Attempt // in order; sends that failed may have been left out
	Answered int       // the number of the attempt that was answered
	Timeline Timeline
}

// Timeline says where a reply's time went, in the daemon's time. Its parts add
// up to Total.
type Timeline struct {
	// Retransmission is the time given to attempts that were not answered,
	// from acceptance until the answered one was asked for.
	Retransmission time.Duration
	// Waiting is how long the answered attempt waited for its departure: in
	// the lanes and in the daemon.
	Waiting time.Duration
	// ETA is what the daemon announced: the sum of the mix delays it drew.
	ETA time.Duration
	// Residual is what came on top of the ETA: links, polling, the service.
	// It is negative when the answer was early.
	Residual time.Duration
	Total    time.Duration
}

// CBOR decodes the first CBOR item of the payload into v, which is what
// services that answer in CBOR mean: the rest is padding.
func (r *Reply) CBOR(v any) error {
	if _, err := cbor.UnmarshalFirst(r.Payload, v); err != nil {
		return fmt.Errorf("homing: the answer is not the CBOR expected: %w", err)
	}
	return nil
}

func timeline(r *actors.Result) Timeline {
	t := Timeline{Total: r.Finished.Sub(r.Submitted)}
	for _, a := range r.Attempts {
		if a.Number != r.Answered {
			continue
		}
		t.Retransmission = a.Asked.Sub(r.Submitted)
		if a.Departure == 0 { // its sent event never came, or came after the reply
			t.Waiting = r.Finished.Sub(a.Asked)
			break
		}
		t.Waiting = a.Departure.Sub(a.Asked)
		t.ETA = a.ETA
		t.Residual = r.Finished.Sub(a.Departure) - a.ETA
	}
	return t
}
