package endpoint

import (
	"encoding"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/seed217079a1/endpoint/internal/funcname"
	"github.com/seed217079a1/endpoint/internal/route"
)

// An API is a set of endpoints with common defaults. It is an [http.Handler],
// to be mounted in a service that exists.
//
// What is registered, configured or provided takes effect with the next
// [API.Compile], which checks everything and replaces what is served at once;
// the first request compiles if nobody did. All methods may be called
// concurrently, also while the API serves.
type API struct {
	options   []Option
	overrides []Option // hold over all others
	place     funcname.Place

	mu         sync.Mutex // guards the lists below
	components []Component
	removed    map[*Endpoint]bool
	values     []provision // given to Configure
	providers  []provision

	compiling sync.Mutex // held by Compile, so that the last one started is the last one published
	first     sync.Once  // compiles for the first request
	current   atomic.Pointer[table]
	published uint32        // how often current was replaced; guarded by compiling
	switches  atomic.Uint32 // of the endpoints that it owns
}

// New returns an API without endpoints. Its options are the defaults of its
// endpoints.
//
//go:noinline
func New(opts ...Option) *API {
	return &API{options: opts, place: funcname.Here(1), removed: map[*Endpoint]bool{}}
}

// Default is the API of the package-level functions.
var Default = New()

// A Component needs endpoints to work, as a widget needs the one that feeds
// it. *[Endpoint] and *[API] are components. Its endpoints are asked for when
// the API that it was added to compiles.
type Component interface {
	Endpoints() []*Endpoint
}

// Functions that note the place of their caller are not inlined: the line of
// an inlined call in the initialisation of a package may be lost.

// An Endpoint is a function that answers requests for a path. It is registered
// by [API.Handle] and its like, or declared by [Define] and added later.
type Endpoint struct {
	path    string // as written
	fn      any
	options []Option
	group   *Group // nil outside groups
	place   funcname.Place
	part    *resourcePart // of a Resource, nil for other endpoints

	owner    atomic.Pointer[API] // where it was registered or first added
	disabled atomic.Bool
	switches atomic.Uint32 // how often it was enabled or disabled
}

// Handle registers fn for GET, POST and PUT requests for path, or for those
// that [Methods] names. What path and fn may be says the package documentation;
// what is wrong with them says [API.Compile]. An fn that is an error is such a
// fault as it stands, for packages that make handlers.
//
//go:noinline
func (a *API) Handle(path string, fn any, opts ...Option) *Endpoint {
	return a.register(nil, path, fn, opts)
}

// Get registers fn for GET and HEAD requests for path.
func (a *API) Get(path string, fn any, opts ...Option) *Endpoint {
	return a.register(nil, path, fn, only("GET", opts))
}

// Post registers fn for POST requests for path.
func (a *API) Post(path string, fn any, opts ...Option) *Endpoint {
	return a.register(nil, path, fn, only("POST", opts))
}

// Put registers fn for PUT requests for path.
func (a *API) Put(path string, fn any, opts ...Option) *Endpoint {
	return a.register(nil, path, fn, only("PUT", opts))
}

// Patch registers fn for PATCH requests for path.
func (a *API) Patch(path string, fn any, opts ...Option) *Endpoint {
	return a.register(nil, path, fn, only("PATCH", opts))
}

// Delete registers fn for DELETE requests for path.
func (a *API) Delete(path string, fn any, opts ...Option) *Endpoint {
	return a.register(nil, path, fn, only("DELETE", opts))
}

// only puts the method before the options, so that they may still replace it.
func only(method string, opts []Option) []Option {
	return append([]Option{Methods(method)}, opts...)
}

// The packages that register endpoints for their callers.
const (
	rootPackage     = "github.com/seed217079a1/endpoint"
	canisterPackage = rootPackage + "/canister"
)

// register adds an endpoint on behalf of an exported function, whose caller is
// reported as the place of registration.
func (a *API) register(g *Group, path string, fn any, opts []Option) *Endpoint {
	e := &Endpoint{path: path, fn: fn, options: opts, group: g, place: funcname.Outside(rootPackage, canisterPackage)}
	e.owner.Store(a)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.components = append(a.components, e)
	return e
}

// A Group registers endpoints below a path, with options that they inherit.
// Groups nest.
type Group struct {
	api     *API
	parent  *Group // nil for a group of the API
	path    string // as written
	options []Option
	place   funcname.Place
}

// Group returns a group of endpoints below prefix: the group "v1" registers
// "users" as "v1/users", "" as "v1" itself and "/" as everything below it.
//
//go:noinline
func (a *API) Group(prefix string, opts ...Option) *Group {
	return &Group{api: a, path: prefix, options: opts, place: funcname.Here(1)}
}

// Group returns a group below this one, as [API.Group] does.
//
//go:noinline
func (g *Group) Group(prefix string, opts ...Option) *Group {
	return &Group{api: g.api, parent: g, path: prefix, options: opts, place: funcname.Here(1)}
}

// Handle registers fn below the group's path, as [API.Handle] does.
//
//go:noinline
func (g *Group) Handle(path string, fn any, opts ...Option) *Endpoint {
	return g.api.register(g, path, fn, opts)
}

