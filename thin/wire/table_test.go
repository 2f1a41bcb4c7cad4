package wire

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func TestEveryTagHasTheDialectOfTheNearestOlderRow(t *testing.T) {
	for _, c := range []struct {
		tag                 string
		responses, requests int // keys
		document            int
		exact               bool
	}{
		{"v0.0.55", 17, 13, 26, true},
		{"v0.0.60", 17, 13, 26, true},
		{"v0.0.71", 17, 13, 26, true},
		{"v0.0.72", 16, 13, 26, true},
		{"v0.0.73", 19, 15, 31, true},
		{"v0.0.74", 19, 15, 31, true},
		{"v0.0.75", 20, 16, 31, true},
		{"v0.0.76", 20, 16, 31, true},
		{"v0.0.77", 20, 16, 22, true},
		{"v0.0.78", 22, 18, 22, true},
		{"v0.0.79", 22, 18, 22, true},
		{"v0.0.80", 26, 22, 22, true},
		{"v0.0.81", 27, 23, 22, true},
		{"v0.0.88", 27, 23, 22, true},
		{"v0.0.89", 25, 21, 22, true},
		{"v0.0.92", 25, 21, 21, true},
		{"v0.0.93", 25, 21, 21, true},
		{"v0.0.99", 25, 21, 21, true},
		{"v0.0.100", 25, 21, 21, false},
		{"v0.1.0", 25, 21, 21, false},
	} {
		d, err := DialectOf(c.tag)
		if err != nil {
			t.Errorf("%s: %v", c.tag, err)
			continue
		}
		if d.Version.String() != c.tag || d.Exact != c.exact || len(d.Responses) != c.responses ||
			len(d.Requests) != c.requests || len(d.DocumentKeys) != c.document {
			t.Errorf("%s: %v exact %v, %d responses, %d requests, %d document keys",
				c.tag, d.Version, d.Exact, len(d.Responses), len(d.Requests), len(d.DocumentKeys))
		}
	}
}

func TestCapabilitiesBeginAndEndWithTheirVersions(t *testing.T) {
	for patch := 55; patch <= 101; patch++ {
		d, err := DialectOf(fmt.Sprintf("v0.0.%d", patch))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			got  bool
			want bool
		}{
			{"ARQ", d.ARQ, patch <= 72},
			{"old", d.Old(), patch <= 72},
			{"always a document event", d.AlwaysDocument, patch >= 72},
			{"session", d.Session, patch >= 73},
			{"PKI query", d.PKIQuery, patch >= 75},
			{"geometry", d.StatusGeometry, patch >= 76},
			{"unknown requests kill", d.UnknownRequestKills, patch <= 76},
			{"frame cap", d.FrameCap == MaxFrame, patch >= 77},
			{"precise SURBs", d.PreciseSURBs, patch >= 77},
			{"held greeting", d.HeldGreeting, patch >= 77},
			{"authorities", d.Authorities, patch >= 81},
			{"ARQ request", slices.Contains(d.Requests, keySendARQMessage), patch <= 72},
			{"session request", slices.Contains(d.Requests, keySessionToken), patch >= 73},
			{"PKI request", slices.Contains(d.Requests, keyGetPKIDocument), patch >= 75},
			{"streams", slices.Contains(d.Requests, "write_stream"), patch >= 78 && patch <= 88},
			{"vouchers", slices.Contains(d.Requests, "voucher_mint"), patch >= 80},
			{"authorities request", slices.Contains(d.Requests, keyGetAuthorities), patch >= 81},
			{"misspelt shutdown", slices.Contains(d.Responses, keyShudown), patch <= 72},
			{"shutdown", slices.Contains(d.Responses, keyShutdown), patch >= 73},
			{"dropped event", slices.Contains(d.Responses, "new_document_event"), patch <= 71},
			{"caps of delays", slices.Contains(d.DocumentKeys, "LambdaDMaxDelay"), patch <= 76},
			{"replica rate", slices.Contains(d.DocumentKeys, "LambdaR"), patch >= 73},
			{"envelope keys", slices.Contains(d.DocumentKeys, "ReplicaEnvelopeKeys"), patch >= 73 && patch <= 91},
		} {
			if c.got != c.want {
				t.Errorf("v0.0.%d: %s is %v", patch, c.name, c.got)
			}
		}
	}
}

