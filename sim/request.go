package sim

import (
	"slices"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/crypto/blake2b"

	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/thin/wire"
)

// Requests of the protocol, by their keys.
const (
	sendMessage    = "send_message"
	sendARQMessage = "send_arq_message"
	thinClose      = "thin_close"
	sessionToken   = "session_token"
	getPKIDocument = "get_pki_document"
	getAuthorities = "get_directory_authorities"
)

// verdict says what became of a request.
type verdict uint8

const (
	served verdict = iota
	full           // no room in the queue: the reader waits
	ended          // the connection is over
)

// serve does what a request asks for.
func (d *Daemon) serve(c *conn, r wire.Request) verdict {
	d.mu.Lock()
	defer d.unlock()
	if c.left {
		return ended
	}
	if c.dark || c.silent && !d.wedged {
		return served
	}
	if d.sink.blocked != nil {
		c.waiting = true
		return full
	}
	now := d.clock.Now()
	key := d.known(r)
	switch key {
	case sendMessage:
		return d.send(c, r.SendMessage, now)
	case sendARQMessage:
		return d.rely(c, r.SendARQMessage, now)
	case thinClose:
		s := c.session
		c.session, s.conn = nil, nil
		d.discard(s, now)
		d.leave(c)
		return ended
	case sessionToken:
		d.resume(c, r.SessionToken.Client, now)
	case getPKIDocument:
		d.respond(c, wire.Response{PKIReply: d.signedDocument(r.GetPKIDocument)})
	case getAuthorities:
		d.authorities(c, r)
	case "":
		d.note(c.session.client, "a request that "+d.cfg.Version+" does not know")
		if d.temper.has(UnknownRequestKills) {
			d.crash("an empty or unknown request")
			return ended
		}
	default:
		d.tally.Unserved++
	}
	return served
}

// known returns the key of the request that the version will serve, "" if it
// holds none that it knows.
func (d *Daemon) known(r wire.Request) string {
	for _, o := range [...]struct {
		set bool
		key string
	}{
		{r.SendMessage != nil, sendMessage},
		{r.SendARQMessage != nil, sendARQMessage},
		{r.ThinClose, thinClose},
		{r.SessionToken != nil, sessionToken},
		{r.GetPKIDocument != nil, getPKIDocument},
		{r.Other != "", r.Other},
	} {
		if o.set && slices.Contains(d.dialect.Requests, o.key) {
			return o.key
		}
	}
	return ""
}

// send queues a message.
func (d *Daemon) send(c *conn, m *wire.SendMessage, now arq.Instant) verdict {
	p := Packet{
		MessageID: (*[16]byte)(m.ID), Recipient: m.Recipient, Payload: m.Payload,
		NoSURB: !m.WithSURB || m.SURBID == nil, NoDestination: m.Destination == nil,
	}
	if m.SURBID != nil {
		p.SURBID = *m.SURBID
	}
	if m.Destination != nil {
		p.Destination = *m.Destination
	}
	if p.NoSURB {
		d.note(c.session.client, "send_message without a SURB: it never reaches a service")
		kills := NoSURBKills
		if m.WithSURB {
			kills = NullSURBIDKills
		}
		if m.SURBID == nil && d.temper.has(kills) {
			d.crash("send_message with surbid null")
			return ended
		}
	}
	if !d.mixnet.Send(now, c.session.client, p) {
		c.waiting = true
		return full
	}
	return served
}

// signedDocument answers get_pki_document: the current epoch, or 0 for it, has
// a document.
func (d *Daemon) signedDocument(q *wire.GetPKIDocument) *wire.PKIDocumentReply {
	const serviceUnavailable = 10
	document := d.encodedDocument()
	if document == nil || q.Epoch != 0 && q.Epoch != d.docEpoch {
		return &wire.PKIDocumentReply{QueryID: q.QueryID, Epoch: q.Epoch, ErrorCode: serviceUnavailable}
	}
	authority := blake2b.Sum256([]byte("authority"))
	type signature struct {
		Payload         []byte
		PublicKeySum256 []byte
	}
	certificate, err := cbor.Marshal(struct {
		KeyType    string
		Version    uint
		Certified  []byte
		Expiration uint64
		Signatures map[[32]byte]signature
	}{
		KeyType: "Ed25519", Certified: document, Expiration: d.docEpoch + 5,
		Signatures: map[[32]byte]signature{authority: {make([]byte, 64), authority[:]}},
	})
	if err != nil {
		d.tally.Unencodable++
		return &wire.PKIDocumentReply{QueryID: q.QueryID, Epoch: q.Epoch, ErrorCode: serviceUnavailable}
	}
	return &wire.PKIDocumentReply{QueryID: q.QueryID, Payload: certificate, Epoch: d.docEpoch}
}

// authorities answers get_directory_authorities with one authority.
func (d *Daemon) authorities(c *conn, r wire.Request) {
	type authority struct {
		Identifier string   `cbor:"identifier"`
		Scheme     string   `cbor:"pki_signature_scheme"`
		KEM        string   `cbor:"wire_kem_scheme"`
		Addresses  []string `cbor:"addresses"`
		Identity   string   `cbor:"identity_public_key_pem"`
		Link       string   `cbor:"link_public_key_pem"`
		Hash       []byte   `cbor:"identity_key_hash"`
	}
	var query struct {
		QueryID wire.ID `cbor:"query_id"`
	}
	if err := cbor.Unmarshal(r.Raw, &query); err != nil {
		d.note(c.session.client, "get_directory_authorities: "+err.Error())
		return
	}
	hash := blake2b.Sum256([]byte("authority"))
	answer, err := cbor.Marshal(struct {
		QueryID     wire.ID     `cbor:"query_id"`
		Authorities []authority `cbor:"authorities"`
		Code        uint8       `cbor:"error_code"`
	}{query.QueryID, []authority{{
		"auth1", "Ed25519", "xwing", []string{"tcp://127.0.0.1:31001"},
		"-----BEGIN ED25519 PUBLIC KEY-----\n-----END ED25519 PUBLIC KEY-----\n",
		"-----BEGIN XWING PUBLIC KEY-----\n-----END XWING PUBLIC KEY-----\n",
		hash[:],
	}}, 0})
	if err != nil {
		d.tally.Unencodable++
		return
	}
	d.respond(c, wire.Response{Other: "get_directory_authorities_reply", Raw: answer})
}

// malformed ends a connection that sent what is no request. CBOR null is an
// empty request to old daemons.
func (d *Daemon) malformed(c *conn, item []byte, err error) {
	d.complain(c, err.Error())
	if len(item) == 1 && item[0] == 0xf6 && d.temper.has(UnknownRequestKills) {
		d.mu.Lock()
		defer d.unlock()
		if !c.left {
			d.crash("a null request")
		}
	}
}
