package mailbox

import "sync"

// later is a dispatcher that runs nothing by itself: a run queue for one goroutine, as in virtual time.
type later struct {
	queue      []func()
	throughput int
	asked      int // how many activations were asked for
}

func (d *later) Schedule(activate func()) {
	d.queue = append(d.queue, activate)
	d.asked++
}

func (d *later) Throughput() int { return d.throughput }

// step runs the next activation and reports whether there was one.
func (d *later) step() bool {
	if len(d.queue) == 0 {
		return false
	}
	activate := d.queue[0]
	d.queue = d.queue[:copy(d.queue, d.queue[1:])]
	activate()
	return true
}

func (d *later) drain() {
	for d.step() {
	}
}

// pool is a dispatcher whose workers take activations from one queue.
type pool struct {
	mu         sync.Mutex
	work       sync.Cond
	queue      []func()
	closed     bool
	throughput int
	workers    sync.WaitGroup
}

func newPool(workers, throughput int) *pool {
	p := &pool{throughput: throughput}
	p.work.L = &p.mu
	for range workers {
		p.workers.Go(p.run)
	}
	return p
}

func (p *pool) Schedule(activate func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, activate)
	p.work.Signal()
}

func (p *pool) Throughput() int { return p.throughput }

func (p *pool) run() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for len(p.queue) == 0 {
			if p.closed {
				return
			}
			p.work.Wait()
		}
		activate := p.queue[0]
		p.queue = p.queue[1:]
		p.mu.Unlock()
		activate()
		p.mu.Lock()
	}
}

// close ends the workers when nothing is left to run, and waits for them.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.work.Broadcast()
	p.mu.Unlock()
	p.workers.Wait()
}

// served is an invoker that writes down what it is given.
type served struct {
	log     []any                     // data as posted, control as control{…}, panics as panicked{…}
	receive func(message any)         // nil: nothing
	failure func(reason, message any) // nil: nothing
	system  func(message any)         // nil: nothing
}

type (
	control  struct{ message any }
	panicked struct{ reason, message any }
)

func (s *served) InvokeUserMessage(message any) {
	s.log = append(s.log, message)
	if s.receive != nil {
		s.receive(message)
	}
}

func (s *served) InvokeSystemMessage(message any) {
	s.log = append(s.log, control{message})
	if s.system != nil {
		s.system(message)
	}
}

func (s *served) EscalateFailure(reason, message any) {
	s.log = append(s.log, panicked{reason, message})
	if s.failure != nil {
		s.failure(reason, message)
	}
}
