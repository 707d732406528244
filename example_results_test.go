package endpoint_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/seed217079a1/endpoint"
)

// The type of a result decides what it becomes.
func ExampleAPI_Get_results() {
	api := endpoint.New()
	api.Get("text", func() string { return "text" })
	api.Get("bytes", func() []byte { return []byte("bytes") })
	api.Get("json", func() map[string]int { return map[string]int{"b": 2, "a": 1} })
	api.Get("nothing", func() {})

	for _, target := range []string{"/text", "/bytes", "/json", "/nothing"} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		fmt.Printf("%d %q %s\n", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	// Output:
	// 200 "text/plain; charset=utf-8" text
	// 200 "application/octet-stream" bytes
	// 200 "application/json" {"a":1,"b":2}
	// 204 ""
}

func ExampleRespond() {
	api := endpoint.New()
	api.Post("users", func(u user) *endpoint.Response {
		return endpoint.Respond(http.StatusCreated, u).
			Set("Location", fmt.Sprint("/users/", u.ID)).
			Cookie(&http.Cookie{Name: "last", Value: fmt.Sprint(u.ID), HttpOnly: true})
	})

	examplePost(api, "/users", `{"id":7,"name":"Ada"}`)
	// Output: 201 /users/7 {"id":7,"name":"Ada"}
}

// A Content-Type of a Response wins, and its text goes out as it is.
func ExampleResponse_Set() {
	api := endpoint.New()
	api.Get("page", func() *endpoint.Response {
		return endpoint.Respond(http.StatusOK, "<h1>Hello</h1>").Set("Content-Type", "text/html; charset=utf-8")
	})

	exampleGet(api, "/page")
	// Output: 200 <h1>Hello</h1>
}

func ExampleResponse_Add() {
	r := endpoint.Respond(http.StatusOK, "x").Add("Link", "</1>; rel=prev").Add("Link", "</3>; rel=next")
	fmt.Println(len(r.Header["Link"]))
	// Output: 2
}

func ExampleRedirect() {
	api := endpoint.New()
	api.Get("old", func() *endpoint.Response { return endpoint.Redirect(http.StatusSeeOther, "/new") })

	exampleGet(api, "/old")
	// Output: 303 /new
}

// Content that can seek gets ranges, an ETag and If-Modified-Since.
func ExampleMedia() {
	api := endpoint.New()
	api.Get("report", func() endpoint.Media {
		return endpoint.Media{
			ContentType: "text/csv",
			Name:        "report.csv",
			Content:     strings.NewReader("id,name\n1,Ada\n"),
			Modified:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		}
	})

	r := httptest.NewRequest(http.MethodGet, "/report", nil)
	r.Header.Set("Range", "bytes=0-6")
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Content-Disposition"), w.Header().Get("Content-Range"), w.Body)
	// Output: 206 inline; filename="report.csv" bytes 0-6/14 id,name
}

// A file is closed when it was sent.
func ExampleMedia_file() {
	api := endpoint.New()
	api.Get("licence", func() (*endpoint.Media, error) {
		f, err := os.Open("LICENSE")
		if err != nil {
			return nil, err
		}
		return &endpoint.Media{ContentType: "text/plain; charset=utf-8", Content: f}, nil
	})

	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/licence", nil))
	fmt.Println(w.Code, w.Body.Len() > 0)
	// Output: 200 true
}

func ExampleStatus() {
	api := endpoint.New()
	api.Post("jobs", func() {}, endpoint.Status(http.StatusAccepted))

	exampleSend(api, "POST", "/jobs", "", "")
	// Output: 202
}

func ExampleTextAsJSON() {
	api := endpoint.New(endpoint.TextAsJSON())
	api.Get("hello", func() string { return "hello" })

	exampleGet(api, "/hello")
	// Output: 200 "hello"
}

// A handler may write the answer itself, and still return an error.
func ExampleAPI_Get_writer() {
	api := endpoint.New()
	api.Get("raw", func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.RawQuery == "" {
			return endpoint.Errorf(http.StatusBadRequest, "a query is needed")
		}
		_, err := io.WriteString(w, "written")
		return err
	})

	exampleGet(api, "/raw?x")
	exampleGet(api, "/raw")
	// Output:
	// 200 written
	// 400 {"title":"Bad Request","status":400,"detail":"a query is needed"}
}

// An http.Handler is a handler.
func ExampleAPI_Handle_httpHandler() {
	api := endpoint.New()
	api.Handle("old", http.RedirectHandler("/new", http.StatusMovedPermanently), endpoint.Methods("POST"))

	exampleSend(api, "POST", "/old", "", "")
	// Output: 301 /new
}
