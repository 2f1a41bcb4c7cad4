// Package sim is the laboratory: a model of the mix network, a World that runs
// clients against it in virtual time, and a Daemon that puts it on a socket.
//
// # Mixnet
//
// A Mixnet is a discrete-event model of one client daemon and the network
// behind it. It has no goroutine, no clock and no global state: the caller
// hands it requests and the present instant, and it returns what clients are
// told. The same seed and the same calls give the same deliveries on any
// machine. Its rules are those observed of kpclientd:
//
//   - One Poisson process with rate LambdaP empties the queue of all clients; a
//     tick with nothing to send is a decoy. SharedFIFO and RoundRobin are the
//     queues of the two generations. A full one is told by Send only: the
//     daemon then stops reading that client.
//   - A packet has 2L+3 hops with exponential delays of whole milliseconds. The
//     ETA is their sum, known at departure. The reply arrives at departure +
//     ETA + residual + service time.
//   - Loss is drawn for each way: on the way there the service never sees the
//     request, on the way back it has executed it.
//   - A SURB answers until departure + ETA + slop. A gateway reconnect voids
//     every SURB that is out, and the same SURB ID in flight twice is answered
//     to neither, all without a word. While the gateway is away the egress
//     clock stands still.
//   - A request that cannot be composed is a send error in the daemon's words.
//     A wrong queue on an existing node, or a node that has died since the
//     document, is silence.
//
// Faults disturb the events that clients read: missing, doubled, reordered and
// late ones. RestartMix and Wedge are the two ways in which all is lost while
// nothing looks wrong.
//
// # Daemon
//
// A Daemon is a look-alike of kpclientd on a TCP or unix socket, or on pipes
// within the process, in the wire and with the manners of a chosen version:
//
//   - The greeting. Without a document: silence for ever up to v0.0.71, a
//     document event without a document from v0.0.72 on, and from v0.0.77 on
//     that only after 30 s, one client behind the other.
//   - The queue: 200 requests for all clients up to v0.0.72, 16 for each from
//     v0.0.73 on.
//   - SURBs: kept for ETA + 1.53 s up to v0.0.76, then for ETA + 4.5 s.
//   - Sessions, from v0.0.73 on: a lost connection can be resumed within a
//     grace of ten minutes.
//   - Documents: seconds after their epoch began up to v0.0.72, then after 5/8
//     of it.
//   - send_arq_message, up to v0.0.72: the daemon sends again 225 s after
//     departure + ETA, three times, each time with a SURB ID of its own and
//     only once with a sent event, and then answers with error code 5. A
//     garbage-collected event follows five minutes after the first ETA.
//   - An orderly end: the stream just ends up to v0.0.72, then shutdown_event.
//
// Its bugs are Quirks: each has a name, a range of versions, in which it is on,
// and can be asked for or excluded by DaemonConfig.With and Without. Those that
// end the real daemon for every application end this one too.
//
// It runs at Speed virtual seconds per second, may share its Clock with a
// client, and can be killed, restarted, cut from its gateway or its clients and
// made lossy while it runs. Violations tells what clients did that they should
// not.
//
//	daemon, err := sim.StartDaemon(sim.DaemonConfig{
//		Version: "v0.0.55",
//		Speed:   1000,
//		Mixnet:  sim.MixnetConfig{Seed: 1, Loss: 0.1, Services: []sim.Service{sim.Echo("node1")}},
//	})
//
// In testing/synctest, use the network "pipe" and Daemon.Dial: the daemon then
// runs in the bubble's time.
package sim
