package thin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxamacker/cbor/v2"
	"go.uber.org/goleak"

	"github.com/homing-mix/homing/thin/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dialect(t testing.TB, tag string) wire.Dialect {
	t.Helper()
	d, err := wire.DialectOf(tag)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func old(t testing.TB) wire.Dialect   { return dialect(t, "v0.0.55") }
func young(t testing.TB) wire.Dialect { return dialect(t, "v0.0.99") }

// daemon is a scripted daemon at the other end of net.Pipe: every connection is
// played by the test through a peer.
type daemon struct {
	t       *testing.T
	dialect wire.Dialect
	dialled chan *peer
	refuse  error // what dialling ends in, if not nil
	last    net.Conn
}

func newDaemon(t *testing.T, d wire.Dialect) *daemon {
	return &daemon{t: t, dialect: d, dialled: make(chan *peer, 1)}
}

func (d *daemon) dial(context.Context) (net.Conn, error) {
	if d.refuse != nil {
		return nil, d.refuse
	}
	if d.last != nil {
		if err := d.last.SetDeadline(time.Now()); err == nil {
			d.t.Error("dialled while the former connection was open")
		}
	}
	client, server := net.Pipe()
	d.last = client
	d.dialled <- &peer{daemon: d, conn: server, at: time.Now()}
	return client, nil
}

// client starts a client of this daemon with a subscription.
func (d *daemon) client(change func(*Config)) (*Client, *Subscription) {
	d.t.Helper()
	config := Config{Dial: d.dial, Rand: rand.New(rand.NewPCG(1, 2))}
	if change != nil {
		change(&config)
	}
	c, err := New(config)
	if err != nil {
		d.t.Fatal(err)
	}
	s, err := c.Subscribe()
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { c.Close() })
	return c, s
}

// peer is the daemon's side of one connection.
type peer struct {
	*daemon
	conn net.Conn
	at   time.Time // when it was dialled
}

func (d *daemon) accept() *peer {
	p := <-d.dialled
	d.t.Cleanup(func() { p.conn.Close() })
	return p
}

