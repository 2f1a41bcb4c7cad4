package arq

import (
	"fmt"
	"math"
	"time"
)

// Policy holds the numbers by which a message is retransmitted: the k-th
// attempt that may have left the host is followed by the next no earlier than
//
//	departure + max(floor_k, ETA + grace) + J,   floor_k = min(Floor·Growth^(k-1), Ceiling)
//
// The zero Policy has no floor, no jitter and no bound, which Validate
// refuses. A Policy is a plain value; the machines made with it share it, so
// it must not change while they run.
type Policy struct {
	// Attempts is how many attempts may leave the host. Attempts that came
	// back as failed do not count. 0 is no limit; it cannot be negative.
	Attempts int

	// Deadline is how long a message may take when its caller sets no deadline
	// of its own. The machine does not look at it: its deadline is given to
	// New. 0 is none; it cannot be negative.
	Deadline time.Duration

	// Floor is the least time from the first departure to the next attempt.
	// Katzenpost's drafts ask for 3 s. 0 is none; it cannot be negative.
	Floor time.Duration

	// Growth multiplies the floor from attempt to attempt: 1 or more; 0 is 1.
	Growth float64

	// Ceiling bounds the floor. 0 is none; else it is at least Floor.
	Ceiling time.Duration

	// Jitter is the random wait above the floor.
	Jitter Jitter

	// Budget is the traffic that may be spent on spurious retransmissions.
	Budget Budget
}

// Budget says how much traffic may be spent on spurious retransmissions, that
// is, on repeating what was not lost. With a loss rate p, a share
// s = min(Retransmissions, Sends/p) of the retransmissions may be spurious.
// The machine does not look at it: the grace that comes with each Sent is
// chosen by it. The zero Budget allows none.
type Budget struct {
	// Retransmissions is the largest share of the retransmissions that may be
	// spurious, in [0, 1).
	Retransmissions float64

	// Sends is the share of all sends that may be spurious, in [0, 1).
	Sends float64

	// Loss is the loss rate p assumed while fewer than Fates attempts have a
	// known fate, in [0, 1).
	Loss float64

	// Fates is how many known fates it takes to trust a measured loss rate.
	// 0 trusts from the first on; it cannot be negative.
	Fates int
}

// PolicyError says which number of a Policy makes no sense.
type PolicyError struct {
	Field   string // as in the source: "Attempts", "Jitter.Mean"
	Problem string // what is wrong, and what would be right
}

// Error returns the field and its problem.
func (e *PolicyError) Error() string { return fmt.Sprintf("arq: policy: %s %s", e.Field, e.Problem) }

// Validate returns a *PolicyError for the first number that makes no sense,
// and nil if the policy can be used. A policy with neither Attempts nor
// Deadline is refused, as retransmission must be bounded. A policy that breaks
// the other rules of Katzenpost's drafts, as Fast does, is not refused.
func (p *Policy) Validate() error {
	for _, rule := range []struct {
		holds   bool
		field   string
		problem string
	}{
		{p.Attempts >= 0, "Attempts", "is negative: use 0 for no limit"},
		{p.Deadline >= 0, "Deadline", "is negative: use 0 for none"},
		{p.Attempts > 0 || p.Deadline > 0, "Attempts", "and Deadline are both 0, so that nothing bounds the message: set one of them"},
		{p.Floor >= 0, "Floor", "is negative: use 0 for none"},
		{p.Growth == 0 || p.Growth >= 1 && finite(p.Growth), "Growth", "is neither 0 nor a finite number from 1 up"},
		{p.Ceiling >= 0, "Ceiling", "is negative: use 0 for none"},
		{p.Ceiling == 0 || p.Ceiling >= p.Floor, "Ceiling", "is below Floor: use at least Floor, or 0 for none"},
		{p.Jitter.Mean >= 0, "Jitter.Mean", "is negative: use 0 for none"},
		{p.Jitter.OfETA >= 0 && finite(p.Jitter.OfETA), "Jitter.OfETA", "is not a finite number from 0 up"},
		{share(p.Budget.Retransmissions), "Budget.Retransmissions", "is not in [0, 1)"},
		{share(p.Budget.Sends), "Budget.Sends", "is not in [0, 1)"},
		{share(p.Budget.Loss), "Budget.Loss", "is not in [0, 1)"},
		{p.Budget.Fates >= 0, "Budget.Fates", "is negative: use 0 to trust the first"},
	} {
		if !rule.holds {
			return &PolicyError{Field: rule.field, Problem: rule.problem}
		}
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func share(x float64) bool { return x >= 0 && x < 1 }
