package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/seed217079a1/endpoint"
)

// A user is what the first example serves.
type user struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// getUserInput is what getUser reads from a request.
type getUserInput struct {
	ID    int64 `path:"id"`
	Upper bool  `query:"upper"`
}

// getUser is a plain function: a test calls it.
func getUser(_ context.Context, in getUserInput) (user, error) {
	if in.ID != 1 {
		return user{}, endpoint.Errorf(http.StatusNotFound, "there is no user %d", in.ID)
	}
	u := user{ID: 1, Name: "Ada"}
	if in.Upper {
		u.Name = strings.ToUpper(u.Name)
	}
	return u, nil
}

// An API is mounted in a service that exists.
func Example() {
	api := endpoint.New()
	api.Get("users/:id", getUser)
	if err := api.Compile(); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", api))

	for _, target := range []string{"/api/users/1?upper=true", "/api/users/2", "/api/users/one"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 {"id":1,"name":"ADA"}
	// 404 {"title":"Not Found","status":404,"detail":"there is no user 2"}
	// 422 {"title":"Unprocessable Entity","status":422,"detail":"the request has invalid values","errors":[{"in":"path","name":"id","code":"type","message":"must be an integer of at most 64 bits"}]}
}

// exampleGet prints what a handler answers to GET.
func exampleGet(h http.Handler, target string) {
	exampleSend(h, http.MethodGet, target, "", "")
}

// examplePost prints what a handler answers to a POST of JSON.
func examplePost(h http.Handler, target, body string) {
	exampleSend(h, http.MethodPost, target, "application/json", body)
}

// exampleSend prints what a handler answers: status, Location and body.
func exampleSend(h http.Handler, method, target, contentType, body string) {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, content)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(strings.Join(strings.Fields(fmt.Sprint(w.Code, " ", w.Header().Get("Location"), " ", w.Body)), " "))
}

func ExampleNew() {
	// The options are the defaults of all endpoints.
	api := endpoint.New(endpoint.Prefix("/api"), endpoint.MaxBody(64<<10), endpoint.Strict())
	api.Get("hello", func() string { return "Hello" })

	exampleGet(api, "/api/hello")
	// Output: 200 Hello
}

func ExampleAPI_Handle() {
	api := endpoint.New()
	// Without the option Methods an endpoint answers GET, POST and PUT.
	api.Handle("echo/:text", func(text string) string { return text })

	exampleGet(api, "/echo/hello")
	examplePost(api, "/echo/hello", "")
	// Output:
	// 200 hello
	// 200 hello
}

func ExampleAPI_Get() {
	api := endpoint.New()
	api.Get("notes/:id", func(id int) string { return fmt.Sprint("get ", id) })
	api.Put("notes/:id", func(id int, text []byte) string { return fmt.Sprint("put ", id, " ", string(text)) })
	api.Patch("notes/:id", func(id int) string { return fmt.Sprint("patch ", id) })
	api.Delete("notes/:id", func(_ int) {})
	api.Post("notes", func(text []byte) string { return "post " + string(text) }, endpoint.Status(http.StatusCreated))

	exampleGet(api, "/notes/1")
	exampleSend(api, "PUT", "/notes/1", "text/plain", "milk")
	exampleSend(api, "PATCH", "/notes/1", "", "")
	exampleSend(api, "DELETE", "/notes/1", "", "")
	exampleSend(api, "POST", "/notes", "text/plain", "eggs")
	// Output:
	// 200 get 1
	// 200 put 1 milk
	// 200 patch 1
	// 204
	// 201 post eggs
}

// Package-level functions register on [endpoint.Default], as decorators do.
func ExampleHandle() {
	e := endpoint.Handle("ping", func() string { return "pong" }, endpoint.Methods("GET", "HEAD"))
	g := endpoint.Get("pong", func() string { return "ping" })
	defer endpoint.Default.Remove(e, g)
	if err := endpoint.Default.Compile(); err != nil {
		log.Fatal(err)
	}

	exampleGet(endpoint.Default, "/ping")
	fmt.Println(e)
	// Output:
	// 200 pong
	// [GET HEAD] /ping
}

// Each method has a function.
func ExamplePost() {
	list := []*endpoint.Endpoint{
		endpoint.Post("stars", func() {}),
		endpoint.Put("stars/:id", func(int) {}),
		endpoint.Patch("stars/:id", func(int) {}),
		endpoint.Delete("stars/:id", func(int) {}),
	}
	defer endpoint.Default.Remove(list...)
	for _, e := range list {
		fmt.Println(e)
	}
	// Output:
	// [POST] /stars
	// [PUT] /stars/:id
	// [PATCH] /stars/:id
	// [DELETE] /stars/:id
}

// Typed saves the reflection of a call; nothing else changes.
func ExampleTyped() {
	api := endpoint.New()
	api.Get("users/:id", endpoint.Typed(getUser))

	exampleGet(api, "/users/1")
	// Output: 200 {"id":1,"name":"Ada"}
}

// Compile reports all faults together.
func ExampleAPI_Compile() {
	type input struct {
		ID   int `path:"uid"`
		Page int `default:"first" query:"page"`
		Sort string
	}
	api := endpoint.New()
	api.Get("users/:id", func(input) string { return "" })
	for line := range strings.Lines(api.Compile().Error()) {
		_, rest, _ := strings.Cut(line, "registered at ") // before it stand method, path and function
		_, fault, _ := strings.Cut(rest, ": ")            // before it stands the place
		fmt.Print(fault)
	}
	// Output:
	// parameter 1 (endpoint_test.input): field Page: default "first": it must be an integer of at most 64 bits; write such a value
	// parameter 1 (endpoint_test.input): field Sort: it names no source; add one of the tags path, query, header, cookie, form, file, body
	// parameter 1 (endpoint_test.input): field ID: the tag path:"uid" names no parameter of the path; write path:"id"
}

// Explain prints what was resolved.
func ExampleAPI_Explain() {
	api := endpoint.New()
	api.Get("users/:id", getUser)
	var text strings.Builder
	if err := api.Explain(&text); err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if !strings.Contains(line, "registered at") { // the place differs between machines
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output:
	// GET /users/:id
	// path id int64, required
	// query upper bool
	// answers 200 application/json from endpoint_test.user
}
