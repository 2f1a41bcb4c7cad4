package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"unicode"
)

// pair is a field of a JSON object.
type pair struct {
	name  string
	value any
}

// pairs are a JSON object that keeps the order of its fields.
type pairs []pair

// MarshalJSON implements json.Marshaler.
func (p pairs) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, each := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(each.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(each.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *pairs) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil { // the brace
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		word, _ := name.(string)
		*p = append(*p, pair{word, value})
	}
	return nil
}

// fields appends the exported fields of a struct and of those embedded in it,
// in their order, with names as lost_forward.
func fields(all pairs, of any) pairs { return appendFields(all, reflect.ValueOf(of)) }

func appendFields(all pairs, v reflect.Value) pairs {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			all = appendFields(all, v.Field(i))
		case f.IsExported():
			all = append(all, pair{snake(f.Name), v.Field(i).Interface()})
		}
	}
	return all
}

// snake is the name as JSON has it here: LostForward is lost_forward.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
