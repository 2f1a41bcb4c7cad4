package actors

import (
	"context"
	"crypto/sha256"
	"errors"
	"iter"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
)

// postedEvents is how many link events may be posted and not yet handled.
const postedEvents = 1024

// stopStrategy stops whatever panics. It is one value for the whole process:
// protoactor keeps a guardian for every strategy value it has ever seen.
var stopStrategy = actor.NewOneForOneStrategy(0, 0, func(any) actor.Directive {
	return actor.StopDirective
})

// Config is what an Engine is made of. Clock, Link, Draw and Chance are
// required; the zero value of the rest means the default.
type Config struct {
	Clock      Clock
	Link       Link
	Dispatcher actor.Dispatcher // runs nothing at once; default: a Pool of GOMAXPROCS workers, owned by the engine
	Draw       func() ID        // fresh SURB IDs; called from the dispatcher only
	Chance     *rand.Rand       // seeds the messages' jitter; called under a lock
	Desk       DeskConfig
	Retention  time.Duration // how long finished messages can be joined; default 10 min
	Finished   int           // how many finished messages can be joined; default 10 000
	Logger     *slog.Logger  // default: silent
	// Observe is called by message actors after every step of their Machine.
	Observe func(Observation)
}

// Observation is one step of one message's Machine.
type Observation struct {
	Now     arq.Instant
	Ordinal uint64
	Event   arq.Event
	State   arq.State
	Effects arq.Effects
}

// Request is one message to be delivered.
type Request struct {
	ID       ID
	Keyed    bool // the ID is the caller's: the message can be joined after it has finished
	Service  string
	Payload  []byte // kept until the message ends; must not be changed
	Class    mailbox.Class
	Policy   *arq.Policy
	Deadline arq.Instant // 0 = none
	Wait     bool        // wait for a place until ctx ends, instead of ErrBusy

	// DaemonARQ leaves it to the daemon's own ARQ to send again, which is
	// distrusted: one such message at a time, ErrBusy otherwise. It counts as one
	// attempt, whatever the policy says.
	DaemonARQ bool
}

// Engine runs message actors and their dispatcher. Its methods are safe for
// concurrent use.
type Engine struct {
	clock   Clock
	link    Link
	logger  *slog.Logger
	observe func(Observation)

	system     *actor.ActorSystem
	root       *actor.RootContext
	pool       *Pool // nil if the dispatcher is the caller's
	messages   *actor.Props
	dispatcher *actor.PID

	ledger *Ledger
	places chan struct{} // one token per first attempt that waits
	posted chan struct{} // one token per link event not yet handled

	reliable chan struct{} // has a token while the daemon's own ARQ holds a message

	chance struct {
		sync.Mutex
		*rand.Rand
	}
	counters struct {
		sync.Mutex
		Counters
	}

	shut    sync.Once     // the dispatcher has been asked to stop
	stopped chan struct{} // closed when the dispatcher has stopped
	failure error         // its panic, if it stopped for one. Set before stopped is closed
}

// New starts an engine. It returns an error only if a required field is
// missing.
func New(config Config) (*Engine, error) {
	if config.Clock == nil || config.Link == nil || config.Draw == nil || config.Chance == nil {
		return nil, errors.New("actors: Clock, Link, Draw and Chance must be set")
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	desk := config.Desk.withDefaults()
	e := &Engine{
		clock: config.Clock, link: config.Link, logger: config.Logger, observe: config.Observe,
		ledger:   newLedger(config.Retention, config.Finished),
		places:   make(chan struct{}, desk.Waiting),
		posted:   make(chan struct{}, postedEvents),
		reliable: make(chan struct{}, 1),
		stopped:  make(chan struct{}),
	}
	e.chance.Rand = config.Chance
	dispatcher := config.Dispatcher
	if dispatcher == nil {
		e.pool = NewPool(runtime.GOMAXPROCS(0))
		dispatcher = e.pool
	}
	e.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	e.root = e.system.Root.WithGuardian(stopStrategy)
	e.messages = actor.PropsFromProducer(func() actor.Actor {
		return &messageActor{engine: e}
	}, actor.WithDispatcher(dispatcher), actor.WithMailbox(mailbox.NewLean))
	e.dispatcher = e.root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		return &dispatcherActor{engine: e, desk: NewDesk(desk, config.Draw), actors: make(map[uint64]*actor.PID)}
	}, actor.WithDispatcher(dispatcher), actor.WithMailbox(mailbox.Keeping(postedEvents))))
	return e, nil
}

// Submit accepts a message, or joins one with the same ID, service and
// payload. A nil error means that the promise will be completed. Errors:
// ErrBusy if no place is free and Wait is not set, the cause of ctx if it ends
// while waiting for one, ErrConflict, ErrClosed, what Refuse was given,
// ErrInternal after the dispatcher has panicked.
func (e *Engine) Submit(ctx context.Context, r Request) (promise *Promise, joined bool, err error) {
	now := e.clock.Now()
	item := &entry{
		id: r.ID, keyed: r.Keyed, service: r.Service, digest: sha256.Sum256(r.Payload),
		accepted: now, deadline: r.Deadline,
	}
	if p, err := e.ledger.lookup(now, item); p != nil || err != nil {
		return p, p != nil, err
	}
	if r.DaemonARQ {
		if err := e.takeDaemonARQ(); err != nil {
			return nil, false, err
		}
		once := *r.Policy
		once.Attempts = 1
		r.Policy = &once
	}
	promise, joined, err = e.admit(ctx, r, item)
	if r.DaemonARQ && (joined || err != nil) {
		e.freeDaemonARQ()
	}
	return promise, joined, err
}

