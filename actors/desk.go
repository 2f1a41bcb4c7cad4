package actors

import (
	"maps"
	"math"
	"sync/atomic"
	"time"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
)

// Ref names a message actor and one life of it.
type Ref struct {
	Ordinal    uint64
	Generation uint32
}

// Entry is an attempt that waits for a slot.
type Entry struct {
	Ref     Ref
	Attempt int // numbered by the message's Machine, from 1
	Service string
	Class   mailbox.Class // of the message; its retransmissions go into their own lane
	Payload []byte

	DaemonARQ bool // to be sent by the daemon's own ARQ

	// Canceled, if set, keeps the entry from being written as soon as it is
	// true; the end of the message follows. Clones of a Desk share it.
	Canceled *atomic.Bool
}

func (e *Entry) canceled() bool { return e.Canceled != nil && e.Canceled.Load() }

// laneOf is the class an entry waits in.
func laneOf(e Entry) mailbox.Class {
	if e.Attempt > 1 {
		return mailbox.Retransmission
	}
	return e.Class
}

// DeskConfig holds the numbers of a Desk. The zero value of a field means its
// default.
type DeskConfig struct {
	// Window is how many attempts may be written whose sent event, reply or
	// loss is not yet known. Default 4: what is queued in the daemon cannot be
	// cancelled, delays whatever is written behind it, and is lost with it.
	Window int
	// Waiting is how many first attempts the lanes hold. Default 10 000.
	Waiting int
	// Observers is how many tickets of finished messages are kept until their
	// SURBs expire. Default 4096; the oldest are dropped first.
	Observers int
}

func (c DeskConfig) withDefaults() DeskConfig {
	if c.Window <= 0 {
		c.Window = 4
	}
	if c.Waiting <= 0 {
		c.Waiting = 10_000
	}
	if c.Observers <= 0 {
		c.Observers = 4096
	}
	return c
}

// Desk is what the dispatcher decides, as a plain value: which attempt is
// written next, which event belongs to which attempt, what a lost connection
// means for each. Each step (Queue, Finish, Hear, Tick) takes the instant and
// what happened, and appends effects; it starts nothing, blocks on nothing, and
// knows neither actors nor sockets. Set the timer to Wake after each.
//
// A Desk is not safe for concurrent use. Clone copies it deeply.
type Desk struct {
	config DeskConfig
	draw   func() ID // fresh SURB IDs; the one thing that clones share

	lanes    mailbox.Lanes[Entry]
	parked   mailbox.Lanes[Entry] // popped, but their service is in no document
	messages map[uint64]message
	tickets  tickets
	window   window
	watch    watch
	reliable daemonARQ

	owed       arq.Instant // when slots that replies have given back are filled; 0: there are none
	up         bool
	gateway    bool
	connection uint64
	downAt     arq.Instant
	directory  *Directory

	counters Counters
}

// message is what the Desk knows of one message that has asked for an attempt.
type message struct {
	ref      Ref
	handle   mailbox.Handle
	where    place
	offset   uint16 // the instance of its first attempt
	first    int32  // its newest ticket; tickets of one message are linked
	reliable bool   // the daemon's own ARQ is to send it
	credited bool   // its place among the waiting has been given back: it was written once
	answered bool   // nothing more is sent for it
	written  int32  // attempts handed to the link that did not come back as failed
}

// place says where a message's next attempt waits.
type place uint8

const (
	nowhere place = iota
	inLanes
	inParked
)

// Counters are totals since the start. They carry no destinations.
type Counters struct {
	Written    uint64 // attempts handed to the link
	Departed   uint64 // sent events
	Failed     uint64 // sent events with an error
	Overtaken  uint64 // attempts whose sent event was lost
	Replies    uint64 // replies to messages still waiting for one
	Late       uint64 // of these, replies to an attempt other than the newest
	Strays     uint64 // replies to finished messages, or to no known SURB
	Refused    uint64 // replies with an error code
	Collected  uint64 // garbage collection events
	LinkLosses uint64 // attempts that the link reported as lost
	Downs      uint64
	Withdrawn  uint64 // attempts taken out of the lanes unsent
	Wedges     uint64
	Waiting    int // attempts in the lanes now
	InWindow   int // attempts written and unsettled now
	Tickets    int // SURB IDs that are still answerable, observers included
	Observers  int
}

