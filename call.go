package endpoint

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed217079a1/endpoint/internal/route"
)

// A call is one request on its way through the rooms: what is known of it so
// far. Calls of endpoints whose functions can keep nothing of it are pooled,
// all others belong to the request for good.
type call struct {
	r        *http.Request   // as the server or the middleware gave it
	req      Request         // as user code sees it
	scope    *scope          // nil if user code sees no context
	base     context.Context // the server's, or one made from it to cancel
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

	user      *User
	uncached  bool     // the answer is for the user alone
	bySession bool     // the user was found in the session
	session   *session // nil if the endpoint has none
	faults    []FieldError
	broken    *Error // a fault that is more than a field: 400, 408, 413, 415
	deps      []dependency
	finish    []finisher
	temporary []string // files of uploads, removed at the end
	typed     bool     // the handler chose the content type
	failing   bool     // an error is being answered
	lent      bool     // user code was given the request of a call that would be pooled
	cut       bool     // the connection is to be cut, as half of the answer is out
	broke     error    // what a stream failed with after its first piece

	inside    atomic.Int32 // handlers that run below middleware, less one once the request has ended
	preflight bool         // a preflight is being answered
	routed    bool         // of the call around the API's middleware: an endpoint or the table answers
	notJSON   bool         // the body is to be JSON and is none

	shared sync.Once // makes the request that user code sees
	idOnce sync.Once
	id     string
}

// A scope is the context of a request. It is all that a handler which takes
// nothing but a context can keep, so it outlives the call, which is pooled; who
// asks it for the request keeps the call too.
type scope struct {
	context.Context

	r    *http.Request
	plan *plan // nil before an endpoint is found
	path route.Path
	mu   sync.Mutex
	call *call  // nil once the answer is out, unless it is kept
	kept bool   // user code has the request
	id   string // of the request, once the call is gone
	late *Request
}

// Value returns the *Request for its key.
func (s *scope) Value(key any) any {
	if _, ok := key.(requestKey); ok {
		return s.request()
	}
	return s.Context.Value(key)
}

// request returns the request; one who asks for the first time after the
// answer is out gets what net/http knows of it.
func (s *scope) request() *Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.call != nil {
		s.kept = true
		return s.call.request()
	}
	if s.late == nil {
		if s.id == "" {
			s.id = rand.Text()
		}
		s.late = &Request{Request: s.r.Clone(s), id: s.id} // the values of its path are its own
		if s.plan != nil {
			s.plan.setPathValues(s.late.Request, s.path)
		}
	}
	return s.late
}

// detach takes the call off the scope and reports whether it may be used again.
func (s *scope) detach() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.kept {
		s.id, s.call = s.call.id, nil
	}
	return !s.kept
}

// own gives the call a context of its own.
func (c *call) own() {
	c.scope = &scope{Context: c.base, r: c.r, plan: c.plan, path: c.path, call: c}
	c.visible = c.scope
}

// lend keeps a call out of the pool, as user code is given its request.
func (c *call) lend() {
	if c.scope == nil {
		c.own()
	}
	c.lent = true
}

// release gives a call back to the pool, unless user code has the request.
func (c *call) release() {
	if c.lent || c.scope != nil && !c.scope.detach() {
		c.end()
		return
	}
	if b := c.body; b != nil && b.buffer != nil {
		putBuffer(b.buffer)
	}
	*c = call{}
	calls.Put(c)
}

// pathValue returns the value of the path parameter with this index.
func (c *call) pathValue(i int) string {
	return c.plan.pathParams[i].value(c.path)
}

// bodyBytes reads the body once and keeps it.
func (c *call) bodyBytes() ([]byte, error) {
	b := c.input
	if b == nil {
		return nil, nil
	}
	switch {
	case b.kept:
	case b.read > 0:
		return nil, errTaken
	case c.plan == nil || c.plan.private:
		b.kept = true
		b.whole, b.wholeErr = b.readAll(nil)
	default:
		b.kept = true
		b.buffer = getBuffer()
		b.whole, b.wholeErr = b.readAll(b.buffer.AvailableBuffer())
		if cap(b.whole) > b.buffer.Cap() {
			b.buffer = bytes.NewBuffer(b.whole)
		}
	}
	return b.whole, b.wholeErr
}

