package wire

import (
	"fmt"
	"slices"
)

// Dialect is the wire of one version of the daemon: its key sets and what it
// can be asked. The lists are shared and not to be modified.
type Dialect struct {
	// Version is the tag that was asked for; for a detected dialect the oldest
	// that fits what was seen, but v0.0.99 for its key set, which v0.0.89 has too.
	Version Version
	// Exact: the key sets are known in full.
	Exact bool

	Responses []string // keys of every response, in order
	Requests  []string // keys that may be sent, in the official client's order
	// Sparse: requests are written with their one key only, as the official
	// order is not known. Every daemon accepts that.
	Sparse bool

	Session             bool // session_token is known (v0.0.73)
	PKIQuery            bool // get_pki_document is known (v0.0.75)
	StatusGeometry      bool // the status event has both geometries (v0.0.76)
	Authorities         bool // get_directory_authorities is known (v0.0.81)
	AlwaysDocument      bool // the greeting has a document event even without a document (v0.0.72)
	HeldGreeting        bool // the greeting waits up to 30 s for a document (v0.0.77)
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

// DialectOf returns the dialect of a release tag, as "v0.0.99": the row of the
// table for that version or the nearest older one, as rows hold until the next.
// A version newer than the table gets the newest row, not Exact. It returns
// ErrUnknownVersion for what is no tag, for versions before v0.0.55, and for
// another major version than 0.
func DialectOf(tag string) (Dialect, error) {
	v, err := ParseVersion(tag)
	if err != nil {
		return Dialect{}, err
	}
	for _, d := range slices.Backward(dialects) {
		if v.Major == 0 && v.AtLeast(d.Version) {
			d.Exact = newest().Version.AtLeast(v)
			d.Version = v
			return d, nil
		}
	}
	return Dialect{}, fmt.Errorf("%w %v: want v0.0.55 or a later v0 tag", ErrUnknownVersion, v)
}

func newest() Dialect { return dialects[len(dialects)-1] }

// Dialects returns the rows of the table, oldest first. Neighbours may have the
// same key sets and differ in what they do.
func Dialects() []Dialect { return slices.Clone(dialects) }

// Detect tells the dialect from the keys of the first response: every response
// carries all keys that its version knows. Versions with the same keys are told
// by the oldest of them, except that the newest set is told as v0.0.99: from
// v0.0.89 on nothing changed that a client has to know. For a set that is not in
// the table the generation and each capability are taken from the key that
// proves it, and what is not proved is not there. Refined tells more once a
// status event has come.
func Detect(keys []string) Dialect {
	if d := newest(); slices.Equal(keys, d.Responses) {
		return d
	}
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
	d.AlwaysDocument = true
	d.DocumentKeys = document73
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
		{keyAuthoritiesReply, 81},
	} {
		if has(since.key) {
			d.Version.Patch = max(d.Version.Patch, since.patch)
		}
	}
	if has(keyAuthoritiesReply) {
		d.Authorities = true
		d.Requests = append(d.Requests, keyGetAuthorities)
	}
	if d.Version.Patch >= 77 {
		d.StatusGeometry = true
		d.UnknownRequestKills = false
		d.FrameCap = MaxFrame
		d.PreciseSURBs = true
		d.HeldGreeting = true
		d.DocumentKeys = newDocument
	}
	return d
}

// Refined returns the dialect with what a status event proves beyond the key
// set: v0.0.75 to v0.0.77 have the same keys, and a geometry in the event means
// v0.0.76 or newer. Without one, and for nil, it returns d.
func (d Dialect) Refined(s *ConnectionStatus) Dialect {
	if s == nil || s.Sphinx == nil || !d.Session || d.StatusGeometry {
		return d
	}
	if d.Exact {
		if row, err := DialectOf("v0.0.76"); err == nil && slices.Equal(row.Responses, d.Responses) {
			return row
		}
	}
	d.StatusGeometry = true
	if v := (Version{0, 0, 76}); !d.Version.AtLeast(v) {
		d.Version = v
	}
	return d
}

func (d *Dialect) shutdown() string {
	if d.Session {
		return keyShutdown
	}
	return keyShudown
}
