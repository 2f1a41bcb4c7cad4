package main

import (
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin/wire"
)

// sizeBytes is what Sized framing takes of a payload.
const sizeBytes = 4

// maxSpeed is where the machine's own delays, times the speed, exceed a mixnet's.
const maxSpeed = 1000

// flags are those of ping as they were given.
type flags struct {
	count, concurrency, size int
	service                  string
	profile                  profile
	deadline                 time.Duration
	seed                     uint64
	json                     bool

	loss    loss
	dialect string
	speed   float64

	daemon, config string
	wait           time.Duration
}

func (f *flags) register(set *pflag.FlagSet) {
	f.loss = 0.33
	set.SortFlags = false
	set.IntVarP(&f.count, "count", "c", 10, "how many messages")
	set.IntVar(&f.concurrency, "concurrency", 4, "how many of them at a time")
	set.StringVar(&f.service, "service", sim.EchoCapability, "the service to call; it must send requests back")
	set.IntVar(&f.size, "size", 32, "random bytes in a message; at most 1996 where packets hold 2000")
	set.Var(&f.profile, "profile", "policy of retransmission: interactive, balanced, guarded, fast")
	set.DurationVar(&f.deadline, "deadline", 0, "give a message up after this long (default the profile's)")
	set.Uint64Var(&f.seed, "seed", 0, "of the bodies and the simulated network (default random)")
	set.BoolVar(&f.json, "json", false, "one JSON object per message, the totals last")
	set.Var(&f.loss, "loss", "simulated: share of round trips to lose, as 0.33 or 33%")
	set.StringVar(&f.dialect, "dialect", "v0.0.99", "simulated: version of kpclientd, from v0.0.55 on")
	set.Float64Var(&f.speed, "speed", 20, "simulated: virtual seconds per second; more than 0, at most 1000")
	set.StringVar(&f.daemon, "daemon", "", "a real kpclientd: tcp://host:port, unix:///path or ws://host:port")
	set.StringVar(&f.config, "config", "", "a real kpclientd: path of its clients' thinclient.toml")
	set.DurationVar(&f.wait, "wait", 30*time.Second, "how long to wait for a link to the daemon, in real time")
}

// simulatedOnly are the flags that mean nothing to a real daemon.
var simulatedOnly = []struct{ name, why string }{
	{"loss", "a real network loses what it loses"},
	{"dialect", "a real daemon says what it speaks"},
	{"speed", "a real daemon runs in real time"},
}

// settings are flags that have been found possible.
type settings struct {
	count, concurrency, size int
	service                  string
	profile                  homing.Profile
	deadline                 time.Duration // 0: the profile's
	seed                     uint64
	wait                     time.Duration
	speed                    float64 // virtual seconds per second; 1 with a real daemon

	real     bool
	endpoint endpoint             // real
	geometry *wire.SphinxGeometry // real; nil unless the configuration has it
	loss     float64              // simulated
	dialect  string               // simulated

	warnings []string
}

// check returns the settings, or a failure that says what to call instead.
func (f *flags) check(c *cobra.Command, args []string) (settings, error) {
	if len(args) > 0 {
		return settings{}, misuse("ping takes no arguments, and was given %q; the service is --service, the daemon --daemon", args[0])
	}
	s := settings{
		count: f.count, concurrency: f.concurrency, size: f.size, service: f.service,
		profile: homing.Profile(f.profile), deadline: f.deadline, seed: f.seed, wait: f.wait,
		speed: f.speed, loss: float64(f.loss), dialect: f.dialect,
		// Given and empty is a variable of a script that is not set, not a wish for the simulated one.
		real: c.Flags().Changed("daemon") || c.Flags().Changed("config"),
	}
	if !c.Flags().Changed("seed") {
		s.seed = uint64(rand.Uint32()) // short enough to be typed again
	}
	switch {
	case f.count < 1 || f.count > 1_000_000:
		return s, misuse("--count %d: want 1 to 1000000", f.count)
	case f.concurrency < 1 || f.concurrency > 10_000:
		return s, misuse("--concurrency %d: want 1 to 10000", f.concurrency)
	case f.size < 1:
		return s, misuse("--size %d: want at least 1", f.size)
	case f.service == "":
		return s, misuse("--service is empty: want the name of a service, as echo")
	case c.Flags().Changed("deadline") && f.deadline <= 0:
		return s, misuse("--deadline %v: want a positive duration, as 90s or 10m", f.deadline)
	case f.wait <= 0:
		return s, misuse("--wait %v: want a positive duration, as 30s", f.wait)
	}
	if s.real {
		return f.checkReal(c, s)
	}
	return f.checkSimulated(s)
}

func (f *flags) checkSimulated(s settings) (settings, error) {
	const limit = sim.UserForwardPayloadLength - sizeBytes
	switch {
	case !(f.speed > 0 && f.speed <= maxSpeed):
		return s, misuse("--speed %v: want more than 0 and at most %d", f.speed, maxSpeed)
	case !isDialect(f.dialect):
		return s, misuse("--dialect %q: want a release of kpclientd from v0.0.55 on, as v0.0.99", f.dialect)
	case f.service != sim.EchoCapability:
		return s, misuse("--service %q: the simulated network has only %s; other services are those of a real daemon, see --daemon", f.service, sim.EchoCapability)
	case f.size > limit:
		return s, misuse("--size %d: want at most %d, as packets hold %d and the length takes %d", f.size, limit, sim.UserForwardPayloadLength, sizeBytes)
	}
	return s, nil
}

// isDialect reports whether there is a daemon that speaks as that release.
func isDialect(tag string) bool {
	_, err := wire.DialectOf(tag)
	return err == nil
}

func (f *flags) checkReal(c *cobra.Command, s settings) (settings, error) {
	byFile := c.Flags().Changed("config")
	if byFile && c.Flags().Changed("daemon") {
		return s, misuse("--daemon and --config both say where the daemon is: leave one")
	}
	given := "--daemon"
	if byFile {
		given = "--config"
	}
	for _, flag := range simulatedOnly {
		if c.Flags().Changed(flag.name) {
			return s, misuse("--%s is for the simulated daemon only: %s; leave out --%[1]s or %[3]s", flag.name, flag.why, given)
		}
	}
	s.speed = 1
	if !byFile {
		var err error
		if s.endpoint, err = parseEndpoint(f.daemon); err != nil {
			return s, misuse("--daemon: %w", err)
		}
		return s, nil
	}
	at, config, warnings, err := place(f.config)
	if err != nil {
		return s, misuse("--config: %w", err)
	}
	s.endpoint, s.geometry, s.warnings = at, config.Geometry, warnings
	if g := s.geometry; g != nil && s.size > g.UserForwardPayloadLength-sizeBytes {
		return s, misuse("--size %d: want at most %d, as [SphinxGeometry] has packets of %d and the length takes %d",
			s.size, g.UserForwardPayloadLength-sizeBytes, g.UserForwardPayloadLength, sizeBytes)
	}
	return s, nil
}
