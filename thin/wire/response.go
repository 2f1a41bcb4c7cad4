package wire

import (
	"fmt"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Response is what a daemon writes: at most one event, and the key set that
// tells the daemon's version. All event fields nil or false is an empty
// response, which no daemon sends.
type Response struct {
	// Keys of the map in order, null or not. It may be shared between responses
	// and is not to be modified. AppendResponse ignores it.
	Keys []string

	Status    *ConnectionStatus
	Document  *NewDocument
	Session   *SessionReply     // v0.0.73 and newer
	Sent      *MessageSent      //
	Reply     *MessageReply     //
	Collected *MessageCollected // v0.0.72 and older
	PKIReply  *PKIDocumentReply // v0.0.75 and newer
	Shutdown  bool              // either spelling of the key

	// Other is the key of an event that is not decoded, recognised or not; Raw
	// is its value.
	Other string
	Raw   cbor.RawMessage
}

// ConnectionStatus is the value of connection_status_event.
type ConnectionStatus struct {
	IsConnected bool // to the gateway; means nothing before a document was seen

	// Err is the value of err as it came, nil for null: always null on new
	// daemons; null, {} or a map on old ones.
	Err cbor.RawMessage

	InstanceToken *ID                 // random per start of the daemon; v0.0.73 and newer
	Sphinx        *SphinxGeometry     // v0.0.76 and newer
	Pigeonhole    *PigeonholeGeometry // v0.0.76 and newer
}

// NewDocument is the value of new_pki_document_event.
type NewDocument struct {
	Payload []byte // for DecodeDocument; empty or nil when there is no document yet
}

// SessionReply is the value of session_token_reply.
type SessionReply struct {
	AppID   ID
	Resumed bool // the daemon kept SURB keys and replies of this token
}

// MessageSent is the value of message_sent_event: the packet was written to the
// gateway's connection, or composing it failed.
type MessageSent struct {
	MessageID *ID
	SURBID    *ID
	SentAt    int64         // Unix seconds
	ReplyETA  time.Duration // sum of the hop delays both ways; 0 with Err; 0 to MaxETA
	Err       string        // "" is absent on the wire
}

// MessageReply is the value of message_reply_event.
type MessageReply struct {
	MessageID *ID
	SURBID    *ID
	Payload   []byte // ForwardPayloadLength bytes, zero padded; empty with an error
	ErrorCode uint8
}

// MessageCollected is the value of message_id_garbage_collected.
type MessageCollected struct {
	MessageID *ID
}

// PKIDocumentReply is the value of get_pki_document_reply.
type PKIDocumentReply struct {
	QueryID   ID
	Payload   []byte // the signed document, another encoding than NewDocument's; nil with an error
	Epoch     uint64
	ErrorCode uint8
}

// MaxETA bounds reply_eta. Mean hop delays are fractions of a second; what lies
// beyond a day is no sum of them.
const MaxETA = 24 * time.Hour

// DecodeResponse decodes one item from a daemon. It returns a *DecodeError.
func DecodeResponse(item []byte) (Response, error) {
	var stack [40]pair
	entries, err := pairs(stack[:0], item)
	if err != nil {
		return Response{}, err
	}
	r := Response{Keys: keysOf(entries)}
	event := ""  // the decoded or recognised one
	unknown := 0 // index+1 of the first that no known version has
	for i, p := range entries {
		if isNull(p.value) {
			continue
		}
		key := r.Keys[i]
		switch {
		case !knownResponses[key]:
			if unknown == 0 {
				unknown = i + 1
			}
			continue
		case event != "":
			return Response{}, &DecodeError{Key: key, Kind: ErrAmbiguous, Text: "beside " + event}
		}
		event = key
		if err := r.set(key, p.value); err != nil {
			return Response{}, err
		}
	}
	// A key of a later version beside a known event is an addition to it; alone
	// it is an event of its own.
	if event == "" && unknown > 0 {
		r.Other, r.Raw = r.Keys[unknown-1], slices.Clone(entries[unknown-1].value)
	}
	return r, nil
}

// keysOf shares the key list of a known version, so that a frame costs none.
func keysOf(entries []pair) []string {
	for i := range dialects {
		if slices.EqualFunc(entries, dialects[i].Responses, func(p pair, k string) bool { return string(p.key) == k }) {
			return dialects[i].Responses
		}
	}
	keys := make([]string, len(entries))
	for i, p := range entries {
		keys[i] = string(p.key)
	}
	return keys
}

func (r *Response) set(key string, value cbor.RawMessage) (err error) {
	switch key {
	case keyStatus:
		r.Status, err = decodeStatus(value)
	case keyDocument:
		var s struct {
			Payload octets `cbor:"payload"`
		}
		err = decode(key, value, &s)
		r.Document = &NewDocument{s.Payload}
	case keySessionReply:
		var s struct {
			AppID   *ID  `cbor:"app_id"`
			Resumed bool `cbor:"resumed"`
		}
		if err = decode(key, value, &s); err == nil && s.AppID == nil {
			err = missing(key, "app_id")
		}
		if err == nil {
			r.Session = &SessionReply{*s.AppID, s.Resumed}
		}
	case keySent:
		r.Sent, err = decodeSent(value)
	case keyReply:
		var s struct {
			MessageID *ID    `cbor:"message_id"`
			SURBID    *ID    `cbor:"surbid"`
			Payload   octets `cbor:"payload"`
			ErrorCode uint8  `cbor:"error_code"`
		}
		err = decode(key, value, &s)
		r.Reply = &MessageReply{s.MessageID, s.SURBID, s.Payload, s.ErrorCode}
	case keyCollected:
		var s struct {
			MessageID *ID `cbor:"message_id"`
		}
		err = decode(key, value, &s)
		r.Collected = &MessageCollected{s.MessageID}
	case keyPKIReply:
		var s struct {
			QueryID   *ID    `cbor:"query_id"`
			Payload   octets `cbor:"payload"`
			Epoch     uint64 `cbor:"epoch"`
			ErrorCode uint8  `cbor:"error_code"`
		}
		if err = decode(key, value, &s); err == nil && s.QueryID == nil {
			err = missing(key, "query_id")
		}
		if err == nil {
			r.PKIReply = &PKIDocumentReply{*s.QueryID, s.Payload, s.Epoch, s.ErrorCode}
		}
	case keyShutdown, keyShudown:
		r.Shutdown = true
	default:
		r.Other, r.Raw = key, slices.Clone(value)
	}
	return err
}

func decodeStatus(value cbor.RawMessage) (*ConnectionStatus, error) {
	var s struct {
		IsConnected   bool                `cbor:"is_connected"`
		Err           cbor.RawMessage     `cbor:"err"`
		InstanceToken *ID                 `cbor:"instance_token"`
		Sphinx        *SphinxGeometry     `cbor:"sphinx_geometry"`
		Pigeonhole    *PigeonholeGeometry `cbor:"pigeonhole_geometry"`
	}
	if err := decodeBy(whole, keyStatus, value, &s); err != nil {
		return nil, err
	}
	if isNull(s.Err) || len(s.Err) == 0 {
		s.Err = nil
	}
	return &ConnectionStatus{s.IsConnected, s.Err, s.InstanceToken, s.Sphinx, s.Pigeonhole}, nil
}

func decodeSent(value cbor.RawMessage) (*MessageSent, error) {
	var s struct {
		MessageID *ID    `cbor:"message_id"`
		SURBID    *ID    `cbor:"surbid"`
		SentAt    int64  `cbor:"sent_at"`
		ReplyETA  int64  `cbor:"reply_eta"`
		Err       string `cbor:"err"`
	}
	if err := decode(keySent, value, &s); err != nil {
		return nil, err
	}
	eta := time.Duration(s.ReplyETA)
	if eta < 0 || eta > MaxETA {
		return nil, &DecodeError{Key: keySent + ".reply_eta", Kind: ErrShape, Text: fmt.Sprintf("%d ns", s.ReplyETA)}
	}
	return &MessageSent{s.MessageID, s.SURBID, s.SentAt, eta, s.Err}, nil
}
