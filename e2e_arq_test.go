package homing_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
)

func sizedReliable() []homing.Option {
	return []homing.Option{homing.WithFraming(homing.Sized), homing.WithDaemonARQ()}
}

func TestTheDaemonsOwnARQAnswersWhatItSendsAgain(t *testing.T) {
	inVirtualTime(t, "v0.0.55", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 1 }, func(t *testing.T, l *lab) {
		f, err := l.client.Go(l.ctx, "echo", []byte("once"), sizedReliable()...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.client.Go(l.ctx, "echo", []byte("another"), sizedReliable()...); !errors.Is(err, homing.ErrBusy) {
			t.Errorf("a second message for the daemon's ARQ: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if err := l.daemon.SetLoss(0); err != nil {
			t.Fatal(err)
		}
		l.daemon.DropGateway(time.Second) // voids SURBs, but this ARQ draws new ones
		r, err := f.Await(l.ctx)
		if err != nil || string(r.Payload) != "once" {
			t.Fatalf("%v, %v", r, err)
		}
		if r.Timeline.Total < 225*time.Second || len(r.Attempts) != 1 {
			t.Errorf("answered after %v and %d attempts of ours: nothing was proved", r.Timeline.Total, len(r.Attempts))
		}
		if s := l.client.Stats(); s.Sends != 1 {
			t.Errorf("%d sends", s.Sends)
		}
		if _, err := l.client.Call(l.ctx, "echo", []byte("another"), sizedReliable()...); err != nil {
			t.Errorf("after the first was answered: %v", err)
		}
	})
}

func TestAMessageLeftToTheDaemonsARQEndsWhenNoAnswerCanComeAnyMore(t *testing.T) {
	inVirtualTime(t, "v0.0.55", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 1 }, func(t *testing.T, l *lab) {
		_, err := l.client.Call(l.ctx, "echo", []byte("lost"), sizedReliable()...)
		var failure *homing.DeliveryError
		if !errors.Is(err, homing.ErrExhausted) || !errors.As(err, &failure) || !failure.MayHaveExecuted {
			t.Fatalf("%v", err)
		}
		// After the last resend's ETA there is a minute for its answer.
		a := failure.Attempts[0]
		if left, want := time.Since(l.client.Time(a.Departure)), a.ETA+3*(a.ETA+225*time.Second)+time.Minute; left != want {
			t.Errorf("ended %v after the departure, want %v", left, want)
		}
		// The daemon goes on until it gives up itself, and so long its ARQ is busy.
		if _, err := l.client.Go(l.ctx, "echo", nil, sizedReliable()...); !errors.Is(err, homing.ErrBusy) {
			t.Errorf("while the daemon is still at it: %v", err)
		}
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		if err := l.daemon.SetLoss(0); err != nil {
			t.Fatal(err)
		}
		if _, err := l.client.Call(l.ctx, "echo", nil, sizedReliable()...); err != nil {
			t.Errorf("after the daemon has given up: %v", err)
		}
		if n := l.client.Stats().Collected; n == 0 {
			t.Error("the daemon collected nothing")
		}
		if v := l.daemon.Violations(); len(v) > 0 {
			t.Errorf("%v", v)
		}
	})
}

func TestOnlyADaemonThatHasAnARQIsAskedForIt(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		if _, err := l.client.Go(l.ctx, "echo", nil, homing.WithDaemonARQ()); !errors.Is(err, homing.ErrUnsupported) {
			t.Errorf("%v", err)
		}
		if s := l.client.Stats(); s.Accepted != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestCloseWaitsForTheDaemonsARQ(t *testing.T) {
	inVirtualTime(t, "v0.0.55", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 1 }, func(t *testing.T, l *lab) {
		f, err := l.client.Go(l.ctx, "echo", []byte("lost"), sizedReliable()...)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := l.client.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if _, err := f.Await(l.ctx); !errors.Is(err, homing.ErrExhausted) {
			t.Errorf("the message that Close waited for: %v", err)
		}
		time.Sleep(time.Hour)
		if v := l.daemon.Violations(); len(v) > 0 {
			t.Errorf("the daemon died of it: %v", v)
		}
	})
}

func TestAStaleDocumentDoesNotMakeTheClientLeaveADaemonThatHoldsAMessage(t *testing.T) {
	inVirtualTime(t, "v0.0.55", func(d *sim.DaemonConfig, _ *homing.Config) {
		d.Mixnet.Loss, d.Mixnet.Epoch = 1, 1000*time.Hour
	}, func(t *testing.T, l *lab) {
		time.Sleep(38 * time.Minute) // stale after 40
		f, err := l.client.Go(l.ctx, "echo", []byte("lost"), sizedReliable()...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Await(l.ctx); !errors.Is(err, homing.ErrExhausted) {
			t.Error(err)
		}
		if s := l.client.Stats(); s.Downs != 0 {
			t.Errorf("the client left the daemon %d times", s.Downs)
		}
		time.Sleep(time.Hour)
		if v := l.daemon.Violations(); len(v) > 0 {
			t.Errorf("the daemon died of it: %v", v)
		}
	})
}

func TestAnImpatientCloserEndsTheWaitOfAllOthers(t *testing.T) {
	inVirtualTime(t, "v0.0.55", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 1 }, func(t *testing.T, l *lab) {
		if _, err := l.client.Go(l.ctx, "echo", []byte("lost"), sizedReliable()...); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		patient := make(chan error)
		go func() { patient <- l.client.Close() }()
		synctest.Wait()
		begun := time.Now()
		ctx, cancel := context.WithTimeout(l.ctx, time.Second)
		defer cancel()
		if err := l.client.CloseContext(ctx); !errors.Is(err, homing.ErrDaemonARQ) {
			t.Errorf("the impatient one: %v", err)
		}
		if err := <-patient; !errors.Is(err, homing.ErrDaemonARQ) {
			t.Errorf("the patient one: %v", err)
		}
		if d := time.Since(begun); d > 3*time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

func TestClosingWithoutWaitingSaysThatTheDaemonMayCrash(t *testing.T) {
	inVirtualTime(t, "v0.0.55", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 1 }, func(t *testing.T, l *lab) {
		f, err := l.client.Go(l.ctx, "echo", []byte("lost"), sizedReliable()...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(l.ctx, time.Minute)
		defer cancel()
		if err := l.client.CloseContext(ctx); !errors.Is(err, homing.ErrDaemonARQ) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if _, err := f.Await(l.ctx); !errors.Is(err, homing.ErrClosed) {
			t.Errorf("%v", err)
		}
		time.Sleep(time.Hour)
		if v := l.daemon.Violations(); len(v) == 0 {
			t.Error("the daemon did not crash: nothing was proved")
		}
	})
}
