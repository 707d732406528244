package shape

import (
	"context"
	"errors"
	"net/http"

	"github.com/seed217079a1/endpoint"
)

var errHandler = errors.New("the service has no query; give one")

func variadic(...string) string { return "" }

func takesChan(chan int) string { return "" }

func takesFunc(func()) string { return "" }

func takesComplex(complex128) string { return "" }

func takesPointerToScalar(*int) string { return "" }

func takesPointerToPointer(**user) string { return "" }

func takesHTTPRequestValue(http.Request) string { return "" } //nolint:govet // the fault is the point

func takesRequestValue(endpoint.Request) string { return "" } //nolint:govet // likewise

func takesArray([2]string) string { return "" }

func takesError(error) string { return "" }

func takesOpt(endpoint.Opt[string]) string { return "" }

func takesFile(*endpoint.File) string { return "" }

type service struct{ calls int }

func takesService(*service) string { return "" }

func takesServiceValue(service) string { return "" }

func inContext(context.Context, endpoint.Response) string { return "" }

type users struct{}

func (*users) get(chan int) string { return "" }

type handler struct{ status int }

func (h *handler) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(h.status) }

// functions are values that are no handlers, and parameters of no form.
func functions() []Case {
	return []Case{
		{"nil", "there is nothing to call", on(func(api *endpoint.API) {
			api.Get("x", nil) // want `the function is nil; give a function`
		})},
		{"nil function", "a variable that nobody set", on(func(api *endpoint.API) {
			var fn func(context.Context) string
			api.Get("x", fn) // want `the function is a nil func(context.Context) string; give a function`
		})},
		{"nil in Typed", "likewise", on(func(api *endpoint.API) {
			var fn func(context.Context, user) (user, error)
			api.Post("x", endpoint.Typed(fn)) // want `the function is a nil func(context.Context, shape.user) (shape.user, error); give a function`
		})},
		{"nil handler", "a pointer that nobody set", on(func(api *endpoint.API) {
			var h *handler
			api.Get("x", h) // want `the http.Handler is a nil *shape.handler; give a handler`
		})},
		{"nil handler function", "likewise for a function type with methods", on(func(api *endpoint.API) {
			var h http.HandlerFunc
			api.Get("x", h) // want `the http.Handler is a nil http.HandlerFunc; give a handler`
		})},
		{"error in place of a handler", "who made the handler knows why it cannot be served", on(func(api *endpoint.API) {
			api.Get("x", errHandler) // want `the service has no query; give one`
		})},
		{"called function", "the result of the function instead of the function", on(func(api *endpoint.API) {
			api.Get("x", ok()) // want `string is not a function; give a function or an http.Handler`
		})},
		{"struct", "a value that is neither function nor handler", on(func(api *endpoint.API) {
			api.Get("x", user{}) // want `shape.user is not a function; give a function or an http.Handler`
		})},
		{"handler by value", "ServeHTTP is declared on the pointer", on(func(api *endpoint.API) {
			api.Get("x", handler{}) // want `shape.handler is not a function, and only *shape.handler is an http.Handler; give a pointer to it`
		})},
		{"variadic", "nothing says how many arguments there are", on(func(api *endpoint.API) {
			api.Get("x", variadic) // want `the function takes a variable number of arguments; take a slice in an input struct instead`
		})},
		{"chan", "no request holds a channel", on(func(api *endpoint.API) {
			api.Get("x", takesChan) // want `parameter 1 (chan int): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it`
		})},
		{"func", "no request holds a function", on(func(api *endpoint.API) {
			api.Get("x", takesFunc) // want `parameter 1 (func()): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it`
		})},
		{"complex", "no text form of complex numbers is agreed", on(func(api *endpoint.API) {
			api.Get("x/:n", takesComplex) // want `parameter 1 (complex128): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it` `path parameter "n" is bound by nothing; add a field tagged path:"n", a parameter by position, or take an *endpoint.Request`
		})},
		{"pointer to scalar", "a path parameter is never absent", on(func(api *endpoint.API) {
			api.Get("x/:n", takesPointerToScalar) // want `parameter 1 (*int): a path parameter is always there; take int by value, or a struct with a tagged field of this type`
		})},
		{"pointer to pointer", "one pointer is enough", on(func(api *endpoint.API) {
			api.Post("x", takesPointerToPointer) // want `parameter 1 (**shape.user): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it`
		})},
		{"http.Request by value", "a request must not be copied", on(func(api *endpoint.API) {
			api.Get("x", takesHTTPRequestValue) // want `parameter 1 (http.Request): a request is not to be copied; take *http.Request`
		})},
		{"Request by value", "likewise", on(func(api *endpoint.API) {
			api.Get("x", takesRequestValue) // want `parameter 1 (endpoint.Request): a request is not to be copied; take *endpoint.Request`
		})},
		{"array", "a body has any number of elements", on(func(api *endpoint.API) {
			api.Post("x", takesArray) // want `parameter 1 ([2]string): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it`
		})},
		{"error", "nothing before the handler has an error for it", on(func(api *endpoint.API) {
			api.Get("x", takesError) // want `parameter 1 (error): nothing has an error before the handler runs; take it out and return one`
		})},
		{"Opt", "a parameter by position is always there", on(func(api *endpoint.API) {
			api.Get("x/:name", takesOpt) // want `parameter 1 (endpoint.Opt[string]): a parameter by position is always there; take the type inside by value, or a struct with a tagged field of this type`
		})},
		{"file", "a file has a name in its form", on(func(api *endpoint.API) {
			api.Post("x", takesFile) // want `parameter 1 (*endpoint.File): a file is found by its name in the form; take a struct with a field tagged file`
		})},
		{"files", "likewise", on(func(api *endpoint.API) {
			api.Post("x", takes[[]*endpoint.File]) // want `parameter 1 ([]*endpoint.File): a file is found by its name in the form; take a struct with a field tagged file`
		})},
		{"service", "a dependency that nobody provides", on(func(api *endpoint.API) {
			api.Get("x", takesService) // want `parameter 1 (*shape.service): nothing provides it, and a struct without exported fields cannot be a body; call Provide with a *shape.service or a function that returns one`
		})},
		{"service by value", "likewise", on(func(api *endpoint.API) {
			api.Get("x", takesServiceValue) // want `parameter 1 (shape.service): nothing provides it, and a struct without exported fields cannot be a body; call Provide with a shape.service or a function that returns one`
		})},
		{"Response", "a response is a result", on(func(api *endpoint.API) {
			api.Get("x", inContext) // want `parameter 2 (endpoint.Response): it is a result and nothing that a request has; return it`
		})},
		{"method", "the fault names the method", on(func(api *endpoint.API) {
			api.Get("x", (&users{}).get) // want `parameter 1 (chan int): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it`
		})},
		{"closure", "the fault names what the closure stands in", on(func(api *endpoint.API) {
			api.Get("x", func(chan int) string { return "" }) // want `parameter 1 (chan int): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it`
		})},
	}
}

