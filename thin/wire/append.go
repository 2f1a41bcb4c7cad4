package wire

import "encoding/binary"

// The append functions write CBOR as the daemon and the official client do:
// definite lengths and shortest integers (RFC 8949 §4.2.1).

func appendHead(dst []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n < 1<<8:
		return append(dst, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}

func appendInt(dst []byte, i int64) []byte {
	if i < 0 {
		return appendHead(dst, 1, uint64(-(i + 1)))
	}
	return appendHead(dst, 0, uint64(i))
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 0xf5)
	}
	return append(dst, 0xf4)
}

func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

func appendBytes(dst, b []byte) []byte {
	return append(appendHead(dst, majorBytes, uint64(len(b))), b...)
}

// appendNullableBytes writes nil as null and an empty slice as an empty string.
func appendNullableBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, null)
	}
	return appendBytes(dst, b)
}

func appendID(dst []byte, id *ID) []byte {
	if id == nil {
		return append(dst, null)
	}
	return appendBytes(dst, id[:])
}

func appendHash(dst []byte, h *Hash) []byte {
	if h == nil {
		return append(dst, null)
	}
	return appendBytes(dst, h[:])
}
