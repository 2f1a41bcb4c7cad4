package sim

import (
	"testing"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func withoutDocument(c *DaemonConfig) { c.Mixnet.NoDocument = true }

func TestAnOldDaemonWithoutADocumentAcceptsAndSaysNothing(t *testing.T) {
	bubble(t, "v0.0.55", withoutDocument, func(t *testing.T, d *Daemon) {
		a := join(t, d)
		a.quiet(10 * time.Minute)
		d.NewDocument()
		a.quiet(time.Minute)
		greeted(t, d).echoes(1)
	})
}

func TestANewDaemonHoldsTheGreetingThirtySecondsAndThenClaimsToBeConnected(t *testing.T) {
	bubble(t, "v0.0.99", withoutDocument, func(t *testing.T, d *Daemon) {
		a, b := join(t, d), join(t, d)
		d.DropGateway(time.Hour)
		a.quiet(29 * time.Second)
		begin := time.Now()
		status, document := a.greeting()
		if !status.IsConnected || document != nil || time.Since(begin) != time.Second {
			t.Errorf("after %v: %+v with document %v", time.Since(begin), status, document)
		}
		// The next client waits behind the first.
		b.quiet(29 * time.Second)
		b.greeting()
	})
}

func TestADocumentReleasesTheGreetingsThatWaitForIt(t *testing.T) {
	bubble(t, "v0.0.99", withoutDocument, func(t *testing.T, d *Daemon) {
		a, b := join(t, d), join(t, d)
		a.quiet(10 * time.Second)
		d.NewDocument()
		for _, c := range []*app{a, b} {
			status, document := c.greeting()
			if !status.IsConnected || document == nil {
				t.Errorf("%+v with document %v", status, document)
			}
		}
		a.quiet(time.Minute) // no second greeting
		b.echoes(1)
	})
}

func TestAClientGreetedWithoutADocumentGetsTheFirstOne(t *testing.T) {
	bubble(t, "v0.0.99", withoutDocument, func(t *testing.T, d *Daemon) {
		a := join(t, d)
		if _, document := a.greeting(); document != nil {
			t.Fatal("a document")
		}
		d.NewDocument()
		if e := a.next().Document; e == nil || e.Payload == nil {
			t.Errorf("event %+v", e)
		}
	})
}

func TestTheGreetingTellsThatTheGatewayIsAway(t *testing.T) {
	for _, version := range versions {
		bubble(t, version, nil, func(t *testing.T, d *Daemon) {
			d.DropGateway(time.Minute)
			status, document := join(t, d).greeting()
			if status.IsConnected || document == nil {
				t.Errorf("%s: %+v", version, status)
			}
		})
	}
}

func TestGeometriesAndInstanceTokenComeWithNewStatusEventsOnly(t *testing.T) {
	for _, version := range versions {
		bubble(t, version, nil, func(t *testing.T, d *Daemon) {
			a := join(t, d)
			status, _ := a.greeting()
			isNew := version == "v0.0.99"
			if (status.InstanceToken != nil) != isNew || (status.Sphinx != nil) != isNew || (status.Pigeonhole != nil) != isNew {
				t.Errorf("%s: %+v", version, status)
			}
			if isNew && (*status.InstanceToken == wire.ID{} || status.Sphinx.UserForwardPayloadLength != 2000) {
				t.Errorf("%s: %+v", version, status)
			}
		})
	}
}
