package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// routerEcho answers with the name and what the request says of the path.
func routerEcho(name string) func(r *endpoint.Request) string {
	return func(r *endpoint.Request) string { return name + " " + r.Rest() }
}

// routerAsk returns the status, followed by the Location, the Allow or the
// text of the answer.
func routerAsk(t testing.TB, h http.Handler, method, target string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, routerRequest(t, method, target))
	s := http.StatusText(w.Code)
	switch {
	case w.Header().Get("Location") != "":
		return s + " " + w.Header().Get("Location")
	case w.Header().Get("Allow") != "":
		return s + " " + w.Header().Get("Allow")
	case w.Code < 300:
		return strings.TrimSpace(s + " " + w.Body.String())
	}
	return s
}

type routerCase struct{ reason, method, target, want string }

func routerRun(t *testing.T, h http.Handler, tests []routerCase) {
	t.Helper()
	for _, test := range tests {
		if got := routerAsk(t, h, test.method, test.target); got != test.want {
			t.Errorf("%s: %s %s: got %q, want %q", test.reason, test.method, test.target, got, test.want)
		}
	}
}

func TestPrecedence(t *testing.T) {
	api := endpoint.New()
	for _, p := range []string{"", "abc/", "abc/def", "abc/:x/y", "abc/def/z", ":x/def", "users/:id", "users/me", "users/:id/posts/", "users/:id/posts/:post", "files/*rest", "files/:dir/list"} {
		api.Get(p, routerEcho(p))
	}
	routerRun(t, api, []routerCase{
		{"exactly the root", "GET", "/", "OK"},
		{"a literal before a prefix", "GET", "/abc/def", "OK abc/def"},
		{"the prefix itself", "GET", "/abc/", "OK abc/"},
		{"below the prefix", "GET", "/abc/x", "OK abc/ x"},
		{"an exact path with a slash is not itself", "GET", "/abc/def/", "OK abc/ def/"},
		{"a parameter before the prefix", "GET", "/abc/q/y", "OK abc/:x/y"},
		{"back from the literal to the parameter", "GET", "/abc/def/y", "OK abc/:x/y"},
		{"the literal all the way", "GET", "/abc/def/z", "OK abc/def/z"},
		{"back from both to the prefix", "GET", "/abc/def/q", "OK abc/ def/q"},
		{"from the left: a literal beats a parameter with a later literal", "GET", "/abc/def", "OK abc/def"},
		{"the parameter where no literal is", "GET", "/abd/def", "OK :x/def"},
		{"a literal before a parameter", "GET", "/users/me", "OK users/me"},
		{"a parameter", "GET", "/users/you", "OK users/:id"},
		{"case is not folded", "GET", "/users/ME", "OK users/:id"},
		{"no parameter is empty", "GET", "/users/", "Not Found"},
		{"an exact path ends without a slash", "GET", "/users/me/", "Not Found"},
		{"a parameter before a rest", "GET", "/users/1/posts/2", "OK users/:id/posts/:post"},
		{"the rest, several segments long", "GET", "/users/1/posts/2/3", "OK users/:id/posts/ 2/3"},
		{"the rest is unescaped", "GET", "/users/1/posts/a%20b/c%2Fd", "OK users/:id/posts/ a b/c/d"},
		{"the rest keeps its slash", "GET", "/files/a/b/", "OK files/*rest a/b/"},
		{"a literal after the parameter", "GET", "/files/a/list", "OK files/:dir/list"},
		{"an empty named rest", "GET", "/files/", "OK files/*rest"},
		{"nothing", "GET", "/nothing", "Not Found"},
		{"an escaped slash is no separator", "GET", "/users%2Fme", "Not Found"},
		{"an escaped letter is the letter", "GET", "/users/m%65", "OK users/me"},
	})
}

func TestEverything(t *testing.T) {
	api := endpoint.New()
	api.Get("/", routerEcho("all"))
	api.Get("a", routerEcho("a"))
	routerRun(t, api, []routerCase{
		{"the root", "GET", "/", "OK all"},
		{"anything", "GET", "/b/c/", "OK all b/c/"},
		{"a literal before it", "GET", "/a", "OK a"},
		{"malformed paths match nothing, not even everything", "GET", "/a//b", "Not Found"},
		{"nor dot segments", "GET", "/a/../b", "Not Found"},
		{"nor escaped ones", "GET", "/a/%2e%2E/b", "Not Found"},
		{"control characters are a fault of the client", "GET", "/a%0Ab", "Bad Request"},
	})
	api.Get("", routerEcho("root"))
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	routerRun(t, api, []routerCase{
		{"exactly the root is more specific", "GET", "/", "OK root"},
		{"the rest stays", "GET", "/b", "OK all b"},
	})
}

