package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/seed217079a1/endpoint/internal/route"
)

// A table is an API compiled: what every path leads to. Tables do not change;
// Compile replaces them whole.
type table struct {
	settings  settings
	prefix    route.Pattern
	prefixLen int
	plans     []*plan
	nodes     []*pathNode // by rank
	literal   map[string]*pathNode
	literals  []bool    // which numbers of segments literal has
	exact     []*forest // by number of segments
	prefixes  *forest
	around    http.Handler // routing inside the API's middleware, nil without any
	fault     error        // of an API that could not be compiled
	cors      bool         // some endpoint allows other origins
	published uint32       // which of the API's tables it is, from 1
	foreign   []*Endpoint  // of plans, those that another API owns or none
}

// A pathNode is one path shape, with the plans of its methods.
type pathNode struct {
	pattern route.Pattern
	rank    int // position by precedence: of two nodes that match, the lower is more specific
	entries []entry
	bareOf  *pathNode // the prefix that this path redirects to, if it is one without its slash
}

// An entry is a plan for one method.
type entry struct {
	method string // or anyMethod
	plan   *plan
	exact  bool // of what its node matches it serves the path that ends in a slash alone
	alias  bool // the plan stands at another node
}

// Compile checks everything that was registered, configured and provided, and
// then replaces what is served, at once: a request sees either the old or the
// new. If anything is wrong it returns all faults, joined, and what was served
// before goes on. It may be called any number of times, also while serving.
func (a *API) Compile() error {
	a.compiling.Lock()
	defer a.compiling.Unlock()
	t, err := a.compile()
	if err != nil {
		return err
	}
	a.publish(t)
	return nil
}

// publish replaces what is served, and counts it.
func (a *API) publish(t *table) {
	a.published++ // compiling is held
	t.published = a.published
	a.current.Store(t)
}

// compile makes a table of what is registered now.
func (a *API) compile() (*table, error) {
	a.mu.Lock()
	values, providers := slices.Clone(a.values), slices.Clone(a.providers)
	a.mu.Unlock()

	t := &table{}
	var faults []error
	var list []error
	t.settings, list = a.settings()
	for _, err := range list {
		faults = append(faults, fmt.Errorf("endpoint: New (%s): %w", a.place, err))
	}
	prefix, err := route.Parse(t.settings.prefix)
	if err != nil || len(prefix.Params()) > 0 {
		faults = append(faults, fmt.Errorf("endpoint: New (%s): option Prefix: %q is not a plain path; write one such as \"/api\"", a.place, t.settings.prefix))
		prefix, _ = route.Parse("") // the root cannot fail
	}
	t.prefix, t.prefixLen = prefix, prefix.Len()
	env := &environment{}
	env.configured, list = configurations(values)
	faults = append(faults, list...)
	env.providers, list = providersOf(providers)
	faults = append(faults, list...)

	groups := map[*Group]bool{}
	for _, e := range a.Endpoints() {
		for g := e.group; g != nil && !groups[g]; g = g.parent {
			groups[g] = true
			faults = append(faults, g.faults()...)
		}
		p, list := build(a, e, env, prefix)
		faults = append(faults, list...)
		if p != nil {
			t.plans = append(t.plans, p)
			t.cors = t.cors || p.settings.cors != nil
			if e.owner.Load() != a {
				t.foreign = append(t.foreign, e)
			}
		}
	}
	faults = append(faults, t.arrange()...)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if wrap := t.settings.around; len(wrap) > 0 {
		t.around = http.HandlerFunc(t.route)
		for _, w := range slices.Backward(wrap) {
			t.around = w(t.around)
		}
	}
	return t, nil
}

// arrange builds the nodes and trees, and reports what cannot stand together.
func (t *table) arrange() []error {
	var faults []error
	shapes := make(map[string]*pathNode, len(t.plans))
	names := map[string]*plan{}
	at := func(p route.Pattern) *pathNode {
		n := shapes[p.Shape()]
		if n == nil {
			n = &pathNode{pattern: p}
			shapes[p.Shape()] = n
			t.nodes = append(t.nodes, n)
		}
		return n
	}
	for _, p := range t.plans {
		if name := p.settings.name; name != "" {
			if other := names[name]; other != nil {
				faults = append(faults, fmt.Errorf("endpoint: the name %q is given twice, to %s (%s) and %s (%s); give each its own, by the option Name", name, other.path, other.endpoint.place, p.path, p.endpoint.place))
			}
			names[name] = p
		}
		faults = append(faults, at(p.pattern).add(p)...)
	}
	if m := t.settings.manner; m != nil && m.wholeResources {
		t.widen(at)
	}
	for _, n := range slices.Clone(t.nodes) {
		if n.pattern.IsPrefix() && n.pattern.Len() > 0 {
			at(n.pattern.Bare()).bareOf = n
		}
	}
	if len(faults) == 0 {
		t.plant()
	}
	return faults
}