func takesOne(string) string { return "" }

func takesTwo(string, int) string { return "" }

type tagged struct {
	UID string `path:"uid"`
}

func takesTagged(tagged) string { return "" }

func takesRest(context.Context) string { return "" }

// positions are path parameters and functions that do not fit together.
func positions() []Case {
	return []Case{
		{"bound by nothing", "the handler would never learn which one", on(func(api *endpoint.API) {
			api.Get("users/:id", ok) // want `path parameter "id" is bound by nothing; add a field tagged path:"id", a parameter by position, or take an *endpoint.Request`
		})},
		{"rest bound by nothing", "a named rest counts too", on(func(api *endpoint.API) {
			api.Get("files/*name", takesRest) // want `path parameter "name" is bound by nothing; add a field tagged path:"name", a parameter by position, or take an *endpoint.Request`
		})},
		{"another name", "the tag names no parameter of the path", on(func(api *endpoint.API) {
			api.Get("users/:id", takesTagged) // want `parameter 1 (shape.tagged): field UID: the tag path:"uid" names no parameter of the path; write path:"id"`
		})},
		{"no parameters", "a tag without any parameter in the path", on(func(api *endpoint.API) {
			api.Get("users", takesTagged) // want `parameter 1 (shape.tagged): field UID: the tag path:"uid" names no parameter of the path; add a parameter such as :id to the path`
		})},
		{"too many", "the path has none for the second", on(func(api *endpoint.API) {
			api.Get("users/:id", takesTwo) // want `parameter 2 (int): the path has one parameter, so none is left for it; add one to the path, or take a struct with a tagged field`
		})},
		{"too few", "which of the two is meant is not said", on(func(api *endpoint.API) {
			api.Get("users/:id/items/:item", takesOne) // want `the path has 2 parameters and the function takes 1 by position; take each of them, or bind them with fields tagged path`
		})},
		{"position without parameters", "a scalar is always a path parameter", on(func(api *endpoint.API) {
			api.Get("users", takesOne) // want `parameter 1 (string): the path has no parameter, so none is left for it; add one to the path, or take a struct with a tagged field`
		})},
	}
}

