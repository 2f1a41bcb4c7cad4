package actors

import (
	"context"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/homing-mix/homing/arq"
)

func spawnNothing(Ref) (*actor.PID, error) { return nil, nil }

func TestSameIDServiceAndPayloadJoinTheMessageWhileItRunsAndAfterwards(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		join := func() {
			t.Helper()
			again, joined, err := l.engine.Submit(context.Background(), request(1))
			if again != p || !joined || err != nil {
				t.Errorf("joined: %v, the same: %v, %v", joined, again == p, err)
			}
		}
		join()
		l.reply(1, "answer")
		join()
		l.pass(10*time.Minute - 1)
		join()
		l.wantPackets(1)
		if sums := l.engine.Totals(); sums.Accepted != 1 || sums.Joined != 3 {
			t.Errorf("%+v", sums)
		}
		l.pass(1)
		if again := l.submit(request(1)); again == p {
			t.Error("the message is remembered for more than ten minutes")
		}
		l.wantPackets(2)
	})
}

func TestSameIDWithAnotherServiceOrPayloadIsAConflict(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		l.submit(request(1))
		other, payload := request(1), request(1)
		other.Service = "pad"
		payload.Payload = []byte("something else")
		conflict := func() {
			t.Helper()
			for _, r := range []Request{other, payload} {
				if p, _, err := l.engine.Submit(context.Background(), r); p != nil || err != ErrConflict {
					t.Errorf("it was accepted: %v, %v", p != nil, err)
				}
			}
		}
		conflict()
		l.reply(1, "answer")
		conflict()
		l.wantPackets(1)
		if n := len(l.engine.places); n != 0 {
			t.Errorf("%d places are taken", n)
		}
	})
}

func TestMessageWithoutAKeyOfItsCallersIsNotRemembered(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		r := request(1)
		r.Keyed = false
		p := l.submit(r)
		if again, joined, err := l.engine.Submit(context.Background(), r); again != p || !joined || err != nil {
			t.Errorf("while it runs it is joined all the same: %v, %v", joined, err)
		}
		l.reply(1, "answer")
		l.want(p, nil)
		if again := l.submit(r); again == p {
			t.Error("it was remembered")
		}
	})
}

func TestOfTooManyFinishedMessagesTheOldestAreForgotten(t *testing.T) {
	l := newLedger(time.Hour, 10)
	for n := range 25 {
		e := &entry{id: messageID(n), keyed: true}
		if _, err := l.admit(1, e, spawnNothing); err != nil {
			t.Fatal(err)
		}
		l.finish(e.id, arq.Answered, Result{Finished: arq.Instant(n + 1)})
	}
	for n := range 25 {
		p, err := l.lookup(30, &entry{id: messageID(n)})
		if (p != nil) != (n >= 15) || err != nil {
			t.Errorf("message %d is remembered: %v, %v", n, p != nil, err)
		}
	}
	if len(l.finished) != 10 || l.order.len() != 10 {
		t.Errorf("%d and %d are kept", len(l.finished), l.order.len())
	}
}

func TestLedgerRemembers10000MessagesFor10MinutesUnlessToldOtherwise(t *testing.T) {
	if l := newLedger(0, 0); l.retention != 10*time.Minute || l.limit != 10_000 {
		t.Errorf("%d messages for %v", l.limit, l.retention)
	}
	if l := newLedger(time.Second, 7); l.retention != time.Second || l.limit != 7 {
		t.Errorf("%d messages for %v", l.limit, l.retention)
	}
}

func TestFinishedMessageKeepsItsResultAndDropsItsActor(t *testing.T) {
	l := newLedger(0, 0)
	e := &entry{id: messageID(1), keyed: true}
	_, err := l.admit(1, e, func(Ref) (*actor.PID, error) { return actor.NewPID("nonhost", "x"), nil })
	if err != nil {
		t.Fatal(err)
	}
	if m, running := l.find(e.id); m.pid == nil || !running {
		t.Error("the running message has no actor")
	}
	l.finish(e.id, arq.Answered, Result{Finished: 1})
	if l.finished[e.id].pid != nil {
		t.Error("the PID is kept, and pins the actor")
	}
	l.finish(e.id, arq.Canceled, Result{Finished: 2, Err: ErrCanceled}) // finished already
	if r, ok := e.promise.Result(); !ok || r.Err != nil || l.sums().Canceled != 0 {
		t.Errorf("%+v, %+v", r, l.sums())
	}
}

