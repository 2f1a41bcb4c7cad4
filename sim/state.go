package sim

import "github.com/homing-mix/homing/thin/wire"

// DaemonState is a Daemon at one moment.
type DaemonState struct {
	Up          bool // its process runs: false after Kill, a crash and Close
	Gateway     bool // it is connected to its gateway
	Wedged      bool // it hangs until it is restarted
	Document    bool // it has one
	Epoch       uint64
	Connections int // of clients
}

// State returns the present state.
func (d *Daemon) State() DaemonState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return DaemonState{
		Up: d.up, Gateway: !d.mixnet.Away(), Wedged: d.wedged,
		Document: !d.mixnet.network.documentless, Epoch: d.mixnet.Epoch(), Connections: len(d.conns),
	}
}

// oldPigeonhole is the geometry of the storage protocol up to v0.0.72.
var oldPigeonhole = wire.PigeonholeGeometry{
	MaxPlaintextPayloadLength: 1553, CourierQueryReadLength: 359, CourierQueryWriteLength: 2000,
	CourierQueryReplyReadLength: 1698, CourierQueryReplyWriteLength: 50,
	NIKEName: "CTIDH1024-X25519", SignatureSchemeName: "Ed25519",
}

// Geometry returns the network's geometries, as the configuration files of the
// clients of the daemon's version have them.
func (d *Daemon) Geometry() (wire.SphinxGeometry, wire.PigeonholeGeometry) {
	if d.dialect.Old() {
		return sphinxGeometry, oldPigeonhole
	}
	return sphinxGeometry, pigeonholeGeometry
}
