package endpoint_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// originAsk asks an API where it thinks the client is.
func originAsk(t *testing.T, peer string, secure bool, fields []string, opts ...endpoint.Option) (origin, address, id string) {
	t.Helper()
	api := endpoint.New(opts...)
	api.Get("x", func(r *endpoint.Request) { origin, address, id = r.Origin(), r.RemoteAddress().String(), r.RequestID() })
	r := httptest.NewRequest("GET", "/x", nil)
	r.Host, r.RemoteAddr = "api.test", peer
	if secure {
		r.TLS = &tls.ConnectionState{}
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if w.Code != http.StatusNoContent {
		t.Fatalf("status %d", w.Code)
	}
	return origin, address, id
}

// originProxies are the proxies that the tests trust.
func originProxies() endpoint.Option {
	return endpoint.TrustedProxies(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"))
}

func TestOrigin(t *testing.T) {
	for _, c := range []struct {
		name, reason, peer string
		fields             []string
		origin, address    string
	}{
		{"direct", "", "192.0.2.1:99", nil, "http://api.test", "192.0.2.1"},
		{"direct, made up", "a client may write what it likes", "192.0.2.1:99", []string{"X-Forwarded-For: 10.0.0.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "Forwarded: for=10.0.0.9;proto=https;host=evil.example"}, "http://api.test", "192.0.2.1"},
		{"proxy that says nothing", "the proxy's address is all that is known", "10.0.0.1:99", nil, "http://api.test", "10.0.0.1"},
		{"one proxy", "", "10.0.0.1:99", []string{"X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: app.test"}, "https://app.test", "192.0.2.7"},
		{"spoofed left", "the first untrusted from the right", "10.0.0.1:99", []string{"X-Forwarded-For: 203.0.113.5, 192.0.2.7"}, "http://api.test", "192.0.2.7"},
		{"two proxies", "", "10.0.0.1:99", []string{"X-Forwarded-For: 203.0.113.5, 192.0.2.7, 10.0.0.2"}, "http://api.test", "192.0.2.7"},
		{"several fields", "they are one list", "10.0.0.1:99", []string{"X-Forwarded-For: 203.0.113.5", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 10.0.0.2"}, "http://api.test", "192.0.2.7"},
		{"all trusted", "the leftmost", "10.0.0.1:99", []string{"X-Forwarded-For: 10.0.0.3, 10.0.0.2"}, "http://api.test", "10.0.0.3"},
		{"with ports", "", "10.0.0.1:99", []string{"X-Forwarded-For: [2001:db8::1]:443"}, "http://api.test", "2001:db8::1"},
		{"mapped", "IPv4 in IPv6 is IPv4", "[::ffff:10.0.0.1]:99", []string{"X-Forwarded-For: ::ffff:192.0.2.7"}, "http://api.test", "192.0.2.7"},
		{"garbage", "the proxy that passed it on", "10.0.0.1:99", []string{"X-Forwarded-For: 192.0.2.7, <script>, 10.0.0.2"}, "http://api.test", "10.0.0.2"},
		{"empty", "", "10.0.0.1:99", []string{"X-Forwarded-For: "}, "http://api.test", "10.0.0.1"},
		{"standard", "RFC 7239", "[fd00::1]:99", []string{`Forwarded: For="[2001:db8:cafe::17]:4711";Proto=https;host="app.test:8443";by=x`}, "https://app.test:8443", "2001:db8:cafe::17"},
		{"standard, two", "", "10.0.0.1:99", []string{"Forwarded: for=192.0.2.7;proto=http, for=10.0.0.2;proto=https"}, "https://api.test", "192.0.2.7"},
		{"obfuscated", "the proxy is all that is known", "10.0.0.1:99", []string{"Forwarded: for=_hidden"}, "http://api.test", "10.0.0.1"},
		{"broken standard", "nothing is read from it", "10.0.0.1:99", []string{`Forwarded: for="192.0.2.7;proto=https`}, "http://api.test", "10.0.0.1"},
		{"twice in one", "broken", "10.0.0.1:99", []string{"Forwarded: for=192.0.2.7;for=192.0.2.8;proto=https"}, "http://api.test", "10.0.0.1"},
		{"both agree", "", "10.0.0.1:99", []string{"Forwarded: for=192.0.2.7;proto=https", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https"}, "https://api.test", "192.0.2.7"},
		{"both, of which one is the client's", "neither is believed", "10.0.0.1:99", []string{"Forwarded: for=203.0.113.5;proto=https;host=evil.example", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: http", "X-Forwarded-Host: app.test"}, "http://api.test", "10.0.0.1"},
		{"bad scheme", "only web sites", "10.0.0.1:99", []string{"X-Forwarded-Proto: javascript"}, "http://api.test", "10.0.0.1"},
		{"bad host", "no host", "10.0.0.1:99", []string{"X-Forwarded-Host: evil.example/path"}, "http://api.test", "10.0.0.1"},
		{"host with a user", "no host", "10.0.0.1:99", []string{"X-Forwarded-Host: a@evil.example"}, "http://api.test", "10.0.0.1"},
		{"address as host", "", "10.0.0.1:99", []string{"X-Forwarded-Host: [2001:db8::1]:8080"}, "http://[2001:db8::1]:8080", "10.0.0.1"},
		{"default port", "browsers leave it out", "10.0.0.1:99", []string{"X-Forwarded-Host: APP.test:443", "X-Forwarded-Proto: HTTPS"}, "https://app.test", "10.0.0.1"},
		{"list of schemes", "what the nearest proxy says", "10.0.0.1:99", []string{"X-Forwarded-Proto: http, https"}, "https://api.test", "10.0.0.1"},
		{"no address", "a server on a socket has none", "@", []string{"X-Forwarded-For: 192.0.2.7"}, "http://api.test", "invalid IP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			origin, address, _ := originAsk(t, c.peer, false, c.fields, originProxies())
			if origin != c.origin || address != c.address {
				t.Errorf("%s and %s, want %s and %s (%s)", origin, address, c.origin, c.address, c.reason)
			}
		})
	}
	if origin, _, _ := originAsk(t, "192.0.2.1:99", true, nil); origin != "https://api.test" {
		t.Errorf("with TLS: %s", origin)
	}
}

func TestRequestIDOfProxy(t *testing.T) {
	for _, c := range []struct {
		name, peer string
		fields     []string
		taken      bool
	}{
		{"of a proxy", "10.0.0.1:99", []string{"X-Request-Id: abc-123"}, true},
		{"of a client", "192.0.2.1:99", []string{"X-Request-Id: abc-123"}, false},
		{"empty", "10.0.0.1:99", []string{"X-Request-Id: "}, false},
		{"twice", "10.0.0.1:99", []string{"X-Request-Id: abc-123", "X-Request-Id: abc-123"}, false},
		{"space", "10.0.0.1:99", []string{"X-Request-Id: abc 123"}, false},
		{"control", "10.0.0.1:99", []string{"X-Request-Id: abc\x1b[31m"}, false},
		{"non-ASCII", "10.0.0.1:99", []string{"X-Request-Id: abc\u202e"}, false},
		{"long", "10.0.0.1:99", []string{"X-Request-Id: " + strings.Repeat("a", 129)}, false},
		{"longest", "10.0.0.1:99", []string{"X-Request-Id: " + strings.Repeat("a", 128)}, true},
	} {
		_, _, id := originAsk(t, c.peer, false, c.fields, originProxies())
		_, sent, _ := strings.Cut(c.fields[0], ": ")
		if (id == sent) != c.taken || id == "" {
			t.Errorf("%s: id %q", c.name, id)
		}
	}
}

func TestOriginsOfAPI(t *testing.T) {
	for _, c := range []struct {
		name      string
		opts      []endpoint.Option
		mount     string
		path      string
		api, app  string
		localPath string
	}{
		{"root", nil, "", "/users", "http://api.test", "http://api.test", "/users"},
		{"prefix", []endpoint.Option{endpoint.Prefix("/_/api")}, "", "/_/api/users", "http://api.test/_/api", "http://api.test", "/users"},
		{"mounted", nil, "/svc", "/svc/users", "http://api.test/svc", "http://api.test", "/users"},
		{"mounted prefix", []endpoint.Option{endpoint.Prefix("v1")}, "/svc", "/svc/v1/users", "http://api.test/svc/v1", "http://api.test", "/users"},
		{"external", []endpoint.Option{endpoint.ExternalURL("https://My-App.example:443/")}, "", "/users", "http://api.test", "https://my-app.example", "/users"},
		{"private", []endpoint.Option{endpoint.Prefix("/_/api"), endpoint.PrivateKey("KEY123")}, "", "/_/private_api/KEY123/users", "http://api.test/_/api", "http://api.test", "/users"},
		{"private without a prefix", []endpoint.Option{endpoint.PrivateKey("KEY123")}, "", "/_/private_api/KEY123/users", "http://api.test", "http://api.test", "/users"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var api, app, path string
			a := endpoint.New(c.opts...)
			a.Get("users", func(r *endpoint.Request) { api, app, path = r.APIOrigin(), r.AppOrigin(), r.Path() })
			r := httptest.NewRequest("GET", c.path, nil)
			r.Host = "api.test"
			w := httptest.NewRecorder()
			http.StripPrefix(c.mount, a).ServeHTTP(w, r)
			if w.Code != 204 || api != c.api || app != c.app || path != c.localPath {
				t.Errorf("%d, %s, %s, %s, want 204, %s, %s, %s", w.Code, api, app, path, c.api, c.app, c.localPath)
			}
		})
	}
}

// originKey is a private key that must not be seen anywhere.
const originKey = "SENTINEL-private-key-4711"

func TestPrivateKey(t *testing.T) {
	var text bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var pattern string
	api := endpoint.New(endpoint.PrivateKey(originKey), endpoint.Prefix("/_/api"), endpoint.Logger(logger))
	api.Get("users/:id", func(r *endpoint.Request) string { pattern = r.Pattern; return r.Param("id") })
	api.Get("files/*rest", func(r *endpoint.Request) string { return r.Rest() })
	api.Get("fails", func() error { return errAuthStore })
	api.Get("", func() string { return "root" })
	place := "/_/private_api/" + originKey
	for _, c := range []struct {
		path, reason string
		status       int
		body         string
	}{
		{place + "/users/42", "", 200, "42"},
		{"/_/api/users/42", "the prefix goes on", 200, "42"},
		{place + "/users/a%2Fb", "escapes are kept", 200, "a/b"},
		{place + "/users/%C3%BC", "", 200, "ü"},
		{place + "/files/a/b", "", 200, "a/b"},
		{"/%5F/private_api/" + originKey + "/users/42", "one path, however it is escaped", 200, "42"},
		{place, "the API's own path", 200, "root"},
		{place + "/nothing", "", 404, ""},
		{place + "/fails", "", 500, ""},
		{place + "/_/api/users/42", "in place of the prefix", 404, ""},
		{place + "//users/42", "never cleaned", 404, ""},
		{place + "/../x/users/42", "never cleaned", 404, ""},
		{place + "x/users/42", "another key", 403, ""},
		{"/_/private_api/" + strings.ToLower(originKey) + "/users/42", "another key", 403, ""},
		{"/_/private_api/users/42", "a path for a key", 403, ""},
		{"/_/private_api/", "no key", 403, ""},
		{"/_/private_api", "no key", 403, ""},
		{"/_/private_api/wrong/nothing", "wrong before unknown", 403, ""},
	} {
		w := authGet(api, c.path)
		if w.Code != c.status || c.status == 200 && w.Body.String() != c.body {
			t.Errorf("%s: %d %s, want %d %s (%s)", c.path, w.Code, w.Body, c.status, c.body, c.reason)
		}
		for name, values := range w.Header() {
			if strings.Contains(strings.Join(values, " "), originKey) {
				t.Errorf("%s: the key is in %s", c.path, name)
			}
		}
		if c.status != 200 && strings.Contains(w.Body.String(), originKey) {
			t.Errorf("%s: the key is in the answer", c.path)
		}
	}
	var explained strings.Builder
	if err := api.Explain(&explained); err != nil {
		t.Fatal(err)
	}
	if pattern != "/_/api/users/:id" {
		t.Errorf("pattern %q", pattern)
	}
	if strings.Contains(text.String()+explained.String(), "SENTINEL") {
		t.Errorf("the key is in the log or the description:\n%s%s", &text, &explained)
	}
	if !strings.Contains(text.String(), "/_/api/fails") {
		t.Errorf("the failure was not logged: %s", &text)
	}
}