// Get registers fn for GET and HEAD requests for path below the group's.
func (g *Group) Get(path string, fn any, opts ...Option) *Endpoint {
	return g.api.register(g, path, fn, only("GET", opts))
}

// Post registers fn for POST requests for path below the group's.
func (g *Group) Post(path string, fn any, opts ...Option) *Endpoint {
	return g.api.register(g, path, fn, only("POST", opts))
}

// Put registers fn for PUT requests for path below the group's.
func (g *Group) Put(path string, fn any, opts ...Option) *Endpoint {
	return g.api.register(g, path, fn, only("PUT", opts))
}

// Patch registers fn for PATCH requests for path below the group's.
func (g *Group) Patch(path string, fn any, opts ...Option) *Endpoint {
	return g.api.register(g, path, fn, only("PATCH", opts))
}

// Delete registers fn for DELETE requests for path below the group's.
func (g *Group) Delete(path string, fn any, opts ...Option) *Endpoint {
	return g.api.register(g, path, fn, only("DELETE", opts))
}

// Handle registers fn on [Default]; see [API.Handle].
//
//go:noinline
func Handle(path string, fn any, opts ...Option) *Endpoint {
	return Default.register(nil, path, fn, opts)
}

// Get registers fn on [Default] for GET and HEAD requests.
func Get(path string, fn any, opts ...Option) *Endpoint {
	return Default.register(nil, path, fn, only("GET", opts))
}

// Post registers fn on [Default] for POST requests.
func Post(path string, fn any, opts ...Option) *Endpoint {
	return Default.register(nil, path, fn, only("POST", opts))
}

// Put registers fn on [Default] for PUT requests.
func Put(path string, fn any, opts ...Option) *Endpoint {
	return Default.register(nil, path, fn, only("PUT", opts))
}

// Patch registers fn on [Default] for PATCH requests.
func Patch(path string, fn any, opts ...Option) *Endpoint {
	return Default.register(nil, path, fn, only("PATCH", opts))
}

// Delete registers fn on [Default] for DELETE requests.
func Delete(path string, fn any, opts ...Option) *Endpoint {
	return Default.register(nil, path, fn, only("DELETE", opts))
}

// Define declares an endpoint that is registered nowhere until [API.Add].
//
//go:noinline
func Define(path string, fn any, opts ...Option) *Endpoint {
	return &Endpoint{path: path, fn: fn, options: opts, place: funcname.Here(1)}
}

// Add registers the endpoints of components. An endpoint added twice counts
// once; one that was removed is back.
func (a *API) Add(components ...Component) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range components {
		if c == nil {
			continue
		}
		if e, ok := c.(*Endpoint); ok {
			if e == nil {
				continue
			}
			delete(a.removed, e)
			e.owner.CompareAndSwap(nil, a)
		}
		a.components = append(a.components, c)
	}
}

// Remove takes endpoints off the API from the next [API.Compile] on, also
// those that a component needs. Endpoints that it does not have are ignored.
// [Endpoint.Disable] acts at once.
func (a *API) Remove(endpoints ...*Endpoint) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range endpoints {
		a.removed[e] = true
	}
	a.components = slices.DeleteFunc(a.components, func(c Component) bool {
		e, ok := c.(*Endpoint)
		return ok && a.removed[e]
	})
	several := func(c Component) bool { _, ok := c.(*Endpoint); return !ok }
	if !slices.ContainsFunc(a.components, several) {
		clear(a.removed) // nothing is left that could bring them back
	}
}

// Endpoints returns what is registered, in the order of registration, whether
// compiled or not, so that an API is a [Component].
func (a *API) Endpoints() []*Endpoint {
	a.mu.Lock()
	components := slices.Clone(a.components)
	removed := make(map[*Endpoint]bool, len(a.removed))
	for e := range a.removed {
		removed[e] = true
	}
	a.mu.Unlock()
	// A component may call this API back, so it is asked without the lock.
	list := make([]*Endpoint, 0, len(components))
	seen := make(map[*Endpoint]bool, len(components))
	for _, c := range components {
		if c == Component(a) {
			continue
		}
		for _, e := range c.Endpoints() {
			if e != nil && !seen[e] && !removed[e] {
				seen[e] = true
				list = append(list, e)
			}
		}
	}
	return list
}

// Endpoints returns the endpoint itself, so that it is a [Component].
func (e *Endpoint) Endpoints() []*Endpoint { return []*Endpoint{e} }

// Path returns the path with those of its groups, in its canonical form:
// "/users/:id", "/files/" for a prefix, "" for exactly the root. A path that
// Compile refuses is returned as it was written. The [Prefix] of an API is not
// part of it.
func (e *Endpoint) Path() string {
	p, err := e.pattern(e.owner.Load().manner())
	if err != nil {
		return e.path
	}
	return p.String()
}

// Methods returns the methods that the endpoint answers, as registered: HEAD
// and OPTIONS, which are answered unasked, are not among them.
func (e *Endpoint) Methods() []string {
	s, _ := e.settings(e.owner.Load())
	return s.methods
}

