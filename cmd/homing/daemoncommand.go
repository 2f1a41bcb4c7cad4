package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func daemonCommand(stdout, stderr io.Writer) *cobra.Command {
	var f lookalikeFlags
	c := &cobra.Command{
		Use:   "daemon [flags]",
		Short: "Run a simulated kpclientd for other programs",
		Long: `Daemon listens as kpclientd does, for applications on any thin client, and plays
the network behind it. It speaks the wire of the release that --dialect names,
with that release's timing, queues and bugs: what kills the real one for every
client kills this one, and the exit code is then 1.

It prints where it listens and where it is steered (see homing daemon ctl --help),
and with -v a line per event. SIGINT and SIGTERM end it. A unix socket that a
killed process left behind is removed, one that somebody serves never.

--listen takes tcp://host:port, unix:///path and, as kpclientd since v0.0.93,
ws://host:port. Port 0 is any that is free.

--services has services separated by commas, each KIND[=CAPABILITY][@NODE][:DELAY].
Kinds:
  echo      sends the request back
  counting  echo; ctl counters tells executions, and how many were repetitions
  slow      echo after DELAY, 5s if it is not given
  silent    executes and never answers
CAPABILITY is what the PKI document calls it, KIND if not given. Each is on
every one of the --instances, or only on NODE. DELAY is how long the service takes.

--quirks has words separated by commas, read from left to right: default, none,
+NAME (and it is certain), -NAME. list prints the names and ends.

--write-config writes thinclient.toml, as the official client of that release
loads it, for the first --listen; thinclient-2-unix.toml and so on for others.

At --speed 20 twenty seconds of the daemon pass in a second: clients with
timeouts of their own must know.

With --json each line is an object; "type" is "started", "event", "ended" or
"error".

Exit codes:
  0    ended by SIGINT or SIGTERM
  1    a client's request has crashed the daemon, or the output cannot be written
  2    a flag or an argument cannot be
  3    it cannot listen: somebody else does, or the system refuses`,
		Example: `  homing daemon
  homing daemon --listen unix:///tmp/kpclientd.sock --listen ws://127.0.0.1:64332 --loss 10%
  homing daemon --dialect v0.0.55 --quirks +wedge-after-gateway-loss -v
  homing daemon --services echo,counting=spool,slow=render@far:20s --instances 3
  homing daemon --write-config ~/.config/app && homing ping --config ~/.config/app/thinclient.toml
  homing daemon --quirks list --dialect v0.0.72`,
		DisableFlagsInUseLine: true,
	}
	f.register(c.Flags())
	c.Args = cobra.ArbitraryArgs // check says more than cobra
	c.AddCommand(ctlCommand(stdout))
	c.RunE = func(c *cobra.Command, args []string) error {
		list := f.quirks == "list"
		if list {
			f.quirks = "default"
		}
		s, err := f.check(c, args)
		if err != nil {
			return err
		}
		if list {
			if err := listQuirks(stdout, s.version, s.json); err != nil {
				return &failure{exitUnanswered, fmt.Errorf("cannot write the output: %w", err)}
			}
			return nil
		}
		return serve(c.Context(), s, stdout, stderr)
	}
	return c
}

// startedObject is the first line for programs.
type startedObject struct {
	Type     string   `json:"type"` // "started"
	Listen   []string `json:"listen"`
	Control  string   `json:"control,omitempty"`
	Config   []string `json:"config,omitempty"`
	Version  string   `json:"version"`
	Seed     uint64   `json:"seed"`
	Speed    float64  `json:"speed"`
	EpochMS  float64  `json:"epoch_ms"`
	Loss     float64  `json:"loss"`
	Services string   `json:"services"`
	Quirks   string   `json:"quirks"`
}

// serve runs the daemon until ctx ends. Its error is a *failure.
func serve(ctx context.Context, s lookalikeSettings, stdout, stderr io.Writer) error {
	diary := newDiary(stdout, s.json, s.verbose)
	defer diary.close()
	l, err := openLookalike(s, diary)
	if err != nil {
		return err
	}
	l.begin(stderr)
	ended := l.wait(ctx)
	if err := l.close(); err != nil && ended == nil {
		ended = &failure{exitUnanswered, err}
	}
	if ended == nil && s.json {
		diary.object(struct {
			Type string `json:"type"`
		}{"ended"})
	}
	return ended
}

// begin says what runs, and where. Everything listens by then.
func (l *lookalike) begin(stderr io.Writer) {
	for _, each := range l.listeners {
		if !each.at.local() {
			fmt.Fprintf(stderr, "homing daemon: %v is open to other machines, and kpclientd's protocol asks for no password\n", each.at)
		}
	}
	if l.json {
		o := startedObject{
			Type: "started", Config: l.files, Version: l.version.String(), Seed: l.seed, Speed: l.speed,
			EpochMS: *milliseconds(l.epoch), Loss: float64(l.loss), Services: l.offersText(), Quirks: l.choice.String(),
		}
		for _, each := range l.listeners {
			o.Listen = append(o.Listen, each.at.String())
		}
		if l.control != nil {
			o.Control = l.control.String()
		}
		l.diary.object(o)
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "simulated kpclientd %v, %s of round trips lost, seed %d, %v virtual s pass in a second\n", l.version, l.loss.String(), l.seed, l.speed)
	fmt.Fprintf(&b, "services   %s; epochs of %v\n", l.offersText(), l.epoch)
	fmt.Fprintf(&b, "quirks     %v\n", l.choice)
	for _, path := range l.files {
		fmt.Fprintf(&b, "config     %s\n", path)
	}
	if l.control != nil {
		fmt.Fprintf(&b, "control    %v\n", l.control)
	}
	for _, each := range l.listeners {
		fmt.Fprintf(&b, "listening  %v\n", each.at)
	}
	l.diary.write(b.String())
}
