package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/seed217079a1/endpoint"
)

// anvilAPI makes an API of the dialect and lets register fill it.
func anvilAPI(register func(api *endpoint.API), opts ...endpoint.Option) seedFixture {
	return func(*testing.T) *endpoint.API {
		api := endpoint.New(append([]endpoint.Option{endpoint.Anvil(), seedQuiet(), endpoint.PrivateKey("KEY123")}, opts...)...)
		register(api)
		return api
	}
}

// anvilSessions returns a manager with one session, of a user who is logged in.
func anvilSessions(token, user string) *scs.SessionManager {
	m := scs.New()
	m.Cookie.Name = "anvil-session"
	data, err := m.Codec.Encode(time.Now().Add(time.Hour), map[string]any{"user": user})
	if err != nil {
		panic(err)
	}
	if err := m.Store.Commit(token, data, time.Now().Add(time.Hour)); err != nil {
		panic(err)
	}
	return m
}

// anvilLoggedIn finds the user that a session names.
func anvilLoggedIn(m *scs.SessionManager) endpoint.Authenticator {
	return endpoint.SessionAuth(func(ctx context.Context) (*endpoint.User, error) {
		if name := m.GetString(ctx, "user"); name != "" {
			return &endpoint.User{ID: name, Email: name}, nil
		}
		return nil, nil
	})
}

// anvilPassword checks HTTP Basic credentials.
func anvilPassword(_ context.Context, username, password string) (*endpoint.User, error) {
	if username == "user123@gmail.com" && endpoint.SameSecret(password, "mySuperS3cretPassw0rd") {
		return &endpoint.User{ID: username, Email: username}, nil
	}
	return nil, endpoint.ErrCredentials
}

// anvilParams shows parameters other than the id as Python does.
func anvilParams(p endpoint.Params) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if name != "id" {
			list = append(list, fmt.Sprintf("'%s': '%s'", name, p.Get(name)))
		}
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// anvilArguments returns keyword arguments as Anvil gives them: a list where a
// name is repeated.
func anvilArguments(p endpoint.Params) map[string]any {
	all := map[string]any{}
	for name, values := range p {
		all[name] = values
		if len(values) == 1 {
			all[name] = values[0]
		}
	}
	return all
}

func anvilUser(id string) string { return "You requested user " + id }

func anvilFixtures() map[string]seedFixture {
	c := says("c")
	return map[string]seedFixture{
		"an.list": anvilAPI(func(api *endpoint.API) {
			api.Handle("/users/list", func() []string { return []string{"a@x.org", "b@x.org"} })
		}),
		"an.user": anvilAPI(func(api *endpoint.API) { api.Handle("/users/:id", anvilUser) }),
		"an.user.params": anvilAPI(func(api *endpoint.API) {
			api.Handle("/users/:id", func(p endpoint.Params) string {
				return "You requested user " + p.Get("id") + " with params " + anvilParams(p)
			})
		}),
		"an.mid": anvilAPI(func(api *endpoint.API) {
			api.Handle("/users/:id/history", func(id string) string { return "history of " + id })
			api.Handle("/users/:user_id/history/:item_id", func(user, item string) string { return user + "/" + item })
			api.Handle("/users/:id", anvilUser)
		}),
		"an.ip": anvilAPI(func(api *endpoint.API) {
			api.Handle("/users/:id", func(r *endpoint.Request) string {
				return fmt.Sprintf("You requested user %s from IP %s", r.Param("id"), r.RemoteAddress())
			})
		}),
		"an.foo": anvilAPI(func(api *endpoint.API) {
			api.Handle("/foo", func() map[string]string { return map[string]string{"key": "value"} })
		}),
		"an.foo2": anvilAPI(func(api *endpoint.API) {
			api.Handle("/foo", func() *endpoint.Response { return endpoint.Respond(200, "Body goes here") })
		}),
		"an.foo3": anvilAPI(func(api *endpoint.API) {
			api.Handle("/foo", func() *endpoint.Response {
				return endpoint.Respond(200, "Body goes here").Set("X-Custom-Header", "Custom value")
			})
		}),
		"an.media": anvilAPI(func(api *endpoint.API) {
			api.Handle("/pic", func() endpoint.Media {
				return endpoint.Media{ContentType: "image/png", Name: "a.png", Content: strings.NewReader("png")}
			})
		}),
		"an.origin": anvilAPI(func(api *endpoint.API) {
			api.Handle("/self", func(r *endpoint.Request) string { return r.APIOrigin() + "/users" })
			api.Handle("/app", func(r *endpoint.Request) string { return r.AppOrigin() })
		}, endpoint.ExternalURL("https://my-app.anvil.app"), endpoint.TrustedProxies(netip.MustParsePrefix("192.0.2.0/24"))),
		"an.methods.default":   anvilAPI(func(api *endpoint.API) { api.Handle("/m", says("m")) }),
		"an.methods.put":       anvilAPI(func(api *endpoint.API) { api.Handle("/m", says("m"), endpoint.Methods("PUT")) }),
		"an.order.param-first": anvilAPI(anvilParamFirst),
		"an.prec":              anvilAPI(func(api *endpoint.API) { api.Handle("/p/:id", anvilArguments) }),
		"an.cors":              anvilAPI(func(api *endpoint.API) { api.Handle("/c", c, endpoint.EnableCORS()) }),
		"an.cors.str": anvilAPI(func(api *endpoint.API) {
			api.Handle("/c", c, endpoint.CORS(endpoint.CORSConfig{Origins: []string{"https://only.example"}}))
		}),
		"an.nocors":     anvilAPI(func(api *endpoint.API) { api.Handle("/c", c) }),
		"an.auth":       anvilAuth,
		"an.creds":      anvilAPI(anvilCredentials),
		"an.sess":       anvilWhoami(),
		"an.sess.cross": anvilWhoami(endpoint.CrossSiteSession()),
		"an.req":        anvilAPI(anvilRequest),
		"an.ret":        anvilAPI(anvilReturns),
		"an.add": anvilAPI(func(api *endpoint.API) {
			api.Handle("/add/:a/:b", func(a, b int) any { return map[string]any{"originals": []int{a, b}, "sum": a + b} })
		}),
		"an.hello": anvilAPI(func(api *endpoint.API) {
			api.Handle("/hello-world", func() any { return map[string]int{"the answer is": 42} })
		}),
	}
}

