package thin

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func goodMessage() *wire.SendMessage {
	return &wire.SendMessage{
		WithSURB: true, SURBID: &wire.ID{1}, Destination: &wire.Hash{1}, Recipient: []byte("+echo"), Payload: []byte("hello"),
	}
}

func goodReliable() *wire.SendMessage {
	m := goodMessage()
	m.ID, m.SURBID = &wire.ID{1}, nil
	return m
}

// spoilt are all the ways to make a request that no daemon is ever sent.
var spoilt = map[string]wire.Request{
	"nothing":                  {},
	"two at once":              {SendMessage: goodMessage(), ThinClose: true},
	"a key nobody knows":       {Other: "bogus", Raw: []byte{0xa0}},
	"an unknown key beside":    {ThinClose: true, Unknown: []string{"bogus"}},
	"no SURB":                  {SendMessage: spoil(goodMessage, func(m *wire.SendMessage) { m.WithSURB = false })},
	"no SURB, no SURB ID":      {SendMessage: spoil(goodMessage, func(m *wire.SendMessage) { m.WithSURB, m.SURBID = false, nil })},
	"null SURB ID":             {SendMessage: spoil(goodMessage, func(m *wire.SendMessage) { m.SURBID = nil })},
	"zero SURB ID":             {SendMessage: spoil(goodMessage, func(m *wire.SendMessage) { m.SURBID = new(wire.ID) })},
	"null destination":         {SendMessage: spoil(goodMessage, func(m *wire.SendMessage) { m.Destination = nil })},
	"null recipient":           {SendMessage: spoil(goodMessage, func(m *wire.SendMessage) { m.Recipient = nil })},
	"long recipient":           {SendMessage: spoil(goodMessage, func(m *wire.SendMessage) { m.Recipient = make([]byte, 33) })},
	"null payload":             {SendMessage: spoil(goodMessage, func(m *wire.SendMessage) { m.Payload = nil })},
	"large payload":            {SendMessage: spoil(goodMessage, func(m *wire.SendMessage) { m.Payload = make([]byte, 2001) })},
	"ARQ without SURB":         {SendARQMessage: spoil(goodReliable, func(m *wire.SendMessage) { m.WithSURB = false })},
	"ARQ with null message ID": {SendARQMessage: spoil(goodReliable, func(m *wire.SendMessage) { m.ID = nil })},
	"ARQ with zero message ID": {SendARQMessage: spoil(goodReliable, func(m *wire.SendMessage) { m.ID = new(wire.ID) })},
	"ARQ to null":              {SendARQMessage: spoil(goodReliable, func(m *wire.SendMessage) { m.Destination = nil })},
	"zero token":               {SessionToken: new(wire.SessionToken)},
}

func spoil(make func() *wire.SendMessage, change func(*wire.SendMessage)) *wire.SendMessage {
	m := make()
	change(m)
	return m
}

// known are the requests of this package with the versions that know them.
var known = map[string]struct {
	request     wire.Request
	since, till int // patch of the first and last version
}{
	"send_message":              {wire.Request{SendMessage: goodMessage()}, 55, 1 << 20},
	"send_arq_message":          {wire.Request{SendARQMessage: goodReliable()}, 55, 72},
	"thin_close":                {wire.Request{ThinClose: true}, 55, 1 << 20},
	"session_token":             {wire.Request{SessionToken: &wire.SessionToken{Client: wire.ID{1}}}, 73, 1 << 20},
	"get_pki_document":          {wire.Request{GetPKIDocument: &wire.GetPKIDocument{QueryID: wire.ID{1}}}, 75, 1 << 20},
	"get_directory_authorities": {wire.GetAuthorities(wire.ID{1}), 81, 1 << 20},
}

