package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/seed217079a1/endpoint"
)

// A sessionStore fails where it is told to.
type sessionStore struct {
	scs.Store

	find, commit, remove error
	panics               bool
	found                int // calls of Find
}

func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	s.found++
	if s.find != nil {
		return nil, false, fmt.Errorf("find %s: %w", token, s.find)
	}
	return s.Store.Find(token)
}

func (s *sessionStore) Commit(token string, b []byte, expiry time.Time) error {
	if s.panics {
		panic("commit")
	}
	if s.commit != nil {
		return s.commit
	}
	return s.Store.Commit(token, b, expiry)
}

func (s *sessionStore) Delete(token string) error {
	if s.remove != nil {
		return s.remove
	}
	return s.Store.Delete(token)
}

// TestSessionStoreFails denies when the store does not answer.
func TestSessionStoreFails(t *testing.T) {
	m, a := sessionOf()
	store := &sessionStore{Store: m.Store}
	m.Store = store
	api := sessionAPI(t, m, a)
	api.Get("writer", func(w http.ResponseWriter, r *http.Request) error {
		m.Put(r.Context(), "a", "b")
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "secret")
		return nil
	})
	api.Get("iterator", func(ctx context.Context) iter.Seq[int] {
		m.Put(ctx, "a", "b")
		return func(yield func(int) bool) { _ = yield(1) && yield(2) }
	})
	api.Get("refuses", func(ctx context.Context) error { m.Put(ctx, "a", "b"); return endpoint.Errorf(409, "no") })
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	token := sessionLogin(t, api)
	for _, c := range []struct {
		name, reason  string
		store         sessionStore
		method, path  string
		cookie        bool
		status        int
		withoutBodies bool
	}{
		{"find", "who it is cannot be told", sessionStore{find: errAuthStore}, "GET", "/who", true, 500, false},
		{"find, without a cookie", "nothing is asked", sessionStore{find: errAuthStore}, "GET", "/who", false, 200, false},
		{"commit", "the login would be lost", sessionStore{commit: errAuthStore}, "POST", "/login", false, 500, false},
		{"commit panics", "likewise", sessionStore{panics: true}, "POST", "/login", false, 500, false},
		{"commit below a writer", "nothing of the answer is sent", sessionStore{commit: errAuthStore}, "GET", "/writer", true, 500, true},
		{"commit below a stream", "likewise", sessionStore{commit: errAuthStore}, "GET", "/iterator", true, 500, true},
		{"commit beside an error", "the error is answered", sessionStore{commit: errAuthStore}, "GET", "/refuses", true, 409, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			failing := c.store
			failing.Store = store.Store
			before := *store
			*store = failing
			defer func() { *store = before }()
			cookie := ""
			if c.cookie {
				cookie = token
			}
			w := sessionAsk(api, c.method, c.path, cookie)
			if w.Code != c.status || len(w.Header()["Set-Cookie"]) > 0 || c.withoutBodies && w.Body.Len() > 0 {
				t.Errorf("%d %q, cookies %q, want %d without (%s)", w.Code, w.Body, w.Header()["Set-Cookie"], c.status, c.reason)
			}
		})
	}
}

// TestSessionHalfLogin fails between noting the user and renewing the token:
// who knew the token of before must not be logged in.
func TestSessionHalfLogin(t *testing.T) {
	m, a := sessionOf()
	store := &sessionStore{Store: m.Store}
	m.Store = store
	api := sessionAPI(t, m, a)
	token := sessionCookie(sessionAsk(api, "GET", "/count", ""), "session").Value
	store.remove = errAuthStore
	if w := sessionAsk(api, "POST", "/login", token); w.Code != 500 || len(w.Header()["Set-Cookie"]) > 0 {
		t.Errorf("%d, cookies %q, want 500 without", w.Code, w.Header()["Set-Cookie"])
	}
	if got := sessionAsk(api, "GET", "/who", token).Body.String(); got != ","+token {
		t.Errorf("then %q, want no user", got)
	}
}

// TestSessionAsked counts what is asked of the store and of save.
func TestSessionAsked(t *testing.T) {
	m, a := sessionOf()
	store := &sessionStore{Store: m.Store}
	m.Store = store
	saved := 0
	api := endpoint.New(endpoint.Sessions(m), endpoint.Auth(a, endpoint.BasicAuth("x", authByPassword)),
		endpoint.RememberUser(func(context.Context, *endpoint.User) error { saved++; return nil }))
	api.Get("x", endpoint.CurrentUserID)
	basic := "Authorization: Basic " + authBasic(authName+":"+authPassword)
	for _, c := range []struct {
		reason       string
		fields       []string
		found, saved int
	}{
		{"nothing is sent", nil, 0, 0},
		{"a token is looked up", []string{"Cookie: session=abc"}, 1, 0},
		{"one too long to be one is not", []string{"Cookie: session=" + authLong}, 0, 0},
		{"nor one of two", []string{"Cookie: session=a; session=b"}, 0, 0},
		{"another site has none", []string{"Cookie: session=abc", "Origin: null"}, 0, 0},
		{"a user is remembered", []string{basic}, 0, 1},
		{"but not in a session that is thrown away", []string{basic, "Origin: null"}, 0, 0},
		{"and not who is nobody", []string{"Authorization: Basic eDp5"}, 0, 0},
	} {
		store.found, saved = 0, 0
		if w := sessionAsk(api, "GET", "/x", "", c.fields...); w.Code != 200 || store.found != c.found || saved != c.saved {
			t.Errorf("%s: status %d, %d looked up, %d saved, want %d and %d", c.reason, w.Code, store.found, saved, c.found, c.saved)
		}
	}
}
