package sim

import (
	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/thin/wire"
)

// Start brings a daemon that was killed or has crashed back, at the same
// address: a new process that knows nothing of before. It returns ErrRunning,
// ErrClosed, ErrAddressInUse or the network's error.
func (d *Daemon) Start() error {
	d.mu.Lock()
	defer d.unlock()
	switch {
	case d.closed:
		return ErrClosed
	case d.up:
		return ErrRunning
	}
	if d.cfg.Network != "pipe" {
		network, address := d.cfg.Network, d.cfg.Address
		if network == "" {
			network = "tcp"
		}
		if address == "" && network == "tcp" {
			address = "127.0.0.1:0"
		}
		if d.addr != nil {
			network, address = d.addr.Network(), d.addr.String()
		}
		s, err := listen(network, address, d.temper.has(StaleSocket))
		if err != nil {
			return err
		}
		d.socket, d.addr = s, s.Addr()
		d.wg.Go(func() { d.accept(s) })
	}
	d.up = true
	d.instance = d.identifier()
	return nil
}

// Kill ends the daemon as kill −9 does: connections break, queues, SURBs and
// sessions are gone, and a unix socket's file stays behind. A daemon that is
// down stays down.
func (d *Daemon) Kill() {
	d.mu.Lock()
	defer d.unlock()
	d.kill()
}

func (d *Daemon) kill() {
	for _, c := range d.end() {
		c.shut()
	}
	if d.socket != nil {
		d.socket.Close()
		d.socket = nil
	}
}

// crash is the daemon's panic on a client's request.
func (d *Daemon) crash(reason string) {
	d.tally.Crashes++
	d.note(0, "the daemon has crashed for every client: "+reason)
	d.kill()
}

// Restart ends the daemon as SIGTERM does and starts it again. Versions from
// v0.0.73 on tell their clients; queues, SURBs and sessions are gone. Errors
// are those of Start.
func (d *Daemon) Restart() error {
	d.mu.Lock()
	d.terminate()
	d.unlock()
	return d.Start()
}

// terminate is an orderly end.
func (d *Daemon) terminate() error {
	if !d.temper.has(SilentShutdown) {
		for _, c := range append([]*conn(nil), d.conns...) {
			if c.said {
				d.respond(c, wire.Response{Shutdown: true})
			}
		}
	}
	d.end()
	if s := d.socket; s != nil {
		d.socket = nil
		return s.remove()
	}
	return nil
}

// end drops all state that a process holds and returns its connections, whose
// writers still flush.
func (d *Daemon) end() []*conn {
	d.up = false
	now := d.clock.Now()
	conns := append([]*conn(nil), d.conns...)
	for _, c := range conns {
		c.session = nil
		d.leave(c)
	}
	clear(d.clients)
	clear(d.tokens)
	d.alarms = schedule[func(arq.Instant)]{}
	d.heldUntil = 0
	d.reliables = newReliables(d.temper)
	d.wedged = false
	d.unblock(now)
	d.sink = sink{}
	d.mixnet.Restart(now)
	return conns
}

// Close ends the daemon in an orderly way, removes its own unix socket and
// waits for every goroutine. It is idempotent; errors are those of closing the
// socket.
func (d *Daemon) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		d.wg.Wait()
		return nil
	}
	d.closed = true
	err := d.terminate()
	close(d.done)
	d.mu.Unlock()
	d.wg.Wait()
	return err
}
