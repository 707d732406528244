package shape

import (
	"context"
	"io"

	"github.com/seed217079a1/endpoint"
)

type settings struct {
	endpoint.Configuration
	Text string
}

type wrongDefault struct {
	endpoint.Configuration
}

func (wrongDefault) Default() string { return "" }

type deepDefault struct {
	endpoint.Configuration
}

func (deepDefault) Default(context.Context) deepDefault { return deepDefault{} }

type panicDefault struct {
	endpoint.Configuration
}

func (panicDefault) Default() panicDefault { panic("no default after all") }

// configurations are configurations that nobody can give.
func configurations() []Case {
	return []Case{
		{"nobody gave it", "a zero value may be wrong", on(func(api *endpoint.API) {
			api.Get("x", takes[settings]) // want `parameter 1 (shape.settings): configuration shape.settings was given by nobody and has no default; call Configure with one, or add the method Default() shape.settings`
		})},
		{"pointer to configuration", "all requests share it", on(func(api *endpoint.API) {
			api.Configure(settings{})
			api.Get("x", takes[*settings]) // want `parameter 1 (*shape.settings): a configuration is shared by all requests and not to be changed; take shape.settings by value`
		})},
		{"Default of another type", "it is not the configuration", on(func(api *endpoint.API) {
			api.Get("x", takes[wrongDefault]) // want `parameter 1 (shape.wrongDefault): method Default of configuration shape.wrongDefault has the signature func() string; write func() shape.wrongDefault`
		})},
		{"Default with a parameter", "there is nothing to give it", on(func(api *endpoint.API) {
			api.Get("x", takes[deepDefault]) // want `parameter 1 (shape.deepDefault): method Default of configuration shape.deepDefault has the signature func(context.Context) shape.deepDefault; write func() shape.deepDefault`
		})},
		{"Default that panics", "Compile never panics", on(func(api *endpoint.API) {
			api.Get("x", takes[panicDefault]) // want `parameter 1 (shape.panicDefault): configuration shape.panicDefault: its method Default panics: no default after all; call Configure with a value, or mend the method`
		})},
		{"no configuration", "it does not say that it is one", on(func(api *endpoint.API) {
			api.Configure(user{}) // want `type shape.user does not embed endpoint.Configuration; embed it, or give the value to Provide`
		})},
		{"nil configuration", "there is nothing to give", on(func(api *endpoint.API) {
			api.Configure(nil) // want `the configuration is nil; give a value`
		})},
		{"nil pointer to configuration", "likewise", on(func(api *endpoint.API) {
			api.Configure((*settings)(nil)) // want `the configuration is a nil *shape.settings; give a value`
		})},
	}
}

type (
	first  struct{ second *second }
	second struct{ first *first }
	third  struct{}
	fourth struct{}
	fifth  struct{}
	itself struct{}
)

func newFirst(s *second) *first { return &first{s} }

func newSecond(f *first) *second { return &second{f} }

func newThird(*fifth) *third { return nil }

func newFourth(*third) *fourth { return nil }

func newFifth(*fourth) *fifth { return nil }

func newItself(*itself) *itself { return nil }

type store interface{ Load() string }

func newNothing() {}

func newError() error { return nil }

func newTwo() (*first, *second) { return nil, nil }

func newVariadic(...int) *third { return nil }

func newFromStore(store) *third { return nil }

func newFromPath(string) *third { return nil }

func newFromBody(user) *third { return nil }

func takesBodyAndThird(user, *third) string { return "" }

func newReader() io.Reader { return nil }

func newContext() (context.Context, error) { return nil, nil }

func newBool() bool { return false }

