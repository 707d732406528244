package endpoint_test

import (
	"fmt"
	"net/http"

	"github.com/seed217079a1/endpoint"
)

// A group registers below a path, with options that its endpoints inherit.
func ExampleAPI_Group() {
	api := endpoint.New()
	v1 := api.Group("v1", endpoint.Tags("v1"))
	users := v1.Group("users/:user")
	users.Get("", func(user string) string { return "user " + user })
	users.Get("notes/:note", func(user, note string) string { return "note " + note + " of " + user })
	users.Handle("/", func(r *endpoint.Request) string { return "below: " + r.Rest() })

	exampleGet(api, "/v1/users/ada")
	exampleGet(api, "/v1/users/ada/notes/7")
	exampleGet(api, "/v1/users/ada/else/where")
	// Output:
	// 200 user ada
	// 200 note 7 of ada
	// 200 below: else/where
}

// A group has the methods of an API.
func ExampleGroup() {
	g := endpoint.New().Group("notes/:id", endpoint.MaxBody(1<<10))
	list := []*endpoint.Endpoint{
		g.Get("", func(id int) string { return "text" }),
		g.Post("", func(id int, text []byte) {}),
		g.Put("", func(id int, text []byte) {}),
		g.Patch("", func(id int, text []byte) {}),
		g.Delete("", func(id int) {}),
		g.Group("tags").Handle(":tag", func(id int, tag string) {}, endpoint.Methods("PUT", "DELETE")),
	}
	for _, e := range list {
		fmt.Println(e)
	}
	// Output:
	// [GET] /notes/:id
	// [POST] /notes/:id
	// [PUT] /notes/:id
	// [PATCH] /notes/:id
	// [DELETE] /notes/:id
	// [PUT DELETE] /notes/:id/tags/:tag
}

// URL writes a path from its parameters, escaped.
func ExampleEndpoint_URL() {
	api := endpoint.New(endpoint.Prefix("/api"))
	e := api.Get("users/:user/notes/:note", func(user string, note int) string { return "" })

	fmt.Println(e.URL("ada/bob", 7))
	_, err := e.URL("ada")
	fmt.Println(err)
	// Output:
	// /api/users/ada%2Fbob/notes/7 <nil>
	// endpoint: path "/api/users/:user/notes/:note": number of values is 1, want 2; give one for each parameter
}

// An endpoint knows what it was registered with.
func ExampleEndpoint() {
	api := endpoint.New()
	e := api.Group("v1").Get("users/{id}", getUser)

	fmt.Println(e.Name(), e.Path(), e.Methods(), e.Enabled())
	// Output:
	// getUser /v1/users/:id [GET] true
}

// A disabled endpoint answers as if it were not registered, at once.
func ExampleEndpoint_Disable() {
	api := endpoint.New()
	e := api.Get("beta", func() string { return "beta" })

	exampleGet(api, "/beta")
	e.Disable()
	exampleGet(api, "/beta")
	e.Enable()
	exampleGet(api, "/beta")
	// Output:
	// 200 beta
	// 404 {"title":"Not Found","status":404,"detail":"nothing is served at this path"}
	// 200 beta
}

// Endpoints share a path by their methods.
func ExampleMethods() {
	api := endpoint.New()
	api.Handle("items", func() string { return "searched" }, endpoint.Methods("QUERY"))
	api.Handle("items", func() string { return "moved" }, endpoint.Methods("move"))
	api.Handle("any", func(r *http.Request) string { return r.Method }, endpoint.Methods("*"))

	exampleSend(api, "QUERY", "/items", "", "")
	exampleSend(api, "MOVE", "/items", "", "")
	exampleSend(api, "PURGE", "/any", "", "")
	exampleGet(api, "/items")
	// Output:
	// 200 searched
	// 200 moved
	// 200 PURGE
	// 405 {"title":"Method Not Allowed","status":405,"detail":"this path answers MOVE, OPTIONS, QUERY"}
}

// Prefix says where an API lives, if nothing strips it.
func ExamplePrefix() {
	api := endpoint.New(endpoint.Prefix("/api/v1"))
	api.Get("hello", func(r *endpoint.Request) string { return r.Path() })
	api.Get("files/", func() string { return "files" })

	exampleGet(api, "/api/v1/hello")
	exampleGet(api, "/api/v1/files")
	exampleGet(api, "/hello")
	// Output:
	// 200 /hello
	// 308 /api/v1/files/
	// 404 {"title":"Not Found","status":404,"detail":"nothing is served at this path"}
}

// NotFound hands what matches nothing to the service around.
func ExampleNotFound() {
	old := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "the old service answers ", r.URL.Path)
	})
	api := endpoint.New(endpoint.NotFound(old))
	api.Get("new", func() string { return "new" })

	exampleGet(api, "/new")
	exampleGet(api, "/old")
	// Output:
	// 200 new
	// 200 the old service answers /old
}

// A prefix serves files below a path.
func ExampleRequest_Rest() {
	api := endpoint.New()
	api.Get("files/", func(r *endpoint.Request) (string, error) {
		if r.Rest() == "" {
			return "", endpoint.Errorf(http.StatusNotFound, "name a file")
		}
		return "file " + r.Rest(), nil
	})
	api.Get("docs/*page", func(page string) string { return "page " + page })

	exampleGet(api, "/files/a/b.txt")
	exampleGet(api, "/files/")
	exampleGet(api, "/docs/a/b")
	// Output:
	// 200 file a/b.txt
	// 404 {"title":"Not Found","status":404,"detail":"name a file"}
	// 200 page a/b
}

// The most specific path answers, whatever was registered first.
func ExampleAPI_Handle_precedence() {
	api := endpoint.New()
	api.Get("/", func(r *http.Request) string { return "everything else: " + r.URL.Path })
	api.Get("users/:id", func(id string) string { return "user " + id })
	api.Get("users/me", func() string { return "me" })

	exampleGet(api, "/users/me")
	exampleGet(api, "/users/7")
	exampleGet(api, "/users/7/notes")
	// Output:
	// 200 me
	// 200 user 7
	// 200 everything else: /users/7/notes
}

// Remove takes effect with the next Compile. Here it mends a fault: one path has
// the same method twice.
func ExampleAPI_Remove() {
	api := endpoint.New()
	first := api.Get("a/:x", func(x string) string { return "first" })
	api.Get("a/:y", func(y string) string { return "second" })
	fmt.Println(api.Compile() != nil)

	api.Remove(first)
	fmt.Println(api.Compile())
	exampleGet(api, "/a/b")
	// Output:
	// true
	// <nil>
	// 200 second
}
