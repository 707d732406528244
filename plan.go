package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/seed217079a1/endpoint/internal/funcname"
	"github.com/seed217079a1/endpoint/internal/route"
)

// fastPaths lets handlers of common shapes be called without reflection. Tests
// turn it off to prove that all shapes behave the same.
var fastPaths = true //nolint:gochecknoglobals // changed by tests alone

// A plan is an endpoint compiled for one API: everything that can be decided
// before a request comes. Plans do not change.
type plan struct {
	endpoint   *Endpoint
	pattern    route.Pattern // with the API's prefix
	path       string        // its text
	pathParams []pathParam
	settings   settings

	handler   userFunc
	guards    []guardPlan
	providers []providerPlan
	out       reflect.Type // of the result, nil for none
	fails     bool         // the handler returns an error
	form      resultForm
	consumer  string // what reads the body, "" for nothing

	private   bool // user code can keep the call, so it is not pooled
	cancels   bool // the request's context may have to be cancelled
	keepsBody bool // the body may be asked for again
	writes    bool // the handler takes the http.ResponseWriter
	showsPath bool // user code sees the *http.Request, so PathValue is set
	inner     http.Handler
	invoke    func(f *frame) error
	newFrame  func() *frame
	frames    sync.Pool
	text      func() (string, error) // of a function without parameters, nothing around it
}

// A pathParam is a parameter of the path.
type pathParam struct {
	name    string
	segment int  // index of its segment
	rest    bool // it is all from that segment on
	bound   bool // something takes it
}

// A guardPlan is a guard and when it runs.
type guardPlan struct {
	function userFunc
	fails    bool // it returns an error
	early    bool // it needs no body, so it runs before the body is read
}

// A providerPlan is a provider that something in the endpoint needs.
type providerPlan struct {
	typ           reflect.Type
	function      userFunc
	fails, finish int
}

// A builder makes the plan of one endpoint and collects its faults.
type builder struct {
	env      *environment
	plan     *plan
	consumer string               // what reads the body so far
	reader   reader               // and which parameter does
	at       reader               // the parameter under analysis
	needed   map[reflect.Type]int // index among the plan's providers, -1 for one at fault
	making   []reflect.Type       // providers under construction, to find cycles
	noPath   bool                 // the path is at fault: nothing can be said of its parameters
	misbound bool                 // a fault of binding one was found: others may be its consequence
	faults   []error
}

// A reader is a parameter as faults name it.
type reader struct {
	what  string // names the function, "" for the handler
	index int
	typ   reflect.Type
}

// String returns such as "parameter 1 (users.User)".
func (r reader) String() string {
	return fmt.Sprintf("%sparameter %d (%s)", r.what, r.index+1, r.typ)
}

// build compiles an endpoint for an API that lives at prefix.
func build(a *API, e *Endpoint, env *environment, prefix route.Pattern) (*plan, []error) {
	b := &builder{env: env, plan: &plan{endpoint: e}}
	pattern, err := e.pattern()
	settings, faults := e.settings(a)
	b.plan.settings = settings
	for _, f := range faults {
		b.fault("%w", f)
	}
	if err != nil {
		if !errors.Is(err, errGroup) { // told of the group itself
			b.fault("%w", err)
		}
		b.noPath = true
		b.compile()
		return nil, b.faults
	}
	b.setPattern(prefix, pattern)
	b.compile()
	return b.plan, b.faults
}

// where names the endpoint in faults.
func (b *builder) where() string {
	e := b.plan.endpoint
	path := e.Path()
	if path == "" {
		path = `""`
	}
	if methods := b.plan.settings.methods; len(methods) > 0 {
		path = strings.Join(methods, ",") + " " + path
	}
	where := fmt.Sprintf("endpoint: %s: %s", path, displayName(e.fn))
	if place := funcname.FileLine(plainFunc(e.fn)); place != "" {
		where += " (" + place + ")"
	}
	return where + " registered at " + e.place.String() + ": "
}

func (b *builder) fault(format string, args ...any) {
	b.faults = append(b.faults, fmt.Errorf("%s%w", b.where(), fmt.Errorf(format, args...)))
}

// setPattern notes the path and where its parameters stand.
func (b *builder) setPattern(prefix, p route.Pattern) {
	if prefix.Len() > 0 {
		p = prefix.Join(p)
	}
	if prefix.Len() > 0 || b.plan.endpoint.group != nil {
		if _, err := route.Parse(p.String()); err != nil {
			b.fault("%w", err) // a name used twice, or too many segments, once groups are joined
			b.misbound = true
		}
	}
	b.plan.pattern, b.plan.path = p, p.String()
	for i, s := range p.Segments() {
		if s.Kind == route.Param || s.Kind == route.Rest && s.Text != "" {
			b.plan.pathParams = append(b.plan.pathParams, pathParam{name: s.Text, segment: i, rest: s.Kind == route.Rest})
		}
	}
}

