package sim

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// versions are one of each kind that differs from its neighbours in what a
// client sees.
var versions = []string{"v0.0.55", "v0.0.71", "v0.0.73", "v0.0.76", "v0.0.77", "v0.0.99"}

// old tells whether a version is of the generation up to v0.0.72.
func old(version string) bool { return version < "v0.0.73" }

func TestARequestGoesThereAndBackOverARealSocket(t *testing.T) {
	for _, version := range versions {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(version+"/"+network, func(t *testing.T) {
				cfg := daemonConfig(version)
				cfg.Network, cfg.Speed = network, 1000
				if network == "unix" {
					cfg.Address = filepath.Join(t.TempDir(), "s")
				}
				d := startDaemon(t, cfg)
				a := join(t, d)
				status, document := a.greeting()
				if !status.IsConnected || document == nil {
					t.Fatalf("greeting %+v", status)
				}
				a.echoes(1)
				a.ask(wire.Request{ThinClose: true})
				a.ended()
			})
		}
	}
}

func TestSentEventsCarryTheVirtualUnixTimeTheETAAndTheMessageID(t *testing.T) {
	for _, version := range versions {
		start := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
		bubble(t, version, func(c *DaemonConfig) { c.Unix, c.Speed = start, 10 }, func(t *testing.T, d *Daemon) {
			begin := time.Now()
			a := greeted(t, d)
			m := a.message(1, "x")
			m.ID = &wire.ID{7}
			a.ask(wire.Request{SendMessage: m})
			s := a.sent()
			departed := time.Since(begin) * 10
			if want := start.Add(departed).Unix(); s.SentAt != want {
				t.Errorf("%s: sent_at %d, want %d", version, s.SentAt, want)
			}
			if s.MessageID == nil || *s.MessageID != (wire.ID{7}) || s.ReplyETA <= 0 || s.ReplyETA%time.Millisecond != 0 {
				t.Errorf("%s: %+v", version, s)
			}
			r := a.reply()
			took := time.Since(begin)*10 - departed
			if r.MessageID == nil || *r.MessageID != (wire.ID{7}) || (took-s.ReplyETA-100*time.Millisecond).Abs() > time.Microsecond {
				t.Errorf("%s: reply after %v, ETA %v", version, took, s.ReplyETA)
			}
		})
	}
}

func TestComposeErrorsComeAsSentEvents(t *testing.T) {
	for _, version := range versions {
		bubble(t, version, nil, func(t *testing.T, d *Daemon) {
			a := greeted(t, d)
			m := a.message(1, "x")
			m.Destination = nil
			a.ask(wire.Request{SendMessage: m})
			if s := a.sent(); s.Err != "request.DestinationIdHash is nil" || s.ReplyETA != 0 {
				t.Errorf("%s: %+v", version, s)
			}
			m = a.message(2, "x")
			m.Payload = make([]byte, 2001)
			a.ask(wire.Request{SendMessage: m})
			if s := a.sent(); s.Err != "message too large: 2001 > 2000" {
				t.Errorf("%s: %+v", version, s)
			}
		})
	}
}

func TestTheSameSURBIDOfTwoApplicationsIsAnsweredToNeither(t *testing.T) {
	for _, version := range versions {
		bubble(t, version, nil, func(t *testing.T, d *Daemon) {
			a, b := greeted(t, d), greeted(t, d)
			a.send(1, "x")
			b.send(1, "y")
			a.sent()
			b.sent()
			a.quiet(time.Minute)
			b.quiet(time.Second)
			if c := d.Counters(); c.Doubled != 2 {
				t.Errorf("%s: %+v", version, c)
			}
		})
	}
}

