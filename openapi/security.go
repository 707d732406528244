package openapi

import (
	"strings"

	"github.com/seed217079a1/endpoint"
)

// requirements writes what an endpoint wants to know of who calls it: each
// object is enough, and all of what is in one is wanted together. An endpoint
// that knows users but lets everyone in allows nothing too.
func (b *builder) requirements(s *endpoint.OperationSecurity) []any {
	list := []any{}
	for _, names := range b.alternatives(s.Schemes) {
		o := &object{}
		for _, name := range names {
			o.set(name, []any{})
		}
		list = append(list, o)
	}
	if s.Required == "" && len(list) > 0 {
		list = append(list, &object{})
	}
	return list
}

// alternatives returns the names of schemes, each list of which is enough.
func (b *builder) alternatives(schemes []endpoint.OperationScheme) [][]string {
	var list [][]string
	for _, s := range schemes {
		if s.Kind != "all" {
			for _, name := range b.schemeNames(s) {
				list = append(list, []string{name})
			}
			continue
		}
		combined := [][]string{nil}
		for _, member := range s.All {
			var next [][]string
			for _, before := range combined {
				for _, names := range b.alternatives([]endpoint.OperationScheme{member}) {
					next = append(next, append(append([]string(nil), before...), names...))
				}
			}
			combined = next
		}
		list = append(list, combined...)
	}
	return list
}

// schemeNames returns the names of the security schemes that a kind of
// credentials is, and adds them to the document.
func (b *builder) schemeNames(s endpoint.OperationScheme) []string {
	switch s.Kind {
	case "basic":
		return []string{b.httpScheme("basic")}
	case "bearer":
		list := []string{b.httpScheme("bearer")}
		if s.Cookie != "" {
			list = append(list, b.keyScheme("cookie", s.Cookie))
		}
		return list
	case "key":
		return []string{b.keyScheme("header", s.Header)}
	case "session":
		return []string{b.keyScheme("cookie", s.Cookie)}
	}
	if scheme, _, _ := strings.Cut(s.Challenge, " "); scheme != "" {
		return []string{b.httpScheme(strings.ToLower(scheme))}
	}
	return []string{b.keyScheme("header", "Authorization")}
}

func (b *builder) httpScheme(scheme string) string {
	o := &object{}
	o.set("type", "http")
	o.set("scheme", scheme)
	return b.scheme(scheme, o)
}

func (b *builder) keyScheme(in, name string) string {
	o := &object{}
	o.set("type", "apiKey")
	o.set("in", in)
	o.set("name", name)
	return b.scheme(in+"_"+name, o)
}

// scheme returns the name of a security scheme in the document.
func (b *builder) scheme(key string, o *object) string {
	if name, ok := b.schemes[key]; ok {
		return name
	}
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '-' || r == '_' || r == '.' || isASCIILetter(byte(r)) || '0' <= r && r <= '9') {
			return r
		}
		return '_'
	}, key)
	name := free(b.taken, clean)
	b.schemes[key] = name
	b.security.set(name, o)
	return name
}
