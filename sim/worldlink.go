package sim

import (
	"context"
	"errors"
	"time"

	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/arq"
)

// worldClient is the one client of a World's Mixnet.
const worldClient ClientID = 1

// reconnect is how long a World's link stays down.
const reconnect = time.Second

// errWorldDown is why a World's link goes down unless a reason is given.
var errWorldDown = errors.New("sim: the daemon has gone away")

// worldLink is a Mixnet as the engine's link.
type worldLink struct {
	world      *World
	mixnet     *Mixnet
	slop       time.Duration
	expiry     time.Duration
	connection uint64
	up         bool
	upAt       arq.Instant // when it comes up again; 0 = it is up
	same       bool
	unread     []Packet // written, and not yet read by the daemon, whose queue is full
	out        []Delivery
}

// Transmit implements actors.Link.
func (l *worldLink) Transmit(p actors.Packet) {
	if !l.up || p.Connection != l.connection {
		return
	}
	l.unread = append(l.unread, Packet{
		Connection: p.Connection, SURBID: p.SURBID,
		Destination: p.Destination, Recipient: p.Recipient, Payload: p.Payload,
	})
	l.read()
}

// Reset implements actors.Link: the daemon forgets the client.
func (l *worldLink) Reset(reason error) { l.disconnect(reason, false) }

func (l *worldLink) read() {
	for len(l.unread) > 0 && l.mixnet.Send(l.world.now, worldClient, l.unread[0]) {
		l.unread = l.unread[1:]
	}
}

func (l *worldLink) disconnect(reason error, same bool) {
	if !l.up {
		return
	}
	if reason == nil {
		reason = errWorldDown
	}
	l.up, l.upAt, l.same, l.unread = false, l.world.now.Add(reconnect), same, nil
	if same {
		l.mixnet.Unqueue(l.world.now, worldClient)
	} else {
		l.mixnet.Forget(l.world.now, worldClient)
	}
	l.post(actors.LinkEvent{Kind: actors.LinkDown, Connection: l.connection, Reason: reason})
}

func (l *worldLink) connect(same bool) {
	l.connection++
	l.up, l.upAt = true, 0
	l.mixnet.Join(l.world.now, worldClient)
	l.post(actors.LinkEvent{Kind: actors.LinkDirectory, Directory: l.directory()})
	l.post(actors.LinkEvent{Kind: actors.LinkUp, Connection: l.connection, Same: same})
}

// next is when the link itself has something to do.
func (l *worldLink) next() arq.Instant { return l.upAt }

// advance connects when it is time to, and passes on what the Mixnet tells.
func (l *worldLink) advance() {
	if l.upAt != 0 && l.upAt <= l.world.now {
		l.connect(l.same)
	}
	l.out = l.mixnet.Advance(l.world.now, l.out[:0])
	for i := range l.out {
		l.pass(&l.out[i])
	}
	clear(l.out)
	if l.up {
		l.read()
	}
}

func (l *worldLink) pass(d *Delivery) {
	e := actors.LinkEvent{At: d.At, Connection: l.connection, SURBID: d.Packet.SURBID}
	switch d.Kind {
	case Departed:
		e.Kind, e.ETA = actors.LinkSent, d.ETA
	case SendError:
		e.Kind, e.Reason = actors.LinkSent, errors.New(d.Err)
	case Replied:
		e.Kind, e.Payload = actors.LinkReply, d.Payload
	case GatewayDown:
		e.Kind = actors.LinkGatewayDown
	case GatewayUp:
		e.Kind = actors.LinkGatewayUp
	case NewEpoch:
		e.Kind, e.Directory = actors.LinkDirectory, l.directory()
	default:
		return
	}
	if d.Client == worldClient {
		l.post(e)
	}
}

// post hands an event over. It never waits: a World handles every event
// before it lets time go on, and no instant has a thousand of them.
func (l *worldLink) post(e actors.LinkEvent) {
	if e.At == 0 {
		e.At = l.world.now
	}
	_ = l.world.Engine.Deliver(context.Background(), e) // ErrClosed: nobody listens any more
}

func (l *worldLink) directory() *actors.Directory {
	d := &actors.Directory{
		Epoch: l.mixnet.Epoch(), Services: make(map[string][]actors.Instance),
		Slop: l.slop, Expiry: max(l.slop, l.expiry),
		Overdue: 4 * time.Second, Silence: time.Minute, Payload: UserForwardPayloadLength,
	}
	for _, i := range l.mixnet.Instances() {
		d.Services[i.Capability] = append(d.Services[i.Capability], actors.Instance{
			Node: i.Node, Destination: i.Destination, Recipient: i.Recipient,
		})
	}
	return d
}

// Disconnect breaks the link for a second. With same, the daemon resumes the
// session: it has kept SURBs and replies, but no request still unsent and no
// sent event. Without, it is a new client afterwards.
func (w *World) Disconnect(same bool) { w.link.disconnect(nil, same) }

// Restart restarts the daemon: it knows nothing afterwards.
func (w *World) Restart() {
	w.Mixnet.Restart(w.now)
	w.link.disconnect(nil, false)
}
