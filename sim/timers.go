package sim

import "github.com/homing-mix/homing/arq"

// timers is a timer queue of kpclientd. The one of daemons up to v0.0.76 is
// skewed: it looks at the earliest entry and removes another one, here the
// latest. The earliest is then due again at once, as often as entries were
// waiting, and the others never are. The zero value is empty and not skewed.
type timers[T any] struct {
	schedule[T]
	skewed bool
}

// fire returns the earliest entry and removes one; the queue must not be empty.
func (t *timers[T]) fire() (arq.Instant, T) {
	first := t.entries[0]
	if len(t.entries) == 1 || !t.skewed {
		return t.pop()
	}
	// A heap's latest entry is one of its leaves.
	latest := len(t.entries) / 2
	for i := latest + 1; i < len(t.entries); i++ {
		if t.entries[latest].before(t.entries[i]) {
			latest = i
		}
	}
	t.remove(latest)
	return first.at, first.what
}
