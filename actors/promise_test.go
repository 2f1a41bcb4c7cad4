package actors

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPromiseIsCompletedOnce(t *testing.T) {
	var p Promise
	if _, ok := p.Result(); ok {
		t.Error("it has a result before any")
	}
	var first, won sync.WaitGroup
	wins := make(chan int, 16)
	first.Add(1)
	for i := range 16 {
		won.Go(func() {
			first.Wait()
			if p.Complete(Result{Answered: i}) {
				wins <- i
			}
		})
	}
	first.Done()
	won.Wait()
	r, ok := p.Result()
	if winner := <-wins; len(wins) != 0 || !ok || r.Answered != winner {
		t.Errorf("%d more completed it; it holds %d of %d, %v", len(wins), r.Answered, winner, ok)
	}
}

func TestReadyResultBeatsAnEndedContext(t *testing.T) {
	var p Promise
	p.Complete(Result{Answered: 3})
	for range 100 {
		if r, err := p.Await(ended()); err != nil || r.Answered != 3 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
}

// justEnded is a context that ends in the moment in which a promise is kept.
type justEnded struct {
	context.Context
	promise *Promise
}

func (c justEnded) Done() <-chan struct{} {
	c.promise.Complete(Result{Answered: 1})
	return c.Context.Done()
}

func TestResultAndEndOfContextAtOnceGiveTheResult(t *testing.T) {
	for range 100 { // a select would take either
		var p Promise
		if r, err := p.Await(justEnded{ended(), &p}); err != nil || r.Answered != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
}

func TestAwaitReturnsTheCauseOfItsContextAndMayBeCalledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Promise
		ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, errTest)
		defer cancel()
		if _, err := p.Await(ctx); err != errTest {
			t.Errorf("it returned %v", err)
		}
		p.Complete(Result{Answered: 1})
		if r, err := p.Await(context.Background()); err != nil || r.Answered != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func TestManyMayAwaitOnePromise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Promise
		var waiting sync.WaitGroup
		for range 100 {
			waiting.Go(func() {
				if r, err := p.Await(context.Background()); err != nil || r.Answered != 7 {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
		synctest.Wait()
		p.Complete(Result{Answered: 7})
		waiting.Wait()
		<-p.Done()
	})
}

func TestDoneIsClosedWhoeverAsksFirst(t *testing.T) {
	var before, after Promise
	done := before.Done()
	before.Complete(Result{})
	after.Complete(Result{})
	<-done
	<-before.Done()
	<-after.Done()
}
