package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/seed217079a1/endpoint/internal/funcname"
	"github.com/seed217079a1/endpoint/internal/route"
)

// Resource registers the methods Index, Create, Get, Update and Delete that v
// has, each of them a handler:
//
//	Index   GET path
//	Create  POST path
//	Get     GET path/:id
//	Update  PUT path/:id
//	Delete  DELETE path/:id
//
// The options hold for all of them. Give the result to [API.Add]. A v that has
// none of the methods, or one that is no handler, is reported by [API.Compile];
// names are such as Notes.Get.
//
//go:noinline
func Resource(path string, v any, opts ...Option) Component {
	r := &resource{}
	place := funcname.Here(1)
	if err := r.check(v); err != nil {
		r.list = []*Endpoint{{path: path, fn: err, options: opts, place: place, part: &resourcePart{resource: r, name: typeName(v)}}}
		return r
	}
	base := strings.TrimSuffix(path, "/")
	for _, a := range resourceActions {
		m := reflect.ValueOf(v).MethodByName(a.name)
		if !m.IsValid() {
			continue
		}
		expression, _ := reflect.TypeOf(v).MethodByName(a.name) // it is there
		e := &Endpoint{path: base + a.below, fn: m.Interface(), place: place}
		e.options = append(slices.Clone(opts), Methods(a.method))
		e.part = &resourcePart{resource: r, name: typeName(v) + "." + a.name, source: expression.Func.Interface()}
		r.list = append(r.list, e)
		r.methods = append(r.methods, a.method)
	}
	return r
}

// A resource is what Resource registers.
type resource struct {
	list    []*Endpoint
	methods []string // of all of them
}

// A resourcePart is what an endpoint knows of its resource.
type resourcePart struct {
	resource *resource
	name     string // such as Notes.Get
	source   any    // the method as a function, for its place
}

// resourceActions are the methods of a resource, in the order of registration.
var resourceActions = []struct{ name, method, below string }{
	{"Index", http.MethodGet, ""},
	{"Create", http.MethodPost, ""},
	{"Get", http.MethodGet, "/:id"},
	{"Update", http.MethodPut, "/:id"},
	{"Delete", http.MethodDelete, "/:id"},
}

// Endpoints returns the endpoints of the methods that there are.
func (r *resource) Endpoints() []*Endpoint { return r.list }

// has reports whether some path of the resource has a method.
func (r *resource) has(method string) bool { return slices.Contains(r.methods, method) }

// check reports a value without any of the methods.
func (r *resource) check(v any) error {
	t := reflect.TypeOf(v)
	if t == nil {
		return errors.New("the resource is nil; give a value with methods such as Index and Get")
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return fmt.Errorf("the resource is a nil %s; give a pointer to a value", t)
	}
	if hasAction(t) {
		return nil
	}
	if t.Kind() != reflect.Pointer && hasAction(reflect.PointerTo(t)) {
		return fmt.Errorf("%s has the methods of a resource only as *%[1]s; give a pointer to it", t)
	}
	return fmt.Errorf("%s has none of the methods Index, Create, Get, Update and Delete; write those that it serves", t)
}

// hasAction reports whether a type has a method of a resource.
func hasAction(t reflect.Type) bool {
	for _, a := range resourceActions {
		if _, ok := t.MethodByName(a.name); ok {
			return true
		}
	}
	return false
}

// typeName returns the name of a value's type without its package and pointer.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t == nil {
		return "nil"
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return t.String()
	}
	return t.Name()
}

// display names the function of the endpoint in faults and descriptions.
func (e *Endpoint) display() string {
	if e.part != nil {
		return e.part.name
	}
	return displayName(e.fn)
}

// source returns the function whose place stands in faults.
func (e *Endpoint) source() any {
	if e.part != nil && e.part.source != nil {
		return e.part.source
	}
	return plainFunc(e.fn)
}

// emptyIsObject reports whether an empty body is an empty object, as it was in
// the resources of Skygear.
func (c *call) emptyIsObject() bool {
	return c.settings.manner.wholeResources && c.plan.endpoint.part != nil
}

// widen lets the endpoints of resources answer as Skygear's did: path with a
// slash too, and path/:id with anything that follows.
func (t *table) widen(at func(route.Pattern) *pathNode) {
	below, _ := route.Parse("/") // cannot fail
	for _, p := range t.plans {
		if p.endpoint.part == nil || p.pattern.IsPrefix() {
			continue
		}
		segments := p.pattern.Segments()
		item := len(segments) > 0 && segments[len(segments)-1].Kind == route.Param
		n := at(p.pattern.Join(below))
		method := p.settings.methods[0]
		taken := func(e entry) bool { return e.method == method || e.method == anyMethod }
		if !slices.ContainsFunc(n.entries, taken) {
			n.entries = append(n.entries, entry{method: method, plan: p, exact: !item, alias: true})
		}
	}
}

// resource returns the resource that a node belongs to, nil for none.
func (n *pathNode) resource() *resource {
	for _, e := range n.entries {
		if e.plan.endpoint.part != nil {
			return e.plan.endpoint.part.resource
		}
	}
	return nil
}
