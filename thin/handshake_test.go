package thin

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func TestStatusAndDocumentMayComeInEitherOrder(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s := d.client(nil)
		p := d.accept()
		p.document(5)
		next[NewDocument](t, s)
		if d.dialect.Session {
			p.token()
			p.session(false)
		}
		none(t, s)
		p.status(true)
		if d.dialect.Old() { // the status that was due first could not be encoded
			next[GatewayUp](t, s)
		}
		up := next[Up](t, s)
		if up.Same || up.Connection != 1 || up.Version != d.dialect.Version {
			t.Errorf("%+v", up)
		}
		if err := c.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if h := c.Health(); !h.Up || !h.Gateway || h.Epoch != 5 || h.Reason != nil || h.Version != d.dialect.Version {
			t.Errorf("%+v", h)
		}
	})
}

func TestConnectedWithoutADocumentIsNotUp(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, s := d.client(nil)
		p := d.accept()
		time.Sleep(30 * time.Second) // the cold start of a daemon without gateway
		p.status(true)
		p.token()
		p.noDocument()
		p.session(false)
		none(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var notReady *NotReadyError
		if err := c.Ready(ctx); !errors.As(err, &notReady) || !errors.Is(err, context.DeadlineExceeded) ||
			!errors.Is(err, ErrNoDocument) {
			t.Errorf("Ready: %v", err)
		}
		p.document(1)
		next[NewDocument](t, s)
		next[Up](t, s)
	})
}

func TestADocumentWithoutGatewayIsNotUp(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s := d.client(nil)
		p := d.accept()
		p.status(false)
		if d.dialect.Session {
			p.token()
			p.session(false)
		}
		p.document(1)
		next[NewDocument](t, s)
		none(t, s)
		if err := c.Health().Reason; !errors.Is(err, ErrNoGateway) {
			t.Errorf("reason %v", err)
		}
		time.Sleep(3 * time.Hour) // no watchdog bites while the gateway is away
		none(t, s)
		p.status(true)
		if d.dialect.Old() {
			next[GatewayUp](t, s)
		}
		next[Up](t, s)
		none(t, s)
	})
}

func TestASilentDaemonIsLeftAtTheHandshakeDeadline(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, s := d.client(nil)
		p := d.accept()
		p.gone()
		if waited := time.Since(p.at); waited != handshakeTimeout {
			t.Errorf("left after %v", waited)
		}
		synctest.Wait()
		if h := c.Health(); !errors.Is(h.Reason, ErrSilent) || h.Up {
			t.Errorf("%+v", h)
		}
		none(t, s) // no Down without an Up
		d.accept().greet(1)
		next[NewDocument](t, s)
		if up := next[Up](t, s); up.Connection != 2 {
			t.Errorf("%+v", up)
		}
	})
}

func TestTheSessionReplyHasADeadline(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, _ := d.client(nil)
		p := d.accept()
		p.status(true)
		first := p.token()
		p.document(1)
		at := time.Now()
		p.gone()
		if waited := time.Since(at); waited != handshakeTimeout {
			t.Errorf("left after %v", waited)
		}
		synctest.Wait()
		if err := c.Health().Reason; !errors.Is(err, ErrNoSession) {
			t.Errorf("reason %v", err)
		}
		p = d.accept()
		p.status(true)
		if p.token() == first {
			t.Error("the token that was not answered is used again")
		}
	})
}

func TestSpeedScalesTheDeadlines(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		d.client(func(c *Config) { c.Speed = 25 })
		p := d.accept()
		p.gone()
		if waited := time.Since(p.at); waited != 3*time.Second {
			t.Errorf("left after %v", waited)
		}
	})
}

func TestAnOldDaemonIsNeverSentWhatItDoesNotKnow(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, s, p, up := d.up(nil)
		p.quiet(time.Minute)
		if err := c.Post(up.Connection, message(1)); err != nil {
			t.Fatal(err)
		}
		r := p.hear() // asserts that it is the official client's frame, all keys and no other
		if m := r.SendMessage; m == nil || !m.WithSURB || *m.SURBID != (wire.ID{1}) || m.ID != nil ||
			string(m.Recipient) != "+echo" || string(m.Payload) != "hello" {
			t.Errorf("heard %+v", m)
		}
		done := make(chan error)
		go func() { done <- c.Close() }()
		if !p.hear().ThinClose {
			t.Error("no thin_close")
		}
		p.gone()
		if err := <-done; err != nil {
			t.Error(err)
		}
		next[Down](t, s)
	})
}

