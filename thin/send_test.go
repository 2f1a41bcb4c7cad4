package thin

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func TestWhatNoDaemonCanSendIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, _, p, up := d.up(nil)
		limit := c.PayloadLimit()
		if want := map[bool]int{true: 2000, false: 1000}[d.dialect.Old()]; limit != want {
			t.Errorf("payload limit %d, want %d", limit, want)
		}
		for name, change := range map[string]func(*Message){
			"no SURB ID":     func(m *Message) { m.SURBID = wire.ID{} },
			"no destination": func(m *Message) { m.Destination = wire.Hash{} },
			"no recipient":   func(m *Message) { m.Recipient = nil },
			"long recipient": func(m *Message) { m.Recipient = make([]byte, 33) },
			"large payload":  func(m *Message) { m.Payload = make([]byte, limit+1) },
		} {
			m := message(1)
			change(&m)
			var me *MessageError
			if err := c.Post(up.Connection, m); !errors.Is(err, ErrInvalid) || !errors.As(err, &me) {
				t.Errorf("%s: %v", name, err)
			}
		}
		p.quiet(time.Minute)
		m := message(1)
		m.Payload, m.Recipient = make([]byte, limit), make([]byte, 32)
		if err := c.Post(up.Connection, m); err != nil {
			t.Errorf("the largest message: %v", err)
		}
		p.hear()
		if err := c.Post(up.Connection, m); !errors.Is(err, ErrInvalid) {
			t.Errorf("its SURB ID again: %v", err)
		}
		m = message(2)
		m.Payload = nil
		if err := c.Post(up.Connection, m); err != nil {
			t.Errorf("an empty message: %v", err)
		}
		if r := p.hear(); r.SendMessage.Payload == nil {
			t.Error("the empty payload is null on the wire")
		}
	})
}

func TestAConfiguredGeometryHoldsUntilTheDaemonTellsItsOwn(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s := d.client(func(c *Config) { c.Geometry = &wire.SphinxGeometry{UserForwardPayloadLength: 5000} })
		if n := c.PayloadLimit(); n != 5000 {
			t.Errorf("%d", n)
		}
		d.accept().greet(1)
		next[NewDocument](t, s)
		next[Up](t, s)
		if n, want := c.PayloadLimit(), map[bool]int{true: 5000, false: 1000}[d.dialect.Old()]; n != want {
			t.Errorf("%d, want %d", n, want)
		}
	})
}

func TestPostRefusesEveryConnectionButTheOneThatIsUp(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, s := d.client(nil)
		stale := func(when string, connections ...uint64) {
			t.Helper()
			for _, n := range connections {
				if err := c.Post(n, message(1)); !errors.Is(err, ErrStale) {
					t.Errorf("%s: connection %d: %v", when, n, err)
				}
			}
		}
		stale("before the first", 0, 1)
		p := d.accept()
		p.status(true)
		stale("during the handshake", 0, 1)
		p.token()
		p.document(1)
		p.session(false)
		next[NewDocument](t, s)
		next[Up](t, s)
		stale("up", 0, 2)
		p.conn.Close()
		next[Down](t, s)
		stale("down", 0, 1, 2)
		d.accept().greet(1)
		next[Up](t, s)
		stale("up again", 0, 1)
		c.Close()
		if err := c.Post(2, message(1)); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestADaemonThatReadsNothingMakesPostBusyAndNeverBlocks(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, s, p, up := d.up(nil)
		accepted := 0
		for ; accepted < 10*writeQueue; accepted++ {
			m := message(0)
			m.SURBID = NewSURBID()
			if err := c.Post(up.Connection, m); err != nil {
				if !errors.Is(err, ErrBusy) {
					t.Error(err)
				}
				break
			}
			synctest.Wait()
		}
		if accepted < writeQueue || accepted > writeQueue+1 {
			t.Errorf("%d accepted", accepted)
		}
		p.status(true) // the reader goes on
		next[GatewayUp](t, s)
		for range accepted {
			p.hear()
		}
		synctest.Wait()
		if err := c.Post(up.Connection, message(9)); err != nil {
			t.Errorf("after the jam: %v", err)
		}
		if r := p.hear(); *r.SendMessage.SURBID != (wire.ID{9}) {
			t.Errorf("heard %v", r.SendMessage.SURBID)
		}
	})
}

