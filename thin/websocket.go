package thin

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/coder/websocket"
)

// dialWebsocket connects to a daemon since v0.0.93 that listens on a websocket.
// The frames of the protocol are a byte stream over binary messages, whose
// borders mean nothing.
func dialWebsocket(ctx context.Context, address string) (net.Conn, error) {
	client := &http.Client{
		// The daemon is named by its address: no proxy of the environment stands
		// between, and no answer leads elsewhere.
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	ws, _, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		return nil, err
	}
	// A message can be of any size as it is never held whole: frames have the cap.
	return &socket{Conn: websocket.NetConn(context.Background(), ws, websocket.MessageBinary), ws: ws}, nil
}

// socket closes without the websocket's farewell, which waits for the daemon:
// that of the protocol, thin_close, has gone before.
type socket struct {
	net.Conn
	ws *websocket.Conn
}

func (s *socket) Close() error {
	err := s.ws.CloseNow()
	s.Conn.Close() // only releases its timers now
	return err
}

// checkWebsocket returns what is wrong with a websocket's address, nil if
// nothing is.
func checkWebsocket(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" {
		return fmt.Errorf("the Address is %q: want ws://host:port or wss://host:port", address)
	}
	return nil
}
