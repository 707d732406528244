package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/browser"
	"github.com/seed217079a1/endpoint/internal/leak"
)

const hello = "def handler(request, *args, **kwargs):\n    return \"Hello, \" + request.args.get(\"name\", \"world\")\n"

// TestConsole uses the console as people do.
func TestConsole(t *testing.T) {
	leak.Check(t)
	b := browser.Start(t)
	for _, c := range []struct {
		name string
		run  func(t *testing.T, b *browser.Browser)
	}{
		{"SignIn", testSignIn},
		{"Endpoint", testEndpoint},
		{"Keyboard", testKeyboard},
		{"List", testList},
		{"Conflict", testConflict},
		{"Injection", testInjection},
		{"Away", testAway},
		{"Expired", testExpired},
		{"Motion", testMotion},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, b) })
	}
}

// write puts a text into the editor in place of what is there, as pasting does.
func write(p *browser.Page, text string) {
	p.Wait("the editor", code)
	p.Run(fmt.Sprintf(`
		const content = %s;
		content.focus();
		content.dispatchEvent(new KeyboardEvent("keydown", { key: "a", keyCode: 65, ctrlKey: true, bubbles: true, cancelable: true }));
		const data = new DataTransfer();
		data.setData("text/plain", %s);
		content.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));`,
		code, browser.Quote(text)))
}

// focused waits until an element has the focus, in the shadow root of the
// editor too.
func focused(p *browser.Page, selector string) {
	p.Wait("the focus on "+selector, fmt.Sprintf(
		"(document.activeElement.shadowRoot?.activeElement ?? document.activeElement).matches(%s)", browser.Quote(selector)))
}

// tab presses Tab until an element has the focus.
func tab(t *testing.T, p *browser.Page, selector string) {
	t.Helper()
	for range 40 {
		p.Press("Tab")
		var found bool
		if err := p.Try("return document.activeElement.matches("+browser.Quote(selector)+") || !!document.activeElement.shadowRoot?.activeElement?.matches("+browser.Quote(selector)+")", &found); err != nil {
			t.Fatal(err)
		}
		if found {
			return
		}
	}
	t.Fatalf("Tab does not lead to %s", selector)
}

// keys presses one key for each character.
func keys(p *browser.Page, text string) {
	for _, r := range text {
		p.Press(string(r))
	}
}

func testSignIn(t *testing.T, b *browser.Browser) {
	h := newHost(t)
	p := b.Window(t).Open(strings.TrimSuffix(h.page, "/")) // which redirects
	focused(p, "#field-token")
	for _, c := range []struct{ token, want, reason string }{
		{"", "Enter the token.", "nothing was entered"},
		{"two words", "A token has no spaces", "it could not be sent"},
		{"a-wrong-one", "The server does not know this token.", "the server says 401"},
	} {
		p.Run("document.querySelector('#field-token').value = ''")
		p.Click("#field-token")
		keys(p, c.token)
		p.Press("Enter")
		p.WaitText("#field-token-error", c.want)
		focused(p, "#field-token[aria-invalid=true]")
		p.Wait("the announcement: "+c.reason, "document.getElementById('alert').textContent.includes("+browser.Quote(c.want)+")")
	}
	if kept := p.Run("return JSON.stringify({ ...sessionStorage })"); kept != "{}" {
		t.Errorf("a wrong token is kept: %s", kept)
	}
	p.Run("document.querySelector('#field-token').value = ''")
	p.Write("#field-token", "token-of-ada")
	p.Press("Enter")
	p.WaitText("main", "No endpoints yet")
	focused(p, "h1")

	if kept := p.Run("return JSON.stringify({ ...localStorage }) + document.cookie + location.href"); kept != "{}"+h.page {
		t.Errorf("more is kept than the session storage has: %s", kept)
	}
	p.GoTo(h.page)
	p.WaitText("main", "No endpoints yet") // the tab keeps the token
	p.Click("#sign-out")
	p.WaitText("h1", "Sign in")
	if kept := p.Run("return JSON.stringify({ ...sessionStorage })"); kept != "{}" {
		t.Errorf("signing out leaves %s", kept)
	}
	h.healthy(p)
}

