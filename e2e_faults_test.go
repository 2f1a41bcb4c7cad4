package homing_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
)

// goAll accepts requests from..to and returns their futures.
func (l *lab) goAll(from, to int) []*homing.Future {
	l.t.Helper()
	var futures []*homing.Future
	for i := from; i < to; i++ {
		f, err := l.client.Go(l.ctx, "echo", body(i), homing.WithFraming(homing.Sized), patient())
		if err != nil {
			l.t.Fatal(err)
		}
		futures = append(futures, f)
	}
	return futures
}

// awaitAll fails the test unless each future has the answer to its request.
func (l *lab) awaitAll(futures []*homing.Future) []*homing.Reply {
	l.t.Helper()
	var replies []*homing.Reply
	for i, f := range futures {
		r, err := f.Await(l.ctx)
		if err != nil {
			l.t.Fatalf("request %d: %v", i, err)
		}
		if string(r.Payload) != string(body(i)) {
			l.t.Fatalf("request %d got %q", i, r.Payload)
		}
		replies = append(replies, r)
	}
	return replies
}

// awaitAny waits until n of the futures have their answers, whichever: the
// order in which messages are accepted is not that in which they are sent.
func (l *lab) awaitAny(futures []*homing.Future, n int) {
	l.t.Helper()
	answered := make(chan error, len(futures))
	for _, f := range futures {
		go func() {
			_, err := f.Await(l.ctx)
			answered <- err
		}()
	}
	for range n {
		if err := <-answered; err != nil {
			l.t.Fatal(err)
		}
	}
}

func TestEveryMessageOutstandingAtARestartOfTheDaemonIsAnswered(t *testing.T) {
	for _, version := range dialects {
		t.Run(version, func(t *testing.T) {
			l := newLab(t, version, func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.LambdaP = 0.005 })
			futures := l.goAll(0, 150)
			l.awaitAny(futures, 5)
			if n := l.client.Stats().Running; n < 100 {
				t.Fatalf("only %d messages were outstanding", n)
			}
			l.daemon.Kill()
			if err := l.daemon.Restart(); err != nil {
				t.Fatal(err)
			}
			if err := l.daemon.SetLoss(0.2); err != nil {
				t.Fatal(err)
			}
			l.atMostAsSent(l.awaitAll(futures))
			if s := l.client.Stats(); s.Downs != 1 || s.LinkLosses == 0 {
				t.Errorf("the restart was not noticed: %+v", s)
			}
		})
	}
}

func TestAfterAGatewayFlipAllIsAnsweredAndNothingQueuedIsSentTwice(t *testing.T) {
	for _, version := range dialects {
		t.Run(version, func(t *testing.T) {
			inVirtualTime(t, version, func(d *sim.DaemonConfig, _ *homing.Config) {
				d.Mixnet.LambdaP = 0.002
			}, func(t *testing.T, l *lab) {
				futures := l.goAll(0, 100)
				l.awaitAny(futures, 10)
				queued := l.daemon.Counters().Queued
				l.daemon.DropGateway(30 * time.Second)
				l.atMostAsSent(l.awaitAll(futures))

				s, d := l.client.Stats(), l.daemon.Counters()
				if queued == 0 || s.LinkLosses == 0 {
					t.Errorf("%d attempts were queued and %d lost: nothing was proved", queued, s.LinkLosses)
				}
				// Nothing is lost but by the flip: every departure beyond the
				// first of each message must make up for one lost to it.
				if want := 100 + s.LinkLosses; d.Departed != want || s.Sends != want {
					t.Errorf("%d sends and %d departures for 100 messages and %d losses", s.Sends, d.Departed, s.LinkLosses)
				}
				if s.Downs != 0 {
					t.Errorf("the link went down %d times", s.Downs)
				}
			})
		})
	}
}

func TestOfAMessageCancelledWhileItWaitsNoPacketIsSent(t *testing.T) {
	for _, version := range dialects {
		t.Run(version, func(t *testing.T) {
			inVirtualTime(t, version, nil, func(t *testing.T, l *lab) {
				first := l.goAll(0, 20)
				cancelled, err := l.client.Go(l.ctx, "echo", []byte("cancelled"))
				if err != nil {
					t.Fatal(err)
				}
				cancelled.Cancel()
				_, err = cancelled.Await(l.ctx)
				var failure *homing.DeliveryError
				if !errors.Is(err, homing.ErrCanceled) || !errors.As(err, &failure) || failure.MayHaveExecuted {
					t.Errorf("cancelled while it waited: %v", err)
				}
				l.awaitAll(first)
				time.Sleep(time.Minute)
				if n := l.daemon.Counters().Departed; n != 20 {
					t.Errorf("%d packets left for 20 messages", n)
				}
				if l.service.Executions([]byte("cancelled")) != 0 {
					t.Error("the cancelled message was executed")
				}
			})
		})
	}
}

