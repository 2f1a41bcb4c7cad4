package sim

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// slops are how long after departure + ETA each version keeps a SURB: the poll
// interval and a second, or half a second for each of nine hops.
var slops = map[string]time.Duration{
	"v0.0.55": 1530 * time.Millisecond, "v0.0.71": 1530 * time.Millisecond,
	"v0.0.73": 1530 * time.Millisecond, "v0.0.76": 1530 * time.Millisecond,
	"v0.0.77": 4500 * time.Millisecond, "v0.0.99": 4500 * time.Millisecond,
}

func TestASURBLivesAsLongAsItsVersionKeepsIt(t *testing.T) {
	for _, version := range versions {
		for _, c := range []struct {
			residual time.Duration
			answered bool
		}{{slops[version], true}, {slops[version] + time.Millisecond, false}} {
			turn := func(cfg *DaemonConfig) { cfg.Mixnet.Residual = Constant(c.residual) }
			bubble(t, version, turn, func(t *testing.T, d *Daemon) {
				a := greeted(t, d)
				a.send(1, "x")
				if got := a.answers(time.Minute); got != c.answered {
					t.Errorf("%s: a residual of %v: answered %v", version, c.residual, got)
				}
			})
		}
	}
}

// complaint is a request that was recorded with the daemon's complaint.
type complaint struct {
	request *wire.SendMessage
	err     string
}

// complaints pairs the plain requests of a recording with what came of them.
func complaints(t *testing.T, scenario string) (all []complaint) {
	t.Helper()
	f, err := os.Open("../thin/wire/testdata/frames/" + scenario + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	asked := make(map[wire.ID]*wire.SendMessage)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var line struct{ Dir, Hex string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		item, err := hex.DecodeString(line.Hex)
		if err != nil {
			t.Fatal(err)
		}
		if line.Dir == "c2d" {
			if r, err := wire.DecodeRequest(item); err == nil && r.SendMessage != nil && r.SendMessage.SURBID != nil {
				asked[*r.SendMessage.SURBID] = r.SendMessage
			}
			continue
		}
		r, err := wire.DecodeResponse(item)
		if err != nil {
			t.Fatal(err)
		}
		if r.Sent != nil && r.Sent.Err != "" && asked[*r.Sent.SURBID] != nil {
			all = append(all, complaint{asked[*r.Sent.SURBID], r.Sent.Err})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestComplaintsAreInTheRecordedWords(t *testing.T) {
	recorded := append(complaints(t, "v0.0.55-send-errors"), complaints(t, "v0.0.55-raw-variants")...)
	recorded = append(recorded, complaints(t, "v0.0.99-payload-too-large")...)
	kinds := make(map[string]bool)
	for _, version := range versions {
		bubble(t, version, nil, func(t *testing.T, d *Daemon) {
			a := greeted(t, d)
			for i, c := range recorded {
				m := *c.request
				m.SURBID = &wire.ID{byte(i + 1)}
				unknown := bytes.Contains([]byte(c.err), []byte("service not found"))
				if m.Destination != nil && !unknown {
					m.Destination = a.message(0, "").Destination
				}
				a.ask(wire.Request{SendMessage: &m})
				if s := a.sent(); s.Err != c.err || s.ReplyETA != 0 {
					t.Errorf("%s: %q, recorded %q", version, s.Err, c.err)
				}
				kinds[c.err] = true
			}
		})
	}
	if len(kinds) != 5 {
		t.Errorf("only %d kinds of complaints were recorded: %v", len(kinds), kinds)
	}
}
