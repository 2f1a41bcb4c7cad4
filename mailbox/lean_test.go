package mailbox

import (
	"math/bits"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"github.com/asynkron/protoactor-go/actor"
)

var (
	suspend = &actor.SuspendMailbox{}
	resume  = &actor.ResumeMailbox{}
)

// open returns a started mailbox over a run queue of the test's own.
func open(throughput int) (*Lean, *served, *later) {
	m, s, d := NewLean().(*Lean), &served{}, &later{throughput: throughput}
	m.RegisterHandlers(s, d)
	m.Start()
	return m, s, d
}

func wantLog(t *testing.T, s *served, want ...any) {
	t.Helper()
	if !reflect.DeepEqual(s.log, want) && len(s.log)+len(want) > 0 {
		t.Errorf("the actor saw %v, want %v", s.log, want)
	}
	s.log = nil
}

func TestControlMessagesGoBeforeData(t *testing.T) {
	m, s, d := open(100)
	m.PostUserMessage("a")
	m.PostUserMessage("b")
	m.PostSystemMessage(1)
	m.PostSystemMessage(2)
	d.drain()
	wantLog(t, s, control{1}, control{2}, "a", "b")
}

func TestControlMessagePostedWhileDataRunsGoesBeforeTheRestOfIt(t *testing.T) {
	m, s, d := open(100)
	s.receive = func(message any) {
		if message == "a" {
			m.PostSystemMessage(1)
		}
	}
	m.PostUserMessage("a")
	m.PostUserMessage("b")
	d.drain()
	wantLog(t, s, "a", control{1}, "b")
}

func TestSuspendedMailboxRunsNothingButControl(t *testing.T) {
	m, s, d := open(100)
	m.PostUserMessage("a")
	m.PostSystemMessage(suspend)
	d.drain()
	wantLog(t, s)

	asked := d.asked
	m.PostUserMessage("b")
	if d.asked != asked {
		t.Error("data posted to a suspended mailbox asked for an activation")
	}
	m.PostSystemMessage(1)
	d.drain()
	wantLog(t, s, control{1})
	if n := m.UserMessageCount(); n != 2 {
		t.Errorf("%d data messages wait, want 2", n)
	}

	m.PostSystemMessage(resume)
	d.drain()
	wantLog(t, s, "a", "b")
}

func TestActorThatSuspendsItselfRunsNoFurtherMessage(t *testing.T) {
	m, s, d := open(100)
	s.receive = func(any) { m.PostSystemMessage(suspend) }
	m.PostUserMessage("a")
	m.PostUserMessage("b")
	d.drain()
	wantLog(t, s, "a")
	m.PostSystemMessage(resume)
	d.drain()
	wantLog(t, s, "b")
}

func TestPanicIsEscalatedWithItsMessageAndTheNextOnesWait(t *testing.T) {
	m, s, d := open(100)
	s.receive = func(message any) {
		if message == "b" {
			panic("reason")
		}
	}
	s.failure = func(any, any) { m.PostSystemMessage(suspend) } // as protoactor's actor context does
	m.PostUserMessage("a")
	m.PostUserMessage("b")
	m.PostUserMessage("c")
	d.drain()
	wantLog(t, s, "a", "b", panicked{"reason", "b"})

	m.PostSystemMessage(resume)
	d.drain()
	wantLog(t, s, "c")
}

func TestPanicInAControlMessageIsEscalatedToo(t *testing.T) {
	m, s, d := open(1)
	s.system = func(any) { panic("reason") }
	m.PostSystemMessage(1)
	m.PostUserMessage("a")
	d.drain()
	wantLog(t, s, control{1}, panicked{"reason", 1}, "a")
}

func TestNothingRunsBeforeStart(t *testing.T) {
	m, s, d := NewLean().(*Lean), &served{}, &later{throughput: 100}
	m.PostUserMessage("early") // as a sender may who knows the name of an actor that is being spawned
	m.RegisterHandlers(s, d)
	m.PostUserMessage("also early")
	m.PostSystemMessage("Started")
	d.drain()
	wantLog(t, s)
	m.Start()
	d.drain()
	wantLog(t, s, control{"Started"}, "early", "also early")
}

func TestBusyMailboxesTakeTurnsByThroughput(t *testing.T) {
	d, s := &later{throughput: 2}, &served{}
	for _, name := range []string{"a", "b"} {
		m := NewLean()
		m.RegisterHandlers(s, d)
		m.Start()
		for i := range 5 {
			m.PostUserMessage(name + string(rune('1'+i)))
		}
	}
	d.drain()
	wantLog(t, s, "a1", "a2", "b1", "b2", "a3", "a4", "b3", "b4", "a5", "b5")
}

func TestThroughputOfZeroOrLessIsOneMessage(t *testing.T) {
	for _, throughput := range []int{-1, 0, 1} {
		m, s, d := open(throughput)
		m.PostUserMessage("a")
		m.PostUserMessage("b")
		d.step()
		wantLog(t, s, "a")
		d.drain()
		wantLog(t, s, "b")
	}
}