// compile fills the plan.
func (b *builder) compile() {
	p := b.plan
	fn := p.endpoint.fn
	var ready typedFunction
	switch t := fn.(type) {
	case typedFunction:
		ready, fn = t, t.function()
	case http.Handler:
		if v := reflect.ValueOf(fn); v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Func && v.IsNil() {
			b.fault("the http.Handler is a nil %s; give a handler", v.Type())
			return
		}
		fn = t.ServeHTTP
	case error:
		b.fault("%w", t) // of a package that registers for others
		return
	}
	for i, g := range p.settings.guards {
		b.guard(i, g)
	}
	handler, ok := b.analyse(fn, "")
	if !handler.callable() {
		return
	}
	p.handler = handler
	b.checkResults(&p.handler)
	b.checkPath()
	if !ok {
		return
	}
	p.consumer = b.consumer
	b.settle()
	p.newFrame, p.invoke = p.call(fn, ready)
	p.setText(fn)
	p.frames.New = func() any { return p.newFrame() }
	if m := p.settings.middleware; len(m) > 0 {
		p.inner = http.HandlerFunc(enter)
		for _, wrap := range slices.Backward(m) {
			p.inner = wrap(p.inner)
		}
	}
}

// guard compiles a guard.
func (b *builder) guard(i int, g guard) {
	what := fmt.Sprintf("guard %d, %s (%s): ", i+1, displayName(g.fn), g.place)
	before := b.consumer
	f, ok := b.analyse(g.fn, what)
	if !f.callable() {
		return
	}
	t := f.typ
	if t.NumOut() > 1 || t.NumOut() == 1 && t.Out(0) != errorType {
		b.fault("%sit returns %s; a guard returns nothing or an error", what, results(t))
		ok = false
	}
	if !ok {
		return
	}
	b.plan.guards = append(b.plan.guards, guardPlan{f, t.NumOut() == 1, b.consumer == before})
}

// need returns the index of a provider in the plan, and compiles it there when
// it is needed for the first time.
func (b *builder) need(p *provider) (int, error) {
	if i := slices.Index(b.making, p.typ); i >= 0 {
		var cycle []string
		for _, t := range b.making[i:] {
			cycle = append(cycle, t.String())
		}
		return 0, fmt.Errorf("the providers of %s need each other; break the cycle", strings.Join(append(cycle, p.typ.String()), " -> "))
	}
	if i, ok := b.needed[p.typ]; ok {
		if i < 0 {
			return 0, errReported
		}
		return i, nil
	}
	if b.needed == nil {
		b.needed = map[reflect.Type]int{}
	}
	b.making = append(b.making, p.typ)
	defer func() { b.making = b.making[:len(b.making)-1] }()
	f, ok := b.analyse(p.fn, fmt.Sprintf("provider %s (%s): ", displayName(p.fn), p.place))
	if !ok {
		b.needed[p.typ] = -1
		return 0, errReported
	}
	i := len(b.plan.providers)
	b.needed[p.typ] = i
	b.plan.providers = append(b.plan.providers, providerPlan{p.typ, f, p.fails, p.finish})
	return i, nil
}

// errReported stands for a fault that was told where it is.
var errReported = errors.New("its provider is at fault")

// checkPath reports path parameters that nothing takes.
func (b *builder) checkPath() {
	p := b.plan
	if b.misbound {
		return
	}
	for f := range p.functions() {
		for i := range f.params {
			switch f.params[i].kind {
			case paramRequest, paramHTTP, paramParams:
				return // such a function can ask for all of them
			}
		}
	}
	for _, q := range p.pathParams {
		if !q.bound {
			b.fault("path parameter %q is bound by nothing; add a field tagged path:%[1]q, a parameter by position, or take an *endpoint.Request", q.name)
		}
	}
}

// functions gives the handler, the guards and the providers.
func (p *plan) functions() func(yield func(*userFunc) bool) {
	return func(yield func(*userFunc) bool) {
		for i := range p.guards {
			if !yield(&p.guards[i].function) {
				return
			}
		}
		for i := range p.providers {
			if !yield(&p.providers[i].function) {
				return
			}
		}
		if p.handler.fn.IsValid() {
			yield(&p.handler)
		}
	}
}

