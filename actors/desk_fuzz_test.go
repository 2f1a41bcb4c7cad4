package actors

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
)

// script turns bytes into what happens to a Desk, in any order, sensible or
// not; what the clerk of the office checks must hold all the same.
type script struct {
	*office
	bytes      []byte
	next       uint64 // ordinal of the next message
	attempts   map[uint64]int
	connection uint64
}

func (s *script) byte() byte {
	if len(s.bytes) == 0 {
		return 0
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	return b
}

// below is a number from 0 to n-1, or 0.
func (s *script) below(n int) int {
	if n <= 0 {
		return 0
	}
	return int(s.byte()) % n
}

func (s *script) duration() time.Duration {
	return []time.Duration{0, 1, time.Millisecond, time.Second, 3 * time.Second, 30 * time.Second, 10 * time.Minute, 1<<63 - 1}[s.below(8)]
}

var fuzzServices = []string{"echo", "pad", "slow"}

// running is one of the messages that are not finished.
func (s *script) running() (uint64, bool) {
	var list []uint64
	for i := range s.next {
		if !s.finished[ref(i)] {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return 0, false
	}
	return list[s.below(len(list))], true
}

func (s *script) ask(ordinal uint64) {
	s.attempts[ordinal]++
	e := entryFor(ordinal, s.attempts[ordinal])
	e.Service = fuzzServices[ordinal%3]
	e.Class = mailbox.Class(int(ordinal%7)) + mailbox.Control // the last two do not exist
	s.queueEntry(e)
}

// surb is the ID of a packet written, or now and then of none.
func (s *script) surb() ID {
	return surb(uint64(s.below(int(min(s.drawn, 200)))) + s.drawn/200*200 + 1)
}

func (s *script) step() {
	s.compareClone()
	switch s.byte() % 16 {
	case 0, 1:
		s.ask(s.next)
		s.next++
	case 2, 3:
		if ordinal, ok := s.running(); ok {
			s.ask(ordinal)
		}
	case 4, 5:
		if ordinal, ok := s.running(); ok {
			s.finish(ordinal)
		}
	case 6, 7:
		at := s.now.Add(-s.duration() % time.Hour)
		s.hear(LinkEvent{Kind: LinkSent, At: at, SURBID: s.surb(), ETA: s.duration()})
	case 8:
		s.hear(LinkEvent{Kind: LinkSent, SURBID: s.surb(), Reason: errTest, Permanent: s.byte()&1 == 0})
	case 9:
		s.hear(LinkEvent{Kind: LinkReply, SURBID: s.surb(), Code: s.byte() & 1, Payload: []byte("answer")})
	case 10:
		s.down()
	case 11:
		s.connection++
		s.up(s.connection, s.byte()&1 == 0)
	case 12:
		if s.byte()&1 == 0 {
			s.gatewayDown()
		} else {
			s.gatewayUp()
		}
	case 13:
		services := map[string][]string{}
		for i, service := range fuzzServices {
			if s.byte()&1 == 0 {
				services[service] = []string{"a", "b"}[:1+i%2]
			}
		}
		directory := offers(services)
		if len(services) == 0 {
			directory = nil
		}
		s.hear(LinkEvent{Kind: LinkDirectory, Directory: directory})
	case 14:
		s.pass(s.duration() % time.Hour)
		s.tick()
	case 15:
		s.hear(LinkEvent{Kind: LinkKind(s.byte()), SURBID: s.surb()})
	}
}

// compareClone sees that a clone decides as its original would, and that the
// original does not notice.
func (s *script) compareClone() {
	if s.byte()&7 != 0 {
		return
	}
	before := fingerprint(&s.desk)
	drawn := s.drawn
	events := []LinkEvent{
		{Kind: LinkSent, At: s.now, SURBID: s.surb(), ETA: time.Second}, {Kind: LinkDown, At: s.now},
		{Kind: LinkUp, At: s.now, Connection: 99}, {Kind: LinkDirectory, Directory: echoOnly},
	}
	run := func(d Desk) (effects []DeskEffect) {
		s.drawn = drawn
		for i := range events {
			effects = d.Hear(s.now, &events[i], effects)
		}
		return effects
	}
	first, second := run(s.desk.Clone()), run(s.desk.Clone())
	s.drawn = drawn
	if !reflect.DeepEqual(first, second) {
		s.t.Fatalf("two clones decide differently:\n%+v\n%+v", first, second)
	}
	if after := fingerprint(&s.desk); after != before {
		s.t.Fatalf("the original changed:\n%s\n%s", before, after)
	}
}

// end finishes all that is running, lets every SURB expire, and looks for what
// is left over.
func (s *script) end() {
	for i := range s.next {
		if !s.finished[ref(i)] {
			s.finish(i)
		}
	}
	if s.gave != int(s.next) {
		s.t.Fatalf("%d places given back, of %d messages", s.gave, s.next)
	}
	s.up(1000, false)
	if c := s.desk.Counters(); c.InWindow+c.Waiting+c.Tickets+c.Observers != 0 || len(s.desk.messages) != 0 {
		s.t.Fatalf("left over: %+v, %d messages", c, len(s.desk.messages))
	}
}

func playScript(t *testing.T, bytes []byte) {
	s := &script{bytes: bytes, attempts: map[uint64]int{}}
	s.office = newOffice(t, DeskConfig{Window: 1 + int(s.byte()%5), Observers: 1 + int(s.byte()%8)})
	for len(s.bytes) > 0 {
		s.step()
	}
	s.end()
}

func FuzzDesk(f *testing.F) {
	chance := rand.New(rand.NewPCG(1, 2))
	for n := range 8 {
		bytes := make([]byte, 64<<n/2)
		for i := range bytes {
			bytes[i] = byte(chance.Uint32())
		}
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if len(bytes) <= 1024 {
			playScript(t, bytes)
		}
	})
}

func TestNoOrderOfEventsBreaksTheDesk(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 50
	}
	for seed := range uint64(n) {
		chance := rand.New(rand.NewPCG(seed, 3))
		bytes := make([]byte, 100+chance.IntN(1500))
		for i := range bytes {
			bytes[i] = byte(chance.Uint32())
		}
		// A link that is up from the beginning, in most runs.
		if seed%8 != 0 {
			copy(bytes[2:], []byte{1, 11, 0, 1, 13, 0, 0, 0})
		}
		playScript(t, bytes)
	}
}

