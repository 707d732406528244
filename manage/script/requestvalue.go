package script

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"go.starlark.net/starlark"
)

// A requestValue is the request as a script sees it. It cannot be changed.
type requestValue struct {
	in                  *request
	args, form, headers *multi // made when they are asked for
}

func newRequestValue(in *request) *requestValue { return &requestValue{in: in} }

func (v *requestValue) String() string        { return "<request " + v.in.method + " " + v.in.path + ">" }
func (v *requestValue) Type() string          { return "request" }
func (v *requestValue) Freeze()               {}
func (v *requestValue) Truth() starlark.Bool  { return true }
func (v *requestValue) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: request") }

func (v *requestValue) AttrNames() []string {
	return []string{"args", "body", "form", "headers", "json", "method", "path", "query_string"}
}

func (v *requestValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "method":
		return starlark.String(v.in.method), nil
	case "path":
		return starlark.String(v.in.path), nil
	case "query_string":
		return starlark.String(v.in.query), nil
	case "body":
		return starlark.String(v.in.body), nil
	case "json":
		return starlark.NewBuiltin("json", v.json), nil
	case "args":
		if v.args == nil {
			v.args = newArgs("args", v.in.query)
		}
		return v.args, nil
	case "form":
		if v.form == nil {
			v.form = newArgs("form", v.formText())
		}
		return v.form, nil
	case "headers":
		if v.headers == nil {
			v.headers = newHeaders(v.in.header)
		}
		return v.headers, nil
	}
	return nil, nil
}

// json decodes the body. With a default it never fails.
func (v *requestValue) json(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var fallback starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "default?", &fallback); err != nil {
		return nil, err
	}
	value, err := decodeJSON(v.in.body)
	if err == nil {
		return value, nil
	}
	if fallback != nil {
		return fallback, nil
	}
	return nil, fmt.Errorf("the body of the request is not JSON: %w", err)
}

// formText returns the body if it is a form, else nothing.
func (v *requestValue) formText() string {
	for i := 0; i+1 < len(v.in.header); i += 2 {
		if v.in.header[i] != "Content-Type" {
			continue
		}
		if media, _, err := mime.ParseMediaType(v.in.header[i+1]); err == nil && media == "application/x-www-form-urlencoded" {
			return string(v.in.body)
		}
	}
	return ""
}

// A multi is a mapping whose names may have several values, such as a query.
// Like a dict it is indexed, iterated over and searched by name; that gives
// the first value of each name. It cannot be changed.
type multi struct {
	kind      string
	names     []string // sorted
	values    map[string][]string
	canonical func(name string) string
}

// newArgs reads a query or a form. Pairs with a bad escape are left out.
func newArgs(kind, text string) *multi {
	values, _ := url.ParseQuery(text)
	return newMulti(kind, values, func(name string) string { return name })
}

// newHeaders makes a multi of names and values in turn. The case of names does
// not matter.
func newHeaders(pairs []string) *multi {
	values := make(map[string][]string)
	for i := 0; i+1 < len(pairs); i += 2 {
		name := http.CanonicalHeaderKey(pairs[i])
		values[name] = append(values[name], pairs[i+1])
	}
	return newMulti("headers", values, http.CanonicalHeaderKey)
}

func newMulti(kind string, values map[string][]string, canonical func(string) string) *multi {
	m := &multi{kind: kind, values: values, canonical: canonical}
	for name := range values {
		m.names = append(m.names, name)
	}
	slices.Sort(m.names)
	return m
}

func (m *multi) String() string        { return fmt.Sprintf("<%s with %d names>", m.kind, len(m.names)) }
func (m *multi) Type() string          { return m.kind }
func (m *multi) Freeze()               {}
func (m *multi) Truth() starlark.Bool  { return len(m.names) > 0 }
func (m *multi) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: %s", m.kind) }
func (m *multi) Len() int              { return len(m.names) }

// all returns the values of a name, which need not be a string.
func (m *multi) all(name starlark.Value) []string {
	s, ok := starlark.AsString(name)
	if !ok {
		return nil
	}
	return m.values[m.canonical(s)]
}

// Get is what indexing and "in" ask.
func (m *multi) Get(name starlark.Value) (starlark.Value, bool, error) {
	values := m.all(name)
	if len(values) == 0 {
		return nil, false, nil
	}
	return starlark.String(values[0]), true, nil
}

func (m *multi) Iterate() starlark.Iterator { return starlark.NewList(m.keyList()).Iterate() }

func (m *multi) Items() []starlark.Tuple {
	items := make([]starlark.Tuple, len(m.names))
	for i, name := range m.names {
		items[i] = starlark.Tuple{starlark.String(name), starlark.String(m.values[name][0])}
	}
	return items
}

func (m *multi) keyList() []starlark.Value { return stringList(m.names) }

func stringList(texts []string) []starlark.Value {
	list := make([]starlark.Value, len(texts))
	for i, text := range texts {
		list[i] = starlark.String(text)
	}
	return list
}

func (m *multi) AttrNames() []string { return []string{"get", "getlist", "items", "keys", "values"} }

func (m *multi) Attr(name string) (starlark.Value, error) {
	switch name {
	case "get":
		return starlark.NewBuiltin("get", m.get), nil
	case "getlist":
		return starlark.NewBuiltin("getlist", m.getlist), nil
	case "keys":
		return m.lister("keys", func(item starlark.Tuple) starlark.Value { return item[0] }), nil
	case "values":
		return m.lister("values", func(item starlark.Tuple) starlark.Value { return item[1] }), nil
	case "items":
		return m.lister("items", func(item starlark.Tuple) starlark.Value { return item }), nil
	}
	return nil, nil
}

// get returns the first value of a name, or the default. A function given as
// type is applied to a value that is there; where it fails the default counts.
func (m *multi) get(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name starlark.Value
	var fallback starlark.Value = starlark.None
	var convert starlark.Callable
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "key", &name, "default?", &fallback, "type?", &convert); err != nil {
		return nil, err
	}
	value, ok, _ := m.Get(name)
	if !ok {
		return fallback, nil
	}
	if convert == nil {
		return value, nil
	}
	value, err := starlark.Call(thread, convert, starlark.Tuple{value}, nil)
	if err != nil {
		return fallback, nil
	}
	return value, nil
}

func (m *multi) getlist(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "key", &name); err != nil {
		return nil, err
	}
	return starlark.NewList(stringList(m.all(name))), nil
}

// lister returns a function without parameters that lists a part of each item.
func (m *multi) lister(name string, part func(starlark.Tuple) starlark.Value) starlark.Value {
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
			return nil, err
		}
		var list []starlark.Value
		for _, item := range m.Items() {
			list = append(list, part(item))
		}
		return starlark.NewList(list), nil
	})
}
