package main

import (
	"encoding/json"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/browser"
)

var update = flag.Bool("update", false, "take the screenshot of the documentation again, and rewrite the documents in testdata")

// screenshotFile is the picture in the documentation.
const screenshotFile = "../../docs/login.png"

// TestBrowser measures in a real Chromium what a browser does with the service.
func TestBrowser(t *testing.T) {
	b := browser.Start(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *browser.Browser)
	}{
		{"log in, use, log out", testPage},
		{"wrong password", testWrongPassword},
		{"cookie", testCookie},
		{"cookie over TLS", testSecureCookie},
		{"token of a stranger", testFixation},
		{"log out ends the session", testLogout},
		{"two people", testTwoPeople},
		{"screenshot", testScreenshot},
		{"CORS", testCORS},
		{"partner", testPartner},
		{"other sites", testOtherSites},
		{"dialog of the browser", testBrowserDialog},
		{"login from another site", testForeignLogin},
		{"link from another site", testForeignLink},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, b) })
	}
}

// testPage does with the page what a person does.
func testPage(t *testing.T, b *browser.Browser) {
	s := startService(t, variant{})
	p := b.Window(t).Open(s.url + "/")
	logIn(t, p, ada, password)
	p.WaitText("#account", "ada@example.com")
	p.WaitText("#list", "first of ada")

	p.Write("#add [name=text]", "<img src=x onerror=alert(1)>")
	p.Click("#add button")
	p.WaitText("#list", "<img src=x")
	p.Wait("the second note", "document.querySelectorAll('#list li').length === 2 && !document.querySelector('#list img')")
	p.Click("#list li:first-child button")
	p.Wait("one note", "document.querySelectorAll('#list li').length === 1")
	if diff := cmp.Diff([]string{"<img src=x onerror=alert(1)>"}, s.notes(t, ada)); diff != "" {
		t.Errorf("notes in the database (-want +got):\n%s", diff)
	}

	p.GoTo(s.url + "/?reload")
	p.WaitText("#account", "ada") // the session outlives the page
	p.Click("#logout")
	p.WaitText("#login", "Log in")
	if got := p.Ask("/api/notes", "{}"); !strings.HasPrefix(got, "401 ") {
		t.Errorf("after logging out, notes are answered with %s", got)
	}
}

// testWrongPassword checks that the page says so, and that the browser does not
// ask in a dialog of its own, as it does for a Basic challenge.
func testWrongPassword(t *testing.T, b *browser.Browser) {
	s := startService(t, variant{})
	who := b.Window(t)
	p := who.Open(s.url + "/")
	asked := p.OnDialog(nil)
	for _, name := range []string{ada, "nobody"} {
		p.GoTo(s.url + "/?" + name)
		logIn(t, p, name, "not "+password)
		p.WaitText("#message", "Name or password is wrong.")
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the browser asked for a password by itself, %d times", n)
	}
	if got := who.Cookies(); len(got) > 0 {
		t.Errorf("cookies without a login: %+v", got)
	}
	if got := s.sessionCount(t); got != 0 {
		t.Errorf("%d sessions are kept without a login", got)
	}
}

// testCookie checks the cookie as the browser stores it.
func testCookie(t *testing.T, b *browser.Browser) {
	s := startService(t, variant{})
	who := b.Window(t)
	p := who.Open(s.url + "/")
	if got := who.Cookies(); len(got) > 0 {
		t.Errorf("cookies before the login: %+v", got)
	}
	logIn(t, p, ada, password)
	p.WaitText("#account", ada)

	got := onlyCookie(t, who)
	if len(got.Value) < 22 { // 128 bits in base64
		t.Errorf("the token has %d characters", len(got.Value))
	}
	if left := time.Until(time.Unix(int64(got.Expires), 0)); left <= 0 || left > sessionLifetime {
		t.Errorf("the cookie expires in %v, the session lives %v", left, sessionLifetime)
	}
	if p.Run("return document.cookie") != "" {
		t.Error("scripts see the cookie")
	}
	var kept int
	err := s.db.QueryRowContext(t.Context(), `SELECT count(*) FROM sessions WHERE token = ? OR instr(data, ?) > 0`,
		got.Value, got.Value).Scan(&kept)
	if err != nil || kept > 0 {
		t.Errorf("the database holds the token itself: %d, %v", kept, err)
	}
	got.Value, got.Expires = "", 0
	want := browser.Cookie{Name: "login", Domain: "127.0.0.1", Path: "/", SameSite: "Lax", HTTPOnly: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cookie (-want +got):\n%s", diff)
	}
}

// testSecureCookie checks that a browser takes the cookie meant for TLS, where
// it trusts loopback as if it were TLS.
func testSecureCookie(t *testing.T, b *browser.Browser) {
	s := startService(t, variant{secure: true})
	who := b.Window(t)
	p := who.Open(s.url + "/")
	logIn(t, p, ada, password)
	p.WaitText("#account", ada)
	got := onlyCookie(t, who)
	got.Value, got.Expires = "", 0
	want := browser.Cookie{Name: "__Host-login", Domain: "127.0.0.1", Path: "/", SameSite: "Lax", HTTPOnly: true, Secure: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cookie (-want +got):\n%s", diff)
	}
}