// add gives the node's methods a plan, and reports those that have one.
func (n *pathNode) add(p *plan) []error {
	var faults []error
	for _, m := range p.settings.methods {
		for _, e := range n.entries {
			if e.method != m && e.method != anyMethod && m != anyMethod {
				continue
			}
			method := m
			if m == anyMethod {
				method = e.method
			}
			if method == anyMethod {
				method = "every method"
			}
			witness, _ := route.Overlap(n.pattern, p.pattern)
			faults = append(faults, fmt.Errorf("endpoint: %s %s (%s) and %s (%s) both answer %s %s; give them different methods or paths",
				method, e.plan.path, e.plan.endpoint.place, p.path, p.endpoint.place, method, witness))
			return faults
		}
	}
	for _, m := range p.settings.methods {
		n.entries = append(n.entries, entry{method: m, plan: p, exact: p.exact})
	}
	return nil
}

// plan returns what answers a method, nil if nothing does. HEAD follows GET.
func (n *pathNode) plan(method string, path route.Path) *plan {
	var get *plan
	for i := range n.entries {
		e := &n.entries[i]
		if !e.serves(path) {
			continue
		}
		if e.method == method || e.method == anyMethod {
			return e.plan
		}
		if e.method == http.MethodGet && method == http.MethodHead && !e.plan.settings.manner.exactMethods() {
			get = e.plan
		}
	}
	return get
}

// serves reports whether the entry is enabled and answers for a path that its
// node matches.
func (e *entry) serves(path route.Path) bool {
	if e.exact && path.Len() != e.plan.pattern.Len() {
		return false
	}
	return e.plan.endpoint.Enabled()
}

// allowed returns the methods that the node answers, sorted, none if none of its
// endpoints serves the path, and the settings of one of them.
func (n *pathNode) allowed(path route.Path) ([]string, *settings) {
	var list []string
	var s *settings
	for _, e := range n.entries {
		if e.serves(path) {
			list = append(list, e.method)
			if s == nil || s.cors == nil && e.plan.settings.cors != nil {
				s = &e.plan.settings // a page that one of them allows reads the refusal
			}
		}
	}
	if s == nil || s.manner.exactMethods() {
		return list, s
	}
	if slices.Contains(list, http.MethodGet) {
		list = append(list, http.MethodHead)
	}
	list = append(list, http.MethodOptions)
	slices.Sort(list)
	return slices.Compact(list), s
}

// ServeHTTP answers a request. If nobody called [API.Compile] yet it does; if
// that fails, the faults are logged and every request is answered with 500
// until a Compile succeeds.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := a.current.Load()
	if t == nil {
		a.first.Do(a.compileFirst)
		t = a.current.Load()
	}
	if t.around != nil {
		t.serveAround(w, r)
		return
	}
	t.route(w, r)
}

// compileFirst compiles for the first request.
func (a *API) compileFirst() {
	a.compiling.Lock()
	defer a.compiling.Unlock()
	if a.current.Load() != nil {
		return
	}
	t, err := a.compile()
	if err != nil {
		s, _ := a.settings()
		s.log().Error("endpoint: the API cannot be compiled", slog.String("cause", err.Error()))
		t = &table{settings: s, fault: err}
	}
	a.publish(t)
}

// serveAround runs routing inside the API's middleware, whose panics it catches.
func (t *table) serveAround(w http.ResponseWriter, r *http.Request) {
	c := t.call(w, r)
	c.outer.kept = true
	if t.settings.cors != nil {
		r = r.WithContext(context.WithValue(r.Context(), aroundKey{}, c)) // for route to find it
	}
	defer func() {
		if v := recover(); v != nil {
			c.caught(v)
		}
		c.outer.close()
		if c.cut {
			cutConnection()
		}
	}()
	t.around.ServeHTTP(&c.outer, r)
}

// aroundKey is the key of the call around the API's middleware.
type aroundKey struct{}

// call returns the call of a request that no endpoint answers, yet.
func (t *table) call(w http.ResponseWriter, r *http.Request) *call {
	c := new(call)
	c.begin(t, nil, &t.settings, w, r)
	c.own()
	return c
}

