package endpoint_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// skygearAPI makes an API of the dialect and lets register fill it.
func skygearAPI(register func(api *endpoint.API), opts ...endpoint.Option) seedFixture {
	return func(*testing.T) *endpoint.API {
		api := endpoint.New(append([]endpoint.Option{endpoint.Skygear(), seedQuiet()}, opts...)...)
		register(api)
		return api
	}
}

// says is a handler that returns a text.
func says(text string) func() string { return func() string { return text } }

// saysPath is a handler that returns a text and the path.
func saysPath(text string) func(*endpoint.Request) string {
	return func(r *endpoint.Request) string { return text + r.Path() }
}

// skygearUsers is the users of the fixtures.
func skygearUsers() endpoint.Option {
	return endpoint.Auth(endpoint.SkygearAuth([]string{"client-key"}, func(_ context.Context, token string) (*endpoint.User, error) {
		switch token {
		case "tok-u1":
			return &endpoint.User{ID: "u1"}, nil
		case "tok-disabled":
			return nil, &endpoint.Error{
				Status: http.StatusForbidden, Type: "UserDisabled", Detail: "user is disabled",
				Extra: map[string]any{"info": map[string]string{"message": "spam"}},
			}
		}
		return nil, endpoint.ErrCredentials
	}))
}

// skygearWho returns the id of the user, null if there is none.
func skygearWho(ctx context.Context) any {
	if id := endpoint.CurrentUserID(ctx); id != "" {
		return id
	}
	return nil
}

func skygearFixtures() map[string]seedFixture {
	return map[string]seedFixture{
		"sk.foo":    skygearAPI(func(api *endpoint.API) { api.Handle("foo", says("foo")) }),
		"sk.foo/":   skygearAPI(func(api *endpoint.API) { api.Handle("foo/", saysPath("sub:")) }),
		"sk.abcdef": skygearAPI(func(api *endpoint.API) { api.Handle("abc/def", says("exact")) }),
		"sk.abc": skygearAPI(func(api *endpoint.API) {
			api.Handle("abc/", saysPath("tree:"))
			api.Handle("abc/def", says("exact"))
		}),
		"sk.both": skygearAPI(func(api *endpoint.API) {
			api.Handle("foo/", says("tree"))
			api.Handle("foo", says("exact"))
		}),
		"sk.methods": skygearAPI(func(api *endpoint.API) {
			api.Handle("my_endpoint", says("get"), endpoint.Methods("GET"))
			api.Handle("my_endpoint", says("post"), endpoint.Methods("POST"))
		}),
		"sk.replace": skygearAPI(func(api *endpoint.API) {
			api.Handle("r", says("first"), endpoint.Methods("GET", "POST"))
			api.Handle("r", says("second"), endpoint.Methods("POST"))
		}),
		"sk.colon":     skygearAPI(func(api *endpoint.API) { api.Handle("chat:join", says("joined")) }),
		"sk.strmethod": skygearAPI(func(api *endpoint.API) { api.Handle("p", says("p"), endpoint.Methods("PUT")) }),
		"sk.user": skygearAPI(func(api *endpoint.API) {
			api.Handle("me", endpoint.CurrentUserID, endpoint.UserRequired())
		}, skygearUsers()),
		"sk.public": skygearAPI(func(api *endpoint.API) { api.Handle("who", skygearWho) }, skygearUsers()),
		"sk.key": skygearAPI(func(api *endpoint.API) {
			api.Handle("k", says("ok"), endpoint.KeyRequired())
		}, skygearUsers()),
		"sk.ret":  skygearAPI(skygearReturns),
		"sk.ex":   skygearAPI(skygearExamples),
		"sk.rest": skygearAPI(func(api *endpoint.API) { api.Add(endpoint.Resource("notes", skygearNotes{})) }),
	}
}

// skygearReturns has a handler for each type that a Skygear handler may return.
func skygearReturns(api *endpoint.API) {
	api.Handle("str", says("hello"))
	api.Handle("dict", func() map[string]string { return map[string]string{"hello": "world"} })
	api.Handle("list", func() []any { return []any{1, "a", nil} })
	api.Handle("int", func() int { return 10 })
	api.Handle("none", func() any { return nil })
	api.Handle("redirect", func() *endpoint.Response { return endpoint.Redirect(302, "https://skygear.io/") })
	api.Handle("resp", func() *endpoint.Response { return endpoint.Respond(418, "tea").Set("X-A", "1") })
	api.Handle("unicode", func() map[string]string { return map[string]string{"k": "é"} })
	api.Handle("bytes", func() any { return make(chan int) }) // no transport can marshal it
	api.Handle("raise", func() string { panic("boom!") })
	api.Handle("raise400", func() error { return &endpoint.Error{Status: 400, Type: "BadRequest", Detail: "nope"} })
	api.Handle("slow", func(ctx context.Context) string { <-ctx.Done(); return "late" }, endpoint.Timeout(10*time.Millisecond))
	api.Handle("cookies", func() *endpoint.Response {
		return endpoint.Respond(200, "").Cookie(&http.Cookie{Name: "a", Value: "1"}).Cookie(&http.Cookie{Name: "b", Value: "2"})
	})
}

// skygearExamples has the four examples of Skygear's document.
func skygearExamples(api *endpoint.API) {
	api.Handle("get_query_string", func(args url.Values) (any, error) {
		value, err := strconv.Atoi(args.Get("value"))
		return map[string]any{"key": args.Get("key"), "value": value}, err
	})
	api.Handle("form", func(in struct {
		A int    `form:"a"`
		B string `form:"b"`
	},
	) any {
		return map[string]any{"a": in.A, "b": in.B}
	})
	api.Handle("json", func(body struct {
		Name string `json:"name"`
	},
	) any {
		return map[string]any{"name": body.Name}
	})
	api.Handle("url/", func(r *endpoint.Request) any {
		return map[string]any{"path": strings.TrimPrefix(r.FullPath(), "/url/")}
	})
}

// skygearNotes is a resource.
type skygearNotes struct{}

func (skygearNotes) Index() []string { return []string{"index"} }

func (skygearNotes) Create(payload map[string]any) any { return map[string]any{"created": payload} }

func (skygearNotes) Get(id string) any { return map[string]string{"get": id} }

func (skygearNotes) Update(id string, payload map[string]any) any {
	return map[string]any{"update": id, "payload": payload}
}

func (skygearNotes) Delete(id string) any { return map[string]string{"delete": id} }
