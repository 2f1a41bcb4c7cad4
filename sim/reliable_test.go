package sim

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// reliably sends a message for the daemon to retransmit.
func (a *app) reliably(id byte, body string) {
	a.t.Helper()
	m := a.message(0, body)
	m.ID, m.SURBID = &wire.ID{id}, nil
	a.ask(wire.Request{SendARQMessage: m})
}

// history is what a client of reliable messages was told: of each message, in
// the order of departure + ETA, every event with its fields.
type history struct {
	lines map[wire.ID][]string
	order []wire.ID
	surbs map[wire.ID][]wire.ID
	due   map[wire.ID]time.Duration // sent event + ETA
}

func newHistory() *history {
	return &history{lines: make(map[wire.ID][]string), surbs: make(map[wire.ID][]wire.ID), due: make(map[wire.ID]time.Duration)}
}

// add notes an event at a time. What is no event of a message is left out. SURB
// IDs are numbered as they appear, and times are whole units of 5 s after the
// ETA: what comes in between is the wait for the egress and the way.
func (h *history) add(t *testing.T, at time.Duration, item []byte) {
	t.Helper()
	r, err := wire.DecodeResponse(item)
	if err != nil {
		t.Fatal(err)
	}
	kind := event(t, item)
	var id, surb *wire.ID
	detail := ""
	switch {
	case r.Sent != nil:
		if id, surb = r.Sent.MessageID, r.Sent.SURBID; id == nil {
			return
		}
		h.due[*id] = at + r.Sent.ReplyETA
		detail = fmt.Sprintf("err %q, ETA zero %v", r.Sent.Err, r.Sent.ReplyETA == 0)
		h.order = append(h.order, *id)
	case r.Reply != nil:
		if id, surb = r.Reply.MessageID, r.Reply.SURBID; id == nil {
			return
		}
		detail = fmt.Sprintf("code %d, %d bytes", r.Reply.ErrorCode, len(r.Reply.Payload))
	case r.Collected != nil:
		id = r.Collected.MessageID
	default:
		return
	}
	if surb != nil {
		n := slices.Index(h.surbs[*id], *surb)
		if n < 0 {
			n = len(h.surbs[*id])
			h.surbs[*id] = append(h.surbs[*id], *surb)
		}
		detail += fmt.Sprintf(", SURB %d", n+1)
	}
	after := (at - h.due[*id]).Truncate(5 * time.Second)
	whole, _ := shape(item)
	_, value, _ := strings.Cut(whole, kind+":")
	value, _, _ = strings.Cut(value, "}")
	h.lines[*id] = append(h.lines[*id], fmt.Sprintf("%s %v after ETA: %s: %s", kind, after, detail, value))
}

func (h *history) String() string {
	var all string
	order := slices.Clone(h.order)
	slices.SortFunc(order, func(a, b wire.ID) int { return cmp.Compare(h.due[a], h.due[b]) })
	for i, id := range order {
		for _, line := range h.lines[id] {
			all += fmt.Sprintf("message %d: %s\n", i+1, line)
		}
	}
	return all
}

