package endpoint

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
)

// A Request is the request that a handler answers, with what the library knows
// about it. A handler that is tested by calling it can be given
// &Request{Request: r}: the methods then go by r alone.
//
// A Request may be kept after the handler returned; its body may not be read
// then. Its methods must not be called concurrently, RequestID excepted.
type Request struct {
	*http.Request

	call *call  // nil for one made by hand
	id   string // of one that was asked for after the answer was out
}

// Params is form, query and path parameters in one map, for code that comes
// from keyword arguments; where a name stands in several, path wins over query
// and query over form. Only here are sources merged.
type Params map[string][]string

// Get returns the first value of a parameter, "" if there is none.
func (p Params) Get(name string) string {
	if values := p[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// RequestFrom returns the request that a context belongs to, nil outside a
// request.
func RequestFrom(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// requestKey is the key of the *Request in a request's context.
type requestKey struct{}

// Param returns the path parameter with this name, unescaped; "" if the path
// has none.
func (r *Request) Param(name string) string {
	if r.call == nil || r.call.plan == nil {
		return r.PathValue(name)
	}
	for i, p := range r.call.plan.pathParams {
		if p.name == name {
			return r.call.pathValue(i)
		}
	}
	return ""
}

// Rest returns what follows the path of a prefix endpoint, unescaped and
// without a leading slash: "a/b" of "/files/a/b" at "files/". It is "" for
// other endpoints.
func (r *Request) Rest() string {
	if r.call == nil || r.call.plan == nil || !r.call.plan.pattern.IsPrefix() {
		return ""
	}
	return r.call.path.Rest(r.call.plan.pattern.Len())
}

// Path returns the path below the mount and the API's [Prefix], unescaped.
func (r *Request) Path() string {
	p := r.URL.Path
	if r.call != nil && r.call.table != nil && (r.call.table.prefixLen > 0 || r.call.isPrivate()) {
		p = "/" + r.call.path.Rest(r.call.table.prefixLen)
	}
	if p == "" {
		return "/"
	}
	return p
}

// FullPath returns path and query as they were requested, before any prefix
// was stripped.
func (r *Request) FullPath() string {
	full := r.fullPath()
	if r.call != nil && r.call.settings.manner.addsQuery() && !strings.Contains(full, "?") {
		full += "?"
	}
	return full
}

func (r *Request) fullPath() string {
	if target, ok := originForm(r.RequestURI); ok {
		return target
	}
	return r.URL.RequestURI()
}

// originForm returns path and query of a request target.
func originForm(target string) (string, bool) {
	if strings.HasPrefix(target, "/") {
		return target, true
	}
	_, rest, ok := strings.Cut(target, "://")
	if !ok {
		return "", false
	}
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/", true
	case rest[i] == '?':
		return "/" + rest[i:], true
	}
	return rest[i:], true
}

// QueryParams returns the parameters of the query; what cannot be parsed is
// left out.
func (r *Request) QueryParams() url.Values { return r.URL.Query() }

// FormParams returns the parameters of an urlencoded body, empty if the body
// has another type. It reads the body as [Request.BodyBytes] does.
func (r *Request) FormParams() (url.Values, error) {
	if kind, _ := mediaType(r.Header); kind != "application/x-www-form-urlencoded" {
		return url.Values{}, nil
	}
	if e := checkMediaType(r.Header, formMedia); e != nil {
		return nil, e
	}
	body, err := r.BodyBytes()
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badForm.Wrap(err) // a copy: the caller may change it
	}
	return values, nil
}

// BodyBytes returns the body, read within the endpoint's [MaxBody]; it may be
// called again, also if the handler has the body as a parameter. Its errors
// are for the client: 413 for a larger body, 408 for a slow one, 400 for one
// that ends early. The bytes are not to be changed.
func (r *Request) BodyBytes() ([]byte, error) {
	if r.call != nil {
		return r.call.bodyBytes()
	}
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return body, err
}

// BodyJSON decodes the body into v, as a body parameter would be: it needs a
// JSON content type. Its errors are for the client.
func (r *Request) BodyJSON(v any) error {
	if e := r.checkJSONType(); e != nil {
		return e
	}
	body, err := r.BodyBytes()
	if err != nil {
		return err
	}
	e := checkJSON(body)
	if e == nil {
		err := json.Unmarshal(body, v)
		if err == nil {
			return nil
		}
		e = jsonError(err, false)
	}
	if r.call != nil {
		r.call.notJSON = e.Status == http.StatusBadRequest
	}
	return e
}

func (r *Request) checkJSONType() *Error {
	if r.call != nil {
		return r.call.checkJSONType()
	}
	return checkMediaType(r.Header, jsonMedia)
}

// RequestID returns the id of the request: the X-Request-Id of a trusted proxy,
// see [TrustedProxies], if it is one of at most 128 visible ASCII characters,
// or else 26 random letters and digits, made when first asked for. It stands in the log and in the X-Request-Id of every
// 5xx answer.
func (r *Request) RequestID() string {
	if r.call == nil {
		return r.id
	}
	c := r.call
	c.idOnce.Do(func() { c.id = c.newID() })
	return c.id
}

// maxRequestID is the longest id that is taken from a proxy, in bytes.
const maxRequestID = 128

// newID returns the id that a trusted proxy gave the request, or a new one.
func (c *call) newID() string {
	r := c.outer.r // middleware replaces c.r, and ids may be asked for concurrently
	if values := r.Header["X-Request-Id"]; len(values) == 1 && c.trusted(r) {
		unfit := func(b rune) bool { return b <= ' ' || b >= 0x7f }
		if id := values[0]; id != "" && len(id) <= maxRequestID && !strings.ContainsFunc(id, unfit) {
			return id
		}
	}
	return rand.Text()
}

// params returns the parameters of all sources in one map.
func (c *call) params() Params {
	all := Params{}
	form, err := c.request().FormParams()
	if err != nil {
		c.refuse(err)
		return all
	}
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		c.refuse(badQuery)
		return all
	}
	for _, values := range []url.Values{form, query} {
		for name, v := range values {
			if !isText(name) || !allText(v) {
				c.fault(FieldError{In: "query", Code: "text", Message: "must be UTF-8 text without NUL"})
				continue
			}
			all[name] = v
		}
	}
	for i, p := range c.plan.pathParams {
		all[p.name] = []string{c.pathValue(i)}
	}
	return all
}

func allText(values []string) bool {
	for _, v := range values {
		if !isText(v) {
			return false
		}
	}
	return true
}

// query returns the parsed query.
func (c *call) query() url.Values {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		c.refuse(badQuery)
	}
	for name, v := range values {
		if !isText(name) || !allText(v) {
			c.fault(FieldError{In: "query", Code: "text", Message: "must be UTF-8 text without NUL"})
		}
	}
	return values
}
