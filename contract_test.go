package homing_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
)

func TestADeadlineLongAgoEndsTheMessageAndOneFarAwayDoesNot(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		for _, past := range []time.Time{time.Unix(0, 0), time.Unix(-1, 0), time.Now().Add(-time.Hour)} {
			if _, err := l.client.Call(l.ctx, "echo", body(0), homing.WithDeadline(past)); !errors.Is(err, homing.ErrDeadline) {
				t.Errorf("deadline %v: %v", past, err)
			}
		}
		if n := l.client.Stats().Sends; n != 0 {
			t.Errorf("%d packets were sent", n)
		}
	})
	l := newLab(t, "v0.0.99", nil) // its clock is scaled
	for _, years := range []int{10, 50, 200} {
		if _, err := l.client.Call(l.ctx, "echo", body(0), homing.WithDeadline(time.Now().AddDate(years, 0, 0))); err != nil {
			t.Errorf("deadline in %d years: %v", years, err)
		}
	}
}

func TestACallWhoseContextHasEndedIsNotAccepted(t *testing.T) {
	l := newLab(t, "v0.0.99", nil)
	ctx, cancel := context.WithCancelCause(l.ctx)
	mine := errors.New("mine")
	cancel(mine)
	for range 1000 {
		if _, err := l.client.Call(ctx, "echo", body(0)); !errors.Is(err, mine) {
			t.Fatal(err)
		}
		if _, err := l.client.Go(ctx, "echo", body(0)); !errors.Is(err, mine) {
			t.Fatal(err)
		}
	}
	if s := l.client.Stats(); s.Sends != 0 || s.Accepted != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhatACallSaysAtItsDeadlineIsNotAMatterOfLuck(t *testing.T) {
	l := newLab(t, "v0.0.99", func(d *sim.DaemonConfig, c *homing.Config) {
		d.Mixnet.Loss, c.Window = 1, 1024
	})
	mine := errors.New("mine")
	for range 100 {
		ctx, cancel := context.WithTimeout(l.ctx, 10*time.Millisecond)
		_, err := l.client.Call(ctx, "echo", body(0))
		cancel()
		if !errors.Is(err, homing.ErrDeadline) || errors.Is(err, homing.ErrCanceled) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		ctx, cancel = context.WithTimeoutCause(l.ctx, 10*time.Millisecond, mine)
		_, err = l.client.Call(ctx, "echo", body(0))
		cancel()
		if !errors.Is(err, homing.ErrDeadline) || errors.Is(err, homing.ErrCanceled) {
			t.Fatal(err)
		}
	}
}

func TestCancelOfAnEndedMessageLeavesAnotherOfItsIDAlone(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		id := homing.NewID()
		old, err := l.client.Go(l.ctx, "echo", body(0), homing.WithID(id))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := old.Await(l.ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		fresh, err := l.client.Go(l.ctx, "echo", body(1), homing.WithID(id))
		if err != nil || fresh.Joined() {
			t.Fatal(err)
		}
		old.Cancel()
		if _, err := fresh.Await(l.ctx); err != nil {
			t.Errorf("the other message: %v", err)
		}
	})
}

func TestEverybodyWhoHoldsAMessageGetsBytesOfTheirOwn(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		f, err := l.client.Go(l.ctx, "echo", []byte("hello"), homing.WithFraming(homing.Sized))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			r, err := f.Await(l.ctx)
			if err != nil || string(r.Payload) != "hello" || r.Attempts[0].Number != 1 {
				t.Fatalf("%+v, %v", r, err)
			}
			clear(r.Payload) // decrypted in place, say
			clear(r.Attempts)
		}
	})
}

// asking is a log handler that asks the client something with every line.
type asking struct {
	slog.Handler
	ask func()
}

func (a asking) Enabled(context.Context, slog.Level) bool { return true }

func (a asking) Handle(context.Context, slog.Record) error {
	a.ask()
	return nil
}

func TestALogHandlerMayAskTheClient(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(_ *sim.DaemonConfig, c *homing.Config) {}, func(t *testing.T, l *lab) {
		given := make(chan *homing.Client, 1)
		var client *homing.Client
		var once sync.Once
		handler := asking{slog.DiscardHandler, func() {
			once.Do(func() { client = <-given })
			client.Health()
			client.Stats()
		}}
		c, err := homing.New(homing.Config{Daemon: thinOver(l.daemon), Logger: slog.New(handler)})
		if err != nil {
			t.Fatal(err)
		}
		given <- c
		if _, err := c.Call(l.ctx, "echo", nil); err != nil {
			t.Error(err)
		}
		l.daemon.Kill()
		synctest.Wait()
		c.Close()
	})
}
