package sim

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/homing-mix/homing/arq"
)

func TestASkewedQueueFiresItsEarliestEntryAsOftenAsEntriesWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sound, skewed timers[int]
		skewed.skewed = true
		at := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 40).Draw(t, "at")
		for i, when := range at {
			sound.push(arq.Instant(when), i)
			skewed.push(arq.Instant(when), i)
		}
		first := slices.Index(at, slices.Min(at))
		var fired []int
		for range at {
			when, i := sound.fire()
			if when != arq.Instant(at[i]) || len(fired) > 0 && at[fired[len(fired)-1]] > at[i] {
				t.Fatalf("entry %d fires at %v, after %v", i, when, fired)
			}
			fired = append(fired, i)
			if _, i := skewed.fire(); i != first {
				t.Fatalf("entry %d fires, the earliest is %d of %v", i, first, at)
			}
		}
		slices.Sort(fired)
		if fired = slices.Compact(fired); len(fired) != len(at) || sound.next() != 0 || skewed.next() != 0 {
			t.Fatalf("fired %v of %v, left %v and %v", fired, at, sound.entries, skewed.entries)
		}
	})
}

func TestALeafTakenOutLeavesTheOthersInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s schedule[int]
		at := rapid.SliceOfN(rapid.IntRange(1, 9), 2, 40).Draw(t, "at")
		for i, when := range at {
			s.push(arq.Instant(when), i)
		}
		leaf := rapid.IntRange(len(at)/2, len(at)-1).Draw(t, "leaf")
		gone := s.entries[leaf].what
		s.remove(leaf)
		last := arq.Instant(0)
		for range len(at) - 1 {
			when, i := s.pop()
			if i == gone || when < last {
				t.Fatalf("entry %d at %v after %v", i, when, last)
			}
			last = when
		}
		if s.next() != 0 {
			t.Fatal("entries are left")
		}
	})
}
