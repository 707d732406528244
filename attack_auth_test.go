package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// Rows 46 to 62 of the catalogue: who is let in.

const (
	attackKeyField   = "X-Api-Key: test-key"
	attackTokenField = "X-Auth-Token: test-token"
	attackOwn        = "alice's own"
)

// attackNotes is an object per user, for row 60.
type attackNotes struct {
	Owner string `path:"owner"`
}

// attackVault is the demo with a user of two header fields, and with other
// authenticators at paths of their own.
func attackVault(calls *atomic.Int64, check func() error) *endpoint.API {
	secret := func(right, id string) func(context.Context, string) (*endpoint.User, error) {
		return func(_ context.Context, s string) (*endpoint.User, error) {
			if err := check(); err != nil {
				return nil, err
			}
			if !endpoint.SameSecret(s, right) {
				return nil, endpoint.ErrCredentials
			}
			return &endpoint.User{ID: id}, nil
		}
	}
	both := endpoint.AllOf(endpoint.APIKeyAuth("X-Api-Key", secret("test-key", "alice")), endpoint.APIKeyAuth("X-Auth-Token", secret("test-token", "alice")))
	api := endpoint.New(endpoint.Logger(slog.New(slog.DiscardHandler)), endpoint.Auth(both))
	own := func() string { calls.Add(1); return attackOwn }
	api.Get("hello", func() string { return "hello" })
	vault := api.Group("", endpoint.UserRequired())
	vault.Handle("private", own, endpoint.Methods("GET", "POST"))
	vault.Handle("any", own, endpoint.Methods("*"))
	vault.Get("files/", own)
	vault.Post("users", func(attackUser) string { calls.Add(1); return attackOwn })
	vault.Get("cached", func() *endpoint.Response { return endpoint.Respond(200, attackOwn).Set("ETag", `"1"`) })
	vault.Get("notes/:owner", func(u *endpoint.User, in attackNotes) (string, error) {
		if u.ID != in.Owner {
			return "", endpoint.Errorf(403, "not yours")
		}
		return attackOwn, nil
	})
	api.Get("bearer", own, endpoint.UserRequired(), endpoint.Auth(endpoint.BearerAuth(secret("test-token", "alice"))))
	api.Get("basic", own, endpoint.UserRequired(), endpoint.Auth(endpoint.BasicAuth("demo", func(ctx context.Context, name, password string) (*endpoint.User, error) {
		u, err := secret("test-token", "alice")(ctx, password)
		if !endpoint.SameSecret(name, "alice") {
			return nil, endpoint.ErrCredentials
		}
		return u, err
	})))
	return api
}

func attackAllow() error { return nil }

// attackRefused makes cases that must be answered with 401 and tell nothing.
func attackRefused(row, reason, target string, fields ...[]string) (cases []attackCase) {
	for _, f := range fields {
		cases = append(cases, attackCase{
			name: row + " " + target + " " + attackClip(strings.Join(f, "|")), reason: reason, want: "401", never: attackOwn,
			raw: attackText("GET "+target, "", f...),
		})
	}
	return cases
}

func TestAttackAuth(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackVault(&calls, attackAllow))
	attackRun(t, addr, attackNearCases(), attackTwiceCases(), attackPlaceCases(), attackTrustCases(), attackSchemeCases(), attackBypassCases())
	if n := calls.Load(); n != 0 {
		t.Errorf("a function was called %d times without right credentials", n)
	}
	attackRun(t, addr, []attackCase{
		{name: "46 both", reason: "right", raw: attackText("GET /private", "", attackKeyField, attackTokenField), want: "200", body: attackOwn, field: "Cache-Control: no-store"},
		{name: "46 case of the fields", reason: "they have none", raw: attackText("GET /private", "", "x-API-key: test-key", "X-AUTH-TOKEN: test-token"), want: "200", body: attackOwn},
		{name: "57 scheme in capitals", reason: "it has no case", raw: attackText("GET /bearer", "", "Authorization: BEARER test-token"), want: "200", body: attackOwn},
		{name: "60 own object", reason: "", raw: attackText("GET /notes/alice", "", attackKeyField, attackTokenField), want: "200", body: attackOwn},
		{name: "60 object of another", reason: "the function has the user to compare with", raw: attackText("GET /notes/bob", "", attackKeyField, attackTokenField), want: "403", never: attackOwn},
	})
}

