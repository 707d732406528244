package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/seed217079a1/endpoint/internal/funcname"
	"github.com/seed217079a1/endpoint/internal/route"
)

// A plan is an endpoint compiled for one API: everything that can be decided
// before a request comes. Plans do not change.
type plan struct {
	// What every request looks at comes first, so that it is together in memory.
	path       string                 // the text of pattern
	text       func() (string, error) // of a function without parameters, nothing around it
	inner      http.Handler           // the middleware around the handler, nil without any
	invoke     func(f *frame) error
	frames     *sync.Pool
	handler    userFunc
	pathParams []pathParam
	guards     []guardPlan
	providers  []providerPlan
	private    bool // user code can keep the call, so it is not pooled
	contextual bool // user code takes the context
	cancels    bool // the request's context may have to be cancelled
	keepsBody  bool // the body may be asked for again
	writes     bool // the handler takes the http.ResponseWriter
	showsPath  bool // user code sees the *http.Request, so PathValue is set
	fails      bool // the handler returns an error
	form       resultForm
	settings   settings

	endpoint *Endpoint
	pattern  route.Pattern // with the API's prefix
	out      reflect.Type  // of the result, nil for none
	consumer string        // what reads the body, "" for nothing

	security *security // nil if everyone is let in
	cors     *corsPlan // of preflights, nil for none
	exact    bool      // the pattern ends in a slash and is no prefix
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
	settings, faults := e.settings(a)
	pattern, err := e.pattern(settings.manner)
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
	where := fmt.Sprintf("endpoint: %s: %s", path, e.display())
	if place := funcname.FileLine(e.source()); place != "" {
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
	if m := b.plan.settings.manner; m != nil && m.exactPaths && p.IsPrefix() {
		b.plan.exact = p.Segments()[p.Len()].Text == "" // one with a name is a prefix everywhere
	}
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
	case error:
		b.fault("%w", t) // of a package that registers for others
		return
	case http.Handler:
		if v := reflect.ValueOf(fn); v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Func && v.IsNil() {
			b.fault("the http.Handler is a nil %s; give a handler", v.Type())
			return
		}
		fn = t.ServeHTTP
	}
	b.secure()
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
	p.planCORS()
	p.frames, p.invoke = p.call(fn, ready)
	p.setText(fn)
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
	b.plan.guards = append(b.plan.guards, guardPlan{f, t.NumOut() == 1, !b.plan.readsBody(&f)})
}

// readsBody reports whether a function or a provider that it needs takes the body.
func (p *plan) readsBody(f *userFunc) bool {
	return slices.ContainsFunc(f.params, func(q param) bool {
		switch q.kind {
		case paramBody:
			return true
		case paramInput:
			return q.input.consumes() != ""
		case paramProvided:
			return p.readsBody(&p.providers[q.dep].function)
		}
		return false
	})
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
		p.security != nil || p.form == resultStream || b.consumer == "multipart" ||
		s.cors != nil && s.cors.config.AllowOrigin != nil
	p.showsPath = len(s.middleware) > 0 || p.form == resultStream
	p.writes = slices.ContainsFunc(p.handler.params, func(q param) bool { return q.kind == paramWriter })
	p.cancels = s.timeout > 0 || p.out != nil && (isIterator(p.out) || p.out.Implements(readerType))
	for f := range p.functions() {
		for i := range f.params {
			switch q := &f.params[i]; q.kind {
			case paramContext:
				p.contextual = true
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
	if !fastPaths || p.private || s.textAsJSON || s.status != 0 || s.strict || s.cors != nil {
		return
	}
	switch fn := fn.(type) {
	case func() string:
		p.text = func() (string, error) { return fn(), nil }
	case func() (string, error):
		p.text = fn
	}
}
