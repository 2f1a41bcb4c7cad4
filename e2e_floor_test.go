package homing_test

import (
	"bytes"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
)

// witness is an echo that notes when each request reached it. Behind hops that
// take no time, that is when the packet left.
type witness struct {
	sim.Echo
	mu sync.Mutex
	at map[string][]time.Time
}

func newWitness() *witness { return &witness{Echo: "node", at: make(map[string][]time.Time)} }

// Serve notes the request and answers nothing: every attempt is lost.
func (w *witness) Serve(request []byte) ([]byte, time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := string(bytes.TrimRight(request, "\x00"))
	w.at[key] = append(w.at[key], time.Now())
	return nil, 0, false
}

// gaps are the times between departures of one message.
func (w *witness) gaps() (gaps []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.at {
		for k := 1; k < len(at); k++ {
			gaps = append(gaps, at[k].Sub(at[k-1]))
		}
	}
	return gaps
}

func TestTheNetworkNeverSeesAMessageTwiceWithinThreeSeconds(t *testing.T) {
	troubles := map[string]func(*lab){
		"nothing else":      func(*lab) {},
		"a broken socket":   func(l *lab) { l.daemon.HangUp() },
		"a gateway flip":    func(l *lab) { l.daemon.DropGateway(5 * time.Second) },
		"a restart":         func(l *lab) { l.daemon.Restart() },
		"an eager operator": func(l *lab) { l.daemon.HangUp(); time.Sleep(time.Second); l.client.Kick(); l.daemon.HangUp() },
	}
	for name, trouble := range troubles {
		for _, version := range generations {
			t.Run(name+"/"+version, func(t *testing.T) {
				seen := 0
				for seed := range uint64(5) {
					w := newWitness()
					inVirtualTime(t, version, func(d *sim.DaemonConfig, _ *homing.Config) {
						d.Mixnet.Seed, d.Mixnet.LambdaP, d.Mixnet.Mu = seed, 0.001, 1000
						d.Mixnet.Services = []sim.Service{w}
						d.Without = []sim.Quirk{sim.WedgeAfterGateway}
					}, func(t *testing.T, l *lab) {
						l.goAll(0, 4) // one window
						for range 3 {
							time.Sleep(500 * time.Millisecond)
							trouble(l)
							synctest.Wait()
							time.Sleep(20 * time.Second)
						}
						time.Sleep(time.Minute)
					})
					for _, gap := range w.gaps() {
						seen++
						if gap < 3*time.Second {
							t.Errorf("seed %d: %v", seed, gap)
						}
					}
				}
				if seen < 20 {
					t.Errorf("only %d retransmissions: nothing was proved", seen)
				}
			})
		}
	}
}