// onlyCookie returns the one cookie that the browser keeps.
func onlyCookie(t *testing.T, who *browser.Window) browser.Cookie {
	t.Helper()
	all := who.Cookies()
	if len(all) != 1 {
		t.Fatalf("%d cookies, want 1: %+v", len(all), all)
	}
	return all[0]
}

// testFixation logs in with a token that somebody else chose: first one that
// never existed, then one of a real session.
func testFixation(t *testing.T, b *browser.Browser) {
	s := startService(t, variant{})
	attacker := b.Window(t)
	p := attacker.Open(s.url + "/")
	logIn(t, p, grace, password)
	p.WaitText("#account", grace)
	for _, token := range []string{strings.Repeat("A", 43), onlyCookie(t, attacker).Value} {
		victim := b.Window(t)
		victim.SetCookie(s.url, s.sessions.Cookie.Name, token)
		v := victim.Open(s.url + "/healthz")
		// Not through the form, which the page hides from those who are logged in.
		got := v.Run(`const answer = await fetch('/api/session', { method: 'POST', headers:
			{ Authorization: 'Basic ' + btoa(unescape(encodeURIComponent('` + ada + ":" + password + `'))) } });
			return answer.status + ' ' + await answer.text();`)
		if !strings.HasPrefix(got, "200 ") || !strings.Contains(got, ada) {
			t.Fatalf("login: %s", got)
		}
		if onlyCookie(t, victim).Value == token {
			t.Errorf("the token %s... is still used after the login", token[:4])
		}
		attacker.SetCookie(s.url, s.sessions.Cookie.Name, token)
		if got := p.Ask("/api/whoami", "{}"); strings.Contains(got, ada) {
			t.Errorf("who planted the token is now the victim: %s", got)
		}
	}
}

// testLogout checks that the session is over for everyone who kept its token.
func testLogout(t *testing.T, b *browser.Browser) {
	s := startService(t, variant{})
	who := b.Window(t)
	p := who.Open(s.url + "/")
	logIn(t, p, ada, password)
	p.WaitText("#account", ada)
	token := onlyCookie(t, who).Value
	p.Click("#logout")
	p.WaitText("#login", "Log in")
	if got := who.Cookies(); len(got) > 0 {
		t.Errorf("cookies after logging out: %+v", got)
	}
	if got := s.sessionCount(t); got != 0 {
		t.Errorf("%d sessions are kept", got)
	}
	who.SetCookie(s.url, s.sessions.Cookie.Name, token)
	if got := p.Ask("/api/whoami", "{}"); !strings.HasPrefix(got, "401 ") {
		t.Errorf("the old token is answered with %s", got)
	}
}

// testTwoPeople checks that nobody reaches what belongs to somebody else.
func testTwoPeople(t *testing.T, b *browser.Browser) {
	s := startService(t, variant{})
	pages := map[string]*browser.Page{}
	for _, name := range []string{ada, grace} {
		pages[name] = b.Window(t).Open(s.url + "/")
		logIn(t, pages[name], name, password)
		pages[name].WaitText("#list", "first of "+name)
	}
	if got := pages[ada].Ask("/api/notes", "{}"); strings.Contains(got, grace) {
		t.Errorf("ada sees %s", got)
	}
	var notes []Note
	if err := pages[grace].Try("return await (await fetch('/api/notes')).json()", &notes); err != nil || len(notes) != 1 {
		t.Fatalf("grace has %v, %v", notes, err)
	}
	id, err := json.Marshal(notes[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := pages[ada].Ask("/api/notes/"+string(id), "{ method: 'DELETE' }"); !strings.HasPrefix(got, "404 ") {
		t.Errorf("ada removes a note of grace: %s", got)
	}
	if got := s.notes(t, grace); len(got) != 1 {
		t.Errorf("grace has %q", got)
	}
}

// testScreenshot takes the picture of the documentation, and compares its size
// with the one that is there: letters differ from machine to machine.
func testScreenshot(t *testing.T, b *browser.Browser) {
	s := startService(t, variant{})
	p := b.Window(t).Open(s.url + "/")
	p.Media("prefers-color-scheme", "light")
	p.Size(720, 360)
	logIn(t, p, ada, password)
	p.WaitText("#list", "first of ada")
	p.Click("#list li button")
	for i, text := range []string{"Write down how the engine weaves numbers", "Send Charles the table of Bernoulli numbers"} {
		p.Wait("room for a note", "document.querySelectorAll('#list li').length === "+string(rune('0'+i)))
		p.Write("#add [name=text]", text)
		p.Click("#add button")
		p.WaitText("#list", text)
	}
	browser.KeepPicture(t, screenshotFile, p.Screenshot(), 200<<10, *update)
}