// attackNearCases are row 47 and 49: what is nearly right.
func attackNearCases() (cases []attackCase) {
	for _, key := range []string{
		"", " ", `"test-key"`, "'test-key'", "Test-Key", "TEST-KEY", "test-ke", "test-keyy", "est-key", "test key", "test_key", "test-key,", "test-key;", "test-key, test-key", "test-key,test-key",
		"test%2Dkey", "test-key%00", "test-key%20", "t\u0435st-key", "test-key\u200b", "\u200btest-key", "\ufefftest-key", "test\u2010key", "test-key\xff", "\xc0test-key", "null", "undefined", "true", "0", "*", ".*", "%", "' OR '1'='1", "test-key' --", "{\"$ne\":1}", "test-key test-token", "Bearer test-key", "test-token",
		strings.Repeat("test-key", 100), strings.Repeat(",", 10_000), strings.Repeat(".", 40_000),
	} {
		cases = append(cases, attackRefused("47", "it is not the key", "/private", []string{"X-Api-Key: " + key, attackTokenField})...)
	}
	for _, token := range []string{"", "test-toke", "test-tokenn", "Test-Token", "test-token, test-token", "test%2Dtoken", "t\u0435st-token", "test-token\u200b", "test-token\xff", "null", "*", "test-key"} {
		cases = append(cases, attackRefused("47", "it is not the token", "/private", []string{attackKeyField, "X-Auth-Token: " + token})...)
	}
	for _, size := range []int{200 << 10, 2 << 20} {
		for _, unit := range []string{"a", ".", ","} {
			cases = append(cases, attackCase{
				name: fmt.Sprintf("49 %d of %q", size, unit), reason: "a long key is refused soon", want: "401|431", never: attackOwn,
				raw: attackText("GET /private", "", "X-Api-Key: "+strings.Repeat(unit, size), attackTokenField),
			})
		}
	}
	return append(cases, attackRefused("46", "half, or swapped", "/private", nil, []string{attackKeyField}, []string{attackTokenField}, []string{"X-Api-Key: test-token", "X-Auth-Token: test-key"}, []string{"X-Api-Key: a", "X-Auth-Token: b"})...)
}

// attackTwiceCases are row 48: a field sent twice.
func attackTwiceCases() []attackCase {
	return append(attackRefused("48", "which of two is meant is not for a server to guess", "/private",
		[]string{"X-Api-Key: wrong", attackKeyField, attackTokenField},
		[]string{attackKeyField, "X-Api-Key: wrong", attackTokenField},
		[]string{attackKeyField, attackKeyField, attackTokenField},
		[]string{attackKeyField, "x-api-key: wrong", attackTokenField},
		[]string{attackKeyField, "X-API-KEY: ", attackTokenField},
		[]string{attackKeyField, attackTokenField, "x-auth-token: test-token"},
	), attackRefused("48", "likewise", "/bearer",
		[]string{"Authorization: Bearer test-token", "Authorization: Bearer test-token"},
		[]string{"Authorization: Basic eDp5", "authorization: Bearer test-token"},
	)...)
}

// attackPlaceCases are row 50: credentials where they are not read.
func attackPlaceCases() (cases []attackCase) {
	for _, target := range []string{"/private?api_key=test-key&token=test-token", "/private?X-Api-Key=test-key&X-Auth-Token=test-token", "/bearer?access_token=test-token", "/basic?username=alice&password=test-token"} {
		cases = append(cases, attackRefused("50", "a URL is no place for credentials", target, nil)...)
	}
	cases = append(cases, attackRefused("50", "not read", "/private",
		[]string{"Cookie: X-Api-Key=test-key; X-Auth-Token=test-token"}, []string{"Authorization: Bearer test-key"}, []string{"Authorization: Basic " + authBasic("test-key:test-token")},
		[]string{"X_Api_Key: test-key", "X_Auth_Token: test-token"}, []string{"HTTP_X_API_KEY: test-key", "HTTP_X_AUTH_TOKEN: test-token"}, []string{"X-Api-Key-: test-key", attackTokenField}, []string{"X-Api--Key: test-key", attackTokenField})...)
	cases = append(cases, attackRefused("50", "not read", "/bearer", []string{"Cookie: token=test-token; access_token=test-token"}, []string{attackTokenField}, []string{"Authorization: test-token"})...)
	for _, body := range []string{"X-Api-Key=test-key&X-Auth-Token=test-token", "access_token=test-token"} {
		cases = append(cases, attackCase{name: "50 body", reason: "nor a body", want: "401", never: attackOwn, raw: attackText("POST /private", body, "Content-Type: application/x-www-form-urlencoded")})
	}
	trailer := "POST /private HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Api-Key, X-Auth-Token\r\n\r\n0\r\n" + attackKeyField + "\r\n" + attackTokenField + "\r\n\r\n"
	return append(cases, attackCase{name: "41 trailer", reason: "credentials come first", want: "401", never: attackOwn, raw: trailer})
}

