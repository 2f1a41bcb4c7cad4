package thin

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// recordedFrame is what a daemon said on one connection.
type recordedFrame struct {
	file string
	conn int
	at   time.Time
	item []byte
}

func recordedFrames(t testing.TB) []recordedFrame {
	t.Helper()
	files, err := filepath.Glob("wire/testdata/frames/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	var frames []recordedFrame
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var l struct {
				MS       float64 `json:"t_ms"`
				Conn     int
				Dir, Hex string
			}
			if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
				t.Fatal(err)
			}
			if l.Dir != "d2c" {
				continue
			}
			item, err := hex.DecodeString(l.Hex)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Unix(1e9, 0).Add(time.Duration(l.MS * float64(time.Millisecond)))
			frames = append(frames, recordedFrame{filepath.Base(file), l.Conn, at, item})
		}
	}
	return frames
}

// testLink is a link without a client.
func testLink(now time.Time) *link {
	s := newSession()
	l := &link{number: 1, session: &s, query: newID(), real: func(d time.Duration) time.Duration { return d }, speed: 1, limit: defaultPayload}
	l.begin(now, epochPeriod)
	return l
}

func TestRecordedConnectionsComeUpAndLoseNoEvent(t *testing.T) {
	type key struct {
		file string
		conn int
	}
	links := make(map[key]*link)
	counts := make(map[string]int)
	up := 0
	for _, f := range recordedFrames(t) {
		k := key{f.file, f.conn}
		l, ok := links[k]
		if !ok {
			l = testLink(f.at)
			links[k] = l
		}
		r, doc, err := decode(f.item)
		if err != nil {
			t.Fatal(err)
		}
		s := l.receive(f.at, &r, doc)
		if s.up {
			up++
		}
		for _, e := range s.events {
			switch e := e.(type) {
			case MessageSent:
				counts["sent"]++
				if e.Err != nil {
					counts["send errors"]++
				}
			case MessageReply:
				counts["replies"]++
			case Collected:
				counts["collected"]++
			case Shutdown:
				counts["shutdowns"]++
			case NewDocument:
				counts["documents"]++
			case Unrecognised:
				counts["unrecognised "+e.Key]++
			}
		}
	}
	// Not up: four of which only a status or an incomplete greeting was kept, and
	// the resumed one, whose proof of life was never asked.
	if len(links) != 25 || up != 20 {
		t.Errorf("%d connections, %d came up", len(links), up)
	}
	if want := (map[string]int{
		"documents": 21, "sent": 46, "send errors": 10, "replies": 28, "collected": 4, "shutdowns": 1,
		"unrecognised get_pki_document_reply": 2, "unrecognised get_directory_authorities_reply": 1,
	}); !maps.Equal(counts, want) {
		t.Errorf("counted %v, want %v", counts, want)
	}
}
