package thin

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// A Client is connected to one daemon, or about to be. All methods are safe for
// concurrent use.
type Client struct {
	config Config
	ctx    context.Context // ends when Close begins
	cancel context.CancelFunc
	done   chan struct{} // closed when run has ended
	hurry  chan struct{} // has one token to end the wait before a connection
	ended  chan struct{} // closed when Close has done everything

	mu            sync.Mutex
	closed        bool
	number        uint64      // of the last connection
	current       *connection // nil between connections
	ready         chan struct{}
	session       session
	dialect       wire.Dialect // of the last greeting
	limit         int          // of a payload
	directory     *directory
	reliable      heldByDaemon
	abandoned     error     // what Close returns
	renewed       time.Time // when directory was read
	heard         time.Time // last frame
	reason        error     // why there is no link
	subscriptions []*Subscription
	waiters       map[wire.ID]*waiter
	queries       map[wire.ID]*query
}

// New returns a Client that connects, and reconnects, in the background until
// it is closed. It returns ErrConfig if config is not valid.
func New(config Config) (*Client, error) {
	config, err := config.completed()
	if err != nil {
		return nil, err
	}
	c := &Client{
		config: config, done: make(chan struct{}), hurry: make(chan struct{}, 1), ended: make(chan struct{}), ready: make(chan struct{}),
		session: newSession(), limit: defaultPayload, waiters: make(map[wire.ID]*waiter), queries: make(map[wire.ID]*query),
	}
	if config.Geometry != nil {
		c.limit = payloadLimit(config.Geometry)
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	go c.run()
	return c, nil
}

// Dial is New and Ready. If ctx ends first, the Client is closed and the error
// says why there was no link.
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

// Ready waits until the link is Up. It returns nil at once if it is, ErrClosed
// after Close, and when ctx ends a *NotReadyError.
func (c *Client) Ready(ctx context.Context) error {
	c.mu.Lock()
	ready, closed := c.ready, c.closed
	c.mu.Unlock()
	if closed {
		return ErrClosed
	}
	select {
	case <-ready:
		return nil
	default:
	}
	select {
	case <-ready:
		return nil
	case <-c.ctx.Done():
		return ErrClosed
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		return &NotReadyError{Cause: context.Cause(ctx), Reason: c.obstacle()}
	}
}

// Close ends the link, telling the daemon if that takes less than a second, and
// waits for the client's goroutines. Subscriptions end with ErrClosed after what
// they hold. It may be called any number of times. It returns ErrAbandoned if
// the daemon's ARQ held a reliable message, else nil.
func (c *Client) Close() error {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	if !first {
		<-c.ended
		return c.abandoned
	}
	c.cancel()
	<-c.done
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.reliable.until) {
		c.abandoned = ErrAbandoned
	}
	for _, s := range c.subscriptions {
		s.finish(ErrClosed)
	}
	c.subscriptions = nil
	c.settleWaiters(func(*waiter) bool { return true }, ErrClosed)
	c.settleQueries(func(*query) bool { return true }, ErrClosed)
	close(c.ended)
	return c.abandoned
}

// Reset drops the connection, if there is one, for the given reason and
// reconnects. It does not wait. A nil reason is ErrReset.
func (c *Client) Reset(reason error) {
	if reason == nil {
		reason = &LinkError{Op: "reset", Err: ErrReset}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil {
		c.current.end(reason)
	}
}

// Hurry ends the wait before the next connection, for a caller who knows that
// the daemon is there again. While there is a connection it does nothing.
func (c *Client) Hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil {
		return
	}
	select {
	case c.hurry <- struct{}{}:
	default:
	}
}

// Subscribe returns a new subscription to all events. Its first events are the
// present state: NewDocument if there is a document, Up with Same false if the
// link is up, and GatewayDown if the gateway is away. It returns ErrClosed after
// Close.
func (c *Client) Subscribe() (*Subscription, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	s := newSubscription(c)
	if c.directory != nil {
		s.offer(NewDocument{At: c.renewed, Document: c.directory.document})
	}
	if n := c.current; n != nil && n.link.up {
		s.offer(Up{At: n.since, Connection: n.link.number, Version: n.link.dialect.Version})
		if !n.link.connected {
			s.offer(GatewayDown{At: c.heard, Connection: n.link.number})
		}
	}
	c.subscriptions = append(c.subscriptions, s)
	return s, nil
}

// Events ranges over all events as a subscription of its own has them, which
// ends with the loop. When ctx ends, the client is closed, or the loop falls
// behind, the last pair has the error, as Next returns it.
func (c *Client) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s, err := c.Subscribe()
		if err != nil {
			yield(nil, err)
			return
		}
		defer s.Close()
		for {
			e, err := s.Next(ctx)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (c *Client) unsubscribe(s *Subscription) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.subscriptions, s); i >= 0 {
		c.subscriptions = slices.Delete(c.subscriptions, i, i+1)
	}
}

// publish hands an event to all subscriptions and waiters. The lock is held.
func (c *Client) publish(e Event) {
	c.subscriptions = slices.DeleteFunc(c.subscriptions, func(s *Subscription) bool { return !s.offer(e) })
	c.wake(e)
}

// PKIDocument returns the current document, nil before the first.
func (c *Client) PKIDocument() *Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.directory == nil {
		return nil
	}
	return c.directory.document
}

// Services returns all instances of a capability, as "echo", in the document's
// order; none before the first document.
func (c *Client) Services(capability string) []Service {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.directory.lookup(capability))
}

// Service returns a random instance of a capability, or ErrNoService.
// Destinations move when epochs change: ask anew for every message.
func (c *Client) Service(capability string) (Service, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.directory.lookup(capability)
	if len(all) == 0 {
		return Service{}, noService(capability, c.directory)
	}
	return all[c.config.Rand.IntN(len(all))], nil
}

// PayloadLimit is how many bytes a message can carry: the network's
// UserForwardPayloadLength, 2000 until it is known.
func (c *Client) PayloadLimit() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limit
}

// Dialect is what the daemon of the last greeting understands, the zero value
// before the first.
func (c *Client) Dialect() wire.Dialect {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dialect
}

// Version is the oldest release that fits the daemon's last greeting, the zero
// value before the first.
func (c *Client) Version() wire.Version { return c.Dialect().Version }
