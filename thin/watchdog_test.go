package thin

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// silence starts a client, posts one message, and returns how long the daemon
// may then be silent before the client leaves.
func silence(t *testing.T, d *daemon, before func(p *peer, post func(byte))) (time.Duration, error) {
	t.Helper()
	c, s, p, up := d.up(func(c *Config) { c.Epoch = 1000 * time.Hour })
	post := func(id byte) {
		t.Helper()
		if err := c.Post(up.Connection, message(id)); err != nil {
			t.Fatal(err)
		}
		p.hear()
	}
	before(p, post)
	synctest.Wait()
	at := time.Now()
	post(255)
	p.gone()
	for {
		e, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if down, ok := e.(Down); ok {
			return time.Since(at), down.Reason
		}
	}
}

func TestADaemonSilentOnOutstandingMessagesIsWedged(t *testing.T) {
	for _, c := range []struct {
		name   string
		tag    string
		before func(p *peer, post func(byte))
		want   time.Duration
	}{
		{"new", "v0.0.99", func(*peer, func(byte)) {}, time.Minute},
		// 300 packets at one per second may be other applications'.
		{"old", "v0.0.55", func(*peer, func(byte)) {}, 5 * time.Minute},
		{"eight times the longest own wait", "v0.0.99", func(p *peer, post func(byte)) {
			for id := range byte(3) {
				post(id + 1)
				time.Sleep(20 * time.Second / time.Duration(id+1))
				p.sent(wire.ID{id + 1}, time.Second)
			}
		}, 160 * time.Second},
		{"a reply settles its message too", "v0.0.99", func(p *peer, post func(byte)) {
			post(1)
			time.Sleep(50 * time.Second)
			p.reply(wire.ID{1}, "overtook its sent event")
			time.Sleep(50 * time.Second)
		}, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			with(t, dialect(t, c.tag), func(t *testing.T, d *daemon) {
				waited, err := silence(t, d, c.before)
				if waited != c.want || !errors.Is(err, ErrWedged) {
					t.Errorf("left after %v for %v, want %v", waited, err, c.want)
				}
			})
		})
	}
}

func TestAnIdleOrTalkingDaemonIsNotWedged(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s, p, up := d.up(func(c *Config) { c.Epoch = 1000 * time.Hour })
		time.Sleep(100 * time.Hour) // nothing outstanding
		none(t, s)
		if err := c.Post(up.Connection, message(1)); err != nil {
			t.Fatal(err)
		}
		p.hear()
		for range 100 { // anything that is said shows that it lives
			time.Sleep(59 * time.Second)
			p.say(wire.Response{Other: d.dialect.Responses[len(d.dialect.Responses)-1], Raw: []byte{0xa0}})
			next[Unrecognised](t, s)
		}
		none(t, s)
		if n := c.Health().Outstanding; n != 1 {
			t.Errorf("%d outstanding", n)
		}
		p.status(false) // while the gateway is away nothing can be sent
		next[GatewayDown](t, s)
		time.Sleep(100 * time.Hour)
		none(t, s)
	})
}

func TestNoNewDocumentForTwoEpochsEndsTheLink(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		_, s, p, _ := d.up(nil)
		time.Sleep(39 * time.Minute)
		p.document(1) // the same again is no sign of life
		none(t, s)
		p.document(2)
		next[NewDocument](t, s)
		at := time.Now()
		time.Sleep(30 * time.Minute)
		p.document(2)
		p.gone()
		down := next[Down](t, s)
		if !errors.Is(down.Reason, ErrStaleDocument) || time.Since(at) != 40*time.Minute {
			t.Errorf("%v after %v", down.Reason, time.Since(at))
		}
	})
}

func TestADocumentIsNotStaleRightAfterALongAbsenceOfTheGateway(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		_, s, p, _ := d.up(nil)
		p.status(false)
		next[GatewayDown](t, s)
		time.Sleep(24 * time.Hour)
		p.status(true)
		next[GatewayUp](t, s)
		time.Sleep(39 * time.Minute)
		none(t, s)
		p.document(9)
		next[NewDocument](t, s)
	})
}

func TestTheWatchdogSettlesMessagesInTheOrderOfTheirSentEvents(t *testing.T) {
	start := time.Now()
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	w := newWatchdog(start, time.Minute, time.Hour)
	for id := range byte(5) {
		if err := w.post(at(int(id)), wire.ID{id}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.post(at(5), wire.ID{3}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a SURB ID twice: %v", err)
	}
	w.replied(wire.ID{1})
	w.replied(wire.ID{1})
	if w.outstanding() != 4 {
		t.Errorf("%d outstanding, want 4", w.outstanding())
	}
	w.sent(at(10), wire.ID{2}) // 0 lost its sent event
	if w.outstanding() != 2 || w.longest != 8*time.Second || len(w.waiting) != 2 {
		t.Errorf("%d outstanding, longest %v", w.outstanding(), w.longest)
	}
	w.sent(at(11), wire.ID{9})
	w.sent(at(11), wire.ID{4})
	if w.outstanding() != 0 || !w.wedge().IsZero() {
		t.Errorf("%d outstanding", w.outstanding())
	}
	if err := w.post(at(12), wire.ID{3}); err != nil {
		t.Errorf("a settled SURB ID is still held: %v", err)
	}
}

func TestTheWatchdogHoldsABoundedNumberOfMessages(t *testing.T) {
	now := time.Now()
	w := newWatchdog(now, time.Minute, time.Hour)
	for i := range maxOutstanding {
		if err := w.post(now, wire.ID{byte(i), byte(i >> 8), byte(i >> 16)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.post(now, wire.ID{0xff, 0xff, 0xff}); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
}

func TestTheAbsenceOfTheGatewayIsNotTakenForALongQueue(t *testing.T) {
	start := time.Now()
	w := newWatchdog(start, time.Minute, 100*time.Hour)
	w.connection(start, true)
	if err := w.post(start, wire.ID{1}); err != nil {
		t.Fatal(err)
	}
	w.connection(start.Add(time.Second), false)
	w.connection(start.Add(time.Hour), true)
	w.sent(start.Add(time.Hour+2*time.Second), wire.ID{1})
	if w.longest != 2*time.Second {
		t.Errorf("longest wait %v", w.longest)
	}
}
