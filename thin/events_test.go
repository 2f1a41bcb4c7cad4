package thin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homing-mix/homing/thin/wire"
)

func TestAnyFirstFrameIsTaken(t *testing.T) {
	id := wire.ID{1}
	for name, first := range map[string]wire.Response{
		"sent":      {Sent: &wire.MessageSent{SURBID: &id}},
		"sent null": {Sent: &wire.MessageSent{}},
		"reply":     {Reply: &wire.MessageReply{}},
		"collected": {Collected: &wire.MessageCollected{}},
		"other":     {Other: "new_document_event", Raw: []byte{0xa0}},
		"no doc":    {Document: &wire.NewDocument{}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d *daemon) {
				first := first
				if !d.dialect.Old() && first.Other != "" {
					first.Other = "voucher_open_reply"
				}
				_, s := d.client(nil)
				p := d.accept()
				p.say(first)
				if d.dialect.Session {
					p.token()
					p.session(false)
				}
				p.document(1)
				p.status(true)
				for {
					e, err := s.Next(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if _, ok := e.(Up); ok {
						break
					}
				}
			})
		})
	}
}

func TestACollectedMessageIsOnlyAHint(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, s, p, up := d.up(nil)
		if err := c.Post(up.Connection, message(1)); err != nil {
			t.Fatal(err)
		}
		p.hear()
		for range 3 { // several times, of a message that is not ours
			p.say(wire.Response{Collected: &wire.MessageCollected{MessageID: &wire.ID{7}}})
			if e := next[Collected](t, s); e.MessageID != (wire.ID{7}) {
				t.Errorf("%+v", e)
			}
		}
		if c.Health().Outstanding != 1 {
			t.Error("it settled a message")
		}
		p.reply(wire.ID{1}, "answer")
		next[MessageReply](t, s)
	})
}

func TestEveryEventCanBePrinted(t *testing.T) {
	for _, e := range []Event{
		Up{}, Down{}, GatewayUp{}, GatewayDown{}, NewDocument{}, MessageSent{}, MessageReply{}, Collected{}, Shutdown{}, Unrecognised{},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if s := fmt.Sprintf(verb, e); strings.Contains(s, "PANIC") {
				t.Errorf("%T: %s", e, s)
			}
		}
		if size(e) <= 0 {
			t.Errorf("%T has no size", e)
		}
	}
}

// deaf is a connection on which every write fails.
type deaf struct{ net.Conn }

func (deaf) Write([]byte) (int, error) { return 0, errDeaf }

var errDeaf = errors.New("broken pipe")

func TestWhatTheDaemonSaidIsReadAfterAWriteHasFailed(t *testing.T) {
	with(t, old(t), func(t *testing.T, d *daemon) {
		c, s := d.client(func(c *Config) {
			c.Dial = func(ctx context.Context) (net.Conn, error) {
				conn, err := d.dial(ctx)
				return deaf{conn}, err
			}
		})
		p := d.accept()
		p.greet(1)
		next[NewDocument](t, s)
		up := next[Up](t, s)
		if err := c.Post(up.Connection, message(1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		p.reply(wire.ID{1}, "on the way already")
		next[MessageReply](t, s)
		at := time.Now()
		down := next[Down](t, s)
		var link *LinkError
		if !errors.As(down.Reason, &link) || link.Op != "write" || !errors.Is(down.Reason, errDeaf) {
			t.Errorf("%+v", down)
		}
		if waited := time.Since(at); waited != closeTimeout {
			t.Errorf("after %v", waited)
		}
	})
}

func TestADialHookThatReturnsNothingIsAFailedDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Config{Dial: func(context.Context) (net.Conn, error) { return nil, nil }})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var link *LinkError
		if err := c.Health().Reason; !errors.As(err, &link) || link.Op != "dial" {
			t.Error(err)
		}
		c.Close()
	})
}
