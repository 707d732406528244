package endpoint_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// Secrets of the tests of users. What is wrong is near to what is right.
const (
	authName     = "alice"
	authPassword = "pass:word1"
	authToken    = "tok-en.123~x+/=="
	authExpired  = "expired"
	authKey      = "key-123"
)

// errAuthExpired says more than ErrCredentials, to the log of the embedder alone.
var errAuthExpired = errors.Join(endpoint.ErrCredentials, errors.New("expired"))

// authBySecret returns a check that knows one secret.
func authBySecret(right string) func(context.Context, string) (*endpoint.User, error) {
	return func(_ context.Context, s string) (*endpoint.User, error) {
		switch {
		case s == authExpired:
			return nil, errAuthExpired
		case endpoint.SameSecret(s, right):
			return &endpoint.User{ID: authName}, nil
		}
		return nil, nil //nolint:nilnil // a nil user is a wrong credential
	}
}

func authByPassword(_ context.Context, name, password string) (*endpoint.User, error) {
	if name == authExpired {
		return nil, errAuthExpired
	}
	if endpoint.SameSecret(name, authName) && endpoint.SameSecret(password, authPassword) {
		return &endpoint.User{ID: name}, nil
	}
	return nil, endpoint.ErrCredentials
}

// authAPI has an endpoint that needs a user, found as a says, and one that
// does not. Both answer with the user's ID.
func authAPI(t testing.TB, a ...endpoint.Authenticator) *endpoint.API {
	t.Helper()
	api := endpoint.New(endpoint.Auth(a...), endpoint.Logger(slog.New(slog.DiscardHandler)))
	who := func(ctx context.Context) string { return endpoint.CurrentUserID(ctx) }
	api.Get("private", who, endpoint.UserRequired())
	api.Get("public", who)
	api.Get("key", who, endpoint.KeyRequired())
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api
}

// authGet asks for a path with header fields "Name: value", in their order.
func authGet(h http.Handler, path string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func authBasic(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// An authCase is one way to send credentials.
type authCase struct {
	name, reason string
	fields       []string
	right        bool
}

// check runs the case against an endpoint that needs a user and one that does
// not: wrong credentials are refused by one, and none for the other.
func (c authCase) check(t *testing.T, api http.Handler, challenge string) {
	t.Helper()
	w, open := authGet(api, "/private", c.fields...), authGet(api, "/public", c.fields...)
	if open.Code != http.StatusOK {
		t.Errorf("public: status %d, want 200 (%s)", open.Code, c.reason)
	}
	if got := open.Body.String() == authName; got != c.right {
		t.Errorf("public: user %q (%s)", open.Body, c.reason)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", w.Header().Get("Cache-Control"))
	}
	if c.right {
		if w.Code != http.StatusOK || w.Body.String() != authName {
			t.Errorf("status %d, body %s, want 200 %s (%s)", w.Code, w.Body, authName, c.reason)
		}
		return
	}
	if w.Code != http.StatusUnauthorized {
		t.Fatalf("status %d, want 401 (%s)", w.Code, c.reason)
	}
	if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, challenge) {
		t.Errorf("challenge %q, want %q", got, challenge)
	}
	if want := authGet(api, "/private").Body.String(); w.Body.String() != want {
		t.Errorf("body %s differs from that without credentials, %s", w.Body, want)
	}
}

func authRun(t *testing.T, a endpoint.Authenticator, challenge string, cases []authCase) {
	t.Helper()
	api := authAPI(t, a)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.check(t, api, challenge) })
	}
}

var authLong = strings.Repeat("a", 200<<10)

