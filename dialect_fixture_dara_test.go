package endpoint_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// daraAPI makes an API of the dialect and lets register fill it.
func daraAPI(register func(api *endpoint.API)) seedFixture {
	return func(*testing.T) *endpoint.API {
		api := endpoint.New(endpoint.Dara(), seedQuiet(), endpoint.Auth(endpoint.BearerAuth(daraToken)))
		register(api)
		return api
	}
}

// daraToken knows the tokens of the fixtures.
func daraToken(_ context.Context, token string) (*endpoint.User, error) {
	switch token {
	case "good":
		return &endpoint.User{ID: "alice", Name: "alice", Session: "s1"}, nil
	case "expired":
		return nil, &endpoint.Error{Status: http.StatusUnauthorized, Type: "expired", Detail: "Session has expired, please log in again"}
	}
	return nil, endpoint.ErrCredentials
}

type (
	daraGreetings struct {
		endpoint.Configuration

		Country string
	}
	daraNoDefault struct {
		endpoint.Configuration

		Country string
	}
	daraOther struct{ endpoint.Configuration }
	daraItem  struct {
		Name string `json:"name" validate:"required"`
		N    int    `json:"n" default:"1"`
	}
)

// Default is the configuration of who gives none.
func (daraGreetings) Default() daraGreetings { return daraGreetings{Country: "United Kingdom"} }

// Default likewise.
func (daraOther) Default() daraOther { return daraOther{} }

func daraGreet(c daraGreetings) string { return "Hello from " + c.Country }

func daraUploadEndpoint() *endpoint.Endpoint {
	return endpoint.Define("/upload", func() map[string]bool { return map[string]bool{"ok": true} }, endpoint.Methods("POST"))
}

// daraDropzone is a component that needs an endpoint.
type daraDropzone struct{ upload *endpoint.Endpoint }

func (d daraDropzone) Endpoints() []*endpoint.Endpoint { return []*endpoint.Endpoint{d.upload} }

// daraUser returns user and session, null if there are none.
func daraUser(r *endpoint.Request) any {
	var user, session any
	if u := r.User(); u != nil {
		user = u.ID
	}
	if id := r.SessionID(); id != "" {
		session = id
	}
	return map[string]any{"user": user, "session": session}
}

func daraFixtures() map[string]seedFixture {
	return map[string]seedFixture{
		"da.custom":        daraAPI(func(api *endpoint.API) { api.Get("custom/", says("Hello World")) }),
		"da.greet.default": daraAPI(func(api *endpoint.API) { api.Get("/greetings", daraGreet) }),
		"da.greet.usa": daraAPI(func(api *endpoint.API) {
			api.Get("/greetings", daraGreet)
			api.Configure(daraGreetings{Country: "USA"})
		}),
		"da.greet.nodefault": daraAPI(func(api *endpoint.API) {
			api.Get("/greetings", func(c daraNoDefault) string { return "Hello from " + c.Country })
		}),
		"da.greet.twice": daraAPI(func(api *endpoint.API) {
			api.Get("/greetings", daraGreet)
			api.Configure(daraGreetings{Country: "UK"})
			api.Configure(daraGreetings{Country: "USA"})
		}),
		"da.greet.two": daraAPI(func(api *endpoint.API) {
			api.Configure(daraGreetings{Country: "USA"})
			api.Get("/two", func(c daraGreetings, _ daraOther, in struct {
				Q string `query:"q" default:"x"`
			},
			) string {
				return c.Country + "/" + in.Q
			})
		}),
		"da.upload":          daraAPI(func(api *endpoint.API) { api.Add(daraDropzone{daraUploadEndpoint()}) }),
		"da.upload.none":     daraAPI(func(*endpoint.API) { daraUploadEndpoint() }),
		"da.upload.explicit": daraAPI(func(api *endpoint.API) { api.Add(daraUploadEndpoint()) }),
		"da.user":            daraAPI(func(api *endpoint.API) { api.Get("/custom", daraUser) }),
		"da.user.public":     daraAPI(func(api *endpoint.API) { api.Get("/custom", daraUser, endpoint.Public()) }),
		"da.misc":            daraAPI(daraMisc),
	}
}

// daraMisc registers endpoints without a user, and two with one.
func daraMisc(api *endpoint.API) {
	public := endpoint.Public()
	item := func(i daraItem) daraItem { return i }
	api.Get("greetings", daraGreet, public)
	api.Post("upload", item, public)
	api.Get("none", func() any { return nil }, public)
	api.Get("nan", func() map[string]any { return map[string]any{"v": math.NaN(), "i": float32(math.Inf(1))} }, public)
	api.Get("int", func() int { return 10 }, public)
	api.Get("boom", func() error { return errors.New("boom") }, public)
	api.Get("http", func() error { return endpoint.Errorf(418, "tea") }, public)
	api.Get("plain", func() *endpoint.Response {
		return endpoint.Respond(200, "plain").Set("Content-Type", "text/plain; charset=utf-8")
	}, public)
	api.Get("items/:id", func(in struct {
		ID int    `path:"id"`
		Q  string `query:"q"`
	},
	) any {
		return struct {
			ID int    `json:"id"`
			Q  string `json:"q"`
		}{in.ID, in.Q}
	}, public)
	api.Get("secure", says("secret"))
	api.Post("secure-upload", item)
	api.Get("files/*p", func(in struct {
		P string `path:"p"`
	},
	) string {
		return in.P
	}, public)
	api.Delete("del", func() any { return nil }, public)
	api.Get("tuple", func() [2]int { return [2]int{1, 2} }, public)
}
