package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/thin/wire"
)

// DaemonConfig says what a Daemon is. The zero value needs only services.
type DaemonConfig struct {
	// Network is "tcp" (also ""), "unix" or "pipe". Address is host:port, ""
	// being 127.0.0.1:0, or the path of the socket. A pipe has no listener:
	// connections come from Dial alone, which works inside testing/synctest.
	Network, Address string

	Version string // of kpclientd, as wire.DialectOf knows them; "" = "v0.0.99"

	// With are quirks that the daemon has beside those of its version; what is a
	// matter of chance is then certain. A quirk of the other generation may find
	// no occasion. Without are those that it has not.
	With, Without []Quirk

	// Mixnet is the model. Start is the daemon's; Queue, Slop, DocumentDelay and
	// LambdaPMaxDelay left at zero are those of the version.
	Mixnet MixnetConfig

	// Speed is virtual seconds per real second, 0 = 1; it scales every time
	// below. Clock, if set, must run at Speed; nil = a ScaledClock.
	Speed float64
	Clock Clock

	Unix         time.Time     // the wall clock's time at instant 0, for sent_at; zero = when the daemon starts
	SessionGrace time.Duration // how long a lost session can be resumed, virtual; 0 = 10 min
}

// Daemon is a kpclientd look-alike on a real socket, before a Mixnet that runs
// in scaled time. Methods are safe for concurrent use. Close it.
//
// Where it differs from the real one: a client may be 1024 frames behind before
// it counts as one that does not read. Up to v0.0.72 it is then never written
// to again (the real one does so when it is 100 ms late); later versions block
// every client until it reads. Requests for storage and channels are counted as
// Unserved.
type Daemon struct {
	cfg     DaemonConfig
	dialect wire.Dialect
	manners manners
	temper  temper
	clock   Clock
	unix    time.Time
	speed   float64
	wake    chan struct{}
	done    chan struct{}
	wg      sync.WaitGroup

	mu         sync.Mutex
	mixnet     *Mixnet
	alarms     schedule[func(now arq.Instant)]
	socket     *socket // nil while down, and for pipes
	addr       net.Addr
	up, closed bool
	chance     *rand.PCG
	instance   wire.ID
	heldUntil  arq.Instant // when the last greeting that is held will be said
	conns      []*conn
	clients    map[ClientID]*session
	tokens     map[wire.ID]*session
	lastClient ClientID
	reliables  reliables
	wedged     bool
	trouble    trouble // of the connection to the gateway
	sink       sink
	document   []byte // of documentEpoch
	docEpoch   uint64
	tally      tally
	violations []Violation
}

// StartDaemon checks cfg, listens and serves until Close. Errors wrap
// ErrConfig, wire.ErrUnknownVersion or ErrAddressInUse, or are those of the
// network.
func StartDaemon(cfg DaemonConfig) (*Daemon, error) {
	if cfg.Version == "" {
		cfg.Version = "v0.0.99"
	}
	if cfg.SessionGrace == 0 {
		cfg.SessionGrace = 10 * time.Minute
	}
	if cfg.SessionGrace < 0 {
		return nil, fmt.Errorf("%w: SessionGrace is negative", ErrConfig)
	}
	dialect, err := wire.DialectOf(cfg.Version)
	if err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	scaled, err := NewClock(cfg.Speed)
	if err != nil {
		return nil, err
	}
	temper, err := newTemper(cfg.Mixnet.Seed, dialect.Version, cfg.With, cfg.Without)
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		cfg: cfg, dialect: dialect, manners: mannersOf(dialect, temper), temper: temper, reliables: newReliables(temper),
		clock: cfg.Clock, unix: cfg.Unix, speed: scaled.Speed(),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		chance:  stream(cfg.Mixnet.Seed, "daemon"),
		clients: make(map[ClientID]*session), tokens: make(map[wire.ID]*session),
	}
	if d.clock == nil {
		d.clock = scaled
	}
	if d.unix.IsZero() {
		d.unix = time.Now().Add(-time.Duration(d.clock.Now()))
	}
	model := d.temper.apply(d.manners.apply(cfg.Mixnet))
	model.Start = d.clock.Now()
	if d.mixnet, err = NewMixnet(model); err != nil {
		return nil, err
	}
	if err := d.Start(); err != nil {
		return nil, err
	}
	d.wg.Go(d.run)
	return d, nil
}

// Addr returns where the daemon listens, also while it is down; nil for pipes.
func (d *Daemon) Addr() net.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.addr
}

// Clock returns the daemon's clock, for a client to share.
func (d *Daemon) Clock() Clock { return d.clock }

// Speed returns virtual seconds per real second.
func (d *Daemon) Speed() float64 { return d.speed }

// Dialect returns the wire that the daemon speaks.
func (d *Daemon) Dialect() wire.Dialect { return d.dialect }

// run drives the model: it does what is due and sleeps until more is.
func (d *Daemon) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(d.step())
		select {
		case <-timer.C:
		case <-d.wake:
		case <-d.done:
			return
		}
	}
}

// step does everything due and returns the real time until there is more.
func (d *Daemon) step() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.Now()
	if !d.drain(now) {
		return time.Hour // somebody does not read: all wait for the writer to wake us
	}
	for _, delivery := range d.mixnet.Advance(now, nil) {
		d.deliver(delivery)
	}
	d.retransmit(now)
	for d.alarms.due(now) {
		at, ring := d.alarms.pop()
		ring(at)
	}
	d.makeRoom()
	next := d.mixnet.Next()
	for _, at := range [...]arq.Instant{d.alarms.next(), d.reliables.next()} {
		if at != 0 && at < next {
			next = at
		}
	}
	left := math.Ceil(float64(next.Sub(now)) / d.speed)
	return time.Duration(min(max(left, 0), float64(time.Hour)))
}

// alarm runs ring at an instant, under the lock.
func (d *Daemon) alarm(at arq.Instant, ring func(now arq.Instant)) { d.alarms.push(at, ring) }

// unlock ends what may have given the model more to do.
func (d *Daemon) unlock() {
	d.mu.Unlock()
	d.rouse()
}

// rouse lets the daemon look again for what there is to do.
func (d *Daemon) rouse() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// identifier draws 16 bytes.
func (d *Daemon) identifier() (id wire.ID) {
	for i := 0; i < len(id); i += 8 {
		u := d.chance.Uint64()
		for j := range 8 {
			id[i+j] = byte(u >> (8 * j))
		}
	}
	return id
}

// at returns the Unix time of an instant in seconds.
func (d *Daemon) at(t arq.Instant) int64 { return d.unix.Add(time.Duration(t)).Unix() }
