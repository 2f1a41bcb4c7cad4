package main

import (
	"fmt"

	"github.com/homing-mix/homing"
)

// link is how far messages get. The zero value is all the way.
type link int

const (
	linkUp      link = iota
	linkAway         // the daemon has no connection to its gateway
	linkMissing      // there is no connection to the daemon
)

func linkOf(h homing.Health) link {
	switch {
	case !h.Up:
		return linkMissing
	case !h.Gateway:
		return linkAway
	}
	return linkUp
}

// change tells people that the link was another before.
func (l link) change(before link, at endpoint, reason error) string {
	switch {
	case l == linkMissing:
		return fmt.Sprintf("the link to %v is lost: %v; messages go on when it is back", at, reason)
	case l == linkAway:
		return "the daemon has lost its gateway; messages go on when it is back"
	case before == linkAway:
		return "the daemon has its gateway back"
	}
	return "the link is back"
}
