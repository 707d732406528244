package endpoint_test

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// corsSite is the origin that the API of these tests trusts.
const corsSite = "https://app.example"

type (
	corsTraced struct {
		Trace string `header:"X-Trace"`
	}
	corsBody struct {
		A int `json:"a"`
	}
)

// corsAPI has endpoints with and without a policy.
func corsAPI(opts ...endpoint.Option) *endpoint.API {
	site := endpoint.CORSConfig{Origins: []string{corsSite}, Headers: []string{"X-Key"}}
	api := endpoint.New(append([]endpoint.Option{seedQuiet(), endpoint.CORS(site)}, opts...)...)
	api.Get("item", says("item"))
	api.Put("item", func(corsBody) string { return "put" }, endpoint.CORS(endpoint.CORSConfig{
		Origins: []string{"https://*.example.org", "http://[::1]:8080"}, Credentials: true, MaxAge: time.Hour, ExposeHeaders: []string{"X-Total"},
	}))
	api.Delete("item", says("deleted"), endpoint.CORS(endpoint.CORSConfig{}))
	api.Get("traced", func(in corsTraced) string { return in.Trace })
	api.Handle("fail", func() error { return errors.New("inside") })
	api.Get("public", says("public"), endpoint.CORS(endpoint.CORSConfig{Origins: []string{"*"}, Headers: []string{"*"}}))
	api.Handle("any", func(r *endpoint.Request) string { return r.Method }, endpoint.Methods("*"))
	api.Get("files/", func(r *endpoint.Request) string { return r.Rest() })
	api.Get("own", func() *endpoint.Response {
		return endpoint.Respond(200, "own").Set("Vary", "Accept").Set("Access-Control-Allow-Origin", "https://evil.example")
	})
	api.Get("never", func() (string, error) { return "", endpoint.Errorf(http.StatusForbidden, "no") })
	api.Handle("options", func() string { panic("a preflight runs no handler") }, endpoint.Methods("GET", "OPTIONS"))
	api.Get("chosen", says("chosen"), endpoint.CORS(endpoint.CORSConfig{AllowOrigin: func(r *endpoint.Request, origin string) bool {
		if origin == "https://panics.example" {
			panic("asked")
		}
		return origin == "https://"+r.URL.Query().Get("tenant")+".example" || origin == "null"
	}}))
	return api
}

// corsFields are the fields of an answer that are of interest.
func corsFields(h http.Header) map[string]string {
	fields := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if strings.HasPrefix(name, "Access-Control-") || name == "Vary" {
			fields[strings.TrimPrefix(name, "Access-Control-")] = strings.Join(h[name], " + ")
		}
	}
	return fields
}

