package actors

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
)

// The numbers of every test's directory, all different, so that one taken for
// another shows.
const (
	testSlop    = 2 * time.Second
	testExpiry  = 5 * time.Second
	testOverdue = 7 * time.Second
	testSilence = 60 * time.Second
)

var errTest = errors.New("test: trouble")

// offers is a directory in which each service has one instance of each name.
func offers(services map[string][]string) *Directory {
	d := &Directory{
		Epoch: 1, Services: make(map[string][]Instance), Payload: 2000,
		Slop: testSlop, Expiry: testExpiry, Overdue: testOverdue, Silence: testSilence,
	}
	for service, nodes := range services {
		for _, node := range nodes {
			i := Instance{Node: node, Recipient: []byte("+" + service)}
			copy(i.Destination[:], node)
			d.Services[service] = append(d.Services[service], i)
		}
	}
	return d
}

var echoOnly = offers(map[string][]string{"echo": {"node"}})

// office is a Desk in virtual time, with everything that came out of it and a
// clerk who checks at every step what must hold at all of them.
type office struct {
	t     testing.TB
	desk  Desk
	now   arq.Instant
	drawn uint64

	packets  []Packet // in the order of the writes
	owners   map[ID]Ref
	written  map[Ref]int
	finished map[Ref]bool
	gone     map[Ref]bool // Released
	givenFor map[Ref]bool // its place was given back
	gave     int
	resets   []error
}

func newOffice(t testing.TB, config DeskConfig) *office {
	o := &office{
		t: t, now: arq.Instant(time.Hour), owners: map[ID]Ref{}, written: map[Ref]int{},
		finished: map[Ref]bool{}, gone: map[Ref]bool{}, givenFor: map[Ref]bool{},
	}
	o.desk = NewDesk(config, func() ID {
		o.drawn++
		return surb(o.drawn)
	})
	return o
}

// open is an office whose link is up, with one node that offers echo.
func open(t testing.TB, config DeskConfig) *office {
	o := newOffice(t, config)
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
	o.up(1, false)
	return o
}

