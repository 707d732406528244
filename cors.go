package endpoint

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A CORSConfig says which pages of other origins may call an endpoint and read
// its answers. The methods are those of the endpoint. The zero CORSConfig
// allows no origin, as without the option.
type CORSConfig struct {
	// Origins are the allowed origins, as browsers send them: exact, such as
	// "https://app.example.com", all subdomains, "https://*.example.com", or
	// "*" for every origin, which excludes Credentials.
	Origins []string

	// AllowOrigin allows origins beside those in Origins; nil allows none. It
	// is never asked for the origin "null". If it panics the origin is not
	// allowed. It may be called concurrently.
	AllowOrigin func(r *Request, origin string) bool

	// Headers are the request headers that a page may set, beyond those that
	// CORS always allows. The headers that inputs of the endpoint are tagged
	// with, and Content-Type where a body is read, need not be named. "*" is
	// every header, which excludes Credentials.
	Headers []string

	// ExposeHeaders are the response headers that a page may read beyond the
	// safe ones; "*" is every header, which excludes Credentials.
	ExposeHeaders []string

	// Credentials lets pages send cookies and HTTP authentication.
	Credentials bool

	// MaxAge is how long a browser may remember the answer to a preflight, in
	// whole seconds; 0 leaves it to the browser, which is 5 s.
	MaxAge time.Duration
}

// CORS lets pages of other origins call an endpoint. It replaces what a group
// or the API says; the zero CORSConfig allows no origin again, which is the
// default. What no endpoint answers, such as 404, has the headers that the
// option says when given to [New].
//
// A preflight is judged by the endpoint of the method that it asks for, before
// credentials are looked at, and no handler runs. Errors have the headers too,
// so that a page can read them. A configuration that gives away more than it
// seems to, such as "*" with Credentials, is reported by [API.Compile].
func CORS(c CORSConfig) Option {
	p, err := newCORSPolicy(c)
	return Option{"CORS", anywhere, func(s *settings) error {
		s.cors = p
		return err
	}}
}

// EnableCORS lets pages of every origin call an endpoint without credentials,
// as Anvil's enable_cors=True: Access-Control-Allow-Origin: * stands on every
// answer, whether the request has an Origin or not.
func EnableCORS() Option {
	p := &corsPolicy{
		config:   CORSConfig{Origins: []string{"*"}, Headers: []string{"*"}},
		all:      true,
		constant: []string{"*"},
		headers:  []string{"content-type"},
	}
	return set("EnableCORS", anywhere, func(s *settings) { s.cors = p })
}

// A corsPolicy is a CORSConfig checked, with the values of header fields ready.
type corsPolicy struct {
	config   CORSConfig
	all      bool
	exact    map[string]bool
	families []originFamily
	expose   []string
	constant []string // Access-Control-Allow-Origin of every answer, nil if it depends on the request
	headers  []string // Access-Control-Allow-Headers of every answer, nil for preflights alone
}

// An originFamily is all subdomains of a host.
type originFamily struct{ scheme, host string } // "https://", ".example.com:8443"

