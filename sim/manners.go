package sim

import (
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// manners are how the daemon of a version behaves, beside what its Dialect
// knows.
type manners struct {
	queue         QueueRule
	slop          time.Duration // 0: the Mixnet's own rule
	ceiling       bool          // waits between ticks are cut at 1/LambdaP
	documentDelay func(epoch time.Duration) time.Duration
	hold          time.Duration // the greeting waits so long for a document; 0: without one nothing is ever said
	repeats       int           // status events for each change of the gateway
	version       string        // of the document
	mutes         bool          // a client that does not read is never written to again; otherwise it is disconnected
}

// push is the version since which replies are pushed, the greeting is held for
// a document and SURBs are kept for 0.5 s × (2L+3).
var push = wire.Version{Patch: 77}

// pollInterval is how often daemons before v0.0.77 fetch replies.
const pollInterval = 530 * time.Millisecond

func mannersOf(d wire.Dialect) manners {
	m := manners{
		queue:         RoundRobin(16),
		documentDelay: func(epoch time.Duration) time.Duration { return epoch * 5 / 8 },
		hold:          30 * time.Second,
		repeats:       2,
		version:       "v1",
	}
	if !d.Version.AtLeast(push) {
		m.slop = pollInterval + time.Second
		m.ceiling = true
		m.hold = 0
		m.version = "v0"
	}
	if d.Old() {
		m.queue = SharedFIFO(200)
		m.documentDelay = func(epoch time.Duration) time.Duration { return min(5*time.Second, epoch/2) }
		m.repeats = 1
		m.mutes = true
	}
	return m
}

// apply fills the knobs that the caller left at zero with the version's own.
func (m manners) apply(cfg MixnetConfig) MixnetConfig {
	if cfg.Queue == (QueueRule{}) {
		cfg.Queue = m.queue
	}
	if cfg.Slop == 0 {
		cfg.Slop = m.slop
	}
	if cfg.DocumentDelay == 0 && cfg.Epoch >= 0 {
		epoch := cfg.Epoch
		if epoch == 0 {
			epoch = defaultEpoch
		}
		cfg.DocumentDelay = m.documentDelay(epoch)
	}
	if m.ceiling && cfg.LambdaPMaxDelay == 0 {
		rate := cfg.LambdaP
		if rate == 0 {
			rate = defaultLambdaP
		}
		if rate > 0 {
			cfg.LambdaPMaxDelay = inverse(rate)
		}
	}
	return cfg
}
