package main

import (
	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin"
)

// daemon is the one that messages go through: a real one, or one in this
// process, on a real socket, before a simulated network.
type daemon struct {
	endpoint  endpoint
	simulated *sim.Daemon // nil: real
	config    homing.Config
}

func openDaemon(s settings) (*daemon, error) {
	d := &daemon{endpoint: s.endpoint}
	if !s.real {
		var err error
		d.simulated, err = sim.StartDaemon(sim.DaemonConfig{
			Version: s.dialect, Speed: s.speed,
			Mixnet: sim.MixnetConfig{
				Seed: s.seed, Loss: s.loss, Services: []sim.Service{sim.Echo("service1"), sim.Echo("service2")},
			},
		})
		if err != nil {
			return nil, err
		}
		addr := d.simulated.Addr()
		d.endpoint = endpoint{addr.Network(), addr.String()}
	}
	d.config = homing.Config{
		Profile: s.profile,
		Daemon: thin.Config{
			Network: d.endpoint.network, Address: d.endpoint.address, Geometry: s.geometry, Speed: s.speed,
		},
	}
	return d, nil
}

// drawn is what the simulated network has done to the packets.
type drawn struct{ departed, forward, back uint64 }

func (d drawn) lost() uint64 { return d.forward + d.back }

// drawn returns nil for a real network, which tells nobody.
func (d *daemon) drawn() *drawn {
	if d.simulated == nil {
		return nil
	}
	c := d.simulated.Counters()
	return &drawn{departed: c.Departed, forward: c.LostForward, back: c.LostReturn}
}

func (d *daemon) close() {
	if d.simulated != nil {
		_ = d.simulated.Close() // of a listener that nobody needs any more
	}
}