// attackTrustCases are row 51: fields that claim an identity.
func attackTrustCases() (cases []attackCase) {
	for _, field := range []string{
		"X-Forwarded-User: alice", "X-Remote-User: alice", "Remote-User: alice", "X-Auth-Request-User: alice", "X-Forwarded-For: 127.0.0.1", "X-Real-Ip: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Original-URL: /hello", "X-Rewrite-URL: /hello",
		"X-Is-Master-Key: true", "X-Skygear-Is-Master-Key: true", "User-Agent: GoogleHC/1.0", "X-Middleware-Subrequest: middleware", "X-User-Id: alice", "X-Internal: 1", "X-Custom-IP-Authorization: 127.0.0.1",
	} {
		cases = append(cases, attackRefused("51", "identity never comes from such a field", "/private", []string{field}, []string{field, attackKeyField})...)
	}
	return cases
}

// attackSchemeCases are rows 55 and 57: the syntax of Authorization.
func attackSchemeCases() (cases []attackCase) {
	for _, value := range []string{"Bearer", "Bearer ", "Bearer  test-token", "Bearer\ttest-token", "Bearer test-token, Bearer test-token", "Bearer test-token,", `Bearer "test-token"`, "Bearer test token", "Bearer =", "Bearer test-token\x80", "bearer wrong", "Bearer realm=\"x\""} {
		cases = append(cases, attackCase{
			name: "57 " + attackClip(value), reason: "RFC 6750 3.1", want: "401", never: attackOwn, field: `WWW-Authenticate: Bearer realm="API", error="invalid_token"`,
			raw: attackText("GET /bearer", "", "Authorization: "+value),
		})
	}
	for _, value := range []string{"Basic", "Basic ", "Basic !", "Basic YWxpY2U=", "Basic " + authBasic("alice"), "Basic " + authBasic("alice:wrong"), "Basic " + authBasic("bob:test-token"), "Basic " + authBasic("alice:test-token\x00"), "Basic " + authBasic(strings.Repeat("a", 10<<10)), "Basic " + authBasic("alice:"+strings.Repeat("a", 10<<10)), "Digest username=\"alice\"", "Basic " + authBasic(":test-token"), "Basic " + strings.Repeat("=", 1000)} {
		cases = append(cases, attackCase{
			name: "55 " + attackClip(value), reason: "RFC 7617", want: "401", never: attackOwn, field: `WWW-Authenticate: Basic realm="demo"`,
			raw: attackText("GET /basic", "", "Authorization: "+value),
		})
	}
	return cases
}

// attackBypassCases are rows 52 and 54: other methods, and fields that change
// how a request is answered.
func attackBypassCases() (cases []attackCase) {
	for _, method := range []string{"HEAD", "PUT", "PATCH", "DELETE", "FOO", "get", "QUERY", "TRACE", "PROPFIND", "OPTIONS"} {
		cases = append(cases, attackCase{name: "52 " + method + " /any", reason: "every method needs the user", want: "401", never: attackOwn, raw: attackText(method+" /any", "")})
	}
	cases = append(cases,
		attackCase{name: "52 HEAD /private", reason: "HEAD follows GET", want: "401", raw: attackText("HEAD /private", "")},
		attackCase{name: "52 OPTIONS /private", reason: "without data", want: "204", raw: attackText("OPTIONS /private", "")},
		attackCase{name: "52 PUT /private", reason: "", want: "405", raw: attackText("PUT /private", "")},
		attackCase{name: "52 CONNECT", reason: "", want: "4xx|501", never: attackOwn, raw: attackText("CONNECT /any", "")},
	)
	cases = append(cases, attackRefused("54", "conditions come after credentials", "/cached", []string{`If-None-Match: "1"`}, []string{"If-None-Match: *"}, []string{"Range: bytes=0-"}, []string{`If-Match: "1"`})...)
	cases = append(cases, attackRefused("54", "a field that is to be dropped is still one", "/private", []string{"Connection: X-Api-Key, close"}, []string{"Connection: close, X-Auth-Token", attackKeyField})...)
	return append(cases, attackRefused("52", "a prefix below it", "/files/a/b", nil)...)
}

// Row 46: every refusal is the same.
func TestAttackAuthSame(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackVault(&calls, attackAllow))
	bodies := map[string][]string{}
	for name, fields := range map[string][]string{"none": nil, "key": {attackKeyField}, "token": {attackTokenField}, "wrong": {"X-Api-Key: a", "X-Auth-Token: b"}, "swapped": {"X-Api-Key: test-token", "X-Auth-Token: test-key"}, "twice": {attackKeyField, attackKeyField, attackTokenField}} {
		answers, _, err := attackSend(addr, attackText("GET /private", "", fields...))
		if err != nil || len(answers) != 1 || answers[0].header.Get("WWW-Authenticate") == "" {
			t.Fatalf("%s: %v, %v", name, answers, err)
		}
		a := answers[0]
		a.header.Del("Date")
		text := fmt.Sprint(a.status, a.header, a.body)
		bodies[text] = append(bodies[text], name)
	}
	if len(bodies) != 1 {
		t.Errorf("%d kinds of refusal: %q", len(bodies), bodies)
	}
}

