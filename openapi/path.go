package openapi

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/seed217079a1/endpoint"
)

// A pathTemplate is a path as a document writes it.
type pathTemplate struct {
	text  string            // as /users/{id}
	names map[string]string // of its parameters, by those of the endpoint
	rest  string            // the parameter that follows a prefix whose rest has no name, "" for none
	bare  string            // of a prefix, its own path; else ""
	order []string          // the names in order
}

// templateOf returns the path of an operation.
func templateOf(op *endpoint.Operation) pathTemplate {
	p := pathTemplate{names: map[string]string{}}
	var b strings.Builder
	path := strings.TrimPrefix(op.Path, "/")
	segments := strings.Split(path, "/")
	for i, s := range segments {
		last := i == len(segments)-1
		if last && op.Prefix {
			p.bare = b.String() + "/"
		}
		b.WriteByte('/')
		switch {
		case strings.HasPrefix(s, ":"), strings.HasPrefix(s, "*"):
			p.parameter(&b, s[1:], s[1:])
		case last && op.Prefix:
			p.rest = "rest"
			for n := 2; p.names[p.rest] != ""; n++ {
				p.rest = "rest" + strconv.Itoa(n)
			}
			p.parameter(&b, p.rest, p.rest)
		default:
			b.WriteString(escaped(s))
		}
	}
	p.text = b.String()
	return p
}

// escaped returns a segment as a request line has it. What is registered may
// have escapes of its own, such as a%2Fb.
func escaped(segment string) string {
	if text, err := url.PathUnescape(segment); err == nil {
		segment = text
	}
	return url.PathEscape(segment)
}

func (p *pathTemplate) parameter(b *strings.Builder, own, name string) {
	p.names[own] = name
	p.order = append(p.order, own)
	b.WriteString("{" + name + "}")
}

// shape returns the path without the names of its parameters: two paths of one
// shape are one.
func (p *pathTemplate) shape() string {
	var b strings.Builder
	for part := range strings.SplitSeq(p.text, "{") {
		if _, rest, ok := strings.Cut(part, "}"); ok {
			b.WriteString("{}" + rest)
			continue
		}
		b.WriteString(part)
	}
	return b.String()
}

// as returns the path with the parameters named as those of another of the same
// shape; of a prefix that stands at its own path, without what follows.
func (p pathTemplate) as(other pathTemplate) *pathTemplate {
	if len(other.order) < len(p.order) { // told by its own path
		p.rest = ""
	}
	names := map[string]string{}
	for i, own := range p.order {
		if i < len(other.order) {
			names[own] = other.order[i]
		}
	}
	if p.rest != "" {
		p.rest = names[p.rest]
	}
	p.text, p.names = other.text, names
	return &p
}
