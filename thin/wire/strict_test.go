package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// item encodes v, with keys of maps in sorted order.
func item(t testing.TB, v any) []byte {
	t.Helper()
	b, err := sorted.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type obj = map[string]any

func sentWith(key string, value any) obj {
	event := obj{"message_id": nil, "surbid": make([]byte, 16), "sent_at": 1, "reply_eta": 1}
	event[key] = value
	return obj{keySent: event}
}

func TestAnIdentifierIsAByteStringOfExactlyItsLength(t *testing.T) {
	for name, v := range map[string]any{
		"8 bytes":          make([]byte, 8),
		"20 bytes":         make([]byte, 20),
		"array of numbers": slices.Repeat([]any{1}, 16),
		"text":             strings.Repeat("a", 16),
		"tagged":           cbor.Tag{Number: 37, Content: make([]byte, 16)},
		"long length":      cbor.RawMessage(append([]byte{0x58, 16}, make([]byte, 16)...)),
	} {
		if r, err := DecodeResponse(item(t, sentWith("surbid", v))); !errors.Is(err, ErrShape) && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s as SURB ID: %+v, %v", name, r.Sent, err)
		}
		if r, err := DecodeRequest(item(t, obj{keySendMessage: obj{"surbid": v}})); err == nil {
			t.Errorf("%s as SURB ID of a request: %+v", name, r.SendMessage)
		}
	}
	r, err := DecodeResponse(item(t, sentWith("surbid", make([]byte, 16))))
	if err != nil || r.Sent.SURBID == nil || r.Sent.MessageID != nil {
		t.Errorf("16 bytes: %+v, %v", r.Sent, err)
	}
	r, err = DecodeResponse(item(t, sentWith("surbid", nil)))
	if err != nil || r.Sent.SURBID != nil {
		t.Errorf("null: %+v, %v", r.Sent, err)
	}
}

func TestTimesOfASentEventArePlainIntegers(t *testing.T) {
	for _, key := range []string{"sent_at", "reply_eta"} {
		for name, v := range map[string]any{
			"a float":       1.5,
			"a whole float": 1.0,
			"tagged":        cbor.Tag{Number: 1, Content: 1},
			"text":          "1",
			"a bignum":      cbor.Tag{Number: 2, Content: []byte{1, 0, 0, 0, 0, 0, 0, 0, 0}},
			"too large":     uint64(math.MaxUint64),
		} {
			if r, err := DecodeResponse(item(t, sentWith(key, v))); err == nil {
				t.Errorf("%s as %s: %+v", name, key, r.Sent)
			}
		}
	}
	for _, ns := range []int64{-1, int64(MaxETA) + 1, math.MaxInt64} {
		if _, err := DecodeResponse(item(t, sentWith("reply_eta", ns))); !errors.Is(err, ErrShape) {
			t.Errorf("ETA %d: %v", ns, err)
		}
	}
}

func TestBytesAreNeverReadFromNumbersOrText(t *testing.T) {
	for _, v := range []any{[]any{1, 2}, "text", 7} {
		if r, err := DecodeResponse(item(t, obj{keyReply: obj{"payload": v}})); err == nil {
			t.Errorf("%v as payload: %v", v, r.Reply.Payload)
		}
	}
}

