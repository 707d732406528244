package endpoint_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// attackPreflight writes a preflight for GET.
func attackPreflight(target string, fields ...string) string {
	return attackText("OPTIONS "+target, "", append(fields, "Access-Control-Request-Method: GET")...)
}

// TestAttackCORSClosed is row 100: an API without the option allows no other
// origin, whatever it answers.
func TestAttackCORSClosed(t *testing.T) {
	var calls atomic.Int64
	api := attackDemo(&calls)
	addr := attackServe(t, api)
	const origin = "Origin: https://evil.example"
	private := "Access-Control-Request-Private-Network: true"
	var cases []attackCase
	for _, line := range []string{
		"GET /hello", "HEAD /hello", "OPTIONS /hello", "GET /files/a", "GET /files", "GET /nothing", "PATCH /hello",
		"GET /private", "GET /panic", "GET /users/x", "GET /a//b", "POST /users", "GET /stream",
	} {
		cases = append(cases, attackCase{
			name: "100 " + line, reason: "closed by default", want: "2xx|308|4xx|500",
			raw: attackText(line, "", origin, attackClose), never: "Access-Control-Allow-",
		})
	}
	for _, target := range []string{"/hello", "/files/a", "/private", "/nothing"} {
		cases = append(cases, attackCase{
			name: "100 preflight " + target, reason: "closed by default", want: "204|404",
			raw: attackPreflight(target, origin, private), never: "Access-Control-Allow-",
		})
	}
	attackRun(t, addr, cases)
}

// attackOpen is an API that pages of one origin, and of the subdomains of
// another, may call with credentials.
func attackOpen() *endpoint.API {
	api := endpoint.New(endpoint.Logger(slog.New(slog.DiscardHandler)), endpoint.CORS(endpoint.CORSConfig{
		Origins: []string{"https://app.example", "https://*.sub.example"}, Headers: []string{"X-Key"}, Credentials: true,
	}), endpoint.Auth(endpoint.BearerAuth(daraToken)))
	api.Get("hello", func() string { return "hello" })
	api.Get("secret", func() string { panic("a handler ran") }, endpoint.UserRequired())
	api.Post("json", func(map[string]any) string { return "json" }, endpoint.UserRequired())
	return api
}

// TestAttackCORSOrigins is row 101: an origin is allowed by its exact scheme,
// host and port.
func TestAttackCORSOrigins(t *testing.T) {
	addr := attackServe(t, attackOpen())
	var cases []attackCase
	for _, origin := range []string{
		"https://app.example.evil.com", "https://evilapp.example", "https://a.app.example", "http://app.example",
		"https://app.example:8443", "https://app.example:443", "https://APP.example", "HTTPS://app.example",
		"https://app.example/", "https://app.example, https://evil.example", "https://app.example https://evil.example",
		"null", "*", "app.example", "//app.example", "https://app.example.", "https://app.example#", "https://app.example?",
		"https://me@app.example", "https://app.example%00", "https://sub.example", "https://.sub.example", "https://evilsub.example",
		"https://evil.example/.sub.example", "https://evil.example#.sub.example", "https://a..sub.example", "https://a.sub.example.",
		"https://a.sub.example:1", "https://*.sub.example", "http://a.sub.example", "https://evil.example\\.sub.example",
		"https://" + strings.Repeat("a.", 3000) + "sub.evil",
	} {
		for _, raw := range []string{
			attackText("GET /hello", "", "Origin: "+origin),
			attackText("POST /json", "{}", "Origin: "+origin, "Content-Type: application/json"),
			attackPreflight("/hello", "Origin: "+origin),
		} {
			cases = append(cases, attackCase{
				name: "101 " + attackClip(origin) + " " + raw[:4], reason: "a near miss", want: "200|204|401", raw: raw,
				never: "Access-Control-Allow-", field: "Vary: " + attackVary(raw),
			})
		}
	}
	for _, origin := range []string{"https://app.example", "https://a.sub.example", "https://a.b.sub.example"} {
		cases = append(cases,
			attackCase{name: "101 allowed " + origin, reason: "named", want: "200", raw: attackText("GET /hello", "", "Origin: "+origin), field: "Access-Control-Allow-Origin: " + origin},
			attackCase{name: "101 refusal " + origin, reason: "a refusal can be read", want: "401", raw: attackText("GET /secret", "", "Origin: "+origin), field: "Access-Control-Allow-Origin: " + origin},
		)
	}
	for _, raw := range []string{
		attackText("GET /hello", "", "Origin: https://app.example", "Origin: https://evil.example"),
		attackText("GET /hello", "", "Origin: https://evil.example", "origin: https://app.example"),
		attackPreflight("/hello", "Origin: https://app.example", "Origin: https://app.example"),
	} {
		cases = append(cases, attackCase{name: "101 two origins " + attackClip(raw), reason: "a request has one", want: "200|204", raw: raw, never: "Access-Control-Allow-"})
	}
	attackRun(t, addr, cases)
}

