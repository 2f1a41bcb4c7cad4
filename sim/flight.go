package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/homing-mix/homing/arq"
)

// flights are the packets that have departed, and the SURBs that wait for
// their replies.
type flights struct {
	hop       time.Duration // mean delay
	hops      int           // 2L+3: there through gateway, mixes and service node, back through mixes and gateway
	forward   int           // of these on the way there
	slop      time.Duration
	delays    *rand.PCG
	residual  Residual
	residuals *rand.Rand

	surbs  map[[16]byte]*flight // by SURB ID, the latest of each
	both   bool                 // of two with one SURB ID both are answered
	oneWay bool                 // requests without a SURB reach their service
	expiry timers[*flight]
	padded [UserForwardPayloadLength]byte
}

// flight is one packet under way.
type flight struct {
	client              *client
	packet              Packet
	departure, expiry   arq.Instant
	there, back         time.Duration // the two parts of the ETA
	residual            time.Duration
	lostThere, lostBack bool
	doubled             bool
	forgotten           bool      // its SURB has expired
	sent                *Delivery // its sent event, if that has to wait for the reply
	life                uint64    // the gateway connection it departed through
	answer              []byte
}

// depart is a tick of the egress clock.
func (m *Mixnet) depart(now arq.Instant) {
	c, p, ok := m.take()
	if !ok {
		m.counters.Decoys++
		return
	}
	if complaint := m.compose(p); complaint != "" {
		m.counters.Failed++
		if !p.NoSURB {
			p.Payload = nil
			m.report(&flight{client: c, packet: p}, Delivery{Kind: SendError, Packet: p, Err: complaint})
		}
		return
	}
	f := m.launch(now, c, p)
	m.counters.Departed++
	if p.NoSURB {
		if m.flights.oneWay {
			m.schedule.push(now.Add(f.there), happening{kind: reachesService, flight: f})
		} else {
			m.counters.Unanswered++
		}
		return
	}
	m.claim(f)
	told := p
	told.Payload = nil
	m.report(f, Delivery{Kind: Departed, Packet: told, ETA: f.there + f.back, Expiry: f.expiry})
	m.schedule.push(now.Add(f.there), happening{kind: reachesService, flight: f})
}

// compose returns the daemon's complaint about a request, "" when a packet can
// be made of it.
func (m *Mixnet) compose(p Packet) string {
	switch {
	case m.gateway.away:
		return "client/conn: not connected to the Gateway"
	case p.NoDestination:
		return "request.DestinationIdHash is nil"
	case len(p.Recipient) == 0:
		return "client2: recipient is nil"
	case len(p.Payload) > UserForwardPayloadLength:
		return fmt.Sprintf("message too large: %d > %d", len(p.Payload), UserForwardPayloadLength)
	case m.network.documentless:
		return "client/conn: PKI error: client2: no PKI document"
	case !m.network.lists(p.Destination):
		return "client/conn: PKI error: client2: failed to find destination service node: pki: service not found"
	case len(p.Recipient) > 32:
		return fmt.Sprintf("client2: invalid recipient: '%v'", p.Recipient)
	}
	return ""
}

// launch makes all draws of a departure, whatever will come of it.
func (m *Mixnet) launch(now arq.Instant, c *client, p Packet) *flight {
	fs := &m.flights
	f := &flight{client: c, packet: p, departure: now, life: m.gateway.life}
	for i := range fs.hops {
		// Nodes are told whole milliseconds.
		delay := arq.Exponential(fs.delays, fs.hop).Round(time.Millisecond)
		if i < fs.forward {
			f.there += delay
		} else {
			f.back += delay
		}
	}
	f.residual = fs.residual.Draw(fs.residuals, fs.hops, f.there+f.back)
	f.lostThere, f.lostBack = m.loss.draw()
	f.expiry = now.Add(f.there + f.back + fs.slop)
	return f
}

// claim puts the flight's SURB on the books. An ID that is still out spoils
// both: neither is answered, also when they are of different clients.
func (m *Mixnet) claim(f *flight) {
	fs := &m.flights
	fs.expire(f.departure)
	if other := fs.surbs[f.packet.SURBID]; other != nil && other.life == f.life && !fs.both {
		other.doubled, f.doubled = true, true
	}
	fs.surbs[f.packet.SURBID] = f
	fs.expiry.push(f.expiry.Add(1), f)
}

// expire forgets the SURBs whose time has come.
func (fs *flights) expire(now arq.Instant) {
	for fs.expiry.due(now) {
		_, f := fs.expiry.fire()
		f.forgotten = true
		if fs.surbs[f.packet.SURBID] == f {
			delete(fs.surbs, f.packet.SURBID)
		}
	}
}

// serve is the arrival of a request at its service node.
func (m *Mixnet) serve(now arq.Instant, f *flight) {
	if f.lostThere || m.outage.on(f.departure) || m.outage.on(now) {
		m.counters.LostForward++
		return
	}
	service := m.network.find(f.packet.Destination, f.packet.Recipient)
	if service == nil {
		m.counters.Unanswered++
		return
	}
	request := m.flights.padded[:]
	clear(request[copy(request, f.packet.Payload):])
	f.packet.Payload = nil
	answer, delay, ok := service.Serve(request)
	m.counters.Executed++
	switch {
	case !ok || f.packet.NoSURB || len(answer) > UserForwardPayloadLength:
		m.counters.Unanswered++
	case f.lostBack:
		m.counters.LostReturn++
	default:
		f.answer = append(make([]byte, 0, ForwardPayloadLength), answer...)[:ForwardPayloadLength]
		delay = max(delay, 0) + m.faults.lateness()
		arrival := f.departure.Add(f.there + f.back + f.residual + delay)
		m.schedule.push(max(arrival, now.Add(delay)), happening{kind: reachesClient, flight: f})
	}
}

// reply is the arrival of a reply at the gateway's end of the daemon.
func (m *Mixnet) reply(now arq.Instant, f *flight) {
	m.flights.expire(now)
	if !f.doubled && m.flights.surbs[f.packet.SURBID] == f {
		delete(m.flights.surbs, f.packet.SURBID)
	}
	switch {
	case m.outage.on(now):
		m.counters.LostReturn++
	case f.doubled:
		m.counters.Doubled++
	case m.gateway.away || f.life != m.gateway.life:
		m.counters.Voided++
	case f.forgotten:
		m.counters.Expired++
	case f.client.gone:
		m.counters.Forgotten++
	default:
		m.counters.Replied++
		m.answer(f)
	}
}
