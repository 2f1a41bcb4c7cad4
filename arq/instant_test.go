package arq

import (
	"math"
	"math/big"
	"slices"
	"testing"
	"time"
)

var edgeNumbers = []int64{math.MinInt64, math.MinInt64 + 1, -1 << 62, -7, -1, 0, 1, 7, 1 << 62, math.MaxInt64 - 1, math.MaxInt64}

func saturated(x *big.Int) int64 {
	switch {
	case x.IsInt64():
		return x.Int64()
	case x.Sign() > 0:
		return math.MaxInt64
	}
	return math.MinInt64
}

func TestInstantsSaturateInsteadOfWrapping(t *testing.T) {
	for _, a := range edgeNumbers {
		for _, b := range edgeNumbers {
			x, y := big.NewInt(a), big.NewInt(b)
			if got, want := Instant(a).Add(time.Duration(b)), saturated(new(big.Int).Add(x, y)); int64(got) != want {
				t.Errorf("%d + %d = %d, want %d", a, b, got, want)
			}
			if got, want := Instant(a).Sub(Instant(b)), saturated(new(big.Int).Sub(x, y)); int64(got) != want {
				t.Errorf("%d - %d = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestInstantsAreOrdered(t *testing.T) {
	early, late := Instant(time.Second), Instant(time.Minute)
	if !early.Before(late) || late.Before(early) || early.Before(early) || !late.After(early) || early.After(late) || late.After(late) {
		t.Error("Before and After disagree with the order")
	}
	if late.String() != "1m0s" {
		t.Errorf("a minute is %v", late)
	}
}

func TestEveryConstantHasItsName(t *testing.T) {
	names := map[string]int{}
	for k := Start; k <= Release; k++ {
		names[k.String()]++
	}
	for o := Pending; o <= Rejected; o++ {
		names[o.String()]++
	}
	for s := Idle; s <= Done; s++ {
		names[s.String()]++
	}
	for f := Waiting; f <= Replied; f++ {
		names[f.String()]++
	}
	if len(names) != 10+6+6+6 || slices.ContainsFunc([]string{Start.String(), Release.String(), Rejected.String(), Done.String(), Replied.String()}, func(n string) bool {
		return !slices.Contains([]string{"Start", "Release", "Rejected", "Done", "Replied"}, n)
	}) {
		t.Errorf("names: %v", names)
	}
	for _, n := range []string{Kind(11).String(), Outcome(6).String(), State(6).String(), Fate(6).String()} {
		if n != "Kind(11)" && n != "Outcome(6)" && n != "State(6)" && n != "Fate(6)" {
			t.Errorf("a value without a name is %q", n)
		}
	}
}
