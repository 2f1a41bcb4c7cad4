package arq_test

import (
	"fmt"
	"time"

	"github.com/homing-mix/homing/arq"
)

// The first attempt of a message is lost, the second is answered. The shell
// around the machine would own the clock, the timer and the socket.
func ExampleMachine() {
	policy := arq.Policy{Attempts: 12, Floor: 3 * time.Second, Growth: 1.25, Ceiling: 30 * time.Second}
	start := arq.Instant(time.Hour)
	m := arq.New(1, &policy, start.Add(10*time.Minute), [2]uint64{})

	step := func(at time.Duration, ev arq.Event) {
		ev.Generation = 1
		e := m.Step(start.Add(at), ev)
		fmt.Printf("%-5v %-7v → %v", at, ev.Kind, m.State())
		if e.Transmit != 0 {
			fmt.Printf(", transmit attempt %d", e.Transmit)
		}
		if e.Wake != 0 {
			fmt.Printf(", wake at %v", e.Wake.Sub(start))
		}
		if e.Done != arq.Pending {
			fmt.Printf(", %v by attempt %d", e.Done, m.Answered())
		}
		fmt.Println()
	}
	step(0, arq.Event{Kind: arq.Start})
	step(1*time.Second, arq.Event{
		Kind: arq.Sent, Attempt: 1, Departure: start.Add(time.Second),
		ETA: 2 * time.Second, Grace: 300 * time.Millisecond, Expiry: start.Add(8 * time.Second),
	})
	step(3300*time.Millisecond, arq.Event{Kind: arq.Timeout})
	step(4*time.Second, arq.Event{Kind: arq.Timeout})
	step(5*time.Second, arq.Event{
		Kind: arq.Sent, Attempt: 2, Departure: start.Add(5 * time.Second),
		ETA: 1 * time.Second, Grace: 300 * time.Millisecond, Expiry: start.Add(11 * time.Second),
	})
	step(6*time.Second, arq.Event{Kind: arq.Reply, Attempt: 2})
	// Output:
	// 0s    Start   → Queued, transmit attempt 1, wake at 10m0s
	// 1s    Sent    → InFlight, wake at 3.3s
	// 3.3s  Timeout → BackingOff, wake at 4s
	// 4s    Timeout → Queued, transmit attempt 2, wake at 10m0s
	// 5s    Sent    → InFlight, wake at 6.3s
	// 6s    Reply   → Done, Answered by attempt 2
}

// A profile is a set of numbers that can be changed.
func ExampleProfile_Policy() {
	policy := arq.Balanced.Policy()
	policy.Attempts = 5
	fmt.Println(policy.Validate(), policy.Attempts, arq.Balanced.Policy().Attempts)
	// Output: <nil> 5 16
}
