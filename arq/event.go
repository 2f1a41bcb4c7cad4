package arq

import (
	"fmt"
	"time"
)

// Kind names what happened to a message. The zero Kind, and any unknown one,
// changes nothing.
type Kind uint8

const (
	Start      Kind = iota + 1 // the message may leave
	Sent                       // an attempt has left the host
	SendFailed                 // an attempt came back and never left the host
	Reply                      // an attempt has been answered
	Lost                       // the link knows that an attempt will not be answered
	Collected                  // the daemon's ARQ dropped its state for the message: a hint
	Timeout                    // the instant given as Effects.Wake has come
	Cancel                     // the application no longer wants the answer
	Hold                       // nothing new may be transmitted until Release
	Release                    // ends Hold, and the wait after a failed send: sending works again
)

var kindNames = [...]string{
	"None", "Start", "Sent", "SendFailed", "Reply", "Lost", "Collected", "Timeout", "Cancel", "Hold", "Release",
}

// String returns the name of the constant.
func (k Kind) String() string { return name(kindNames[:], "Kind", k) }

// Event is one thing that happened to a message. Which fields count depends
// on Kind; the others are ignored. An Event is a plain value.
type Event struct {
	// Kind says what happened.
	Kind Kind

	// Generation is that of the machine the event is meant for. A machine
	// ignores events of any other generation: they belong to a message that
	// its actor served before.
	Generation uint32

	// Attempt is the number of the attempt that Sent, SendFailed, Reply and
	// Lost speak of: 1, 2, 3 … in the order of the transmissions asked for.
	// A number never asked for is ignored.
	Attempt int

	// Departure, for Sent, is when the attempt left: the instant at which its
	// sent event was read off the daemon's socket. It is taken to be no later
	// than the step and no earlier than the attempt was asked for; zero means
	// the instant of the step.
	Departure Instant

	// ETA, for Sent, is the round trip that the daemon announced: the sum of
	// the mix delays it sampled. Negative counts as zero, and zero as unknown
	// where jitter is drawn in proportion to it.
	ETA time.Duration

	// Grace, for Sent, is how long after Departure + ETA the reply is still
	// worth waiting for. Replies may be early, so it may be negative.
	Grace time.Duration

	// Expiry, for Sent, is the instant after which no reply to the attempt
	// can come, its SURB being forgotten. It is taken to be no earlier than
	// Departure + ETA + Grace, which is what zero means.
	Expiry Instant

	// LatestDeparture, for Lost, is the latest instant at which the attempt
	// can have left, or may yet leave: a queue may outlive the connection by
	// which it was filled. It counts only while no Sent has told the departure.
	// Zero means the instant of the step; it is taken to be at most an hour later.
	LatestDeparture Instant

	// Permanent, for SendFailed, says that another try would fail alike.
	Permanent bool
}

// name returns names[i], or the type and number of a value without a name.
func name[T ~uint8](names []string, kind string, i T) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", kind, uint8(i))
}
