package shape

import (
	"context"
	"errors"
	"net/http"
	"net/netip"

	"github.com/alexedwards/scs/v2"

	"github.com/seed217079a1/endpoint"
)

// Checks that are right.
func knows(context.Context, string) (*endpoint.User, error) { return nil, endpoint.ErrCredentials }

func signs(context.Context, string, string) (*endpoint.User, error) {
	return nil, endpoint.ErrCredentials
}

func loads(context.Context) (*endpoint.User, error) { return nil, errors.ErrUnsupported }

// challenger is an authenticator with a challenge of its own.
type challenger string

func (challenger) Authenticate(*endpoint.Request) (*endpoint.User, error) {
	return nil, endpoint.ErrCredentials
}
func (c challenger) Challenge() string { return string(c) }

// accounts are options of users that could let anyone in, or nobody.
func accounts() []Case {
	bearer := endpoint.BearerAuth(knows)
	return []Case{
		{"no authenticator", "the option says nothing", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth()) // want `option Auth: no authenticator given; name at least one, such as BearerAuth`
		})},
		{"nil authenticator", "it would panic in a request", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(bearer, nil)) // want `option Auth: authenticator 2 is nil; leave it out`
		})},
		{"nil check of BasicAuth", "nobody judges the credentials", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.UserRequired(), endpoint.Auth(endpoint.BasicAuth("x", nil))) // want `option Auth: BasicAuth: the check is nil; give a function that knows the credentials`
		})},
		{"nil check of BearerAuth", "likewise", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(endpoint.BearerAuth(nil))) // want `option Auth: BearerAuth: the check is nil; give a function that knows the credentials`
		})},
		{"nil check of APIKeyAuth", "likewise", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(endpoint.APIKeyAuth("X-Api-Key", nil))) // want `option Auth: APIKeyAuth: the check is nil; give a function that knows the credentials`
		})},
		{"nil check of SkygearAuth", "likewise", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(endpoint.SkygearAuth(nil, nil))) // want `option Auth: SkygearAuth: the check is nil; give a function that knows the credentials`
		})},
		{"nil load of SessionAuth", "likewise", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Sessions(scs.New()), endpoint.Auth(endpoint.SessionAuth(nil))) // want `option Auth: SessionAuth: the check is nil; give a function that knows the credentials`
		})},
		{"empty API key", "every request would have it", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(endpoint.SkygearAuth([]string{"a", ""}, knows))) // want `option Auth: SkygearAuth: an API key is empty; leave it out, or every request would have it`
		})},
		{"name of a field", "no request could have it", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(endpoint.APIKeyAuth("X Key", knows))) // want `option Auth: APIKeyAuth: "X Key" cannot be the name of a header field; write one such as "X-Api-Key"`
		})},
		{"realm", "it would break out of its line", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(endpoint.BasicAuth("a\nb", signs))) // want `option Auth: BasicAuth: the realm "a\nb" has control characters; leave them out` `option Auth: the challenge "Basic realm=\"a\nb\"" of *endpoint.basicAuth has control characters; leave them out`
		})},
		{"challenge", "likewise", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(challenger("a\r\nb"))) // want `option Auth: the challenge "a\r\nb" of shape.challenger has control characters; leave them out`
		})},
		{"nothing in AllOf", "every request would pass", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(endpoint.AllOf())) // want `option Auth: AllOf: no authenticator given; without one every request would pass`
		})},
		{"nil in AllOf", "it would panic in a request", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(endpoint.AllOf(bearer, nil))) // want `option Auth: authenticator 2 is nil; leave it out`
		})},
		{"a user of nobody", "nothing can tell one", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.UserRequired()) // want `option UserRequired: nothing can tell who a request acts for, so it would always be refused; add the option Auth with an authenticator`
		})},
		{"a key of nobody", "likewise", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.KeyRequired()) // want `option KeyRequired: nothing can tell who a request acts for, so it would always be refused; add the option Auth with an authenticator`
		})},
		{"users of nobody", "likewise", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.AuthenticateUsers()) // want `option AuthenticateUsers: nothing can tell who a request acts for, so it would always be refused; add the option Auth with an authenticator`
		})},
		{"users without a session or HTTP Basic", "the option asks no other", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.AuthenticateUsers(), endpoint.Auth(bearer)) // want `option AuthenticateUsers: no authenticator knows sessions or HTTP Basic; give Auth a SessionAuth or a BasicAuth`
		})},
		{"public and not", "one of them is a slip, and open would be the worse", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(bearer), endpoint.UserRequired(), endpoint.Public()) // want `option Public: Public and a requirement stand beside each other; give one of them`
		})},
		{"a user by value", "there may be none", on(func(api *endpoint.API) {
			api.Get("x", func(endpoint.User) string { return "" }) // want `parameter 1 (endpoint.User): the user may be missing; take *endpoint.User, nil if there is none`
		})},
	}
}