// testEndpoint follows the life of an endpoint.
func testEndpoint(t *testing.T, b *browser.Browser) {
	h := newHost(t)
	h.create("other", "clock")
	p := h.signIn(b.Window(t), "token-of-ada")
	p.Size(1200, 800)

	p.Click("a[href='#/new']")
	focused(p, "#field-id")
	keys(p, "shop order")
	p.Write("#field-handler_script_path", "/acme/../x")
	p.Press("Enter")
	p.WaitText("#field-id-error", "has other characters")
	p.WaitText("#field-handler_script_path-error", "is no path of a file")
	focused(p, "#field-id")

	fill := func(id, path, handler string) {
		p.Run(fmt.Sprintf("for (const [id, value] of [['id', %s], ['path', %s], ['handler_script_path', %s]]) document.getElementById('field-' + id).value = value",
			browser.Quote(id), browser.Quote(path), browser.Quote(handler)))
		p.Click("form.card button.primary")
	}
	fill("..", "hello", "/acme/hello.star")
	p.WaitText("#field-id-error", "Enter an ID")
	fill("list", "hello", "/acme/hello.star")
	p.WaitText("#field-id-error", "is reserved")
	fill("hello", "other", "/acme/hello.star")
	p.WaitText("#field-path-error", "another endpoint of yours has the path")
	fill("hello", "hello", "/acme/hello.star")
	p.WaitText("h1", "hello")
	p.WaitText(".notice.warn", "There is no script yet")

	write(p, hello)
	p.WaitText(".state", "Not saved")
	p.Click(".bar .primary")
	p.WaitText(".state", "Saved")
	if got := h.saved("acme/hello.star"); got != hello {
		t.Errorf("saved %q", got)
	}
	p.Wait("the notice gone", "!document.querySelector('.notice')")
	p.Write("#field-query", "name=Ada")
	p.Press("Enter")
	p.WaitText(".answer", "200 OK")
	p.WaitText(".answer .body", "Hello, Ada")
	p.WaitText(".facts", "Calls\n1")

	t.Run("compile", func(t *testing.T) {
		write(p, "def handler(request, *args, **kwargs):\n    return (\n")
		p.Click(".bar .primary")
		p.WaitText(".problems", "does not compile")
		p.WaitText(".problems", "hello.star:")
		p.Wait("the mark in the editor", code+".getRootNode().querySelector('.cm-lint-marker-error')")
		if got := h.saved("acme/hello.star"); got != hello {
			t.Errorf("a script that does not compile was saved: %q", got)
		}
		p.Click(".problems button")
		focused(p, ".cm-content")
	})
	t.Run("fail", func(t *testing.T) {
		write(p, "def handler(request, *args, **kwargs):\n    print('before')\n    return 1 // 0\n")
		p.Click(".bar .primary")
		p.WaitText(".state", "Saved")
		p.Wait("no problem", "!document.querySelector('.problems').firstChild")
		p.Click(".trying button[type=submit]")
		p.WaitText(".answer", "500")
		p.WaitText(".answer .notice", "hello.star:3:")
		p.WaitText(".answer", "before")
		p.Click(".answer .notice button")
		focused(p, ".cm-content")
		p.WaitText(".facts", "Errors\n1")
	})
	t.Run("request", func(t *testing.T) {
		write(p, "def handler(request, *args, **kwargs):\n    return request.method + request.headers.get('X-A') + request.body + str('Authorization' in request.headers)\n")
		p.Click(".bar .primary")
		p.WaitText(".state", "Saved")
		p.Run("const m = document.querySelector('#field-method'); m.value = 'PATCH'; m.dispatchEvent(new Event('change'))")
		p.Write("#field-headers", "nonsense")
		p.Click(".trying button[type=submit]")
		p.WaitText("#field-headers-error", `Write "nonsense" as Name: value.`)
		p.Run("document.querySelector('#field-headers').value = ''")
		p.Write("#field-headers", "x-a: (1)")
		p.Write("#field-body", "the body")
		p.Click(".trying button[type=submit]")
		p.WaitText(".answer .body", "PATCH(1)the body")
		p.WaitText(".answer", "ms")
		p.Click(".answer summary")
		p.WaitText(".answer .headers", "text/plain; charset=utf-8")
	})
	t.Run("disable", func(t *testing.T) {
		p.Click(".title .buttons button")
		p.WaitText(".title", "Disabled")
		focused(p, ".title .buttons button")
		p.Click(".trying button[type=submit]")
		p.WaitText(".answer", "404")
		p.Click(".title .buttons button")
		p.WaitText(".title", "Enabled")
		p.Click(".trying button[type=submit]")
		p.WaitText(".answer", "200")
	})
	t.Run("calls", func(t *testing.T) {
		p.Click(".parts a:nth-child(2)")
		p.WaitText(".events", "500")
		p.WaitText(".events", "hello.star:3:")
		p.WaitText(".events", "before")
	})
	t.Run("settings", func(t *testing.T) {
		p.Click(".parts a:nth-child(4)")
		p.Wait("the values", "document.querySelector('#field-path')?.value === 'hello'")
		p.Run("document.querySelector('#field-path').value = 'other'")
		p.Click("form.card .primary")
		p.WaitText("#field-path-error", "another endpoint of yours has the path")
		p.Run("document.querySelector('#field-path').value = 'welcome'")
		p.Click("form.card .primary")
		p.WaitText(".facts", "/u/welcome")
		if status, _ := h.ask("GET", "u/hello", nil); status != http.StatusNotFound {
			t.Errorf("the old path answers %d", status)
		}
	})
	t.Run("history", func(t *testing.T) {
		p.Click(".parts a:nth-child(3)")
		p.WaitText(".events", "created it")
		p.WaitText(".events", "hello → welcome")
		p.WaitText(".events", "ENABLED → DISABLED")
	})
	t.Run("delete", func(t *testing.T) {
		p.Click(".title .danger")
		p.WaitText("dialog", "Delete hello?")
		focused(p, "dialog button[value=no]")
		p.Press("Escape")
		p.Wait("the dialog gone", "!document.querySelector('dialog')")
		focused(p, ".title .danger")
		p.Press("Enter")
		p.Click("dialog .danger")
		p.WaitText("h1", "Endpoints")
		p.Wait("the list without it", "document.querySelectorAll('tbody tr').length === 1")
		if status, _ := h.ask("GET", "hello", nil); status != http.StatusNotFound {
			t.Errorf("it answers %d", status)
		}
	})
	h.healthy(p)
}

