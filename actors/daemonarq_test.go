package actors

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
)

func reliable(n int) Request {
	r := request(n)
	r.DaemonARQ = true
	return r
}

// wantARQ fails unless the daemon's ARQ takes another message, or does not.
func (l *lab) wantARQ(n int, free bool) *Promise {
	l.t.Helper()
	l.settle()
	p, _, err := l.engine.Submit(context.Background(), reliable(n))
	if free != (err == nil) || !free && !errors.Is(err, ErrBusy) {
		l.t.Fatalf("message %d for the daemon's ARQ: %v", n, err)
	}
	l.settle()
	return p
}

// collectedBy notes which steps of Machines were garbage collections.
func collectedBy(seen *[]uint64) Config {
	return Config{Observe: func(o Observation) {
		if o.Event.Kind == arq.Collected {
			*seen = append(*seen, o.Ordinal)
		}
	}}
}

func TestGarbageCollectionReachesTheMessageItNamesAndEndsNothing(t *testing.T) {
	virtually(t, func(t *testing.T) {
		var seen []uint64
		l := upLab(t, collectedBy(&seen))
		plain := l.submit(request(1))
		p := l.wantARQ(2, true)
		for n := range uint64(4) { // of nobody, of the plain message, of the reliable one, of nobody
			l.deliver(LinkEvent{Kind: LinkCollected, MessageID: surb(n)})
		}
		if len(seen) != 1 || seen[0] != 2 {
			t.Errorf("collected: %v", seen)
		}
		l.wantPending(plain)
		l.wantPending(p)
		if c := l.engine.Counters(); c.Collected != 4 {
			t.Errorf("%d were counted", c.Collected)
		}
		l.reply(2, "answer")
		l.want(p, nil)
	})
}

func TestReliableMessageWaitsForAllThatTheDaemonMayStillSend(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.wantARQ(1, true)
		if !l.packet(0).DaemonARQ {
			t.Fatal("it was not left to the daemon's ARQ")
		}
		l.sent(1, 2*time.Second)
		l.deliver(LinkEvent{Kind: LinkGatewayUp}) // its ARQ draws SURBs of the new gateway
		l.pass(2*time.Second + 3*227*time.Second + time.Minute - 1)
		l.wantPending(p)
		l.pass(1)
		if r := l.want(p, ErrExhausted); !r.MayHaveExecuted {
			t.Errorf("%+v", r)
		}
		l.wantPackets(1)
		l.wantARQ(2, false)
		l.deliver(LinkEvent{Kind: LinkReply, SURBID: surb(1), Code: 5, Reason: errTest})
		l.wantARQ(2, true)
	})
}

func TestDaemonThatGivesUpEndsItsMessageWithWhatItSaid(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.wantARQ(1, true)
		l.sent(1, time.Second)
		l.deliver(LinkEvent{Kind: LinkReply, SURBID: surb(1), Code: 5, Reason: errTest})
		if r := l.want(p, ErrExhausted); r.Cause != errTest || !r.MayHaveExecuted {
			t.Errorf("%+v", r)
		}
		l.wantARQ(2, true)
	})
}

func TestFailedSendOfAReliableMessageIsTheDaemonsToRepeat(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.wantARQ(1, true)
		l.deliver(LinkEvent{Kind: LinkSent, SURBID: surb(1), Reason: errTest})
		l.pass(5 * time.Minute)
		l.wantPackets(1)
		l.reply(1, "answer")
		l.want(p, nil)
	})
}

func TestPlaceInTheDaemonsARQIsGivenBackOnlyWhenTheDaemonIsDone(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*lab) // the link
		end    func(*lab)
		busy   time.Duration // for how long after that
	}{
		"answered":        {end: func(l *lab) { l.reply(1, "answer") }},
		"rejected":        {end: func(l *lab) { l.deliver(LinkEvent{Kind: LinkSent, SURBID: surb(1), Reason: errTest, Permanent: true}) }},
		"never written":   {before: (*lab).down, end: func(l *lab) { l.engine.Cancel(messageID(1), nil) }},
		"canceled":        {end: func(l *lab) { l.engine.Cancel(messageID(1), nil) }, busy: daemonLongest},
		"canceled, sent":  {end: func(l *lab) { l.sent(1, time.Second); l.engine.Cancel(messageID(1), nil) }, busy: daemonLongest},
		"lost connection": {end: func(l *lab) { l.sent(1, time.Second); l.down(); l.up(2, false) }, busy: daemonLongest},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				l := upLab(t, Config{})
				if c.before != nil {
					c.before(l)
				}
				p := l.wantARQ(1, true)
				c.end(l)
				l.settle()
				if _, ended := p.Result(); !ended {
					t.Error("the message has not ended")
				}
				if c.busy > 0 {
					l.pass(c.busy - 1)
					l.wantARQ(2, false)
					l.pass(1)
				}
				l.wantARQ(2, true)
				l.wantARQ(3, false)
			})
		})
	}
}

func TestReliableMessageThatNeverAskedGivesThePlaceBack(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		r := reliable(1)
		r.Deadline = l.clock.Now() // over before it begins
		l.want(l.submit(r), ErrDeadline)
		l.wantARQ(2, true)
	})
}

func TestNoSilenceIsAReasonToLeaveADaemonThatHoldsAMessage(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		l.wantARQ(1, true)
		l.pass(daemonLongest - time.Second)
		l.wantResets()
		l.pass(time.Second)
		l.wantResets(ErrWedged)
	})
}

func TestReliableMessageThatIsNotAcceptedTakesNoPlace(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := newLab(t, Config{Desk: DeskConfig{Waiting: 1}})
		l.submit(request(1))
		if _, _, err := l.engine.Submit(context.Background(), reliable(2)); !errors.Is(err, ErrBusy) {
			t.Fatal(err)
		}
		if err := l.engine.DaemonARQ(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