func TestBasicAuth(t *testing.T) {
	right := authBasic(authName + ":" + authPassword)
	authRun(t, endpoint.BasicAuth(`the "realm"`, authByPassword), `Basic realm="the \"realm\""`, []authCase{
		{"missing", "nobody asked", nil, false},
		{"right", "the first colon separates", []string{"Authorization: Basic " + right}, true},
		{"case of the scheme", "it does not matter, RFC 9110 11.1", []string{"Authorization: bAsIc " + right}, true},
		{"case of the field", "it does not matter, RFC 9110 5.1", []string{"AUTHORIZATION: Basic " + right}, true},
		{"two spaces", "RFC 9110 has one or more in credentials of this form", []string{"Authorization: Basic  " + right}, true},
		{"wrong password", "near", []string{"Authorization: Basic " + authBasic(authName+":pass")}, false},
		{"case of the password", "it matters", []string{"Authorization: Basic " + authBasic(authName+":PASS:WORD1")}, false},
		{"unknown user", "as a wrong password", []string{"Authorization: Basic " + authBasic("bob:"+authPassword)}, false},
		{"expired", "as any wrong credential", []string{"Authorization: Basic " + authBasic(authExpired+":x")}, false},
		{"empty", "no colon", []string{"Authorization: Basic "}, false},
		{"scheme alone", "nothing is sent", []string{"Authorization: Basic"}, false},
		{"empty name and password", "they are not right", []string{"Authorization: Basic " + authBasic(":")}, false},
		{"no colon", "RFC 7617 2", []string{"Authorization: Basic " + authBasic(authName)}, false},
		{"bad base64", "broken", []string{"Authorization: Basic ###"}, false},
		{"base64 without padding", "strict", []string{"Authorization: Basic " + strings.TrimRight(right, "=")}, false},
		{"base64 with stray bits", "a second spelling of one credential", []string{"Authorization: Basic " + strings.Replace(right, "Q==", "R==", 1)}, false},
		{"control character", "RFC 7617 2 forbids it", []string{"Authorization: Basic " + authBasic(authName+":"+authPassword+"\x00")}, false},
		{"invalid UTF-8", "no text", []string{"Authorization: Basic " + authBasic(authName+":\xff")}, false},
		{"very long", "no check is asked", []string{"Authorization: Basic " + authBasic(authName+":"+authLong)}, false},
		{"twice, both right", "which is meant is not for a server to guess", []string{"Authorization: Basic " + right, "Authorization: Basic " + right}, false},
		{"twice, wrong first", "likewise", []string{"Authorization: Basic " + authBasic("a:b"), "Authorization: Basic " + right}, false},
		{"twice, wrong last", "likewise", []string{"Authorization: Basic " + right, "authorization: Basic " + authBasic("a:b")}, false},
		{"other scheme", "credentials of another kind are none", []string{"Authorization: Bearer " + right}, false},
		{"longer scheme", "another scheme", []string{"Authorization: BasicX " + right}, false},
		{"tab", "no separator", []string{"Authorization: Basic\t" + right}, false},
		{"list", "not base64", []string{"Authorization: Basic " + right + ", Basic " + right}, false},
		{"other field", "a proxy's credentials are not ours", []string{"Proxy-Authorization: Basic " + right}, false},
	})
}

func TestBearerAuth(t *testing.T) {
	authRun(t, endpoint.BearerAuth(authBySecret(authToken)), `Bearer realm="API"`, []authCase{
		{"missing", "nobody asked", nil, false},
		{"right", "token68", []string{"Authorization: Bearer " + authToken}, true},
		{"case of the scheme", "it does not matter", []string{"Authorization: BEARER " + authToken}, true},
		{"case of the token", "it matters", []string{"Authorization: Bearer " + strings.ToUpper(authToken)}, false},
		{"prefix", "near", []string{"Authorization: Bearer " + authToken[:len(authToken)-1]}, false},
		{"suffix", "near", []string{"Authorization: Bearer " + authToken + "="}, false},
		{"expired", "as any wrong credential", []string{"Authorization: Bearer " + authExpired}, false},
		{"empty", "no token", []string{"Authorization: Bearer "}, false},
		{"scheme alone", "no token", []string{"Authorization: Bearer"}, false},
		{"two spaces", "RFC 6750 2.1 has one", []string{"Authorization: Bearer  " + authToken}, false},
		{"tab", "likewise", []string{"Authorization: Bearer\t" + authToken}, false},
		{"space after", "net/http trims it on the wire; here it is no token68", []string{"Authorization: Bearer " + authToken + " "}, false},
		{"two tokens", "a list is no token68", []string{"Authorization: Bearer " + authToken + ", Bearer " + authToken}, false},
		{"quoted", "not a token68", []string{`Authorization: Bearer "` + authToken + `"`}, false},
		{"non-ASCII", "not a token68", []string{"Authorization: Bearer tok\u0435n"}, false},
		{"invalid UTF-8", "likewise", []string{"Authorization: Bearer \xff\xfe"}, false},
		{"equals inside", "it stands at the end alone", []string{"Authorization: Bearer a=b"}, false},
		{"very long", "no check is asked", []string{"Authorization: Bearer " + authLong}, false},
		{"twice", "refused", []string{"Authorization: Bearer " + authToken, "Authorization: Bearer " + authToken}, false},
		{"as Basic", "another kind", []string{"Authorization: Basic " + authBasic(authToken+":")}, false},
		{"in a cookie", "not read", []string{"Cookie: token=" + authToken + "; Authorization=" + authToken}, false},
	})
}

