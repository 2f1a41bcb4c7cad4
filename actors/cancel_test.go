package actors

import (
	"testing"
	"time"
)

func TestCancelWhileWaitingCostsNoPacket(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := newLab(t, Config{})
		p := l.submit(request(1))
		if !l.engine.Cancel(messageID(1), nil) {
			t.Error("it was not running")
		}
		if r := l.want(p, ErrCanceled); r.MayHaveExecuted || r.Cause != nil {
			t.Errorf("%+v", r)
		}
		if l.engine.Cancel(messageID(1), nil) {
			t.Error("it runs still")
		}
		l.up(1, false)
		l.wantPackets(0)
		if c := l.engine.Counters(); c.Withdrawn != 1 || c.Waiting != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestCancelAfterTheWriteSaysThatItMayHaveExecuted(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		l.wantPackets(1)
		l.engine.Cancel(messageID(1), errTest)
		if r := l.want(p, errTest); !r.MayHaveExecuted {
			t.Errorf("%+v", r)
		}
		l.sent(1, time.Second)
		l.pass(time.Hour)
		l.wantPackets(1)
		if sums := l.engine.Totals(); sums.Canceled != 1 {
			t.Errorf("%+v", sums)
		}
	})
}

func TestCancelAfterAnOutcomeChangesNothing(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		l.engine.Cancel(messageID(1), errTest)
		l.engine.Cancel(messageID(1), ErrClosed)
		l.want(p, errTest)
		if l.engine.Cancel(messageID(2), nil) {
			t.Error("a message never accepted was running")
		}
	})
}
