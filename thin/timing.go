package thin

import (
	"math"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// Timing is what a version of the daemon and a document say about waiting. All
// durations are the daemon's.
type Timing struct {
	// Slop is for how long after departure + ETA the daemon keeps the key of
	// a SURB by design: from v0.0.77 on 0.5 s for each of the 2L+3 hops of a
	// round trip through L layers, before that its poll interval and a second.
	Slop time.Duration
	// Expiry is for how long after departure + ETA a reply can come: Slop from
	// v0.0.77 on. Before, a bug keeps most keys longer and replies were seen
	// to come late: a minute.
	Expiry time.Duration
	// Overdue is an ETA that hardly any packet exceeds: mean and three standard
	// deviations of the sum of 2L+3 exponential delays with mean 1/Mu.
	Overdue time.Duration
	// Silence is the least silence, with sends outstanding, that can mean that
	// the daemon is wedged: a minute, up to v0.0.72 at least 300/LambdaP.
	Silence time.Duration
	// Egress is the mean time between two packets of the daemon: 1/LambdaP.
	Egress time.Duration
	// KeepsQueue: what is queued in the daemon is sent also when the connection
	// that it came on has ended (up to v0.0.72; seen).
	KeepsQueue bool
}

const (
	slopPerHop = 500 * time.Millisecond
	// oldSlop is the poll interval as measured, 0.53 s, and the second added.
	oldSlop   = 1530 * time.Millisecond
	oldExpiry = time.Minute
	// Rates of the reference network, per millisecond, for a document without.
	usualMu      = 0.005
	usualLambdaP = 0.001
)

// TimingOf returns the timing of a daemon of that dialect in the network of
// doc, which must not be nil. Rates that cannot be count as the usual ones.
func TimingOf(doc *Document, dialect wire.Dialect) Timing {
	hops := float64(2*len(doc.Topology) + 3)
	mu, lambdaP := usable(doc.Mu, usualMu), usable(doc.LambdaP, usualLambdaP)
	t := Timing{
		Slop: oldSlop, Expiry: oldExpiry, Silence: wedgeFloor,
		Egress: milliseconds(1 / lambdaP), KeepsQueue: dialect.Old(),
		Overdue: milliseconds((hops + 3*math.Sqrt(hops)) / mu),
	}
	if dialect.PreciseSURBs {
		t.Slop = slopPerHop * time.Duration(hops)
		t.Expiry = t.Slop
	}
	if dialect.Old() {
		t.Silence = max(wedgeFloor, milliseconds(sharedQueue/lambdaP))
	}
	return t
}

// usable returns a rate per millisecond, or the usual one for a rate that
// makes a single wait longer than a day or shorter than a nanosecond.
func usable(rate, usual float64) float64 {
	if rate > 1/float64(maxSlow/time.Millisecond) && rate < 1e6 {
		return rate
	}
	return usual
}

func milliseconds(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
