package sim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// leave closes the connection without thin_close and waits until the daemon
// has noticed. Only for bubbles.
func (a *app) leave() {
	a.c.Close()
	synctest.Wait()
}

// resuming runs f with each version that knows sessions.
func resuming(t *testing.T, turn func(*DaemonConfig), f func(t *testing.T, d *Daemon)) {
	t.Helper()
	for _, version := range versions {
		if !old(version) {
			t.Run(version, func(t *testing.T) { bubble(t, version, turn, f) })
		}
	}
}

func TestATokenMayBeSentBeforeTheGreetingIsRead(t *testing.T) {
	resuming(t, withoutDocument, func(t *testing.T, d *Daemon) {
		a := join(t, d)
		asked := make(chan struct{})
		go func() {
			a.ask(wire.Request{SessionToken: &wire.SessionToken{Client: wire.ID{1}}})
			close(asked)
		}()
		a.greeting()
		if s := a.next().Session; s == nil || s.Resumed || s.AppID == (wire.ID{}) {
			t.Errorf("session %+v", s)
		}
		<-asked
	})
}

func TestAResumedSessionFindsItsRepliesBeforeTheSessionReplyAndNothingElse(t *testing.T) {
	count := NewCounting("node1")
	resuming(t, func(c *DaemonConfig) { c.Mixnet.Services = []Service{count} }, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		_, first := a.token(1)
		a.send(1, "departed")
		a.sent()
		a.send(2, "unsent")
		synctest.Wait()
		a.leave()
		time.Sleep(time.Minute)

		a = greeted(t, d)
		before, again := a.token(1)
		if !again.Resumed || again.AppID != first.AppID {
			t.Errorf("session %+v, before %+v", again, first)
		}
		if len(before) != 1 || before[0].Reply == nil || *before[0].Reply.SURBID != (wire.ID{1}) {
			t.Errorf("before the session reply: %+v", before)
		}
		a.quiet(time.Minute)
		if count.Executions([]byte("unsent")) != 0 {
			t.Error("what was queued at the disconnect was sent")
		}
		a.echoes(3)
		a.leave()
		a = greeted(t, d)
		if before, _ := a.token(1); len(before) != 0 {
			t.Errorf("once more: %+v", before)
		}
		if c := d.Counters(); c.Resumed != 2 || c.Kept != 1 || c.Dropped != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestSURBsStillOutAtTheResumeAreAnsweredAfterIt(t *testing.T) {
	resuming(t, func(c *DaemonConfig) { c.Mixnet.Mu = 0.0005 }, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		a.token(1)
		a.send(1, "slow")
		a.sent()
		a.leave()
		a = greeted(t, d)
		if before, s := a.token(1); len(before) != 0 || !s.Resumed {
			t.Errorf("%+v before %+v", before, s)
		}
		if r := a.reply(); *r.SURBID != (wire.ID{1}) {
			t.Errorf("%+v", r)
		}
	})
}

func TestASessionIsGoneAfterItsGraceAfterThinCloseAndAfterARestart(t *testing.T) {
	for name, lose := range map[string]func(a *app){
		"grace": func(a *app) {
			a.leave()
			time.Sleep(10*time.Minute + time.Second)
		},
		"thin_close": func(a *app) {
			a.ask(wire.Request{ThinClose: true})
			a.ended()
		},
		"restart": func(a *app) {
			a.leave()
			if err := a.d.Restart(); err != nil {
				a.t.Fatal(err)
			}
		},
	} {
		resuming(t, nil, func(t *testing.T, d *Daemon) {
			a := greeted(t, d)
			_, first := a.token(1)
			a.send(1, "x")
			a.sent()
			lose(a)
			a = greeted(t, d)
			if before, s := a.token(1); len(before) != 0 || s.Resumed || s.AppID == first.AppID {
				t.Errorf("%s: %+v before %+v", name, before, s)
			}
		})
	}
}

func TestAClientThatComesBackInTimeKeepsItsSessionForLater(t *testing.T) {
	resuming(t, nil, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		a.token(1)
		for range 3 {
			a.leave()
			time.Sleep(9 * time.Minute)
			a = greeted(t, d)
			if _, s := a.token(1); !s.Resumed {
				t.Fatal("not resumed")
			}
		}
	})
}

func TestTwoLiveConnectionsWithOneTokenMakeTheNewerABlackHole(t *testing.T) {
	resuming(t, func(c *DaemonConfig) { c.With = []Quirk{TokenBlackHole} }, func(t *testing.T, d *Daemon) {
		old := greeted(t, d)
		old.token(1)
		newer := greeted(t, d)
		if _, s := newer.token(1); !s.Resumed {
			t.Fatal("not resumed")
		}
		newer.echoes(1)
		old.leave()
		newer.send(2, "into the dark")
		if d.Dialect().PKIQuery {
			newer.ask(wire.Request{GetPKIDocument: &wire.GetPKIDocument{}})
		}
		newer.quiet(time.Minute)
		if c := d.Counters(); c.BlackHoles != 1 || c.Departed != 1 {
			t.Errorf("%+v", c)
		}
		newer.leave()
		third := greeted(t, d)
		if _, s := third.token(1); !s.Resumed {
			t.Error("the session is gone")
		}
		third.echoes(3)
	})
}

func TestClosingTheOldConnectionFirstLeavesTheNewOneAlive(t *testing.T) {
	resuming(t, nil, func(t *testing.T, d *Daemon) {
		old, newer := greeted(t, d), greeted(t, d)
		old.token(1)
		old.leave()
		newer.token(1)
		newer.echoes(1)
	})
}

func TestASessionKeepsAThousandReplies(t *testing.T) {
	resuming(t, func(c *DaemonConfig) {
		c.Mixnet.LambdaP, c.Mixnet.Mu, c.Mixnet.Queue = 10, 0.0005, RoundRobin(2000)
	}, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		a.token(1)
		for i := range 1200 {
			m := a.message(1, "x")
			m.SURBID = &wire.ID{byte(i), byte(i >> 8)}
			a.ask(wire.Request{SendMessage: m})
			a.sent()
		}
		a.leave()
		time.Sleep(5 * time.Minute)
		a = greeted(t, d)
		before, _ := a.token(1)
		c := d.Counters()
		if len(before) != 1000 || c.Kept != 1000 || c.KeptLost == 0 {
			t.Errorf("%d replies, %+v", len(before), c)
		}
	})
}

func TestAClientWithoutATokenLosesEverythingAtADisconnect(t *testing.T) {
	for _, version := range versions {
		count := NewCounting("node1")
		bubble(t, version, func(c *DaemonConfig) { c.Mixnet.Services = []Service{count} }, func(t *testing.T, d *Daemon) {
			a := greeted(t, d)
			a.send(1, "queued")
			synctest.Wait()
			a.leave()
			b := greeted(t, d)
			b.quiet(time.Minute)
			want := 0
			if old(version) {
				want = 1 // closing does not remove what is queued
			}
			if n := count.Executions([]byte("queued")); n != want {
				t.Errorf("%s: executed %d times, want %d", version, n, want)
			}
		})
	}
}
