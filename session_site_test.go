package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// sessionSites are requests to http://example.com, also reached as
// https://app.example, and whether they come from our own pages.
var sessionSites = []struct {
	name, reason string
	fields       []string
	ours         bool
}{
	{"nothing", "no browser, or one that follows a bookmark", nil, true},
	{"same origin", "", []string{"Sec-Fetch-Site: same-origin"}, true},
	{"typed", "the person asked for it", []string{"Sec-Fetch-Site: none"}, true},
	{"same site", "another host of ours is not we", []string{"Sec-Fetch-Site: same-site"}, false},
	{"cross site", "", []string{"Sec-Fetch-Site: cross-site"}, false},
	{"unknown", "what is not understood is foreign", []string{"Sec-Fetch-Site: Same-Origin"}, false},
	{"empty site", "likewise", []string{"Sec-Fetch-Site: "}, false},
	{"two sites", "likewise", []string{"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: same-origin"}, false},
	{"our origin", "", []string{"Origin: http://example.com"}, true},
	{"our external origin", "", []string{"Origin: https://app.example"}, true},
	{"case", "hosts have none", []string{"Origin: HTTP://EXAMPLE.com"}, true},
	{"default port", "it is the same origin", []string{"Origin: http://example.com:80"}, true},
	{"other scheme", "https of the same host is another origin", []string{"Origin: https://example.com"}, false},
	{"other port", "", []string{"Origin: http://example.com:8080"}, false},
	{"subdomain", "", []string{"Origin: http://a.example.com"}, false},
	{"suffix", "", []string{"Origin: http://example.com.evil.example"}, false},
	{"prefix", "", []string{"Origin: http://evilexample.com"}, false},
	{"null", "a sandbox", []string{"Origin: null"}, false},
	{"empty origin", "", []string{"Origin: "}, false},
	{"two origins", "", []string{"Origin: http://example.com", "Origin: http://example.com"}, false},
	{"list", "", []string{"Origin: http://example.com, http://evil.example"}, false},
	{"user", "a trick", []string{"Origin: http://example.com@evil.example"}, false},
	{"user of ours", "no browser sends it", []string{"Origin: http://x@example.com"}, false},
	{"no scheme", "", []string{"Origin: example.com"}, false},
	{"file", "", []string{"Origin: file://"}, false},
	{"control", "cannot be parsed", []string{"Origin: http://exa\x01mple.com"}, false},
	{"our page", "", []string{"Referer: http://example.com/page?x=1"}, true},
	{"our page without a path", "", []string{"Referer: http://example.com"}, true},
	{"foreign page", "", []string{"Referer: https://evil.example/http://example.com/"}, false},
	{"broken page", "one that cannot be parsed is foreign", []string{"Referer: http://%zz/"}, false},
	{"about", "", []string{"Referer: about:client"}, false},
	{"empty page", "", []string{"Referer: "}, false},
	{"origin ours, page foreign", "each has to agree", []string{"Origin: https://app.example", "Referer: https://evil.example/x"}, false},
	{"page ours, origin foreign", "", []string{"Origin: https://evil.example", "Referer: http://example.com/x"}, false},
	{"site ours, origin foreign", "", []string{"Sec-Fetch-Site: same-origin", "Origin: https://evil.example"}, false},
	{"site foreign, origin ours", "", []string{"Sec-Fetch-Site: cross-site", "Origin: http://example.com"}, false},
	{"all ours", "", []string{"Sec-Fetch-Site: same-origin", "Origin: http://example.com", "Referer: http://example.com/"}, true},
	{"forwarded by a client", "without trusted proxies it says nothing", []string{"Origin: https://evil.example", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https"}, false},
}

// TestSessionSite sends a session's cookie from our pages and from others.
func TestSessionSite(t *testing.T) {
	m, a := sessionOf()
	api := sessionAPI(t, m, a, endpoint.ExternalURL("https://app.example/"))
	token := sessionLogin(t, api)
	for _, c := range sessionSites {
		t.Run(c.name, func(t *testing.T) {
			want := ","
			if c.ours {
				want = "form," + token
			}
			w := sessionAsk(api, "GET", "/who", token, c.fields...)
			if got := w.Body.String(); got != want {
				t.Errorf("GET: %q, want %q (%s)", got, want, c.reason)
			}
			vary := w.Header().Values("Vary")
			for _, name := range []string{"Cookie", "Origin", "Referer", "Sec-Fetch-Site"} {
				if !slices.Contains(vary, name) {
					t.Errorf("Vary %q without %s", vary, name)
				}
			}
			if got := sessionAsk(api, "GET", "/cross", token, c.fields...).Body.String(); got != "form,"+token {
				t.Errorf("CrossSiteSession: %q", got)
			}
			if w := sessionAsk(api, "GET", "/private", token, c.fields...); (w.Code == 200) != c.ours || !c.ours && w.Code != 401 {
				t.Errorf("private: %d", w.Code)
			}
			checkForeign(t, api, token, c.fields, c.ours)
		})
	}
}

// checkForeign logs in, out and counts from a site.
func checkForeign(t *testing.T, api http.Handler, token string, fields []string, ours bool) {
	t.Helper()
	w := sessionAsk(api, "POST", "/login", "", fields...)
	if set := len(w.Header()["Set-Cookie"]) > 0; set != ours {
		t.Errorf("login sets cookies %q", w.Header()["Set-Cookie"])
	}
	basic := append([]string{"Authorization: Basic " + authBasic(authName+":"+authPassword)}, fields...)
	w = sessionAsk(api, "GET", "/who", "", basic...)
	user, _, _ := strings.Cut(w.Body.String(), ",")
	if set := len(w.Header()["Set-Cookie"]) > 0; set != ours || user != authName {
		t.Errorf("Basic: user %q, cookies %q", user, w.Header()["Set-Cookie"])
	}
	w = sessionAsk(api, "GET", "/cookies", token, append([]string{"Cookie: other=1"}, fields...)...)
	seen, set := w.Body.String() != "", sessionCookie(w, "theme") != nil
	if seen != ours || set != ours {
		t.Errorf("the handler saw cookies %q and set %q", w.Body, w.Header()["Set-Cookie"])
	}
	if !ours {
		if w = sessionAsk(api, "POST", "/logout", token, fields...); len(w.Header()["Set-Cookie"]) > 0 {
			t.Errorf("logout sets cookies %q", w.Header()["Set-Cookie"])
		}
		if got := sessionAsk(api, "GET", "/who", token).Body.String(); got != "form,"+token {
			t.Errorf("after a foreign logout: %q", got)
		}
	}
}

// TestSessionCookieField binds a cookie of a request from another site.
func TestSessionCookieField(t *testing.T) {
	type in struct {
		Theme string `cookie:"theme" default:"none"`
	}
	m, _ := sessionOf()
	api := endpoint.New(endpoint.Sessions(m))
	api.Get("x", func(in in, r *http.Request, own *endpoint.Request) []string {
		return []string{in.Theme, r.Header.Get("Cookie"), own.Header.Get("Cookie")}
	})
	pass := func(h http.Handler) http.Handler { return h }
	api.Get("y", func(in in, r *http.Request) []string { return []string{in.Theme, r.Header.Get("Cookie"), ""} }, endpoint.Use(pass))
	for _, path := range []string{"/x", "/y"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header = http.Header{"Cookie": {"theme=dark"}, "Origin": {"https://evil.example"}}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if diff := cmp.Diff(`["none","",""]`, w.Body.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		if r.Header.Get("Cookie") != "theme=dark" {
			t.Errorf("%s: the request of the service around was changed", path)
		}
	}
}
