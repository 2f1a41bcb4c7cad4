package sim

import "github.com/homing-mix/homing/arq"

// sink is where the events of a daemon go that a client does not read.
type sink struct {
	blocked *conn     // everybody waits for it to read
	backlog []pending // what has come since, in order; bounded, as no request is served
}

type pending struct {
	conn  *conn
	frame []byte
}

// overflow deals with a client that does not read.
func (d *Daemon) overflow(c *conn, frame []byte) {
	d.tally.Unread++
	switch {
	case d.temper.has(SinkDrops):
		c.muted = true
	case d.temper.has(SinkBlocks):
		d.mixnet.hold(d.clock.Now())
		c.stuck.Store(true)
		d.sink.blocked = c
		d.sink.backlog = append(d.sink.backlog, pending{c, frame})
		d.rouse() // the writer may have made room before it knew
	default:
		d.leave(c)
		c.shut()
	}
}

// drain writes what has waited for a client to read. It returns false while
// that still does not.
func (d *Daemon) drain(now arq.Instant) bool {
	for len(d.sink.backlog) > 0 {
		next := d.sink.backlog[0]
		if !next.conn.deaf() {
			select {
			case next.conn.out <- next.frame:
			default:
				if next.conn != d.sink.blocked {
					d.sink.blocked.stuck.Store(false)
					next.conn.stuck.Store(true)
					d.sink.blocked = next.conn
					d.rouse()
				}
				return false
			}
		}
		d.sink.backlog[0] = pending{}
		d.sink.backlog = d.sink.backlog[1:]
	}
	d.unblock(now)
	return true
}

func (d *Daemon) unblock(now arq.Instant) {
	if c := d.sink.blocked; c != nil {
		c.stuck.Store(false)
		d.sink.blocked = nil
		d.mixnet.resume(now)
	}
}
