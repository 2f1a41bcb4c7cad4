package mailbox

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"
)

func mustPush[T any](t testing.TB, l *Lanes[T], class Class, service string, v T) Handle {
	t.Helper()
	h, err := l.Push(class, service, v)
	if err != nil {
		t.Fatalf("Push(%v, %q, %v): %v", class, service, v, err)
	}
	return h
}

func popAll[T any](l *Lanes[T]) []T {
	var all []T
	for {
		v, ok := l.Pop()
		if !ok {
			return all
		}
		all = append(all, v)
	}
}

func wantPops[T comparable](t *testing.T, l *Lanes[T], want ...T) {
	t.Helper()
	if got := popAll(l); !slices.Equal(got, want) {
		t.Errorf("popped %v, want %v", got, want)
	}
}

func TestClassesAreStrict(t *testing.T) {
	var l Lanes[string]
	for class := Bulk; class >= Control; class-- {
		mustPush(t, &l, class, "echo", class.String()+" 1")
		mustPush(t, &l, class, "echo", class.String()+" 2")
	}
	wantPops(t, &l, "control 1", "control 2", "retransmission 1", "retransmission 2",
		"urgent 1", "urgent 2", "normal 1", "normal 2", "bulk 1", "bulk 2")
}

func TestBulkGetsEverySixteenthPopWhileItWaits(t *testing.T) {
	var l Lanes[int]
	for i := range 100 {
		mustPush(t, &l, Control, "echo", i)
	}
	for range 40 { // no bulk waits: none of these is counted
		l.Pop()
	}
	for range 3 {
		mustPush(t, &l, Bulk, "echo", -1)
	}
	var at []int
	for i, v := range popAll(&l) {
		if v == -1 {
			at = append(at, i+1)
		}
	}
	if want := []int{16, 32, 48}; !slices.Equal(at, want) {
		t.Errorf("bulk left at pops %v, want %v", at, want)
	}
}

func TestBulkThatBeginsToWaitWaitsForFifteenOthers(t *testing.T) {
	var l Lanes[int]
	for i := range 100 {
		mustPush(t, &l, Normal, "echo", i)
	}
	removed := mustPush(t, &l, Bulk, "echo", -1)
	for range 10 {
		l.Pop()
	}
	l.Remove(removed)
	mustPush(t, &l, Bulk, "echo", -2)
	if at := slices.Index(popAll(&l), -2) + 1; at != 16 {
		t.Errorf("bulk left at pop %d, want 16", at)
	}
}

func TestServicesTakeTurnsWithinAClass(t *testing.T) {
	var l Lanes[string]
	for _, v := range []string{"a1", "a2", "a3", "b1", "c1", "c2"} {
		mustPush(t, &l, Normal, v[:1], v)
	}
	wantPops(t, &l, "a1", "b1", "c1", "a2", "c2", "a3")
}

func TestServiceThatBeginsToWaitComesAfterThoseThatDo(t *testing.T) {
	var l Lanes[string]
	for _, v := range []string{"a1", "a2", "b1", "b2"} {
		mustPush(t, &l, Normal, v[:1], v)
	}
	l.Pop() // a1: now it is b's turn
	mustPush(t, &l, Normal, "c", "c1")
	wantPops(t, &l, "b1", "a2", "c1", "b2")
}

func TestTurnsOfOneClassAreNotThoseOfAnother(t *testing.T) {
	var l Lanes[string]
	for _, v := range []string{"a1", "b1"} {
		mustPush(t, &l, Normal, v[:1], v)
	}
	mustPush(t, &l, Urgent, "a", "a urgent")
	wantPops(t, &l, "a urgent", "a1", "b1")
}

func TestRemovedEntryCostsNoTurn(t *testing.T) {
	var l Lanes[string]
	a1 := mustPush(t, &l, Normal, "a", "a1")
	mustPush(t, &l, Normal, "a", "a2")
	mustPush(t, &l, Normal, "b", "b1")
	b2 := mustPush(t, &l, Normal, "b", "b2")
	mustPush(t, &l, Normal, "b", "b3")
	c1 := mustPush(t, &l, Normal, "c", "c1")
	for _, h := range []Handle{a1, b2, c1} {
		if _, ok := l.Remove(h); !ok {
			t.Errorf("%v was not removed", h)
		}
	}
	if l.Len() != 3 || l.LenClass(Normal) != 3 {
		t.Errorf("%d and %d entries wait, want 3", l.Len(), l.LenClass(Normal))
	}
	wantPops(t, &l, "a2", "b1", "b3")
}

func TestHandleOfAnEntryThatHasLeftRemovesNothing(t *testing.T) {
	var l Lanes[string]
	popped := mustPush(t, &l, Normal, "a", "popped")
	l.Pop()
	removed := mustPush(t, &l, Normal, "a", "removed")
	l.Remove(removed)
	mustPush(t, &l, Normal, "a", "waiting") // in the same slot
	for _, h := range []Handle{popped, removed, {}, {index: 1}, {index: -1, generation: 1}, {index: 99, generation: 1}} {
		if v, ok := l.Remove(h); ok {
			t.Errorf("%v removed %q", h, v)
		}
	}
	wantPops(t, &l, "waiting")
	if _, ok := l.Remove(Handle{index: 1}); ok {
		t.Error("an unused entry was removed")
	}
}