// Name returns the name given by the option [Name], else the function's name.
func (e *Endpoint) Name() string {
	s, _ := e.settings(e.owner.Load())
	if s.name != "" {
		return s.name
	}
	if e.part != nil {
		return strings.ReplaceAll(e.part.name, ".", "_") // as of a method
	}
	return funcname.Short(plainFunc(e.fn))
}

// URL returns the path with its parameters replaced, in their order, and
// escaped; the prefix of the API that has the endpoint comes first. Parameters
// are formatted as by [fmt.Sprint], or by their MarshalText. The number of
// parameters must be that of the path, and none may be empty or a text that no
// path can carry, such as "..".
func (e *Endpoint) URL(params ...any) (string, error) {
	p, err := e.pattern(e.owner.Load().manner())
	if err != nil {
		return "", err
	}
	if owner := e.owner.Load(); owner != nil {
		s, _ := owner.settings()
		if prefix, err := route.Parse(s.prefix); err == nil {
			p = prefix.Join(p)
		}
	}
	values := make([]string, len(params))
	for i, v := range params {
		if m, ok := v.(encoding.TextMarshaler); ok {
			text, err := m.MarshalText()
			if err != nil {
				return "", fmt.Errorf("endpoint: parameter %d of %s: %w", i+1, p, err)
			}
			values[i] = string(text)
			continue
		}
		values[i] = fmt.Sprint(v)
	}
	url, err := p.Expand(values...)
	if err != nil {
		return "", fmt.Errorf("endpoint: %w", err)
	}
	return url, nil
}

// Enable undoes [Endpoint.Disable], at once and without Compile.
func (e *Endpoint) Enable() { e.disable(false) }

// Disable makes every API answer as if the endpoint were not registered, at
// once and without Compile. Requests that have begun are finished.
func (e *Endpoint) Disable() { e.disable(true) }

// disable sets the state, and then counts that it changed: who saw the count
// sees the state.
func (e *Endpoint) disable(disabled bool) {
	if e.disabled.Swap(disabled) == disabled {
		return
	}
	e.switches.Add(1)
	if owner := e.owner.Load(); owner != nil {
		owner.switches.Add(1)
	}
}

// Enabled reports whether the endpoint is served where it is registered; an
// endpoint is enabled from the start.
func (e *Endpoint) Enabled() bool { return !e.disabled.Load() }

// String returns the methods and path, for logs.
func (e *Endpoint) String() string {
	return fmt.Sprintf("%v %s", e.Methods(), e.Path())
}

// groups returns the groups of the endpoint, outermost first.
func (e *Endpoint) groups() []*Group {
	var list []*Group
	for g := e.group; g != nil; g = g.parent {
		list = append(list, g)
	}
	slices.Reverse(list)
	return list
}

// pattern joins the paths of the groups and the endpoint.
func (e *Endpoint) pattern(m *manner) (route.Pattern, error) {
	p, err := m.parse(e.path)
	if err != nil {
		return p, err
	}
	for g := e.group; g != nil; g = g.parent {
		prefix, err := g.pattern(m)
		if err != nil {
			return p, fmt.Errorf("%w: %w", errGroup, err)
		}
		p = prefix.Join(p)
	}
	return p, nil
}

// errGroup is the fault of an endpoint in a group whose path is at fault.
var errGroup = errors.New("the path of its group is at fault")

// pattern parses the path of the group alone.
func (g *Group) pattern(m *manner) (route.Pattern, error) {
	p, err := m.parse(g.path)
	if err != nil {
		return p, err
	}
	if segs := p.Segments(); p.IsPrefix() && segs[len(segs)-1].Text != "" {
		return p, fmt.Errorf("path %q: nothing can follow *%s; use a parameter such as :%[2]s instead", g.path, segs[len(segs)-1].Text)
	}
	return p, nil
}

// faults returns the faults of the group's path and options.
func (g *Group) faults() []error {
	s := defaults()
	faults := s.with(onGroup, g.options)
	if _, err := g.pattern(g.api.manner()); err != nil {
		faults = append(faults, err)
	}
	for i, err := range faults {
		faults[i] = fmt.Errorf("endpoint: Group %q (%s): %w", g.path, g.place, err)
	}
	return faults
}

// settings returns the options that hold for the endpoint in an API, which may
// be nil, and the faults of its own.
func (e *Endpoint) settings(a *API) (settings, []error) {
	s := defaults()
	if a != nil {
		s.with(onAPI, a.options)
	}
	for _, g := range e.groups() {
		s.with(onGroup, g.options)
	}
	faults := s.with(onEndpoint, e.options)
	if a != nil {
		s.with(onAPI, a.overrides)
	}
	return s, faults
}

// manner returns how the API reads paths, nil if it has no dialect.
func (a *API) manner() *manner {
	if a == nil {
		return nil
	}
	s, _ := a.settings()
	return s.manner
}

// settings returns the options of the API alone, and their faults.
func (a *API) settings() (settings, []error) {
	s := defaults()
	faults := s.with(onAPI, a.options)
	return s, append(faults, s.with(onAPI, a.overrides)...)
}
