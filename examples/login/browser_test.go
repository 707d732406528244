package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"image/png"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "take the screenshot of the documentation again")

// screenshotFile is the picture in the documentation.
const screenshotFile = "../../docs/login.png"

// TestBrowser measures in a real Chromium what a browser does with the service.
func TestBrowser(t *testing.T) {
	b := startBrowser(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *browser)
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
func testPage(t *testing.T, b *browser) {
	s := startService(t, variant{})
	p := b.newPerson(t).open(s.url + "/")
	p.logIn(ada, password)
	p.waitText("#account", "ada@example.com")
	p.waitText("#list", "first of ada")

	p.write("#add [name=text]", "<img src=x onerror=alert(1)>")
	p.click("#add button")
	p.waitText("#list", "<img src=x")
	p.wait("the second note", "document.querySelectorAll('#list li').length === 2 && !document.querySelector('#list img')")
	p.click("#list li:first-child button")
	p.wait("one note", "document.querySelectorAll('#list li').length === 1")
	if diff := cmp.Diff([]string{"<img src=x onerror=alert(1)>"}, s.notes(t, ada)); diff != "" {
		t.Errorf("notes in the database (-want +got):\n%s", diff)
	}

	p.goTo(s.url + "/?reload")
	p.waitText("#account", "ada") // the session outlives the page
	p.click("#logout")
	p.waitText("#login", "Log in")
	if got := p.ask("/api/notes", "{}"); !strings.HasPrefix(got, "401 ") {
		t.Errorf("after logging out, notes are answered with %s", got)
	}
}

// testWrongPassword checks that the page says so, and that the browser does not
// ask in a dialog of its own, as it does for a Basic challenge.
func testWrongPassword(t *testing.T, b *browser) {
	s := startService(t, variant{})
	who := b.newPerson(t)
	p := who.open(s.url + "/")
	asked := p.onDialog(object{"response": "CancelAuth"})
	for _, name := range []string{ada, "nobody"} {
		p.goTo(s.url + "/?" + name)
		p.logIn(name, "not "+password)
		p.waitText("#message", "Name or password is wrong.")
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the browser asked for a password by itself, %d times", n)
	}
	if got := who.cookies(); len(got) > 0 {
		t.Errorf("cookies without a login: %+v", got)
	}
	if got := s.sessionCount(t); got != 0 {
		t.Errorf("%d sessions are kept without a login", got)
	}
}

// testCookie checks the cookie as the browser stores it.
func testCookie(t *testing.T, b *browser) {
	s := startService(t, variant{})
	who := b.newPerson(t)
	p := who.open(s.url + "/")
	if got := who.cookies(); len(got) > 0 {
		t.Errorf("cookies before the login: %+v", got)
	}
	p.logIn(ada, password)
	p.waitText("#account", ada)

	got := onlyCookie(t, who)
	if len(got.Value) < 22 { // 128 bits in base64
		t.Errorf("the token has %d characters", len(got.Value))
	}
	if left := time.Until(time.Unix(int64(got.Expires), 0)); left <= 0 || left > sessionLifetime {
		t.Errorf("the cookie expires in %v, the session lives %v", left, sessionLifetime)
	}
	if p.run("return document.cookie") != "" {
		t.Error("scripts see the cookie")
	}
	var kept int
	err := s.db.QueryRowContext(t.Context(), `SELECT count(*) FROM sessions WHERE token = ? OR instr(data, ?) > 0`,
		got.Value, got.Value).Scan(&kept)
	if err != nil || kept > 0 {
		t.Errorf("the database holds the token itself: %d, %v", kept, err)
	}
	got.Value, got.Expires = "", 0
	want := cookie{Name: "login", Domain: "127.0.0.1", Path: "/", SameSite: "Lax", HTTPOnly: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cookie (-want +got):\n%s", diff)
	}
}

// testSecureCookie checks that a browser takes the cookie meant for TLS, where
// it trusts loopback as if it were TLS.
func testSecureCookie(t *testing.T, b *browser) {
	s := startService(t, variant{secure: true})
	who := b.newPerson(t)
	p := who.open(s.url + "/")
	p.logIn(ada, password)
	p.waitText("#account", ada)
	got := onlyCookie(t, who)
	got.Value, got.Expires = "", 0
	want := cookie{Name: "__Host-login", Domain: "127.0.0.1", Path: "/", SameSite: "Lax", HTTPOnly: true, Secure: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cookie (-want +got):\n%s", diff)
	}
}

// onlyCookie returns the one cookie that the browser keeps.
func onlyCookie(t *testing.T, who *person) cookie {
	t.Helper()
	all := who.cookies()
	if len(all) != 1 {
		t.Fatalf("%d cookies, want 1: %+v", len(all), all)
	}
	return all[0]
}

// plant puts a token into the browser, as somebody who shares its host could.
func plant(t *testing.T, b *browser, who *person, s *service, token string) {
	t.Helper()
	err := b.do("", "Storage.setCookies", who.command(object{"cookies": []object{
		{"name": s.sessions.Cookie.Name, "value": token, "url": s.url, "path": "/", "httpOnly": true},
	}}), nil)
	if err != nil {
		t.Fatal(err)
	}
}

// testFixation logs in with a token that somebody else chose: first one that
// never existed, then one of a real session.
func testFixation(t *testing.T, b *browser) {
	s := startService(t, variant{})
	attacker := b.newPerson(t)
	p := attacker.open(s.url + "/")
	p.logIn(grace, password)
	p.waitText("#account", grace)
	for _, token := range []string{strings.Repeat("A", 43), onlyCookie(t, attacker).Value} {
		victim := b.newPerson(t)
		plant(t, b, victim, s, token)
		v := victim.open(s.url + "/healthz")
		// Not through the form, which the page hides from those who are logged in.
		got := v.run(`const answer = await fetch('/api/session', { method: 'POST', headers:
			{ Authorization: 'Basic ' + btoa(unescape(encodeURIComponent('` + ada + ":" + password + `'))) } });
			return answer.status + ' ' + await answer.text();`)
		if !strings.HasPrefix(got, "200 ") || !strings.Contains(got, ada) {
			t.Fatalf("login: %s", got)
		}
		if onlyCookie(t, victim).Value == token {
			t.Errorf("the token %s... is still used after the login", token[:4])
		}
		plant(t, b, attacker, s, token)
		if got := p.ask("/api/whoami", "{}"); strings.Contains(got, ada) {
			t.Errorf("who planted the token is now the victim: %s", got)
		}
	}
}

// testLogout checks that the session is over for everyone who kept its token.
func testLogout(t *testing.T, b *browser) {
	s := startService(t, variant{})
	who := b.newPerson(t)
	p := who.open(s.url + "/")
	p.logIn(ada, password)
	p.waitText("#account", ada)
	token := onlyCookie(t, who).Value
	p.click("#logout")
	p.waitText("#login", "Log in")
	if got := who.cookies(); len(got) > 0 {
		t.Errorf("cookies after logging out: %+v", got)
	}
	if got := s.sessionCount(t); got != 0 {
		t.Errorf("%d sessions are kept", got)
	}
	plant(t, b, who, s, token)
	if got := p.ask("/api/whoami", "{}"); !strings.HasPrefix(got, "401 ") {
		t.Errorf("the old token is answered with %s", got)
	}
}

// testTwoPeople checks that nobody reaches what belongs to somebody else.
func testTwoPeople(t *testing.T, b *browser) {
	s := startService(t, variant{})
	pages := map[string]*page{}
	for _, name := range []string{ada, grace} {
		pages[name] = b.newPerson(t).open(s.url + "/")
		pages[name].logIn(name, password)
		pages[name].waitText("#list", "first of "+name)
	}
	if got := pages[ada].ask("/api/notes", "{}"); strings.Contains(got, grace) {
		t.Errorf("ada sees %s", got)
	}
	var notes []Note
	if err := pages[grace].try("return await (await fetch('/api/notes')).json()", &notes); err != nil || len(notes) != 1 {
		t.Fatalf("grace has %v, %v", notes, err)
	}
	id, err := json.Marshal(notes[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := pages[ada].ask("/api/notes/"+string(id), "{ method: 'DELETE' }"); !strings.HasPrefix(got, "404 ") {
		t.Errorf("ada removes a note of grace: %s", got)
	}
	if got := s.notes(t, grace); len(got) != 1 {
		t.Errorf("grace has %q", got)
	}
}

// testScreenshot takes the picture of the documentation, and compares its size
// with the one that is there: letters differ from machine to machine.
func testScreenshot(t *testing.T, b *browser) {
	s := startService(t, variant{})
	p := b.newPerson(t).open(s.url + "/")
	p.do("Emulation.setEmulatedMedia", object{"features": []object{{"name": "prefers-color-scheme", "value": "light"}}}, nil)
	p.do("Emulation.setDeviceMetricsOverride", object{"width": 720, "height": 360, "deviceScaleFactor": 1, "mobile": false}, nil)
	p.logIn(ada, password)
	p.waitText("#list", "first of ada")
	p.click("#list li button")
	for i, text := range []string{"Write down how the engine weaves numbers", "Send Charles the table of Bernoulli numbers"} {
		p.wait("room for a note", "document.querySelectorAll('#list li').length === "+string(rune('0'+i)))
		p.write("#add [name=text]", text)
		p.click("#add button")
		p.waitText("#list", text)
	}
	shot := p.screenshot()
	if *update {
		if err := os.WriteFile(screenshotFile, shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(screenshotFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) > 200<<10 {
		t.Errorf("%s has %d bytes, more than a README should load", screenshotFile, len(kept))
	}
	got, err := png.DecodeConfig(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.DecodeConfig(bytes.NewReader(kept))
	if err != nil || got.Width != want.Width || got.Height != want.Height {
		t.Errorf("the page is %dx%d, the picture %dx%d, %v; run go test -update", got.Width, got.Height, want.Width, want.Height, err)
	}
}
