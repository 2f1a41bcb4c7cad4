package wire

import "github.com/fxamacker/cbor/v2"

// Keys under Request.Other and Response.Other of the query for the directory
// authorities (v0.0.81), whose values the functions below decode.
const (
	RequestAuthorities  = keyGetAuthorities
	ResponseAuthorities = keyAuthoritiesReply
)

// GetAuthorities returns the request for the directory authorities.
func GetAuthorities(query ID) Request {
	raw := appendID(appendText(appendHead(nil, majorMap, 1), "query_id"), &query)
	return Request{Other: RequestAuthorities, Raw: raw}
}

// DecodeGetAuthorities decodes the value of get_directory_authorities, its query
// ID. It returns a *DecodeError.
func DecodeGetAuthorities(raw cbor.RawMessage) (ID, error) {
	var s struct {
		QueryID *ID `cbor:"query_id"`
	}
	if err := decode(keyGetAuthorities, raw, &s); err != nil {
		return ID{}, err
	}
	if s.QueryID == nil {
		return ID{}, missing(keyGetAuthorities, "query_id")
	}
	return *s.QueryID, nil
}

// AuthoritiesReply is the value of get_directory_authorities_reply.
type AuthoritiesReply struct {
	QueryID     ID
	Authorities []Authority // nil is null on the wire
	ErrorCode   uint8
}

// Authority is a directory authority as the daemon's configuration has it.
type Authority struct {
	Identifier         string
	PKISignatureScheme string
	WireKEMScheme      string
	Addresses          []string // URLs; nil is null on the wire
	IdentityPublicKey  string   // PEM
	LinkPublicKey      string   // PEM
	IdentityKeyHash    Hash     // names its signature in a signed document
}

type authorityShape struct {
	Identifier         string   `cbor:"identifier"`
	PKISignatureScheme string   `cbor:"pki_signature_scheme"`
	WireKEMScheme      string   `cbor:"wire_kem_scheme"`
	Addresses          []string `cbor:"addresses"`
	IdentityPublicKey  string   `cbor:"identity_public_key_pem"`
	LinkPublicKey      string   `cbor:"link_public_key_pem"`
	IdentityKeyHash    *Hash    `cbor:"identity_key_hash"`
}

// DecodeAuthorities decodes the value of get_directory_authorities_reply. It
// returns a *DecodeError.
func DecodeAuthorities(raw cbor.RawMessage) (*AuthoritiesReply, error) {
	var s struct {
		QueryID     *ID              `cbor:"query_id"`
		Authorities []authorityShape `cbor:"authorities"`
		ErrorCode   uint8            `cbor:"error_code"`
	}
	if err := decode(keyAuthoritiesReply, raw, &s); err != nil {
		return nil, err
	}
	if s.QueryID == nil {
		return nil, missing(keyAuthoritiesReply, "query_id")
	}
	r := &AuthoritiesReply{QueryID: *s.QueryID, ErrorCode: s.ErrorCode}
	if s.Authorities != nil {
		r.Authorities = make([]Authority, 0, len(s.Authorities))
	}
	for _, a := range s.Authorities {
		if a.IdentityKeyHash == nil {
			return nil, missing(keyAuthoritiesReply+".authorities", "identity_key_hash")
		}
		r.Authorities = append(r.Authorities, Authority{
			a.Identifier, a.PKISignatureScheme, a.WireKEMScheme, a.Addresses,
			a.IdentityPublicKey, a.LinkPublicKey, *a.IdentityKeyHash,
		})
	}
	return r, nil
}

// Response returns the reply as the response that carries it.
func (r *AuthoritiesReply) Response() Response {
	dst := appendID(appendText(appendHead(nil, majorMap, 3), "query_id"), &r.QueryID)
	dst = appendText(dst, "authorities")
	if r.Authorities == nil {
		dst = append(dst, null)
	} else {
		dst = appendHead(dst, majorArray, uint64(len(r.Authorities)))
		for i := range r.Authorities {
			dst = r.Authorities[i].append(dst)
		}
	}
	raw := appendInt(appendText(dst, "error_code"), int64(r.ErrorCode))
	return Response{Other: ResponseAuthorities, Raw: raw}
}

func (a *Authority) append(dst []byte) []byte {
	dst = appendText(appendText(appendHead(dst, majorMap, 7), "identifier"), a.Identifier)
	dst = appendText(appendText(dst, "pki_signature_scheme"), a.PKISignatureScheme)
	dst = appendText(appendText(dst, "wire_kem_scheme"), a.WireKEMScheme)
	dst = appendText(dst, "addresses")
	if a.Addresses == nil {
		dst = append(dst, null)
	} else {
		dst = appendHead(dst, majorArray, uint64(len(a.Addresses)))
		for _, address := range a.Addresses {
			dst = appendText(dst, address)
		}
	}
	dst = appendText(appendText(dst, "identity_public_key_pem"), a.IdentityPublicKey)
	dst = appendText(appendText(dst, "link_public_key_pem"), a.LinkPublicKey)
	return appendHash(appendText(dst, "identity_key_hash"), &a.IdentityKeyHash)
}