// sessions are options of sessions that would not work, or not safely.
func sessions() []Case {
	manager := func(change func(*scs.SessionManager)) *scs.SessionManager {
		m := scs.New()
		change(m)
		return m
	}
	return []Case{
		{"nil manager", "there are no sessions", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Sessions(nil)) // want `option Sessions: the manager is nil; give one made by scs.New`
		})},
		{"zero manager", "it stores nothing", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Sessions(&scs.SessionManager{})) // want `option Sessions: the manager has no store or codec; give one made by scs.New`
		})},
		{"cookie without a name", "no browser takes it", on(func(api *endpoint.API) {
			m := manager(func(m *scs.SessionManager) { m.Cookie.Name = "a b" })
			api.Get("x", ok, endpoint.Sessions(m)) // want `option Sessions: "a b" cannot be the name of a cookie; write one such as "session"`
		})},
		{"cookie for scripts", "a script of others would have the session", on(func(api *endpoint.API) {
			m := manager(func(m *scs.SessionManager) { m.Cookie.HttpOnly = false })
			api.Get("x", ok, endpoint.Sessions(m)) // want `option Sessions: scripts could read the cookie; set Cookie.HttpOnly`
		})},
		{"cookie for other sites without TLS", "no browser takes it", on(func(api *endpoint.API) {
			m := manager(func(m *scs.SessionManager) { m.Cookie.SameSite = http.SameSiteNoneMode })
			api.Get("x", ok, endpoint.Sessions(m)) // want `option Sessions: browsers do not take a cookie with SameSite=None that is not Secure; set Cookie.Secure, or another SameSite`
		})},
		{"cookie without SameSite", "browsers differ", on(func(api *endpoint.API) {
			m := manager(func(m *scs.SessionManager) { m.Cookie.SameSite = 0 })
			api.Get("x", ok, endpoint.Sessions(m)) // want `option Sessions: the cookie says nothing of other sites; set Cookie.SameSite to http.SameSiteLaxMode or another mode`
		})},
		{"__Host- without TLS", "no browser takes it", on(func(api *endpoint.API) {
			m := manager(func(m *scs.SessionManager) { m.Cookie.Name = "__Host-session" })
			api.Get("x", ok, endpoint.Sessions(m)) // want `option Sessions: browsers take a cookie named __Host- only if it is Secure, has the path / and no domain; set these, or another name`
		})},
		{"__Secure- without TLS", "no browser takes it", on(func(api *endpoint.API) {
			m := manager(func(m *scs.SessionManager) { m.Cookie.Name = "__Secure-session" })
			api.Get("x", ok, endpoint.Sessions(m)) // want `option Sessions: browsers take a cookie named __Secure- only if it is Secure; set Cookie.Secure, or another name`
		})},
		{"SessionAuth without sessions", "it would panic in a request", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Auth(endpoint.SessionAuth(loads))) // want `option Auth: SessionAuth needs a session; add the option Sessions with a manager`
		})},
		{"CrossSiteSession without sessions", "it opens nothing", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.CrossSiteSession()) // want `option CrossSiteSession: there are no sessions; add the option Sessions with a manager`
		})},
		{"RememberUser without sessions", "there is nothing to remember in", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.RememberUser(func(context.Context, *endpoint.User) error { return nil })) // want `option RememberUser: there are no sessions; add the option Sessions with a manager`
		})},
		{"nil RememberUser", "it would panic in a request", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.Sessions(scs.New()), endpoint.RememberUser(nil)) // want `option RememberUser: the function is nil; give one that notes the user in the session`
		})},
	}
}

// networks are options about where the service is reached.
func networks() []Case {
	return []Case{
		{"URL without a scheme", "it is no origin", with(func() *endpoint.API {
			return endpoint.New(endpoint.ExternalURL("app.example")) // want `option ExternalURL: "app.example" is not the URL of a web site; write one such as "https://app.example"`
		})},
		{"URL with a user", "likewise", with(func() *endpoint.API {
			return endpoint.New(endpoint.ExternalURL("https://a@app.example")) // want `option ExternalURL: the URL has a user; write one such as "https://app.example"`
		})},
		{"URL of an endpoint", "it is said once for an API", on(func(api *endpoint.API) {
			api.Get("x", ok, endpoint.ExternalURL("https://app.example")) // want `option ExternalURL makes no sense at an endpoint; give it to New`
		})},
		{"invalid prefix", "it holds no address", with(func() *endpoint.API {
			return endpoint.New(endpoint.TrustedProxies(netip.Prefix{})) // want `option TrustedProxies: prefix 1 is invalid; make it with netip.ParsePrefix`
		})},
		{"empty private key", "everyone would have it", with(func() *endpoint.API {
			return endpoint.New(endpoint.PrivateKey("")) // want `option PrivateKey: the key is empty or has a slash; write a long random text`
		})},
	}
}
