package actors

import (
	"errors"
	"fmt"
)

// Sentinels of the engine. The root package gives them their public names and
// adds what an application needs to act on them.
var (
	// ErrBusy is returned by Submit when Config.Waiting first attempts are
	// already waiting for the link. Nothing was accepted.
	ErrBusy = errors.New("actors: too many messages are waiting to be sent")
	// ErrDaemonARQ, which is an ErrBusy, is returned by Submit for a message that
	// is left to the daemon's own ARQ while that holds another.
	ErrDaemonARQ = fmt.Errorf("%w: the daemon's ARQ holds one already", ErrBusy)
	// ErrClosed is returned by Submit after Shut, and is the result of every
	// message that Shut ended.
	ErrClosed = errors.New("actors: the engine is closed")
	// ErrConflict is returned by Submit when the ID belongs to a running or
	// recently finished message with another service or another payload.
	// Nothing was accepted.
	ErrConflict = errors.New("actors: the ID belongs to another message")
	// ErrInternal is the result of a message whose actor panicked, and of every
	// message after the dispatcher has panicked.
	ErrInternal = errors.New("actors: internal error")
	// ErrDeadline is the result of a message whose deadline passed first.
	ErrDeadline = errors.New("actors: the deadline passed")
	// ErrExhausted is the result of a message whose last allowed attempt can
	// no longer be answered.
	ErrExhausted = errors.New("actors: every allowed attempt is lost")
	// ErrCanceled is the result of a canceled message.
	ErrCanceled = errors.New("actors: the message was canceled")
	// ErrRejected is the result of a message that the link refused for good.
	ErrRejected = errors.New("actors: the daemon rejected the message")
	// ErrWedged is the reason given to Link.Reset when attempts are waiting
	// for their sent events and the link has been silent for too long.
	ErrWedged = errors.New("actors: the daemon has been silent while attempts were waiting for their sent events")
)
