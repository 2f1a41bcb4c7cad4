package wire

import (
	"errors"
	"slices"
	"testing"
)

func without(keys []string, drop ...string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return slices.Contains(drop, k) })
}

func TestTheFirstKeySetTellsTheVersion(t *testing.T) {
	// Frames of these versions were not recorded.
	vouchers := []string{"voucher_mint_reply", "voucher_induct_reply", "voucher_open_reply", "voucher_derive_stream_reply"}
	before81 := without(responses99, "get_directory_authorities_reply")
	before80 := without(before81, vouchers...)
	for _, c := range []struct {
		name    string
		keys    []string
		version string
		exact   bool
		session bool
		query   bool
		kills   bool
	}{
		{"v0.0.55 to v0.0.72", responses55, "v0.0.55", true, false, false, true},
		{"v0.0.99", responses99, "v0.0.99", true, true, true, false},
		{"without streams, with vouchers", before81, "v0.0.80", false, true, true, false},
		{"with one stream reply", append(slices.Clone(before80), "write_stream_reply"), "v0.0.78", false, true, true, false},
		{"v0.0.75 to v0.0.77", before80, "v0.0.75", true, true, true, true},
		{"v0.0.73 or v0.0.74", without(before80, keyPKIReply), "v0.0.73", true, true, false, true},
		{"newer than all", append(slices.Clone(responses99), "later_reply"), "v0.0.81", false, true, true, false},
		{"an unknown old one", append(slices.Clone(responses55), "later_reply"), "v0.0.55", false, false, false, true},
		{"no keys", nil, "v0.0.55", false, false, false, true},
	} {
		d := Detect(c.keys)
		if d.Version.String() != c.version || d.Exact != c.exact || d.Session != c.session ||
			d.PKIQuery != c.query || d.UnknownRequestKills != c.kills {
			t.Errorf("%s: %v exact %v session %v query %v kills %v", c.name,
				d.Version, d.Exact, d.Session, d.PKIQuery, d.UnknownRequestKills)
		}
		if d.Old() == d.Session || d.ARQ != d.Old() {
			t.Errorf("%s: old %v, ARQ %v", c.name, d.Old(), d.ARQ)
		}
	}
}

func TestNothingIsEncodedThatTheVersionMayNotKnow(t *testing.T) {
	old, young := Detect(responses55), Detect(responses99)
	between := Detect(without(responses99, "get_directory_authorities_reply"))
	earlyNew := Detect(without(responses99, keyPKIReply, "get_directory_authorities_reply",
		"voucher_mint_reply", "voucher_induct_reply", "voucher_open_reply", "voucher_derive_stream_reply"))
	unknownOld := Detect(nil)
	send := &SendMessage{}
	for _, c := range []struct {
		name  string
		r     Request
		known []bool // old, unknownOld, earlyNew, between, young
	}{
		{"nothing", Request{}, []bool{false, false, false, false, false}},
		{"two", Request{SendMessage: send, ThinClose: true}, []bool{false, false, false, false, false}},
		{"send", Request{SendMessage: send}, []bool{true, true, true, true, true}},
		{"close", Request{ThinClose: true}, []bool{true, true, true, true, true}},
		{"ARQ", Request{SendARQMessage: send}, []bool{true, true, false, false, false}},
		{"token", Request{SessionToken: &SessionToken{}}, []bool{false, false, true, true, true}},
		{"document", Request{GetPKIDocument: &GetPKIDocument{}}, []bool{false, false, false, true, true}},
		{"made up", Request{Other: "bogus", Raw: []byte{null}}, []bool{false, false, false, false, false}},
	} {
		for i, d := range []Dialect{old, unknownOld, earlyNew, between, young} {
			b, err := d.AppendRequest([]byte("kept"), c.r)
			if c.known[i] != (err == nil) || !c.known[i] && (!errors.Is(err, ErrNotInDialect) || string(b) != "kept") {
				t.Errorf("%s in %v (exact %v): %v", c.name, d.Version, d.Exact, err)
			}
			if err != nil {
				continue
			}
			got, err := DecodeRequest(b[len("kept"):])
			if err != nil || len(got.Unknown) > 0 {
				t.Errorf("%s in %v: %+v, %v", c.name, d.Version, got, err)
			}
		}
	}
}

func TestADaemonNeverAnswersWithAnEventOfAnotherVersion(t *testing.T) {
	old, young := Detect(responses55), Detect(responses99)
	for _, c := range []struct {
		d Dialect
		r Response
	}{
		{old, Response{Session: &SessionReply{}}},
		{old, Response{PKIReply: &PKIDocumentReply{}}},
		{young, Response{Other: "channel_query_sent_event", Raw: []byte{null}}},
		{young, Response{}},
		{young, Response{Shutdown: true, Document: &NewDocument{}}},
	} {
		if _, err := c.d.AppendResponse(nil, c.r); !errors.Is(err, ErrNotInDialect) {
			t.Errorf("%v: %+v: %v", c.d.Version, c.r, err)
		}
	}
	for _, d := range []Dialect{old, young} {
		b, err := d.AppendResponse(nil, Response{Shutdown: true})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := DecodeResponse(b); err != nil || !r.Shutdown || !slices.Equal(r.Keys, d.Responses) {
			t.Errorf("shutdown of %v: %+v, %v", d.Version, r, err)
		}
	}
}

func TestVersionsAreOrderedByNumber(t *testing.T) {
	a, err := ParseVersion("v0.0.9")
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseVersion("v0.0.10")
	if err != nil {
		t.Fatal(err)
	}
	if !b.AtLeast(a) || a.AtLeast(b) || !a.AtLeast(a) || a.String() != "v0.0.9" {
		t.Errorf("%v against %v", a, b)
	}
	for _, tag := range []string{"", "0.0.9", "v0.0", "v0.0.9 ", "v0.0.-1", "v0.0.09", "v0.0.9x", "v0.0.9999999"} {
		if v, err := ParseVersion(tag); !errors.Is(err, ErrUnknownVersion) {
			t.Errorf("%q: %v, %v", tag, v, err)
		}
		if _, err := DialectOf(tag); !errors.Is(err, ErrUnknownVersion) {
			t.Errorf("DialectOf(%q): %v", tag, err)
		}
	}
	for _, tag := range []string{"v0.0.1", "v0.0.54", "v9.9.9"} {
		if _, err := DialectOf(tag); !errors.Is(err, ErrUnknownVersion) {
			t.Errorf("%s has a dialect: %v", tag, err)
		}
	}
}
