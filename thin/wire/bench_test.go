package wire

import (
	"strings"
	"testing"
)

// recordedItem returns the first recorded item of a version's daemon that has
// the event.
func recordedItem(b *testing.B, tag string, has func(Response) bool) []byte {
	b.Helper()
	for _, r := range recording(b) {
		if r.tag != tag || r.dir != "d2c" {
			continue
		}
		if got, err := DecodeResponse(r.item); err == nil && has(got) {
			return r.item
		}
	}
	b.Fatal("not recorded")
	return nil
}

func BenchmarkDecodeResponse(b *testing.B) {
	for name, has := range map[string]func(Response) bool{
		"sent":     func(r Response) bool { return r.Sent != nil },
		"reply":    func(r Response) bool { return r.Reply != nil },
		"document": func(r Response) bool { return r.Document != nil },
	} {
		for _, tag := range []string{"v0.0.55", "v0.0.99"} {
			item := recordedItem(b, tag, has)
			b.Run("event="+name+"/version="+strings.TrimPrefix(tag, "v"), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(item)))
				for b.Loop() {
					if _, err := DecodeResponse(item); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	id, hash := ID{1}, Hash{1}
	r := Request{SendMessage: &SendMessage{WithSURB: true, SURBID: &id, Destination: &hash, Recipient: []byte("+echo"), Payload: make([]byte, 2000)}}
	for _, d := range []Dialect{Detect(responses55), Detect(responses99)} {
		b.Run("version="+strings.TrimPrefix(d.Version.String(), "v"), func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 4096)
			for b.Loop() {
				var err error
				if buf, err = d.AppendRequest(buf[:0], r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
