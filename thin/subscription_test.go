package thin

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func TestAConsumerThatFallsBehindOverrunsAloneAndTheReaderGoesOn(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, s, p, _ := d.up(nil)
		idle, err := c.Subscribe()
		if err != nil {
			t.Fatal(err)
		}
		const total = maxEvents + 10
		go func() {
			for range total {
				p.reply(wire.ID{1}, "")
			}
		}()
		for range total {
			next[MessageReply](t, s)
		}
		synctest.Wait()
		if !c.Health().Up {
			t.Error("the link suffered")
		}
		held := 0
		for {
			_, err := idle.Next(t.Context())
			if err != nil {
				if !errors.Is(err, ErrOverrun) {
					t.Error(err)
				}
				break
			}
			held++
		}
		if held != maxEvents {
			t.Errorf("%d events before the overrun, want %d", held, maxEvents)
		}
		if _, err := idle.Next(t.Context()); !errors.Is(err, ErrOverrun) {
			t.Errorf("and then %v", err)
		}
		if len(c.subscriptions) != 1 {
			t.Errorf("%d subscriptions are still fed", len(c.subscriptions))
		}
	})
}

func TestASubscriptionIsBoundedInBytesToo(t *testing.T) {
	s := newSubscription(&Client{})
	payload := make([]byte, 1<<20)
	n := 0
	for s.offer(MessageReply{Payload: payload}) {
		n++
	}
	if n != 63 { // 64 with their overhead are too many
		t.Errorf("%d events of 1 MiB", n)
	}
	for range n {
		if _, err := s.Next(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if s.bytes != 0 {
		t.Errorf("%d bytes left", s.bytes)
	}
}

func TestASubscriptionBeginsWithThePresentState(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s, p, up := d.up(nil)
		p.status(false)
		next[GatewayDown](t, s)
		late, err := c.Subscribe()
		if err != nil {
			t.Fatal(err)
		}
		if e := next[NewDocument](t, late); e.Epoch != 1 || e.At.IsZero() {
			t.Errorf("%+v", e)
		}
		if e := next[Up](t, late); e != up {
			t.Errorf("%+v, was %+v", e, up)
		}
		next[GatewayDown](t, late)
		p.document(2)
		next[NewDocument](t, late)
		late.Close()
		late.Close()
		if e, err := late.Next(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("%v, %v", e, err)
		}
		p.document(3)
		next[NewDocument](t, s)
		next[NewDocument](t, s)
	})
}

func TestAnEventThatIsThereBeatsACancelledContext(t *testing.T) {
	s := newSubscription(&Client{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.offer(Up{})
	if e, err := s.Next(ctx); err != nil {
		t.Errorf("%v, %v", e, err)
	}
	if e, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", e, err)
	}
	s.finish(ErrClosed)
	if e, err := s.Next(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, %v", e, err)
	}
}

func TestASubscriptionForgetsWhatWasTaken(t *testing.T) {
	s := newSubscription(&Client{})
	for i := range uint64(100_000) {
		if !s.offer(Down{Connection: 2 * i}) || !s.offer(Down{Connection: 2*i + 1}) {
			t.Fatal("overrun")
		}
		for j := range uint64(2) {
			e, err := s.Next(context.Background())
			if d, ok := e.(Down); err != nil || !ok || d.Connection != 2*i+j {
				t.Fatalf("%+v, %v", e, err)
			}
		}
		if i%2 == 0 { // never quite empty from here on
			s.offer(Down{Connection: 2 * i})
			s.Next(context.Background())
		}
	}
	if n := cap(s.events); n > 64 {
		t.Errorf("room for %d events", n)
	}
}

func TestEventsAreStampedWhenTheyAreRead(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		_, s, p, _ := d.up(nil)
		time.Sleep(time.Minute)
		read := time.Now()
		p.sent(wire.ID{1}, time.Second)
		synctest.Wait()
		time.Sleep(time.Minute) // the consumer is late
		if m := next[MessageSent](t, s); !m.At.Equal(read) || m.SentAt.Unix() != read.Unix() {
			t.Errorf("%+v, read at %v", m, read)
		}
	})
}

func TestManyConsumersMayWaitOnOneSubscription(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, s, p, _ := d.up(nil)
		results := make(chan error, 8)
		for range cap(results) {
			go func() {
				for {
					if _, err := s.Next(t.Context()); err != nil {
						results <- err
						return
					}
				}
			}()
		}
		for range 100 {
			p.reply(wire.ID{1}, "")
		}
		p.conn.Close()
		c.Close()
		for range cap(results) {
			if err := <-results; !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		}
	})
}