// route finds the endpoint of a request and lets it answer.
func (t *table) route(w http.ResponseWriter, r *http.Request) {
	if t.around != nil && t.settings.cors != nil {
		if c, ok := r.Context().Value(aroundKey{}).(*call); ok {
			c.routed = true
		}
	}
	if t.fault != nil {
		t.refuse(w, r, &t.settings, &Error{Status: http.StatusInternalServerError, Err: errNotCompiled})
		return
	}
	if r.Method == http.MethodConnect && r.URL.Path == "" {
		t.refuse(w, r, &t.settings, Errorf(http.StatusNotImplemented, "this server is no proxy"))
		return
	}
	path, err := route.Split(r.URL.Path, r.URL.RawPath)
	if r.URL.Opaque != "" {
		err = route.ErrControl // a target such as mailto:x@y has no path
	}
	if err != nil {
		t.badPath(w, r, err)
		return
	}
	if t.settings.network.private != nil && isPrivate(path) {
		var ok bool
		if path, ok = t.publicPath(r, path); !ok {
			t.refuse(w, r, &t.settings, Errorf(http.StatusForbidden, "the key of this place is wrong"))
			return
		}
	}
	if r.Method == http.MethodOptions && t.options(w, r, path) {
		return
	}
	for n := t.find(path, 0); n != nil; n = t.find(path, n.rank+1) {
		if p := n.plan(r.Method, path); p != nil {
			p.serve(t, w, r, path)
			return
		}
		if methods, s := n.allowed(path); methods != nil {
			if p := n.plan(r.Method, path); p != nil {
				p.serve(t, w, r, path) // it was enabled between the two looks
				return
			}
			t.otherMethod(w, r, n, s, methods)
			return
		}
		if n.bareOf != nil && t.redirects(n.bareOf, r.Method, path) && t.redirect(w, r, n.bareOf, path) {
			return
		}
	}
	t.notFound(w, r)
}

// redirects reports whether the bare form of a prefix redirects to it.
func (t *table) redirects(prefix *pathNode, method string, path route.Path) bool {
	m := t.settings.manner
	if m == nil {
		return prefix.plan(method, path) != nil
	}
	methods, _ := prefix.allowed(path)
	return !m.exactPaths && methods != nil
}

// badPath answers a path that matches nothing whatever is registered.
func (t *table) badPath(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, route.ErrControl) {
		t.refuse(w, r, &t.settings, Errorf(http.StatusBadRequest, "the path is malformed"))
		return
	}
	t.notFound(w, r)
}

// errNotCompiled stands for the faults, which were logged once.
var errNotCompiled = errors.New("the API cannot be compiled; the faults were logged with the first request")

func (t *table) notFound(w http.ResponseWriter, r *http.Request) {
	if t.settings.notFound != nil {
		t.settings.notFound.ServeHTTP(w, r)
		return
	}
	if t.settings.manner != nil {
		t.strange(w, r, &t.settings, nil, nil)
		return
	}
	t.refuse(w, r, &t.settings, Errorf(http.StatusNotFound, "nothing is served at this path"))
}

// otherMethod answers a method that the path does not have.
func (t *table) otherMethod(w http.ResponseWriter, r *http.Request, n *pathNode, s *settings, methods []string) {
	if s.manner != nil {
		t.strange(w, r, s, n, methods)
		return
	}
	allow := []string{strings.Join(methods, ", ")}
	if r.Method == http.MethodOptions {
		c := t.call(w, r)
		c.settings, c.preflight = s, true // it may be one, which nothing allows
		h := c.outer.Header()
		h["Allow"] = allow
		if s.cors != nil {
			addVary(h, "Origin") // of a preflight that nothing allows, too
		}
		c.outer.WriteHeader(http.StatusNoContent)
		return
	}
	e := Errorf(http.StatusMethodNotAllowed, "this path answers %s", allow[0])
	e.Header = http.Header{"Allow": allow}
	t.refuse(w, r, s, e)
}

// refuse answers a request that no endpoint answers.
func (t *table) refuse(w http.ResponseWriter, r *http.Request, s *settings, e *Error) {
	c := t.call(w, r)
	c.settings = s
	c.answerWith(func() { c.fail(e) })
}

// answerWith answers a request that no endpoint answers; what panics is caught.
func (c *call) answerWith(answer func()) {
	defer func() {
		c.end()
		if c.cut {
			cutConnection()
		}
	}()
	defer func() {
		if v := recover(); v != nil {
			c.caught(v)
		}
	}()
	answer()
}

// anySettings returns the settings of an endpoint that serves a path at the
// node, nil if none does.
func (n *pathNode) anySettings(path route.Path) *settings {
	for i := range n.entries {
		if n.entries[i].serves(path) {
			return &n.entries[i].plan.settings
		}
	}
	return nil
}

// Explain writes the route table as it would be compiled now, in order of
// precedence, with the resolved plan of each endpoint. It returns the faults
// of Compile, if there are any, or the error of w. The text is for people and
// may change.
func (a *API) Explain(w io.Writer) error {
	a.compiling.Lock()
	t, err := a.compile()
	a.compiling.Unlock()
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, n := range t.nodes {
		for _, d := range n.operations() {
			d.explain(&b)
		}
		if n.bareOf != nil && len(n.entries) == 0 {
			fmt.Fprintf(&b, "%s\n\tredirects to %s\n", n.pattern, n.bareOf.pattern)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}
