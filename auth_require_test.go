package endpoint_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// authFunc is an authenticator of an embedder.
type authFunc func(r *endpoint.Request) (*endpoint.User, error)

func (f authFunc) Authenticate(r *endpoint.Request) (*endpoint.User, error) { return f(r) }
func (authFunc) Challenge() string                                          { return "Custom" }

// Authenticators that always say the same.
func authSays(u *endpoint.User, err error) authFunc {
	return func(*endpoint.Request) (*endpoint.User, error) { return u, err }
}

func authPanics(v any) authFunc {
	return func(*endpoint.Request) (*endpoint.User, error) { panic(v) }
}

var errAuthStore = errors.New("the user store is gone")

// TestAuthOrder tries authenticators in their order.
func TestAuthOrder(t *testing.T) {
	none, wrong := authSays(nil, nil), authSays(nil, endpoint.ErrCredentials)
	first, second := authSays(&endpoint.User{ID: "first"}, nil), authSays(&endpoint.User{ID: "second"}, nil)
	teapot, broken := authSays(nil, endpoint.Errorf(418, "tea")), authSays(nil, errAuthStore)
	for _, c := range []struct {
		name, reason  string
		list          []endpoint.Authenticator
		private, open int
		user          string
	}{
		{"none", "no credentials", []endpoint.Authenticator{none, none}, 401, 200, ""},
		{"first", "the first user wins", []endpoint.Authenticator{first, second}, 200, 200, "first"},
		{"second", "none is no answer", []endpoint.Authenticator{none, second}, 200, 200, "second"},
		{"wrong", "where no user is required, wrong credentials are none", []endpoint.Authenticator{wrong, none}, 401, 200, ""},
		{"wrong, then a user", "an error is answered only if no later one gives a user", []endpoint.Authenticator{wrong, second}, 200, 200, "second"},
		{"its own error", "an *Error is answered as it is", []endpoint.Authenticator{wrong, teapot}, 418, 200, ""},
		{"its own error, then a user", "", []endpoint.Authenticator{teapot, second}, 200, 200, "second"},
		{"its own failure", "a store that says 503 denies everywhere", []endpoint.Authenticator{authSays(nil, endpoint.Errorf(503, "later"))}, 503, 503, ""},
		{"failure", "who cannot tell denies, whatever is required", []endpoint.Authenticator{broken, none}, 500, 500, ""},
		{"failure after wrong", "likewise", []endpoint.Authenticator{wrong, broken}, 500, 500, ""},
		{"failure, then a user", "the user is known all the same", []endpoint.Authenticator{broken, second}, 200, 200, "second"},
		{"panic", "denies", []endpoint.Authenticator{authPanics("boom")}, 500, 500, ""},
		{"panic with an error for the client", "a panic is a 500 whatever it was called with", []endpoint.Authenticator{authPanics(endpoint.Errorf(200, "fine"))}, 500, 500, ""},
		{"panic, then a user", "", []endpoint.Authenticator{authPanics(errAuthStore), second}, 200, 200, "second"},
		{"too slow", "as everywhere", []endpoint.Authenticator{authSays(nil, context.DeadlineExceeded)}, 503, 503, ""},
		{"user and error", "the error counts", []endpoint.Authenticator{authSays(&endpoint.User{ID: "x"}, endpoint.ErrCredentials)}, 401, 200, ""},
		{"nil *Error", "an error that says nothing is a failure", []endpoint.Authenticator{authSays(nil, (*endpoint.Error)(nil))}, 500, 500, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := authAPI(t, c.list...)
			for path, want := range map[string]int{"/private": c.private, "/public": c.open} {
				w := authGet(api, path)
				if w.Code != want {
					t.Errorf("%s: status %d, want %d (%s)", path, w.Code, want, c.reason)
				}
				if w.Code == 200 && w.Body.String() != c.user {
					t.Errorf("%s: user %q, want %q", path, w.Body, c.user)
				}
			}
		})
	}
}

// TestAuthRefusalBody compares every kind of 401.
func TestAuthRefusalBody(t *testing.T) {
	api := authAPI(t, endpoint.BasicAuth("x", authByPassword), endpoint.BearerAuth(authBySecret(authToken)), endpoint.APIKeyAuth("X-Api-Key", authBySecret(authKey)))
	want := `{"title":"Unauthorized","status":401,"detail":"right credentials are needed"}`
	for _, field := range []string{"A: b", "Authorization: Basic eDp5", "Authorization: Basic", "Authorization: Bearer x", "X-Api-Key: x", "X-Api-Key: " + authExpired} {
		w := authGet(api, "/private", field)
		if w.Code != 401 || w.Body.String() != want {
			t.Errorf("%s: %d %s, want 401 %s", field, w.Code, w.Body, want)
		}
		challenges := []string{`Basic realm="x"`, `Bearer realm="API"`, `APIKey header="X-Api-Key"`}
		if strings.HasPrefix(field, "Authorization: Bearer") {
			challenges[1] += `, error="invalid_token"`
		}
		if diff := cmp.Diff(challenges, w.Header().Values("WWW-Authenticate")); diff != "" {
			t.Errorf("%s: challenges (-want +got):\n%s", field, diff)
		}
	}
}

