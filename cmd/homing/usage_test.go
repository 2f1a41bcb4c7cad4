package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestACallThatCannotBeIsRefusedWithWhatToDo(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.toml")
	for _, c := range []struct{ args, says string }{
		{"png", `unknown command "png"`},
		{"version 2", "unknown command"},
		{"ping echo", "ping takes no arguments"},
		{"ping --lose 3", "unknown flag: --lose"},
		{"ping -c 0", "--count 0: want 1 to 1000000"},
		{"ping -c many", "invalid syntax"},
		{"ping --concurrency 0", "--concurrency 0: want 1 to"},
		{"ping --size 0", "--size 0: want at least 1"},
		{"ping --size 1997", "--size 1997: want at most 1996"},
		{"ping --service=", "--service is empty"},
		{"ping --service postbox", "the simulated network has only echo"},
		{"ping --loss 33", "for percent write 33%"},
		{"ping --loss 101%", "want 0 to 1, or 0% to 100%"},
		{"ping --loss -0.1", "want 0 to 1"},
		{"ping --loss NaN", "want 0 to 1"},
		{"ping --loss much", "want a share as 0.33 or 33%"},
		{"ping --profile quick", "use one of interactive, balanced"},
		{"ping --deadline 0s", "--deadline 0s: want a positive duration"},
		{"ping --deadline 5", "missing unit"},
		{"ping --wait -1s", "--wait -1s: want a positive duration"},
		{"ping --speed 0", "--speed 0: want more than 0"},
		{"ping --speed NaN", "--speed NaN: want more than 0"},
		{"ping --speed 1001", "at most 1000"},
		{"ping --dialect v0.0.54", "want a release of kpclientd from v0.0.55 on"},
		{"ping --dialect newest", "want a release of kpclientd from v0.0.55 on"},
		{"ping --seed -1", "invalid syntax"},
		{"ping --daemon=", "want tcp://host:port, unix:///"},
		{"ping --daemon localhost:64331", "want tcp://host:port, unix:///"},
		{"ping --daemon tcp://localhost", "want host:port"},
		{"ping --daemon tcp://localhost:0", "the port is a number from 1 to 65535"},
		{"ping --daemon tcp://localhost:99999", "the port is a number from 1 to 65535"},
		{"ping --daemon unix://run/x.sock", "want the absolute path"},
		{"ping --daemon udp://localhost:1", "want tcp, unix or ws"},
		{"ping --daemon ws:///x", "want ws://host:port"},
		{"ping --daemon tcp://h:1 --config x", "leave one"},
		{"ping --daemon tcp://h:1 --loss 0", "--loss is for the simulated daemon only"},
		{"ping --daemon tcp://h:1 --speed 20", "a real daemon runs in real time; leave out --speed or --daemon"},
		{"ping --daemon tcp://h:1 --dialect v0.0.99", "--dialect is for the simulated daemon only"},
		{"ping --config x --speed 1", "leave out --speed or --config"},
		{"ping --config " + missing, "missing.toml"},
	} {
		code, stdout, stderr := call(t, strings.Fields(c.args)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.says) || !strings.Contains(stderr, "--help'.\n") {
			t.Errorf("homing %s: exit code %d, want it refused with %q, stdout %q, stderr:\n%s", c.args, code, c.says, stdout, stderr)
		}
		args := append(strings.Fields(c.args), "--json")
		if !strings.HasPrefix(c.args, "ping") {
			continue
		}
		code, stdout, stderr = call(t, args...)
		var object struct {
			Type, Error string
			ExitCode    int `json:"exit_code"`
		}
		if err := json.Unmarshal([]byte(stdout), &object); err != nil {
			t.Errorf("homing %s --json: %v:\n%s", c.args, err, stdout)
		}
		if code != exitUsage || object.Type != "error" || object.ExitCode != exitUsage || !strings.Contains(object.Error, c.says) || stderr != "" {
			t.Errorf("homing %s --json: exit code %d, stderr %q, object %+v", c.args, code, stderr, object)
		}
	}
}

func TestHelpNamesEveryFlagAndExitCode(t *testing.T) {
	code, stdout, _ := call(t, "ping", "--help")
	if code != exitAnswered {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"--count", "--concurrency", "--service", "--size", "--profile", "--deadline", "--seed", "--json", "--loss", "--dialect",
		"--speed", "--daemon", "--config", "--wait", "\n  0    ", "\n  1    ", "\n  2    ", "\n  3    ", "\n  130  ", "homing ping -c 20\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the help lacks %q", want)
		}
	}
	if long := slices.IndexFunc(lines(stdout), func(line string) bool { return len(line) > 120 }); long >= 0 {
		t.Errorf("the help has a line too long for a terminal: %q", lines(stdout)[long])
	}
}

func TestTheVersionIsThatOfTheBuild(t *testing.T) {
	_, command, _ := call(t, "version")
	code, flag, _ := call(t, "--version")
	if code != exitAnswered || flag != command || !strings.HasPrefix(flag, "homing ") || !strings.Contains(flag, "go1.") {
		t.Errorf("exit code %d: %q and %q", code, flag, command)
	}
}

func TestWithoutACommandItHelps(t *testing.T) {
	code, stdout, stderr := call(t)
	if code != exitAnswered || stderr != "" || !strings.Contains(stdout, "Available Commands:") || !strings.Contains(stdout, "ping") {
		t.Errorf("exit code %d, stderr %q:\n%s", code, stderr, stdout)
	}
}
