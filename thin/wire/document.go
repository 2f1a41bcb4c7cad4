package wire

import (
	"fmt"
	"math"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// Document is the PKI document of one epoch as the daemon hands it out, without
// signatures. Rates are per millisecond, delays in milliseconds.
type Document struct {
	Epoch, GenesisEpoch uint64
	Version             string

	Mu                                          float64 // 1/mean delay of a hop
	LambdaP                                     float64 // packets that a client sends
	LambdaL, LambdaM, LambdaG, LambdaD, LambdaR float64 // D up to v0.0.76, R from v0.0.73 on

	// Only in documents of daemons up to v0.0.76.
	MuMaxDelay, LambdaPMaxDelay, LambdaLMaxDelay      uint64
	LambdaMMaxDelay, LambdaGMaxDelay, LambdaDMaxDelay uint64
	LambdaRMaxDelay                                   uint64 // v0.0.73 to v0.0.76
	SendRatePerMinute                                 uint64

	Topology     [][]Descriptor // layers of mixes
	GatewayNodes []Descriptor
	ServiceNodes []Descriptor

	SphinxGeometryHash []byte
	PKISignatureScheme string

	// Rest are the values of all other keys, undecoded: shared randomness,
	// storage replicas and what later versions add. Nil is null.
	Rest map[string]cbor.RawMessage
}

// field returns a pointer to decode the key's value into or to encode it from,
// nil for the keys of Rest.
func (d *Document) field(key string) any {
	switch key {
	case "Epoch":
		return &d.Epoch
	case "GenesisEpoch":
		return &d.GenesisEpoch
	case "Version":
		return &d.Version
	case "Mu":
		return (*rate)(&d.Mu)
	case "LambdaP":
		return (*rate)(&d.LambdaP)
	case "LambdaL":
		return (*rate)(&d.LambdaL)
	case "LambdaM":
		return (*rate)(&d.LambdaM)
	case "LambdaG":
		return (*rate)(&d.LambdaG)
	case "LambdaD":
		return (*rate)(&d.LambdaD)
	case "LambdaR":
		return (*rate)(&d.LambdaR)
	case "MuMaxDelay":
		return &d.MuMaxDelay
	case "LambdaPMaxDelay":
		return &d.LambdaPMaxDelay
	case "LambdaLMaxDelay":
		return &d.LambdaLMaxDelay
	case "LambdaMMaxDelay":
		return &d.LambdaMMaxDelay
	case "LambdaGMaxDelay":
		return &d.LambdaGMaxDelay
	case "LambdaDMaxDelay":
		return &d.LambdaDMaxDelay
	case "LambdaRMaxDelay":
		return &d.LambdaRMaxDelay
	case "SendRatePerMinute":
		return &d.SendRatePerMinute
	case "Topology":
		return &d.Topology
	case "GatewayNodes":
		return &d.GatewayNodes
	case "ServiceNodes":
		return &d.ServiceNodes
	case "SphinxGeometryHash":
		return (*octets)(&d.SphinxGeometryHash)
	case "PKISignatureScheme":
		return &d.PKISignatureScheme
	}
	return nil
}

// rate is a finite number, not negative.
type rate float64

func (r *rate) UnmarshalCBOR(item []byte) error {
	if isNull(item) {
		*r = 0
		return nil
	}
	var f float64
	if err := strict.Unmarshal(item, &f); err != nil {
		return err
	}
	if math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		return &DecodeError{Kind: ErrShape, Text: fmt.Sprintf("rate %v", f)}
	}
	*r = rate(f)
	return nil
}

// DecodeDocument decodes the payload of new_pki_document_event. It returns a
// *DecodeError; so for an epoch of 0, which names no epoch.
func DecodeDocument(item []byte) (*Document, error) {
	entries, err := pairs(nil, item)
	if err != nil {
		return nil, err
	}
	d := new(Document)
	for _, p := range entries {
		key := string(p.key)
		if f := d.field(key); f != nil {
			if err := decodeBy(whole, key, p.value, f); err != nil {
				return nil, err
			}
			continue
		}
		if d.Rest == nil {
			d.Rest = make(map[string]cbor.RawMessage)
		}
		d.Rest[key] = slices.Clone(p.value)
	}
	if d.Epoch == 0 {
		return nil, missing("document", "Epoch")
	}
	return d, nil
}

// AppendDocument appends the document to dst with the keys of the dialect's
// version: what new_pki_document_event carries as payload. A key that the
// version has and Rest lacks is null, or left out where the daemon does so (the
// replica keys); one that the version lacks is left out.
// It returns ErrShape in a *DecodeError if a raw value is not one CBOR item.
func (d Dialect) AppendDocument(dst []byte, doc *Document) ([]byte, error) {
	keys := d.DocumentKeys
	if slices.ContainsFunc(keys, func(k string) bool { return omitted[k] && doc.Rest[k] == nil }) {
		keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return omitted[k] && doc.Rest[k] == nil })
	}
	out := appendHead(dst, majorMap, uint64(len(keys)))
	for _, key := range keys {
		out = appendText(out, key)
		var v any = doc.Rest[key]
		if f := doc.field(key); f != nil {
			v = f
		}
		b, err := sorted.Marshal(v)
		if err != nil {
			return dst, within(key, err)
		}
		out = append(out, b...)
	}
	return out, nil
}
