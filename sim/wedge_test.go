package sim

import (
	"testing"
	"time"
)

func TestAWedgedDaemonTakesRequestsAndDoesNothingUntilItIsRestarted(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) { c.Queue = SharedFIFO(5) })
	l.m.Join(l.now, 2)
	l.send(1, l.request(1, "in flight"))
	l.until(Departed)
	l.m.DropGateway(l.now, time.Minute)
	l.m.Wedge(l.now)
	l.m.Wedge(l.now)
	for i := range uint64(5) {
		l.send(1, l.request(2+i, "x"))
	}
	if l.m.Send(l.now, 1, l.request(9, "x")) {
		t.Error("the queue has no end")
	}
	l.m.Advance(l.now, nil)
	if told := l.run(2 * time.Hour); len(told) != 0 {
		t.Errorf("told %+v", told)
	}
	if c := l.m.Counters(); c.Departed != 1 || c.Queued != 5 {
		t.Errorf("%+v", c)
	}
	l.m.Restart(l.now)
	l.send(1, l.request(20, "x"))
	l.until(Replied)
}

func TestAGatewayLostDuringAWedgeStillHoldsTheClockAfterIt(t *testing.T) {
	l := newLab(t, nil)
	l.m.Wedge(l.now)
	l.m.DropGateway(l.now, time.Hour)
	l.m.Restart(l.now)
	l.send(1, l.request(1, "x"))
	if told := l.run(59 * time.Minute); len(of(told, Departed)) != 0 {
		t.Error("sent without a gateway")
	}
	l.until(Replied)
}