// settle decides what a request of the endpoint needs.
func (b *builder) settle() {
	p := b.plan
	s := &p.settings
	p.private = len(s.middleware) > 0 || len(p.guards) > 0 || len(p.providers) > 0 || s.timeout > 0 ||
		s.onError != nil || s.format != nil || p.form == resultStream || b.consumer == "multipart"
	p.showsPath = len(s.middleware) > 0 || p.form == resultStream
	p.writes = slices.ContainsFunc(p.handler.params, func(q param) bool { return q.kind == paramWriter })
	p.cancels = s.timeout > 0 || p.out != nil && (isIterator(p.out) || p.out.Implements(readerType))
	for f := range p.functions() {
		for i := range f.params {
			switch q := &f.params[i]; q.kind {
			case paramContext:
				p.private = true
			case paramRequest, paramHTTP, paramWriter:
				p.private, p.keepsBody, p.showsPath = true, true, true
			case paramParams:
				p.keepsBody = true
			case paramBody:
				if q.body != nil && q.body.form != bodyJSON {
					p.private = true
				}
			case paramInput:
				if q.input.body >= 0 && q.input.fields[q.input.body].body.form != bodyJSON {
					p.private = true
				}
			}
		}
	}
}

// setText notes a function that serveText can answer for.
func (p *plan) setText(fn any) {
	s := &p.settings
	if !fastPaths || p.private || s.textAsJSON || s.status != 0 || s.strict {
		return
	}
	switch fn := fn.(type) {
	case func() string:
		p.text = func() (string, error) { return fn(), nil }
	case func() (string, error):
		p.text = fn
	}
}

// A frame is the memory of one call of a handler.
type frame struct {
	slots []slot
	args  []reflect.Value
	out   any // *T of the result
	value reflect.Value
	state any // of Typed and the common shapes
	reset func()
}

// call returns how frames are made and the handler is called with one.
func (p *plan) call(fn any, ready typedFunction) (func() *frame, func(*frame) error) {
	var make0 func() *frame
	var invoke func(*frame) error
	switch {
	case fastPaths && ready != nil:
		make0, invoke = ready.newFrame, ready.invoke
	case fastPaths:
		make0, invoke = common(fn)
	}
	if make0 == nil {
		make0, invoke = p.reflectFrame, p.reflectCall
	}
	return func() *frame {
		f := make0()
		f.args = make([]reflect.Value, len(f.slots))
		for i := range f.slots {
			f.args[i] = f.slots[i].value
			p.handler.params[i].prepare(&f.slots[i])
		}
		p.keepConstants(f)
		return f
	}, invoke
}

// keepConstants makes a frame set its constant parameters again after a reset.
func (p *plan) keepConstants(f *frame) {
	for i := range p.handler.params {
		if q := &p.handler.params[i]; q.kind == paramConstant {
			reset := f.reset
			f.reset = func() {
				reset()
				f.args[i].Set(q.constant)
			}
		}
	}
}

// reflectFrame makes a frame for a call by reflection.
func (p *plan) reflectFrame() *frame {
	n := len(p.handler.params)
	f := &frame{slots: make([]slot, n)}
	for i := range f.slots {
		f.slots[i].value = reflect.New(p.handler.params[i].typ).Elem()
	}
	if p.out != nil {
		v := reflect.New(p.out)
		f.out, f.value = v.Interface(), v.Elem()
	}
	f.reset = func() {
		for i := range f.args {
			f.args[i].SetZero()
		}
		if f.value.IsValid() {
			f.value.SetZero()
		}
	}
	return f
}

func (p *plan) reflectCall(f *frame) error {
	out := p.handler.fn.Call(f.args)
	if p.out != nil {
		f.value.Set(out[0])
	}
	if p.fails {
		err, _ := out[len(out)-1].Interface().(error)
		return err
	}
	return nil
}

// A typedState is the memory of a call of a typed function.
type typedState[In, Out any] struct {
	ctx context.Context
	in  In
	out Out
}

func (t typed[In, Out]) newFrame() *frame {
	s := &typedState[In, Out]{}
	return &frame{
		slots: []slot{{value: reflect.ValueOf(&s.ctx).Elem()}, {value: reflect.ValueOf(&s.in).Elem()}},
		out:   &s.out,
		state: s,
		reset: func() { *s = typedState[In, Out]{} },
	}
}

func (t typed[In, Out]) invoke(f *frame) (err error) {
	s := f.state.(*typedState[In, Out])
	s.out, err = t.fn(s.ctx, s.in)
	return err
}

// A textState is the memory of the common shapes below.
type textState struct {
	ctx    context.Context
	w      http.ResponseWriter
	r      *http.Request
	in     string
	result string
}

