package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// mountAPI has an exact endpoint, one with a parameter and a prefix.
func mountAPI(opts ...endpoint.Option) *endpoint.API {
	api := endpoint.New(opts...)
	api.Get("", func(r *endpoint.Request) string { return "root " + r.FullPath() })
	api.Get("users/:id", func(r *endpoint.Request) string { return r.Param("id") + " " + r.Path() + " " + r.FullPath() })
	api.Get("files/", func(r *endpoint.Request) string { return r.Rest() + " " + r.FullPath() })
	return api
}

// Whatever the API is mounted under, it finds its paths and redirects to where
// the client sees them.
func TestMounts(t *testing.T) {
	mux := func(pattern string, h http.Handler) http.Handler {
		m := http.NewServeMux()
		m.Handle(pattern, h)
		return m
	}
	mounts := []struct {
		reason, at string
		handler    http.Handler
	}{
		{"alone", "", mountAPI()},
		{"StripPrefix", "/api", http.StripPrefix("/api", mountAPI())},
		{"StripPrefix twice", "/a/b", http.StripPrefix("/a", http.StripPrefix("/b", mountAPI()))},
		{"ServeMux and StripPrefix", "/api", mux("/api/", http.StripPrefix("/api", mountAPI()))},
		{"ServeMux with a method and a host", "/api", mux("GET example.com/api/", http.StripPrefix("/api", mountAPI()))},
		{"ServeMux and Prefix", "/api", mux("/api/", mountAPI(endpoint.Prefix("api")))},
		{"StripPrefix and Prefix", "/x/api", http.StripPrefix("/x", mountAPI(endpoint.Prefix("/api/")))},
		{"an escaped mount", "/a%20b", mountStrip("/a b", "/a%20b", mountAPI())},
	}
	for _, m := range mounts {
		t.Run(m.reason, func(t *testing.T) { mountCheck(t, m.handler, m.at) })
	}
}

// mountStrip strips a prefix of both forms of the path, which http.StripPrefix
// does only for a prefix without escapes.
func mountStrip(path, rawPath string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r2 := r.Clone(r.Context())
		r2.URL.Path = strings.TrimPrefix(r.URL.Path, path)
		r2.URL.RawPath = strings.TrimPrefix(r.URL.RawPath, rawPath)
		h.ServeHTTP(w, r2)
	})
}

// mountCheck asks an API that is mounted at a path.
func mountCheck(t *testing.T, h http.Handler, at string) {
	t.Helper()
	routerRun(t, h, []routerCase{
		{"a parameter", "GET", at + "/users/7", "OK 7 /users/7 " + at + "/users/7"},
		{"an escaped slash", "GET", at + "/users/a%2Fb?q=1", "OK a/b /users/a/b " + at + "/users/a%2Fb?q=1"},
		{"below a prefix", "GET", at + "/files/x/y%2Fz", "OK x/y/z " + at + "/files/x/y%2Fz"},
		{"the bare form", "GET", at + "/files?q=%20", "Permanent Redirect " + at + "/files/?q=%20"},
		{"HEAD", "HEAD", at + "/users/7", "OK"},
		{"nothing there", "GET", at + "/nothing", "Not Found"},
	})
}

func TestMountRedirectStaysOnHost(t *testing.T) {
	// A careless host may strip a part of the path that a client chose.
	strip := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r2 := r.Clone(r.Context())
		r2.URL.Path, r2.URL.RawPath = "/files", ""
		mountAPI().ServeHTTP(w, r2)
	})
	for _, target := range []string{"//evil.example/files", "/%2Fevil.example/files", "/\\evil.example/files", "/%5Cevil.example/files", "///files", "/../files"} {
		r := httptest.NewRequest("GET", "/files", nil)
		r.RequestURI = target
		w := httptest.NewRecorder()
		strip.ServeHTTP(w, r)
		if location := w.Header().Get("Location"); location != "" && location != "/files/" {
			t.Errorf("%s: Location is %q", target, location)
		}
	}
}

// An API falls through to the service around it, and the service to the API.
func TestMountFallThrough(t *testing.T) {
	host := http.NewServeMux()
	host.HandleFunc("/host", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("host " + r.URL.Path)) })
	api := mountAPI(endpoint.NotFound(host))
	routerRun(t, api, []routerCase{
		{"the API's", "GET", "/users/7", "OK 7 /users/7 /users/7"},
		{"the host's", "POST", "/host", "OK host /host"},
		{"nobody's", "GET", "/nothing", "Not Found"},
		{"a path that the API has is the API's, whatever the method", "POST", "/users/7", "Method Not Allowed GET, HEAD, OPTIONS"},
	})
}
