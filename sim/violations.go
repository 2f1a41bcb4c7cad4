package sim

import "github.com/homing-mix/homing/arq"

// Violation is something a client did that no good client does.
type Violation struct {
	At     arq.Instant
	Client ClientID
	Reason string
}

// violationLimit bounds how many are kept; the tally counts all.
const violationLimit = 1000

// DaemonCounters are totals of a Daemon since StartDaemon.
type DaemonCounters struct {
	Counters // the model's
	tally
}

type tally struct {
	Connections uint64 // accepted
	Resumed     uint64 // sessions taken up again by their token
	Kept        uint64 // replies kept for clients that were away
	KeptLost    uint64 // replies beyond what a session keeps
	BlackHoles  uint64 // connections that are read and never served
	Unread      uint64 // clients that did not read: muted or disconnected by version; for a muted one once
	Unserved    uint64 // requests that the version knows and the look-alike does not serve
	Unencodable uint64 // events that the version has no encoding for
	Crashes     uint64 // daemon panics that a client's request caused
	Wedges      uint64 // times that the daemon hung for every client
	Violations  uint64 // all, also those that are not kept
}

// Counters returns the totals.
func (d *Daemon) Counters() DaemonCounters {
	d.mu.Lock()
	defer d.mu.Unlock()
	return DaemonCounters{d.mixnet.Counters(), d.tally}
}

// Violations returns the first 1000 of what clients should not have done, in
// the order in which it happened.
func (d *Daemon) Violations() []Violation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Violation(nil), d.violations...)
}

// note records a violation, under the lock.
func (d *Daemon) note(id ClientID, reason string) {
	d.tally.Violations++
	if len(d.violations) < violationLimit {
		d.violations = append(d.violations, Violation{d.clock.Now(), id, reason})
	}
}

// complain records a violation of a connection.
func (d *Daemon) complain(c *conn, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var id ClientID
	if c.session != nil {
		id = c.session.client
	}
	d.note(id, reason)
}
