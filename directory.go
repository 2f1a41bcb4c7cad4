package homing

import (
	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/thin"
)

// directory is what a document says, as the engine needs it.
func directory(doc *thin.Document, timing thin.Timing, payload int) *actors.Directory {
	d := &actors.Directory{
		Epoch: doc.Epoch, Services: make(map[string][]actors.Instance), Payload: payload,
		Slop: timing.Slop, Expiry: timing.Expiry, Overdue: timing.Overdue, Silence: timing.Silence,
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
