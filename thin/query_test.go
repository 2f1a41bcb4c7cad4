package thin

import (
	"context"
	"errors"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

var authorities = []Authority{{
	Identifier: "auth1", PKISignatureScheme: "Ed25519", WireKEMScheme: "x25519", Addresses: []string{"tcp://127.0.0.1:1"},
	IdentityPublicKey: "PEM", LinkPublicKey: "PEM", IdentityKeyHash: wire.Hash{1},
}}

func askDocument(ctx context.Context, c *Client) <-chan error {
	return call(func() error { _, err := c.GetPKIDocument(ctx, 7); return err })
}

func askAuthorities(ctx context.Context, c *Client) <-chan error {
	return call(func() error { _, err := c.GetDirectoryAuthorities(ctx); return err })
}

func TestTheSignedDocumentOfAnEpochComesFromTheDaemon(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, s, p, _ := d.up(nil)
		result := call(func() SignedDocument {
			doc, err := c.GetPKIDocument(t.Context(), 7)
			if err != nil {
				t.Error(err)
			}
			return doc
		})
		q := p.hear().GetPKIDocument
		if q == nil || q.Epoch != 7 || q.QueryID == (wire.ID{}) {
			t.Fatalf("%+v", q)
		}
		// Another query's answer is none.
		p.say(wire.Response{PKIReply: &wire.PKIDocumentReply{QueryID: wire.ID{1}, Epoch: 7}})
		next[Unrecognised](t, s)
		p.say(wire.Response{PKIReply: &wire.PKIDocumentReply{QueryID: q.QueryID, Epoch: 7, Payload: []byte("signed")}})
		if doc := <-result; doc.Epoch != 7 || string(doc.Raw) != "signed" {
			t.Errorf("%+v", doc)
		}
		none(t, s)
	})
}

func TestTheAuthoritiesAreThoseOfTheDaemon(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, s, p, _ := d.up(nil)
		result := call(func() []Authority {
			a, err := c.GetDirectoryAuthorities(t.Context())
			if err != nil {
				t.Error(err)
			}
			return a
		})
		id, err := wire.DecodeGetAuthorities(p.hear().Raw)
		if err != nil {
			t.Fatal(err)
		}
		p.say(wire.Response{PKIReply: &wire.PKIDocumentReply{QueryID: id}}) // the right ID on the wrong reply
		next[Unrecognised](t, s)
		p.say((&wire.AuthoritiesReply{QueryID: id, Authorities: authorities}).Response())
		if got := <-result; !reflect.DeepEqual(got, authorities) {
			t.Errorf("%+v", got)
		}
		none(t, s)
	})
}

func TestAQueryEndsWithATypedError(t *testing.T) {
	cause := errors.New("cause")
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, s, p, _ := d.up(nil)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
		defer cancel()
		result := askDocument(ctx, c)
		q := p.hear().GetPKIDocument
		p.say(wire.Response{PKIReply: &wire.PKIDocumentReply{QueryID: q.QueryID, ErrorCode: 10}})
		if err := <-result; !errors.Is(err, CodeServiceUnavailable) {
			t.Errorf("refused: %v", err)
		}
		result = askAuthorities(ctx, c)
		id, err := wire.DecodeGetAuthorities(p.hear().Raw)
		if err != nil {
			t.Fatal(err)
		}
		p.say((&wire.AuthoritiesReply{QueryID: id, ErrorCode: 4}).Response())
		if err := <-result; !errors.Is(err, CodeInternal) {
			t.Errorf("refused: %v", err)
		}
		result = askAuthorities(ctx, c)
		p.hear()
		p.say(wire.Response{Other: wire.ResponseAuthorities, Raw: []byte{0xa0}})
		var wrong *wire.DecodeError
		if err := <-result; !errors.As(err, &wrong) {
			t.Errorf("malformed: %v", err)
		}
		next[Unrecognised](t, s)
		result = askDocument(ctx, c)
		p.hear()
		if err := <-result; err != cause {
			t.Errorf("context: %v", err)
		}
		if n := len(c.queries); n != 0 {
			t.Errorf("%d queries left behind their context", n)
		}
		result = askDocument(t.Context(), c)
		p.hear()
		p.conn.Close()
		var link *LinkError
		if err := <-result; !errors.As(err, &link) || !errors.Is(err, io.EOF) {
			t.Errorf("link: %v", err)
		}
		next[Down](t, s)
		d.accept().greet(1)
		next[Up](t, s)
		result = askDocument(t.Context(), c)
		c.Close()
		if err := <-result; !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		if n := len(c.queries); n != 0 {
			t.Errorf("%d queries left", n)
		}
	})
}

func TestAQueryTheDaemonDoesNotKnowIsUnsupported(t *testing.T) {
	for _, c := range []struct {
		tag                   string
		document, authorities bool
	}{
		{"v0.0.55", false, false}, {"v0.0.72", false, false}, {"v0.0.73", false, false},
		{"v0.0.75", true, false}, {"v0.0.80", true, false}, {"v0.0.81", true, true}, {"v0.0.99", true, true},
	} {
		with(t, dialect(t, c.tag), func(t *testing.T, d *daemon) {
			client, _, p, _ := d.up(nil)
			for name, q := range map[string]struct {
				known bool
				ask   func(context.Context, *Client) <-chan error
			}{"document": {c.document, askDocument}, "authorities": {c.authorities, askAuthorities}} {
				ctx, cancel := context.WithCancel(t.Context())
				result := q.ask(ctx, client)
				if q.known {
					p.hear() // asserts the official client's bytes
					cancel()
				} else {
					p.quiet(time.Minute)
				}
				if err := <-result; errors.Is(err, ErrUnsupported) == q.known {
					t.Errorf("%s: %s: %v", c.tag, name, err)
				}
				cancel()
			}
		})
	}
}
