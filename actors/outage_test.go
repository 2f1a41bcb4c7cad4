package actors

import (
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
)

// split is an office with message 1 departed two seconds ago and message 2
// written a second ago, still without a sent event.
func split(t *testing.T) *office {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.sent(1)
	o.pass(time.Second)
	o.queue(2, 1)
	o.pass(time.Second)
	return o
}

func TestNothingIsWrittenBeforeTheLinkIsUpWithADirectory(t *testing.T) {
	o := newOffice(t, DeskConfig{})
	o.queue(1, 1)
	o.wantPackets()
	o.up(1, false)
	o.wantPackets()
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
	o.wantPackets(1)

	o = newOffice(t, DeskConfig{})
	o.queue(1, 1)
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
	o.wantPackets()
	o.up(1, false)
	o.wantPackets(1)
}

func TestNothingIsWrittenWhileTheLinkOrTheGatewayIsDown(t *testing.T) {
	for name, trouble := range map[string][2]func(*office) []DeskEffect{
		"link":    {(*office).down, func(o *office) []DeskEffect { return o.up(2, true) }},
		"gateway": {(*office).gatewayDown, (*office).gatewayUp},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, DeskConfig{})
			trouble[0](o)
			o.queue(1, 1)
			o.hear(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
			o.wantPackets()
			trouble[1](o)
			o.wantPackets(1)
		})
	}
}

func TestDownAloneLosesNothing(t *testing.T) {
	o := split(t)
	o.wantTold(o.down())
	if c := o.desk.Counters(); c.Downs != 1 || c.LinkLosses != 0 || c.InWindow != 1 {
		t.Errorf("%+v", c)
	}
	o.down()
	if c := o.desk.Counters(); c.Downs != 1 {
		t.Errorf("the second Down of one interruption counts: %+v", c)
	}
}

func TestNewSessionLosesEveryAttempt(t *testing.T) {
	o := split(t)
	o.down()
	downAt := o.now
	departed := downAt.Add(-2 * time.Second)
	o.pass(time.Minute)
	got := o.wantTold(o.up(2, false), arq.Lost, arq.Lost)
	// Those in the window come first.
	if got[0].LatestDeparture != downAt || got[1].LatestDeparture != departed {
		t.Errorf("lost at the latest at %v and %v, want %v and %v",
			got[0].LatestDeparture, got[1].LatestDeparture, downAt, departed)
	}
	if c := o.desk.Counters(); c.LinkLosses != 2 || c.InWindow != 0 {
		t.Errorf("%+v", c)
	}
	if !mayHaveExecuted(t, o.finish(2)) {
		t.Error("an attempt that was written may have been executed, whatever became of the link")
	}
}

func TestResumedSessionLosesOnlyWhatHadNoSentEvent(t *testing.T) {
	o := split(t)
	o.down()
	downAt := o.now
	o.pass(time.Minute)
	effects := o.up(2, true)
	got := o.wantTold(effects, arq.Lost)
	if effects[0].Ref != ref(2) || got[0].LatestDeparture != downAt {
		t.Errorf("told %+v", effects)
	}
	o.wantTold(o.reply(1), arq.Reply)
}

func TestUpWithoutADownLosesWhatADownWouldHaveLost(t *testing.T) {
	o := split(t)
	got := o.wantTold(o.up(2, false), arq.Lost, arq.Lost)
	if got[0].LatestDeparture != o.now {
		t.Errorf("lost at the latest at %v, want now, %v", got[0].LatestDeparture, o.now)
	}
}

func TestEachAttemptIsLostOnce(t *testing.T) {
	o := split(t)
	o.up(2, false)
	o.wantTold(o.up(3, false))
	o.wantTold(o.gatewayUp())
}

func TestGatewayUpLosesWhatHasDepartedAndKeepsWhatIsQueuedInTheDaemon(t *testing.T) {
	o := split(t)
	departed := o.now.Add(-2 * time.Second)
	o.wantTold(o.gatewayDown())
	o.pass(time.Minute)
	effects := o.gatewayUp()
	got := o.wantTold(effects, arq.Lost)
	if effects[0].Ref != ref(1) || got[0].LatestDeparture != departed {
		t.Errorf("told %+v", effects)
	}
	o.wantTold(o.sent(2), arq.Sent)
	o.wantPackets(1, 2)
}

func TestGatewayUpWithoutAGatewayDownLosesAlike(t *testing.T) {
	o := split(t)
	o.wantTold(o.gatewayUp(), arq.Lost)
	if c := o.desk.Counters(); c.LinkLosses != 1 || c.InWindow != 1 {
		t.Errorf("%+v", c)
	}
}

func TestLostAttemptStaysAnswerable(t *testing.T) {
	o := split(t)
	o.down()
	o.up(2, true)
	o.gatewayUp()
	o.queue(1, 2)
	got := o.wantTold(o.reply(1), arq.Reply)
	if got[0].Attempt != 1 {
		t.Errorf("told %+v", got)
	}
	o.wantTold(o.reply(2), arq.Reply)
}

func TestLateSentEventOfALostAttemptBringsItBack(t *testing.T) {
	o := split(t)
	o.down()
	o.wantTold(o.up(2, true), arq.Lost)
	o.pass(time.Second)
	got := o.wantTold(o.sent(2), arq.Sent)
	if got[0].Departure != o.now {
		t.Errorf("told %+v", got)
	}
	o.wantTold(o.gatewayUp(), arq.Lost, arq.Lost)
}

