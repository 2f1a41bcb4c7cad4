package wire

import (
	"encoding/hex"
	"fmt"
)

// ID is a 16-byte identifier: a SURB ID, message ID, query ID, client or
// instance token. On the wire it is a byte string of exactly 16 bytes. The
// daemon pads a shorter one with zeros in silence; this package refuses it.
type ID [16]byte

// Hash is a 32-byte hash, as of a node's identity key. On the wire it is a byte
// string of exactly 32 bytes.
type Hash [32]byte

// String returns the identifier in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// UnmarshalCBOR accepts a byte string of exactly 16 bytes, in shortest form and
// without a tag. Anything else is ErrShape.
func (id *ID) UnmarshalCBOR(item []byte) error { return exactBytes(id[:], item) }

// UnmarshalCBOR accepts a byte string of exactly 32 bytes, in shortest form and
// without a tag. Anything else is ErrShape.
func (h *Hash) UnmarshalCBOR(item []byte) error { return exactBytes(h[:], item) }

// MarshalCBOR encodes the identifier as a byte string.
func (id ID) MarshalCBOR() ([]byte, error) { return appendBytes(nil, id[:]), nil }

// MarshalCBOR encodes the hash as a byte string.
func (h Hash) MarshalCBOR() ([]byte, error) { return appendBytes(nil, h[:]), nil }

// exactBytes decodes a byte string of len(dst) bytes. The generic decoder would
// pad a short one, truncate a long one and take an array of numbers.
func exactBytes(dst, item []byte) error {
	major, n, rest, err := head(item)
	if err != nil {
		return err
	}
	if major != majorBytes || n != uint64(len(dst)) || len(rest) != len(dst) {
		return &DecodeError{Kind: ErrShape, Text: fmt.Sprintf("not a byte string of %d bytes", len(dst))}
	}
	copy(dst, rest)
	return nil
}

// octets is a byte string or null. Unlike []byte it never takes an array of
// numbers.
type octets []byte

func (o *octets) UnmarshalCBOR(item []byte) error {
	if isNull(item) {
		*o = nil
		return nil
	}
	major, n, rest, err := head(item)
	if err != nil {
		return err
	}
	if major != majorBytes || n != uint64(len(rest)) {
		return &DecodeError{Kind: ErrShape, Text: "not a byte string"}
	}
	*o = append(make([]byte, 0, len(rest)), rest...)
	return nil
}

func (o octets) MarshalCBOR() ([]byte, error) {
	return appendNullableBytes(make([]byte, 0, 9+len(o)), o), nil
}
