package thin

import (
	"bufio"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// connection is one socket and its two goroutines, reader and writer, which its
// owner, the client's run loop, starts and ends. The client's lock guards link,
// armed, since and adding to the queue.
type connection struct {
	conn  net.Conn
	link  link
	armed time.Time   // what the run loop's timer is set to; zero: not set
	since time.Time   // of the Up
	queue chan []byte // frames for the writer; closed when no more will be written

	ended  chan error    // why to end; the first reason counts
	kick   chan struct{} // the deadline is sooner than armed
	failed atomic.Pointer[LinkError]

	goroutines sync.WaitGroup
	wrote      chan struct{} // closed when the writer has ended
}

func newConnection(conn net.Conn, l link) *connection {
	return &connection{
		conn: conn, link: l,
		queue: make(chan []byte, writeQueue),
		ended: make(chan error, 1),
		kick:  make(chan struct{}, 1),
		wrote: make(chan struct{}),
	}
}

// end gives a reason to end the connection.
func (c *connection) end(err error) {
	select {
	case c.ended <- err:
	default:
	}
}

// frame encodes a request for this connection's daemon. It fails for what the
// daemon may not know and what kills it.
func (c *connection) frame(r wire.Request) ([]byte, error) {
	const prefix = 4
	room := 1024 // for all keys of a version
	for _, m := range []*wire.SendMessage{r.SendMessage, r.SendARQMessage} {
		if m != nil {
			room += len(m.Payload)
		}
	}
	if err := refusal(c.link.limit, &r); err != nil {
		return nil, err
	}
	frame, err := c.link.dialect.AppendRequest(make([]byte, prefix, room), r)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-prefix))
	return frame, nil
}

// full reports whether the queue takes no more. It stays false until the
// holder of the client's lock adds something.
func (c *connection) full() bool { return len(c.queue) == cap(c.queue) }

// request queues a request of the client's own.
func (c *connection) request(r wire.Request) error {
	frame, err := c.frame(r)
	if err != nil {
		return err
	}
	if c.full() {
		return ErrBusy
	}
	c.queue <- frame
	return nil
}

// write runs the writer until the queue is closed and empty or the socket fails.
func (c *connection) write() {
	defer c.goroutines.Done()
	defer close(c.wrote)
	for frame := range c.queue {
		if _, err := c.conn.Write(frame); err != nil {
			// What the daemon said before it went away is still to be read; then the
			// reader ends the connection, at once or after this while.
			c.failed.Store(&LinkError{Op: "write", Err: err})
			c.conn.SetReadDeadline(time.Now().Add(closeTimeout))
			return
		}
	}
}

// read runs the reader until the socket fails, frames make no sense or deliver
// is false. Every frame is stamped when it is whole.
func (c *connection) read(limit int, deliver func(time.Time, *wire.Response, *Document) bool) {
	defer c.goroutines.Done()
	r := bufio.NewReaderSize(c.conn, 16<<10)
	var buf []byte
	for {
		item, err := wire.ReadFrame(r, limit, buf)
		at := time.Now()
		if failed := c.failed.Load(); err != nil && failed != nil {
			c.end(failed)
			return
		}
		var response wire.Response
		var doc *Document
		if err == nil {
			response, doc, err = decode(item)
		}
		if err != nil {
			c.end(&LinkError{Op: "read", Err: err})
			return
		}
		if !deliver(at, &response, doc) {
			return
		}
		if buf = item; cap(buf) > 64<<10 {
			buf = nil // a large document's; other frames are small
		}
	}
}

// decode decodes a response and the document in it, nil if there is none.
func decode(item []byte) (wire.Response, *Document, error) {
	r, err := wire.DecodeResponse(item)
	if err != nil || r.Document == nil || len(r.Document.Payload) == 0 {
		return r, nil, err
	}
	doc, err := wire.DecodeDocument(r.Document.Payload)
	return r, doc, err
}
