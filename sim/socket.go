package sim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// acceptPause keeps a failing accept from spinning.
const acceptPause = 10 * time.Millisecond

// socket is a listener and, for unix, the file that it made.
type socket struct {
	net.Listener
	file fs.FileInfo // nil for tcp and abstract addresses
}

// listen opens the daemon's socket. A unix socket that nobody serves any more,
// as a killed process leaves it, is removed unless that is a stumbling block;
// one that answers is ErrAddressInUse.
func listen(network, address string, stumbles bool) (*socket, error) {
	l, err := net.Listen(network, address)
	if errors.Is(err, syscall.EADDRINUSE) && network == "unix" && !stumbles && dead(address) {
		if err := os.Remove(address); err != nil {
			return nil, fmt.Errorf("sim: cannot remove the dead socket: %w", err)
		}
		l, err = net.Listen(network, address)
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: %s %s", ErrAddressInUse, network, address)
	}
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	s := &socket{Listener: l}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // what lies at the path later may be another's
		s.file, _ = os.Lstat(address)
	}
	return s, nil
}

// dead tells whether path is a socket that refuses connections.
func dead(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return false
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// remove closes the listener and removes its file, if it is still its own.
func (s *socket) remove() error {
	err := s.Close()
	if s.file == nil {
		return err
	}
	path := s.Addr().String()
	if info, e := os.Lstat(path); e == nil && os.SameFile(info, s.file) {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// accept serves the connections of one life of the daemon.
func (d *Daemon) accept(s *socket) {
	for {
		c, err := s.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// One connection failed, or the process has no descriptor left.
			select {
			case <-time.After(acceptPause):
			case <-d.done:
				return
			}
			continue
		}
		d.adopt(c, s)
	}
}

// Dial connects to the daemon within the process, without a socket. It returns
// ErrDown, ErrClosed or ctx's error.
func (d *Daemon) Dial(ctx context.Context) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	err, s := d.state(), d.socket
	d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	d.adopt(far, s)
	return near, nil
}

// state returns why nothing is served, nil if it is.
func (d *Daemon) state() error {
	switch {
	case d.closed:
		return ErrClosed
	case !d.up:
		return ErrDown
	}
	return nil
}