// common returns how functions of the most common exact types are called.
func common(fn any) (func() *frame, func(*frame) error) {
	switch fn := fn.(type) {
	case func() string:
		return textFrame(), func(f *frame) error { f.text().result = fn(); return nil }
	case func() (string, error):
		return textFrame(), func(f *frame) (err error) { f.text().result, err = fn(); return err }
	case func(context.Context) string:
		return textFrame(ctxSlot), func(f *frame) error { f.text().result = fn(f.text().ctx); return nil }
	case func(context.Context) (string, error):
		return textFrame(ctxSlot), func(f *frame) (err error) { f.text().result, err = fn(f.text().ctx); return err }
	case func(string) string:
		return textFrame(inSlot), func(f *frame) error { f.text().result = fn(f.text().in); return nil }
	case func(string) (string, error):
		return textFrame(inSlot), func(f *frame) (err error) { f.text().result, err = fn(f.text().in); return err }
	case func(context.Context, string) (string, error):
		return textFrame(ctxSlot, inSlot), func(f *frame) (err error) {
			f.text().result, err = fn(f.text().ctx, f.text().in)
			return err
		}
	case func(context.Context) error:
		return textFrame(ctxSlot), func(f *frame) error { return fn(f.text().ctx) }
	case func() error:
		return textFrame(), func(*frame) error { return fn() }
	case func():
		return textFrame(), func(*frame) error { fn(); return nil }
	case func(http.ResponseWriter, *http.Request):
		return textFrame(writerSlot, requestSlot), func(f *frame) error { fn(f.text().w, f.text().r); return nil }
	case func(http.ResponseWriter, *http.Request) error:
		return textFrame(writerSlot, requestSlot), func(f *frame) error { return fn(f.text().w, f.text().r) }
	}
	return nil, nil
}

func (f *frame) text() *textState { return f.state.(*textState) }

func ctxSlot(s *textState) slot     { return slot{value: reflect.ValueOf(&s.ctx).Elem()} }
func inSlot(s *textState) slot      { return slot{value: reflect.ValueOf(&s.in).Elem()} }
func writerSlot(s *textState) slot  { return slot{value: reflect.ValueOf(&s.w).Elem()} }
func requestSlot(s *textState) slot { return slot{value: reflect.ValueOf(&s.r).Elem()} }

// textFrame returns how frames of a common shape are made.
func textFrame(slots ...func(*textState) slot) func() *frame {
	return func() *frame {
		s := &textState{}
		f := &frame{out: &s.result, state: s, reset: func() { *s = textState{} }}
		for _, make1 := range slots {
			f.slots = append(f.slots, make1(s))
		}
		return f
	}
}

// prepare makes a slot ready to be filled any number of times; its value is set.
func (p *param) prepare(s *slot) {
	switch p.kind {
	case paramConstant:
		s.value.Set(p.constant)
	case paramPath:
		s.ptr = p.scalar.pointer(s.value)
	case paramInput:
		if !p.pointer {
			p.input.prepare(s, s.value)
		}
	default:
		s.ptr = s.value.Addr().Interface()
	}
}

// fill puts into a slot what the request has for the parameter. Dependencies
// are left to supply.
func (p *param) fill(c *call, s *slot) {
	switch p.kind {
	case paramContext:
		*s.ptr.(*context.Context) = c.visible
	case paramRequest:
		*s.ptr.(**Request) = c.request()
	case paramHTTP:
		*s.ptr.(**http.Request) = c.request().Request
	case paramWriter:
		*s.ptr.(*http.ResponseWriter) = c.out
	case paramParams:
		*s.ptr.(*Params) = c.params()
	case paramQuery:
		*s.ptr.(*url.Values) = c.query()
	case paramHeader:
		*s.ptr.(*http.Header) = c.r.Header
	case paramBody:
		p.body.bind(c, s.value, s.ptr)
	case paramPath:
		p.fillPath(c, s)
	case paramInput:
		p.fillInput(c, s)
	}
}

func (p *param) fillPath(c *call, s *slot) {
	text := c.pathValue(p.segment)
	f := FieldError{In: "path", Name: c.plan.pathParams[p.segment].name}
	switch {
	case !isText(text):
		f.Code, f.Message = "text", "must be UTF-8 text without NUL"
	case !p.scalar.put(s.ptr, "", text):
		f.Code, f.Message = "type", p.scalar.scalar.want
	default:
		return
	}
	c.fault(f)
}

