package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/homing-mix/homing/thin"
	"github.com/homing-mix/homing/thin/wire"
)

// examination is one look at a daemon.
type examination struct {
	at          endpoint
	config      thin.Config
	wait, watch time.Duration
	warnings    []string

	began    time.Time
	client   *thin.Client
	findings []finding

	mu       sync.Mutex
	reached  bool // something has accepted a connection
	instance wire.ID
	session  *wire.SessionReply
}

// finding is something that was wrong for a while.
type finding struct {
	at time.Duration // after the beginning, real
	is condition
	// reason is the error behind it.
	reason error
}

// dial looks at the daemon's answers for what the client keeps to itself.
func (e *examination) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, e.at.network, e.at.address)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.reached = true
	e.mu.Unlock()
	t := &tap{Conn: c}
	t.read.show = func(item []byte, _ int) {
		r, err := wire.DecodeResponse(item)
		if err != nil {
			return // the client says so
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if r.Status != nil && r.Status.InstanceToken != nil {
			e.instance = *r.Status.InstanceToken
		}
		if r.Session != nil {
			e.session = r.Session
		}
	}
	return t, nil
}

// settling is how long "no gateway" and "no document" may last before they are
// a finding: the frames of a greeting come one after the other.
const settling = time.Second

// examine connects, waits, watches and prints. Its error is a *failure.
func (e *examination) examine(ctx context.Context, stdout io.Writer, asJSON bool) error {
	client, err := thin.New(e.config)
	if err != nil {
		return &failure{exitUsage, err}
	}
	defer client.Close()
	e.client, e.began = client, time.Now()
	found := e.await(ctx)
	if found.word == healthy.word && e.watch > 0 {
		if err := e.keep(ctx); err != nil {
			return err
		}
		found = e.now()
	}
	if ctx.Err() != nil {
		return &failure{exitInterrupted, fmt.Errorf("interrupted while looking at %v", e.at)}
	}
	v := e.view(found)
	if asJSON {
		err = v.object(stdout)
	} else {
		err = v.table(stdout)
	}
	switch {
	case err != nil:
		return &failure{exitUnanswered, fmt.Errorf("cannot write the output: %w", err)}
	case v.code != exitAnswered:
		return &failure{code: v.code}
	}
	return nil
}

// await returns when the link is up, or when there is a finding and nothing
// more to wait for.
func (e *examination) await(ctx context.Context) condition {
	if e.wait > 0 {
		bounded, cancel := context.WithTimeout(ctx, e.wait)
		defer cancel()
		ctx = bounded
	}
	waiting, cancel := context.WithCancel(ctx)
	up := make(chan error, 1)
	go func() { up <- e.client.Ready(waiting) }()
	defer func() {
		cancel()
		<-up
	}()
	tick := time.NewTicker(glance / 4)
	defer tick.Stop()
	var since time.Time // of a finding that may pass
	for {
		select {
		case err := <-up:
			up <- err
			return e.now()
		case <-tick.C:
		}
		reason := e.client.Health().Reason
		switch passing := errors.Is(reason, thin.ErrNoGateway) || errors.Is(reason, thin.ErrNoDocument); {
		case e.wait > 0 || reason == nil:
			since = time.Time{}
		case !passing:
			return diagnose(reason)
		case since.IsZero():
			since = time.Now()
		case time.Since(since) >= settling:
			return diagnose(reason)
		}
	}
}

// now is the present condition.
func (e *examination) now() condition {
	h := e.client.Health()
	switch {
	case h.Up && h.Gateway:
		return healthy
	case h.Up:
		return noGateway
	case h.Reason != nil:
		return diagnose(h.Reason)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reached || e.config.Dial == nil {
		return silent
	}
	return unreachable // the first connection is still being made
}

// keep watches the link until the time is over, and notes what happens to it.
func (e *examination) keep(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, e.watch)
	defer cancel()
	for event, err := range e.client.Events(bounded) {
		switch event := event.(type) {
		case thin.Down:
			e.note(diagnose(event.Reason), event.Reason)
		case thin.GatewayDown:
			e.note(noGateway, thin.ErrNoGateway)
		}
		if err != nil && bounded.Err() == nil {
			return &failure{exitNoLink, err}
		}
	}
	return nil
}

func (e *examination) note(is condition, reason error) {
	const most = 1000 // of a daemon that comes and goes
	if len(e.findings) < most {
		e.findings = append(e.findings, finding{time.Since(e.began), is, reason})
	}
}

// view is what there is to say.
func (e *examination) view(found condition) view {
	h := e.client.Health()
	v := view{at: e.at, is: found, health: h, limit: e.client.PayloadLimit(), findings: e.findings, epoch: e.config.Epoch, speed: e.config.Speed}
	e.mu.Lock()
	v.instance, v.session = e.instance, e.session
	e.mu.Unlock()
	listed := thin.ServicesIn(e.client.PKIDocument())
	for _, capability := range slices.Sorted(maps.Keys(listed)) {
		var nodes []string
		for _, s := range listed[capability] {
			nodes = append(nodes, s.Name)
		}
		v.services = append(v.services, pair{capability, nodes})
	}
	v.greeted = !h.LastRead.IsZero()
	switch {
	case !v.greeted:
		v.code = exitNoLink
	case found.word != healthy.word || len(e.findings) > 0:
		v.code = exitUnanswered
	}
	return v
}
