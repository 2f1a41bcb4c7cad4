package sim

import (
	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/thin/wire"
)

// The geometries of the reference network, as a v0.0.99 daemon sends them.
var (
	sphinxGeometry = wire.SphinxGeometry{
		PacketLength: 3082, NrHops: 5, HeaderLength: 476, RoutingInfoLength: 410,
		PerHopRoutingInfoLength: 82, SURBLength: 572, SphinxPlaintextHeaderLength: 2, PayloadTagLength: 32,
		ForwardPayloadLength: ForwardPayloadLength, UserForwardPayloadLength: UserForwardPayloadLength,
		NextNodeHopLength: 65, SPRPKeyMaterialLength: 64, NIKEName: "x25519",
	}
	pigeonholeGeometry = wire.PigeonholeGeometry{
		MaxPlaintextPayloadLength: 1549, CourierQueryReadLength: 2000, CourierQueryWriteLength: 2000,
		CourierQueryReplyReadLength: 1718, CourierQueryReplyWriteLength: 1718,
		NIKEName: "CTIDH1024-X25519", SignatureSchemeName: "Ed25519",
	}
)

// welcome greets a new connection, or lets it wait for a document: versions up
// to v0.0.71 for ever, those from v0.0.77 on 30 s, one client behind the other.
func (d *Daemon) welcome(c *conn) {
	document := d.encodedDocument() != nil
	switch {
	case d.wedged, !document && d.temper.has(SilentWithout):
		c.silent = true
		close(c.greeted)
	case document || d.manners.hold == 0:
		d.greet(c)
	default:
		d.heldUntil = max(d.heldUntil, d.clock.Now()).Add(d.manners.hold)
		d.alarm(d.heldUntil, func(arq.Instant) { d.greet(c) })
	}
}

// greet sends the status and the document. A document event comes also where
// there is none, and a daemon that has waited for one then says that it is
// connected, whether it is or not. Where the status cannot be encoded the
// document comes alone.
func (d *Daemon) greet(c *conn) {
	if c.said || c.left || c.silent {
		return
	}
	document := d.encodedDocument()
	c.said = true
	connected := !d.mixnet.Away()
	if document == nil && d.manners.hold > 0 {
		connected = d.temper.has(ConnectedWithout)
	}
	first, told := d.status(connected)
	second := wire.Response{Document: &wire.NewDocument{Payload: document}}
	if !told && !d.temper.has(DocumentFirst) {
		first.Status.Err, told = nil, true
	}
	if d.temper.asked(DocumentFirst) {
		first, second = second, first
		d.respond(c, first)
		if told {
			d.respond(c, second)
		}
	} else {
		if told {
			d.respond(c, first)
		}
		d.respond(c, second)
	}
	close(c.greeted)
}

// status is a connection_status_event of the version. It is not told if its
// error has no encoding.
func (d *Daemon) status(connected bool) (event wire.Response, told bool) {
	s := &wire.ConnectionStatus{IsConnected: connected}
	told = true
	if !connected {
		s.Err, told = d.trouble.err, !d.trouble.unencodable
	}
	if d.dialect.Session {
		s.InstanceToken = &d.instance
	}
	if d.dialect.StatusGeometry {
		s.Sphinx, s.Pigeonhole = &sphinxGeometry, &pigeonholeGeometry
	}
	return wire.Response{Status: s}, told
}

// encodedDocument returns the current document as the version encodes it, nil
// while there is none.
func (d *Daemon) encodedDocument() []byte {
	if d.docEpoch == d.mixnet.Epoch() {
		return d.document
	}
	doc := d.mixnet.Document()
	if doc == nil {
		return nil
	}
	doc.Version = d.manners.version
	encoded, err := d.dialect.AppendDocument(nil, doc)
	if err != nil {
		d.tally.Unencodable++
		return nil
	}
	d.document, d.docEpoch = encoded, doc.Epoch
	return d.document
}
