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
// # Daemon
//
// A Daemon is a look-alike of kpclientd on a TCP or unix socket, or on pipes
// within the process, in the wire of a chosen version: every response key, its
// greeting, queue and session rules, and the traps of that version. Up to
// v0.0.72 it says nothing for ever without a document, and a request that it
// does not know, or one without a SURB ID, ends it for every client. From
// v0.0.73 on it resumes sessions, flushes kept replies before the session
// reply, forgets what was unsent, and makes a black hole of the newer of two
// connections with one token. It runs at Speed virtual seconds per second, may
// share its Clock with a client, and can be killed, restarted, cut from its
// gateway and made lossy while it runs. Violations tells what clients did that
// they should not.
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
