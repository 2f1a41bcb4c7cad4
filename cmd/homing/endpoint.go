package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// endpoint is where a daemon listens.
type endpoint struct {
	network string // as in thin.Config
	address string
}

// String returns it as --daemon takes it.
func (e endpoint) String() string { return e.network + "://" + e.address }

var errWebsocket = errors.New("websockets are not supported yet; let the daemon listen on tcp or unix")

// parseEndpoint reads tcp://host:port or unix:///path. unix://@name is an
// abstract socket of Linux.
func parseEndpoint(text string) (endpoint, error) {
	network, address, ok := strings.Cut(text, "://")
	if !ok {
		return endpoint{}, fmt.Errorf("%q: want tcp://host:port or unix:///path/of/the/socket", text)
	}
	return checkEndpoint(network, address)
}

// checkEndpoint refuses what no daemon listens on.
func checkEndpoint(network, address string) (endpoint, error) {
	e := endpoint{network, address}
	switch network {
	case "tcp", "tcp4", "tcp6":
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return e, fmt.Errorf("%v: want host:port, as in tcp://127.0.0.1:64331", e)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return e, fmt.Errorf("%v: the port is a number from 1 to 65535", e)
		}
		return e, nil
	case "unix":
		if len(address) < 2 || address[0] != '/' && address[0] != '@' {
			return e, fmt.Errorf("%v: want the absolute path of the socket after the two slashes, as in unix:///run/kpclientd.sock", e)
		}
		return e, nil
	case "ws", "wss":
		return e, errWebsocket
	}
	return e, fmt.Errorf("%v: the network is %q: want tcp or unix", e, network)
}
