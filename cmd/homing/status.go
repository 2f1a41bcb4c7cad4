package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// statusFlags are those of status.
type statusFlags struct {
	daemon, config string
	wait, watch    time.Duration
	epoch          time.Duration
	speed          float64
	json           bool
}

func (f *statusFlags) register(set *pflag.FlagSet) {
	set.SortFlags = false
	set.StringVar(&f.daemon, "daemon", "", "kpclientd: tcp://host:port, unix:///path or ws://host:port")
	set.StringVar(&f.config, "config", "", "kpclientd: path of its clients' thinclient.toml")
	set.DurationVar(&f.wait, "wait", 0, "wait until it is healthy, at most so long, in real time")
	set.DurationVar(&f.watch, "watch", 0, "stay for so long, in real time, and say what the watchdogs find")
	set.DurationVar(&f.epoch, "epoch", 20*time.Minute, "length of the network's epochs: a document is stale after two")
	set.Float64Var(&f.speed, "speed", 1, "of a homing daemon: virtual seconds per second")
	set.BoolVar(&f.json, "json", false, "one JSON object")
}

func statusCommand(stdout, stderr io.Writer) *cobra.Command {
	var f statusFlags
	c := &cobra.Command{
		Use:   "status",
		Short: "Say whether a kpclientd can be used, and if not what to do",
		Long: `Status connects to a kpclientd, sends no message, and says what it finds: the
version, the gateway, the PKI document, the services, the session. If something is
wrong it says in words what to do.

Without --wait it says what it finds first, which is at once unless the daemon
accepts the connection and is silent: that is known after 75 s. With --wait it
tries until the daemon is healthy or the time is over.

With --watch it stays connected and lets the watchdogs look: a daemon that stops
bringing documents is found after two epochs, one that ends or loses its gateway
at once. Anything found makes the exit code 1, also if it has passed.

With --json it prints an object whose "type" is "status"; "verdict" is healthy,
no_gateway, no_document, stale_document, silent_handshake, refused, no_socket,
forbidden, unreachable, hung_up, not_a_daemon, no_session, black_hole, wedged,
shutdown or no_link.

Exit codes:
  0    healthy
  1    a daemon greets there, and something is wrong with it
  2    a flag, an argument or the configuration file cannot be
  3    no daemon has greeted there
  130  SIGINT or SIGTERM`,
		Example: `  homing status --daemon tcp://127.0.0.1:64331
  homing status --config thinclient.toml --wait 2m && start-my-service
  homing status --daemon unix:///run/kpclientd.sock --watch 45m --json`,
		DisableFlagsInUseLine: true,
	}
	c.Use = "status [flags]"
	f.register(c.Flags())
	c.Args = cobra.ArbitraryArgs // check says more than cobra
	c.RunE = func(c *cobra.Command, args []string) error {
		e, err := f.check(c, args)
		if err != nil {
			return err
		}
		for _, w := range e.warnings {
			fmt.Fprintln(stderr, "homing status: warning:", w)
		}
		return e.examine(c.Context(), stdout, f.json)
	}
	return c
}

// check returns the examination, or a failure that says what to call instead.
func (f *statusFlags) check(c *cobra.Command, args []string) (*examination, error) {
	byFile, byName := c.Flags().Changed("config"), c.Flags().Changed("daemon")
	switch {
	case len(args) > 0:
		return nil, misuse("status takes no arguments, and was given %q; the daemon is --daemon", args[0])
	case byFile == byName:
		return nil, misuse("say where the daemon is with one of --daemon and --config")
	case f.wait < 0:
		return nil, misuse("--wait %v: want a positive duration, as 30s", f.wait)
	case f.watch < 0:
		return nil, misuse("--watch %v: want a positive duration, as 45m", f.watch)
	case f.epoch <= 0:
		return nil, misuse("--epoch %v: want a positive duration, as 20m", f.epoch)
	case !(f.speed > 0 && f.speed <= maxSpeed):
		return nil, misuse("--speed %v: want more than 0 and at most %d", f.speed, maxSpeed)
	}
	e := &examination{wait: f.wait, watch: f.watch}
	var err error
	if byName {
		if e.at, err = parseEndpoint(f.daemon); err != nil {
			return nil, misuse("--daemon: %w", err)
		}
	} else if e.at, e.config, e.warnings, err = place(f.config); err != nil {
		return nil, misuse("--config: %w", err)
	}
	e.config.Network, e.config.Address = e.at.network, e.at.address
	e.config.Speed, e.config.Epoch = f.speed, f.epoch
	if e.at.network != "ws" {
		e.config.Dial = e.dial
	}
	return e, nil
}
