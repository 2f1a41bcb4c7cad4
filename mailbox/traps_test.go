package mailbox_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/homing-mix/homing/mailbox"
)

// What protoactor does around a mailbox, and what the actors rely on. The run queue of a test is its own goroutine.

// stop is the one supervision strategy: an actor that panics is stopped, not restarted with its state lost.
var stop = actor.NewOneForOneStrategy(0, 0, func(any) actor.Directive { return actor.StopDirective })

type runQueue struct{ waiting []func() }

func (q *runQueue) Schedule(activate func()) { q.waiting = append(q.waiting, activate) }
func (q *runQueue) Throughput() int          { return 2 }

func (q *runQueue) drain() {
	for len(q.waiting) > 0 {
		activate := q.waiting[0]
		q.waiting = q.waiting[1:]
		activate()
	}
}

func newSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
}

// stage is an actor system with one actor, which writes down what it sees and panics when told to.
type stage struct {
	system *actor.ActorSystem
	root   *actor.RootContext
	queue  *runQueue
	pid    *actor.PID
	made   int
	seen   []string
}

// boom makes the actor of a stage panic.
type boom struct{ quiet }

// quiet is a message that leaves no dead letter in the log.
type quiet struct{}

func (quiet) IgnoreDeadLetterLogging() {}

func newStage(dispatcher actor.Dispatcher) *stage {
	s := &stage{system: newSystem(), queue: &runQueue{}}
	s.root = s.system.Root.Copy().WithGuardian(stop)
	if dispatcher == nil {
		dispatcher = s.queue
	}
	s.pid = s.root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		s.made++
		return actor.ReceiveFunc(s.receive)
	}, actor.WithMailbox(mailbox.NewLean), actor.WithDispatcher(dispatcher)))
	return s
}

func (s *stage) receive(c actor.Context) {
	s.seen = append(s.seen, strings.TrimPrefix(fmt.Sprintf("%T", c.Message()), "*actor."))
	switch m := c.Message().(type) {
	case string:
		s.seen[len(s.seen)-1] = m
	case boom:
		panic("boom")
	}
}

func (s *stage) wantSeen(t *testing.T, want ...string) {
	t.Helper()
	s.queue.drain()
	if !slices.Equal(s.seen, want) {
		t.Errorf("the actor saw %q, want %q", s.seen, want)
	}
	s.seen = nil
}

func (s *stage) alive() bool {
	_, alive := s.system.ProcessRegistry.GetLocal(s.pid.Id)
	return alive
}

func TestAPanicInAnActorSuspendsItsMailboxAndStopStrategyEndsIt(t *testing.T) {
	s := newStage(nil)
	s.root.Send(s.pid, "before")
	s.root.Send(s.pid, boom{})
	s.root.Send(s.pid, "after")
	s.wantSeen(t, "Started", "before", "mailbox_test.boom", "Stopping", "Stopped")
	if s.alive() || s.made != 1 {
		t.Errorf("after a panic the actor is alive: %v; it was made %d times, want once", s.alive(), s.made)
	}
}

func TestAPanicInOneActorLeavesTheOthersAlone(t *testing.T) {
	s := newStage(nil)
	other := 0
	pid := s.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(string); ok {
			other++
		}
	}, actor.WithMailbox(mailbox.NewLean), actor.WithDispatcher(s.queue)))
	s.root.Send(s.pid, boom{})
	s.root.Send(pid, "a")
	s.queue.drain()
	s.root.Send(pid, "b")
	s.queue.drain()
	if other != 2 {
		t.Errorf("the other actor saw %d messages, want 2", other)
	}
}

func TestAPanicWhileStartingEndsTheActor(t *testing.T) {
	s := newStage(nil)
	pid := s.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			panic("boom")
		}
	}, actor.WithMailbox(mailbox.NewLean), actor.WithDispatcher(s.queue)))
	s.queue.drain()
	if _, alive := s.system.ProcessRegistry.GetLocal(pid.Id); alive {
		t.Error("the actor is alive")
	}
}

