package actors

import "context"

// Refuse makes every later Submit fail with err, and those that wait for a
// place; running messages go on. A second call changes nothing. After Shut the
// error is ErrClosed all the same.
func (e *Engine) Refuse(err error) { e.ledger.refuse(err) }

// Idle returns a channel that is closed as soon as no message is running.
func (e *Engine) Idle() <-chan struct{} { return e.ledger.whenIdle() }

// Shut refuses new messages and ends the running ones with ErrClosed. It does
// not wait. It is idempotent.
func (e *Engine) Shut() {
	e.ledger.refuse(ErrClosed)
	for _, m := range e.ledger.snapshot() {
		e.end(m, ErrClosed)
	}
}

// Close is Shut, then the end of every actor, timer and goroutine of the
// engine; it returns when they have ended. If ctx ends first it returns
// its cause, and is to be called again. It is idempotent. It must not be called
// from an actor or a hook.
func (e *Engine) Close(ctx context.Context) error {
	e.Shut()
	if err := await(ctx, e.Idle()); err != nil {
		return err
	}
	e.Stop()
	if err := await(ctx, e.stopped); err != nil {
		return err
	}
	if e.pool != nil {
		e.pool.Close()
	}
	return nil
}

// await waits for c or the end of ctx; a closed c beats an ended ctx.
func await(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	default:
	}
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Stop asks the dispatcher to stop and does not wait for it: Stopped tells.
// Messages still running end with ErrClosed, and are said to be possibly
// executed; call it when Idle says that there are none. It is idempotent.
func (e *Engine) Stop() {
	e.shut.Do(func() { e.send(e.dispatcher, &leave{}) })
}

// Stopped returns a channel that is closed when the dispatcher has stopped;
// Failure then says why.
func (e *Engine) Stopped() <-chan struct{} { return e.stopped }

// Failure is the dispatcher's panic as an error, once Stopped is closed; nil
// after an orderly end.
func (e *Engine) Failure() error {
	select {
	case <-e.stopped:
		return e.failure
	default:
		return nil
	}
}

// dispatcherStopped ends what is left of the client: without a dispatcher no
// message can be sent or answered. A cause is its panic.
func (e *Engine) dispatcherStopped(cause error) {
	e.failure = cause
	err := ErrClosed
	if cause != nil {
		err = ErrInternal
	}
	e.ledger.refuse(err)
	for _, m := range e.ledger.snapshot() {
		e.send(m.pid, &orphaned{m.ref.Generation, err, cause})
	}
	close(e.stopped)
}
