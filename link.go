package homing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/homing-mix/homing/actors"
	"github.com/homing-mix/homing/thin"
)

// link is the thin client as the engine sees it: attempts go to its writer,
// its events become the engine's. It decides nothing.
type link struct {
	thin    *thin.Client
	events  *thin.Subscription
	clock   *actors.LiveClock
	window  int
	logger  *slog.Logger
	engine  *actors.Engine
	refused chan actors.LinkEvent // attempts that the writer did not take

	ctx    context.Context
	cancel context.CancelFunc
	pumps  sync.WaitGroup
}

// refusals is how many attempts the writer may refuse before the engine has
// heard of the first: more than any window.
const refusals = 2 * maxWindow

func newLink(daemon *thin.Client, events *thin.Subscription, clock *actors.LiveClock, window int, logger *slog.Logger) *link {
	l := &link{
		thin: daemon, events: events, clock: clock, window: window, logger: logger,
		refused: make(chan actors.LinkEvent, refusals),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// start begins to pass events on to the engine.
func (l *link) start(engine *actors.Engine) {
	l.engine = engine
	l.pumps.Go(l.pump)
	l.pumps.Go(l.pumpRefused)
}

// wait ends the passing on; the thin client must be closed.
func (l *link) wait() {
	l.cancel()
	l.pumps.Wait()
	l.events.Close()
}

// Transmit implements actors.Link.
func (l *link) Transmit(p actors.Packet) {
	err := l.post(p)
	if err == nil || errors.Is(err, thin.ErrStale) || errors.Is(err, thin.ErrClosed) {
		return // the Down that is on its way accounts for it
	}
	l.refused <- actors.LinkEvent{
		Kind: actors.LinkSent, At: l.clock.Now(), Connection: p.Connection, SURBID: p.SURBID,
		Reason: err,
		// A failed send is what the daemon's ARQ keeps and sends later; what has
		// not even reached it is not.
		Permanent: p.DaemonARQ || errors.Is(err, thin.ErrInvalid),
	}
}

func (l *link) post(p actors.Packet) error {
	if p.DaemonARQ {
		return l.thin.PostReliable(p.Connection, thin.ReliableMessage{
			MessageID: [16]byte(p.SURBID), Destination: p.Destination, Recipient: p.Recipient, Payload: p.Payload,
		})
	}
	return l.thin.Post(p.Connection, thin.Message{
		SURBID: [16]byte(p.SURBID), Destination: p.Destination, Recipient: p.Recipient, Payload: p.Payload,
	})
}

// identity is what an event is told by: the SURB ID, or the message ID of what
// the daemon's own ARQ has sent.
func identity(surb [16]byte, message *[16]byte) actors.ID {
	if message != nil {
		return *message
	}
	return surb
}

// Reset implements actors.Link. A wedge has one name for whoever reads about
// it, whichever watchdog was the first to see it.
func (l *link) Reset(reason error) {
	if errors.Is(reason, actors.ErrWedged) {
		reason = &thin.LinkError{Op: "watchdog", Err: thin.ErrWedged}
	}
	l.thin.Reset(reason)
}

func (l *link) pumpRefused() {
	for {
		select {
		case e := <-l.refused:
			if l.engine.Deliver(l.ctx, e) != nil {
				return
			}
		case <-l.ctx.Done():
			return
		}
	}
}

func (l *link) pump() {
	for {
		event, err := l.events.Next(l.ctx)
		switch {
		case errors.Is(err, thin.ErrOverrun):
			// What was lost cannot be known: begin anew from a connection.
			l.logger.Error("homing: events of the daemon were not taken in time; reconnecting")
			if l.events, err = l.thin.Subscribe(); err != nil {
				return
			}
			l.thin.Reset(thin.ErrOverrun)
			continue
		case err != nil:
			return
		}
		for _, e := range l.translate(event) {
			if l.engine.Deliver(l.ctx, e) != nil {
				return
			}
		}
	}
}

// translate turns an event of the thin client into those of the engine.
func (l *link) translate(event thin.Event) []actors.LinkEvent {
	var e actors.LinkEvent
	switch v := event.(type) {
	case thin.Up:
		// The version may be another than that of the last document's
		// connection, and decides what the document means.
		e = actors.LinkEvent{Kind: actors.LinkUp, At: l.clock.At(v.At), Connection: v.Connection, Same: v.Same}
		if d := l.read(l.thin.PKIDocument()); d != nil {
			return []actors.LinkEvent{{Kind: actors.LinkDirectory, At: e.At, Directory: d}, e}
		}
	case thin.Down:
		e = actors.LinkEvent{Kind: actors.LinkDown, At: l.clock.At(v.At), Connection: v.Connection, Reason: v.Reason}
	case thin.GatewayDown:
		e = actors.LinkEvent{Kind: actors.LinkGatewayDown, At: l.clock.At(v.At), Connection: v.Connection}
	case thin.GatewayUp:
		e = actors.LinkEvent{Kind: actors.LinkGatewayUp, At: l.clock.At(v.At), Connection: v.Connection}
	case thin.NewDocument:
		e = actors.LinkEvent{Kind: actors.LinkDirectory, At: l.clock.At(v.At), Directory: l.read(v.Document)}
	case thin.MessageSent:
		e = actors.LinkEvent{Kind: actors.LinkSent, At: l.clock.At(v.At), Connection: v.Connection, SURBID: identity(v.SURBID, (*[16]byte)(v.MessageID)), ETA: v.ETA}
		if v.Err != nil {
			e.Reason, e.Permanent = v.Err, v.Err.Permanent
		}
	case thin.MessageReply:
		e = actors.LinkEvent{
			Kind: actors.LinkReply, At: l.clock.At(v.At), Connection: v.Connection,
			SURBID: identity(v.SURBID, (*[16]byte)(v.MessageID)), Payload: v.Payload, Code: uint8(v.Code), Reason: v.Code.Err(),
		}
	case thin.Collected:
		e = actors.LinkEvent{Kind: actors.LinkCollected, At: l.clock.At(v.At), Connection: v.Connection, MessageID: actors.ID(v.MessageID)}
	default:
		return nil // Shutdown is followed by Down; the rest is not the engine's
	}
	return []actors.LinkEvent{e}
}

// read makes a directory of a document; nil for none.
func (l *link) read(doc *thin.Document) *actors.Directory {
	if doc == nil {
		return nil
	}
	return directory(doc, thin.TimingOf(doc, l.thin.Dialect()), l.thin.PayloadLimit(), l.window)
}

// lists returns ErrNoService if a document that is at most two epochs old
// lacks the service. Without one, or with an older one, the service may yet
// appear.
func (l *link) lists(service string) error {
	health := l.thin.Health()
	if health.Epoch == 0 || len(l.thin.Services(service)) > 0 {
		return nil
	}
	if l.clock.Now().Sub(l.clock.At(health.Document)) > 2*l.thin.Epoch() {
		return nil
	}
	return fmt.Errorf("%w: %q in epoch %d", ErrNoService, service, health.Epoch)
}
