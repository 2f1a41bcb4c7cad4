package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/homing-mix/homing/sim"
)

// brisk lets virtual time pass fast, and messages live long enough for a machine
// that is busy with other things.
var brisk = []string{"--speed", "50", "--deadline", "1h"}

func ping20(extra ...string) []string {
	return append(append([]string{"ping", "-c", "20"}, brisk...), extra...)
}

func TestPingIsAnsweredByTheSimulatedDaemonOfEitherDialect(t *testing.T) {
	for _, dialect := range []string{"v0.0.55", "v0.0.99"} {
		t.Run(dialect, func(t *testing.T) {
			code, stdout, stderr := call(t, ping20("--dialect", dialect, "--seed", "7", "--concurrency", "20")...)
			if code != exitAnswered || stderr != "" {
				t.Fatalf("exit code %d, stderr %q, stdout:\n%s", code, stderr, stdout)
			}
			for _, want := range []string{
				"simulated kpclientd " + dialect + " at tcp://127.0.0.1:", "33% of round trips lost", "seed 7",
				"all times are virtual: 50 s pass in a second",
				"\n20 of 20 answered in ", " s virtual, ", " per answered message", " on the way back\n", "latency    p50 ",
			} {
				if !strings.Contains(stdout, want) {
					t.Errorf("the output lacks %q:\n%s", want, stdout)
				}
			}
			answered := regexp.MustCompile(`(?m)^ +\d+ +\d+ +\d+\.\d\d s +\d+\.\d\d s +[+-]\d+\.\d\d s +\d+\.\d\d s +\d+\.\d\d s( |$)`)
			if n := len(answered.FindAllString(stdout, -1)); n != 20 {
				t.Errorf("%d lines of messages, want 20:\n%s", n, stdout)
			}
		})
	}
}

func TestWithoutLossEveryMessageIsSentOnce(t *testing.T) {
	d := stand(t, sim.DaemonConfig{})
	code, stdout, _ := call(t, "ping", "-c", "5", "--concurrency", "5", "--daemon", "tcp://"+d.Addr().String())
	if code != exitAnswered || !strings.Contains(stdout, "sends      5, 1.00 per answered message") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
}

func TestAMessageThatIsNotAnsweredMakesTheExitCode1(t *testing.T) {
	code, stdout, _ := call(t, "ping", "-c", "3", "--loss", "1", "--deadline", "20s", "--speed", "50")
	if code != exitUnanswered || strings.Count(stdout, "not answered: the deadline passed (after ") != 3 ||
		!strings.Contains(stdout, "\n0 of 3 answered") || strings.Contains(stdout, "latency") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
}

// liar answers with the right length and one byte changed.
type liar struct{ sim.Echo }

func (l liar) Serve(request []byte) ([]byte, time.Duration, bool) {
	answer := bytes.Clone(request)
	answer[sizeBytes]++
	return answer, 0, true
}

// mute answers with no bytes that Sized framing can read.
type mute struct{ sim.Echo }

func (mute) Serve([]byte) ([]byte, time.Duration, bool) { return []byte("\xff\xff\xff\xff"), 0, true }

func TestAnAnswerWithOtherBytesIsNoAnswer(t *testing.T) {
	for want, service := range map[string]sim.Service{
		"not answered: " + errBody.Error():                         liar{"node"},
		"not answered: the answer is not in the framing asked for": mute{"node"},
	} {
		d := stand(t, sim.DaemonConfig{}, service)
		code, stdout, _ := call(t, "ping", "-c", "2", "--daemon", "tcp://"+d.Addr().String())
		if code != exitUnanswered || strings.Count(stdout, want) != 2 || !strings.Contains(stdout, "0 of 2 answered") {
			t.Errorf("exit code %d, want %q twice:\n%s", code, want, stdout)
		}
	}
}

func TestARealDaemonIsPingedInRealTime(t *testing.T) {
	for _, dialect := range []string{"v0.0.55", "v0.0.99"} {
		d := stand(t, sim.DaemonConfig{Version: dialect})
		at := "tcp://" + d.Addr().String()
		code, stdout, stderr := call(t, "ping", "-c", "3", "--daemon", at)
		if code != exitAnswered || stderr != "" || !strings.Contains(stdout, "kpclientd at "+at+" (greets as "+dialect+" or later)") ||
			!strings.Contains(stdout, "3 of 3 answered") {
			t.Errorf("exit code %d, stderr %q:\n%s", code, stderr, stdout)
		}
		if strings.Contains(stdout, "virtual") || strings.Contains(stdout, "lost") {
			t.Errorf("time is real, and the network does not tell what it loses:\n%s", stdout)
		}
	}
}

func TestWithoutADaemonTheExitCodeIs3(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := "tcp://" + l.Addr().String()
	l.Close()
	code, stdout, stderr := call(t, "ping", "--daemon", at, "--wait", "300ms")
	if code != exitNoLink || stdout != "" {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	for _, want := range []string{"no link to " + at + " yet: ", "no link to " + at + " within 300ms: ", "Is kpclientd running", "--wait waits longer"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, stderr)
		}
	}
}

