package wire

import (
	"errors"
	"reflect"
	"testing"
)

func TestAuthoritiesSurviveTheWire(t *testing.T) {
	for _, want := range []AuthoritiesReply{
		{QueryID: ID{1}},
		{QueryID: ID{1}, Authorities: []Authority{}, ErrorCode: 4},
		{QueryID: ID{1}, Authorities: []Authority{
			{Identifier: "a", PKISignatureScheme: "s", WireKEMScheme: "k", Addresses: []string{"tcp://h:1", "tcp://h:2"},
				IdentityPublicKey: "i", LinkPublicKey: "l", IdentityKeyHash: Hash{1}},
			{Identifier: "b"},
		}},
	} {
		r := want.Response()
		b, err := newest().AppendResponse(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeResponse(b)
		if err != nil || back.Other != ResponseAuthorities {
			t.Fatalf("%+v, %v", back, err)
		}
		if got, err := DecodeAuthorities(back.Raw); err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
	if id, err := DecodeGetAuthorities(GetAuthorities(ID{7}).Raw); err != nil || id != (ID{7}) {
		t.Errorf("%v, %v", id, err)
	}
}

func TestAuthoritiesOfAnotherShapeAreTypedErrors(t *testing.T) {
	id, hash := make([]byte, 16), make([]byte, 32)
	for name, v := range map[string]any{
		"nothing":          nil,
		"a list":           []any{},
		"no query ID":      obj{},
		"short query ID":   obj{"query_id": id[:15]},
		"no list":          obj{"query_id": id, "authorities": "x"},
		"no hash":          obj{"query_id": id, "authorities": []any{obj{}}},
		"short hash":       obj{"query_id": id, "authorities": []any{obj{"identity_key_hash": hash[:31]}}},
		"bytes as name":    obj{"query_id": id, "authorities": []any{obj{"identity_key_hash": hash, "identifier": id}}},
		"code of 9 bits":   obj{"query_id": id, "error_code": 256},
		"text as address":  obj{"query_id": id, "authorities": []any{obj{"identity_key_hash": hash, "addresses": "x"}}},
		"null as a member": obj{"query_id": id, "authorities": []any{nil}},
	} {
		var de *DecodeError
		if r, err := DecodeAuthorities(item(t, v)); !errors.As(err, &de) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for _, v := range []any{nil, obj{}, obj{"query_id": id[:15]}, []any{}} {
		var de *DecodeError
		if id, err := DecodeGetAuthorities(item(t, v)); !errors.As(err, &de) {
			t.Errorf("%v: %v, %v", v, id, err)
		}
	}
}
