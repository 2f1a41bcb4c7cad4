package thin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/homing-mix/homing/thin/wire"
)

// framed encodes v as one frame.
func framed(t *testing.T, v any) []byte {
	t.Helper()
	item, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return rawFrame(t, item)
}

func rawFrame(t *testing.T, item []byte) []byte {
	t.Helper()
	b, err := wire.AppendFrame(nil, item)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// announced is a prefix for n bytes.
func announced(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

type m = map[string]any

// allocationCap is the most that a connection may allocate over what has come:
// buffers of the socket, the client's own state and the test's.
const allocationCap = 1 << 20

// hostile are bytes that no daemon sends, written to a link that is up, with
// the reason that the link ends with. Each is followed by silence unless the
// stream ends there.
var hostile = []struct {
	name  string
	bytes func(t *testing.T) []byte
	end   bool // the stream ends behind them
	want  error
}{
	{"a frame of length zero", func(*testing.T) []byte { return announced(0) }, false, wire.ErrFrameEmpty},
	{"a frame over the cap", func(*testing.T) []byte { return announced(wire.MaxFrame + 1) }, false, wire.ErrFrameTooLarge},
	{"a frame of 4 GiB", func(*testing.T) []byte { return announced(0xffffffff) }, false, wire.ErrFrameTooLarge},
	{"the end within a prefix", func(*testing.T) []byte { return []byte{0, 0} }, true, io.ErrUnexpectedEOF},
	{"the end within a frame", func(*testing.T) []byte { return append(announced(9), 0xa0) }, true, io.ErrUnexpectedEOF},
	{"the end within a frame of 40 MiB", func(*testing.T) []byte { return append(announced(wire.MaxFrame), 0xa0) }, true, io.ErrUnexpectedEOF},
	{"a half-open prefix", func(*testing.T) []byte { return []byte{0, 0} }, false, ErrStaleDocument},
	{"a half-open frame", func(*testing.T) []byte { return append(announced(9), 0xa0) }, false, ErrStaleDocument},
	{"a half-open frame of 40 MiB", func(*testing.T) []byte { return append(announced(wire.MaxFrame), 0xa0) }, false, ErrStaleDocument},
	{"no CBOR", func(t *testing.T) []byte { return rawFrame(t, []byte{0xff, 0xff}) }, false, wire.ErrMalformed},
	{"text", func(t *testing.T) []byte { return rawFrame(t, []byte("HTTP/1.1 400 Bad Request")) }, false, wire.ErrMalformed},
	{"an array", func(t *testing.T) []byte { return framed(t, []int{1}) }, false, wire.ErrNotMap},
	{"null", func(t *testing.T) []byte { return framed(t, nil) }, false, wire.ErrNotMap},
	{"two items in a frame", func(t *testing.T) []byte { return rawFrame(t, []byte{0xa0, 0xa0}) }, false, wire.ErrMalformed},
	{"garbage between frames", func(t *testing.T) []byte {
		return append([]byte("garbage"), framed(t, m{"shutdown_event": m{}})...)
	}, false, wire.ErrFrameTooLarge},
	{"an event that is a number", func(t *testing.T) []byte { return framed(t, m{"message_sent_event": 1}) }, false, wire.ErrShape},
	{"a bool that is text", func(t *testing.T) []byte {
		return framed(t, m{"connection_status_event": m{"is_connected": "yes"}})
	}, false, wire.ErrShape},
	{"an ETA that is a float", func(t *testing.T) []byte { return sentFrame(t, "reply_eta", 1.5) }, false, wire.ErrShape},
	{"a negative ETA", func(t *testing.T) []byte { return sentFrame(t, "reply_eta", -1) }, false, wire.ErrShape},
	{"an ETA of centuries", func(t *testing.T) []byte { return sentFrame(t, "reply_eta", uint64(1)<<62) }, false, wire.ErrShape},
	{"an error code of 256", func(t *testing.T) []byte {
		return framed(t, m{"message_reply_event": m{"surbid": make([]byte, 16), "error_code": 256}})
	}, false, wire.ErrShape},
	{"a SURB ID of 15 bytes", func(t *testing.T) []byte { return sentFrame(t, "surbid", make([]byte, 15)) }, false, wire.ErrShape},
	{"a SURB ID of 17 bytes", func(t *testing.T) []byte { return sentFrame(t, "surbid", make([]byte, 17)) }, false, wire.ErrShape},
	{"a SURB ID of numbers", func(t *testing.T) []byte { return sentFrame(t, "surbid", make([]int, 16)) }, false, wire.ErrShape},
	{"a payload of numbers", func(t *testing.T) []byte {
		return framed(t, m{"message_reply_event": m{"payload": []int{1, 2}}})
	}, false, wire.ErrShape},
	{"deep nesting", func(t *testing.T) []byte {
		return rawFrame(t, append([]byte("\xa1\x61x"), append(bytes.Repeat([]byte{0x81}, 1000), 0xf6)...))
	}, false, wire.ErrMalformed},
	{"a key twice", func(t *testing.T) []byte { return rawFrame(t, []byte("\xa2\x61x\xf6\x61x\xf6")) }, false, wire.ErrDuplicateKey},
	{"an inner key twice", func(t *testing.T) []byte {
		return rawFrame(t, []byte("\xa1\x76new_pki_document_event\xa2\x67payload\xf6\x67payload\xf6"))
	}, false, wire.ErrDuplicateKey},
	{"a map without length", func(t *testing.T) []byte { return rawFrame(t, []byte("\xbf\x61x\xf6\xff")) }, false, wire.ErrMalformed},
	{"a payload without length", func(t *testing.T) []byte {
		return rawFrame(t, []byte("\xa1\x76new_pki_document_event\xa1\x67payload\x5f\x41a\xff"))
	}, false, wire.ErrMalformed},
	{"a map of 2^32 pairs", func(t *testing.T) []byte { return rawFrame(t, []byte("\xba\xff\xff\xff\xff\x61x\xf6")) }, false, wire.ErrMalformed},
	{"a string of 2^62 bytes", func(t *testing.T) []byte {
		return rawFrame(t, []byte("\xa1\x76new_pki_document_event\xa1\x67payload\x5b\x40\x00\x00\x00\x00\x00\x00\x00"))
	}, false, wire.ErrMalformed},
	{"a document that is a list", func(t *testing.T) []byte {
		return framed(t, m{"new_pki_document_event": m{"payload": []byte{0x80}}})
	}, false, wire.ErrNotMap},
	{"a document without epoch", func(t *testing.T) []byte {
		return framed(t, m{"new_pki_document_event": m{"payload": []byte{0xa0}}})
	}, false, wire.ErrShape},
	{"a thousand keys", func(t *testing.T) []byte {
		keys := make(m)
		for i := range 1000 {
			keys[strings.Repeat("k", i+1)] = nil
		}
		return framed(t, keys)
	}, false, wire.ErrShape},
	{"two events at once", func(t *testing.T) []byte {
		return framed(t, m{"message_sent_event": m{}, "message_reply_event": m{}})
	}, false, wire.ErrAmbiguous},
}

func sentFrame(t *testing.T, key string, value any) []byte {
	t.Helper()
	event := m{"message_id": nil, "surbid": make([]byte, 16), "sent_at": 1, "reply_eta": 1}
	event[key] = value
	return framed(t, m{"message_sent_event": event})
}

func TestAHostileDaemonEndsTheLinkWithATypedReasonAndNothingElse(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, d *daemon) {
				client, s, p, up := d.up(nil)
				input := c.bytes(t)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				p.conn.SetWriteDeadline(time.Now().Add(time.Second)) // the client may leave within
				p.conn.Write(input)
				if c.end {
					p.conn.Close()
				}
				down := next[Down](t, s)
				runtime.ReadMemStats(&after)
				var link *LinkError
				if !errors.Is(down.Reason, c.want) || !errors.As(down.Reason, &link) || down.Connection != up.Connection {
					t.Errorf("%+v", down)
				}
				if n := after.TotalAlloc - before.TotalAlloc; n > allocationCap+uint64(2*len(input)) {
					t.Errorf("%d bytes allocated for %d that came", n, len(input))
				}
				// The client is as good as new.
				d.accept().greet(1)
				next[Up](t, s)
				none(t, s)
				client.Close()
			})
		})
	}
}

