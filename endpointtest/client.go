package endpointtest

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/openapi"
)

// A Client sends requests to a handler and reports to a test. Its methods that
// return a Client leave it as it is. It may be used by several goroutines, as
// far as the test may.
type Client struct {
	t        testing.TB
	handler  http.Handler
	api      *endpoint.API // of the handler, nil for another one
	contract *contract     // nil for none
	header   http.Header   // sent with every request
	jar      http.CookieJar
}

// New returns a client for a handler. Cookies that it is given are kept in a
// jar of its own. If the handler is an [endpoint.API], answers are checked by
// its document.
func New(t testing.TB, h http.Handler) *Client {
	t.Helper()
	api, known := h.(*endpoint.API)
	if h == nil || known && api == nil {
		t.Fatalf("endpointtest: the handler is nil; give one to New")
	}
	c := &Client{t: t, handler: h, header: http.Header{}}
	c.forget()
	if known {
		c.api, c.contract = api, &contract{api: api}
	}
	return c
}

// forget gives the client an empty jar.
func (c *Client) forget() {
	c.jar, _ = cookiejar.New(nil) // never fails without options
}

// clone returns a copy for a method that changes it.
func (c *Client) clone() *Client {
	copied := *c
	copied.header = c.header.Clone()
	return &copied
}

// With returns the client for another test, such as a subtest. It shares the
// cookies.
func (c *Client) With(t testing.TB) *Client {
	c = c.clone()
	c.t = t
	return c
}

// Header returns a client that sends a header field with every request, such as
// a token. An empty value takes it away.
func (c *Client) Header(name, value string) *Client {
	c = c.clone()
	c.header.Del(name)
	if value != "" {
		c.header.Set(name, value)
	}
	return c
}

// As returns a client whose requests have this user, whatever credentials they
// carry, wherever the API asks for one by the option Auth; nil is nobody. No
// authenticator of the API is asked. A middleware that knows users by itself
// is not deceived, nor is [endpoint.RequireCredentials], whose credentials the
// handler judges. The client has no cookies.
func (c *Client) As(user *endpoint.User) *Client {
	c.t.Helper()
	return c.override("As", endpoint.Auth(standIn{user}))
}

// A standIn is an authenticator that knows who the test says.
type standIn struct{ user *endpoint.User }

func (s standIn) Authenticate(*endpoint.Request) (*endpoint.User, error) { return s.user, nil }

func (standIn) Challenge() string { return "" }

// Configure returns a client whose requests see these configurations in place
// of those of the same types, as [endpoint.API.Configure] takes them. It has no
// cookies.
func (c *Client) Configure(configurations ...any) *Client {
	c.t.Helper()
	c = c.override("Configure")
	c.api.Configure(configurations...)
	return c.compiled()
}

// Provide returns a client whose requests get their dependencies from these
// providers in place of those of the same types, as [endpoint.API.Provide]
// takes them. It has no cookies.
func (c *Client) Provide(providers ...any) *Client {
	c.t.Helper()
	c = c.override("Provide")
	c.api.Provide(providers...)
	return c.compiled()
}

// override returns a client with an API of its own.
func (c *Client) override(method string, opts ...endpoint.Option) *Client {
	c.t.Helper()
	if c.api == nil {
		c.t.Fatalf("endpointtest: %s cannot look into a %T; give New the *endpoint.API itself", method, c.handler)
	}
	c = c.clone()
	c.api = c.api.Override(opts...)
	c.handler = c.api
	c.forget()
	return c
}

// compiled reports what is wrong with an override.
func (c *Client) compiled() *Client {
	c.t.Helper()
	if err := c.api.Compile(); err != nil {
		c.t.Fatalf("endpointtest: %v", err)
	}
	return c
}

// Contract returns a client whose answers are checked by the document of an
// API that its handler has below a path, such as "/api" for one that stands
// behind http.StripPrefix("/api", api), or "" if its paths are those of the
// requests. An info adds what the document says beside what the API knows, such
// as Unions and Amend; its OpenAPI and Include are not used. Without an API
// nothing is checked.
func (c *Client) Contract(api *endpoint.API, mount string, info ...openapi.Info) *Client {
	c = c.clone()
	c.contract = nil
	if api == nil {
		return c
	}
	c.contract = &contract{api: api, mount: mount}
	for _, i := range info {
		c.contract.info = i
	}
	return c
}

// Get begins a GET request; see [Client.Do].
func (c *Client) Get(target string) *Request { return c.Do(http.MethodGet, target) }

// Post begins a POST request; see [Client.Do].
func (c *Client) Post(target string) *Request { return c.Do(http.MethodPost, target) }

// Put begins a PUT request; see [Client.Do].
func (c *Client) Put(target string) *Request { return c.Do(http.MethodPut, target) }

// Patch begins a PATCH request; see [Client.Do].
func (c *Client) Patch(target string) *Request { return c.Do(http.MethodPatch, target) }

// Delete begins a DELETE request; see [Client.Do].
func (c *Client) Delete(target string) *Request { return c.Do(http.MethodDelete, target) }

// Do begins a request with any method. The target is a path, with or without a
// query and escaped as on the wire, or a URL with another host than
// example.com; https stands for a connection with TLS. Nothing is sent yet.
func (c *Client) Do(method, target string) *Request {
	return &Request{client: c, method: method, target: target, header: c.header.Clone(), query: url.Values{}}
}

// cookies returns what the jar has for a request.
func (c *Client) cookies(r *http.Request) []*http.Cookie {
	return slices.Clone(c.jar.Cookies(address(r)))
}

// address is the URL that the client of a request sees.
func address(r *http.Request) *url.URL {
	u := *r.URL
	u.Host, u.Scheme = r.Host, "http"
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return &u
}
