package actors

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestQueueIsASliceThatIsUsedFromTheFront(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue[int]
		var model []int
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 50).Draw(t, "n") {
					v := rapid.Int().Draw(t, "v")
					q.push(v)
					model = append(model, v)
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(1, 50).Draw(t, "n") {
					if len(model) == 0 {
						return
					}
					if first, v := q.first(), q.pop(); first != model[0] || v != model[0] {
						t.Fatalf("popped %d, first %d, want %d", v, first, model[0])
					}
					model = model[1:]
				}
			},
			"clone": func(t *rapid.T) {
				c := q.clone()
				if q.push(1); c.len() != len(model) {
					t.Fatal("the clone grew")
				}
				for _, want := range model {
					if v := c.pop(); v != want {
						t.Fatalf("popped %d of the clone, want %d", v, want)
					}
				}
				model = append(model, 1)
			},
			"": func(t *rapid.T) {
				if q.len() != len(model) || !slices.Equal(q.items[q.head:], model) {
					t.Fatalf("it holds %v, want %v", q.items[q.head:], model)
				}
			},
		})
	})
}

func TestQueueNeedsNoMoreRoomThanTwiceWhatItHolds(t *testing.T) {
	var q queue[int]
	for i := range 100_000 {
		if q.push(i); q.len() > 10 {
			q.pop()
		}
	}
	if n := cap(q.items); n > 64 {
		t.Errorf("room for %d", n)
	}
}

func TestQueueGivesTheMemoryOfABurstBack(t *testing.T) {
	var q queue[int]
	for i := range 2 * roomy {
		q.push(i)
	}
	for q.len() > 0 {
		q.pop()
	}
	if n := cap(q.items); n != 0 {
		t.Errorf("room for %d is kept", n)
	}
}

func TestQueueLetsGoOfWhatWasTaken(t *testing.T) {
	var q queue[*int]
	q.push(new(int))
	q.push(new(int))
	q.pop()
	if q.items[0] != nil {
		t.Error("the first is pinned")
	}
}
