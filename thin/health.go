package thin

import (
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// Health is the state of the link at one moment, for an operator.
type Health struct {
	Up         bool
	Connection uint64    // the last number given out, 0 before the first attempt
	Since      time.Time // of the Up, zero if not up
	// Reason is why the link is not up, as far as it is known: ErrNoGateway or
	// ErrNoDocument if the daemon says so, else why the last connection ended or
	// could not be made. Nil if all is well, and while a first connection is being
	// made. While up it is ErrStaleDocument if no new document has come for two
	// epochs, on however many connections.
	Reason error
	// Gateway: the daemon says that it is connected to its gateway.
	Gateway     bool
	Version     wire.Version
	Epoch       uint64    // of the document, 0 if there is none
	Document    time.Time // when it was read
	LastRead    time.Time // last frame from the daemon
	Outstanding int       // messages without sent event or reply
	Queued      int       // frames that wait for the socket
}

// Health returns the present state.
func (c *Client) Health() Health {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := Health{
		Connection: c.number, Reason: c.obstacle(), Version: c.dialect.Version,
		LastRead: c.heard, Document: c.renewed,
	}
	if c.directory != nil {
		h.Epoch = c.directory.document.Epoch
	}
	if n := c.current; n != nil {
		h.Up, h.Since = n.link.up, n.since
		h.Gateway = n.link.connected
		h.Outstanding = n.link.watchdog.outstanding()
		h.Queued = len(n.queue)
	}
	if h.Up && h.Reason == nil && time.Since(c.renewed) >= c.config.real(2*c.config.Epoch) {
		h.Reason = ErrStaleDocument // a new connection does not make it fresh
	}
	return h
}

// obstacle is why the link is not up, nil if it is or nothing is known. The lock
// is held.
func (c *Client) obstacle() error {
	if n := c.current; n != nil {
		if err := n.link.missing(); err != nil || n.link.up {
			return err
		}
	}
	return c.reason
}
