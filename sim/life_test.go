package sim

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func TestRequestsThatKillAnOldDaemonKillItForEveryClientUntilRestart(t *testing.T) {
	plain := func(a *app) *wire.SendMessage { return a.message(1, "x") }
	for name, item := range map[string]func(a *app) []byte{
		"no SURB": func(a *app) []byte {
			m := plain(a)
			m.WithSURB, m.SURBID = false, nil
			return encode(a, wire.Request{SendMessage: m})
		},
		"null SURB ID": func(a *app) []byte {
			m := plain(a)
			m.SURBID = nil
			return encode(a, wire.Request{SendMessage: m})
		},
		"empty map":     func(*app) []byte { return []byte{0xa0} },
		"null":          func(*app) []byte { return []byte{0xf6} },
		"unknown key":   func(*app) []byte { return []byte("\xa1\x65bogus\x01") },
		"session_token": func(*app) []byte { return sessionTokenItem() },
		"all null":      func(*app) []byte { return []byte("\xa1\x6csend_message\xf6") },
		"newer request": func(*app) []byte { return []byte("\xa1\x6bnew_keypair\xa0") },
	} {
		for _, version := range []string{"v0.0.55", "v0.0.71", "v0.0.72"} {
			bubble(t, version, nil, func(t *testing.T, d *Daemon) {
				a, b := greeted(t, d), greeted(t, d)
				a.write(item(a))
				b.ended()
				a.ended()
				if _, err := d.Dial(context.Background()); !errors.Is(err, ErrDown) {
					t.Errorf("%s: %v", name, err)
				}
				if c, v := d.Counters(), d.Violations(); c.Crashes != 1 || len(v) == 0 {
					t.Errorf("%s: %+v, violations %v", name, c, v)
				}
				if err := d.Restart(); err != nil {
					t.Fatal(err)
				}
				greeted(t, d).echoes(1)
			})
		}
	}
}

func encode(a *app, r wire.Request) []byte {
	item, err := a.d.Dialect().AppendRequest(nil, r)
	if err != nil {
		a.t.Fatal(err)
	}
	return item
}

func sessionTokenItem() []byte {
	return append([]byte("\xa1\x6dsession_token\xa1\x75client_instance_token\x50"), make([]byte, 16)...)
}

func TestANewDaemonSurvivesWhatKillsAnOldOne(t *testing.T) {
	bubble(t, "v0.0.99", nil, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		m := a.message(1, "x")
		m.WithSURB, m.SURBID = false, nil
		a.ask(wire.Request{SendMessage: m})
		a.write([]byte{0xa0})
		a.write([]byte("\xa1\x65bogus\x01"))
		a.quiet(time.Minute)
		a.echoes(2)
		if c := d.Counters(); c.Crashes != 0 || c.tally.Violations != 3 || c.Unanswered != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestAnUnknownKeyBesideAKnownRequestIsIgnored(t *testing.T) {
	for _, version := range versions {
		bubble(t, version, nil, func(t *testing.T, d *Daemon) {
			a := greeted(t, d)
			item := encode(a, wire.Request{SendMessage: a.message(1, "x")})
			item[0]++ // one more pair in the map
			item = append(item, "\x65bogus\x01"...)
			a.write(item)
			a.sent()
		})
	}
}

func TestARestartIsAnnouncedByNewDaemonsAndForgetsEverything(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			cfg := daemonConfig(version)
			cfg.Speed = 1000
			cfg.Mixnet.Mu = 1e-6 // replies take hours
			d := startDaemon(t, cfg)
			where := d.Addr().String()
			a := join(t, d)
			before, _ := a.greeting()
			a.send(1, "x")
			a.sent()
			if err := d.Restart(); err != nil {
				t.Fatal(err)
			}
			if !old(version) {
				if r := a.next(); !r.Shutdown {
					t.Errorf("%+v", r)
				}
			}
			a.ended()
			if d.Addr().String() != where {
				t.Errorf("address %v, before %v", d.Addr(), where)
			}
			after, _ := join(t, d).greeting()
			if !old(version) && *after.InstanceToken == *before.InstanceToken {
				t.Error("the same instance token")
			}
		})
	}
}

