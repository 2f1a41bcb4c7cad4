package actors

import (
	"context"
	"sync"

	"github.com/homing-mix/homing/arq"
)

// Result is how a message ended.
type Result struct {
	Payload []byte // the answer as it arrived, padding included; nil unless Err is nil
	Err     error  // nil, one of the package's sentinels, or what Cancel was given
	// Cause is what the link said to the last send that failed, for ErrRejected,
	// ErrDeadline and ErrExhausted, or the panic, for ErrInternal; it may be nil.
	Cause error

	Submitted arq.Instant
	Finished  arq.Instant
	Attempts  []arq.Attempt // in order; failed sends may have been left out
	Answered  int           // number of the attempt whose reply this is; 0 if none

	// MayHaveExecuted is true if any attempt was written to the link and did
	// not come back as failed: the service may have seen the request.
	MayHaveExecuted bool
}

// Promise is completed exactly once and can be awaited by any number of
// goroutines. The zero value is ready for use.
type Promise struct {
	mu     sync.Mutex
	done   chan struct{} // made when somebody waits
	result *Result
}

// Complete sets the result and reports whether it was the first to do so.
// Every later call changes nothing.
func (p *Promise) Complete(r Result) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.result != nil {
		return false
	}
	p.result = &r
	if p.done != nil {
		close(p.done)
	}
	return true
}

// Done returns a channel that is closed when the result is there.
func (p *Promise) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done == nil {
		p.done = make(chan struct{})
		if p.result != nil {
			close(p.done)
		}
	}
	return p.done
}

// Result returns the result and true once there is one.
func (p *Promise) Result() (Result, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.result == nil {
		return Result{}, false
	}
	return *p.result, true
}

// Await waits for the result or the end of ctx, whose error it then returns.
// A result that is there beats a ctx that has ended.
func (p *Promise) Await(ctx context.Context) (Result, error) {
	if r, ok := p.Result(); ok {
		return r, nil
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		if r, ok := p.Result(); ok {
			return r, nil
		}
		return Result{}, context.Cause(ctx)
	}
	r, _ := p.Result()
	return r, nil
}