// greeting returns what a healthy daemon says until the Up, frame by frame.
func (d *daemon) greeting(t *testing.T) [][]byte {
	t.Helper()
	payload, err := d.dialect.AppendDocument(nil, sampleDocument(1))
	if err != nil {
		t.Fatal(err)
	}
	instance := instanceA
	responses := []wire.Response{
		{Status: &wire.ConnectionStatus{IsConnected: true, InstanceToken: &instance}},
		{Document: &wire.NewDocument{Payload: payload}},
		{Sent: &wire.MessageSent{SURBID: &wire.ID{1}}},
		{Reply: &wire.MessageReply{SURBID: &wire.ID{1}}},
	}
	if d.dialect.Session {
		responses = append(responses, wire.Response{Session: &wire.SessionReply{AppID: wire.ID{9}}})
	}
	var frames [][]byte
	for _, r := range responses {
		item, err := d.dialect.AppendResponse(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, rawFrame(t, item))
	}
	return frames
}

func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, p := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(p), at, n-1))
		}
	}
	return all
}

func TestFramesInAnyOrderBringTheLinkUpAndAreAllDelivered(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		frames := d.greeting(t)
		for _, order := range permutations(len(frames)) {
			d := newDaemon(t, d.dialect)
			c, s := d.client(nil)
			p := d.accept()
			go io.Copy(io.Discard, p.conn)
			for _, i := range order {
				p.conn.Write(frames[i])
			}
			synctest.Wait()
			seen := make(map[string]int)
			for {
				e, err, ok := s.take()
				if !ok {
					break
				}
				switch e.(type) {
				case Up:
					seen["up"]++
				case MessageSent:
					seen["sent"]++
				case MessageReply:
					seen["reply"]++
				case NewDocument:
					seen["document"]++
				case GatewayUp: // of an old daemon whose status came behind the document
				default:
					t.Errorf("%v: %T %+v, %v", order, e, e, err)
				}
			}
			if seen["up"] != 1 || seen["sent"] != 1 || seen["reply"] != 1 || seen["document"] != 1 {
				t.Errorf("%v: %v", order, seen)
			}
			c.Close()
			p.conn.Close()
		}
	})
}

