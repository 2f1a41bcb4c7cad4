package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/homing-mix/homing"
)

// series sends the messages, a few at a time. Everything it reports it reports
// from one goroutine.
type series struct {
	settings
	daemon  *daemon
	client  *homing.Client
	report  report
	options []homing.Option
	ended   chan outcome
	began   time.Time
	totals  totals
	link    link
}

// outcome is how a message ended.
type outcome struct {
	number int
	reply  *homing.Reply // nil if there was no answer
	err    error
}

// errBody: the answer does not hold the bytes that were sent.
var errBody = errors.New("the answer holds other bytes than were sent")

func newSeries(s settings, d *daemon, client *homing.Client, r report) *series {
	options := []homing.Option{homing.WithFraming(homing.Sized)}
	if s.deadline > 0 {
		options = append(options, homing.WithTimeout(s.deadline))
	}
	return &series{
		settings: s, daemon: d, client: client, report: r, options: options,
		ended: make(chan outcome, s.concurrency),
	}
}

// run sends all messages, or those sent until interrupt ends or there is nowhere
// to write, and returns when each has ended. An error is a *failure: nothing was
// sent at all.
func (s *series) run(interrupt context.Context) (totals, error) {
	ctx, stop := context.WithCancel(interrupt)
	defer stop()
	s.began = time.Now()
	tick := time.NewTicker(glance)
	defer tick.Stop()
	if err := s.send(ctx, 1); err != nil {
		return totals{}, s.refused(err)
	}
	s.report.begin(s.daemon, s.client.Health().Daemon)
	end := func(o outcome) {
		s.totals.add(o)
		if s.report.message(o) != nil {
			stop()
		}
	}
	outstanding, next := 1, 2
	for {
		for ; outstanding < s.concurrency && next <= s.count && ctx.Err() == nil; next++ {
			if err := s.send(ctx, next); err != nil {
				end(outcome{number: next, err: err})
				continue
			}
			outstanding++
		}
		if outstanding == 0 && (next > s.count || ctx.Err() != nil) {
			break
		}
		s.look(outstanding)
		select {
		case o := <-s.ended:
			outstanding--
			end(o)
		case <-tick.C:
		}
	}
	s.totals.interrupted = interrupt.Err() != nil && s.totals.delivered < s.count
	s.totals.sum(s)
	return s.totals, nil
}

// refused tells why not even the first message was accepted.
func (s *series) refused(err error) error {
	switch {
	case errors.Is(err, homing.ErrNoService):
		return &failure{exitNoLink, fmt.Errorf("%w: nobody in this network offers --service %s", err, s.service)}
	case errors.Is(err, homing.ErrTooLarge):
		return &failure{exitUsage, fmt.Errorf("--size %d: %w", s.size, err)}
	}
	return &failure{exitNoLink, err}
}

// send has a message accepted; its outcome comes by s.ended.
func (s *series) send(ctx context.Context, number int) error {
	body := s.body(number)
	f, err := s.client.Go(ctx, s.service, body, s.options...)
	if err != nil {
		return err
	}
	go func() {
		reply, err := f.Await(ctx)
		if ctx.Err() != nil && err != nil {
			f.Cancel()
			reply, err = f.Await(context.Background()) // it says so at once
		}
		if err == nil && !bytes.Equal(reply.Payload, body) {
			err = errBody
		}
		s.ended <- outcome{number, reply, err}
	}()
	return nil
}

// body returns the random bytes of a message, the same for one seed however
// many are sent at a time.
func (s *series) body(number int) []byte {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], s.seed)
	binary.BigEndian.PutUint64(key[8:], uint64(number))
	body := make([]byte, s.size)
	rand.NewChaCha8(key).Read(body)
	return body
}

// look reports the progress, and what has become of the link.
func (s *series) look(outstanding int) {
	health := s.client.Health()
	now := linkOf(health)
	if now != s.link {
		s.report.note(now.change(s.link, s.daemon.endpoint, health.Reason))
		s.link = now
	}
	s.report.progress(progress{
		delivered: s.totals.delivered, count: s.count, outstanding: outstanding,
		sends: s.client.Stats().Sends, drawn: s.daemon.drawn(), elapsed: s.elapsed(), link: now,
	})
}

// elapsed is the daemon's time since the first message.
func (s *series) elapsed() time.Duration {
	return time.Duration(float64(time.Since(s.began)) * s.speed)
}
