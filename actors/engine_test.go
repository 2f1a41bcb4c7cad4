package actors

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
)

func TestMessageIsSentOnceAndAnsweredOnce(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		began := l.clock.Now()
		p := l.submit(request(1))
		l.wantPackets(1)
		l.wantPending(p)
		l.pass(time.Second)
		l.sent(1, 2*time.Second)
		l.pass(2 * time.Second)
		l.reply(1, "answer")
		r := l.want(p, nil)
		departed := began.Add(time.Second)
		want := arq.Attempt{
			Number: 1, Asked: began, Departure: departed, Expiry: departed.Add(2*time.Second + testExpiry),
			ETA: 2 * time.Second, Fate: arq.Replied,
		}
		if len(r.Attempts) != 1 {
			t.Fatalf("attempts %+v", r.Attempts)
		}
		a := r.Attempts[0]
		got := arq.Attempt{Number: a.Number, Asked: a.Asked, Departure: a.Departure, Expiry: a.Expiry, ETA: a.ETA, Fate: a.Fate}
		if got != want {
			t.Errorf("attempt %+v\nwant %+v", got, want)
		}
		if string(r.Payload) != "answer" || r.Answered != 1 || !r.MayHaveExecuted || r.Submitted != began || r.Finished != l.clock.Now() {
			t.Errorf("result %+v", r)
		}
		if sums := l.engine.Totals(); sums.Accepted != 1 || sums.Answered != 1 || sums.Running != 0 {
			t.Errorf("%+v", sums)
		}
		l.pass(time.Hour)
		l.wantPackets(1)
	})
}

func TestRetransmissionFollowsETAPlusGraceOrTheFloorAndNeverComesEarlier(t *testing.T) {
	for name, c := range map[string]struct{ eta, after time.Duration }{
		"ETA + grace above the floor": {4 * time.Second, 4*time.Second + testSlop},
		"floor above ETA + grace":     {500 * time.Millisecond, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				l := upLab(t, Config{})
				p := l.submit(request(1))
				l.pass(time.Hour) // unsent is not lost
				l.wantPackets(1)
				l.sent(1, c.eta)
				l.pass(c.after - 1)
				l.wantPackets(1)
				l.pass(1)
				l.wantPackets(2)
				if l.packet(0).SURBID == l.packet(1).SURBID {
					t.Error("a SURB ID was used twice")
				}
				l.reply(2, "answer")
				if r := l.want(p, nil); r.Answered != 2 || len(r.Attempts) != 2 || r.Attempts[0].Fate != arq.Presumed {
					t.Errorf("%+v", r)
				}
			})
		})
	}
}

func TestRetransmissionWaitsOutTheJitterOfTheMessagesOwnStream(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		policy := steady
		policy.Jitter.Mean = 10 * time.Second
		// The same machine beside it, with the seed that the engine will draw.
		chance := rand.New(rand.NewPCG(1, 1))
		mirror := arq.New(1, &policy, 0, [2]uint64{chance.Uint64(), chance.Uint64()})
		r := request(1)
		r.Policy = &policy
		l.submit(r)
		now := l.clock.Now()
		mirror.Step(now, arq.Event{Kind: arq.Start, Generation: 1})
		l.sent(1, time.Second)
		due := mirror.Step(now, arq.Event{
			Kind: arq.Sent, Generation: 1, Attempt: 1, Departure: now, ETA: time.Second, Grace: testSlop,
			Expiry: now.Add(time.Second + testExpiry),
		}).Wake
		at := mirror.Step(due, arq.Event{Kind: arq.Timeout, Generation: 1}).Wake
		if at <= due {
			t.Fatalf("no jitter was drawn")
		}
		l.pass(at.Sub(now) - 1)
		l.wantPackets(1)
		l.pass(1)
		l.wantPackets(2)
	})
}

