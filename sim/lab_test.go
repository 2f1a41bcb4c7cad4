package sim

import (
	"bytes"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
)

// lab drives a Mixnet through virtual time.
type lab struct {
	t   *testing.T
	m   *Mixnet
	now arq.Instant
}

// newLab returns a model without loss and with a residual of 100 ms, unless
// turn says otherwise.
func newLab(t *testing.T, turn func(*MixnetConfig)) *lab {
	t.Helper()
	cfg := MixnetConfig{Seed: 1, Residual: Constant(100 * time.Millisecond), Services: []Service{Echo("node1")}}
	if turn != nil {
		turn(&cfg)
	}
	m, err := NewMixnet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &lab{t: t, m: m, now: 1}
}

// request returns a packet to the first instance, with id as SURB ID.
func (l *lab) request(id uint64, body string) Packet {
	to := l.m.Instances()[0]
	return Packet{SURBID: surb(id), Destination: to.Destination, Recipient: to.Recipient, Payload: []byte(body)}
}

func surb(id uint64) (s [16]byte) {
	for i := range 8 {
		s[i] = byte(id >> (8 * i))
	}
	return s
}

// send queues a request that must find room.
func (l *lab) send(c ClientID, p Packet) {
	l.t.Helper()
	if !l.m.Send(l.now, c, p) {
		l.t.Fatalf("no room for client %d", c)
	}
}

// run lets time pass and returns what was told.
func (l *lab) run(d time.Duration) []Delivery {
	l.t.Helper()
	end := l.now.Add(d)
	var all []Delivery
	for next := l.m.Next(); next <= end; next = l.m.Next() {
		if next < l.now {
			l.t.Fatalf("Next is %v, the present %v", next, l.now)
		}
		l.now = next
		all = l.m.Advance(l.now, all)
	}
	l.now = end
	all = l.m.Advance(l.now, all)
	for i := 1; i < len(all); i++ {
		if all[i].At < all[i-1].At {
			l.t.Fatalf("told out of order: %v after %v", all[i].At, all[i-1].At)
		}
	}
	return all
}

// until lets time pass to the first delivery of the kind and returns it.
func (l *lab) until(kind DeliveryKind) Delivery {
	l.t.Helper()
	for end := l.now.Add(time.Hour); l.now < end; {
		l.now = l.m.Next()
		var found []Delivery
		for _, d := range l.m.Advance(l.now, nil) {
			if d.Kind == kind {
				found = append(found, d)
			}
		}
		if len(found) > 0 {
			return found[0]
		}
	}
	l.t.Fatalf("no %v within an hour", kind)
	return Delivery{}
}

func of(all []Delivery, kind DeliveryKind) (some []Delivery) {
	for _, d := range all {
		if d.Kind == kind {
			some = append(some, d)
		}
	}
	return some
}

// stream sends n requests of one client as fast as the model takes them, and
// returns what was told until all fates are known.
func (l *lab) stream(n int) []Delivery {
	l.t.Helper()
	var all []Delivery
	for i := 0; i < n; {
		if l.m.Send(l.now, 1, l.request(uint64(i+1), "x")) {
			i++
			continue
		}
		l.now = l.m.Next()
		all = l.m.Advance(l.now, all)
	}
	return append(all, l.run(time.Hour)...)
}

func (l *lab) fates() Counters {
	l.t.Helper()
	c := l.m.Counters()
	if c.InFlight != 0 || c.Queued != 0 {
		l.t.Fatalf("still under way: %+v", c)
	}
	return c
}

func padded(body string, n int) []byte {
	return append([]byte(body), bytes.Repeat([]byte{0}, n-len(body))...)
}
