package actors

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/homing-mix/homing/arq"
)

// drain takes out everything due, as indices into all.
func drain(s *Timers, all []Timer, now arq.Instant) (order []int) {
	for t := s.Due(now); t != nil; t = s.Due(now) {
		order = append(order, slices.IndexFunc(all, func(x Timer) bool { return x.Owner == t.Owner }))
	}
	return order
}

// numbered is a Ticker that can be told from others.
type numbered struct{ n int }

func (*numbered) Tick() {}

func newTimers(n int) []Timer {
	all := make([]Timer, n)
	for i := range all {
		all[i].Owner = &numbered{i}
	}
	return all
}

func TestTimersComeInTheOrderOfTheirInstants(t *testing.T) {
	var s Timers
	all := newTimers(4)
	for i, at := range []arq.Instant{30, 10, 40, 20} {
		s.Arm(&all[i], at)
	}
	if s.Next() != 10 || s.Len() != 4 {
		t.Errorf("next %v of %d", s.Next(), s.Len())
	}
	if got := drain(&s, all, 9); len(got) != 0 {
		t.Errorf("too early: %v", got)
	}
	if got := drain(&s, all, 30); !slices.Equal(got, []int{1, 3, 0}) {
		t.Errorf("due at 30: %v", got)
	}
	if got := drain(&s, all, 40); !slices.Equal(got, []int{2}) || s.Next() != 0 || s.Len() != 0 {
		t.Errorf("due at 40: %v, then next %v of %d", got, s.Next(), s.Len())
	}
}

func TestTimersOfOneInstantComeInTheOrderInWhichTheyWereArmed(t *testing.T) {
	var s Timers
	all := newTimers(50)
	chance := rand.New(rand.NewPCG(1, 1))
	order := chance.Perm(50)
	for _, i := range order {
		s.Arm(&all[i], 5)
	}
	if got := drain(&s, all, 5); !slices.Equal(got, order) {
		t.Errorf("%v, want %v", got, order)
	}
}

func TestArmedTimerIsMovedAndDisarmed(t *testing.T) {
	var s Timers
	all := newTimers(3)
	for i := range all {
		s.Arm(&all[i], 10)
	}
	s.Arm(&all[0], 30)
	s.Arm(&all[0], 30)
	s.Arm(&all[1], 0)
	s.Arm(&all[1], 0)
	s.Arm(&all[2], 5)
	if got := drain(&s, all, 100); !slices.Equal(got, []int{2, 0}) {
		t.Errorf("%v", got)
	}
	s.Arm(&all[0], 1) // one that fired can be armed again
	if got := drain(&s, all, 1); !slices.Equal(got, []int{0}) {
		t.Errorf("%v", got)
	}
}

func TestAnyHistoryOfArmingEndsInTheOrderOfTheInstants(t *testing.T) {
	for seed := range uint64(50) {
		chance := rand.New(rand.NewPCG(seed, 2))
		var s Timers
		all := newTimers(40)
		at := make([]arq.Instant, len(all))
		for range 500 {
			i := chance.IntN(len(all))
			at[i] = arq.Instant(chance.IntN(100))
			s.Arm(&all[i], at[i])
		}
		var want []int
		for i := range all {
			if at[i] != 0 {
				want = append(want, i)
			}
		}
		slices.SortStableFunc(want, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
		got := drain(&s, all, 100)
		// Ties are the other test's business.
		slices.SortStableFunc(got, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
		for i := 1; i < len(got); i++ {
			if at[got[i-1]] > at[got[i]] {
				t.Fatalf("seed %d: %v at %v", seed, got, at)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}
