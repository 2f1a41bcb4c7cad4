package homing_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/sim"
)

func TestTheLargestPayloadsArrive(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		for framing, size := range map[homing.Framing]int{homing.Raw: 2000, homing.Sized: 1996} {
			payload := bytes.Repeat([]byte{7}, size)
			r, err := l.client.Call(l.ctx, "echo", payload, homing.WithFraming(framing))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(r.Payload[:size], payload) {
				t.Errorf("%v framing changed the payload", framing)
			}
			if framing == homing.Sized && len(r.Payload) != size || framing == homing.Raw && len(r.Payload) != sim.ForwardPayloadLength {
				t.Errorf("a reply in %v framing has %d bytes", framing, len(r.Payload))
			}
		}
	})
}

func TestTheCallersBufferMayBeUsedAgainAfterGo(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		payload := []byte("mine")
		f, err := l.client.Go(l.ctx, "echo", payload, homing.WithFraming(homing.Sized))
		if err != nil {
			t.Fatal(err)
		}
		copy(payload, "gone")
		if r, err := f.Await(l.ctx); err != nil || string(r.Payload) != "mine" {
			t.Errorf("%v, %v", r, err)
		}
	})
}

func TestAReplyDecodesItsFirstCBORItem(t *testing.T) {
	inVirtualTime(t, "v0.0.99", nil, func(t *testing.T, l *lab) {
		item, err := cbor.Marshal(map[string]int{"answer": 42})
		if err != nil {
			t.Fatal(err)
		}
		r, err := l.client.Call(l.ctx, "echo", item)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]int
		if err := r.CBOR(&got); err != nil || got["answer"] != 42 {
			t.Errorf("%v, %v", got, err)
		}
		var wrong []string
		if err := r.CBOR(&wrong); err == nil {
			t.Error("a map was decoded into a list")
		}
	})
}

func TestAnAnswerWithoutTheFramingAskedForIsToldApart(t *testing.T) {
	inVirtualTime(t, "v0.0.99", func(d *sim.DaemonConfig, _ *homing.Config) {
		d.Mixnet.Services = []sim.Service{shouting{}}
	}, func(t *testing.T, l *lab) {
		_, err := l.client.Call(l.ctx, "shout", []byte("hello"), homing.WithFraming(homing.Sized))
		var failure *homing.DeliveryError
		if !errors.Is(err, homing.ErrFraming) || !errors.As(err, &failure) || !failure.MayHaveExecuted {
			t.Errorf("%v", err)
		}
	})
}

// shouting answers with bytes that are no length.
type shouting struct{}

func (shouting) Name() string       { return "node" }
func (shouting) Capability() string { return "shout" }
func (shouting) Serve([]byte) ([]byte, time.Duration, bool) {
	return bytes.Repeat([]byte{0xff}, 10), 0, true
}
