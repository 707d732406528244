package console_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/seed217079a1/endpoint/internal/browser"
)

var update = flag.Bool("update", false, "rewrite list.png and edit.png, what the console looks like")

// TestPictures makes the pictures of the README, and keeps them with -update.
func TestPictures(t *testing.T) {
	h := newHost(t)
	h.fill()
	p := h.signIn(browser.Start(t).Window(t), "token-of-ada")
	p.Size(1200, 800)
	picture(t, p, "list.png")
	h.open(p, "endpoints/orders")
	p.Wait("the editor", code)
	p.Run("document.querySelector('#field-method').value = 'POST'; document.querySelector('#field-method').dispatchEvent(new Event('change'))")
	p.Write("#field-body", `{"id": 4711, "customer": "ada"}`)
	p.Click(".trying button[type=submit]")
	p.WaitText(".answer", "accepted")
	p.Run("scrollTo(0, 0); document.activeElement.blur()")
	picture(t, p, "edit.png")
}

func picture(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	p.Run("const s = new CSSStyleSheet(); s.replaceSync('html { scrollbar-width: none }'); document.adoptedStyleSheets = [s]")
	browser.KeepPicture(t, name, p.Screenshot(), 200<<10, *update)
}

// fill makes a list worth looking at.
func (h *host) fill() {
	h.t.Helper()
	h.save("acme/orders.star", `# Takes the webhooks of the shop.

def handler(request, *args, **kwargs):
    order = request.json()
    if order["customer"] in blocked:
        return Response(status = 403)
    print("order", order["id"], "of", order["customer"])
    return Response(
        body = json.encode({"accepted": order["id"]}),
        mimetype = "application/json",
    )

# Who has to pay first.
blocked = ["mallory"]
`)
	h.save("acme/hello.star", "def handler(request, *args, **kwargs):\n    return \"Hello, \" + request.args.get(\"name\", \"world\")\n")
	h.save("acme/report.star", "def handler(request, *args, **kwargs):\n    return str(1 // len(request.args))\n")
	for _, e := range [][2]string{
		{"orders", "/acme/orders.star"}, {"hello", "/acme/hello.star"}, {"clock", "clock"}, {"daily-report", "/acme/report.star"},
		{"refunds", "/acme/orders.star"}, {"stock", "/acme/stock.star"}, {"summer-sale", "/acme/hello.star"}, {"newsletter", "/acme/hello.star"},
	} {
		h.create(e[0], e[1])
	}
	h.ask("PATCH", "summer-sale", map[string]any{"enabled": false})
	order := map[string]any{"id": 4710, "customer": "bob"}
	for i := range 180 {
		for _, path := range []string{"u/orders", "u/refunds"}[:1+i%2] {
			h.ask("POST", path, order)
		}
		h.ask("GET", []string{"u/hello", "u/newsletter", "u/clock"}[i%3], nil)
	}
	for i := range 12 {
		h.ask("GET", fmt.Sprintf("u/daily-report%s", []string{"", "?day=1", "?day=2"}[i%3]), nil)
	}
}
