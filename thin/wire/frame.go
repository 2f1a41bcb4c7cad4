package wire

import (
	"encoding/binary"
	"fmt"
	"io"
)

// MaxFrame is the largest CBOR item of a frame, in bytes: the cap of kpclientd
// since v0.0.77. Older daemons have none; this package keeps it for all.
const MaxFrame = 40 << 20

const (
	prefixLen = 4
	// readChunk bounds what a length prefix alone can make ReadFrame allocate.
	// It holds a document of about forty nodes.
	readChunk = 64 << 10
)

// ReadFrame reads one frame from r and returns its CBOR item. The item is
// stored in buf[:0] if it fits, so it is valid until buf's next use; memory
// beyond that grows with the bytes that have really arrived (at most twice
// these, or 64 KiB), never with the length that was announced.
//
// A limit of 0 or less, or beyond MaxFrame, means MaxFrame. ReadFrame returns
// ErrFrameEmpty, ErrFrameTooLarge, io.EOF if the stream ended between frames,
// io.ErrUnexpectedEOF if it ended within one, or r's own error.
func ReadFrame(r io.Reader, limit int, buf []byte) ([]byte, error) {
	if limit <= 0 || limit > MaxFrame {
		limit = MaxFrame
	}
	// The prefix goes through buf when it can, as a local array would escape.
	if cap(buf) < prefixLen {
		buf = make([]byte, prefixLen)
	}
	prefix := buf[:prefixLen]
	if _, err := io.ReadFull(r, prefix); err != nil {
		return nil, err
	}
	announced := binary.BigEndian.Uint32(prefix)
	switch {
	case announced == 0:
		return nil, ErrFrameEmpty
	case uint64(announced) > uint64(limit):
		return nil, fmt.Errorf("%w: %d bytes announced, limit %d", ErrFrameTooLarge, announced, limit)
	}
	n := int(announced)
	if cap(buf) < min(n, readChunk) {
		buf = make([]byte, min(n, readChunk))
	}
	have := 0
	for {
		end := min(n, cap(buf))
		got, err := io.ReadFull(r, buf[have:end:cap(buf)])
		have += got
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if have == n {
			return buf[:n], nil
		}
		grown := make([]byte, min(n, 2*have))
		copy(grown, buf[:have])
		buf = grown
	}
}

// AppendFrame appends item as a frame to dst. It returns dst unchanged and
// ErrFrameEmpty or ErrFrameTooLarge if item cannot be a frame.
func AppendFrame(dst, item []byte) ([]byte, error) {
	switch {
	case len(item) == 0:
		return dst, ErrFrameEmpty
	case len(item) > MaxFrame:
		return dst, fmt.Errorf("%w: %d bytes, limit %d", ErrFrameTooLarge, len(item), MaxFrame)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(item)))
	return append(dst, item...), nil
}

// WriteFrame writes item as a frame to w in one Write, so that frames of
// writers that share a lock never interleave. Errors are those of AppendFrame
// and of w.
func WriteFrame(w io.Writer, item []byte) error {
	frame, err := AppendFrame(make([]byte, 0, prefixLen+len(item)), item)
	if err != nil {
		return err
	}
	_, err = w.Write(frame)
	return err
}
