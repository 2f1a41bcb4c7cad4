package homing_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin"
)

// failsafe ends a test that hangs; no test depends on how long anything takes.
const failsafe = 2 * time.Minute

// dialects are the daemons that everything here runs against.
var dialects = []string{"v0.0.55", "v0.0.99"}

// lab is a simulated daemon on a loopback socket and a client of it.
type lab struct {
	t       *testing.T
	ctx     context.Context
	daemon  *sim.Daemon
	client  *homing.Client
	service *sim.Counting
}

// belated is the residual of a network with stragglers: a tenth of the replies
// takes some seconds longer, so that some overtake a retransmission.
type belated struct{ sim.ModelA }

func (b belated) Draw(stream *rand.Rand, hops int, eta time.Duration) time.Duration {
	d := b.ModelA.Draw(stream, hops, eta)
	if stream.IntN(10) == 0 {
		d += 4*time.Second + time.Duration(stream.Int64N(int64(8*time.Second)))
	}
	return d
}

// newLab starts a daemon of the given version at 20 virtual seconds a second
// and a client of it. Both end with the test.
func newLab(t *testing.T, version string, shape func(*sim.DaemonConfig, *homing.Config)) *lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), failsafe)
	t.Cleanup(cancel)
	l := &lab{t: t, ctx: ctx, service: sim.NewCounting("node")}
	d := sim.DaemonConfig{
		Version: version, Speed: 20,
		Mixnet: sim.MixnetConfig{Seed: 1, LambdaP: 0.02, Services: []sim.Service{l.service}},
	}
	c := homing.Config{}
	if shape != nil {
		shape(&d, &c)
	}
	var err error
	if l.daemon, err = sim.StartDaemon(d); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.daemon.Close() })
	c.Daemon.Dial, c.Daemon.Speed = l.daemon.Dial, d.Speed
	if addr := l.daemon.Addr(); addr != nil {
		c.Daemon = thinConfig(l.daemon)
	}
	if l.client, err = homing.Dial(ctx, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.client.Close() })
	return l
}

// inVirtualTime runs a test against a daemon behind a pipe, in a bubble whose
// clock goes on when everybody waits: what happens when is exact.
func inVirtualTime(t *testing.T, version string, shape func(*sim.DaemonConfig, *homing.Config), test func(*testing.T, *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, version, func(d *sim.DaemonConfig, c *homing.Config) {
			d.Network, d.Speed = "pipe", 1
			if shape != nil {
				shape(d, c)
			}
		})
		l.ctx = t.Context() // the failsafe would end in virtual time
		test(t, l)
	})
}

// patient is Interactive without an end: a test of delivery has no deadline
// but its own.
func patient() homing.Option {
	policy := homing.Interactive.Policy()
	policy.Attempts, policy.Deadline = 0, 24*time.Hour
	return homing.WithPolicy(policy)
}

// body is the payload of request i.
func body(i int) []byte { return fmt.Appendf(nil, "request %d", i) }

// callAll sends n requests from the given number of goroutines, fails the test
// unless each gets its own answer, and returns the replies.
func (l *lab) callAll(n, callers int) []*homing.Reply {
	l.t.Helper()
	replies := make([]*homing.Reply, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := range next {
				r, err := l.client.Call(l.ctx, "echo", body(i), homing.WithFraming(homing.Sized), patient())
				if err != nil {
					l.t.Errorf("request %d: %v", i, err)
					continue
				}
				if !bytes.Equal(r.Payload, body(i)) {
					l.t.Errorf("request %d got %q", i, r.Payload)
				}
				replies[i] = r
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	if l.t.Failed() {
		l.t.FailNow()
	}
	return replies
}

// atMostAsSent fails the test if a request was executed more often than it was
// sent, or not at all.
func (l *lab) atMostAsSent(replies []*homing.Reply) {
	l.t.Helper()
	for i, r := range replies {
		executed := l.service.Executions(sized(body(i)))
		if sent := departed(r.Attempts); executed < 1 || executed > sent {
			l.t.Errorf("request %d was executed %d times and sent %d times", i, executed, sent)
		}
	}
}

func sized(payload []byte) []byte {
	return append([]byte{0, 0, 0, byte(len(payload))}, payload...)
}

// departed counts the attempts that may have left.
func departed(attempts []homing.Attempt) int {
	n := 0
	for _, a := range attempts {
		if a.Fate != arq.Failed {
			n++
		}
	}
	return n
}

func thinConfig(d *sim.Daemon) thin.Config {
	return thin.Config{Network: d.Addr().Network(), Address: d.Addr().String(), Speed: d.Speed()}
}

// thinOver dials a daemon behind a pipe.
func thinOver(d *sim.Daemon) thin.Config { return thin.Config{Dial: d.Dial, Speed: d.Speed()} }
