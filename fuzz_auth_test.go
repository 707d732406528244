package endpoint_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// FuzzAuthorization compares our reading of credentials with that of net/http:
// what we take, it takes too, and reads the same.
func FuzzAuthorization(f *testing.F) {
	for _, s := range []string{"Basic " + authBasic("a:b"), "basic  " + authBasic(":"), "Bearer abc", "BEARER a==", "Bearer a,b", "Basic", "Bearer", "Basic \x00", "x", " Basic YTpi"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		var name, password, token string
		api := endpoint.New(endpoint.Auth(
			endpoint.BasicAuth("x", func(_ context.Context, n, p string) (*endpoint.User, error) {
				name, password = n, p
				return &endpoint.User{ID: "basic"}, nil
			}),
			endpoint.BearerAuth(func(_ context.Context, s string) (*endpoint.User, error) {
				token = s
				return &endpoint.User{ID: "bearer"}, nil
			}),
		))
		api.Get("x", endpoint.CurrentUserID)
		r := httptest.NewRequest(http.MethodGet, "/x", nil)
		r.Header["Authorization"] = []string{value}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		switch w.Body.String() {
		case "":
			if n, p, ok := r.BasicAuth(); ok && isPlain(n+p) && strings.HasPrefix(value, "Basic ") && authBasic(n+":"+p) == value[6:] {
				t.Errorf("%q is refused", value)
			}
		case "basic":
			head, rest, _ := strings.Cut(value, " ")
			r.Header.Set("Authorization", head+" "+strings.TrimLeft(rest, " "))
			if n, p, ok := r.BasicAuth(); !ok || n != name || p != password {
				t.Errorf("%q is read as %q and %q, by net/http as %q and %q", value, name, password, n, p)
			}
		case "bearer":
			if len(value) < 8 || !strings.EqualFold(value[:7], "Bearer ") || token != value[7:] || !isPlain(token) || strings.ContainsAny(token, ` ,"`) {
				t.Errorf("%q is read as %q", value, token)
			}
		}
	})
}

// isPlain reports whether s is visible ASCII, or blanks.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c >= 0x7f })
}

// FuzzForwarded writes whatever a client can: where no proxy is trusted it must
// not count, and behind one the result is always an address and an origin.
func FuzzForwarded(f *testing.F) {
	f.Add("for=192.0.2.1;proto=https;host=a", "192.0.2.1, 10.0.0.1", "https", "a.test:80")
	f.Add(`for="[2001:db8::1]:80", for=_x;by="a,b;c"`, "x", "HTTP,", "[::1]")
	f.Add("for=\"", ",,", "javascript", "a/b")
	f.Fuzz(func(t *testing.T, standard, plain, proto, host string) {
		for _, peer := range []string{"192.0.2.9:1", "10.0.0.1:1"} {
			api := endpoint.New(endpoint.TrustedProxies(netip.MustParsePrefix("10.0.0.0/8")))
			var origin string
			var address netip.Addr
			api.Get("x", func(r *endpoint.Request) { origin, address = r.Origin(), r.RemoteAddress() })
			r := httptest.NewRequest(http.MethodGet, "/x", nil)
			r.Host, r.RemoteAddr = "api.test", peer
			r.Header = http.Header{"Forwarded": {standard}, "X-Forwarded-For": {plain}, "X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host}}
			api.ServeHTTP(httptest.NewRecorder(), r)
			if peer[0] == '1' && peer[1] == '9' && (origin != "http://api.test" || address.String() != "192.0.2.9") {
				t.Errorf("a client is believed: %s, %s", origin, address)
			}
			scheme, name, _ := strings.Cut(origin, "://")
			if !address.IsValid() || scheme != "http" && scheme != "https" || name == "" || strings.ContainsAny(name, "/\\@?# ,\"<>") || !isPlain(name) {
				t.Errorf("origin %q, address %v", origin, address)
			}
		}
	})
}
