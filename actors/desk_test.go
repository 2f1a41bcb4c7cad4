package actors

import (
	"fmt"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
)

func TestReplyToAnEarlierAttemptCompletesTheMessage(t *testing.T) {
	o := open(t, DeskConfig{})
	for attempt := range 3 {
		o.queue(1, attempt+1)
		o.sent(uint64(attempt) + 1)
	}
	effects := o.reply(1)
	got := o.wantTold(effects, arq.Reply)
	if got[0].Attempt != 1 || string(effects[0].Payload) != "answer" {
		t.Errorf("told %+v", effects)
	}
	if c := o.desk.Counters(); c.Replies != 1 || c.Late != 1 || c.Strays != 0 {
		t.Errorf("%+v", c)
	}
}

func TestReplyToTheNewestAttemptIsNotLate(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.queue(1, 2)
	got := o.wantTold(o.reply(2), arq.Reply)
	if c := o.desk.Counters(); got[0].Attempt != 2 || c.Late != 0 {
		t.Errorf("told %+v, %+v", got, c)
	}
}

func TestAnsweredMessageCostsNoFurtherPacket(t *testing.T) {
	o := open(t, DeskConfig{Window: 1})
	o.queue(1, 1)
	o.sent(1)
	o.queue(2, 1)
	o.queue(1, 2) // waits for the slot of message 2
	o.wantTold(o.reply(1), arq.Reply)
	o.sent(2)
	o.queue(1, 3) // asked for before the message knew of its answer
	o.wantPackets(1, 2)
	if c := o.desk.Counters(); c.Withdrawn != 2 || c.Waiting != 0 {
		t.Errorf("%+v", c)
	}
}

func TestReplyThatComesTwiceIsAStrayTheSecondTime(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.wantTold(o.reply(1), arq.Reply)
	o.wantTold(o.reply(1))
	o.finish(1)
	o.wantTold(o.reply(1))
	if c := o.desk.Counters(); c.Replies != 1 || c.Strays != 2 {
		t.Errorf("%+v", c)
	}
}

func TestReplyWithACodeIsNoAnswer(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	refused := LinkEvent{Kind: LinkReply, SURBID: surb(1), Code: 5}
	o.wantTold(o.hear(refused))
	if c := o.desk.Counters(); c.Refused != 1 || c.InWindow != 1 || c.Replies != 0 {
		t.Errorf("%+v", c)
	}
	o.wantTold(o.sent(1), arq.Sent)
	o.wantTold(o.reply(1), arq.Reply)
}

func TestFinishWithdrawsAWaitingAttempt(t *testing.T) {
	o := oneOfTwo(t)
	if may := mayHaveExecuted(t, o.finish(2)); may {
		t.Error("what was never written may have been executed")
	}
	o.sent(1)
	o.wantPackets(1)
	if c := o.desk.Counters(); c.Withdrawn != 1 || c.Waiting != 0 {
		t.Errorf("%+v", c)
	}
}

func TestMayHaveExecutedIsTrueUnlessNothingWrittenStayedAway(t *testing.T) {
	for name, story := range map[string]struct {
		happens func(*office)
		want    bool
	}{
		"never asked for":         {func(*office) {}, false},
		"written":                 {func(o *office) { o.queue(1, 1) }, true},
		"departed":                {func(o *office) { o.queue(1, 1); o.sent(1) }, true},
		"failed":                  {func(o *office) { o.queue(1, 1); o.failed(1) }, false},
		"failed twice":            {func(o *office) { o.queue(1, 1); o.failed(1); o.queue(1, 2); o.failed(2) }, false},
		"failed, then written":    {func(o *office) { o.queue(1, 1); o.failed(1); o.queue(1, 2) }, true},
		"departed, then failed":   {func(o *office) { o.queue(1, 1); o.sent(1); o.queue(1, 2); o.failed(2) }, true},
		"lost in the queue":       {func(o *office) { o.queue(1, 1); o.down(); o.up(2, true) }, true},
		"lost, failure came late": {func(o *office) { o.queue(1, 1); o.down(); o.up(2, true); o.failed(1) }, true},
		"waiting for the link":    {func(o *office) { o.down(); o.queue(1, 1) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, DeskConfig{})
			story.happens(o)
			if may := mayHaveExecuted(t, o.finish(1)); may != story.want {
				t.Errorf("it is %v, want %v", may, story.want)
			}
		})
	}
}

