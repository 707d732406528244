package endpoint

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"github.com/seed217079a1/endpoint/internal/funcname"
)

// Provide gives dependencies to handlers, guards and other providers by type.
// A provider is a value, shared by all requests, or a function with handler
// parameters that returns one of
//
//	T
//	(T, error)
//	(T, func(error) error)
//	(T, func(error) error, error)
//
// A function is called once a request, and only if something needs its T. Its
// finishing function is given the error of the handler, nil if there is none,
// after the handler and before the answer is written; after a stream, with what
// ended it if that was an error. The finishing functions run in reverse order,
// also after a panic. If one fails, the request does. Of several providers of
// one type the last one holds. Like all that is registered, providers take
// effect with the next [API.Compile].
func (a *API) Provide(providers ...any) {
	a.provide(funcname.Here(1), providers)
}

// Provide gives dependencies to the handlers of [Default]; see [API.Provide].
func Provide(providers ...any) {
	Default.provide(funcname.Here(1), providers)
}

func (a *API) provide(place funcname.Place, providers []any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range providers {
		a.providers = replacing(a.providers, provision{v, place})
	}
}

// replacing appends p to a list, in place of what has the same type, so that
// an API that is configured again and again does not grow.
func replacing(list []provision, p provision) []provision {
	t := reflect.TypeOf(p.value)
	if t != nil {
		list = slices.DeleteFunc(list, func(old provision) bool { return reflect.TypeOf(old.value) == t })
	}
	return append(list, p)
}

// A provider makes the dependencies of one type.
type provider struct {
	typ    reflect.Type
	value  reflect.Value // of a value
	fn     any           // of a function
	finish int           // index of its finishing function among the results, 0 for none
	fails  int           // index of its error among the results, 0 for none
	place  funcname.Place
}

var finishType = reflect.TypeFor[func(error) error]()

// providersOf returns the providers by type.
func providersOf(list []provision) (map[reflect.Type]*provider, []error) {
	providers := make(map[reflect.Type]*provider, len(list))
	var faults []error
	for _, v := range list {
		p, err := newProvider(v)
		if err != nil {
			faults = append(faults, fmt.Errorf("endpoint: Provide (%s): %w", v.place, err))
			continue
		}
		providers[p.typ] = p
	}
	return providers, faults
}

func newProvider(v provision) (*provider, error) {
	t := reflect.TypeOf(v.value)
	if t == nil {
		return nil, errors.New("the provider is nil; give a value or a function")
	}
	if t.Kind() != reflect.Func {
		p := &provider{typ: t, value: reflect.ValueOf(v.value), place: v.place}
		return p, providable(t)
	}
	if reflect.ValueOf(v.value).IsNil() {
		return nil, fmt.Errorf("the provider is a nil %s; give a function", t)
	}
	p := &provider{fn: v.value, place: v.place}
	ok := false
	switch t.NumOut() {
	case 1:
		ok = t.Out(0) != errorType
	case 2:
		switch t.Out(1) {
		case errorType:
			p.fails, ok = 1, true
		case finishType:
			p.finish, ok = 1, true
		}
	case 3:
		p.finish, p.fails = 1, 2
		ok = t.Out(1) == finishType && t.Out(2) == errorType
	}
	if !ok {
		return nil, fmt.Errorf("provider %s returns %s; return T, (T, error), (T, func(error) error) or (T, func(error) error, error)", funcname.Of(v.value), results(t))
	}
	p.typ = t.Out(0)
	return p, providable(p.typ)
}

// results lists the results of a function type.
func results(t reflect.Type) string {
	if t.NumOut() == 0 {
		return "nothing"
	}
	var list []string
	for r := range t.Outs() {
		list = append(list, r.String())
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// providable refuses types that a handler receives in another way.
func providable(t reflect.Type) error {
	if _, ok := builtin[t]; ok {
		return fmt.Errorf("a parameter of type %s is filled from the request; provide a type of your own", t)
	}
	if t.PkgPath() == "" && t.Kind() != reflect.Pointer {
		if _, ok := scalar(t); ok {
			return fmt.Errorf("a parameter of type %s is a path parameter; provide a type of your own", t)
		}
	}
	if isConfiguration(t) {
		return fmt.Errorf("%s is a configuration; give it to Configure", t)
	}
	return nil
}

// A dependency is what a provider made for one request.
type dependency struct {
	state depState
	value reflect.Value
	err   error
	args  []reflect.Value // bound before the handler runs
	bound bool
}

type depState uint8

const (
	depUnmade depState = iota
	depMade
)

// A finisher is the finishing function of a dependency.
type finisher struct {
	typ reflect.Type
	fn  func(error) error
}

// dependency returns what the provider with this index of the plan makes,
// making it if this is the first time.
func (c *call) dependency(i int) (reflect.Value, error) {
	d := &c.deps[i]
	if d.state == depMade {
		return d.value, d.err
	}
	d.state = depMade
	p := c.plan.providers[i]
	if err := c.bindDependency(i); err != nil {
		d.err = err
		return d.value, err
	}
	if d.err = p.function.supply(c, d.args); d.err != nil {
		return d.value, d.err
	}
	out := p.function.fn.Call(d.args)
	d.value = out[0]
	if p.fails > 0 {
		d.err, _ = out[p.fails].Interface().(error)
	}
	if p.finish > 0 && d.err == nil && !out[p.finish].IsNil() {
		c.finish = append(c.finish, finisher{p.typ, out[p.finish].Interface().(func(error) error)})
	}
	return d.value, d.err
}

// bindDependency fills the parameters that a provider takes from the request.
func (c *call) bindDependency(i int) error {
	d := &c.deps[i]
	if !d.bound {
		d.bound = true
		d.args = c.plan.providers[i].function.bind(c)
	}
	return c.invalid()
}

// finishAll runs the finishing functions in reverse order, whatever happens in
// them, and returns the error of the handler or else of the first that failed.
func (c *call) finishAll(err error) error {
	list := c.finish
	c.finish = nil
	failed := err
	for _, f := range slices.Backward(list) {
		if e := c.finishOne(f, err); e != nil && failed == nil {
			failed = e
		} else if e != nil {
			c.log(slog.LevelError, "dependency could not be finished", 0, fmt.Errorf("%s: %w", f.typ, e))
		}
	}
	return failed
}

// finishOne runs one finishing function; its panic is an error.
func (c *call) finishOne(f finisher, err error) (failed error) {
	defer func() {
		if v := recover(); v != nil {
			failed = asPanic(v)
		}
	}()
	return f.fn(err)
}
