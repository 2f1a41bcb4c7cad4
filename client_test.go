package homing_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin"
)

func TestAConfigThatCannotBeIsRefusedAtOnce(t *testing.T) {
	good := thin.Config{Network: "tcp", Address: "127.0.0.1:1"}
	for name, config := range map[string]homing.Config{
		"no daemon":        {},
		"unknown network":  {Daemon: thin.Config{Network: "carrier pigeon", Address: "roof"}},
		"negative speed":   {Daemon: thin.Config{Network: "tcp", Address: "127.0.0.1:1", Speed: -1}},
		"window":           {Daemon: good, Window: -1},
		"window too large": {Daemon: good, Window: 1025},
		"waiting":          {Daemon: good, Waiting: -1},
		"profile":          {Daemon: good, Profile: 17},
	} {
		if _, err := homing.New(config); !errors.Is(err, homing.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACallThatCannotBeIsRefusedAtOnceAndNothingIsSent(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		invalid := homing.Policy{Attempts: -1}
		for name, call := range map[string]struct {
			service string
			payload []byte
			option  homing.Option
			want    error
		}{
			"unknown service":   {service: "telegraph", want: homing.ErrNoService},
			"too large":         {service: "echo", payload: make([]byte, 2001), want: homing.ErrTooLarge},
			"too large, sized":  {service: "echo", payload: make([]byte, 1997), option: homing.WithFraming(homing.Sized), want: homing.ErrTooLarge},
			"no such framing":   {service: "echo", option: homing.WithFraming(9), want: homing.ErrConfig},
			"no such priority":  {service: "echo", option: homing.WithPriority(9), want: homing.ErrConfig},
			"no such profile":   {service: "echo", option: homing.WithProfile(9), want: homing.ErrConfig},
			"invalid policy":    {service: "echo", option: homing.WithPolicy(invalid), want: homing.ErrConfig},
			"negative timeout":  {service: "echo", option: homing.WithTimeout(-1), want: homing.ErrConfig},
			"the zero deadline": {service: "echo", option: homing.WithDeadline(time.Time{}), want: homing.ErrConfig},
			"the zero ID":       {service: "echo", option: homing.WithID(homing.ID{}), want: homing.ErrConfig},
		} {
			var options []homing.Option
			if call.option != nil {
				options = append(options, call.option)
			}
			if _, err := l.client.Go(l.ctx, call.service, call.payload, options...); !errors.Is(err, call.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		time.Sleep(time.Minute)
		if s := l.client.Stats(); s.Accepted != 0 || s.Sends != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestWhenTooManyMessagesWaitGoSaysBusyOrWaits(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(_ *sim.DaemonConfig, c *homing.Config) { c.Waiting, c.Window = 8, 2 }, func(t *testing.T, l *lab) {
		var futures []*homing.Future
		for range 100 {
			f, err := l.client.Go(l.ctx, "echo", body(0), homing.WithFraming(homing.Sized))
			synctest.Wait() // until as many are on their way as may be
			if errors.Is(err, homing.ErrBusy) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			futures = append(futures, f)
		}
		if n := len(futures); n != 8+2 {
			t.Errorf("%d messages were accepted, 8 may wait and 2 be on their way", n)
		}
		ctx, cancel := context.WithTimeout(l.ctx, time.Millisecond)
		defer cancel()
		if _, err := l.client.Go(ctx, "echo", nil, homing.WithWait()); !errors.Is(err, homing.ErrBusy) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting in vain: %v", err)
		}
		f, err := l.client.Go(l.ctx, "echo", body(0), homing.WithFraming(homing.Sized), homing.WithWait())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(futures, f) {
			if _, err := f.Await(l.ctx); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestTheSameIDJoinsAndAnotherPayloadConflicts(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		id := homing.NewID()
		first, err := l.client.Go(l.ctx, "echo", []byte("once"), homing.WithID(id))
		if err != nil {
			t.Fatal(err)
		}
		second, err := l.client.Go(l.ctx, "echo", []byte("once"), homing.WithID(id))
		if err != nil || !second.Joined() || first.Joined() || second.ID() != id {
			t.Fatalf("joined: %v, %v", second.Joined(), err)
		}
		if _, err := l.client.Go(l.ctx, "echo", []byte("twice"), homing.WithID(id)); !errors.Is(err, homing.ErrConflict) {
			t.Errorf("another payload: %v", err)
		}
		// The end of a call that joined does not end the message.
		ctx, cancel := context.WithCancel(l.ctx)
		cancel()
		if _, err := l.client.Call(ctx, "echo", []byte("once"), homing.WithID(id)); !errors.Is(err, context.Canceled) {
			t.Errorf("a joined call whose context has ended: %v", err)
		}
		for _, f := range []*homing.Future{first, second} {
			if _, err := f.Await(l.ctx); err != nil {
				t.Error(err)
			}
		}
		// Recently finished is as good as running; ten minutes later it is new.
		if r, err := l.client.Call(l.ctx, "echo", []byte("once"), homing.WithID(id)); err != nil || r.ID != id {
			t.Errorf("%v, %v", r, err)
		}
		if n := l.service.Executions([]byte("once")); n != 1 {
			t.Errorf("executed %d times", n)
		}
		time.Sleep(11 * time.Minute)
		if _, err := l.client.Call(l.ctx, "echo", []byte("once"), homing.WithID(id)); err != nil {
			t.Error(err)
		}
		if n := l.service.Executions([]byte("once")); n != 2 {
			t.Errorf("executed %d times", n)
		}
	})
}

func TestAMessageIsAcceptedBeforeThereIsADaemonAndDeliveredWhenThereIs(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		l.daemon.Kill()
		client, err := homing.New(homing.Config{Daemon: thin.Config{Dial: l.daemon.Dial}})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		f, err := client.Go(l.ctx, "echo", []byte("early"), homing.WithFraming(homing.Sized))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if h := client.Health(); h.Up || h.Reason == nil {
			t.Errorf("without a daemon: %+v", h)
		}
		if err := l.daemon.Restart(); err != nil {
			t.Fatal(err)
		}
		if r, err := f.Await(l.ctx); err != nil || string(r.Payload) != "early" {
			t.Errorf("%v, %v", r, err)
		}
		if h := client.Health(); !h.Up || !h.Gateway || h.Epoch == 0 || h.Daemon != "v0.0.99" || h.Reason != nil {
			t.Errorf("with a daemon: %+v", h)
		}
	})
}

func TestDialSaysWhyThereIsNoLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		daemon, err := sim.StartDaemon(sim.DaemonConfig{Network: "pipe", Mixnet: sim.MixnetConfig{Services: []sim.Service{sim.Echo("node")}}})
		if err != nil {
			t.Fatal(err)
		}
		defer daemon.Close()
		daemon.Kill()
		_, err = homing.Dial(ctx, homing.Config{Daemon: thin.Config{Dial: daemon.Dial}})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, sim.ErrDown) {
			t.Errorf("%v", err)
		}
	})
}

