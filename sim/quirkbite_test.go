package sim

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// trial is an application without protection, and how it fares.
type trial struct {
	turn    func(*DaemonConfig)
	suffers func(t *testing.T, d *Daemon) bool
}

// TestEveryQuirkBitesTheUnprotectedAndSparesThemWhereItIsOff runs each naive
// application twice against each version that has the quirk.
func TestEveryQuirkBitesTheUnprotectedAndSparesThemWhereItIsOff(t *testing.T) {
	for _, q := range Quirks() {
		for _, version := range versions {
			if !q.Has(parsed(t, version)) {
				continue
			}
			t.Run(string(q.Quirk)+"/"+version, func(t *testing.T) {
				c := trials[q.Quirk]
				for _, on := range []bool{true, false} {
					turn := func(cfg *DaemonConfig) {
						// What is a matter of chance shall not disturb.
						cfg.Without = []Quirk{WedgeAfterGateway, UnencodableStatus}
						if c.turn != nil {
							c.turn(cfg)
						}
						if on {
							cfg.With = []Quirk{q.Quirk}
							cfg.Without = without(cfg.Without, q.Quirk)
						} else {
							cfg.Without = append(cfg.Without, q.Quirk)
						}
					}
					if q.Quirk == StaleSocket {
						cfg := daemonConfig(version)
						cfg.Network, cfg.Address = "unix", filepath.Join(t.TempDir(), "s")
						turn(&cfg)
						if c.suffers(t, startDaemon(t, cfg)) != on {
							t.Errorf("on %v: suffers %v", on, !on)
						}
						continue
					}
					bubble(t, version, turn, func(t *testing.T, d *Daemon) {
						if c.suffers(t, d) != on {
							t.Errorf("on %v: suffers %v", on, !on)
						}
					})
				}
			})
		}
	}
}

func without(all []Quirk, q Quirk) (rest []Quirk) {
	for _, o := range all {
		if o != q {
			rest = append(rest, o)
		}
	}
	return rest
}