func TestMessageThatNeverAskedIsReleasedAndGivesItsPlaceBack(t *testing.T) {
	o := open(t, DeskConfig{})
	o.finish(1)
	if o.gave != 1 || !o.gone[ref(1)] {
		t.Errorf("%d places given back, released: %v", o.gave, o.gone)
	}
}

func TestEventsOfAnotherLifeAreIgnored(t *testing.T) {
	o := open(t, DeskConfig{Window: 1})
	o.queue(1, 1)
	other := entryFor(1, 2)
	other.Ref.Generation = 2
	if e := o.queueEntry(other); len(e) != 0 {
		t.Errorf("it did %+v", e)
	}
	if e := o.desk.Finish(o.now, other.Ref, nil); len(e) != 1 || e[0].Kind != Released || e[0].Ref != other.Ref {
		t.Errorf("it did %+v", e)
	}
	o.wantTold(o.sent(1), arq.Sent)
	o.wantPackets(1)
}

func TestMessageHasOneAttemptWaitingAtMost(t *testing.T) {
	o := open(t, DeskConfig{})
	o.gatewayDown()
	o.queue(1, 1)
	o.queue(1, 2)
	o.gatewayUp()
	o.wantPackets(1)
	if p := o.packets[0].Payload; p[1] != 2 {
		t.Errorf("attempt %d was written", p[1])
	}
}

func TestClassThatDoesNotExistFailsForGood(t *testing.T) {
	o := open(t, DeskConfig{})
	e := entryFor(1, 1)
	e.Class = mailbox.Bulk + 1
	effects := o.queueEntry(e)
	if got := o.wantTold(effects, arq.SendFailed); !got[0].Permanent || got[0].Attempt != 1 {
		t.Errorf("told %+v", got)
	}
	o.finish(1)
	o.wantPackets()
}

func TestPacketCarriesWhatTheLinkNeeds(t *testing.T) {
	o := open(t, DeskConfig{})
	o.up(7, false)
	e := entryFor(1, 1)
	e.Payload = []byte("hello")
	o.queueEntry(e)
	want := echoOnly.Services["echo"][0]
	p := o.packets[0]
	if p.Connection != 7 || p.SURBID != surb(1) || p.Destination != want.Destination ||
		string(p.Recipient) != "+echo" || string(p.Payload) != "hello" {
		t.Errorf("wrote %+v", p)
	}
}

func TestAttemptsTakeTheInstancesInTurnFromARandomStart(t *testing.T) {
	three := offers(map[string][]string{"echo": {"a", "b", "c"}})
	starts := map[byte]bool{}
	for start := range 6 {
		o := newOffice(t, DeskConfig{Window: 8})
		o.desk.draw = func() ID {
			o.drawn++
			id := surb(o.drawn)
			id[1] = byte(start) // each SURB ID has another beginning
			start += 2
			return id
		}
		o.hear(LinkEvent{Kind: LinkDirectory, Directory: three})
		o.up(1, false)
		for attempt := range 5 {
			o.queue(1, attempt+1)
		}
		first := o.packets[0].Destination[0] - 'a'
		starts[first] = true
		for i, p := range o.packets {
			if got, want := p.Destination[0], 'a'+(first+byte(i))%3; got != want {
				t.Errorf("attempt %d went to %c, want %c", i+1, got, want)
			}
		}
	}
	if len(starts) != 3 {
		t.Errorf("the first attempts went to %v", starts)
	}
}

