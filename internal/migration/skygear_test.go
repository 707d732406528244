package migration

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed217079a1/endpoint"
)

func TestSkygearPaths(t *testing.T) {
	foo := func() string { return "foo" }
	tree := func(r *endpoint.Request) string { return r.Path() }
	exact := func() string { return "exact" }
	// guide: paths
	api := endpoint.New(endpoint.Skygear())

	api.Handle("foo", foo)       // /foo, neither /foo/ nor /foo/bar
	api.Handle("bar/", tree)     // /bar/, /bar/a, /bar/a/b; /bar redirects to /bar/
	api.Handle("abc/", tree)     // everything below /abc/ ...
	api.Handle("abc/def", exact) // ... but this
	// end
	home := `{"result":{"status":"OK"}}`
	play(t, api,
		get("/foo", "foo"), get("/foo/", home), get("/foo/bar", home), get("/nothing", home),
		get("/bar/", "/bar/"), get("/bar/a/b", "/bar/a/b"), get("/abc/x", "/abc/x"), get("/abc/def", "exact"),
		exchange{method: "GET", target: "/bar?x=1", status: 301, has: "Location: /bar/?x=1"},
	)
}

func TestSkygearMethods(t *testing.T) {
	api := endpoint.New(endpoint.Skygear())
	// guide: methods
	handleGet := func() string { return "get" }
	handlePost := func() string { return "post" }

	api.Handle("my_endpoint", handleGet, endpoint.Methods("GET"))
	api.Handle("my_endpoint", handlePost, endpoint.Methods("POST"))
	// end
	play(t, api, get("/my_endpoint", "get"), exchange{method: "POST", target: "/my_endpoint", status: 200, want: "post"},
		exchange{method: "DELETE", target: "/my_endpoint", status: 404})
}

func TestSkygearUsers(t *testing.T) {
	accounts := func(_ context.Context, token string) (*endpoint.User, error) {
		if endpoint.SameSecret(token, "user-access-token") {
			return &endpoint.User{ID: "u1"}, nil
		}
		return nil, endpoint.ErrCredentials
	}
	// guide: users
	api := endpoint.New(
		endpoint.Skygear(),
		endpoint.Auth(endpoint.SkygearAuth([]string{"your-api-key"}, accounts)),
	)

	me := func(ctx context.Context) string {
		return "Hello, " + endpoint.CurrentUserID(ctx)
	}
	api.Handle("me", me, endpoint.UserRequired())
	// end
	play(t, api, get("/me", "Hello, u1", "X-Skygear-API-Key", "your-api-key", "X-Skygear-Access-Token", "user-access-token"),
		exchange{method: "GET", target: "/me", status: 401, want: `{"error":{"name":"NotAuthenticated","code":101,"message":"Both api key and access token are empty"}}`})
}

func TestSkygearReturns(t *testing.T) {
	api := endpoint.New(endpoint.Skygear())
	// guide: returns
	api.Handle("text", func() string { return "hello" })                        // text/plain
	api.Handle("dict", func() map[string]int { return map[string]int{"a": 1} }) // application/json
	api.Handle("none", func() any { return nil })                               // null
	api.Handle("response", func() *endpoint.Response {
		return endpoint.Respond(418, "tea").Set("X-Kind", "green")
	})
	api.Handle("fail", func() error {
		return &endpoint.Error{Status: 400, Type: "BadRequest", Detail: "nope"}
	})
	// end
	play(t, api, get("/text", "hello"), get("/dict", `{"a":1}`), get("/none", "null"),
		exchange{method: "GET", target: "/response", status: 418, want: "tea", has: "X-Kind: green"},
		exchange{method: "GET", target: "/fail", status: 400, want: `{"error":{"name":"BadRequest","code":107,"message":"nope"}}`})
}

func TestSkygearQuery(t *testing.T) {
	api := endpoint.New(endpoint.Skygear())
	// guide: query
	type pair struct {
		Key   string `query:"key" json:"key"`
		Value int    `query:"value" json:"value"`
	}
	api.Handle("get_query_string", func(in pair) pair { return in })
	// end
	play(t, api, get("/get_query_string?key=month&value=10", `{"key":"month","value":10}`),
		exchange{method: "GET", target: "/get_query_string?value=x", status: 422})
}

