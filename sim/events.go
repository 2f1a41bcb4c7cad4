package sim

import (
	"github.com/homing-mix/homing/thin/wire"
)

// deliver turns what the model tells into events on the wire.
func (d *Daemon) deliver(v Delivery) {
	s := d.clients[v.Client]
	if s == nil {
		return
	}
	switch v.Kind {
	case Departed, SendError:
		d.respond(s.conn, wire.Response{Sent: &wire.MessageSent{
			MessageID: (*wire.ID)(v.Packet.MessageID),
			SURBID:    (*wire.ID)(&v.Packet.SURBID),
			SentAt:    d.at(v.At),
			ReplyETA:  v.ETA,
			Err:       v.Err,
		}})
	case Replied:
		if frame := d.encode(wire.Response{Reply: &wire.MessageReply{
			MessageID: (*wire.ID)(v.Packet.MessageID),
			SURBID:    (*wire.ID)(&v.Packet.SURBID),
			Payload:   v.Payload,
		}}); frame != nil {
			d.reply(s, frame)
		}
	case GatewayDown, GatewayUp:
		if s.conn != nil && s.conn.said {
			for range d.manners.repeats {
				d.respond(s.conn, d.status(v.Kind == GatewayUp))
			}
		}
	case NewEpoch:
		d.bring(s)
	}
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