func TestADaemonWithAFullQueueStopsReading(t *testing.T) {
	for _, version := range versions {
		limit := 16
		if old(version) {
			limit = 200
		}
		bubble(t, version, nil, func(t *testing.T, d *Daemon) {
			d.DropGateway(time.Minute) // nothing leaves meanwhile
			a := join(t, d)
			a.greeting()
			other := join(t, d)
			other.greeting()
			// One more than the queue holds is read and waits in the reader.
			for i := range limit + 1 {
				a.send(byte(i), "x")
			}
			blocked := make(chan struct{})
			go func() {
				a.ask(wire.Request{ThinClose: true})
				close(blocked)
			}()
			synctest.Wait()
			select {
			case <-blocked:
				t.Errorf("%s: read on beyond %d", version, limit)
			default:
			}
			if q := d.Counters().Queued; q != limit {
				t.Errorf("%s: %d queued", version, q)
			}
			// Of another client a new daemon still takes requests.
			other.send(200, "x")
			synctest.Wait()
			want := limit
			if !old(version) {
				want++
			}
			if q := d.Counters().Queued; q != want {
				t.Errorf("%s: %d queued with the other's", version, q)
			}
			// Once the gateway is back the reader goes on.
			for open := true; open; {
				_, err := a.item()
				open = err == nil
			}
			<-blocked
		})
	}
}

func TestAnEpochChangeBringsEveryClientTheNewDocument(t *testing.T) {
	for _, version := range versions {
		late := 750 * time.Second
		if old(version) {
			late = 5 * time.Second
		}
		bubble(t, version, nil, func(t *testing.T, d *Daemon) {
			a := join(t, d)
			_, first := a.greeting()
			begin := time.Now()
			r := a.next()
			if r.Document == nil {
				t.Fatalf("%s: %+v", version, r)
			}
			document, err := wire.DecodeDocument(r.Document.Payload)
			if err != nil || document.Epoch != first.Epoch+1 {
				t.Errorf("%s: epoch %d after %d, %v", version, document.Epoch, first.Epoch, err)
			}
			if took := time.Since(begin); (took - 20*time.Minute - late).Abs() > time.Second {
				t.Errorf("%s: after %v", version, took)
			}
			d.NewDocument()
			if again := a.next().Document; again == nil || !slices.Equal(again.Payload, r.Document.Payload) {
				t.Errorf("%s: the document does not come twice", version)
			}
			d.AdvanceEpoch()
			if next := a.next().Document; next == nil || slices.Equal(next.Payload, r.Document.Payload) {
				t.Errorf("%s: no next document", version)
			}
		})
	}
}

func TestGatewayChangesAreToldAndVoidWhatIsInFlight(t *testing.T) {
	for _, version := range versions {
		plainly := func(c *DaemonConfig) { c.Without = []Quirk{UnencodableStatus, DuplicateStatus, WedgeAfterGateway} }
		bubble(t, version, plainly, func(t *testing.T, d *Daemon) {
			a := greeted(t, d)
			a.send(1, "lost")
			a.sent()
			d.DropGateway(30 * time.Second)
			a.send(2, "waits")
			for _, connected := range []bool{false, true} {
				if s := a.next().Status; s == nil || s.IsConnected != connected || s.Err != nil {
					t.Fatalf("%s: status %+v, want %v", version, s, connected)
				}
			}
			if s := a.sent(); *s.SURBID != (wire.ID{2}) {
				t.Errorf("%s: %+v", version, s)
			}
			if r := a.reply(); *r.SURBID != (wire.ID{2}) {
				t.Errorf("%s: %+v", version, r)
			}
			a.quiet(time.Minute)
		})
	}
}

// flood makes a daemon write more than a client that does not read can be
// behind, while another reads.
func flood(d *Daemon, reader *app) {
	for range writeLimit + 2 {
		d.NewDocument()
		reader.next()
	}
}

// backlog reads all that there is and returns how many frames that were.
func (a *app) backlog() (frames int) {
	for {
		a.c.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := wire.ReadFrame(a.c, 0, nil); err != nil {
			return frames
		}
		frames++
	}
}

