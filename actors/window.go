package actors

import (
	"slices"
	"time"

	"github.com/homing-mix/homing/arq"
)

// window is the attempts written and unsettled, in the order of the writes.
// Sent events come in that order.
type window struct{ slots []int32 }

func (w *window) len() int       { return len(w.slots) }
func (w *window) add(slot int32) { w.slots = append(w.slots, slot) }
func (w *window) clone() window  { return window{slices.Clone(w.slots)} }

// take removes a slot and reports whether it was there: each attempt gives its
// slot back once.
func (w *window) take(slot int32) bool {
	i := slices.Index(w.slots, slot)
	if i < 0 {
		return false
	}
	w.slots = slices.Delete(w.slots, i, i+1)
	return true
}

// before returns the slots written before the given one, the oldest first. The
// slice is the window's own.
func (w *window) before(slot int32) []int32 {
	return w.slots[:max(0, slices.Index(w.slots, slot))]
}

// watch tells a wedged daemon from a slow one: attempts are waiting for their
// sent events and nothing at all has been heard for max(the daemon's shortest
// meaningful silence, 8 × the longest wait seen). A daemon that has lost its
// gateway connection for good looks exactly like that: no status, no
// documents, nothing sent, and writes still succeed (seen on v0.0.55).
type watch struct {
	last    arq.Instant
	usable  arq.Instant // since when the link or its gateway is up: no wait counts from before
	longest time.Duration
}

func (w *watch) heard(now arq.Instant) { w.last = now }

// waited notes how long the daemon took from a write to its sent event, leaving
// out what an outage added.
func (w *watch) waited(writtenAt, sentAt arq.Instant) {
	w.longest = max(w.longest, sentAt.Sub(max(writtenAt, w.usable)))
}

func (w *watch) due(directory *Directory) arq.Instant {
	silence := 60 * time.Second
	if directory != nil {
		silence = max(silence, directory.Silence)
	}
	return w.last.Add(max(silence, 8*w.longest))
}
