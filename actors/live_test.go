package actors

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// echo is a link whose other end answers every packet at once, on a goroutine
// of its own, with the packet's payload.
type echo struct {
	engine  *Engine
	clock   *LiveClock
	packets chan Packet
	done    sync.WaitGroup
}

// startEcho starts an engine on real time with an echo behind its link, which
// is up. stop ends both.
func startEcho(t testing.TB, config Config) (engine *Engine, stop func()) {
	const room = 4096 // more than any window
	l := &echo{clock: NewClock(1), packets: make(chan Packet, room)}
	if config.Desk.Window > room {
		t.Fatal("the window is larger than the link's room")
	}
	var drawn uint64
	config.Link, config.Clock, config.Chance = l, l.clock, rand.New(rand.NewPCG(1, 1))
	config.Draw = func() ID {
		drawn++
		return surb(drawn)
	}
	engine, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	l.engine = engine
	l.done.Go(l.answer)
	for _, e := range []LinkEvent{
		{Kind: LinkDirectory, Directory: echoOnly}, {Kind: LinkUp, Connection: 1},
	} {
		if err := engine.Deliver(context.Background(), e); err != nil {
			t.Fatal(err)
		}
	}
	return engine, func() {
		if err := engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
		close(l.packets)
		l.done.Wait()
		l.clock.Close()
	}
}

func (l *echo) Transmit(p Packet) { l.packets <- p }
func (l *echo) Reset(error)       {}

func (l *echo) answer() {
	for p := range l.packets {
		sent := LinkEvent{Kind: LinkSent, At: l.clock.Now(), SURBID: p.SURBID, ETA: time.Millisecond}
		reply := LinkEvent{Kind: LinkReply, At: sent.At, SURBID: p.SURBID, Payload: p.Payload}
		for _, e := range []LinkEvent{sent, reply} {
			if err := l.engine.Deliver(context.Background(), e); err != nil {
				break // the engine has stopped
			}
		}
	}
}

func TestTenThousandCallersGetTheirOwnAnswers(t *testing.T) {
	callers := 10_000
	if testing.Short() {
		callers = 1000
	}
	engine, stop := startEcho(t, Config{Desk: DeskConfig{Waiting: 64, Window: 16}})
	var wrong atomic.Int32
	var calling sync.WaitGroup
	for n := range callers {
		calling.Go(func() {
			payload := binary.BigEndian.AppendUint32(nil, uint32(n))
			p, _, err := engine.Submit(context.Background(), Request{
				ID: messageID(n), Service: "echo", Payload: payload, Policy: &steady, Wait: true,
			})
			if err != nil {
				wrong.Add(1)
				return
			}
			r, err := p.Await(context.Background())
			if err != nil || r.Err != nil || string(r.Payload) != string(payload) {
				wrong.Add(1)
			}
		})
	}
	calling.Wait()
	if n := wrong.Load(); n != 0 {
		t.Errorf("%d callers got no answer or another's", n)
	}
	if sums := engine.Totals(); sums.Answered != uint64(callers) || sums.Running != 0 {
		t.Errorf("%+v", sums)
	}
	stop()
	if c := engine.Counters(); c.Written != uint64(callers) || c.Replies != uint64(callers) || c.InWindow != 0 {
		t.Errorf("%+v", c)
	}
	if n := len(engine.places); n != 0 {
		t.Errorf("%d places are taken", n)
	}
}

func TestEveryCallerGetsOneOutcomeWhileOthersCancelKickAndClose(t *testing.T) {
	callers := 4000
	if testing.Short() {
		callers = 500
	}
	engine, stop := startEcho(t, Config{Desk: DeskConfig{Waiting: 32, Window: 8}})
	var calling sync.WaitGroup
	outcomes := make(chan error, callers)
	for n := range callers {
		calling.Go(func() {
			r := request(n % (callers / 2)) // every other one joins
			r.Payload = []byte("same")
			r.Wait = n%3 != 0
			p, _, err := engine.Submit(context.Background(), r)
			if err != nil {
				outcomes <- err
				return
			}
			switch n % 5 {
			case 0:
				engine.Cancel(r.ID, ErrCanceled)
			case 1:
				engine.Kick()
			case 2:
				for range engine.Pending() {
				}
			}
			if n == callers*3/4 {
				engine.Shut()
			}
			result, err := p.Await(context.Background())
			outcomes <- errors.Join(err, result.Err)
		})
	}
	calling.Wait()
	stop()
	close(outcomes)
	got := 0
	for err := range outcomes {
		got++
		if err != nil && !errors.Is(err, ErrCanceled) && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrBusy) {
			t.Errorf("it ended with %v", err)
		}
	}
	if got != callers {
		t.Errorf("%d of %d callers got an outcome", got, callers)
	}
	sums := engine.Totals()
	if sums.Accepted != sums.Answered+sums.Canceled+sums.Closed || sums.Running != 0 {
		t.Errorf("%+v", sums)
	}
	if n := len(engine.places); n != 0 {
		t.Errorf("%d places are taken", n)
	}
}

func TestManyGoroutinesMayDeliver(t *testing.T) {
	engine, stop := startEcho(t, Config{})
	var delivering sync.WaitGroup
	for range 8 {
		delivering.Go(func() {
			for range 2000 {
				if err := engine.Deliver(context.Background(), LinkEvent{Kind: LinkCollected}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	delivering.Wait()
	p, _, err := engine.Submit(context.Background(), request(1)) // handled after all of them
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Await(context.Background()); err != nil {
		t.Fatal(err)
	}
	stop()
	if c := engine.Counters(); c.Collected != 16_000 {
		t.Errorf("%d of 16000 events were handled", c.Collected)
	}
}

// BenchmarkEngine is the price of the actors alone: the link answers at once.
func BenchmarkEngine(b *testing.B) {
	engine, stop := startEcho(b, Config{Desk: DeskConfig{Window: 1024}})
	defer stop()
	payload := make([]byte, 2000)
	var id atomic.Uint64
	b.ReportAllocs()
	b.SetParallelism(32) // 64 callers on two processors
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := Request{Service: "echo", Payload: payload, Policy: &steady, Wait: true}
			binary.BigEndian.PutUint64(r.ID[:], id.Add(1))
			p, _, err := engine.Submit(context.Background(), r)
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := p.Await(context.Background()); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