func TestADaemonThatDoesNotGreetIsNotWaitedForLongerThanAsked(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	code, _, stderr := call(t, "ping", "--daemon", "tcp://"+l.Addr().String(), "--wait", "100ms")
	if code != exitNoLink || !strings.Contains(stderr, "within 100ms: the daemon has not greeted") {
		t.Errorf("exit code %d:\n%s", code, stderr)
	}
}

func TestAServiceThatNobodyOffersMakesTheExitCode3(t *testing.T) {
	d := stand(t, sim.DaemonConfig{})
	code, stdout, stderr := call(t, "ping", "--daemon", "tcp://"+d.Addr().String(), "--service", "postbox")
	if code != exitNoLink || stdout != "" || !strings.Contains(stderr, "nobody in this network offers --service postbox") {
		t.Errorf("exit code %d, stdout %q:\n%s", code, stdout, stderr)
	}
}

func TestInterruptedItReportsWhatWasDone(t *testing.T) {
	ctx, stdout := interrupted(t, "+") // the first residual
	var stderr bytes.Buffer
	code := run(ctx, []string{"ping", "-c", "1000", "--speed", "50", "--loss", "0"}, stdout, &stderr)
	done := regexp.MustCompile(`(?m)^\d+ of 1000 answered in .*; interrupted, \d+ not sent$`)
	if code != exitInterrupted || !done.MatchString(stdout.String()) || !strings.Contains(stdout.String(), "not answered: canceled") {
		t.Errorf("exit code %d, stderr %q:\n%s", code, stderr.String(), stdout)
	}
}

func TestInterruptedWhileWaitingForTheDaemonItSaysSo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := "tcp://" + l.Addr().String()
	l.Close()
	ctx, stderr := interrupted(t, "trying again")
	code := run(ctx, []string{"ping", "--daemon", at, "--wait", "1h"}, io.Discard, stderr)
	if code != exitInterrupted || !strings.Contains(stderr.String(), "interrupted while waiting for "+at) {
		t.Errorf("exit code %d:\n%s", code, stderr)
	}
}

// full is a disk that is full after so many writes.
type full int

func (f *full) Write(p []byte) (int, error) {
	if *f--; *f < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestWithNowhereToWriteItStopsAndSaysSo(t *testing.T) {
	for _, extra := range [][]string{nil, {"--json"}} {
		disk := full(6)
		var stderr bytes.Buffer
		args := append([]string{"ping", "-c", "100000", "--speed", "50"}, extra...)
		code := run(t.Context(), args, &disk, &stderr)
		if code != exitUnanswered || !strings.Contains(stderr.String(), "cannot write the output: no space left") {
			t.Errorf("%v: exit code %d:\n%s", args, code, stderr.String())
		}
	}
}

// trouble pings a daemon whose service answers only after the first note.
func trouble(t *testing.T, begin func(*sim.Daemon), end func(*sim.Daemon) error) (notes string) {
	t.Helper()
	d := stand(t, sim.DaemonConfig{}, sim.Silent("node"))
	first := true
	stderr := lineHook{seen: func(string) {
		if first {
			first = false
			if err := errors.Join(d.AddService(sim.Echo("node")), end(d)); err != nil {
				t.Error(err)
			}
		}
	}}
	stdout := lineHook{seen: func(line string) {
		if strings.Contains(line, "attempts") { // the head of the table
			begin(d)
		}
	}}
	code := run(t.Context(), []string{"ping", "-c", "2", "--daemon", "tcp://" + d.Addr().String()}, &stdout, &stderr)
	if code != exitAnswered || !strings.Contains(stdout.String(), "2 of 2 answered") {
		t.Errorf("exit code %d:\n%s", code, &stdout)
	}
	return stderr.String()
}

func TestALostLinkIsToldAndTheMessagesGoOn(t *testing.T) {
	t.Parallel()
	notes := trouble(t, (*sim.Daemon).Kill, (*sim.Daemon).Start)
	if !strings.Contains(notes, " is lost: ") || !strings.Contains(notes, "the link is back\n") {
		t.Errorf("stderr:\n%s", notes)
	}
}

func TestALostGatewayIsToldAndTheMessagesGoOn(t *testing.T) {
	t.Parallel()
	away := func(d *sim.Daemon) { d.DropGateway(time.Hour) }
	back := func(d *sim.Daemon) error { d.DropGateway(time.Nanosecond); return nil }
	notes := trouble(t, away, back)
	if !strings.Contains(notes, "the daemon has lost its gateway") || !strings.Contains(notes, "the daemon has its gateway back\n") {
		t.Errorf("stderr:\n%s", notes)
	}
}

func TestTheSeedDecidesTheBodies(t *testing.T) {
	a, b := &series{settings: settings{seed: 1, size: 40}}, &series{settings: settings{seed: 2, size: 40}}
	seen := make(map[string]bool)
	for n := range 100 {
		if !bytes.Equal(a.body(n), a.body(n)) || len(a.body(n)) != 40 {
			t.Fatalf("message %d has one body now and another later", n)
		}
		seen[fmt.Sprint(a.body(n))], seen[fmt.Sprint(b.body(n))] = true, true
	}
	if len(seen) != 200 {
		t.Errorf("%d different bodies of 200", len(seen))
	}
}
