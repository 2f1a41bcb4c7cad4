package thin

import (
	"errors"
	"fmt"
	"strings"

	"github.com/homing-mix/homing/thin/wire"
)

// Errors of the client's own methods. Compare with errors.Is.
var (
	// ErrClosed: the Client or Subscription was closed.
	ErrClosed = errors.New("thin: closed")
	// ErrStale is returned by Post when the connection is not the one that is Up:
	// what was known of it no longer holds. Wait for the next Up.
	ErrStale = errors.New("thin: connection is not the current one")
	// ErrBusy is returned by Post and the Send methods when too many frames wait
	// for the socket. Nothing was sent; try again after a MessageSent.
	ErrBusy = errors.New("thin: too many messages wait for the daemon")
	// ErrAbandoned is returned by Close when the daemon's ARQ still held a reliable
	// message: such daemons (up to v0.0.72) crash within 15 minutes.
	ErrAbandoned = errors.New("thin: closed with a reliable message unanswered; the daemon may crash within 15 minutes")
	// ErrOverrun ends a Subscription whose consumer fell behind.
	ErrOverrun = errors.New("thin: events were not taken in time and are lost")
	// ErrNoService: no node in the document offers the capability, or there is no
	// document yet.
	ErrNoService = errors.New("thin: no such service in the document")
	// ErrLost is returned by BlockingSendMessage when no reply can come any more.
	// The message may have been executed.
	ErrLost = errors.New("thin: the reply can no longer come, the message may have been executed")
)

// ErrUnsupported is matched by every *UnsupportedError.
var ErrUnsupported = errors.New("thin: not supported by this version of the daemon")

// An UnsupportedError says what the connected daemon cannot do. Nothing was
// written. It matches ErrUnsupported.
type UnsupportedError struct {
	Operation string
	Version   wire.Version // the oldest that fits the daemon's greeting
	Want      string       // which versions can
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("thin: %s needs a daemon of %s, this one greets as %v", e.Operation, e.Want, e.Version)
}

// Unwrap returns ErrUnsupported.
func (e *UnsupportedError) Unwrap() error { return ErrUnsupported }

// ErrInvalid is matched by every *MessageError.
var ErrInvalid = errors.New("thin: invalid message")

// A MessageError says why a message cannot be sent on any connection. Nothing
// was written. It matches ErrInvalid.
type MessageError struct{ Text string }

func (e *MessageError) Error() string { return ErrInvalid.Error() + ": " + e.Text }

// Unwrap returns ErrInvalid.
func (e *MessageError) Unwrap() error { return ErrInvalid }

// Reasons of a Down that the client itself found. Compare with errors.Is.
var (
	// ErrSilent: the daemon accepted the connection and sent no frame for 75 s.
	// Daemons up to v0.0.72 do so until they have a document.
	ErrSilent = errors.New("no greeting from the daemon; it may have no PKI document yet, or be wedged: if this lasts, look at its gateway and restart it")
	// ErrNoSession: the daemon did not answer the session token within 75 s.
	ErrNoSession = errors.New("no reply to the session token; a new session is tried, and if this lasts, restart the daemon")
	// ErrBlackHole: a resumed session is not served. The next connection starts a
	// new session.
	ErrBlackHole = errors.New("the resumed session does not answer; a new one is begun")
	// ErrWedged: sends are outstanding and the daemon says nothing at all.
	ErrWedged = errors.New("messages are outstanding and the daemon is silent; it may need a restart")
	// ErrStaleDocument: the gateway is said to be connected and no new document
	// has come for two epochs.
	ErrStaleDocument = errors.New("no new PKI document for two epochs; the daemon may need a restart")
	// ErrReset: Reset was called without a reason.
	ErrReset = errors.New("reset")
	// ErrShutdown: the daemon said that it ends.
	ErrShutdown = errors.New("the daemon is shutting down; it is dialled until it is back")
)

// Reasons for which a connection that works is not Up, in Health and in
// NotReadyError.
var (
	// ErrNoGateway: the daemon says that it is not connected to its gateway.
	ErrNoGateway = errors.New("thin: the daemon is not connected to its gateway; it dials by itself, look at this host's network if this lasts")
	// ErrNoDocument: the daemon has no PKI document yet.
	ErrNoDocument = errors.New("thin: the daemon has no PKI document yet; look at the authorities if this lasts for two epochs")
)

// A LinkError says why a connection ended or never began. Unwrap gives one of
// the reasons above, io.EOF or io.ErrUnexpectedEOF when the daemon closed,
// wire.ErrFrameEmpty, wire.ErrFrameTooLarge or a *wire.DecodeError for what
// cannot come from a daemon, ErrClosed, or an error of the network.
type LinkError struct {
	Op  string // "dial", "handshake", "read", "write", "watchdog", "close"
	Err error
}

func (e *LinkError) Error() string { return fmt.Sprintf("thin: %s: %v", e.Op, e.Err) }

// Unwrap returns the reason.
func (e *LinkError) Unwrap() error { return e.Err }

// A NotReadyError says that a context ended before the link was Up. Unwrap gives
// both causes.
type NotReadyError struct {
	Cause  error // of the context's end
	Reason error // why the link is not up, nil if nothing has failed so far
}

func (e *NotReadyError) Error() string {
	if e.Reason == nil {
		return fmt.Sprintf("thin: no link to the daemon yet: %v", e.Cause)
	}
	return fmt.Sprintf("thin: no link to the daemon: %v (%v)", e.Reason, e.Cause)
}

// Unwrap returns the causes that are known.
func (e *NotReadyError) Unwrap() []error {
	if e.Reason == nil {
		return []error{e.Cause}
	}
	return []error{e.Cause, e.Reason}
}

func noService(capability string, d *directory) error {
	if d == nil {
		return fmt.Errorf("%w: %q, and there is no document yet", ErrNoService, capability)
	}
	return fmt.Errorf("%w: %q in epoch %d", ErrNoService, capability, d.document.Epoch)
}

// A SendError is the daemon's word that a packet could not be sent. It never
// left the host.
type SendError struct {
	Text string // as the daemon says it
	// Permanent: the same message can never be sent. Else the cause is expected
	// to pass: no gateway, no document, a destination that is not in it now.
	Permanent bool
}

func (e *SendError) Error() string { return "thin: the daemon could not send: " + e.Text }

// permanent are the parts of the daemon's error texts that tell a request which
// stays wrong. All versions seen (v0.0.55 to v0.0.99) use the same.
var permanent = []string{
	"message too large",
	"invalid recipient",
	"recipient is nil",
	"DestinationIdHash is nil",
}

// sendError maps the err text of a sent event. A text that is not known is
// taken for temporary: the caller's deadline ends the attempts.
func sendError(text string) *SendError {
	if text == "" {
		return nil
	}
	for _, part := range permanent {
		if strings.Contains(text, part) {
			return &SendError{Text: text, Permanent: true}
		}
	}
	return &SendError{Text: text}
}
