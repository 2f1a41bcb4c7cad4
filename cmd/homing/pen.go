package main

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// penLines is how many lines wait for an output that is slow.
const penLines = 4096

// penPatience is for how long close waits for an output that nobody reads.
const penPatience = time.Second

// pen writes whole lines to an output that may be slow or not be read at all:
// whoever writes never waits for it. Lines beyond penLines are counted, not
// shown. It is safe for concurrent use.
type pen struct {
	out     io.Writer
	missed  func(n int64) string // the line that says how many were not shown
	broken  chan error           // gets the first error of the output
	lines   chan string
	dropped atomic.Int64
	quit    chan struct{}
	once    sync.Once
	done    chan struct{}
}

// newPen starts the goroutine that writes; close ends it.
func newPen(out io.Writer, missed func(int64) string) *pen {
	p := &pen{
		out: out, missed: missed, broken: make(chan error, 1), lines: make(chan string, penLines),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	go p.run()
	return p
}

func (p *pen) write(line string) {
	select {
	case p.lines <- line:
	default:
		p.dropped.Add(1)
	}
}

func (p *pen) run() {
	defer close(p.done)
	for {
		select {
		case line := <-p.lines:
			p.put(line)
			continue
		default:
		}
		select {
		case line := <-p.lines:
			p.put(line)
		case <-p.quit:
			return
		}
	}
}

// put writes a line, and before it how many were not shown.
func (p *pen) put(line string) {
	if n := p.dropped.Swap(0); n > 0 {
		line = p.missed(n) + line
	}
	if _, err := p.out.Write([]byte(line)); err != nil {
		p.fail(err)
	}
}

func (p *pen) fail(err error) {
	select {
	case p.broken <- err:
	default:
	}
}

// close lets what waits be written, for penPatience at the most: the write that
// an unread output blocks ends with the process.
func (p *pen) close() {
	p.once.Do(func() { close(p.quit) })
	timer := time.NewTimer(penPatience)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
}
