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

// welcome greets a new connection, or lets it wait for a document: old
// versions for ever, new ones 30 s, one client behind the other.
func (d *Daemon) welcome(c *conn) {
	switch {
	case d.encodedDocument() != nil:
		d.greet(c)
	case d.manners.hold == 0:
		c.silent = true
		close(c.greeted)
	default:
		d.heldUntil = max(d.heldUntil, d.clock.Now()).Add(d.manners.hold)
		d.alarm(d.heldUntil, func(arq.Instant) { d.greet(c) })
	}
}

// greet sends the status and the document. Without a document a new daemon
// says that it is connected all the same.
func (d *Daemon) greet(c *conn) {
	if c.said || c.left || c.silent {
		return
	}
	document := d.encodedDocument()
	c.said = true
	d.respond(c, d.status(document == nil || !d.mixnet.Away()))
	d.respond(c, wire.Response{Document: &wire.NewDocument{Payload: document}})
	close(c.greeted)
}

// status is a connection_status_event of the version.
func (d *Daemon) status(connected bool) wire.Response {
	s := &wire.ConnectionStatus{IsConnected: connected}
	if d.dialect.Session {
		s.InstanceToken = &d.instance
	}
	if d.dialect.StatusGeometry {
		s.Sphinx, s.Pigeonhole = &sphinxGeometry, &pigeonholeGeometry
	}
	return wire.Response{Status: s}
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
