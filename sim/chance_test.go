package sim

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/homing-mix/homing/arq"
)

func TestTurningOneKnobLeavesTheOtherDrawsAsTheyWere(t *testing.T) {
	times := func(turn func(*MixnetConfig)) (all []Delivery) {
		l := newLab(t, func(c *MixnetConfig) {
			c.Residual = ModelA{}
			turn(c)
		})
		return l.stream(500)
	}
	plain := times(func(*MixnetConfig) {})
	lossy := times(func(c *MixnetConfig) { c.Loss = 0.4 })
	for i, d := range of(lossy, Departed) {
		if o := of(plain, Departed)[i]; o.At != d.At || o.ETA != d.ETA {
			t.Fatalf("departure %d: %v and %v", i, o, d)
		}
	}
	arrival := make(map[[16]byte]arq.Instant)
	for _, d := range of(plain, Replied) {
		arrival[d.Packet.SURBID] = d.At
	}
	for _, d := range of(lossy, Replied) {
		if arrival[d.Packet.SURBID] != d.At {
			t.Fatalf("reply %x at %v and %v", d.Packet.SURBID, arrival[d.Packet.SURBID], d.At)
		}
	}
	slower := times(func(c *MixnetConfig) { c.Mu = 0.0025 })
	for i, d := range of(slower, Departed) {
		if o := of(plain, Departed)[i]; o.At != d.At {
			t.Fatalf("departure %d: %v and %v", i, o.At, d.At)
		}
	}
}

// The hash of a run with everything in it. It must be the same on any machine.
func TestTheSameSeedGivesTheSameDeliveriesAnywhere(t *testing.T) {
	run := func(seed uint64) uint64 {
		h := fnv.New64a()
		l := newLab(t, func(c *MixnetConfig) {
			c.Seed, c.Loss, c.Residual = seed, 0.1, ModelA{}
			c.Services = []Service{Echo("node1"), NewCounting("node2"), Silent("node3")}
		})
		choose := rand.New(rand.NewPCG(seed, 3))
		note := func(all []Delivery) {
			for _, d := range all {
				var b []byte
				b = binary.BigEndian.AppendUint64(b, uint64(d.At))
				b = binary.BigEndian.AppendUint64(b, uint64(d.Client))
				b = append(b, byte(d.Kind))
				b = binary.BigEndian.AppendUint64(b, uint64(d.ETA))
				b = append(b, d.Packet.SURBID[:]...)
				h.Write(append(b, d.Err...))
			}
		}
		for i := range 3000 {
			note(l.run(time.Duration(choose.IntN(2000)) * time.Millisecond))
			p := l.request(uint64(i), "x")
			p.Destination = l.m.Instances()[choose.IntN(3)].Destination
			l.m.Send(l.now, ClientID(choose.IntN(4)), p)
			switch choose.IntN(200) {
			case 0:
				l.m.DropGateway(l.now, time.Duration(choose.IntN(20))*time.Second)
			case 1:
				l.m.Forget(l.now, ClientID(choose.IntN(4)))
			}
		}
		note(l.run(time.Hour))
		return h.Sum64()
	}
	if a, b := run(1), run(1); a != b {
		t.Fatalf("hashes %x and %x", a, b)
	}
	if run(1) == run(2) {
		t.Error("two seeds with one hash")
	}
	if h := run(1); h != 0x3ba18fdd036086d3 {
		t.Errorf("hash %#x", h)
	}
}

func TestEveryDepartedPacketHasExactlyOneFate(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		queue := RoundRobin(3)
		if rapid.Bool().Draw(r, "shared") {
			queue = SharedFIFO(5)
		}
		l := newLab(t, func(c *MixnetConfig) {
			c.Seed = rapid.Uint64().Draw(r, "seed")
			c.Loss = 0.3
			c.Residual = ModelA{}
			c.Queue = queue
			c.SendWhileAway = rapid.Bool().Draw(r, "while away")
			c.Epoch = time.Minute
			c.Services = []Service{
				NewCounting("node1"), Silent("node2"),
				Slow{Service: Echo("node3"), Delay: 4300 * time.Millisecond},
			}
		})
		outcomes := make(map[uint64]int) // by tag
		told := func(all []Delivery) {
			for _, d := range all {
				if d.Kind == Replied {
					outcomes[d.Packet.Connection]++
				}
			}
		}
		var sent, tag uint64
		nodes := []string{"node1", "node2", "node3"}
		for range rapid.IntRange(1, 200).Draw(r, "steps") {
			client := ClientID(rapid.IntRange(1, 3).Draw(r, "client"))
			switch rapid.IntRange(0, 11).Draw(r, "what") {
			case 0:
				l.m.DropGateway(l.now, time.Duration(rapid.IntRange(0, 30).Draw(r, "outage"))*time.Second)
			case 1:
				l.m.Forget(l.now, client)
			case 2:
				l.m.Unqueue(l.now, client)
			case 3:
				l.m.Restart(l.now)
			case 4:
				l.m.AdvanceEpoch(l.now)
			case 5:
				if err := l.m.KillService(l.now, rapid.SampledFrom(nodes).Draw(r, "dead")); err != nil {
					r.Fatal(err)
				}
			case 6:
				if err := l.m.ReviveService(l.now, rapid.SampledFrom(nodes).Draw(r, "alive")); err != nil {
					r.Fatal(err)
				}
			default:
				tag++
				p := Packet{Connection: tag, SURBID: surb(uint64(rapid.IntRange(0, 5).Draw(r, "surb"))), Recipient: []byte("+echo")}
				p.Destination = l.m.network.named(rapid.SampledFrom(nodes).Draw(r, "to")).hash
				if l.m.Send(l.now, client, p) {
					sent++
				}
			}
			told(l.run(time.Duration(rapid.IntRange(0, 5000).Draw(r, "wait")) * time.Millisecond))
		}
		told(l.run(2 * time.Hour))
		c := l.fates()
		if c.Departed+c.Failed+c.Dropped != sent {
			r.Fatalf("%d sent: %+v", sent, c)
		}
		replied := 0
		for _, n := range outcomes {
			if n != 1 {
				r.Fatalf("a request with %d replies", n)
			}
			replied++
		}
		if uint64(replied) != c.Replied {
			r.Fatalf("%d replies told: %+v", replied, c)
		}
	})
}