// paths are faults of the syntax.
func paths() []Case {
	return []Case{
		{"parameter inside a segment", "a parameter is a whole segment", on(func(api *endpoint.API) {
			api.Get("users/:id.json", takesOne) // want `path "users/:id.json": ".json" after a parameter at offset 9; a parameter is a whole segment; bind it and check the suffix in the handler, or escape as %3A if it is text`
		})},
		{"same parameter twice", "which one is id", on(func(api *endpoint.API) {
			api.Get("users/:id/items/:id", takesTwo) // want `path "users/:id/items/:id": second parameter "id" at offset 16; give it another name`
		})},
		{"empty segment", "no request with it is answered", on(func(api *endpoint.API) {
			api.Get("users//all", ok) // want `path "users//all": empty segment at offset 6; write one slash`
		})},
		{"method in the path", "as http.ServeMux has it", on(func(api *endpoint.API) {
			api.Handle("GET /users", ok) // want `path "GET /users": method in a path at offset 0; name it in the option Methods("GET"), or escape the space as %20`
		})},
		{"rest before the end", "nothing can follow it", on(func(api *endpoint.API) {
			api.Get("files/*name/meta", takesOne) // want `path "files/*name/meta": "*name" before the end at offset 6; only the last segment may be the rest; write a parameter such as :name here`
		})},
		{"query in the path", "a query is bound by fields", on(func(api *endpoint.API) {
			api.Get("users?full=1", ok) // want `path "users?full=1": "?" in a path at offset 5; query parameters are fields tagged query; escape as %3F if it is text`
		})},
		{"dot segment", "clients and proxies remove it", on(func(api *endpoint.API) {
			api.Get("users/../admin", ok) // want `path "users/../admin": dot segment ".." at offset 6; no request can have it`
		})},
		{"expression", "as chi has it", on(func(api *endpoint.API) {
			api.Get("users/{id:[0-9]+}", takesOne) // want `path "users/{id:[0-9]+}": "{id:[0-9]+}" in a path at offset 6; a parameter has no expression; write :id and check it with its type or a validate tag`
		})},
		{"bad path and bad handler", "both are told at once, without guesses about the path", on(func(api *endpoint.API) {
			api.Get("users/:", takesBad) // want `path "users/:": parameter without a name at offset 6; write a name after it, as in :id` `parameter 2 (chan int): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it` `the handler returns (int, int); return nothing, error, T, or (T, error)`
		})},
	}
}

func takesBad(string, chan int) (int, int) { return 0, 0 }