// recordedHistory reads a recording of connection 1.
func recordedHistory(t *testing.T, scenario string) *history {
	t.Helper()
	f, err := os.Open("../thin/wire/testdata/frames/" + scenario + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := newHistory()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var line struct {
			At   float64 `json:"t_ms"`
			Conn int
			Dir  string
			Hex  string
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Dir != "d2c" || line.Conn != 1 {
			continue
		}
		item, err := hex.DecodeString(line.Hex)
		if err != nil {
			t.Fatal(err)
		}
		h.add(t, time.Duration(line.At*float64(time.Millisecond)), item)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return h
}

// history reads events for a virtual time.
func (a *app) history(lasts time.Duration) *history {
	a.t.Helper()
	h := newHistory()
	begin := time.Now()
	for {
		a.c.SetReadDeadline(begin.Add(lasts))
		item, err := wire.ReadFrame(a.c, 0, nil)
		if err != nil {
			return h
		}
		h.add(a.t, time.Since(begin), item)
	}
}

func TestReliableMessagesOfOldDaemonsTakeTheCourseThatWasRecorded(t *testing.T) {
	for _, c := range []struct {
		scenario string
		lasts    time.Duration
		run      func(a *app)
	}{
		{"v0.0.55-arq-collected", 330 * time.Second, func(a *app) {
			for id := range byte(3) {
				a.reliably(id+1, "burst")
			}
		}},
		{"v0.0.55-arq-max-retries", 1000 * time.Second, func(a *app) {
			m := a.message(0, "never answered")
			m.ID, m.SURBID, m.Recipient = &wire.ID{1}, nil, []byte("+nosuch")
			a.ask(wire.Request{SendARQMessage: m})
		}},
		{"v0.0.55-arq-resent", 240 * time.Second, func(a *app) {
			a.d.SetWayLoss(0, 1)
			a.reliably(1, "lost once")
			time.AfterFunc(time.Minute, func() { a.d.SetLoss(0) })
		}},
	} {
		want := recordedHistory(t, c.scenario).String()
		for _, version := range []string{"v0.0.55", "v0.0.71", "v0.0.72"} {
			bubble(t, version, nil, func(t *testing.T, d *Daemon) {
				a := greeted(t, d)
				c.run(a)
				got := a.history(c.lasts).String()
				if got != want {
					t.Errorf("%s, %s:\n%s\nrecorded:\n%s", c.scenario, version, got, want)
				}
			})
		}
	}
}

func TestSendErrorsOfReliableMessagesAreThoseThatWereRecorded(t *testing.T) {
	recorded := recordedHistory(t, "v0.0.55-send-errors")
	var want []string
	for _, id := range recorded.order {
		want = append(want, recorded.lines[id][0])
	}
	bubble(t, "v0.0.55", nil, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		unknown := a.message(0, "x")
		unknown.ID, unknown.SURBID, unknown.Destination = &wire.ID{1}, nil, &wire.Hash{1}
		a.ask(wire.Request{SendARQMessage: unknown})
		got := a.history(time.Minute)
		if line := got.lines[wire.ID{1}]; len(line) != 1 || !slices.Contains(want, line[0]) {
			t.Errorf("%v\nrecorded %v", line, want)
		}
	})
}

func TestTheSameMessageIDTwiceIsAnsweredTwice(t *testing.T) {
	bubble(t, "v0.0.55", nil, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		a.reliably(1, "one")
		a.reliably(1, "two")
		h := a.history(time.Minute)
		if len(h.surbs[wire.ID{1}]) != 2 || len(h.lines[wire.ID{1}]) != 4 {
			t.Errorf("%s", h)
		}
	})
}

func TestAResendWaitsForRoomInTheQueue(t *testing.T) {
	bubble(t, "v0.0.55", nil, func(t *testing.T, d *Daemon) {
		a, b := greeted(t, d), greeted(t, d)
		d.SetLoss(1)
		a.reliably(1, "lost once")
		due := a.sent().ReplyETA + arqPatience
		d.SetLoss(0)
		time.Sleep(due - time.Minute)
		d.DropGateway(2 * time.Minute) // nothing leaves meanwhile
		for i := range 200 {
			m := b.message(1, "x")
			m.SURBID[1] = byte(i)
			b.ask(wire.Request{SendMessage: m})
		}
		go io.Copy(io.Discard, b.c)
		time.Sleep(90 * time.Second)
		synctest.Wait()
		if q := d.Counters().Queued; q != 200 {
			t.Fatalf("%d queued", q)
		}
		for {
			if r := a.next().Reply; r != nil {
				if *r.MessageID != (wire.ID{1}) || r.ErrorCode != 0 {
					t.Errorf("%+v", r)
				}
				return
			}
		}
	})
}

func TestReliableMessagesOfDaemonsWithoutTheirBugsAreAllAnswered(t *testing.T) {
	all := []Quirk{ARQOneTimer, ARQGCWrongID, ARQGCAnswered, ARQForgetsSURB, ARQDisconnectPanic, ARQUnknownWedges}
	bubble(t, "v0.0.55", func(c *DaemonConfig) { c.Without = all }, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		d.SetLoss(1)
		for id := range byte(5) {
			a.reliably(id+1, "lost once")
		}
		time.AfterFunc(time.Minute, func() { d.SetLoss(0) })
		h := a.history(20 * time.Minute)
		for _, id := range slices.SortedFunc(maps.Keys(h.lines), func(a, b wire.ID) int { return int(a[0]) - int(b[0]) }) {
			if n := len(h.lines[id]); n != 2 {
				t.Errorf("message %v: %v", id, h.lines[id])
			}
		}
		if len(h.lines) != 5 {
			t.Errorf("%d messages", len(h.lines))
		}
	})
}
