package thin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"time"

	crand "crypto/rand"
	"encoding/binary"

	"github.com/homing-mix/homing/thin/wire"
)

// Periods of the protocol, in the daemon's time; Config.Speed divides them.
const (
	// handshakeTimeout bounds the dial, the silence before the first frame, and
	// the wait for the session reply. New daemons hold the greeting back for up
	// to 30 s while they have no document, and serve dialling clients one after
	// the other; old ones without a document never greet.
	handshakeTimeout = 75 * time.Second
	// proofTimeout bounds the wait for the answer to a local request after a
	// resume. Such requests are answered within milliseconds.
	proofTimeout = 10 * time.Second
	// epochPeriod is the usual length of an epoch.
	epochPeriod = 20 * time.Minute
	// defaultPayload is the UserForwardPayloadLength of the usual geometry.
	defaultPayload = 2000
	// writeQueue is how many frames wait for the socket at most.
	writeQueue = 256
	// closeTimeout bounds the farewell, in real time.
	closeTimeout = time.Second
)

// Config says where the daemon is. The zero value is not valid: either Network
// and Address or Dial is needed.
type Config struct {
	// Network is "tcp", "tcp4", "tcp6", "unix" or "ws"; Address is host:port,
	// a path, or for ws a URL as ws://host:port, which daemons know since v0.0.93.
	Network, Address string

	// Dial replaces Network and Address if not nil. It is called from one
	// goroutine at a time, and must return soon after ctx ends.
	Dial func(ctx context.Context) (net.Conn, error)

	// Speed is how many of the daemon's seconds pass in one second, for daemons
	// with a scaled clock. All timeouts are divided by it. 0 is 1; else it must be
	// positive and at most 1e6.
	Speed float64

	// Epoch is the length of the network's epochs in the daemon's time. It only
	// decides when a document is stale: after two. 0 is 20 minutes; negative
	// values are refused.
	Epoch time.Duration

	// MaxFrame is the largest frame in bytes that is read. 0 is wire.MaxFrame,
	// which is also the most; negative values are refused.
	MaxFrame int

	// Geometry is the network's packet geometry, for daemons up to v0.0.75 that
	// do not tell it. Nil: payloads of at most 2000 bytes until the daemon says
	// otherwise.
	Geometry *wire.SphinxGeometry

	// Logger takes what an operator wants to know. It never sees payloads,
	// destinations or identifiers. Nil is silent.
	Logger *slog.Logger

	// Rand draws jitter and picks services. Identifiers never come from it. The
	// Client takes it over. Nil is seeded from crypto/rand.
	Rand *rand.Rand
}

// ErrConfig is returned, wrapped with what to change, by New and Dial for a
// Config that is not valid.
var ErrConfig = errors.New("thin: invalid config")

// completed returns a copy with the defaults in place.
func (c Config) completed() (Config, error) {
	invalid := func(format string, args ...any) (Config, error) {
		return Config{}, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...)
	}
	if c.Dial == nil {
		switch c.Network {
		case "tcp", "tcp4", "tcp6", "unix", "ws":
		default:
			return invalid("Network %q: want tcp, tcp4, tcp6, unix or ws", c.Network)
		}
		if c.Address == "" {
			return invalid("Address is empty: want host:port or the path of the daemon's socket")
		}
		network, address := c.Network, c.Address
		if network == "ws" {
			if err := checkWebsocket(address); err != nil {
				return invalid("%v", err)
			}
		}
		c.Dial = func(ctx context.Context) (net.Conn, error) {
			if network == "ws" {
				return dialWebsocket(ctx, address)
			}
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		}
	}
	if c.Speed == 0 {
		c.Speed = 1
	}
	if !(c.Speed > 0 && c.Speed <= 1e6) || math.IsNaN(c.Speed) {
		return invalid("Speed %v: want 0, or more than 0 and at most 1e6", c.Speed)
	}
	if c.Epoch < 0 {
		return invalid("Epoch %v is negative", c.Epoch)
	}
	if c.Epoch == 0 {
		c.Epoch = epochPeriod
	}
	if c.MaxFrame < 0 || c.MaxFrame > wire.MaxFrame {
		return invalid("MaxFrame %d: want 0 to %d", c.MaxFrame, wire.MaxFrame)
	}
	if c.Geometry != nil && payloadLimit(c.Geometry) == 0 {
		return invalid("Geometry: UserForwardPayloadLength %d", c.Geometry.UserForwardPayloadLength)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		var seed [16]byte
		crand.Read(seed[:])
		c.Rand = rand.New(rand.NewPCG(binary.LittleEndian.Uint64(seed[:8]), binary.LittleEndian.Uint64(seed[8:])))
	}
	return c, nil
}

// real converts a period of the daemon to one of this host.
func (c *Config) real(d time.Duration) time.Duration {
	scaled := float64(d) / c.Speed
	if scaled >= math.MaxInt64 {
		return math.MaxInt64
	}
	return max(time.Duration(scaled), 1)
}

// payloadLimit is what a request can carry in bytes, 0 for a geometry that
// cannot be.
func payloadLimit(g *wire.SphinxGeometry) int {
	if g.UserForwardPayloadLength < 1 || g.UserForwardPayloadLength > wire.MaxFrame/2 {
		return 0
	}
	return g.UserForwardPayloadLength
}
