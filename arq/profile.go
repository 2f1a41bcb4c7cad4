package arq

import (
	"fmt"
	"strings"
	"time"
)

// Profile names a policy for a kind of use. The zero Profile is Interactive,
// the default.
type Profile int

const (
	// Interactive is for people who wait.
	Interactive Profile = iota
	// Balanced is for services: its jitter grows with the network's delay.
	Balanced
	// Guarded is for those whose adversary drops packets and watches.
	Guarded
	// Fast is for trusted test networks and benchmarks. It has neither floor
	// nor jitter, and so breaks two of the rules that Katzenpost's drafts set
	// for the sake of anonymity: 3 s between departures, and unpredictability.
	Fast
)

var profileNames = [...]string{"interactive", "balanced", "guarded", "fast"}

// budget is common to all profiles: about 0.5 % of all sends are spurious at
// any loss rate.
var budget = Budget{Retransmissions: 0.05, Sends: 0.005, Loss: 0.05, Fates: 20}

var profiles = [...]Policy{
	Interactive: {
		Attempts: 12, Deadline: 10 * time.Minute,
		Floor: 3 * time.Second, Growth: 1.25, Ceiling: 30 * time.Second,
		Jitter: Jitter{Mean: time.Second}, Budget: budget,
	},
	Balanced: {
		Attempts: 16, Deadline: time.Hour,
		Floor: 3 * time.Second, Growth: 1.25, Ceiling: 5 * time.Minute,
		Jitter: Jitter{OfETA: 1}, Budget: budget,
	},
	Guarded: {
		Attempts: 12, Deadline: 24 * time.Hour,
		Floor: 3 * time.Second, Growth: 1.5, Ceiling: 30 * time.Minute,
		Jitter: Jitter{Mean: 30 * time.Second}, Budget: budget,
	},
	Fast: {
		Attempts: 16, Deadline: 2 * time.Minute, Budget: budget,
	},
}

// Policy returns the numbers of the profile. A value that is no profile gives
// those of Interactive.
func (p Profile) Policy() Policy {
	if p < 0 || int(p) >= len(profiles) {
		p = Interactive
	}
	return profiles[p]
}

// String returns the name that ParseProfile takes.
func (p Profile) String() string {
	if p < 0 || int(p) >= len(profileNames) {
		return fmt.Sprintf("Profile(%d)", int(p))
	}
	return profileNames[p]
}

// ProfileError is returned by ParseProfile for a name that is no profile's.
type ProfileError struct {
	Name string // the name as it was given
}

// Error returns the name and those that would do.
func (e *ProfileError) Error() string {
	return fmt.Sprintf("arq: unknown profile %q: use one of %s", e.Name, strings.Join(profileNames[:], ", "))
}

// ParseProfile returns the profile of the given name, in lower case, or a
// *ProfileError.
func ParseProfile(name string) (Profile, error) {
	for i, known := range profileNames {
		if name == known {
			return Profile(i), nil
		}
	}
	return Interactive, &ProfileError{Name: name}
}
