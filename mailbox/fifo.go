package mailbox

// fifo is a queue of messages whose first one waits in place, as most mailboxes never hold a second. The zero
// value is empty.
type fifo struct {
	first any   // nil when the queue is empty
	rest  *ring // nil when nothing ever waited behind the first, or when that was released
}

func (q *fifo) push(message any) {
	if q.first == nil {
		q.first = message
		return
	}
	if q.rest == nil {
		q.rest = new(ring)
	}
	q.rest.push(message)
}

// pop takes the first message out of a queue that has one.
func (q *fifo) pop() any {
	message := q.first
	q.first = nil
	if q.rest == nil {
		return message
	}
	if q.rest.count > 0 {
		q.first = q.rest.pop()
	}
	if q.rest.count == 0 && q.rest.keep == 0 {
		q.rest = nil
	}
	return message
}

func (q *fifo) len() int {
	switch {
	case q.first == nil:
		return 0
	case q.rest == nil:
		return 1
	}
	return 1 + q.rest.count
}
