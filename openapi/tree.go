package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A document is a tree of *object, []any, string, bool, number and nil, which
// keeps its members in order.

// An object is a JSON object.
type object struct{ members []objectMember }

type objectMember struct {
	name  string
	value any
}

// A number is the text of a JSON number: a float64 would not hold all.
type number string

// set adds a member, or replaces the value of one that is there.
func (o *object) set(name string, value any) {
	for i := range o.members {
		if o.members[i].name == name {
			o.members[i].value = value
			return
		}
	}
	o.members = append(o.members, objectMember{name, value})
}

// add adds a member that is not there yet, unless its value says nothing: an
// empty text, false, nil, or a list or object without members.
func (o *object) add(name string, value any) {
	switch v := value.(type) {
	case nil:
		return
	case string:
		if v == "" {
			return
		}
	case number:
		if v == "" {
			return
		}
	case bool:
		if !v {
			return
		}
	case []any:
		if len(v) == 0 {
			return
		}
	case *object:
		if v == nil || len(v.members) == 0 {
			return
		}
	}
	o.members = append(o.members, objectMember{name, value})
}

// get returns the value of a member, nil if there is none.
func (o *object) get(name string) any {
	for i := range o.members {
		if o.members[i].name == name {
			return o.members[i].value
		}
	}
	return nil
}

// child returns a member that is an object, and adds it first if there is none.
func (o *object) child(name string) *object {
	if c, ok := o.get(name).(*object); ok {
		return c
	}
	c := &object{}
	o.set(name, c)
	return c
}

// sort puts the members in the order of their names.
func (o *object) sort() {
	slices.SortFunc(o.members, func(a, b objectMember) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// plain returns a tree as values that everybody knows: map[string]any, []any,
// string, bool, nil, and json.Number-like numbers as float64 or int64 where
// they fit.
func plain(v any) any {
	switch v := v.(type) {
	case *object:
		m := make(map[string]any, len(v.members))
		for _, e := range v.members {
			m[e.name] = plain(e.value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = plain(e)
		}
		return list
	}
	return v
}

// tree turns any value that can be JSON into a tree. Members of maps are in
// the order that they have in like, as far as it has them, and then sorted.
func tree(v, like any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, number, *object:
		return v, nil
	case map[string]any:
		old, _ := like.(*object)
		return mapTree(v, old)
	case []any:
		old, _ := like.([]any)
		list := make([]any, len(v))
		for i, e := range v {
			var like any
			if i < len(old) {
				like = old[i]
			}
			var err error
			if list[i], err = tree(e, like); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("a value of type %T is no JSON: %w", v, err)
	}
	return parseTree(text)
}

func mapTree(m map[string]any, like *object) (*object, error) {
	o := &object{}
	add := func(name string, like any) error {
		value, err := tree(m[name], like)
		o.members = append(o.members, objectMember{name, value})
		return err
	}
	if like != nil {
		for _, e := range like.members {
			if _, ok := m[e.name]; ok {
				if err := add(e.name, e.value); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if like != nil && slices.ContainsFunc(like.members, func(e objectMember) bool { return e.name == name }) {
			continue
		}
		if err := add(name, nil); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// parseTree reads JSON text.
func parseTree(text []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	v, err := readTree(d)
	if err != nil {
		return nil, fmt.Errorf("%q is no JSON: %w", text, err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows the JSON value in %q", text)
	}
	return v, nil
}

func readTree(d *jsontext.Decoder) (any, error) {
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return t.Bool(), nil
	case '"':
		return t.String(), nil
	case '0':
		return number(t.String()), nil
	case '[':
		list := []any{}
		for d.PeekKind() != ']' {
			v, err := readTree(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.ReadToken()
		return list, err
	}
	o := &object{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		member := objectMember{name: name.String()}
		if member.value, err = readTree(d); err != nil {
			return nil, err
		}
		o.members = append(o.members, member)
	}
	_, err = d.ReadToken()
	return o, err
}
