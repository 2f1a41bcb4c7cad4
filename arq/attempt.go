package arq

import "time"

// Fate is what is known of one attempt. The zero Fate is that of an attempt
// just asked for.
type Fate uint8

const (
	Waiting    Fate = iota // asked for; not yet known to have left, come back or been lost
	Departed               // left the host, and may be answered
	Presumed               // not answered in time: loss is presumed, a reply still counts
	LostByLink             // the link says that no reply will come
	Failed                 // came back: never left the host
	Replied                // answered
)

var fateNames = [...]string{"Waiting", "Departed", "Presumed", "LostByLink", "Failed", "Replied"}

// String returns the name of the constant.
func (f Fate) String() string { return name(fateNames[:], "Fate", f) }

// Attempt is the record of one transmission of a message.
type Attempt struct {
	Number    int           // 1, 2, 3 … in the order asked for
	Asked     Instant       // the step that asked for it
	Departure Instant       // when it left the host; 0 while unknown
	Expiry    Instant       // no reply can come after it; 0 while the departure is unknown
	ETA       time.Duration // the round trip announced by the daemon; 0 while unknown
	Fate      Fate

	// ordinal is k of the attempt's floor_k: its place among the attempts that
	// may have left the host, counted when that was first known; 0 before.
	ordinal uint32
}

// answerable reports whether a reply may still come, as far as is known.
func (a *Attempt) answerable() bool { return a.Fate == Departed || a.Fate == Presumed }