func TestFailedSendIsRepeatedToAnotherInstance(t *testing.T) {
	o := newOffice(t, DeskConfig{})
	o.desk.draw = func() ID {
		o.drawn++
		id := surb(o.drawn)
		id[1] = byte(o.drawn) // would make up for the turn if it were looked at again
		return id
	}
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: offers(map[string][]string{"echo": {"a", "b"}})})
	o.up(1, false)
	o.queue(1, 1)
	o.hear(LinkEvent{Kind: LinkSent, SURBID: o.packets[0].SURBID, Reason: errTest})
	o.queue(1, 2)
	if o.packets[0].Destination == o.packets[1].Destination {
		t.Error("both attempts went to one node")
	}
}

func TestUpTellsTheConnectionThatIsWrittenTo(t *testing.T) {
	o := newOffice(t, DeskConfig{})
	want := func(up bool) {
		t.Helper()
		if _, got := o.desk.Up(); got != up {
			t.Errorf("up: %v, want %v", got, up)
		}
	}
	want(false)
	o.up(3, false)
	want(false)
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
	want(true)
	o.gatewayDown()
	want(false)
	o.gatewayUp()
	want(true)
	o.down()
	want(false)
	o.up(4, true)
	if connection, up := o.desk.Up(); connection != 4 || !up {
		t.Errorf("connection %d, up: %v", connection, up)
	}
}

// fingerprint is everything in a Desk that could differ, as text.
func fingerprint(d *Desk) string {
	return fmt.Sprintf("%+v %+v %+v %+v %+v %+v %v %v %v %v %+v",
		d.lanes, d.parked, d.messages, d.tickets, d.window, d.watch, d.up, d.gateway, d.connection, d.downAt, d.counters)
}

func TestStepsOfACloneChangeNothingInTheOriginal(t *testing.T) {
	o := split(t)
	other := entryFor(3, 1)
	other.Service = "other"
	o.queueEntry(other)
	for i := range uint64(6) {
		o.queue(4+i, 1)
	}
	o.finish(1)
	before := fingerprint(&o.desk)
	for name, step := range map[string]func(*Desk){
		"queue":  func(c *Desk) { c.Queue(o.now, entryFor(20, 1), nil) },
		"finish": func(c *Desk) { c.Finish(o.now, ref(2), nil); c.Finish(o.now, ref(3), nil) },
		"up":     func(c *Desk) { c.Hear(o.now, &LinkEvent{Kind: LinkUp, Connection: 9}, nil) },
		"sent":   func(c *Desk) { c.Hear(o.now, &LinkEvent{Kind: LinkSent, At: o.now, SURBID: surb(4)}, nil) },
		"failed": func(c *Desk) { c.Hear(o.now, &LinkEvent{Kind: LinkSent, SURBID: surb(2), Reason: errTest}, nil) },
		"reply":  func(c *Desk) { c.Hear(o.now, &LinkEvent{Kind: LinkReply, SURBID: surb(2)}, nil) },
		"stray":  func(c *Desk) { c.Hear(o.now, &LinkEvent{Kind: LinkReply, SURBID: surb(1)}, nil) },
		"expiry": func(c *Desk) { c.Hear(o.now.Add(time.Hour), &LinkEvent{Kind: LinkCollected}, nil) },
		"tick":   func(c *Desk) { c.Tick(o.now.Add(time.Hour), nil) },
		"directory": func(c *Desk) {
			c.Hear(o.now, &LinkEvent{Kind: LinkDirectory, Directory: offers(map[string][]string{"other": {"x"}})}, nil)
		},
	} {
		c := o.desk.Clone()
		if fingerprint(&c) != before {
			t.Fatalf("the clone differs:\n%s\n%s", fingerprint(&c), before)
		}
		step(&c)
		if after := fingerprint(&o.desk); after != before {
			t.Errorf("%s changed the original:\n%s\n%s", name, before, after)
		}
		if fingerprint(&c) == before {
			t.Errorf("%s changed nothing in the clone: nothing was proved", name)
		}
	}
}
