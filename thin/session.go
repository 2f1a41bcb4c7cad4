package thin

import (
	crand "crypto/rand"

	"github.com/homing-mix/homing/thin/wire"
)

// session is what outlives a connection: the token under which the daemon keeps
// SURB keys and replies, and what must be remembered to know whether it did.
// Daemons since v0.0.73 know it.
type session struct {
	token wire.ID

	// instance is the daemon process of the last Up under this token, zero before
	// the first. Another process knows nothing of us whatever it answers.
	instance wire.ID

	// voided: the gateway was reported away since the last time that everything
	// in flight was known to be void.
	voided bool
}

func newSession() session { return session{token: newID()} }

// same reports whether a session reply continues what was Up before.
func (s *session) same(resumed bool, instance *wire.ID) bool {
	return resumed && instance != nil && s.instance != wire.ID{} && *instance == s.instance
}

// established records an Up.
func (s *session) established(instance *wire.ID) {
	s.instance = wire.ID{}
	if instance != nil {
		s.instance = *instance
	}
	s.voided = false
}

// NewSURBID returns 16 bytes from crypto/rand. A SURB ID is used once, ever: of
// two messages in flight with the same one neither is answered.
func NewSURBID() wire.ID { return newID() }

func newID() (id wire.ID) {
	crand.Read(id[:])
	return id
}
