package endpoint_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// Rows 27 to 33 of the catalogue: no request chooses where a redirect leads.

// attackMounts are the ways to serve an API, and what stands before its paths.
func attackMounts() map[string]struct {
	at      string
	handler http.Handler
} {
	var calls atomic.Int64
	demo := func(opts ...endpoint.Option) *endpoint.API {
		api := attackDemo(&calls, opts...)
		api.Get("tenants/:tenant/files/", func(r *endpoint.Request) string { return attackFiles + r.Param("tenant") })
		api.Get(":any/below/", func(r *endpoint.Request) string { return attackFiles + r.Param("any") })
		return api
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", demo()))
	prefixed := http.NewServeMux()
	prefixed.Handle("/api/", demo(endpoint.Prefix("/api")))
	type mount = struct {
		at      string
		handler http.Handler
	}
	return map[string]mount{
		"alone":                  {"", demo()},
		"StripPrefix":            {"/api", http.StripPrefix("/api", demo())},
		"Prefix":                 {"/api", demo(endpoint.Prefix("/api"))},
		"ServeMux":               {"/api", attackOwnRedirects(mux)},
		"ServeMux and Prefix":    {"/api", attackOwnRedirects(prefixed)},
		"StripPrefix and Prefix": {"/x/api", http.StripPrefix("/x", demo(endpoint.Prefix("api")))},
	}
}

// attackOwnRedirects is a mux without its own redirects, which clean paths in
// a way that differs between the Go releases.
func attackOwnRedirects(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, _ := mux.Handler(r); fmt.Sprintf("%T", h) == "*http.redirectHandler" {
			http.NotFound(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func TestAttackRedirects(t *testing.T) {
	for name, m := range attackMounts() {
		t.Run(name, func(t *testing.T) {
			addr := attackServe(t, m.handler)
			attackRedirectRun(t, addr, attackHostCases(m.at), attackFieldCases(addr, m.at), attackQueryRedirects(m.at))
		})
	}
}

// attackRedirectRun is attackRun for a server that may be mounted, so that
// /hello is not there.
func attackRedirectRun(t *testing.T, addr string, groups ...[]attackCase) {
	t.Helper()
	for _, cases := range groups {
		for i := range cases {
			c := &cases[i]
			t.Run(c.name, func(t *testing.T) {
				if err := c.check(addr); err != nil {
					t.Errorf("%s: %v", c.reason, err)
				}
			})
		}
	}
}

// attackHostCases are rows 27 and 30: paths that a browser may take for a host.
// What check asks of every Location decides.
func attackHostCases(at string) (cases []attackCase) {
	var targets []string
	for _, path := range []string{
		"//evil.example/", "//evil.example", "///evil", "////evil/", `/\evil`, `/\/evil`, `/\\evil/`, "/%5cevil", "/%5Cevil/", "/%2fevil", "/%2f%2fevil/", "/%2Fevil/below", "/%5cevil/below",
		"/%09/evil", "/%09evil/below", "/%0d/evil", "/%00/evil", "//evil/%2f..", "//evil/..", "//evil/%2e%2e", "/files/..//evil/", "/files/../..//evil/", "/.//evil/", "/./evil", "/%2e/evil",
		"/evil.example/%2f..", "//evil.example/files", `/\evil.example/files`, "/%2fevil.example/files", "//evil.example/%2e%2e/files", "/tenants//files", "/tenants/../files", "/%2f/below", "/%5c/below", "/%2f%2fevil/below", "/%5c%5cevil/below",
		"/%2Fevil%2Fbelow", "/;//evil/below", "/@evil.example/below", "/%40evil.example/below", "/:80/below", "/evil.example:80/below", "/http:%2f%2fevil/below", "/javascript:alert(1)/below", "/%e2%80%ae/below", "/%20/below", "/%3f/below", "/%23/below", "/%3Cscript%3E/below", "/%22/below",
	} {
		targets = append(targets, at+path, path)
	}
	cases = attackTargets("27", "whatever is answered stays here", "2xx|308|307|301|4xx", "", targets...)
	for _, method := range []string{"POST", "PUT"} {
		cases = append(cases, attackCase{
			name: "30 " + method, reason: "the method and body stay", want: "308", field: "Location: " + at + "/files/",
			raw: attackText(method+" "+at+"/files", "a=1"),
		})
	}
	return append(cases,
		attackCase{
			name: "30 DELETE", reason: "no redirect for a method that the prefix has not", want: "404|405",
			raw: attackText("DELETE "+at+"/files", ""),
		},
		attackCase{
			name: "32 guarded", reason: "a redirect carries no data", want: "308|401", never: "alice", field: "Location: " + at + "/private/docs/",
			raw: attackText("GET "+at+"/private/docs", ""),
		},
		attackCase{
			name: "32 guarded, below", reason: "behind it the guard stands", want: "401", never: "alice",
			raw: attackText("GET "+at+"/private/docs/", ""),
		})
}

// attackFieldCases are rows 28 and 29: fields and hosts that a Location must
// not be made from.
func attackFieldCases(addr, at string) (cases []attackCase) {
	location := "Location: " + at + "/files/"
	for _, target := range []string{"http://evil.example", "http://evil@" + addr, "https://evil.example:8080", "HTTP://EVIL.example"} {
		cases = append(cases, attackCase{
			name: "28 " + target, reason: "the host of the target is not the answer's", want: "308", field: location, never: "evil",
			raw: attackText("GET "+target+at+"/files", ""),
		})
	}
	for _, f := range []string{"X-Forwarded-Host: evil.example", "X-Forwarded-Prefix: //evil.example", "X-Forwarded-Prefix: /evil", "X-Forwarded-Proto: javascript", "X-Forwarded-Server: evil.example",
		"Forwarded: host=evil.example;proto=https", "X-Original-URL: //evil.example/files", "X-Rewrite-URL: //evil.example/files", "Referer: http://evil.example/", "X-Host: evil.example", "X-Script-Name: //evil.example", "Origin: http://evil.example"} {
		cases = append(cases, attackCase{
			name: "29 " + f, reason: "the field changes nothing", want: "308", field: location, never: "evil",
			raw: attackText("GET "+at+"/files", "", f),
		})
	}
	for _, host := range []string{"evil.example", "evil.example:80", "[::1]"} {
		cases = append(cases, attackCase{
			name: "29 Host " + host, reason: "the Host is not part of the Location", want: "308", field: location, never: "evil",
			raw: "GET " + at + "/files HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		})
	}
	return cases
}

// attackQueryRedirects are rows 31 and 32: queries, line ends and markup.
func attackQueryRedirects(at string) (cases []attackCase) {
	for _, q := range []struct{ sent, want string }{
		{"a=%0d%0aX-Evil:%201", "a=%0d%0aX-Evil:%201"},
		{"%0D%0ASet-Cookie:a=b", "%0D%0ASet-Cookie:a=b"},
		{"a=1;b=2&c=%zz", "a=1;b=2&c=%zz"},
		{"//evil.example", "//evil.example"},
		{`\evil`, `\evil`},
		{"?", "?"},
		{"a=<script>\"'", "a=%3Cscript%3E%22'"},
		{"a=\xc3\xa9\xff", "a=%C3%A9%FF"},
		{"%00", "%00"},
		{strings.Repeat("x", 8000), strings.Repeat("x", 8000)},
	} {
		cases = append(cases, attackCase{
			name: "31 query " + attackClip(q.sent), reason: "the query is kept, and no line ends in it", want: "308", field: "Location: " + at + "/files/?" + q.want, never: "<script",
			raw: attackText("GET "+at+"/files?"+q.sent, ""),
		})
	}
	for _, path := range []string{"/files%0d%0aX-Evil:1", "/%0d%0aX-Evil:1/below", "/tenants/%0d%0aX-Evil:1/files", "/files%0a", "/tenants/a%00/files"} {
		cases = append(cases, attackCase{
			name: "31 path " + path, reason: "a control character in the path is refused", want: "400|308|307|301", never: "X-Evil",
			raw: attackText("GET "+at+path, ""),
		})
	}
	for _, s := range []struct{ sent, want string }{{"a%2Fb", "a%2Fb"}, {"%3Cscript%3E", "%3Cscript%3E"}, {"a%20b", "a%20b"}, {"%2561", "%2561"}, {"%e2%82%ac", "%E2%82%AC"}, {"%3f%23", "%3F%23"}, {"%61;v=1", "a%3Bv=1"}} {
		cases = append(cases, attackCase{
			name: "32 value " + s.sent, reason: "a parameter is escaped again", want: "308", field: "Location: " + at + "/tenants/" + s.want + "/files/", never: "<script",
			raw: attackText("GET "+at+"/tenants/"+s.sent+"/files", ""),
		})
	}
	return append(cases, attackTargets("32", "no redirect to where nothing is", "404", "", at+"/nothing", at+"/hello/x", at+"/users/1/x", at+"/file", at+"/filesX")...)
}

// Row 31: one hop leads to the prefix, in the host's own path.
func TestAttackRedirectOneHop(t *testing.T) {
	for name, m := range attackMounts() {
		t.Run(name, func(t *testing.T) {
			addr := attackServe(t, m.handler)
			for _, target := range []string{"/files?a=%0d%0a;b", "/tenants/a%2Fb/files", "/tenants/%252f/files?x=%zz", "/%20/below", "/a;b/below"} {
				base, err := url.Parse("http://" + addr + m.at + target)
				if err != nil {
					t.Fatal(err)
				}
				hops, _, err := attackSend(addr, attackText("GET "+m.at+target, ""))
				if err != nil || len(hops) != 1 || hops[0].status != 308 {
					t.Fatalf("%s: %v, %v; want a redirect", target, hops, err)
				}
				next, err := base.Parse(hops[0].header.Get("Location"))
				if err != nil || next.Host != addr || next.RawQuery != base.RawQuery {
					t.Fatalf("%s: it leads to %v, %v", target, next, err)
				}
				ends, _, err := attackSend(addr, attackText("GET "+next.RequestURI(), ""))
				if err != nil || len(ends) != 1 || ends[0].status != 200 || !strings.HasPrefix(ends[0].body, attackFiles) {
					t.Errorf("%s: it leads to %s: %v, %v", target, next, ends, err)
				}
			}
		})
	}
}

// Row 33: the helper takes any host, and says what that means.
func TestAttackRedirectHelper(t *testing.T) {
	const login = "https://login.example/authorize?state=a%2Fb"
	api := endpoint.New()
	api.Get("login", func() *endpoint.Response { return endpoint.Redirect(303, login) })
	addr := attackServe(t, api)
	answers, _, err := attackSend(addr, attackText("GET /login", ""))
	if err != nil || len(answers) != 1 || answers[0].status != 303 || answers[0].header.Get("Location") != login {
		t.Errorf("a redirect to a login: %v, %v", answers, err)
	}
	source, err := os.ReadFile("response.go")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(source), "func Redirect(")
	comment := before[strings.LastIndex(before, "\n\n"):]
	if text := strings.Join(strings.Fields(strings.ReplaceAll(comment, "//", "")), " "); !strings.Contains(text, "never build it from what a request says") {
		t.Errorf("the documentation of Redirect does not warn of locations from requests: %q", text)
	}
}