func TestMalformedItemsAreTypedErrors(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		want      error
	}{
		{"nothing", "", ErrMalformed},
		{"break codes", "ffffff", ErrMalformed},
		{"null", "f6", ErrNotMap},
		{"array", "80", ErrNotMap},
		{"number as key", "a101f6", ErrNotMap},
		{"indefinite map", "bf6161f6ff", ErrMalformed},
		{"indefinite text", "a17f6161fff6", ErrMalformed},
		{"indefinite value", "a161615f4101ff", ErrMalformed},
		{"truncated", "a26161f6", ErrMalformed},
		{"something behind", "a1616101f6", ErrMalformed},
		{"key twice", "a26161f66161f6", ErrDuplicateKey},
		{"map length not shortest", "b8016161f6", ErrShape},
		{"count of 2^63", "bb8000000000000000", ErrMalformed},
		{"nesting", "a16161" + strings.Repeat("81", 20) + "f6", ErrMalformed},
		{"inner key twice", "a1" + "72" + hex.EncodeToString([]byte(keySent)) + "a2" + "63657272" + "6161" + "63657272" + "6162", ErrDuplicateKey},
	} {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		var de *DecodeError
		if _, err := DecodeResponse(b); !errors.Is(err, c.want) || !errors.As(err, &de) {
			t.Errorf("%s: response: %v, want %v", c.name, err, c.want)
		}
		if _, err := DecodeRequest(b); c.name != "inner key twice" && !errors.Is(err, c.want) {
			t.Errorf("%s: request: %v, want %v", c.name, err, c.want)
		}
		if _, err := DecodeDocument(b); err == nil {
			t.Errorf("%s: is a document", c.name)
		}
	}
}

func TestFieldNamesMatchExactly(t *testing.T) {
	r, err := DecodeResponse(item(t, obj{keyStatus: obj{"Is_Connected": true}}))
	if err != nil || r.Status.IsConnected {
		t.Errorf("Is_Connected was taken for is_connected: %+v, %v", r.Status, err)
	}
	r, err = DecodeResponse(item(t, obj{"Shutdown_Event": obj{}}))
	if err != nil || r.Shutdown || r.Other != "Shutdown_Event" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestTheErrorOfAStatusEventIsOpaque(t *testing.T) {
	for _, v := range []any{nil, obj{}, obj{"Err": obj{"Op": "dial"}}, "text", cbor.Tag{Number: 40000, Content: 1}} {
		r, err := DecodeResponse(item(t, obj{keyStatus: obj{"is_connected": false, "err": v}}))
		if err != nil {
			t.Errorf("err %v: %v", v, err)
			continue
		}
		if v == nil && r.Status.Err != nil || v != nil && !bytes.Equal(r.Status.Err, item(t, v)) {
			t.Errorf("err %v: kept as %x", v, r.Status.Err)
		}
	}
}

func TestAResponseCarriesOneEvent(t *testing.T) {
	if _, err := DecodeResponse(item(t, obj{keyShutdown: obj{}, keyStatus: obj{}})); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("two events: %v", err)
	}
	// What a later version adds beside a known event does not hide the event.
	r, err := DecodeResponse(item(t, obj{"later": 1, keyShutdown: obj{}}))
	if err != nil || !r.Shutdown || r.Other != "" {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = DecodeResponse(item(t, obj{"later": 1, keyShutdown: nil}))
	if err != nil || r.Other != "later" || !bytes.Equal(r.Raw, []byte{1}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestEventsOfOtherConcernsPassThrough(t *testing.T) {
	for key := range knownResponses {
		r, err := DecodeResponse(item(t, obj{key: obj{"query_id": make([]byte, 16), "app_id": make([]byte, 16)}}))
		if err != nil {
			t.Errorf("%s: %v", key, err)
		}
		decoded := r.Status != nil || r.Document != nil || r.Session != nil || r.Sent != nil || r.Reply != nil ||
			r.Collected != nil || r.PKIReply != nil || r.Shutdown
		if decoded == (r.Other == key) {
			t.Errorf("%s: decoded %v, other %q", key, decoded, r.Other)
		}
	}
}

func TestDecodedValuesShareNoMemoryWithTheInput(t *testing.T) {
	frames := [][]byte{
		item(t, obj{keyReply: obj{"surbid": make([]byte, 16), "payload": []byte("payload")}}),
		item(t, obj{keyStatus: obj{"err": obj{"Err": "text"}}}),
		item(t, obj{keyDocument: obj{"payload": []byte("payload")}}),
		item(t, obj{"later": []byte("value")}),
	}
	for _, f := range frames {
		want, err := DecodeResponse(slices.Clone(f))
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeResponse(f)
		if err != nil {
			t.Fatal(err)
		}
		clear(f)
		if a, b := item(t, got), item(t, want); !bytes.Equal(a, b) {
			t.Errorf("changed with the input: %x, was %x", a, b)
		}
	}
}
