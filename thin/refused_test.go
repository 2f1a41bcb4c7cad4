package thin

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homing-mix/homing/thin/wire"
)

// refused are the recorded requests that the client never writes, by file and
// line.
var refused = map[string]struct{ text, why string }{
	"v0.0.55-garbage:4":            {"malformed CBOR", "not CBOR: the daemon drops the connection"},
	"v0.0.55-raw-variants:4":       {"2001 bytes", "longer than a packet holds: the daemon says so in a sent event only"},
	"v0.0.55-raw-variants:6":       {"2001 bytes", "the same, once more"},
	"v0.0.55-raw-variants:11":      {"identifier is null", "an ARQ message without ID: nothing could be correlated"},
	"v0.0.55-raw-variants:17":      {"no daemon knows", "a key that no version has: what decodes it beside the message is not known"},
	"v0.0.55-send-errors:7":        {"33 bytes", "queue IDs have 32 bytes at most: the daemon refuses it"},
	"v0.0.55-send-errors:9":        {"0 bytes", "no queue ID: the daemon refuses it"},
	"v0.0.55-send-errors:11":       {"destination is null", "no destination: the daemon refuses it"},
	"v0.0.55-send-errors:16":       {"payload is null", "an empty payload is written as an empty string instead"},
	"v0.0.99-payload-too-large:10": {"2001 bytes", "longer than a packet holds"},
	"v0.0.99-payload-too-large:15": {"payload is null", "an empty payload is written as an empty string instead"},
	"v0.0.99-payload-too-large:18": {"has no SURB", "without SURB no event follows, and it never reaches the service"},
}

func TestRecordedRequestsThatAreNeverSentAreTheseAndNoOthers(t *testing.T) {
	got := make(map[string]error)
	sent := 0
	files, err := filepath.Glob("wire/testdata/frames/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		tag, _, _ := strings.Cut(name, "-")
		n := &connection{link: link{dialect: dialect(t, tag), limit: defaultPayload}}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for i := 1; lines.Scan(); i++ {
			var l struct{ Dir, Hex, Raw string }
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				t.Fatal(err)
			}
			if l.Dir != "c2d" {
				continue
			}
			item, err := hex.DecodeString(l.Hex + l.Raw)
			if err != nil {
				t.Fatal(err)
			}
			r, err := wire.DecodeRequest(item)
			if err == nil {
				_, err = n.frame(r)
			}
			if err != nil {
				got[fmt.Sprintf("%s:%d", name, i)] = err
			} else {
				sent++
			}
		}
	}
	for at, err := range got {
		if reason, ok := refused[at]; !ok || !strings.Contains(err.Error(), reason.text) {
			t.Errorf("%s: %v, want %q", at, err, reason.text)
		}
	}
	for at, reason := range refused {
		if got[at] == nil {
			t.Errorf("%s was encoded: %s", at, reason.why)
		}
	}
	if all := 61 + 21 + 1; sent+len(got) != all { // official clients, scripts, garbage
		t.Errorf("%d requests, want %d", sent+len(got), all)
	}
}
