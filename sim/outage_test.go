package sim

import (
	"testing"
	"time"
)

func TestARestartedMixLosesEverythingWhileAllLooksHealthy(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) { c.Epoch = 2 * time.Minute })
	l.send(1, l.request(1, "in flight"))
	l.until(Departed)
	l.m.RestartMix(l.now, 0)
	lost := uint64(1)
	for begin := l.now; l.now < begin.Add(175*time.Second); lost++ {
		l.send(1, l.request(1+lost, "x"))
		d := l.until(Departed)
		if d.ETA <= 0 || d.Err != "" || l.m.Away() {
			t.Fatalf("looks ill: %+v", d)
		}
	}
	all := l.run(time.Minute)
	if n := len(of(all, Replied)); n != 0 {
		t.Errorf("%d replies", n)
	}
	if c := l.fates(); c.LostForward+c.LostReturn != lost {
		t.Errorf("%d sent, %+v", lost, c)
	}
	l.send(1, l.request(1000, "after 1.5 epochs"))
	l.until(Replied)
}

func TestASecondRestartMovesTheEndOfTheFirst(t *testing.T) {
	l := newLab(t, nil)
	l.m.RestartMix(l.now, time.Minute)
	l.run(30 * time.Second)
	l.m.RestartMix(l.now, time.Minute)
	l.run(45 * time.Second)
	l.send(1, l.request(1, "x"))
	if told := l.run(14 * time.Second); len(of(told, Replied)) != 0 {
		t.Error("answered after the end of the first")
	}
	l.run(time.Minute)
	l.send(1, l.request(2, "x"))
	l.until(Replied)
}