func TestObserversAreForgottenWhenTheLinkLosesThem(t *testing.T) {
	o := split(t)
	o.finish(1)
	o.finish(2)
	if c := o.desk.Counters(); c.Observers != 1 || c.Tickets != 2 {
		t.Fatalf("%+v", c)
	}
	o.wantTold(o.up(2, false))
	if c := o.desk.Counters(); c.Observers != 0 || c.Tickets != 0 || c.LinkLosses != 0 {
		t.Errorf("%+v", c)
	}
}

func TestMemoryOfABurstIsGivenBackWithoutHarm(t *testing.T) {
	o := newOffice(t, DeskConfig{Window: 3 * roomy, Observers: 3 * roomy})
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
	o.up(1, false)
	burst := func(lose func()) {
		from := uint64(len(o.packets))
		// The clerk's look at all tickets at each step would take a minute.
		for i := range uint64(roomy + 10) {
			for _, e := range o.desk.Queue(o.now, entryFor(from+i, 1), nil) {
				if e.Kind == WritePacket {
					o.packets = append(o.packets, e.Packet)
				}
			}
			if i%2 == 0 {
				o.desk.Hear(o.now, &LinkEvent{Kind: LinkSent, At: o.now, SURBID: surb(from + i + 1), ETA: time.Second}, nil)
			}
			o.desk.Finish(o.now, ref(from+i), nil)
		}
		lose()
		if c := o.desk.Counters(); c.Tickets != 0 || c.InWindow != 0 || c.Observers != 0 {
			t.Fatalf("%+v", c)
		}
		if n := len(o.desk.tickets.slab); n != 0 {
			t.Errorf("room for %d tickets is kept", n)
		}
	}
	burst(func() { o.up(2, false) })
	burst(func() { o.up(3, true); o.gatewayUp() })
	burst(func() {
		for n := o.drawn; n > o.drawn-roomy-10; n-- {
			o.desk.Hear(o.now, &LinkEvent{Kind: LinkReply, At: o.now, SURBID: surb(n)}, nil)
		}
	})
	burst(func() { o.up(4, true); o.pass(time.Hour); o.gatewayDown() })
}

func TestAttemptsWaitWhileNoDocumentOffersTheirService(t *testing.T) {
	o := newOffice(t, DeskConfig{Window: 8})
	o.up(1, false)
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: offers(map[string][]string{"pad": {"node"}})})
	for i := range uint64(3) {
		o.queue(i, 1)
	}
	pad := entryFor(3, 1)
	pad.Service = "pad"
	o.queueEntry(pad) // does not wait for the others
	o.wantPackets(3)
	if c := o.desk.Counters(); c.Waiting != 3 || o.gave != 1 {
		t.Errorf("%d places given back, %+v", o.gave, c)
	}
	o.finish(1)
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: offers(nil)})
	o.wantPackets(3)
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
	o.wantPackets(3, 0, 2)
	if c := o.desk.Counters(); c.Withdrawn != 1 || c.Waiting != 0 {
		t.Errorf("%+v", c)
	}
}

func TestServiceThatDisappearsHoldsBackOnlyWhatIsNotWritten(t *testing.T) {
	o := open(t, DeskConfig{Window: 1})
	o.queue(1, 1)
	o.queue(2, 1)
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: offers(nil)})
	o.wantTold(o.sent(1), arq.Sent)
	o.queue(1, 2)
	o.wantPackets(1)
	o.wantTold(o.reply(1), arq.Reply) // the answered message withdraws its parked attempt
	o.hear(LinkEvent{Kind: LinkDirectory, Directory: echoOnly})
	o.wantPackets(1, 2)
}

func TestMissingDocumentLeavesTheLastOneInForce(t *testing.T) {
	o := open(t, DeskConfig{})
	other := entryFor(1, 1)
	other.Service = "other"
	o.queueEntry(other)
	o.queue(2, 1)
	o.hear(LinkEvent{Kind: LinkDirectory})
	o.wantTold(o.sent(1), arq.Sent)
	o.queue(3, 1)
	o.wantPackets(2, 3)
}

func TestCollectedEndsNothing(t *testing.T) {
	o := split(t)
	if e := o.hear(LinkEvent{Kind: LinkCollected, MessageID: ID(surb(1))}); len(e) != 0 {
		t.Errorf("it did %+v", e)
	}
	if c := o.desk.Counters(); c.Collected != 1 || c.InWindow != 1 {
		t.Errorf("%+v", c)
	}
}

func TestAttemptThatADaemonKeepsAfterTheConnectionMayLeaveLater(t *testing.T) {
	for name, c := range map[string]struct {
		lingers, waited, want time.Duration // want: after the Up
	}{
		"longer than any wait seen":  {lingers: 10 * time.Second, waited: time.Second, want: 10 * time.Second},
		"shorter than one wait seen": {lingers: 10 * time.Second, waited: 40 * time.Second, want: 40 * time.Second},
		"not at all":                 {waited: 40 * time.Second, want: -2 * time.Second}, // at the Down
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, DeskConfig{})
			directory := *echoOnly
			directory.Lingers = c.lingers
			o.hear(LinkEvent{Kind: LinkDirectory, Directory: &directory})
			o.up(1, false)
			o.queue(1, 1)
			o.pass(c.waited)
			o.sent(1)
			o.queue(2, 1)
			o.down()
			o.pass(2 * time.Second)
			told := o.wantTold(o.up(2, false), arq.Lost, arq.Lost)
			if got := told[0].LatestDeparture.Sub(o.now); got != c.want {
				t.Errorf("what was queued can have left until %v after the Up, want %v", got, c.want)
			}
			if got := told[1].LatestDeparture.Sub(o.now); got != -2*time.Second {
				t.Errorf("what had departed left %v after the Up", got)
			}
		})
	}
}
