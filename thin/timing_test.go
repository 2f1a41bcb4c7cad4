package thin

import (
	"testing"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func timingOf(t *testing.T, tag string, doc *Document) Timing {
	t.Helper()
	dialect, err := wire.DialectOf(tag)
	if err != nil {
		t.Fatal(err)
	}
	return TimingOf(doc, dialect)
}

func referenceDocument() *Document {
	doc := &Document{Mu: 0.005, LambdaP: 0.001}
	doc.Topology = make([][]wire.Descriptor, 3)
	return doc
}

func TestNewDaemonsForgetSURBsHalfASecondPerHopAfterTheETA(t *testing.T) {
	got := timingOf(t, "v0.0.99", referenceDocument())
	if got.Slop != 4500*time.Millisecond || got.Expiry != got.Slop || got.Silence != time.Minute {
		t.Errorf("%+v", got)
	}
}

func TestOldDaemonsAreWaitedForLonger(t *testing.T) {
	got := timingOf(t, "v0.0.55", referenceDocument())
	if got.Slop != 1530*time.Millisecond || got.Expiry != time.Minute || got.Silence != 5*time.Minute {
		t.Errorf("%+v", got)
	}
}

func TestAnOverdueETAIsTheMeanAndThreeDeviations(t *testing.T) {
	if got := timingOf(t, "v0.0.99", referenceDocument()).Overdue; got != 3600*time.Millisecond {
		t.Errorf("9 hops of 200 ms: %v, want 1.8 s + 3 × 0.6 s", got)
	}
}

func TestImpossibleRatesOfADocumentCountAsTheUsualOnes(t *testing.T) {
	want := timingOf(t, "v0.0.55", referenceDocument())
	for _, rate := range []float64{0, -1, 1e-12, 1e12} {
		doc := referenceDocument()
		doc.Mu, doc.LambdaP = rate, rate
		if got := timingOf(t, "v0.0.55", doc); got != want {
			t.Errorf("rate %v: %+v", rate, got)
		}
	}
}

func TestServicesOfNoDocumentAreNone(t *testing.T) {
	if got := ServicesIn(nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
