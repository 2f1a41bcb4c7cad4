package wire

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"
)

func frame(t testing.TB, item []byte) []byte {
	t.Helper()
	f, err := AppendFrame(nil, item)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFramesArriveWholeFromReadsOfAnySize(t *testing.T) {
	items := [][]byte{{0xa0}, bytes.Repeat([]byte{1}, readChunk), bytes.Repeat([]byte{2}, 5*readChunk+3), {0xf6}}
	var stream []byte
	for _, item := range items {
		stream = append(stream, frame(t, item)...)
	}
	for name, r := range map[string]io.Reader{
		"whole":    bytes.NewReader(stream),
		"one byte": iotest.OneByteReader(bytes.NewReader(stream)),
		"data+EOF": iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		var buf []byte
		for i, want := range items {
			got, err := ReadFrame(r, 0, buf)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: frame %d: %d bytes, %v", name, i, len(got), err)
			}
			buf = got
		}
		if _, err := ReadFrame(r, 0, buf); err != io.EOF {
			t.Errorf("%s: end of stream gives %v, want io.EOF", name, err)
		}
	}
}

func TestFramesOfZeroOrTooManyBytesAreRefusedBeforeTheirItem(t *testing.T) {
	for _, c := range []struct {
		stream []byte
		limit  int
		want   error
	}{
		{[]byte{0, 0, 0, 0, 1}, 0, ErrFrameEmpty},
		{[]byte{0, 0, 0, 9}, 8, ErrFrameTooLarge},
		{[]byte{2, 0x80, 0, 1}, 0, ErrFrameTooLarge},
		{[]byte{2, 0x80, 0, 1}, 1 << 40, ErrFrameTooLarge},
		{[]byte{0xff, 0xff, 0xff, 0xff}, -1, ErrFrameTooLarge},
		{[]byte{0, 0}, 0, io.ErrUnexpectedEOF},
		{[]byte{0, 0, 0, 2}, 0, io.ErrUnexpectedEOF},
		{[]byte{0, 0, 0, 2, 1}, 0, io.ErrUnexpectedEOF},
		{nil, 0, io.EOF},
	} {
		if _, err := ReadFrame(bytes.NewReader(c.stream), c.limit, nil); !errors.Is(err, c.want) {
			t.Errorf("%x with limit %d: %v, want %v", c.stream, c.limit, err, c.want)
		}
	}
	if _, err := AppendFrame(nil, make([]byte, MaxFrame+1)); !errors.Is(err, ErrFrameTooLarge) {
		t.Errorf("AppendFrame: %v", err)
	}
	if err := WriteFrame(io.Discard, nil); !errors.Is(err, ErrFrameEmpty) {
		t.Errorf("WriteFrame: %v", err)
	}
}

func TestALyingLengthPrefixAllocatesNoMoreThanWhatArrived(t *testing.T) {
	stream := append([]byte{2, 0x80, 0, 0}, make([]byte, 3*readChunk)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ReadFrame(bytes.NewReader(stream), 0, nil)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	// Chunks of 1, 2 and 4 times readChunk.
	if got := after.TotalAlloc - before.TotalAlloc; got > 10*readChunk {
		t.Errorf("%d bytes allocated for %d that arrived", got, len(stream))
	}
}

func TestAFrameThatFitsItsBufferAllocatesNothing(t *testing.T) {
	stream := frame(t, make([]byte, 2574))
	buf := make([]byte, 4096)
	r := bytes.NewReader(nil)
	if n := testing.AllocsPerRun(100, func() {
		r.Reset(stream)
		if _, err := ReadFrame(r, 0, buf); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
