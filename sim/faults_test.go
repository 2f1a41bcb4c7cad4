package sim

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// told runs n requests one after the other under a fault, and returns for each
// the kinds of what was told until all was said.
func told(t *testing.T, n int, f Faults, turn func(*MixnetConfig)) (each [][]DeliveryKind, l *lab) {
	t.Helper()
	l = newLab(t, func(c *MixnetConfig) {
		c.Faults = f
		if turn != nil {
			turn(c)
		}
	})
	for i := range n {
		l.send(1, l.request(uint64(i+1), "x"))
		var kinds []DeliveryKind
		for _, d := range l.run(2 * time.Minute) {
			if d.Kind != NewEpoch {
				kinds = append(kinds, d.Kind)
			}
		}
		each = append(each, kinds)
	}
	return each, l
}

func TestEachFaultDoesToEventsWhatItSays(t *testing.T) {
	for name, c := range map[string]struct {
		faults Faults
		want   []DeliveryKind
	}{
		"none":           {Faults{}, []DeliveryKind{Departed, Replied}},
		"MissingSent":    {Faults{MissingSent: 1}, []DeliveryKind{Replied}},
		"DuplicateSent":  {Faults{DuplicateSent: 1}, []DeliveryKind{Departed, Departed, Replied}},
		"SentAfterReply": {Faults{SentAfterReply: 1}, []DeliveryKind{Replied, Departed}},
		"DuplicateReply": {Faults{DuplicateReply: 1}, []DeliveryKind{Departed, Replied, Replied}},
		"LateReply":      {Faults{LateReply: 1, Lateness: time.Second}, []DeliveryKind{Departed, Replied}},
		"too late":       {Faults{LateReply: 1}, []DeliveryKind{Departed}},
	} {
		each, l := told(t, 10, c.faults, nil)
		for i, kinds := range each {
			if !slices.Equal(kinds, c.want) {
				t.Errorf("%s: request %d: told %v, want %v", name, i, kinds, c.want)
			}
		}
		l.fates()
	}
}

func TestAReorderedEventComesBehindTheNextOrFiveSecondsLater(t *testing.T) {
	// Round trips are below 5 s here: where the sent event is held back, the
	// reply comes first.
	each, _ := told(t, 10, Faults{Reordered: 1}, func(c *MixnetConfig) { c.Mu = 0.05 })
	for i, kinds := range each {
		if !slices.Equal(kinds, []DeliveryKind{Replied, Departed}) {
			t.Errorf("request %d: told %v", i, kinds)
		}
	}
	l := newLab(t, func(c *MixnetConfig) { c.Faults = Faults{Reordered: 1}; c.Loss = 1 })
	undisturbed := newLab(t, func(c *MixnetConfig) { c.Loss = 1 })
	l.send(1, l.request(1, "x"))
	undisturbed.send(1, undisturbed.request(1, "x"))
	if at, departure := l.until(Departed).At, undisturbed.until(Departed).At; at != departure.Add(5*time.Second) {
		t.Errorf("told at %v, departed at %v", at, departure)
	}
}

func TestASentEventThatWaitsForALostReplyComesWhenTheSURBExpires(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) { c.Faults = Faults{SentAfterReply: 1}; c.Loss = 1 })
	l.send(1, l.request(1, "x"))
	if d := l.until(Departed); d.At != d.Expiry {
		t.Errorf("told at %v, expires at %v", d.At, d.Expiry)
	}
}

func TestFaultsStrikeAsOftenAsTheyAreSetTo(t *testing.T) {
	each, l := told(t, 1000, Faults{MissingSent: 0.2}, nil)
	missing := 0
	for _, kinds := range each {
		if slices.Equal(kinds, []DeliveryKind{Replied}) {
			missing++
		}
	}
	if missing < 150 || missing > 250 {
		t.Errorf("%d of 1000 sent events missing, want about 200", missing)
	}
	if err := l.m.SetFaults(l.now, Faults{}); err != nil {
		t.Fatal(err)
	}
	l.send(1, l.request(5000, "x"))
	l.until(Departed)
}

func TestFaultsOfEventsShiftNoOtherDraws(t *testing.T) {
	plain, l := told(t, 50, Faults{}, func(c *MixnetConfig) { c.Loss = 0.3 })
	_, disturbed := told(t, 50, Faults{DuplicateSent: 0.5, MissingSent: 0.5, DuplicateReply: 0.5}, func(c *MixnetConfig) { c.Loss = 0.3 })
	if a, b := l.m.Counters(), disturbed.m.Counters(); a != b || len(plain) != 50 {
		t.Errorf("%+v\nwith faults %+v", a, b)
	}
}

func TestImpossibleFaultsAreRefused(t *testing.T) {
	l := newLab(t, nil)
	for _, f := range []Faults{
		{MissingSent: -1}, {DuplicateSent: 2}, {SentAfterReply: 1.1}, {DuplicateReply: -0.1}, {LateReply: 3},
		{Reordered: -1}, {Lateness: -1},
	} {
		if err := l.m.SetFaults(l.now, f); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v: %v", f, err)
		}
		if _, err := NewMixnet(MixnetConfig{Services: []Service{Echo("n")}, Faults: f}); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
