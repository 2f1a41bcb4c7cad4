package main

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/homing-mix/homing/thin"
)

// endpoint is where a daemon listens.
type endpoint struct {
	network string // as in thin.Config
	address string
}

// String returns it as --daemon takes it.
func (e endpoint) String() string {
	if e.network == "ws" {
		return e.address // a URL
	}
	return e.network + "://" + e.address
}

// parseEndpoint reads tcp://host:port, unix:///path or ws://host:port.
// unix://@name is an abstract socket of Linux.
func parseEndpoint(text string) (endpoint, error) {
	e, err := splitEndpoint(text)
	if err != nil {
		return e, err
	}
	return checkEndpoint(e)
}

func splitEndpoint(text string) (endpoint, error) {
	network, address, ok := strings.Cut(text, "://")
	if !ok {
		return endpoint{}, fmt.Errorf("%q: want tcp://host:port, unix:///path/of/the/socket or ws://host:port", text)
	}
	if network == "ws" || network == "wss" {
		return endpoint{"ws", text}, nil
	}
	return endpoint{network, address}, nil
}

// checkEndpoint refuses what no daemon listens on.
func checkEndpoint(e endpoint) (endpoint, error) {
	switch e.network {
	case "tcp", "tcp4", "tcp6":
		return e, e.checkPort(1)
	case "unix":
		if len(e.address) < 2 || e.address[0] != '/' && e.address[0] != '@' {
			return e, fmt.Errorf("%v: want the absolute path of the socket after the two slashes, as in unix:///run/kpclientd.sock", e)
		}
		return e, nil
	case "ws":
		u, err := url.Parse(e.address)
		if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
			return e, fmt.Errorf("%v: want ws://host:port, as in ws://127.0.0.1:64332", e)
		}
		return e, nil
	}
	return e, fmt.Errorf("%v: the network is %q: want tcp, unix or ws", e, e.network)
}

// checkPort wants host:port with a port from least up.
func (e endpoint) checkPort(least uint64) error {
	_, port, err := net.SplitHostPort(e.address)
	if err != nil {
		return fmt.Errorf("%v: want host:port, as in tcp://127.0.0.1:64331", e)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < least {
		return fmt.Errorf("%v: the port is a number from %d to 65535", e, least)
	}
	return nil
}

// place is what a configuration file says: where the daemon is, and what else
// the client needs to know.
func place(path string) (e endpoint, config thin.Config, warnings []string, err error) {
	config, file, err := thin.LoadConfig(path)
	if err != nil {
		return e, config, nil, err
	}
	if e, err = checkEndpoint(endpoint{config.Network, config.Address}); err != nil {
		return e, config, nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, key := range file.Unknown {
		warnings = append(warnings, path+": "+key+" is unknown here and ignored")
	}
	return e, config, warnings, nil
}
