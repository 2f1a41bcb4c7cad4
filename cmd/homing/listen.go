package main

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin/wire"
)

// websocketSince is the first release that listens on websockets.
var websocketSince = wire.Version{Patch: 93}

// parseListen reads where to listen: as parseEndpoint, but port 0 is any free
// one, and no host is every address of this machine.
func parseListen(text string, version wire.Version) (endpoint, error) {
	e, err := splitEndpoint(text)
	switch {
	case err != nil:
		return e, err
	case strings.HasPrefix(e.network, "tcp"):
		_, err := checkEndpoint(endpoint{e.network, "h:1"})
		if err == nil {
			err = e.checkPort(0)
		}
		return e, err
	case e.network != "ws":
		return checkEndpoint(e)
	}
	u, err := url.Parse(e.address)
	if err != nil || u.Scheme != "ws" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return e, fmt.Errorf("%v: want ws://host:port and nothing else", e)
	}
	if !version.AtLeast(websocketSince) {
		return e, fmt.Errorf("%v: kpclientd listens on websockets from %v on, and --dialect is %v", e, websocketSince, version)
	}
	return e, endpoint{"tcp", u.Host}.checkPort(0)
}

// listen opens the endpoint for a daemon and returns it with the port that it
// got.
func (e endpoint) listen(d *sim.Daemon) (net.Listener, endpoint, error) {
	network, address := e.network, e.address
	if network == "ws" {
		network, address = "tcp", strings.TrimSuffix(strings.TrimPrefix(address, "ws://"), "/")
	}
	l, err := d.Listen(network, address)
	if err != nil {
		return nil, e, err
	}
	switch {
	case e.network == "ws":
		return listenWebsocket(l), endpoint{"ws", "ws://" + l.Addr().String()}, nil
	case e.network != "unix":
		return l, endpoint{e.network, l.Addr().String()}, nil
	}
	return l, e, nil
}

// host returns the endpoint's host name, "" for a unix socket.
func (e endpoint) host() string {
	host, _, _ := net.SplitHostPort(strings.TrimPrefix(e.address, "ws://"))
	return host
}

// local reports whether only this machine can reach the endpoint.
func (e endpoint) local() bool { return e.network == "unix" || isLoopback(e.host()) }

// near is the endpoint as a client of this machine dials it: a socket that
// listens on every address is dialled at the loopback's.
func (e endpoint) near() endpoint {
	ip := net.ParseIP(e.host())
	if e.network == "unix" || ip == nil || !ip.IsUnspecified() {
		return e
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(e.address, "ws://"))
	address := net.JoinHostPort("127.0.0.1", port)
	if e.network == "ws" {
		address = "ws://" + address
	} else if e.network == "tcp6" {
		address = net.JoinHostPort("::1", port)
	}
	return endpoint{e.network, address}
}

// isLoopback reports whether a host name is this machine's own.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