func TestBearerChallenge(t *testing.T) {
	api := authAPI(t, endpoint.BearerAuth(authBySecret(authToken)))
	for _, c := range []struct{ name, reason, field, want string }{
		{"none", "RFC 6750 3.1: without credentials there is no error code", "X: y", `Bearer realm="API"`},
		{"wrong", "the client has to get another token", "Authorization: Bearer nope", `Bearer realm="API", error="invalid_token"`},
		{"broken", "likewise", "Authorization: Bearer", `Bearer realm="API", error="invalid_token"`},
		{"other scheme", "no bearer token was sent", "Authorization: Basic eDp5", `Bearer realm="API"`},
		{"longer scheme", "likewise", "Authorization: BearerX x", `Bearer realm="API"`},
	} {
		if got := authGet(api, "/private", c.field).Header().Values("WWW-Authenticate"); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: challenges %q, want %q (%s)", c.name, got, c.want, c.reason)
		}
	}
}

func TestAPIKeyAuth(t *testing.T) {
	authRun(t, endpoint.APIKeyAuth("X-Api-Key", authBySecret(authKey)), `APIKey header="X-Api-Key"`, []authCase{
		{"missing", "nobody asked", nil, false},
		{"right", "", []string{"X-Api-Key: " + authKey}, true},
		{"case of the field", "it does not matter", []string{"x-API-key: " + authKey}, true},
		{"case of the key", "it matters", []string{"X-Api-Key: " + strings.ToUpper(authKey)}, false},
		{"empty", "an empty key never matches", []string{"X-Api-Key: "}, false},
		{"space", "it is not trimmed", []string{"X-Api-Key: " + authKey + " "}, false},
		{"quoted", "quotes are part of it", []string{`X-Api-Key: "` + authKey + `"`}, false},
		{"list", "a list is no key", []string{"X-Api-Key: " + authKey + ", " + authKey}, false},
		{"escaped", "nothing is decoded", []string{"X-Api-Key: key%2D123"}, false},
		{"expired", "as any wrong credential", []string{"X-Api-Key: " + authExpired}, false},
		{"non-ASCII", "a look-alike", []string{"X-Api-Key: k\u0435y-123"}, false},
		{"invisible", "a zero width space", []string{"X-Api-Key: " + authKey + "\u200b"}, false},
		{"invalid UTF-8", "no text", []string{"X-Api-Key: " + authKey + "\xff"}, false},
		{"very long", "no check is asked", []string{"X-Api-Key: " + authLong}, false},
		{"twice", "refused", []string{"X-Api-Key: " + authKey, "x-api-key: " + authKey}, false},
		{"underscore", "another field", []string{"X_Api_Key: " + authKey}, false},
		{"in a cookie", "not read", []string{"Cookie: X-Api-Key=" + authKey}, false},
	})
}