// testKeyboard edits, saves and tries a script without a mouse.
func testKeyboard(t *testing.T, b *browser.Browser) {
	h := newHost(t)
	h.save("acme/hello.star", "")
	h.create("hello", "/acme/hello.star")
	p := b.Window(t).Open(h.page)
	keys(p, "token-of-ada")
	p.Press("Enter")
	p.WaitText("h1", "Endpoints")
	tab(t, p, "tbody a")
	p.Press("Enter")
	p.Wait("the editor", code)
	focused(p, "h1")

	tab(t, p, ".cm-content")
	keys(p, "def handler(request):")
	p.Press("Enter") // which indents
	keys(p, "if True:")
	p.Press("Enter", "Backspace", "Tab")
	keys(p, `return "typed"`)
	p.Press("Escape", "Tab")
	focused(p, "#field-method")
	p.Press("Shift+Tab")
	focused(p, ".cm-content")
	p.Press("Escape", "Shift+Tab")
	focused(p, ".bar .primary")
	p.Press("Enter")
	p.WaitText(".state", "Saved")
	if got := h.saved("acme/hello.star"); got != "def handler(request):\n    if True:\n        return \"typed\"" {
		t.Errorf("saved %q", got)
	}
	p.Wait("the announcement", "document.getElementById('status').textContent === 'Saved.'")
	tab(t, p, ".cm-content")
	p.Press("Escape")
	tab(t, p, ".trying button[type=submit]")
	p.Press("Enter")
	p.WaitText(".answer .body", "typed")

	p.Run(code + `.dispatchEvent(new KeyboardEvent("keydown", { key: "s", keyCode: 83, ctrlKey: true, bubbles: true, cancelable: true }))`)
	p.Run("document.activeElement.blur(); scrollTo(0, 0)")
	tab(t, p, "#skip")
	p.Press("Enter")
	focused(p, "main")
	h.healthy(p)
}

// testList filters and turns pages.
func testList(t *testing.T, b *browser.Browser) {
	h := newHost(t)
	for i := range 45 {
		h.create(fmt.Sprintf("e%02d", i), "clock")
	}
	h.ask("PATCH", "e07", map[string]any{"enabled": false})
	p := h.signIn(b.Window(t), "token-of-ada")
	p.WaitText(".pages", "1–20")
	p.Click(".pages a")
	p.WaitText(".pages", "21–40")
	focused(p, "h1")
	p.Click(".pages a:last-child")
	p.WaitText(".pages", "41–45")
	p.Wait("no next page", "document.querySelector('.pages').innerText.trim().endsWith('41–45')")
	p.Run("document.querySelector('#filter-state').value = 'DISABLED'")
	p.Click(".filters button")
	p.Wait("one", "document.querySelectorAll('tbody tr').length === 1")
	p.WaitText("tbody", "e07")
	p.Write("#filter-path", "e08")
	p.Press("Enter")
	p.WaitText(".empty", "Nothing matches")
	p.Run("history.back()")
	p.WaitText("tbody", "e07")
	p.Click(".filters a")
	p.WaitText(".pages", "1–20")
	for _, id := range []string{"none", "..", "list", "%2e%2e%2fx"} {
		h.open(p, "endpoints/"+id)
		p.WaitText(".empty", "No such endpoint")
		h.open(p, "new")
	}
	h.open(p, "endpoints/e01")
	p.WaitText(".editing", "There is no script to edit here") // it is a Go function
	h.healthy(p)
}