func TestBareRedirect(t *testing.T) {
	api := endpoint.New()
	api.Get("files/", routerEcho("files"))
	api.Post("upload/", routerEcho("upload"))
	api.Get("upload", routerEcho("bare"))
	api.Get("users/:id/posts/", routerEcho("posts"))
	api.Get("rest/*all", routerEcho("rest"))
	api.Post(":any", routerEcho("any"))
	api.Get(":x/:y/", routerEcho("two"))
	api.Get("a b/%25/", routerEcho("escaped"))
	routerRun(t, api, []routerCase{
		{"the bare form", "GET", "/files", "Permanent Redirect /files/"},
		{"HEAD follows GET", "HEAD", "/files", "Permanent Redirect /files/"},
		{"the query stays as it is", "GET", "/files?a=%2F&b", "Permanent Redirect /files/?a=%2F&b"},
		{"a query that a Location cannot hold is escaped", "GET", "/files?a=\"<é>", "Permanent Redirect /files/?a=%22%3C%C3%A9%3E"},
		{"only if the method matches: the next path answers", "POST", "/files", "OK any"},
		{"the bare form is registered itself", "GET", "/upload", "OK bare"},
		{"so its methods are its own", "POST", "/upload", "Method Not Allowed GET, HEAD, OPTIONS"},
		{"with a parameter, escaped again", "GET", "/users/a%2Fb%20c%3F/posts", "Permanent Redirect /users/a%2Fb%20c%3F/posts/"},
		{"a named rest", "GET", "/rest", "Permanent Redirect /rest/"},
		{"a value that leads to another host is not redirected", "GET", "/%2Fevil.example/x", "Not Found"},
		{"nor with a backslash", "GET", "/%5Cevil.example/x", "Not Found"},
		{"a colon makes no scheme", "GET", "/http:/x", "Permanent Redirect /http:/x/"},
		{"escaped literals", "GET", "/a%20b/%25", "Permanent Redirect /a%20b/%25/"},
		{"nobody else is below", "DELETE", "/files", "Method Not Allowed OPTIONS, POST"},
	})
}

func TestMethodsMerge(t *testing.T) {
	api := endpoint.New()
	get := api.Get("users/:id", func(r *endpoint.Request) string { return "get " + r.Param("id") + r.Param("user") })
	api.Put("users/:user", func(r *endpoint.Request) string {
		return "put " + r.Param("user") + r.PathValue("user") + r.Param("id")
	})
	api.Delete("users/{key}", func(key string) string { return "delete " + key })
	api.Handle("any/", routerEcho("any"), endpoint.Methods("*"))
	api.Handle("any/query", routerEcho("query"), endpoint.Methods("query", "Head"))
	api.Handle("default", routerEcho("default"))
	api.Handle("options", routerEcho("options"), endpoint.Methods("GET", "OPTIONS"))
	routerRun(t, api, []routerCase{
		{"its own name", "GET", "/users/1", "OK get 1"},
		{"another name for the same segment", "PUT", "/users/1", "OK put 11"},
		{"bound by position", "DELETE", "/users/a%2Fb", "OK delete a/b"},
		{"HEAD follows GET", "HEAD", "/users/1", "OK"},
		{"all methods are allowed ones", "PATCH", "/users/1", "Method Not Allowed DELETE, GET, HEAD, OPTIONS, PUT"},
		{"OPTIONS says so", "OPTIONS", "/users/1", "No Content DELETE, GET, HEAD, OPTIONS, PUT"},
		{"any method", "BREW", "/any/x", "OK any x"},
		{"also OPTIONS", "OPTIONS", "/any/x", "OK any x"},
		{"the path is chosen before the method", "GET", "/any/query", "Method Not Allowed HEAD, OPTIONS, QUERY"},
		{"QUERY is a method like any other", "QUERY", "/any/query", "OK query"},
		{"methods are upper case in requests", "query", "/any/query", "Method Not Allowed HEAD, OPTIONS, QUERY"},
		{"the default methods", "DELETE", "/default", "Method Not Allowed GET, HEAD, OPTIONS, POST, PUT"},
		{"OPTIONS where it is registered", "OPTIONS", "/options", "OK options"},
	})
	get.Disable()
	routerRun(t, api, []routerCase{
		{"a disabled method is not there", "GET", "/users/1", "Method Not Allowed DELETE, OPTIONS, PUT"},
		{"nor what follows it", "HEAD", "/users/1", "Method Not Allowed DELETE, OPTIONS, PUT"},
	})
}