// providers are dependencies that cannot be made.
func providers() []Case {
	return []Case{
		{"interface without provider", "nothing says which type to make", on(func(api *endpoint.API) {
			api.Get("x", takes[store]) // want `parameter 1 (shape.store): nothing provides it; call Provide with a function that returns shape.store`
		})},
		{"cycle of one", "a provider needs what it makes", on(func(api *endpoint.API) {
			api.Provide(newItself)
			api.Get("x", takes[*itself]) // want `provider newItself (shape/depend.go:N): parameter 1 (*shape.itself): the providers of *shape.itself -> *shape.itself need each other; break the cycle`
		})},
		{"cycle of two", "neither can be made first", on(func(api *endpoint.API) {
			api.Provide(newFirst, newSecond)
			api.Get("x", takes[*first]) // want `provider newSecond (shape/depend.go:N): parameter 1 (*shape.first): the providers of *shape.first -> *shape.second -> *shape.first need each other; break the cycle`
		})},
		{"cycle of three", "likewise", on(func(api *endpoint.API) {
			api.Provide(newThird, newFourth, newFifth)
			api.Get("x", takes[*third]) // want `provider newFourth (shape/depend.go:N): parameter 1 (*shape.third): the providers of *shape.third -> *shape.fifth -> *shape.fourth -> *shape.third need each other; break the cycle`
		})},
		{"nil provider", "there is nothing to give", on(func(api *endpoint.API) {
			api.Provide(nil) // want `the provider is nil; give a value or a function`
		})},
		{"nil provider function", "likewise", on(func(api *endpoint.API) {
			api.Provide((func() *third)(nil)) // want `the provider is a nil func() *shape.third; give a function`
		})},
		{"no result", "it makes nothing", on(func(api *endpoint.API) {
			api.Provide(newNothing) // want `provider newNothing returns nothing; return T, (T, error), (T, func(error) error) or (T, func(error) error, error)`
		})},
		{"error alone", "likewise", on(func(api *endpoint.API) {
			api.Provide(newError) // want `provider newError returns (error); return T, (T, error), (T, func(error) error) or (T, func(error) error, error)`
		})},
		{"two values", "a provider makes one", on(func(api *endpoint.API) {
			api.Provide(newTwo) // want `provider newTwo returns (*shape.first, *shape.second); return T, (T, error), (T, func(error) error) or (T, func(error) error, error)`
		})},
		{"reader", "the request has it", on(func(api *endpoint.API) {
			api.Provide(newReader) // want `a parameter of type io.Reader is filled from the request; provide a type of your own`
		})},
		{"context", "likewise", on(func(api *endpoint.API) {
			api.Provide(newContext) // want `a parameter of type context.Context is filled from the request; provide a type of your own`
		})},
		{"scalar", "a scalar is a path parameter", on(func(api *endpoint.API) {
			api.Provide(newBool) // want `a parameter of type bool is a path parameter; provide a type of your own`
		})},
		{"configuration", "it has a place of its own", on(func(api *endpoint.API) {
			api.Provide(settings{}) // want `shape.settings is a configuration; give it to Configure`
		})},
		{"variadic provider", "nothing says how many arguments there are", on(func(api *endpoint.API) {
			api.Provide(newVariadic)
			api.Get("x", takes[*third]) // want `provider newVariadic (shape/depend.go:N): the function takes a variable number of arguments; take a slice in an input struct instead`
		})},
		{"provider without dependency", "the fault is told where it is needed", on(func(api *endpoint.API) {
			api.Provide(newFromStore)
			api.Get("x", takes[*third]) // want `provider newFromStore (shape/depend.go:N): parameter 1 (shape.store): nothing provides it; call Provide with a function that returns shape.store`
		})},
		{"provider of a path parameter", "this path has none", on(func(api *endpoint.API) {
			api.Provide(newFromPath)
			api.Get("x", takes[*third]) // want `provider newFromPath (shape/depend.go:N): parameter 1 (string): the path has no parameter, so none is left for it; add one to the path, or take a struct with a tagged field`
		})},
		{"provider of the body", "the handler reads it too", on(func(api *endpoint.API) {
			api.Provide(newFromBody)
			api.Post("x", takesBodyAndThird) // want `provider newFromBody (shape/depend.go:N): parameter 1 (shape.user): the body is read already, by parameter 1 (shape.user); a request has one body, so take all that is in it as one parameter`
		})},
	}
}

func guardReturns(context.Context) (string, error) { return "", nil }

func guardValue() bool { return false }

func guardBody(user) error { return nil }

func guardChan(chan int) error { return nil }

// guards are faults of the functions given to Depends.
func guards() []Case {
	return []Case{
		{"guard with a value", "nobody receives it", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Depends(guardReturns)) // want `guard 1, guardReturns (shape/depend.go:N): it returns (string, error); a guard returns nothing or an error`
		})},
		{"guard with a bool", "likewise; an error rejects", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Depends(guardValue)) // want `guard 1, guardValue (shape/depend.go:N): it returns (bool); a guard returns nothing or an error`
		})},
		{"nil guard", "there is nothing to call", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Depends(nil)) // want `guard 1, nil (shape/depend.go:N): the function is nil; give a function`
		})},
		{"guard that is no function", "likewise", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Depends(true)) // want `guard 1, bool (shape/depend.go:N): bool is not a function; give a function`
		})},
		{"guard parameter", "a guard has the parameters of a handler", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Depends(guardChan)) // want `guard 1, guardChan (shape/depend.go:N): parameter 1 (chan int): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it`
		})},
		{"guard and handler read the body", "a request has one", on(func(api *endpoint.API) {
			api.Post("x", takes[user], endpoint.Depends(guardBody)) // want `parameter 1 (shape.user): the body is read already, by guard 1, guardBody (shape/depend.go:N): parameter 1 (shape.user); a request has one body, so take all that is in it as one parameter`
		})},
		{"second guard", "the fault counts the guards", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Depends(func() error { return nil }, guardValue)) // want `guard 2, guardValue (shape/depend.go:N): it returns (bool); a guard returns nothing or an error`
		})},
	}
}
