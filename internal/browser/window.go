package browser

import "testing"

// A Window has cookies of its own, shared by its pages.
type Window struct {
	t       testing.TB
	b       *Browser
	context string // "" is the usual window
}

// Window opens a private window. It is closed with the test.
func (b *Browser) Window(t testing.TB) *Window {
	t.Helper()
	var made struct{ BrowserContextID string }
	if err := b.do("", "Target.createBrowserContext", nil, &made); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Nobody waits: the answer may come after the context of the test is over.
		_ = b.send("", "Target.disposeBrowserContext", object{"browserContextId": made.BrowserContextID}, nil)
	})
	return &Window{t: t, b: b, context: made.BrowserContextID}
}

// UsualWindow returns the window that is not private, without cookies: there a
// browser also sends cookies with what a page asks of another site, which it
// blocks in a private one. Only one test at a time may use it.
func (b *Browser) UsualWindow(t testing.TB) *Window {
	t.Helper()
	if err := b.do("", "Storage.clearCookies", nil, nil); err != nil {
		t.Fatal(err)
	}
	return &Window{t: t, b: b}
}

// For returns the window for another test, such as a subtest, which failures
// then end.
func (w *Window) For(t testing.TB) *Window { return &Window{t: t, b: w.b, context: w.context} }

// command returns the parameters of a command with the window.
func (w *Window) command(params object) object {
	if w.context != "" {
		params["browserContextId"] = w.context
	}
	return params
}

// A Cookie is one as the browser keeps it.
type Cookie struct {
	Name, Value, Domain, Path, SameSite string
	HTTPOnly                            bool `json:"httpOnly"`
	Secure                              bool
	Expires                             float64 // Unix time in seconds
}

// Cookies returns the cookies that the browser keeps for the window.
func (w *Window) Cookies() []Cookie {
	w.t.Helper()
	var got struct{ Cookies []Cookie }
	if err := w.b.do("", "Storage.getCookies", w.command(object{}), &got); err != nil {
		w.t.Fatal(err)
	}
	return got.Cookies
}

// SetCookie puts a cookie for the whole host of an address into the window,
// which scripts do not see.
func (w *Window) SetCookie(address, name, value string) {
	w.t.Helper()
	err := w.b.do("", "Storage.setCookies", w.command(object{"cookies": []object{
		{"name": name, "value": value, "url": address, "path": "/", "httpOnly": true},
	}}), nil)
	if err != nil {
		w.t.Fatal(err)
	}
}

// Page opens an empty page of 800 by 560 pixels, border included. What happens
// in it is recorded.
func (w *Window) Page() *Page {
	w.t.Helper()
	var target struct{ TargetID string }
	err := w.b.do("", "Target.createTarget", w.command(object{
		"url": "about:blank", "newWindow": true, "width": 800, "height": 560,
	}), &target)
	if err != nil {
		w.t.Fatal(err)
	}
	var attached struct{ SessionID string }
	err = w.b.do("", "Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}, &attached)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &Page{t: w.t, b: w.b, session: attached.SessionID, target: target.TargetID}
	p.b.onEvent(p.session, p.record.add)
	for _, domain := range []string{"Runtime", "Log", "Network", "Audits"} {
		p.do(domain+".enable", nil, nil)
	}
	return p
}

// Open opens a page at an address and waits until it is loaded.
func (w *Window) Open(address string) *Page {
	w.t.Helper()
	return w.Page().GoTo(address)
}
