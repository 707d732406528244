package openapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/openapi"
)

var smallInfo = openapi.Info{Title: "Small", Version: "1"}

func get(t *testing.T, h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestHandlerMounts asks for the files wherever the handler is mounted.
func TestHandlerMounts(t *testing.T) {
	api := endpoint.New(endpoint.Prefix("/api"))
	api.Get("hello", func() string { return "hello" })
	h := openapi.Handler(api, smallInfo)
	api.Get("docs/", h, endpoint.Hidden())

	stripped := http.NewServeMux()
	stripped.Handle("/a/b/", http.StripPrefix("/a/b", h))
	whole := http.NewServeMux()
	whole.Handle("/a/b/", h)
	bare := http.StripPrefix("/a/b", h)
	for _, c := range []struct {
		reason, target string
		h              http.Handler
		status         int
		kind           string
	}{
		{"alone", "/openapi.json", h, 200, "application/json"},
		{"YAML", "/openapi.yaml", h, 200, "application/yaml"},
		{"the page", "/", h, 200, "text/html; charset=utf-8"},
		{"the page by its name", "/index.html", h, 200, "text/html; charset=utf-8"},
		{"below a stripped prefix", "/a/b/openapi.json", stripped, 200, "application/json"},
		{"the page there", "/a/b/", stripped, 200, "text/html; charset=utf-8"},
		{"below a prefix", "/a/b/openapi.yaml", whole, 200, "application/yaml"},
		{"as an endpoint", "/api/docs/openapi.json", api, 200, "application/json"},
		{"the page of an endpoint", "/api/docs/", api, 200, "text/html; charset=utf-8"},
		{"a page without its slash", "/a/b?x=//evil.example", bare, 308, ""},
		{"likewise, asked for by a proxy", "http://example.com/a/b", bare, 308, ""},
		{"a host that a proxy asks for", "http://example.com", h, 200, "text/html; charset=utf-8"},
		{"another file", "/openapi.xml", h, 404, "text/plain; charset=utf-8"},
		{"another file of an endpoint", "/api/docs/secret", api, 404, "text/plain; charset=utf-8"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			w := get(t, c.h, c.target)
			if got := w.Header().Get("Content-Type"); w.Code != c.status || got != c.kind {
				t.Fatalf("answered %d %q, want %d %q", w.Code, got, c.status, c.kind)
			}
			switch {
			case w.Code == 308:
				if got := w.Header().Get("Location"); got != "./b/" {
					t.Errorf("redirects to %q", got)
				}
			case w.Code == 200 && !strings.Contains(w.Body.String(), "/api/hello"):
				t.Error("the path is not in it")
			case w.Code == 200 && strings.Contains(w.Body.String(), "/api/docs"):
				t.Error("the hidden path is in it")
			}
		})
	}
}