// TestAuthInherit finds the requirement that holds.
func TestAuthInherit(t *testing.T) {
	ok := func(u *endpoint.User) string {
		if u == nil {
			return "nobody"
		}
		return u.ID
	}
	token := "Authorization: Bearer " + authToken
	api := endpoint.New(endpoint.Auth(endpoint.BearerAuth(authBySecret(authToken))), endpoint.UserRequired())
	api.Get("required", ok)
	api.Get("public", ok, endpoint.Public())
	open := api.Group("open", endpoint.Public())
	open.Get("", ok)
	open.Get("closed", ok, endpoint.UserRequired())
	open.Get("credentials", ok, endpoint.RequireCredentials())
	open.Group("deep").Get("", ok)
	other := api.Group("other", endpoint.Auth(endpoint.APIKeyAuth("X-Api-Key", authBySecret(authKey))))
	other.Get("", ok)
	for _, c := range []struct {
		path, field, reason string
		status              int
		body                string
	}{
		{"/required", "A: b", "the API's requirement", 401, ""},
		{"/required", token, "", 200, authName},
		{"/public", "A: b", "undone", 200, "nobody"},
		{"/public", token, "good credentials still give a user", 200, authName},
		{"/public", "Authorization: Bearer x", "wrong ones count as none", 200, "nobody"},
		{"/open", "A: b", "undone for a group", 200, "nobody"},
		{"/open/deep", "A: b", "inherited", 200, "nobody"},
		{"/open/closed", "A: b", "the innermost holds", 401, ""},
		{"/open/credentials", token, "it is replaced, not added", 401, ""},
		{"/other", token, "the group's authenticators replace the API's", 401, ""},
		{"/other", "X-Api-Key: " + authKey, "", 200, authName},
	} {
		w := authGet(api, c.path, c.field)
		if w.Code != c.status || c.status == 200 && w.Body.String() != c.body {
			t.Errorf("%s with %s: %d %s, want %d %s (%s)", c.path, c.field, w.Code, w.Body, c.status, c.body, c.reason)
		}
	}
}

// TestRequireCredentials leaves the judgement to the handler.
func TestRequireCredentials(t *testing.T) {
	api := endpoint.New(endpoint.RequireCredentials())
	api.Get("x", func(r *endpoint.Request) string { return r.Username() + "/" + r.Password() })
	for _, c := range []struct {
		reason string
		fields []string
		want   string
	}{
		{"nothing is sent", nil, ""},
		{"any credentials will do", []string{"Authorization: Basic " + authBasic("any:thing")}, "any/thing"},
		{"the first colon separates", []string{"Authorization: Basic " + authBasic("u:a:b")}, "u/a:b"},
		{"a name may be empty", []string{"Authorization: Basic " + authBasic(":p")}, "/p"},
		{"another scheme", []string{"Authorization: Bearer x"}, ""},
		{"broken", []string{"Authorization: Basic x"}, ""},
		{"twice", []string{"Authorization: Basic " + authBasic("a:b"), "Authorization: Basic " + authBasic("a:b")}, ""},
	} {
		w := authGet(api, "/x", c.fields...)
		if c.want == "" && (w.Code != 401 || w.Header().Get("WWW-Authenticate") != `Basic realm="API"`) {
			t.Errorf("%s: %d with challenge %q, want 401", c.reason, w.Code, w.Header().Get("WWW-Authenticate"))
		}
		if c.want != "" && w.Body.String() != c.want {
			t.Errorf("%s: %d %s, want %s", c.reason, w.Code, w.Body, c.want)
		}
	}
}

