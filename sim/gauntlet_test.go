package sim

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin"
)

// TestTheThinClientGoesThroughEveryQuirkAndNeverCausesOne drives Homing's thin
// client, which retransmits nothing, through the losses that give the quirks
// their occasions: what is lost comes back as an error or not at all, and what
// is asked again is answered.
func TestTheThinClientGoesThroughEveryQuirkAndNeverCausesOne(t *testing.T) {
	for _, version := range versions {
		quirks, err := QuirksOf(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range quirks {
			if q.Quirk == StaleSocket {
				continue // there is no socket here
			}
			t.Run(string(q.Quirk)+"/"+version, func(t *testing.T) {
				bubble(t, version, func(c *DaemonConfig) {
					c.With = []Quirk{q.Quirk}
					c.Mixnet.Loss = 0.05
				}, func(t *testing.T, d *Daemon) {
					misfortunes := d.misfortunes()
					ctx, cancel := context.WithTimeout(t.Context(), failsafe)
					client, err := thin.Dial(ctx, thin.Config{Dial: d.Dial})
					cancel()
					if err != nil {
						t.Fatal(err)
					}
					defer client.Close()
					for i := range 60 {
						ask(t, client, []byte{byte(i)})
						time.Sleep(5 * time.Second)
					}
					<-misfortunes
					ask(t, client, []byte("when all is over"))
					if err := client.Close(); err != nil {
						t.Error(err)
					}
					synctest.Wait()
					if c := d.Counters(); c.Crashes != 0 || c.tally.Violations != 0 || c.BlackHoles != 0 {
						t.Errorf("%+v: %v", c, d.Violations())
					}
				})
			})
		}
	}
}

// misfortunes befall a daemon one after the other; the channel is closed when
// all have passed.
func (d *Daemon) misfortunes() <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		for _, m := range []struct {
			after  time.Duration
			befall func()
		}{
			{20 * time.Second, func() { d.DropGateway(30 * time.Second) }},
			{50 * time.Second, d.HangUp},
			{5 * time.Second, d.HangUp},
			{30 * time.Second, func() { d.RestartMix(30 * time.Second) }},
			{45 * time.Second, d.NewDocument},
			{0, d.AdvanceEpoch},
			{10 * time.Second, func() {
				d.SetFaults(Faults{DuplicateSent: 0.5, DuplicateReply: 0.5, SentAfterReply: 0.5, Reordered: 0.3})
			}},
			{30 * time.Second, func() { d.SetFaults(Faults{MissingSent: 0.3, LateReply: 0.3}) }},
			{30 * time.Second, func() { d.SetFaults(Faults{}) }},
			{0, func() { d.Restart() }}, // also what an operator does with a wedged daemon
			{20 * time.Second, d.Kill},
			{10 * time.Second, func() { d.Start() }},
		} {
			time.Sleep(m.after)
			m.befall()
		}
	}()
	return over
}

// ask sends until there is an answer.
func ask(t *testing.T, client *thin.Client, body []byte) {
	t.Helper()
	for range 100 {
		service, err := client.Service(EchoCapability)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		reply, err := client.BlockingSendMessage(ctx, service, body)
		cancel()
		if err == nil {
			if string(reply[:len(body)]) != string(body) {
				t.Fatalf("%q for %q", reply[:len(body)], body)
			}
			return
		}
		var failed *thin.SendError
		if errors.Is(err, thin.ErrClosed) || errors.Is(err, thin.ErrInvalid) || errors.As(err, &failed) && failed.Permanent {
			t.Fatal(err)
		}
	}
	t.Fatalf("%q is never answered", body)
}
