package wire

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func sample() *Document {
	return &Document{
		Epoch: 7, GenesisEpoch: 1, Version: "v1", Mu: 0.005, LambdaP: 0.001,
		Topology:     [][]Descriptor{{{Name: "mix1", MixKeys: map[uint64][]byte{7: make([]byte, 32)}}}},
		GatewayNodes: []Descriptor{{Name: "gateway", IsGatewayNode: true}},
		ServiceNodes: []Descriptor{{
			Name: "node", IdentityKey: bytes.Repeat([]byte{1}, 32), IsServiceNode: true,
			Kaetzchen: map[string]cbor.RawMessage{"echo": KaetzchenEndpoint("+echo")},
		}},
	}
}

func TestADocumentSurvivesItsEncoding(t *testing.T) {
	for _, d := range Dialects() {
		want := sample()
		b, err := d.AppendDocument([]byte("kept"), want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeDocument(b[len("kept"):])
		if err != nil {
			t.Fatal(err)
		}
		if got.Epoch != 7 || got.Mu != 0.005 || got.LambdaP != 0.001 || len(got.Topology) != 1 ||
			!reflect.DeepEqual(got.ServiceNodes[0].IdentityKey, want.ServiceNodes[0].IdentityKey) {
			t.Errorf("%v: %+v", d.Version, got)
		}
		if endpoint, ok := got.ServiceNodes[0].Endpoint("echo"); !ok || endpoint != "+echo" {
			t.Errorf("%v: endpoint %q, %v", d.Version, endpoint, ok)
		}
		again, err := d.AppendDocument([]byte("kept"), got)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%v: not stable: %v", d.Version, err)
		}
	}
}

func TestServiceParametersOfAnyShapeAreHarmless(t *testing.T) {
	for name, v := range map[string]any{
		"null":                nil,
		"number":              7,
		"text":                "+echo",
		"endpoint a number":   obj{"endpoint": 7},
		"endpoint null":       obj{"endpoint": nil},
		"endpoint bytes":      obj{"endpoint": []byte("+echo")},
		"no endpoint":         obj{"other": "+echo"},
		"another case":        obj{"Endpoint": "+echo"},
		"map with other keys": map[int]string{1: "+echo"},
	} {
		doc := sample()
		doc.ServiceNodes[0].Kaetzchen["odd"] = item(t, v)
		b, err := Detect(responses99).AppendDocument(nil, doc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeDocument(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		node := got.ServiceNodes[0]
		if endpoint, ok := node.Endpoint("odd"); ok {
			t.Errorf("%s: endpoint %q", name, endpoint)
		}
		if endpoint, ok := node.Endpoint("echo"); !ok || endpoint != "+echo" {
			t.Errorf("%s: echo at %q, %v", name, endpoint, ok)
		}
		if names := node.Capabilities(); !slices.Equal(names, []string{"echo", "odd"}) {
			t.Errorf("%s: capabilities %q", name, names)
		}
	}
}

func TestADocumentWithoutEpochOrWithImpossibleRatesIsRefused(t *testing.T) {
	for name, v := range map[string]obj{
		"no epoch":          {"Mu": 0.005},
		"epoch zero":        {"Epoch": 0},
		"epoch negative":    {"Epoch": -1},
		"rate NaN":          {"Epoch": 1, "LambdaP": math.NaN()},
		"rate infinite":     {"Epoch": 1, "Mu": math.Inf(1)},
		"rate negative":     {"Epoch": 1, "Mu": -0.1},
		"rate text":         {"Epoch": 1, "Mu": "0.1"},
		"node a plain map":  {"Epoch": 1, "ServiceNodes": []any{obj{"Name": "x"}}},
		"node garbage":      {"Epoch": 1, "GatewayNodes": []any{[]byte{0xff}}},
		"node empty":        {"Epoch": 1, "GatewayNodes": []any{[]byte{}}},
		"key not bytes":     {"Epoch": 1, "ServiceNodes": []any{item(t, obj{"IdentityKey": "x"})}},
		"topology too flat": {"Epoch": 1, "Topology": []any{[]byte{0xa0}}},
	} {
		var de *DecodeError
		if d, err := DecodeDocument(item(t, v)); !errors.As(err, &de) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	if _, err := Detect(responses99).AppendDocument(nil, &Document{Rest: map[string]cbor.RawMessage{"StorageReplicas": {0xff}}}); !errors.Is(err, ErrShape) {
		t.Errorf("a raw value that is no item was encoded: %v", err)
	}
}
