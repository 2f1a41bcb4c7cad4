package sim

import (
	"cmp"
	"context"
	"encoding/binary"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
)

// WorldConfig is what a World is made of.
type WorldConfig struct {
	Seed   uint64       // of everything the World draws itself; Mixnet has its own
	Mixnet MixnetConfig // its Start is overwritten
	Desk   actors.DeskConfig
	// Retention is for how long finished messages can be joined; 0 = 10 min.
	Retention time.Duration
	// Slop and Expiry are how long after departure + ETA the client waits for
	// a reply, and believes that one can come; 0 = the Mixnet's slop. Where the
	// Mixnet's is longer, replies come late, as they do on old daemons.
	Slop, Expiry time.Duration
	// Observe is called after every step of every message's Machine.
	Observe func(actors.Observation)
}

// World runs the production actors in virtual time on the goroutine that calls
// it: a clock turned by hand, a run queue behind protoactor's Dispatcher, and
// a Mixnet as the link. The seed also picks which runnable actor goes next.
//
// The same seed and the same calls give the same Hash on any machine and under
// the race detector. A World is not safe for concurrent use, and none of its
// methods may be called from within it.
type World struct {
	Mixnet *Mixnet
	Engine *actors.Engine

	now      arq.Instant
	timers   actors.Timers
	runnable []func()
	chance   *rand.Rand
	link     *worldLink
	hash     hash.Hash64
	observe  func(actors.Observation)
	steps    uint64
}

// worldStart is when every World begins: a wall time, so that instants print
// as dates, and never 0.
var worldStart = arq.Instant(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())

// NewWorld starts a World whose link comes up as soon as it runs. Errors wrap
// ErrConfig.
func NewWorld(cfg WorldConfig) (*World, error) {
	cfg.Mixnet.Start = worldStart
	mixnet, err := NewMixnet(cfg.Mixnet)
	if err != nil {
		return nil, err
	}
	w := &World{
		Mixnet: mixnet, now: worldStart, hash: fnv.New64a(), observe: cfg.Observe,
		chance: rand.New(rand.NewPCG(cfg.Seed, 1)),
	}
	w.link = &worldLink{world: w, mixnet: mixnet, slop: cmp.Or(cfg.Slop, mixnet.Slop()), expiry: cfg.Expiry}
	ids := rand.New(rand.NewPCG(cfg.Seed, 2))
	w.Engine, err = actors.New(actors.Config{
		Clock: w, Dispatcher: w, Link: w.link, Desk: cfg.Desk, Retention: cfg.Retention,
		Draw:    func() actors.ID { return drawID(ids) },
		Chance:  rand.New(rand.NewPCG(cfg.Seed, 3)),
		Observe: w.note,
	})
	if err != nil {
		return nil, err
	}
	w.link.connect(false)
	return w, nil
}

func drawID(from *rand.Rand) (id actors.ID) {
	binary.BigEndian.PutUint64(id[:8], from.Uint64())
	binary.BigEndian.PutUint64(id[8:], from.Uint64())
	return id
}

// Now implements actors.Clock.
func (w *World) Now() arq.Instant { return w.now }

// Arm implements actors.Clock.
func (w *World) Arm(t *actors.Timer, at arq.Instant) { w.timers.Arm(t, at) }

// Schedule implements protoactor's Dispatcher.
func (w *World) Schedule(run func()) { w.runnable = append(w.runnable, run) }

// Throughput implements protoactor's Dispatcher: one message at a time, so
// that the seed decides about every single one.
func (w *World) Throughput() int { return 1 }

// Submit accepts a message to be delivered within the given time, 0 being the
// policy's deadline. It returns its promise, or the engine's error.
func (w *World) Submit(id actors.ID, service string, payload []byte, policy arq.Policy, class mailbox.Class) (*actors.Promise, error) {
	r := actors.Request{ID: id, Keyed: true, Service: service, Payload: payload, Policy: &policy, Class: class}
	if policy.Deadline > 0 {
		r.Deadline = w.now.Add(policy.Deadline)
	}
	promise, _, err := w.Engine.Submit(context.Background(), r)
	return promise, err
}

// Run turns the World until done returns true or the virtual time has passed;
// it reports whether done did. done is asked before the first step and after
// each.
func (w *World) Run(atMost time.Duration, done func() bool) bool {
	end := w.now.Add(atMost)
	for !done() {
		if !w.step(end) {
			return false
		}
	}
	return true
}

// Pass lets virtual time pass.
func (w *World) Pass(d time.Duration) { w.Run(d, func() bool { return false }) }

// step runs one actor, or else whatever is due next until end. It returns
// false, with the clock at end, when nothing is left.
func (w *World) step(end arq.Instant) bool {
	if n := len(w.runnable); n > 0 {
		i := w.chance.IntN(n)
		run := w.runnable[i]
		w.runnable[i] = w.runnable[n-1]
		w.runnable[n-1] = nil
		w.runnable = w.runnable[:n-1]
		w.steps++
		run()
		return true
	}
	next := w.Mixnet.Next()
	if at := w.timers.Next(); at != 0 && (next == 0 || at < next) {
		next = at
	}
	if at := w.link.next(); at != 0 && (next == 0 || at < next) {
		next = at
	}
	if next == 0 || next > end {
		w.now = max(w.now, end)
		return false
	}
	w.now = max(w.now, next)
	w.link.advance()
	for t := w.timers.Due(w.now); t != nil; t = w.timers.Due(w.now) {
		t.Owner.Tick()
	}
	return true
}

// Steps is how many times an actor has run.
func (w *World) Steps() uint64 { return w.steps }

// note adds a step of a Machine to the hash: virtual time, message, event,
// state and effects; nothing that differs between machines.
func (w *World) note(o actors.Observation) {
	var b [14 * 8]byte
	for i, v := range [...]int64{
		int64(o.Now), int64(o.Ordinal), int64(o.Event.Generation), int64(o.Event.Kind),
		int64(o.Event.Attempt), int64(o.Event.Departure), int64(o.Event.ETA), int64(o.Event.Grace),
		int64(o.Event.Expiry), int64(o.Event.LatestDeparture), int64(o.State),
		int64(o.Effects.Transmit), int64(o.Effects.Wake), int64(o.Effects.Done),
	} {
		binary.BigEndian.PutUint64(b[8*i:], uint64(v))
	}
	w.hash.Write(b[:])
	if w.observe != nil {
		w.observe(o)
	}
}

// Hash covers every step of every Machine so far.
func (w *World) Hash() uint64 { return w.hash.Sum64() }

// Close ends every message and the engine. What it runs is not hashed apart.
func (w *World) Close() error {
	w.Engine.Shut()
	idle := w.Engine.Idle()
	w.Run(time.Hour, func() bool { return closed(idle) && len(w.runnable) == 0 })
	w.Engine.Stop()
	w.Run(time.Hour, func() bool { return closed(w.Engine.Stopped()) })
	return w.Engine.Close(context.Background())
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
