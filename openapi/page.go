package openapi

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the files of the page
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"
)

//go:embed page.html
var pageTemplate string

//go:embed page.css
var pageStyle string

// page returns a document as one HTML page without scripts, for people. All
// that the document says is text in it, Markdown too. jsonURL is the address of
// the document, as seen from the page. The page is to be served with the policy
// that [pagePolicy] returns. It asks for time in proportion to the document, so
// its result is kept.
func page(doc []byte, jsonURL string) ([]byte, error) {
	root, err := parsePage(doc)
	if err != nil {
		return nil, err
	}
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, readPage(root, jsonURL)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// pagePolicy is the Content-Security-Policy of the page: its style, and nothing
// else. The empty icon keeps browsers from asking the host for one.
func pagePolicy() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// pageView is what the template shows.
type pageView struct {
	Title, Version, OpenAPI, Summary, Description string
	JSON                                          string
	Style                                         template.CSS
	Servers, Links                                []pageLink
	Groups                                        []*pageGroup
	Schemas                                       []pageComponent
	Security                                      []pageScheme
	Count                                         string
}

// A pageLink is a text that may lead somewhere.
type pageLink struct{ Text, URL string }

// A pageGroup is the operations whose first tag is the same.
type pageGroup struct {
	Name, Anchor, Text string
	Operations         []pageOperation
}

// A pageComponent is a schema with a name.
type pageComponent struct {
	Name, Anchor string
	Schema       pageSchema
}

// A pageScheme is a security scheme.
type pageScheme struct{ Name, Anchor, Kind, Text string }

// A pageReader reads a document.
type pageReader struct {
	root    pageNode
	used    map[string]int    // anchors, and how often each was wanted
	schemas map[string]string // anchor by name
	schemes map[string]string // likewise
}

func readPage(root pageNode, jsonURL string) pageView {
	r := &pageReader{
		root: root, schemas: map[string]string{}, schemes: map[string]string{},
		used: map[string]int{"operations": 1, "schemas": 1, "security": 1},
	}
	info := root.get("info")
	view := pageView{
		Title: info.string("title"), Version: info.string("version"), OpenAPI: root.string("openapi"),
		Summary: info.string("summary"), Description: info.string("description"),
		JSON: jsonURL, Style: template.CSS(pageStyle), Links: pageLinks(root),
	}
	for _, s := range root.get("servers").items {
		view.Servers = append(view.Servers, pageLink{s.string("description"), s.string("url")})
	}
	view.Security = r.readSchemes()
	components := root.get("components", "schemas").members
	for _, m := range components {
		r.schemas[m.name] = r.anchor("schema", m.name)
	}
	view.Groups = r.groups()
	for _, m := range components {
		view.Schemas = append(view.Schemas, pageComponent{m.name, r.schemas[m.name], r.schema(m.value)})
	}
	count := 0
	for _, g := range view.Groups {
		count += len(g.Operations)
	}
	view.Count = fmt.Sprintf("%d operations, %d schemas", count, len(view.Schemas))
	return view
}

// anchor returns an id that nothing else on the page has, in characters that
// mean themselves in an address.
func (r *pageReader) anchor(kind, name string) string {
	words := strings.FieldsFunc(name, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_')
	})
	id := kind + "-" + strings.Join(words, "-")
	r.used[id]++
	if n := r.used[id]; n > 1 {
		return r.anchor(id, fmt.Sprint(n))
	}
	return id
}

// pageLinks returns whom to ask and what holds. Addresses that are not those of
// pages are left out.
func pageLinks(root pageNode) []pageLink {
	info := root.get("info")
	contact, license, more := info.get("contact"), info.get("license"), root.get("externalDocs")
	var links []pageLink
	add := func(text, url string) {
		if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "mailto:") {
			url = ""
		}
		if text = cmp.Or(text, url); text != "" {
			links = append(links, pageLink{text, url})
		}
	}
	add(contact.string("name"), contact.string("url"))
	if email := contact.string("email"); email != "" {
		add(email, "mailto:"+email)
	}
	add(license.string("name"), license.string("url"))
	if terms := info.string("termsOfService"); terms != "" {
		add("Terms of service", terms)
	}
	add(more.string("description"), more.string("url"))
	return links
}

func (r *pageReader) readSchemes() []pageScheme {
	var list []pageScheme
	for _, m := range r.root.get("components", "securitySchemes").members {
		s := m.value.follow(r.root)
		kind := s.string("type")
		switch kind {
		case "http":
			kind = "HTTP " + s.string("scheme")
		case "apiKey":
			kind = "key in " + s.string("in") + " " + s.string("name")
		}
		r.schemes[m.name] = r.anchor("security", m.name)
		list = append(list, pageScheme{m.name, r.schemes[m.name], kind, s.string("description")})
	}
	return list
}

// groups returns the operations by their first tag: tags that the document
// describes first, then as they come, and those without any last.
func (r *pageReader) groups() []*pageGroup {
	var groups []*pageGroup
	byTag := map[string]*pageGroup{}
	group := func(tag, name string) *pageGroup {
		if byTag[tag] == nil {
			byTag[tag] = &pageGroup{Name: name, Anchor: r.anchor("tag", name)}
			groups = append(groups, byTag[tag])
		}
		return byTag[tag]
	}
	for _, t := range r.root.get("tags").items {
		group(t.string("name"), t.string("name")).Text = t.string("description")
	}
	var rest []pageOperation
	r.eachOperation(func(method, path string, item, op pageNode) {
		o := r.operation(method, path, item, op)
		tags := op.get("tags").items
		if len(tags) == 0 || tags[0].string() == "" {
			rest = append(rest, o)
			return
		}
		g := group(tags[0].string(), tags[0].string())
		g.Operations = append(g.Operations, o)
	})
	if len(rest) > 0 {
		name := "Operations"
		if len(groups) > 0 {
			name = "Other operations"
		}
		group("", name).Operations = rest
	}
	return slices.DeleteFunc(groups, func(g *pageGroup) bool { return len(g.Operations) == 0 })
}

// eachOperation calls f for each operation, in the order of the document.
func (r *pageReader) eachOperation(f func(method, path string, item, op pageNode)) {
	methods := []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}
	for _, m := range r.root.get("paths").members {
		item := m.value.follow(r.root)
		for _, o := range item.members {
			if slices.Contains(methods, o.name) {
				f(strings.ToUpper(o.name), m.name, item, o.value)
			}
		}
		for _, o := range item.get("additionalOperations").members {
			f(o.name, m.name, item, o.value)
		}
	}
}
