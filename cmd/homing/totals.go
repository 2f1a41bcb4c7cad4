package main

import (
	"math"
	"slices"
	"time"
)

// totals are of a whole series, durations in the daemon's time.
type totals struct {
	delivered   int // answered with the right bytes
	failed      int
	interrupted bool
	latencies   []time.Duration // of what was delivered; sorted by sum

	sends   uint64 // attempts handed to the daemon
	late    uint64 // answers to an attempt other than the newest
	drawn   *drawn // nil: a real network
	elapsed time.Duration
}

func (t *totals) add(o outcome) {
	if o.err != nil {
		t.failed++
		return
	}
	t.delivered++
	t.latencies = append(t.latencies, o.reply.Timeline.Total)
}

// sum completes the totals when all has ended.
func (t *totals) sum(s *series) {
	stats := s.client.Stats()
	t.sends, t.late, t.drawn, t.elapsed = stats.Sends, stats.Late, s.daemon.drawn(), s.elapsed()
	slices.Sort(t.latencies)
}

// quantile is the least latency that a share q of the delivered messages did
// not exceed (nearest rank); 0 if none was delivered.
func (t *totals) quantile(q float64) time.Duration {
	n := len(t.latencies)
	if n == 0 {
		return 0
	}
	return t.latencies[min(max(int(math.Ceil(q*float64(n))), 1), n)-1]
}

// sendsPerDelivered is 0 if none was delivered.
func (t *totals) sendsPerDelivered() float64 {
	if t.delivered == 0 {
		return 0
	}
	return float64(t.sends) / float64(t.delivered)
}