func TestARestartDropsWhatIsQueuedAndVoidsWhatIsInFlight(t *testing.T) {
	for _, version := range versions {
		count := NewCounting("node1")
		bubble(t, version, func(c *DaemonConfig) { c.Mixnet.Services = []Service{count} }, func(t *testing.T, d *Daemon) {
			a := greeted(t, d)
			a.send(1, "in flight")
			a.sent()
			a.send(2, "queued")
			synctest.Wait()
			if err := d.Restart(); err != nil {
				t.Fatal(err)
			}
			b := greeted(t, d)
			b.quiet(time.Minute)
			if c := d.Counters(); c.Dropped != 1 || c.Voided != 1 || c.InFlight != 0 || count.Total() != 1 {
				t.Errorf("%s: %+v", version, c)
			}
		})
	}
}

func TestAKilledDaemonRefusesConnectionsAtItsAddressUntilItStarts(t *testing.T) {
	cfg := daemonConfig("v0.0.99")
	cfg.Speed = 1000
	d := startDaemon(t, cfg)
	a := greeted(t, d)
	d.Kill()
	d.Kill()
	a.ended()
	if c, err := net.Dial("tcp", d.Addr().String()); err == nil {
		c.Close()
		t.Error("a killed daemon accepts")
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	if err := d.Start(); !errors.Is(err, ErrRunning) {
		t.Errorf("second start: %v", err)
	}
	greeted(t, d).echoes(1)
}

func TestCloseEndsEveryConnectionAndMayBeCalledTwice(t *testing.T) {
	for _, version := range versions {
		d, err := StartDaemon(daemonConfig(version))
		if err != nil {
			t.Fatal(err)
		}
		deaf := join(t, d) // never reads
		a := greeted(t, d)
		done := make(chan error)
		go func() { done <- d.Close() }()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if !old(version) {
			a.next()
		}
		a.ended()
		deaf.c.Close()
		if err := d.Restart(); !errors.Is(err, ErrClosed) {
			t.Errorf("restart after close: %v", err)
		}
		if _, err := d.Dial(context.Background()); !errors.Is(err, ErrClosed) {
			t.Errorf("dial after close: %v", err)
		}
		d.Kill()
		d.DropGateway(time.Second)
	}
}

func TestAnImpossibleDaemonIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*DaemonConfig){
		"version": func(c *DaemonConfig) { c.Version = "v9.9.9" },
		"speed":   func(c *DaemonConfig) { c.Speed = -1 },
		"grace":   func(c *DaemonConfig) { c.SessionGrace = -1 },
		"model":   func(c *DaemonConfig) { c.Mixnet.Services = nil },
		"network": func(c *DaemonConfig) { c.Network = "carrier pigeon" },
		"address": func(c *DaemonConfig) { c.Address = "nowhere" },
	} {
		cfg := daemonConfig("v0.0.99")
		spoil(&cfg)
		if d, err := StartDaemon(cfg); err == nil {
			d.Close()
			t.Errorf("%s: started", name)
		}
	}
}

func TestServicesComeAndGoWhileTheDaemonRuns(t *testing.T) {
	bubble(t, "v0.0.99", nil, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		if err := d.KillService("node1"); err != nil {
			t.Fatal(err)
		}
		a.send(1, "x")
		a.sent()
		a.quiet(time.Minute)
		if err := d.ReviveService("node1"); err != nil {
			t.Fatal(err)
		}
		a.echoes(2)
		if err := d.AddService(Silent("node1")); err != nil {
			t.Fatal(err)
		}
		a.send(3, "x")
		a.sent()
		a.quiet(time.Minute)
		if err := d.SetLoss(3); !errors.Is(err, ErrConfig) {
			t.Errorf("loss of 3: %v", err)
		}
		if err := d.SetWayLoss(1, 0); err != nil {
			t.Fatal(err)
		}
		a.send(4, "x")
		a.sent()
		a.quiet(time.Minute)
		if c := d.Counters(); c.LostForward != 1 {
			t.Errorf("%+v", c)
		}
	})
}
