package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

// heard drops the gateway n times and counts how the loss was told: by the
// value of err, "-" for null, "nothing" for no event, and by repetitions.
func heard(t *testing.T, version string, n int) map[string]int {
	how := make(map[string]int)
	bubble(t, version, func(c *DaemonConfig) { c.Without = []Quirk{WedgeAfterGateway} }, func(t *testing.T, d *Daemon) {
		a := greeted(t, d)
		for range n {
			d.DropGateway(time.Second)
			told := "nothing"
			for {
				a.c.SetReadDeadline(time.Now().Add(10 * time.Second))
				item, err := wire.ReadFrame(a.c, 0, nil)
				if err != nil {
					break
				}
				r, err := wire.DecodeResponse(item)
				if err != nil {
					t.Fatal(err)
				}
				switch s := r.Status; {
				case s == nil || s.IsConnected:
				case told == "nothing":
					told = fmt.Sprintf("%x", []byte(s.Err))
				default:
					told += " again"
				}
			}
			how[told]++
		}
	})
	return how
}

func TestOldDaemonsTellTheLossOfTheirGatewayInThreeWaysAndNewOnesTwoOrThreeTimes(t *testing.T) {
	for _, version := range versions {
		how := heard(t, version, 80)
		want := []string{" again", " again again"} // null
		if old(version) {
			want = []string{"a0", "a163457272a0", "nothing"}
		}
		for _, w := range want {
			if how[w] < 8 {
				t.Errorf("%s: %q %d times of %v", version, w, how[w], how)
			}
		}
		if len(how) != len(want) {
			t.Errorf("%s: %v", version, how)
		}
	}
}

func TestAGreetingWhoseStatusCannotBeEncodedIsTheDocumentAlone(t *testing.T) {
	for _, version := range []string{"v0.0.55", "v0.0.71"} {
		unsaid := func(c *DaemonConfig) { c.With, c.Without = []Quirk{UnencodableStatus}, []Quirk{WedgeAfterGateway} }
		bubble(t, version, unsaid, func(t *testing.T, d *Daemon) {
			d.DropGateway(time.Minute)
			a := join(t, d)
			if r := a.next(); r.Document == nil {
				t.Errorf("%s: first %+v", version, r)
			}
			if s := a.next().Status; s == nil || !s.IsConnected {
				t.Errorf("%s: then %+v", version, s)
			}
		})
	}
}
