package main

import (
	"bytes"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/homing-mix/homing/thin/wire"
)

// FuzzFrames: whatever the pieces in which a stream passes, what is shown are
// its frames, as long as they can be.
func FuzzFrames(f *testing.F) {
	large := make([]byte, shownFrame+5)
	for _, items := range [][][]byte{{[]byte("a")}, {[]byte("abc"), []byte("d")}, {large, []byte("x")}} {
		var stream []byte
		for _, item := range items {
			stream, _ = wire.AppendFrame(stream, item)
		}
		f.Add(stream, uint8(1))
		f.Add(stream, uint8(7))
	}
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x01a"), uint8(3))
	f.Add([]byte("GARBAGE\x00\x00\x00\x01a"), uint8(200))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		type shown struct {
			item string
			size int
		}
		var got, want []shown
		var tapped frames
		tapped.show = func(item []byte, size int) { got = append(got, shown{string(item), size}) }
		for part := range slices.Chunk(stream, max(int(piece), 1)) {
			tapped.take(part)
		}
		for r := bytes.NewReader(stream); ; {
			item, err := wire.ReadFrame(r, 0, nil)
			if err != nil {
				break
			}
			s := shown{string(item), len(item)}
			if len(item) > shownFrame {
				s.item = ""
			}
			want = append(want, s)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d frames were shown, want %d", len(got), len(want))
		}
		if cap(tapped.item) > 4*shownFrame {
			t.Errorf("%d bytes are held", cap(tapped.item))
		}
	})
}

func TestATapChangesNothingThatPasses(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	closed := 0
	c := &tap{Conn: far, closed: func() { closed++ }}
	go io.WriteString(near, "whatever it is")
	text := make([]byte, 14)
	if _, err := io.ReadFull(c, text); err != nil || string(text) != "whatever it is" {
		t.Errorf("%q, %v", text, err)
	}
	go c.Write(text)
	if _, err := io.ReadFull(near, text); err != nil || string(text) != "whatever it is" {
		t.Errorf("%q, %v", text, err)
	}
	if c.Close(); closed != 1 {
		t.Error("the end was not told")
	}
}