func TestAMessageForAVanishedServiceWaitsForItsReturn(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		if err := l.daemon.AddService(sim.Echo("other")); err != nil {
			t.Fatal(err)
		}
		l.daemon.AdvanceEpoch()
		synctest.Wait()
		if err := errors.Join(l.daemon.KillService("node"), l.daemon.KillService("other")); err != nil {
			t.Fatal(err)
		}
		f := l.goAll(0, 1)
		l.daemon.AdvanceEpoch()
		synctest.Wait()
		if _, err := l.client.Go(l.ctx, "echo", nil); !errors.Is(err, homing.ErrNoService) {
			t.Errorf("with a document that lacks the service: %v", err)
		}
		time.Sleep(5 * time.Minute)
		if err := l.daemon.ReviveService("other"); err != nil {
			t.Fatal(err)
		}
		l.daemon.AdvanceEpoch()
		l.awaitAll(f)
	})
}

func TestDrainRefusesNewMessagesAndWaitsForTheRest(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 0.3 }, func(t *testing.T, l *lab) {
		futures := l.goAll(0, 10)
		ctx, cancel := context.WithTimeout(l.ctx, time.Millisecond)
		defer cancel()
		if err := l.client.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drained at once: %v", err)
		}
		if _, err := l.client.Go(l.ctx, "echo", nil); !errors.Is(err, homing.ErrDraining) {
			t.Errorf("Go while draining: %v", err)
		}
		if err := l.client.Drain(l.ctx); err != nil {
			t.Error(err)
		}
		for _, f := range futures {
			select {
			case <-f.Done():
			default:
				t.Error("drained with a message running")
			}
		}
	})
}

