// Package thin is a client of the Katzenpost daemon kpclientd: it connects,
// reconnects, resumes its session, keeps the directory of services, writes
// messages and hands out what the daemon says as events.
//
// A Client owns one connection at a time. The link is Up once the daemon is
// connected to its gateway and has handed over a PKI document, and, where the
// daemon knows sessions (v0.0.73 and newer), the session has been answered and
// a resumed one has proved to be alive. Every Up has its own connection number,
// and ends with a Down that carries the reason.
//
// The version of the daemon is told by its first frame. Nothing is ever written
// that this version may not know, nor anything that is known to kill a daemon.
//
// # Delivery
//
// A message is a datagram: Post and SendMessage promise nothing but that the
// frame was queued for the socket. MessageSent says that the packet left the
// host or why it could not; MessageReply that it was answered; a reply can
// come before, or without, its MessageSent, and neither may come at all. Up
// with Same false ends everything that was sent before; GatewayUp ends what
// was reported as sent before it. Retransmission is the caller's, or that of
// package homing.
//
// # Events
//
// Each Subscription receives all events in the order in which they were read,
// beginning with the present state. It is bounded: a consumer that falls behind
// loses its subscription with ErrOverrun and disturbs nobody, as the reader of
// the socket waits for no consumer.
//
// # Limits
//
// One connection per Client. No websocket, no daemon ARQ, no Pigeonhole.
package thin
