package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/browser"
	"github.com/seed217079a1/endpoint/internal/readme"
)

// An attack makes the browser of somebody who is logged in send a request from
// a page of somebody else. The script has the address in TARGET.
type attack struct {
	name   string
	method string // "" for one that the browser must not send
	script string
	// near and far say whether a browser sends a SameSite=Lax cookie with it,
	// from another port of the same host and from another host. A SameSite=None
	// cookie always goes along, but not in a private window.
	near, far bool
	reason    string
}

// attacks is every way that a page has to make a request with cookies.
var attacks = []attack{
	{"fetch to read", "GET", `try { return await (await fetch(TARGET, { credentials: 'include' })).text() } catch {}`,
		true, false, "the answer is kept from the script, but the request was made"},
	{"fetch without reading", "GET", `await fetch(TARGET, { credentials: 'include', mode: 'no-cors' })`,
		true, false, "no preflight asks first"},
	{"fetch without Referer", "GET", `await fetch(TARGET, { credentials: 'include', mode: 'no-cors', referrerPolicy: 'no-referrer' })`,
		true, false, "neither Origin nor Referer is sent: only Sec-Fetch-Site tells"},
	{"image", "GET", `document.body.append(Object.assign(new Image(), { src: TARGET }))`,
		true, false, "the oldest way to make a GET that does something"},
	{"script", "GET", `document.body.append(Object.assign(document.createElement('script'), { src: TARGET }))`,
		true, false, "JSON that is a script could be read"},
	{"frame", "GET", `document.body.append(Object.assign(document.createElement('iframe'), { src: TARGET }))`,
		true, false, "a click could be led into it"},
	{"frame without an origin", "GET", `document.body.append(Object.assign(document.createElement('iframe'),
		{ sandbox: 'allow-scripts', srcdoc: '<img src="' + TARGET + '">' }))`,
		false, false, "to the browser it is of no site at all"},
	{"navigation", "GET", `location.href = TARGET`,
		true, true, "a link: SameSite=Lax lets it through"},
	{"link without Referer", "GET", `const a = Object.assign(document.createElement('a'), { href: TARGET, rel: 'noreferrer' });
		document.body.append(a); a.click()`,
		true, true, "a link that hides where it stands"},
	{"window", "GET", `window.open(TARGET)`,
		true, true, "a navigation in a tab of its own"},
	{"form to read", "GET", `const f = Object.assign(document.createElement('form'), { action: TARGET });
		for (const [name, value] of new URL(TARGET).searchParams) f.append(Object.assign(document.createElement('input'), { name, value }));
		document.body.append(f); f.submit()`,
		true, true, "a form can also be a link"},
	{"form", "POST", `const f = Object.assign(document.createElement('form'), { action: TARGET, method: 'post' });
		f.append(Object.assign(document.createElement('input'), { name: 'text', value: 'forged' }));
		document.body.append(f); f.submit()`,
		true, false, "the way of most forgeries"},
	{"form that looks like JSON", "POST", `const f = Object.assign(document.createElement('form'), { action: TARGET, method: 'post', enctype: 'text/plain' });
		f.append(Object.assign(document.createElement('input'), { name: '{"text":"forged","x":"', value: '"}' }));
		document.body.append(f); f.submit()`,
		true, false, "the body is JSON, its type is not"},
	{"form into a frame", "POST", `document.body.append(Object.assign(document.createElement('iframe'), { name: 'hidden' }));
		const f = Object.assign(document.createElement('form'), { action: TARGET, method: 'post', target: 'hidden' });
		document.body.append(f); f.submit()`,
		true, false, "the person sees nothing of it"},
	{"fetch of text", "POST", `await fetch(TARGET, { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{"text":"forged"}' })`,
		true, false, "a simple request: no preflight"},
	{"beacon", "POST", `navigator.sendBeacon(TARGET, new URLSearchParams({ text: 'forged' }))`,
		true, false, "sent even after the page is gone"},
	{"image, redirected", "GET", `document.body.append(Object.assign(new Image(),
		{ src: '/to?target=' + encodeURIComponent(TARGET) }))`,
		true, false, "the request begins at the page's own origin"},
	{"form, redirected", "POST", `const f = Object.assign(document.createElement('form'),
		{ action: '/to?target=' + encodeURIComponent(TARGET), method: 'post' });
		document.body.append(f); f.submit()`,
		true, false, "307 keeps the method"},
	{"fetch of JSON", "", `try { await fetch(TARGET, { method: 'POST', credentials: 'include', body: '{"text":"forged"}',
		headers: { 'Content-Type': 'application/json' } }) } catch { return 'refused' }`,
		true, false, "a preflight asks first and is refused"},
	{"fetch to remove", "", `try { await fetch(TARGET, { method: 'DELETE', credentials: 'include' }) } catch { return 'refused' }`,
		true, false, "likewise"},
}