// errTaken is the error of asking for a body that something read in pieces.
var errTaken = errors.New("endpoint: the body was read in pieces, as an upload or io.Reader, and is not kept")

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

// epoch is when the program started.
var epoch = time.Now()

// now returns the time since epoch, which costs half of what time.Now does.
func now() time.Duration { return time.Since(epoch) }

// calls holds calls of endpoints that are not private.
var calls = sync.Pool{New: func() any { return new(call) }}

// begin makes a call ready for a request.
func (c *call) begin(t *table, p *plan, s *settings, w http.ResponseWriter, r *http.Request) {
	c.r, c.req.call = r, c
	c.base = r.Context()
	c.visible = c.base
	c.table, c.plan, c.settings = t, p, s
	c.outer.ResponseWriter, c.outer.call, c.outer.r, c.outer.outer = w, c, r, true
	c.out = &c.outer
	if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
		c.body = &limitedBody{
			body: r.Body, deadline: unwrapTo[readDeadliner](w),
			limit: s.maxBody, length: r.ContentLength, idle: s.bodyTimeout, over: &c.outer.closed,
		}
		c.input = c.body
	}
	c.start = now()
}

// serve answers a request for the endpoint.
func (p *plan) serve(t *table, w http.ResponseWriter, r *http.Request, path route.Path) {
	r.Pattern = p.path
	if len(p.settings.around) > 0 {
		p.setPathValues(r, path) // the API's middleware sees them when the answer is out
	}
	if p.text != nil && (r.Body == nil || r.Body == http.NoBody) && r.Method != http.MethodHead {
		p.serveText(t, w, r)
		return
	}
	if !p.private {
		c := calls.Get().(*call)
		c.begin(t, p, &p.settings, w, r)
		c.path = path
		if p.contextual {
			c.own()
		}
		defer c.release()
		c.run()
		return
	}
	c := new(call)
	c.begin(t, p, &p.settings, w, r)
	c.path = path
	c.outer.kept = true
	if p.cancels {
		c.base, c.cancel = context.WithCancel(r.Context())
		defer c.cancel()
	}
	c.own()
	if p.settings.timeout > 0 {
		c.runTimed(w)
		return
	}
	defer c.end()
	c.run()
}

// serveText answers for a function without parameters that returns a text:
// nothing of the request matters to it but, if it fails, to the answer.
func (p *plan) serveText(t *table, w http.ResponseWriter, r *http.Request) {
	start := now()
	text, err := p.callText()
	h := w.Header()
	if err != nil || len(text) > lengthThreshold {
		c := new(call)
		c.begin(t, p, &p.settings, w, r)
		c.start = start
		if err != nil {
			c.fail(err)
		} else {
			c.replyText(text)
		}
		if c.cut {
			cutConnection()
		}
		return
	}
	h["Content-Type"], h["X-Content-Type-Options"] = typeText, noSniff
	_, _ = io.WriteString(w, text) // a client that is gone cannot be told
}

// callText calls the function; its panic is an error.
func (p *plan) callText() (text string, err error) {
	defer func() {
		if v := recover(); v != nil {
			if isAbort(v) {
				cutConnection()
			}
			err = asPanic(v)
		}
	}()
	return p.text()
}

// request returns the request as user code sees it, with our context and body
// and the path values; it is made when first asked for. Where user code cannot
// ask for the *http.Request but through a context, path values are on ours alone.
func (c *call) request() *Request {
	c.shared.Do(func() {
		r := c.r
		if c.plan != nil && c.plan.showsPath {
			c.plan.setPathValues(r, c.path) // what wraps the API sees them too
		}
		shared := r.WithContext(c.visible)
		if c.body != nil {
			shared.Body = c.body
		}
		if c.plan != nil && !c.plan.showsPath {
			c.plan.setPathValues(shared, c.path)
		}
		c.req.Request = shared
	})
	return &c.req
}

