package homing

import (
	"math"
	"time"

	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/thin"
)

// directory is what a document says, as the engine needs it.
func directory(doc *thin.Document, timing thin.Timing, payload, window int) *actors.Directory {
	d := &actors.Directory{
		Epoch: doc.Epoch, Services: make(map[string][]actors.Instance), Payload: payload,
		Slop: timing.Slop, Expiry: timing.Expiry, Overdue: timing.Overdue, Silence: timing.Silence,
	}
	if timing.KeepsQueue {
		// The sum of n exponential waits: its mean and three deviations.
		n := float64(window)
		d.Lingers = time.Duration((n + 3*math.Sqrt(n)) * float64(timing.Egress))
	}
	for capability, services := range thin.ServicesIn(doc) {
		for _, s := range services {
			d.Services[capability] = append(d.Services[capability], actors.Instance{
				Node: s.Name, Destination: s.Destination, Recipient: s.Recipient,
			})
		}
	}
	return d
}
