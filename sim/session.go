package sim

import (
	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/thin/wire"
)

// keptReplies is how many replies a session keeps for a client that is away.
const keptReplies = 1000

// session is an application as the daemon knows it. A client of v0.0.73 or
// later that has named itself by a token can come back to it.
type session struct {
	client ClientID
	app    wire.ID
	token  *wire.ID
	conn   *conn    // nil while the client is away
	kept   [][]byte // frames of replies meanwhile
	away   uint64   // counts absences, to tell a superseded alarm
}

func (d *Daemon) newSession(c *conn) *session {
	d.lastClient++
	s := &session{client: d.lastClient, app: d.identifier(), conn: c}
	d.clients[s.client] = s
	d.mixnet.Join(d.clock.Now(), s.client)
	return s
}

// part separates a session from a connection that has ended.
func (d *Daemon) part(c *conn, now arq.Instant) {
	s := c.session
	c.session = nil
	if s.conn != c {
		// Another connection has taken the session over. The end of the older
		// one may take it away from the newer one, which nobody serves any more.
		if s.conn != nil && d.temper.bites(TokenBlackHole) {
			s.conn.dark = true
			s.conn.session = nil
			d.tally.BlackHoles++
			d.note(s.client, "two live connections with one session token: the newer is a black hole")
			s.conn = nil
			d.suspend(s, now)
		}
		return
	}
	s.conn = nil
	if s.token == nil {
		d.discard(s, now)
		return
	}
	d.suspend(s, now)
}

// suspend keeps a session for its client to come back: SURBs and replies stay,
// what has not been sent is gone.
func (d *Daemon) suspend(s *session, now arq.Instant) {
	if d.temper.has(ResumeDropsUnsent) {
		d.mixnet.Unqueue(now, s.client)
	}
	s.away++
	absence := s.away
	d.alarm(now.Add(d.cfg.SessionGrace), func(now arq.Instant) {
		if s.conn == nil && s.away == absence && d.clients[s.client] == s {
			d.discard(s, now)
		}
	})
}

// discard drops a session and all its state.
func (d *Daemon) discard(s *session, now arq.Instant) {
	d.mixnet.Forget(now, s.client)
	delete(d.clients, s.client)
	if s.token != nil && d.tokens[*s.token] == s {
		delete(d.tokens, *s.token)
	}
}

// resume answers a session token.
func (d *Daemon) resume(c *conn, token wire.ID, now arq.Instant) {
	fresh := c.session
	if fresh.token != nil {
		d.note(fresh.client, "second session token on one connection")
		if *fresh.token == token {
			d.respond(c, wire.Response{Session: &wire.SessionReply{AppID: fresh.app, Resumed: true}})
			return
		}
	}
	s := d.tokens[token]
	if s == nil {
		if fresh.token != nil {
			delete(d.tokens, *fresh.token)
		}
		fresh.token = &token
		d.tokens[token] = fresh
		d.respond(c, wire.Response{Session: &wire.SessionReply{AppID: fresh.app}})
		return
	}
	d.discard(fresh, now)
	c.session, s.conn = s, c
	d.tally.Resumed++
	answer := d.encode(wire.Response{Session: &wire.SessionReply{AppID: s.app, Resumed: true}})
	if d.temper.has(ResumeRepliesFirst) {
		s.kept = append(s.kept, answer)
	} else {
		s.kept = append([][]byte{answer}, s.kept...)
	}
	for _, frame := range s.kept {
		d.enqueue(c, frame)
	}
	s.kept = nil
}

// reply hands a reply to the client, or keeps it until it comes back.
func (d *Daemon) reply(s *session, frame []byte) {
	switch {
	case s.conn != nil:
		d.enqueue(s.conn, frame)
	case len(s.kept) < keptReplies:
		s.kept = append(s.kept, frame)
		d.tally.Kept++
	default:
		d.tally.KeptLost++
	}
}
