package openapi

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/browser"
)

// pageSample returns the document of the tests: every form that the page knows,
// and texts that would be markup.
func pageSample(t testing.TB) []byte {
	t.Helper()
	doc, err := os.ReadFile("testdata/page.json")
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func pageOf(t testing.TB, doc string) string {
	t.Helper()
	got, err := page([]byte(doc), "openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestPageGolden(t *testing.T) {
	const file = "testdata/page.golden.html"
	got := pageOf(t, string(pageSample(t)))
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the page (-want +got); after a look, run go test -update:\n%s", diff)
	}
}

// TestPagePolicy checks that the policy lets in the style as it is sent, and
// nothing else that runs or loads.
func TestPagePolicy(t *testing.T) {
	got := pageOf(t, string(pageSample(t)))
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(got)
	if style == nil {
		t.Fatal("the page has no style")
	}
	sum := sha256.Sum256([]byte(style[1]))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(pagePolicy(), want) {
		t.Errorf("the policy %q does not let in the style, %s", pagePolicy(), want)
	}
	if strings.Contains(pagePolicy(), "unsafe") || !strings.HasPrefix(pagePolicy(), "default-src 'none'; ") {
		t.Errorf("the policy is %q", pagePolicy())
	}
}

// TestPageEscapes puts markup at every place of a document.
func TestPageEscapes(t *testing.T) {
	const evil = `</script></style><script>alert(1)</script><img src=x onerror=alert(1)>"'`
	quoted := pageQuote(evil)
	text := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	doc := text.ReplaceAllStringFunc(string(pageSample(t)), func(s string) string {
		if strings.HasPrefix(s, `"#/`) || len(s) < 12 { // keeps most keywords, so that all is still found
			return s
		}
		switch strings.Trim(s, `"`) {
		case "description", "operationId", "responses", "parameters", "components", "securitySchemes", "properties",
			"deprecated", "requestBody", "additionalOperations", "additionalProperties", "application/json", "termsOfService":
			return s
		}
		return quoted
	})
	got := pageOf(t, doc)
	if n := strings.Count(doc, quoted); n < 20 {
		t.Fatalf("the document has the text %d times", n)
	}
	for _, bad := range []string{"<script", "</script", "<img", "</style><"} {
		if strings.Contains(got, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if !strings.Contains(html.UnescapeString(got), evil) {
		t.Error("the page does not show the text")
	}
}

func TestPageLinks(t *testing.T) {
	got := pageOf(t, string(pageSample(t)))
	if strings.Contains(got, "javascript:") || strings.Contains(got, "ZgotmplZ") {
		t.Error("a link runs a script, or was cut off from doing so")
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(got, -1) {
		if ids[m[1]] {
			t.Errorf("the id %q is there twice", m[1])
		}
		ids[m[1]] = true
	}
	links := regexp.MustCompile(` href="#([^"]*)"`).FindAllStringSubmatch(got, -1)
	for _, m := range links {
		if !ids[m[1]] {
			t.Errorf("a link leads to %q, which is nowhere", m[1])
		}
	}
	if len(links) < 20 {
		t.Errorf("%d links within the page", len(links))
	}
}

// TestPageTypes checks types in words, and rules.
func TestPageTypes(t *testing.T) {
	for _, test := range []struct{ schema, want, reason string }{
		{`{"type":"string"}`, "string", "a plain type"},
		{`{"type":"string","format":"date-time"}`, "string (date-time)", "the format belongs to the type"},
		{`{"type":["integer","null"],"format":"int64"}`, "integer (int64) or null", "null as 3.1 says it"},
		{`{"type":"integer","nullable":true}`, "integer or null", "null as 3.0 says it"},
		{`{"type":"array","items":{"$ref":"#/components/schemas/User"}}`, "list of User", "a list"},
		{`{"type":"object","additionalProperties":{"type":"number"}}`, "map of number", "a map"},
		{`{"type":"object","properties":{"a":{}},"additionalProperties":{"type":"number"}}`, "object", "members, and more"},
		{`{"oneOf":[{"$ref":"#/components/schemas/a~1b"},{"type":"string"}]}`, "a/b or string", "a union"},
		{`{"allOf":[{"$ref":"#/components/schemas/A"}],"nullable":true}`, "A or null", "how 3.0 adds to a reference"},
		{`{}`, "any", "nothing is said"},
		{`true`, "any", "a schema that takes all"},
		{`false`, "nothing", "a schema that takes none"},
		{`{"enum":[1,"a",null]}`, "; one of 1, \"a\", null", "constants have no type"},
		{`{"const":"a"}`, "; always \"a\"", "likewise"},
		{`{"type":"number","minimum":1,"exclusiveMinimum":true}`, "number; more than 1", "3.0"},
		{`{"type":"number","exclusiveMinimum":1,"maximum":2}`, "number; more than 1; at most 2", "3.1"},
		{`{"type":"string","default":"x","minLength":2}`, "string; characters at least 2; default \"x\"", "rules come in one order"},
		{`{"type":"array","items":{"type":"string","pattern":"^a$"}}`, "list of string; each element: matches ^a$", "rules of elements"},
		{`{"type":5,"items":7,"enum":{},"properties":[],"required":"a"}`, "any", "what is no schema says nothing"},
	} {
		n, err := parsePage([]byte(test.schema))
		if err != nil {
			t.Fatal(err)
		}
		s := (&pageReader{}).schema(n)
		var b strings.Builder
		for _, w := range s.Type {
			b.WriteString(w.Text)
		}
		for _, r := range s.Rules {
			fmt.Fprintf(&b, "; %s %s", r.Name, r.Value)
		}
		if b.String() != test.want {
			t.Errorf("%s: %q, want %q: %s", test.schema, &b, test.want, test.reason)
		}
	}
}

func TestPageReferences(t *testing.T) {
	for _, test := range []struct{ ref, want, reason string }{
		{"#/components/responses/Good", "as it is", "a reference"},
		{"#/components/responses/Twice", "as it is", "a reference to a reference"},
		{"#/components/responses/Loop", "", "a reference to itself ends"},
		{"#/components/responses/None", "", "nothing there"},
		{"https://example.com/#/components/responses/Good", "", "the page asks nobody"},
		{"#/components/responses/a~1b", "escaped", "a name with a slash"},
	} {
		root, err := parsePage([]byte(`{"components":{"responses":{"Good":{"description":"as it is"},"Twice":{"$ref":"#/components/responses/Good"},
			"Loop":{"$ref":"#/components/responses/Loop"},"a/b":{"description":"escaped"}}},"r":{"$ref":` + pageQuote(test.ref) + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := root.get("r").follow(root).string("description"); got != test.want {
			t.Errorf("%s leads to %q, want %q: %s", test.ref, got, test.want, test.reason)
		}
	}
}

func FuzzPage(f *testing.F) {
	f.Add(pageSample(f))
	f.Add([]byte(`{"paths":{"/":{"get":{"parameters":[{"$ref":"#/paths/~1/get/parameters/0"}]}}}}`))
	f.Add([]byte(`[{}]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := page(doc, "openapi.json")
		if err != nil {
			return
		}
		if strings.Contains(strings.ToLower(string(got)), "<script") || strings.Count(string(got), "</html>") != 1 {
			t.Errorf("the page of %q is\n%s", doc, got)
		}
	})
}

// TestPageBrowser looks at the page as people do: by keyboard, in the dark, on
// a small screen.
func TestPageBrowser(t *testing.T) {
	body := pageOf(t, string(pageSample(t)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", pagePolicy())
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	p := browser.Start(t).Window(t).Page()
	p.Scripts(false)
	p.GoTo(server.URL + "/")
	p.WaitText("#op-listBooks", "List the books")

	p.Press("Tab", "Enter") // the first link skips the contents
	p.Wait("the operations", "location.hash === '#operations' && document.activeElement.matches('main')")
	p.GoTo(server.URL + "/#schema-Book")
	p.WaitText("article:target", "A book & its <i>authors</i>.")

	for _, scheme := range []string{"light", "dark"} {
		p.Media("prefers-color-scheme", scheme)
		if got := p.Run(pageContrast); got != "" {
			t.Errorf("in the %s scheme, too little contrast: %s", scheme, got)
		}
	}
	p.Size(360, 640)
	if got := p.Run("return String(document.documentElement.scrollWidth - document.documentElement.clientWidth)"); got != "0" {
		t.Errorf("on a screen of 360 pixels the page is %s pixels too wide", got)
	}
	if got := p.Run(`return [...document.querySelectorAll('table')].filter(t => ![...t.querySelectorAll('th')].every(h => h.scope)).length + ' ' +
		[...document.querySelectorAll('section, article, nav')].filter(e => !e.ariaLabel && !document.getElementById(e.getAttribute('aria-labelledby'))).length + ' ' +
		document.querySelectorAll('h1').length`); got != "0 0 1" {
		t.Errorf("tables without scopes, parts without a name, and main headings: %s", got)
	}
	if got := p.Complaints(); len(got) > 0 {
		t.Errorf("complaints: %q", got)
	}
	for _, address := range p.Requests() {
		if !strings.HasPrefix(address, server.URL+"/") || strings.HasSuffix(address, ".ico") {
			t.Errorf("the page asked for %s", address)
		}
	}
}

// pageContrast returns the texts whose colour differs from the background by
// less than 4.5 to 1, as the guidelines for accessibility measure it.
const pageContrast = `
	const light = c => c.match(/[\d.]+/g).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!c.endsWith(', 0)')) return c; } return 'rgb(255, 255, 255)'; };
	const bad = new Set();
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const e = walker.currentNode.parentElement;
		if (!walker.currentNode.data.trim() || !e.checkVisibility()) continue;
		const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
		if ((a + 0.05) / (b + 0.05) < 4.5) bad.add(e.tagName + '.' + e.className + ' ' + ((a + 0.05) / (b + 0.05)).toFixed(2));
	}
	return [...bad].join(', ');`