// admit takes a place for a message and starts its actor.
func (e *Engine) admit(ctx context.Context, r Request, item *entry) (promise *Promise, joined bool, err error) {
	if err := e.takePlace(ctx, r.Wait); err != nil {
		return nil, false, err
	}
	now := e.clock.Now() // a place may have taken its time
	item.accepted = now
	p, err := e.ledger.admit(now, item, func(ref Ref) (*actor.PID, error) {
		return e.spawn(spec{
			ref: ref, id: r.ID, service: r.Service, class: r.Class, daemonARQ: r.DaemonARQ,
			canceled: &item.canceled,
			payload:  r.Payload, policy: r.Policy, deadline: r.Deadline, submitted: now, seed: e.seed(),
		})
	})
	if p != nil || err != nil {
		e.giveBack()
		return p, p != nil, err
	}
	return &item.promise, false, nil
}

func (e *Engine) spawn(s spec) (*actor.PID, error) {
	pid, err := e.root.SpawnNamed(e.messages, e.system.ProcessRegistry.NextId())
	if err != nil {
		return nil, errors.Join(ErrInternal, err)
	}
	e.send(pid, &start{spec: s})
	return pid, nil
}

func (e *Engine) seed() [2]uint64 {
	e.chance.Lock()
	defer e.chance.Unlock()
	return [2]uint64{e.chance.Uint64(), e.chance.Uint64()}
}

func (e *Engine) takePlace(ctx context.Context, wait bool) error {
	select {
	case e.places <- struct{}{}:
		return nil
	default:
	}
	if !wait {
		return ErrBusy
	}
	select {
	case e.places <- struct{}{}:
		return nil
	case <-e.ledger.shut:
		return e.ledger.refusal()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *Engine) giveBack() {
	select {
	case <-e.places:
	default: // a place given back twice would be a bug of the Desk, not a reason to hang
	}
}

// Deliver hands an event of the link to the dispatcher. It waits while 1024
// events are unhandled; then it returns the cause of ctx if that ends first.
// After the engine has stopped it returns ErrClosed. Events must be delivered
// in the order in which they were read; calls that overlap have no order.
func (e *Engine) Deliver(ctx context.Context, event LinkEvent) error {
	select {
	case e.posted <- struct{}{}:
	default:
		select {
		case e.posted <- struct{}{}:
		case <-e.stopped:
			return ErrClosed
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	select {
	case <-e.stopped:
		return ErrClosed
	default:
	}
	e.send(e.dispatcher, &heard{event})
	return nil
}

func (e *Engine) handled() { <-e.posted }

func (e *Engine) send(to *actor.PID, letter any) { e.system.Root.Send(to, letter) }

func (e *Engine) publish(c Counters) {
	e.counters.Lock()
	e.counters.Counters = c
	e.counters.Unlock()
}

// Cancel ends a running message with err, which its holders are told; nil is
// ErrCanceled. It reports whether the message was running; a message that is
// just finishing keeps its own outcome. No attempt of it is written once Cancel
// has returned.
func (e *Engine) Cancel(id ID, err error) bool {
	m, running := e.ledger.find(id)
	if running {
		e.end(m, err)
	}
	return running
}

// CancelHeld is Cancel for whoever holds the message's promise: it does nothing
// if the ID has come to mean another message since.
func (e *Engine) CancelHeld(id ID, promise *Promise, err error) bool {
	m, running := e.ledger.find(id)
	if !running || promise != &m.entry.promise {
		return false
	}
	e.end(m, err)
	return true
}

// end has a message end with err. What waits of it is not written any more,
// whatever its actor and the dispatcher are at.
func (e *Engine) end(m runner, err error) {
	if err == nil {
		err = ErrCanceled
	}
	m.entry.canceled.Store(true)
	e.send(m.pid, &cancel{m.ref.Generation, err})
}

// Kick tells every running message that sending works again: what waits
// because a send has failed waits no longer than floor and a fresh jitter ask.
func (e *Engine) Kick() {
	for _, m := range e.ledger.snapshot() {
		e.send(m.pid, &kick{m.ref.Generation})
	}
}

// Counters are the Desk's totals as of its last step.
func (e *Engine) Counters() Counters {
	e.counters.Lock()
	defer e.counters.Unlock()
	return e.counters.Counters
}

// Totals counts the messages.
func (e *Engine) Totals() Totals { return e.ledger.sums() }

// Outstanding is one running message.
type Outstanding struct {
	ID       ID
	Service  string
	Accepted arq.Instant
	Deadline arq.Instant // 0 = none
}

// Pending is the running messages at the moment of the call, in the order in
// which they were accepted.
func (e *Engine) Pending() iter.Seq[Outstanding] {
	return func(yield func(Outstanding) bool) {
		for _, m := range e.ledger.snapshot() {
			if !yield(m.Outstanding) {
				return
			}
		}
	}
}
