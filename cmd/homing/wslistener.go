package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// wsListener accepts websockets, as kpclientd does since v0.0.93: binary
// messages are a byte stream.
type wsListener struct {
	net.Listener
	server   http.Server
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
	serving  sync.WaitGroup
}

// greetTimeout bounds the HTTP part of a connection.
const greetTimeout = 10 * time.Second

func listenWebsocket(l net.Listener) *wsListener {
	w := &wsListener{Listener: l, accepted: make(chan net.Conn), closed: make(chan struct{})}
	w.server = http.Server{
		Handler: http.HandlerFunc(w.upgrade), ReadHeaderTimeout: greetTimeout, IdleTimeout: greetTimeout,
		MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
	w.serving.Go(func() { _ = w.server.Serve(l) }) // always ErrServerClosed: what ends it is Close
	return w
}

// upgrade refuses pages of other origins, which is the library's rule.
func (w *wsListener) upgrade(out http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(out, r, nil)
	if err != nil {
		return // the client has been told
	}
	c := &wsConn{Conn: websocket.NetConn(context.Background(), ws, websocket.MessageBinary), ws: ws}
	select {
	case w.accepted <- c:
	case <-w.closed:
		c.Close()
	}
}

// Accept implements net.Listener.
func (w *wsListener) Accept() (net.Conn, error) {
	select {
	case c := <-w.accepted:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections that were accepted go on.
func (w *wsListener) Close() (err error) {
	w.once.Do(func() {
		close(w.closed)
		err = w.server.Close()
	})
	w.serving.Wait()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}

// wsConn closes at once: the websocket's farewell would wait for the client.
type wsConn struct {
	net.Conn
	ws *websocket.Conn
}

func (c *wsConn) Close() error {
	err := c.ws.CloseNow()
	c.Conn.Close() // only releases its timers now
	return err
}
