package sim

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/homing-mix/homing/arq"
)

func TestReplyArrivesAtDeparturePlusETAPlusResidualPlusServiceTime(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) {
		c.Services = []Service{Slow{Service: Echo("node1"), Delay: 700 * time.Millisecond}}
	})
	l.send(7, l.request(1, "hello"))
	sent := l.until(Departed)
	reply := l.until(Replied)
	if got, want := reply.At, sent.At.Add(sent.ETA+800*time.Millisecond); got != want {
		t.Errorf("reply at %v, want %v", got, want)
	}
	if reply.Client != 7 || reply.Packet.SURBID != surb(1) {
		t.Errorf("reply %+v", reply)
	}
	if sent.Expiry != sent.At.Add(sent.ETA+4500*time.Millisecond) {
		t.Errorf("expiry %v", sent.Expiry)
	}
}

func TestServiceSeesThePaddedRequestAndTheClientThePaddedReply(t *testing.T) {
	seen := &recorder{}
	l := newLab(t, func(c *MixnetConfig) { c.Services = []Service{seen} })
	l.send(1, l.request(1, "longer body"))
	l.until(Replied)
	l.send(1, l.request(2, "short"))
	l.until(Replied)
	if !bytes.Equal(seen.last, padded("short", 2000)) {
		t.Errorf("the service saw %d bytes: %q…", len(seen.last), seen.last[:20])
	}
	l.send(1, l.request(3, "again"))
	if reply := l.until(Replied); !bytes.Equal(reply.Payload, padded("again", 2574)) {
		t.Errorf("the reply has %d bytes: %q…", len(reply.Payload), reply.Payload[:20])
	}
}

// recorder is an echo that keeps the last request.
type recorder struct{ last []byte }

func (*recorder) Name() string       { return "node1" }
func (*recorder) Capability() string { return "echo" }
func (r *recorder) Serve(request []byte) ([]byte, time.Duration, bool) {
	r.last = bytes.Clone(request)
	return request, 0, true
}

// verbose answers with n bytes.
type verbose struct {
	Echo
	n int
}

func (v verbose) Serve([]byte) ([]byte, time.Duration, bool) { return make([]byte, v.n), 0, true }

func TestAnAnswerOf2000BytesArrivesAndOneOf2001IsDropped(t *testing.T) {
	for n, want := range map[int]uint64{2000: 1, 2001: 0} {
		l := newLab(t, func(c *MixnetConfig) { c.Services = []Service{verbose{"node1", n}} })
		l.send(1, l.request(1, "x"))
		l.run(time.Minute)
		if c := l.fates(); c.Replied != want || c.Executed != 1 || c.Unanswered != 1-want {
			t.Errorf("%d bytes: %+v", n, c)
		}
	}
}

func TestForwardLossNeverReachesTheServiceAndReturnLossWasExecuted(t *testing.T) {
	for _, way := range []string{"forward", "return"} {
		count := NewCounting("node1")
		l := newLab(t, func(c *MixnetConfig) {
			c.Services = []Service{count}
			if way == "forward" {
				c.ForwardLoss = 1
			} else {
				c.ReturnLoss = 1
			}
		})
		l.send(1, l.request(1, "x"))
		l.run(time.Minute)
		c := l.fates()
		executed := count.Executions([]byte("x"))
		if way == "forward" && (executed != 0 || c.LostForward != 1) || way == "return" && (executed != 1 || c.LostReturn != 1) {
			t.Errorf("%s loss: executed %d, %+v", way, executed, c)
		}
	}
}

func TestCountingShowsDoubleExecutionsByContent(t *testing.T) {
	count := NewCounting("node1")
	l := newLab(t, func(c *MixnetConfig) { c.Services = []Service{count} })
	for i, body := range []string{"a", "b", "a", "a\x00"} {
		l.send(1, l.request(uint64(i), body))
	}
	l.run(time.Minute)
	if count.Total() != 4 || count.Most() != 3 || count.Duplicates() != 2 || count.Executions([]byte("b")) != 1 {
		t.Errorf("total %d, most %d, duplicates %d", count.Total(), count.Most(), count.Duplicates())
	}
}

func TestAReplyAfterTheSURBsLifeIsDiscarded(t *testing.T) {
	for delay, want := range map[time.Duration]uint64{
		4400 * time.Millisecond: 1, // with the residual: exactly the slop
		4401 * time.Millisecond: 0,
	} {
		l := newLab(t, func(c *MixnetConfig) {
			c.Services = []Service{Slow{Service: Echo("node1"), Delay: delay}}
		})
		l.send(1, l.request(1, "x"))
		l.run(time.Minute)
		if c := l.fates(); c.Replied != want || c.Expired != 1-want {
			t.Errorf("service takes %v: %+v", delay, c)
		}
	}
}

func TestTheSameSURBIDInFlightTwiceIsNeverAnswered(t *testing.T) {
	l := newLab(t, nil)
	l.send(1, l.request(5, "one"))
	l.send(2, l.request(5, "two"))
	l.send(1, l.request(6, "other"))
	replies := of(l.run(time.Minute), Replied)
	if len(replies) != 1 || replies[0].Packet.SURBID != surb(6) {
		t.Errorf("replies %+v", replies)
	}
	if c := l.fates(); c.Doubled != 2 || c.Executed != 3 {
		t.Errorf("%+v", c)
	}
}

