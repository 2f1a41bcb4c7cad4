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
// The version of the daemon, v0.0.55 or newer, is told by its first frame.
// Nothing is ever written that this version may not know, nor anything that is
// known to kill a daemon. What the connected version cannot do at all is an
// *UnsupportedError.
//
// # Delivery
//
// A message is a datagram: Post and SendMessage promise nothing but that the
// frame was queued for the socket. MessageSent says that the packet left the
// host or why it could not; MessageReply that it was answered; a reply can
// come before, or without, its MessageSent, and neither may come at all. Up
// with Same false ends everything that was sent before; GatewayUp ends what
// was reported as sent before it. Retransmission is the caller's, or that of
// package homing. Daemons up to v0.0.72 can also send again by themselves; see
// ReliableMessage for what is wrong with that.
//
// # Events
//
// Each Subscription receives all events in the order in which they were read,
// beginning with the present state. It is bounded: a consumer that falls behind
// loses its subscription with ErrOverrun and disturbs nobody, as the reader of
// the socket waits for no consumer.
//
// # Local requests
//
// GetPKIDocument and GetDirectoryAuthorities are answered by the daemon itself.
// It reads its socket in order: behind many messages the answer takes as long as
// those.
//
// # Configuration files
//
// LoadConfig reads, and WriteConfig writes, the thinclient.toml of the official
// clients in each of its three layouts.
//
// # Limits
//
// One connection per Client. Requests of the storage protocol (Pigeonhole,
// vouchers, streams, channels) cannot be made; what the daemon says of them is
// an Unrecognised event. The daemon is reached over TCP, a unix socket, or from
// v0.0.93 on a websocket.
package thin
