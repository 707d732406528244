package endpoint

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/seed217079a1/endpoint/internal/route"
)

// A Request is the request that a handler answers, with what the library knows
// about it. A handler that is tested by calling it can be given
// &Request{Request: r}: the methods then go by r alone.
//
// A Request may be kept after the handler returned; its body may not be read
// then. Its methods must not be called concurrently, RequestID excepted.
type Request struct {
	*http.Request

	call *call // nil for one made by hand
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
	if r.call != nil && r.call.table != nil && r.call.table.prefixLen > 0 {
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
		return nil, badForm
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
	if e := checkMediaType(r.Header, jsonMedia); e != nil {
		return e
	}
	body, err := r.BodyBytes()
	if err != nil {
		return err
	}
	if e := checkJSON(body); e != nil {
		return e
	}
	if err := json.Unmarshal(body, v); err != nil {
		return jsonError(err, false)
	}
	return nil
}

// Username returns the user name of HTTP Basic credentials, unchecked; "" if
// there are none.
func (r *Request) Username() string {
	name, _, _ := r.BasicAuth()
	return name
}

// Password returns the password of HTTP Basic credentials, unchecked; "" if
// there are none.
func (r *Request) Password() string {
	_, password, _ := r.BasicAuth()
	return password
}

// RequestID returns the id of the request: 26 random letters and digits, made
// when first asked for. It stands in the log and in the X-Request-Id of every
// 5xx answer.
func (r *Request) RequestID() string {
	if r.call == nil {
		return ""
	}
	c := r.call
	c.idOnce.Do(func() { c.id = rand.Text() })
	return c.id
}

// A call is one request on its way through the rooms: what is known of it so
// far. Calls of endpoints whose functions can keep nothing of it are pooled,
// all others belong to the request for good.
type call struct {
	r        *http.Request // as the server or the middleware gave it
	req      Request       // as user code sees it
	ctx      requestContext
	visible  context.Context // what user code is given: ctx, or one made from it by middleware
	cancel   context.CancelFunc
	table    *table
	plan     *plan // nil before an endpoint is found
	settings *settings
	path     route.Path
	start    time.Duration // as now has it
	outer    writer        // around the server's writer
	out      *writer       // what the answer goes to: outer, or one inside the middleware
	body     *limitedBody  // as the server has it, nil for none
	input    *limitedBody  // what is read: body, or what middleware made of it

	faults    []FieldError
	broken    *Error // a fault that is more than a field: 400, 408, 413, 415
	deps      []dependency
	finish    []finisher
	temporary []string // files of uploads, removed at the end
	typed     bool     // the handler chose the content type
	failing   bool     // an error is being answered
	cut       bool     // the connection is to be cut, as half of the answer is out

	shared sync.Once // makes the request that user code sees
	idOnce sync.Once
	id     string
}

// requestContext is the context of a request, which knows its Request.
type requestContext struct {
	context.Context

	call *call
}

// Value returns the *Request for its key.
func (c *requestContext) Value(key any) any {
	if _, ok := key.(requestKey); ok {
		return c.call.request()
	}
	return c.Context.Value(key)
}

// pathValue returns the value of the path parameter with this index.
func (c *call) pathValue(i int) string {
	p := c.plan.pathParams[i]
	if p.rest {
		return c.path.Rest(p.segment)
	}
	return c.path.Segment(p.segment)
}

// bodyBytes reads the body once and keeps it.
func (c *call) bodyBytes() ([]byte, error) {
	b := c.input
	if b == nil {
		return nil, nil
	}
	if !b.kept {
		b.kept = true
		b.whole, b.wholeErr = b.readAll(nil)
	}
	return b.whole, b.wholeErr
}

// fault collects what is wrong with an input; beyond maxFaults it is dropped.
func (c *call) fault(f FieldError) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, f)
	}
}

// invalid returns the faults collected as one error, nil if there are none.
func (c *call) invalid() error {
	if c.broken != nil {
		e := *c.broken
		e.Fields = append(e.Fields, c.faults...)
		return &e
	}
	if len(c.faults) == 0 {
		return nil
	}
	return &Error{
		Status: http.StatusUnprocessableEntity,
		Detail: "the request has invalid values",
		Fields: append([]FieldError(nil), c.faults...),
	}
}

// stack returns the stack of a panic, from where it was caught.
func stack() string { return string(debug.Stack()) }

// errBodyClosed is the error of reading a body after the handler returned.
var errBodyClosed = errors.New("endpoint: the body cannot be read after the handler returned")

// epoch is when the program started.
var epoch = time.Now()

// now returns the time since epoch, which costs half of what time.Now does.
func now() time.Duration { return time.Since(epoch) }

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