func (p *param) fillInput(c *call, s *slot) {
	if !p.pointer {
		p.input.bind(c, s, p.path)
		return
	}
	// The handler may keep the struct, so each request has its own.
	v := reflect.New(p.input.typ)
	fresh := slot{value: v.Elem()}
	p.input.prepare(&fresh, fresh.value)
	p.input.bind(c, &fresh, p.path)
	s.value.Set(v)
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

// bind makes the arguments of a guard or provider from the request.
func (f *userFunc) bind(c *call) []reflect.Value {
	args := make([]reflect.Value, len(f.params))
	for i := range f.params {
		args[i] = reflect.New(f.params[i].typ).Elem()
		s := slot{value: args[i]}
		f.params[i].prepare(&s)
		f.params[i].fill(c, &s)
	}
	return args
}

// supply adds the dependencies to arguments.
func (f *userFunc) supply(c *call, args []reflect.Value) error {
	for i := range f.params {
		if p := &f.params[i]; p.kind == paramProvided {
			v, err := c.dependency(p.dep)
			if err != nil {
				return err
			}
			args[i].Set(v)
		}
	}
	return nil
}

// calls holds calls of endpoints that are not private.
var calls = sync.Pool{New: func() any { return new(call) }}

// begin makes a call ready for a request.
func (c *call) begin(t *table, p *plan, s *settings, w http.ResponseWriter, r *http.Request) {
	c.r, c.req.call = r, c
	c.ctx = requestContext{Context: r.Context(), call: c}
	c.visible = &c.ctx
	c.table, c.plan, c.settings = t, p, s
	c.outer.ResponseWriter, c.outer.call, c.outer.outer = w, c, true
	c.out = &c.outer
	if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
		c.body = &limitedBody{
			body: r.Body, deadline: unwrapTo[readDeadliner](w),
			limit: s.maxBody, length: r.ContentLength, idle: s.bodyTimeout,
		}
		c.input = c.body
	}
	c.start = now()
}

// serve answers a request for the endpoint.
func (p *plan) serve(t *table, w http.ResponseWriter, r *http.Request, path route.Path) {
	r.Pattern = p.path
	if p.text != nil && (r.Body == nil || r.Body == http.NoBody) && r.Method != http.MethodHead {
		p.serveText(t, w, r)
		return
	}
	if !p.private {
		c := calls.Get().(*call)
		c.begin(t, p, &p.settings, w, r)
		c.path = path
		c.run()
		*c = call{}
		calls.Put(c)
		return
	}
	c := new(call)
	c.begin(t, p, &p.settings, w, r)
	c.outer.kept = true
	c.path = path
	if p.cancels {
		c.ctx.Context, c.cancel = context.WithCancel(r.Context())
		defer c.cancel()
	}
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
			panic(http.ErrAbortHandler)
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
			if v == http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
				panic(v)
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
			c.setPathValues(r) // what wraps the API sees them too
		}
		shared := r.WithContext(&c.ctx)
		if c.body != nil {
			shared.Body = c.body
		}
		if c.plan != nil && !c.plan.showsPath {
			c.setPathValues(shared)
		}
		c.req.Request = shared
	})
	return &c.req
}

// setPathValues gives a request the parameters of the path.
func (c *call) setPathValues(r *http.Request) {
	for i, q := range c.plan.pathParams {
		r.SetPathValue(q.name, c.pathValue(i))
	}
}

// end closes what user code may have kept.
func (c *call) end() {
	c.outer.close()
	if c.out != &c.outer {
		c.out.closed.Store(true)
	}
	for _, b := range []*limitedBody{c.body, c.input} {
		if b != nil {
			b.closed = true
		}
	}
	c.removeTemporary()
}

// run answers the request, through the middleware. A panic of middleware is
// caught here; one of the handler further inside.
func (c *call) run() {
	defer func() {
		if v := recover(); v != nil {
			c.caught(v)
		}
		if c.cut {
			panic(http.ErrAbortHandler)
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
	if v == http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
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
		panic(errLostContext)
	}
	c := request.call
	c.r, c.req.Request = r, r
	c.visible = r.Context()
	c.out = &writer{ResponseWriter: w, call: c}
	if r.Body != nil && r.Body != http.NoBody && (c.body == nil || r.Body != io.ReadCloser(c.body)) {
		c.input = &limitedBody{body: r.Body, limit: c.settings.maxBody, length: -1, idle: c.settings.bodyTimeout}
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
		_ = c.finishAll(err)           // what fails beside a panic is logged
		if v == http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
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
		err = c.reply(p.form, f.out)
		err = c.finishAll(err)
	} else if err = c.finishAll(err); err == nil {
		err = c.reply(p.form, f.out)
	}
	f.reset()
	p.frames.Put(f)
	return err
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
