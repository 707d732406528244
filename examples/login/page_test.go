package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// object is the parameters of a command.
type object map[string]any

// A person has a window with cookies of its own.
type person struct {
	t       *testing.T
	b       *browser
	context string // "" is the usual window
}

// command returns the parameters of a command with the person's window.
func (p *person) command(params object) object {
	if p.context != "" {
		params["browserContextId"] = p.context
	}
	return params
}

// usual returns the window that is not private: there a browser also sends
// cookies with what a page asks of another site, which it blocks in a private
// one. Only one test at a time may use it.
func (b *browser) usual(t *testing.T) *person {
	t.Helper()
	if err := b.do("", "Storage.clearCookies", nil, nil); err != nil {
		t.Fatal(err)
	}
	return &person{t: t, b: b}
}

// newPerson opens a private window. It is closed with the test.
func (b *browser) newPerson(t *testing.T) *person {
	t.Helper()
	var made struct{ BrowserContextID string }
	if err := b.do("", "Target.createBrowserContext", nil, &made); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Nobody waits: the answer may come after the context of the test is over.
		_ = b.send("", "Target.disposeBrowserContext", object{"browserContextId": made.BrowserContextID}, nil)
	})
	return &person{t: t, b: b, context: made.BrowserContextID}
}

// A cookie is one as the browser keeps it.
type cookie struct {
	Name, Value, Domain, Path, SameSite string
	HTTPOnly                            bool `json:"httpOnly"`
	Secure                              bool
	Expires                             float64 // Unix time in seconds
}

// cookies returns the cookies that the browser keeps.
func (p *person) cookies() []cookie {
	p.t.Helper()
	var got struct{ Cookies []cookie }
	if err := p.b.do("", "Storage.getCookies", p.command(object{}), &got); err != nil {
		p.t.Fatal(err)
	}
	return got.Cookies
}

// A page is a tab.
type page struct {
	t       *testing.T
	b       *browser
	session string
	target  string
}

// open opens a tab at an address and waits until it is loaded.
func (p *person) open(address string) *page {
	p.t.Helper()
	var target struct{ TargetID string }
	err := p.b.do("", "Target.createTarget", p.command(object{
		"url": "about:blank", "newWindow": true, "width": 800, "height": 560,
	}), &target)
	if err != nil {
		p.t.Fatal(err)
	}
	var attached struct{ SessionID string }
	err = p.b.do("", "Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}, &attached)
	if err != nil {
		p.t.Fatal(err)
	}
	page := &page{t: p.t, b: p.b, session: attached.SessionID, target: target.TargetID}
	page.goTo(address)
	return page
}

// close closes the tab. It does not wait for that.
func (p *page) close() {
	_ = p.b.send("", "Target.closeTarget", object{"targetId": p.target}, nil)
}

// goTo opens an address as if it had been typed, and waits until it is loaded.
func (p *page) goTo(address string) {
	p.t.Helper()
	p.do("Page.navigate", object{"url": address}, nil)
	p.wait("the page "+address, fmt.Sprintf("location.href.startsWith(%q) && document.readyState === 'complete'", address))
}

// do sends a command to the tab.
func (p *page) do(method string, params, result any) {
	p.t.Helper()
	if err := p.b.do(p.session, method, params, result); err != nil {
		p.t.Fatal(err)
	}
}

// onEvent calls f for each event of the tab, in their order. f must not wait.
func (p *page) onEvent(f func(message)) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.b.watch[p.session] = f
}

// onDialog answers each dialog in which the browser itself would ask for a
// password, and counts them.
func (p *page) onDialog(answer object) *atomic.Int32 {
	p.t.Helper()
	asked := new(atomic.Int32)
	p.onEvent(func(m message) {
		var paused struct{ RequestID string }
		if json.Unmarshal(m.Params, &paused) != nil {
			return
		}
		switch m.Method {
		case "Fetch.authRequired":
			asked.Add(1)
			_ = p.b.send(p.session, "Fetch.continueWithAuth",
				object{"requestId": paused.RequestID, "authChallengeResponse": answer}, nil)
		case "Fetch.requestPaused":
			_ = p.b.send(p.session, "Fetch.continueRequest", object{"requestId": paused.RequestID}, nil)
		}
	})
	p.do("Fetch.enable", object{"handleAuthRequests": true, "patterns": []object{{"urlPattern": "*"}}}, nil)
	return asked
}

// try evaluates a script, with await, and decodes its value into result.
func (p *page) try(script string, result any) error {
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	err := p.b.do(p.session, "Runtime.evaluate", object{
		"expression":  "(async () => { " + script + " })()",
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

// run evaluates a script that has to succeed, and returns its text.
func (p *page) run(script string) string {
	p.t.Helper()
	var text string
	if err := p.try(script, &text); err != nil {
		p.t.Fatalf("%s\n%v", script, err)
	}
	return text
}

// wait polls until an expression is true, also across the loading of pages.
func (p *page) wait(what, expression string) {
	p.t.Helper()
	var last error
	for deadline := time.Now().Add(browserTime); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var done bool
		if last = p.try("return !!("+expression+")", &done); done {
			return
		}
	}
	var text string
	_ = p.try("return location.href + ' ' + document.body.innerText", &text)
	p.t.Fatalf("%s did not come: %v\nthe page shows: %s", what, last, text)
}

// waitText waits until an element shows a text.
func (p *page) waitText(selector, text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf("%q in %s", text, selector),
		fmt.Sprintf("document.querySelector(%q)?.checkVisibility() && document.querySelector(%[1]q).innerText.includes(%q)", selector, text))
}

// click clicks an element where it is seen, with the mouse.
func (p *page) click(selector string) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	err := p.try(fmt.Sprintf(`
		const box = document.querySelector(%q).getBoundingClientRect();
		return { X: box.x + box.width / 2, Y: box.y + box.height / 2 };`, selector), &at)
	if err != nil {
		p.t.Fatalf("click %s: %v", selector, err)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.do("Input.dispatchMouseEvent", object{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

// write puts the focus into a field and types.
func (p *page) write(selector, text string) {
	p.t.Helper()
	p.click(selector)
	p.do("Input.insertText", object{"text": text}, nil)
}

// logIn logs in as a person does.
func (p *page) logIn(name, password string) {
	p.t.Helper()
	p.wait("the form", "document.querySelector('#login')?.checkVisibility()")
	p.write("#login [name=name]", name)
	p.write("#login [name=password]", password)
	p.click("#login button")
}

// screenshot returns what the tab shows, as PNG.
func (p *page) screenshot() []byte {
	p.t.Helper()
	var shot struct{ Data string }
	p.do("Page.captureScreenshot", object{"format": "png"}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	return png
}

// ask calls an address with fetch and returns what its script could see: the
// status and the body, or "refused".
func (p *page) ask(address, options string) string {
	p.t.Helper()
	return p.run(fmt.Sprintf(`
		let answer;
		try { answer = await fetch(%q, %s); } catch { return 'refused'; }
		if (answer.type === 'opaque') return 'opaque';
		return answer.status + ' ' + await answer.text();`, address, strings.TrimSpace(options)))
}
