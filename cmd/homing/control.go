package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"
)

// control is the endpoint by which a running look-alike is steered: JSON over
// HTTP, on the loopback only, and not for pages that a browser shows.
type control struct {
	lookalike *lookalike
	listener  net.Listener
	server    http.Server
	serving   sync.WaitGroup
}

const (
	maxCommand     = 64 << 10         // bytes of a request
	controlTimeout = 10 * time.Second // for a request and its answer
)

func openControl(l *lookalike, address string) (*control, error) {
	opened, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	c := &control{lookalike: l, listener: opened}
	c.server = http.Server{
		Handler: c, ReadTimeout: controlTimeout, WriteTimeout: controlTimeout, IdleTimeout: controlTimeout,
		MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
	c.serving.Go(func() { _ = c.server.Serve(opened) }) // always ErrServerClosed: what ends it is close
	return c, nil
}

// String returns the endpoint's URL.
func (c *control) String() string { return "http://" + c.listener.Addr().String() }

// close lets answers under way go out for a second.
func (c *control) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		c.server.Close()
	}
	c.serving.Wait()
}

// ServeHTTP implements http.Handler.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := c.serve(w, r)
	if err != nil {
		a.body = struct {
			Error string `json:"error"`
		}{err.Error()}
		if a.status == 0 {
			a.status = http.StatusBadRequest
		}
	}
	body, err := json.Marshal(a.body)
	if err != nil { // of what this program made itself
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	w.Write(append(body, '\n')) // to a client that may have gone
}

func (c *control) serve(w http.ResponseWriter, r *http.Request) (answer, error) {
	// A page that a browser shows can name this address: its requests have the
	// page's host name, or are no JSON, or carry where they come from.
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if !isLoopback(host) || r.Header.Get("Origin") != "" {
		return answer{status: http.StatusForbidden}, errors.New("only programs on this machine steer the daemon: name it by its loopback address")
	}
	known, ok := commands[r.URL.Path]
	switch {
	case !ok:
		return answer{status: http.StatusNotFound}, fmt.Errorf("there is no %s: homing daemon ctl --help has what there is", r.URL.Path)
	case r.Method != known.method:
		w.Header().Set("Allow", known.method)
		return answer{status: http.StatusMethodNotAllowed}, fmt.Errorf("%s wants %s", r.URL.Path, known.method)
	case r.Method == http.MethodGet:
		return known.serve(c.lookalike, command{})
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return answer{status: http.StatusUnsupportedMediaType}, errors.New("want Content-Type: application/json")
	}
	var asked command
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCommand))
	d.DisallowUnknownFields()
	err = d.Decode(&asked)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("want one object and nothing behind it")
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return answer{status: http.StatusRequestEntityTooLarge}, fmt.Errorf("more than %d bytes", maxCommand)
	case err != nil && err != io.EOF: // nothing at all is the empty object
		return answer{}, fmt.Errorf("the body: %w", err)
	}
	return known.serve(c.lookalike, asked)
}