// corsAsk sends a request to an API; fields are name, value, name, value.
func corsAsk(t *testing.T, h http.Handler, method, target string, fields ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// The answers to requests other than preflights.
func TestCORSAnswers(t *testing.T) {
	allowed := map[string]string{"Allow-Origin": corsSite, "Vary": "Origin"}
	closed := map[string]string{"Vary": "Origin"}
	tests := []struct {
		reason, method, target, origin string
		status                         int
		want                           map[string]string
	}{
		{"the policy of the API", "GET", "/item", corsSite, 200, allowed},
		{"no origin: the answer still depends on it", "GET", "/item", "", 200, closed},
		{"an origin that is not allowed", "GET", "/item", "https://evil.example", 200, closed},
		{"HEAD follows GET", "HEAD", "/item", corsSite, 200, allowed},
		{"the endpoint's own policy replaces", "PUT", "/item", corsSite, 415, closed},
		{"a subdomain, with credentials; 415 is readable", "PUT", "/item", "https://a.b.example.org", 415, map[string]string{
			"Allow-Origin": "https://a.b.example.org", "Allow-Credentials": "true", "Expose-Headers": "X-Total", "Vary": "Origin",
		}},
		{"an address", "PUT", "/item", "http://[::1]:8080", 415, map[string]string{
			"Allow-Origin": "http://[::1]:8080", "Allow-Credentials": "true", "Expose-Headers": "X-Total", "Vary": "Origin",
		}},
		{"the zero policy closes", "DELETE", "/item", corsSite, 200, map[string]string{}},
		{"500 is readable", "GET", "/fail", corsSite, 500, allowed},
		{"403 is readable", "GET", "/never", corsSite, 403, allowed},
		{"405 is readable", "PATCH", "/fail", corsSite, 405, allowed},
		{"404 follows the API", "GET", "/nothing", corsSite, 404, allowed},
		{"a path that nothing matches, too", "GET", "/a//b", corsSite, 404, allowed},
		{"a redirect is followed", "GET", "/files", corsSite, 308, allowed},
		{"every origin", "GET", "/public", "https://evil.example", 200, map[string]string{"Allow-Origin": "*", "Vary": "Origin"}},
		{"null is an origin of nobody", "GET", "/public", "null", 200, map[string]string{"Allow-Origin": "*", "Vary": "Origin"}},
		{"the policy has the last word", "GET", "/own", corsSite, 200, map[string]string{"Allow-Origin": corsSite, "Vary": "Accept + Origin"}},
		{"a handler cannot open by mistake", "GET", "/own", "https://evil.example", 200, map[string]string{"Vary": "Accept + Origin"}},
		{"a function allows", "GET", "/chosen?tenant=t", "https://t.example", 200, map[string]string{"Allow-Origin": "https://t.example", "Vary": "Origin"}},
		{"and refuses", "GET", "/chosen?tenant=t", "https://u.example", 200, closed},
		{"null is never asked about", "GET", "/chosen?tenant=t", "null", 200, closed},
		{"a function that panics refuses", "GET", "/chosen", "https://panics.example", 200, closed},
		{"OPTIONS without a method is no preflight", "OPTIONS", "/item", "", 204, closed},
		{"any method", "PATCH", "/any", corsSite, 200, allowed},
	}
	for _, prefix := range []string{"", "/v1"} {
		api := corsAPI(endpoint.Prefix(prefix))
		if err := api.Compile(); err != nil {
			t.Fatal(err)
		}
		for _, tt := range tests {
			t.Run(prefix+" "+tt.reason, func(t *testing.T) {
				var fields []string
				if tt.origin != "" {
					fields = []string{"Origin", tt.origin}
				}
				answer := corsAsk(t, api, tt.method, prefix+tt.target, fields...)
				if answer.StatusCode != tt.status {
					t.Errorf("status %d, want %d", answer.StatusCode, tt.status)
				}
				if d := cmp.Diff(tt.want, corsFields(answer.Header)); d != "" {
					t.Errorf("fields (-want +got):\n%s", d)
				}
			})
		}
	}
}

// The answers to preflights.
func TestCORSPreflights(t *testing.T) {
	const vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
	refused := map[string]string{"Vary": vary}
	yes := func(origin, method, headers string) map[string]string {
		m := map[string]string{"Allow-Origin": origin, "Allow-Methods": method, "Vary": vary}
		if headers != "" {
			m["Allow-Headers"] = headers
		}
		return m
	}
	credentialed := yes("https://a.example.org", "PUT", "content-type")
	credentialed["Allow-Credentials"], credentialed["Max-Age"] = "true", "3600"
	tests := []struct {
		reason, target, origin, method, headers string
		status                                  int
		want                                    map[string]string
	}{
		{"a method of the path", "/item", corsSite, "GET", "", 204, yes(corsSite, "GET", "")},
		{"HEAD follows GET", "/item", corsSite, "HEAD", "", 204, yes(corsSite, "HEAD", "")},
		{"a header of the policy", "/item", corsSite, "GET", "x-key", 204, yes(corsSite, "GET", "x-key")},
		{"a header that is not", "/item", corsSite, "GET", "x-other", 204, refused},
		{"one of two that is not", "/item", corsSite, "GET", "x-key,x-other", 204, refused},
		{"a header that the input reads", "/traced", corsSite, "GET", "x-trace", 204, yes(corsSite, "GET", "x-trace")},
		{"no body, so no type of one", "/item", corsSite, "GET", "content-type", 204, refused},
		{"judged by the endpoint of the method", "/item", "https://a.example.org", "PUT", "content-type", 204, credentialed},
		{"whose policy is not that of GET", "/item", corsSite, "PUT", "", 204, refused},
		{"an origin that is not allowed", "/item", "https://evil.example", "GET", "", 204, refused},
		{"an endpoint that is closed", "/item", corsSite, "DELETE", "", 204, map[string]string{"Vary": "Origin"}},
		{"a method that the path does not have", "/item", corsSite, "PATCH", "", 204, map[string]string{"Vary": "Origin"}},
		{"methods are exact", "/item", corsSite, "get", "", 204, map[string]string{"Vary": "Origin"}},
		{"an unknown path follows no endpoint", "/nothing", corsSite, "GET", "", 404, map[string]string{"Allow-Origin": corsSite, "Vary": "Origin"}},
		{"every header", "/public", "https://evil.example", "GET", "x-a,x-b", 204, yes("*", "GET", "x-a, x-b")},
		{"every header, but not what is none", "/public", "https://evil.example", "GET", "x-a,x b", 204, yes("*", "GET", "")},
		{"every method", "/any", corsSite, "DELETE", "content-type", 204, yes(corsSite, "DELETE", "content-type")},
		{"by way of the redirect", "/files", corsSite, "GET", "x-key", 204, yes(corsSite, "GET", "x-key")},
		{"no handler runs, also where one has OPTIONS", "/options", corsSite, "GET", "", 204, yes(corsSite, "GET", "")},
		{"a function sees the request", "/chosen?tenant=t", "https://t.example", "GET", "", 204, yes("https://t.example", "GET", "")},
		{"a function that panics refuses", "/chosen", "https://panics.example", "GET", "", 204, refused},
	}
	api := corsAPI()
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			fields := []string{"Origin", tt.origin, "Access-Control-Request-Method", tt.method}
			if tt.headers != "" {
				fields = append(fields, "Access-Control-Request-Headers", tt.headers)
			}
			answer := corsAsk(t, api, "OPTIONS", tt.target, fields...)
			if answer.StatusCode != tt.status {
				t.Errorf("status %d, want %d", answer.StatusCode, tt.status)
			}
			if d := cmp.Diff(tt.want, corsFields(answer.Header)); d != "" {
				t.Errorf("fields (-want +got):\n%s", d)
			}
		})
	}
}

