package script

import (
	"fmt"
	"net/http"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// httpModule makes requests, which the host carries out: get(url, headers={}),
// post(url, body="", headers={}) and request(method, url, body="", headers={}).
func httpModule() *starlarkstruct.Module {
	return module("http", map[string]builtin{"get": httpGet, "post": httpPost, "request": httpRequest})
}

func httpGet(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	out := &outgoing{method: http.MethodGet}
	headers := new(starlark.Dict)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "url", &out.url, "headers?", &headers); err != nil {
		return nil, err
	}
	return fetch(thread, b.Name(), out, starlark.String(""), headers)
}

func httpPost(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	out := &outgoing{method: http.MethodPost}
	var body starlark.Value = starlark.String("")
	headers := new(starlark.Dict)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "url", &out.url, "body?", &body, "headers?", &headers); err != nil {
		return nil, err
	}
	return fetch(thread, b.Name(), out, body, headers)
}

func httpRequest(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	out := &outgoing{}
	var body starlark.Value = starlark.String("")
	headers := new(starlark.Dict)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "method", &out.method, "url", &out.url, "body?", &body, "headers?", &headers); err != nil {
		return nil, err
	}
	return fetch(thread, b.Name(), out, body, headers)
}

func fetch(thread *starlark.Thread, name string, out *outgoing, body starlark.Value, headers *starlark.Dict) (starlark.Value, error) {
	text, ok := textOf(body)
	if !ok {
		return nil, fmt.Errorf("%s: body is a %s; give a string or bytes, for example json.dumps(...)", name, body.Type())
	}
	if len(text) > maxSent || len(out.method)+len(out.url) > maxHeader {
		return nil, fmt.Errorf("%s: a request may have at most %d bytes", name, maxSent)
	}
	var fields response
	if err := fields.setHeader(headers); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out.body, out.header = []byte(text), fields.header
	in, err := callOf(thread).fetch(out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &incomingValue{in: in, headers: newHeaders(in.header)}, nil
}

// An incomingValue is an answer as a script sees it. It cannot be changed.
type incomingValue struct {
	in      *incoming
	headers *multi
}

func (v *incomingValue) String() string        { return fmt.Sprintf("<answer %d>", v.in.status) }
func (v *incomingValue) Type() string          { return "answer" }
func (v *incomingValue) Freeze()               {}
func (v *incomingValue) Truth() starlark.Bool  { return true }
func (v *incomingValue) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: answer") }
func (v *incomingValue) AttrNames() []string   { return []string{"body", "headers", "json", "status"} }

func (v *incomingValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "status":
		return starlark.MakeInt(v.in.status), nil
	case "body":
		return starlark.String(v.in.body), nil
	case "headers":
		return v.headers, nil
	case "json":
		return starlark.NewBuiltin("json", v.json), nil
	}
	return nil, nil
}

func (v *incomingValue) json(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	return decodeJSON(v.in.body)
}
