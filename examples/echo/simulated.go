package main

import (
	"log"
	"os"

	"github.com/homing-mix/homing/sim"
)

// KPCLIENTD=host:port names another daemon. Without it a simulated one stands in,
// for as long as the program runs: it speaks kpclientd's protocol on a loopback socket, its network loses
// half of all round trips (with this seed, the first), and twenty of its seconds
// pass in one.
func init() {
	if address := os.Getenv("KPCLIENTD"); address != "" {
		daemon.Address = address
		return
	}
	simulated, err := sim.StartDaemon(sim.DaemonConfig{
		Speed:  20,
		Mixnet: sim.MixnetConfig{Seed: 2, Loss: 0.5, Services: []sim.Service{sim.Echo("node")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	daemon.Address, daemon.Speed = simulated.Addr().String(), simulated.Speed()
}
