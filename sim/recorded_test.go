package sim

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/homing-mix/homing/thin/wire"
)

// recorded returns the items that a real daemon sent, by the key of the event,
// the first of each.
func recorded(t *testing.T, scenarios ...string) map[string][]byte {
	t.Helper()
	items := make(map[string][]byte)
	for _, s := range scenarios {
		f, err := os.Open("../thin/wire/testdata/frames/" + s + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<22)
		for lines.Scan() {
			var line struct{ Dir, Hex string }
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			if line.Dir != "d2c" || line.Hex == "" {
				continue
			}
			item, err := hex.DecodeString(line.Hex)
			if err != nil {
				t.Fatal(err)
			}
			if key := event(t, item); items[key] == nil {
				items[key] = item
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return items
}

// event returns the key whose value is not null.
func event(t *testing.T, item []byte) string {
	t.Helper()
	var m map[string]cbor.RawMessage
	if err := cbor.Unmarshal(item, &m); err != nil {
		t.Fatal(err)
	}
	for k, v := range m {
		if !bytes.Equal(v, []byte{0xf6}) {
			return k
		}
	}
	t.Fatal("an empty event")
	return ""
}

// shape writes down what an item is made of: keys in order, types, lengths of
// short byte strings. Values of maps with keys that are no field names, and
// elements of lists, are shown once.
func shape(b []byte) (string, []byte) {
	major, info := b[0]>>5, uint64(b[0]&31)
	b = b[1:]
	if major == 7 {
		switch info {
		case 20, 21:
			return "bool", b
		case 22:
			return "null", b
		}
		return "float", b[1<<(info-24):]
	}
	if info >= 24 {
		n := 1 << (info - 24)
		info = 0
		for _, x := range b[:n] {
			info = info<<8 | uint64(x)
		}
		b = b[n:]
	}
	switch major {
	case 0, 1:
		return "int", b
	case 2:
		rest := b[info:]
		if info == 16 || info == 32 || info == 2574 {
			return fmt.Sprintf("bytes(%d)", info), rest
		}
		return "bytes", rest
	case 3:
		return "text", b[info:]
	case 4:
		var s, first string
		for i := range info {
			if s, b = shape(b); i == 0 {
				first = s
			}
		}
		return "[" + first + "]", b
	}
	var out strings.Builder
	out.WriteByte('{')
	for range info {
		var key string
		if err := cbor.Unmarshal(b[:keyLength(b)], &key); err != nil {
			key = "…"
		}
		_, b = shape(b)
		var s string
		s, b = shape(b)
		fmt.Fprintf(&out, "%s:%s ", key, s)
	}
	out.WriteByte('}')
	return out.String(), b
}

func keyLength(b []byte) int {
	_, rest := shape(b)
	return len(b) - len(rest)
}

func TestEventsHaveTheKeysAndShapesOfTheRecordedOnes(t *testing.T) {
	for version, scenarios := range map[string][]string{
		"v0.0.55": {"v0.0.55-basic"},
		"v0.0.71": {"v0.0.71-send-surb"},
		"v0.0.99": {"v0.0.99-send-surb", "v0.0.99-get-pki-and-authorities", "v0.0.99-sigterm"},
	} {
		real := recorded(t, scenarios...)
		bubble(t, version, nil, func(t *testing.T, d *Daemon) {
			a := join(t, d)
			mine := make(map[string][]byte)
			read := func() {
				item, err := a.item()
				if err != nil {
					t.Fatal(err)
				}
				mine[event(t, item)] = item
			}
			read()
			read()
			a.send(1, "x")
			read()
			read()
			if version == "v0.0.99" {
				a.ask(wire.Request{SessionToken: &wire.SessionToken{}})
				read()
				a.ask(wire.Request{GetPKIDocument: &wire.GetPKIDocument{}})
				read()
				a.ask(wire.Request{Other: "get_directory_authorities", Raw: append([]byte("\xa1\x68query_id\x50"), make([]byte, 16)...)})
				read()
				if err := d.Restart(); err != nil {
					t.Fatal(err)
				}
				read()
			}
			if len(mine) != len(real) {
				t.Errorf("%s: %d kinds of events, recorded %d", version, len(mine), len(real))
			}
			for key, item := range mine {
				if real[key] == nil {
					t.Errorf("%s: no %s was recorded", version, key)
					continue
				}
				got, _ := shape(item)
				want, _ := shape(real[key])
				if got != want {
					t.Errorf("%s: %s\n%s\nrecorded\n%s", version, key, got, want)
				}
			}
			compareDocuments(t, version, mine["new_pki_document_event"], real["new_pki_document_event"])
		})
	}
}

// compareDocuments compares the document and the descriptors within it, but for
// what the look-alike leaves null: storage replicas and what belongs to them.
func compareDocuments(t *testing.T, version string, mine, real []byte) {
	t.Helper()
	decode := func(item []byte) (string, *wire.Document) {
		r, err := wire.DecodeResponse(item)
		if err != nil {
			t.Fatal(err)
		}
		d, err := wire.DecodeDocument(r.Document.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"StorageReplicas", "ConfiguredReplicaIDs", "ConfiguredReplicaIdentityKeys", "PriorSharedRandom", "SharedRandomValue"} {
			delete(d.Rest, key)
		}
		dialect, err := wire.DialectOf(version)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := dialect.AppendDocument(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := shape(encoded)
		return s, d
	}
	got, m := decode(mine)
	want, r := decode(real)
	if got != want {
		t.Errorf("%s: document\n%s\nrecorded\n%s", version, got, want)
	}
	if m.Version != r.Version || m.PKISignatureScheme != r.PKISignatureScheme || m.Mu != r.Mu || m.LambdaP != r.LambdaP ||
		m.MuMaxDelay != r.MuMaxDelay || m.LambdaPMaxDelay != r.LambdaPMaxDelay || m.SendRatePerMinute != r.SendRatePerMinute {
		t.Errorf("%s: %+v\nrecorded\n%+v", version, m, r)
	}
	for i, pair := range [][2]wire.Descriptor{
		{m.Topology[0][0], r.Topology[0][0]}, {m.GatewayNodes[0], r.GatewayNodes[0]}, {m.ServiceNodes[0], r.ServiceNodes[0]},
	} {
		a, b := pair[0], pair[1]
		if len(a.IdentityKey) != len(b.IdentityKey) || len(a.LinkKey) != len(b.LinkKey) || len(a.MixKeys) != len(b.MixKeys) ||
			a.IsGatewayNode != b.IsGatewayNode || a.IsServiceNode != b.IsServiceNode || a.AuthenticationType != b.AuthenticationType {
			t.Errorf("%s: descriptor %d\n%+v\nrecorded\n%+v", version, i, a, b)
		}
		x, _ := a.Endpoint("echo")
		if y, _ := b.Endpoint("echo"); x != y {
			t.Errorf("%s: endpoint %q, recorded %q", version, x, y)
		}
	}
}
