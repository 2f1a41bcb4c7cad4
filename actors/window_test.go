package actors

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
)

func TestNoMoreThanTheWindowIsWrittenAndTheRestInItsOrder(t *testing.T) {
	for _, limit := range []int{0, 1, 4, 7} {
		o := open(t, DeskConfig{Window: limit})
		limit = o.desk.config.Window
		var want []uint64
		for i := range uint64(20) {
			o.queue(i, 1)
			want = append(want, i)
		}
		o.wantPackets(want[:limit]...)
		for n := range uint64(20) {
			o.sent(n + 1)
			o.wantPackets(want[:min(20, limit+int(n)+1)]...)
		}
		if c := o.desk.Counters(); c.InWindow != 0 || c.Departed != 20 || c.Written != 20 || c.Waiting != 0 {
			t.Errorf("window %d: %+v", limit, c)
		}
	}
}

func TestDefaultWindowIsFour(t *testing.T) {
	if w := (DeskConfig{}).withDefaults().Window; w != 4 {
		t.Errorf("it is %d", w)
	}
}

func TestRetransmissionsOvertakeFirstAttemptsAndBulkWaits(t *testing.T) {
	o := open(t, DeskConfig{Window: 1})
	o.queue(1, 1)
	bulk, urgent := entryFor(2, 1), entryFor(3, 1)
	bulk.Class, urgent.Class = mailbox.Bulk, mailbox.Urgent
	o.queueEntry(bulk)
	o.queue(4, 1)
	o.queueEntry(urgent)
	retransmission := entryFor(5, 2)
	retransmission.Class = mailbox.Bulk
	o.queueEntry(retransmission)
	for n := range uint64(4) {
		o.sent(n + 1)
	}
	o.wantPackets(1, 5, 3, 4, 2)
}

// oneOfTwo is an office with a window of one, held by message 1, and message 2
// waiting: its packet shows that the slot was given back.
func oneOfTwo(t *testing.T) *office {
	o := open(t, DeskConfig{Window: 1})
	o.queue(1, 1)
	o.queue(2, 1)
	o.wantPackets(1)
	return o
}

func TestSlotIsGivenBackOnce(t *testing.T) {
	again := func(f func(*office, uint64) []DeskEffect) func(*office) {
		return func(o *office) {
			f(o, 1)
			f(o, 1)
		}
	}
	for name, settle := range map[string]func(*office){
		"by the sent event":                again((*office).sent),
		"by a reply before the sent event": func(o *office) { again((*office).reply)(o); o.pass(afterReply); o.tick() },
		"by a failed send":                 again((*office).failed),
		"by a sent event after the reply":  func(o *office) { o.reply(1); o.sent(1) },
		"by a failure after the departure": func(o *office) { o.sent(1); o.failed(1) },
		"by a reply after the departure":   func(o *office) { o.sent(1); o.reply(1) },
		"by a stray after the finish":      func(o *office) { o.finish(1); o.reply(1); o.reply(1); o.sent(1) },
		"by a sent event after the finish": func(o *office) { o.finish(1); o.sent(1); o.sent(1); o.reply(1) },
		"by a failure after the finish":    func(o *office) { o.finish(1); o.failed(1); o.failed(1) },
		"by a lost link":                   func(o *office) { o.down(); o.up(2, false); o.sent(1); o.reply(1) },
		"by a lost link after the finish":  func(o *office) { o.finish(1); o.down(); o.up(2, true); o.sent(1) },
	} {
		t.Run(name, func(t *testing.T) {
			o := oneOfTwo(t)
			o.queue(3, 1)
			settle(o)
			o.wantPackets(1, 2)
			if n := o.desk.Counters().InWindow; n != 1 {
				t.Errorf("%d attempts in the window, want that of message 2", n)
			}
		})
	}
}

func TestNothingIsWrittenInReactionToAReply(t *testing.T) {
	o := oneOfTwo(t)
	o.reply(1)
	o.wantPackets(1)
	if wake := o.desk.Wake(); wake != o.now.Add(afterReply) {
		t.Fatalf("wake %v after the reply", wake.Sub(o.now))
	}
	o.pass(afterReply - 1)
	o.tick()
	o.wantPackets(1)
	o.pass(1)
	o.tick()
	o.wantPackets(1, 2)
}

func TestSlotThatAReplyGaveBackIsFilledByTheNextEvent(t *testing.T) {
	o := oneOfTwo(t)
	o.reply(1)
	o.sent(1)
	o.wantPackets(1, 2)
	if wake := o.desk.Wake(); wake != o.now.Add(testSilence) {
		t.Errorf("wake %v after the write", wake.Sub(o.now))
	}
}

func TestCanceledEntryIsNeverWritten(t *testing.T) {
	o := open(t, DeskConfig{Window: 1})
	o.queue(1, 1)
	var canceled atomic.Bool
	e := entryFor(2, 1)
	e.Canceled = &canceled
	o.queueEntry(e)
	o.queue(3, 1)
	canceled.Store(true)
	o.sent(1)
	o.wantPackets(1, 3)
	o.finish(2)
	o.wantPackets(1, 3)
}

