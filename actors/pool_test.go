package actors

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestEveryScheduledFunctionRunsOnce(t *testing.T) {
	for _, workers := range []int{0, 1, 4} {
		p := NewPool(workers)
		const n = 20_000
		var runs [n]atomic.Int32
		var scheduling sync.WaitGroup
		for from := range 4 {
			scheduling.Go(func() {
				for i := from; i < n; i += 4 {
					p.Schedule(func() { runs[i].Add(1) })
				}
			})
		}
		scheduling.Wait()
		p.Close()
		for i := range runs {
			if got := runs[i].Load(); got != 1 {
				t.Fatalf("%d workers: function %d ran %d times", workers, i, got)
			}
		}
	}
}

func TestOneWorkerRunsInTheOrderOfScheduling(t *testing.T) {
	p := NewPool(1)
	var order []int
	for i := range 5000 {
		p.Schedule(func() { order = append(order, i) })
	}
	p.Close()
	for i, v := range order {
		if i != v {
			t.Fatalf("function %d ran as number %d", v, i)
		}
	}
	if len(order) != 5000 {
		t.Errorf("%d ran", len(order))
	}
}

func TestCloseRunsWhatIsQueuedAndWhatThatSchedules(t *testing.T) {
	for _, workers := range []int{1, 3} {
		p := NewPool(workers)
		var ran atomic.Int32
		var again func(left int)
		again = func(left int) {
			ran.Add(1)
			if left > 0 {
				p.Schedule(func() { again(left - 1) })
			}
		}
		p.Schedule(func() { again(999) })
		p.Close()
		if ran.Load() != 1000 {
			t.Errorf("%d workers: %d of 1000 ran", workers, ran.Load())
		}
	}
}

func TestClosingAPoolTwiceOrTogetherIsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(3)
		release := make(chan struct{})
		p.Schedule(func() { <-release })
		var closed atomic.Int32
		for range 4 {
			go func() {
				p.Close()
				closed.Add(1)
			}()
		}
		synctest.Wait()
		if closed.Load() != 0 {
			t.Error("Close did not wait for a worker")
		}
		close(release)
		synctest.Wait()
		if closed.Load() != 4 {
			t.Errorf("%d of 4 calls returned", closed.Load())
		}
		p.Close()
	})
}

func TestWorkersSleepWhileThereIsNothingToDoAndWakeForEveryFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(2)
		defer p.Close()
		for i := range 100 {
			var ran atomic.Int32
			for range i % 5 {
				p.Schedule(func() { ran.Add(1) })
			}
			synctest.Wait() // returns only if every worker sleeps
			if int(ran.Load()) != i%5 {
				t.Fatalf("%d of %d ran", ran.Load(), i%5)
			}
		}
	})
}

func TestBusyWorkerDoesNotKeepOthersFromWorking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(2)
		defer p.Close()
		release, ran := make(chan struct{}), make(chan struct{})
		p.Schedule(func() { <-release })
		p.Schedule(func() { close(ran) })
		<-ran
		close(release)
	})
}