// testConflict has two people edit one script and one endpoint.
func testConflict(t *testing.T, b *browser.Browser) {
	h := newHost(t)
	h.save("acme/hello.star", hello)
	h.create("hello", "/acme/hello.star")
	ada, bob := h.signIn(b.Window(t), "token-of-ada"), h.signIn(b.Window(t), "token-of-bob")
	ada.Size(1200, 800)
	mine, theirs := hello+"# of ada\n", "# of bob\n"+hello
	for _, p := range []*browser.Page{ada, bob} {
		h.open(p, "endpoints/hello")
		p.Wait("the editor", code)
	}
	write(bob, theirs)
	bob.Click(".bar .primary")
	bob.WaitText(".state", "Saved")
	write(ada, mine)
	ada.Click(".bar .primary")
	ada.WaitText(".notice", "Somebody else saved this script meanwhile")
	versions := "[...document.querySelectorAll('.versions .editor')].map((e) => e.shadowRoot.querySelector('.cm-content').innerText)"
	ada.Wait("both versions", versions+".join('|').match(/of bob[^|]*[|][^|]*of ada/)")
	ada.Wait("marks", "[...document.querySelectorAll('.versions .editor')].every((e) => e.shadowRoot.querySelector('.cm-different'))")
	focused(ada, ".notice .primary")
	if got := h.saved("acme/hello.star"); got != theirs {
		t.Errorf("saved over: %q", got)
	}

	ada.Click(".notice .buttons button:last-child") // take theirs
	ada.Wait("theirs", code+".innerText.includes('of bob')")
	ada.WaitText(".state", "Saved")
	write(ada, mine)
	write(bob, theirs+"# again\n")
	bob.Click(".bar .primary")
	bob.WaitText(".state", "Saved")
	ada.Click(".bar .primary")
	ada.Click(".notice .primary") // mine instead
	ada.WaitText(".state", "Saved")
	if got := h.saved("acme/hello.star"); got != mine {
		t.Errorf("saved %q", got)
	}

	for _, p := range []*browser.Page{ada, bob} {
		h.open(p, "endpoints/hello/settings")
		p.Wait("the values", "document.querySelector('#field-path')?.value === 'hello'")
	}
	bob.Run("document.querySelector('#field-path').value = 'bobs'")
	bob.Click("form.card .primary")
	bob.WaitText(".facts", "/u/bobs")
	ada.Run("document.querySelector('#field-path').value = 'adas'")
	ada.Click("form.card .primary")
	ada.WaitText(".notice", "Somebody else changed this endpoint meanwhile")
	ada.WaitText(".notice", "bobs")
	ada.Click("form.card > .primary")
	ada.WaitText(".facts", "/u/adas")
	h.healthy(ada)
	h.healthy(bob)
}