// testOtherSites runs every attack from a page on another port of the same
// host, which is the same site, and from another host; with a cookie that
// stays at home if it can, and with one that goes everywhere. What no browser
// prevents, the endpoint has to. The same attack on an endpoint that says
// CrossSiteSession succeeds, which proves that it is one.
func testOtherSites(t *testing.T, b *browser.Browser) {
	sameSite, otherSite := startOther(t)
	measured := map[string][]string{}
	for _, home := range []bool{true, false} {
		s := startService(t, variant{
			cookie: func(c *scs.SessionCookie) {
				if !home {
					c.SameSite, c.Secure = http.SameSiteNoneMode, true
				}
			},
			add: func(api *endpoint.API) {
				api.Handle("open", func(user *endpoint.User) string { return user.Name },
					endpoint.Methods("GET", "POST"), endpoint.CrossSiteSession())
			},
		})
		who := b.UsualWindow(t)
		own := who.Open(s.url + "/")
		logIn(t, own, ada, password)
		own.WaitText("#account", ada)
		for _, from := range []string{sameSite, otherSite} {
			page := who.Open(from + "/")
			for i, a := range attacks {
				sent := !home || from == sameSite && a.near || from == otherSite && a.far
				name := fmt.Sprintf("%s/from %s/cookie at home %v", a.name, strings.Split(from, ":")[1][2:], home)
				t.Run(name, func(t *testing.T) {
					f := forgery{attack: a, t: t, s: s, page: page, from: from, query: fmt.Sprint("n=", i, "-", from == sameSite), sent: sent}
					measured[a.name] = append(measured[a.name], f.run())
				})
			}
			page.Close()
		}
		if diff := cmp.Diff([]string{"first of ada"}, s.notes(t, ada)); diff != "" {
			t.Errorf("notes after the attacks (-want +got):\n%s", diff)
		}
		if got := own.Ask("/api/whoami", "{}"); !strings.HasPrefix(got, "200 ") {
			t.Errorf("ada was logged out: %s", got)
		}
		own.Close()
	}
	if !t.Failed() {
		readme.Check(t, "README.md", "cookies sent", table(measured), *update)
	}
}

// table is what was measured, for the documentation.
func table(measured map[string][]string) string {
	var b strings.Builder
	line := func(name string, cells ...string) {
		fmt.Fprintf(&b, "%-28s%-13s%-13s%-13s%s\n", name, cells[0], cells[1], cells[2], cells[3])
	}
	line("", "Lax,", "Lax,", "None,", "None,")
	line("from a page by", "other port", "other host", "other port", "other host")
	for _, a := range attacks {
		line(a.name, measured[a.name]...)
	}
	return b.String()
}

// A forgery is an attack as it is made.
type forgery struct {
	attack
	t     *testing.T
	s     *service
	page  *browser.Page
	from  string // origin of the page
	query string // unlike that of every other
	sent  bool   // whether the cookie goes along
}

// run attacks an endpoint that follows the rule, and one that does not. It
// returns what the browser did, in a word.
func (f forgery) run() string {
	f.t.Helper()
	f.page.For(f.t)
	if f.method == "" {
		f.refused()
		return "preflight"
	}
	got := f.send("/api/notes", "guarded-"+f.query)
	want := got // what the browser tells of the page is its own affair
	want.Status, want.SetCookie, want.Cookie, want.Password = http.StatusUnauthorized, false, f.sent, false
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("from %s (-want +got):\n%s", f.from, diff)
	}
	if got.Site == "same-origin" || got.Site == "none" {
		f.t.Errorf("the browser takes the page for ours: %q", got.Site)
	}
	status := http.StatusUnauthorized
	if f.sent {
		status = http.StatusOK
	}
	if got := f.send("/api/open", "open-"+f.query); got.Status != status || got.Cookie != f.sent {
		f.t.Errorf("without the rule: status %d, cookie %v; want %d, %v", got.Status, got.Cookie, status, f.sent)
	}
	if got.Cookie {
		return "sent"
	}
	return "-"
}

// send runs the script on a new page of that origin, and returns what reached
// the service.
func (f forgery) send(path, query string) seen {
	f.t.Helper()
	f.page.GoTo(f.from + "/?" + query)
	_ = f.page.Try(f.on(f.s.url+path+"?"+query), nil) // a script that leaves its page has no result
	return f.s.await(f.t, f.method, query)
}

