package sim

import (
	"testing"
	"time"
)

func TestAGatewayReconnectVoidsEverySURBSilently(t *testing.T) {
	count := NewCounting("node1")
	l := newLab(t, func(c *MixnetConfig) { c.Services = []Service{count} })
	l.send(1, l.request(1, "x"))
	l.m.Join(l.now, 2)
	l.until(Departed)
	l.m.DropGateway(l.now, time.Millisecond) // back before the reply could come
	told := l.run(time.Minute)
	if len(told) != 4 || told[0].Kind != GatewayDown || told[1].Kind != GatewayDown || told[2].Kind != GatewayUp || told[3].Client != 2 {
		t.Fatalf("told %+v", told)
	}
	if c := l.fates(); c.Voided != 1 || count.Total() != 1 {
		t.Errorf("%+v", c)
	}
	l.send(1, l.request(2, "x"))
	l.until(Replied)
}

func TestQueuedRequestsWaitForTheGatewayAndTheClockStandsStill(t *testing.T) {
	undisturbed := newLab(t, nil)
	undisturbed.send(1, undisturbed.request(1, "x"))
	tick := undisturbed.until(Departed).At

	l := newLab(t, nil)
	l.send(1, l.request(1, "x"))
	l.m.DropGateway(l.now, time.Minute)
	l.run(59 * time.Second)
	if c := l.m.Counters(); c.Departed != 0 || c.Decoys != 0 || !l.m.Away() {
		t.Fatalf("during the outage: %+v", c)
	}
	if at := l.until(Departed).At; at != tick.Add(time.Minute) {
		t.Errorf("departed at %v, want %v", at, tick.Add(time.Minute))
	}
	l.until(Replied)
}

func TestASecondDropMovesTheEndOfTheOutage(t *testing.T) {
	l := newLab(t, nil)
	l.m.Join(l.now, 1)
	l.m.DropGateway(l.now, time.Second)
	l.m.DropGateway(l.now, time.Minute)
	told := l.run(time.Hour)
	if len(of(told, GatewayDown)) != 1 || len(of(told, GatewayUp)) != 1 {
		t.Fatalf("told %+v", told)
	}
	if up := of(told, GatewayUp)[0].At; up != l.now.Add(-59*time.Minute) {
		t.Errorf("up at %v", up)
	}
}

func TestSendingWhileAwayFailsWithTheDaemonsWords(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) { c.SendWhileAway = true })
	l.m.DropGateway(l.now, time.Minute)
	l.send(1, l.request(1, "x"))
	if d := l.until(SendError); d.Err != "client/conn: not connected to the Gateway" {
		t.Errorf("error %q", d.Err)
	}
}
