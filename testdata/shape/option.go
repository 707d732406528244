package shape

import (
	"net/http"
	"time"

	"github.com/seed217079a1/endpoint"
)

// options are values that make no sense.
func options() []Case {
	return []Case{
		{"no method", "an endpoint without methods answers nothing", on(func(api *endpoint.API) {
			api.Handle("x", ok, endpoint.Methods()) // want `option Methods: no method given; name at least one, or "*" for every method`
		})},
		{"method text", "no request can have it", on(func(api *endpoint.API) {
			api.Handle("x", ok, endpoint.Methods("GET, POST")) // want `option Methods: "GET, POST" is not a method; write a name such as "GET"`
		})},
		{"method twice", "a slip", on(func(api *endpoint.API) {
			api.Handle("x", ok, endpoint.Methods("GET", "get")) // want `option Methods: method GET is given twice; name it once`
		})},
		{"every method and one", "a slip", on(func(api *endpoint.API) {
			api.Handle("x", ok, endpoint.Methods("*", "GET")) // want `option Methods: "*" is every method already; give it alone`
		})},
		{"status", "a success is final", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Status(100)) // want `option Status: 100 is not a final status; write one from 200 to 599`
		})},
		{"status without a body", "such an answer has no body", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Status(http.StatusNoContent)) // want `status 204 has no body and the handler returns string; return nothing, or give it another status`
		})},
		{"MaxBody", "no body would fit", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.MaxBody(0)) // want `option MaxBody: 0 bytes leave no room for a body; write a positive number`
		})},
		{"BodyTimeout", "no body would be in time", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.BodyTimeout(0)) // want `option BodyTimeout: 0s is no time to wait; write a positive duration`
		})},
		{"Timeout", "no answer would be in time", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Timeout(-time.Second)) // want `option Timeout: -1s has passed already; write a positive duration, or 0 for no limit`
		})},
		{"no name", "the function's name is the default", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Name("")) // want `option Name: the name is empty; leave the option out to use the function's name`
		})},
		{"nil middleware", "it would panic in a request", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Use(nil)) // want `option Use: middleware 1 is nil; leave it out`
		})},
		{"nil error", "no error is nil", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.MapError(nil, 404, "")) // want `option MapError: the target is nil; give the error to map`
		})},
		{"status of an error", "a success is no error", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.MapError(http.ErrNoCookie, 200, "")) // want `option MapError: 200 is not the status of an error; write one from 400 to 599`
		})},
		{"nil mapping", "it would panic in a request", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.MapErrorAs[*http.MaxBytesError](nil)) // want `option MapErrorAs: the function is nil; give one that returns an *Error`
		})},
	}
}

// levels are options at the wrong place, and faults of those given to New.
func levels() []Case {
	return []Case{
		{"Name in New", "names are unique", with(func() *endpoint.API {
			return endpoint.New(endpoint.Name("all")) // want `option Name makes no sense at New; give it to an endpoint`
		})},
		{"Summary in New", "it describes one endpoint", with(func() *endpoint.API {
			return endpoint.New(endpoint.Summary("all")) // want `option Summary makes no sense at New; give it to an endpoint`
		})},
		{"Status in New", "a fault of New is told once", with(func() *endpoint.API {
			api := endpoint.New(endpoint.Status(99)) // want `option Status: 99 is not a final status; write one from 200 to 599`
			api.Get("x", ok)
			api.Get("y", ok)
			return api
		})},
		{"Prefix with a parameter", "an API lives at one place", with(func() *endpoint.API {
			return endpoint.New(endpoint.Prefix("/:tenant")) // want `option Prefix: "/:tenant" is not a plain path; write one such as "/api"`
		})},
		{"Prefix with a query", "likewise", with(func() *endpoint.API {
			return endpoint.New(endpoint.Prefix("/api?x")) // want `option Prefix: "/api?x" is not a plain path; write one such as "/api"`
		})},
		{"Prefix of an endpoint", "it is said once for an API", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Prefix("/api")) // want `option Prefix makes no sense at an endpoint; give it to New`
		})},
		{"NotFound of an endpoint", "what matches no endpoint has none", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.NotFound(http.NotFoundHandler())) // want `option NotFound makes no sense at an endpoint; give it to New`
		})},
		{"Name in Group", "names are unique; told once for the group", on(func(api *endpoint.API) {
			g := api.Group("v1", endpoint.Name("all")) // want `option Name makes no sense at Group; give it to an endpoint`
			g.Get("x", ok)
			g.Get("y", ok)
		})},
		{"Prefix in Group", "a group has its own path", on(func(api *endpoint.API) {
			g := api.Group("v1", endpoint.Prefix("/api")) // want `option Prefix makes no sense at Group; give it to New`
			g.Get("x", ok)
		})},
	}
}
