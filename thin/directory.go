package thin

import (
	"golang.org/x/crypto/blake2b"

	"github.com/homing-mix/homing/thin/wire"
)

// maxRecipient is the longest queue ID in bytes that the daemon takes.
const maxRecipient = 32

// A Service is one instance of a capability: where to send to.
type Service struct {
	Name        string // of the node
	Capability  string
	Destination wire.Hash // BLAKE2b-256 of the node's identity key
	Recipient   []byte    // the queue ID: the bytes of the node's "endpoint" text; not to be modified
}

// directory finds services in a document. It is immutable; nil is empty.
type directory struct {
	document *Document
	services map[string][]Service
	nodes    map[wire.Hash]bool // destinations that the daemon can find
}

// newDirectory lists the services of all service nodes. A node may describe
// them in any shape; those that cannot be sent to are left out.
func newDirectory(doc *Document) *directory {
	d := &directory{document: doc, services: make(map[string][]Service), nodes: make(map[wire.Hash]bool)}
	for i := range doc.ServiceNodes {
		node := &doc.ServiceNodes[i]
		if len(node.IdentityKey) == 0 {
			continue
		}
		destination := wire.Hash(blake2b.Sum256(node.IdentityKey))
		d.nodes[destination] = true
		for _, capability := range node.Capabilities() {
			endpoint, ok := node.Endpoint(capability)
			if !ok || len(endpoint) < 1 || len(endpoint) > maxRecipient {
				continue
			}
			d.services[capability] = append(d.services[capability], Service{
				Name: node.Name, Capability: capability, Destination: destination, Recipient: []byte(endpoint),
			})
		}
	}
	return d
}

func (d *directory) lookup(capability string) []Service {
	if d == nil {
		return nil
	}
	return d.services[capability]
}

// reaches reports whether a service node has that address.
func (d *directory) reaches(destination wire.Hash) bool { return d != nil && d.nodes[destination] }
