package mailbox

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// item is an entry of the naive lanes: a list in the order of the pushes.
type item struct {
	class   Class
	service string
	value   int
	handle  Handle
}

// naive are lanes as they are described, without any thought for their cost.
type naive struct {
	limit  int
	items  []item
	turns  map[Class][]string // the services that wait in a class; the first one's turn it is
	passed int
}

func (n *naive) push(it item) bool {
	if it.class != Control && it.class != Retransmission && len(n.items) >= n.limit {
		return false
	}
	if n.items = append(n.items, it); it.class == Bulk && len(n.turns[Bulk]) == 0 {
		n.passed = 0
	}
	if !slices.Contains(n.turns[it.class], it.service) {
		n.turns[it.class] = append(n.turns[it.class], it.service)
	}
	return true
}

func (n *naive) waits(class Class, service string) bool {
	return slices.ContainsFunc(n.items, func(it item) bool { return it.class == class && it.service == service })
}

func (n *naive) pop() (int, bool) {
	for _, class := range []Class{Control, Retransmission, Urgent, Normal, Bulk} {
		if n.passed >= 15 && len(n.turns[Bulk]) > 0 {
			class = Bulk
		}
		if len(n.turns[class]) == 0 {
			continue
		}
		if n.passed++; class == Bulk {
			n.passed = 0
		}
		service := n.turns[class][0]
		k := slices.IndexFunc(n.items, func(it item) bool { return it.class == class && it.service == service })
		value := n.items[k].value
		n.turns[class] = append(n.turns[class][1:], service) // its next turn comes after all others'
		n.drop(k)
		return value, true
	}
	return 0, false
}

func (n *naive) remove(h Handle) (int, bool) {
	k := slices.IndexFunc(n.items, func(it item) bool { return it.handle == h })
	if k < 0 {
		return 0, false
	}
	value := n.items[k].value
	n.drop(k)
	return value, true
}

func (n *naive) drop(k int) {
	it := n.items[k]
	n.items = slices.Delete(n.items, k, k+1)
	if !n.waits(it.class, it.service) {
		n.turns[it.class] = slices.DeleteFunc(n.turns[it.class], func(s string) bool { return s == it.service })
	}
}

func (n *naive) clone() *naive {
	c := *n
	c.items = slices.Clone(n.items)
	c.turns = make(map[Class][]string)
	for class, services := range n.turns {
		c.turns[class] = slices.Clone(services)
	}
	return &c
}

func TestLanesBehaveAsTheNaiveOnesDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 60).Draw(t, "limit")
		lanes, model := &Lanes[int]{Limit: limit}, &naive{limit: limit, turns: map[Class][]string{}}
		classes := rapid.Int8Range(int8(Control), int8(Bulk))
		services := rapid.SampledFrom([]string{"", "echo", "spool", "courier"})
		var handles []Handle
		value := 0
		push := func(t *rapid.T) {
			value++
			it := item{class: Class(classes.Draw(t, "class")), service: services.Draw(t, "service"), value: value}
			var err error
			it.handle, err = lanes.Push(it.class, it.service, it.value)
			if accepted := model.push(it); accepted != (err == nil) {
				t.Fatalf("Push(%v) with %d waiting and limit %d: %v", it.class, len(model.items), limit, err)
			}
			handles = append(handles, it.handle)
		}
		pop := func(t *rapid.T) {
			got, ok := lanes.Pop()
			if want, any := model.pop(); got != want || ok != any {
				t.Fatalf("Pop() = %d, %v, want %d, %v", got, ok, want, any)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"push":       push,
			"push more":  push, // so that queues build up
			"push again": push,
			"pop":        pop,
			"pop twenty": func(t *rapid.T) {
				for range 20 {
					pop(t)
				}
			},
			"remove": func(t *rapid.T) {
				h := rapid.SampledFrom(append([]Handle{{}}, handles...)).Draw(t, "handle")
				got, ok := lanes.Remove(h)
				if want, any := model.remove(h); got != want || ok != any {
					t.Fatalf("Remove(%v) = %d, %v, want %d, %v", h, got, ok, want, any)
				}
			},
			"go on with a clone": func(t *rapid.T) {
				original, copied := lanes, lanes.Clone()
				popAll(original)
				original.Push(Bulk, "echo", -1)
				lanes, model = &copied, model.clone()
			},
			"go on with the original of a clone": func(t *rapid.T) {
				copied, end := lanes.Clone(), model.clone()
				for {
					got, ok := copied.Pop()
					if want, any := end.pop(); got != want || ok != any {
						t.Fatalf("Pop() of a clone = %d, %v, want %d, %v", got, ok, want, any)
					} else if !ok {
						return
					}
				}
			},
			"": func(t *rapid.T) {
				if lanes.Len() != len(model.items) {
					t.Fatalf("Len() = %d, want %d", lanes.Len(), len(model.items))
				}
				for class := Control; class <= Bulk; class++ {
					n := 0
					for _, it := range model.items {
						if it.class == class {
							n++
						}
					}
					if lanes.LenClass(class) != n {
						t.Fatalf("LenClass(%v) = %d, want %d", class, lanes.LenClass(class), n)
					}
				}
			},
		})
	})
}
