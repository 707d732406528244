package endpoint

import (
	"html"
	"net/http"
	"strings"

	"github.com/seed217079a1/endpoint/internal/route"
)

// A manner is how an API behaves where no endpoint answers, and how it reads
// paths, in the dialects. An API without a dialect has none.
type manner struct {
	colons         bool  // a colon inside a segment of a registered path is a slash
	converters     bool  // a parameter may name its converter, as {id:int}; {rest:path} is a named rest
	exactPaths     bool  // a path that ends in a slash is exact, and nothing redirects to it
	answersOptions bool  // OPTIONS is answered with 200 at every path, and leads to no handler
	authFirst      bool  // credentials are judged before the method
	moved          int   // the status of redirects, for every method
	fullQuery      bool  // FullPath has a question mark also without a query
	constantCORS   bool  // a policy with one exact origin does not look at the request's
	withoutCORS    []int // statuses of errors that no page of another origin reads
	wholeResources bool  // Resource ignores what follows the id, and a slash at the end

	// unknown answers a path that no endpoint has.
	unknown func(c *call)
	// other answers a method that the path does not have; methods are those that it has.
	other func(c *call, n *pathNode, methods []string)
}

// exactMethods reports whether HEAD and OPTIONS are answered only where they
// are registered, as in every dialect.
func (m *manner) exactMethods() bool { return m != nil }

func (m *manner) addsQuery() bool { return m != nil && m.fullQuery }

// answersNull reports whether a handler without result is answered with null,
// as a Python function that returns None is in every dialect.
func (p *plan) answersNull() bool {
	return p.settings.manner != nil && !p.writes && p.settings.status == 0
}

// redirect sends a client to the prefix whose bare form it asked for.
func (m *manner) redirect(c *call, location string) {
	var body []byte
	if c.r.Method == http.MethodGet {
		c.outer.Header()["Content-Type"] = []string{"text/html; charset=utf-8"}
		body = []byte(`<a href="` + html.EscapeString(location) + `">` + http.StatusText(m.moved) + "</a>.\n\n")
	}
	c.outer.write(m.moved, body)
}

// strange answers a request in the manner of a dialect: of an unknown path if
// there is no node, else of a method that the node does not have.
func (t *table) strange(w http.ResponseWriter, r *http.Request, s *settings, n *pathNode, methods []string) {
	c := t.call(w, r)
	c.settings = s
	m := t.settings.manner
	c.answerWith(func() {
		if n == nil {
			m.unknown(c)
			return
		}
		if m.authFirst && !isPreflight(r) {
			if err := n.authenticate(c); err != nil {
				c.fail(err)
				return
			}
		}
		m.other(c, n, methods)
	})
}

// authenticate judges the credentials of a request whose method the node does
// not have, by the endpoint that requires something of them.
func (n *pathNode) authenticate(c *call) error {
	for i := range n.entries {
		if p := n.entries[i].plan; p.security != nil && p.security.need != 0 && p.endpoint.Enabled() {
			c.plan, c.settings = p, &p.settings
			return c.authenticate()
		}
	}
	return nil
}

// parse reads a path as it was registered.
func (m *manner) parse(path string) (route.Pattern, error) {
	switch {
	case m == nil:
	case m.colons:
		path = colonsToSlashes(path)
	case m.converters:
		path = withoutConverters(path)
	}
	return route.Parse(path)
}

// colonsToSlashes replaces colons that do not begin a segment.
func colonsToSlashes(path string) string {
	b := []byte(path)
	for i := 1; i < len(b); i++ {
		if b[i] == ':' && b[i-1] != '/' && b[i-1] != ':' {
			b[i] = '/'
		}
	}
	return string(b)
}

// withoutConverters writes {id:int} as {id}, and {rest:path} as *rest: what a
// parameter must be, the type that takes it says.
func withoutConverters(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		name, converter, ok := strings.Cut(s, ":")
		if !ok || !strings.HasPrefix(s, "{") || !strings.HasSuffix(s, "}") {
			continue
		}
		segments[i] = name + "}"
		if converter == "path}" {
			segments[i] = "*" + name[1:]
		}
	}
	return strings.Join(segments, "/")
}

// dialect makes the option of a dialect: options that anyone could give, and
// what only a dialect needs. The options beside it override it.
func dialect(name string, own func(s *settings), options ...Option) Option {
	return Option{name, onAPI | beforeOthers, func(s *settings) error {
		own(s)
		for _, o := range options {
			if err := o.apply(s); err != nil {
				return err
			}
		}
		s.access.here = 0 // what stands beside it replaces its requirement
		return nil
	}}
}

// told returns the faults of an error as an answer tells them, within the
// bounds of a problem document.
func (e *Error) told() []FieldError {
	var list []FieldError
	size := 0
	for _, f := range e.Fields[:min(len(e.Fields), maxFaults)] {
		f.Name, f.Pointer = clip(f.Name), clip(f.Pointer)
		if size += len(f.Name) + len(f.Pointer) + len(f.Message); size > maxProblem/2 {
			break
		}
		list = append(list, f)
	}
	return list
}
