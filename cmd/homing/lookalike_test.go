package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/homing-mix/homing/thin/wire"
)

// running is homing daemon --json in this process.
type running struct {
	t       *testing.T
	started startedObject
	events  chan eventObject
	stop    context.CancelFunc
	ended   chan struct{}
	code    int
	stderr  bytes.Buffer
	last    string // line of stdout
}

// startDaemon runs the command until the test ends or calls end. Twenty virtual
// seconds pass in a second unless args say otherwise.
func startDaemon(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{t: t, events: make(chan eventObject, 10_000), stop: stop, ended: make(chan struct{})}
	lines, stdout := io.Pipe()
	args = append([]string{"daemon", "--json", "--speed", "20"}, args...)
	go func() {
		r.code = run(ctx, args, stdout, &r.stderr)
		stdout.Close()
	}()
	began := make(chan bool, 1)
	go func() {
		defer close(r.ended)
		defer close(r.events)
		defer close(began)
		for s := bufio.NewScanner(lines); s.Scan(); {
			r.last = s.Text()
			var e eventObject
			switch json.Unmarshal(s.Bytes(), &e); e.Type {
			case "started":
				json.Unmarshal(s.Bytes(), &r.started)
				began <- true
			case "event":
				r.events <- e
			}
		}
	}()
	t.Cleanup(func() { r.end() })
	if !<-began {
		t.Fatalf("homing %q did not start: %s%s", args, r.last, &r.stderr)
	}
	return r
}

// end ends the daemon and returns its exit code.
func (r *running) end() int {
	r.stop()
	<-r.ended
	return r.code
}

// await returns the next event of that kind.
func (r *running) await(kind string) eventObject {
	r.t.Helper()
	for e := range r.events {
		if e.Event == kind {
			return e
		}
	}
	r.t.Fatalf("the daemon ended before %s: %s", kind, r.last)
	return eventObject{}
}

// ctl runs a command of homing daemon ctl against it.
func (r *running) ctl(args ...string) (code int, stdout, stderr string) {
	r.t.Helper()
	return call(r.t, append([]string{"daemon", "ctl", "--control", r.started.Control}, args...)...)
}

// counter reads a counter through the control endpoint.
func (r *running) counter(name string) int {
	r.t.Helper()
	code, stdout, stderr := r.ctl("counters", "--json")
	var all map[string]int
	if err := json.Unmarshal([]byte(stdout), &all); code != exitAnswered || err != nil {
		r.t.Fatalf("exit code %d, %v: %s", code, err, stderr)
	}
	n, ok := all[name]
	if !ok {
		r.t.Fatalf("no counter %s: %s", name, stdout)
	}
	return n
}

// socketPath is short enough for every system.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "homing")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

func pingOnce(t *testing.T, args ...string) {
	t.Helper()
	code, stdout, stderr := call(t, append([]string{"ping", "-c", "1"}, args...)...)
	if code != exitAnswered || !strings.Contains(stdout, "1 of 1 answered") {
		t.Errorf("ping %q: exit code %d, stderr %q:\n%s", args, code, stderr, stdout)
	}
}

const anyPort = "tcp://127.0.0.1:0"

func TestTheSimulatedDaemonServesTCPUnixAndWebsocketsAtOnce(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	r := startDaemon(t, "--listen", anyPort, "--listen", "unix://"+path, "--listen", "ws://127.0.0.1:0")
	if len(r.started.Listen) != 3 {
		t.Fatalf("%+v", r.started)
	}
	for _, at := range r.started.Listen {
		pingOnce(t, "--daemon", at)
	}
	if n := r.counter("connections"); n != 3 {
		t.Errorf("%d connections", n)
	}
	if code := r.end(); code != exitAnswered || r.last != `{"type":"ended"}` {
		t.Errorf("exit code %d, the last line is %s", code, r.last)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("it leaves its socket")
	}
}

func TestTheWrittenConfigurationOfEveryGenerationLeadsToTheDaemon(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dialect, has, lacks string }{
		{"v0.0.55", "[PigeonholeGeometry]", "[Dial"},
		{"v0.0.72", "[SphinxGeometry]", "[Dial"},
		{"v0.0.73", "[SphinxGeometry]", "\nSphinx ="},
		{"v0.0.76", "[Dial.Tcp]", "Geometry"},
		{"v0.0.99", "[Dial.Tcp]", "Geometry"},
	} {
		dir := filepath.Join(t.TempDir(), "made")
		r := startDaemon(t, "--dialect", c.dialect, "--listen", "tcp://0.0.0.0:0", "--listen", "unix://"+socketPath(t), "--write-config", dir)
		if len(r.started.Config) != 2 || r.started.Config[0] != filepath.Join(dir, "thinclient.toml") {
			t.Fatalf("%v", r.started.Config)
		}
		text, err := os.ReadFile(r.started.Config[0])
		if err != nil || !strings.Contains(string(text), c.has) || strings.Contains(string(text), c.lacks) {
			t.Errorf("%s: %v\n%s", c.dialect, err, text)
		}
		for _, path := range r.started.Config {
			pingOnce(t, "--config", path)
		}
		r.end()
		if !strings.Contains(r.stderr.String(), "open to other machines") {
			t.Errorf("nothing is said about a socket on every address: %s", &r.stderr)
		}
	}
}

func TestASocketThatSomebodyServesIsNotTaken(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	r := startDaemon(t, "--listen", "unix://"+path, "--listen", anyPort)
	for _, at := range r.started.Listen {
		code, _, stderr := call(t, "daemon", "--listen", at)
		if code != exitNoLink || !strings.Contains(stderr, "somebody else does") {
			t.Errorf("exit code %d: %s", code, stderr)
		}
		pingOnce(t, "--daemon", at)
	}
}