func TestASURBIDMayBeUsedAgainAfterItsReplyOrItsLife(t *testing.T) {
	l := newLab(t, nil)
	l.send(1, l.request(5, "one"))
	l.until(Replied)
	l.send(1, l.request(5, "two"))
	l.until(Replied)
	if err := l.m.SetLoss(l.now, 1); err != nil {
		t.Fatal(err)
	}
	l.send(1, l.request(5, "three"))
	l.run(time.Minute)
	if err := l.m.SetLoss(l.now, 0); err != nil {
		t.Fatal(err)
	}
	l.send(1, l.request(5, "four"))
	l.until(Replied)
	if c := l.fates(); c.Replied != 3 || c.Doubled != 0 {
		t.Errorf("%+v", c)
	}
}

func TestAPacketWithoutASURBTakesATickAndNothingIsHeardOfIt(t *testing.T) {
	count := NewCounting("node1")
	l := newLab(t, func(c *MixnetConfig) { c.Services = []Service{count} })
	p := l.request(1, "x")
	p.NoSURB = true
	l.send(1, p)
	p.NoDestination = true // no event even for an error
	l.send(1, p)
	if told := l.run(time.Minute); len(told) != 0 || count.Total() != 0 {
		t.Errorf("told %+v, executed %d", told, count.Total())
	}
	if c := l.fates(); c.Departed != 1 || c.Unanswered != 1 || c.Failed != 1 {
		t.Errorf("%+v", c)
	}
}

func TestWhatHappensBeforeACallIsToldByTheNextAdvance(t *testing.T) {
	l := newLab(t, nil)
	l.send(1, l.request(1, "x"))
	l.now = l.now.Add(time.Minute)
	l.send(1, l.request(2, "y")) // the model steps over departure and reply
	if n := l.m.Next(); n >= l.now {
		t.Errorf("Next %v, but there is something to tell since before %v", n, l.now)
	}
	told := l.m.Advance(l.now, nil)
	if len(told) != 2 || told[0].Kind != Departed || told[1].Kind != Replied {
		t.Errorf("told %+v", told)
	}
}

func TestIdleTicksAreDecoysAndNoWork(t *testing.T) {
	l := newLab(t, nil)
	if next := l.m.Next(); next != arq.Instant(1).Add(20*time.Minute) {
		t.Errorf("Next %v, want the epoch change", next)
	}
	l.run(1000 * time.Second)
	if d := l.m.Counters().Decoys; d < 870 || d > 1130 {
		t.Errorf("%d decoys in 1000 s", d)
	}
}

func TestImpossibleConfigurationsAreRefused(t *testing.T) {
	echo := []Service{Echo("node1")}
	for name, cfg := range map[string]MixnetConfig{
		"no services":         {},
		"nil service":         {Services: []Service{nil}},
		"unnamed service":     {Services: []Service{Echo("")}},
		"loss above one":      {Services: echo, Loss: 1.1},
		"negative loss":       {Services: echo, Loss: -0.1},
		"both kinds of loss":  {Services: echo, Loss: 0.1, ReturnLoss: 0.1},
		"return loss too big": {Services: echo, ReturnLoss: 2},
		"negative rate":       {Services: echo, LambdaP: -1},
		"absurd mu":           {Services: echo, Mu: 1e9},
		"negative slop":       {Services: echo, Slop: -1},
		"no queue":            {Services: echo, Queue: SharedFIFO(-1)},
		"late documents":      {Services: echo, Epoch: time.Minute, DocumentDelay: time.Minute},
		"short epoch":         {Services: echo, Epoch: time.Millisecond},
		"negative layers":     {Services: echo, Layers: -1},
		"negative ceiling":    {Services: echo, LambdaPMaxDelay: -1},
		"negative start":      {Services: echo, Start: -1},
	} {
		if _, err := NewMixnet(cfg); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := newLab(t, nil)
	if err := l.m.SetLoss(l.now, 2); !errors.Is(err, ErrConfig) {
		t.Errorf("SetLoss(2): %v", err)
	}
	if err := l.m.KillService(l.now, "nobody"); !errors.Is(err, ErrUnknownNode) {
		t.Errorf("KillService: %v", err)
	}
}

func TestTheScheduleKeepsTheOrderOfEqualInstants(t *testing.T) {
	var s schedule[int]
	random := rand.New(rand.NewPCG(1, 1))
	type thing struct {
		at arq.Instant
		n  int
	}
	var want []thing
	for i := range 1000 {
		at := arq.Instant(random.IntN(20) + 1)
		s.push(at, i)
		want = append(want, thing{at, i})
	}
	slices.SortStableFunc(want, func(a, b thing) int { return int(a.at - b.at) })
	for _, w := range want {
		if at, n := s.pop(); at != w.at || n != w.n {
			t.Fatalf("popped %v %d, want %+v", at, n, w)
		}
	}
}