func TestOverlapFault(t *testing.T) {
	api := endpoint.New()
	api.Get("users/:id", func(id string) {})
	api.Handle("users/{name}", func(name string) {}, endpoint.Methods("POST", "GET"))
	api.Handle("files/", func(*endpoint.Request) {}, endpoint.Methods("*"))
	api.Get("files/*rest", func(rest string) {})
	err := api.Compile()
	if err == nil {
		t.Fatal("Compile accepts two endpoints for one path and method")
	}
	for _, want := range []string{
		"GET /users/:id (", "/users/:name (", "both answer GET /users/x;", "/router_test.go:",
		"/files/ (", "/files/*rest (", "both answer GET /files/",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the fault does not say %q: %v", want, err)
		}
	}
}

// Disable and Enable act at once; Remove and Add with the next Compile.
func TestDisable(t *testing.T) {
	api := endpoint.New()
	def := api.Get("abc/def", routerEcho("def"))
	prefix := api.Get("abc/", routerEcho("abc"))
	x := api.Get(":x", routerEcho("x"))
	step := func(reason, target, want string) {
		t.Helper()
		routerRun(t, api, []routerCase{{reason, "GET", target, want}})
	}
	step("the most specific", "/abc/def", "OK def")
	def.Disable()
	step("the next most specific", "/abc/def", "OK abc def")
	step("the bare form redirects", "/abc", "Permanent Redirect /abc/")
	prefix.Disable()
	step("the redirect goes with its prefix", "/abc", "OK x")
	step("nothing is left", "/abc/def", "Not Found")
	x.Disable()
	step("all off", "/abc", "Not Found")
	def.Enable()
	prefix.Enable()
	step("back at once", "/abc/def", "OK def")
	step("the redirect too", "/abc", "Permanent Redirect /abc/")
	if def.Enabled() != true || x.Enabled() != false {
		t.Error("Enabled is wrong")
	}
	api.Remove(def)
	step("removed, not compiled", "/abc/def", "OK def")
	routerCompile(t, api)
	step("removed", "/abc/def", "OK abc def")
	api.Add(def, def)
	routerCompile(t, api)
	step("added again, twice", "/abc/def", "OK def")
	api.Remove(def, prefix, x)
	routerCompile(t, api)
	step("an API without endpoints", "/abc/def", "Not Found")
	if n := len(api.Endpoints()); n != 0 {
		t.Errorf("%d endpoints are left", n)
	}
}

func routerCompile(t testing.TB, api *endpoint.API) {
	t.Helper()
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
}

func TestFailedCompileKeepsServing(t *testing.T) {
	api := endpoint.New()
	api.Get("a", routerEcho("a"))
	routerCompile(t, api)
	bad := api.Get("a//b", routerEcho("b"))
	if api.Compile() == nil {
		t.Fatal("an empty segment is accepted")
	}
	routerRun(t, api, []routerCase{{"what served before goes on", "GET", "/a", "OK a"}})
	api.Remove(bad)
	routerCompile(t, api)
	routerRun(t, api, []routerCase{{"and after", "GET", "/a", "OK a"}})
}

