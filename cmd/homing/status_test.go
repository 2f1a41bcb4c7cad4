package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin"
	"github.com/homing-mix/homing/thin/wire"
)

func at(d *sim.Daemon) string { return "tcp://" + d.Addr().String() }

func TestStatusOfAHealthyDaemonSaysWhatItIs(t *testing.T) {
	for version, greets := range map[string]string{"v0.0.55": "v0.0.55", "v0.0.72": "v0.0.72", "v0.0.73": "v0.0.73", "v0.0.81": "v0.0.81", "v0.0.99": "v0.0.99"} {
		d := stand(t, sim.DaemonConfig{Version: version}, sim.Echo("one"), sim.Echo("two"))
		code, stdout, stderr := call(t, "status", "--daemon", at(d))
		if code != exitAnswered || stderr != "" {
			t.Errorf("exit code %d, stderr %q", code, stderr)
		}
		want := []string{"greets as " + greets + " or later", "link        up", "gateway     connected", "document    epoch 1000, read ",
			"services    echo: one, two", "payload     at most 2000 bytes", "verdict     healthy"}
		if version >= "v0.0.73" {
			want = append(want, "\ninstance    ", "\nsession     ")
		}
		for _, w := range want {
			if !strings.Contains(stdout, w) {
				t.Errorf("%s: the output lacks %q:\n%s", version, w, stdout)
			}
		}
		if n := d.Counters(); n.Departed != 0 || n.Violations != 0 {
			t.Errorf("%s: status has sent something: %+v", version, n)
		}
	}
}

func TestStatusForProgramsIsAnObject(t *testing.T) {
	d := stand(t, sim.DaemonConfig{})
	code, stdout, _ := call(t, "status", "--daemon", at(d), "--json")
	m := decode(t, stdout)
	const want = "daemon document_age_ms epoch exit_code gateway healthy instance payload_limit says services session type up verdict version"
	if code != exitAnswered || keys(m) != want || m["type"] != "status" || m["verdict"] != "healthy" || m["healthy"] != true {
		t.Errorf("exit code %d, fields %s:\n%s", code, keys(m), stdout)
	}
}

// says plays what listens somewhere and is no daemon.
func says(t *testing.T, words string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, words)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return "tcp://" + l.Addr().String()
}

func TestStatusSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name, verdict, advice string
		code                  int
		at                    func(t *testing.T) string
		args                  []string
	}{
		{"refused connection", "refused", "Start kpclientd, or correct the address", exitNoLink,
			func(*testing.T) string { return "tcp://127.0.0.1:1" }, nil},
		{"no socket", "no_socket", "correct the path", exitNoLink,
			func(t *testing.T) string { return "unix://" + filepath.Join(t.TempDir(), "s") }, nil},
		{"unreachable host", "unreachable", "Check the host name", exitNoLink,
			func(*testing.T) string { return "tcp://nobody.invalid:1" }, nil},
		{"end at once", "hung_up", "Look at its log", exitNoLink,
			func(t *testing.T) string { return says(t, "") }, nil},
		{"another program", "not_a_daemon", "Correct the address", exitNoLink,
			func(t *testing.T) string { return says(t, "HTTP/1.1 400 Bad Request\r\n\r\n") }, nil},
		{"no CBOR", "not_a_daemon", "Correct the address", exitNoLink,
			func(t *testing.T) string { return says(t, "\x00\x00\x00\x02ab") }, nil},
		{"a websocket dialled to no websocket", "not_a_daemon", "websocket", exitNoLink,
			func(t *testing.T) string {
				return "ws" + strings.TrimPrefix(says(t, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "tcp")
			}, nil},
		{"silent handshake of a daemon without document", "silent_handshake", "wait: up to v0.0.71", exitNoLink,
			func(t *testing.T) string {
				return at(stand(t, sim.DaemonConfig{Version: "v0.0.55", Mixnet: sim.MixnetConfig{NoDocument: true}}))
			}, []string{"--speed", "100"}},
		{"silence within --wait", "silent_handshake", "wait: up to v0.0.71", exitNoLink,
			func(t *testing.T) string {
				return at(stand(t, sim.DaemonConfig{Version: "v0.0.55", Mixnet: sim.MixnetConfig{NoDocument: true}}))
			}, []string{"--wait", "200ms"}},
		{"wedged daemon", "silent_handshake", "v0.0.55 hangs like this after it has lost its gateway: restart it", exitNoLink,
			func(t *testing.T) string {
				d := stand(t, sim.DaemonConfig{Version: "v0.0.55", With: []sim.Quirk{sim.WedgeAfterGateway}})
				d.DropGateway(time.Second)
				return at(d)
			}, []string{"--speed", "100"}},
		{"no document", "no_document", "wait for the next document", exitUnanswered,
			func(t *testing.T) string {
				return at(stand(t, sim.DaemonConfig{Speed: 1000, Mixnet: sim.MixnetConfig{NoDocument: true, Epoch: 1000 * time.Hour}}))
			}, nil},
		{"no gateway", "no_gateway", "It dials again by itself", exitUnanswered,
			func(t *testing.T) string {
				d := stand(t, sim.DaemonConfig{})
				d.DropGateway(time.Hour)
				return at(d)
			}, nil},
		{"no gateway within --wait", "no_gateway", "It dials again by itself", exitUnanswered,
			func(t *testing.T) string {
				d := stand(t, sim.DaemonConfig{})
				d.DropGateway(time.Hour)
				return at(d)
			}, []string{"--wait", "300ms"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"status", "--daemon", c.at(t)}, c.args...)
			code, stdout, stderr := call(t, args...)
			if code != c.code || stderr != "" || !strings.Contains(stdout, "what to do  ") || !strings.Contains(stdout, c.advice) {
				t.Errorf("exit code %d, want %d with %q, stderr %q:\n%s", code, c.code, c.advice, stderr, stdout)
			}
			code, stdout, _ = call(t, append(args, "--json")...)
			if m := decode(t, stdout); code != c.code || m["verdict"] != c.verdict || m["healthy"] != false || m["exit_code"] != decode(t, fmt.Sprintf(`{"n":%d}`, code))["n"] {
				t.Errorf("exit code %d, want %d and %s:\n%s", code, c.code, c.verdict, stdout)
			}
		})
	}
}

func TestStatusWaitsUntilTheDaemonIsHealthy(t *testing.T) {
	t.Parallel()
	d := stand(t, sim.DaemonConfig{})
	d.DropGateway(500 * time.Millisecond)
	code, stdout, _ := call(t, "status", "--daemon", at(d), "--wait", "1m")
	if code != exitAnswered || !strings.Contains(stdout, "verdict     healthy") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
}

