package actors

import (
	"testing"
	"time"
)

func TestFinishedMessageLeavesItsUnansweredDepartedAttemptsAsObservers(t *testing.T) {
	o := open(t, DeskConfig{})
	for attempt := range 3 {
		o.queue(1, attempt+1)
		o.sent(uint64(attempt) + 1)
	}
	o.reply(2)
	o.finish(1)
	if c := o.desk.Counters(); c.Observers != 2 || c.Tickets != 2 {
		t.Errorf("%+v", c)
	}
	o.wantTold(o.reply(1))
	if c := o.desk.Counters(); c.Observers != 1 || c.Tickets != 1 || c.Strays != 1 {
		t.Errorf("%+v", c)
	}
}

func TestObserverLastsUntilItsSURBExpires(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.sent(1)
	o.finish(1)
	o.pass(time.Second + testExpiry - 1)
	o.hear(LinkEvent{Kind: LinkCollected})
	if c := o.desk.Counters(); c.Observers != 1 {
		t.Errorf("just before: %+v", c)
	}
	o.pass(1)
	o.hear(LinkEvent{Kind: LinkCollected})
	if c := o.desk.Counters(); c.Observers != 0 || c.Tickets != 0 {
		t.Errorf("at its expiry: %+v", c)
	}
}

func TestAttemptStillInTheWindowObservesFromItsDeparture(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.finish(1)
	if c := o.desk.Counters(); c.Observers != 0 || c.Tickets != 1 || c.InWindow != 1 {
		t.Errorf("%+v", c)
	}
	o.sent(1)
	if c := o.desk.Counters(); c.Observers != 1 || c.Tickets != 1 || c.InWindow != 0 {
		t.Errorf("%+v", c)
	}
}

func TestNoMoreThanTheLimitOfObserversIsKeptAndTheOldestGoFirst(t *testing.T) {
	o := open(t, DeskConfig{Observers: 10})
	for i := range uint64(25) {
		o.queue(i, 1)
		o.sent(i + 1)
		o.finish(i)
	}
	if c := o.desk.Counters(); c.Observers != 10 || c.Tickets != 10 {
		t.Errorf("%+v", c)
	}
	for n := uint64(1); n <= 25; n++ {
		if k, _ := o.desk.tickets.find(surb(n)); (k != nil) != (n > 15) {
			t.Errorf("the observer of message %d is kept: %v", n-1, k != nil)
		}
	}
}

func TestDefaultLimitOfObserversIs4096(t *testing.T) {
	if n := (DeskConfig{}).withDefaults().Observers; n != 4096 {
		t.Errorf("it is %d", n)
	}
}

func TestObserversThatAreGoneDoNotCountAgainstTheLimit(t *testing.T) {
	o := open(t, DeskConfig{Observers: 10})
	for i := range uint64(10) {
		o.queue(i, 1)
		o.sent(i + 1)
		o.finish(i)
	}
	for n := uint64(2); n <= 9; n++ {
		o.reply(n) // message 0's and 9's stay
	}
	for i := uint64(10); i < 18; i++ {
		o.queue(i, 1)
		o.sent(i + 1)
		o.finish(i)
	}
	if k, _ := o.desk.tickets.find(surb(1)); k == nil || o.desk.Counters().Observers != 10 {
		t.Errorf("the oldest is kept: %v, %+v", k != nil, o.desk.Counters())
	}
}

func TestRoomOfObserversThatAreGoneIsUsedAgain(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(0, 1)
	o.hear(LinkEvent{Kind: LinkSent, SURBID: surb(1), ETA: time.Hour}) // in front of all others
	o.finish(0)
	for i := uint64(1); i < 4*roomy; i++ {
		now, n := o.now, surb(i+1)
		o.desk.Queue(now, entryFor(i, 1), nil)
		o.desk.Hear(now, &LinkEvent{Kind: LinkSent, At: now, SURBID: n, ETA: time.Second}, nil)
		o.desk.Finish(now, ref(i), nil)
		o.desk.Hear(now, &LinkEvent{Kind: LinkReply, At: now, SURBID: n}, nil)
	}
	if n := o.desk.tickets.watching.len(); n > 2*roomy {
		t.Errorf("%d entries are kept for %d observers", n, o.desk.Counters().Observers)
	}
	if c := o.desk.Counters(); c.Observers != 1 || len(o.desk.tickets.slab) > 8 {
		t.Errorf("%d tickets' room, %+v", len(o.desk.tickets.slab), c)
	}
}

func TestTicketOfALostOrExpiredAttemptIsNotObserved(t *testing.T) {
	o := open(t, DeskConfig{})
	o.queue(1, 1)
	o.sent(1)
	o.gatewayUp()
	o.finish(1)
	o.queue(2, 1)
	o.sent(2)
	o.pass(time.Hour)
	o.finish(2)
	if c := o.desk.Counters(); c.Observers != 0 || c.Tickets != 0 {
		t.Errorf("%+v", c)
	}
}