// NewDesk returns a Desk with an empty window and the link down. draw must
// return a different ID at every call, for ever.
func NewDesk(config DeskConfig, draw func() ID) Desk {
	config = config.withDefaults()
	return Desk{
		config:   config,
		draw:     draw,
		lanes:    newLanes(),
		parked:   newLanes(),
		messages: make(map[uint64]message),
		tickets:  newTickets(config.Observers),
	}
}

// newLanes returns lanes that refuse nothing: places are counted before a
// message is accepted.
func newLanes() mailbox.Lanes[Entry] { return mailbox.Lanes[Entry]{Limit: math.MaxInt} }

// Clone returns a deep copy; payloads and directories, which are immutable,
// are shared.
func (d *Desk) Clone() Desk {
	c := *d
	c.lanes = d.lanes.Clone()
	c.parked = d.parked.Clone()
	c.messages = maps.Clone(d.messages)
	c.tickets = d.tickets.clone()
	c.window = d.window.clone()
	return c
}

// Counters returns the totals.
func (d *Desk) Counters() Counters {
	c := d.counters
	c.Waiting = d.lanes.Len() + d.parked.Len()
	c.InWindow = d.window.len()
	c.Tickets = d.tickets.len()
	c.Observers = d.tickets.observers()
	return c
}

// Up reports whether attempts can be written now, and the connection.
func (d *Desk) Up() (connection uint64, up bool) {
	return d.connection, d.usable()
}

func (d *Desk) usable() bool { return d.up && d.gateway && d.directory != nil }

// Queue puts an attempt into its lane. A message has at most one attempt that
// waits; a message that was answered in the meantime needs none.
func (d *Desk) Queue(now arq.Instant, e Entry, out []DeskEffect) []DeskEffect {
	m, known := d.messages[e.Ref.Ordinal]
	switch {
	case !known:
		m = message{ref: e.Ref, first: none, reliable: e.DaemonARQ}
	case m.ref != e.Ref:
		return out
	case m.answered:
		d.counters.Withdrawn++
		return out
	}
	d.withdraw(&m)
	d.messages[e.Ref.Ordinal] = m
	if err := d.wait(&d.lanes, inLanes, e); err != nil {
		// A class that does not exist: the message is told, not lost.
		return append(out, DeskEffect{Kind: TellMessage, Ref: e.Ref, Reason: err, Event: arq.Event{
			Kind: arq.SendFailed, Generation: e.Ref.Generation, Attempt: e.Attempt, Permanent: true,
		}})
	}
	return d.pump(now, out)
}

// wait puts an entry of a known message at the end of its lane.
func (d *Desk) wait(lanes *mailbox.Lanes[Entry], where place, e Entry) error {
	handle, err := lanes.Push(laneOf(e), e.Service, e)
	if err != nil {
		return err
	}
	m := d.messages[e.Ref.Ordinal]
	m.handle, m.where = handle, where
	d.messages[e.Ref.Ordinal] = m
	return nil
}

// withdraw takes out the attempt of a message that waits, if there is one.
func (d *Desk) withdraw(m *message) {
	switch m.where {
	case inLanes:
		d.lanes.Remove(m.handle)
	case inParked:
		d.parked.Remove(m.handle)
	default:
		return
	}
	m.where = nowhere
	d.counters.Withdrawn++
}

// Finish forgets a message: what waits of it is withdrawn, its tickets become
// observers. It is called once for each Ref, also for one that never asked for
// an attempt. The effect Released answers it and is the last one for this Ref.
func (d *Desk) Finish(now arq.Instant, ref Ref, out []DeskEffect) []DeskEffect {
	m, known := d.messages[ref.Ordinal]
	if !known {
		return append(out, DeskEffect{Kind: GiveBack}, DeskEffect{Kind: Released, Ref: ref})
	}
	if m.ref != ref {
		return append(out, DeskEffect{Kind: Released, Ref: ref})
	}
	d.withdraw(&m)
	if !m.credited {
		out = append(out, DeskEffect{Kind: GiveBack})
	}
	if m.reliable && m.written == 0 {
		out = append(out, DeskEffect{Kind: FreeDaemonARQ})
	}
	d.tickets.observe(now, m.first)
	delete(d.messages, ref.Ordinal)
	return append(out, DeskEffect{Kind: Released, Ref: ref, MayHaveExecuted: m.written > 0})
}

