package sim

import (
	"testing"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func withoutDocument(c *DaemonConfig) { c.Mixnet.NoDocument = true }

func TestUpToV71ADaemonWithoutADocumentAcceptsAndSaysNothing(t *testing.T) {
	for _, version := range []string{"v0.0.55", "v0.0.71"} {
		bubble(t, version, withoutDocument, func(t *testing.T, d *Daemon) {
			a := join(t, d)
			a.quiet(10 * time.Minute)
			d.NewDocument()
			a.quiet(time.Minute)
			greeted(t, d).echoes(1)
		})
	}
}

func TestFromV72ToV76ADaemonWithoutADocumentGreetsAtOnceAndSaysSo(t *testing.T) {
	for _, version := range []string{"v0.0.72", "v0.0.73", "v0.0.75", "v0.0.76"} {
		bubble(t, version, withoutDocument, func(t *testing.T, d *Daemon) {
			begin := time.Now()
			a := join(t, d)
			status, document := a.greeting()
			if !status.IsConnected || document != nil || time.Since(begin) != 0 {
				t.Errorf("%s: after %v: %+v with document %v", version, time.Since(begin), status, document)
			}
			d.NewDocument()
			if e := a.next().Document; e == nil || e.Payload == nil {
				t.Errorf("%s: event %+v", version, e)
			}
			a.echoes(1)
		})
	}
}

func TestFromV77ADaemonHoldsTheGreetingThirtySecondsAndThenClaimsToBeConnected(t *testing.T) {
	for _, version := range []string{"v0.0.77", "v0.0.99"} {
		bubble(t, version, withoutDocument, func(t *testing.T, d *Daemon) {
			a, b := join(t, d), join(t, d)
			d.DropGateway(time.Hour)
			a.quiet(29 * time.Second)
			begin := time.Now()
			status, document := a.greeting()
			if !status.IsConnected || document != nil || time.Since(begin) != time.Second {
				t.Errorf("%s: after %v: %+v with document %v", version, time.Since(begin), status, document)
			}
			// The next client waits behind the first.
			b.quiet(29 * time.Second)
			b.greeting()
		})
	}
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
		plainly := func(c *DaemonConfig) { c.Without = []Quirk{UnencodableStatus, WedgeAfterGateway} }
		bubble(t, version, plainly, func(t *testing.T, d *Daemon) {
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
			geometry := version >= "v0.0.76"
			if (status.InstanceToken != nil) == old(version) || (status.Sphinx != nil) != geometry || (status.Pigeonhole != nil) != geometry {
				t.Errorf("%s: %+v", version, status)
			}
			if geometry && (*status.InstanceToken == wire.ID{} || status.Sphinx.UserForwardPayloadLength != 2000) {
				t.Errorf("%s: %+v", version, status)
			}
		})
	}
}
