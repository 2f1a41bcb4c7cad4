package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// diary tells what happens at the simulated daemon: a line per event, for
// people or for programs. It is safe for concurrent use.
type diary struct {
	asJSON, verbose bool
	now             func() time.Duration // the daemon's time
	*pen
	clients atomic.Int32
}

// newDiary opens a diary; close ends it.
func newDiary(out io.Writer, asJSON, verbose bool) *diary {
	d := &diary{asJSON: asJSON, verbose: verbose, now: func() time.Duration { return 0 }}
	d.pen = newPen(out, d.missing)
	return d
}

// missing is the line for events that nobody was there to read.
func (d *diary) missing(n int64) string {
	return d.line(eventObject{Event: "not shown", Text: fmt.Sprintf("%d events, as the output is not read", n)})
}

// eventObject is an event. Fields that say nothing of its kind are left out.
type eventObject struct {
	Type      string   `json:"type"` // "event"
	AtMS      *float64 `json:"at_ms"`
	Client    int      `json:"client,omitempty"` // connections, from 1 in the order of acceptance
	Event     string   `json:"event"`
	SURBID    string   `json:"surb_id,omitempty"`
	Bytes     int      `json:"bytes,omitempty"`
	ETAMS     *float64 `json:"eta_ms,omitempty"`
	Epoch     uint64   `json:"epoch,omitempty"`
	Connected *bool    `json:"connected,omitempty"`
	Resumed   *bool    `json:"resumed,omitempty"`
	Text      string   `json:"text,omitempty"`
}

// event writes an event if events are wanted.
func (d *diary) event(e eventObject) {
	if d.verbose {
		d.always(e)
	}
}

// always writes an event that everybody has to know of.
func (d *diary) always(e eventObject) { d.write(d.line(e)) }

func (d *diary) line(e eventObject) string {
	now := d.now()
	e.Type, e.AtMS = "event", milliseconds(now)
	if d.asJSON {
		return d.encode(e)
	}
	who := "daemon"
	if e.Client > 0 {
		who = fmt.Sprintf("client %d", e.Client)
	}
	return fmt.Sprintf("%11.3f s  %-9s  %s\n", now.Seconds(), who, e.words())
}

// words are the event for people.
func (e eventObject) words() string {
	parts := []string{e.Event}
	if e.SURBID != "" {
		parts = append(parts, "surb "+e.SURBID[:8])
	}
	if e.Bytes > 0 {
		parts = append(parts, fmt.Sprintf("%d bytes", e.Bytes))
	}
	if e.ETAMS != nil {
		parts = append(parts, fmt.Sprintf("ETA %.3f s", *e.ETAMS/1000))
	}
	if e.Epoch > 0 {
		parts = append(parts, fmt.Sprintf("epoch %d", e.Epoch))
	}
	if e.Connected != nil {
		parts = append(parts, map[bool]string{true: "connected", false: "not connected"}[*e.Connected])
	}
	if e.Resumed != nil {
		parts = append(parts, map[bool]string{true: "resumed", false: "new"}[*e.Resumed])
	}
	if e.Text != "" {
		parts = append(parts, e.Text)
	}
	return strings.Join(parts, "  ")
}

// object writes a line for programs.
func (d *diary) object(v any) { d.write(d.encode(v)) }

func (d *diary) encode(v any) string {
	line, err := json.Marshal(v)
	if err != nil {
		d.fail(err)
		return ""
	}
	return string(line) + "\n"
}

// listener shows the frames of every connection that it accepts.
type listener struct {
	net.Listener
	at    endpoint
	diary *diary
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || !l.diary.verbose {
		return c, err
	}
	return l.diary.follow(c, l.at), nil
}

// follow writes what happens on a connection.
func (d *diary) follow(c net.Conn, at endpoint) net.Conn {
	n := int(d.clients.Add(1))
	d.event(eventObject{Client: n, Event: "connected", Text: "to " + at.String()})
	t := &tap{Conn: c}
	t.read.show = func(item []byte, size int) { d.request(n, item, size) }
	t.written.show = func(item []byte, size int) { d.response(n, item, size) }
	t.closed = sync.OnceFunc(func() { d.event(eventObject{Client: n, Event: "disconnected"}) })
	return t
}

func (d *diary) request(client int, item []byte, size int) {
	e := eventObject{Client: client, Bytes: size, Event: "request"}
	r, err := wire.DecodeRequest(item)
	switch {
	case item == nil:
	case err != nil:
		e.Text = err.Error()
	case r.SendMessage != nil:
		e.message("send_message", r.SendMessage)
	case r.SendARQMessage != nil:
		e.message("send_arq_message", r.SendARQMessage)
	case r.ThinClose:
		e.Event, e.Bytes = "thin_close", 0
	case r.SessionToken != nil:
		e.Event, e.Bytes = "session_token", 0
	case r.GetPKIDocument != nil:
		e.Event, e.Bytes, e.Epoch = "get_pki_document", 0, r.GetPKIDocument.Epoch
	case r.Other != "":
		e.Event = r.Other
	case len(r.Unknown) > 0:
		e.Text = fmt.Sprintf("unknown: %.64q", r.Unknown[0])
	default:
		e.Text = "empty"
	}
	d.event(e)
}

func (e *eventObject) message(event string, m *wire.SendMessage) {
	e.Event, e.Bytes = event, len(m.Payload)
	e.Text = fmt.Sprintf("to %.32q", m.Recipient)
	if m.SURBID != nil {
		e.SURBID = m.SURBID.String()
	}
	if !m.WithSURB {
		e.Text += ", without SURB"
	}
}

func (d *diary) response(client int, item []byte, size int) {
	e := eventObject{Client: client, Bytes: size, Event: "response"}
	r, err := wire.DecodeResponse(item)
	switch {
	case item == nil || err != nil:
	case r.Status != nil:
		e.Event, e.Bytes, e.Connected = "connection_status_event", 0, &r.Status.IsConnected
	case r.Document != nil:
		e.Event, e.Bytes = "new_pki_document_event", len(r.Document.Payload)
		if doc, err := wire.DecodeDocument(r.Document.Payload); err == nil {
			e.Epoch = doc.Epoch
		} else {
			e.Text = "none"
		}
	case r.Session != nil:
		e.Event, e.Bytes, e.Resumed = "session_token_reply", 0, &r.Session.Resumed
	case r.Sent != nil:
		e.Event, e.Bytes, e.Text = "message_sent_event", 0, r.Sent.Err
		if r.Sent.SURBID != nil {
			e.SURBID = r.Sent.SURBID.String()
		}
		if r.Sent.Err == "" {
			e.ETAMS = milliseconds(r.Sent.ReplyETA)
		}
	case r.Reply != nil:
		e.Event, e.Bytes = "message_reply_event", len(r.Reply.Payload)
		if r.Reply.SURBID != nil {
			e.SURBID = r.Reply.SURBID.String()
		}
		if r.Reply.ErrorCode != 0 {
			e.Text = fmt.Sprintf("error code %d", r.Reply.ErrorCode)
		}
	case r.Collected != nil:
		e.Event, e.Bytes = "message_id_garbage_collected", 0
	case r.PKIReply != nil:
		e.Event, e.Bytes, e.Epoch = "get_pki_document_reply", len(r.PKIReply.Payload), r.PKIReply.Epoch
	case r.Shutdown:
		e.Event, e.Bytes = "shutdown_event", 0
	case r.Other != "":
		e.Event = r.Other
	}
	d.event(e)
}