func TestReplyToTheFirstAttemptDuringTheSecondCompletesTheMessage(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		l.sent(1, time.Second)
		l.pass(3 * time.Second)
		l.sent(2, time.Second)
		l.reply(1, "late")
		if r := l.want(p, nil); r.Answered != 1 || string(r.Payload) != "late" {
			t.Errorf("%+v", r)
		}
		l.reply(2, "later still")
		if c := l.engine.Counters(); c.Late != 1 || c.Strays != 1 || c.Replies != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestReplyMayOvertakeItsSentEvent(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		l.reply(1, "answer")
		l.sent(1, time.Second)
		l.want(p, nil)
		if c := l.engine.Counters(); c.InWindow != 0 || c.Tickets != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestDeadlineEndsTheMessage(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		r := request(1)
		r.Deadline = l.clock.Now().Add(10 * time.Second)
		p := l.submit(r)
		l.sent(1, time.Minute)
		l.pass(10*time.Second - 1)
		l.wantPending(p)
		l.pass(1)
		if got := l.want(p, ErrDeadline); got.Finished != r.Deadline || !got.MayHaveExecuted || got.Cause != nil {
			t.Errorf("%+v", got)
		}
		l.reply(1, "too late")
		l.want(p, ErrDeadline)
		if sums := l.engine.Totals(); sums.Expired != 1 {
			t.Errorf("%+v", sums)
		}
	})
}

func TestMessageIsExhaustedWhenItsLastAttemptExpires(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		for n := range uint64(3) {
			l.wantPackets(int(n) + 1)
			l.sent(n+1, time.Second)
			l.pass(3 * time.Second)
		}
		l.wantPackets(3)
		l.pass(time.Second + testExpiry - 3*time.Second - 1)
		l.wantPending(p)
		l.pass(1)
		if r := l.want(p, ErrExhausted); len(r.Attempts) != 3 || !r.MayHaveExecuted || r.Answered != 0 {
			t.Errorf("%+v", r)
		}
		if sums := l.engine.Totals(); sums.Exhausted != 1 {
			t.Errorf("%+v", sums)
		}
	})
}

func TestPermanentFailureRejectsTheMessageWithItsReason(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		l.deliver(LinkEvent{Kind: LinkSent, SURBID: surb(1), Reason: errTest, Permanent: true})
		if r := l.want(p, ErrRejected); r.Cause != errTest || r.MayHaveExecuted {
			t.Errorf("%+v", r)
		}
		if sums := l.engine.Totals(); sums.Rejected != 1 {
			t.Errorf("%+v", sums)
		}
	})
}

func TestSendThatFailedForNowIsRepeatedAndItsReasonKept(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		r := request(1)
		r.Deadline = l.clock.Now().Add(65 * time.Second)
		p := l.submit(r)
		fail := func(n uint64) { l.deliver(LinkEvent{Kind: LinkSent, SURBID: surb(n), Reason: errTest}) }
		fail(1)
		l.pass(time.Second - 1)
		l.wantPackets(1)
		l.pass(1)
		l.wantPackets(2)
		for n := uint64(2); n < 8; n++ {
			fail(n)
			l.pass(12 * time.Second)
		}
		if got := l.want(p, ErrDeadline); got.Cause != errTest || got.MayHaveExecuted {
			t.Errorf("%+v", got)
		}
	})
}

func TestRequestOfAClassThatDoesNotExistIsRejected(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		r := request(1)
		r.Class = mailbox.Bulk + 1
		p := l.submit(r)
		if got := l.want(p, ErrRejected); !errors.Is(got.Cause, mailbox.ErrClass) || got.MayHaveExecuted {
			t.Errorf("%+v", got)
		}
		l.wantPackets(0)
	})
}

func TestLostLinkRepeatsAttemptsUnderTheFloor(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		l.sent(1, time.Minute)
		l.pass(time.Second)
		l.down()
		l.pass(time.Second)
		l.up(2, false) // two seconds after the departure: the floor is three
		l.pass(time.Second - 1)
		l.wantPackets(1)
		l.pass(1)
		l.wantPackets(2)
		if connection := l.packet(1).Connection; connection != 2 {
			t.Errorf("written to connection %d", connection)
		}
		l.reply(2, "answer")
		l.want(p, nil)
	})
}

