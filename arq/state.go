package arq

// State is what a machine is doing. The package documentation draws it.
type State uint8

const (
	Idle       State = iota // not started
	Queued                  // an attempt was asked for and is not known to have left
	InFlight                // waiting for a reply
	BackingOff              // waiting for the next attempt's turn
	Paused                  // the next attempt is due or will be; held
	Done                    // ended
)

var stateNames = [...]string{"Idle", "Queued", "InFlight", "BackingOff", "Paused", "Done"}

// String returns the name of the constant.
func (s State) String() string { return name(stateNames[:], "State", s) }
