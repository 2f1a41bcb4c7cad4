package arq

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Stories are told in testdata/*.txt. The first paragraph says what is proved.
// Then, one a line:
//
//	profile balanced                          the policy of a profile
//	policy attempts=3 floor=3s growth=1.25    or its numbers: also ceiling, mean, ofeta
//	deadline 20s                              of the message; without it there is none
//	seed 7                                    of the jitter
//	2s sent 1 eta=1s expiry=9s => InFlight, wake 3s
//	attempts => 1 Presumed, 2 Replied
//
// A step is an instant, an event in lower case, the attempt it speaks of, its
// fields, and after the arrow the state and every effect. Effects that are not
// written are not allowed. Lines that begin with # are comments.

// storyOrigin keeps a story's 0s apart from the unset instant.
const storyOrigin = Instant(time.Hour)

func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 40 {
		t.Errorf("only %d stories found", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tellStory(t, string(text))
		})
	}
}

func tellStory(t *testing.T, text string) {
	t.Helper()
	proved, script, ok := strings.Cut(text, "\n\n")
	if !ok || strings.Contains(proved, "=>") || !strings.HasSuffix(proved, ".") {
		t.Fatal("the first paragraph must say what is proved")
	}
	s := story{policy: Policy{Attempts: 3, Floor: 3 * time.Second, Growth: 1.25, Ceiling: 30 * time.Second}}
	first := strings.Count(proved, "\n") + 3
	for i, line := range strings.Split(script, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := s.tell(line); err != nil {
			t.Fatalf("line %d: %s\n%v", first+i, line, err)
		}
	}
	if s.steps == 0 {
		t.Error("nothing happens in this story")
	}
}

type story struct {
	policy   Policy
	deadline Instant
	seed     uint64
	machine  Machine
	now      Instant
	steps    int
}

func (s *story) tell(line string) error {
	does, want, expects := strings.Cut(line, "=>")
	words, want := strings.Fields(does), strings.TrimSpace(want)
	if !expects {
		return s.prepare(words)
	}
	if words[0] == "attempts" {
		return mismatch(describeAttempts(s.machine.Attempts()), want)
	}
	at, err := time.ParseDuration(words[0])
	if err != nil {
		return err
	}
	ev, err := parseEvent(words[1:])
	if err != nil {
		return err
	}
	if s.steps == 0 {
		s.machine = New(1, &s.policy, s.deadline, [2]uint64{s.seed, s.seed})
	}
	now := storyOrigin.Add(at)
	if now.Before(s.now) {
		return fmt.Errorf("the story goes back in time")
	}
	s.now = now
	s.steps++
	effects := s.machine.Step(now, ev)
	return mismatch(describe(s.machine.State(), effects), want)
}

func (s *story) prepare(words []string) (err error) {
	if s.steps > 0 {
		return fmt.Errorf("%q after the first step", words[0])
	}
	switch words[0] {
	case "profile":
		var p Profile
		if p, err = ParseProfile(words[1]); err == nil {
			s.policy = p.Policy()
		}
		return err
	case "policy":
		s.policy = Policy{}
		for _, word := range words[1:] {
			if err := setNumber(&s.policy, word); err != nil {
				return err
			}
		}
		return s.policy.Validate()
	case "deadline":
		d, err := time.ParseDuration(words[1])
		s.deadline = storyOrigin.Add(d)
		return err
	case "seed":
		s.seed, err = strconv.ParseUint(words[1], 10, 64)
		return err
	}
	return fmt.Errorf("unknown word %q", words[0])
}

func setNumber(p *Policy, word string) (err error) {
	field, value, _ := strings.Cut(word, "=")
	switch field {
	case "attempts":
		p.Attempts, err = strconv.Atoi(value)
	case "floor":
		p.Floor, err = time.ParseDuration(value)
	case "growth":
		p.Growth, err = strconv.ParseFloat(value, 64)
	case "ceiling":
		p.Ceiling, err = time.ParseDuration(value)
	case "mean":
		p.Jitter.Mean, err = time.ParseDuration(value)
	case "ofeta":
		p.Jitter.OfETA, err = strconv.ParseFloat(value, 64)
	default:
		err = fmt.Errorf("unknown number %q", field)
	}
	return err
}

func parseEvent(words []string) (Event, error) {
	ev := Event{Generation: 1}
	for k := Start; k <= Release; k++ {
		if strings.EqualFold(k.String(), words[0]) {
			ev.Kind = k
		}
	}
	if ev.Kind == 0 {
		return ev, fmt.Errorf("unknown event %q", words[0])
	}
	for _, word := range words[1:] {
		if n, err := strconv.Atoi(word); err == nil {
			ev.Attempt = n
			continue
		}
		field, value, _ := strings.Cut(word, "=")
		if field == "permanent" {
			ev.Permanent = true
			continue
		}
		if field == "generation" {
			n, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return ev, err
			}
			ev.Generation = uint32(n)
			continue
		}
		d, err := time.ParseDuration(value)
		if err != nil {
			return ev, err
		}
		switch field {
		case "departed":
			ev.Departure = storyOrigin.Add(d)
		case "eta":
			ev.ETA = d
		case "grace":
			ev.Grace = d
		case "expiry":
			ev.Expiry = storyOrigin.Add(d)
		case "latest":
			ev.LatestDeparture = storyOrigin.Add(d)
		default:
			return ev, fmt.Errorf("unknown field %q", field)
		}
	}
	return ev, nil
}

func describe(state State, e Effects) string {
	parts := []string{state.String()}
	if e.Transmit != 0 {
		parts = append(parts, fmt.Sprintf("transmit %d", e.Transmit))
	}
	if e.Wake != 0 {
		parts = append(parts, fmt.Sprintf("wake %v", e.Wake.Sub(storyOrigin)))
	}
	if e.Done != Pending {
		parts = append(parts, e.Done.String())
	}
	return strings.Join(parts, ", ")
}

func describeAttempts(attempts []Attempt) string {
	var parts []string
	for _, a := range attempts {
		part := fmt.Sprintf("%d %v", a.Number, a.Fate)
		if a.Departure != 0 {
			part += fmt.Sprintf(" at %v", a.Departure.Sub(storyOrigin))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

func mismatch(got, want string) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("got  %s\nwant %s", got, want)
}