func TestSkygearForm(t *testing.T) {
	api := endpoint.New(endpoint.Skygear())
	// guide: form
	type fields struct {
		A int    `form:"a" json:"a"`
		B string `form:"b" json:"b"`
	}
	api.Handle("form", func(in fields) fields { return in })
	// end
	play(t, api, exchange{
		method: "POST", target: "/form", header: []string{"Content-Type", "application/x-www-form-urlencoded"},
		body: "a=3&b=at", status: 200, want: `{"a":3,"b":"at"}`,
	})
}

func TestSkygearJSON(t *testing.T) {
	api := endpoint.New(endpoint.Skygear())
	// guide: json
	type person struct {
		Name string `json:"name"`
	}
	api.Handle("json", func(body person) person { return body })
	// end
	play(t, api, exchange{
		method: "POST", target: "/json", header: []string{"Content-Type", "application/json"},
		body: `{"name": "John"}`, status: 200, want: `{"name":"John"}`,
	})
}

func TestSkygearURL(t *testing.T) {
	api := endpoint.New(endpoint.Skygear())
	// guide: url
	parseURL := func(r *endpoint.Request) map[string]string {
		path := strings.TrimPrefix(r.FullPath(), "/url/")
		return map[string]string{"path": path}
	}
	api.Handle("url/", parseURL)
	// end
	play(t, api, get("/url/more/levels?level=3", `{"path":"more/levels?level=3"}`))
}

func TestSkygearRequest(t *testing.T) {
	api := endpoint.New(endpoint.Skygear())
	// guide: request
	echo := func(r *endpoint.Request, args url.Values) (string, error) {
		body, err := r.BodyBytes() // request.stream.read()
		return r.Method + " " + args.Get("key") + " " + string(body), err
	}
	api.Handle("echo", echo)
	// end
	play(t, api, exchange{method: "POST", target: "/echo?key=k", body: "b", status: 200, want: "POST k b"})
}

// guide: rest
type Notes struct {
	mu    sync.Mutex
	texts []string
}

func (n *Notes) Index() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.texts)
}

type Note struct {
	Text string `json:"text"`
}

func (n *Notes) Create(note Note) Note {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.texts = append(n.texts, note.Text)
	return note
}

func (n *Notes) Get(id int) (Note, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if id < 0 || id >= len(n.texts) {
		return Note{}, endpoint.Errorf(404, "no such note")
	}
	return Note{n.texts[id]}, nil
}

// end

func TestSkygearRest(t *testing.T) {
	api := endpoint.New(endpoint.Skygear())
	// guide: rest registration
	api.Add(endpoint.Resource("notes", &Notes{}))
	// end
	play(t, api, exchange{method: "POST", target: "/notes", body: `{"text":"a"}`, status: 200, want: `{"text":"a"}`},
		get("/notes", `["a"]`), get("/notes/0", `{"text":"a"}`), exchange{method: "GET", target: "/notes/1", status: 404})
}

var errTooMany = errors.New("too many")

func TestSkygearErrors(t *testing.T) {
	// guide: errors
	api := endpoint.New(
		endpoint.Skygear(),
		endpoint.MapErrorAs(func(err *url.Error) *endpoint.Error {
			return &endpoint.Error{Status: 503, Type: "PluginUnavailable", Detail: "upstream is down"}
		}),
		endpoint.MapError(errTooMany, 403, "not so fast"),
	)
	// end
	api.Get("down", func() error { return &url.Error{Op: "Get", URL: "/", Err: errors.New("refused")} })
	api.Get("many", func() error { return errTooMany })
	play(t, api, exchange{method: "GET", target: "/down", status: 503, want: `{"error":{"name":"PluginUnavailable","code":118,"message":"upstream is down"}}`},
		exchange{method: "GET", target: "/many", status: 403, want: `{"error":{"name":"PermissionDenied","code":102,"message":"not so fast"}}`})
}
