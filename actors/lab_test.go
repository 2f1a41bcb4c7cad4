package actors

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/arq"
)

// lab is an engine on the real pool and clock, with the test at the other end
// of the link. It lives in a synctest bubble: time is virtual, and settle waits
// until nothing is left to run.
type lab struct {
	t      *testing.T
	engine *Engine
	clock  *LiveClock

	mu       sync.Mutex
	packets  []Packet
	resets   []error
	transmit func(Packet) // called with every packet, if set
	reset    func(error)  // called at every reset, if set
	drawn    uint64
}

// newLab starts an engine whose link is down. The lab ends it with the test.
func newLab(t *testing.T, config Config) *lab {
	l := &lab{t: t, clock: NewClock(1)}
	config.Link, config.Clock = l, l.clock
	config.Draw = func() ID {
		l.drawn++
		return surb(l.drawn)
	}
	config.Chance = rand.New(rand.NewPCG(1, 1))
	engine, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	l.engine = engine
	t.Cleanup(func() {
		if err := engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
		l.clock.Close()
	})
	return l
}

// upLab is a lab whose link is up with one node that offers echo.
func upLab(t *testing.T, config Config) *lab {
	l := newLab(t, config)
	l.up(1, false)
	return l
}

// Transmit implements Link.
func (l *lab) Transmit(p Packet) {
	if l.transmit != nil {
		l.transmit(p)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.packets = append(l.packets, p)
}

// Reset implements Link.
func (l *lab) Reset(reason error) {
	if l.reset != nil {
		l.reset(reason)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.resets = append(l.resets, reason)
}

func (l *lab) settle() { synctest.Wait() }

// pass lets virtual time pass.
func (l *lab) pass(d time.Duration) {
	time.Sleep(d)
	l.settle()
}

func (l *lab) deliver(e LinkEvent) {
	l.t.Helper()
	if e.At == 0 {
		e.At = l.clock.Now()
	}
	if err := l.engine.Deliver(context.Background(), e); err != nil {
		l.t.Fatal(err)
	}
	l.settle()
}

func (l *lab) up(connection uint64, same bool) {
	l.deliver(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
	l.deliver(LinkEvent{Kind: LinkUp, Connection: connection, Same: same})
}

func (l *lab) down() { l.deliver(LinkEvent{Kind: LinkDown, Reason: errTest}) }

func (l *lab) sent(n uint64, eta time.Duration) {
	l.deliver(LinkEvent{Kind: LinkSent, SURBID: surb(n), ETA: eta})
}

func (l *lab) reply(n uint64, payload string) {
	l.deliver(LinkEvent{Kind: LinkReply, SURBID: surb(n), Payload: []byte(payload)})
}

// packet is the n-th packet written, counted from 0.
func (l *lab) packet(n int) Packet {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.packets[n]
}

// wantResets fails unless the link was reset for these reasons so far.
func (l *lab) wantResets(want ...error) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.resets, want) {
		l.t.Fatalf("the link was reset for %v, want %v", l.resets, want)
	}
}

// wantPackets fails unless that many packets were written so far.
func (l *lab) wantPackets(n int) {
	l.t.Helper()
	l.settle()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.packets) != n {
		l.t.Fatalf("%d packets were written, want %d", len(l.packets), n)
	}
}

// steady is a policy without chance: an attempt follows max(3 s, ETA + grace)
// after the departure of the one before it.
var steady = arq.Policy{Attempts: 3, Floor: 3 * time.Second, Growth: 1, Ceiling: 3 * time.Second}

func messageID(n int) (id ID) {
	id[0], id[1], id[15] = byte(n>>8), byte(n), 1
	return id
}

func request(n int) Request {
	return Request{ID: messageID(n), Keyed: true, Service: "echo", Payload: []byte{byte(n)}, Policy: &steady}
}

// submit has a request accepted.
func (l *lab) submit(r Request) *Promise {
	l.t.Helper()
	p, joined, err := l.engine.Submit(context.Background(), r)
	if err != nil || joined {
		l.t.Fatalf("not accepted: joined %v, %v", joined, err)
	}
	l.settle()
	return p
}

// wantPending fails if there is a result.
func (l *lab) wantPending(p *Promise) {
	l.t.Helper()
	l.settle()
	if r, ok := p.Result(); ok {
		l.t.Fatalf("it has ended: %+v", r)
	}
}

// want returns the result, and fails unless it is there with that error.
func (l *lab) want(p *Promise, err error) Result {
	l.t.Helper()
	l.settle()
	r, ok := p.Result()
	if !ok {
		l.t.Fatal("it has not ended")
	}
	if r.Err != err {
		l.t.Fatalf("it ended with %v, want %v", r.Err, err)
	}
	if (r.Payload != nil) != (err == nil) {
		l.t.Fatalf("it ended with %v and the payload %q", err, r.Payload)
	}
	return r
}

// virtually runs a test in a synctest bubble.
func virtually(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}
