package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v5"
	"github.com/seed217079a1/endpoint"
)

// mountAPI has an endpoint with a parameter, a prefix and one for every method.
func mountAPI(opts ...endpoint.Option) *endpoint.API {
	api := endpoint.New(opts...)
	api.Get("users/:id", func(r *endpoint.Request) string {
		return r.Param("id") + " " + r.PathValue("id") + " " + r.Path() + " " + r.FullPath()
	})
	api.Get("files/", func(r *endpoint.Request) string { return r.Rest() })
	return api
}

// An API is an http.Handler like any other in the routers that people have: it
// finds its paths below their mount, with escapes, its redirects have the
// mount, and 404 and 405 are its own.
func TestMountedInRouters(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	stripped := func() http.Handler { return http.StripPrefix("/api", mountAPI()) }
	prefixed := func() http.Handler { return mountAPI(endpoint.Prefix("/api")) }
	chiMount := func(h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Get("/host", func(http.ResponseWriter, *http.Request) {})
		r.Mount("/api", h)
		return r
	}
	chiHandle := func(h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Handle("/api/*", h)
		return r
	}
	chiBelowParam := func(h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Route("/{id:api}", func(r chi.Router) { r.Handle("/*", h) })
		return r
	}
	ginMount := func(h http.Handler) http.Handler {
		e := gin.New()
		e.Any("/api/*path", gin.WrapH(h))
		return e
	}
	ginRaw := func(h http.Handler) http.Handler {
		e := gin.New()
		e.UseRawPath = true
		e.Any("/api/*path", gin.WrapH(h))
		return e
	}
	echoMount := func(h http.Handler) http.Handler {
		e := echo.New()
		e.Any("/api/*", echo.WrapHandler(h))
		return e
	}
	tests := []struct {
		name string
		h    http.Handler
	}{
		{"chi Mount, StripPrefix", chiMount(stripped())},
		{"chi Mount, Prefix", chiMount(prefixed())},
		{"chi Handle, StripPrefix", chiHandle(stripped())},
		{"chi below a parameter of the same name", chiBelowParam(prefixed())},
		{"gin, StripPrefix", ginMount(stripped())},
		{"gin, Prefix", ginMount(prefixed())},
		{"gin with raw paths", ginRaw(stripped())},
		{"echo, StripPrefix", echoMount(stripped())},
		{"echo, Prefix", echoMount(prefixed())},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { mountCheck(t, test.h) })
	}
}

func mountCheck(t *testing.T, h http.Handler) {
	server := httptest.NewServer(h)
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	tests := []struct {
		reason, method, target string
		status                 int
		header, want           string // the header's value, or the body without a header
	}{
		{"a parameter", "GET", "/api/users/7?q=1", 200, "", "7 7 /users/7 /api/users/7?q=1"},
		{"an escaped slash is none", "GET", "/api/users/a%2Fb", 200, "", "a/b a/b /users/a/b /api/users/a%2Fb"},
		{"an escaped percent is decoded once", "GET", "/api/users/a%252Fb", 200, "", "a%2Fb a%2Fb /users/a%2Fb /api/users/a%252Fb"},
		{"below a prefix", "GET", "/api/files/x/y/", 200, "", "x/y/"},
		{"the bare form", "GET", "/api/files?q=%20", 308, "Location", "/api/files/?q=%20"},
		{"HEAD follows GET", "HEAD", "/api/users/7", 200, "Content-Type", "text/plain; charset=utf-8"},
		{"a wrong method", "POST", "/api/users/7", 405, "Allow", "GET, HEAD, OPTIONS"},
		{"OPTIONS", "OPTIONS", "/api/users/7", 204, "Allow", "GET, HEAD, OPTIONS"},
		{"nothing there", "GET", "/api/nothing", 404, "Content-Type", "application/problem+json"},
		{"nothing is cleaned", "GET", "/api/files/../users/7", 404, "Content-Type", "application/problem+json"},
	}
	for _, test := range tests {
		r, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got := response.Header.Get(test.header)
		if body := mountBody(t, response); test.header == "" {
			got = body
		}
		if response.StatusCode != test.status || got != test.want {
			t.Errorf("%s: %s %s: status %d, %q; want %d, %q", test.reason, test.method, test.target, response.StatusCode, got, test.status, test.want)
		}
	}
}

func mountBody(t *testing.T, response *http.Response) string {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
