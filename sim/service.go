package sim

import (
	"bytes"
	"sync"
	"time"
)

// The payload lengths of the reference network. A service sees every request
// zero padded to UserForwardPayloadLength and may answer as much; a reply
// arrives zero padded to ForwardPayloadLength.
const (
	UserForwardPayloadLength = 2000
	ForwardPayloadLength     = 2574
)

// Service answers requests at a service node.
//
// Name is the node's, Capability what the document advertises; the queue ID is
// "+" and the capability. Several services may share a node, several nodes may
// offer a capability. Serve gets the padded request, which is only valid
// during the call, and returns the answer (at most UserForwardPayloadLength
// bytes; a longer one is dropped without a word), the time it takes, and
// whether there is an answer at all. A model calls Serve from one goroutine at
// a time.
type Service interface {
	Name() string
	Capability() string
	Serve(request []byte) (answer []byte, delay time.Duration, ok bool)
}

// EchoCapability is the capability of the services here.
const EchoCapability = "echo"

// Echo answers with the request. Its value is the name of its node.
type Echo string

// Name returns the node's name.
func (e Echo) Name() string { return string(e) }

// Capability returns "echo".
func (Echo) Capability() string { return EchoCapability }

// Serve returns the request at once.
func (Echo) Serve(request []byte) ([]byte, time.Duration, bool) { return request, 0, true }

// Silent executes requests and never answers. Its value is the name of its
// node.
type Silent string

// Name returns the node's name.
func (s Silent) Name() string { return string(s) }

// Capability returns "echo".
func (Silent) Capability() string { return EchoCapability }

// Serve returns no answer.
func (Silent) Serve([]byte) ([]byte, time.Duration, bool) { return nil, 0, false }

// Slow is a service that takes Delay longer than the one it wraps.
type Slow struct {
	Service
	Delay time.Duration // negative counts as zero
}

// Serve adds the delay.
func (s Slow) Serve(request []byte) ([]byte, time.Duration, bool) {
	answer, delay, ok := s.Service.Serve(request)
	return answer, delay + max(s.Delay, 0), ok
}

// Counting is an echo that remembers every body it executed, by content
// without trailing zeros: it shows double executions. It may be asked while a
// Daemon runs it. Use NewCounting.
type Counting struct {
	node string

	mu         sync.Mutex
	executions map[string]int
	total      int
	most       int
}

// NewCounting returns a counting echo at the named node.
func NewCounting(node string) *Counting {
	return &Counting{node: node, executions: make(map[string]int)}
}

// Name returns the node's name.
func (c *Counting) Name() string { return c.node }

// Capability returns "echo".
func (*Counting) Capability() string { return EchoCapability }

// Serve counts the request and returns it.
func (c *Counting) Serve(request []byte) ([]byte, time.Duration, bool) {
	body := string(bytes.TrimRight(request, "\x00"))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.executions[body]++
	c.total++
	c.most = max(c.most, c.executions[body])
	return request, 0, true
}

// Executions returns how often body was executed. Trailing zeros do not count.
func (c *Counting) Executions(body []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.executions[string(bytes.TrimRight(body, "\x00"))]
}

// Total returns the number of executions.
func (c *Counting) Total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// Most returns the largest number of executions of one body.
func (c *Counting) Most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

// Duplicates returns the executions beyond the first of each body.
func (c *Counting) Duplicates() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total - len(c.executions)
}
