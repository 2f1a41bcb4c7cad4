package sim

import (
	"fmt"
	"time"

	"github.com/homing-mix/homing/arq"
)

const (
	defaultLambdaP = 0.001
	defaultEpoch   = 20 * time.Minute
)

// MixnetConfig holds the knobs of a Mixnet, named as in the PKI document where
// it has them. The zero value is the reference network without loss.
type MixnetConfig struct {
	Seed  uint64
	Start arq.Instant // the model's beginning; 0 = 1

	LambdaP         float64       // departures per millisecond for all clients together; 0 = 0.001
	LambdaPMaxDelay time.Duration // longest wait between two ticks; 0 = no limit
	Mu              float64       // hop delays have mean 1/Mu milliseconds; 0 = 0.005
	Layers          int           // mix layers L; 0 = 3. A round trip has 2L+3 hops
	Residual        Residual      // nil = ModelA

	// Loss is the probability that a round trip fails, split evenly over both
	// ways. ForwardLoss and ReturnLoss set the ways apart; Loss must then be 0.
	// A packet lost on the return way was executed.
	Loss, ForwardLoss, ReturnLoss float64

	// Slop is how long after departure + ETA the daemon still accepts a reply;
	// 0 = 0.5 s × (2L+3), the rule of kpclientd v0.0.77 and later.
	Slop time.Duration

	Queue QueueRule // the zero value is RoundRobin(16)

	Epoch         time.Duration // 0 = 20 min
	FirstEpoch    uint64        // number of the epoch at Start; 0 = 1000
	DocumentDelay time.Duration // from the beginning of an epoch to its document; less than Epoch

	NoDocument bool // there is none until the first AdvanceEpoch or epoch change

	Services []Service // at least one; nodes are made as their names appear

	// SendWhileAway lets the egress clock run on while the gateway is away:
	// requests due then fail with the daemon's "not connected" error. Without
	// it the clock stands still and the requests wait.
	SendWhileAway bool

	// Bugs of kpclientd that are no matter of chance.
	ForgetOldestOnly bool // when a SURB expires, the keys of the others that are out are kept for ever: replies can be late
	KeepSURBs        bool // a gateway reconnect voids nothing; the real daemon does void what is out
	ServeNoSURB      bool // a request without a SURB reaches its service; of the real daemon it never does
	AnswerDoubles    bool // the same SURB ID in flight twice is answered twice; the real daemon answers neither
	SentOvertaken    bool // the reply of a round trip below 1 ms comes before the sent event

	Faults Faults // of the events that clients read
}

// complete fills in what the zero values stand for.
func (cfg MixnetConfig) complete() (MixnetConfig, error) {
	complain := func(format string, a ...any) (MixnetConfig, error) {
		return cfg, fmt.Errorf("%w: %s", ErrConfig, fmt.Sprintf(format, a...))
	}
	if cfg.Start == 0 {
		cfg.Start = 1
	}
	if cfg.LambdaP == 0 {
		cfg.LambdaP = defaultLambdaP
	}
	if cfg.Mu == 0 {
		cfg.Mu = 0.005
	}
	if cfg.Layers == 0 {
		cfg.Layers = 3
	}
	if cfg.Residual == nil {
		cfg.Residual = ModelA{}
	}
	if cfg.Queue == (QueueRule{}) {
		cfg.Queue = RoundRobin(16)
	}
	if cfg.Epoch == 0 {
		cfg.Epoch = defaultEpoch
	}
	if cfg.FirstEpoch == 0 {
		cfg.FirstEpoch = 1000
	}
	switch {
	case cfg.Start < 0:
		return complain("Start is negative")
	case !(cfg.LambdaP >= 1e-9 && cfg.LambdaP <= 1e3):
		return complain("LambdaP of %v per ms is not in [1e-9, 1000]", cfg.LambdaP)
	case !(cfg.Mu >= 1e-9 && cfg.Mu <= 1e3):
		return complain("Mu of %v per ms is not in [1e-9, 1000]", cfg.Mu)
	case cfg.LambdaPMaxDelay < 0:
		return complain("LambdaPMaxDelay is negative")
	case cfg.Layers < 1 || cfg.Layers > 100:
		return complain("%d layers are not in [1, 100]", cfg.Layers)
	case cfg.Loss != 0 && (cfg.ForwardLoss != 0 || cfg.ReturnLoss != 0):
		return complain("Loss excludes ForwardLoss and ReturnLoss")
	case !(cfg.Loss >= 0 && cfg.Loss <= 1):
		return complain("Loss of %v is not in [0, 1]", cfg.Loss)
	case cfg.Slop < 0:
		return complain("Slop is negative")
	case cfg.Queue.limit < 1:
		return complain("a queue of %d requests holds none", cfg.Queue.limit)
	case cfg.Epoch < time.Second:
		return complain("an epoch of %v is shorter than 1 s", cfg.Epoch)
	case cfg.DocumentDelay < 0 || cfg.DocumentDelay >= cfg.Epoch:
		return complain("DocumentDelay of %v is not in [0, Epoch)", cfg.DocumentDelay)
	case len(cfg.Services) == 0:
		return complain("no services")
	}
	for _, s := range cfg.Services {
		if err := checkService(s); err != nil {
			return cfg, err
		}
	}
	if cfg.Slop == 0 {
		cfg.Slop = time.Duration(2*cfg.Layers+3) * 500 * time.Millisecond
	}
	return cfg, nil
}
