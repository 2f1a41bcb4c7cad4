package thin

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// destination is that of sampleDocument's service.
func destination(t *testing.T, c *Client) wire.Hash {
	t.Helper()
	s, err := c.Service("echo")
	if err != nil {
		t.Fatal(err)
	}
	return s.Destination
}

func reliable(t *testing.T, c *Client, id byte) ReliableMessage {
	t.Helper()
	return ReliableMessage{MessageID: wire.ID{id}, Destination: destination(t, c), Recipient: []byte("+echo"), Payload: []byte("hello")}
}

// arq says what the daemon says about a reliable message, whose SURB ID it drew.
func (p *peer) arqSent(id wire.ID, surb byte, err string) {
	p.t.Helper()
	p.say(wire.Response{Sent: &wire.MessageSent{MessageID: &id, SURBID: &wire.ID{surb}, ReplyETA: time.Second, Err: err}})
}

func (p *peer) arqReply(id wire.ID, surb byte, payload string, code ErrorCode) {
	p.t.Helper()
	p.say(wire.Response{Reply: &wire.MessageReply{MessageID: &id, SURBID: &wire.ID{surb}, Payload: []byte(payload), ErrorCode: uint8(code)}})
}

func TestEventsOfAReliableMessageCarryItsMessageID(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, s, p, up := d.up(nil)
		if err := c.PostReliable(up.Connection, reliable(t, c, 1)); err != nil {
			t.Fatal(err)
		}
		m := p.hear().SendARQMessage // asserts the official client's bytes
		if m == nil || !m.WithSURB || m.SURBID != nil || m.ID == nil || *m.ID != (wire.ID{1}) || string(m.Payload) != "hello" {
			t.Fatalf("heard %+v", m)
		}
		if n := c.Health().Outstanding; n != 1 {
			t.Errorf("%d outstanding", n)
		}
		p.arqSent(*m.ID, 9, "")
		if e := next[MessageSent](t, s); e.MessageID == nil || *e.MessageID != *m.ID || e.SURBID != (wire.ID{9}) {
			t.Errorf("%+v", e)
		}
		if n := c.Health().Outstanding; n != 0 {
			t.Errorf("%d outstanding after the sent event", n)
		}
		p.say(wire.Response{Collected: &wire.MessageCollected{MessageID: m.ID}})
		if e := next[Collected](t, s); e.MessageID != *m.ID {
			t.Errorf("%+v", e)
		}
		p.arqReply(*m.ID, 7, "padded", CodeSuccess) // after a resend, under another SURB ID
		if e := next[MessageReply](t, s); e.MessageID == nil || *e.MessageID != *m.ID || string(e.Payload) != "padded" {
			t.Errorf("%+v", e)
		}
	})
}

func TestAReliableMessageThatHarmsTheDaemonIsRefused(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, _, p, up := d.up(nil)
		for name, spoil := range map[string]func(*ReliableMessage){
			"no message ID":  func(m *ReliableMessage) { m.MessageID = wire.ID{} },
			"no destination": func(m *ReliableMessage) { m.Destination = wire.Hash{} },
			"no recipient":   func(m *ReliableMessage) { m.Recipient = nil },
			"long recipient": func(m *ReliableMessage) { m.Recipient = make([]byte, 33) },
			"large payload":  func(m *ReliableMessage) { m.Payload = make([]byte, 2001) },
		} {
			m := reliable(t, c, 1)
			spoil(&m)
			if err := c.PostReliable(up.Connection, m); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		m := reliable(t, c, 1)
		m.Destination = wire.Hash{1} // wedges v0.0.55 after 225 s
		if err := c.PostReliable(up.Connection, m); !errors.Is(err, ErrNoService) {
			t.Errorf("unknown destination: %v", err)
		}
		if err := c.PostReliable(up.Connection+1, reliable(t, c, 1)); !errors.Is(err, ErrStale) {
			t.Errorf("stale: %v", err)
		}
		p.quiet(time.Minute)
		m = reliable(t, c, 1)
		m.Payload = nil
		if err := c.PostReliable(up.Connection, m); err != nil {
			t.Error(err)
		}
		if r := p.hear(); r.SendARQMessage.Payload == nil {
			t.Error("the empty payload is null on the wire")
		}
		if err := c.PostReliable(up.Connection, m); !errors.Is(err, ErrInvalid) {
			t.Errorf("its message ID again: %v", err)
		}
	})
}

func TestABlockingReliableSendReturnsTheReplyOrWhyThereIsNone(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(p *peer, id wire.ID)
		want error
	}{
		{"reply", func(p *peer, id wire.ID) { p.arqSent(id, 1, ""); p.arqReply(id, 1, "padded", 0) }, nil},
		{"reply to a resend", func(p *peer, id wire.ID) { p.arqSent(id, 1, ""); p.arqReply(id, 2, "padded", 0) }, nil},
		{"reply without sent event", func(p *peer, id wire.ID) { p.arqReply(id, 1, "padded", 0) }, nil},
		{"not sent at first", func(p *peer, id wire.ID) {
			p.arqSent(id, 1, "client/conn: not connected to the Gateway")
			p.arqReply(id, 2, "padded", 0)
		}, nil},
		{"gateway lost, sent again", func(p *peer, id wire.ID) {
			p.arqSent(id, 1, "")
			p.status(false)
			p.status(true)
			p.arqReply(id, 2, "padded", 0)
		}, nil},
		{"given up", func(p *peer, id wire.ID) { p.arqSent(id, 1, ""); p.arqReply(id, 4, "", CodeMaxRetries) }, CodeMaxRetries},
		{"can never be sent", func(p *peer, id wire.ID) { p.arqSent(id, 1, "message too large: 2001 > 2000") }, &SendError{}},
		{"link lost after it was sent", func(p *peer, id wire.ID) { p.arqSent(id, 1, ""); p.conn.Close() }, ErrLost},
		{"link lost before", func(p *peer, id wire.ID) { p.conn.Close() }, ErrLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			with(t, old(t), func(t *testing.T, d *daemon) {
				client, _, p, _ := d.up(nil)
				result := call(func() answer {
					s, err := client.Service("echo")
					if err != nil {
						return answer{err: err}
					}
					b, err := client.BlockingSendReliableMessage(t.Context(), s, []byte("hello"))
					return answer{string(b), err}
				})
				c.play(p, *p.hear().SendARQMessage.ID)
				got := <-result
				var send *SendError
				switch want := c.want.(type) {
				case nil:
					if got.err != nil || got.payload != "padded" {
						t.Errorf("%+v", got)
					}
				case *SendError:
					if !errors.As(got.err, &send) || !send.Permanent {
						t.Errorf("%+v", got)
					}
				default:
					if !errors.Is(got.err, want) {
						t.Errorf("%+v", got)
					}
				}
				if n := len(client.waiters); n != 0 {
					t.Errorf("%d waiters left", n)
				}
			})
		})
	}
}

