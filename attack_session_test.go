package endpoint_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// Rows 97 to 99 of the catalogue: other sites and the session.

// attackCookie returns the cookie that an answer sets, nil for none.
func attackCookie(a *attackAnswer) *http.Cookie {
	cookies := (&http.Response{Header: a.header}).Cookies()
	if len(cookies) == 0 {
		return nil
	}
	return cookies[0]
}

// attackOne sends a request and returns its one answer.
func attackOne(t *testing.T, addr, raw string) *attackAnswer {
	t.Helper()
	answers, _, err := attackSend(addr, raw)
	if err != nil || len(answers) != 1 {
		t.Fatalf("%.80q: %v, %v", raw, answers, err)
	}
	return &answers[0]
}

func TestAttackSession(t *testing.T) {
	m, a := sessionOf()
	api := sessionAPI(t, m, a)
	api.Get("hello", func() string { return "hello" })
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	addr := attackServe(t, api)
	login := attackOne(t, addr, attackText("POST /login", "", "Content-Length: 0"))
	c := attackCookie(login)
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || len(c.Value) < 22 {
		t.Fatalf("cookie %+v, want HttpOnly, SameSite=Lax and 128 bits", c)
	}
	cookie := "Cookie: session=" + c.Value
	for _, field := range []string{
		"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: same-origin, none", "Origin: null", "Origin: http://evil.example", "Origin: https://api.test", "Origin: http://api.test:81", "Origin: http://api.test.evil.example", "Origin: http://api.test@evil.example", "Origin: http://api.test\r\nOrigin: http://api.test", "Origin: ",
		"Referer: http://evil.example/", "Referer: http://evil.example/?http://api.test/", "Referer: //api.test/", "Referer: /who", "Referer: %", "Referer: http://api.test.evil.example", "Origin: http://api.test\r\nReferer: http://evil.example/",
	} {
		t.Run("97 "+attackClip(field), func(t *testing.T) {
			if got := attackOne(t, addr, attackText("GET /who", "", cookie, field)); got.status != 200 || got.body != "," {
				t.Errorf("GET: %v; want nobody", got)
			}
			if got := attackOne(t, addr, attackText("GET /private", "", cookie, field)); got.status != 401 {
				t.Errorf("98 private: %v; want 401", got)
			}
			for _, path := range []string{"/login", "/logout"} {
				if got := attackOne(t, addr, attackText("POST "+path, "", cookie, field, "Content-Length: 0")); attackCookie(got) != nil {
					t.Errorf("99 POST %s sets a cookie: %v", path, got)
				}
			}
			if got := attackOne(t, addr, attackText("GET /cross", "", cookie, field)); got.body != "form,"+c.Value {
				t.Errorf("CrossSiteSession: %v", got)
			}
		})
	}
	attackOwnSite(t, addr, cookie, c.Value)
	attackHealthy(t, addr)
}

// attackOwnSite sends what our own pages send, and cookies that are no session.
func attackOwnSite(t *testing.T, addr, cookie, token string) {
	t.Helper()
	for _, field := range []string{"A: b", "Origin: http://api.test", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Referer: http://api.test/page"} {
		if got := attackOne(t, addr, attackText("GET /who", "", cookie, field)); got.body != "form,"+token {
			t.Errorf("97 %s: %v; want the user", field, got)
		}
	}
	for _, line := range []string{"session=chosen", "session=", "session=" + strings.Repeat("a", 20_000), "session=" + token + "; session=" + token, "session=x; session=" + token, "session=\"" + token + "x\"", "session=../../etc/passwd", "session=%00", "session='; DROP TABLE sessions", "Session=" + token, "__Host-session=" + token} {
		got := attackOne(t, addr, attackText("GET /who", "", "Cookie: "+line))
		if got.body != "," || attackCookie(got) != nil {
			t.Errorf("99 %s: %v; want nobody and no cookie", attackClip(line), got)
		}
		got = attackOne(t, addr, attackText("POST /login", "", "Cookie: "+line, "Content-Length: 0"))
		if c := attackCookie(got); c == nil || c.Value == token || strings.Contains(line, "session="+c.Value) {
			t.Errorf("99 login with %s: %v; want a new token", attackClip(line), got)
		}
	}
	if got := attackOne(t, addr, attackText("GET /who", "", cookie)); got.body != "form,"+token {
		t.Errorf("the session was lost on the way: %v", got)
	}
	if got := attackOne(t, addr, attackText("GET /who", "", "Cookie: session="+token, cookie)); got.body != "," {
		t.Errorf("99 two Cookie fields: %v; want nobody", got)
	}
}

// Row 99: cookies that browsers would not keep safe are faults of registration.
func TestAttackSessionNames(t *testing.T) {
	m, _ := sessionOf()
	m.Cookie.Name = "__Host-id"
	m.Cookie.Secure = true
	api := endpoint.New(endpoint.Sessions(m))
	api.Post("login", func(r *endpoint.Request) { m.Put(r.Context(), sessionUser, "x") })
	addr := attackServe(t, api)
	got := attackOne(t, addr, attackText("POST /login", "", "Content-Length: 0"))
	want := fmt.Sprintf("__Host-id=%s; Path=/; ", attackCookie(got).Value)
	if line := got.header.Get("Set-Cookie"); !strings.HasPrefix(line, want) || !strings.Contains(line, "; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("Set-Cookie %q", line)
	}
}
