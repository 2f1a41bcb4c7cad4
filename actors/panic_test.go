package actors

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
)

func TestPanicInAMessageActorFailsItsOwnMessageAndFreesItsPlaceAndSlot(t *testing.T) {
	for _, kind := range []arq.Kind{arq.Start, arq.Sent, arq.Reply, arq.Cancel} {
		t.Run(kind.String(), func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				l := upLab(t, Config{
					Desk: DeskConfig{Window: 1, Waiting: 2},
					Observe: func(o Observation) {
						if o.Ordinal == 1 && o.Event.Kind == kind {
							panic("boom")
						}
					},
				})
				first := l.submit(request(1))
				second := l.submit(request(2))
				if kind == arq.Cancel {
					l.engine.Cancel(messageID(1), nil)
				}
				for n := uint64(1); n <= l.drawn; n++ {
					l.sent(n, time.Second)
					l.reply(n, "answer")
				}
				if r := l.want(first, ErrInternal); r.Cause == nil || r.Cause.Error() != "panic in a message actor: boom" || !r.MayHaveExecuted {
					t.Errorf("%+v", r)
				}
				l.want(second, nil)
				for n := 3; n < 6; n++ { // places and the slot are all there again
					p := l.submit(request(n))
					l.sent(l.drawn, time.Second)
					l.reply(l.drawn, "answer")
					l.want(p, nil)
				}
				if sums := l.engine.Totals(); sums.Internal != 1 || sums.Answered != 4 {
					t.Errorf("%+v", sums)
				}
				l.clock.mu.Lock()
				if n := l.clock.timers.Len(); n != 0 {
					t.Errorf("%d timers are armed", n)
				}
				l.clock.mu.Unlock()
				if c := l.engine.Counters(); c.InWindow != 0 || c.Waiting != 0 || len(l.engine.places) != 0 {
					t.Errorf("%d places taken, %+v", len(l.engine.places), c)
				}
				if _, _, err := l.engine.Submit(context.Background(), request(1)); err != nil {
					t.Errorf("the failed message is not remembered: %v", err)
				}
			})
		})
	}
}

func TestPanicInTheDispatcherEndsTheClient(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := newLab(t, Config{})
		l.transmit = func(p Packet) {
			if p.SURBID == surb(3) {
				panic("boom")
			}
		}
		var promises []*Promise
		for n := range 10 {
			promises = append(promises, l.submit(request(n)))
		}
		l.up(1, false)
		for _, p := range promises {
			if r := l.want(p, ErrInternal); r.Cause == nil || !r.MayHaveExecuted {
				t.Errorf("%+v", r)
			}
		}
		<-l.engine.Stopped()
		if err := l.engine.Failure(); err == nil || err.Error() != "panic in the dispatcher: boom" {
			t.Errorf("the failure is %v", err)
		}
		if _, _, err := l.engine.Submit(context.Background(), request(1)); err != ErrInternal {
			t.Errorf("Submit returned %v", err)
		}
		if err := l.engine.Deliver(context.Background(), LinkEvent{}); err != ErrClosed {
			t.Errorf("Deliver returned %v", err)
		}
		if err := l.engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if _, _, err := l.engine.Submit(context.Background(), request(1)); err != ErrInternal {
			t.Errorf("Submit after Close returned %v", err)
		}
	})
}

// busyLab is a lab with a message that has been cancelled while the dispatcher
// was busy with its packet, and one that waits. release lets the dispatcher go on.
func busyLab(t *testing.T, transmit func()) (l *lab, canceled *Promise, release func()) {
	pool := NewPool(4) // so that a blocked dispatcher leaves workers to the others
	l = newLab(t, Config{Dispatcher: pool, Desk: DeskConfig{Window: 1}})
	t.Cleanup(func() {
		if err := l.engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
		pool.Close()
	})
	canceled = l.submit(request(1))
	l.submit(request(2))
	hold := make(chan struct{})
	release = sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	l.transmit = func(Packet) {
		<-hold
		transmit()
	}
	l.up(1, false)
	l.engine.Cancel(messageID(1), errTest)
	l.wantPending(canceled) // the dispatcher has the last word
	return l, canceled, release
}

func TestOutcomeThatOnlyWaitedForTheDispatcherStandsWhenItPanics(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l, p, release := busyLab(t, func() { panic("boom") })
		release()
		if r := l.want(p, errTest); !r.MayHaveExecuted || len(r.Attempts) != 1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestReplyThatComesAfterTheOutcomeIsNotInTheResult(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l, p, release := busyLab(t, func() {})
		m, _ := l.engine.ledger.find(messageID(1))
		reply := arq.Event{Kind: arq.Reply, Generation: 1, Attempt: 1}
		l.engine.send(m.pid, &told{event: reply, payload: []byte("late")})
		l.wantPending(p)
		release()
		if r := l.want(p, errTest); r.Answered != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestPanicAfterTheOutcomeNeitherChangesItNorGivesThePlaceBackTwice(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l, p, release := busyLab(t, func() {})
		m, _ := l.engine.ledger.find(messageID(1))
		l.engine.send(m.pid, (*cancel)(nil))
		if r := l.want(p, errTest); !r.MayHaveExecuted {
			t.Errorf("%+v", r)
		}
		release()
		l.settle()
		if n := len(l.engine.places); n != 1 {
			t.Errorf("%d places are taken, want that of message 2", n)
		}
	})
}

func TestMessagesSubmittedWhileTheDispatcherPanicsAllEnd(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		l.transmit = func(p Packet) {
			if p.SURBID == surb(4) {
				panic("boom")
			}
		}
		results := make(chan error, 100)
		for n := range 100 {
			go func() {
				p, _, err := l.engine.Submit(context.Background(), request(n))
				if err == nil {
					var r Result
					if r, err = p.Await(context.Background()); err == nil {
						err = r.Err
					}
				}
				results <- err
			}()
		}
		l.settle()
		l.hand(LinkEvent{Kind: LinkSent, SURBID: surb(1), ETA: time.Second})
		for range 100 {
			if err := <-results; err != ErrInternal {
				t.Errorf("it ended with %v", err)
			}
		}
	})
}

// hand is deliver for an engine that may have stopped.
func (l *lab) hand(e LinkEvent) {
	if err := l.engine.Deliver(context.Background(), e); err != nil && err != ErrClosed {
		l.t.Fatal(err)
	}
}
