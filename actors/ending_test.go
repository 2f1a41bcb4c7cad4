package actors

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
)

func ended() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errTest)
	return ctx
}

func TestCloseEndsEveryMessageWithErrClosed(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{Desk: DeskConfig{Window: 2}})
		var promises []*Promise
		for n := range 10 {
			promises = append(promises, l.submit(request(n)))
		}
		l.sent(1, time.Minute)
		for range 2 { // the second call is for nothing
			if err := l.engine.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		for n, p := range promises {
			if r := l.want(p, ErrClosed); r.MayHaveExecuted != (n < 3) {
				t.Errorf("message %d: %+v", n, r)
			}
		}
		if sums := l.engine.Totals(); sums.Closed != 10 || sums.Running != 0 {
			t.Errorf("%+v", sums)
		}
		if err := l.engine.Failure(); err != nil {
			t.Error(err)
		}
		if _, _, err := l.engine.Submit(context.Background(), request(1)); err != ErrClosed {
			t.Errorf("Submit after Close: %v", err)
		}
		if err := l.engine.Deliver(context.Background(), LinkEvent{Kind: LinkDown}); err != ErrClosed {
			t.Errorf("Deliver after Close: %v", err)
		}
		if l.engine.Cancel(messageID(1), nil) {
			t.Error("a message runs after Close")
		}
		l.engine.Kick()
	})
}

func TestDeliverNeverWaitsForAStoppedEngine(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		if err := l.engine.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		for range 3 * postedEvents {
			if err := l.engine.Deliver(context.Background(), LinkEvent{Kind: LinkDown}); err != ErrClosed {
				t.Fatal(err)
			}
		}
	})
}

func TestCloseWithAnEndedContextReturnsItsCauseAndIsCalledAgain(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		if err := l.engine.Close(ended()); !errors.Is(err, errTest) {
			t.Errorf("it returned %v", err)
		}
		l.want(p, ErrClosed)
		if err := l.engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseFromManyGoroutines(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		for range 8 {
			go func() {
				if err := l.engine.Close(context.Background()); err != nil {
					t.Error(err)
				}
			}()
		}
		l.want(p, ErrClosed)
	})
}

func TestStopEndsMessagesThatStillRun(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		l.engine.Stop()
		l.engine.Stop()
		if r := l.want(p, ErrClosed); !r.MayHaveExecuted || len(r.Attempts) != 1 {
			t.Errorf("%+v", r)
		}
		<-l.engine.Stopped()
		if _, _, err := l.engine.Submit(context.Background(), request(2)); err != ErrClosed {
			t.Errorf("Submit after Stop: %v", err)
		}
	})
}

func TestMessageEndedByCloseIsNotRemembered(t *testing.T) {
	l := newLedger(0, 0)
	e := &entry{id: messageID(1), keyed: true}
	if _, err := l.admit(1, e, spawnNothing); err != nil {
		t.Fatal(err)
	}
	l.finish(e.id, arq.Canceled, Result{Err: ErrClosed, Finished: 1})
	if p, err := l.lookup(1, &entry{id: messageID(1)}); p != nil || err != nil {
		t.Errorf("lookup found %v, %v", p, err)
	}
}

func TestRefuseLetsRunningMessagesGoOnAndIdleTellsWhenTheyHaveEnded(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		<-l.engine.Idle()
		p := l.submit(request(1))
		l.engine.Refuse(errTest)
		l.engine.Refuse(errors.New("test: later"))
		if _, _, err := l.engine.Submit(context.Background(), request(2)); err != errTest {
			t.Errorf("Submit returned %v", err)
		}
		idle := l.engine.Idle()
		l.wantPending(p)
		select {
		case <-idle:
			t.Error("it is idle while a message runs")
		default:
		}
		l.reply(1, "answer")
		l.want(p, nil)
		<-idle
		if err := l.engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if _, _, err := l.engine.Submit(context.Background(), request(3)); err != ErrClosed {
			t.Errorf("Submit after Close: %v", err)
		}
	})
}

func TestWhoWaitsForAPlaceIsToldAtOnceThatNoneWillCome(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*lab)
		want error
	}{
		"close":  {func(l *lab) { l.engine.Shut() }, ErrClosed},
		"refuse": {func(l *lab) { l.engine.Refuse(errTest) }, errTest},
		"panic":  {func(l *lab) { l.pass(testSilence) }, ErrInternal},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				l := upLab(t, Config{Desk: DeskConfig{Window: 1, Waiting: 1}})
				l.reset = func(error) { panic("boom") }
				l.submit(request(0))
				l.submit(request(1)) // holds the place
				got := make(chan error, 1)
				go func() {
					r := request(2)
					r.Wait = true
					_, _, err := l.engine.Submit(context.Background(), r)
					got <- err
				}()
				l.settle()
				c.end(l)
				l.settle()
				select {
				case err := <-got:
					if err != c.want {
						t.Errorf("it got %v, want %v", err, c.want)
					}
				default:
					t.Error("it is still waiting")
					l.engine.Cancel(messageID(1), nil)
				}
			})
		})
	}
}

func TestDeliverWaitsWhileTooManyEventsAreUnhandled(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		hold := make(chan struct{})
		l.transmit = func(Packet) { <-hold }
		l.submit(request(1)) // the dispatcher is busy now
		for range postedEvents {
			if err := l.engine.Deliver(context.Background(), LinkEvent{Kind: LinkCollected}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeoutCause(context.Background(), time.Minute, errTest)
		defer cancel()
		if err := l.engine.Deliver(ctx, LinkEvent{Kind: LinkCollected}); err != errTest {
			t.Errorf("it returned %v", err)
		}
		delivered := make(chan error)
		go func() { delivered <- l.engine.Deliver(context.Background(), LinkEvent{Kind: LinkCollected}) }()
		l.settle()
		close(hold)
		if err := <-delivered; err != nil {
			t.Error(err)
		}
		l.settle()
		if c := l.engine.Counters(); c.Collected != postedEvents+1 {
			t.Errorf("%d events were handled", c.Collected)
		}
	})
}

func TestAwaitOfManyEndsWithTheirMessages(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{Desk: DeskConfig{Window: 8}})
		results := make(chan string, 100)
		for n := range 100 {
			p := l.submit(request(n))
			go func() {
				r, err := p.Await(context.Background())
				results <- fmt.Sprintf("%s %v %v", r.Payload, r.Err, err)
			}()
		}
		for n := range uint64(100) {
			l.sent(n+1, time.Second)
			l.reply(n+1, "answer")
		}
		for range 100 {
			if r := <-results; r != "answer <nil> <nil>" {
				t.Error(r)
			}
		}
	})
}
