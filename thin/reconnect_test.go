package thin

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func TestWaitsGrowToTheCeilingWithHalfOfThemAsJitter(t *testing.T) {
	floors := []time.Duration{1, 2, 4, 8, 16, 30, 30, 30}
	lowest, highest := make([]float64, len(floors)), make([]float64, len(floors))
	for i := range lowest {
		lowest[i] = 2
	}
	for seed := range uint64(500) {
		b := newReconnect(seeded(seed))
		for i, f := range floors {
			share := float64(b.next(0)) / float64(f*time.Second)
			lowest[i], highest[i] = min(lowest[i], share), max(highest[i], share)
		}
	}
	for i := range floors {
		if lowest[i] < 0.5 || lowest[i] > 0.51 || highest[i] > 1.5 || highest[i] < 1.49 {
			t.Errorf("wait %d is from %.3f to %.3f of %vs", i, lowest[i], highest[i], int(floors[i]))
		}
	}
}

func TestWaitsNeverEndAndStartAnewOnlyAfterASettledLink(t *testing.T) {
	b := newReconnect(seeded(1))
	for range 10000 {
		if d := b.next(time.Second); d <= 0 || d > 45*time.Second {
			t.Fatal(d)
		}
	}
	if d := b.next(settled - 1); d < 15*time.Second {
		t.Errorf("a link of %v made the wait %v", settled-1, d)
	}
	if d := b.next(settled); d > 1500*time.Millisecond {
		t.Errorf("a settled link left the wait at %v", d)
	}
}

// dials returns when a client dials a daemon that refuses.
func dials(t *testing.T, seed uint64, speed float64) []time.Duration {
	var times []time.Duration
	synctest.Test(t, func(t *testing.T) {
		d := newDaemon(t, young(t))
		d.refuse = errors.New("refused")
		start := time.Now()
		c, s := d.client(func(c *Config) {
			c.Rand, c.Speed = seeded(seed), speed
			c.Dial = noting(d, start, &times)
		})
		time.Sleep(10 * time.Minute)
		none(t, s)
		if h := c.Health(); !errors.Is(h.Reason, d.refuse) || h.Connection != uint64(len(times)) {
			t.Errorf("%+v after %d dials", h, len(times))
		}
		c.Close()
	})
	return times
}

func TestClientsDoNotComeBackTogether(t *testing.T) {
	a, b := dials(t, 1, 1), dials(t, 2, 1)
	if len(a) < 15 || len(a) > 35 {
		t.Errorf("%d dials in 10 minutes: %v", len(a), a)
	}
	for _, at := range a[1:] {
		if slices.Contains(b, at) {
			t.Errorf("both dial at %v", at)
		}
	}
	if again := dials(t, 1, 1); !slices.Equal(a, again) {
		t.Error("the same seed gives other waits")
	}
	if fast := dials(t, 1, 10); len(fast) < 10*len(a)*8/10 {
		t.Errorf("%d dials at ten times the speed, %d at one", len(fast), len(a))
	}
}

func TestHurryEndsTheWaitBeforeTheNextConnection(t *testing.T) {
	var times []time.Duration
	synctest.Test(t, func(t *testing.T) {
		d := newDaemon(t, young(t))
		d.refuse = errors.New("refused")
		c, s := d.client(func(c *Config) {
			c.Rand = seeded(1)
			c.Dial = noting(d, time.Now(), &times)
		})
		defer c.Close()
		defer s.Close()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		before, now := len(times), time.Now()
		c.Hurry()
		synctest.Wait()
		if len(times) != before+1 || time.Since(now) != 0 {
			t.Errorf("%d dials at once, %v later", len(times)-before, time.Since(now))
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if len(times) > before+2 {
			t.Errorf("%d more dials within half of the longest wait", len(times)-before-1)
		}
	})
}

func TestHurryDuringADialDoesNotEndALaterWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun []time.Time
		const connecting = 10 * time.Second
		c, err := New(Config{Rand: seeded(1), Dial: func(context.Context) (net.Conn, error) {
			begun = append(begun, time.Now())
			time.Sleep(connecting)
			return nil, errors.New("refused")
		}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		c.Hurry()
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if wait := begun[1].Sub(begun[0]) - connecting; wait < 500*time.Millisecond {
			t.Errorf("the wait of 1 s ± 50 %% after a refused dial was %v", wait)
		}
		c.Close()
	})
}
