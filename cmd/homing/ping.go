package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/homing-mix/homing"
)

func pingCommand(stdout, stderr io.Writer) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "ping",
		Short: "Call an echo service and say where the time went",
		Long: `Ping sends random messages to an echo service, a few at a time, and checks that
the same bytes come back.

Without --daemon or --config it needs nothing: it starts a daemon in its own
process, on a loopback socket with kpclientd's protocol, before a simulated
network that loses a third of all round trips. Its time is virtual: at --speed 20
twenty virtual seconds pass in a second, for the daemon and the client alike, and
all durations are virtual, those given and those printed. The seed decides what
the network does and what is sent; reply addresses and the moments of
retransmission are never predictable, so two runs with one seed differ.

With --daemon or --config it talks to a running kpclientd in real time.

A line appears for each message as it ends:
  attempts         how often the message was sent
  waiting          until the answered attempt left the daemon
  ETA              the delays in the mixes, as announced by the daemon
  residual         what came on top of the ETA; negative if the answer was early
  retransmission   what attempts that were not answered had cost before

With --json each line is an object: "type" is "message", and last "totals", or
"error" if nothing could be sent. Durations are numbers in milliseconds, their
names end in _ms.

Exit codes:
  0    every message was answered with the right bytes
  1    at least one was not, or the output could not be written
  2    a flag, an argument or the configuration file cannot be
  3    no link to the daemon within --wait, or it has no such service
  130  SIGINT or SIGTERM: the totals are of what was done until then`,
		Example: `  homing ping -c 20
  homing ping --loss 70% --profile fast --dialect v0.0.55
  homing ping --json | jq -r 'select(.type == "message") | .total_ms'
  homing ping --daemon tcp://127.0.0.1:64331
  homing ping --config thinclient.toml --deadline 2m`,
		DisableFlagsInUseLine: true,
	}
	c.Use = "ping [flags]"
	f.register(c.Flags())
	c.Args = cobra.ArbitraryArgs // check says more than cobra
	c.RunE = func(c *cobra.Command, args []string) error {
		s, err := f.check(c, args)
		if err != nil {
			return err
		}
		var r report = newTable(s, stdout, stderr)
		if f.json {
			r = &objects{settings: s, out: output{w: stdout}, stderr: stderr}
		}
		return ping(c.Context(), s, r)
	}
	return c
}

// ping sends the messages and reports them. Its error is a *failure.
func ping(ctx context.Context, s settings, r report) error {
	for _, w := range s.warnings {
		r.note("warning: " + w)
	}
	d, err := openDaemon(s)
	if err != nil {
		return &failure{exitNoLink, err}
	}
	defer d.close()
	client, err := homing.New(d.config)
	if err != nil {
		return &failure{exitUsage, err}
	}
	defer client.Close()
	if err := ready(ctx, client, d.endpoint, s.wait, r); err != nil {
		return err
	}
	t, err := newSeries(s, d, client, r).run(ctx)
	if err != nil {
		return err
	}
	if err := r.totals(t); err != nil {
		return &failure{exitUnanswered, fmt.Errorf("cannot write the output: %w", err)}
	}
	switch {
	case t.interrupted:
		return &failure{code: exitInterrupted}
	case t.delivered < s.count:
		return &failure{code: exitUnanswered}
	}
	return nil
}
