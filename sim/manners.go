package sim

import (
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// manners are how the daemon of a version behaves, beside what its Dialect
// knows and what its quirks are.
type manners struct {
	queue         QueueRule
	slop          time.Duration // 0: the Mixnet's own rule
	ceiling       bool          // waits between ticks are cut at 1/LambdaP
	documentDelay func(epoch time.Duration) time.Duration
	hold          time.Duration // the greeting waits so long for a document
	version       string        // of the document
}

// pollInterval is how often daemons before v0.0.77 fetch replies.
const pollInterval = 530 * time.Millisecond

// The generations: v0.0.73 brought sessions, queues per client and late
// documents; since v0.0.77 replies are pushed, the greeting is held for a
// document and SURBs are kept for 0.5 s × (2L+3).
func mannersOf(d wire.Dialect, t temper) manners {
	m := manners{
		queue:         RoundRobin(16),
		documentDelay: func(epoch time.Duration) time.Duration { return epoch * 5 / 8 },
		hold:          30 * time.Second,
		version:       "v1",
	}
	if !d.HeldGreeting {
		m.slop = pollInterval + time.Second
		m.ceiling = true
		m.hold = 0
		m.version = "v0"
	}
	if d.Old() {
		m.documentDelay = func(epoch time.Duration) time.Duration { return min(5*time.Second, epoch/2) }
	}
	if t.has(SharedQueue) {
		m.queue = SharedFIFO(200)
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

// apply turns the knobs of the model that quirks stand for.
func (t temper) apply(cfg MixnetConfig) MixnetConfig {
	cfg.ForgetOldestOnly = cfg.ForgetOldestOnly || t.has(LateReplies)
	cfg.KeepSURBs = cfg.KeepSURBs || !t.has(GatewayFlipVoids)
	cfg.AnswerDoubles = cfg.AnswerDoubles || !t.has(SURBReuseVoids)
	cfg.ServeNoSURB = cfg.ServeNoSURB || !t.has(NoSURBLost)
	cfg.SentOvertaken = cfg.SentOvertaken || t.has(ReplyBeforeSent)
	if t.asked(ReplyBeforeSent) {
		cfg.Faults.SentAfterReply = 1
	}
	return cfg
}
