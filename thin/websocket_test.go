package thin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/homing-mix/homing/thin/wire"
)

// listenWebsocket serves peers over websockets and returns the URL.
func listenWebsocket(t *testing.T, d *daemon) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		d.dialled <- &peer{daemon: d, conn: websocket.NetConn(context.Background(), ws, websocket.MessageBinary)}
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func overWebsocket(t *testing.T) (*Client, *Subscription, *peer) {
	t.Helper()
	d := newDaemon(t, young(t))
	url := listenWebsocket(t, d)
	c, s := d.client(func(c *Config) { c.Dial, c.Network, c.Address = nil, "ws", url })
	p := d.accept()
	p.greet(1)
	next[NewDocument](t, s)
	next[Up](t, s)
	return c, s, p
}

func TestAWebsocketIsAByteStream(t *testing.T) {
	c, s, p := overWebsocket(t)
	up := c.Health().Connection
	if err := c.Post(up, message(1)); err != nil {
		t.Fatal(err)
	}
	if r := p.hear(); r.SendMessage == nil || *r.SendMessage.SURBID != (wire.ID{1}) {
		t.Fatalf("heard %+v", r)
	}
	// Several frames in one message, and a frame in several.
	var stream []byte
	for i := range byte(3) {
		id := wire.ID{i + 1}
		item, err := p.dialect.AppendResponse(nil, wire.Response{Reply: &wire.MessageReply{SURBID: &id, Payload: []byte("x")}})
		if err != nil {
			t.Fatal(err)
		}
		if stream, err = wire.AppendFrame(stream, item); err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range [][]byte{stream[:3], stream[3:700], stream[700:]} {
		if _, err := p.conn.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	for i := range byte(3) {
		if r := next[MessageReply](t, s); r.SURBID != (wire.ID{i + 1}) {
			t.Errorf("%+v", r)
		}
	}
	// A document far beyond the websocket library's usual limit on messages.
	doc := sampleDocument(2)
	doc.ServiceNodes[0].IdentityKey = make([]byte, 1<<20)
	payload, err := p.dialect.AppendDocument(nil, doc)
	if err != nil {
		t.Fatal(err)
	}
	p.say(wire.Response{Document: &wire.NewDocument{Payload: payload}})
	if e := next[NewDocument](t, s); e.Epoch != 2 {
		t.Errorf("%+v", e)
	}
}

func TestAClientSaysGoodbyeOverAWebsocketAndDoesNotWait(t *testing.T) {
	c, s, p := overWebsocket(t)
	done := call(c.Close)
	if !p.hear().ThinClose {
		t.Error("no thin_close")
	}
	// Nobody answers a closing handshake here; Close does not ask for one.
	if err := <-done; err != nil {
		t.Error(err)
	}
	next[Down](t, s)
	if _, err := io.ReadAll(p.conn); err == nil {
		t.Error("still open")
	}
}

func TestATextMessageEndsAWebsocket(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		ws.Write(r.Context(), websocket.MessageText, []byte("hello"))
		ws.Read(r.Context())
		ws.CloseNow()
	}))
	defer server.Close()
	conn, err := dialWebsocket(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if item, err := wire.ReadFrame(conn, 0, nil); err == nil {
		t.Errorf("%x", item)
	}
}

func TestADialOfAWebsocketEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // accepts and never answers
	ctx, cancel := context.WithCancel(t.Context())
	result := call(func() error {
		_, err := dialWebsocket(ctx, "ws://"+l.Addr().String())
		return err
	})
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAWebsocketIsNotLedElsewhere(t *testing.T) {
	led := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led = true }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer server.Close()
	if conn, err := dialWebsocket(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http")); err == nil {
		conn.Close()
		t.Error("connected")
	}
	if led {
		t.Error("the redirection was followed")
	}
}

func TestTheAddressOfAWebsocketIsAURL(t *testing.T) {
	for _, address := range []string{"", "localhost:64331", "http://localhost:64331", "ws:", "ws://", "ws://[", "tcp://h:1"} {
		if c, err := New(Config{Network: "ws", Address: address}); !errors.Is(err, ErrConfig) {
			t.Errorf("%q: %v", address, err)
			c.Close()
		}
	}
	for _, address := range []string{"ws://localhost:64331", "wss://host/path"} {
		if err := checkWebsocket(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}
