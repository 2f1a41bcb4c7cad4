package sim

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/homing-mix/homing/thin"
)

// serving starts a daemon without a socket of its own that serves listeners.
func serving(t *testing.T, cfg DaemonConfig, addresses ...string) (*Daemon, []net.Listener) {
	t.Helper()
	cfg.Network, cfg.Address, cfg.Speed = "pipe", "", 1000
	d, err := StartDaemon(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	var all []net.Listener
	var served sync.WaitGroup
	t.Cleanup(served.Wait)
	for _, address := range addresses {
		network := "tcp"
		if filepath.IsAbs(address) {
			network = "unix"
		}
		l, err := d.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		served.Go(func() {
			if err := d.Serve(l); err != nil {
				t.Error(err)
			}
		})
		all = append(all, l)
	}
	return d, all
}

// linked fails the test unless a client gets a link through the listener.
func linked(t *testing.T, d *Daemon, l net.Listener) {
	t.Helper()
	c, err := thin.Dial(t.Context(), thin.Config{Network: l.Addr().Network(), Address: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestOneDaemonServesSeveralListeners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	d, all := serving(t, daemonConfig("v0.0.99"), "127.0.0.1:0", path)
	for _, l := range all {
		linked(t, d, l)
	}
	if n := d.Counters().Connections; n != 2 {
		t.Errorf("%d connections", n)
	}
	if err := d.Restart(); err != nil {
		t.Fatal(err)
	}
	linked(t, d, all[1])
	if err := all[1].Close(); err != nil {
		t.Error(err)
	}
	if exists(path) {
		t.Error("a closed listener leaves its socket")
	}
	linked(t, d, all[0])
}

func TestADaemonThatIsDownServesNobody(t *testing.T) {
	d, all := serving(t, daemonConfig("v0.0.99"), "127.0.0.1:0")
	d.Kill()
	if s := d.State(); s.Up || s.Connections != 0 {
		t.Errorf("%+v", s)
	}
	c, err := net.Dial("tcp", all[0].Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if b, _ := io.ReadAll(c); len(b) != 0 {
		t.Errorf("%d bytes from a daemon that is down", len(b))
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	linked(t, d, all[0])
}

func TestAListenerTakesADeadSocketOverAndNeverALiveOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	d, _ := serving(t, daemonConfig("v0.0.99"), path)
	if _, err := d.Listen("unix", path); !errors.Is(err, ErrAddressInUse) {
		t.Errorf("beside a living listener: %v", err)
	}
	dead := filepath.Join(t.TempDir(), "d")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	stumbling := daemonConfig("v0.0.55")
	stumbling.With = []Quirk{StaleSocket}
	old, _ := serving(t, stumbling)
	if _, err := old.Listen("unix", dead); !errors.Is(err, ErrAddressInUse) {
		t.Errorf("with the bug of v0.0.55: %v", err)
	}
	taken, err := d.Listen("unix", dead)
	if err != nil {
		t.Fatal(err)
	}
	// What lies at the path when it closes may be another's.
	if err := os.Remove(dead); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dead, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := taken.Close(); err != nil || !exists(dead) {
		t.Errorf("%v, or it has removed what is not its own", err)
	}
}

func TestTheStateOfADaemonIsWhatClientsMeet(t *testing.T) {
	cfg := daemonConfig("v0.0.55")
	cfg.Mixnet.NoDocument, cfg.Mixnet.Epoch = true, 1000*time.Hour
	cfg.With = []Quirk{WedgeAfterGateway}
	d, _ := serving(t, cfg)
	if s := d.State(); !s.Up || !s.Gateway || s.Document || s.Wedged || s.Connections != 0 {
		t.Errorf("%+v", s)
	}
	d.NewDocument()
	c, err := d.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	epoch := d.State().Epoch
	d.AdvanceEpoch()
	d.DropGateway(1000 * time.Hour)
	if s := d.State(); !s.Document || s.Gateway || !s.Wedged || s.Connections != 1 || s.Epoch != epoch+1 {
		t.Errorf("%+v", s)
	}
}

func TestTheGeometryForConfigurationFilesIsThatOfTheGeneration(t *testing.T) {
	for version, want := range map[string]int{"v0.0.55": 1553, "v0.0.72": 1553, "v0.0.73": 1549, "v0.0.99": 1549} {
		d, _ := serving(t, daemonConfig(version))
		sphinx, pigeonhole := d.Geometry()
		if sphinx.UserForwardPayloadLength != 2000 || pigeonhole.MaxPlaintextPayloadLength != want {
			t.Errorf("%s: %+v, %+v", version, sphinx, pigeonhole)
		}
	}
}
