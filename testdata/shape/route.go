package shape

import (
	"github.com/seed217079a1/endpoint"
)

// routes are endpoints that cannot stand beside each other.
func routes() []Case {
	return []Case{
		{"same path and method", "which of them answers", on(func(api *endpoint.API) {
			api.Get("users", ok)
			api.Get("users", ok) // want `GET /users (shape/route.go:N) and /users (shape/route.go:N) both answer GET /users; give them different methods or paths`
		})},
		{"other names", "names of parameters make no other path", on(func(api *endpoint.API) {
			api.Get("users/:id", takesOne)
			api.Get("users/{name}", takesOne) // want `GET /users/:id (shape/route.go:N) and /users/:name (shape/route.go:N) both answer GET /users/x; give them different methods or paths`
		})},
		{"one of three methods", "the default has PUT too", on(func(api *endpoint.API) {
			api.Handle("users", ok)
			api.Put("users", ok) // want `PUT /users (shape/route.go:N) and /users (shape/route.go:N) both answer PUT /users; give them different methods or paths`
		})},
		{"every method and GET", "every method is GET too", on(func(api *endpoint.API) {
			api.Handle("users", ok, endpoint.Methods("*"))
			api.Get("users", ok) // want `GET /users (shape/route.go:N) and /users (shape/route.go:N) both answer GET /users; give them different methods or paths`
		})},
		{"every method twice", "likewise", on(func(api *endpoint.API) {
			api.Handle("users/", ok, endpoint.Methods("*"))
			api.Handle("users/", ok, endpoint.Methods("*")) // want `every method /users/ (shape/route.go:N) and /users/ (shape/route.go:N) both answer every method /users/; give them different methods or paths`
		})},
		{"prefix with and without a name", "both are the same prefix", on(func(api *endpoint.API) {
			api.Get("files/", ok)
			api.Get("files/*name", takesOne) // want `GET /files/ (shape/route.go:N) and /files/*name (shape/route.go:N) both answer GET /files/; give them different methods or paths`
		})},
		{"same endpoint name", "URL could not tell them apart", on(func(api *endpoint.API) {
			api.Get("a", ok, endpoint.Name("ok"))
			api.Get("b", ok, endpoint.Name("ok")) // want `the name "ok" is given twice, to /a (shape/route.go:N) and /b (shape/route.go:N); give each its own, by the option Name`
		})},
		{"three of one path", "each is told", on(func(api *endpoint.API) {
			api.Get("users", ok)
			api.Get("users", ok) // want `GET /users (shape/route.go:N) and /users (shape/route.go:N) both answer GET /users; give them different methods or paths`

			api.Get("users", ok) // want `GET /users (shape/route.go:N) and /users (shape/route.go:N) both answer GET /users; give them different methods or paths`
		})},
	}
}

// groups are faults of group paths.
func groups() []Case {
	return []Case{
		{"group path", "a fault of a group is told once", on(func(api *endpoint.API) {
			g := api.Group("v1//x") // want `path "v1//x": empty segment at offset 3; write one slash`
			g.Get("a", ok)
			g.Get("b", ok)
		})},
		{"group below a rest", "nothing can follow it", on(func(api *endpoint.API) {
			g := api.Group("files/*name") // want `path "files/*name": nothing can follow *name; use a parameter such as :name instead`
			g.Get("meta", ok)
		})},
		{"same name in group and path", "which one is id", on(func(api *endpoint.API) {
			g := api.Group("users/:id")
			g.Get("items/:id", takesTwo) // want `path "/users/:id/items/:id": second parameter "id" at offset 17; give it another name`
		})},
		{"parameter of a group", "it is to be bound as any other", on(func(api *endpoint.API) {
			g := api.Group("users/:id")
			g.Get("items", ok) // want `path parameter "id" is bound by nothing; add a field tagged path:"id", a parameter by position, or take an *endpoint.Request`
		})},
		{"group in a group", "the inner one is at fault", on(func(api *endpoint.API) {
			g := api.Group("v1").Group("a/../b") // want `path "a/../b": dot segment ".." at offset 2; no request can have it`
			g.Get("x", ok)
		})},
	}
}

type manyFaults struct {
	Page int    `query:"page" default:"one"`
	Size int    `query:"size" validate:"small"`
	Name string `json:"name"`
	ID   string `path:"uid"`
}

func severalFaults(manyFaults, chan int, ...string) (string, int) { return "", 0 }

func twoWrong(chan int, manyFaults) (string, int) { return "", 0 }

// several are registrations with more than one fault, all of which are told.
func several() []Case {
	return []Case{
		{"all of an endpoint", "one Compile for all of them", on(func(api *endpoint.API) {
			api.Get("x/:id", twoWrong, endpoint.Status(1), endpoint.MaxBody(-1), endpoint.Depends(guardValue)) // want `option Status: 1 is not a final status; write one from 200 to 599` `option MaxBody: -1 bytes leave no room for a body; write a positive number` `guard 1, guardValue (shape/route.go:N): it returns (bool); a guard returns nothing or an error` `parameter 1 (chan int): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it` `parameter 2 (shape.manyFaults): field Page: default "one": it must be an integer of at most 64 bits; write such a value` `parameter 2 (shape.manyFaults): field Size: validate rule "small" is unknown; write one that validator/v10 lists` `parameter 2 (shape.manyFaults): field Name: it names no source; add one of the tags path, query, header, cookie, form, file, body` `parameter 2 (shape.manyFaults): field ID: the tag path:"uid" names no parameter of the path; write path:"id"` `the handler returns (string, int); return nothing, error, T, or (T, error)`
		})},
		{"variadic with more", "likewise", on(func(api *endpoint.API) {
			api.Get("x/:id", severalFaults) // want `the function takes a variable number of arguments; take a slice in an input struct instead` `parameter 1 (shape.manyFaults): field Page: default "one": it must be an integer of at most 64 bits; write such a value` `parameter 1 (shape.manyFaults): field Size: validate rule "small" is unknown; write one that validator/v10 lists` `parameter 1 (shape.manyFaults): field Name: it names no source; add one of the tags path, query, header, cookie, form, file, body` `parameter 1 (shape.manyFaults): field ID: the tag path:"uid" names no parameter of the path; write path:"id"` `parameter 2 (chan int): it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it` `the handler returns (string, int); return nothing, error, T, or (T, error)`
		})},
		{"all of an API", "likewise", with(func() *endpoint.API {
			api := endpoint.New(endpoint.Name("x"), endpoint.Prefix("/:x")) // want `option Name makes no sense at New; give it to an endpoint` `option Prefix: "/:x" is not a plain path; write one such as "/api"`

			api.Configure(1) // want `type int does not embed endpoint.Configuration; embed it, or give the value to Provide`

			api.Provide(newTwo) // want `provider newTwo returns (*shape.first, *shape.second); return T, (T, error), (T, func(error) error) or (T, func(error) error, error)`

			api.Get("users/:id", ok) // want `path parameter "id" is bound by nothing; add a field tagged path:"id", a parameter by position, or take an *endpoint.Request`

			api.Get("a", ok)
			api.Get("a", ok) // want `GET /a (shape/route.go:N) and /a (shape/route.go:N) both answer GET /a; give them different methods or paths`

			api.Get("b/:", ok) // want `path "b/:": parameter without a name at offset 2; write a name after it, as in :id`
			return api
		})},
	}
}
