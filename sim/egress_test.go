package sim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestASharedQueueIsFirstComeFirstServedAndOneClientCanFillIt(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) { c.Queue = SharedFIFO(200) })
	for i := range 200 {
		l.send(1, l.request(uint64(i), "x"))
	}
	if l.m.Send(l.now, 2, l.request(1000, "x")) || l.m.Room(2) {
		t.Fatal("room in a full queue")
	}
	l.until(Departed)
	l.send(2, l.request(1000, "x"))
	order := of(l.run(time.Hour), Departed)
	if last := order[len(order)-1]; last.Client != 2 || len(order) != 200 {
		t.Errorf("%d departures, the last of client %d", len(order), last.Client)
	}
	for i, d := range order[:199] {
		if d.Packet.SURBID != surb(uint64(i+1)) {
			t.Fatalf("departure %d is %x", i, d.Packet.SURBID)
		}
	}
}

func TestQueuesOfSixteenAreServedInTurn(t *testing.T) {
	l := newLab(t, nil)
	for i := range 16 {
		l.send(1, l.request(uint64(i), "x"))
	}
	if l.m.Send(l.now, 1, l.request(99, "x")) {
		t.Fatal("room for a seventeenth")
	}
	l.send(2, l.request(100, "x"))
	l.send(2, l.request(101, "x"))
	l.send(3, l.request(102, "x"))
	var turns []ClientID
	for _, d := range of(l.run(time.Hour), Departed)[:6] {
		turns = append(turns, d.Client)
	}
	if want := []ClientID{1, 2, 3, 1, 2, 1}; !slices.Equal(turns, want) {
		t.Errorf("turns %v, want %v", turns, want)
	}
}

func TestForgettingAClientEmptiesItsOwnQueueButNotTheSharedOne(t *testing.T) {
	for _, rule := range []QueueRule{RoundRobin(16), SharedFIFO(200)} {
		count := NewCounting("node1")
		l := newLab(t, func(c *MixnetConfig) { c.Queue, c.Services = rule, []Service{count} })
		l.send(1, l.request(1, "under way"))
		l.until(Departed)
		l.send(1, l.request(2, "queued"))
		l.m.Forget(l.now, 1)
		if told := l.run(time.Minute); len(told) != 0 {
			t.Errorf("%v: told %+v", rule, told)
		}
		want := 0
		if rule.shared {
			want = 1
		}
		if n := count.Executions([]byte("queued")); n != want {
			t.Errorf("%v: what was queued was executed %d times, want %d", rule, n, want)
		}
		if c := l.fates(); c.Forgotten != uint64(1+want) {
			t.Errorf("%v: %+v", rule, c)
		}
	}
}

func TestUnqueueingKeepsTheSURBsOfWhatHasDeparted(t *testing.T) {
	l := newLab(t, nil)
	l.send(1, l.request(1, "under way"))
	l.until(Departed)
	l.send(1, l.request(2, "queued"))
	if n := l.m.Unqueue(l.now, 1); n != 1 {
		t.Errorf("%d thrown away", n)
	}
	told := l.run(time.Minute)
	if len(told) != 1 || told[0].Kind != Replied || told[0].Packet.SURBID != surb(1) {
		t.Errorf("told %+v", told)
	}
}

func TestARestartDropsQueuesSURBsAndClients(t *testing.T) {
	for _, rule := range []QueueRule{RoundRobin(16), SharedFIFO(200)} {
		l := newLab(t, func(c *MixnetConfig) { c.Queue = rule })
		l.send(1, l.request(1, "x"))
		l.until(Departed)
		l.send(1, l.request(2, "x"))
		l.m.Restart(l.now)
		l.send(1, l.request(1, "x")) // the same SURB ID: nobody remembers it
		told := l.run(time.Minute)
		if len(told) != 2 || told[1].Kind != Replied {
			t.Errorf("%v: told %+v", rule, told)
		}
		if c := l.fates(); c.Dropped != 1 || c.Voided != 1 || c.Executed != 2 {
			t.Errorf("%v: %+v", rule, c)
		}
	}
}

func TestComposeErrorsHaveTheDaemonsWords(t *testing.T) {
	l := newLab(t, nil)
	for text, spoil := range map[string]func(*Packet){
		"client/conn: PKI error: client2: failed to find destination service node: pki: service not found": func(p *Packet) { p.Destination[0]++ },
		"request.DestinationIdHash is nil":                                  func(p *Packet) { p.NoDestination = true },
		"client2: recipient is nil":                                         func(p *Packet) { p.Recipient = nil },
		"client2: invalid recipient: '[" + strings.Repeat("0 ", 32) + "0]'": func(p *Packet) { p.Recipient = make([]byte, 33) },
		"message too large: 2001 > 2000":                                    func(p *Packet) { p.Payload = make([]byte, 2001) },
	} {
		p := l.request(1, "x")
		p.MessageID = &[16]byte{9}
		spoil(&p)
		l.send(1, p)
		d := l.until(SendError)
		if d.Err != text || d.ETA != 0 || d.Packet.SURBID != surb(1) || d.Packet.MessageID == nil {
			t.Errorf("got %q, want %q", d.Err, text)
		}
	}
	if c := l.fates(); c.Failed != 5 || c.Departed != 0 {
		t.Errorf("%+v", c)
	}
}

func TestALargestRequestIsTaken(t *testing.T) {
	l := newLab(t, nil)
	p := l.request(1, "")
	p.Payload = make([]byte, 2000)
	l.send(1, p)
	l.until(Replied)
}
