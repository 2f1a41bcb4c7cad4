package homing_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin"
)

// generations are versions of the daemon of which each differs from its
// neighbours in what a client sees.
var generations = []string{"v0.0.55", "v0.0.71", "v0.0.73", "v0.0.76", "v0.0.77", "v0.0.99"}

// occasion is what makes a quirk bite.
type occasion struct {
	shape func(*sim.DaemonConfig)
	// during happens while messages are outstanding. Nil: the quirk needs no
	// more than messages, or a mistake that Homing does not make.
	during func(*testing.T, *lab)
	// bitten tells that it did bite, where the daemon can tell.
	bitten func(sim.DaemonCounters) bool
}

func dropped(c sim.DaemonCounters) bool { return c.Dropped > 0 }
func kept(c sim.DaemonCounters) bool    { return c.Resumed > 0 && c.Kept > 0 }
func lost(c sim.DaemonCounters) bool    { return c.LostForward+c.LostReturn > 0 }
func unread(c sim.DaemonCounters) bool  { return c.Unread == 1 }
func voided(c sim.DaemonCounters) bool  { return c.Voided > 0 }
func wedged(c sim.DaemonCounters) bool  { return c.Wedges == 1 }

func flip(_ *testing.T, l *lab) { l.daemon.DropGateway(30 * time.Second) }

func hangUp(_ *testing.T, l *lab) {
	for range 3 {
		l.daemon.HangUp()
		time.Sleep(20 * time.Second)
	}
}

// hangUpUntilKept breaks connections until a reply comes while the client is
// away.
func hangUpUntilKept(_ *testing.T, l *lab) {
	for range 100 {
		l.daemon.HangUp()
		time.Sleep(2 * time.Second)
		if l.daemon.Counters().Kept > 0 {
			return
		}
	}
}

func late(d *sim.DaemonConfig) { d.Mixnet.Residual, d.Mixnet.Loss = belated{}, 0.1 }

// documentless starts the daemon more than a minute before its first document.
func documentless(d *sim.DaemonConfig) { d.Mixnet.NoDocument, d.Mixnet.Epoch = true, time.Minute }

// deaf connects an application that never reads, and floods it.
func deaf(t *testing.T, l *lab) (leave func()) {
	t.Helper()
	c, err := l.daemon.Dial(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 1100 {
		l.daemon.NewDocument()
		synctest.Wait()
	}
	return func() { c.Close() }
}

var occasions = map[sim.Quirk]occasion{
	sim.SharedQueue: {during: func(t *testing.T, l *lab) {
		greedy, err := thin.Dial(l.ctx, thin.Config{Dial: l.daemon.Dial})
		if err != nil {
			t.Fatal(err)
		}
		service, err := greedy.Service("echo")
		if err != nil {
			t.Fatal(err)
		}
		for range 150 {
			m := thin.Message{SURBID: thin.NewSURBID(), Destination: service.Destination, Recipient: service.Recipient}
			if err := greedy.SendMessage(l.ctx, m); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() { greedy.Close() })
	}},
	sim.LateReplies:       {shape: late},
	sim.GatewayFlipVoids:  {during: flip, bitten: voided},
	sim.UnencodableStatus: {during: flip},
	sim.DuplicateStatus:   {during: flip},
	sim.RestartedMix:      {during: func(_ *testing.T, l *lab) { l.daemon.RestartMix(5 * time.Minute) }, bitten: lost},
	sim.WedgeAfterGateway: {bitten: wedged, during: func(t *testing.T, l *lab) {
		l.daemon.DropGateway(time.Second)
		time.Sleep(30 * time.Minute)
		if s := l.client.Stats(); !l.daemon.State().Wedged || s.Downs == 0 {
			t.Errorf("after half an hour: daemon %+v, %+v", l.daemon.State(), s)
		}
		restart(t, l) // as an operator does
	}},
	sim.DocumentFirst: {during: func(t *testing.T, l *lab) {
		flip(t, l)
		hangUp(t, l)
	}},
	sim.SilentWithout:    {shape: documentless},
	sim.ConnectedWithout: {shape: documentless},
	sim.SinkDrops:        {during: func(t *testing.T, l *lab) { t.Cleanup(deaf(t, l)) }, bitten: unread},
	sim.SinkBlocks: {bitten: unread, during: func(t *testing.T, l *lab) {
		leave := deaf(t, l)
		time.Sleep(5 * time.Minute)
		leave()
	}},
	sim.SilentShutdown:     {during: restart},
	sim.ResumeRepliesFirst: {during: hangUpUntilKept, bitten: kept},
	sim.ResumeDropsUnsent:  {during: hangUp, bitten: dropped},
	sim.TokenBlackHole:     {during: hangUp},
}

func restart(t *testing.T, l *lab) {
	t.Helper()
	if err := l.daemon.Restart(); err != nil {
		t.Fatal(err)
	}
}

func TestNoQuirkOfAnyDaemonHarmsAnApplicationBehindHoming(t *testing.T) {
	for _, version := range generations {
		quirks, err := sim.QuirksOf(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range quirks {
			if q.Quirk == sim.StaleSocket {
				continue // below: it takes a real socket
			}
			t.Run(string(q.Quirk)+"/"+version, func(t *testing.T) {
				o := occasions[q.Quirk]
				inVirtualTime(t, version, func(d *sim.DaemonConfig, _ *homing.Config) {
					d.Mixnet.LambdaP = 0.002
					d.With = []sim.Quirk{q.Quirk}
					if q.Quirk != sim.WedgeAfterGateway {
						d.Without = []sim.Quirk{sim.WedgeAfterGateway} // it takes an operator
					}
					if o.shape != nil {
						o.shape(d)
					}
				}, func(t *testing.T, l *lab) {
					futures := l.goAll(0, 100)
					for c := l.daemon.Counters(); c.Replied < 2 || c.InFlight < 2; c = l.daemon.Counters() {
						time.Sleep(100 * time.Millisecond)
					}
					if o.during != nil {
						o.during(t, l)
					}
					l.atMostAsSent(l.awaitAll(futures))
					d := l.daemon.Counters()
					if d.Crashes != 0 || d.Violations != 0 || d.BlackHoles != 0 {
						t.Errorf("%+v: %v", d, l.daemon.Violations())
					}
					if o.bitten != nil && !o.bitten(d) {
						t.Errorf("it did not bite: %+v", d)
					}
				})
			})
		}
	}
}

func TestAClientWaitsForADaemonThatADeadSocketKeepsFromStarting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l := newLab(t, "v0.0.55", func(d *sim.DaemonConfig, _ *homing.Config) {
		d.Network, d.Address, d.With = "unix", path, []sim.Quirk{sim.StaleSocket}
	})
	futures := l.goAll(0, 20)
	l.awaitAll(futures[:1])
	l.daemon.Kill()
	if err := l.daemon.Start(); !errors.Is(err, sim.ErrAddressInUse) {
		t.Fatalf("start: %v", err)
	}
	if err := os.Remove(path); err != nil { // as an operator does
		t.Fatal(err)
	}
	if err := l.daemon.Start(); err != nil {
		t.Fatal(err)
	}
	l.atMostAsSent(l.awaitAll(futures))
}
