package main

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/seed217079a1/endpoint/internal/browser"
)

// basic returns the credentials of HTTP Basic.
func basic(name, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(name + ":" + password))
}

// testCORS asks what a page of another origin may read, without credentials.
func testCORS(t *testing.T, b *browser.Browser) {
	sameSite, otherSite := startOther(t)
	s := startService(t, variant{})
	for _, from := range []string{sameSite, otherSite} {
		p := b.Window(t).Open(from + "/")
		for _, test := range []struct {
			name, path, options, want string
			preflight                 bool
			reason                    string
		}{
			{"open to all", "/api/statistics", `{}`, `200 {"notes":2}`, false, "a simple request to an endpoint with CORS"},
			{"open, with credentials", "/api/statistics", `{ credentials: 'include' }`, "refused", false,
				"an endpoint that is open to all shows nothing to a page that sends cookies"},
			{"open, another header", "/api/statistics", `{ headers: { 'X-Custom': '1' } }`, "refused", true,
				"the endpoint allows no header beyond the safe ones"},
			{"open, another method", "/api/statistics", `{ method: 'DELETE' }`, "refused", true,
				"the path has no such method"},
			{"no CORS", "/api/notes", `{}`, "refused", false, "closed unless an endpoint says otherwise"},
			{"no CORS, opaque", "/api/notes", `{ mode: 'no-cors' }`, "opaque", false,
				"what a page may always do: ask and not see"},
			{"no CORS, preflight", "/api/notes", `{ method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }`,
				"refused", true, "the preflight of a path without CORS"},
			{"no CORS, password", "/api/notes", `{ headers: { Authorization: 'Basic ` + basic(ada, password) + `' } }`,
				"refused", true, "a right password does not open CORS"},
			{"unknown path", "/api/unknown", `{}`, "refused", false, "a 404 says nothing to other origins"},
			{"outside the API", "/healthz", `{}`, "refused", false, "what was there before is as closed as it was"},
		} {
			t.Run(test.name, func(t *testing.T) {
				query := strings.ReplaceAll(test.name, " ", "-") + "-" + p.Run("return location.hostname")
				if got := p.Ask(s.url+test.path+"?"+query, test.options); strings.TrimSpace(got) != test.want {
					t.Errorf("the script got %q, want %q: %s", got, test.want, test.reason)
				}
				asked := false
				for _, got := range s.requests(query) {
					asked = asked || got.Method == http.MethodOptions
					if test.preflight && got.Method != http.MethodOptions {
						t.Errorf("the browser sent %s although the preflight was refused", got.Method)
					}
				}
				if asked != test.preflight {
					t.Errorf("preflight %v, want %v", asked, test.preflight)
				}
			})
		}
	}
}

// testPartner lets the page of one origin act for the user, and no other.
func testPartner(t *testing.T, b *browser.Browser) {
	sameSite, otherSite := startOther(t)
	strangerSame, strangerOther := startOther(t)
	everywhere := func(c *scs.SessionCookie) { c.SameSite, c.Secure = http.SameSiteNoneMode, true }
	s := startService(t, variant{partners: []string{sameSite, otherSite}, cookie: everywhere})
	who := b.UsualWindow(t)
	p := who.Open(s.url + "/")
	logIn(t, p, ada, password)
	p.WaitText("#account", ada)
	defer p.Close()
	const (
		read     = `{ credentials: 'include' }`
		readBare = `{}`
		write    = `{ method: 'POST', credentials: 'include', body: '{"text":"by a partner"}', headers: { 'Content-Type': 'application/json' } }`
		simple   = `{ method: 'POST', credentials: 'include', body: '{"text":"by a form"}' }`
	)
	for _, test := range []struct {
		name, from, options, want string
		status                    int // of what the service answered beside preflights, 0 for nothing
		notes                     int // of ada, afterwards
		reason                    string
	}{
		{"same site reads", sameSite, read, `200 [{"id":1`, 200, 1, "a partner on another port"},
		{"other site reads", otherSite, read, `200 [{"id":1`, 200, 1, "a partner on another host"},
		{"without credentials", otherSite, readBare, `401 `, 401, 1, "no cookie; the 401 can be read, so CORS holds for errors"},
		{"same site writes", sameSite, write, `201 `, 201, 2, "a preflight asks for POST and Content-Type"},
		{"other site writes", otherSite, write, `201 `, 201, 3, "likewise"},
		{"wrong type", otherSite, simple, `415 `, 415, 3, "a simple request of a partner is judged like any other"},
		{"stranger reads", strangerSame, read, "refused", 403, 3, "an origin that differs by its port"},
		{"strange site reads", strangerOther, read, "refused", 403, 3, "an origin of another host"},
		{"stranger writes", strangerSame, write, "refused", 0, 3, "refused by the preflight"},
		{"strange site writes", strangerOther, simple, "refused", 403, 3, "no preflight: the guard refuses it"},
		{"own page", s.url, read, `403 `, 403, 3, "the guard wants an origin, and a page tells none to its own"},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := who.For(t).Open(test.from + "/")
			defer page.Close()
			query := strings.ReplaceAll(test.name, " ", "-")
			if got := page.Ask(s.url+"/api/partner/notes?"+query, test.options); !strings.HasPrefix(got, test.want) {
				t.Errorf("the script got %q, want %q: %s", got, test.want, test.reason)
			}
			status := 0
			for _, got := range s.requests(query) {
				if got.Method != http.MethodOptions {
					status = got.Status
				}
			}
			if status != test.status {
				t.Errorf("the service answered %d, want %d: %s", status, test.status, test.reason)
			}
			if got := s.notes(t, ada); len(got) != test.notes {
				t.Errorf("ada has %q, want %d notes: %s", got, test.notes, test.reason)
			}
		})
	}
}
