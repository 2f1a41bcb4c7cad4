package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin/wire"
)

// usualListen is where the configuration files of the official clients look.
const usualListen = "tcp://127.0.0.1:64331"

// lookalikeFlags are those of daemon as they were given.
type lookalikeFlags struct {
	listen                           []string
	dialect, model, services, quirks string
	loss                             loss
	seed                             uint64
	speed                            float64
	instances                        int
	epoch                            time.Duration
	writeConfig, control             string
	verbose, json                    bool
}

func (f *lookalikeFlags) register(set *pflag.FlagSet) {
	set.SortFlags = false
	set.StringArrayVar(&f.listen, "listen", []string{usualListen}, "where to listen, see above; may be given again")
	set.StringVar(&f.dialect, "dialect", "v0.0.99", "release of kpclientd to look like, from v0.0.55 on")
	set.Var(&f.loss, "loss", "share of round trips to lose, as 0.33 or 33%")
	set.StringVar(&f.model, "model", "A", "law of what comes on top of the announced delays")
	set.Uint64Var(&f.seed, "seed", 0, "of the network and the daemon's chance (default random)")
	set.Float64Var(&f.speed, "speed", 1, "virtual seconds per second; more than 0, at most 1000")
	set.StringVar(&f.services, "services", "echo", "services, see above")
	set.IntVar(&f.instances, "instances", 2, "nodes service1, service2, … that each offer all services")
	set.DurationVar(&f.epoch, "epoch", 20*time.Minute, "length of an epoch, virtual")
	set.StringVar(&f.quirks, "quirks", "default", "bugs to add or take away, see above; list prints them")
	set.StringVar(&f.writeConfig, "write-config", "", "directory to write the clients' configuration files to")
	set.StringVar(&f.control, "control", "127.0.0.1:0", "loopback address of the control endpoint, or off")
	set.BoolVarP(&f.verbose, "verbose", "v", false, "a line per event")
	set.BoolVar(&f.json, "json", false, "lines are JSON objects")
}

// lookalikeSettings are flags that have been found possible.
type lookalikeSettings struct {
	lookalikeFlags
	version wire.Version
	places  []endpoint
	offers  []offer
	choice  choice
	config  sim.DaemonConfig
}

// check returns the settings, or a failure that says what to call instead.
func (f *lookalikeFlags) check(c *cobra.Command, args []string) (lookalikeSettings, error) {
	s := lookalikeSettings{lookalikeFlags: *f}
	if len(args) > 0 {
		return s, misuse("daemon takes no arguments, and was given %q; to steer a running one: homing daemon ctl", args[0])
	}
	if !c.Flags().Changed("seed") {
		s.seed = uint64(rand.Uint32()) // short enough to be typed again
	}
	dialect, err := wire.DialectOf(f.dialect)
	if err != nil {
		return s, misuse("--dialect %q: want a release of kpclientd from v0.0.55 on, as v0.0.99", f.dialect)
	}
	s.version = dialect.Version
	switch {
	case f.model != "A":
		return s, misuse("--model %q: want A; others are not there yet", f.model)
	case !(f.speed > 0 && f.speed <= maxSpeed):
		return s, misuse("--speed %v: want more than 0 and at most %d", f.speed, maxSpeed)
	case f.instances < 1 || f.instances > 100:
		return s, misuse("--instances %d: want 1 to 100", f.instances)
	case f.epoch < time.Second:
		return s, misuse("--epoch %v: want at least 1s", f.epoch)
	case c.Flags().Changed("write-config") && f.writeConfig == "":
		return s, misuse("--write-config is empty: want a directory")
	}
	if s.choice, err = parseQuirks(f.quirks); err != nil {
		return s, misuse("--quirks: %w", err)
	}
	for _, text := range f.listen {
		at, err := parseListen(text, s.version)
		if err != nil {
			return s, misuse("--listen: %w", err)
		}
		s.places = append(s.places, at)
	}
	if s.offers, err = parseOffers(f.services); err != nil {
		return s, misuse("--services: %w", err)
	}
	offered, err := services(s.offers, f.instances)
	if err != nil {
		return s, misuse("--services: %w", err)
	}
	if s.control, err = controlAddress(f.control); err != nil {
		return s, misuse("--control %w", err)
	}
	s.config = sim.DaemonConfig{
		Network: "pipe", // the sockets are served beside it
		Version: f.dialect, With: s.choice.with, Without: s.choice.without, Speed: f.speed,
		Mixnet: sim.MixnetConfig{Seed: s.seed, Loss: float64(f.loss), Epoch: f.epoch, Services: offered},
	}
	return s, nil
}

// controlAddress refuses what others than this machine can reach. "" is none.
func controlAddress(text string) (string, error) {
	if text == "off" {
		return "", nil
	}
	host, _, err := net.SplitHostPort(text)
	if err != nil {
		return "", fmt.Errorf("%q: want host:port, as 127.0.0.1:0, or off", text)
	}
	if !isLoopback(host) {
		return "", fmt.Errorf("%q: want an address of the loopback, as 127.0.0.1:0: whoever reaches it steers the daemon", text)
	}
	return text, endpoint{"tcp", text}.checkPort(0)
}

// offersText is what the network offers, for people.
func (s *lookalikeSettings) offersText() string {
	var b strings.Builder
	for i, o := range s.offers {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(o.capability)
		if o.kind != o.capability {
			b.WriteString(" (" + o.kind + ")")
		}
		switch {
		case o.node != "":
			b.WriteString(" on " + o.node)
		case s.instances == 1:
			b.WriteString(" on service1")
		default:
			fmt.Fprintf(&b, " on service1 to service%d", s.instances)
		}
		if o.delay > 0 {
			fmt.Fprintf(&b, " after %v", o.delay)
		}
	}
	return b.String()
}