// newCORSPolicy checks a configuration; it returns nil for one that allows nothing.
func newCORSPolicy(c CORSConfig) (*corsPolicy, error) {
	c.Origins, c.Headers, c.ExposeHeaders = slices.Clone(c.Origins), slices.Clone(c.Headers), slices.Clone(c.ExposeHeaders)
	p := &corsPolicy{config: c, exact: map[string]bool{}}
	for _, o := range c.Origins {
		if err := p.addOrigin(o); err != nil {
			return nil, err
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if len(c.Origins) == 0 && c.AllowOrigin == nil {
		return nil, nil //nolint:nilnil // no policy is no fault
	}
	if len(c.ExposeHeaders) > 0 {
		p.expose = []string{strings.Join(c.ExposeHeaders, ", ")}
	}
	return p, nil
}

// addOrigin adds one of the allowed origins.
func (p *corsPolicy) addOrigin(o string) error {
	if o == "*" {
		p.all = true
		return nil
	}
	scheme, host, err := checkOrigin(o)
	if err != nil {
		return err
	}
	if domain, ok := strings.CutPrefix(host, "*."); ok {
		p.families = append(p.families, originFamily{scheme + "://", "." + domain})
		return nil
	}
	if p.exact[o] {
		return fmt.Errorf("origin %q is given twice; name it once", o)
	}
	p.exact[o] = true
	return nil
}

// check reports what does not go together.
func (p *corsPolicy) check() error {
	c := &p.config
	switch {
	case p.all && c.Credentials:
		return errors.New(`origin "*" with Credentials would let every site act as the user; name the origins, or leave Credentials out`)
	case p.all && (len(c.Origins) > 1 || c.AllowOrigin != nil):
		return errors.New(`origin "*" is every origin already; give it alone`)
	case c.MaxAge < 0 || c.MaxAge%time.Second != 0:
		return fmt.Errorf("MaxAge %v is no number of seconds; write whole seconds, or 0 to leave it to the browser", c.MaxAge)
	}
	for _, name := range slices.Concat(c.Headers, c.ExposeHeaders) {
		if name == "*" && c.Credentials {
			return errors.New(`header "*" means nothing to browsers with Credentials; name the headers`)
		}
		if !isToken(name) {
			return fmt.Errorf("%q is not the name of a header; write one such as \"X-Trace\"", name)
		}
	}
	if len(c.Origins) == 0 && c.AllowOrigin == nil &&
		(c.Credentials || c.MaxAge > 0 || len(c.Headers) > 0 || len(c.ExposeHeaders) > 0) {
		return errors.New("no origin is allowed, so nothing else matters; give Origins or AllowOrigin")
	}
	return nil
}

// allows reports whether the origin of a request is allowed. A request has one
// origin; null is none that could be told from another.
func (p *corsPolicy) allows(c *call) bool {
	values := c.r.Header["Origin"]
	if len(values) != 1 {
		return false
	}
	origin := values[0]
	switch {
	case p.all:
		return true
	case origin == "null" || origin == "":
		return false
	case p.exact[origin]:
		return true
	}
	for _, f := range p.families {
		host, ok := strings.CutPrefix(origin, f.scheme)
		if sub, below := strings.CutSuffix(host, f.host); ok && below && isHostName(sub) {
			return true
		}
	}
	return p.config.AllowOrigin != nil && p.ask(c, origin)
}

// ask asks the embedder's function; one that panics allows nothing.
func (p *corsPolicy) ask(c *call, origin string) (allowed bool) {
	defer func() {
		if v := recover(); v != nil {
			c.log(slog.LevelError, "AllowOrigin of the option CORS failed", 0, asPanic(v))
			allowed = false
		}
	}()
	return p.config.AllowOrigin(c.request(), origin)
}

// apply puts the header fields of an answer other than to a preflight. The
// policy has the last word: what a handler set itself is replaced.
func (p *corsPolicy) apply(c *call, h http.Header) {
	for _, name := range []string{allowOrigin, allowCredentials, allowHeaders, "Access-Control-Expose-Headers"} {
		delete(h, name)
	}
	if fixed := p.fixed(c.settings); fixed != nil {
		h[allowOrigin] = fixed
	} else {
		addVary(h, "Origin")
		if !p.allows(c) {
			return
		}
		h[allowOrigin] = p.originOf(c)
	}
	if p.config.Credentials {
		h[allowCredentials] = []string{"true"}
	}
	if p.expose != nil {
		h["Access-Control-Expose-Headers"] = p.expose
	}
	switch m := c.settings.manner; {
	case p.headers != nil:
		h[allowHeaders] = p.headers
	case m != nil && m.constantCORS:
		h[allowHeaders] = []string{"content-type"}
	}
}

// fixed returns the Access-Control-Allow-Origin of every answer, nil if it
// depends on the request.
func (p *corsPolicy) fixed(s *settings) []string {
	if p.constant == nil && s.manner != nil && s.manner.constantCORS && p.config.AllowOrigin == nil && len(p.exact) == 1 && len(p.families) == 0 {
		return p.config.Origins
	}
	return p.constant
}

// Names of header fields, as [http.Header] has them.
const (
	allowOrigin      = "Access-Control-Allow-Origin"
	allowHeaders     = "Access-Control-Allow-Headers"
	allowCredentials = "Access-Control-Allow-Credentials"
	askedMethod      = "Access-Control-Request-Method"
	askedHeaders     = "Access-Control-Request-Headers"
)

// originOf returns the value that allows the origin of a request.
func (p *corsPolicy) originOf(c *call) []string {
	if p.all {
		return []string{"*"}
	}
	return []string{c.r.Header["Origin"][0]}
}

// addVary adds a name to Vary unless it is there.
func addVary(h http.Header, name string) {
	for _, v := range h["Vary"] {
		for field := range strings.SplitSeq(v, ",") {
			if field = strings.TrimSpace(field); field == "*" || strings.EqualFold(field, name) {
				return
			}
		}
	}
	h["Vary"] = append(slices.Clip(h["Vary"]), name)
}

// setCORS puts the fields of the endpoint's policy on an answer that goes out.
func (c *call) setCORS(h http.Header, status int) {
	p := c.settings.cors
	if p == nil || c.preflight || c.routed {
		return
	}
	if m := c.settings.manner; m != nil && c.failing && slices.Contains(m.withoutCORS, status) {
		return
	}
	p.apply(c, h)
}

// describe returns a copy of the configuration, nil for none.
func (p *corsPolicy) describe() *CORSConfig {
	if p == nil {
		return nil
	}
	c := p.config
	c.Origins, c.Headers, c.ExposeHeaders = slices.Clone(c.Origins), slices.Clone(c.Headers), slices.Clone(c.ExposeHeaders)
	return &c
}

// explain writes the configuration for people.
func (c *CORSConfig) explain(b *strings.Builder) {
	if c == nil {
		return
	}
	origins := slices.Clone(c.Origins)
	if c.AllowOrigin != nil {
		origins = append(origins, "those that a function allows")
	}
	b.WriteString("\tpages of " + strings.Join(origins, ", "))
	if c.Credentials {
		b.WriteString(", with credentials")
	}
	b.WriteByte('\n')
}
