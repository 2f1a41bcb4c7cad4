package sim

import (
	"github.com/homing-mix/homing/thin/wire"
)

// deliver turns what the model tells into events on the wire.
func (d *Daemon) deliver(v Delivery) {
	if r := d.reliables.running[v.Client]; r != nil {
		d.attend(r, v)
		return
	}
	s := d.clients[v.Client]
	if s == nil {
		return
	}
	switch v.Kind {
	case Departed, SendError:
		switch frame := d.encode(d.sent(v)); {
		case frame == nil:
		case s.conn == nil && !d.temper.has(ResumeDropsUnsent):
			d.reply(s, frame)
		default:
			d.enqueue(s.conn, frame)
		}
	case Replied:
		if frame := d.encode(replied(v)); frame != nil {
			d.reply(s, frame)
		}
	case GatewayDown, GatewayUp:
		if s.conn == nil || !s.conn.said {
			return
		}
		if event, told := d.status(v.Kind == GatewayUp); told {
			for range d.trouble.repeats {
				d.respond(s.conn, event)
			}
		}
	case NewEpoch:
		d.bring(s)
	}
}

// sent is the message_sent_event of a departure or a send error.
func (d *Daemon) sent(v Delivery) wire.Response {
	return wire.Response{Sent: &wire.MessageSent{
		MessageID: (*wire.ID)(v.Packet.MessageID),
		SURBID:    (*wire.ID)(&v.Packet.SURBID),
		SentAt:    d.at(v.At),
		ReplyETA:  v.ETA,
		Err:       v.Err,
	}}
}

func replied(v Delivery) wire.Response {
	return wire.Response{Reply: &wire.MessageReply{
		MessageID: (*wire.ID)(v.Packet.MessageID),
		SURBID:    (*wire.ID)(&v.Packet.SURBID),
		Payload:   v.Payload,
	}}
}

// bring sends the current document to a client, with the greeting if that was
// waiting for it.
func (d *Daemon) bring(s *session) {
	switch {
	case s.conn == nil:
	case s.conn.said:
		d.respond(s.conn, wire.Response{Document: &wire.NewDocument{Payload: d.encodedDocument()}})
	default:
		d.greet(s.conn)
		d.heldUntil = 0
	}
}