func TestOneActivationIsAskedForAtATime(t *testing.T) {
	m, s, d := open(100)
	s.receive = func(message any) {
		if message == "a" {
			m.PostUserMessage("b")
		}
	}
	m.PostUserMessage("a")
	m.PostSystemMessage(1)
	d.drain()
	wantLog(t, s, control{1}, "a", "b")
	if d.asked != 1 {
		t.Errorf("%d activations were asked for, want 1", d.asked)
	}
}

func TestDispatcherMayRunAnActivationAtOnce(t *testing.T) {
	m, s := NewLean().(*Lean), &served{}
	m.RegisterHandlers(s, actor.NewSynchronizedDispatcher(3))
	for i := range 10 {
		m.PostUserMessage(i)
	}
	m.Start()
	wantLog(t, s, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
}

func TestNilIsRefusedAndCounted(t *testing.T) {
	m, s, d := open(100)
	m.PostUserMessage(nil)
	m.PostSystemMessage(nil)
	m.PostUserMessage("a")
	d.drain()
	wantLog(t, s, "a")
	if n := m.Refused(); n != 2 {
		t.Errorf("%d messages refused, want 2", n)
	}
}

type batch []any

func (b batch) GetMessages() []any { return b }

func TestBatchIsDeliveredWholeAndOnce(t *testing.T) {
	m, s, d := open(100)
	m.PostUserMessage(batch{1, 2})
	envelope := &actor.MessageEnvelope{Message: batch{3}}
	m.PostUserMessage(envelope)
	d.drain()
	wantLog(t, s, batch{1, 2}, envelope)
}

func TestUserMessageCountIsWhatWaits(t *testing.T) {
	m, s, d := open(1)
	for i := range 10 {
		m.PostUserMessage(i)
		m.PostSystemMessage(i)
	}
	var seen []int
	s.receive = func(any) { seen = append(seen, m.UserMessageCount()) }
	d.drain()
	if want := []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}; !slices.Equal(seen, want) {
		t.Errorf("counts %v, want %v", seen, want)
	}
}

func TestLeanMailboxReleasesItsQueueWhenEmpty(t *testing.T) {
	m, _, d := open(1)
	for range 1000 {
		m.PostUserMessage("data")
		m.PostSystemMessage("control")
	}
	for range 1990 {
		d.step()
	}
	if room := len(m.data.rest.slots); room > 32 {
		t.Errorf("10 messages wait in a ring with room for %d", room)
	}
	d.drain()
	if m.data.rest != nil || m.control.rest != nil {
		t.Error("an empty mailbox keeps its queue")
	}
}

func TestKeepingMailboxKeepsItsRoomAndNoMore(t *testing.T) {
	m, d := Keeping(100)().(*Lean), &later{throughput: 100}
	m.RegisterHandlers(&served{}, d)
	m.Start()
	for range 1000 {
		m.PostUserMessage("data")
	}
	d.drain()
	if room := len(m.data.rest.slots); room != 128 {
		t.Errorf("an empty mailbox that was to keep room for 100 keeps %d slots, want 128", room)
	}
	for _, room := range []int{-1, 0} {
		if m := Keeping(room)().(*Lean); m.data.rest != nil {
			t.Errorf("Keeping(%d) keeps room", room)
		}
	}
}

func TestIdleMailboxIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Lean{}); bits.UintSize == 64 && size > 104 {
		t.Errorf("a mailbox has %d bytes, its documentation says 104", size)
	}
}

func TestSchedulingAMailboxAllocatesNothing(t *testing.T) {
	d := &later{throughput: 100}
	m := NewLean()
	m.RegisterHandlers(&ignoring{}, d)
	m.Start()
	var message any = "data"
	if n := testing.AllocsPerRun(100, func() {
		m.PostUserMessage(message)
		m.PostSystemMessage(message)
		d.drain()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// ignoring is an invoker that does nothing.
type ignoring struct{}

func (*ignoring) InvokeUserMessage(any)    {}
func (*ignoring) InvokeSystemMessage(any)  {}
func (*ignoring) EscalateFailure(_, _ any) {}

func BenchmarkMailbox(b *testing.B) {
	producers := map[string]actor.MailboxProducer{
		"lean": NewLean, "keeping=1024": Keeping(1024), "protoactor": actor.Unbounded(),
	}
	for _, name := range []string{"lean", "keeping=1024", "protoactor"} {
		for _, burst := range []int{1, 2, 1000} {
			b.Run(name+"/burst="+strconv.Itoa(burst), func(b *testing.B) {
				d := &later{throughput: 300}
				m := producers[name]()
				m.RegisterHandlers(&ignoring{}, d)
				m.Start()
				var message any = "data"
				b.ReportAllocs()
				for i := 0; i < b.N; i += burst {
					for range burst {
						m.PostUserMessage(message)
					}
					d.drain()
				}
			})
		}
	}
}
