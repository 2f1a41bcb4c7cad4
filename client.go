package homing

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	randv2 "math/rand/v2"
	"sync"
	"time"

	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/thin"
)

// Client sends requests through one kpclientd. All methods are safe for
// concurrent use.
type Client struct {
	config Config
	policy *arq.Policy
	thin   *thin.Client
	clock  *actors.LiveClock
	engine *actors.Engine
	link   *link

	closing    sync.Once
	patience   context.Context // ends when somebody who closes does not wait any longer
	hasten     context.CancelCauseFunc
	closed     chan struct{} // closed when the client is
	closeError error         // set before closed is
}

// New returns a client that accepts messages at once and connects, and
// reconnects, in the background. It returns ErrConfig for a Config that cannot
// be. Close ends it.
func New(config Config) (*Client, error) {
	config, err := config.completed()
	if err != nil {
		return nil, err
	}
	daemon, err := thin.New(config.Daemon)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	events, err := daemon.Subscribe()
	if err != nil {
		daemon.Close()
		return nil, err
	}
	policy := config.Profile.Policy()
	c := &Client{config: config, policy: &policy, thin: daemon, clock: actors.NewClock(config.Daemon.Speed)}
	c.patience, c.hasten = context.WithCancelCause(context.Background())
	c.closed = make(chan struct{})
	c.link = newLink(daemon, events, c.clock, config.Window, config.Logger)
	c.engine, err = actors.New(actors.Config{
		Clock: c.clock, Link: c.link, Draw: drawID, Chance: chance(),
		Desk:   actors.DeskConfig{Window: config.Window, Waiting: config.Waiting},
		Logger: config.Logger,
	})
	if err != nil {
		daemon.Close()
		return nil, err
	}
	c.link.start(c.engine)
	return c, nil
}

// Dial is New and Ready. If ctx ends first it closes the client and says why
// there was no link.
func Dial(ctx context.Context, config Config) (*Client, error) {
	c, err := New(config)
	if err != nil {
		return nil, err
	}
	if err := c.Ready(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// drawID draws a SURB ID. The same one twice, and neither is answered.
func drawID() actors.ID { return actors.ID(thin.NewSURBID()) }

// chance seeds the messages' jitter, which nobody else may be able to predict.
func chance() *randv2.Rand {
	var seed [32]byte
	rand.Read(seed[:])
	return randv2.New(randv2.NewChaCha8(seed))
}

// Ready waits until the link to the daemon is up: connected, with a directory,
// and proved to be served. If ctx ends first the error says what was missing.
func (c *Client) Ready(ctx context.Context) error {
	err := c.thin.Ready(ctx)
	if errors.Is(err, thin.ErrClosed) {
		return ErrClosed
	}
	return err
}

// Call is Go and Await: one answer or one reason. The deadline of ctx is also
// the message's, and the end of ctx cancels it, unless the call had joined a
// message that others hold. A message that ended with ctx has an error that
// matches ErrDeadline or ErrCanceled and the cause of ctx.
func (c *Client) Call(ctx context.Context, service string, payload []byte, options ...Option) (*Reply, error) {
	f, err := c.send(ctx, service, payload, true, options)
	if err != nil {
		return nil, err
	}
	result, err := f.promise.Await(ctx)
	switch {
	case err == nil:
	case f.joined:
		return nil, fmt.Errorf("homing: no longer waiting, the message goes on: %w", err)
	case ctx.Err() == context.DeadlineExceeded:
		result = f.end(ctx, actors.ErrDeadline)
	default:
		result = f.end(ctx, actors.ErrCanceled)
	}
	if ends, ok := ctx.Deadline(); ok && result.Err == actors.ErrDeadline && c.clock.At(ends) == f.deadline {
		// The engine's timer may have been faster than that of ctx.
		result.Cause = errors.Join(result.Cause, context.DeadlineExceeded)
	}
	return f.reply(&result)
}

// end cancels the message of a call whose ctx has ended, and returns what
// became of it: an answer may have come just before. The engine says so at
// once.
func (f *Future) end(ctx context.Context, err error) actors.Result {
	f.client.engine.CancelHeld(f.id, f.promise, err)
	result, _ := f.promise.Await(context.WithoutCancel(ctx))
	if result.Err == err {
		result.Cause = errors.Join(result.Cause, context.Cause(ctx))
	}
	return result
}

// Go accepts a message and returns without waiting for its answer. A nil error
// means that the message is Homing's to deliver: its future will tell. ctx
// covers acceptance only. Errors: ErrConfig for an option that cannot be,
// ErrTooLarge, ErrNoService, ErrBusy, ErrConflict, ErrUnsupported, ErrDraining,
// ErrClosed, ErrInternal; an error that wraps the cause of ctx if it has ended,
// with WithWait also while waiting. After an error nothing was queued and
// nothing will be sent.
func (c *Client) Go(ctx context.Context, service string, payload []byte, options ...Option) (*Future, error) {
	return c.send(ctx, service, payload, false, options)
}

func (c *Client) send(ctx context.Context, service string, payload []byte, call bool, options []Option) (*Future, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("homing: not accepted: %w", context.Cause(ctx))
	}
	o, err := gather(options)
	if err != nil {
		return nil, err
	}
	if limit := c.thin.PayloadLimit() - o.framing.overhead(); len(payload) > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d in %v framing; split it", ErrTooLarge, len(payload), limit, o.framing)
	}
	if err := c.link.lists(service); err != nil {
		return nil, err
	}
	if o.reliable && !c.thin.Dialect().ARQ {
		return nil, fmt.Errorf("%w: this daemon has no ARQ of its own (v0.0.73 or newer, or not known yet); leave WithDaemonARQ out", ErrUnsupported)
	}
	if !o.keyed {
		o.id = NewID()
	}
	policy := c.policy
	if o.policy != nil {
		policy = o.policy
	}
	deadline := c.deadline(ctx, call, o, policy)
	promise, joined, err := c.engine.Submit(ctx, actors.Request{
		ID: o.id, Keyed: o.keyed, Service: service, Payload: o.framing.wrap(payload),
		Class: o.class, Policy: policy, Deadline: deadline, Wait: o.wait,
		DaemonARQ: o.reliable,
	})
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
			return nil, fmt.Errorf("%w: no place became free: %w", ErrBusy, err)
		}
		return nil, publicError(err)
	}
	return &Future{client: c, id: o.id, joined: joined, framing: o.framing, deadline: deadline, promise: promise}, nil
}

