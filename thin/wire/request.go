package wire

import (
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// Request is what a client writes. Exactly one of the message fields is set in
// what a client sends; DecodeRequest sets all that are not null, and none for
// an empty map. The zero value is the empty request, which is never encoded.
type Request struct {
	SendMessage    *SendMessage
	SendARQMessage *SendMessage // v0.0.72 and older only
	ThinClose      bool
	SessionToken   *SessionToken   // v0.0.73 and newer only
	GetPKIDocument *GetPKIDocument // v0.0.75 and newer only

	// Other is the key of a request that is recognised and not decoded; Raw is
	// its value. Only the first one of a map is kept.
	Other string
	Raw   cbor.RawMessage

	// Unknown are the keys, null or not, that no version knows. The daemon
	// ignores them.
	Unknown []string
}

// SendMessage is the value of send_message and send_arq_message. Nil fields are
// null on the wire, which no client should send except for ID, and for SURBID
// in an ARQ message.
type SendMessage struct {
	ID          *ID // echoed as message_id
	WithSURB    bool
	SURBID      *ID
	Destination *Hash  // BLAKE2b-256 of the service node's identity key
	Recipient   []byte // queue ID of the service, 1 to 32 bytes
	Payload     []byte
}

// SessionToken is the value of session_token.
type SessionToken struct {
	Client ID // client_instance_token: drawn by the client, names its session
}

// GetPKIDocument is the value of get_pki_document.
type GetPKIDocument struct {
	QueryID ID
	Epoch   uint64 // 0 is the current one
}

type sendMessageShape struct {
	ID          *ID    `cbor:"id"`
	WithSURB    bool   `cbor:"with_surb"`
	SURBID      *ID    `cbor:"surbid"`
	Destination *Hash  `cbor:"destination_id_hash"`
	Recipient   octets `cbor:"recipient_queue_id"`
	Payload     octets `cbor:"payload"`
}

// DecodeRequest decodes one item from a client. It returns a *DecodeError.
func DecodeRequest(item []byte) (Request, error) {
	var stack [32]pair
	entries, err := pairs(stack[:0], item)
	if err != nil {
		return Request{}, err
	}
	var r Request
	for _, p := range entries {
		key := string(p.key)
		if !knownRequests[key] {
			r.Unknown = append(r.Unknown, key)
			continue
		}
		if isNull(p.value) {
			continue
		}
		if err := r.set(key, p.value); err != nil {
			return Request{}, err
		}
	}
	return r, nil
}

func (r *Request) set(key string, value cbor.RawMessage) error {
	switch key {
	case keySendMessage, keySendARQMessage:
		var s sendMessageShape
		if err := decode(key, value, &s); err != nil {
			return err
		}
		m := &SendMessage{
			ID: s.ID, WithSURB: s.WithSURB, SURBID: s.SURBID,
			Destination: s.Destination, Recipient: s.Recipient, Payload: s.Payload,
		}
		if key == keySendMessage {
			r.SendMessage = m
		} else {
			r.SendARQMessage = m
		}
	case keyThinClose:
		r.ThinClose = true
	case keySessionToken:
		var s struct {
			Client *ID `cbor:"client_instance_token"`
		}
		if err := decode(key, value, &s); err != nil {
			return err
		}
		if s.Client == nil {
			return missing(key, "client_instance_token")
		}
		r.SessionToken = &SessionToken{*s.Client}
	case keyGetPKIDocument:
		var s struct {
			QueryID *ID    `cbor:"query_id"`
			Epoch   uint64 `cbor:"epoch"`
		}
		if err := decode(key, value, &s); err != nil {
			return err
		}
		if s.QueryID == nil {
			return missing(key, "query_id")
		}
		r.GetPKIDocument = &GetPKIDocument{*s.QueryID, s.Epoch}
	default:
		if r.Other == "" {
			r.Other, r.Raw = key, slices.Clone(value)
		}
	}
	return nil
}

func missing(key, field string) error {
	return &DecodeError{Key: key + "." + field, Kind: ErrShape, Text: "missing"}
}

// key returns the key of the one message that r carries.
func (r *Request) key() (string, error) {
	var key string
	n := 0
	for _, c := range [...]struct {
		set bool
		key string
	}{
		{r.SendMessage != nil, keySendMessage},
		{r.SendARQMessage != nil, keySendARQMessage},
		{r.ThinClose, keyThinClose},
		{r.SessionToken != nil, keySessionToken},
		{r.GetPKIDocument != nil, keyGetPKIDocument},
		{r.Other != "", r.Other},
	} {
		if c.set {
			key = c.key
			n++
		}
	}
	if n != 1 {
		return "", fmt.Errorf("%w: %d messages in one request", ErrNotInDialect, n)
	}
	return key, nil
}

// AppendRequest appends r to dst as the official client of the dialect's
// version encodes it. It returns dst unchanged and ErrNotInDialect if r does
// not carry exactly one message or the version does not know it: an unknown or
// empty request kills daemons up to v0.0.72 for every application of the host.
func (d Dialect) AppendRequest(dst []byte, r Request) ([]byte, error) {
	key, err := r.key()
	if err != nil {
		return dst, err
	}
	if !slices.Contains(d.Requests, key) {
		return dst, fmt.Errorf("%w: request %q, version %v", ErrNotInDialect, key, d.Version)
	}
	if d.Sparse {
		return r.appendValue(appendText(appendHead(dst, majorMap, 1), key), key), nil
	}
	dst = appendHead(dst, majorMap, uint64(len(d.Requests)))
	for _, k := range d.Requests {
		dst = appendText(dst, k)
		if k == key {
			dst = r.appendValue(dst, key)
		} else {
			dst = append(dst, null)
		}
	}
	return dst, nil
}

func (r *Request) appendValue(dst []byte, key string) []byte {
	switch key {
	case keySendMessage:
		return r.SendMessage.append(dst)
	case keySendARQMessage:
		return r.SendARQMessage.append(dst)
	case keyThinClose:
		return appendHead(dst, majorMap, 0)
	case keySessionToken:
		dst = appendText(appendHead(dst, majorMap, 1), "client_instance_token")
		return appendID(dst, &r.SessionToken.Client)
	case keyGetPKIDocument:
		dst = appendText(appendHead(dst, majorMap, 2), "query_id")
		dst = appendID(dst, &r.GetPKIDocument.QueryID)
		return appendHead(appendText(dst, "epoch"), 0, r.GetPKIDocument.Epoch)
	}
	return append(dst, r.Raw...)
}

func (m *SendMessage) append(dst []byte) []byte {
	dst = appendHead(dst, majorMap, 6)
	dst = appendID(appendText(dst, "id"), m.ID)
	dst = appendBool(appendText(dst, "with_surb"), m.WithSURB)
	dst = appendID(appendText(dst, "surbid"), m.SURBID)
	dst = appendHash(appendText(dst, "destination_id_hash"), m.Destination)
	dst = appendNullableBytes(appendText(dst, "recipient_queue_id"), m.Recipient)
	return appendNullableBytes(appendText(dst, "payload"), m.Payload)
}
