// Package homing gives Go applications reliable request/reply over the
// Katzenpost mixnet: send once, get one answer or one typed reason.
//
//	client, err := homing.Dial(ctx, homing.Config{
//		Daemon: thin.Config{Network: "unix", Address: "/run/kpclientd.sock"},
//	})
//	reply, err := client.Call(ctx, "echo", []byte("hello"))
//
// kpclientd's send_message is a lossy datagram with a one-shot reply address.
// Homing puts an actor behind each outstanding message: it owns the message's
// retransmission schedule, starts its timer when the packet has really left,
// waits for what the daemon has announced plus a grace, draws every
// retransmission's moment and reply address anew, and takes a late answer to
// any of its attempts. A dispatcher actor wraps the daemon's event channel; the
// application holds a [Future].
//
// # What is promised
//
// A nil error from [Client.Go] means accepted: the message ends with exactly
// one outcome, an answer or a [DeliveryError] that says why not and whether
// the service may have executed the request. On the wire a request is sent at
// least once and may be executed more than once. There is no ordering between
// messages. Accepted messages live in memory: they end with [ErrClosed] when
// the client is closed.
//
// # Concurrency
//
// All methods of [Client] and [Future] are safe for concurrent use. Nothing
// here calls back into the application.
//
// # Privacy
//
// Retransmissions use a fresh SURB ID, never follow the previous departure of
// the same message by less than 3 s (except with the Fast profile, which is
// for test networks), and are spread by memoryless jitter. Nothing is sent from
// inside the handling of a reply. Logs carry no destinations, IDs or bodies.
package homing