// EnableCORS names every origin on every answer, asked or not.
func TestEnableCORS(t *testing.T) {
	api := endpoint.New(endpoint.EnableCORS())
	api.Post("c", says("c"))
	always := map[string]string{"Allow-Origin": "*", "Allow-Headers": "content-type"}
	for _, fields := range [][]string{nil, {"Origin", "https://a.example"}} {
		if d := cmp.Diff(always, corsFields(corsAsk(t, api, "POST", "/c", fields...).Header)); d != "" {
			t.Errorf("fields (-want +got):\n%s", d)
		}
	}
	answer := corsAsk(t, api, "OPTIONS", "/c", "Origin", "https://a.example",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
	want := map[string]string{
		"Allow-Origin": "*", "Allow-Methods": "POST", "Allow-Headers": "content-type, authorization",
		"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
	}
	if d := cmp.Diff(want, corsFields(answer.Header)); d != "" {
		t.Errorf("fields (-want +got):\n%s", d)
	}
}

// What middleware of the API answers itself is readable too, and what an
// endpoint keeps closed stays closed behind middleware.
func TestCORSAround(t *testing.T) {
	busy := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Query().Get("busy") {
			case "1":
				http.Error(w, "busy", http.StatusTooManyRequests)
				return
			case "panic":
				panic("middleware")
			}
			next.ServeHTTP(struct{ http.ResponseWriter }{w}, r) // hides what is inside
		})
	}
	api := corsAPI(endpoint.Use(busy))
	tests := []struct {
		reason, method, target string
		status                 int
		want                   string
	}{
		{"the endpoint answers", "GET", "/item", 200, corsSite},
		{"the endpoint is closed", "DELETE", "/item", 200, ""},
		{"another policy", "PUT", "/item", 415, ""},
		{"the middleware answers", "DELETE", "/item?busy=1", 429, corsSite},
		{"the middleware panics", "GET", "/item?busy=panic", 500, corsSite},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			answer := corsAsk(t, api, tt.method, tt.target, "Origin", corsSite)
			if got := answer.Header.Get("Access-Control-Allow-Origin"); answer.StatusCode != tt.status || got != tt.want {
				t.Errorf("status %d with %q, want %d with %q", answer.StatusCode, got, tt.status, tt.want)
			}
			if v := answer.Header.Values("Vary"); len(v) > 1 {
				t.Errorf("Vary is %q", v)
			}
		})
	}
}