func TestStopOvertakesQueuedMessagesAndLosesThemWithoutAWord(t *testing.T) {
	s := newStage(nil)
	letters := 0
	s.system.EventStream.Subscribe(func(event any) {
		if _, ok := event.(*actor.DeadLetterEvent); ok {
			letters++
		}
	})
	s.queue.drain()
	s.root.Send(s.pid, "queued")
	s.root.Stop(s.pid)
	s.wantSeen(t, "Started", "Stopping", "Stopped")
	if letters != 0 {
		t.Errorf("%d dead letters tell of the lost messages; none did before", letters)
	}
}

func TestPoisonWaitsForTheMessagesBeforeIt(t *testing.T) {
	s := newStage(nil)
	s.root.Send(s.pid, "before")
	s.root.Poison(s.pid)
	s.root.Send(s.pid, "after")
	s.wantSeen(t, "Started", "before", "Stopping", "Stopped")
}

func TestNilMessageDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(actor.NewDefaultDispatcher(10))
		s.root.Send(s.pid, nil)
		s.root.Send(s.pid, "after")
		synctest.Wait() // a goroutine that spins would never be found waiting
		s.wantSeen(t, "Started", "after")
	})
}

func TestActorThatWritesToItselfGivesWayToOthers(t *testing.T) {
	q, system := &runQueue{}, newSystem()
	turns := 0
	busy := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(string); ok && turns < 1000 {
			turns++
			c.Send(c.Self(), "again")
		}
	}, actor.WithMailbox(mailbox.NewLean), actor.WithDispatcher(q)))
	seen := -1
	other := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(string); ok {
			seen = turns
		}
	}, actor.WithMailbox(mailbox.NewLean), actor.WithDispatcher(q)))
	system.Root.Send(busy, "go")
	system.Root.Send(other, "when?")
	q.drain()
	if turns != 1000 || seen < 0 || seen > 2 {
		t.Errorf("the other actor ran after %d of %d turns, want at most 2", seen, turns)
	}
}

// throttles counts the goroutines that a burst of dead letters starts.
func throttles() int {
	synctest.Wait()
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "created by github.com/asynkron/protoactor-go/actor.NewDeadLetter")
}

func TestDeadLettersOfIgnoredTypesStartNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(nil)
		s.root.Stop(s.pid)
		s.queue.drain()
		for range 100 {
			s.root.Send(s.pid, boom{})
		}
		if n := throttles(); n != 0 {
			t.Errorf("%d goroutines were started", n)
		}
	})
}

func TestDeadLettersOfOtherTypesAndStopOfADeadActorStartAGoroutineForASecond(t *testing.T) {
	deaths := map[string]func(*stage){
		"string": func(s *stage) { s.root.Send(s.pid, "letter") },
		"Stop":   func(s *stage) { s.root.Stop(s.pid) },
		"Poison": func(s *stage) { s.root.Poison(s.pid) },
	}
	for name, send := range deaths {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(nil)
				s.root.Stop(s.pid)
				s.queue.drain()
				send(s)
				if n := throttles(); n != 1 {
					t.Errorf("%d goroutines were started, want 1: the trap has changed", n)
				}
				time.Sleep(time.Second)
				if n := throttles(); n != 0 {
					t.Errorf("%d goroutines live longer than a second", n)
				}
			})
		})
	}
}

// many has the method that makes protoactor's own mailboxes take a message apart and deliver it besides.
type many struct{ quiet }

func (many) GetMessages() []any { return []any{"taken", "apart"} }

func TestMessageThatHappensToHaveGetMessagesKeepsItsMeaning(t *testing.T) {
	s := newStage(nil)
	s.root.Send(s.pid, many{})
	s.wantSeen(t, "Started", "mailbox_test.many")
}
