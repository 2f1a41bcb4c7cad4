package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homing-mix/homing"
	"github.com/homing-mix/homing/thin"
)

// glance is how often the state of the link and the progress are looked at.
const glance = 200 * time.Millisecond

// ready waits for the link, and tells after the first failure that it is tried
// again. Its error is a *failure.
func ready(ctx context.Context, client *homing.Client, at endpoint, wait time.Duration, r report) error {
	bounded, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	up := make(chan error, 1)
	go func() { up <- client.Ready(bounded) }()
	tick := time.NewTicker(glance)
	defer tick.Stop()
	told := false
	for {
		select {
		case err := <-up:
			switch {
			case err == nil:
				return nil
			case ctx.Err() != nil:
				return &failure{exitInterrupted, fmt.Errorf("interrupted while waiting for %v", at)}
			}
			return &failure{exitNoLink, fmt.Errorf("no link to %v within %v: %v\n"+
				"Is kpclientd running, does it listen there, and is it connected to its network?\n"+
				"homing status --daemon %[1]v says more, --wait waits longer", at, wait, why(err))}
		case <-tick.C:
			if reason := client.Health().Reason; reason != nil && !told {
				told = true
				r.note(fmt.Sprintf("no link to %v yet: %v; trying again for up to %v", at, reason, wait))
			}
		}
	}
}

// why is what hindered the link, without the end of the waiting.
func why(err error) error {
	var notReady *thin.NotReadyError
	if errors.As(err, &notReady) {
		if notReady.Reason != nil {
			return notReady.Reason
		}
		return errors.New("the daemon has not greeted")
	}
	return err
}