// TestAuthNotAsked gives checks that would take anything what none may see.
func TestAuthNotAsked(t *testing.T) {
	anyone := func(context.Context, string) (*endpoint.User, error) { return &endpoint.User{ID: authName}, nil }
	api := authAPI(t, endpoint.BasicAuth("x", func(ctx context.Context, _, p string) (*endpoint.User, error) { return anyone(ctx, p) }),
		endpoint.BearerAuth(anyone), endpoint.APIKeyAuth("X-Api-Key", anyone))
	for _, c := range []struct {
		field string
		want  int
	}{
		{"X-Api-Key: k", 200},
		{"X-Api-Key: " + authLong, 401},
		{"X-Api-Key: k\xff", 401},
		{"X-Api-Key: k\x00", 401},
		{"Authorization: Bearer " + authLong, 401},
		{"Authorization: Basic " + authBasic("a:b"), 200},
		{"Authorization: Basic " + authBasic("a:b\x7f"), 401},
		{"Authorization: Basic " + authBasic("a\n:b"), 401},
		{"Authorization: Basic " + authBasic("a:\xff"), 401},
		{"Authorization: Basic " + authBasic("a:"+authLong), 401},
	} {
		if w := authGet(api, "/private", c.field); w.Code != c.want {
			t.Errorf("%.60q: status %d, want %d", c.field, w.Code, c.want)
		}
	}
}

func TestSkygearAuth(t *testing.T) {
	a := endpoint.SkygearAuth([]string{authKey, "other-key"}, authBySecret(authToken))
	key, token := "X-Skygear-API-Key: ", "X-Skygear-Access-Token: "
	authRun(t, a, `APIKey header="X-Skygear-API-Key"`, []authCase{
		{"missing", "nobody asked", nil, false},
		{"both", "", []string{key + authKey, token + authToken}, true},
		{"second key", "any of the keys", []string{key + "other-key", token + authToken}, true},
		{"token alone", "it needs no key", []string{token + authToken}, true},
		{"key alone", "a key is no user", []string{key + authKey}, false},
		{"wrong key", "it spoils a right token", []string{key + "key-12", token + authToken}, false},
		{"wrong token", "", []string{key + authKey, token + "tok"}, false},
		{"swapped", "each is wrong", []string{key + authToken, token + authKey}, false},
		{"expired", "", []string{key + authKey, token + authExpired}, false},
		{"key twice", "refused", []string{key + authKey, key + authKey, token + authToken}, false},
		{"token twice", "refused", []string{key + authKey, token + authToken, token + authToken}, false},
		{"empty", "as if not sent", []string{key, token}, false},
		{"master", "services trust nobody by a header field", []string{"X-Skygear-Is-Master-Key: true", key + authKey}, false},
	})
	api := authAPI(t, a)
	for _, c := range []struct {
		name   string
		fields []string
		path   string
		want   int
	}{
		{"no key", nil, "/key", http.StatusUnauthorized},
		{"key", []string{key + authKey}, "/key", http.StatusOK},
		{"wrong key", []string{key + "nope"}, "/key", http.StatusUnauthorized},
		{"token", []string{token + authToken}, "/key", http.StatusOK},
		{"key, wrong token", []string{key + authKey, token + "nope"}, "/key", http.StatusUnauthorized},
		{"key in the query", nil, "/key?api_key=" + authKey + "&access_token=" + authToken, http.StatusUnauthorized},
	} {
		if w := authGet(api, c.path, c.fields...); w.Code != c.want {
			t.Errorf("KeyRequired, %s: status %d, want %d", c.name, w.Code, c.want)
		}
	}
}

func TestAllOf(t *testing.T) {
	a := endpoint.AllOf(endpoint.APIKeyAuth("X-Api-Key", authBySecret(authKey)), endpoint.BearerAuth(authBySecret(authToken)))
	key, token := "X-Api-Key: ", "Authorization: Bearer "
	authRun(t, a, `APIKey header="X-Api-Key", Bearer realm="API"`, []authCase{
		{"missing", "", nil, false},
		{"both", "", []string{key + authKey, token + authToken}, true},
		{"first alone", "half", []string{key + authKey}, false},
		{"second alone", "half", []string{token + authToken}, false},
		{"wrong first", "", []string{key + "nope", token + authToken}, false},
		{"wrong second", "", []string{key + authKey, token + "nope"}, false},
		{"swapped", "", []string{key + authToken, token + authKey}, false},
	})
}
