package endpoint_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/seed217079a1/endpoint"
)

// A user logs in with name and password once, and then has a session.
func ExampleSessions() {
	manager := scs.New()
	manager.Store = memstore.NewWithCleanupInterval(0)
	load := func(ctx context.Context) (*endpoint.User, error) {
		if id := manager.GetString(ctx, "user"); id != "" {
			return &endpoint.User{ID: id}, nil
		}
		return nil, nil //nolint:nilnil // nobody is logged in
	}
	save := func(ctx context.Context, u *endpoint.User) error {
		manager.Put(ctx, "user", u.ID)
		return nil
	}
	check := func(_ context.Context, name, password string) (*endpoint.User, error) {
		if name != "bob" || !endpoint.SameSecret(password, "secret") {
			return nil, endpoint.ErrCredentials
		}
		return &endpoint.User{ID: name}, nil
	}
	api := endpoint.New(
		endpoint.Sessions(manager),
		endpoint.Auth(endpoint.SessionAuth(load), endpoint.BasicAuth("shop", check)),
		endpoint.RememberUser(save),
		endpoint.AuthenticateUsers(),
	)
	api.Get("me", endpoint.CurrentUserID)
	api.Get("widget", endpoint.CurrentUserID, endpoint.CrossSiteSession())

	ask := func(path string, change func(*http.Request)) *http.Response {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		change(r)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		return w.Result()
	}
	answer := ask("/me", func(r *http.Request) { r.SetBasicAuth("bob", "secret") })
	cookie := answer.Cookies()[0]
	fmt.Println("logged in:", answer.StatusCode, cookie.Name, cookie.HttpOnly)

	answer = ask("/me", func(r *http.Request) { r.AddCookie(cookie) })
	fmt.Println("with the cookie:", answer.StatusCode)

	foreign := func(r *http.Request) {
		r.AddCookie(cookie)
		r.Header.Set("Origin", "https://evil.example")
	}
	fmt.Println("from another site:", ask("/me", foreign).StatusCode)
	fmt.Println("where that is meant:", ask("/widget", foreign).StatusCode)
	// Output:
	// logged in: 200 session true
	// with the cookie: 200
	// from another site: 401
	// where that is meant: 200
}