func TestNoVersionIsEverSentWhatItDoesNotKnowOrWhatKillsIt(t *testing.T) {
	for _, d := range wire.Dialects() {
		// As the client knows it: by the greeting, not by the tag.
		status := new(wire.ConnectionStatus)
		if d.StatusGeometry {
			status.Sphinx = new(wire.SphinxGeometry)
		}
		for _, c := range []struct {
			name string
			wire.Dialect
		}{
			{"by its tag", d},
			{"by its greeting", wire.Detect(d.Responses).Refined(status)},
			{"with a key of its own", wire.Detect(append(slices.Clone(d.Responses), "later_reply")).Refined(status)},
		} {
			n := &connection{link: link{dialect: c.Dialect, limit: defaultPayload}}
			for name, r := range spoilt {
				if b, err := n.frame(r); err == nil || b != nil || !errors.Is(err, ErrInvalid) && !errors.Is(err, wire.ErrNotInDialect) {
					t.Errorf("%v %s: %s: %x, %v", d.Version, c.name, name, b, err)
				}
			}
			for name, k := range known {
				_, err := n.frame(k.request)
				if want := d.Version.Patch >= k.since && d.Version.Patch <= k.till; want != (err == nil) {
					t.Errorf("%v %s: %s: %v", d.Version, c.name, name, err)
				}
			}
		}
	}
}

func TestTheGeometryOfTheFirstStatusTellsAVersionThatItsKeysDoNot(t *testing.T) {
	for tag, want := range map[string]string{"v0.0.75": "v0.0.75", "v0.0.76": "v0.0.76", "v0.0.77": "v0.0.76"} {
		with(t, dialect(t, tag), func(t *testing.T, d *daemon) {
			c, _, _, up := d.up(nil)
			if up.Version.String() != want || c.Version().String() != want || c.Dialect().StatusGeometry != d.dialect.StatusGeometry {
				t.Errorf("%s is %v", tag, up.Version)
			}
		})
	}
}

func TestEveryVersionComesUpAndCarriesAMessage(t *testing.T) {
	for _, row := range wire.Dialects() {
		with(t, row, func(t *testing.T, d *daemon) {
			c, s, p, up := d.up(nil)
			if err := c.Post(up.Connection, message(1)); err != nil {
				t.Fatal(err)
			}
			if r := p.hear(); r.SendMessage == nil || *r.SendMessage.SURBID != (wire.ID{1}) {
				t.Errorf("%v heard %+v", row.Version, r)
			}
			p.sent(wire.ID{1}, time.Second)
			next[MessageSent](t, s)
			p.reply(wire.ID{1}, "padded")
			next[MessageReply](t, s)
			done := call(c.Close)
			if !p.hear().ThinClose {
				t.Errorf("%v: no thin_close", row.Version)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEveryCodeIsMatchedByItself(t *testing.T) {
	for c := range 33 {
		err := ErrorCode(c).Err()
		for other := range 33 {
			if errors.Is(err, ErrorCode(other)) != (c == other && c != 0) {
				t.Errorf("code %d against %d: %v", c, other, err)
			}
		}
		var reply *ReplyError
		if c != 0 && (!errors.As(err, &reply) || reply.Code != ErrorCode(c) || !strings.HasPrefix(err.Error(), "thin: ") ||
			strings.Count(err.Error(), "thin: ") != 1) {
			t.Errorf("code %d: %v", c, err)
		}
	}
}

func TestEventsRangesOverASubscriptionOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, d *daemon) {
		c, _, p, _ := d.up(nil)
		for e, err := range c.Events(t.Context()) { // begins with the present state
			if _, ok := e.(NewDocument); !ok || err != nil {
				t.Errorf("%T, %v", e, err)
			}
			break
		}
		if n := len(c.subscriptions); n != 1 {
			t.Errorf("%d subscriptions after the loop", n)
		}
		var last error
		n := 0
		for e, err := range c.Events(t.Context()) {
			switch e.(type) {
			case Up:
				p.conn.Close()
			case Down:
				go c.Close()
			}
			n++
			last = err
		}
		if n != 4 || !errors.Is(last, ErrClosed) {
			t.Errorf("%d pairs, the last with %v", n, last)
		}
		for e, err := range c.Events(t.Context()) {
			if e != nil || !errors.Is(err, ErrClosed) {
				t.Errorf("%T, %v", e, err)
			}
		}
	})
}
