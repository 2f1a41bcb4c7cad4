package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestEveryCommandDoesWhatItSays(t *testing.T) {
	t.Parallel()
	r := startDaemon(t, "-v", "--listen", anyPort, "--services", "echo,counting=spool", "--instances", "3", "--epoch", "2h")
	at := r.started.Listen[0]
	// do runs a command that must succeed, and returns what it says and the health after it.
	do := func(says string, args ...string) (h healthObject) {
		t.Helper()
		code, stdout, stderr := r.ctl(args...)
		if code != exitAnswered || strings.TrimSpace(stdout) != says {
			t.Errorf("%q: exit code %d, %q, want %q; %s", args, code, stdout, says, stderr)
		}
		if e := r.await("control"); e.Text != says {
			t.Errorf("%q: the line says %q", args, e.Text)
		}
		_, stdout, _ = r.ctl("health", "--json")
		if err := json.Unmarshal([]byte(stdout), &h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	if h := do("the gateway is away for 1h0m0s", "drop-gateway", "1h"); h.Gateway || h.Healthy {
		t.Errorf("%+v", h)
	}
	if code, stdout, _ := r.ctl("health"); code != exitUnanswered || !strings.Contains(stdout, "gateway      false") {
		t.Errorf("exit code %d of a daemon without its gateway:\n%s", code, stdout)
	}
	do("the daemon has restarted", "restart")
	do("the gateway is away for 1ns", "drop-gateway", "1ns")
	do("service2 is dead, and missing from the next document", "kill-service", "service2")
	if h := do("the document of epoch 1001 is there", "new-document"); h.Epoch != 1001 || len(h.Services) != 4 {
		t.Errorf("%+v", h)
	}
	do("service2 lives, and is in the next document", "revive-service", "service2")
	if h := do("the document of epoch 1001 was sent again", "new-document", "--same"); h.Epoch != 1001 {
		t.Errorf("%+v", h)
	}
	client := tell(t, at)
	if h := do("every connection is broken", "hang-up"); h.Connections != 0 {
		t.Errorf("%+v", h)
	}
	if _, err := io.Copy(io.Discard, client); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Error(err)
	}
	do("a mix has restarted: everything is lost for 1m0s", "restart-mix", "1m")
	do("a mix has restarted: everything is lost for 3h0m0s", "restart-mix")
	do("a mix has restarted: everything is lost for 1ns", "restart-mix", "1ns")
	do("10% are lost on the way there and 20% on the way back from now on", "loss", "0.1", "20%")
	do("100% of round trips are lost from now on", "loss", "1")
	if code, _, _ := call(t, "ping", "-c", "1", "--daemon", at, "--deadline", "1s"); code != exitUnanswered || r.counter("departed") == 0 {
		t.Errorf("exit code %d of a ping while all is lost", code)
	}
	do("0% of round trips are lost from now on", "loss", "0%")
	code, stdout, _ := call(t, "ping", "-c", "3", "--daemon", at, "--service", "spool")
	if n := r.counter("spool_executions"); code != exitAnswered || n < 3 || r.counter("spool_duplicates") != n-3 {
		t.Errorf("exit code %d, %d executions:\n%s", code, n, stdout)
	}
}

func TestWhatTheDaemonRefusesIsSaidWithTheReason(t *testing.T) {
	t.Parallel()
	r := startDaemon(t, "--listen", anyPort)
	code, _, stderr := r.ctl("kill-service", "nobody")
	if code != exitUnanswered || !strings.Contains(stderr, `the daemon refuses: node: sim: no service node of that name: "nobody"`) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	code, stdout, _ := r.ctl("kill-service", "nobody", "--json")
	if code != exitUnanswered || !strings.HasPrefix(stdout, `{"error":"node: `) {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

func TestTheControlEndpointRefusesWhatIsNotAProgramOfThisMachineOrNoCommand(t *testing.T) {
	t.Parallel()
	r := startDaemon(t, "--listen", anyPort)
	for _, c := range []struct {
		method, path, body, host, kind, origin string
		status                                 int
		says                                   string
	}{
		{"POST", "/restart", "", "", "application/json", "", 200, "restarted"},
		{"POST", "/restart", "{}", "", "application/json; charset=utf-8", "", 200, "restarted"},
		{"GET", "/counters", "", "localhost", "", "", 200, "departed"},
		{"GET", "/counters", "", "pages.example", "", "", 403, "only programs on this machine"},
		{"GET", "/counters", "", "", "", "http://pages.example", 403, "only programs on this machine"},
		{"GET", "/counter", "", "", "", "", 404, "there is no /counter"},
		{"GET", "/", "", "", "", "", 404, "there is no /"},
		{"POST", "/counters", "{}", "", "application/json", "", 405, "wants GET"},
		{"GET", "/restart", "", "", "", "", 405, "wants POST"},
		{"POST", "/restart", "{}", "", "text/plain", "", 415, "Content-Type"},
		{"POST", "/restart", "{}", "", "", "", 415, "Content-Type"},
		{"POST", "/weather", `{"loss":0.1`, "", "application/json", "", 400, "the body"},
		{"POST", "/weather", `{"loss":0.1}{}`, "", "application/json", "", 400, "nothing behind it"},
		{"POST", "/weather", `{"lost":0.1}`, "", "application/json", "", 400, "lost"},
		{"POST", "/weather", `{"loss":1.1}`, "", "application/json", "", 400, "want 0 to 1"},
		{"POST", "/weather", `{"forward":-1}`, "", "application/json", "", 400, "want 0 to 1"},
		{"POST", "/weather", `{"loss":0.1,"return":0.1}`, "", "application/json", "", 400, "want loss, or forward and return"},
		{"POST", "/weather", `[]`, "", "application/json", "", 400, "the body"},
		{"POST", "/drop-gateway", `{}`, "", "application/json", "", 400, "want a duration"},
		{"POST", "/drop-gateway", `{"for":"-1s"}`, "", "application/json", "", 400, "want a duration"},
		{"POST", "/drop-gateway", `{"for":"2000000h"}`, "", "application/json", "", 400, "want a duration"},
		{"POST", "/restart-mix", `{"for":"soon"}`, "", "application/json", "", 400, "want a duration"},
		{"POST", "/revive-service", `{}`, "", "application/json", "", 400, "no service node"},
		{"POST", "/restart", `{"node":"` + strings.Repeat("x", maxCommand) + `"}`, "", "application/json", "", 413, "more than 65536 bytes"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, r.started.Control+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Close = true
		if c.host != "" {
			req.Host = c.host
		}
		if c.kind != "" {
			req.Header.Set("Content-Type", c.kind)
		}
		if c.origin != "" {
			req.Header.Set("Origin", c.origin)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.status || !json.Valid(body) || !bytes.Contains(body, []byte(c.says)) {
			t.Errorf("%s %s %.40s: status %d, want %d with %q: %s", c.method, c.path, c.body, res.StatusCode, c.status, c.says, body)
		}
	}
}

func TestACommandToNobodyIsExitCode3(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for at, says := range map[string]string{"127.0.0.1:1": "no answer from 127.0.0.1:1", other.URL: "is no homing daemon (HTTP status 404)"} {
		code, _, stderr := call(t, "daemon", "ctl", "--control", at, "counters")
		if code != exitNoLink || !strings.Contains(stderr, says) {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	}
}

func TestADaemonOrACommandThatCannotBeIsRefusedWithWhatToDo(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"daemon now", "homing daemon ctl"},
		{"daemon --dialect v0.0.54", "from v0.0.55 on"},
		{"daemon --model B", "want A; others are not there yet"},
		{"daemon --speed 0", "--speed 0: want more than 0"},
		{"daemon --instances 0", "want 1 to 100"},
		{"daemon --epoch 10ms", "want at least 1s"},
		{"daemon --loss 3", "for percent write 3%"},
		{"daemon --listen here", "want tcp://host:port, unix:///"},
		{"daemon --listen udp://127.0.0.1:1", "want tcp, unix or ws"},
		{"daemon --listen tcp://127.0.0.1:70000", "the port is a number from 0 to 65535"},
		{"daemon --listen unix://relative", "want the absolute path"},
		{"daemon --listen ws://127.0.0.1:0/path", "and nothing else"},
		{"daemon --listen wss://127.0.0.1:0", "and nothing else"},
		{"daemon --listen ws://127.0.0.1:0 --dialect v0.0.92", "from v0.0.93 on"},
		{"daemon --services ech", "want echo, counting, slow or silent"},
		{"daemon --services echo,slow=echo", "echo is on service1 twice"},
		{"daemon --services echo@", "the name of a node after @"},
		{"daemon --services slow:long", "want a duration after :"},
		{"daemon --services silent:1s", "silent never answers"},
		{"daemon --services echo=" + strings.Repeat("x", 32), "1 to 31 bytes"},
		{"daemon --quirks +fast", "--quirks list has the names"},
		{"daemon --quirks list,none", "list stands alone"},
		{"daemon --control 0.0.0.0:0", "want an address of the loopback"},
		{"daemon --control :4000", "want an address of the loopback"},
		{"daemon --control 192.0.2.1:4000", "want an address of the loopback"},
		{"daemon --control here", "want host:port"},
		{"daemon --write-config=", "want a directory"},
		{"daemon --listen tcp://127.0.0.1:0 --write-config /dev/null/x", "--write-config: "},
		{"daemon ctl counters", "--control is missing"},
		{"daemon ctl --control here counters", "want host:port"},
		{"daemon ctl --control h:1 sing", `there is no command "sing"`},
		{"daemon ctl --control h:1 loss", "accepts between 1 and 2 arg(s)"},
		{"daemon ctl --control h:1 loss 30", "for percent write 30%"},
		{"daemon ctl --control h:1 drop-gateway 30", "want a duration"},
		{"status", "one of --daemon and --config"},
		{"status --daemon tcp://h:1 --config x", "one of --daemon and --config"},
		{"status now", "status takes no arguments"},
		{"status --daemon h:1", "want tcp://host:port, unix:///"},
		{"status --daemon tcp://h:1 --wait -1s", "want a positive duration"},
		{"status --daemon tcp://h:1 --watch -1s", "want a positive duration"},
		{"status --daemon tcp://h:1 --epoch 0s", "want a positive duration"},
		{"status --daemon tcp://h:1 --speed NaN", "want more than 0"},
		{"status --config /nonexistent.toml", "/nonexistent.toml"},
	} {
		code, stdout, stderr := call(t, strings.Fields(c.args)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("homing %s: exit code %d, want it refused with %q, stdout %q, stderr:\n%s", c.args, code, c.says, stdout, stderr)
		}
	}
}

func TestTheListOfQuirksSaysWhatTheVersionHas(t *testing.T) {
	code, stdout, _ := call(t, "daemon", "--quirks", "list", "--dialect", "v0.0.55")
	if code != exitAnswered || !strings.Contains(stdout, "wedge-after-gateway-loss        to v0.0.55    10%") ||
		!strings.Contains(stdout, "token-black-hole                from v0.0.73  - ") || !strings.Contains(stdout, "gateway-flip-voids              all           on ") {
		t.Errorf("exit code %d:\n%s", code, stdout)
	}
	code, stdout, _ = call(t, "daemon", "--quirks", "list", "--json")
	for _, line := range lines(stdout) {
		if m := decode(t, line); code != exitAnswered || keys(m) != "chance default description name type versions" {
			t.Errorf("exit code %d: %s", code, line)
		}
	}
}

func TestQuirksAreReadFromLeftToRight(t *testing.T) {
	for text, want := range map[string]string{
		"default":                                "those of the version",
		"none":                                   "none",
		"none,default":                           "those of the version",
		"none,+late-replies":                     "none +late-replies",
		"late-replies,-late-replies":             "those of the version -late-replies",
		"+token-black-hole, -gateway-flip-voids": "those of the version +token-black-hole -gateway-flip-voids",
	} {
		if c, err := parseQuirks(text); err != nil || c.String() != want {
			t.Errorf("%s: %v, %v; want %s", text, c, err, want)
		}
	}
}

func TestHelpOfDaemonAndStatusNamesEveryFlagAndExitCode(t *testing.T) {
	for args, words := range map[string]string{
		"daemon":     "--listen --dialect --loss --model --seed --speed --services --instances --epoch --quirks --write-config --control --verbose --json ctl",
		"daemon ctl": "--control --json counters health loss drop-gateway restart restart-mix hang-up kill-service revive-service new-document",
		"status":     "--daemon --config --wait --watch --epoch --speed --json",
	} {
		code, stdout, _ := call(t, append(strings.Fields(args), "--help")...)
		for _, want := range append(strings.Fields(words), "\n  0    ", "\n  1    ", "\n  2    ", "\n  3    ", "Examples:") {
			if code != exitAnswered || !strings.Contains(stdout, want) {
				t.Errorf("the help of %s lacks %q", args, want)
			}
		}
		if long := slices.IndexFunc(lines(stdout), func(line string) bool { return len(line) > 120 }); long >= 0 {
			t.Errorf("the help of %s has a line too long for a terminal: %q", args, lines(stdout)[long])
		}
	}
}
