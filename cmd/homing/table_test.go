package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/homing-mix/homing"
)

func spent(answered, attempts int, t homing.Timeline) *homing.Reply {
	return &homing.Reply{Attempts: make([]homing.Attempt, attempts), Answered: answered, Timeline: t}
}

func TestTheTableLinesUp(t *testing.T) {
	var out bytes.Buffer
	s := settings{count: 20, speed: 20, loss: 0.33, dialect: "v0.0.99", seed: 7, profile: homing.Guarded}
	r := newTable(s, &out, &bytes.Buffer{})
	r.begin(&daemon{endpoint: endpoint{"tcp", "127.0.0.1:1"}}, "")
	day := 24 * time.Hour
	r.message(outcome{number: 1, reply: spent(1, 1, homing.Timeline{
		Waiting: 512 * time.Millisecond, ETA: 1500 * time.Millisecond, Residual: -20 * time.Millisecond, Total: 1992 * time.Millisecond,
	})})
	r.message(outcome{number: 20, reply: spent(11, 12, homing.Timeline{Waiting: day, ETA: day, Residual: time.Hour, Retransmission: day, Total: day})})
	r.message(outcome{number: 3, err: errors.New("homing: the deadline passed")})
	const want = `simulated kpclientd v0.0.99 at tcp://127.0.0.1:1, 33% of round trips lost, profile guarded, seed 7
all times are virtual: 20 s pass in a second

message  attempts     waiting         ETA    residual  retransmission       total
      1         1      0.51 s      1.50 s     -0.02 s          0.00 s      1.99 s
     20        12  86400.00 s  86400.00 s  +3600.00 s      86400.00 s  86400.00 s  answer to attempt 11
      3  not answered: the deadline passed
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

func TestTheLiveLineIsClearedBeforeEveryOtherLine(t *testing.T) {
	var terminal bytes.Buffer // what both stdout and stderr write to
	r := newTable(settings{count: 9, speed: 20}, &terminal, &terminal)
	r.live.w = &terminal
	state := progress{delivered: 1, count: 9, outstanding: 2, sends: 4, drawn: &drawn{departed: 4, forward: 1}, elapsed: 3 * time.Second}
	for range 2 {
		r.progress(state)
		r.message(outcome{number: 1, err: errors.New("x")})
		r.progress(state)
		r.note("y")
		r.progress(state)
		r.totals(totals{})
	}
	const live = "1 of 9 answered, 2 outstanding, 4 sends, 1 lost, 3 s virtual"
	if n := strings.Count(terminal.String(), live); n != 6 {
		t.Errorf("the line was drawn %d times, want 6", n)
	}
	for rest := terminal.String(); ; {
		_, after, found := strings.Cut(rest, live+wrapOn)
		if !found {
			break
		}
		if !strings.HasPrefix(after, erase) {
			t.Fatalf("after the live line comes %q before it is cleared", after[:min(20, len(after))])
		}
		rest = after
	}
}

func TestWhatIsNoTerminalGetsNoLiveLine(t *testing.T) {
	var errs bytes.Buffer
	r := newTable(settings{count: 9, speed: 20}, &bytes.Buffer{}, &errs)
	r.progress(progress{})
	r.message(outcome{number: 1, err: errors.New("x")})
	if errs.Len() != 0 {
		t.Errorf("stderr has %q", &errs)
	}
}

func TestTheProgressOfARealDaemonTellsNoLossesAndNoVirtualTime(t *testing.T) {
	p := progress{delivered: 1, count: 2, sends: 3, elapsed: time.Minute, link: linkMissing}
	if got, want := p.String(), "1 of 2 answered, 0 outstanding, 3 sends, 60 s, no link"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAQuantileIsTheNearestRank(t *testing.T) {
	var sum totals
	if sum.quantile(0.5) != 0 || sum.sendsPerDelivered() != 0 {
		t.Error("of nothing there is no quantile")
	}
	for i := range 20 {
		sum.latencies = append(sum.latencies, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.05: 1, 0.5: 10, 0.95: 19, 0.951: 20, 1: 20} {
		if got := sum.quantile(q); got != want {
			t.Errorf("quantile %v of 1…20 is %d, want %d", q, got, want)
		}
	}
}

func TestALossIsAShareOrPercent(t *testing.T) {
	for text, want := range map[string]string{"0.33": "33%", "33%": "33%", "0": "0%", "1": "100%", "100%": "100%", "0.5%": "0.5%", "1e-3": "0.1%"} {
		var l loss
		if err := l.Set(text); err != nil || fmt.Sprint(&l) != want {
			t.Errorf("%s is %v, %v; want %s", text, &l, err, want)
		}
	}
}
