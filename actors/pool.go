package actors

import "sync"

// throughput is how many messages one mailbox handles before it goes to the
// back of the queue, so that a busy dispatcher does not starve the rest.
const throughput = 64

// Pool runs mailboxes on a fixed number of goroutines: protoactor's own
// dispatcher starts one goroutine per activation, which is most of what a
// short-lived actor costs. It implements protoactor's Dispatcher.
//
// The queue has no limit of its own: a mailbox is in it at most once, so it
// never holds more entries than there are actors. Nothing that runs on the
// pool may wait for a disk, a socket or user code.
type Pool struct {
	mu      sync.Mutex
	wake    sync.Cond
	queue   queue[func()]
	idle    int
	size    int
	closing bool
	workers sync.WaitGroup
}

// NewPool starts the given number of workers; at least one.
func NewPool(workers int) *Pool {
	p := &Pool{size: max(1, workers)}
	p.wake.L = &p.mu
	for range p.size {
		p.workers.Go(p.work)
	}
	return p
}

// Schedule implements protoactor's Dispatcher. It never blocks. What is
// scheduled after Close has returned is never run.
func (p *Pool) Schedule(run func()) {
	p.mu.Lock()
	p.queue.push(run)
	wake := p.idle > 0
	p.mu.Unlock()
	if wake {
		p.wake.Signal()
	}
}

// Throughput implements protoactor's Dispatcher.
func (p *Pool) Throughput() int { return throughput }

func (p *Pool) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for p.queue.len() == 0 {
			p.idle++
			if p.closing && p.idle == p.size {
				p.wake.Broadcast()
				return
			}
			p.wake.Wait()
			if p.closing && p.idle == p.size && p.queue.len() == 0 {
				return
			}
			p.idle--
		}
		run := p.queue.pop()
		p.mu.Unlock()
		run()
		p.mu.Lock()
	}
}

// Close lets the workers finish what is queued, and what that schedules, and
// waits for them. It is idempotent. It must not be called from a worker.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	p.wake.Broadcast()
	p.workers.Wait()
}