func anvilParamFirst(api *endpoint.API) {
	api.Handle("/users/:id", func(id string) string { return "id=" + id })
	api.Handle("/users/list", says("list"))
}

// anvilAuth is an endpoint of users, in a session or with a password.
func anvilAuth(t *testing.T) *endpoint.API {
	m := anvilSessions("s-user123", "user123@gmail.com")
	return anvilAPI(func(api *endpoint.API) {
		api.Handle("/protected", func(u *endpoint.User) string { return u.Email }, endpoint.AuthenticateUsers(), endpoint.EnableCORS())
	}, endpoint.Sessions(m), endpoint.Auth(anvilLoggedIn(m), endpoint.BasicAuth("Anvil App API", anvilPassword)))(t)
}

func anvilCredentials(api *endpoint.API) {
	api.Handle("/protected", func(r *endpoint.Request) string { return r.Username() + "/" + r.Password() }, endpoint.RequireCredentials())
}

// anvilWhoami is an endpoint that tells the user of the session.
func anvilWhoami(opts ...endpoint.Option) seedFixture {
	return func(t *testing.T) *endpoint.API {
		m := anvilSessions("s1", "alice")
		return anvilAPI(func(api *endpoint.API) {
			api.Handle("/whoami", func(u *endpoint.User) any {
				if u == nil {
					return nil
				}
				return u.ID
			}, opts...)
		}, endpoint.ExternalURL("https://app.example"), endpoint.Sessions(m), endpoint.Auth(anvilLoggedIn(m)))(t)
	}
}

// anvilRequest echoes what anvil.server.request gives.
func anvilRequest(api *endpoint.API) {
	api.Handle("/r/:id", func(r *endpoint.Request) (any, error) {
		var body any
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			if err := r.BodyJSON(&body); err != nil {
				return nil, err
			}
		}
		form, err := r.FormParams()
		return map[string]any{
			"path": r.Path(), "method": r.Method, "query_params": r.QueryParams(), "form_params": form,
			"origin": r.Header.Get("Origin"), "remote_address": r.RemoteAddress().String(),
			"body_json": body, "username": r.Username(), "password": r.Password(),
		}, err
	})
}

// anvilReturns has a handler for each type that an Anvil function may return.
func anvilReturns(api *endpoint.API) {
	api.Handle("/s", says("text"))
	api.Handle("/i", func() int { return 42 })
	api.Handle("/none", func() any { return nil })
	api.Handle("/list", func() []int { return []int{1, 2} })
	api.Handle("/reader", func() io.Reader { return strings.NewReader("bytes") })
	api.Handle("/raise", func() string { panic("boom!") })
	api.Handle("/xml", func() *endpoint.Response { return endpoint.Respond(200, "<a/>").Set("Content-Type", "application/xml") })
}