// TestEveryMessageEndsWhenItsMachineDrivesTheDesk lets real machines ask and
// hear, and the link answer, fail, lose and flip as it likes.
func TestEveryMessageEndsWhenItsMachineDrivesTheDesk(t *testing.T) {
	n := uint64(60)
	if testing.Short() {
		n = 10
	}
	for seed := range n {
		newTroubled(t, seed).run()
	}
}

// troubled is an office, the machines of its messages and a link with moods.
type troubled struct {
	*office
	chance   *rand.Rand
	machines map[uint64]*arq.Machine
	wakes    map[uint64]arq.Instant
	outcome  map[uint64]arq.Outcome
	pending  []Packet // written, and not reported by the link
}

const troubledMessages = 40

func newTroubled(t *testing.T, seed uint64) *troubled {
	return &troubled{
		office: newOffice(t, DeskConfig{Window: 1 + int(seed%4)}), chance: rand.New(rand.NewPCG(seed, 4)),
		machines: map[uint64]*arq.Machine{}, wakes: map[uint64]arq.Instant{}, outcome: map[uint64]arq.Outcome{},
	}
}

func (w *troubled) step(ordinal uint64, event arq.Event) {
	event.Generation = 1
	effects := w.machines[ordinal].Step(w.now, event)
	if w.outcome[ordinal] != arq.Pending {
		return
	}
	w.wakes[ordinal] = effects.Wake
	if effects.Transmit != 0 {
		w.obey(w.queue(ordinal, effects.Transmit))
	}
	if effects.Done != arq.Pending {
		w.outcome[ordinal] = effects.Done
		delete(w.wakes, ordinal)
		w.obey(w.finish(ordinal))
	}
}

func (w *troubled) obey(effects []DeskEffect) {
	for _, e := range effects {
		switch e.Kind {
		case WritePacket:
			w.pending = append(w.pending, e.Packet)
		case TellMessage:
			w.step(e.Ref.Ordinal, e.Event)
		case ResetLink:
			w.obey(w.down())
		}
	}
}

func (w *troubled) run() {
	policy := arq.Interactive.Policy()
	policy.Deadline = 0
	w.hear(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
	for i := range uint64(troubledMessages) {
		machine := arq.New(1, &policy, 0, [2]uint64{i, i})
		w.machines[i] = &machine
		w.step(i, arq.Event{Kind: arq.Start})
	}
	w.obey(w.up(1, false))
	for round := 0; len(w.outcome) < troubledMessages; round++ {
		if round > 100_000 {
			w.t.Fatalf("%d of %d messages ended, %+v", len(w.outcome), troubledMessages, w.desk.Counters())
		}
		w.pass(time.Duration(w.chance.ExpFloat64() * float64(time.Second)))
		w.link(uint64(round))
		w.obey(w.tick())
		for i := range uint64(troubledMessages) {
			if at := w.wakes[i]; at != 0 && at <= w.now {
				w.step(i, arq.Event{Kind: arq.Timeout})
			}
		}
	}
	if w.gave != troubledMessages {
		w.t.Fatalf("%d places given back, of %d", w.gave, troubledMessages)
	}
}

// link lets one thing happen at the other end.
func (w *troubled) link(round uint64) {
	switch w.chance.IntN(40) {
	case 0:
		w.obey(w.down())
	case 1:
		w.obey(w.gatewayUp())
	case 2:
		w.obey(w.gatewayDown())
	}
	if _, up := w.desk.Up(); !up {
		if w.chance.IntN(4) == 0 {
			same := w.chance.IntN(2) == 0
			w.obey(w.up(round+2, same))
			w.pending = nil
		}
		return
	}
	if len(w.pending) == 0 {
		return
	}
	p := w.pending[0]
	w.pending = w.pending[1:]
	switch w.chance.IntN(8) {
	case 0: // the sent event is lost
	case 1:
		w.obey(w.hear(LinkEvent{Kind: LinkSent, SURBID: p.SURBID, Reason: errTest}))
	case 2:
		w.obey(w.hear(LinkEvent{Kind: LinkReply, SURBID: p.SURBID}))
	default:
		w.obey(w.hear(LinkEvent{Kind: LinkSent, SURBID: p.SURBID, ETA: time.Second}))
		if w.chance.IntN(3) == 0 {
			w.obey(w.hear(LinkEvent{Kind: LinkReply, SURBID: p.SURBID}))
		}
	}
}
