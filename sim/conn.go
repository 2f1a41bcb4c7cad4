package sim

import (
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

const (
	// writeLimit is how many frames a client may be behind.
	writeLimit = 1024
	// linger is the real time that a connection has for its last frames.
	linger = time.Second
)

// conn is one connection of a client. Fields without a note are guarded by the
// daemon's mutex.
type conn struct {
	net     net.Conn
	out     chan []byte   // frames for the writer; closed when the daemon has left
	room    chan struct{} // tells the reader to try the queue again
	done    chan struct{} // closed with the socket
	once    sync.Once     // of done
	greeted chan struct{} // the reader waits for it
	wrote   func()        // called by the writer after each frame while the connection blocks all others
	stuck   atomic.Bool   // it does

	session *session
	said    bool // the greeting is out
	silent  bool // accepted without a document by a version that then says nothing for ever
	muted   bool // did not read: never written to again
	dark    bool // black hole: read, never served
	waiting bool // the reader waits for room
	left    bool // the daemon is done with it
}

// adopt begins to serve a connection of the socket's life.
func (d *Daemon) adopt(nc net.Conn, s *socket) {
	d.mu.Lock()
	defer d.unlock()
	if !d.up || d.socket != s {
		nc.Close()
		return
	}
	c := &conn{
		net: nc, out: make(chan []byte, writeLimit), room: make(chan struct{}, 1),
		done: make(chan struct{}), greeted: make(chan struct{}), wrote: d.rouse,
	}
	d.conns = append(d.conns, c)
	d.tally.Connections++
	c.session = d.newSession(c)
	d.welcome(c)
	d.wg.Go(func() { d.read(c) })
	d.wg.Go(c.write)
}

// write is the writer goroutine. It ends when the daemon has left and the
// socket is closed.
func (c *conn) write() {
	broken := false
	for frame := range c.out {
		if broken {
			continue
		}
		if _, err := c.net.Write(frame); err != nil {
			broken = true
			c.shut()
		}
		if c.stuck.Load() {
			c.wrote()
		}
	}
	c.shut()
}

// shut closes the socket.
func (c *conn) shut() {
	c.once.Do(func() {
		c.net.Close()
		close(c.done)
	})
}

// read is the reader goroutine. It ends with the connection.
func (d *Daemon) read(c *conn) {
	defer d.lose(c)
	select {
	case <-c.greeted:
	case <-c.done:
		return
	}
	var buf []byte
	for {
		item, err := wire.ReadFrame(c.net, d.dialect.FrameCap, buf)
		if err != nil {
			if errors.Is(err, wire.ErrFrameEmpty) || errors.Is(err, wire.ErrFrameTooLarge) {
				d.complain(c, err.Error())
			}
			return
		}
		buf = item[:0]
		request, err := wire.DecodeRequest(item)
		if err != nil {
			d.malformed(c, item, err)
			return
		}
		for {
			v := d.serve(c, request)
			if v == served {
				break
			}
			if v == ended {
				return
			}
			select {
			case <-c.room:
			case <-c.done:
				return
			}
		}
	}
}

// respond queues an event for the writer.
func (d *Daemon) respond(c *conn, r wire.Response) {
	if frame := d.encode(r); frame != nil {
		d.enqueue(c, frame)
	}
}

// encode returns the event as a frame, nil if the version does not know it.
func (d *Daemon) encode(r wire.Response) []byte {
	item, err := d.dialect.AppendResponse(nil, r)
	if err == nil {
		var frame []byte
		if frame, err = wire.AppendFrame(make([]byte, 0, 4+len(item)), item); err == nil {
			return frame
		}
	}
	d.tally.Unencodable++
	return nil
}

func (d *Daemon) enqueue(c *conn, frame []byte) {
	if c == nil || d.wedged || c.deaf() {
		return
	}
	if d.sink.blocked != nil {
		d.sink.backlog = append(d.sink.backlog, pending{c, frame})
		return
	}
	select {
	case c.out <- frame:
	default:
		d.overflow(c, frame)
	}
}

// deaf tells whether nothing is written to the connection any more.
func (c *conn) deaf() bool { return c.left || c.muted || c.dark || c.silent }

// makeRoom wakes the readers whose requests fit in the queue now.
func (d *Daemon) makeRoom() {
	if d.sink.blocked != nil {
		return
	}
	for _, c := range d.conns {
		if c.waiting && (c.session == nil || d.mixnet.Room(c.session.client)) {
			c.waiting = false
			select {
			case c.room <- struct{}{}:
			default:
			}
		}
	}
}

// lose is the end of the reader: the connection is gone.
func (d *Daemon) lose(c *conn) {
	d.mu.Lock()
	defer d.unlock()
	d.leave(c)
}

// leave ends the daemon's part of a connection. What is queued for the writer
// may still go out within linger.
func (d *Daemon) leave(c *conn) {
	if c.left {
		return
	}
	c.left = true
	c.net.SetWriteDeadline(time.Now().Add(linger))
	close(c.out)
	if i := slices.Index(d.conns, c); i >= 0 {
		d.conns = slices.Delete(d.conns, i, i+1)
	}
	if c.session != nil {
		d.part(c, d.clock.Now())
	}
}
