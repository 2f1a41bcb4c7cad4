package sim

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/crypto/blake2b"

	"github.com/homing-mix/homing/thin/wire"
)

// Rates and limits that the model does not use, with the values of the
// reference network.
const (
	lambdaL, lambdaM, lambdaD = 0.0005, 0.0005, 0.0005
	lambdaG, lambdaR          = 0.0015, 0.005
	linkKeyLength             = 1216
	mixKeyEpochs              = 3
)

// Document returns the PKI document of the current epoch, nil while there is
// none. One gateway, one mix for each layer and the listed service nodes; all
// keys follow from the seed. Each dialect encodes the fields that it knows.
func (m *Mixnet) Document() *wire.Document {
	n := &m.network
	if n.documentless {
		return nil
	}
	milliseconds := uint64(n.ceiling.Milliseconds())
	if milliseconds == 0 {
		milliseconds = 1 << 31
	}
	doc := &wire.Document{
		Epoch: n.epoch, GenesisEpoch: n.genesis, Version: "v1",
		Mu: n.mu, LambdaP: n.lambdaP,
		LambdaL: lambdaL, LambdaM: lambdaM, LambdaD: lambdaD, LambdaG: lambdaG, LambdaR: lambdaR,
		MuMaxDelay: 1000, LambdaPMaxDelay: milliseconds, LambdaLMaxDelay: 1000,
		LambdaMMaxDelay: 100, LambdaGMaxDelay: 1000, LambdaDMaxDelay: 3000, LambdaRMaxDelay: 1000, SendRatePerMinute: 100,
		PKISignatureScheme: "Ed25519",
		Rest:               n.randomness(),
	}
	geometry := blake2b.Sum256([]byte("sphinx geometry"))
	doc.SphinxGeometryHash = geometry[:]
	for layer := range n.layers {
		mix := n.describe(fmt.Sprintf("mix%d", layer+1))
		doc.Topology = append(doc.Topology, []wire.Descriptor{mix})
	}
	gateway := n.describe("gateway1")
	gateway.IsGatewayNode, gateway.AuthenticationType = true, "tofu"
	doc.GatewayNodes = []wire.Descriptor{gateway}
	for _, o := range n.listed {
		d := n.describe(o.name)
		d.IsServiceNode = true
		d.Kaetzchen = make(map[string]cbor.RawMessage, o.listed)
		for _, s := range o.services[:o.listed] {
			d.Kaetzchen[s.Capability()] = wire.KaetzchenEndpoint(endpoint(s))
		}
		d.KaetzchenAdvertizedData = cbor.RawMessage{0xa0}
		doc.ServiceNodes = append(doc.ServiceNodes, d)
	}
	return doc
}

// describe returns what all kinds of nodes have.
func (n *network) describe(name string) wire.Descriptor {
	d := wire.Descriptor{
		Name: name, Epoch: n.epoch,
		IdentityKey: make([]byte, 32), LinkKey: make([]byte, linkKeyLength),
		MixKeys:   make(map[uint64][]byte, mixKeyEpochs),
		Addresses: map[string][]string{"tcp4": {"tcp://127.0.0.1:30000"}},
	}
	keyOf(n.seed, name, "identity", d.IdentityKey)
	keyOf(n.seed, name, "link", d.LinkKey)
	for i := range uint64(mixKeyEpochs) {
		key := make([]byte, 32)
		keyOf(n.seed, name, fmt.Sprint("mix ", n.epoch+i), key)
		d.MixKeys[n.epoch+i] = key
	}
	return d
}

// randomness returns the document's keys that say nothing to a client.
func (n *network) randomness() map[string]cbor.RawMessage {
	value := func(epoch uint64) []byte {
		shared := make([]byte, 34)
		shared[0], shared[1] = 0x58, 32 // byte string of 32
		keyOf(n.seed, "authority", fmt.Sprint("random ", epoch), shared[2:])
		return shared
	}
	prior := append([]byte{0x82}, value(n.epoch-1)...)
	return map[string]cbor.RawMessage{
		"SharedRandomValue": value(n.epoch),
		"PriorSharedRandom": append(prior, value(n.epoch-2)...),
		"StorageReplicas":   {0x80},
	}
}
