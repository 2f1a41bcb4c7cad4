package homing

import (
	"fmt"
	"log/slog"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/thin"
)

// Profile is a named policy: how long, how often and how predictably a message
// is sent again.
type Profile = arq.Profile

// The profiles. docs/evaluation.md §4 has their numbers.
const (
	Interactive = arq.Interactive // people waiting: 12 attempts, 10 minutes
	Balanced    = arq.Balanced    // services: 16 attempts, 1 hour
	Guarded     = arq.Guarded     // adversaries who drop and watch: 12 attempts, 24 hours
	Fast        = arq.Fast        // trusted test networks only: predictable, no floor
)

// Policy is the numbers behind a profile.
type Policy = arq.Policy

// Config is what a Client is made of. It is copied and checked once, by New.
type Config struct {
	// Daemon says where kpclientd is. Daemon.Speed also sets the speed of the
	// client's clock: all durations are then virtual.
	Daemon thin.Config

	// Profile is the policy of messages that bring none of their own. The zero
	// value is Interactive.
	Profile Profile

	// Window is how many attempts are handed to the daemon before it has
	// reported the first of them as sent, 1 to 1024. 0 is 4: what waits in the
	// daemon's queue can be neither cancelled nor overtaken, and is lost with
	// the daemon.
	Window int

	// Waiting is how many messages may wait to be sent for the first time;
	// beyond it Go returns ErrBusy. 0 is 10 000; negative values are refused.
	Waiting int

	// Logger takes what an operator wants to know: no destinations, IDs or
	// bodies. Nil is silent. Daemon.Logger, if nil, is the same.
	Logger *slog.Logger
}

// maxWindow is far more than any daemon takes: v0.0.72 and older hold 200
// requests of all clients, newer ones 16 of each.
const maxWindow = 1024

const usualWindow = 4

func (c Config) completed() (Config, error) {
	switch {
	case c.Window < 0 || c.Window > maxWindow:
		return c, fmt.Errorf("%w: Window %d: want 0 to %d", ErrConfig, c.Window, maxWindow)
	case c.Waiting < 0:
		return c, fmt.Errorf("%w: Waiting %d is negative", ErrConfig, c.Waiting)
	case c.Profile < Interactive || c.Profile > Fast:
		return c, fmt.Errorf("%w: there is no profile %d", ErrConfig, int(c.Profile))
	}
	if c.Window == 0 {
		c.Window = usualWindow
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Daemon.Logger == nil {
		c.Daemon.Logger = c.Logger
	}
	return c, nil
}
