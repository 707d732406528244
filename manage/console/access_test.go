package console_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/browser"
)

// testAccessible has axe-core judge the views, in light and in dark, and holds
// that none is wider than a narrow window. The rules run through the protocol
// of the browser, past the policy of the page.
func testAccessible(t *testing.T, axe string) {
	rules, err := os.ReadFile(axe)
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t)
	h.fill()
	p := browser.Start(t).Window(t).Open(h.page)
	judge := func(view string) {
		t.Helper()
		h.healthy(p)
		for _, width := range []int{320, 640} { // 1280 at 400 and 200 %
			p.Size(width, 800)
			var got int
			if err := p.Try("return document.documentElement.scrollWidth", &got); err != nil || got > width {
				t.Errorf("%s at %d pixels is %d wide: %v", view, width, got, err)
			}
		}
		for scheme, width := range map[string]int{"dark": 360, "light": 1200} {
			p.Size(width, 800)
			p.Media("prefers-color-scheme", scheme)
			p.Wait(view+" settled", "document.getAnimations().length === 0")
			for _, fault := range violations(t, p, string(rules)) {
				t.Errorf("%s, %s, %d: %s", view, scheme, width, fault)
			}
		}
		p.Forget() // what the rules tried is no fault of the page
		p.Media("prefers-color-scheme", "light")
		p.Size(1200, 800)
	}

	p.Press("Enter")
	p.WaitText("#field-token-error", "Enter the token")
	judge("sign in")
	p.Write("#field-token", "token-of-eve")
	p.Press("Enter")
	p.WaitText("main", "No endpoints yet")
	judge("no endpoints")
	p.Click("#sign-out")
	p.Write("#field-token", "token-of-ada")
	p.Press("Enter")
	p.WaitText("tbody", "daily-report")
	judge("list")
	h.open(p, "new")
	p.Write("#field-id", "hello")
	p.Write("#field-handler_script_path", "/acme/../x")
	p.Press("Enter")
	p.WaitText("#field-handler_script_path-error", "is no path")
	judge("new")
	h.open(p, "endpoints/stock")
	p.WaitText(".notice", "no script yet")
	p.Wait("the editor", code)
	judge("new script")
	h.open(p, "endpoints/daily-report")
	write(p, "def handler(request, *args, **kwargs):\n    print('counting', 'days')\n    return str(1 // len(request.args)) +\n")
	p.Click(".bar .primary")
	p.WaitText(".problems", "does not compile")
	p.Click(".trying button[type=submit]")
	p.WaitText(".answer .notice", "division")
	judge("faulty script")
	h.open(p, "endpoints/daily-report/calls")
	p.WaitText(".events", "500")
	judge("calls")
	h.open(p, "endpoints/summer-sale/history")
	p.WaitText(".events", "ENABLED")
	judge("history")
	h.open(p, "endpoints/hello/settings")
	p.Wait("the settings", "document.querySelector('#field-path')")
	p.Click(".title .danger")
	p.WaitText("dialog", "Delete hello?")
	judge("delete")
	p.Press("Escape")
	judge("settings")
	h.open(p, "endpoints/hello")
	write(p, hello+"# mine\n")
	h.save("acme/hello.star", "# theirs\n"+hello)
	p.Click(".bar .primary")
	p.WaitText(".notice", "Somebody else")
	judge("conflict")
	h.away()
	p.Click(".notice .primary")
	p.WaitText("#away", "can't be reached")
	p.Forget()
	judge("away")
}

// violations returns what axe-core finds, of any impact.
func violations(t *testing.T, p *browser.Page, rules string) []string {
	t.Helper()
	var found []struct {
		ID, Impact, Help string
		Nodes            []struct {
			Target  []any
			Summary string `json:"failureSummary"`
		}
	}
	err := p.Try("if (!window.axe) { "+rules+`; }
		const found = await axe.run(document, { resultTypes: ["violations"] });
		return found.violations;`, &found)
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, v := range found {
		for _, n := range v.Nodes {
			faults = append(faults, fmt.Sprintf("%s (%s) %s: %v: %s", v.ID, v.Impact, v.Help, n.Target, strings.Join(strings.Fields(n.Summary), " ")))
		}
	}
	return faults
}
