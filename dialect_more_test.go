package endpoint_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// A dialectCase is an exchange that the documents tell of in words.
type dialectCase struct {
	reason, fixture, method, target string
	fields                          map[string]string // of the request
	body                            string
	status                          int
	want                            string            // the body; "" for any
	header                          map[string]string // of the answer; "" for none
}

// play plays the case.
func (c *dialectCase) play(t *testing.T, api *endpoint.API) {
	t.Helper()
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	r := httptest.NewRequest(c.method, c.target, body)
	for name, value := range c.fields {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if w.Code != c.status || c.want != "" && w.Body.String() != c.want {
		t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.want)
	}
	for name, want := range c.header {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestDialectMore(t *testing.T) {
	const (
		home      = `{"result":{"status":"OK"}}`
		unmatched = `{"error":{"name":"UndefinedOperation","code":117,"message":"route unmatched"}}`
		key       = "X-Skygear-Api-Key"
		token     = "X-Skygear-Access-Token"
		expired   = `{"detail":{"message":"Session has expired, please log in again","reason":"expired"}}`
		invalid   = `{"detail":{"message":"Token is invalid, please log in again","reason":"invalid_token"}}`
		scheme    = `{"detail":{"message":"Invalid authentication scheme, please use Bearer tokens","reason":"bad_request"}}`
		wrong     = `{"detail":"Method Not Allowed"}`
		missing   = `{"detail":"API endpoint not found"}`
		basic     = `Basic realm="Anvil App API"`
	)
	type fields = map[string]string
	preflight := fields{"Origin": "https://a.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a"}
	cases := []dialectCase{
		{reason: "the redirect has a body for GET", fixture: "sk.foo/", method: "GET", target: "/foo?x=1&y=a%2Fb", status: 301, want: "<a href=\"/foo/?x=1&amp;y=a%2Fb\">Moved Permanently</a>.\n\n", header: fields{"Location": "/foo/?x=1&y=a%2Fb", "Content-Type": "text/html; charset=utf-8"}},
		{reason: "and for HEAD none", fixture: "sk.foo/", method: "HEAD", target: "/foo", status: 301, header: fields{"Location": "/foo/"}},
		{reason: "unclean paths match nothing", fixture: "sk.foo/", method: "GET", target: "/foo/../foo/", status: 200, want: home},
		{reason: "an escaped slash separates nothing", fixture: "sk.foo/", method: "GET", target: "/foo%2Fa", status: 200, want: home},
		{reason: "longest pattern", fixture: "sk.abc", method: "GET", target: "/abc/def", status: 200, want: "exact"},
		{reason: "method before auth", fixture: "sk.user", method: "DELETE", target: "/me", status: 404, want: unmatched},
		{reason: "HEAD of what is not registered", fixture: "sk.foo", method: "HEAD", target: "/nowhere", status: 200},
		{reason: "a preflight", fixture: "sk.foo", method: "OPTIONS", target: "/foo", fields: preflight, status: 200, want: "", header: fields{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "x-a", "Access-Control-Allow-Credentials": ""}},
		{reason: "a preflight of a method that is not there", fixture: "sk.methods", method: "OPTIONS", target: "/my_endpoint", fields: fields{"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}, status: 200, header: fields{"Access-Control-Allow-Methods": ""}},
		{reason: "errors have the header too", fixture: "sk.foo", method: "DELETE", target: "/foo", status: 404, header: fields{"Access-Control-Allow-Origin": "*"}},
		{reason: "no key, a wrong token", fixture: "sk.user", method: "GET", target: "/me", fields: fields{token: "bad"}, status: 401, want: `{"error":{"name":"AccessTokenNotAccepted","code":104,"message":"token does not exist or it has expired"}}`, header: fields{"Www-Authenticate": ""}},
		{reason: "a good key alone", fixture: "sk.user", method: "GET", target: "/me", fields: fields{key: "client-key"}, status: 401, want: `{"error":{"name":"NotAuthenticated","code":101,"message":"Authentication is required for this action, please login."}}`},
		{reason: "a good token needs no key", fixture: "sk.user", method: "GET", target: "/me", fields: fields{token: "tok-u1"}, status: 200, want: "u1"},
		{reason: "nothing", fixture: "sk.user", method: "GET", target: "/me", status: 401, want: `{"error":{"name":"NotAuthenticated","code":101,"message":"Both api key and access token are empty"}}`},
		{reason: "a wrong key is not repeated", fixture: "sk.user", method: "GET", target: "/me", fields: fields{key: "wrong", token: "tok-u1"}, status: 401, want: `{"error":{"name":"AccessKeyNotAccepted","code":103,"message":"Cannot verify api key"}}`},
		{reason: "no credentials in a URL", fixture: "sk.user", method: "GET", target: "/me?access_token=tok-u1", status: 401},
		{reason: "a wrong token on a public handler", fixture: "sk.public", method: "GET", target: "/who", fields: fields{token: "bad"}, status: 200, want: "null"},
		{reason: "the key is enough", fixture: "sk.key", method: "GET", target: "/k", fields: fields{key: "client-key"}, status: 200, want: "ok"},
		{reason: "a token too", fixture: "sk.key", method: "GET", target: "/k", fields: fields{token: "tok-u1"}, status: 200, want: "ok"},
		{reason: "the example with a query", fixture: "sk.ex", method: "GET", target: "/get_query_string?key=month&value=10", status: 200, want: `{"key":"month","value":10}`},
		{reason: "full_path without a query", fixture: "sk.ex", method: "GET", target: "/url/more/levels", status: 200, want: `{"path":"more/levels?"}`},
		{reason: "JSON without a type", fixture: "sk.ex", method: "POST", target: "/json", body: `{"name":"J"}`, status: 200, want: `{"name":"J"}`},
		{reason: "a fault of an input", fixture: "sk.ex", method: "POST", target: "/form", fields: fields{"Content-Type": "application/x-www-form-urlencoded"}, body: "a=x", status: 422, want: `{"error":{"name":"InvalidArgument","code":108,"message":"the request has invalid values","info":{"errors":[{"in":"form","name":"a","code":"type","message":"must be an integer of at most 64 bits"}]}}}`},
		{reason: "a body that is no object", fixture: "sk.foo", method: "POST", target: "/nowhere", body: "[1]", status: 400, header: fields{"Content-Type": ""}},
		{reason: "an object", fixture: "sk.foo", method: "POST", target: "/nowhere", body: `{"a":1}`, status: 200, want: home},
		{reason: "Index", fixture: "sk.rest", method: "GET", target: "/notes", status: 200, want: `["index"]`},
		{reason: "Index with a slash", fixture: "sk.rest", method: "GET", target: "/notes/", status: 200, want: `["index"]`},
		{reason: "Create without a type", fixture: "sk.rest", method: "POST", target: "/notes/", body: `{"a":1}`, status: 200, want: `{"created":{"a":1}}`},
		{reason: "Update", fixture: "sk.rest", method: "PUT", target: "/notes/7/", body: `{"a":1}`, status: 200, want: `{"payload":{"a":1},"update":"7"}`},
		{reason: "DELETE of the list", fixture: "sk.rest", method: "DELETE", target: "/notes", status: 400, want: `{"error":{"name":"BadRequest","code":107,"message":"invalid request method"}}`},
		{reason: "Create of nothing", fixture: "sk.rest", method: "POST", target: "/notes", status: 200, want: `{"created":{}}`},
		{reason: "PATCH is no method of a resource", fixture: "sk.rest", method: "PATCH", target: "/notes", status: 404, want: unmatched},

		{reason: "POST of a GET path", fixture: "da.custom", method: "POST", target: "/api/custom/", status: 405, want: wrong, header: fields{"Allow": "GET"}},
		{reason: "OPTIONS", fixture: "da.misc", method: "OPTIONS", target: "/api/greetings", status: 405, want: wrong, header: fields{"Allow": "GET", "Access-Control-Allow-Origin": ""}},
		{reason: "OPTIONS of nothing", fixture: "da.misc", method: "OPTIONS", target: "/api/unknown", status: 405, want: wrong, header: fields{"Allow": "GET"}},
		{reason: "PUT of a POST path", fixture: "da.misc", method: "PUT", target: "/api/upload", status: 405, want: wrong, header: fields{"Allow": "POST"}},
		{reason: "no redirect", fixture: "da.misc", method: "GET", target: "/api/greetings/", status: 404, want: missing},
		{reason: "below an exact path", fixture: "da.custom", method: "GET", target: "/api/custom/x", fields: fields{"Authorization": "Bearer good"}, status: 404, want: missing},
		{reason: "outside of the prefix", fixture: "da.misc", method: "POST", target: "/apix", status: 404, want: `{"detail":"Not Found"}`},
		{reason: "the server's own", fixture: "da.misc", method: "GET", target: "/status", status: 200, want: `{"status":"ok"}`},
		{reason: "an expired token", fixture: "da.custom", method: "GET", target: "/api/custom/", fields: fields{"Authorization": "Bearer expired"}, status: 401, want: expired, header: fields{"Www-Authenticate": ""}},
		{reason: "a wrong cookie", fixture: "da.custom", method: "GET", target: "/api/custom/", fields: fields{"Cookie": "dara_session_token=junk"}, status: 401, want: invalid},
		{reason: "the header comes first", fixture: "da.custom", method: "GET", target: "/api/custom/", fields: fields{"Authorization": "Bearer junk", "Cookie": "dara_session_token=good"}, status: 401, want: invalid},
		{reason: "another scheme beside the cookie", fixture: "da.custom", method: "GET", target: "/api/custom/", fields: fields{"Authorization": "Basic x", "Cookie": "dara_session_token=good"}, status: 400, want: scheme},
		{reason: "the scheme is exact", fixture: "da.custom", method: "GET", target: "/api/custom/", fields: fields{"Authorization": "Bearer"}, status: 400, want: scheme},
		{reason: "NaN and infinities", fixture: "da.misc", method: "GET", target: "/api/nan", status: 200, want: `{"i":null,"v":null}`},
		{reason: "a number", fixture: "da.misc", method: "GET", target: "/api/int", status: 200, want: "10"},
		{reason: "a path parameter of the wrong type", fixture: "da.misc", method: "GET", target: "/api/items/abc", status: 422, want: `{"detail":[{"type":"type","loc":["path","id"],"msg":"must be an integer of at most 64 bits"}]}`},
		{reason: "a missing member, without what was sent", fixture: "da.misc", method: "POST", target: "/api/upload", fields: fields{"Content-Type": "application/json"}, body: `{"nam":"secret"}`, status: 422, want: `{"detail":[{"type":"missing","loc":["body","name"],"msg":"Field required"}]}`},
		{reason: "malformed JSON", fixture: "da.misc", method: "POST", target: "/api/upload", fields: fields{"Content-Type": "application/json"}, body: `{bad`, status: 422, want: `{"detail":[{"type":"json_invalid","loc":["body"],"msg":"JSON decode error"}]}`},
		{reason: "but credentials first", fixture: "da.misc", method: "POST", target: "/api/secure-upload", fields: fields{"Content-Type": "application/json"}, body: `{bad`, status: 401, want: expired},
		{reason: "internal text stays inside", fixture: "da.misc", method: "GET", target: "/api/boom", status: 500, want: `{"detail":"Internal Server Error"}`},
		{reason: "no user, no session", fixture: "da.user", method: "GET", target: "/api/custom", status: 401, want: expired},

		{reason: "GET is a default", fixture: "an.methods.default", method: "GET", target: "/_/api/m", status: 200, want: "m"},
		{reason: "PUT is none", fixture: "an.methods.default", method: "PUT", target: "/_/api/m", status: 405, want: "Method not supported", header: fields{"Allow": "GET, POST"}},
		{reason: "OPTIONS without CORS", fixture: "an.methods.default", method: "OPTIONS", target: "/_/api/m", status: 405, want: "Method not supported"},
		{reason: "a preflight of a stranger", fixture: "an.nocors", method: "OPTIONS", target: "/_/api/c", fields: preflight, status: 405, header: fields{"Access-Control-Allow-Origin": ""}},
		{reason: "a preflight", fixture: "an.cors", method: "OPTIONS", target: "/_/api/c", fields: preflight, status: 200, header: fields{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type, x-a"}},
		{reason: "OPTIONS with CORS", fixture: "an.cors", method: "OPTIONS", target: "/_/api/c", status: 200, header: fields{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "content-type"}},
		{reason: "a preflight needs no user", fixture: "an.auth", method: "OPTIONS", target: "/_/api/protected", fields: preflight, status: 200, header: fields{"Access-Control-Allow-Methods": "POST"}},
		{reason: "another origin of the application", fixture: "an.origin", method: "GET", target: "/_/api/app", fields: fields{"Origin": "https://my-app.anvil.app"}, status: 200, want: "https://my-app.anvil.app", header: fields{"Access-Control-Allow-Origin": "https://my-app.anvil.app", "Access-Control-Allow-Headers": "content-type"}},
		{reason: "the right password", fixture: "an.auth", method: "GET", target: "/_/api/protected", fields: fields{"Authorization": "Basic dXNlcjEyM0BnbWFpbC5jb206bXlTdXBlclMzY3JldFBhc3N3MHJk"}, status: 200, want: "user123@gmail.com"},
		{reason: "a wrong password", fixture: "an.auth", method: "GET", target: "/_/api/protected", fields: fields{"Authorization": "Basic dXNlcjEyM0BnbWFpbC5jb206eA=="}, status: 401, want: "Unauthorized", header: fields{"Www-Authenticate": basic, "Access-Control-Allow-Origin": ""}},
		{reason: "HEAD is judged too", fixture: "an.auth", method: "HEAD", target: "/_/api/protected", status: 401, header: fields{"Www-Authenticate": basic}},
		{reason: "the method of a public path", fixture: "an.creds", method: "PUT", target: "/_/api/protected", fields: fields{"Authorization": "Basic YW55OnRoaW5n"}, status: 405, want: "Method not supported"},
		{reason: "a parameter is not empty", fixture: "an.user", method: "GET", target: "/_/api/users/", status: 404, want: "No matching API endpoint"},
		{reason: "a parameter is unescaped once", fixture: "an.user", method: "GET", target: "/_/api/users/a%252Fb", status: 200, want: "You requested user a%2Fb"},
		{reason: "outside of the prefix", fixture: "an.user", method: "GET", target: "/users/42", status: 404, want: "No matching API endpoint"},
		{reason: "another key", fixture: "an.user", method: "GET", target: "/_/private_api/KEY124/users/42", status: 403},
		{reason: "a list", fixture: "an.ret", method: "GET", target: "/_/api/list", status: 200, want: "[1,2]"},
		{reason: "nothing", fixture: "an.ret", method: "GET", target: "/_/api/none", status: 200, want: "null"},
		{reason: "an argument of the wrong type", fixture: "an.add", method: "GET", target: "/_/api/add/x/1", status: 422, want: "the request has invalid values\npath a must be an integer of at most 64 bits", header: fields{"Content-Type": "text/plain; charset=utf-8"}},
	}
	fixtures := skygearFixtures()
	maps.Copy(fixtures, daraFixtures())
	maps.Copy(fixtures, anvilFixtures())
	for _, c := range cases {
		t.Run(c.fixture+" "+c.reason, func(t *testing.T) {
			api := fixtures[c.fixture](t)
			if err := api.Compile(); err != nil {
				t.Fatal(err)
			}
			c.play(t, api)
		})
	}
}

// Everything that a dialect sets is overridden by the options beside it,
// wherever they stand.
func TestDialectOverridden(t *testing.T) {
	plain := endpoint.ErrorFormat(func(_ *endpoint.Request, e *endpoint.Error) *endpoint.Response {
		return endpoint.Respond(e.Status, "plain: "+e.Title)
	})
	closed := endpoint.CORS(endpoint.CORSConfig{})
	tests := []struct {
		reason string
		opts   []endpoint.Option
		dialectCase
	}{
		{"a prefix before", []endpoint.Option{endpoint.Prefix("/v1"), endpoint.Dara(), endpoint.Public()}, dialectCase{method: "GET", target: "/v1/x", status: 200, want: `"x"`}},
		{"a prefix after", []endpoint.Option{endpoint.Dara(), endpoint.Prefix("/v1"), endpoint.Public()}, dialectCase{method: "GET", target: "/v1/x", status: 200, want: `"x"`}},
		{"the format of errors", []endpoint.Option{endpoint.Skygear(), plain}, dialectCase{method: "DELETE", target: "/x", status: 404, want: "plain: Not Found"}},
		{"methods", []endpoint.Option{endpoint.Anvil(), endpoint.Methods("PUT")}, dialectCase{method: "GET", target: "/_/api/x", status: 405, header: map[string]string{"Allow": "PUT"}}},
		{"CORS", []endpoint.Option{endpoint.Skygear(), closed}, dialectCase{method: "GET", target: "/x", status: 200, header: map[string]string{"Access-Control-Allow-Origin": ""}}},
		{"unknown paths", []endpoint.Option{endpoint.Skygear(), endpoint.NotFound(http.NotFoundHandler())}, dialectCase{method: "GET", target: "/y", status: 404, want: "404 page not found\n"}},
		{"a requirement", []endpoint.Option{endpoint.Dara(), endpoint.RequireCredentials()}, dialectCase{method: "GET", target: "/api/x", fields: map[string]string{"Authorization": "Basic YTpi"}, status: 200, want: `"x"`}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			api := endpoint.New(append(tt.opts, seedQuiet())...)
			api.Handle("x", says("x"))
			if err := api.Compile(); err != nil {
				t.Fatal(err)
			}
			tt.play(t, api)
		})
	}
}

// A dialect reads paths as its system did, also for URL and Path.
func TestDialectPaths(t *testing.T) {
	sk := endpoint.New(endpoint.Skygear())
	chat := sk.Group("team:red").Get("chat:join", says("joined"))
	note := sk.Get("notes/:id", func(id string) string { return id })
	da := endpoint.New(endpoint.Dara(), endpoint.Public())
	custom := da.Get("custom/", says("custom"))
	item := da.Get("items/{id:int}/x", func(id int) int { return id })
	files := da.Get("files/{p:path}", func(p string) string { return p })
	got := []string{chat.Path(), note.Path(), custom.Path(), item.Path(), files.Path()}
	for _, u := range []func() (string, error){
		func() (string, error) { return chat.URL() },
		func() (string, error) { return note.URL("a/b") },
		func() (string, error) { return custom.URL() },
	} {
		s, err := u()
		if err != nil {
			t.Error(err)
		}
		got = append(got, s)
	}
	want := []string{"/team/red/chat/join", "/notes/:id", "/custom/", "/items/:id/x", "/files/*p", "/team/red/chat/join", "/notes/a%2Fb", "/api/custom/"}
	if err := errors.Join(sk.Compile(), da.Compile()); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
}

// A handler without result is answered as a function that returns None.
func TestDialectNoResult(t *testing.T) {
	dialects := map[string]endpoint.Option{"": endpoint.Skygear(), "/api": endpoint.Dara(), "/_/api": endpoint.Anvil()}
	for prefix, dialect := range dialects {
		api := endpoint.New(dialect, endpoint.Public())
		api.Get("none", func() {})
		api.Get("error", func() error { return nil })
		api.Get("status", func() {}, endpoint.Status(204))
		api.Get("writer", func(http.ResponseWriter) {})
		if err := api.Compile(); err != nil {
			t.Fatal(err)
		}
		json := map[string]string{"Content-Type": "application/json"}
		for _, c := range []dialectCase{
			{method: "GET", target: "/none", status: 200, want: "null", header: json},
			{method: "GET", target: "/error", status: 200, want: "null", header: json},
			{method: "GET", target: "/status", status: 204},
			{method: "GET", target: "/writer", status: 200, header: map[string]string{"Content-Type": ""}},
		} {
			c.target = prefix + c.target
			c.play(t, api)
		}
		list, err := api.Operations()
		if err != nil || len(list) != 4 || list[0].Result.MediaType != "application/json" && list[1].Result.MediaType != "application/json" {
			t.Errorf("operations %+v, error %v", list, err)
		}
	}
}
