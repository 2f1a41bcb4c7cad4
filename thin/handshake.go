package thin

import (
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// The handshake: the first frame, whichever it is, tells the dialect. Daemons
// that know sessions get the token then and not before, for it would end an old
// one for every application of the host. A session that was resumed is asked
// for something local: two connections of one token, the older closed late,
// leave a session that takes requests and answers none.

// greet takes the first frame's keys.
func (l *link) greet(at time.Time, keys []string, s *step) {
	l.greeted = true
	l.due = time.Time{}
	l.dialect = wire.Detect(keys)
	if l.dialect.Session {
		s.requests = append(s.requests, wire.Request{SessionToken: &wire.SessionToken{Client: l.session.token}})
		l.expect(at, handshakeTimeout, ErrNoSession)
	}
}

// receiveSession takes the session reply. Frames of any kind may have come
// before it: the replies that were kept do.
func (l *link) receiveSession(at time.Time, reply *wire.SessionReply, s *step) {
	l.reply = reply
	l.due = time.Time{}
	if !reply.Resumed || !l.dialect.PKIQuery {
		l.proof = proved
		return
	}
	l.proof = asked
	s.requests = append(s.requests, wire.Request{GetPKIDocument: &wire.GetPKIDocument{QueryID: l.query}})
	l.expect(at, proofTimeout, ErrBlackHole)
}

// advance brings the link up once nothing is missing.
func (l *link) advance(at time.Time, s *step) {
	switch {
	case l.up, !l.connected, !l.document:
		return
	case l.dialect.Session && (l.reply == nil || l.proof != proved):
		return
	}
	l.up, s.up = true, true
	same := l.reply != nil && l.session.same(l.reply.Resumed, l.instance)
	voided := l.session.voided
	l.session.established(l.instance)
	s.publish(Up{At: at, Connection: l.number, Same: same, Version: l.dialect.Version})
	if same && voided {
		s.publish(GatewayUp{At: at, Connection: l.number})
	}
}

// missing is what the daemon lacks for the link to come up, nil if nothing is
// known to be missing.
func (l *link) missing() error {
	switch {
	case l.up:
		return nil
	case l.status && !l.connected:
		return ErrNoGateway
	case l.status && !l.document:
		return ErrNoDocument
	}
	return nil
}
