package thin

import (
	"context"
	"fmt"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// A ReliableMessage is a request that the daemon itself sends again: its ARQ,
// which exists up to v0.0.72. The daemon draws the SURB IDs, a new one per
// transmission; events of the message carry the MessageID.
//
// The ARQ sends again 225 s after an unanswered ETA, three times, and then
// replies with CodeMaxRetries. Its bugs, all seen with v0.0.55:
//
//   - Of several messages outstanding at once only one is sent again, the
//     others silently never, and Collected comes for the wrong ones. The Client
//     posts one at a time: ErrBusy until its reply, or for 16 minutes.
//   - A client that disconnects with an unanswered message makes the daemon
//     panic up to 15 minutes later, for every application of the host. So long
//     the watchdogs do not leave the daemon, and Close returns ErrAbandoned. Keep
//     the Client open until the reply.
//   - A destination that is not in the daemon's document wedges it after 225 s.
//     The Client refuses destinations that are not in its own document; a
//     document that changes in between can still do it.
//   - A null message ID or no SURB kills it. The Client never writes them.
type ReliableMessage struct {
	MessageID   wire.ID   // fresh from NewMessageID for every message; not zero
	Destination wire.Hash // of a Service in the current document
	Recipient   []byte    // of a Service; 1 to 32 bytes
	Payload     []byte    // at most PayloadLimit bytes; nil is empty
}

// NewMessageID returns 16 bytes from crypto/rand.
func NewMessageID() wire.ID { return newID() }

// check refuses what no daemon can send, and what kills some.
func (m *ReliableMessage) check(limit int) error {
	if m.MessageID == (wire.ID{}) {
		return &MessageError{"its message ID is zero; take one from NewMessageID"}
	}
	plain := Message{SURBID: m.MessageID, Destination: m.Destination, Recipient: m.Recipient, Payload: m.Payload}
	return plain.check(limit)
}

// PostReliable queues a message for the socket and never blocks. Its fate are
// the events MessageSent (of the first transmission only), MessageReply and
// Collected with its message ID. Errors, with nothing sent: those of Post, an
// *UnsupportedError where the daemon has no ARQ (v0.0.73 and newer), and
// ErrNoService for a destination that is not in the document.
func (c *Client) PostReliable(connection uint64, m ReliableMessage) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.postReliable(connection, &m)
}

func (c *Client) postReliable(connection uint64, m *ReliableMessage) error {
	n, err := c.admit(connection, m)
	if err != nil {
		return err
	}
	if !n.link.dialect.ARQ {
		return &UnsupportedError{"a reliable message", n.link.dialect.Version, "v0.0.72 or older"}
	}
	if !c.directory.reaches(m.Destination) {
		return fmt.Errorf("%w: destination %v", ErrNoService, m.Destination)
	}
	now := time.Now()
	if now.Before(c.reliable.until) && c.reliable.id != m.MessageID {
		return fmt.Errorf("%w: its ARQ takes one message at a time", ErrBusy)
	}
	err = c.enqueue(n, m.MessageID, wire.Request{SendARQMessage: &wire.SendMessage{
		ID: &m.MessageID, WithSURB: true, Destination: &m.Destination, Recipient: m.Recipient, Payload: present(m.Payload),
	}})
	if err != nil {
		return err
	}
	c.reliable = heldByDaemon{id: m.MessageID, until: now.Add(c.config.real(longestARQ))}
	n.link.watchdog.patient = c.reliable.until
	return nil
}

// longestARQ is for how long a daemon can be busy with a reliable message, and
// crash if its client leaves.
const longestARQ = 16 * time.Minute

// heldByDaemon is the reliable message that the daemon's ARQ holds at the most
// until then.
type heldByDaemon struct {
	id    wire.ID
	until time.Time
}

// released ends what the daemon's ARQ holds, if e is its last word on it.
func (c *Client) released(n *connection, e Event) {
	var id *wire.ID
	switch e := e.(type) {
	case MessageReply:
		id = e.MessageID
	case MessageSent:
		if e.Err != nil && e.Err.Permanent {
			id = e.MessageID
		}
	}
	if id != nil && *id == c.reliable.id {
		c.reliable = heldByDaemon{}
		n.link.watchdog.patient = time.Time{}
	}
}

// SendReliableMessage waits for the link to be Up and posts a message on it. It
// returns what Ready and PostReliable return, without ErrStale.
func (c *Client) SendReliableMessage(ctx context.Context, m ReliableMessage) error {
	return c.send(ctx, m.MessageID, nil, func(connection uint64) error { return c.postReliable(connection, &m) })
}

// BlockingSendReliableMessage sends a message under a random message ID and
// waits for the answer, which is ForwardPayloadLength bytes, padded with zeros.
// It returns what SendReliableMessage returns, and then CodeMaxRetries in
// a *ReplyError when the daemon gave up, a *SendError if the message can never
// leave the host, ErrLost when the link went, ErrClosed, or ctx's cause. After
// the last three the daemon may go on sending. Give it a ctx that ends: by its
// bugs the daemon may forget a message without a word.
func (c *Client) BlockingSendReliableMessage(ctx context.Context, s Service, payload []byte) ([]byte, error) {
	m := ReliableMessage{MessageID: NewMessageID(), Destination: s.Destination, Recipient: s.Recipient, Payload: payload}
	w := &waiter{reliable: true, fate: make(chan fate, 1)}
	return c.wait(ctx, m.MessageID, w, func(connection uint64) error { return c.postReliable(connection, &m) })
}