func TestSilentLinkIsResetAndItsMessagesGoOn(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		l.pass(testSilence - 1)
		l.wantResets()
		l.pass(1)
		l.wantResets(ErrWedged)
		l.down()
		l.up(2, false)
		l.pass(3 * time.Second)
		l.wantPackets(2)
		l.reply(2, "answer")
		l.want(p, nil)
		l.pass(time.Hour)
		l.wantResets(ErrWedged)
	})
}

func TestKickNeitherHurtsNorHurriesPastTheFloor(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		p := l.submit(request(1))
		l.engine.Kick()
		l.sent(1, time.Second)
		l.engine.Kick()
		l.pass(3*time.Second - 1)
		l.engine.Kick()
		l.wantPackets(1)
		l.pass(1)
		l.wantPackets(2)
		l.reply(2, "answer")
		l.want(p, nil)
		l.engine.Kick()
	})
}

func TestKickEndsTheWaitAfterAFailedSend(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		fail := func(n uint64) { l.deliver(LinkEvent{Kind: LinkSent, SURBID: surb(n), Reason: errTest}) }
		l.submit(request(1))
		for n := range uint64(8) { // the next wait would be many seconds
			fail(n + 1)
			l.engine.Kick()
			l.wantPackets(int(n) + 2)
		}
	})
}

func TestPendingListsTheRunningMessagesInTheOrderOfTheirAcceptance(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		var want []Outstanding
		for n := range 20 {
			r := request(n)
			r.Deadline = l.clock.Now().Add(time.Hour)
			l.submit(r)
			if n == 7 {
				l.engine.Cancel(r.ID, nil)
				l.settle()
				continue
			}
			want = append(want, Outstanding{ID: r.ID, Service: "echo", Accepted: l.clock.Now(), Deadline: r.Deadline})
			l.pass(time.Millisecond)
		}
		if got := slices.Collect(l.engine.Pending()); !slices.Equal(got, want) {
			t.Errorf("%+v\nwant %+v", got, want)
		}
		for range l.engine.Pending() {
			break
		}
	})
}

func TestEngineNeedsItsParts(t *testing.T) {
	for _, config := range []Config{
		{},
		{Clock: NewClock(1), Link: &lab{}, Draw: func() ID { return ID{} }},
		{Clock: NewClock(1), Link: &lab{}, Chance: rand.New(rand.NewPCG(1, 1))},
		{Clock: NewClock(1), Draw: func() ID { return ID{} }, Chance: rand.New(rand.NewPCG(1, 1))},
		{Link: &lab{}, Draw: func() ID { return ID{} }, Chance: rand.New(rand.NewPCG(1, 1))},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%+v was accepted", config)
		}
	}
}

func TestObserveSeesEveryStepWithItsStateAndEffects(t *testing.T) {
	virtually(t, func(t *testing.T) {
		var seen []Observation
		l := upLab(t, Config{Observe: func(o Observation) { seen = append(seen, o) }})
		l.submit(request(1))
		l.sent(1, time.Second)
		l.reply(1, "answer")
		var kinds []arq.Kind
		for _, o := range seen {
			kinds = append(kinds, o.Event.Kind)
			if o.Ordinal != 1 || o.Now == 0 {
				t.Errorf("%+v", o)
			}
		}
		if !slices.Equal(kinds, []arq.Kind{arq.Start, arq.Sent, arq.Reply}) {
			t.Fatalf("steps %v", kinds)
		}
		if seen[0].Effects.Transmit != 1 || seen[1].State != arq.InFlight || seen[2].Effects.Done != arq.Answered {
			t.Errorf("%+v", seen)
		}
	})
}

func TestNilPolicyIsInteractives(t *testing.T) {
	virtually(t, func(t *testing.T) {
		l := upLab(t, Config{})
		r := request(1)
		r.Policy = nil
		p := l.submit(r)
		l.reply(1, "answer")
		l.want(p, nil)
		_, _, err := l.engine.Submit(context.Background(), r)
		if err != nil {
			t.Error(err)
		}
	})
}
