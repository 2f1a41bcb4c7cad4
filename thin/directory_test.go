package thin

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/homing-mix/homing/thin/wire"
)

func node(name string, key byte, kaetzchen map[string]cbor.RawMessage) wire.Descriptor {
	return wire.Descriptor{Name: name, IdentityKey: []byte(strings.Repeat(string(rune(key)), 32)), Kaetzchen: kaetzchen}
}

func TestServicesAreThoseThatCanBeSentTo(t *testing.T) {
	endpoint := wire.KaetzchenEndpoint
	d := newDirectory(&Document{Epoch: 3, ServiceNodes: []wire.Descriptor{
		node("a", 1, map[string]cbor.RawMessage{"echo": endpoint("+echo"), "other": {0xf6}}),
		node("b", 2, map[string]cbor.RawMessage{"echo": endpoint("")}),
		node("c", 3, map[string]cbor.RawMessage{"echo": endpoint(strings.Repeat("x", 33))}),
		node("d", 4, map[string]cbor.RawMessage{"echo": endpoint(strings.Repeat("x", 32))}),
		{Name: "no key", Kaetzchen: map[string]cbor.RawMessage{"echo": endpoint("+echo")}},
		node("e", 5, nil),
	}})
	var names []string
	for _, s := range d.lookup("echo") {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "a d" {
		t.Errorf("services %q", got)
	}
	if len(d.lookup("other")) != 0 || len(d.lookup("")) != 0 || (*directory)(nil).lookup("echo") != nil {
		t.Error("services from nothing")
	}
	for _, err := range []error{noService("x", nil), noService("x", d)} {
		if !errors.Is(err, ErrNoService) {
			t.Error(err)
		}
	}
}

// The identity key and the destination of one node, as recorded.
func TestTheDestinationIsTheHashOfTheIdentityKey(t *testing.T) {
	key, err := hex.DecodeString("97d5a1b63c338230e1a5637212f1d1bfec4c94e677aeea7193f32a8e3ae3971a")
	if err != nil {
		t.Fatal(err)
	}
	d := newDirectory(&Document{ServiceNodes: []wire.Descriptor{
		{IdentityKey: key, Kaetzchen: map[string]cbor.RawMessage{"echo": wire.KaetzchenEndpoint("+echo")}},
	}})
	if got := d.lookup("echo")[0].Destination.String(); !strings.HasPrefix(got, "b08fd0faf9") {
		t.Errorf("destination %v", got)
	}
}

func TestAServiceIsDrawnFromAllInstances(t *testing.T) {
	with(t, young(t), func(t *testing.T, d *daemon) {
		c, s := d.client(nil)
		if _, err := c.Service("echo"); !errors.Is(err, ErrNoService) || c.PKIDocument() != nil {
			t.Errorf("before the first document: %v", err)
		}
		doc := sampleDocument(1)
		doc.ServiceNodes = append(doc.ServiceNodes, node("second", 9, doc.ServiceNodes[0].Kaetzchen))
		payload, err := d.dialect.AppendDocument(nil, doc)
		if err != nil {
			t.Fatal(err)
		}
		p := d.accept()
		p.status(true)
		p.token()
		p.say(wire.Response{Document: &wire.NewDocument{Payload: payload}})
		next[NewDocument](t, s)
		seen := make(map[string]int)
		for range 100 {
			service, err := c.Service("echo")
			if err != nil || string(service.Recipient) != "+echo" || service.Capability != "echo" {
				t.Fatalf("%+v, %v", service, err)
			}
			seen[service.Name]++
		}
		if seen["node"] < 25 || seen["second"] < 25 || len(c.Services("echo")) != 2 {
			t.Errorf("%v", seen)
		}
	})
}