// attackVary is the Vary of an answer.
func attackVary(raw string) string {
	if strings.HasPrefix(raw, "OPTIONS") {
		return "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
	}
	return "Origin"
}

// TestAttackCORSPreflights is row 102: a preflight costs little, needs no
// credentials, runs no handler, and is answered from a list.
func TestAttackCORSPreflights(t *testing.T) {
	addr := attackServe(t, attackOpen())
	const origin = "Origin: https://app.example"
	asked := func(list string) string { return "Access-Control-Request-Headers: " + list }
	cases := []attackCase{
		{name: "102 without credentials", reason: "a browser sends none", want: "204", raw: attackPreflight("/secret", origin), field: "Access-Control-Allow-Origin: https://app.example"},
		{name: "102 with a header", reason: "it is named", want: "204", raw: attackPreflight("/secret", origin, asked("x-key")), field: "Access-Control-Allow-Headers: x-key"},
		{name: "102 private network", reason: "never allowed", want: "204", raw: attackPreflight("/hello", origin, "Access-Control-Request-Private-Network: true"), never: "Private-Network"},
		{name: "102 a body", reason: "nobody reads it", want: "204", raw: attackText("OPTIONS /hello", "x", origin, "Access-Control-Request-Method: GET")},
	}
	for _, list := range []string{
		"x-evil", "x-key,x-evil", "*", "x-key\t,\tx-evil", "authorization", strings.Repeat(",", 100_000),
		strings.Repeat("x-key,", 10_000), strings.Repeat("a", 100_000), "x-key" + strings.Repeat(" ", 1000) + ",x-evil",
	} {
		cases = append(cases, attackCase{
			name: "102 " + attackClip(list), reason: "not on the list", want: "204|431", raw: attackPreflight("/hello", origin, asked(list)), never: "Access-Control-Allow-",
		})
	}
	for _, method := range []string{"DELETE", "get", "GET, DELETE", "*", strings.Repeat("A", 10_000), "FOO"} {
		raw := attackText("OPTIONS /hello", "", origin, "Access-Control-Request-Method: "+method)
		cases = append(cases, attackCase{name: "102 method " + attackClip(method), reason: "the path does not have it", want: "204", raw: raw, never: "Access-Control-Allow-"})
	}
	attackRun(t, addr, cases)
}

// A list of 100,000 commas costs what a short one costs, also where every
// header is allowed.
func TestAttackCORSMemory(t *testing.T) {
	for name, config := range map[string]endpoint.CORSConfig{
		"named":        {Origins: []string{"https://app.example"}, Headers: []string{"X-Key"}},
		"every header": {Origins: []string{"*"}, Headers: []string{"*"}},
	} {
		api := endpoint.New(endpoint.CORS(config))
		api.Get("x", says("x"))
		if err := api.Compile(); err != nil {
			t.Fatal(err)
		}
		cost := func(list string) float64 {
			r := httptest.NewRequest(http.MethodOptions, "/x", nil)
			r.Header.Set("Origin", "https://app.example")
			r.Header.Set("Access-Control-Request-Method", "GET")
			r.Header.Set("Access-Control-Request-Headers", list)
			var before, after runtime.MemStats
			w := httptest.NewRecorder()
			runtime.ReadMemStats(&before)
			api.ServeHTTP(w, r)
			runtime.ReadMemStats(&after)
			if size := len(fmt.Sprint(w.Result().Header)); size > 1000 {
				t.Errorf("%s: the answer has %d bytes", name, size)
			}
			return float64(after.TotalAlloc - before.TotalAlloc)
		}
		cost("x-key") // what is made once
		if short, long := cost("x-key"), cost(strings.Repeat(",", 100_000)); long > short+8<<10 {
			t.Errorf("%s: %.0f bytes for 100,000 commas, %.0f for one name", name, long, short)
		}
	}
}

// FuzzCORSOrigin compares what is allowed with a regular expression.
func FuzzCORSOrigin(f *testing.F) {
	for _, origin := range []string{"https://app.example", "https://a.sub.example", "https://.sub.example", "null", "https://a..sub.example", "https://A.sub.example", "", "https://evil.example/.sub.example"} {
		f.Add(origin)
	}
	api := attackOpen()
	if err := api.Compile(); err != nil {
		f.Fatal(err)
	}
	right := regexp.MustCompile(`^https://(app\.example|([a-z0-9_-]+\.)+sub\.example)$`)
	f.Fuzz(func(t *testing.T, origin string) {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			r := httptest.NewRequest(method, "/hello", nil)
			r.Header["Origin"] = []string{origin}
			r.Header.Set("Access-Control-Request-Method", "GET")
			w := httptest.NewRecorder()
			api.ServeHTTP(w, r)
			allowed := w.Header().Get("Access-Control-Allow-Origin")
			if want := right.MatchString(origin) && !strings.HasSuffix(origin, "\n"); (allowed != "") != want || want && allowed != origin {
				t.Errorf("%s from %q: allowed is %q, want %v", method, origin, allowed, want)
			}
		}
	})
}
