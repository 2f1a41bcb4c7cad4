package wire

import (
	"encoding/binary"

	"github.com/fxamacker/cbor/v2"
)

// Major types of RFC 8949 §3.1 that the protocol uses.
const (
	majorBytes = 2
	majorText  = 3
	majorArray = 4
	majorMap   = 5
	null       = 0xf6
)

// Limits on what is decoded. The largest real maps are those of a document's
// replica keys; the deepest real nesting (the advertised data of a service) is 5.
const (
	maxNesting  = 16
	maxElements = 1 << 16
	maxPairs    = 1 << 12
)

var (
	// whole checks one item, and decodes shapes with free-form values in them,
	// which may have tags.
	whole = decMode(cbor.TagsAllowed)
	// strict decodes the protocol's other shapes, which have no tags: a number
	// tagged as a time is none of its integers.
	strict = decMode(cbor.TagsForbidden)
	// sorted writes maps as the documents of the daemon have them: shorter keys
	// first, then by bytes (RFC 7049 §3.9).
	sorted = encMode()
)

func decMode(tags cbor.TagsMode) cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		MaxNestedLevels:   maxNesting,
		MaxArrayElements:  maxElements,
		MaxMapPairs:       maxPairs,
		TagsMd:            tags,
	}.DecMode()
	if err != nil {
		panic(err) // constant options
	}
	return m
}

func encMode() cbor.EncMode {
	m, err := cbor.EncOptions{Sort: cbor.SortLengthFirst}.EncMode()
	if err != nil {
		panic(err) // constant options
	}
	return m
}

// head splits an item into its major type, argument and what follows the
// argument. Indefinite lengths and reserved values are ErrMalformed, an
// argument that is not in shortest form is ErrShape.
func head(item []byte) (major byte, arg uint64, rest []byte, err error) {
	if len(item) == 0 {
		return 0, 0, nil, &DecodeError{Kind: ErrMalformed, Text: "unexpected end"}
	}
	major, low := item[0]>>5, item[0]&0x1f
	rest = item[1:]
	if low < 24 {
		return major, uint64(low), rest, nil
	}
	if low > 27 {
		return 0, 0, nil, &DecodeError{Kind: ErrMalformed, Text: "indefinite or reserved length"}
	}
	width := 1 << (low - 24)
	if len(rest) < width {
		return 0, 0, nil, &DecodeError{Kind: ErrMalformed, Text: "unexpected end"}
	}
	var wide [8]byte
	copy(wide[8-width:], rest)
	arg = binary.BigEndian.Uint64(wide[:])
	// Floats and simple values (major type 7) have no shortest form here.
	if major != 7 && arg < [...]uint64{24, 1 << 8, 1 << 16, 1 << 32}[low-24] {
		return 0, 0, nil, &DecodeError{Kind: ErrShape, Text: "integer or length not in shortest form"}
	}
	return major, arg, rest[width:], nil
}

// isNull reports whether item is null or undefined, which count as missing.
func isNull(item []byte) bool { return len(item) == 1 && (item[0] == null || item[0] == 0xf7) }

// pair is one entry of a map, both parts pointing into the input.
type pair struct {
	key   []byte
	value cbor.RawMessage
}

// pairs splits a well-formed map with text keys into its entries, in order. It
// appends to dst so that a caller can bring stack memory.
func pairs(dst []pair, item []byte) ([]pair, error) {
	if err := whole.Wellformed(item); err != nil {
		return nil, &DecodeError{Kind: ErrMalformed, Text: err.Error()}
	}
	major, n, rest, err := head(item)
	if err != nil {
		return nil, err
	}
	if major != majorMap {
		return nil, &DecodeError{Kind: ErrNotMap}
	}
	for range n {
		var p pair
		if p.key, rest, err = text(rest); err != nil {
			return nil, err
		}
		if p.value, rest, err = first(rest); err != nil {
			return nil, err
		}
		for _, earlier := range dst {
			if string(earlier.key) == string(p.key) {
				return nil, &DecodeError{Key: string(p.key), Kind: ErrDuplicateKey}
			}
		}
		dst = append(dst, p)
		if len(dst) > maxKeys {
			return nil, &DecodeError{Kind: ErrShape, Text: "too many keys"}
		}
	}
	return dst, nil
}

// maxKeys bounds the keys of the maps that pairs splits; real ones have 31 at
// most. It keeps the search for duplicates cheap.
const maxKeys = 256

func text(item []byte) (s, rest []byte, err error) {
	major, n, rest, err := head(item)
	if err != nil {
		return nil, nil, err
	}
	if major != majorText || n > uint64(len(rest)) {
		return nil, nil, &DecodeError{Kind: ErrNotMap}
	}
	return rest[:n], rest[n:], nil
}

// first cuts the first item off data, which is known to be well formed.
func first(data []byte) (item, rest []byte, err error) {
	if len(data) > 0 && data[0] == null { // most keys of every frame
		return data[:1], data[1:], nil
	}
	rest, err = whole.UnmarshalFirst(data, new(skipped))
	if err != nil {
		return nil, nil, &DecodeError{Kind: ErrMalformed, Text: err.Error()}
	}
	return data[:len(data)-len(rest)], rest, nil
}

// skipped takes an item without a copy.
type skipped struct{}

func (*skipped) UnmarshalCBOR([]byte) error { return nil }

// decode fills v from item by the strict rules, under the name key.
func decode(key string, item []byte, v any) error { return decodeBy(strict, key, item, v) }

func decodeBy(mode cbor.DecMode, key string, item []byte, v any) error {
	if err := mode.Unmarshal(item, v); err != nil {
		return within(key, err)
	}
	return nil
}
