package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/homing-mix/homing/arq"
)

// Mixnet is a discrete-event model of a client daemon and the mix network
// behind it: one Poisson egress for all clients, exact ETAs, residuals, loss,
// SURB expiry, services, epochs and gateway outages.
//
// It has no goroutine and no clock: every method takes the present instant,
// which must not go backwards, first does everything due until then, and keeps
// what there is to tell for the next Advance. The same seed and the same calls
// give the same deliveries on any machine. Egress, hops, loss and residual
// draw from streams of their own, so that turning one knob leaves the others'
// draws as they were. Not safe for concurrent use.
type Mixnet struct {
	egress   egress
	flights  flights
	network  network
	gateway  gateway
	schedule schedule[happening]
	clients  map[ClientID]*client
	order    []*client // as they joined
	loss     loss
	faults   faults
	outage   outage
	wedged   bool
	counters Counters
	out      []Delivery
	now      arq.Instant
}

// client is one application at the daemon.
type client struct {
	id    ClientID
	queue []Packet  // RoundRobin only
	gone  bool      // forgotten: nothing is delivered any more
	held  *Delivery // is told after the next event
}

// happening is an entry of the model's schedule.
type happening struct {
	kind   happens
	flight *flight
	client *client
	held   *Delivery
	serial uint64 // of the outage or epoch, to tell superseded entries
}

type happens uint8

const (
	reachesService happens = iota
	reachesClient
	gatewayReturns
	documentAppears
	sentIsOverdue
	heldIsOverdue
)

// NewMixnet checks cfg and returns a model that stands at cfg.Start. Errors
// wrap ErrConfig.
func NewMixnet(cfg MixnetConfig) (*Mixnet, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	m := &Mixnet{
		now:     cfg.Start,
		clients: make(map[ClientID]*client),
		loss:    loss{stream: stream(cfg.Seed, "loss")},
		faults:  faults{stream: stream(cfg.Seed, "faults"), overtaken: cfg.SentOvertaken},
	}
	if err := m.faults.set(cfg.Faults); err != nil {
		return nil, err
	}
	forward, back := cfg.ForwardLoss, cfg.ReturnLoss
	if cfg.Loss != 0 {
		forward, back = perWay(cfg.Loss), perWay(cfg.Loss)
	}
	if err := m.loss.set(forward, back); err != nil {
		return nil, err
	}
	m.flights = flights{
		hop:       inverse(cfg.Mu),
		hops:      2*cfg.Layers + 3,
		forward:   cfg.Layers + 2,
		slop:      cfg.Slop,
		delays:    stream(cfg.Seed, "hops"),
		residual:  cfg.Residual,
		residuals: rand.New(stream(cfg.Seed, "residual")),
		surbs:     make(map[[16]byte]*flight),
		both:      cfg.AnswerDoubles,
		oneWay:    cfg.ServeNoSURB,
		expiry:    timers[*flight]{skewed: cfg.ForgetOldestOnly},
	}
	m.egress = egress{
		rule:    cfg.Queue,
		mean:    inverse(cfg.LambdaP),
		longest: cfg.LambdaPMaxDelay,
		stream:  stream(cfg.Seed, "egress"),
	}
	m.egress.tick = m.egress.after(m.now)
	m.gateway.runs, m.gateway.keeps = cfg.SendWhileAway, cfg.KeepSURBs
	m.network = newNetwork(cfg)
	m.schedule.push(m.now.Add(cfg.Epoch+cfg.DocumentDelay), happening{kind: documentAppears})
	return m, nil
}

// stream returns the random stream of one purpose.
func stream(seed uint64, purpose string) *rand.PCG {
	return rand.NewPCG(seed, fingerprint(purpose))
}

// fingerprint is FNV-1a, 64 bits.
func fingerprint(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// inverse turns a rate per millisecond into a mean interval.
func inverse(rate float64) time.Duration {
	return time.Duration(float64(time.Millisecond) / rate)
}

// Next returns the next instant at which Advance has something to do or to
// tell. Ticks that could only send decoys are left out: they are made up for
// when there is work. It is never 0, as epochs go on for ever.
func (m *Mixnet) Next() arq.Instant {
	if len(m.out) > 0 {
		return m.out[0].At
	}
	next := m.schedule.next()
	if t := m.egress.tick; t != 0 && m.egress.queued > 0 && (next == 0 || t < next) {
		next = t
	}
	return next
}

// Advance does everything due until now and appends what there is to tell, in
// the order of time.
func (m *Mixnet) Advance(now arq.Instant, out []Delivery) []Delivery {
	m.reach(now)
	out = append(out, m.out...)
	clear(m.out)
	m.out = m.out[:0]
	return out
}

// reach does everything due until now.
func (m *Mixnet) reach(now arq.Instant) {
	for {
		tick, next := m.egress.tick, m.schedule.next()
		switch {
		case tick != 0 && tick <= now && (next == 0 || tick <= next):
			m.now = tick
			m.depart(tick)
			m.egress.tick = m.egress.after(tick)
		case m.schedule.due(now):
			at, h := m.schedule.pop()
			m.now = at
			m.happen(at, h)
		default:
			m.now = max(m.now, now)
			return
		}
	}
}

func (m *Mixnet) happen(at arq.Instant, h happening) {
	switch h.kind {
	case reachesService:
		m.serve(at, h.flight)
	case reachesClient:
		m.reply(at, h.flight)
	case gatewayReturns:
		m.reconnect(at, h.serial)
	case documentAppears:
		m.publish(at, h.serial)
	case sentIsOverdue:
		m.release(h.flight)
	case heldIsOverdue:
		if h.client.held == h.held {
			m.flush(h.client)
		}
	}
}

// tell keeps a delivery for the next Advance.
func (m *Mixnet) tell(c *client, d Delivery) {
	if c.gone || m.wedged {
		return
	}
	d.At, d.Client = m.now, c.id
	m.out = append(m.out, d)
	m.flush(c)
}

// announce tells every client.
func (m *Mixnet) announce(d Delivery) {
	for _, c := range m.order {
		m.tell(c, d)
	}
}

// SetLoss turns the loss of a whole round trip, split evenly over both ways,
// for packets that depart from now on. It fails unless p is in [0, 1].
func (m *Mixnet) SetLoss(now arq.Instant, p float64) error {
	if !(p >= 0 && p <= 1) {
		return fmt.Errorf("%w: a loss rate of %v is not in [0, 1]", ErrConfig, p)
	}
	return m.SetWayLoss(now, perWay(p), perWay(p))
}

// SetWayLoss turns the loss of each way for packets that depart from now on.
// It fails unless both are in [0, 1].
func (m *Mixnet) SetWayLoss(now arq.Instant, forward, back float64) error {
	m.reach(now)
	return m.loss.set(forward, back)
}

// Slop returns how long after departure + ETA a reply is still accepted.
func (m *Mixnet) Slop() time.Duration { return m.flights.slop }

// Counters returns the totals until the last call that took an instant.
func (m *Mixnet) Counters() Counters {
	c := m.counters
	c.InFlight = c.Departed - (c.LostForward + c.LostReturn + c.Unanswered + c.Expired +
		c.Voided + c.Doubled + c.Forgotten + c.Replied)
	c.Queued = m.egress.queued
	return c
}
