package script

import (
	"fmt"
	"mime"
	"strings"

	"go.starlark.net/starlark"
)

// A responseValue is what Response(...) makes. Its headers are a dict that the
// script may change until it returns.
type responseValue struct {
	status  int
	body    string
	headers *starlark.Dict
}

func (v *responseValue) String() string        { return fmt.Sprintf("<Response %d>", v.status) }
func (v *responseValue) Type() string          { return "Response" }
func (v *responseValue) Freeze()               { v.headers.Freeze() }
func (v *responseValue) Truth() starlark.Bool  { return true }
func (v *responseValue) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: Response") }
func (v *responseValue) AttrNames() []string   { return []string{"body", "headers", "status"} }

func (v *responseValue) Attr(name string) (starlark.Value, error) {
	switch name {
	case "status":
		return starlark.MakeInt(v.status), nil
	case "body":
		return starlark.String(v.body), nil
	case "headers":
		return v.headers, nil
	}
	return nil, nil
}

// newResponse is Response(body="", status=200, mimetype=None, headers={}). The
// mimetype wins over a Content-Type among the headers.
func newResponse(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var body starlark.Value = starlark.String("")
	status := 200
	var mimetype starlark.Value = starlark.None
	var headers starlark.Value = starlark.None
	err := starlark.UnpackArgs(b.Name(), args, kwargs, "body?", &body, "status?", &status, "mimetype?", &mimetype, "headers?", &headers)
	if err != nil {
		return nil, err
	}
	text, ok := textOf(body)
	if !ok {
		return nil, fmt.Errorf("%s: body is a %s; give a string or bytes, for example json.dumps(...)", b.Name(), body.Type())
	}
	if status < 200 || status > 599 {
		return nil, fmt.Errorf("%s: status is %d; give one from 200 to 599", b.Name(), status)
	}
	v := &responseValue{status: status, body: text, headers: starlark.NewDict(2)}
	if err := v.copyHeaders(headers); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	if err := v.setType(mimetype); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return v, nil
}

// copyHeaders takes a dict, or another mapping.
func (v *responseValue) copyHeaders(headers starlark.Value) error {
	if headers == starlark.None {
		return nil
	}
	from, ok := headers.(starlark.IterableMapping)
	if !ok {
		return fmt.Errorf("headers is a %s; give a dict", headers.Type())
	}
	for _, item := range from.Items() {
		if err := v.headers.SetKey(item[0], item[1]); err != nil {
			return err
		}
	}
	return nil
}

// setType sets the Content-Type that a mimetype asks for; text gets a charset.
// Without one a Content-Type of the headers stays, else a body is plain text.
func (v *responseValue) setType(mimetype starlark.Value) error {
	name, ok := starlark.AsString(mimetype)
	if !ok && mimetype != starlark.None {
		return fmt.Errorf("mimetype is a %s; give a string such as \"application/json\"", mimetype.Type())
	}
	had := false
	for _, key := range v.headers.Keys() {
		if s, ok := starlark.AsString(key); ok && strings.EqualFold(s, "Content-Type") {
			had = true
			if name != "" {
				_, _, _ = v.headers.Delete(key)
			}
		}
	}
	if name == "" && (had || v.body == "") {
		return nil
	}
	return v.headers.SetKey(starlark.String("Content-Type"), starlark.String(contentType(name)))
}

// plainText is the type of a string that is returned as it is.
const plainText = "text/plain; charset=utf-8"

// contentType completes a mimetype: none is plain text, and text without a
// charset is UTF-8. Everything else stays as it was written.
func contentType(mimetype string) string {
	if mimetype == "" {
		return plainText
	}
	media, params, err := mime.ParseMediaType(mimetype)
	if err == nil && strings.HasPrefix(media, "text/") && params["charset"] == "" {
		return mimetype + "; charset=utf-8"
	}
	return mimetype
}

// textOf returns the bytes of a string or of bytes.
func textOf(v starlark.Value) (string, bool) {
	if b, ok := v.(starlark.Bytes); ok {
		return string(b), true
	}
	return starlark.AsString(v)
}

// result turns what a handler returned into a response of at most limit bytes.
func result(v starlark.Value, limit int) (*response, error) {
	switch v := v.(type) {
	case starlark.String:
		out := &response{status: 200, header: []string{"Content-Type", plainText}, body: []byte(v)}
		return out, out.fits(limit)
	case *responseValue:
		out := &response{status: v.status}
		if err := out.setHeader(v.headers); err != nil {
			return nil, err
		}
		if len(v.body) <= limit {
			out.body = []byte(v.body)
			return out, out.fits(limit)
		}
		return nil, outputLimit(len(v.body), limit)
	}
	return nil, fmt.Errorf("handler returned a %s; return a string or Response(...)", v.Type())
}

func (out *response) fits(limit int) error {
	n := len(out.body)
	for _, text := range out.header {
		n += len(text)
	}
	if n > limit {
		return outputLimit(n, limit)
	}
	return nil
}

func outputLimit(n, limit int) error {
	return fmt.Errorf("the output limit is %d bytes; the response has %d", limit, n)
}

// setHeader checks and takes the fields of a dict. A value is a string, or a
// list of strings for a field that is sent more than once.
func (out *response) setHeader(headers *starlark.Dict) error {
	room := maxHeader
	for _, item := range headers.Items() {
		name, ok := starlark.AsString(item[0])
		if !ok || !isToken(name) {
			return fmt.Errorf("%s is no name of a header field", shorten(item[0]))
		}
		values, ok := stringsOf(item[1])
		if !ok {
			return fmt.Errorf("header field %s is a %s; give a string or a list of strings", shorten(item[0]), item[1].Type())
		}
		for _, value := range values {
			if room -= len(name) + len(value); room < 0 {
				return fmt.Errorf("the output limit for header fields is %d bytes", maxHeader)
			}
			if len(out.header) == 2*maxHeaders {
				return fmt.Errorf("the output limit is %d header fields; each value in a list counts as one", maxHeaders)
			}
			if !isFieldValue(value) {
				return fmt.Errorf("header field %s has a line break or another control character in its value", shorten(item[0]))
			}
			out.header = append(out.header, name, value)
		}
	}
	return nil
}

// stringsOf returns the strings of a string, list or tuple.
func stringsOf(v starlark.Value) ([]string, bool) {
	if s, ok := starlark.AsString(v); ok {
		return []string{s}, true
	}
	list, ok := v.(starlark.Indexable)
	if !ok || list.Len() > maxHeader {
		return nil, false
	}
	var texts []string
	for i := range list.Len() {
		s, ok := starlark.AsString(list.Index(i))
		if !ok {
			return nil, false
		}
		texts = append(texts, s)
	}
	return texts, true
}

// shorten quotes the beginning of a string; of another value it tells the type.
func shorten(v starlark.Value) string {
	const most = 60
	s, ok := starlark.AsString(v)
	if !ok {
		return "a " + v.Type()
	}
	if len(s) > most {
		return fmt.Sprintf("%.*q ...", most, s)
	}
	return fmt.Sprintf("%q", s)
}

// isToken reports whether s may be the name of a header field, or a method.
func isToken(s string) bool {
	const others = "!#$%&'*+-.^_`|~"
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') && strings.IndexByte(others, s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// isFieldValue reports whether s has no control characters but tabs.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
