package thin

import (
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// link is the protocol of one connection as a state: it takes what was read and
// the time, and returns what to publish and to write. It knows no goroutine, no
// socket and no clock.
type link struct {
	number  uint64
	session *session
	query   wire.ID // of the proof of life, drawn beforehand
	real    func(time.Duration) time.Duration
	speed   float64
	limit   int    // of a payload in bytes
	epoch   uint64 // of the client's document, from whichever connection

	dialect   wire.Dialect
	greeted   bool // the first frame was read
	status    bool // a status event was read
	connected bool // what it said
	document  bool // one was read on this connection
	instance  *wire.ID
	reply     *wire.SessionReply
	proof     proof
	up        bool

	due     time.Time // when overdue becomes the reason to end; zero: never
	overdue error

	watchdog watchdog
}

// proof is how far a resumed session has been proved to be served.
type proof uint8

const (
	unproved proof = iota
	asked
	proved
)

// step is what a link wants done.
type step struct {
	events   []Event
	requests []wire.Request
	document *Document // the client's new one
	up       bool      // the link came up in this step
	end      error     // the connection is to end; nothing else may be done but events
	renew    bool      // and its token is not to be used again
}

func (s *step) publish(e Event) { s.events = append(s.events, e) }

// begin starts the clocks of a connection that was established at now.
func (l *link) begin(now time.Time, epoch time.Duration) {
	l.watchdog = newWatchdog(now, l.real(wedgeFloor), l.real(2*epoch))
	l.expect(now, handshakeTimeout, ErrSilent)
}

func (l *link) expect(now time.Time, within time.Duration, overdue error) {
	l.due, l.overdue = now.Add(l.real(within)), overdue
}

// receive takes one response, read at the given time. doc is its decoded
// document if it carries one that is not empty.
func (l *link) receive(at time.Time, r *wire.Response, doc *Document) step {
	var s step
	l.watchdog.read(at)
	if !l.greeted {
		l.greet(at, r.Keys, &s)
	}
	switch {
	case r.Status != nil:
		l.receiveStatus(at, r.Status, &s)
	case r.Document != nil:
		l.receiveDocument(at, doc, &s)
	case r.Session != nil && l.dialect.Session && l.reply == nil:
		l.receiveSession(at, r.Session, &s)
	case r.PKIReply != nil && l.proof == asked && r.PKIReply.QueryID == l.query:
		l.proof = proved
		l.due = time.Time{}
	case r.Sent != nil && r.Sent.SURBID != nil:
		l.watchdog.sent(at, *r.Sent.SURBID)
		if r.Sent.MessageID != nil { // of a reliable message the daemon chose the SURB ID
			l.watchdog.sent(at, *r.Sent.MessageID)
		}
		s.publish(MessageSent{
			At: at, Connection: l.number, SURBID: *r.Sent.SURBID, MessageID: r.Sent.MessageID,
			SentAt: time.Unix(r.Sent.SentAt, 0), ETA: r.Sent.ReplyETA, Err: sendError(r.Sent.Err),
		})
	case r.Reply != nil && r.Reply.SURBID != nil:
		l.watchdog.replied(*r.Reply.SURBID)
		if r.Reply.MessageID != nil {
			l.watchdog.replied(*r.Reply.MessageID)
		}
		s.publish(MessageReply{
			At: at, Connection: l.number, SURBID: *r.Reply.SURBID, MessageID: r.Reply.MessageID,
			Payload: r.Reply.Payload, Code: ErrorCode(r.Reply.ErrorCode),
		})
	case r.Collected != nil && r.Collected.MessageID != nil:
		s.publish(Collected{At: at, Connection: l.number, MessageID: *r.Collected.MessageID})
	case r.Shutdown:
		s.publish(Shutdown{At: at, Connection: l.number})
		s.end = &LinkError{Op: "read", Err: ErrShutdown}
		return s
	default:
		s.publish(Unrecognised{At: at, Connection: l.number, Key: unrecognisedKey(r), Raw: r.Raw})
	}
	l.advance(at, &s)
	return s
}

// unrecognisedKey names a response that has no event, "" for an empty one.
func unrecognisedKey(r *wire.Response) string {
	switch {
	case r.Sent != nil:
		return "message_sent_event"
	case r.Reply != nil:
		return "message_reply_event"
	case r.Collected != nil:
		return "message_id_garbage_collected"
	case r.Session != nil:
		return "session_token_reply"
	case r.PKIReply != nil:
		return "get_pki_document_reply"
	}
	return r.Other
}

func (l *link) receiveStatus(at time.Time, status *wire.ConnectionStatus, s *step) {
	first := !l.status
	l.status = true
	l.dialect = l.dialect.Refined(status)
	if status.Sphinx != nil {
		if n := payloadLimit(status.Sphinx); n > 0 {
			l.limit = n
		}
	}
	if l.instance == nil {
		l.instance = status.InstanceToken
	}
	l.watchdog.connection(at, status.IsConnected)
	was := l.connected
	l.connected = status.IsConnected
	switch {
	case !status.IsConnected:
		l.session.voided = true
		if l.up && was {
			s.publish(GatewayDown{At: at, Connection: l.number})
		}
	case l.dialect.Old():
		// The "not connected" before it may not have been sent. That is so even for
		// a first status behind the document: the greeting begins with the status.
		if !first || l.document {
			s.publish(GatewayUp{At: at, Connection: l.number})
		}
	case l.up && !was:
		l.session.voided = false
		s.publish(GatewayUp{At: at, Connection: l.number})
	}
}

// receiveDocument takes a document, nil if there was none yet. The same one
// comes again, in other bytes; its epoch tells.
func (l *link) receiveDocument(at time.Time, doc *Document, s *step) {
	if doc == nil {
		return
	}
	known := l.document && doc.Epoch <= l.epoch
	if !known {
		l.watchdog.document(at, doc.LambdaP, l.dialect.Old(), l.speed)
	}
	if !known && doc.Epoch != l.epoch {
		s.document = doc
		s.publish(NewDocument{At: at, Document: doc})
		l.epoch = doc.Epoch
	}
	l.document = true
}

// tick ends the connection if something that had to come has not.
func (l *link) tick(now time.Time) step {
	if !l.due.IsZero() && !now.Before(l.due) {
		// Whatever the token leads to does not answer: leave it behind.
		return step{end: &LinkError{Op: "handshake", Err: l.overdue}, renew: l.overdue != ErrSilent}
	}
	if err := l.watchdog.check(now); err != nil {
		return step{end: &LinkError{Op: "watchdog", Err: err}}
	}
	return step{}
}

// deadline is when tick has something to say if nothing is read or written
// before; zero for never.
func (l *link) deadline() time.Time {
	d := l.watchdog.deadline()
	if !l.due.IsZero() && (d.IsZero() || l.due.Before(d)) {
		return l.due
	}
	return d
}
