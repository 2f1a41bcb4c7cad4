package thin

import (
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// wedgeFloor is the least silence, in the daemon's time, that counts as a wedge.
const wedgeFloor = 60 * time.Second

// maxOutstanding bounds the messages written and not yet reported on. A daemon
// takes far fewer: 200 for all clients, or 16 per client.
const maxOutstanding = 1 << 16

// sharedQueue is the shared queue of old daemons with half as much for decoys,
// in packets.
const sharedQueue = 300

// maxSlow bounds what a document with a tiny LambdaP can ask for.
const maxSlow = 24 * time.Hour

// watchdog finds daemons that take everything and do nothing, which is how
// v0.0.55 behaves after some losses of its gateway: no status, no document,
// nothing sent, while writes succeed. It is a plain value of one connection;
// its durations are real ones.
type watchdog struct {
	floor time.Duration // least silence
	slow  time.Duration // the same for a queue shared with other applications; 0 none
	stale time.Duration // longest life of a document

	// patient: until then nothing is a reason to leave, as the daemon holds a
	// reliable message of this connection and would crash.
	patient time.Time

	gateway  bool          // said to be connected
	heard    time.Time     // last frame, or the beginning
	renewed  time.Time     // last new document or return of the gateway, or the beginning
	longest  time.Duration // from a write, or the return of the gateway, to the sent event
	back     time.Time     // last status "connected"
	waiting  []posted      // in the order of writing
	position map[wire.ID]int
	shifted  int // entries taken off the front of waiting so far
}

type posted struct {
	surb wire.ID
	at   time.Time
	done bool
}

func newWatchdog(now time.Time, floor, stale time.Duration) watchdog {
	return watchdog{floor: floor, stale: stale, heard: now, renewed: now, position: make(map[wire.ID]int)}
}

// post records that a message was written. It returns a
// *MessageError if the SURB ID is outstanding already, ErrBusy if too many are.
func (w *watchdog) post(now time.Time, surb wire.ID) error {
	if _, ok := w.position[surb]; ok {
		return &MessageError{"its SURB ID is in use by a message that is outstanding"}
	}
	if len(w.waiting) >= maxOutstanding {
		return ErrBusy
	}
	w.position[surb] = w.shifted + len(w.waiting)
	w.waiting = append(w.waiting, posted{surb: surb, at: now})
	return nil
}

// read records that a frame arrived.
func (w *watchdog) read(now time.Time) { w.heard = now }

// document records a new document. On daemons up to v0.0.72 all applications
// share a queue of 200 that moves at LambdaP packets per millisecond, so a long
// wait is no wedge; speed divides that as it divides all of the daemon's times.
func (w *watchdog) document(now time.Time, lambdaP float64, old bool, speed float64) {
	w.renewed = now
	w.slow = 0
	if old && lambdaP > 0 {
		w.slow = time.Duration(min(sharedQueue/lambdaP/speed*float64(time.Millisecond), float64(maxSlow)))
	}
}

// connection records a status event.
func (w *watchdog) connection(now time.Time, up bool) {
	if up {
		w.back = now
	}
	if up && !w.gateway {
		w.renewed = now
	}
	w.gateway = up
}

// sent records a sent event. Those come in the order of the writes, so all
// earlier messages are settled too.
func (w *watchdog) sent(now time.Time, surb wire.ID) {
	at, ok := w.position[surb]
	if !ok {
		return
	}
	i := at - w.shifted
	since := w.waiting[i].at
	if w.back.After(since) {
		since = w.back // what the absence of the gateway took is no measure of the queue
	}
	w.longest = max(w.longest, now.Sub(since))
	for j := range i + 1 {
		w.settle(j)
	}
	w.shift()
}

// replied records a reply, which may have overtaken its sent event.
func (w *watchdog) replied(surb wire.ID) {
	if at, ok := w.position[surb]; ok {
		w.settle(at - w.shifted)
		w.shift()
	}
}

func (w *watchdog) settle(i int) {
	if !w.waiting[i].done {
		w.waiting[i].done = true
		delete(w.position, w.waiting[i].surb)
	}
}

func (w *watchdog) shift() {
	n := 0
	for n < len(w.waiting) && w.waiting[n].done {
		n++
	}
	w.shifted += n
	w.waiting = w.waiting[n:]
	if len(w.waiting) == 0 {
		w.waiting = nil
	}
}

// outstanding is the number of messages without sent event or reply.
func (w *watchdog) outstanding() int { return len(w.position) }

// deadline is when check will fail if nothing happens before; zero for never.
// While the gateway is away the daemon sends nothing and fetches no document,
// and that is no fault of it.
func (w *watchdog) deadline() time.Time {
	if !w.gateway {
		return time.Time{}
	}
	due := w.renewed.Add(w.stale)
	if wedge := w.wedge(); !wedge.IsZero() && wedge.Before(due) {
		due = wedge
	}
	if due.Before(w.patient) {
		due = w.patient
	}
	return due
}

func (w *watchdog) wedge() time.Time {
	if len(w.waiting) == 0 {
		return time.Time{}
	}
	since := w.heard
	if oldest := w.waiting[0].at; oldest.After(since) {
		since = oldest
	}
	return since.Add(max(w.floor, w.slow, 8*w.longest))
}

// check returns ErrWedged or ErrStaleDocument if that is so at now.
func (w *watchdog) check(now time.Time) error {
	if !w.gateway || now.Before(w.patient) {
		return nil
	}
	if wedge := w.wedge(); !wedge.IsZero() && !now.Before(wedge) {
		return ErrWedged
	}
	if !now.Before(w.renewed.Add(w.stale)) {
		return ErrStaleDocument
	}
	return nil
}