var trials = map[Quirk]trial{
	NoSURBKills: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		m := a.message(1, "x")
		m.WithSURB, m.SURBID = false, nil
		a.ask(wire.Request{SendMessage: m})
		return d.crashed()
	}},
	NullSURBIDKills: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		m := a.message(1, "x")
		m.SURBID = nil
		a.ask(wire.Request{SendMessage: m})
		return d.crashed()
	}},
	UnknownRequestKills: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		a.write([]byte("\xa1\x65bogus\x01"))
		return d.crashed()
	}},
	NoSURBLost: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		m := a.message(1, "x")
		m.WithSURB = false
		a.ask(wire.Request{SendMessage: m})
		time.Sleep(time.Minute)
		return d.Counters().Executed == 0
	}},
	SharedQueue: {suffers: func(t *testing.T, d *Daemon) bool {
		greedy, a := greeted(t, d), greeted(t, d)
		done := make(chan struct{})
		go func() {
			for i := range 150 {
				greedy.send(byte(100+i), "x")
			}
			close(done)
		}()
		synctest.Wait()
		a.send(1, "x")
		waits := !a.answers(time.Minute)
		<-done
		return waits
	}},
	SURBReuseVoids: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		a.send(1, "x")
		a.send(1, "y")
		a.sent()
		return !a.answers(time.Minute)
	}, turn: func(c *DaemonConfig) { c.Mixnet.Mu = 0.0005 }},
	LateReplies: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		a.send(1, "x")
		a.send(2, "x")
		a.sent()
		eta := a.sent().ReplyETA
		time.Sleep(eta + d.mixnet.Slop() + time.Second)
		return a.answers(time.Hour) // to a request that was given up
	}, turn: func(c *DaemonConfig) {
		c.Mixnet.LambdaP, c.Mixnet.Mu = 1, 0.0005
		c.Mixnet.Services = []Service{Slow{Echo("node1"), time.Minute}}
	}},
	ReplyBeforeSent: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		a.send(1, "x")
		return a.next().Sent == nil
	}, turn: func(c *DaemonConfig) { c.Mixnet.Mu, c.Mixnet.Residual = 1e3, Constant(0) }},
	GatewayFlipVoids: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		a.send(1, "x")
		a.sent()
		d.DropGateway(time.Second)
		return !a.answers(time.Minute)
	}, turn: func(c *DaemonConfig) { c.Mixnet.Mu = 0.0005 }},
	RestartedMix: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		d.RestartMix(0)
		for i := range 5 {
			a.send(byte(i), "x")
			for a.next().Sent == nil {
			}
		}
		return !a.answers(time.Minute) && d.Counters().Departed == 5
	}},
	WedgeAfterGateway: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		d.DropGateway(time.Second)
		a.send(1, "x")
		a.c.SetReadDeadline(time.Now().Add(time.Hour))
		_, err := wire.ReadFrame(a.c, 0, nil)
		return err != nil && d.Counters().Departed == 0
	}},
	UnencodableStatus: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		d.DropGateway(time.Minute)
		return a.next().Status.IsConnected // the first it hears is the return
	}},
	DuplicateStatus: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		d.DropGateway(time.Second)
		a.next()
		return !a.next().Status.IsConnected
	}},
	DocumentFirst: {suffers: func(t *testing.T, d *Daemon) bool { return join(t, d).next().Status == nil }},
	SilentWithout: {suffers: func(t *testing.T, d *Daemon) bool {
		a := join(t, d)
		a.c.SetReadDeadline(time.Now().Add(10 * time.Minute))
		_, err := wire.ReadFrame(a.c, 0, nil)
		return err != nil
	}, turn: withoutDocument},
	ConnectedWithout: {suffers: func(t *testing.T, d *Daemon) bool {
		d.DropGateway(time.Hour)
		status, _ := join(t, d).greeting()
		return status.IsConnected
	}, turn: withoutDocument},
	SinkDrops: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		flood(d, greeted(t, d))
		a.backlog()
		d.NewDocument()
		_, err := a.item()
		return !errors.Is(err, io.EOF)
	}},
	SinkBlocks: {suffers: func(t *testing.T, d *Daemon) bool {
		deaf, good := greeted(t, d), greeted(t, d)
		good.c.SetReadDeadline(time.Time{})
		go io.Copy(io.Discard, good.c)
		for range writeLimit + 2 {
			d.NewDocument()
			synctest.Wait()
		}
		good.send(1, "x")
		time.Sleep(time.Hour)
		blocked := d.Counters().Departed == 0
		deaf.c.SetReadDeadline(time.Time{})
		go io.Copy(io.Discard, deaf.c)
		time.Sleep(time.Minute)
		if d.Counters().Departed != 1 {
			t.Error("still blocked when everybody reads")
		}
		return blocked
	}},
	SilentShutdown: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		if err := d.Restart(); err != nil {
			t.Fatal(err)
		}
		_, err := a.item()
		return err != nil
	}},
	StaleSocket: {suffers: func(t *testing.T, d *Daemon) bool {
		d.Kill()
		return errors.Is(d.Start(), ErrAddressInUse)
	}},
	ResumeRepliesFirst: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		a.token(1)
		a.send(1, "x")
		a.sent()
		a.leave()
		time.Sleep(time.Minute)
		a = greeted(t, d)
		before, _ := a.token(1)
		return len(before) > 0
	}},
	ResumeDropsUnsent: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		a.token(1)
		a.send(1, "x")
		synctest.Wait()
		a.leave()
		time.Sleep(time.Minute)
		a = greeted(t, d)
		before, _ := a.token(1)
		sent, replied := false, false
		for _, r := range before {
			sent, replied = sent || r.Sent != nil, replied || r.Reply != nil
		}
		for !(sent && replied) {
			a.c.SetReadDeadline(time.Now().Add(time.Minute))
			item, err := wire.ReadFrame(a.c, 0, nil)
			if err != nil {
				return true
			}
			r, err := wire.DecodeResponse(item)
			if err != nil {
				t.Fatal(err)
			}
			sent, replied = sent || r.Sent != nil, replied || r.Reply != nil
		}
		return false
	}},
	TokenBlackHole: {suffers: func(t *testing.T, d *Daemon) bool {
		older, newer := greeted(t, d), greeted(t, d)
		older.token(1)
		newer.token(1)
		older.leave()
		newer.send(1, "x")
		return !newer.answers(time.Minute)
	}},
	ARQOneTimer: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		d.SetLoss(1)
		for id := range byte(5) {
			a.reliably(id, "lost once")
		}
		time.AfterFunc(time.Minute, func() { d.SetLoss(0) })
		a.history(20 * time.Minute)
		return d.Counters().Replied == 1 && d.Counters().Departed == 6
	}},
	ARQGCWrongID: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		for id := range byte(3) {
			a.reliably(id, "x")
		}
		for _, lines := range a.history(10 * time.Minute).lines {
			if len(lines) != 3 {
				return true
			}
		}
		return false
	}},
	ARQGCAnswered: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		a.reliably(1, "x")
		return len(a.history(10 * time.Minute).lines[wire.ID{1}]) == 3
	}},
	ARQForgetsSURB: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		begin := time.Now()
		a.reliably(1, "x")
		return a.answers(time.Hour) && time.Since(begin) > 400*time.Second
	}, turn: func(c *DaemonConfig) {
		c.Mixnet.Residual, c.Mixnet.Slop = Constant(240*time.Second), time.Hour
	}},
	ARQDisconnectPanic: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		d.SetLoss(1)
		a.reliably(1, "x")
		a.sent()
		a.leave()
		time.Sleep(14 * time.Minute)
		if d.crashed() {
			t.Error("crashed too early")
		}
		time.Sleep(2 * time.Minute)
		return d.crashed()
	}},
	ARQUnknownWedges: {suffers: func(t *testing.T, d *Daemon) bool {
		a := greeted(t, d)
		m := a.message(0, "x")
		m.ID, m.SURBID, m.Destination = &wire.ID{1}, nil, &wire.Hash{1}
		a.ask(wire.Request{SendARQMessage: m})
		a.sent()
		time.Sleep(4 * time.Minute)
		go func() {
			b := join(t, d)
			b.send(1, "x")
		}()
		time.Sleep(time.Minute)
		return d.Counters().Departed == 0
	}},
}

// crashed tells whether the daemon is gone for everybody.
func (d *Daemon) crashed() bool {
	synctest.Wait()
	c, err := d.Dial(context.Background())
	if err == nil {
		c.Close()
	}
	return errors.Is(err, ErrDown)
}

// answers tells whether a reply comes within a virtual time. Only for bubbles.
func (a *app) answers(within time.Duration) bool {
	a.t.Helper()
	a.c.SetReadDeadline(time.Now().Add(within))
	for {
		item, err := wire.ReadFrame(a.c, 0, nil)
		if err != nil {
			return false
		}
		r, err := wire.DecodeResponse(item)
		if err != nil {
			a.t.Fatal(err)
		}
		if r.Reply != nil {
			return true
		}
	}
}
