package thin

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func TestCloseSaysFarewellBehindWhatIsQueued(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s, p, up := d.up(nil)
		for id := range byte(3) {
			if err := c.Post(up.Connection, message(id+1)); err != nil {
				t.Fatal(err)
			}
		}
		closed := call(c.Close)
		for id := range byte(3) {
			if r := p.hear(); *r.SendMessage.SURBID != (wire.ID{id + 1}) {
				t.Errorf("heard %v", r.SendMessage.SURBID)
			}
		}
		if !p.hear().ThinClose {
			t.Error("no thin_close")
		}
		p.gone()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if down := next[Down](t, s); !errors.Is(down.Reason, ErrClosed) {
			t.Errorf("%+v", down)
		}
		if e, err := s.Next(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("%v, %v", e, err)
		}
	})
}

func TestCloseWaitsNoLongerThanASecondForADaemonThatReadsNothing(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, _, _, up := d.up(nil)
		for id := range byte(3) {
			if err := c.Post(up.Connection, message(id+1)); err != nil {
				t.Fatal(err)
			}
		}
		at := time.Now()
		done := make(chan time.Duration, 4)
		for range cap(done) {
			go func() { c.Close(); done <- time.Since(at) }()
		}
		for range cap(done) {
			if took := <-done; took != closeTimeout {
				t.Errorf("closed after %v", took)
			}
		}
		c.Close()
	})
}

func TestCloseEndsTheClientInEveryState(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(d *daemon)
	}{
		{"dialling", func(*daemon) {}},
		{"before the greeting", func(d *daemon) { d.accept() }},
		{"waiting for a document", func(d *daemon) { d.accept().status(true) }},
		{"between connections", func(d *daemon) { d.accept().conn.Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, d *daemon) {
				client, s := d.client(nil)
				c.play(d)
				synctest.Wait()
				at := time.Now()
				client.Close()
				if took := time.Since(at); took > closeTimeout {
					t.Errorf("took %v", took)
				}
				for {
					if _, err := s.Next(t.Context()); err != nil {
						if !errors.Is(err, ErrClosed) {
							t.Error(err)
						}
						break
					}
				}
			})
		})
	}
}

func TestADialThatHangsEndsWithTheHandshakeDeadlineOrClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		c, err := New(Config{Rand: seeded(1), Dial: func(ctx context.Context) (net.Conn, error) {
			at := time.Now()
			<-ctx.Done()
			waits = append(waits, time.Since(at))
			return nil, ctx.Err()
		}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(handshakeTimeout + firstRetry*3/2 + time.Second)
		if err := c.Health().Reason; !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		at := time.Now()
		c.Close()
		if !time.Now().Equal(at) || len(waits) != 2 || waits[0] != handshakeTimeout {
			t.Errorf("dials took %v", waits)
		}
	})
}

func TestOneWordOverAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "daemon.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := newDaemon(t, young(t))
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		p := &peer{daemon: d, conn: conn}
		p.greet(1)
		m := p.hear().SendMessage
		p.sent(*m.SURBID, time.Second)
		p.reply(*m.SURBID, string(m.Payload))
		if !p.hear().ThinClose {
			t.Error("no thin_close")
		}
		p.gone()
		conn.Close()
	}()
	c, err := Dial(t.Context(), Config{Network: "unix", Address: path})
	if err != nil {
		t.Fatal(err)
	}
	if got := <-blocking(t.Context(), c); got.err != nil || got.payload != "hello" {
		t.Errorf("%+v", got)
	}
	c.Close()
	<-served
}

func TestAConfigThatIsNotValidIsRefused(t *testing.T) {
	valid := Config{Network: "tcp", Address: "localhost:1"}
	for name, change := range map[string]func(*Config){
		"no network":        func(c *Config) { c.Network = "" },
		"unknown network":   func(c *Config) { c.Network = "udp" },
		"no address":        func(c *Config) { c.Address = "" },
		"negative speed":    func(c *Config) { c.Speed = -1 },
		"absurd speed":      func(c *Config) { c.Speed = 1e7 },
		"negative epoch":    func(c *Config) { c.Epoch = -1 },
		"negative frame":    func(c *Config) { c.MaxFrame = -1 },
		"too large a frame": func(c *Config) { c.MaxFrame = wire.MaxFrame + 1 },
		"empty geometry":    func(c *Config) { c.Geometry = &wire.SphinxGeometry{} },
	} {
		config := valid
		change(&config)
		if c, err := New(config); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
		if c, err := Dial(t.Context(), config); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: Dial: %v, %v", name, c, err)
		}
	}
}
