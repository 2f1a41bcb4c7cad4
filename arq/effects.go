package arq

// Outcome is how a message ended. The zero Outcome says that it has not.
type Outcome uint8

const (
	Pending   Outcome = iota // not ended
	Answered                 // a reply came
	Expired                  // the deadline passed first
	Exhausted                // every allowed attempt was made, and none can be answered any more
	Canceled                 // the application gave up
	Rejected                 // the daemon refused an attempt for a reason that stays
)

var outcomeNames = [...]string{"Pending", "Answered", "Expired", "Exhausted", "Canceled", "Rejected"}

// String returns the name of the constant.
func (o Outcome) String() string { return name(outcomeNames[:], "Outcome", o) }

// Effects is what the shell must do after a step. It is a plain value; the
// zero Effects is nothing to do and no timer.
type Effects struct {
	// Transmit is the number of the attempt to transmit now; 0 is none. The
	// attempt needs a SURB ID of its own. Its Sent, SendFailed, Reply or Lost
	// must be reported, as the machine has no timer of its own until then:
	// what waits in a queue of this host is not lost.
	Transmit int

	// Wake is the one instant at which the shell must step Timeout; 0 is no
	// timer. It is the complete truth after the step: the shell sets its timer
	// to it, whatever was set before. It is never before the step's instant,
	// and may be equal to it. The exception is a step with an event of another
	// generation, whose zero Effects belong to no message and set no timer.
	Wake Instant

	// Done is the outcome of the message. It is other than Pending in the
	// effects of exactly one step, whose other fields are zero, as are the
	// effects of all later steps.
	Done Outcome
}
