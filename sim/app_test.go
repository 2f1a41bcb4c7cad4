package sim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// failsafe ends a read that would wait for ever. In a bubble it is virtual.
const failsafe = time.Hour

// bubble runs f with a daemon on pipes, in virtual time at speed 1.
func bubble(t *testing.T, version string, turn func(*DaemonConfig), f func(t *testing.T, d *Daemon)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := daemonConfig(version)
		cfg.Network = "pipe"
		if turn != nil {
			turn(&cfg)
		}
		d := startDaemon(t, cfg)
		f(t, d)
	})
}

func daemonConfig(version string) DaemonConfig {
	return DaemonConfig{Version: version, Mixnet: MixnetConfig{
		Seed: 1, Residual: Constant(100 * time.Millisecond), Services: []Service{Echo("node1")},
	}}
}

func startDaemon(t *testing.T, cfg DaemonConfig) *Daemon {
	t.Helper()
	d, err := StartDaemon(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// app is an application that speaks frames.
type app struct {
	t *testing.T
	d *Daemon
	c net.Conn
}

// join connects without reading anything.
func join(t *testing.T, d *Daemon) *app {
	t.Helper()
	var c net.Conn
	var err error
	if a := d.Addr(); a != nil {
		c, err = net.Dial(a.Network(), a.String())
	} else {
		c, err = d.Dial(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &app{t, d, c}
}

// greeted connects and reads the greeting.
func greeted(t *testing.T, d *Daemon) *app {
	t.Helper()
	a := join(t, d)
	a.greeting()
	return a
}

// greeting reads status and document, and returns them.
func (a *app) greeting() (*wire.ConnectionStatus, *wire.Document) {
	a.t.Helper()
	status := a.next().Status
	event := a.next().Document
	if status == nil || event == nil {
		a.t.Fatal("no greeting")
	}
	if event.Payload == nil {
		return status, nil
	}
	document, err := wire.DecodeDocument(event.Payload)
	if err != nil {
		a.t.Fatal(err)
	}
	return status, document
}

// item reads one frame.
func (a *app) item() ([]byte, error) {
	a.c.SetReadDeadline(time.Now().Add(failsafe))
	return wire.ReadFrame(a.c, 0, nil)
}

// next reads one event.
func (a *app) next() wire.Response {
	a.t.Helper()
	item, err := a.item()
	if err != nil {
		a.t.Fatal(err)
	}
	r, err := wire.DecodeResponse(item)
	if err != nil {
		a.t.Fatal(err)
	}
	return r
}

// sent and reply read the next event, which must be of that kind.
func (a *app) sent() *wire.MessageSent {
	a.t.Helper()
	r := a.next()
	if r.Sent == nil {
		a.t.Fatalf("no sent event but %+v", r)
	}
	return r.Sent
}

func (a *app) reply() *wire.MessageReply {
	a.t.Helper()
	r := a.next()
	if r.Reply == nil {
		a.t.Fatalf("no reply but %+v", r)
	}
	return r.Reply
}

// ended tells that the daemon has closed the connection; nothing may come
// before that.
func (a *app) ended() {
	a.t.Helper()
	switch item, err := a.item(); {
	case err == nil:
		a.t.Fatalf("still a frame: %x…", item[:min(len(item), 100)])
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, syscall.ECONNRESET):
		a.t.Fatal(err)
	}
}

// quiet tells that nothing comes for a virtual time. Only for bubbles.
func (a *app) quiet(d time.Duration) {
	a.t.Helper()
	a.c.SetReadDeadline(time.Now().Add(d))
	item, err := wire.ReadFrame(a.c, 0, nil)
	var timeout net.Error
	if err == nil || !errors.As(err, &timeout) || !timeout.Timeout() {
		a.t.Fatalf("frame %x…, error %v, want silence for %v", item[:min(len(item), 200)], err, d)
	}
}

// ask writes a request as the official client of the version does.
func (a *app) ask(r wire.Request) {
	a.t.Helper()
	item, err := a.d.Dialect().AppendRequest(nil, r)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(item)
}

// write writes an item as a frame.
func (a *app) write(item []byte) {
	a.t.Helper()
	frame, err := wire.AppendFrame(nil, item)
	if err != nil {
		a.t.Fatal(err)
	}
	a.raw(frame)
}

func (a *app) raw(b []byte) {
	a.t.Helper()
	if _, err := a.c.Write(b); err != nil {
		a.t.Fatal(err)
	}
}

// message returns a message to the first echo.
func (a *app) message(surb byte, body string) *wire.SendMessage {
	a.t.Helper()
	to := a.d.Instances()[0]
	return &wire.SendMessage{
		WithSURB: true, SURBID: &wire.ID{surb}, Destination: (*wire.Hash)(&to.Destination),
		Recipient: to.Recipient, Payload: []byte(body),
	}
}

func (a *app) send(surb byte, body string) {
	a.t.Helper()
	a.ask(wire.Request{SendMessage: a.message(surb, body)})
}

// token names the session, and returns what came before the reply to that and
// the reply.
func (a *app) token(token byte) (before []wire.Response, s *wire.SessionReply) {
	a.t.Helper()
	a.ask(wire.Request{SessionToken: &wire.SessionToken{Client: wire.ID{token}}})
	for {
		r := a.next()
		if r.Session != nil {
			return before, r.Session
		}
		before = append(before, r)
	}
}

// echoes tells that a message goes there and back.
func (a *app) echoes(surb byte) {
	a.t.Helper()
	a.send(surb, "hello")
	if s := a.sent(); s.Err != "" || s.SURBID == nil || *s.SURBID != (wire.ID{surb}) {
		a.t.Fatalf("sent event %+v", s)
	}
	r := a.reply()
	if r.SURBID == nil || *r.SURBID != (wire.ID{surb}) || !bytes.Equal(r.Payload, padded("hello", 2574)) {
		a.t.Fatalf("reply %+v", r)
	}
}