// TestAuthMethods sends every method without credentials.
func TestAuthMethods(t *testing.T) {
	var ran atomic.Int64
	api := endpoint.New(endpoint.Auth(endpoint.BearerAuth(authBySecret(authToken))), endpoint.UserRequired(), endpoint.Logger(slog.New(slog.DiscardHandler)))
	api.Get("x", func() string { ran.Add(1); return "data" })
	api.Handle("all", func() string { ran.Add(1); return "data" }, endpoint.Methods("*"))
	for _, c := range []struct {
		method, path, reason string
		want                 int
	}{
		{"GET", "/x", "", 401},
		{"HEAD", "/x", "HEAD follows GET's requirement", 401},
		{"OPTIONS", "/x", "the automatic answer has no data", 204},
		{"PUT", "/x", "the path has no such method", 405},
		{"OPTIONS", "/all", "OPTIONS is the handler's", 401},
		{"HEAD", "/all", "", 401},
		{"FOO", "/all", "", 401},
		{"get", "/all", "methods have a case", 401},
		{"CONNECT", "/all", "", 401},
	} {
		r := httptest.NewRequest("GET", c.path, nil)
		r.Method = c.method
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != c.want || w.Code < 300 && w.Body.Len() > 0 {
			t.Errorf("%s %s: %d %s, want %d without data (%s)", c.method, c.path, w.Code, w.Body, c.want, c.reason)
		}
		if c.method == "HEAD" && w.Body.Len() > 0 {
			t.Errorf("HEAD %s has a body", c.path)
		}
	}
	if n := ran.Load(); n != 0 {
		t.Errorf("handlers ran %d times", n)
	}
}

// TestAuthBeforeAll proves that a refusal tells nothing of the endpoint and
// that nothing of it ran.
func TestAuthBeforeAll(t *testing.T) {
	touched := func(what string) func() error {
		return func() error { t.Errorf("%s ran", what); return nil }
	}
	type in struct {
		N    int `query:"n"`
		Body struct {
			Name string `json:"name" validate:"required"`
		} `body:""`
	}
	api := endpoint.New(endpoint.Auth(endpoint.BearerAuth(authBySecret(authToken))), endpoint.Strict())
	api.Provide(func() (*strings.Builder, error) { return nil, touched("provider")() })
	api.Post("x", func(in, *strings.Builder) error { return touched("handler")() }, endpoint.UserRequired(), endpoint.Depends(touched("guard")))
	body := readSpy{t}
	for _, c := range []struct{ target, kind, reason string }{
		{"/x?n=word", "application/json", "a bad parameter is not told"},
		{"/x?unknown=1&a=%zz", "application/json", "nor a broken query"},
		{"/x", "text/plain", "nor the content type"},
	} {
		r := httptest.NewRequest(http.MethodPost, c.target, body)
		r.ContentLength = 1 << 40
		r.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != 401 {
			t.Errorf("%s: status %d, want 401 (%s)", c.target, w.Code, c.reason)
		}
	}
}

// A readSpy is a body that must not be read.
type readSpy struct{ t *testing.T }

func (s readSpy) Read([]byte) (int, error) { s.t.Error("the body was read"); return 0, io.EOF }

// TestAuthOnce counts how often a check is asked: an unknown user costs the
// same call as a known one, and each request is judged anew.
func TestAuthOnce(t *testing.T) {
	var asked atomic.Int64
	revoked := false
	check := func(_ context.Context, name, _ string) (*endpoint.User, error) {
		asked.Add(1)
		if name != authName || revoked {
			return nil, endpoint.ErrCredentials
		}
		return &endpoint.User{ID: name}, nil
	}
	api := endpoint.New(endpoint.Auth(endpoint.BasicAuth("x", check)), endpoint.UserRequired())
	guard := func(u *endpoint.User, r *endpoint.Request, ctx context.Context) error {
		if u == nil || r.User() != u || endpoint.CurrentUser(ctx) != u {
			return errors.New("not one user")
		}
		return nil
	}
	api.Get("x", func(u *endpoint.User) string { return u.ID }, endpoint.Depends(guard))
	for i, c := range []struct {
		name   string
		revoke bool
		want   int
	}{{authName, false, 200}, {"unknown", false, 401}, {"", false, 401}, {authName, true, 401}} {
		revoked = c.revoke
		if w := authGet(api, "/x", "Authorization: Basic "+authBasic(c.name+":p")); w.Code != c.want {
			t.Errorf("%q: status %d, want %d", c.name, w.Code, c.want)
		}
		if n := asked.Load(); n != int64(i+1) {
			t.Errorf("after %d requests the check was asked %d times", i+1, n)
		}
	}
}