// refused checks that the browser asked, was refused, and sent nothing more.
func (f forgery) refused() {
	f.t.Helper()
	f.page.GoTo(f.from + "/?" + f.query)
	if got := f.page.Run(f.on(f.s.url + "/api/notes?" + f.query)); got != "refused" {
		f.t.Errorf("the script got %q", got)
	}
	f.s.await(f.t, http.MethodOptions, f.query)
	for _, got := range f.s.requests(f.query) {
		if got.Method != http.MethodOptions || got.Cookie || got.SetCookie {
			f.t.Errorf("the browser sent %+v", got)
		}
	}
}

// on returns the script for an address.
func (a attack) on(target string) string {
	return fmt.Sprintf("const TARGET = %q;\n%s", target, a.script)
}

// testBrowserDialog shows why [passwordAuth] has a challenge of its own. A
// browser that is asked with Basic asks the person, keeps the password, and
// sends it with what any site makes it request.
func testBrowserDialog(t *testing.T, b *browser.Browser) {
	sameSite, otherSite := startOther(t)
	s := startService(t, variant{add: func(api *endpoint.API) {
		api.Handle("dialog", whoami, endpoint.Methods("GET", "POST"), endpoint.Auth(
			endpoint.BasicAuth("dialog", func(_ context.Context, name, _ string) (*endpoint.User, error) {
				return &endpoint.User{Name: name}, nil
			})))
	}})
	who := b.Window(t)
	p := who.Open(s.url + "/")
	asked := p.OnDialog(&browser.Credential{Username: ada, Password: password})
	p.GoTo(s.url + "/api/dialog?own")
	if n := asked.Load(); n != 1 {
		t.Fatalf("the browser asked %d times, want once", n)
	}
	for _, from := range []string{sameSite, otherSite} {
		page := who.Open(from + "/")
		for i, a := range attacks {
			if a.method == "" {
				continue
			}
			f := forgery{attack: a, t: t, s: s, page: page, from: from, query: fmt.Sprint("n=", i, "-", from == sameSite)}
			if got := f.send("/api/dialog", f.query); !got.Password {
				t.Errorf("%s from %s comes without the password: %+v", a.name, from, got)
			}
		}
		page.Close()
	}
}

// testForeignLogin tries to log somebody in from another site, so that what
// they then do lands in the account of the attacker.
func testForeignLogin(t *testing.T, b *browser.Browser) {
	sameSite, otherSite := startOther(t)
	s := startService(t, variant{cookie: func(c *scs.SessionCookie) { c.SameSite, c.Secure = http.SameSiteNoneMode, true }})
	for _, from := range []string{sameSite, otherSite} {
		who := b.Window(t)
		p := who.Open(from + "/")
		for _, mode := range []string{"cors", "no-cors"} {
			query := "mode=" + mode
			p.Ask(s.url+"/api/session?"+query, `{ method: 'POST', credentials: 'include', mode: '`+mode+`',
				headers: { Authorization: 'Basic `+basic(grace, password)+`' } }`)
			if mode == "cors" {
				s.await(t, http.MethodOptions, query) // a preflight, which is refused
			} else {
				s.await(t, http.MethodPost, query) // such a request loses its Authorization
			}
		}
		if got := who.Cookies(); len(got) > 0 {
			t.Errorf("a page of %s set %+v", from, got)
		}
	}
	if got := s.sessionCount(t); got != 0 {
		t.Errorf("%d sessions were made", got)
	}

	// Even with the right password in the request, as an address can have it.
	who := b.Window(t)
	address := url.URL{Scheme: "http", User: url.UserPassword(grace, password), Host: strings.TrimPrefix(s.url, "http://"),
		Path: "/api/whoami", RawQuery: "address"}
	p := who.Open(otherSite + "/")
	p.Run(fmt.Sprintf("location.href = %q", address.String()))
	if got := s.await(t, http.MethodGet, "address"); got.Status != http.StatusUnauthorized || got.SetCookie {
		t.Errorf("an address with a password: %+v", got)
	}
}

// testForeignLink follows a link from another site to the page, where the
// person is still logged in: the rule is about the API alone.
func testForeignLink(t *testing.T, b *browser.Browser) {
	_, otherSite := startOther(t)
	s := startService(t, variant{})
	who := b.Window(t)
	p := who.Open(s.url + "/")
	logIn(t, p, ada, password)
	p.WaitText("#account", ada)
	p.GoTo(otherSite + "/")
	p.Run(fmt.Sprintf(`const a = Object.assign(document.createElement('a'), { href: %q }); document.body.append(a); a.click()`, s.url+"/?link"))
	p.WaitText("#account", ada)
	if got := s.await(t, http.MethodGet, "link"); got.Site != "cross-site" || !got.Cookie {
		t.Errorf("the link is no test: %+v", got)
	}
}
