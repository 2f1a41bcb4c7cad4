package homing_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin"
)

// reported waits until the health of a client says that it is not up, and why.
// In virtual time no state that lasts a tenth of a second is overlooked.
func (l *lab) reported() error {
	l.t.Helper()
	for range 10 * 60 * 60 * 2 {
		if h := l.client.Health(); !h.Up && h.Reason != nil {
			return h.Reason
		}
		time.Sleep(100 * time.Millisecond)
	}
	l.t.Fatal("nothing was reported in two hours")
	return nil
}

// recovered fails the test unless messages are answered and the health is
// good again.
func (l *lab) recovered(outstanding []*homing.Future) {
	l.t.Helper()
	l.awaitAll(outstanding)
	l.awaitAll(l.goAll(0, 5))
	if h := l.client.Health(); !h.Up || !h.Gateway || h.Reason != nil {
		l.t.Errorf("after all was answered: %+v", h)
	}
}

// withoutLink runs a test against a daemon in virtual time and a client that
// need not have a link.
func withoutLink(t *testing.T, version string, shape func(*sim.DaemonConfig), dial func(*sim.Daemon) func(context.Context) (net.Conn, error), test func(*lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &lab{t: t, ctx: t.Context(), service: sim.NewCounting("node")}
		d := sim.DaemonConfig{
			Network: "pipe", Version: version,
			Mixnet: sim.MixnetConfig{Seed: 1, LambdaP: 0.02, Services: []sim.Service{l.service}},
		}
		shape(&d)
		var err error
		if l.daemon, err = sim.StartDaemon(d); err != nil {
			t.Fatal(err)
		}
		defer l.daemon.Close()
		if l.client, err = homing.New(homing.Config{Daemon: thin.Config{Dial: dial(l.daemon)}}); err != nil {
			t.Fatal(err)
		}
		defer l.client.Close()
		test(l)
	})
}

func plainDial(d *sim.Daemon) func(context.Context) (net.Conn, error) { return d.Dial }

func TestAHandshakeWithoutADocumentIsReportedAndSurvived(t *testing.T) {
	for version, want := range map[string]error{
		"v0.0.55": thin.ErrSilent, // says nothing, for ever
		"v0.0.71": thin.ErrSilent,
		"v0.0.72": thin.ErrNoDocument,
		"v0.0.77": thin.ErrNoDocument, // after 30 s, and that it is connected
		"v0.0.99": thin.ErrNoDocument,
	} {
		t.Run(version, func(t *testing.T) {
			withoutLink(t, version, func(d *sim.DaemonConfig) {
				d.Mixnet.NoDocument, d.Mixnet.Epoch = true, 1000*time.Hour
			}, plainDial, func(l *lab) {
				futures := l.goAll(0, 5)
				if reason := l.reported(); !errors.Is(reason, want) || !strings.Contains(reason.Error(), "no PKI document yet") {
					t.Errorf("reported: %v, want %v", reason, want)
				}
				l.daemon.NewDocument()
				l.recovered(futures)
			})
		})
	}
}

func TestAWedgedDaemonIsReportedAndItsMessagesAreAnsweredAfterItsRestart(t *testing.T) {
	inVirtualTime(t, "v0.0.55", func(d *sim.DaemonConfig, _ *homing.Config) {
		d.With = []sim.Quirk{sim.WedgeAfterGateway}
	}, func(t *testing.T, l *lab) {
		l.awaitAll(l.goAll(0, 5))
		l.daemon.DropGateway(10 * time.Second)
		time.Sleep(10 * time.Minute)
		if h := l.client.Health(); !h.Up {
			t.Fatalf("with nothing outstanding only a document that does not come can tell: %+v", h)
		}
		futures := l.goAll(0, 5)
		if reason := l.reported(); !errors.Is(reason, thin.ErrWedged) || !strings.Contains(reason.Error(), "may need a restart") {
			t.Errorf("reported: %v", reason)
		}
		if n := l.daemon.Counters().Wedges; n != 1 {
			t.Fatalf("the daemon was wedged %d times", n)
		}
		// A new connection is accepted, and nothing is said on it either.
		time.Sleep(2 * time.Minute)
		if h := l.client.Health(); h.Up || !errors.Is(h.Reason, thin.ErrSilent) {
			t.Errorf("after the reconnect: %+v", h)
		}
		if err := l.daemon.Restart(); err != nil {
			t.Fatal(err)
		}
		l.recovered(futures)
	})
}