func TestMessageIsNotAcceptedIfItsActorCannotBeMade(t *testing.T) {
	l := newLedger(0, 0)
	e := &entry{id: messageID(1)}
	if _, err := l.admit(1, e, func(Ref) (*actor.PID, error) { return nil, errTest }); err != errTest {
		t.Errorf("it was: %v", err)
	}
	if sums := l.sums(); sums.Accepted != 0 || sums.Running != 0 {
		t.Errorf("%+v", sums)
	}
}

func TestTheEndOfTheEngineReplacesAReasonForWhichItWentOn(t *testing.T) {
	later := ErrConflict // any other
	for _, c := range []struct{ first, second, want error }{
		{errTest, later, errTest}, {errTest, ErrClosed, ErrClosed}, {errTest, ErrInternal, ErrInternal},
		{ErrClosed, errTest, ErrClosed}, {ErrClosed, ErrInternal, ErrClosed}, {ErrInternal, ErrClosed, ErrInternal},
	} {
		l := newLedger(0, 0)
		l.refuse(c.first)
		l.refuse(c.second)
		if err := l.refusal(); err != c.want {
			t.Errorf("%v, then %v: %v", c.first, c.second, err)
		}
		<-l.shut
	}
}

func TestPlacesAreLimitedAndABusyEngineSaysSo(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := newLab(t, Config{Desk: DeskConfig{Waiting: 3, Window: 1}})
		for n := range 3 {
			l.submit(request(n))
		}
		if _, _, err := l.engine.Submit(context.Background(), request(3)); err != ErrBusy {
			t.Fatalf("a fourth message: %v", err)
		}
		if _, joined, err := l.engine.Submit(context.Background(), request(2)); !joined || err != nil {
			t.Errorf("joining takes no place: %v, %v", joined, err)
		}
		l.up(1, false) // the first is written: its place is free
		l.submit(request(4))
		if _, _, err := l.engine.Submit(context.Background(), request(5)); err != ErrBusy {
			t.Errorf("a fifth message: %v", err)
		}
		l.engine.Cancel(messageID(2), nil)
		l.settle()
		l.submit(request(6))
	})
}

func TestWhoWaitsGetsThePlaceOfTheFirstWrite(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := newLab(t, Config{Desk: DeskConfig{Waiting: 1, Window: 1}})
		l.submit(request(0))
		r := request(1)
		r.Wait = true
		if _, _, err := l.engine.Submit(ended(), r); err != errTest {
			t.Errorf("it waited past its context: %v", err)
		}
		accepted := make(chan error)
		go func() {
			_, _, err := l.engine.Submit(context.Background(), r)
			accepted <- err
		}()
		l.pass(time.Hour)
		select {
		case err := <-accepted:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		l.up(1, false)
		if err := <-accepted; err != nil {
			t.Error(err)
		}
		for m := range l.engine.Pending() {
			if m.ID == r.ID && m.Accepted != l.clock.Now() {
				t.Errorf("accepted %v before it had a place", l.clock.Now().Sub(m.Accepted))
			}
		}
	})
}

func TestTwoCallersWithOneIDShareOneMessage(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := newLab(t, Config{Desk: DeskConfig{Waiting: 1}})
		l.submit(request(0))
		promises := make(chan *Promise)
		for range 2 { // both pass the look-up, and wait for a place
			go func() {
				r := request(1)
				r.Wait = true
				p, _, err := l.engine.Submit(context.Background(), r)
				if err != nil {
					t.Error(err)
				}
				promises <- p
			}()
		}
		l.settle()
		l.up(1, false)
		if a, b := <-promises, <-promises; a != b {
			t.Error("they hold two messages")
		}
		l.wantPackets(2)
		if n := len(l.engine.places); n != 0 {
			t.Errorf("%d places are taken", n)
		}
	})
}
