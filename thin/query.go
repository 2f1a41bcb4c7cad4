package thin

import (
	"context"

	"github.com/homing-mix/homing/thin/wire"
)

// Authority is a directory authority as the daemon's configuration has it.
type Authority = wire.Authority

// SignedDocument is a PKI document with its signatures, as the authorities made
// it: a certificate that wraps another encoding than that of Document.
type SignedDocument struct {
	Epoch uint64
	Raw   []byte // CBOR, not decoded or verified
}

// GetPKIDocument asks the daemon for the signed document of an epoch, 0 for the
// current one. The daemon answers by itself, behind what was written before:
// with many messages queued that can take as long as those. It waits for the
// link to be Up and returns what Ready returns, an *UnsupportedError before
// v0.0.75, ErrBusy, a *ReplyError if the daemon does not have the document, the
// Down's reason if the link went, ErrClosed, or ctx's cause.
func (c *Client) GetPKIDocument(ctx context.Context, epoch uint64) (SignedDocument, error) {
	r, err := c.ask(ctx, func(d wire.Dialect, id wire.ID) (wire.Request, error) {
		if !d.PKIQuery {
			return wire.Request{}, &UnsupportedError{"get_pki_document", d.Version, "v0.0.75 or newer"}
		}
		return wire.Request{GetPKIDocument: &wire.GetPKIDocument{QueryID: id, Epoch: epoch}}, nil
	})
	if err != nil {
		return SignedDocument{}, err
	}
	if err := ErrorCode(r.document.ErrorCode).Err(); err != nil {
		return SignedDocument{}, err
	}
	return SignedDocument{Epoch: r.document.Epoch, Raw: r.document.Payload}, nil
}

// GetDirectoryAuthorities asks the daemon for the authorities of its
// configuration. It returns what GetPKIDocument returns, with v0.0.81 as the
// first version that knows, and a *wire.DecodeError for an answer that cannot
// be.
func (c *Client) GetDirectoryAuthorities(ctx context.Context) ([]Authority, error) {
	r, err := c.ask(ctx, func(d wire.Dialect, id wire.ID) (wire.Request, error) {
		if !d.Authorities {
			return wire.Request{}, &UnsupportedError{"get_directory_authorities", d.Version, "v0.0.81 or newer"}
		}
		return wire.GetAuthorities(id), nil
	})
	if err != nil {
		return nil, err
	}
	if err := ErrorCode(r.authorities.ErrorCode).Err(); err != nil {
		return nil, err
	}
	return r.authorities.Authorities, nil
}

// queried is what ended a query.
type queried struct {
	document    *wire.PKIDocumentReply
	authorities *wire.AuthoritiesReply
	err         error
}

// query waits for the answer under one query ID.
type query struct {
	authorities bool
	answer      chan queried // has room for one
}

// ask writes a request on whatever connection is up and waits for its answer.
func (c *Client) ask(ctx context.Context, request func(wire.Dialect, wire.ID) (wire.Request, error)) (queried, error) {
	id := newID()
	q := &query{answer: make(chan queried, 1)}
	err := c.send(ctx, id, nil, func(connection uint64) error {
		n, err := c.live(connection)
		if err != nil {
			return err
		}
		r, err := request(n.link.dialect, id)
		if err != nil {
			return err
		}
		q.authorities = r.GetPKIDocument == nil
		if err := n.request(r); err != nil {
			return err
		}
		c.queries[id] = q
		return nil
	})
	if err != nil {
		return queried{}, err
	}
	select {
	case a := <-q.answer:
		return a, a.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	delete(c.queries, id)
	c.mu.Unlock()
	select {
	case a := <-q.answer: // a result beats a cancelled context
		return a, a.err
	default:
		return queried{}, context.Cause(ctx)
	}
}

// answered settles the query that a response answers, and reports whether
// there was one. The lock is held.
func (c *Client) answered(r *wire.Response) bool {
	switch {
	case len(c.queries) == 0:
	case r.PKIReply != nil:
		return c.settleQuery(r.PKIReply.QueryID, false, queried{document: r.PKIReply})
	case r.Other == wire.ResponseAuthorities:
		reply, err := wire.DecodeAuthorities(r.Raw)
		if err != nil { // whose it was cannot be known
			c.settleQueries(func(q *query) bool { return q.authorities }, err)
			return false
		}
		return c.settleQuery(reply.QueryID, true, queried{authorities: reply})
	}
	return false
}

func (c *Client) settleQuery(id wire.ID, authorities bool, a queried) bool {
	q, ok := c.queries[id]
	if !ok || q.authorities != authorities {
		return false
	}
	delete(c.queries, id)
	q.answer <- a
	return true
}

func (c *Client) settleQueries(which func(*query) bool, err error) {
	for id, q := range c.queries {
		if which(q) {
			delete(c.queries, id)
			q.answer <- queried{err: err}
		}
	}
}