func TestEveryReliableMessageHasItsOwnID(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, _, p, _ := d.up(nil)
		seen := make(map[wire.ID]bool)
		for range 8 {
			ctx, cancel := context.WithCancelCause(t.Context())
			result := call(func() error {
				s, err := c.Service("echo")
				if err != nil {
					return err
				}
				_, err = c.BlockingSendReliableMessage(ctx, s, nil)
				return err
			})
			id := *p.hear().SendARQMessage.ID
			if seen[id] || id == (wire.ID{}) {
				t.Errorf("message ID %v again", id)
			}
			seen[id] = true
			cause := errors.New("enough")
			cancel(cause)
			if err := <-result; err != cause {
				t.Errorf("%v", err)
			}
			p.arqReply(id, 1, "late", CodeSuccess) // the daemon is done with it
			synctest.Wait()
		}
	})
}

func TestTheDaemonsARQIsGivenOneMessageAtATime(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, _, p, up := d.up(nil)
		post := func(n byte) error { return c.PostReliable(up.Connection, reliable(t, c, n)) }
		if err := post(1); err != nil {
			t.Fatal(err)
		}
		p.hear()
		if err := post(2); !errors.Is(err, ErrBusy) {
			t.Errorf("a second one: %v", err)
		}
		p.arqSent(wire.ID{1}, 1, "")
		p.arqReply(wire.ID{9}, 1, "", CodeSuccess) // of another
		synctest.Wait()
		if err := post(3); !errors.Is(err, ErrBusy) {
			t.Errorf("before its answer: %v", err)
		}
		p.arqReply(wire.ID{1}, 1, "", CodeMaxRetries)
		synctest.Wait()
		if err := post(4); err != nil {
			t.Errorf("after the daemon gave up: %v", err)
		}
		p.hear()
		p.arqSent(wire.ID{4}, 2, "") // no silence to be suspected
		time.Sleep(longestARQ)
		if err := post(5); err != nil {
			t.Errorf("when the daemon must be done: %v", err)
		}
		p.hear()
	})
}

func TestCloseSaysThatAReliableMessageIsAbandoned(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, _, p, up := d.up(nil)
		if err := c.PostReliable(up.Connection, reliable(t, c, 1)); err != nil {
			t.Fatal(err)
		}
		p.hear()
		for range 2 {
			if err := c.Close(); err != ErrAbandoned {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestNoWatchdogLeavesADaemonThatHoldsAReliableMessage(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, _, p, up := d.up(nil)
		time.Sleep(39 * time.Minute) // the document is stale after 40
		if err := c.PostReliable(up.Connection, reliable(t, c, 1)); err != nil {
			t.Fatal(err)
		}
		p.hear()
		time.Sleep(longestARQ - time.Second)
		synctest.Wait()
		if h := c.Health(); !h.Up {
			t.Fatalf("it left: %v", h.Reason)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if h := c.Health(); h.Up {
			t.Error("it stays when the daemon must be done")
		}
	})
}

func TestReliableMessagesAreUnsupportedWhereTheDaemonHasNoARQ(t *testing.T) {
	for _, tag := range []string{"v0.0.73", "v0.0.77", "v0.0.99"} {
		with(t, dialect(t, tag), func(t *testing.T, d *daemon) {
			c, _, p, up := d.up(nil)
			m := reliable(t, c, 1)
			s, err := c.Service("echo")
			if err != nil {
				t.Fatal(err)
			}
			_, blocking := c.BlockingSendReliableMessage(t.Context(), s, nil)
			for name, err := range map[string]error{
				"PostReliable":                c.PostReliable(up.Connection, m),
				"SendReliableMessage":         c.SendReliableMessage(t.Context(), m),
				"BlockingSendReliableMessage": blocking,
			} {
				var u *UnsupportedError
				if !errors.Is(err, ErrUnsupported) || !errors.As(err, &u) || u.Version != up.Version {
					t.Errorf("%s: %s: %v", tag, name, err)
				}
			}
			p.quiet(time.Minute)
		})
	}
}

func TestAReliableMessageWithoutSentEventIsAWedgeToo(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, s, p, up := d.up(nil)
		if err := c.SendReliableMessage(t.Context(), reliable(t, c, 1)); err != nil {
			t.Fatal(err)
		}
		p.hear()
		at := time.Now()
		if e := next[Down](t, s); !errors.Is(e.Reason, ErrWedged) || e.Connection != up.Connection {
			t.Errorf("%+v after %v", e, time.Since(at))
		}
		synctest.Wait()
	})
}
