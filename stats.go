package homing

import (
	"iter"
	"time"
)

// Stats are totals since the client was made. They carry no destinations.
type Stats struct {
	Accepted  uint64 // messages
	Joined    uint64 // calls that found their message running or finished
	Answered  uint64
	Expired   uint64 // ended with ErrDeadline
	Exhausted uint64
	Canceled  uint64
	Rejected  uint64
	Internal  uint64
	Running   int

	Waiting  int // attempts waiting in the lanes
	InWindow int // attempts written, whose departure is not known yet

	Sends      uint64 // attempts handed to the daemon
	Departed   uint64 // of these, reported as sent
	Failed     uint64 // of these, never left the daemon
	Overtaken  uint64 // sent events that must have been lost
	LinkLosses uint64 // attempts lost with a connection or a gateway
	Withdrawn  uint64 // attempts that cost no packet: their message had ended
	Late       uint64 // answers to an attempt other than the newest
	Collected  uint64 // garbage collection events of a daemon's own ARQ
	Strays     uint64 // replies to messages that had ended
	Downs      uint64 // connections lost
	Wedges     uint64 // connections dropped because the daemon was silent
}

// Stats returns the totals of this moment.
func (c *Client) Stats() Stats {
	t, d := c.engine.Totals(), c.engine.Counters()
	return Stats{
		Accepted: t.Accepted, Joined: t.Joined, Answered: t.Answered, Expired: t.Expired,
		Exhausted: t.Exhausted, Canceled: t.Canceled, Rejected: t.Rejected, Internal: t.Internal,
		Running: t.Running, Waiting: d.Waiting, InWindow: d.InWindow,
		Sends: d.Written, Departed: d.Departed, Failed: d.Failed, Overtaken: d.Overtaken,
		LinkLosses: d.LinkLosses, Withdrawn: d.Withdrawn, Late: d.Late, Strays: d.Strays, Collected: d.Collected,
		Downs: d.Downs, Wedges: d.Wedges,
	}
}

// Pending is one running message.
type Pending struct {
	ID       ID
	Service  string
	Accepted time.Time
	Deadline time.Time // zero: none
}

// Pending returns the messages running at the moment of the call, in the order
// in which they were accepted.
func (c *Client) Pending() iter.Seq[Pending] {
	return func(yield func(Pending) bool) {
		for o := range c.engine.Pending() {
			if !yield(Pending{o.ID, o.Service, c.Time(o.Accepted), c.Time(o.Deadline)}) {
				return
			}
		}
	}
}

// Health is the state of the link at one moment, for an operator.
type Health struct {
	Up      bool   // attempts can be sent
	Gateway bool   // the daemon says that it is connected to its gateway
	Reason  error  // why it is not up, as far as it is known; while up, what else is wrong
	Daemon  string // its version, or the oldest that greets like it; empty before the first greeting
	Epoch   uint64 // of the directory; 0 without one
	// Directory is when it was read; zero without one.
	Directory time.Time
	LastRead  time.Time // the daemon's last frame
	// Failure is not nil after a bug has ended the client for good.
	Failure error
}

// Health returns the present state.
func (c *Client) Health() Health {
	h := c.thin.Health()
	health := Health{
		Up: h.Up, Gateway: h.Gateway, Reason: h.Reason, Epoch: h.Epoch,
		Directory: h.Document, LastRead: h.LastRead, Failure: c.engine.Failure(),
	}
	if !h.LastRead.IsZero() {
		health.Daemon = h.Version.String()
	}
	return health
}
