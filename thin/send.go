package thin

import (
	"context"
	"fmt"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// A Message is a request to a service, with the address for one reply.
type Message struct {
	SURBID      wire.ID   // fresh from NewSURBID for every transmission; not zero
	Destination wire.Hash // of a Service; not zero
	Recipient   []byte    // of a Service; 1 to 32 bytes
	Payload     []byte    // at most PayloadLimit bytes; nil is empty
}

// check refuses what no daemon can send, and what kills some.
func (m *Message) check(limit int) error {
	switch {
	case m.SURBID == wire.ID{}:
		return &MessageError{"its SURB ID is zero; take one from NewSURBID"}
	case m.Destination == wire.Hash{}:
		return &MessageError{"its destination is zero; take one from Service"}
	case len(m.Recipient) < 1 || len(m.Recipient) > maxRecipient:
		return &MessageError{fmt.Sprintf("its recipient has %d bytes, want 1 to %d", len(m.Recipient), maxRecipient)}
	case len(m.Payload) > limit:
		return &MessageError{fmt.Sprintf("its payload has %d bytes, the network takes %d", len(m.Payload), limit)}
	}
	return nil
}

// Post queues a message for the socket and never blocks. A nil error promises
// no more than that: MessageSent tells when it left the host. The payload is
// copied. Errors, with nothing sent: a *MessageError for what can never be
// sent, or whose SURB ID is still outstanding; ErrStale if connection is not
// the one that is Up; ErrBusy if the queue is full; ErrClosed.
func (c *Client) Post(connection uint64, m Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.post(connection, &m)
}

// admit returns the connection that a message can be queued on. The lock is
// held.
func (c *Client) admit(connection uint64, m interface{ check(limit int) error }) (*connection, error) {
	if c.closed {
		return nil, ErrClosed
	}
	if err := m.check(c.limit); err != nil {
		return nil, err
	}
	return c.live(connection)
}

// post queues a message. The lock is held.
func (c *Client) post(connection uint64, m *Message) error {
	n, err := c.admit(connection, m)
	if err != nil {
		return err
	}
	return c.enqueue(n, m.SURBID, wire.Request{SendMessage: &wire.SendMessage{
		WithSURB: true, SURBID: &m.SURBID, Destination: &m.Destination, Recipient: m.Recipient, Payload: present(m.Payload),
	}})
}

// present makes an empty payload of nil, which would be null on the wire.
func present(payload []byte) []byte {
	if payload == nil {
		return []byte{}
	}
	return payload
}

// live returns the connection if it is up under that number and has room. The
// lock is held.
func (c *Client) live(connection uint64) (*connection, error) {
	n := c.current
	switch {
	case c.closed:
		return nil, ErrClosed
	case n == nil || n.link.number != connection || !n.link.up:
		return nil, ErrStale
	case n.full():
		return nil, ErrBusy
	}
	return n, nil
}

// enqueue queues a message that its sent event or reply will name by id. The
// lock is held and n has room.
func (c *Client) enqueue(n *connection, id wire.ID, r wire.Request) error {
	frame, err := n.frame(r)
	if err != nil {
		return err
	}
	if err := n.link.watchdog.post(time.Now(), id); err != nil {
		return err
	}
	n.queue <- frame
	c.rearm(n)
	return nil
}

// SendMessage waits for the link to be Up and posts a message on it. The sent
// event and the reply are events of subscriptions. It returns what Ready and
// Post return, without ErrStale.
func (c *Client) SendMessage(ctx context.Context, m Message) error {
	return c.send(ctx, m.SURBID, nil, func(connection uint64) error { return c.post(connection, &m) })
}

// BlockingSendMessage sends a message to a service and waits for the answer,
// which is ForwardPayloadLength bytes, padded with zeros. There is one
// transmission; a lost message or reply shows only in the end of ctx. It returns
// what SendMessage returns, and then a *SendError if the message did not leave
// the host, ErrLost if no reply can come any more, a *ReplyError, ErrClosed, or
// ctx's cause.
func (c *Client) BlockingSendMessage(ctx context.Context, s Service, payload []byte) ([]byte, error) {
	return c.await(ctx, s, payload, false)
}

// SendMessageWithoutReply sends a message to a service and returns once it has
// left the host. It carries a SURB all the same, as every version ignores or
// dies of a message without; the reply is ignored. It returns what SendMessage
// returns, and then a *SendError, ErrLost if the link went before it was known,
// ErrClosed, or ctx's cause; the message may be sent after the last three.
func (c *Client) SendMessageWithoutReply(ctx context.Context, s Service, payload []byte) error {
	_, err := c.await(ctx, s, payload, true)
	return err
}

// waiter waits for the fate of one message.
type waiter struct {
	departure bool // is all that is waited for
	reliable  bool // the daemon sends it again by itself
	sent      bool
	fate      chan fate // has room for one
}

type fate struct {
	payload []byte
	err     error
}

func (c *Client) await(ctx context.Context, s Service, payload []byte, departure bool) ([]byte, error) {
	m := Message{SURBID: NewSURBID(), Destination: s.Destination, Recipient: s.Recipient, Payload: payload}
	w := &waiter{departure: departure, fate: make(chan fate, 1)}
	return c.wait(ctx, m.SURBID, w, func(connection uint64) error { return c.post(connection, &m) })
}

// wait sends and waits for w's fate or the end of ctx.
func (c *Client) wait(ctx context.Context, id wire.ID, w *waiter, post func(uint64) error) ([]byte, error) {
	if err := c.send(ctx, id, w, post); err != nil {
		return nil, err
	}
	select {
	case f := <-w.fate:
		return f.payload, f.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	delete(c.waiters, id)
	c.mu.Unlock()
	select {
	case f := <-w.fate: // a result beats a cancelled context
		return f.payload, f.err
	default:
		return nil, context.Cause(ctx)
	}
}

// send posts on whatever connection is up, and registers w, if not nil, before
// any event of the message can come. post is called with the lock held.
func (c *Client) send(ctx context.Context, id wire.ID, w *waiter, post func(uint64) error) error {
	for {
		if err := c.Ready(ctx); err != nil {
			return err
		}
		c.mu.Lock()
		err := post(c.number)
		if err == nil && w != nil {
			c.waiters[id] = w
		}
		c.mu.Unlock()
		if err != ErrStale {
			return err
		}
	}
}

// wake settles the waiters that an event concerns. The lock is held.
func (c *Client) wake(e Event) {
	if len(c.waiters) == 0 {
		return
	}
	switch e := e.(type) {
	case MessageSent:
		id := c.named(e.SURBID, e.MessageID)
		w, ok := c.waiters[id]
		if !ok {
			return
		}
		w.sent = true
		switch {
		case e.Err != nil && (e.Err.Permanent || !w.reliable):
			c.settleWaiter(id, fate{err: e.Err})
		case w.departure:
			c.settleWaiter(id, fate{})
		}
	case MessageReply:
		id := c.named(e.SURBID, e.MessageID)
		if err := e.Code.Err(); err != nil {
			c.settleWaiter(id, fate{err: err})
		} else {
			c.settleWaiter(id, fate{payload: e.Payload})
		}
	case Down:
		// Sent events are not kept for a resumed session, and what was unsent is gone.
		// Daemons that know reliable messages know no sessions.
		c.settleWaiters(func(w *waiter) bool { return !w.sent || w.reliable }, ErrLost)
	case Up:
		if !e.Same {
			c.settleWaiters(func(*waiter) bool { return true }, ErrLost)
		}
	case GatewayUp:
		c.settleWaiters(func(w *waiter) bool { return w.sent && !w.reliable }, ErrLost)
	}
}

// named returns under which of its identifiers a message is waited for: of a
// reliable one the daemon chooses the SURB ID. The lock is held.
func (c *Client) named(surb wire.ID, message *wire.ID) wire.ID {
	if message != nil {
		if w, ok := c.waiters[*message]; ok && w.reliable {
			return *message
		}
	}
	return surb
}

func (c *Client) settleWaiter(id wire.ID, f fate) {
	if w, ok := c.waiters[id]; ok {
		delete(c.waiters, id)
		w.fate <- f
	}
}

func (c *Client) settleWaiters(which func(*waiter) bool, err error) {
	for id, w := range c.waiters {
		if which(w) {
			c.settleWaiter(id, fate{err: err})
		}
	}
}
