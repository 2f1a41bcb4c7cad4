package wire

import (
	"fmt"
	"slices"
)

// key returns the key of the one event that r carries, in d's spelling.
func (r *Response) key(d *Dialect) (string, error) {
	var key string
	n := 0
	for _, c := range [...]struct {
		set bool
		key string
	}{
		{r.Status != nil, keyStatus},
		{r.Document != nil, keyDocument},
		{r.Session != nil, keySessionReply},
		{r.Sent != nil, keySent},
		{r.Reply != nil, keyReply},
		{r.Collected != nil, keyCollected},
		{r.PKIReply != nil, keyPKIReply},
		{r.Shutdown, d.shutdown()},
		{r.Other != "", r.Other},
	} {
		if c.set {
			key = c.key
			n++
		}
	}
	if n != 1 {
		return "", fmt.Errorf("%w: %d events in one response", ErrNotInDialect, n)
	}
	return key, nil
}

// AppendResponse appends r to dst as the daemon of the dialect's version
// encodes it. It returns dst unchanged and ErrNotInDialect if r does not carry
// exactly one event or the version does not know it.
func (d Dialect) AppendResponse(dst []byte, r Response) ([]byte, error) {
	key, err := r.key(&d)
	if err != nil {
		return dst, err
	}
	if !slices.Contains(d.Responses, key) {
		return dst, fmt.Errorf("%w: response %q, version %v", ErrNotInDialect, key, d.Version)
	}
	dst = appendHead(dst, majorMap, uint64(len(d.Responses)))
	for _, k := range d.Responses {
		dst = appendText(dst, k)
		if k == key {
			dst = r.appendValue(dst, &d, key)
		} else {
			dst = append(dst, null)
		}
	}
	return dst, nil
}

func (r *Response) appendValue(dst []byte, d *Dialect, key string) []byte {
	switch key {
	case keyStatus:
		return r.Status.append(dst, d)
	case keyDocument:
		return appendNullableBytes(appendText(appendHead(dst, majorMap, 1), "payload"), r.Document.Payload)
	case keySessionReply:
		dst = appendID(appendText(appendHead(dst, majorMap, 2), "app_id"), &r.Session.AppID)
		return appendBool(appendText(dst, "resumed"), r.Session.Resumed)
	case keySent:
		return r.Sent.append(dst)
	case keyReply:
		dst = appendID(appendText(appendHead(dst, majorMap, 4), "message_id"), r.Reply.MessageID)
		dst = appendID(appendText(dst, "surbid"), r.Reply.SURBID)
		dst = appendNullableBytes(appendText(dst, "payload"), r.Reply.Payload)
		return appendInt(appendText(dst, "error_code"), int64(r.Reply.ErrorCode))
	case keyCollected:
		return appendID(appendText(appendHead(dst, majorMap, 1), "message_id"), r.Collected.MessageID)
	case keyPKIReply:
		dst = appendID(appendText(appendHead(dst, majorMap, 4), "query_id"), &r.PKIReply.QueryID)
		dst = appendNullableBytes(appendText(dst, "payload"), r.PKIReply.Payload)
		dst = appendHead(appendText(dst, "epoch"), 0, r.PKIReply.Epoch)
		return appendInt(appendText(dst, "error_code"), int64(r.PKIReply.ErrorCode))
	case keyShutdown, keyShudown:
		return appendHead(dst, majorMap, 0)
	}
	return append(dst, r.Raw...)
}

func (s *ConnectionStatus) append(dst []byte, d *Dialect) []byte {
	n := uint64(2)
	if d.Session {
		n++
	}
	if d.StatusGeometry {
		n += 2
	}
	dst = appendBool(appendText(appendHead(dst, majorMap, n), "is_connected"), s.IsConnected)
	dst = appendText(dst, "err")
	if len(s.Err) == 0 {
		dst = append(dst, null)
	} else {
		dst = append(dst, s.Err...)
	}
	if d.Session {
		dst = appendID(appendText(dst, "instance_token"), s.InstanceToken)
	}
	if d.StatusGeometry {
		dst = appendSphinx(appendText(dst, "sphinx_geometry"), s.Sphinx)
		dst = appendPigeonhole(appendText(dst, "pigeonhole_geometry"), s.Pigeonhole)
	}
	return dst
}

func (m *MessageSent) append(dst []byte) []byte {
	n := uint64(4)
	if m.Err != "" {
		n++
	}
	dst = appendID(appendText(appendHead(dst, majorMap, n), "message_id"), m.MessageID)
	dst = appendID(appendText(dst, "surbid"), m.SURBID)
	dst = appendInt(appendText(dst, "sent_at"), m.SentAt)
	dst = appendInt(appendText(dst, "reply_eta"), int64(m.ReplyETA))
	if m.Err != "" {
		dst = appendText(appendText(dst, "err"), m.Err)
	}
	return dst
}
