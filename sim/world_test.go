package sim_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/arq"
	"github.com/homing-mix/homing/mailbox"
	"github.com/homing-mix/homing/sim"
)

type worldRun struct {
	hash      uint64
	steps     uint64
	promises  []*actors.Promise
	counters  actors.Counters
	totals    actors.Totals
	mixnet    sim.Counters
	service   *sim.Counting
	passed    time.Duration
	transmits map[uint64]int
}

func messageID(i int) (id actors.ID) {
	binary.BigEndian.PutUint64(id[8:], uint64(i+1))
	return id
}

// stragglers is a residual of which a tenth takes some seconds longer, so that
// some replies overtake a retransmission.
type stragglers struct{ sim.ModelA }

func (s stragglers) Draw(stream *rand.Rand, hops int, eta time.Duration) time.Duration {
	d := s.ModelA.Draw(stream, hops, eta)
	if stream.IntN(10) == 0 {
		d += 4*time.Second + time.Duration(stream.Int64N(int64(8*time.Second)))
	}
	return d
}

// runWorld sends n requests with at most 64 outstanding and calls trouble
// once, when half of them have been sent.
func runWorld(t *testing.T, seed uint64, n int, loss float64, rule sim.QueueRule, trouble func(*sim.World)) worldRun {
	t.Helper()
	r := worldRun{service: sim.NewCounting("node"), transmits: map[uint64]int{}}
	policy := arq.Interactive.Policy()
	policy.Attempts, policy.Deadline = 0, 0
	world, err := sim.NewWorld(sim.WorldConfig{
		Seed: seed, Slop: 4500 * time.Millisecond,
		Mixnet: sim.MixnetConfig{
			Seed: seed, Loss: loss, Queue: rule, Services: []sim.Service{r.service},
			Residual: stragglers{}, Slop: time.Minute,
		},
		Observe: func(o actors.Observation) { r.transmits[o.Ordinal] = max(r.transmits[o.Ordinal], o.Effects.Transmit) },
	})
	if err != nil {
		t.Fatal(err)
	}
	start := world.Now()
	answered := func() uint64 { return world.Engine.Totals().Answered }
	for i := range n {
		p, err := world.Submit(messageID(i), "echo", fmt.Appendf(nil, "request %d", i), policy, mailbox.Normal)
		if err != nil {
			t.Fatal(err)
		}
		r.promises = append(r.promises, p)
		if trouble != nil && i == n/2 {
			trouble(world)
		}
		if !world.Run(24*time.Hour, func() bool { return uint64(i)-answered() < 64 }) {
			t.Fatalf("stuck: %+v %+v", world.Engine.Totals(), world.Engine.Counters())
		}
	}
	if !world.Run(24*time.Hour, func() bool { return answered() == uint64(n) }) {
		t.Fatalf("stuck: %+v %+v", world.Engine.Totals(), world.Engine.Counters())
	}
	r.passed = world.Now().Sub(start)
	r.hash, r.steps, r.counters = world.Hash(), world.Steps(), world.Engine.Counters()
	r.totals, r.mixnet = world.Engine.Totals(), world.Mixnet.Counters()
	world.Pass(2 * time.Hour) // epochs go on; what can be forgotten is
	if c := world.Engine.Counters(); c.Tickets != 0 || c.InWindow != 0 || c.Waiting != 0 || c.Observers != 0 {
		t.Errorf("left behind: %+v", c)
	}
	if err := world.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryOneOfAThousandRequestsIsAnsweredOnceInVirtualTime(t *testing.T) {
	for name, rule := range map[string]sim.QueueRule{"old": sim.SharedFIFO(200), "new": sim.RoundRobin(16)} {
		t.Run(name, func(t *testing.T) {
			first := runWorld(t, 7, 1000, 0.3, rule, nil)
			second := runWorld(t, 7, 1000, 0.3, rule, nil)
			if first.hash != second.hash || first.steps != second.steps {
				t.Errorf("hash %x after %d steps, then %x after %d", first.hash, first.steps, second.hash, second.steps)
			}
			if other := runWorld(t, 8, 1000, 0.3, rule, nil); other.hash == first.hash {
				t.Error("another seed gave the same hash")
			}
			for i, p := range first.promises {
				result, ok := p.Result()
				if !ok || result.Err != nil {
					t.Fatalf("message %d: %v, %v", i, ok, result.Err)
				}
				want := fmt.Sprintf("request %d", i)
				if string(result.Payload[:len(want)]) != want {
					t.Fatalf("message %d got the answer of another: %q", i, result.Payload[:20])
				}
				if n := first.service.Executions([]byte(want)); n < 1 || n > first.transmits[uint64(i+1)] {
					t.Errorf("message %d was executed %d times and sent %d times", i, n, first.transmits[uint64(i+1)])
				}
			}
			lost := first.mixnet.LostForward + first.mixnet.LostReturn
			if share := float64(lost) / float64(first.mixnet.Departed); share < 0.2 {
				t.Errorf("only %.0f %% of the packets were lost: nothing was proved", 100*share)
			}
			if first.counters.Late == 0 {
				t.Error("no reply to an earlier attempt came: nothing was proved about them")
			}
			if first.counters.Wedges != 0 || first.counters.Overtaken != 0 {
				t.Errorf("a healthy link was distrusted: %+v", first.counters)
			}
			t.Logf("hash %x, %d steps, %v, %+v", first.hash, first.steps, first.passed, first.counters)
		})
	}
}

func TestNothingIsLostWhenTheDaemonRestartsOrItsGatewayFlips(t *testing.T) {
	for name, trouble := range map[string]func(*sim.World){
		"restart":       func(w *sim.World) { w.Restart() },
		"session ends":  func(w *sim.World) { w.Disconnect(false) },
		"resume":        func(w *sim.World) { w.Disconnect(true) },
		"gateway flips": func(w *sim.World) { w.Mixnet.DropGateway(w.Now(), 10*time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			r := runWorld(t, 3, 200, 0.1, sim.RoundRobin(16), trouble)
			if r.totals.Answered != 200 {
				t.Errorf("%+v", r.totals)
			}
			if r.counters.LinkLosses == 0 {
				t.Error("nothing was outstanding when the trouble came")
			}
			t.Logf("%v %+v", r.passed, r.counters)
		})
	}
}

func TestOfAMessageThatWaitsNothingIsWrittenOnceCancelHasReturned(t *testing.T) {
	waited := 0
	for seed := range uint64(50) {
		world, err := sim.NewWorld(sim.WorldConfig{
			Seed: seed, Desk: actors.DeskConfig{Window: 1},
			Mixnet: sim.MixnetConfig{Seed: seed, Services: []sim.Service{sim.Echo("node")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		policy := arq.Interactive.Policy()
		for i := range 2 {
			if _, err := world.Submit(messageID(i), "echo", []byte{byte(i)}, policy, mailbox.Normal); err != nil {
				t.Fatal(err)
			}
		}
		// Until the first has left, and its sent event, which frees the slot
		// for the second, is on its way through the actors.
		departed := func() bool { return world.Mixnet.Counters().Departed == 1 }
		if !world.Run(time.Hour, departed) {
			t.Fatal("nothing left")
		}
		if c := world.Engine.Counters(); c.Written == 1 {
			waited++
		}
		before := world.Engine.Counters().Written
		if !world.Engine.Cancel(messageID(1), nil) || !world.Engine.Cancel(messageID(0), nil) {
			t.Fatal("not running")
		}
		world.Pass(time.Minute)
		if n := world.Engine.Counters().Written; n != before {
			t.Errorf("seed %d: %d packets were written after Cancel", seed, n-before)
		}
		if err := world.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if waited == 0 {
		t.Error("no message was waiting: nothing was proved")
	}
}