func TestASlowDripIsReadToItsEnd(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		_, s := d.client(nil)
		p := d.accept()
		go io.Copy(io.Discard, p.conn)
		for _, f := range d.greeting(t) {
			for i := range f {
				p.conn.Write(f[i : i+1])
				time.Sleep(10 * time.Millisecond)
			}
		}
		for {
			e, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := e.(Up); ok {
				break
			}
		}
	})
}

func TestADripThatNeverEndsIsNoGreeting(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, _ := d.client(nil)
		p := d.accept()
		at := time.Now()
		f := d.greeting(t)[1] // a document
		for i := range f {
			if _, err := p.conn.Write(f[i : i+1]); err != nil {
				break
			}
			time.Sleep(10 * time.Second)
		}
		if waited := time.Since(at); waited > handshakeTimeout+20*time.Second {
			t.Errorf("left after %v", waited)
		}
		if err := c.Health().Reason; !errors.Is(err, ErrSilent) {
			t.Errorf("reason %v", err)
		}
	})
}

func TestADaemonThatStopsReadingIsLeftAndKeepsNobodyWaiting(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s, _, up := d.up(nil)
		var err error
		n := 0
		for ; err == nil && n < 10*writeQueue; n++ {
			m := message(0)
			m.SURBID = NewSURBID()
			err = c.Post(up.Connection, m)
			synctest.Wait()
		}
		if !errors.Is(err, ErrBusy) {
			t.Fatalf("%d posts, then %v", n, err)
		}
		if e := next[Down](t, s); !errors.Is(e.Reason, ErrWedged) {
			t.Errorf("%+v", e)
		}
		d.accept().status(true) // this one reads nothing either, and Close does not wait for it
		at := time.Now()
		c.Close()
		if waited := time.Since(at); waited > closeTimeout {
			t.Errorf("closed after %v", waited)
		}
	})
}
