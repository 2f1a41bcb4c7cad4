package arq

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestProfilesAreThoseOfTheTable holds each profile to the table of
// docs/evaluation.md.
func TestProfilesAreThoseOfTheTable(t *testing.T) {
	for _, c := range []struct {
		profile        Profile
		name           string
		floor, ceiling time.Duration
		growth         float64
		mean           time.Duration
		ofETA          float64
		attempts       int
		deadline       time.Duration
	}{
		{Fast, "fast", 0, 0, 0, 0, 0, 16, 2 * time.Minute},
		{Interactive, "interactive", 3 * time.Second, 30 * time.Second, 1.25, time.Second, 0, 12, 10 * time.Minute},
		{Balanced, "balanced", 3 * time.Second, 5 * time.Minute, 1.25, 0, 1, 16, time.Hour},
		{Guarded, "guarded", 3 * time.Second, 30 * time.Minute, 1.5, 30 * time.Second, 0, 12, 24 * time.Hour},
	} {
		want := Policy{
			Attempts: c.attempts, Deadline: c.deadline, Floor: c.floor, Growth: c.growth, Ceiling: c.ceiling,
			Jitter: Jitter{Mean: c.mean, OfETA: c.ofETA},
			Budget: Budget{Retransmissions: 0.05, Sends: 0.005, Loss: 0.05, Fates: 20},
		}
		got := c.profile.Policy()
		if got != want {
			t.Errorf("%s: %+v, want %+v", c.name, got, want)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.profile.String() != c.name {
			t.Errorf("%s calls itself %v", c.name, c.profile)
		}
		if p, err := ParseProfile(c.name); err != nil || p != c.profile {
			t.Errorf("%s parses as %v, %v", c.name, p, err)
		}
	}
}

func TestTheZeroProfileIsInteractive(t *testing.T) {
	var p Profile
	if p != Interactive || p.Policy() != Interactive.Policy() {
		t.Errorf("it is %v", p)
	}
}

func TestAPolicyCanBeChangedWithoutChangingTheProfile(t *testing.T) {
	p := Balanced.Policy()
	p.Attempts = 1
	if Balanced.Policy().Attempts == 1 {
		t.Error("the profile changed")
	}
}

func TestAnUnknownProfileIsInteractiveAndSaysItsNumber(t *testing.T) {
	for _, p := range []Profile{-1, 4, 99} {
		if p.Policy() != Interactive.Policy() || !strings.HasPrefix(p.String(), "Profile(") {
			t.Errorf("%v", p)
		}
	}
}

func TestParseProfileRefusesOtherNames(t *testing.T) {
	for _, name := range []string{"", "Interactive", "fast ", "fastest", "Profile(0)"} {
		var unknown *ProfileError
		_, err := ParseProfile(name)
		if !errors.As(err, &unknown) || unknown.Name != name || !strings.Contains(err.Error(), "interactive, balanced, guarded, fast") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