func TestCallEndsItsMessageWithItsContext(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 1 }, func(t *testing.T, l *lab) {
		ctx, cancel := context.WithTimeout(l.ctx, 10*time.Second)
		defer cancel()
		_, err := l.client.Call(ctx, "echo", []byte("lost"))
		var failure *homing.DeliveryError
		if !errors.Is(err, homing.ErrDeadline) || !errors.As(err, &failure) || !failure.MayHaveExecuted {
			t.Fatalf("a call whose deadline passed: %v", err)
		}
		ctx, cancel = context.WithCancel(l.ctx)
		time.AfterFunc(5*time.Second, cancel)
		if _, err = l.client.Call(ctx, "echo", []byte("lost")); !errors.Is(err, homing.ErrCanceled) || !errors.Is(err, context.Canceled) {
			t.Fatalf("a cancelled call: %v", err)
		}
		synctest.Wait()
		if s := l.client.Stats(); s.Running != 0 || s.Expired != 1 || s.Canceled != 1 {
			t.Errorf("%+v", s)
		}
		sends := l.client.Stats().Sends
		time.Sleep(10 * time.Minute)
		if n := l.client.Stats().Sends; n != sends {
			t.Errorf("%d packets were sent for messages that had ended", n-sends)
		}
	})
}

func TestAReplyToAnEarlierAttemptIsTheAnswer(t *testing.T) {
	// The only reply comes after the retransmission was sent: it is an answer
	// to attempt 1, and attempt 2 is lost.
	for _, version := range dialects {
		t.Run(version, func(t *testing.T) {
			inVirtualTime(t, version, func(d *sim.DaemonConfig, _ *homing.Config) {
				d.Mixnet.Residual, d.Mixnet.Slop = sim.Constant(12*time.Second), time.Minute
			}, func(t *testing.T, l *lab) {
				future := l.goAll(0, 1)
				for l.client.Stats().Departed == 0 {
					time.Sleep(time.Second)
				}
				if err := l.daemon.SetLoss(1); err != nil {
					t.Fatal(err)
				}
				r := l.awaitAll(future)[0]
				if r.Answered != 1 || len(r.Attempts) < 2 {
					t.Errorf("attempt %d of %d was answered", r.Answered, len(r.Attempts))
				}
				if l.client.Stats().Late != 1 {
					t.Error("the answer was not counted as late")
				}
			})
		})
	}
}

func TestNoTwoDeparturesOfAMessageAreLessThanThreeSecondsApart(t *testing.T) {
	for _, profile := range []homing.Profile{homing.Interactive, homing.Balanced, homing.Guarded} {
		t.Run(profile.String(), func(t *testing.T) {
			inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 0.8 }, func(t *testing.T, l *lab) {
				var futures []*homing.Future
				for i := range 50 {
					f, err := l.client.Go(l.ctx, "echo", body(i), homing.WithProfile(profile))
					if err != nil {
						t.Fatal(err)
					}
					futures = append(futures, f)
				}
				retransmissions := 0
				for i, f := range futures {
					if i%10 == 5 {
						l.daemon.DropGateway(2 * time.Second)
						l.client.Kick()
					}
					var attempts []homing.Attempt
					var failure *homing.DeliveryError
					switch r, err := f.Await(l.ctx); {
					case err == nil:
						attempts = r.Attempts
					case errors.As(err, &failure):
						attempts = failure.Attempts
					default:
						t.Fatal(err)
					}
					attempts = slices.DeleteFunc(slices.Clone(attempts), func(a homing.Attempt) bool { return a.Departure == 0 })
					for k := 1; k < len(attempts); k++ {
						retransmissions++
						if gap := attempts[k].Departure.Sub(attempts[k-1].Departure); gap < 3*time.Second {
							t.Errorf("message %d: attempts %d and %d left within %v", i, attempts[k-1].Number, attempts[k].Number, gap)
						}
					}
					if limit := profile.Policy().Attempts; len(attempts) > limit {
						t.Errorf("message %d was sent %d times, %d are allowed", i, len(attempts), limit)
					}
				}
				if retransmissions < 50 {
					t.Errorf("only %d retransmissions: nothing was proved", retransmissions)
				}
			})
		})
	}
}

func TestClosingTheClientEndsWhatIsOutstanding(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) { d.Mixnet.Loss = 1 }, func(t *testing.T, l *lab) {
		futures := l.goAll(0, 30)
		time.Sleep(10 * time.Second)
		l.client.Close()
		for _, f := range futures {
			if _, err := f.Await(l.ctx); !errors.Is(err, homing.ErrClosed) {
				t.Fatalf("after Close: %v", err)
			}
		}
		if _, err := l.client.Go(l.ctx, "echo", nil); !errors.Is(err, homing.ErrClosed) {
			t.Errorf("Go after Close: %v", err)
		}
		if err := l.client.Ready(l.ctx); !errors.Is(err, homing.ErrClosed) {
			t.Errorf("Ready after Close: %v", err)
		}
		if err := l.client.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
	})
}
