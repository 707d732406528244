package endpoint_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// sentinel is in every secret of this file, however it is written.
const sentinel = "SENTINEL"

// secretFields carry secrets in every way that one is sent.
var secretFields = [][]string{
	{"Authorization: Bearer " + sentinel + "-bearer"},
	{"Authorization: Basic " + authBasic("alice:"+sentinel+"-password")},
	{"Authorization: Basic " + sentinel + "-no-base64"},
	{"Authorization: " + sentinel + "-scheme"},
	{"Authorization: Bearer " + sentinel + "-twice", "Authorization: Bearer " + sentinel + "-twice"},
	{"X-Api-Key: " + sentinel + "-key"},
	{"X-Skygear-Api-Key: known-" + sentinel, "X-Skygear-Access-Token: " + sentinel + "-token"},
	{"X-Skygear-Api-Key: " + sentinel + "-unknown"},
	{"Cookie: session=" + sentinel + "-session; other=" + sentinel + "-cookie"},
}

// secretAPI has an endpoint for each way in which a check can end badly, with
// the secret in what it says.
func secretAPI(logger *slog.Logger) *endpoint.API {
	m, a := sessionOf()
	m.Store = &sessionStore{Store: m.Store, find: errAuthStore}
	api := endpoint.New(endpoint.Logger(logger), endpoint.PrivateKey(sentinel+"-private"))
	ends := map[string]func(secret string) error{
		"wrong":  func(s string) error { return fmt.Errorf("%w: %s", endpoint.ErrCredentials, s) },
		"fails":  func(s string) error { return fmt.Errorf("invalid input syntax for type uuid: %q", s) },
		"panics": func(s string) error { panic("no such secret: " + s) },
		"error":  func(s string) error { return endpoint.Errorf(503, "later").Wrap(fmt.Errorf("for %s", s)) },
	}
	for name, end := range ends {
		check := func(_ context.Context, s string) (*endpoint.User, error) { return nil, end(s) }
		list := []endpoint.Authenticator{
			endpoint.BasicAuth("x", func(ctx context.Context, _, p string) (*endpoint.User, error) { return check(ctx, p) }),
			endpoint.BearerAuth(check), endpoint.AllOf(endpoint.APIKeyAuth("X-Api-Key", check)),
			endpoint.SkygearAuth([]string{"known-" + sentinel}, check),
		}
		api.Get(name, func() {}, endpoint.Auth(list...), endpoint.UserRequired())
		api.Get("public/"+name, func() {}, endpoint.Auth(list...))
	}
	api.Get("session", func() {}, endpoint.Sessions(m), endpoint.Auth(a), endpoint.UserRequired())
	api.Post("json", func(map[string]int) {}, endpoint.RequireCredentials())
	api.Get("handler", func() error { return errAuthStore })
	return api
}

// TestSecrets looks for secrets in logs at every level, in answers, in errors
// and in what describes an API.
func TestSecrets(t *testing.T) {
	var text bytes.Buffer
	api := secretAPI(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug - 4})))
	if err := api.Explain(&text); err != nil {
		t.Fatal(err)
	}
	operations, err := api.Operations()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range operations {
		fmt.Fprintf(&text, "%+v\n", o.Security)
	}
	for _, fields := range secretFields {
		for _, path := range []string{"wrong", "fails", "panics", "error", "public/wrong", "public/fails", "public/panics", "session", "handler", "json", "nowhere", "_/private_api/" + sentinel + "-wrong/x", "_/private_api/" + sentinel + "-private/fails", "wrong?api_key=" + sentinel} {
			for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "FOO"} {
				r := httptest.NewRequest(method, "/"+path, strings.NewReader(`{"password":"`+sentinel+`"}`))
				for _, f := range fields {
					name, value, _ := strings.Cut(f, ": ")
					r.Header.Add(name, value)
				}
				w := httptest.NewRecorder()
				api.ServeHTTP(w, r)
				fmt.Fprintf(&text, "%s /%.9s %v: %d %v %s\n", method, path, len(fields), w.Code, w.Header(), w.Body)
			}
		}
	}
	for line := range strings.Lines(text.String()) {
		if strings.Contains(line, sentinel) || strings.Contains(line, authBasic("alice:"+sentinel+"-password")) {
			t.Errorf("a secret in: %.400s", line)
		}
	}
	for _, want := range []string{"[credentials]", "invalid input syntax", "no such secret", "for [credentials]", "find [credentials]"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in the log: what a check says is lost", want)
		}
	}
}

// TestSecretValues prints what holds secrets.
func TestSecretValues(t *testing.T) {
	a := endpoint.SkygearAuth([]string{sentinel}, authBySecret(sentinel))
	api := endpoint.New(endpoint.Auth(a), endpoint.PrivateKey(sentinel))
	api.Get("x", func() {})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{a, endpoint.AllOf(a), api, endpoint.PrivateKey(sentinel), endpoint.SkygearAuth([]string{sentinel}, nil)} {
			if got := fmt.Sprintf(format, v); strings.Contains(got, sentinel) || strings.Contains(got, fmt.Sprintf("%x", sentinel)) {
				t.Errorf("%s of %T has the secret", format, v)
			}
		}
	}
	wrong := endpoint.New(endpoint.PrivateKey(sentinel+"/"), endpoint.Auth(endpoint.SkygearAuth([]string{sentinel, ""}, nil)))
	if err := wrong.Compile(); err == nil || strings.Contains(err.Error(), sentinel) {
		t.Errorf("faults %v", err)
	}
}

// TestSecretContext prints the context of a request.
func TestSecretContext(t *testing.T) {
	m, a := sessionOf()
	api := endpoint.New(endpoint.Sessions(m), endpoint.Auth(a, endpoint.BearerAuth(authBySecret(authToken))))
	api.Get("x", func(ctx context.Context) string { return fmt.Sprintf("%v", ctx) })
	w := authGet(api, "/x", "Authorization: Bearer "+sentinel, "Cookie: session="+sentinel)
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), sentinel) {
		t.Errorf("%d %.300s", w.Code, w.Body)
	}
	_, _ = io.Copy(io.Discard, w.Body)
}