func TestStatusFindsAStaleDocumentWhileItWatches(t *testing.T) {
	t.Parallel()
	d := stand(t, sim.DaemonConfig{Mixnet: sim.MixnetConfig{Epoch: 1000 * time.Hour}})
	args := []string{"status", "--daemon", at(d), "--watch", "2s", "--epoch", "10s", "--speed", "50"}
	code, stdout, _ := call(t, args...)
	if code != exitUnanswered || !strings.Contains(stdout, "no new PKI document has come for two epochs") || !strings.Contains(stdout, "what to do  Restart kpclientd") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
	code, stdout, _ = call(t, append(args, "--json")...)
	if code != exitUnanswered || !strings.Contains(stdout, `"verdict":"stale_document"`) {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
}

func TestStatusFindsALostGatewayWhileItWatches(t *testing.T) {
	t.Parallel()
	d := stand(t, sim.DaemonConfig{})
	time.AfterFunc(time.Second, func() { d.DropGateway(time.Hour) })
	code, stdout, _ := call(t, "status", "--daemon", at(d), "--watch", "3s")
	if code != exitUnanswered || !strings.Contains(stdout, "verdict     unhealthy: kpclientd is not connected to its gateway") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
}

func TestADocumentThatComesBehindTheStatusIsWaitedFor(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	network, err := sim.NewMixnet(sim.MixnetConfig{Services: []sim.Service{sim.Echo("node")}})
	if err != nil {
		t.Fatal(err)
	}
	dialect, err := wire.DialectOf("v0.0.55")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- func() error {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			defer c.Close()
			status, err := dialect.AppendResponse(nil, wire.Response{Status: &wire.ConnectionStatus{IsConnected: true}})
			if err != nil {
				return err
			}
			doc, err := dialect.AppendDocument(nil, network.Document())
			if err != nil {
				return err
			}
			document, err := dialect.AppendResponse(nil, wire.Response{Document: &wire.NewDocument{Payload: doc}})
			if err != nil {
				return err
			}
			if err := wire.WriteFrame(c, status); err != nil {
				return err
			}
			<-time.After(2 * glance)
			if err := wire.WriteFrame(c, document); err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, c)
			return err
		}()
	}()
	code, stdout, _ := call(t, "status", "--daemon", "tcp://"+l.Addr().String())
	if code != exitAnswered {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestStatusTakesTheConfigurationFileOfAClient(t *testing.T) {
	d := stand(t, sim.DaemonConfig{Version: "v0.0.55"})
	path := write(t, fmt.Sprintf("Colour = 1\nNetwork = \"tcp\"\nAddress = %q\n%s", d.Addr(), strings.Replace(geometries, "UserForwardPayloadLength = 2000", "UserForwardPayloadLength = 1500", 1)))
	code, stdout, stderr := call(t, "status", "--config", path)
	if code != exitAnswered || !strings.Contains(stdout, "at most 1500 bytes") || !strings.Contains(stderr, "Colour is unknown here and ignored") {
		t.Errorf("exit code %d, %s:\n%s", code, stderr, stdout)
	}
}

func TestStatusInterruptedSaysSo(t *testing.T) {
	d := stand(t, sim.DaemonConfig{Version: "v0.0.55", Mixnet: sim.MixnetConfig{NoDocument: true}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	code := run(ctx, []string{"status", "--daemon", at(d)}, io.Discard, &stderr)
	if code != exitInterrupted || !strings.Contains(stderr.String(), "interrupted while looking at "+at(d)) {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}

func TestEveryReasonForNoLinkHasAdviceOfItsOwn(t *testing.T) {
	advice := make(map[string]string)
	for _, c := range []struct {
		reason error
		word   string
	}{
		{thin.ErrSilent, "silent_handshake"}, {thin.ErrNoSession, "no_session"}, {thin.ErrBlackHole, "black_hole"},
		{thin.ErrWedged, "wedged"}, {thin.ErrStaleDocument, "stale_document"}, {thin.ErrShutdown, "shutdown"},
		{thin.ErrNoGateway, "no_gateway"}, {thin.ErrNoDocument, "no_document"},
		{io.EOF, "hung_up"}, {syscall.ECONNRESET, "hung_up"}, {wire.ErrFrameTooLarge, "not_a_daemon"}, {&wire.DecodeError{Kind: wire.ErrFrameEmpty}, "not_a_daemon"},
		{syscall.ECONNREFUSED, "refused"}, {os.ErrPermission, "forbidden"}, {context.DeadlineExceeded, "unreachable"}, {errors.New("other"), "no_link"},
	} {
		is := diagnose(&thin.LinkError{Op: "read", Err: fmt.Errorf("wrapped: %w", c.reason)})
		if is.word != c.word || is.says == "" || is.advise == "" {
			t.Errorf("%v is %+v, want %s", c.reason, is, c.word)
		}
		if other, ok := advice[is.advise]; ok && other != is.word {
			t.Errorf("%s and %s have the same advice", other, is.word)
		}
		advice[is.advise] = is.word
	}
}