func gather(options []Option) (call, error) {
	var o call
	for _, option := range options {
		if option == nil {
			return call{}, fmt.Errorf("%w: an option is nil", ErrConfig)
		}
		if err := option(&o); err != nil {
			return call{}, err
		}
	}
	return o, nil
}

// deadline is the earliest of those that hold: the profile's, or the timeout
// that replaces it, the option's, and for Call that of ctx.
func (c *Client) deadline(ctx context.Context, call bool, o call, policy *arq.Policy) arq.Instant {
	var earliest arq.Instant
	take := func(at arq.Instant) {
		if earliest == 0 || at < earliest {
			earliest = at
		}
	}
	switch {
	case o.timeout > 0:
		take(c.clock.Now().Add(o.timeout))
	case policy.Deadline > 0 && !o.reliable:
		take(c.clock.Now().Add(policy.Deadline))
	}
	if !o.deadline.IsZero() {
		take(c.clock.At(o.deadline))
	}
	if at, ok := ctx.Deadline(); ok && call {
		take(c.clock.At(at))
	}
	return earliest
}

// Cancel ends a running message for everybody who holds it, and reports
// whether it was running. See [Future.Cancel].
func (c *Client) Cancel(id ID) bool { return c.engine.Cancel(id, actors.ErrCanceled) }

// Kick is for the moment at which the application knows that the network is
// back: a lost daemon is dialled at once, and sends that had failed are
// repeated without waiting out their back-off. The 3 s between departures of
// one message, and the jitter, still hold.
func (c *Client) Kick() {
	c.thin.Hurry()
	c.engine.Kick()
}

// Drain refuses new messages with ErrDraining and waits until none is running,
// or until ctx ends, whose cause it then returns: messages still running go
// on, and new ones stay refused.
func (c *Client) Drain(ctx context.Context) error {
	c.engine.Refuse(ErrDraining)
	select {
	case <-c.engine.Idle():
		return nil
	default:
	}
	select {
	case <-c.engine.Idle():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("homing: %d messages are still running: %w", c.engine.Totals().Running, context.Cause(ctx))
	}
}

// Close ends every running message with ErrClosed, says goodbye to the daemon
// within a second, and returns when every goroutine of the client has ended.
// It is idempotent; a second call waits for the first. If the daemon's own ARQ
// holds a message, Close waits for that first, up to 16 min in the daemon's
// time; see CloseContext.
func (c *Client) Close() error { return c.CloseContext(context.Background()) }

// longestARQ is for how long a message left to a daemon's ARQ can crash it.
const longestARQ = 16 * time.Minute

// CloseContext is Close for a caller who does not wait for the daemon's ARQ
// beyond the end of ctx, nor lets any other caller of Close. Then the client is
// closed all the same, and the error that all of them get, which matches
// ErrDaemonARQ, says that the daemon may crash.
func (c *Client) CloseContext(ctx context.Context) error {
	c.closing.Do(func() { go c.shutdown() })
	select {
	case <-c.closed:
	case <-ctx.Done():
		c.hasten(context.Cause(ctx))
		<-c.closed
	}
	return c.closeError
}

// shutdown runs once, and ends with closed.
func (c *Client) shutdown() {
	defer close(c.closed)
	c.closeError = c.waitForDaemonARQ()
	// The engine depends on nothing but its own actors, so this ends.
	_ = c.engine.Close(context.Background())
	if err := c.thin.Close(); c.closeError == nil && err != nil {
		c.closeError = fmt.Errorf("%w: %w", ErrDaemonARQ, err)
	}
	c.link.wait()
	c.clock.Close()
}

func (c *Client) waitForDaemonARQ() error {
	c.engine.Refuse(ErrClosed)
	ctx, cancel := context.WithTimeout(c.patience, time.Duration(float64(longestARQ)/c.clock.Speed()))
	defer cancel()
	if err := c.engine.DaemonARQ(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrDaemonARQ, err)
	}
	return nil
}

// Time is an instant of an attempt as a time, on the client's clock: the wall
// time at which the client was made, plus the daemon's time since. The zero
// instant, which is not known, is the zero time.
func (c *Client) Time(at arq.Instant) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(at))
}
