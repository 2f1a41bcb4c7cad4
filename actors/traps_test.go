package actors

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/homing-mix/homing/arq"
)

// What protoactor does if it is let, and the engine must not let it.

// processes counts the registry's entries whose name begins so.
func (l *lab) processes(prefix string) int {
	n := 0
	for _, bucket := range l.engine.system.ProcessRegistry.LocalPIDs.LocalPIDs {
		for _, name := range bucket.Keys() {
			if strings.HasPrefix(name, prefix) {
				n++
			}
		}
	}
	return n
}

// throttles counts the goroutines that protoactor started for dead letters.
func throttles() int {
	synctest.Wait()
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "created by github.com/asynkron/protoactor-go/actor.NewDeadLetter")
}

func TestOneGuardianServesAllActors(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		for n := range 50 {
			l.submit(request(n))
		}
		if n := l.processes("guardian"); n != 1 {
			t.Errorf("%d guardians", n)
		}
	})
}

func TestNoActorIsLeftOfAFinishedMessage(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{Observe: func(o Observation) {
			if o.Ordinal == 3 {
				panic("boom")
			}
		}})
		before := l.processes("$")
		l.submit(request(1))
		l.submit(request(2))
		l.submit(request(3))
		l.reply(1, "answer")
		l.engine.Cancel(messageID(2), nil)
		l.settle()
		if n := l.processes("$"); n != before {
			t.Errorf("%d actors more than before", n-before)
		}
		if n := l.engine.Totals().Running; n != 0 {
			t.Errorf("%d messages run", n)
		}
	})
}

// letters are one of each that actors send.
var letters = []any{
	&start{}, &told{}, &tick{}, &cancel{}, &kick{}, &released{}, &orphaned{},
	&attempt{}, &finished{}, &heard{}, &wake{}, &leave{},
}

func TestEveryLetterIsKnownToTheTrapsTests(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "letters.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"spec": true}
	for _, letter := range letters {
		known[reflect.TypeOf(letter).Elem().Name()] = true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && !known[spec.Name.Name] {
			t.Errorf("%s is not among the letters", spec.Name.Name)
		}
		return true
	})
}

func TestNoLetterMeansAnythingToProtoactorItself(t *testing.T) {
	for _, letter := range letters {
		kind := reflect.TypeOf(letter)
		for i := range kind.NumMethod() {
			if name := kind.Method(i).Name; name != "IgnoreDeadLetterLogging" {
				t.Errorf("%v has the method %s", kind, name)
			}
		}
	}
}

func TestLateLetterToAStoppedActorDoesNothingAndStartsNoGoroutine(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		m, _ := l.engine.ledger.find(messageID(1))
		l.reply(1, "answer")
		before := l.want(p, nil)
		for _, letter := range letters {
			l.engine.send(m.pid, letter)
		}
		if n := throttles(); n != 0 {
			t.Errorf("%d goroutines were started", n)
		}
		if after := l.want(p, nil); after.Finished != before.Finished {
			t.Errorf("the result changed: %+v", after)
		}
		l.submit(request(2)) // never to the actor that was
		l.reply(2, "answer")
	})
}

func TestLettersForAnotherLifeOfAnActorAreIgnored(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		m, _ := l.engine.ledger.find(messageID(1))
		event := func(kind arq.Kind) arq.Event { return arq.Event{Kind: kind, Generation: 2, Attempt: 1} }
		for _, letter := range []any{
			&told{event: event(arq.Reply), payload: []byte("another's")},
			&told{event: event(arq.SendFailed), reason: errTest},
			&tick{generation: 2}, &kick{generation: 2}, &cancel{2, errTest},
			&released{generation: 2}, &orphaned{2, ErrInternal, errTest},
		} {
			l.engine.send(m.pid, letter)
			l.wantPending(p)
		}
		l.reply(1, "answer")
		if r := l.want(p, nil); string(r.Payload) != "answer" {
			t.Errorf("%+v", r)
		}
	})
}

func TestNoEndOfAMessageOrOfTheEngineStartsAGoroutine(t *testing.T) {
	for name, happens := range map[string]func(*lab){
		"close":           func(*lab) {},
		"answer":          func(l *lab) { l.reply(1, "answer") },
		"cancel":          func(l *lab) { l.engine.Cancel(messageID(1), nil) },
		"answer to both":  func(l *lab) { l.engine.Cancel(messageID(1), nil); l.reply(1, "answer"); l.sent(1, time.Second) },
		"stop":            func(l *lab) { l.engine.Stop() },
		"stop of none":    func(l *lab) { l.engine.Shut(); l.settle(); l.engine.Stop() },
		"dispatcher dies": func(l *lab) { l.transmit = func(Packet) { panic("boom") }; l.submit(request(2)) },
		"all at once": func(l *lab) {
			l.transmit = func(Packet) {
				l.engine.Shut()
				panic("boom")
			}
			_, _, _ = l.engine.Submit(context.Background(), request(2))
			l.engine.Stop()
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				l := upLab(t, Config{})
				l.submit(request(1))
				happens(l)
				l.settle()
				if err := l.engine.Close(context.Background()); err != nil {
					t.Error(err)
				}
				if n := throttles(); n != 0 {
					t.Errorf("%d goroutines were started", n)
				}
				if n := l.processes("$"); n != 0 {
					t.Errorf("%d actors are left", n)
				}
			})
		})
	}
}