func TestResetDropsTheConnectionWithItsReason(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s, p, _ := d.up(nil)
		reason := errors.New("the engine saw a wedge")
		c.Reset(reason)
		if down := next[Down](t, s); !errors.Is(down.Reason, reason) {
			t.Errorf("%+v", down)
		}
		p.gone()
		c.Reset(reason) // between connections: nothing
		d.accept().greet(1)
		next[Up](t, s)
		none(t, s)
	})
}

// call runs f in the background; the result waits in the channel.
func call[T any](f func() T) <-chan T {
	done := make(chan T, 1)
	go func() { done <- f() }()
	return done
}

type answer struct {
	payload string
	err     error
}

func blocking(ctx context.Context, c *Client) <-chan answer {
	return call(func() answer {
		s, err := c.Service("echo")
		if err != nil {
			return answer{err: err}
		}
		b, err := c.BlockingSendMessage(ctx, s, []byte("hello"))
		return answer{string(b), err}
	})
}

func TestABlockingSendReturnsTheReplyOrWhyThereIsNone(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(p *peer, id wire.ID)
		want error
	}{
		{"reply", func(p *peer, id wire.ID) { p.sent(id, time.Second); p.reply(id, "padded") }, nil},
		{"reply before the sent event", func(p *peer, id wire.ID) { p.reply(id, "padded"); p.sent(id, time.Second) }, nil},
		{"cannot be sent", func(p *peer, id wire.ID) {
			p.say(wire.Response{Sent: &wire.MessageSent{SURBID: &id, Err: "client/conn: not connected to the Gateway"}})
		}, &SendError{}},
		{"error code", func(p *peer, id wire.ID) {
			p.say(wire.Response{Reply: &wire.MessageReply{SURBID: &id, Payload: []byte{}, ErrorCode: 5}})
		}, &ReplyError{}},
		{"link lost before it was sent", func(p *peer, id wire.ID) { p.conn.Close() }, ErrLost},
		{"gateway lost after it was sent", func(p *peer, id wire.ID) {
			p.sent(id, time.Second)
			p.status(false)
			p.status(true)
		}, ErrLost},
		{"daemon restarted after it was sent", func(p *peer, id wire.ID) {
			p.sent(id, time.Second)
			p.conn.Close()
			p.accept().greet(1)
		}, ErrLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, d *daemon) {
				client, _, p, _ := d.up(nil)
				result := blocking(t.Context(), client)
				c.play(p, *p.hear().SendMessage.SURBID)
				got := <-result
				var send *SendError
				var reply *ReplyError
				switch c.want.(type) {
				case nil:
					if got.err != nil || got.payload != "padded" {
						t.Errorf("%+v", got)
					}
				case *SendError:
					if !errors.As(got.err, &send) || send.Permanent {
						t.Errorf("%+v", got)
					}
				case *ReplyError:
					if !errors.As(got.err, &reply) || reply.Code != CodeMaxRetries {
						t.Errorf("%+v", got)
					}
				default:
					if !errors.Is(got.err, c.want) {
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

func TestABlockingSendSurvivesAResumedSession(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, _, p, _ := d.up(nil)
		result := blocking(t.Context(), c)
		id := *p.hear().SendMessage.SURBID
		p.sent(id, time.Second)
		p.conn.Close()
		p = d.accept()
		p.resumed(instanceA)
		p.alive()
		p.reply(id, "kept")
		if got := <-result; got.err != nil || got.payload != "kept" {
			t.Errorf("%+v", got)
		}
	})
}

func TestEveryBlockingCallEndsWithItsContextOrTheClient(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s := d.client(nil)
		cause := errors.New("cause")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
		defer cancel()
		var notReady *NotReadyError
		for name, f := range map[string]func() error{
			"Ready":       func() error { return c.Ready(ctx) },
			"SendMessage": func() error { return c.SendMessage(ctx, message(1)) },
			"Dial": func() error {
				other := newDaemon(t, d.dialect)
				_, err := Dial(ctx, Config{Dial: other.dial})
				return err
			},
		} {
			if err := f(); !errors.As(err, &notReady) || !errors.Is(err, cause) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Next(ctx); err != cause {
			t.Errorf("Next: %v", err)
		}
		p := d.accept()
		p.greet(1)
		next[NewDocument](t, s)
		next[Up](t, s)
		ctx, cancel = context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		result := blocking(ctx, c)
		p.hear()
		if got := <-result; got.err != cause {
			t.Errorf("%+v", got)
		}
		result = blocking(t.Context(), c)
		p.hear()
		go io.Copy(io.Discard, p.conn)
		c.Close()
		if got := <-result; !errors.Is(got.err, ErrClosed) && !errors.Is(got.err, ErrLost) {
			t.Errorf("%+v", got)
		}
		if err := c.Ready(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("Ready after Close: %v", err)
		}
		if _, err := c.Subscribe(); !errors.Is(err, ErrClosed) {
			t.Errorf("Subscribe after Close: %v", err)
		}
	})
}

func TestAOneWayMessageCarriesASURBAndReturnsAtItsDeparture(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s, p, _ := d.up(nil)
		result := call(func() error {
			service, err := c.Service("echo")
			if err != nil {
				return err
			}
			return c.SendMessageWithoutReply(t.Context(), service, []byte("hello"))
		})
		m := p.hear().SendMessage
		if m == nil || !m.WithSURB || m.SURBID == nil || *m.SURBID == (wire.ID{}) {
			t.Fatalf("heard %+v", m)
		}
		synctest.Wait()
		select {
		case err := <-result:
			t.Fatalf("returned %v before the sent event: a write is no departure", err)
		default:
		}
		p.sent(*m.SURBID, time.Second)
		if err := <-result; err != nil {
			t.Error(err)
		}
		p.reply(*m.SURBID, "ignored")
		next[MessageSent](t, s)
		next[MessageReply](t, s)
	})
}

