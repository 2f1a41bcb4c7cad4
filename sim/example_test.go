package sim_test

import (
	"fmt"

	"github.com/homing-mix/homing/sim"
)

func ExampleQuirksOf() {
	quirks, err := sim.QuirksOf("v0.0.72")
	if err != nil {
		panic(err)
	}
	for _, q := range quirks[:3] {
		fmt.Printf("%s (%s): %s\n", q.Quirk, q.Versions(), q.Description)
	}
	// Output:
	// no-surb-kills (to v0.0.72): a message with with_surb false and no SURB ID ends the daemon for every application
	// null-surbid-kills (to v0.0.72): a message with with_surb true and no SURB ID ends the daemon for every application
	// unknown-request-kills (to v0.0.76): an unknown, empty or null request ends the daemon for every application
}
