package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
)

func typed(t *testing.T, err error) {
	t.Helper()
	var de *DecodeError
	if !errors.As(err, &de) {
		t.Fatalf("%T %v is no *DecodeError", err, err)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0xa0}, 0)
	f.Add([]byte{0, 0, 0, 0}, 8)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1}, 1<<20)
	f.Fuzz(func(t *testing.T, stream []byte, limit int) {
		r := bytes.NewReader(stream)
		item, err := ReadFrame(r, limit, nil)
		switch {
		case err == nil:
			if limit > 0 && len(item) > limit || len(item) == 0 {
				t.Fatalf("%d bytes with limit %d", len(item), limit)
			}
			again, err := AppendFrame(nil, item)
			if err != nil || !bytes.Equal(again, stream[:len(again)]) {
				t.Fatalf("not what was read: %v", err)
			}
		case errors.Is(err, ErrFrameEmpty), errors.Is(err, ErrFrameTooLarge), err == io.EOF, err == io.ErrUnexpectedEOF:
		default:
			t.Fatalf("untyped error %v", err)
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	for _, r := range recording(f) {
		if r.dir == "d2c" || r.raw {
			f.Add(r.item)
		}
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		r, err := DecodeResponse(item)
		if err != nil {
			typed(t, err)
			return
		}
		if r.Other == ResponseAuthorities {
			if reply, err := DecodeAuthorities(r.Raw); err != nil {
				typed(t, err)
			} else if again, err := DecodeAuthorities(reply.Response().Raw); err != nil || !reflect.DeepEqual(again, reply) {
				t.Fatalf("authorities %+v are now %+v, %v", reply, again, err)
			}
		}
		// What was decoded can be said again, and means the same.
		d := Detect(r.Keys).Refined(r.Status)
		b, err := d.AppendResponse(nil, r)
		if err != nil {
			return // empty, or an event foreign to the generation
		}
		if _, err := DecodeResponse(b); err != nil {
			t.Fatalf("own encoding refused: %v\n%x", err, b)
		}
	})
}

func FuzzDecodeRequest(f *testing.F) {
	for _, r := range recording(f) {
		if r.dir == "c2d" {
			f.Add(r.item)
		}
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		r, err := DecodeRequest(item)
		if err != nil {
			typed(t, err)
			return
		}
		if r.Other == RequestAuthorities {
			if _, err := DecodeGetAuthorities(r.Raw); err != nil {
				typed(t, err)
			}
		}
		for _, d := range dialects {
			b, err := d.AppendRequest(nil, r)
			if err != nil {
				if !errors.Is(err, ErrNotInDialect) {
					t.Fatal(err)
				}
				continue
			}
			again, err := DecodeRequest(b)
			if err != nil {
				t.Fatalf("own encoding refused: %v\n%x", err, b)
			}
			if c, err := d.AppendRequest(nil, again); err != nil || !bytes.Equal(b, c) {
				t.Fatalf("not stable: %v\n%x\n%x", err, b, c)
			}
		}
	})
}

func FuzzDecodeDocument(f *testing.F) {
	seen := make(map[string]bool) // one document per version is enough of a start
	for _, r := range recording(f) {
		if seen[r.tag] || r.dir != "d2c" {
			continue
		}
		if got, err := DecodeResponse(r.item); err == nil && got.Document != nil {
			seen[r.tag] = true
			f.Add(got.Document.Payload)
		}
	}
	for _, d := range dialects {
		b, err := d.AppendDocument(nil, sample())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		doc, err := DecodeDocument(item)
		if err != nil {
			typed(t, err)
			return
		}
		for i := range doc.ServiceNodes {
			for _, name := range doc.ServiceNodes[i].Capabilities() {
				doc.ServiceNodes[i].Endpoint(name)
			}
		}
		for _, d := range dialects {
			b, err := d.AppendDocument(nil, doc)
			if err != nil {
				t.Fatal(err)
			}
			again, err := DecodeDocument(b)
			if err != nil {
				t.Fatalf("own encoding refused: %v\n%x", err, b)
			}
			if c, err := d.AppendDocument(nil, again); err != nil || !bytes.Equal(b, c) {
				t.Fatalf("not stable: %v", err)
			}
		}
	})
}
