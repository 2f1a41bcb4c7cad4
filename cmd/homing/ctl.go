package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// ctlFlags are those of every command to a running look-alike.
type ctlFlags struct {
	control string
	json    bool
}

func ctlCommand(stdout io.Writer) *cobra.Command {
	var f ctlFlags
	ctl := &cobra.Command{
		Use:   "ctl",
		Short: "Steer a running homing daemon",
		Long: `Ctl tells a running homing daemon what its network does next, or asks it what it
has done. --control is what the daemon printed. Durations are virtual where the
daemon's time is.

The same over HTTP, JSON both ways: GET /counters, GET /health (503 unless
healthy), and with Content-Type: application/json
  POST /weather         {"loss":0.3} or {"forward":0.1,"return":0.2}
  POST /drop-gateway    {"for":"30s"}
  POST /restart-mix     {"for":"30m"}; without: 1.5 epochs
  POST /kill-service    {"node":"service1"}, POST /revive-service the same
  POST /new-document    {} for the next epoch's, {"same":true} for the current one
  POST /restart, POST /hang-up
The answer is {"done":"…"}, or {"error":"…"} with a status of 400 or more.

Exit codes:
  0    done; for health: healthy
  1    the daemon refuses; for health: not healthy
  2    a flag or an argument cannot be
  3    no daemon answers at --control`,
		Example: `  homing daemon ctl --control 127.0.0.1:40007 counters
  homing daemon ctl --control 127.0.0.1:40007 loss 30%
  homing daemon ctl --control 127.0.0.1:40007 drop-gateway 30s`,
	}
	ctl.PersistentFlags().StringVar(&f.control, "control", "", "address of the daemon's control endpoint")
	ctl.PersistentFlags().BoolVar(&f.json, "json", false, "print the daemon's answer as it is")
	ctl.Args = cobra.ArbitraryArgs
	ctl.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return misuse("there is no command %q", args[0])
		}
		return c.Help()
	}
	add := func(use, short string, least, most int, body func(args []string) (string, command, error)) *cobra.Command {
		c := &cobra.Command{Use: use, Short: short, Args: cobra.RangeArgs(least, most), DisableFlagsInUseLine: true}
		c.RunE = func(c *cobra.Command, args []string) error {
			path, asked, err := body(args)
			if err != nil {
				return err
			}
			return f.call(c.Context(), stdout, path, asked)
		}
		ctl.AddCommand(c)
		return c
	}
	plain := func(path string) func([]string) (string, command, error) {
		return func([]string) (string, command, error) { return path, command{}, nil }
	}
	node := func(path string) func([]string) (string, command, error) {
		return func(args []string) (string, command, error) { return path, command{Node: args[0]}, nil }
	}
	lasting := func(path string) func([]string) (string, command, error) {
		return func(args []string) (string, command, error) {
			if len(args) == 0 {
				return path, command{}, nil
			}
			if _, err := duration(args[0]); err != nil {
				return "", command{}, misuse("%q: want a duration, as 30s or 5m", args[0])
			}
			return path, command{For: args[0]}, nil
		}
	}
	add("counters", "What the daemon and its network have done so far", 0, 0, plain("/counters"))
	add("health", "The state of the daemon", 0, 0, plain("/health"))
	add("loss SHARE | loss THERE BACK", "Lose a share of the round trips, or of each way", 1, 2, weather)
	add("drop-gateway DURATION", "Cut the daemon from its gateway for a time", 1, 1, lasting("/drop-gateway"))
	add("restart", "End the daemon and start it again: it knows nothing of before", 0, 0, plain("/restart"))
	add("restart-mix [DURATION]", "Restart a mix: all is lost for a time (default 1.5 epochs), and looks healthy", 0, 1, lasting("/restart-mix"))
	add("hang-up", "Break every client's connection", 0, 0, plain("/hang-up"))
	add("kill-service NODE", "Make a service node dead", 1, 1, node("/kill-service"))
	add("revive-service NODE", "Bring a dead service node back", 1, 1, node("/revive-service"))
	same := false
	add("new-document", "The next epoch's PKI document appears", 0, 0, func([]string) (string, command, error) {
		return "/new-document", command{Same: same}, nil
	}).Flags().BoolVar(&same, "same", false, "send the current document once more instead")
	return ctl
}

func weather(args []string) (string, command, error) {
	var shares []*float64
	for _, text := range args {
		var l loss
		if err := l.Set(text); err != nil {
			return "", command{}, misuse("loss %q: %w", text, err)
		}
		p := float64(l)
		shares = append(shares, &p)
	}
	if len(shares) == 1 {
		return "/weather", command{Loss: shares[0]}, nil
	}
	return "/weather", command{Forward: shares[0], Return: shares[1]}, nil
}

// maxAnswer is far more than a daemon answers.
const maxAnswer = 1 << 20

// call asks the daemon and prints what it says. Its error is a *failure.
func (f *ctlFlags) call(ctx context.Context, stdout io.Writer, path string, asked command) error {
	if f.control == "" {
		return misuse("--control is missing: homing daemon prints it when it starts")
	}
	address := strings.TrimSuffix(strings.TrimPrefix(f.control, "http://"), "/")
	if _, _, err := net.SplitHostPort(address); err != nil {
		return misuse("--control %q: want host:port, as homing daemon prints it", f.control)
	}
	status, text, err := exchange(ctx, address, path, asked)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return &failure{exitNoLink, fmt.Errorf("no answer from %s: %w\nIs homing daemon running, and is that the control it printed?", address, err)}
	}
	var said pairs
	if !json.Valid(text) || said.UnmarshalJSON(text) != nil {
		return &failure{exitNoLink, fmt.Errorf("what answers at %s is no homing daemon (HTTP status %d)", address, status)}
	}
	refused := status >= http.StatusBadRequest && path != "/health"
	if refused && !f.json {
		return &failure{exitUnanswered, fmt.Errorf("the daemon refuses: %s", said.text("error"))}
	}
	if err := f.print(stdout, path, text, said); err != nil {
		return &failure{exitUnanswered, fmt.Errorf("cannot write the output: %w", err)}
	}
	if status >= http.StatusBadRequest {
		return &failure{code: exitUnanswered}
	}
	return nil
}

func exchange(ctx context.Context, address, path string, asked command) (status int, text []byte, err error) {
	method, body := commands[path].method, []byte(nil)
	if method == http.MethodPost {
		if body, err = json.Marshal(asked); err != nil {
			return 0, nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	client := http.Client{
		Timeout:       controlTimeout + time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true}, // and no proxy between
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer.StatusCode, text, err
}

// print writes the answer: as it is, its sentence, or a line per field.
func (f *ctlFlags) print(stdout io.Writer, path string, text []byte, said pairs) error {
	out := output{w: stdout}
	switch done := said.text("done"); {
	case f.json:
		out.printf("%s\n", bytes.TrimSpace(text))
	case done != "":
		out.printf("%s\n", done)
	default:
		width := 0
		for _, p := range said {
			width = max(width, len(p.name))
		}
		for _, p := range said {
			raw, _ := p.value.(json.RawMessage)
			out.printf("%-*s  %s\n", width, strings.ReplaceAll(p.name, "_", " "), strings.Trim(string(raw), `"`))
		}
	}
	return out.err
}

// text returns a field that is a string, "" if there is none.
func (p pairs) text(name string) (text string) {
	for _, each := range p {
		if raw, ok := each.value.(json.RawMessage); ok && each.name == name && json.Unmarshal(raw, &text) == nil {
			return text
		}
	}
	return ""
}
