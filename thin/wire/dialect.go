package wire

import (
	"fmt"
	"slices"
)

// Dialect is the wire of one version of the daemon: its key sets and what it
// can be asked. The lists are shared and not to be modified.
type Dialect struct {
	// Version is the tag of the table row; for a dialect that Detect derived
	// from an unknown key set, the oldest tag that fits what was seen.
	Version Version
	// Exact: the key set is one that is known in full.
	Exact bool

	Responses []string // keys of every response, in order
	Requests  []string // keys that may be sent, in the official client's order
	// Sparse: requests are written with their one key only, as the official
	// order is not known. Every daemon accepts that.
	Sparse bool

	Session             bool // session_token is known (v0.0.73)
	PKIQuery            bool // get_pki_document is known (v0.0.75)
	StatusGeometry      bool // the status event has both geometries (v0.0.76)
	ARQ                 bool // send_arq_message is known (up to v0.0.72)
	UnknownRequestKills bool // an unknown or empty request ends the daemon (up to v0.0.76)
	PreciseSURBs        bool // SURB keys are forgotten at ETA + 0.5 s × (2L+3) (v0.0.77)
	FrameCap            int  // largest frame in bytes the daemon takes; 0 no limit (up to v0.0.76)

	// DocumentKeys are the keys of the PKI document, in order.
	DocumentKeys []string
}

// Old reports the generation up to v0.0.72: one queue for all clients, no
// session, and the daemon's own retransmission.
func (d Dialect) Old() bool { return !d.Session }

// DialectOf returns the dialect of a release tag such as "v0.0.99". It returns
// ErrUnknownVersion for a tag whose key sets are not known.
func DialectOf(tag string) (Dialect, error) {
	v, err := ParseVersion(tag)
	if err != nil {
		return Dialect{}, err
	}
	for _, d := range dialects {
		if d.Version == v {
			return d, nil
		}
	}
	return Dialect{}, fmt.Errorf("%w %v: its key sets are not in the table", ErrUnknownVersion, v)
}

// Dialects returns all that are known, oldest first.
func Dialects() []Dialect { return slices.Clone(dialects) }

// Detect tells the dialect from the keys of the first response: every response
// carries all keys that its version knows. Versions with the same keys are told
// by the oldest of them. For a set that is not in the table the generation and
// each capability are taken from the key that proves it, and what is not proved
// is not there.
func Detect(keys []string) Dialect {
	for _, d := range dialects {
		if slices.Equal(keys, d.Responses) {
			return d
		}
	}
	has := func(k string) bool { return slices.Contains(keys, k) }
	d := Dialect{
		Responses:           slices.Clone(keys),
		Requests:            []string{keyThinClose, keySendMessage},
		Sparse:              true,
		UnknownRequestKills: true,
		DocumentKeys:        oldDocument,
	}
	if !has(keySessionReply) {
		// The requests of an unknown version of the old generation are those of
		// every known one.
		d.Version = dialects[0].Version
		d.ARQ = true
		d.Requests = append(d.Requests, keySendARQMessage)
		return d
	}
	d.Version = Version{0, 0, 73}
	d.Session = true
	d.Requests = append(d.Requests, keySessionToken)
	if has(keyPKIReply) {
		d.Version.Patch = 75
		d.PKIQuery = true
		d.Requests = append(d.Requests, keyGetPKIDocument)
	}
	for _, since := range [...]struct {
		key   string
		patch int
	}{
		{"write_stream_reply", 78},
		{"voucher_mint_reply", 80},
		{"get_directory_authorities_reply", 81},
	} {
		if has(since.key) {
			d.Version.Patch = max(d.Version.Patch, since.patch)
		}
	}
	if d.Version.Patch >= 77 {
		d.StatusGeometry = true
		d.UnknownRequestKills = false
		d.FrameCap = MaxFrame
		d.PreciseSURBs = true
		d.DocumentKeys = newDocument
	}
	return d
}

func (d *Dialect) shutdown() string {
	if d.Session {
		return keyShutdown
	}
	return keyShudown
}
