package thin

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// resumed plays the handshake up to the resumed session reply, of which the
// proof of life is still open.
func (p *peer) resumed(instance wire.ID) wire.ID {
	p.t.Helper()
	p.statusOf(true, instance)
	token := p.token()
	p.document(1)
	p.session(true)
	return token
}

func TestAResumedSessionIsTheSameOnceItAnswers(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		_, s := d.client(nil)
		p := d.accept()
		p.status(true)
		token := p.token()
		p.document(1)
		p.session(false)
		next[NewDocument](t, s)
		if up := next[Up](t, s); up.Same {
			t.Errorf("a first session is not the same as anything: %+v", up)
		}
		for range 3 {
			p.conn.Close()
			next[Down](t, s)
			p = d.accept()
			if p.resumed(instanceA) != token {
				t.Error("another token")
			}
			p.reply(wire.ID{1}, "kept")
			next[MessageReply](t, s)
			none(t, s) // not Up before the proof
			p.alive()
			if up := next[Up](t, s); !up.Same {
				t.Errorf("%+v", up)
			}
		}
	})
}

func TestASessionOfAnotherProcessOrNotResumedIsNotTheSame(t *testing.T) {
	for _, c := range []struct {
		name     string
		instance wire.ID
		resumed  bool
	}{
		{"another process", instanceB, true},
		{"another process, not resumed", instanceB, false},
		{"grace period over", instanceA, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			with(t, young(t), func(t *testing.T, d *daemon) {
				_, s, p, _ := d.up(nil)
				p.conn.Close()
				next[Down](t, s)
				p = d.accept()
				p.statusOf(true, c.instance)
				p.token()
				p.document(1)
				p.session(c.resumed)
				if c.resumed {
					p.alive()
				}
				if up := next[Up](t, s); up.Same {
					t.Errorf("%+v", up)
				}
			})
		})
	}
}

func TestABlackHoleAfterAResumeLeadsToAFreshToken(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, s, p, _ := d.up(nil)
		p.conn.Close()
		next[Down](t, s)
		p = d.accept()
		token := p.resumed(instanceA)
		if r := p.hear(); r.GetPKIDocument == nil {
			t.Fatalf("heard %+v", r)
		}
		// The session is read and never served; broadcasts still come.
		at := time.Now()
		p.status(true)
		p.gone()
		if waited := time.Since(at); waited != proofTimeout {
			t.Errorf("left after %v", waited)
		}
		none(t, s)
		if err := c.Health().Reason; !errors.Is(err, ErrBlackHole) {
			t.Errorf("reason %v", err)
		}
		p = d.accept()
		p.status(true)
		if p.token() == token {
			t.Error("the token of the black hole is used again")
		}
		p.document(1)
		p.session(false)
		if up := next[Up](t, s); up.Same {
			t.Errorf("%+v", up)
		}
	})
}

func TestOnlyTheAnswerToTheProofProvesLife(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		_, s, p, _ := d.up(nil)
		p.conn.Close()
		next[Down](t, s)
		p = d.accept()
		p.resumed(instanceA)
		r := p.hear()
		p.say(wire.Response{PKIReply: &wire.PKIDocumentReply{QueryID: wire.ID{1}}})
		next[Unrecognised](t, s)
		p.session(true)
		next[Unrecognised](t, s)
		none(t, s)
		p.say(wire.Response{PKIReply: &wire.PKIDocumentReply{QueryID: r.GetPKIDocument.QueryID}})
		if up := next[Up](t, s); !up.Same {
			t.Errorf("%+v", up)
		}
	})
}

func TestAVersionWithoutLocalRequestsIsNotAskedForAProof(t *testing.T) {
	early := young(t)
	var keys []string
	for _, k := range early.Responses {
		if k != "get_pki_document_reply" {
			keys = append(keys, k)
		}
	}
	d := wire.Detect(keys)
	if !d.Session || d.PKIQuery {
		t.Fatalf("%+v", d)
	}
	with(t, d, func(t *testing.T, d *daemon) {
		_, s, p, _ := d.up(nil)
		p.conn.Close()
		next[Down](t, s)
		p = d.accept()
		p.resumed(instanceA)
		if up := next[Up](t, s); !up.Same {
			t.Errorf("%+v", up)
		}
		p.quiet(time.Minute)
	})
}

func TestEveryClientDrawsItsOwnToken(t *testing.T) {
	seen := make(map[wire.ID]bool)
	for range 8 {
		with(t, young(t), func(t *testing.T, d *daemon) {
			d.client(nil)
			p := d.accept()
			p.status(true)
			token := p.token()
			if seen[token] || token == (wire.ID{}) {
				t.Errorf("token %v again", token)
			}
			seen[token] = true
		})
	}
}

func TestAGatewayLostWhileDisconnectedIsReportedBehindTheSameUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(p *peer, s *Subscription) // on the first connection
		first  bool                           // first status of the second one
	}{
		{"away before", func(p *peer, s *Subscription) { p.status(false); next[GatewayDown](p.t, s) }, true},
		{"away at the greeting", func(*peer, *Subscription) {}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			with(t, young(t), func(t *testing.T, d *daemon) {
				_, s, p, _ := d.up(nil)
				c.before(p, s)
				p.conn.Close()
				next[Down](t, s)
				p = d.accept()
				p.status(c.first)
				p.token()
				p.document(1)
				p.session(true)
				p.alive()
				if !c.first {
					none(t, s)
					p.status(true)
				}
				if up := next[Up](t, s); !up.Same {
					t.Errorf("%+v", up)
				}
				next[GatewayUp](t, s)
				p.status(true)
				none(t, s)
			})
		})
	}
}

func TestOnNewDaemonsEdgesOfTheGatewayCount(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, s, p, up := d.up(nil)
		p.status(true)
		p.status(true)
		none(t, s)
		for range 3 {
			p.status(false)
		}
		next[GatewayDown](t, s)
		none(t, s)
		if c.Health().Gateway {
			t.Error("healthy gateway")
		}
		for range 3 {
			p.status(true)
		}
		if e := next[GatewayUp](t, s); e.Connection != up.Connection {
			t.Errorf("%+v", e)
		}
		none(t, s)
	})
}

func TestOnOldDaemonsEveryConnectedAfterTheGreetingIsAGatewayUp(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		_, s, p, _ := d.up(nil)
		p.status(true) // the loss before it could not be encoded
		next[GatewayUp](t, s)
		p.status(true)
		next[GatewayUp](t, s)
		p.status(false)
		next[GatewayDown](t, s)
		p.status(false)
		none(t, s)
		p.status(true)
		next[GatewayUp](t, s)
		none(t, s)
	})
}

func TestTheSameDocumentTwiceIsOneEvent(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s, p, _ := d.up(nil)
		p.document(1)
		none(t, s)
		p.document(2)
		if e := next[NewDocument](t, s); e.Epoch != 2 || c.PKIDocument() != e.Document {
			t.Errorf("%+v", e)
		}
		p.document(2)
		p.document(1) // a straggler
		p.noDocument()
		none(t, s)
		if c.PKIDocument().Epoch != 2 {
			t.Error("went back")
		}
		p.conn.Close()
		next[Down](t, s)
		p = d.accept()
		p.greet(2)
		if up := next[Up](t, s); up.Connection != 2 {
			t.Errorf("%+v", up)
		}
		none(t, s)
		synctest.Wait()
	})
}