func TestOrdinaryLifeHasNoDeadLetters(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		l.engine.system.EventStream.Subscribe(func(event any) {
			if letter, ok := event.(*actor.DeadLetterEvent); ok {
				t.Errorf("%T", letter.Message)
			}
		})
		l.submit(request(1))
		l.submit(request(2))
		l.sent(1, time.Second)
		l.pass(10 * time.Second)
		l.reply(1, "answer")
		l.reply(2, "answer")
		l.submit(request(3))
		l.engine.Cancel(messageID(3), nil)
		l.settle()
		l.submit(request(4))
		l.engine.Shut()
		l.settle()
	})
}

func TestNothingIsStartedAnewAfterAPanic(t *testing.T) {
	virtually(t, func(t *testing.T) {
		starts := 0
		l := upLab(t, Config{Observe: func(o Observation) {
			if o.Event.Kind == arq.Start {
				starts++
			}
			panic("boom")
		}})
		p := l.submit(request(1))
		l.pass(time.Hour)
		l.want(p, ErrInternal)
		if l.wantPackets(0); starts != 1 {
			t.Errorf("the message was started %d times", starts)
		}
	})
}

func TestFinishedMessagePinsNeitherItsPayloadNorItsActor(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		var payload weak.Pointer[byte]
		var pid *actor.PID
		p := func() *Promise {
			r := request(1)
			r.Payload = make([]byte, 1<<16)
			payload = weak.Make(&r.Payload[0])
			return l.submit(r)
		}()
		m, _ := l.engine.ledger.find(messageID(1))
		pid = m.pid
		l.sent(1, time.Second)
		l.reply(1, "answer")
		l.mu.Lock()
		l.packets = nil
		l.mu.Unlock()
		for range 3 {
			runtime.GC()
		}
		if payload.Value() != nil {
			t.Error("the payload is still there")
		}
		// Somebody who held the actor, the message, and the engine's memory of it.
		runtime.KeepAlive(pid)
		l.want(p, nil)
		if e := l.engine.ledger.finished[messageID(1)]; e == nil || e.pid != nil {
			t.Errorf("the engine remembers %+v", e)
		}
	})
}

func TestDispatcherForgetsTheActorsOfFinishedMessages(t *testing.T) {
	for name, finish := range map[string]func(*lab){
		"answered": func(l *lab) { l.reply(1, "answer") },
		"canceled": func(l *lab) { l.engine.Cancel(messageID(1), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				l := upLab(t, Config{})
				pid := func() weak.Pointer[actor.PID] {
					l.submit(request(1))
					m, _ := l.engine.ledger.find(messageID(1))
					return weak.Make(m.pid)
				}()
				finish(l)
				l.settle()
				l.submit(request(2)) // the mailboxes let go of their last letter
				l.reply(2, "answer")
				for range 3 {
					runtime.GC()
				}
				if pid.Value() != nil {
					t.Error("the actor is still known")
				}
				runtime.KeepAlive(l.engine)
			})
		})
	}
}

func TestStoppedEnginePinsNothing(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := newLab(t, Config{})
		directory := func() weak.Pointer[Directory] {
			d := offers(nil)
			l.deliver(LinkEvent{Kind: LinkDirectory, Directory: d})
			return weak.Make(d)
		}()
		payload := func() weak.Pointer[byte] {
			r := request(1)
			r.Payload = make([]byte, 1<<16)
			l.submit(r)
			return weak.Make(&r.Payload[0])
		}()
		if err := l.engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
		for range 3 {
			runtime.GC()
		}
		if payload.Value() != nil || directory.Value() != nil {
			t.Errorf("a payload is still there: %v; a directory: %v", payload.Value() != nil, directory.Value() != nil)
		}
		runtime.KeepAlive(l.engine)
	})
}

func TestProtoactorIsSilent(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := newLab(t, Config{})
		if l.engine.system.Logger().Enabled(context.Background(), slog.LevelError) {
			t.Error("it logs")
		}
	})
}

func TestPanicsAreLoggedWithTheirStackAndWithoutIDs(t *testing.T) {
	virtually(t, func(t *testing.T) {
		var log strings.Builder
		l := upLab(t, Config{
			Logger:  slog.New(slog.NewTextHandler(&log, nil)),
			Observe: func(Observation) { panic("boom") },
		})
		l.submit(request(1))
		l.settle()
		if text := log.String(); !strings.Contains(text, "boom") || !strings.Contains(text, "message.go") || strings.Count(text, "\n") != 1 {
			t.Errorf("logged: %s", text)
		}
	})
}