// Row 53: a request is refused before its body comes, and its connection ends.
func TestAttackAuthBody(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackVault(&calls, attackAllow))
	for _, fields := range [][]string{
		{"Content-Length: 100"}, {"Content-Length: 300000"}, {"Content-Length: 10000000000"}, {"Transfer-Encoding: chunked"},
		{"Content-Length: 10000000000", "Expect: 100-continue"}, {"Content-Length: 100", "Content-Encoding: zip"},
	} {
		for _, kind := range []string{attackJSON, "Content-Type: text/plain", "Content-Type: application/json; charset=latin1"} {
			conn, err := attackDial(addr)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, _ = io.WriteString(conn, attackPost("/users", "", append(fields, kind)...))
			answers, err := attackReadAll(conn, "POST")
			_ = conn.Close()
			if err != nil || len(answers) != 1 || answers[0].status != 401 || len(answers[0].interim) > 0 {
				t.Errorf("%q: %v, %v; want 401 and the end of the connection", fields, answers, err)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("%q: it took %v", fields, took)
			}
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("a function was called %d times", n)
	}
}

// Row 58: who cannot tell denies.
func TestAttackAuthFails(t *testing.T) {
	for name, check := range map[string]func() error{
		"error":    func() error { return errors.New("store gone: hunter2") },
		"panic":    func() error { panic("hunter2") },
		"nil map":  func() error { var m map[string]int; m["hunter2"] = 1; return nil }, //nolint:govet,staticcheck // that it panics is the point
		"too slow": func() error { return fmt.Errorf("hunter2: %w", context.DeadlineExceeded) },
		"503":      func() error { return endpoint.Errorf(503, "later").Wrap(errors.New("hunter2")) },
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			addr := attackServe(t, attackVault(&calls, check))
			raws := []string{attackText("GET /private", "", attackKeyField, attackTokenField), attackText("GET /bearer", "", "Authorization: Bearer test-token"), attackText("GET /basic", "", "Authorization: Basic "+authBasic("alice:test-token"))}
			for i, raw := range raws {
				c := attackCase{raw: raw, want: "500|503", never: "hunter2"}
				if err := c.check(addr); err != nil {
					t.Errorf("%d: %v", i, err)
				}
			}
			if n := calls.Load(); n != 0 {
				t.Errorf("a function was called %d times", n)
			}
		})
	}
}

// Row 61: a credential that is taken back fails with the next request of an
// open connection.
func TestAttackRevoked(t *testing.T) {
	var calls, asked atomic.Int64
	check := func() error {
		if asked.Add(1) > 2 { // the two secrets of the first request
			return endpoint.ErrCredentials
		}
		return nil
	}
	addr := attackServe(t, attackVault(&calls, check))
	one := attackText("GET /private", "", attackKeyField, attackTokenField)
	answers, _, err := attackSend(addr, one+one+one)
	if err != nil || len(answers) != 3 || answers[0].status != 200 || answers[1].status != 401 || answers[2].status != 401 {
		t.Errorf("%v, %v; want 200, 401, 401", answers, err)
	}
}

// Row 56: the time of a comparison tells nothing. A test cannot lean on time,
// so the figure is logged, and only one that no noise explains is a fault.
func TestAttackSameSecret(t *testing.T) {
	right := strings.Repeat("k", 32)
	kinds := [2]string{right[:31] + "x", "x" + right[1:]}
	var sum, square [2]float64
	const n = 20_000
	for i := range n {
		kind := i * 7 % 2
		start := time.Now()
		if endpoint.SameSecret(right, kinds[kind]) {
			t.Fatal("different secrets are the same")
		}
		d := min(float64(time.Since(start)), 5000) // an interruption is no measurement
		sum[kind] += d
		square[kind] += d * d
	}
	var mean, variance [2]float64
	for k := range 2 {
		mean[k] = sum[k] / (n / 2)
		variance[k] = square[k]/(n/2) - mean[k]*mean[k]
	}
	score := (mean[0] - mean[1]) / math.Sqrt((variance[0]+variance[1])/(n/2))
	t.Logf("means %.0f and %.0f ns, t = %.2f", mean[0], mean[1], score)
	if math.Abs(mean[0]-mean[1]) > 1000 {
		t.Errorf("means differ by %.0f ns: the comparison ends early", mean[0]-mean[1])
	}
}
