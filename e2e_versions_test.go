package homing_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin"
)

// withEveryVersion runs a test against each generation of the daemon, with all
// the quirks of its version, at half the load its egress can take.
func withEveryVersion(t *testing.T, shape func(*sim.DaemonConfig), test func(*testing.T, *lab)) {
	for _, version := range generations {
		t.Run(version, func(t *testing.T) {
			inVirtualTime(t, version, func(d *sim.DaemonConfig, _ *homing.Config) {
				d.Mixnet.LambdaP = 0.002
				d.Without = []sim.Quirk{sim.WedgeAfterGateway} // it takes an operator
				if shape != nil {
					shape(d)
				}
			}, test)
		})
	}
}

func TestTheHandshakeSucceedsWithEveryVersion(t *testing.T) {
	withEveryVersion(t, nil, func(t *testing.T, l *lab) {
		synctest.Wait()
		h := l.client.Health()
		if !h.Up || !h.Gateway || h.Epoch == 0 || h.Reason != nil {
			t.Errorf("%+v", h)
		}
		if c := l.daemon.Counters(); c.Violations != 0 || c.Crashes != 0 {
			t.Errorf("%+v: %v", c, l.daemon.Violations())
		}
	})
}

func TestTheHandshakeSucceedsWhenTheDocumentComesLate(t *testing.T) {
	withEveryVersion(t, func(d *sim.DaemonConfig) {
		d.Mixnet.NoDocument, d.Mixnet.Epoch = true, time.Minute
	}, func(t *testing.T, l *lab) {
		l.awaitAll(l.goAll(0, 3))
	})
}

func TestRequestsAreAnsweredByEveryVersion(t *testing.T) {
	withEveryVersion(t, func(d *sim.DaemonConfig) { d.Mixnet.Loss = 0.2 }, func(t *testing.T, l *lab) {
		l.atMostAsSent(l.awaitAll(l.goAll(0, 50)))
		if c := l.daemon.Counters(); c.Violations != 0 || c.Crashes != 0 || c.LostForward+c.LostReturn == 0 {
			t.Errorf("%+v: %v", c, l.daemon.Violations())
		}
	})
}

func TestNothingIsLostWhenEveryVersionsConnectionBreaks(t *testing.T) {
	withEveryVersion(t, nil, func(t *testing.T, l *lab) {
		futures := l.goAll(0, 60)
		for range 3 {
			l.awaitAny(futures, 5)
			l.daemon.HangUp()
			time.Sleep(10 * time.Second)
		}
		l.atMostAsSent(l.awaitAll(futures))
		s, c := l.client.Stats(), l.daemon.Counters()
		if s.Downs != 3 {
			t.Errorf("the link went down %d times", s.Downs)
		}
		if session := l.daemon.Dialect().Session; session != (c.Resumed > 0) {
			t.Errorf("sessions are %v and %d were resumed", session, c.Resumed)
		}
	})
}

func TestNothingIsLostWhenEveryVersionRestarts(t *testing.T) {
	withEveryVersion(t, nil, func(t *testing.T, l *lab) {
		futures := l.goAll(0, 60)
		l.awaitAny(futures, 5)
		restart(t, l)
		l.atMostAsSent(l.awaitAll(futures))
		if s, c := l.client.Stats(), l.daemon.Counters(); s.LinkLosses == 0 || c.Resumed != 0 {
			t.Errorf("%d attempts were lost with the daemon, %d sessions resumed", s.LinkLosses, c.Resumed)
		}
	})
}

func TestNothingIsLostWhenTheGatewayOfEveryVersionFlips(t *testing.T) {
	withEveryVersion(t, nil, func(t *testing.T, l *lab) {
		futures := l.goAll(0, 60)
		l.awaitAny(futures, 5)
		l.daemon.DropGateway(20 * time.Second)
		l.atMostAsSent(l.awaitAll(futures))
		if s := l.client.Stats(); s.LinkLosses == 0 || s.Downs != 0 {
			t.Errorf("%d attempts were lost with the gateway, %d connections", s.LinkLosses, s.Downs)
		}
	})
}

func TestTheARQOfEveryVersionAnswersOrIsNotThere(t *testing.T) {
	withEveryVersion(t, nil, func(t *testing.T, l *lab) {
		r, err := l.client.Call(l.ctx, "echo", []byte("reliable"), sizedReliable()...)
		switch {
		case !l.daemon.Dialect().ARQ && !errors.Is(err, homing.ErrUnsupported):
			t.Errorf("%v, %v", r, err)
		case l.daemon.Dialect().ARQ && (err != nil || string(r.Payload) != "reliable"):
			t.Errorf("%v, %v", r, err)
		}
		var unsupported *thin.UnsupportedError
		if errors.As(err, &unsupported) {
			t.Error("the daemon was asked")
		}
	})
}