func TestPendingListsWhatRunsInItsOrder(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 1 }, func(t *testing.T, l *lab) {
		var want []homing.ID
		for range 5 {
			f, err := l.client.Go(l.ctx, "echo", nil, homing.WithTimeout(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, f.ID())
		}
		var got []homing.ID
		for p := range l.client.Pending() {
			got = append(got, p.ID)
			if p.Service != "echo" || p.Deadline.Sub(p.Accepted) != time.Hour {
				t.Errorf("%+v", p)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if !l.client.Cancel(want[2]) || l.client.Cancel(homing.NewID()) {
			t.Error("Cancel does not know what is running")
		}
		synctest.Wait()
		if n := l.client.Stats().Running; n != 4 {
			t.Errorf("%d are running", n)
		}
	})
}

func TestTheTimelineAddsUp(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 0.4 }, func(t *testing.T, l *lab) {
		begun := time.Now()
		retransmitted := 0
		for _, r := range l.awaitAll(l.goAll(0, 50)) {
			p := r.Timeline
			if sum := p.Retransmission + p.Waiting + p.ETA + p.Residual; sum != p.Total {
				t.Errorf("%+v adds up to %v", p, sum)
			}
			if p.Waiting < 0 || p.ETA <= 0 || p.Total > time.Since(begun) {
				t.Errorf("%+v", p)
			}
			if (r.Answered > 1) != (p.Retransmission > 0) {
				t.Errorf("attempt %d was answered after %v of retransmission", r.Answered, p.Retransmission)
			}
			if r.Answered > 1 {
				retransmitted++
			}
		}
		if retransmitted == 0 {
			t.Error("nothing was sent twice: nothing was proved")
		}
	})
}

func TestADeliveryErrorSaysWhetherTheServiceMayHaveExecuted(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 1 }, func(t *testing.T, l *lab) {
		policy := homing.Interactive.Policy()
		policy.Attempts = 2
		_, err := l.client.Call(l.ctx, "echo", nil, homing.WithPolicy(policy))
		if !errors.Is(err, homing.ErrExhausted) || !strings.Contains(err.Error(), "after 2 attempts; the service may have executed the request") {
			t.Errorf("%v", err)
		}
		l.daemon.DropGateway(time.Hour)
		synctest.Wait()
		_, err = l.client.Call(l.ctx, "echo", nil, homing.WithTimeout(time.Minute))
		if !errors.Is(err, homing.ErrDeadline) || !strings.Contains(err.Error(), "the request never left this host") {
			t.Errorf("%v", err)
		}
	})
}

func TestAnAttemptThatWasWrittenCountsBeforeItIsReportedAsSent(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.LambdaP = 1e-5 }, func(t *testing.T, l *lab) {
		_, err := l.client.Call(l.ctx, "echo", nil, homing.WithTimeout(time.Second))
		if !errors.Is(err, homing.ErrDeadline) || !strings.Contains(err.Error(), "after 1 attempt; the service may have executed the request") {
			t.Errorf("%v", err)
		}
	})
}

func TestAfterKickALostDaemonIsDialledAtOnce(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		l.daemon.Kill()
		futures := l.goAll(0, 1)
		time.Sleep(5 * time.Minute)
		if err := l.daemon.Restart(); err != nil {
			t.Fatal(err)
		}
		l.client.Kick()
		synctest.Wait()
		if !l.client.Health().Up {
			t.Error("the client still waits out its back-off")
		}
		l.awaitAll(futures)
	})
}

func TestKickAndLateCancelsDoNoHarm(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 0.5 }, func(t *testing.T, l *lab) {
		for _, f := range l.goAll(0, 20) {
			l.client.Kick()
			if _, err := f.Await(l.ctx); err != nil {
				t.Fatal(err)
			}
			f.Cancel()
			if _, err := f.Await(l.ctx); err != nil {
				t.Errorf("a cancel after the answer: %v", err)
			}
		}
	})
}
