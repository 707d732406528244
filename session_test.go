package endpoint_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// sessionUser is where the tests note the user in the session.
const sessionUser = "user"

// sessionOf returns a manager and the authenticator that goes with it.
func sessionOf() (*scs.SessionManager, endpoint.Authenticator) {
	m := scs.New()
	m.Store = memstore.NewWithCleanupInterval(0) // no goroutine
	return m, endpoint.SessionAuth(func(ctx context.Context) (*endpoint.User, error) {
		if id := m.GetString(ctx, sessionUser); id != "" {
			return &endpoint.User{ID: id}, nil
		}
		return nil, nil //nolint:nilnil // nobody is logged in
	})
}

// sessionAPI logs in by HTTP Basic or by POST, and counts in the session.
func sessionAPI(t testing.TB, m *scs.SessionManager, a endpoint.Authenticator, opts ...endpoint.Option) *endpoint.API {
	t.Helper()
	remember := func(ctx context.Context, u *endpoint.User) error { m.Put(ctx, sessionUser, u.ID); return nil }
	api := endpoint.New(append([]endpoint.Option{
		endpoint.Sessions(m), endpoint.Auth(a, endpoint.BasicAuth("x", authByPassword)),
		endpoint.RememberUser(remember), endpoint.Logger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
	who := func(r *endpoint.Request) string { return endpoint.CurrentUserID(r.Context()) + "," + r.SessionID() }
	api.Get("who", who)
	api.Get("cross", who, endpoint.CrossSiteSession())
	api.Get("private", who, endpoint.AuthenticateUsers())
	api.Post("login", func(ctx context.Context) error { //nolint:unparam // may fail
		m.Put(ctx, sessionUser, "form")
		return m.RenewToken(ctx)
	})
	api.Post("logout", func(ctx context.Context) error { return m.Destroy(ctx) })
	api.Get("count", func(ctx context.Context) int { n := m.GetInt(ctx, "n") + 1; m.Put(ctx, "n", n); return n })
	api.Get("cookies", func(h http.Header) *endpoint.Response {
		return endpoint.Respond(200, strings.Join(h["Cookie"], ";")).Cookie(&http.Cookie{Name: "theme", Value: "dark"})
	})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api
}

// sessionCookie returns the cookie that an answer sets, nil for none.
func sessionCookie(w *httptest.ResponseRecorder, name string) *http.Cookie {
	for _, c := range w.Result().Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// sessionAsk sends a request with the token of a session.
func sessionAsk(h http.Handler, method, path, token string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	if token != "" {
		r.Header.Add("Cookie", "session="+token)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// sessionLogin logs in and returns the token.
func sessionLogin(t *testing.T, h http.Handler) string {
	t.Helper()
	w := sessionAsk(h, "POST", "/login", "")
	c := sessionCookie(w, "session")
	if c == nil {
		t.Fatalf("login sets no cookie: %d %v", w.Code, w.Header())
	}
	return c.Value
}

func TestSessionLogin(t *testing.T) {
	m, a := sessionOf()
	api := sessionAPI(t, m, a)
	if got := sessionAsk(api, "GET", "/who", ""); got.Body.String() != "," || len(got.Header()["Set-Cookie"]) > 0 {
		t.Fatalf("before: %s, cookies %q", got.Body, got.Header()["Set-Cookie"])
	}
	w := sessionAsk(api, "POST", "/login", "")
	c := sessionCookie(w, "session")
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure || len(c.Value) < 22 {
		t.Fatalf("cookie %+v", c)
	}
	if cc := w.Header().Values("Cache-Control"); !cmp.Equal(cc, []string{`no-cache="Set-Cookie"`}) {
		t.Errorf("Cache-Control %q", cc)
	}
	if got := sessionAsk(api, "GET", "/who", c.Value).Body.String(); got != "form,"+c.Value {
		t.Errorf("after: %q", got)
	}
	again := sessionCookie(sessionAsk(api, "POST", "/login", c.Value), "session")
	if again == nil || again.Value == c.Value {
		t.Errorf("a login keeps the token")
	}
	if got := sessionAsk(api, "GET", "/who", c.Value).Body.String(); got != "," {
		t.Errorf("the token of before lives: %q", got)
	}
	out := sessionCookie(sessionAsk(api, "POST", "/logout", again.Value), "session")
	if out == nil || out.MaxAge >= 0 || out.Value != "" {
		t.Errorf("logout sets %+v", out)
	}
	if got := sessionAsk(api, "GET", "/who", again.Value).Body.String(); got != "," {
		t.Errorf("after logout: %q", got)
	}
}

// TestSessionRemember logs in with HTTP Basic.
func TestSessionRemember(t *testing.T) {
	m, a := sessionOf()
	api := sessionAPI(t, m, a)
	basic := "Authorization: Basic " + authBasic(authName+":"+authPassword)
	old := sessionCookie(sessionAsk(api, "GET", "/count", ""), "session").Value
	w := sessionAsk(api, "GET", "/private", old, basic)
	c := sessionCookie(w, "session")
	if c == nil || c.Value == old || w.Body.String() != authName+","+c.Value {
		t.Fatalf("%d %s, cookie %+v", w.Code, w.Body, c)
	}
	if n := sessionAsk(api, "GET", "/count", c.Value).Body.String(); n != "2" {
		t.Errorf("what the session had is %s, want 2", n)
	}
	if w := sessionAsk(api, "GET", "/count", old); w.Body.String() != "1" {
		t.Error("the token of before the login lives")
	}
	next := sessionAsk(api, "GET", "/private", c.Value)
	if next.Body.String() != authName+","+c.Value || len(next.Header()["Set-Cookie"]) > 0 {
		t.Errorf("the session is asked first: %s, cookies %q", next.Body, next.Header()["Set-Cookie"])
	}
	if w := sessionAsk(api, "GET", "/private", "", "Authorization: Basic "+authBasic("a:b")); w.Code != 401 || len(w.Header()["Set-Cookie"]) > 0 {
		t.Errorf("wrong credentials: %d, cookies %q", w.Code, w.Header()["Set-Cookie"])
	}
	fails := endpoint.New(endpoint.Sessions(m), endpoint.Auth(endpoint.BasicAuth("x", authByPassword)), endpoint.Logger(slog.New(slog.DiscardHandler)),
		endpoint.RememberUser(func(context.Context, *endpoint.User) error { return errAuthStore }))
	fails.Get("x", func() error { return errors.New("the handler ran") })
	if w := sessionAsk(fails, "GET", "/x", "", basic); w.Code != 500 {
		t.Errorf("save fails: status %d, want 500", w.Code)
	}
}

// TestSessionCookies sends cookies that are no session.
func TestSessionCookies(t *testing.T) {
	m, a := sessionOf()
	api := sessionAPI(t, m, a)
	token := sessionLogin(t, api)
	for _, c := range []struct{ name, reason, cookie, want string }{
		{"right", "", "session=" + token, "form"},
		{"beside others", "", "a=b; session=" + token + "; c=d", "form"},
		{"chosen by the client", "an unknown id is not adopted", "session=chosen", ""},
		{"empty", "", "session=", ""},
		{"very long", "", "session=" + strings.Repeat("a", 100_000), ""},
		{"twice", "which is meant is not for a server to guess", "session=" + token + "; session=" + token, ""},
		{"forged and right", "likewise", "session=x; session=" + token, ""},
		{"case of the name", "names are exact", "SESSION=" + token, ""},
		{"case of the token", "", "session=" + strings.ToUpper(token), ""},
		{"prefix", "", "session=" + token[:len(token)-1], ""},
		{"another name", "", "token=" + token, ""},
		{"non-ASCII", "", "session=\xff\u0435", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := sessionAsk(api, "GET", "/who", "", "Cookie: "+c.cookie)
			user, id, _ := strings.Cut(w.Body.String(), ",")
			if user != c.want || (id != "") != (c.want != "") || len(w.Header()["Set-Cookie"]) > 0 {
				t.Errorf("%d %s, cookies %q, want user %q (%s)", w.Code, w.Body, w.Header()["Set-Cookie"], c.want, c.reason)
			}
		})
	}
}

// TestSessionSecure expects a Secure cookie where the client has TLS.
func TestSessionSecure(t *testing.T) {
	m, a := sessionOf()
	api := sessionAPI(t, m, a)
	r := httptest.NewRequest("POST", "https://api.test/login", nil)
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if c := sessionCookie(w, "session"); c == nil || !c.Secure {
		t.Errorf("cookie %+v, want a Secure one", c)
	}
}

// TestSessionStream saves before the first byte.
func TestSessionStream(t *testing.T) {
	m, a := sessionOf()
	api := sessionAPI(t, m, a)
	put := func(ctx context.Context) { m.Put(ctx, sessionUser, "stream") }
	api.Get("iterator", func(ctx context.Context) iter.Seq[int] {
		put(ctx)
		return func(yield func(int) bool) { _ = yield(1) && yield(2) }
	})
	api.Get("reader", func(ctx context.Context) io.Reader { put(ctx); return strings.NewReader("x") })
	api.Get("writer", func(w http.ResponseWriter, r *http.Request) { put(r.Context()); _, _ = io.WriteString(w, "x") })
	api.Get("silent", func(_ http.ResponseWriter, r *http.Request) { put(r.Context()) })
	api.Get("handler", func() http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { put(r.Context()); w.WriteHeader(201) })
	})
	api.Get("fails", func(ctx context.Context) error { put(ctx); return endpoint.Errorf(418, "tea") })
	api.Get("panics", func(ctx context.Context) { put(ctx); panic("x") })
	api.Get("middleware", func(ctx context.Context) string { put(ctx); return "x" }, endpoint.Use(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, 1)))
		})
	}))
	api.Get("timed", func(ctx context.Context) string { put(ctx); return "x" }, endpoint.Timeout(time.Minute))
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	if w := sessionAsk(api, "GET", "/panics", ""); w.Code != 500 || len(w.Header()["Set-Cookie"]) > 0 {
		t.Errorf("panics: %d, cookies %q; what fails saves nothing", w.Code, w.Header()["Set-Cookie"])
	}
	for _, path := range []string{"iterator", "reader", "writer", "silent", "handler", "fails", "middleware", "timed"} {
		w := sessionAsk(api, "GET", "/"+path, "")
		c := sessionCookie(w, "session")
		if c == nil {
			t.Errorf("%s: %d, no cookie", path, w.Code)
			continue
		}
		if got := sessionAsk(api, "GET", "/who", c.Value).Body.String(); got != "stream,"+c.Value {
			t.Errorf("%s: then %q", path, got)
		}
	}
}

type sessionKey struct{}

// TestSessionOutside mounts an API inside the manager's own middleware.
func TestSessionOutside(t *testing.T) {
	m, a := sessionOf()
	h := m.LoadAndSave(sessionAPI(t, m, a))
	w := sessionAsk(h, "POST", "/login", "")
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v, want one", cookies)
	}
	token := cookies[0].Value
	if got := sessionAsk(h, "GET", "/who", token).Body.String(); got != "form,"+token {
		t.Errorf("then %q", got)
	}
	if got := sessionAsk(h, "GET", "/who", token, "Sec-Fetch-Site: cross-site").Body.String(); got != "," {
		t.Errorf("from another site: %q", got)
	}
}
