package sim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/homing-mix/homing/arq"
)

// network is the part of the model that the PKI document describes.
type network struct {
	seed         uint64
	layers       int
	mu, lambdaP  float64
	ceiling      time.Duration // LambdaPMaxDelay
	length       time.Duration // of an epoch
	nodes        []*node       // service nodes, in the order of their first service
	listed       []*node       // of these, in the current document
	genesis      uint64
	epoch        uint64
	serial       uint64 // of the epoch change that is scheduled
	documentless bool
}

// node is a service node.
type node struct {
	name     string
	key      [32]byte // identity key
	hash     [32]byte // its BLAKE2b-256: the destination
	services []Service
	listed   int // how many of the services are in the current document
	dead     bool
}

func newNetwork(cfg MixnetConfig) network {
	n := network{
		seed: cfg.Seed, layers: cfg.Layers, mu: cfg.Mu, lambdaP: cfg.LambdaP, ceiling: cfg.LambdaPMaxDelay,
		length: cfg.Epoch, genesis: cfg.FirstEpoch, epoch: cfg.FirstEpoch, documentless: cfg.NoDocument,
	}
	for _, s := range cfg.Services {
		n.add(s)
	}
	n.list()
	return n
}

// add puts a service on the node of its name, which is made if need be.
func (n *network) add(s Service) {
	at := n.named(s.Name())
	if at == nil {
		at = &node{name: s.Name()}
		keyOf(n.seed, s.Name(), "identity", at.key[:])
		at.hash = blake2b.Sum256(at.key[:])
		n.nodes = append(n.nodes, at)
	}
	at.dead = false
	if i := slices.IndexFunc(at.services, func(o Service) bool { return o.Capability() == s.Capability() }); i >= 0 {
		at.services[i] = s
		return
	}
	at.services = append(at.services, s)
}

func (n *network) named(name string) *node {
	i := slices.IndexFunc(n.nodes, func(o *node) bool { return o.name == name })
	if i < 0 {
		return nil
	}
	return n.nodes[i]
}

// list writes the living nodes into the document.
func (n *network) list() {
	n.listed = nil
	for _, o := range n.nodes {
		if !o.dead {
			o.listed = len(o.services)
			n.listed = append(n.listed, o)
		}
	}
}

// lists tells whether the document has the destination.
func (n *network) lists(destination [32]byte) bool {
	return slices.ContainsFunc(n.listed, func(o *node) bool { return o.hash == destination })
}

// find returns the living service behind a queue ID.
func (n *network) find(destination [32]byte, recipient []byte) Service {
	for _, o := range n.nodes {
		if o.hash != destination || o.dead {
			continue
		}
		for _, s := range o.services {
			if endpoint(s) == string(recipient) {
				return s
			}
		}
	}
	return nil
}

// endpoint is the queue ID of a service.
func endpoint(s Service) string { return "+" + s.Capability() }

// keyOf fills dst with bytes that depend on the seed, the node and the purpose
// alone, so that a node added later changes no other's keys.
func keyOf(seed uint64, node, purpose string, dst []byte) {
	source := rand.NewPCG(seed, fingerprint(node+"\x00"+purpose))
	for len(dst) > 0 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], source.Uint64())
		dst = dst[copy(dst, word[:]):]
	}
}

// Instance is one node that offers a service, as the current document lists it.
type Instance struct {
	Node        string
	Capability  string
	Destination [32]byte // BLAKE2b-256 of the node's identity key
	Recipient   []byte   // the queue ID
}

// Instances returns what the current document lists, in its order; nothing
// while there is no document.
func (m *Mixnet) Instances() []Instance {
	if m.network.documentless {
		return nil
	}
	var all []Instance
	for _, o := range m.network.listed {
		for _, s := range o.services[:o.listed] {
			all = append(all, Instance{o.name, s.Capability(), o.hash, []byte(endpoint(s))})
		}
	}
	return all
}

// Epoch returns the number of the current document's epoch.
func (m *Mixnet) Epoch() uint64 { return m.network.epoch }

// AddService adds a service, or puts it in the place of the one with its
// capability on its node, and brings the node to life. A document lists it from
// the next epoch on; a replacement takes over at once. Errors wrap ErrConfig.
func (m *Mixnet) AddService(now arq.Instant, s Service) error {
	m.reach(now)
	if err := checkService(s); err != nil {
		return err
	}
	m.network.add(s)
	return nil
}

// KillService makes a service node dead: from now on what reaches it is lost
// without a word, and the document of the next epoch does not list it. It
// returns ErrUnknownNode if there is no such node.
func (m *Mixnet) KillService(now arq.Instant, name string) error {
	return m.setDead(now, name, true)
}

// ReviveService ends what KillService began.
func (m *Mixnet) ReviveService(now arq.Instant, name string) error {
	return m.setDead(now, name, false)
}

func (m *Mixnet) setDead(now arq.Instant, name string, dead bool) error {
	m.reach(now)
	o := m.network.named(name)
	if o == nil {
		return fmt.Errorf("%w: %q", ErrUnknownNode, name)
	}
	o.dead = dead
	return nil
}

func checkService(s Service) error {
	switch {
	case s == nil:
		return fmt.Errorf("%w: a service is nil", ErrConfig)
	case s.Name() == "" || s.Capability() == "":
		return fmt.Errorf("%w: a service has no name or no capability", ErrConfig)
	case len(endpoint(s)) > 32:
		return fmt.Errorf("%w: capability %q is longer than 31 bytes", ErrConfig, s.Capability())
	}
	return nil
}

// AdvanceEpoch makes the next epoch's document appear now; the one after it
// follows an epoch later.
func (m *Mixnet) AdvanceEpoch(now arq.Instant) {
	m.reach(now)
	m.network.serial++
	m.publish(now, m.network.serial)
}

// publish is the appearance of the next epoch's document.
func (m *Mixnet) publish(now arq.Instant, serial uint64) {
	n := &m.network
	if serial != n.serial {
		return
	}
	n.epoch++
	n.documentless = false
	n.list()
	m.schedule.push(now.Add(n.length), happening{kind: documentAppears, serial: serial})
	m.announce(Delivery{Kind: NewEpoch, Epoch: n.epoch})
}
