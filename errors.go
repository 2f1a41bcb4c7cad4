package homing

import (
	"errors"
	"fmt"
	"strings"

	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/arq"
)

// How a message ended without an answer. They come wrapped in a
// [*DeliveryError]; match them with errors.Is.
var (
	// ErrDeadline: the message's deadline passed first. Like every outcome it
	// is what calls with the same ID get for the next 10 minutes; to send again,
	// draw another ID.
	ErrDeadline = errors.New("homing: the deadline passed")
	// ErrExhausted: every attempt that the policy allows was made, and none
	// can be answered any more.
	ErrExhausted = errors.New("homing: every allowed attempt is lost")
	// ErrCanceled: Cancel was called, or the ctx of a Call ended.
	ErrCanceled = errors.New("homing: canceled")
	// ErrRejected: the daemon refuses the message for a reason that stays.
	ErrRejected = errors.New("homing: the daemon rejects the message")
	// ErrInternal: a panic inside Homing ended the message. It is a bug; the
	// log has the stack.
	ErrInternal = errors.New("homing: internal error")
	// ErrClosed: the client is or was closed. Go and Call return it too.
	ErrClosed = errors.New("homing: the client is closed")
	// ErrFraming: an answer came, but not in the framing that was asked for:
	// the service does not speak it.
	ErrFraming = errors.New("homing: the answer is not in the framing asked for")
)

// Why a message was not accepted: nothing was queued, nothing will be sent.
// Match them with errors.Is.
var (
	// ErrConfig: a Config, an option or a policy that cannot be.
	ErrConfig = errors.New("homing: invalid configuration")
	// ErrTooLarge: the payload does not fit the network's packets.
	ErrTooLarge = errors.New("homing: the payload is too large")
	// ErrNoService: the present directory lists no node with that service.
	ErrNoService = errors.New("homing: no such service in the directory")
	// ErrBusy: Config.Waiting messages are waiting to be sent. Try again when
	// some have been, or use WithWait.
	ErrBusy = errors.New("homing: too many messages are waiting to be sent")
	// ErrConflict: the ID given with WithID belongs to a running or recently
	// finished message with another service or payload.
	ErrConflict = errors.New("homing: the ID belongs to another message")
	// ErrUnsupported: the daemon cannot do what an option asks.
	ErrUnsupported = errors.New("homing: not supported")
	// ErrDaemonARQ is returned by CloseContext when it has left a message in
	// the hands of the daemon's own ARQ: such daemons crash up to 15 minutes
	// later, for every application on the host.
	ErrDaemonARQ = errors.New("homing: closed with a message in the daemon's ARQ; the daemon may crash within 15 minutes")
	// ErrDraining: Drain was called; no new messages are accepted.
	ErrDraining = errors.New("homing: the client is draining")
)

// DeliveryError says why an accepted message was not answered.
type DeliveryError struct {
	ID       ID
	Err      error     // one of the sentinels above; errors.Is finds it
	Cause    error     // what the daemon or the caller's context said, if anything
	Attempts []Attempt // in order, with departure, ETA and fate
	// MayHaveExecuted is false only if no attempt left this host: a failed
	// message is not a message that was not executed.
	MayHaveExecuted bool
}

// Error says what happened, after how many attempts, and whether the service
// may have executed the request. It has neither the ID nor the destination,
// unless the daemon's own words, which it quotes, do.
func (e *DeliveryError) Error() string {
	var b strings.Builder
	b.WriteString(e.Err.Error())
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	switch n := e.departed(); {
	case !e.MayHaveExecuted:
		b.WriteString(" (the request never left this host)")
	case n == 1:
		b.WriteString(" (after 1 attempt; the service may have executed the request)")
	default:
		fmt.Fprintf(&b, " (after %d attempts; the service may have executed the request)", n)
	}
	return b.String()
}

// departed counts the attempts that may have left the host. One that was
// written and not yet reported as sent is known only by MayHaveExecuted.
func (e *DeliveryError) departed() int {
	n := 0
	for _, a := range e.Attempts {
		if a.Departure != 0 || a.Fate == arq.LostByLink {
			n++
		}
	}
	if e.MayHaveExecuted {
		n = max(n, 1)
	}
	return n
}

// Unwrap returns the sentinel and the cause.
func (e *DeliveryError) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Cause}
}

// public are the engine's errors under their public names.
var public = [...]struct{ inside, outside error }{
	{actors.ErrBusy, ErrBusy},
	{actors.ErrClosed, ErrClosed},
	{actors.ErrConflict, ErrConflict},
	{actors.ErrInternal, ErrInternal},
	{actors.ErrDeadline, ErrDeadline},
	{actors.ErrExhausted, ErrExhausted},
	{actors.ErrCanceled, ErrCanceled},
	{actors.ErrRejected, ErrRejected},
}

// publicError is the error border: what the engine says becomes what an
// application can match. Errors that are not the engine's pass.
func publicError(err error) error {
	if errors.Is(err, actors.ErrDaemonARQ) {
		return fmt.Errorf("%w by the daemon's ARQ, which takes one message and is done with it after at most 16 minutes", ErrBusy)
	}
	for _, e := range public {
		if errors.Is(err, e.inside) {
			return e.outside
		}
	}
	return err
}
