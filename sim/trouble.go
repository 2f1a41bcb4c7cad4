package sim

import (
	"github.com/fxamacker/cbor/v2"

	"github.com/homing-mix/homing/arq"
)

// trouble is what a daemon says of the loss of its gateway.
type trouble struct {
	err         cbor.RawMessage // of the status event
	unencodable bool            // that error has no encoding: the event does not come
	repeats     int             // of the event
}

// newTrouble draws how a loss of the gateway is told. Old daemons put a Go error
// into the event: some encode as an empty map, some as a map that holds another,
// some not at all.
func (d *Daemon) newTrouble() trouble {
	t := trouble{repeats: 1}
	if d.temper.has(DuplicateStatus) {
		t.repeats = 2 + int(d.temper.draw(DuplicateStatus)%2)
	}
	if !d.temper.has(UnencodableStatus) {
		return t
	}
	kind := d.temper.draw(UnencodableStatus) % 4
	if d.temper.asked(UnencodableStatus) {
		kind = 3
	}
	switch kind {
	case 0, 1:
		t.err = cbor.RawMessage{0xa0}
	case 2:
		t.err = cbor.RawMessage("\xa1\x63Err\xa0")
	default:
		t.unencodable = true
	}
	return t
}

// wedge hangs the daemon until it is restarted.
func (d *Daemon) wedge(now arq.Instant) {
	d.tally.Wedges++
	d.wedged = true
	d.mixnet.Wedge(now)
}
