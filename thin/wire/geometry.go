package wire

// SphinxGeometry is the packet geometry of the mixnet, in bytes unless said
// otherwise. New daemons (since v0.0.76) send it in the status event; for older
// ones it is in the configuration file of the client only.
type SphinxGeometry struct {
	PacketLength                int
	NrHops                      int // hops of one way, a count
	HeaderLength                int
	RoutingInfoLength           int
	PerHopRoutingInfoLength     int
	SURBLength                  int
	SphinxPlaintextHeaderLength int
	PayloadTagLength            int
	ForwardPayloadLength        int // of every reply, padding included
	UserForwardPayloadLength    int // most that a request or a service's answer can hold
	NextNodeHopLength           int
	SPRPKeyMaterialLength       int
	NIKEName                    string // one of NIKEName and KEMName is ""
	KEMName                     string
}

// PigeonholeGeometry is the geometry of the storage protocol, in bytes.
type PigeonholeGeometry struct {
	MaxPlaintextPayloadLength    int
	CourierQueryReadLength       int
	CourierQueryWriteLength      int
	CourierQueryReplyReadLength  int
	CourierQueryReplyWriteLength int
	NIKEName                     string
	SignatureSchemeName          string
}

func appendSphinx(dst []byte, g *SphinxGeometry) []byte {
	if g == nil {
		return append(dst, null)
	}
	dst = appendHead(dst, majorMap, 14)
	dst = appendInt(appendText(dst, "PacketLength"), int64(g.PacketLength))
	dst = appendInt(appendText(dst, "NrHops"), int64(g.NrHops))
	dst = appendInt(appendText(dst, "HeaderLength"), int64(g.HeaderLength))
	dst = appendInt(appendText(dst, "RoutingInfoLength"), int64(g.RoutingInfoLength))
	dst = appendInt(appendText(dst, "PerHopRoutingInfoLength"), int64(g.PerHopRoutingInfoLength))
	dst = appendInt(appendText(dst, "SURBLength"), int64(g.SURBLength))
	dst = appendInt(appendText(dst, "SphinxPlaintextHeaderLength"), int64(g.SphinxPlaintextHeaderLength))
	dst = appendInt(appendText(dst, "PayloadTagLength"), int64(g.PayloadTagLength))
	dst = appendInt(appendText(dst, "ForwardPayloadLength"), int64(g.ForwardPayloadLength))
	dst = appendInt(appendText(dst, "UserForwardPayloadLength"), int64(g.UserForwardPayloadLength))
	dst = appendInt(appendText(dst, "NextNodeHopLength"), int64(g.NextNodeHopLength))
	dst = appendInt(appendText(dst, "SPRPKeyMaterialLength"), int64(g.SPRPKeyMaterialLength))
	dst = appendText(appendText(dst, "NIKEName"), g.NIKEName)
	return appendText(appendText(dst, "KEMName"), g.KEMName)
}

func appendPigeonhole(dst []byte, g *PigeonholeGeometry) []byte {
	if g == nil {
		return append(dst, null)
	}
	dst = appendHead(dst, majorMap, 7)
	dst = appendInt(appendText(dst, "MaxPlaintextPayloadLength"), int64(g.MaxPlaintextPayloadLength))
	dst = appendInt(appendText(dst, "CourierQueryReadLength"), int64(g.CourierQueryReadLength))
	dst = appendInt(appendText(dst, "CourierQueryWriteLength"), int64(g.CourierQueryWriteLength))
	dst = appendInt(appendText(dst, "CourierQueryReplyReadLength"), int64(g.CourierQueryReplyReadLength))
	dst = appendInt(appendText(dst, "CourierQueryReplyWriteLength"), int64(g.CourierQueryReplyWriteLength))
	dst = appendText(appendText(dst, "NIKEName"), g.NIKEName)
	return appendText(appendText(dst, "SignatureSchemeName"), g.SignatureSchemeName)
}
