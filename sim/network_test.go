package sim

import (
	"testing"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/homing-mix/homing/thin/wire"
)

func TestAWrongQueueOnAnExistingNodeGetsNoErrorAndNoReply(t *testing.T) {
	l := newLab(t, nil)
	p := l.request(1, "x")
	p.Recipient = []byte("+nosuch")
	l.send(1, p)
	told := l.run(time.Minute)
	if len(told) != 1 || told[0].Kind != Departed || told[0].ETA == 0 {
		t.Errorf("told %+v", told)
	}
	if c := l.fates(); c.Unanswered != 1 || c.Executed != 0 {
		t.Errorf("%+v", c)
	}
}

func TestADeadNodeLosesInSilenceUntilTheNextDocument(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) { c.Services = []Service{Echo("node1"), Echo("node2")} })
	p := l.request(1, "x")
	if err := l.m.KillService(l.now, "node1"); err != nil {
		t.Fatal(err)
	}
	l.send(1, p)
	if told := l.run(time.Minute); len(told) != 1 || told[0].Kind != Departed {
		t.Fatalf("told %+v", told)
	}
	l.m.AdvanceEpoch(l.now)
	l.send(1, p)
	l.until(SendError)
	if all := l.m.Instances(); len(all) != 1 || all[0].Node != "node2" {
		t.Errorf("listed %+v", all)
	}
	if err := l.m.ReviveService(l.now, "node1"); err != nil {
		t.Fatal(err)
	}
	l.m.AdvanceEpoch(l.now)
	l.send(1, p)
	l.until(Replied)
}

func TestANewServiceIsListedFromTheNextEpochOn(t *testing.T) {
	l := newLab(t, nil)
	if err := l.m.AddService(l.now, Echo("node2")); err != nil {
		t.Fatal(err)
	}
	if n := len(l.m.Instances()); n != 1 {
		t.Errorf("%d instances at once", n)
	}
	l.m.AdvanceEpoch(l.now)
	if n := len(l.m.Instances()); n != 2 {
		t.Errorf("%d instances an epoch later", n)
	}
}

func TestEpochsFollowEachOtherAndTheirDocumentsComeLate(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) {
		c.Epoch, c.DocumentDelay, c.FirstEpoch = 2*time.Minute, 30*time.Second, 50
	})
	l.m.Join(l.now, 1)
	start := l.now
	for i := range uint64(3) {
		d := l.until(NewEpoch)
		if want := start.Add(time.Duration(i+1)*2*time.Minute + 30*time.Second); d.Epoch != 51+i || d.At != want {
			t.Fatalf("epoch %d at %v, want %d at %v", d.Epoch, d.At, 51+i, want)
		}
	}
	l.run(30 * time.Second)
	l.m.AdvanceEpoch(l.now)
	advanced := l.now
	l.until(NewEpoch)
	if d := l.until(NewEpoch); d.At != advanced.Add(2*time.Minute) || d.Epoch != 55 {
		t.Errorf("after an early epoch: %d at %v", d.Epoch, d.At)
	}
}

func TestWithoutADocumentNothingIsSent(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) { c.NoDocument = true })
	if l.m.Document() != nil || l.m.Instances() != nil {
		t.Error("a document before the first")
	}
	l.send(1, Packet{SURBID: surb(1), Recipient: []byte("+echo")})
	l.until(SendError)
	l.m.AdvanceEpoch(l.now)
	l.send(1, l.request(2, "x"))
	l.until(Replied)
}

func TestTheDocumentNamesTheServicesAsClientsLookForThem(t *testing.T) {
	l := newLab(t, func(c *MixnetConfig) {
		c.Layers = 4
		c.Services = []Service{Echo("node1"), Silent("node2")}
	})
	for _, tag := range versions {
		dialect, err := wire.DialectOf(tag)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := dialect.AppendDocument(nil, l.m.Document())
		if err != nil {
			t.Fatal(err)
		}
		doc, err := wire.DecodeDocument(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if doc.Epoch != l.m.Epoch() || doc.Mu != 0.005 || doc.LambdaP != 0.001 || len(doc.Topology) != 4 || len(doc.GatewayNodes) != 1 {
			t.Errorf("%s: %+v", tag, doc)
		}
		for i, want := range l.m.Instances() {
			node := doc.ServiceNodes[i]
			queue, ok := node.Endpoint("echo")
			if !ok || queue != string(want.Recipient) || node.Name != want.Node {
				t.Errorf("%s: node %q queue %q", tag, node.Name, queue)
			}
			if blake2b.Sum256(node.IdentityKey) != want.Destination {
				t.Errorf("%s: destination of %q", tag, node.Name)
			}
		}
	}
}
