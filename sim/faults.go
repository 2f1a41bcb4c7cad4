package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/homing-mix/homing/arq"
)

// Faults disturb the events that a client reads. Probabilities are in [0, 1],
// drawn for every event from a stream of their own; the zero value disturbs
// nothing.
type Faults struct {
	MissingSent    float64 // a sent event never comes
	DuplicateSent  float64 // it comes twice
	SentAfterReply float64 // it comes behind its reply, or when the SURB expires
	DuplicateReply float64 // a reply comes twice
	LateReply      float64 // it comes Lateness later, if the SURB lives so long
	Reordered      float64 // a sent event or a reply comes behind the client's next event, or 5 s later

	Lateness time.Duration // 0 = 10 s
}

const (
	defaultLateness = 10 * time.Second
	// heldBack is how long an event waits for the next at most.
	heldBack = 5 * time.Second
	// overtaking is a round trip so short that the reply overtakes its sent event.
	overtaking = time.Millisecond
)

type faults struct {
	Faults
	stream    *rand.PCG
	overtaken bool // SentOvertaken
}

func (f *faults) set(to Faults) error {
	for _, p := range [...]struct {
		name string
		of   float64
	}{
		{"MissingSent", to.MissingSent}, {"DuplicateSent", to.DuplicateSent}, {"SentAfterReply", to.SentAfterReply},
		{"DuplicateReply", to.DuplicateReply}, {"LateReply", to.LateReply}, {"Reordered", to.Reordered},
	} {
		if !(p.of >= 0 && p.of <= 1) {
			return fmt.Errorf("%w: %s of %v is not in [0, 1]", ErrConfig, p.name, p.of)
		}
	}
	if to.Lateness < 0 {
		return fmt.Errorf("%w: Lateness is negative", ErrConfig)
	}
	if to.Lateness == 0 {
		to.Lateness = defaultLateness
	}
	f.Faults = to
	return nil
}

// strikes draws for one fault; without it nothing is drawn.
func (f *faults) strikes(p float64) bool {
	return p > 0 && f.stream.Uint64()>>11 < uint64(p*(1<<53))
}

func (f *faults) lateness() time.Duration {
	if f.strikes(f.LateReply) {
		return f.Lateness
	}
	return 0
}

// SetFaults turns the faults of events that come from now on. Errors wrap
// ErrConfig.
func (m *Mixnet) SetFaults(now arq.Instant, f Faults) error {
	m.reach(now)
	return m.faults.set(f)
}

// report tells a sent event.
func (m *Mixnet) report(f *flight, d Delivery) {
	if m.faults.strikes(m.faults.MissingSent) {
		return
	}
	if d.Kind == Departed && (m.faults.strikes(m.faults.SentAfterReply) ||
		m.faults.overtaken && f.there+f.back+f.residual < overtaking) {
		f.sent = &d
		m.schedule.push(f.expiry, happening{kind: sentIsOverdue, flight: f})
		return
	}
	m.pass(f.client, d)
	if m.faults.strikes(m.faults.DuplicateSent) {
		m.pass(f.client, d)
	}
}

// answer tells a reply, and the sent event that waited for it.
func (m *Mixnet) answer(f *flight) {
	d := Delivery{Kind: Replied, Packet: f.packet, Payload: f.answer}
	m.pass(f.client, d)
	if m.faults.strikes(m.faults.DuplicateReply) {
		d.Payload = append([]byte(nil), f.answer...)
		m.pass(f.client, d)
	}
	m.release(f)
}

// release tells a sent event that has waited.
func (m *Mixnet) release(f *flight) {
	if d := f.sent; d != nil {
		f.sent = nil
		m.pass(f.client, *d)
	}
}

// pass tells an event, or holds it back for the next one.
func (m *Mixnet) pass(c *client, d Delivery) {
	if c.held == nil && !c.gone && m.faults.strikes(m.faults.Reordered) {
		c.held = &d
		m.schedule.push(m.now.Add(heldBack), happening{kind: heldIsOverdue, client: c, held: &d})
		return
	}
	m.tell(c, d)
}

// flush tells what was held back.
func (m *Mixnet) flush(c *client) {
	if d := c.held; d != nil {
		c.held = nil
		m.tell(c, *d)
	}
}
