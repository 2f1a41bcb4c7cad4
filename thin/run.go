package thin

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// run owns the connections, one after the other, until the client is closed.
func (c *Client) run() {
	defer close(c.done)
	waits := newReconnect(c.config.Rand)
	for {
		up, reason := c.connect()
		if c.ctx.Err() != nil {
			return
		}
		c.mu.Lock() // for the random source
		wait := c.config.real(waits.next(up))
		c.mu.Unlock()
		c.config.Logger.Warn("no link to the daemon", "reason", reason, "retry_in", wait)
		select {
		case <-c.hurry: // for a wait that is over: this one is jittered like all others
		default:
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.hurry:
			timer.Stop()
		case <-c.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// connect dials and serves one connection to its end. The socket is closed and
// both its goroutines have ended when it returns, so that the session's token
// is never out on two. It returns how long the link was up, in the daemon's
// time, and why it ended.
func (c *Client) connect() (time.Duration, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.config.real(handshakeTimeout))
	conn, err := c.config.Dial(ctx)
	cancel()
	if err == nil && conn == nil {
		err = errNoConn
	}
	if err != nil {
		reason := &LinkError{Op: "dial", Err: err}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.number++
		c.reason = reason
		return 0, reason
	}
	n := c.begin(conn)
	n.goroutines.Add(2)
	go n.write()
	go n.read(c.config.MaxFrame, func(at time.Time, r *wire.Response, doc *Document) bool {
		return c.receive(n, at, r, doc)
	})
	reason := c.serve(n)
	closing := c.ctx.Err() != nil
	if closing {
		reason = &LinkError{Op: "close", Err: ErrClosed}
	}
	up := c.retire(n, reason)
	if closing {
		n.farewell()
	}
	close(n.queue)
	if closing {
		n.flush()
	}
	conn.Close()
	n.goroutines.Wait()
	return up, reason
}

var errNoConn = errors.New("Config.Dial returned neither connection nor error")

// begin makes a connection the client's current one.
func (c *Client) begin(conn net.Conn) *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number++
	l := link{
		number: c.number, session: &c.session, query: newID(),
		real: c.config.real, speed: c.config.Speed, limit: c.limit,
	}
	if c.directory != nil {
		l.epoch = c.directory.document.Epoch
	}
	l.begin(time.Now(), c.config.Epoch)
	c.current = newConnection(conn, l)
	return c.current
}

// serve keeps the deadlines of the connection until there is a reason to end.
func (c *Client) serve(n *connection) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	logged := false
	for {
		up, err := c.tick(n, timer)
		if err != nil {
			return err
		}
		if up && !logged {
			// Here, under no lock and with nobody waiting: a log handler is the
			// application's code.
			logged = true
			c.config.Logger.Info("link to the daemon is up", "connection", n.link.number, "version", c.Version())
		}
		select {
		case reason := <-n.ended:
			return reason
		case <-c.ctx.Done():
			return nil
		case <-n.kick:
		case <-timer.C:
		}
	}
}

func (c *Client) tick(n *connection, timer *time.Timer) (up bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	s := n.link.tick(now)
	if s.renew {
		c.session = newSession()
	}
	if s.end != nil {
		return false, s.end
	}
	n.armed = n.link.deadline()
	if n.armed.IsZero() {
		timer.Stop()
	} else {
		timer.Reset(n.armed.Sub(now))
	}
	return n.link.up, nil
}

// rearm wakes the run loop if the deadline is now sooner than its timer. A timer
// that is too soon finds nothing due and is set anew.
func (c *Client) rearm(n *connection) {
	d := n.link.deadline()
	if d.IsZero() || !n.armed.IsZero() && !d.Before(n.armed) {
		return
	}
	n.armed = d
	n.wake()
}

// wake has the run loop look at the connection.
func (n *connection) wake() {
	select {
	case n.kick <- struct{}{}:
	default:
	}
}

// receive takes what the reader of n has read. It is false once n has ended.
func (c *Client) receive(n *connection, at time.Time, r *wire.Response, doc *Document) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != n {
		return false
	}
	s := n.link.receive(at, r, doc)
	c.limit, c.dialect = n.link.limit, n.link.dialect
	c.heard = at
	if s.document != nil {
		c.directory, c.renewed = newDirectory(s.document), at
	}
	if s.up {
		n.since = at
		c.reason = nil
		close(c.ready)
		n.wake()
	}
	for _, e := range s.events {
		c.released(n, e)
		if _, other := e.(Unrecognised); other && c.answered(r) {
			continue
		}
		c.publish(e)
	}
	for _, request := range s.requests {
		if err := n.request(request); err != nil && s.end == nil {
			s.end = &LinkError{Op: "handshake", Err: err}
		}
	}
	if s.end != nil {
		n.end(s.end)
		return false
	}
	c.rearm(n)
	return true
}

// retire takes the connection away: nothing is delivered from it or written to
// it any more.
func (c *Client) retire(n *connection, reason error) (up time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = nil
	c.reason = reason
	c.settleQueries(func(*query) bool { return true }, reason)
	if !n.link.up {
		return 0
	}
	now := time.Now()
	c.ready = make(chan struct{})
	c.publish(Down{At: now, Connection: n.link.number, Reason: reason})
	return time.Duration(min(float64(now.Sub(n.since))*c.config.Speed, float64(settled)))
}

// farewell tells the daemon, if it has greeted, that the client goes. It comes
// behind what is queued.
func (c *connection) farewell() {
	if c.link.greeted {
		c.request(wire.Request{ThinClose: true}) // a full queue goes without
	}
}

// flush waits for the writer, at most closeTimeout. What still hangs then ends
// with the socket.
func (c *connection) flush() {
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-c.wrote:
	case <-timer.C:
	}
}