func TestAClientThatDoesNotReadIsCutOffAloneWhereTheSinkNeitherDropsNorBlocks(t *testing.T) {
	for _, version := range versions {
		bubble(t, version, func(c *DaemonConfig) { c.Without = []Quirk{SinkDrops, SinkBlocks} }, func(t *testing.T, d *Daemon) {
			a, good := greeted(t, d), greeted(t, d)
			flood(d, good)
			if n := d.Counters().Unread; n != 1 {
				t.Errorf("%s: %d clients did not read", version, n)
			}
			a.backlog()
			a.ended()
			good.echoes(9)
		})
	}
}

func TestADaemonAnswersLocalQueries(t *testing.T) {
	bubble(t, "v0.0.99", nil, func(t *testing.T, d *Daemon) {
		a := join(t, d)
		_, document := a.greeting()
		a.ask(wire.Request{GetPKIDocument: &wire.GetPKIDocument{QueryID: wire.ID{5}}})
		if p := a.next().PKIReply; p == nil || p.QueryID != (wire.ID{5}) || p.Epoch != document.Epoch || p.ErrorCode != 0 || p.Payload == nil {
			t.Errorf("current document: %+v", p)
		}
		a.ask(wire.Request{GetPKIDocument: &wire.GetPKIDocument{QueryID: wire.ID{6}, Epoch: 1}})
		if p := a.next().PKIReply; p == nil || p.Epoch != 1 || p.ErrorCode != 10 || p.Payload != nil {
			t.Errorf("document of epoch 1: %+v", p)
		}
		a.ask(wire.Request{Other: "get_directory_authorities", Raw: append([]byte("\xa1\x68query_id\x50"), make([]byte, 16)...)})
		if r := a.next(); r.Other != "get_directory_authorities_reply" {
			t.Errorf("authorities: %+v", r)
		}
		a.ask(wire.Request{Other: "new_keypair", Raw: []byte{0xa0}})
		a.echoes(1)
		if c := d.Counters(); c.Unserved != 1 || c.tally.Violations != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestBadFramesEndTheirConnectionAlone(t *testing.T) {
	for _, version := range versions {
		for name, frame := range map[string][]byte{
			"zero length": {0, 0, 0, 0},
			"oversize":    {0x02, 0x80, 0, 1},
			"garbage":     {0, 0, 0, 3, 0xff, 0xff, 0xff},
			"short ID":    append([]byte{0, 0, 0, 20}, "\xa1\x6csend_message\xa1\x62id\x41\x01"...)[:24],
		} {
			bubble(t, version, nil, func(t *testing.T, d *Daemon) {
				a, b := greeted(t, d), greeted(t, d)
				a.raw(frame)
				a.ended()
				b.echoes(1)
				if v := d.Violations(); len(v) != 1 {
					t.Errorf("%s, %s: violations %v", version, name, v)
				}
			})
		}
	}
}

func TestClientAndDaemonShareOneClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock, err := NewClock(100)
		if err != nil {
			t.Fatal(err)
		}
		if clock.Now() == 0 {
			t.Error("a clock hands out 0")
		}
		cfg := daemonConfig("v0.0.99")
		cfg.Network, cfg.Clock, cfg.Speed = "pipe", clock, clock.Speed()
		d := startDaemon(t, cfg)
		if d.Clock() != Clock(clock) {
			t.Error("another clock")
		}
		a := greeted(t, d)
		a.send(1, "x")
		a.sent()
		departed := clock.Now()
		begin := time.Now()
		a.reply()
		if took := clock.Now().Sub(departed); (took - 100*time.Since(begin)).Abs() > time.Microsecond {
			t.Errorf("%v virtual in %v", took, time.Since(begin))
		}
	})
	for _, speed := range []float64{-1, 1e9} {
		if _, err := NewClock(speed); !errors.Is(err, ErrConfig) {
			t.Errorf("speed %v: %v", speed, err)
		}
	}
}
