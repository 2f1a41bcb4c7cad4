package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/homing-mix/homing/sim"
	"github.com/homing-mix/homing/thin"
)

// lookalike is a simulated kpclientd as a process of its own: its sockets, its
// control endpoint and its diary.
type lookalike struct {
	lookalikeSettings
	daemon    *sim.Daemon
	diary     *diary
	listeners []listener
	served    sync.WaitGroup
	control   *control // nil: off
	files     []string // written for the clients
}

// openLookalike listens everywhere and serves. Its error is a *failure.
func openLookalike(s lookalikeSettings, diary *diary) (*lookalike, error) {
	l := &lookalike{lookalikeSettings: s, diary: diary}
	var err error
	if l.daemon, err = sim.StartDaemon(s.config); err != nil {
		return nil, &failure{exitUsage, err}
	}
	clock := l.daemon.Clock()
	diary.now = func() time.Duration { return time.Duration(clock.Now()) }
	if err := l.open(); err != nil {
		_ = l.close() // what was opened; err is the reason
		return nil, err
	}
	for _, each := range l.listeners {
		l.served.Go(func() { _ = l.daemon.Serve(each) }) // nil, as only close ends it
	}
	return l, nil
}

// open opens the sockets and writes what leads to them.
func (l *lookalike) open() error {
	for _, at := range l.places {
		opened, at, err := at.listen(l.daemon)
		switch {
		case errors.Is(err, sim.ErrAddressInUse):
			return &failure{exitNoLink, fmt.Errorf("cannot listen on %v: somebody else does; end that, or take another --listen", at)}
		case err != nil:
			return &failure{exitNoLink, fmt.Errorf("cannot listen on %v: %w", at, err)}
		}
		l.listeners = append(l.listeners, listener{opened, at, l.diary})
	}
	if address := l.lookalikeSettings.control; address != "" {
		var err error
		if l.control, err = openControl(l, address); err != nil {
			return &failure{exitNoLink, fmt.Errorf("--control: %w", err)}
		}
	}
	if err := l.writeFiles(); err != nil {
		return &failure{exitUsage, fmt.Errorf("--write-config: %w", err)}
	}
	return nil
}

// writeFiles writes a configuration file of the version's clients for each
// listener: thinclient.toml for the first.
func (l *lookalike) writeFiles() error {
	if l.writeConfig == "" {
		return nil
	}
	if err := os.MkdirAll(l.writeConfig, 0o755); err != nil {
		return err
	}
	for i, each := range l.listeners {
		at := each.at.near()
		file := thin.ConfigFile{Generation: thin.ConfigGenerationOf(l.version), Network: at.network, Address: at.address}
		if file.Generation != thin.ConfigDial {
			sphinx, pigeonhole := l.daemon.Geometry()
			file.Sphinx, file.Pigeonhole = &sphinx, &pigeonhole
		}
		name := "thinclient.toml"
		if i > 0 {
			name = fmt.Sprintf("thinclient-%d-%s.toml", i+1, at.network)
		}
		path := filepath.Join(l.writeConfig, name)
		if err := thin.WriteConfig(path, file); err != nil {
			return err
		}
		l.files = append(l.files, path)
	}
	return nil
}

// wait returns when ctx ends, the daemon has crashed or there is nowhere to
// write. Its error is a *failure.
func (l *lookalike) wait(ctx context.Context) error {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	seen := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-l.diary.broken:
			return &failure{exitUnanswered, fmt.Errorf("cannot write the output: %w", err)}
		case <-tick.C:
		}
		violations := l.daemon.Violations()
		for _, v := range violations[seen:] {
			l.diary.event(eventObject{Event: "violation", Text: v.Reason})
		}
		seen = len(violations)
		if l.daemon.Counters().Crashes > 0 {
			return &failure{exitUnanswered, l.crash(violations)}
		}
	}
}

// crash says what ended the daemon.
func (l *lookalike) crash(violations []sim.Violation) error {
	reason := "the daemon has crashed for every client"
	for _, v := range violations {
		if strings.HasPrefix(v.Reason, reason) {
			reason = v.Reason
		}
	}
	return fmt.Errorf("%s, as %v does; --quirks none takes the bugs of its version away", reason, l.version)
}

// close ends the daemon as SIGTERM does, then its sockets.
func (l *lookalike) close() error {
	if l.control != nil {
		l.control.close()
	}
	err := l.daemon.Close()
	for _, each := range l.listeners {
		if closed := each.Close(); closed != nil && !errors.Is(closed, net.ErrClosed) {
			err = errors.Join(err, closed)
		}
	}
	l.served.Wait()
	return err
}
