package mailbox

import (
	"strconv"
	"testing"
)

// BenchmarkLanes is one Push and one Pop, and one Push and one Remove, with that many others waiting.
func BenchmarkLanes(b *testing.B) {
	for _, waiting := range []int{0, 100, 9999} {
		for _, services := range []int{1, 100} {
			names := make([]string, services)
			for i := range names {
				names[i] = "service " + strconv.Itoa(i)
			}
			filled := func() *Lanes[[64]byte] {
				l := new(Lanes[[64]byte])
				for i := range waiting {
					mustPush(b, l, Normal, names[i%services], [64]byte{})
				}
				return l
			}
			axis := "/waiting=" + strconv.Itoa(waiting) + "/services=" + strconv.Itoa(services)
			b.Run("pop"+axis, func(b *testing.B) {
				l := filled()
				b.ReportAllocs()
				for i := range b.N {
					mustPush(b, l, Normal, names[i%services], [64]byte{})
					l.Pop()
				}
			})
			b.Run("remove"+axis, func(b *testing.B) {
				l := filled()
				b.ReportAllocs()
				for i := range b.N {
					l.Remove(mustPush(b, l, Normal, names[i%services], [64]byte{}))
				}
			})
			b.Run("clone"+axis, func(b *testing.B) {
				l := filled()
				b.ReportAllocs()
				for range b.N {
					c := l.Clone()
					c.Pop()
				}
			})
		}
	}
}