// TestAuthNoStore looks at Cache-Control.
func TestAuthNoStore(t *testing.T) {
	api := endpoint.New(endpoint.Auth(endpoint.BearerAuth(authBySecret(authToken))), endpoint.Logger(slog.New(slog.DiscardHandler)))
	api.Get("required", func() string { return "x" }, endpoint.UserRequired())
	api.Get("own", func() *endpoint.Response {
		return endpoint.Respond(200, "x").Set("Cache-Control", "private, max-age=1")
	}, endpoint.UserRequired())
	api.Get("failing", func() *endpoint.Response { return endpoint.Respond(200, func() {}).Set("Cache-Control", "public") }, endpoint.UserRequired())
	api.Get("panic", func() { panic("x") }, endpoint.UserRequired())
	api.Get("credentials", func() string { return "x" }, endpoint.RequireCredentials())
	api.Get("public", func() string { return "x" })
	for _, c := range []struct{ path, reason, want string }{
		{"/required", "", "no-store"},
		{"/own", "the handler knows better", "private, max-age=1"},
		{"/failing", "what it said was for the answer that failed", "no-store"},
		{"/panic", "errors too", "no-store"},
		{"/public", "the answer may be the user's own", "no-store"},
	} {
		if got := authGet(api, c.path, "Authorization: Bearer "+authToken).Header().Values("Cache-Control"); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: Cache-Control %q, want %q (%s)", c.path, got, c.want, c.reason)
		}
	}
	if got := authGet(api, "/public").Header().Get("Cache-Control"); got != "" {
		t.Errorf("without a user: Cache-Control %q, want none", got)
	}
	if got := authGet(api, "/credentials").Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("a 401: Cache-Control %q, want no-store", got)
	}
}

func TestSameSecret(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"a", "a", true}, {"", "", false}, {"a", "", false}, {"", "a", false}, {"a", "b", false}, {"a", "ab", false}, {strings.Repeat("x", 1e6), strings.Repeat("x", 1e6), true}} {
		if got := endpoint.SameSecret(c.a, c.b); got != c.want {
			t.Errorf("SameSecret(%.9q, %.9q) = %v", c.a, c.b, got)
		}
	}
}

// TestAuthAlone calls what an embedder may call without an API.
func TestAuthAlone(t *testing.T) {
	r := &endpoint.Request{Request: httptest.NewRequest("GET", "/", nil)}
	if r.User() != nil || r.SessionID() != "" || r.Origin() != "http://example.com" || r.APIOrigin() != r.Origin() || r.AppOrigin() != r.Origin() {
		t.Error("a request made by hand knows more than it can")
	}
	if endpoint.CurrentUser(t.Context()) != nil || endpoint.CurrentUserID(t.Context()) != "" {
		t.Error("a user outside a request")
	}
	for _, a := range []endpoint.Authenticator{endpoint.BasicAuth("x", nil), endpoint.BearerAuth(nil), endpoint.APIKeyAuth("X-Api-Key", nil), endpoint.SkygearAuth([]string{authKey}, nil), endpoint.SessionAuth(nil), endpoint.AllOf()} {
		for _, auth := range []string{"Basic eDp5", "Bearer x"} {
			r.Header = http.Header{"Authorization": {auth}, "X-Api-Key": {"k"}, "X-Skygear-Access-Token": {"t"}}
			if u, err := a.Authenticate(r); u != nil {
				t.Errorf("%T gives a user and %v", a, err)
			}
		}
	}
}

// TestAllOfHalf tells half of the credentials from none, for who asks AllOf
// directly.
func TestAllOfHalf(t *testing.T) {
	a := endpoint.AllOf(endpoint.APIKeyAuth("X-A", authBySecret("a-right")), endpoint.APIKeyAuth("X-B", authBySecret("b-right")))
	for _, c := range []struct {
		header http.Header
		want   error
	}{{nil, nil}, {http.Header{"X-A": {"a-right"}}, endpoint.ErrCredentials}, {http.Header{"X-B": {"b-right"}}, endpoint.ErrCredentials}} {
		r := &endpoint.Request{Request: httptest.NewRequest("GET", "/", nil)}
		r.Header = c.header
		if u, err := a.Authenticate(r); u != nil || !errors.Is(err, c.want) {
			t.Errorf("%v: %v, %v, want %v", c.header, u, err, c.want)
		}
	}
}

// TestAuthLog looks at what is logged of a refusal and of a failure.
func TestAuthLog(t *testing.T) {
	var text bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	api := endpoint.New(endpoint.Logger(logger), endpoint.UserRequired())
	api.Get("wrong", func() {}, endpoint.Auth(authSays(nil, errAuthExpired)))
	api.Get("fails", func() {}, endpoint.Auth(authSays(nil, errAuthStore)))
	api.Get("beside", func() {}, endpoint.Auth(authSays(nil, errAuthStore), authSays(&endpoint.User{}, nil)))
	for path, want := range map[string]string{"/wrong": "", "/fails": errAuthStore.Error(), "/beside": errAuthStore.Error()} {
		text.Reset()
		authGet(api, path)
		if got := text.String(); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s logs %q, want %q in it", path, got, want)
		}
	}
}