// setPathValues gives a request the parameters of the path.
func (p *plan) setPathValues(r *http.Request, path route.Path) {
	for i := range p.pathParams {
		r.SetPathValue(p.pathParams[i].name, p.pathParams[i].value(path))
	}
}

// value returns the value of the parameter in a path.
func (p *pathParam) value(path route.Path) string {
	if p.rest {
		return path.Rest(p.segment)
	}
	return path.Segment(p.segment)
}

// end closes what user code may have kept.
func (c *call) end() {
	c.outer.close()
	if c.body != nil {
		c.body.state() // waits for a deadline that is being set; now no other will be
	}
	c.leave()
}

// leave is called when the request ends and when a handler below middleware
// does, which may be later, as below http.TimeoutHandler: who is last removes
// the temporary files.
func (c *call) leave() {
	if c.inside.Add(-1) < 0 {
		c.removeTemporary()
	}
}

// run answers the request, through the middleware. A panic of middleware is
// caught here; one of the handler further inside.
func (c *call) run() {
	defer func() {
		if v := recover(); v != nil {
			c.caught(v)
		}
		if c.cut {
			cutConnection()
		}
	}()
	if c.plan.inner == nil {
		c.handle()
		return
	}
	c.plan.inner.ServeHTTP(&c.outer, c.request().Request)
}

// caught answers a panic outside the handler.
func (c *call) caught(v any) {
	if isAbort(v) {
		c.cut = true
		return
	}
	c.out = &c.outer
	c.fail(asPanic(v))
}

// errLostContext is the fault of middleware that drops the request's context.
var errLostContext = errors.New("middleware replaced the request's context; make the new one from the old")

// enter is the innermost handler below middleware.
func enter(w http.ResponseWriter, r *http.Request) {
	request := RequestFrom(r.Context())
	if request == nil {
		panic(errLostContext) //nolint:forbidigo // caught in run, as what middleware does wrong is
	}
	c := request.call
	c.inside.Add(1)
	defer c.leave()
	c.r, c.req.Request = r, r
	c.visible = r.Context()
	if c.out != &c.outer { // not the first time: the middleware tries again
		c.faults, c.broken, c.broke, c.typed, c.failing, c.cut = nil, nil, nil, false, false, false
	}
	c.out = &writer{ResponseWriter: w, call: c, r: r}
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		c.input = nil
	case c.body != nil && r.Body == io.ReadCloser(c.body):
		c.input = c.body
	default:
		c.input = &limitedBody{body: r.Body, limit: c.settings.maxBody, length: -1, idle: c.settings.bodyTimeout, over: &c.outer.closed}
	}
	c.handle()
}

// handle runs guards, handler and dependencies, and answers.
func (c *call) handle() {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		err := asPanic(v)
		_ = c.finishAll(err) // what fails beside a panic is logged
		if isAbort(v) {
			c.cut = true
			return
		}
		c.fail(err)
	}()
	if err := c.answer(); err != nil {
		c.fail(err)
	}
}

// answer is the whole way of a request through an endpoint.
func (c *call) answer() error {
	p := c.plan
	if p.security != nil {
		if err := c.authenticate(); err != nil {
			return err
		}
	}
	if len(p.providers) > 0 {
		c.deps = make([]dependency, len(p.providers))
	}
	for i := range p.guards {
		if g := &p.guards[i]; g.early {
			if err := c.guard(g, g.function.bind(c)); err != nil {
				return c.finishAll(err)
			}
		}
	}
	f := p.frames.Get().(*frame)
	err := c.bind(f)
	if err == nil {
		err = p.handler.supply(c, f.args)
	}
	if err == nil {
		err = p.invoke(f)
	}
	if err == nil && c.streams(f) {
		// What the answer is read from must outlive it.
		err = c.finishStream(c.reply(p.form, f.out))
	} else if err = c.finishAll(err); err == nil {
		if err = c.saveSession(); err == nil {
			err = c.reply(p.form, f.out)
		}
	}
	f.reset()
	p.frames.Put(f)
	return err
}

