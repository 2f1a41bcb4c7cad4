package wire

import (
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// Descriptor is one node of a document. In the document it is a byte string
// that holds a CBOR map.
type Descriptor struct {
	Name        string
	Epoch       uint64
	IdentityKey []byte // its BLAKE2b-256 is the node's address
	LinkKey     []byte
	MixKeys     map[uint64][]byte   // by epoch
	Addresses   map[string][]string // by transport

	// Kaetzchen are the services by capability, with values of any shape; see
	// Endpoint. KaetzchenAdvertizedData is not decoded.
	Kaetzchen               map[string]cbor.RawMessage
	KaetzchenAdvertizedData cbor.RawMessage

	IsGatewayNode, IsServiceNode bool
	LoadWeight                   uint8
	AuthenticationType           string
	Version                      string
}

// descriptorShape is the map within the byte string. Its keys are sorted,
// shorter ones first, by the encoder.
type descriptorShape struct {
	Name                    string
	Epoch                   uint64
	IdentityKey             octets
	LinkKey                 octets
	MixKeys                 map[uint64]octets
	Addresses               map[string][]string
	Kaetzchen               map[string]cbor.RawMessage
	KaetzchenAdvertizedData cbor.RawMessage
	IsGatewayNode           bool
	IsServiceNode           bool
	LoadWeight              uint8
	AuthenticationType      string
	Version                 string
}

// UnmarshalCBOR decodes a byte string that holds a descriptor. It returns a
// *DecodeError.
func (d *Descriptor) UnmarshalCBOR(item []byte) error {
	var inner octets
	if err := inner.UnmarshalCBOR(item); err != nil {
		return err
	}
	var s descriptorShape
	if err := decodeBy(whole, "descriptor", inner, &s); err != nil {
		return err
	}
	*d = Descriptor{
		Name: s.Name, Epoch: s.Epoch, IdentityKey: s.IdentityKey, LinkKey: s.LinkKey, Addresses: s.Addresses,
		Kaetzchen: s.Kaetzchen, KaetzchenAdvertizedData: s.KaetzchenAdvertizedData,
		IsGatewayNode: s.IsGatewayNode, IsServiceNode: s.IsServiceNode, LoadWeight: s.LoadWeight,
		AuthenticationType: s.AuthenticationType, Version: s.Version,
	}
	if s.MixKeys != nil {
		d.MixKeys = make(map[uint64][]byte, len(s.MixKeys))
		for epoch, key := range s.MixKeys {
			d.MixKeys[epoch] = key
		}
	}
	return nil
}

// MarshalCBOR encodes the descriptor as a byte string that holds a map.
func (d Descriptor) MarshalCBOR() ([]byte, error) {
	s := descriptorShape{
		Name: d.Name, Epoch: d.Epoch, IdentityKey: d.IdentityKey, LinkKey: d.LinkKey, Addresses: d.Addresses,
		Kaetzchen: d.Kaetzchen, KaetzchenAdvertizedData: d.KaetzchenAdvertizedData,
		IsGatewayNode: d.IsGatewayNode, IsServiceNode: d.IsServiceNode, LoadWeight: d.LoadWeight,
		AuthenticationType: d.AuthenticationType, Version: d.Version,
	}
	if d.MixKeys != nil {
		s.MixKeys = make(map[uint64]octets, len(d.MixKeys))
		for epoch, key := range d.MixKeys {
			s.MixKeys[epoch] = key
		}
	}
	inner, err := sorted.Marshal(s)
	if err != nil {
		return nil, err
	}
	return appendBytes(make([]byte, 0, 9+len(inner)), inner), nil
}

// Endpoint returns the text under "endpoint" of a capability, whose bytes are
// the queue ID to send to. It is false if the node does not offer the
// capability or describes it in another shape.
func (d *Descriptor) Endpoint(capability string) (string, bool) {
	value, ok := d.Kaetzchen[capability]
	if !ok {
		return "", false
	}
	var parameters map[string]cbor.RawMessage
	if whole.Unmarshal(value, &parameters) != nil {
		return "", false
	}
	var endpoint string
	raw, ok := parameters["endpoint"]
	if !ok || isNull(raw) || whole.Unmarshal(raw, &endpoint) != nil {
		return "", false
	}
	return endpoint, true
}

// Capabilities returns the names of the node's services, sorted.
func (d *Descriptor) Capabilities() []string {
	names := make([]string, 0, len(d.Kaetzchen))
	for name := range d.Kaetzchen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// KaetzchenEndpoint returns the value of Descriptor.Kaetzchen for a service
// that answers at endpoint, as "+echo".
func KaetzchenEndpoint(endpoint string) cbor.RawMessage {
	return appendText(appendText(appendHead(nil, majorMap, 1), "endpoint"), endpoint)
}