func TestTheTokenWaitsForTheFirstFrame(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		d.client(nil)
		p := d.accept()
		p.quiet(30 * time.Second)
		p.status(true)
		p.token()
	})
}

func TestWhatPrecedesTheSessionReplyIsDeliveredBeforeTheUp(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		_, s := d.client(nil)
		p := d.accept()
		p.status(true)
		p.token()
		p.document(1)
		p.reply(wire.ID{1}, "kept")
		p.sent(wire.ID{2}, time.Second)
		p.say(wire.Response{Other: "voucher_open_reply", Raw: []byte{0xa0}})
		p.session(false)
		next[NewDocument](t, s)
		if r := next[MessageReply](t, s); string(r.Payload) != "kept" || r.SURBID != (wire.ID{1}) || r.Connection != 1 {
			t.Errorf("%+v", r)
		}
		if m := next[MessageSent](t, s); m.ETA != time.Second || m.Err != nil {
			t.Errorf("%+v", m)
		}
		if u := next[Unrecognised](t, s); u.Key != "voucher_open_reply" {
			t.Errorf("%+v", u)
		}
		next[Up](t, s)
	})
}

func TestAStatusErrorOfAnyShapeIsAccepted(t *testing.T) {
	for _, raw := range []string{"\xf6", "\xa0", "\xa1\x63Err\xa0", "\x64text"} {
		with(t, old(t), func(t *testing.T, d *daemon) {
			_, s := d.client(nil)
			p := d.accept()
			p.say(wire.Response{Status: &wire.ConnectionStatus{Err: []byte(raw)}})
			p.document(1)
			p.status(true)
			next[NewDocument](t, s)
			next[GatewayUp](t, s)
			next[Up](t, s)
		})
	}
}

func TestADaemonOfAnUnknownVersionIsSentOneKeyAtATime(t *testing.T) {
	between := young(t)
	between.Responses = append([]string{"later_reply"}, between.Responses...)
	with(t, between, func(t *testing.T, d *daemon) {
		_, s := d.client(nil)
		p := d.accept()
		d.dialect = wire.Detect(between.Responses)
		p.status(true)
		p.token() // compared with the sparse encoding
		p.document(1)
		p.session(false)
		next[NewDocument](t, s)
		if up := next[Up](t, s); up.Version.String() != "v0.0.81" {
			t.Errorf("%+v", up)
		}
	})
}

func TestTheConnectionIsLeftWithATypedReason(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(p *peer)
		want error
	}{
		{"end of file", func(p *peer) { p.conn.Close() }, io.EOF},
		{"end within a frame", func(p *peer) { p.conn.Write([]byte{0, 0, 0, 9, 1}); p.conn.Close() }, io.ErrUnexpectedEOF},
		{"empty frame", func(p *peer) { p.conn.Write([]byte{0, 0, 0, 0}) }, wire.ErrFrameEmpty},
		{"oversize frame", func(p *peer) { p.conn.Write([]byte{0xff, 0, 0, 0}) }, wire.ErrFrameTooLarge},
		{"garbage", func(p *peer) { wire.WriteFrame(p.conn, []byte{0xff, 0xff}) }, wire.ErrMalformed},
		{"no map", func(p *peer) { wire.WriteFrame(p.conn, []byte{0xf6}) }, wire.ErrNotMap},
		{"a document that is none", func(p *peer) {
			p.say(wire.Response{Document: &wire.NewDocument{Payload: []byte{0x80}}})
		}, wire.ErrNotMap},
		{"shutdown", func(p *peer) { p.say(wire.Response{Shutdown: true}) }, ErrShutdown},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, d *daemon) {
				client, s, p, up := d.up(nil)
				at := time.Now()
				c.end(p)
				if c.want == ErrShutdown {
					next[Shutdown](t, s)
				}
				down := next[Down](t, s)
				var link *LinkError
				if !errors.Is(down.Reason, c.want) || !errors.As(down.Reason, &link) || down.Connection != up.Connection {
					t.Errorf("%+v", down)
				}
				if h := client.Health(); h.Up || !errors.Is(h.Reason, c.want) {
					t.Errorf("%+v", h)
				}
				p = d.accept()
				if wait := time.Since(at); wait < firstRetry/2 || wait > firstRetry*3/2 {
					t.Errorf("dialled again after %v", wait)
				}
				p.greet(1)
				if up := next[Up](t, s); up.Connection != 2 || up.Same {
					t.Errorf("%+v", up)
				}
			})
		})
	}
}