func TestTheOrderOfTheKeysIsThatOfTheVersion(t *testing.T) {
	for _, c := range []struct {
		tag, key string
		at       int
		request  bool
	}{
		{"v0.0.72", keySent, 3, false},
		{"v0.0.73", keySessionReply, 0, false},
		{"v0.0.73", "create_courier_envelopes_from_payload_reply", 16, false},
		{"v0.0.75", keyPKIReply, 16, false},
		{"v0.0.78", "write_stream_reply", 11, false},
		{"v0.0.78", "read_stream_reply", 12, false},
		{"v0.0.80", "voucher_mint_reply", 22, false},
		{"v0.0.81", keyAuthoritiesReply, 19, false},
		{"v0.0.89", keyAuthoritiesReply, 17, false},
		{"v0.0.72", keySendARQMessage, 12, true},
		{"v0.0.73", "create_courier_envelopes_from_payload", 12, true},
		{"v0.0.75", keyGetPKIDocument, 12, true},
		{"v0.0.78", "write_stream", 7, true},
		{"v0.0.80", "voucher_mint", 18, true},
		{"v0.0.81", keyGetAuthorities, 15, true},
	} {
		d, err := DialectOf(c.tag)
		if err != nil {
			t.Fatal(err)
		}
		list := d.Responses
		if c.request {
			list = d.Requests
		}
		if got := slices.Index(list, c.key); got != c.at {
			t.Errorf("%s: %s is at %d, want %d", c.tag, c.key, got, c.at)
		}
	}
	for _, d := range Dialects() {
		if !slices.IsSortedFunc(d.DocumentKeys, func(a, b string) int {
			if len(a) != len(b) {
				return len(a) - len(b)
			}
			return slices.Compare([]byte(a), []byte(b))
		}) {
			t.Errorf("%v: document keys are not sorted: %q", d.Version, d.DocumentKeys)
		}
	}
}

// greetedAs is what a client makes of each row: the key set of the first frame,
// and the first status event.
func TestEveryRowIsToldByItsGreeting(t *testing.T) {
	told := map[string]string{
		"v0.0.55": "v0.0.55", "v0.0.71": "v0.0.55", "v0.0.72": "v0.0.72", "v0.0.73": "v0.0.73",
		"v0.0.75": "v0.0.75", "v0.0.76": "v0.0.76", "v0.0.77": "v0.0.76", "v0.0.78": "v0.0.78",
		"v0.0.80": "v0.0.80", "v0.0.81": "v0.0.81", "v0.0.89": "v0.0.99", "v0.0.92": "v0.0.99", "v0.0.99": "v0.0.99",
	}
	for _, d := range Dialects() {
		status := &ConnectionStatus{IsConnected: true}
		if d.StatusGeometry {
			status.Sphinx = &SphinxGeometry{UserForwardPayloadLength: 2000}
		}
		b, err := d.AppendResponse(nil, Response{Status: status})
		if err != nil {
			t.Fatal(err)
		}
		r, err := DecodeResponse(b)
		if err != nil {
			t.Fatal(err)
		}
		got := Detect(r.Keys).Refined(r.Status)
		if got.Version.String() != told[d.Version.String()] || !got.Exact {
			t.Errorf("%v is told as %v", d.Version, got.Version)
		}
		if got.StatusGeometry != d.StatusGeometry || got.Session != d.Session || got.PKIQuery != d.PKIQuery ||
			got.Authorities != d.Authorities || !slices.Equal(got.Requests, d.Requests) {
			t.Errorf("%v is told with other capabilities: %+v", d.Version, got)
		}
		if d.UnknownRequestKills && !got.UnknownRequestKills {
			t.Errorf("%v is told as one that survives unknown requests", d.Version)
		}
		delete(told, d.Version.String())
	}
	if len(told) > 0 {
		t.Errorf("not in the table: %v", told)
	}
}

func TestAGeometryRefinesAnUnknownKeySetToo(t *testing.T) {
	status := &ConnectionStatus{Sphinx: new(SphinxGeometry)}
	d := Detect(append(slices.Clone(responses75), "another_reply"))
	if d.StatusGeometry || d.Version.Patch != 75 || d.Refined(nil).StatusGeometry || d.Refined(new(ConnectionStatus)).StatusGeometry {
		t.Errorf("before the status: %+v", d)
	}
	if got := d.Refined(status); !got.StatusGeometry || got.Version.Patch != 76 || got.Exact {
		t.Errorf("after it: %+v", got)
	}
	if old := Detect(responses55); old.Refined(status).StatusGeometry {
		t.Error("a geometry makes no new daemon of an old one")
	}
}

func TestADocumentLeavesOutReplicaKeysThatHaveNoValueAndNoOthers(t *testing.T) {
	for _, d := range Dialects() {
		for _, with := range []bool{false, true} {
			doc := sample()
			doc.Rest = nil
			want := slices.Clone(d.DocumentKeys)
			if with {
				doc.Rest = map[string]cbor.RawMessage{
					"ReplicaEnvelopeKeys": {0xa0}, "ConfiguredReplicaIDs": {0x80}, "ConfiguredReplicaIdentityKeys": {0x80},
				}
			} else {
				want = without(want, "ReplicaEnvelopeKeys", "ConfiguredReplicaIDs", "ConfiguredReplicaIdentityKeys")
			}
			b, err := d.AppendDocument(nil, doc)
			if err != nil {
				t.Fatal(err)
			}
			entries, err := pairs(nil, b)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range entries {
				got = append(got, string(p.key))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v: %q, want %q", d.Version, got, want)
			}
		}
	}
}
