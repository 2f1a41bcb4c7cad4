package homing

import (
	"encoding/binary"
	"fmt"
)

// Framing is how the length of a payload travels. The network pads requests
// and replies with zeros and tells neither side how much was meant.
type Framing uint8

const (
	// Raw sends the payload as it is: for any existing service. A reply comes
	// with its padding, ForwardPayloadLength bytes in all; see Reply.CBOR.
	Raw Framing = iota
	// Sized puts a 4-byte big-endian length before the payload, both ways. The
	// service must do the same; an echo does so without knowing.
	Sized
)

// sizeBytes is the length of Sized's length.
const sizeBytes = 4

// String returns the framing's name.
func (f Framing) String() string {
	switch f {
	case Raw:
		return "raw"
	case Sized:
		return "sized"
	}
	return fmt.Sprintf("Framing(%d)", uint8(f))
}

// overhead is how many bytes of the payload the framing takes.
func (f Framing) overhead() int {
	if f == Sized {
		return sizeBytes
	}
	return 0
}

// wrap returns a framed copy of payload.
func (f Framing) wrap(payload []byte) []byte {
	framed := make([]byte, 0, f.overhead()+len(payload))
	if f == Sized {
		framed = binary.BigEndian.AppendUint32(framed, uint32(len(payload)))
	}
	return append(framed, payload...)
}

// unwrap returns the part of an answer that was meant, or ErrFraming.
func (f Framing) unwrap(answer []byte) ([]byte, error) {
	if f != Sized {
		return answer, nil
	}
	if len(answer) < sizeBytes {
		return nil, fmt.Errorf("%w: %d bytes have no room for a length", ErrFraming, len(answer))
	}
	size, rest := binary.BigEndian.Uint32(answer), answer[sizeBytes:]
	if uint64(size) > uint64(len(rest)) {
		return nil, fmt.Errorf("%w: it claims %d bytes and has %d; does the service speak Sized?", ErrFraming, size, len(rest))
	}
	return rest[:size], nil
}
