package browser

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A Page is a tab of a [Window].
type Page struct {
	t       testing.TB
	b       *Browser
	session string
	target  string
	record  record
}

// For makes another test, such as a subtest, the one that failures end.
func (p *Page) For(t testing.TB) { p.t = t }

// Close closes the tab. It does not wait for that.
func (p *Page) Close() {
	_ = p.b.send("", "Target.closeTarget", object{"targetId": p.target}, nil)
}

// GoTo opens an address as if it had been typed, and waits until a page whose
// address begins so is loaded.
func (p *Page) GoTo(address string) *Page {
	p.t.Helper()
	p.do("Page.navigate", object{"url": address}, nil)
	p.Wait("the page "+address, fmt.Sprintf("location.href.startsWith(%s) && document.readyState === 'complete'", Quote(address)))
	return p
}

// do sends a command to the tab.
func (p *Page) do(method string, params, result any) {
	p.t.Helper()
	if err := p.b.do(p.session, method, params, result); err != nil {
		p.t.Fatal(err)
	}
}

// Try evaluates a script, the body of an async function, and decodes the JSON
// of what it returns into result, unless that is nil. Its error is what the
// script threw.
func (p *Page) Try(script string, result any) error {
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	err := p.b.do(p.session, "Runtime.evaluate", object{
		"expression":  "(async () => { " + script + "\n})()",
		"userGesture": true, "awaitPromise": true, "returnByValue": true,
	}, &got)
	switch {
	case err != nil:
		return err
	case got.ExceptionDetails != nil:
		return fmt.Errorf("%s: %s", got.ExceptionDetails.Text, got.ExceptionDetails.Exception.Description)
	case result == nil || got.Result.Value == nil:
		return nil
	}
	return json.Unmarshal(got.Result.Value, result)
}

// Run evaluates a script as [Page.Try] does, and returns its text, "" if it
// returned nothing. The script has to succeed.
func (p *Page) Run(script string) string {
	p.t.Helper()
	var text string
	if err := p.Try(script, &text); err != nil {
		p.t.Fatalf("%s\n%v", script, err)
	}
	return text
}

// Wait polls for up to 30 seconds until an expression is true, also across the
// loading of pages. what names it in the failure, with what the page shows.
func (p *Page) Wait(what, expression string) {
	p.t.Helper()
	var last error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var done bool
		if last = p.Try("return !!("+expression+")", &done); done {
			return
		}
	}
	var text string
	_ = p.Try("return location.href + ' ' + document.body.innerText", &text)
	p.t.Fatalf("%s did not come: %v\nthe page shows: %s\nit complains of: %q", what, last, text, p.Complaints())
}

// WaitText waits until an element, given by a CSS selector, shows a text.
func (p *Page) WaitText(selector, text string) {
	p.t.Helper()
	p.Wait(fmt.Sprintf("%q in %s", text, selector), fmt.Sprintf(
		"((e) => e?.checkVisibility() && e.innerText.includes(%s))(document.querySelector(%s))", Quote(text), Quote(selector)))
}

// Text returns what an element shows.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return p.Run("return document.querySelector(" + Quote(selector) + ").innerText")
}

// Ask calls an address with fetch and returns what its script could see: the
// status and the body, "opaque" or "refused". options is an object in JSON or
// JavaScript.
func (p *Page) Ask(address, options string) string {
	p.t.Helper()
	return p.Run(fmt.Sprintf(`
		let answer;
		try { answer = await fetch(%s, %s); } catch { return 'refused'; }
		if (answer.type === 'opaque') return 'opaque';
		return answer.status + ' ' + await answer.text();`, Quote(address), strings.TrimSpace(options)))
}

// Screenshot returns what the tab shows, as PNG.
func (p *Page) Screenshot() []byte {
	p.t.Helper()
	var shot struct{ Data string }
	p.do("Page.captureScreenshot", object{"format": "png"}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	return png
}

// Quote returns a text as a literal of JavaScript.
func Quote(text string) string {
	literal, err := json.Marshal(text)
	if err != nil { // never with a string
		return `""`
	}
	return string(literal)
}
