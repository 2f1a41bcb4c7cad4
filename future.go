package homing

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/arq"
)

// Future is an accepted message. Any number of goroutines may hold it.
type Future struct {
	client  *Client
	id      ID
	joined  bool
	framing Framing
	promise *actors.Promise

	deadline arq.Instant // 0 = none; of this call, if it did not join
}

// ID is the message's identity: the one given with WithID, or one drawn by Go.
func (f *Future) ID() ID { return f.id }

// Joined reports whether the message was already known: another call with the
// same ID, service and payload had sent it.
func (f *Future) Joined() bool { return f.joined }

// Done returns a channel that is closed when the message has ended.
func (f *Future) Done() <-chan struct{} { return f.promise.Done() }

// Await waits for the message to end and returns its reply or a
// [*DeliveryError]. If ctx ends first it returns an error that wraps the cause
// of ctx; the message goes on, and Await may be called again. A result that is
// there beats a ctx that has ended.
func (f *Future) Await(ctx context.Context) (*Reply, error) {
	result, err := f.promise.Await(ctx)
	if err != nil {
		return nil, fmt.Errorf("homing: no longer waiting, the message goes on: %w", err)
	}
	return f.reply(&result)
}

// Cancel ends the message for everybody who holds it, with ErrCanceled. Once it
// has returned no further packet is handed to the daemon for it; the error of
// Await tells whether one was before. After an outcome it does nothing. It does
// not wait for the message to end.
func (f *Future) Cancel() { f.client.engine.CancelHeld(f.id, f.promise, actors.ErrCanceled) }

// reply turns the engine's result into the application's own: everybody who
// holds the message gets bytes that nobody else has.
func (f *Future) reply(r *actors.Result) (*Reply, error) {
	r.Attempts = slices.Clone(r.Attempts)
	if r.Err == nil {
		payload, err := f.framing.unwrap(r.Payload)
		if err == nil {
			return &Reply{
				ID: f.id, Payload: bytes.Clone(payload), Attempts: r.Attempts, Answered: r.Answered, Timeline: timeline(r),
			}, nil
		}
		return nil, &DeliveryError{ID: f.id, Err: ErrFraming, Cause: err, Attempts: r.Attempts, MayHaveExecuted: true}
	}
	return nil, &DeliveryError{
		ID: f.id, Err: publicError(r.Err), Cause: r.Cause,
		Attempts: r.Attempts, MayHaveExecuted: r.MayHaveExecuted,
	}
}
