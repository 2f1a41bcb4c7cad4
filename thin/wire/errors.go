package wire

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Errors of framing and decoding. Compare with errors.Is; those with details
// come wrapped in a *DecodeError or with the sizes in the text.
var (
	// ErrFrameEmpty is returned by ReadFrame for a frame of length zero, which
	// no daemon and no client sends.
	ErrFrameEmpty = errors.New("wire: frame of length zero")
	// ErrFrameTooLarge is returned by ReadFrame for a length prefix beyond the
	// limit, before anything of the frame is read, and by AppendFrame and
	// WriteFrame for an item beyond MaxFrame.
	ErrFrameTooLarge = errors.New("wire: frame larger than the limit")
	// ErrMalformed: the bytes are not one well-formed CBOR item within the limits
	// on nesting and counts, or something follows the item.
	ErrMalformed = errors.New("wire: malformed CBOR")
	// ErrNotMap: the item is well formed but no map with text keys.
	ErrNotMap = errors.New("wire: not a CBOR map with text keys")
	// ErrDuplicateKey: a map has one key twice.
	ErrDuplicateKey = errors.New("wire: duplicate key")
	// ErrShape: a field has another type, length or range than the protocol says.
	ErrShape = errors.New("wire: unexpected type or value")
	// ErrAmbiguous: a response carries two events.
	ErrAmbiguous = errors.New("wire: more than one event in a response")
	// ErrUnknownVersion is returned by DialectOf and ParseVersion.
	ErrUnknownVersion = errors.New("wire: unknown kpclientd version")
	// ErrNotInDialect is returned by AppendRequest and AppendResponse for a
	// message that the dialect's version does not know, or for none or several.
	ErrNotInDialect = errors.New("wire: message unknown to this version of the daemon")
)

// A DecodeError says where bytes from the other side are not what the protocol
// allows. Unwrap gives ErrMalformed, ErrNotMap, ErrDuplicateKey, ErrShape or
// ErrAmbiguous.
type DecodeError struct {
	Key  string // key path of the offending field, "" for the item as a whole
	Kind error  // one of the sentinels
	Text string // detail, may be empty
}

func (e *DecodeError) Error() string {
	s := e.Kind.Error()
	if e.Key != "" {
		s += fmt.Sprintf(" in %q", e.Key)
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Unwrap returns the sentinel.
func (e *DecodeError) Unwrap() error { return e.Kind }

// within returns err with key put in front of its key path.
func within(key string, err error) error {
	var d *DecodeError
	if errors.As(err, &d) {
		path := key
		if d.Key != "" {
			path += "." + d.Key
		}
		return &DecodeError{Key: path, Kind: d.Kind, Text: d.Text}
	}
	var twice *cbor.DupMapKeyError
	if errors.As(err, &twice) {
		return &DecodeError{Key: key, Kind: ErrDuplicateKey, Text: fmt.Sprint(twice.Key)}
	}
	return &DecodeError{Key: key, Kind: ErrShape, Text: err.Error()}
}