func TestAStaleDocumentIsReportedAndTheMessagesGoOn(t *testing.T) {
	for _, version := range dialects {
		t.Run(version, func(t *testing.T) {
			inVirtualTime(t, version, func(d *sim.DaemonConfig, _ *homing.Config) {
				d.Mixnet.Epoch = 1000 * time.Hour // documents stop coming
			}, func(t *testing.T, l *lab) {
				l.awaitAll(l.goAll(0, 5))
				time.Sleep(39 * time.Minute)
				if h := l.client.Health(); !h.Up {
					t.Fatalf("before two epochs have passed: %+v", h)
				}
				reason := l.reported()
				if !errors.Is(reason, thin.ErrStaleDocument) || !strings.Contains(reason.Error(), "may need a restart") {
					t.Errorf("reported: %v", reason)
				}
				l.awaitAll(l.goAll(0, 5))
				if h := l.client.Health(); !h.Up || !errors.Is(h.Reason, thin.ErrStaleDocument) {
					t.Errorf("on the next connection, with the same document: %+v", h)
				}
				l.daemon.AdvanceEpoch()
				l.recovered(nil)
			})
		})
	}
}

// lateCloser is a network in which the end of the first connection reaches the
// daemon only when the client has resumed the session on the second, and has
// asked for its proof.
type lateCloser struct {
	daemon *sim.Daemon
	first  net.Conn
	dials  atomic.Int32
}

func (n *lateCloser) dial(ctx context.Context) (net.Conn, error) {
	c, err := n.daemon.Dial(ctx)
	if err != nil {
		return nil, err
	}
	switch n.dials.Add(1) {
	case 1:
		n.first = c
		return deafToClose{c}, nil
	case 2:
		return &belatedWriter{Conn: c, before: n.first}, nil
	}
	return c, nil
}

// cut ends the first connection for the client only.
func (n *lateCloser) cut() { n.first.SetReadDeadline(time.Now()) }

type deafToClose struct{ net.Conn }

func (deafToClose) Close() error { return nil }

// belatedWriter closes another connection before its second frame.
type belatedWriter struct {
	net.Conn
	before net.Conn
	frames int
}

func (w *belatedWriter) Write(p []byte) (int, error) {
	if w.frames++; w.frames == 2 {
		w.before.Close()
		time.Sleep(time.Second) // the daemon sees it
	}
	return w.Conn.Write(p)
}

func TestABlackHoleAfterAResumeIsReportedAndLeft(t *testing.T) {
	for _, version := range []string{"v0.0.75", "v0.0.99"} {
		t.Run(version, func(t *testing.T) {
			network := new(lateCloser)
			withoutLink(t, version, func(d *sim.DaemonConfig) {
				d.With = []sim.Quirk{sim.TokenBlackHole}
			}, func(d *sim.Daemon) func(context.Context) (net.Conn, error) {
				network.daemon = d
				return network.dial
			}, func(l *lab) {
				l.awaitAll(l.goAll(0, 5))
				futures := l.goAll(0, 5)
				network.cut()
				seen := false
				for range 600 { // a minute
					time.Sleep(100 * time.Millisecond)
					seen = seen || errors.Is(l.client.Health().Reason, thin.ErrBlackHole)
				}
				if n := l.daemon.Counters().BlackHoles; n != 1 || !seen {
					t.Errorf("%d black holes, reported: %v", n, seen)
				}
				l.recovered(futures)
			})
		})
	}
}
