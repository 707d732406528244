package endpoint_test

import (
	"fmt"

	"github.com/seed217079a1/endpoint"
)

// An uploader is a part of a page that needs endpoints to work.
type uploader struct{ name string }

// Endpoints makes an uploader a component. It returns the same endpoints each
// time, so that adding two uploaders registers them once.
func (u uploader) Endpoints() []*endpoint.Endpoint {
	return []*endpoint.Endpoint{startUpload, finishUpload}
}

var (
	startUpload  = endpoint.Define("uploads", func() string { return "started" }, endpoint.Methods("POST"))
	finishUpload = endpoint.Define("uploads/:id", func(id int) string { return fmt.Sprint("finished ", id) }, endpoint.Methods("PUT"))
)

// Components bring the endpoints that they need.
func ExampleComponent() {
	api := endpoint.New()
	api.Add(uploader{"photos"}, uploader{"films"})

	exampleSend(api, "POST", "/uploads", "", "")
	exampleSend(api, "PUT", "/uploads/7", "", "")
	fmt.Println(len(api.Endpoints()))
	// Output:
	// 200 started
	// 200 finished 7
	// 2
}

// Define declares an endpoint where its function is; Add registers it where it
// is served.
func ExampleDefine() {
	health := endpoint.Define("health", func() string { return "ok" }, endpoint.Methods("GET"))

	public, internal := endpoint.New(), endpoint.New(endpoint.Prefix("/internal"))
	public.Add(health)
	internal.Add(health)
	exampleGet(public, "/health")
	exampleGet(internal, "/internal/health")
	// Output:
	// 200 ok
	// 200 ok
}

// An API is a component of another one.
func ExampleAPI_Add() {
	users := endpoint.New()
	users.Get("users/:id", getUser)

	all := endpoint.New()
	all.Add(users)
	all.Get("hello", func() string { return "Hello" })
	exampleGet(all, "/users/1")
	exampleGet(all, "/hello")
	// Output:
	// 200 {"id":1,"name":"Ada"}
	// 200 Hello
}