// A preflight needs no credentials and no body, and the endpoint's middleware
// and guards do not see it.
func TestCORSPreflightIsFirst(t *testing.T) {
	never := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("middleware saw the preflight") })
	}
	guard := func() error { t.Error("a guard saw the preflight"); return nil }
	api := endpoint.New(endpoint.Auth(endpoint.BearerAuth(daraToken)), endpoint.UserRequired(), endpoint.Depends(guard))
	api.Get("x", says("x"), endpoint.Use(never), endpoint.CORS(endpoint.CORSConfig{Origins: []string{corsSite}, Headers: []string{"Authorization"}, Credentials: true}))
	answer := corsAsk(t, api, "OPTIONS", "/x", "Origin", corsSite, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
	if got := answer.Header.Get("Access-Control-Allow-Headers"); answer.StatusCode != 204 || got != "authorization" {
		t.Errorf("status %d, headers %q", answer.StatusCode, got)
	}
	denied := corsAsk(t, endpointWithUser(t), "GET", "/x", "Origin", corsSite)
	if got := denied.Header.Get("Access-Control-Allow-Origin"); denied.StatusCode != 401 || got != corsSite {
		t.Errorf("status %d with %q: a page could not read the refusal", denied.StatusCode, got)
	}
}

// endpointWithUser is an API with one endpoint of users.
func endpointWithUser(t *testing.T) *endpoint.API {
	t.Helper()
	api := endpoint.New(endpoint.Auth(endpoint.BearerAuth(daraToken)), endpoint.CORS(endpoint.CORSConfig{Origins: []string{corsSite}}))
	api.Get("x", says("x"), endpoint.UserRequired())
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api
}

// What is enforced is described.
func TestCORSDescribed(t *testing.T) {
	api := corsAPI()
	list, err := api.Operations()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, op := range list {
		if op.CORS != nil {
			got[op.Methods[0]+" "+op.Path] = strings.Join(op.CORS.Origins, " ")
		}
	}
	for name, want := range map[string]string{"GET /item": corsSite, "PUT /item": "https://*.example.org http://[::1]:8080", "DELETE /item": "", "GET /public": "*"} {
		if got[name] != want {
			t.Errorf("%s: origins %q, want %q", name, got[name], want)
		}
	}
	var b strings.Builder
	if err := api.Explain(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\tpages of https://*.example.org, http://[::1]:8080, with credentials\n", "\tpages of those that a function allows\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("Explain lacks %q", want)
		}
	}
}

// A fault of the methods is told, whatever the policy.
func TestCORSWithoutMethods(t *testing.T) {
	api := endpoint.New(endpoint.EnableCORS())
	api.Handle("x", says("x"), endpoint.Methods())
	if err := api.Compile(); err == nil || !strings.Contains(err.Error(), "no method given") {
		t.Errorf("error %v", err)
	}
}

// The answer of the clock has the headers too, and the function that allows
// origins may be asked by both sides.
func TestCORSTimeout(t *testing.T) {
	api := endpoint.New(seedQuiet(), endpoint.CORS(endpoint.CORSConfig{
		AllowOrigin: func(_ *endpoint.Request, origin string) bool { return origin == corsSite },
	}))
	api.Get("slow", func(r *endpoint.Request) string { <-r.Context().Done(); return "late" }, endpoint.Timeout(time.Millisecond))
	answer := corsAsk(t, api, "GET", "/slow", "Origin", corsSite)
	if got := answer.Header.Get("Access-Control-Allow-Origin"); answer.StatusCode != 503 || got != corsSite {
		t.Errorf("status %d with %q, want 503 with %q", answer.StatusCode, got, corsSite)
	}
}
