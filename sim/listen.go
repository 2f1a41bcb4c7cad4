package sim

import (
	"errors"
	"net"
	"time"
)

// Listen opens a socket for Serve as the daemon's own is opened: "tcp" at
// host:port, or "unix" at a path, where a socket that nobody serves any more is
// removed first. Closing the listener removes its own file and no other's.
// Errors are ErrAddressInUse, where a living process serves the address, or
// those of the network.
func (d *Daemon) Listen(network, address string) (net.Listener, error) {
	s, err := listen(network, address, d.temper.has(StaleSocket))
	if err != nil {
		return nil, err
	}
	return tidy{s}, nil
}

// tidy is a socket that takes its file with it.
type tidy struct{ *socket }

func (t tidy) Close() error { return t.remove() }

// Serve hands the connections of a listener to the daemon, beside those of its
// own socket or, with the network "pipe", in its place. It returns nil when the
// listener is closed, which is the caller's to do: the daemon's end does not.
// While the daemon is down it closes what it accepts at once.
func (d *Daemon) Serve(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err == nil {
			d.mu.Lock()
			s := d.socket
			d.mu.Unlock()
			d.adopt(c, s)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		// One connection failed, or the process has no descriptor left.
		select {
		case <-time.After(acceptPause):
		case <-d.done:
			return nil
		}
	}
}