// finishStream finishes the dependencies after a stream, whose error they are
// given also where the answer is half out, so that it was dealt with.
func (c *call) finishStream(err error) error {
	if err == nil && c.broke != nil {
		_ = c.finishAll(c.broke) // what fails beside it is logged
		return nil
	}
	return c.finishAll(err)
}

// guard runs a guard with what the request has for it.
func (c *call) guard(g *guardPlan, args []reflect.Value) error {
	if err := c.invalid(); err != nil {
		return err
	}
	if err := g.function.supply(c, args); err != nil {
		return err
	}
	out := g.function.fn.Call(args)
	if !g.fails {
		return nil
	}
	err, _ := out[0].Interface().(error)
	return err
}

// bind fills the frame and whatever else reads the request, so that all faults
// are found together, and runs the guards that need the body.
func (c *call) bind(f *frame) error {
	p := c.plan
	for i := range f.slots {
		p.handler.params[i].fill(c, &f.slots[i])
	}
	if len(p.guards) > 0 || len(p.providers) > 0 {
		if err := c.bindOthers(); err != nil {
			return err
		}
	} else if p.settings.strict {
		c.checkUnknown()
	}
	return c.invalid()
}

func (c *call) bindOthers() error {
	p := c.plan
	var args [][]reflect.Value
	for i := range p.guards {
		if g := &p.guards[i]; !g.early {
			args = append(args, g.function.bind(c))
		}
	}
	for i := range p.providers {
		_ = c.bindDependency(i) // asked for below, with all other faults
	}
	if p.settings.strict {
		c.checkUnknown()
	}
	if err := c.invalid(); err != nil {
		return err
	}
	for i := range p.guards {
		if g := &p.guards[i]; !g.early {
			if err := c.guard(g, args[0]); err != nil {
				return err
			}
			args = args[1:]
		}
	}
	return nil
}

// checkUnknown reports query parameters that nothing binds. Their names are
// the client's own, so those that are known are named instead.
func (c *call) checkUnknown() {
	known := map[string]bool{} // to whether it is a map, of entries name[key]
	for f := range c.plan.functions() {
		for i := range f.params {
			switch p := &f.params[i]; p.kind {
			case paramRequest, paramHTTP, paramParams, paramQuery:
				return // such a function takes what it likes
			case paramInput:
				for _, k := range p.input.query.list {
					known[k.name] = p.input.fields[k.field].target.form == formMap
				}
			}
		}
	}
	values, _ := url.ParseQuery(c.r.URL.RawQuery) // what cannot be parsed is refused where it is bound
	for key := range values {
		name, entry, _ := strings.Cut(key, "[")
		if entries, ok := known[key]; ok && !entries || known[name] && strings.IndexAny(entry, "[]") == len(entry)-1 && entry != "" {
			continue
		}
		message := "has a parameter that is not known here; there are none"
		if len(known) > 0 {
			message = "has a parameter that is not known here; known are " + strings.Join(sortedKeys(known), ", ")
		}
		c.fault(FieldError{In: "query", Code: "unknown", Message: message})
		return
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// streams reports whether the result is written as it comes.
func (c *call) streams(f *frame) bool {
	if c.plan.form != resultStream {
		return false
	}
	return isStream(reflect.ValueOf(f.out).Elem().Interface())
}

func isStream(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case *Response:
		return v != nil && isStream(v.Body)
	case Response:
		return isStream(v.Body)
	case Media, *Media, http.Handler:
		return true
	}
	t := reflect.TypeOf(v)
	return t.Implements(readerType) || isIterator(t)
}

// cutConnection makes the server cut the connection.
func cutConnection() {
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's one way to say so
}

// isAbort reports whether a handler panicked to have the connection cut.
func isAbort(v any) bool {
	return v == http.ErrAbortHandler //nolint:errorlint // the value itself is the signal
}