func TestHandleStaysStaleAfterTheMemoryOfABurstIsGivenBack(t *testing.T) {
	var l Lanes[int]
	var handles []Handle
	for i := range 1000 {
		handles = append(handles, mustPush(t, &l, Normal, strconv.Itoa(i), i))
	}
	popAll(&l)
	if len(l.entries) > roomy || len(l.services.slab) > roomy {
		t.Errorf("empty lanes keep %d entries and %d services", len(l.entries), len(l.services.slab))
	}
	for i := range 1000 {
		mustPush(t, &l, Normal, "echo", i)
	}
	for _, h := range handles {
		if _, ok := l.Remove(h); ok {
			t.Fatalf("%v removed an entry of the next burst", h)
		}
	}
}

func TestGenerationSkipsTheOneThatMarksUnusedEntries(t *testing.T) {
	l := Lanes[int]{last: math.MaxUint32}
	h := mustPush(t, &l, Normal, "echo", 1)
	if v, ok := l.Remove(h); !ok || v != 1 {
		t.Errorf("Remove(%v) = %v, %v", h, v, ok)
	}
}

func TestFullLanesRefuseFirstTransmissionsOnly(t *testing.T) {
	l := Lanes[int]{Limit: 3}
	mustPush(t, &l, Bulk, "echo", 1)
	mustPush(t, &l, Normal, "echo", 2)
	last := mustPush(t, &l, Retransmission, "echo", 3)
	for _, class := range []Class{Urgent, Normal, Bulk} {
		if h, err := l.Push(class, "echo", 4); !errors.Is(err, ErrFull) || h != (Handle{}) {
			t.Errorf("Push(%v) into full lanes = %v, %v, want ErrFull", class, h, err)
		}
	}
	mustPush(t, &l, Retransmission, "echo", 5)
	mustPush(t, &l, Control, "echo", 6)
	l.Remove(last)
	l.Pop()
	l.Pop()
	mustPush(t, &l, Normal, "echo", 7)
	wantPops(t, &l, 2, 7, 1)
}

func TestZeroAndNegativeLimitsAreTheDefault(t *testing.T) {
	for _, limit := range []int{0, -1} {
		l := Lanes[int]{Limit: limit}
		for i := range DefaultLimit {
			mustPush(t, &l, Normal, "echo", i)
		}
		if _, err := l.Push(Normal, "echo", 0); !errors.Is(err, ErrFull) {
			t.Errorf("limit %d: entry %d was not refused", limit, DefaultLimit+1)
		}
	}
}

func TestZeroLanesAreEmpty(t *testing.T) {
	var l Lanes[int]
	if v, ok := l.Pop(); ok || v != 0 || l.Len() != 0 {
		t.Errorf("Pop() = %v, %v with %d waiting", v, ok, l.Len())
	}
	c := l.Clone()
	mustPush(t, &c, Normal, "echo", 1)
	wantPops(t, &c, 1)
	wantPops(t, &l)
}

func TestClassThatIsNoneOfTheFiveIsRefused(t *testing.T) {
	var l Lanes[int]
	for _, class := range []Class{Control - 1, Bulk + 1, math.MinInt8, math.MaxInt8} {
		if _, err := l.Push(class, "echo", 1); !errors.Is(err, ErrClass) {
			t.Errorf("Push(%v) = %v, want ErrClass", class, err)
		}
		if l.LenClass(class) != 0 {
			t.Errorf("%d entries wait in %v", l.LenClass(class), class)
		}
	}
	if name := (Bulk + 1).String(); name != "Class(2)" {
		t.Errorf("class after bulk is called %q", name)
	}
}

func TestZeroClassIsNormal(t *testing.T) {
	var class Class
	if class != Normal {
		t.Errorf("the zero class is %v", class)
	}
}

func TestLanesForgetServicesThatWaitNoMore(t *testing.T) {
	var l Lanes[int]
	mustPush(t, &l, Bulk, "always waiting", -1) // so that the lanes never run empty
	for i := range 100_000 {
		l.Remove(mustPush(t, &l, Normal, strconv.Itoa(i), i))
	}
	if n := len(l.services.slab); n > 2*roomy {
		t.Errorf("%d services are known, one waits", n)
	}
	wantPops(t, &l, -1)
}

func TestPoppedValueIsNotKept(t *testing.T) {
	var l Lanes[*int]
	mustPush(t, &l, Normal, "echo", new(int))
	mustPush(t, &l, Normal, "echo", new(int))
	l.Pop()
	l.Pop()
	for i, e := range l.entries {
		if e.value != nil {
			t.Errorf("slot %d keeps its value", i)
		}
	}
}

func TestPushPopAndRemoveAllocateNothingInKnownRoom(t *testing.T) {
	var l Lanes[int]
	for i := range 16 {
		mustPush(t, &l, Normal, strconv.Itoa(i), i)
	}
	if n := testing.AllocsPerRun(100, func() {
		h, _ := l.Push(Normal, "1", 1)
		l.Remove(h)
		l.Push(Bulk, "2", 2)
		l.Pop()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