// testInjection has markup in everything that others can write.
func testInjection(t *testing.T, b *browser.Browser) {
	h := newHost(t)
	const markup = `<img src=x onerror=alert(1)><script>alert(1)</script>"'&lt;`
	h.save("acme/"+strings.ReplaceAll(markup, "/", "")+".star",
		"def handler(request, *args, **kwargs):\n    print('''"+markup+"''')\n    if request.args.get('fail'): fail('''"+markup+"''')\n    return '''"+markup+"'''\n")
	h.create("marked", "/acme/"+strings.ReplaceAll(markup, "/", "")+".star")
	h.create("faulty", "/acme/"+strings.ReplaceAll(markup, "/", "")+".none")
	p := h.signIn(b.Window(t), "token-of-ada")
	p.Run("window.alert = () => { throw new Error('a script ran') }")
	p.WaitText("tbody", "<img src=x")
	h.open(p, "endpoints/marked")
	p.WaitText(".editing h2", "<img src=x")
	p.Wait("the editor", code+"?.innerText.includes('<script>')")
	p.Click(".trying button[type=submit]")
	p.WaitText(".answer .body", "<script>alert(1)<")
	p.WaitText(".answer", "Printed")
	p.Write("#field-query", "fail=1")
	p.Press("Enter")
	p.WaitText(".answer .notice", "<script>alert(1)<")
	for _, view := range []string{"calls", "history", "settings"} {
		h.open(p, "endpoints/marked/"+view)
		p.Wait(view, "document.querySelector('.part."+view+"')?.innerText.includes('<img') || document.querySelector('#field-handler_script_path')?.value.includes('<img')")
	}
	h.open(p, "endpoints/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
	p.WaitText("h1", "<img src=x")
	h.open(p, "endpoints/marked/"+strings.Repeat("%", 3))
	p.WaitText("h1", "marked")
	h.open(p, "new")
	p.Write("#field-id", markup)
	p.Press("Enter")
	p.WaitText("#field-id-error", "has other characters")
	p.Wait("no element that was written as data", "!document.querySelector('img[src=x], main script')")
	h.healthy(p)
}

// testAway takes the server away while somebody writes.
func testAway(t *testing.T, b *browser.Browser) {
	h := newHost(t)
	h.save("acme/hello.star", hello)
	h.create("hello", "/acme/hello.star")
	p := h.signIn(b.Window(t), "token-of-ada")
	h.open(p, "endpoints/hello")
	write(p, hello+"# more\n")
	h.away()
	p.Click(".bar .primary")
	p.WaitText("#away", "can't be reached")
	p.WaitText(".problems", "Not saved")
	p.Click(".trying button[type=submit]")
	p.WaitText(".answer", "No answer")
	h.back()
	p.Wait("the banner gone", "document.getElementById('away').hidden")
	p.Click(".bar .primary")
	p.WaitText(".state", "Saved")
	if got := h.saved("acme/hello.star"); got != hello+"# more\n" {
		t.Errorf("saved %q", got)
	}
	for _, m := range p.Complaints() {
		if !strings.HasPrefix(m.Text, "network: ") {
			t.Errorf("the page complains: %s %s", m.Kind, m.Text)
		}
	}
}

// testExpired has the token end while somebody writes.
func testExpired(t *testing.T, b *browser.Browser) {
	h := newHost(t)
	h.save("acme/hello.star", hello)
	h.create("hello", "/acme/hello.star")
	p := h.signIn(b.Window(t), "token-of-ada")
	h.open(p, "endpoints/hello")
	write(p, hello+"# more\n")
	h.revoke("token-of-ada")
	p.Click(".bar .primary")
	p.WaitText("dialog", "no longer takes your token")
	keys(p, "token-of-ada")
	p.Press("Enter")
	p.WaitText("dialog", "does not know this token")
	p.Run("document.querySelector('dialog input').value = ''")
	keys(p, "token-of-bob")
	p.Press("Enter")
	p.WaitText(".state", "Saved")
	if got := h.saved("acme/hello.star"); got != hello+"# more\n" {
		t.Errorf("saved %q", got)
	}

	write(p, hello)
	h.open(p, "")
	p.WaitText("h1", "Endpoints")
	h.open(p, "endpoints/hello")
	p.WaitText(".state", "Not saved") // the draft is back
	p.Wait("the draft", code+".innerText.trim() === "+browser.Quote(strings.TrimSpace(hello)))
	p.Click("#sign-out")
	p.WaitText("dialog", "will be lost")
	p.Press("Escape")
	p.Click("#sign-out")
	p.Click("dialog .danger")
	p.WaitText("h1", "Sign in")
	h.healthy(p)
}

// testMotion holds that nothing moves for people who asked for that.
func testMotion(t *testing.T, b *browser.Browser) {
	h := newHost(t)
	h.save("acme/hello.star", hello)
	h.create("hello", "/acme/hello.star")
	p := h.signIn(b.Window(t), "token-of-ada")
	for media, moving := range map[string]bool{"no-preference": true, "reduce": false} {
		p.Media("prefers-reduced-motion", media)
		p.GoTo(h.page)
		h.open(p, "endpoints/hello")
		p.Wait("the editor", code)
		p.Run(code + ".focus()")
		focused(p, ".cm-content")
		p.Wait(fmt.Sprintf("the cursor blinking: %t", moving), fmt.Sprintf(
			"(document.getAnimations().length + %s.getRootNode().getAnimations().length > 0) === %t", code, moving))
	}
	h.healthy(p)
}