func (p *peer) say(r wire.Response) {
	p.t.Helper()
	item, err := p.dialect.AppendResponse(nil, r)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := wire.WriteFrame(p.conn, item); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) hear() wire.Request {
	p.t.Helper()
	item, err := wire.ReadFrame(p.conn, 0, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := wire.DecodeRequest(item)
	if err != nil {
		p.t.Fatal(err)
	}
	if again, err := p.dialect.AppendRequest(nil, r); err != nil || !bytes.Equal(again, item) {
		p.t.Fatalf("not what the official client writes: %x (%v)", item, err)
	}
	return r
}

// quiet asserts that the client writes nothing for a while.
func (p *peer) quiet(d time.Duration) {
	p.t.Helper()
	p.conn.SetReadDeadline(time.Now().Add(d))
	if b, err := io.ReadAll(p.conn); len(b) > 0 || !isTimeout(err) {
		p.t.Fatalf("read %d bytes, %v; want silence", len(b), err)
	}
	p.conn.SetReadDeadline(time.Time{})
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// gone asserts that the client closes without another word.
func (p *peer) gone() {
	p.t.Helper()
	if b, err := io.ReadAll(p.conn); len(b) > 0 || err != nil {
		p.t.Fatalf("read %d bytes, %v; want the end", len(b), err)
	}
}

var (
	instanceA = wire.ID{1, 0xa}
	instanceB = wire.ID{1, 0xb}
)

func (p *peer) status(connected bool) { p.statusOf(connected, instanceA) }

func (p *peer) statusOf(connected bool, instance wire.ID) {
	p.t.Helper()
	s := &wire.ConnectionStatus{IsConnected: connected}
	if p.dialect.Session {
		s.InstanceToken = &instance
	}
	if p.dialect.StatusGeometry {
		s.Sphinx = &wire.SphinxGeometry{UserForwardPayloadLength: 1000, ForwardPayloadLength: 1574}
	}
	p.say(wire.Response{Status: s})
}

func sampleDocument(epoch uint64) *Document {
	echo := wire.KaetzchenEndpoint("+echo")
	return &Document{
		Epoch: epoch, Mu: 0.005, LambdaP: 0.001,
		ServiceNodes: []wire.Descriptor{{
			Name: "node", IdentityKey: bytes.Repeat([]byte{7}, 32), IsServiceNode: true,
			Kaetzchen: map[string]cbor.RawMessage{"echo": echo},
		}},
	}
}

func (p *peer) document(epoch uint64) {
	p.t.Helper()
	payload, err := p.dialect.AppendDocument(nil, sampleDocument(epoch))
	if err != nil {
		p.t.Fatal(err)
	}
	p.say(wire.Response{Document: &wire.NewDocument{Payload: payload}})
}

func (p *peer) noDocument() { p.t.Helper(); p.say(wire.Response{Document: &wire.NewDocument{}}) }

// token takes the session token and returns it.
func (p *peer) token() wire.ID {
	p.t.Helper()
	r := p.hear()
	if r.SessionToken == nil {
		p.t.Fatalf("heard %+v, want a session token", r)
	}
	return r.SessionToken.Client
}

func (p *peer) session(resumed bool) {
	p.t.Helper()
	p.say(wire.Response{Session: &wire.SessionReply{AppID: wire.ID{9}, Resumed: resumed}})
}

// alive answers the proof of life.
func (p *peer) alive() {
	p.t.Helper()
	r := p.hear()
	if r.GetPKIDocument == nil || r.GetPKIDocument.Epoch != 0 {
		p.t.Fatalf("heard %+v, want get_pki_document", r)
	}
	p.say(wire.Response{PKIReply: &wire.PKIDocumentReply{QueryID: r.GetPKIDocument.QueryID, ErrorCode: 10}})
}

// greet plays a healthy handshake with a new session.
func (p *peer) greet(epoch uint64) {
	p.t.Helper()
	p.status(true)
	if p.dialect.Session {
		p.token()
	}
	p.document(epoch)
	if p.dialect.Session {
		p.session(false)
	}
}

func (p *peer) sent(id wire.ID, eta time.Duration) {
	p.t.Helper()
	p.say(wire.Response{Sent: &wire.MessageSent{SURBID: &id, SentAt: time.Now().Unix(), ReplyETA: eta}})
}

func (p *peer) reply(id wire.ID, payload string) {
	p.t.Helper()
	p.say(wire.Response{Reply: &wire.MessageReply{SURBID: &id, Payload: []byte(payload)}})
}

// next takes the next event, which must be an E.
func next[E Event](t *testing.T, s *Subscription) E {
	t.Helper()
	e, err := s.Next(t.Context())
	if err != nil {
		t.Fatalf("no event: %v; want %v", err, reflect.TypeFor[E]())
	}
	got, ok := e.(E)
	if !ok {
		t.Fatalf("%T %+v; want %v", e, e, reflect.TypeFor[E]())
	}
	return got
}

// none asserts that no event is there once everything has come to rest.
func none(t *testing.T, s *Subscription) {
	t.Helper()
	synctest.Wait()
	if e, err, ok := s.take(); ok {
		t.Fatalf("%T %+v, %v; want no event", e, e, err)
	}
}

func message(id byte) Message {
	return Message{SURBID: wire.ID{id}, Destination: wire.Hash{1}, Recipient: []byte("+echo"), Payload: []byte("hello")}
}

// up starts a client and plays the handshake to the Up.
func (d *daemon) up(change func(*Config)) (*Client, *Subscription, *peer, Up) {
	d.t.Helper()
	c, s := d.client(change)
	p := d.accept()
	p.greet(1)
	next[NewDocument](d.t, s)
	return c, s, p, next[Up](d.t, s)
}

// each runs the test for both generations in virtual time.
func each(t *testing.T, test func(t *testing.T, d *daemon)) {
	for _, tag := range []string{"v0.0.55", "v0.0.99"} {
		t.Run(tag, func(t *testing.T) { with(t, dialect(t, tag), test) })
	}
}

func with(t *testing.T, d wire.Dialect, test func(t *testing.T, d *daemon)) {
	synctest.Test(t, func(t *testing.T) { test(t, newDaemon(t, d)) })
}

// noting is a dial hook that notes the times and refuses.
func noting(d *daemon, start time.Time, times *[]time.Duration) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		*times = append(*times, time.Since(start))
		return d.dial(ctx)
	}
}