// TestHandlerCaching checks what clients and caches are told.
func TestHandlerCaching(t *testing.T) {
	api := endpoint.New()
	api.Get("hello", func() string { return "hello" })
	h := openapi.Handler(api, smallInfo)
	first := get(t, h, "/openapi.json")
	tag := first.Header().Get("ETag")
	if !strings.HasPrefix(tag, `"`) || first.Header().Get("Cache-Control") != "no-cache" || first.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("header %v", first.Header())
	}
	if policy := get(t, h, "/").Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy of the page %q", policy)
	}
	for _, c := range []struct {
		reason, match string
		status        int
	}{
		{"the same", tag, 304},
		{"one of several, weak", `"other", W/` + tag, 304},
		{"any", "*", 304},
		{"another", `"other"`, 200},
	} {
		if w := get(t, h, "/openapi.json", "If-None-Match", c.match); w.Code != c.status || w.Code == 304 && w.Body.Len() > 0 {
			t.Errorf("%s: status %d with %d bytes, want %d", c.reason, w.Code, w.Body.Len(), c.status)
		}
	}
	r := httptest.NewRequest("HEAD", "/openapi.json", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || w.Body.Len() > 0 || w.Header().Get("ETag") != tag {
		t.Errorf("HEAD: %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/openapi.json", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// TestHandlerFollows changes a running API and asks for its document.
func TestHandlerFollows(t *testing.T) {
	api := endpoint.New()
	a := api.Get("a", func() string { return "" })
	shared := endpoint.Define("shared", func() string { return "" }, endpoint.Methods("GET"))
	endpoint.New().Add(shared) // another API owns it
	api.Add(shared)
	h := openapi.Handler(api, smallInfo)
	paths := func() string {
		body := get(t, h, "/openapi.json").Body.String()
		var found []string
		for _, p := range []string{"/a", "/b", "/shared"} {
			if strings.Contains(body, `"`+p+`": {`) {
				found = append(found, p)
			}
		}
		return strings.Join(found, " ")
	}
	compile := func() {
		t.Helper()
		if err := api.Compile(); err != nil {
			t.Fatal(err)
		}
	}
	var b *endpoint.Endpoint
	for _, c := range []struct {
		reason string
		change func()
		want   string
	}{
		{"at first", func() {}, "/a /shared"},
		{"disabled", a.Disable, "/shared"},
		{"disabled again", a.Disable, "/shared"},
		{"enabled", a.Enable, "/a /shared"},
		{"one that another API owns is disabled", shared.Disable, "/a"},
		{"and enabled", shared.Enable, "/a /shared"},
		{"registered, not compiled", func() { b = api.Get("b", func() string { return "" }) }, "/a /shared"},
		{"something else changes meanwhile", a.Disable, "/shared"},
		{"compiled", compile, "/b /shared"},
		{"removed, not compiled", func() { api.Remove(b) }, "/b /shared"},
		{"removed", func() { compile(); a.Enable() }, "/a /shared"},
		{"a fault leaves what is served", func() { api.Get("c/:id", func() {}); _ = api.Compile() }, "/a /shared"},
	} {
		c.change()
		if got := paths(); got != c.want {
			t.Errorf("%s: %q, want %q", c.reason, got, c.want)
		}
	}
}

// TestHandlerFaults asks for documents that cannot be made.
func TestHandlerFaults(t *testing.T) {
	api := endpoint.New()
	api.Get("c/:id", func() {})
	if w := get(t, openapi.Handler(api, smallInfo), "/openapi.json"); w.Code != 500 || strings.Contains(w.Body.String(), "id") {
		t.Errorf("an API with a fault: %d %s", w.Code, w.Body)
	}
	h := openapi.Handler(endpoint.New(), openapi.Info{Title: "x"})
	if w := get(t, h, "/"); w.Code != 500 {
		t.Errorf("an Info with a fault: %d", w.Code)
	}
	api = endpoint.New()
	api.Get("docs/", h)
	if err := api.Compile(); err == nil || !strings.Contains(err.Error(), "Info.Version is empty") {
		t.Errorf("an Info with a fault, registered: %v", err)
	}
}

// TestHandlerConcurrent asks from many sides while the API changes; each answer
// is one whole document.
func TestHandlerConcurrent(t *testing.T) {
	leak.Check(t)
	api := endpoint.New()
	api.Get("always", func() string { return "" })
	e := api.Get("sometimes", func() string { return "" })
	h := openapi.Handler(api, smallInfo)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				for _, name := range []string{"/openapi.json", "/openapi.yaml", "/"} {
					r := httptest.NewRequest("GET", name, nil)
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					if w.Code != 200 || !strings.Contains(w.Body.String(), "/always") {
						t.Errorf("%s: %d", name, w.Code)
					}
				}
			}
		})
	}
	all.Go(func() {
		for range 50 {
			e.Disable()
			e.Enable()
			if err := api.Compile(); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	e.Disable()
	if body := get(t, h, "/openapi.json").Body.String(); strings.Contains(body, "/sometimes") {
		t.Error("a disabled endpoint is in the document")
	}
}