func TestSendErrorsAreTemporaryUnlessTheRequestIsWrong(t *testing.T) {
	for text, permanent := range map[string]bool{
		"client/conn: PKI error: client2: failed to find destination service node: pki: service not found": false,
		"client/conn: not connected to the Gateway":                                                        false,
		"no PKI document":                            false,
		"something new":                              false,
		"client2: invalid recipient: '[0 0]'":        true,
		"client2: recipient is nil":                  true,
		"request.DestinationIdHash is nil":           true,
		"message too large: 2001 > 2000":             true,
		"compose: message too large: " + "3 > 2 (x)": true,
	} {
		if e := sendError(text); e == nil || e.Permanent != permanent || !strings.Contains(e.Error(), text) {
			t.Errorf("%q: %+v", text, e)
		}
	}
	if e := sendError(""); e != nil {
		t.Errorf("no error: %v", e)
	}
}

func TestEveryErrorCodeHasAText(t *testing.T) {
	seen := make(map[string]bool)
	for c := range 256 {
		code := ErrorCode(c)
		text := code.String()
		if text == "" || seen[text] || (c <= 32) == strings.HasPrefix(text, "unknown") {
			t.Errorf("code %d: %q", c, text)
		}
		seen[text] = true
		if err := code.Err(); (err == nil) != (c == 0) {
			t.Errorf("code %d: %v", c, err)
		}
	}
}