func TestSentEventStartsTheTimerWithDepartureETAGraceAndExpiry(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.pass(3 * time.Second)
	read := o.now
	o.pass(time.Millisecond)
	got := o.wantTold(o.hear(LinkEvent{Kind: LinkSent, At: read, SURBID: surb(1), ETA: 1500 * time.Millisecond}), arq.Sent)
	want := arq.Event{
		Kind: arq.Sent, Generation: 1, Attempt: 1, Departure: read, ETA: 1500 * time.Millisecond,
		Grace: testSlop, Expiry: read.Add(1500*time.Millisecond + testExpiry),
	}
	if got[0] != want {
		t.Errorf("told %+v\nwant %+v", got[0], want)
	}
}

func TestHostileETADoesNotWrapIntoThePast(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	got := o.wantTold(o.hear(LinkEvent{Kind: LinkSent, SURBID: surb(1), ETA: 1<<63 - 1}), arq.Sent)
	if got[0].Expiry < o.now {
		t.Errorf("the SURB expires %v before it leaves", o.now.Sub(got[0].Expiry))
	}
}

func TestSecondSentEventOfAnAttemptChangesNothing(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.sent(1)
	o.pass(time.Second)
	o.wantTold(o.sent(1))
	if c := o.desk.Counters(); c.Departed != 1 {
		t.Errorf("%+v", c)
	}
}

func TestAttemptOvertakenTwiceHasDepartedWhenItWasFirstOvertaken(t *testing.T) {
	o := open(t, DeskConfig{})
	for i := range uint64(4) {
		o.queue(i, 1)
	}
	o.pass(time.Second)
	o.wantTold(o.sent(2), arq.Sent)
	first := o.now
	o.pass(time.Second)
	got := o.wantTold(o.sent(3), arq.Sent, arq.Sent)
	want := arq.Event{
		Kind: arq.Sent, Generation: 1, Attempt: 1, Departure: first, ETA: testOverdue,
		Grace: testSlop, Expiry: first.Add(testOverdue + testExpiry),
	}
	if got[0] != want {
		t.Errorf("told %+v\nwant %+v", got[0], want)
	}
	if c := o.desk.Counters(); c.Overtaken != 1 || c.InWindow != 1 || c.Departed != 2 {
		t.Errorf("%+v", c)
	}
	o.wantTold(o.sent(1)) // the lost event was only late
	o.wantTold(o.reply(1), arq.Reply)
}

func TestAttemptOvertakenOnceIsStillWaitedFor(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.queue(2, 1)
	o.sent(2)
	o.pass(time.Second)
	got := o.wantTold(o.sent(1), arq.Sent)
	if got[0].Departure != o.now || got[0].ETA != time.Second {
		t.Errorf("told %+v", got[0])
	}
}

func TestEventThatIsReportedTwiceOvertakesOnce(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.queue(2, 1)
	o.sent(2)
	o.sent(2)
	if c := o.desk.Counters(); c.Overtaken != 0 || c.InWindow != 1 {
		t.Errorf("%+v", c)
	}
}

func TestFailedSendsOvertakeNobody(t *testing.T) {
	o := open(t, DeskConfig{})
	for i := range uint64(4) {
		o.queue(i, 1)
	}
	o.failed(2)
	o.failed(3)
	o.failed(4)
	if c := o.desk.Counters(); c.Overtaken != 0 || c.InWindow != 1 {
		t.Errorf("%+v", c)
	}
	o.wantTold(o.sent(1), arq.Sent)
}

func TestFailureIsToldToItsOwnMessageWithItsReason(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	effects := o.hear(LinkEvent{Kind: LinkSent, SURBID: surb(1), Reason: errTest, Permanent: true})
	got := o.wantTold(effects, arq.SendFailed)
	if !got[0].Permanent || got[0].Attempt != 1 || effects[0].Reason != errTest {
		t.Errorf("told %+v", effects)
	}
	if may := mayHaveExecuted(t, o.finish(1)); may {
		t.Error("what never left may have been executed")
	}
}

func TestEventsOfUnknownSURBsAreStrays(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	for _, e := range [][]DeskEffect{o.sent(99), o.failed(99), o.reply(99)} {
		if len(e) != 0 {
			t.Errorf("it did %+v", e)
		}
	}
	if c := o.desk.Counters(); c.Strays != 1 || c.InWindow != 1 || c.Departed+c.Failed+c.Replies != 0 {
		t.Errorf("%+v", c)
	}
}

func TestPlacesAreGivenBackWhenAMessageIsFirstWrittenOrFinished(t *testing.T) {
	o := open(t, DeskConfig{Window: 2})
	for i := range uint64(5) {
		o.queue(i, 1)
	}
	if o.gave != 2 {
		t.Fatalf("%d given back after two writes", o.gave)
	}
	o.failed(1)
	o.queue(0, 2) // again, and credited once
	o.finish(4)   // never written
	o.finish(9)   // never queued
	o.sent(2)
	o.sent(3)
	o.sent(4)
	for i := range uint64(4) {
		o.finish(i)
	}
	if o.gave != 6 {
		t.Errorf("%d places given back, of 6 messages", o.gave)
	}
}
