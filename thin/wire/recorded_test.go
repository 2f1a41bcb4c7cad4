package wire

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// row is one line of a recording.
type row struct {
	file string
	tag  string
	dir  string
	by   string
	item []byte
	raw  bool
	line int
}

func recording(t testing.TB) []row {
	t.Helper()
	files, err := filepath.Glob("testdata/frames/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		name := filepath.Base(file)
		tag, _, _ := strings.Cut(name, "-")
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			var l struct{ Dir, By, Hex, Raw string }
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				t.Fatalf("%s:%d: %v", name, n, err)
			}
			item, err := hex.DecodeString(l.Hex + l.Raw)
			if err != nil || (l.Hex == "") == (l.Raw == "") {
				t.Fatalf("%s:%d: hex %q raw %q: %v", name, n, l.Hex, l.Raw, err)
			}
			rows = append(rows, row{name, tag, l.Dir, l.By, item, l.Raw != "", n})
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// counts of the committed recordings: a row that is lost or skipped shows here.
var recorded = map[string]int{
	"d2c":                 139,
	"c2d official client": 61,
	"c2d script":          21,
	"c2d raw":             1,
}

// recordedRows are the committed recordings, each with its number of frames.
var recordedRows = map[string]int{
	"v0.0.55-arq-collected.jsonl":           15,
	"v0.0.55-arq-max-retries.jsonl":         6,
	"v0.0.55-arq-resent.jsonl":              6,
	"v0.0.55-basic.jsonl":                   15,
	"v0.0.55-connection-drop.jsonl":         15,
	"v0.0.55-garbage.jsonl":                 8,
	"v0.0.55-raw-variants.jsonl":            19,
	"v0.0.55-send-errors.jsonl":             35,
	"v0.0.71-dial-close.jsonl":              3,
	"v0.0.71-send-surb.jsonl":               6,
	"v0.0.99-dial-close.jsonl":              5,
	"v0.0.99-get-pki-and-authorities.jsonl": 11,
	"v0.0.99-payload-too-large.jsonl":       19,
	"v0.0.99-send-surb.jsonl":               8,
	"v0.0.99-session-resume.jsonl":          32,
	"v0.0.99-sigterm.jsonl":                 19,
}

func TestNoRecordingIsMissing(t *testing.T) {
	rows := make(map[string]int)
	for _, r := range recording(t) {
		rows[r.file]++
	}
	if !maps.Equal(rows, recordedRows) {
		t.Errorf("rows %v, want %v", rows, recordedRows)
	}
}

func TestEveryRecordedFrameIsUnderstoodAndReproduced(t *testing.T) {
	counted := make(map[string]int)
	for _, r := range recording(t) {
		d, err := DialectOf(r.tag)
		if err != nil {
			t.Fatal(err)
		}
		kind := r.dir
		switch {
		case r.dir == "d2c":
			checkResponse(t, r, d)
		case r.raw:
			kind += " raw"
			var de *DecodeError
			if _, err := DecodeRequest(r.item); !errors.As(err, &de) {
				t.Errorf("%s:%d: garbage gives %v, want a *DecodeError", r.file, r.line, err)
			}
			if _, err := DecodeResponse(r.item); !errors.As(err, &de) {
				t.Errorf("%s:%d: garbage gives %v, want a *DecodeError", r.file, r.line, err)
			}
		default:
			kind += " " + r.by
			checkRequest(t, r, d)
		}
		counted[kind]++
	}
	for kind, n := range recorded {
		if counted[kind] != n {
			t.Errorf("%d rows of kind %q, want %d", counted[kind], kind, n)
		}
		delete(counted, kind)
	}
	if len(counted) > 0 {
		t.Errorf("rows of unexpected kinds: %v", counted)
	}
}

func checkResponse(t *testing.T, r row, d Dialect) {
	t.Helper()
	got, err := DecodeResponse(r.item)
	if err != nil {
		t.Errorf("%s:%d: %v", r.file, r.line, err)
		return
	}
	again, err := d.AppendResponse(nil, got)
	if err != nil || !bytes.Equal(again, r.item) {
		t.Errorf("%s:%d: re-encoded to other bytes (%v)\n got %x\nwant %x", r.file, r.line, err, again, r.item)
	}
	if found := Detect(got.Keys); !found.Exact || found.Session != d.Session || found.PKIQuery != d.PKIQuery {
		t.Errorf("%s:%d: detected as %v", r.file, r.line, found.Version)
	}
	switch got.Other {
	case "":
	case ResponseAuthorities:
		reply, err := DecodeAuthorities(got.Raw)
		if err != nil || len(reply.Authorities) == 0 || !bytes.Equal(reply.Response().Raw, got.Raw) {
			t.Errorf("%s:%d: %+v, %v", r.file, r.line, reply, err)
		}
	default:
		t.Errorf("%s:%d: %s is not decoded", r.file, r.line, got.Other)
	}
	if got.Document == nil {
		return
	}
	doc, err := DecodeDocument(got.Document.Payload)
	if err != nil {
		t.Errorf("%s:%d: document: %v", r.file, r.line, err)
		return
	}
	if again, err := d.AppendDocument(nil, doc); err != nil || !bytes.Equal(again, got.Document.Payload) {
		t.Errorf("%s:%d: document re-encoded to other bytes (%v)", r.file, r.line, err)
	}
}

func checkRequest(t *testing.T, r row, d Dialect) {
	t.Helper()
	got, err := DecodeRequest(r.item)
	if err != nil {
		t.Errorf("%s:%d: %v", r.file, r.line, err)
		return
	}
	if got.Other == RequestAuthorities {
		id, err := DecodeGetAuthorities(got.Raw)
		if err != nil {
			t.Errorf("%s:%d: %v", r.file, r.line, err)
		}
		got = GetAuthorities(id)
	}
	if r.by == "official client" && (len(got.Unknown) > 0 || got.Other != "" && got.Other != RequestAuthorities) {
		t.Errorf("%s:%d: %+v is not made from its fields", r.file, r.line, got)
	}
	again, err := d.AppendRequest(nil, got)
	if err != nil {
		t.Errorf("%s:%d: %v", r.file, r.line, err)
		return
	}
	if r.by == "official client" && !bytes.Equal(again, r.item) {
		t.Errorf("%s:%d: re-encoded to other bytes\n got %x\nwant %x", r.file, r.line, again, r.item)
	}
	// What a script wrote in another order says the same once encoded.
	once, err := DecodeRequest(again)
	got.Unknown = nil
	if err != nil || !reflect.DeepEqual(once, got) {
		t.Errorf("%s:%d: %+v is now %+v (%v)", r.file, r.line, got, once, err)
	}
	twice, err := d.AppendRequest(nil, once)
	if err != nil || !bytes.Equal(again, twice) {
		t.Errorf("%s:%d: encoding is not stable (%v)", r.file, r.line, err)
	}
}

func TestUnknownRequestKeysAreListedAndIgnored(t *testing.T) {
	n := 0
	for _, r := range recording(t) {
		if r.file == "v0.0.55-raw-variants.jsonl" && r.by == "script" {
			got, err := DecodeRequest(r.item)
			if err != nil {
				t.Fatal(err)
			}
			if got.SendMessage == nil {
				t.Errorf("line %d: no send_message", r.line)
			}
			if slices.Equal(got.Unknown, []string{"bogus"}) {
				n++
			}
		}
	}
	if n != 1 {
		t.Errorf("%d requests with the unknown key, want 1", n)
	}
}

func TestRecordedDocumentsNameTheEchoService(t *testing.T) {
	n := 0
	for _, r := range recording(t) {
		if r.dir != "d2c" {
			continue
		}
		got, err := DecodeResponse(r.item)
		if err != nil || got.Document == nil {
			continue
		}
		doc, err := DecodeDocument(got.Document.Payload)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if doc.Mu != 0.005 || doc.LambdaP != 0.001 || len(doc.Topology) != 3 || len(doc.GatewayNodes) != 1 {
			t.Errorf("%s:%d: mu %v lambdaP %v layers %d", r.file, r.line, doc.Mu, doc.LambdaP, len(doc.Topology))
		}
		node := doc.ServiceNodes[0]
		if endpoint, ok := node.Endpoint("echo"); !ok || endpoint != "+echo" || len(node.IdentityKey) != 32 {
			t.Errorf("%s:%d: endpoint %q %v, key of %d bytes", r.file, r.line, endpoint, ok, len(node.IdentityKey))
		}
	}
	if n != 21 {
		t.Errorf("%d documents, want 21", n)
	}
}