// spawn runs the command as a process of its own and waits until it listens.
func spawn(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, args...)
	c.Env = append(os.Environ(), asCommand+"=1")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	for s := bufio.NewScanner(stdout); s.Scan(); {
		if strings.HasPrefix(s.Text(), "listening") {
			return c, &stderr
		}
	}
	t.Fatalf("it ended before it listened: %s", &stderr)
	return nil, nil
}

func TestSignalsEndTheDaemonCleanly(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		path := socketPath(t)
		c, stderr := spawn(t, "daemon", "--listen", "unix://"+path)
		client, err := net.Dial("unix", path) // a client that is connected does not hold it up
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil || stderr.Len() > 0 {
			t.Errorf("%v: %v, %s", signal, err, stderr)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%v: the socket is still there", signal)
		}
	}
}

func TestASocketThatAKilledDaemonLeftIsTakenOver(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	c, _ := spawn(t, "daemon", "--listen", "unix://"+path)
	c.Process.Kill()
	c.Wait()
	if _, err := os.Lstat(path); err != nil {
		t.Fatalf("nothing was left behind: %v", err)
	}
	code, _, stderr := call(t, "daemon", "--dialect", "v0.0.55", "--quirks", "+stale-unix-socket", "--listen", "unix://"+path)
	if code != exitNoLink || !strings.Contains(stderr, "cannot listen on") {
		t.Errorf("with the bug of v0.0.55: exit code %d: %s", code, stderr)
	}
	startDaemon(t, "--listen", "unix://"+path)
	pingOnce(t, "--daemon", "unix://"+path)
}

// tell writes frames to the daemon, raw.
func tell(t *testing.T, at string, items ...[]byte) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(at, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	for _, item := range items {
		if err := wire.WriteFrame(c, item); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestARequestThatKillsTheRealDaemonEndsTheSimulatedOne(t *testing.T) {
	t.Parallel()
	r := startDaemon(t, "-v", "--dialect", "v0.0.55", "--listen", anyPort)
	tell(t, r.started.Listen[0], []byte{0xa0})
	r.await("violation")
	<-r.ended
	if r.code != exitUnanswered || !strings.Contains(r.last, "crashed for every client") || !strings.Contains(r.last, "--quirks none") {
		t.Errorf("exit code %d: %s", r.code, r.last)
	}
}

func TestWithoutQuirksTheDaemonSurvives(t *testing.T) {
	t.Parallel()
	r := startDaemon(t, "-v", "--dialect", "v0.0.55", "--quirks", "none", "--listen", anyPort)
	tell(t, r.started.Listen[0], []byte{0xa0})
	r.await("violation")
	if r.started.Quirks != "none" || r.counter("crashes") != 0 {
		t.Errorf("%+v", r.started)
	}
	pingOnce(t, "--daemon", r.started.Listen[0])
}

func TestGarbageEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	r := startDaemon(t, "-v", "--listen", anyPort)
	for _, garbage := range [][]byte{[]byte("GET / HTTP/1.1\r\n\r\n"), {0, 0, 0, 0}, {0, 0, 0, 3, 0xff, 0xff, 0xff}} {
		c := tell(t, r.started.Listen[0])
		if _, err := c.Write(garbage); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%q: %v", garbage, err)
		}
		r.await("disconnected")
	}
	pingOnce(t, "--daemon", r.started.Listen[0])
}

func TestEveryEventOfAClientIsALine(t *testing.T) {
	t.Parallel()
	r := startDaemon(t, "-v", "--listen", anyPort)
	pingOnce(t, "--daemon", r.started.Listen[0])
	var surb string
	for _, kind := range []string{"connected", "connection_status_event", "session_token", "send_message", "message_sent_event", "message_reply_event", "thin_close", "disconnected"} {
		e := r.await(kind)
		if e.Client != 1 || e.AtMS == nil || *e.AtMS <= 0 {
			t.Errorf("%+v", e)
		}
		switch kind {
		case "send_message":
			surb = e.SURBID
		case "message_sent_event":
			if e.SURBID != surb || e.ETAMS == nil {
				t.Errorf("%+v", e)
			}
		}
	}
}

func TestTheLinesForPeopleSayWhereItListensAndWhatHappens(t *testing.T) {
	t.Parallel()
	var once sync.Once
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	at, pinged := "", make(chan struct{})
	stdout := lineHook{seen: func(text string) {
		if _, rest, ok := strings.Cut(text, "listening  "); ok {
			at = strings.TrimSpace(rest)
			go func() { defer close(pinged); pingOnce(t, "--daemon", at) }()
		}
		if strings.Contains(text, "disconnected") {
			once.Do(stop)
		}
	}}
	code := run(ctx, []string{"daemon", "-v", "--speed", "20", "--listen", anyPort, "--loss", "5%", "--services", "slow=echo:1s,counting"}, &stdout, io.Discard)
	<-pinged
	for _, want := range []string{
		"simulated kpclientd v0.0.99, 5% of round trips lost, seed ", "echo (slow) on service1 to service2 after 1s, counting on service1 to service2",
		"control    http://127.0.0.1:", "listening  " + at, "client 1   send_message  surb ", "client 1   message_reply_event  surb ",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &stdout)
		}
	}
	if code != exitAnswered {
		t.Errorf("exit code %d", code)
	}
}

func TestADaemonThatCannotWriteEnds(t *testing.T) {
	t.Parallel()
	disk := full(0)
	var stderr bytes.Buffer
	code := run(t.Context(), []string{"daemon", "--listen", anyPort}, &disk, &stderr)
	if code != exitUnanswered || !strings.Contains(stderr.String(), "cannot write the output: no space left") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}