func TestPrefixOption(t *testing.T) {
	api := endpoint.New(endpoint.Prefix("/api/v 1"))
	path := ""
	get := api.Get("users/:id", func(r *endpoint.Request) string { path = r.URL.Path; return r.Pattern + " " + r.Path() })
	api.Get("files/", routerEcho("files"))
	api.Get("", routerEcho("root"))
	routerRun(t, api, []routerCase{
		{"inside, with the pattern and the path below", "GET", "/api/v%201/users/a%20b", "OK /api/v 1/users/:id /users/a b"},
		{"outside", "GET", "/users/1", "Not Found"},
		{"another spelling of the prefix", "GET", "/API/v%201/users/1", "Not Found"},
		{"the redirect has the prefix", "GET", "/api/v%201/files", "Permanent Redirect /api/v%201/files/"},
		{"the API's own path", "GET", "/api/v%201", "OK root"},
		{"which is exact", "GET", "/api/v%201/", "Not Found"},
	})
	if path != "/api/v 1/users/a b" {
		t.Errorf("URL.Path is %q", path)
	}
	if u, err := get.URL(7); u != "/api/v%201/users/7" || err != nil {
		t.Errorf("URL: %q, %v", u, err)
	}
	if get.Path() != "/users/:id" {
		t.Errorf("Path: %q", get.Path())
	}
}

func TestGroupPaths(t *testing.T) {
	tests := []struct {
		reason string
		groups []string
		path   string
		want   string
	}{
		{"one slash", []string{"v1"}, "users", "/v1/users"},
		{"slashes mean nothing at the seam", []string{"/v1/"}, "/users", "/v1/users"},
		{"the group's own path", []string{"v1"}, "", "/v1"},
		{"also of one that ends in a slash", []string{"v1/"}, "", "/v1"},
		{"the group's prefix", []string{"v1"}, "/", "/v1/"},
		{"nested", []string{"api", "v1", "users"}, ":id", "/api/v1/users/:id"},
		{"nested, nothing between", []string{"api", "", "users"}, "", "/api/users"},
		{"a parameter in the group", []string{"orgs/:org"}, "repos/:repo", "/orgs/:org/repos/:repo"},
		{"a prefix below", []string{"v1"}, "files/", "/v1/files/"},
		{"a named rest below", []string{"v1"}, "files/*rest", "/v1/files/*rest"},
		{"no group path", []string{""}, "users", "/users"},
		{"no path at all", []string{""}, "", ""},
		{"a group of everything", []string{"/"}, "users", "/users"},
		{"everything", []string{""}, "/", "/"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			api := endpoint.New()
			g := api.Group(test.groups[0])
			for _, p := range test.groups[1:] {
				g = g.Group(p)
			}
			e := g.Get(test.path, func(*endpoint.Request) {})
			routerCompile(t, api)
			if got := e.Path(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestGroupFaults(t *testing.T) {
	tests := []struct{ reason, group, path, want string }{
		{"a name used twice", "users/:id", "posts/:id", `"id"`},
		{"a rest in the middle", "files/*rest", "x", "nothing can follow *rest"},
		{"a group path that is none", "a//b", "x", "empty segment"},
		{"too many segments together", strings.Repeat("a/", 200), strings.Repeat("b/", 100), "256"},
	}
	for _, test := range tests {
		api := endpoint.New()
		api.Group(test.group).Get(test.path, func(*endpoint.Request) {})
		if err := api.Compile(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: fault %v does not say %q", test.reason, err, test.want)
		}
	}
}

func TestPathValues(t *testing.T) {
	var got map[string]string
	see := func(r *http.Request) {
		got = map[string]string{"pattern": r.Pattern}
		for _, name := range []string{"a", "b", "rest"} {
			got[name] = r.PathValue(name)
		}
	}
	middleware := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { see(r); next.ServeHTTP(w, r) })
	}
	type input struct {
		A string `path:"a"`
		B string `path:"b"`
	}
	api := endpoint.New()
	api.Get("mw/:a/:b", func(input) {}, endpoint.Use(middleware))
	api.Get("handler/:a/*rest", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { see(r) }))
	api.Get("plain/:b", see)
	tests := []struct {
		reason, target string
		want           map[string]string
	}{
		{"middleware sees them though the handler takes an input", "/mw/a%2Fb/%3A", map[string]string{"pattern": "/mw/:a/:b", "a": "a/b", "b": ":", "rest": ""}},
		{"a handler of net/http", "/handler/1/2/3%2F4/", map[string]string{"pattern": "/handler/:a/*rest", "a": "1", "b": "", "rest": "2/3/4/"}},
		{"a plain function", "/plain/%E2%82%AC", map[string]string{"pattern": "/plain/:b", "a": "", "b": "€", "rest": ""}},
	}
	for _, test := range tests {
		got = nil
		routerAsk(t, api, "GET", test.target)
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.reason, d)
		}
	}
}
