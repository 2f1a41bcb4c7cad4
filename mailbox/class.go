package mailbox

import "strconv"

// Class says how urgent an entry of [Lanes] is: a smaller one goes first. The zero value is [Normal].
type Class int8

// The classes, most urgent first.
const (
	Control        Class = iota - 3 // what keeps the link alive
	Retransmission                  // another attempt of a message whose first attempt has left
	Urgent                          // first attempts, by the caller's priority
	Normal
	Bulk // goes when nothing else waits, and every 16th time otherwise
)

const (
	classes = int(Bulk-Control) + 1
	bulk    = classes - 1
)

// String returns the name of the class, or its number if it is none of the five.
func (c Class) String() string {
	if c < Control || c > Bulk {
		return "Class(" + strconv.Itoa(int(c)) + ")"
	}
	return [classes]string{"control", "retransmission", "urgent", "normal", "bulk"}[c.index()]
}

func (c Class) index() int { return int(c - Control) }

// first reports whether entries of the class are first transmissions, which a full queue refuses.
func (c Class) first() bool { return c >= Urgent }