// surb is the n-th SURB ID that an office draws. Its first bytes are zero:
// first attempts go to the first instance.
func surb(n uint64) (id ID) {
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

func ref(ordinal uint64) Ref { return Ref{Ordinal: ordinal, Generation: 1} }

func entryFor(ordinal uint64, attempt int) Entry {
	return Entry{Ref: ref(ordinal), Attempt: attempt, Service: "echo", Payload: []byte{byte(ordinal), byte(attempt)}}
}

func (o *office) pass(d time.Duration) { o.now = o.now.Add(d) }

func (o *office) queue(ordinal uint64, attempt int) []DeskEffect {
	return o.queueEntry(entryFor(ordinal, attempt))
}

func (o *office) queueEntry(e Entry) []DeskEffect {
	return o.audit(o.desk.Queue(o.now, e, nil), Ref{})
}

func (o *office) finish(ordinal uint64) []DeskEffect {
	return o.audit(o.desk.Finish(o.now, ref(ordinal), nil), ref(ordinal))
}

func (o *office) tick() []DeskEffect { return o.audit(o.desk.Tick(o.now, nil), Ref{}) }

func (o *office) hear(e LinkEvent) []DeskEffect {
	if e.At == 0 {
		e.At = o.now
	}
	return o.audit(o.desk.Hear(o.now, &e, nil), Ref{})
}

func (o *office) up(connection uint64, same bool) []DeskEffect {
	return o.hear(LinkEvent{Kind: LinkUp, Connection: connection, Same: same})
}

func (o *office) down() []DeskEffect { return o.hear(LinkEvent{Kind: LinkDown, Reason: errTest}) }

func (o *office) gatewayDown() []DeskEffect { return o.hear(LinkEvent{Kind: LinkGatewayDown}) }
func (o *office) gatewayUp() []DeskEffect   { return o.hear(LinkEvent{Kind: LinkGatewayUp}) }

// sent reports the n-th packet as sent, with an ETA of a second.
func (o *office) sent(n uint64) []DeskEffect {
	return o.hear(LinkEvent{Kind: LinkSent, SURBID: surb(n), ETA: time.Second})
}

func (o *office) failed(n uint64) []DeskEffect {
	return o.hear(LinkEvent{Kind: LinkSent, SURBID: surb(n), Reason: errTest})
}

func (o *office) reply(n uint64) []DeskEffect {
	return o.hear(LinkEvent{Kind: LinkReply, SURBID: surb(n), Payload: []byte("answer")})
}

// audit writes down what a step did and checks what must hold at every step.
func (o *office) audit(effects []DeskEffect, finishing Ref) []DeskEffect {
	o.t.Helper()
	owed, released := 0, 0
	if finishing != (Ref{}) {
		if o.finished[finishing] {
			o.t.Fatalf("the test finishes %v twice", finishing)
		}
		o.finished[finishing] = true
		if !o.givenFor[finishing] {
			owed++
			o.givenFor[finishing] = true
		}
	}
	gave := 0
	for _, e := range effects {
		switch e.Kind {
		case WritePacket:
			connection, up := o.desk.Up()
			if !up || e.Packet.Connection != connection {
				o.t.Fatalf("written to connection %d; the link is up: %v, on %d", e.Packet.Connection, up, connection)
			}
			if _, twice := o.owners[e.Packet.SURBID]; twice {
				o.t.Fatalf("SURB ID %x is used twice", e.Packet.SURBID)
			}
			if o.finished[e.Ref] {
				o.t.Fatalf("written for %v, which is finished", e.Ref)
			}
			o.owners[e.Packet.SURBID] = e.Ref
			o.packets = append(o.packets, e.Packet)
			o.written[e.Ref]++
			if !o.givenFor[e.Ref] {
				owed++
				o.givenFor[e.Ref] = true
			}
		case TellMessage:
			if o.gone[e.Ref] {
				o.t.Fatalf("%v is told %v after it was released", e.Ref, e.Event)
			}
			if (e.Event.Kind == arq.SendFailed) != (e.Reason != nil) {
				o.t.Fatalf("%v is told %v with the reason %v", e.Ref, e.Event, e.Reason)
			}
		case Released:
			if o.gone[e.Ref] || e.Ref != finishing {
				o.t.Fatalf("%v is released at the finish of %v", e.Ref, finishing)
			}
			o.gone[e.Ref] = true
			released++
		case GiveBack:
			gave++
		case ResetLink:
			o.resets = append(o.resets, e.Reason)
		default:
			o.t.Fatalf("effect of kind %d", e.Kind)
		}
	}
	o.gave += gave
	if gave != owed {
		o.t.Fatalf("%d places given back, %d were due: %+v", gave, owed, effects)
	}
	if want := finishing != (Ref{}); (released == 1) != want {
		o.t.Fatalf("%d messages released; finished one: %v", released, want)
	}
	o.checkDesk()
	return effects
}

// checkDesk looks for slots and tickets that belong to nobody.
func (o *office) checkDesk() {
	o.t.Helper()
	d := &o.desk
	if n := d.window.len(); n > d.config.Window {
		o.t.Fatalf("%d attempts in a window of %d", n, d.config.Window)
	}
	held, linked, observers := 0, 0, 0
	for i := range d.tickets.slab {
		k := &d.tickets.slab[i]
		if k.free {
			continue
		}
		if slot, ok := d.tickets.bySURB[k.surb]; !ok || slot != int32(i) {
			o.t.Fatalf("ticket %d cannot be found by its SURB ID", i)
		}
		if k.inWindow {
			held++
		}
		switch {
		case !k.observer:
			linked++
		case k.watched:
			observers++
		case !k.inWindow:
			o.t.Fatalf("ticket %d belongs to nobody", i)
		}
	}
	if held != d.window.len() {
		o.t.Fatalf("%d tickets hold a slot, the window counts %d", held, d.window.len())
	}
	if observers != d.tickets.observers() || observers > d.config.Observers {
		o.t.Fatalf("%d observers, counted as %d, limit %d", observers, d.tickets.observers(), d.config.Observers)
	}
	waiting := 0
	for _, m := range d.messages {
		for slot := m.first; slot != none; slot = d.tickets.slab[slot].next {
			if k := &d.tickets.slab[slot]; k.free || k.observer || k.ref != m.ref {
				o.t.Fatalf("%v is linked to the ticket %+v", m.ref, *k)
			}
			linked--
		}
		if m.where != nowhere {
			waiting++
		}
	}
	if linked != 0 {
		o.t.Fatalf("%d tickets of running messages are linked to none", linked)
	}
	if n := d.Counters().Waiting; n != waiting {
		o.t.Fatalf("%d entries wait, for %d messages", n, waiting)
	}
}

// eventsIn are what messages are told, in order.
func eventsIn(effects []DeskEffect) (events []arq.Event) {
	for _, e := range effects {
		if e.Kind == TellMessage {
			events = append(events, e.Event)
		}
	}
	return events
}

// wantTold fails unless exactly these kinds of events were told, in order.
func (o *office) wantTold(effects []DeskEffect, want ...arq.Kind) []arq.Event {
	o.t.Helper()
	events := eventsIn(effects)
	if len(events) != len(want) {
		o.t.Fatalf("told %v, want %v", events, want)
	}
	for i := range want {
		if events[i].Kind != want[i] {
			o.t.Fatalf("told %v, want %v", events, want)
		}
	}
	return events
}

// wantPackets fails unless the packets written since the start are those of
// these messages, in order.
func (o *office) wantPackets(want ...uint64) {
	o.t.Helper()
	var got []uint64
	for _, p := range o.packets {
		got = append(got, o.owners[p.SURBID].Ordinal)
	}
	if len(got) != len(want) {
		o.t.Fatalf("packets of %v, want of %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			o.t.Fatalf("packets of %v, want of %v", got, want)
		}
	}
}

// mayHaveExecuted is what the Released among effects says.
func mayHaveExecuted(t testing.TB, effects []DeskEffect) bool {
	t.Helper()
	for _, e := range effects {
		if e.Kind == Released {
			return e.MayHaveExecuted
		}
	}
	t.Fatal("nothing was released")
	return false
}
