package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
)

// TestHost mounts the API in two kinds of services: one that leaves sessions to
// the API, and one that has the manager's middleware around everything.
func TestHost(t *testing.T) {
	wrap := func(m *scs.SessionManager, h http.Handler) http.Handler { return m.LoadAndSave(h) }
	for _, test := range []struct {
		name string
		v    variant
	}{
		{"sessions in the API", variant{}},
		{"sessions around the service", variant{around: wrap}},
	} {
		t.Run(test.name, func(t *testing.T) { testHost(t, startService(t, test.v)) })
	}
}

// testHost logs in and out, with a request of another site between.
func testHost(t *testing.T, s *service) {
	send := func(method, path, token string, header ...string) (status int, body string, cookies []*http.Cookie) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		if token != "" {
			r.AddCookie(&http.Cookie{Name: s.sessions.Cookie.Name, Value: token})
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text), answer.Cookies()
	}
	whoami := func(token string, want int, why string, header ...string) {
		t.Helper()
		status, body, _ := send("GET", "/api/whoami", token, header...)
		if status != want || strings.Contains(body, ada) != (want == http.StatusOK) {
			t.Errorf("%s: whoami is %d %s, want %d", why, status, body, want)
		}
	}
	logIn := func(token string, header ...string) string {
		t.Helper()
		status, body, cookies := send("POST", "/api/session", token, append(header, "Authorization", "Basic "+basic(ada, password))...)
		if status != http.StatusOK || len(cookies) != 1 || cookies[0].Value == token {
			t.Fatalf("login: %d %s, %v", status, body, cookies)
		}
		return cookies[0].Value
	}

	whoami("", http.StatusUnauthorized, "without a cookie")
	first := logIn("")
	whoami(first, http.StatusOK, "after the login")
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://other.example"},
		{"Origin", "null"}, {"Referer", "https://other.example/page"}, {"Referer", "no address"},
	} {
		whoami(first, http.StatusUnauthorized, header[0]+": "+header[1], header...)
		send("DELETE", "/api/session", first, header...)
		whoami(first, http.StatusOK, "after a logout of another site")
	}
	whoami(first, http.StatusOK, "a typed address", "Sec-Fetch-Site", "none")
	whoami(first, http.StatusOK, "our own page", "Sec-Fetch-Site", "same-origin", "Origin", s.url, "Referer", s.url+"/")

	second := logIn(first)
	whoami(second, http.StatusOK, "after another login")
	whoami(first, http.StatusUnauthorized, "the token from before")

	status, _, cookies := send("DELETE", "/api/session", second)
	if status != http.StatusNoContent || len(cookies) != 1 || cookies[0].Value != "" || cookies[0].MaxAge >= 0 {
		t.Errorf("logout: %d, %v", status, cookies)
	}
	whoami(second, http.StatusUnauthorized, "after logging out")
	if got := s.sessionCount(t); got != 0 {
		t.Errorf("%d sessions are kept", got)
	}

	third := logIn("")
	if _, err := s.db.ExecContext(t.Context(), `DELETE FROM users WHERE name = ?`, ada); err != nil {
		t.Fatal(err)
	}
	whoami(third, http.StatusUnauthorized, "the user was removed")
}
