package browser

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// start serves a page with a policy that lets it do all but load pictures.
func start(t *testing.T, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/header":
			fmt.Fprint(w, r.Header.Get("X-Test"))
		case "/guarded":
			if _, password, _ := r.BasicAuth(); password == "open" {
				fmt.Fprint(w, "inside")
				return
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'unsafe-inline'; img-src data:; connect-src *")
			fmt.Fprint(w, `<!doctype html><title>test</title><link rel="icon" href="data:,"><body>`+body)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

// TestBrowser uses each thing that a page can do, and sees that it was done.
func TestBrowser(t *testing.T) {
	leak.Check(t)
	b := Start(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *Browser)
	}{
		{"input", testInput},
		{"scripts", testScripts},
		{"record", testRecord},
		{"emulation", testEmulation},
		{"cookies", testCookies},
		{"dialog", testDialog},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, b) })
	}
}

func testInput(t *testing.T, b *Browser) {
	p := b.Window(t).Open(start(t, `<div style="height:3000px"></div>
		<input id=text><button onclick="out.textContent += 'clicked '">a</button>
		<button onclick="out.textContent += 'pressed '">b</button><p id=out></p>`))
	p.Write("#text", "über <b>")
	p.Press("!", "Backspace", "?")
	if got := p.Run("return document.querySelector('#text').value"); got != "über <b>?" {
		t.Errorf("the field has %q", got)
	}
	p.Click("button")
	p.Press("Tab", "Enter", " ", "Shift+Tab", "Enter")
	p.WaitText("#out", "clicked pressed pressed clicked")
	if got := p.Text("#out"); got != "clicked pressed pressed clicked" {
		t.Errorf("the buttons say %q", got)
	}
	if got := p.Complaints(); len(got) > 0 {
		t.Errorf("complaints of a good page: %q", got)
	}
}

func testScripts(t *testing.T, b *Browser) {
	p := b.Window(t).Open(start(t, ""))
	var got []int
	if err := p.Try("return [await Promise.resolve(1), 2] // comment", &got); err != nil || !slices.Equal(got, []int{1, 2}) {
		t.Errorf("the script returned %v, %v", got, err)
	}
	if err := p.Try("throw new Error('thrown')", nil); err == nil || !strings.Contains(err.Error(), "thrown") {
		t.Errorf("the script that throws: %v", err)
	}
	if got := p.Ask("/header", `{"headers":{"X-Test":"asked"}}`); got != "200 asked" {
		t.Errorf("the answer is %q", got)
	}
}

// testRecord does everything that a good page does not.
func testRecord(t *testing.T, b *Browser) {
	address := start(t, `<script>
		console.log('said', 1); console.error('complained');
		fetch('http://elsewhere.invalid/secret').catch(() => {
			setTimeout(() => { document.title = 'done'; throw new Error('uncaught') });
		});
		document.body.append(Object.assign(new Image(), { src: 'http://pictures.invalid/' }));
	</script><img src="data:,">`)
	p := b.Window(t).Open(address)
	p.Wait("the end of the script", "document.title === 'done'")
	for _, want := range []Message{
		{"error", "complained"}, {"exception", "uncaught"}, {"policy", "pictures.invalid"}, {"error", "ERR_NAME_NOT_RESOLVED"},
	} {
		if !slices.ContainsFunc(p.Complaints(), func(m Message) bool {
			return m.Kind == want.Kind && strings.Contains(m.Text, want.Text)
		}) {
			t.Errorf("no complaint %q in %q", want, p.Complaints())
		}
	}
	if !slices.Contains(p.Messages(), Message{"log", "said 1"}) {
		t.Errorf("messages %q", p.Messages())
	}
	for _, want := range []string{address + "/", "http://elsewhere.invalid/secret"} {
		if !slices.Contains(p.Requests(), want) {
			t.Errorf("requests %q have no %s", p.Requests(), want)
		}
	}
	if slices.ContainsFunc(p.Requests(), func(s string) bool { return strings.HasPrefix(s, "data:") }) {
		t.Errorf("requests %q", p.Requests())
	}
	p.Forget()
	if len(p.Messages()) > 0 || len(p.Requests()) > 0 {
		t.Errorf("not forgotten: %q, %q", p.Messages(), p.Requests())
	}
}

func testEmulation(t *testing.T, b *Browser) {
	address := start(t, "<noscript>none</noscript>")
	p := b.Window(t).Open(address)
	p.Size(400, 300)
	shot, err := png.DecodeConfig(bytes.NewReader(p.Screenshot()))
	if err != nil || shot.Width != 400 || shot.Height != 300 {
		t.Errorf("the picture is %dx%d, %v", shot.Width, shot.Height, err)
	}
	for _, scheme := range []string{"dark", "light"} {
		p.Media("prefers-color-scheme", scheme)
		p.Wait(scheme, "matchMedia('(prefers-color-scheme: "+scheme+")').matches")
	}
	p.Headers(map[string]string{"X-Test": "added"})
	if got := p.Ask("/header", "{}"); got != "200 added" {
		t.Errorf("the server saw %q", got)
	}
	p.Offline(true)
	if got := p.Ask("/header", "{}"); got != "refused" {
		t.Errorf("offline, the answer is %q", got)
	}
	p.Offline(false)
	if got := p.Ask("/header", "{}"); got != "200 added" {
		t.Errorf("online again, the answer is %q", got)
	}
	p.Scripts(false)
	p.GoTo(address + "/?without")
	p.WaitText("noscript", "none")
}

func testCookies(t *testing.T, b *Browser) {
	address := start(t, "")
	for _, w := range []*Window{b.Window(t), b.UsualWindow(t)} {
		if got := w.Cookies(); len(got) > 0 {
			t.Errorf("a new window has %+v", got)
		}
		w.SetCookie(address, "name", "value")
		want := []Cookie{{Name: "name", Value: "value", Domain: "127.0.0.1", Path: "/", HTTPOnly: true, Expires: -1}}
		if diff := cmp.Diff(want, w.Cookies()); diff != "" {
			t.Errorf("cookies (-want +got):\n%s", diff)
		}
	}
}

func testDialog(t *testing.T, b *Browser) {
	address := start(t, "")
	p := b.Window(t).Open(address)
	asked := p.OnDialog(&Credential{Username: "ada", Password: "open"})
	p.GoTo(address + "/guarded")
	p.WaitText("body", "inside")
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}