// Wake is the instant at which Tick should be called; 0 if there is nothing to
// wait for.
func (d *Desk) Wake() arq.Instant {
	wake := sooner(d.reliable.until, d.owed)
	if d.up && d.gateway && d.window.len() > 0 {
		wake = sooner(wake, d.silentFrom())
	}
	return wake
}

// silentFrom is from when on the silence of the link is a reason to leave it;
// not before the daemon's ARQ is done, as the daemon crashes otherwise.
func (d *Desk) silentFrom() arq.Instant {
	return max(d.watch.due(d.directory), d.reliable.until)
}

// sooner is the earlier of two instants, of which 0 is none.
func sooner(a, b arq.Instant) arq.Instant {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Tick finds out whether the link has been silent for too long, and whether
// the daemon's ARQ must be done by now.
func (d *Desk) Tick(now arq.Instant, out []DeskEffect) []DeskEffect {
	out = d.reliableOver(now, out)
	if d.owed != 0 && now >= d.owed {
		out = d.pump(now, out)
	}
	if !d.up || !d.gateway || d.window.len() == 0 || now < d.silentFrom() {
		return out
	}
	d.watch.heard(now) // once per silence, until Down arrives
	d.counters.Wedges++
	return append(out, DeskEffect{Kind: ResetLink, Reason: ErrWedged})
}

// grace is how long after departure + ETA an attempt is waited for. Until the
// path is learned it is the cold start of docs/evaluation.md §4: the slop.
func (d *Desk) grace() time.Duration { return d.directory.Slop }

// pump writes attempts while there are free slots and a link to write to.
func (d *Desk) pump(now arq.Instant, out []DeskEffect) []DeskEffect {
	d.owed = 0
	if !d.usable() {
		return out
	}
	for d.window.len() < d.config.Window {
		e, ok := d.lanes.Pop()
		if !ok {
			break
		}
		out = d.write(now, e, out)
	}
	return out
}

// write draws a SURB ID, resolves the service and takes a slot. Instances are
// taken in turn from a random start, so that a retransmission does not knock
// at the same dead node again.
func (d *Desk) write(now arq.Instant, e Entry, out []DeskEffect) []DeskEffect {
	if e.canceled() {
		m := d.messages[e.Ref.Ordinal]
		m.where = nowhere
		d.messages[e.Ref.Ordinal] = m
		d.counters.Withdrawn++
		return out
	}
	instances := d.directory.Services[e.Service]
	if len(instances) == 0 {
		_ = d.wait(&d.parked, inParked, e) // refuses nothing that other lanes have taken
		return out
	}
	m := d.messages[e.Ref.Ordinal]
	surb := d.draw()
	if !m.credited {
		m.credited = true
		m.offset = uint16(surb[0])<<8 | uint16(surb[1])
		out = append(out, DeskEffect{Kind: GiveBack})
	}
	node := instances[(uint64(m.offset)+uint64(e.Attempt-1))%uint64(len(instances))]
	slot := d.tickets.add(ticket{
		surb: surb, ref: e.Ref, attempt: int32(e.Attempt), next: m.first, writtenAt: now, inWindow: true,
		reliable: e.DaemonARQ,
	})
	if e.DaemonARQ {
		d.reliable = daemonARQ{id: surb, until: now.Add(daemonLongest)}
	}
	if d.window.len() == 0 {
		d.watch.heard(now)
	}
	d.window.add(slot)
	m.where, m.first = nowhere, slot
	m.written++
	d.messages[e.Ref.Ordinal] = m
	d.counters.Written++
	return append(out, DeskEffect{Kind: WritePacket, Ref: e.Ref, Packet: Packet{
		Connection: d.connection, SURBID: surb, DaemonARQ: e.DaemonARQ,
		Destination: node.Destination, Recipient: node.Recipient, Payload: e.Payload,
	}})
}
