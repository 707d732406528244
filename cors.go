package endpoint

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/cors"
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

// checkOrigin splits an origin and reports one that no browser sends, or that
// allows more than it seems to.
func checkOrigin(o string) (scheme, host string, err error) {
	if o == "null" {
		return "", "", errors.New(`origin "null" is sent by every sandboxed page and file; name the origin that the page is served from`)
	}
	scheme, host, ok := strings.Cut(o, "://")
	if !ok {
		return "", "", fmt.Errorf("origin %q has no scheme, so that a plain http page would do; write one such as \"https://app.example.com\" or \"https://*.example.com\"", o)
	}
	if strings.ContainsAny(host, "/?#@\\ ") {
		return "", "", fmt.Errorf("origin %q is more than scheme, host and port; leave out what stands around them", o)
	}
	for i := range len(o) {
		if c := o[i]; 'A' <= c && c <= 'Z' || c <= ' ' || c >= 0x7f {
			return "", "", fmt.Errorf("origin %q is not as browsers send it; write it in lower case and ASCII", o)
		}
	}
	if !isScheme(scheme) {
		return "", "", fmt.Errorf("origin %q has no scheme; write one such as \"https://app.example.com\"", o)
	}
	return scheme, host, checkHost(o, scheme, host)
}

// isScheme reports whether s is the scheme of a URL.
func isScheme(s string) bool {
	return s != "" && 'a' <= s[0] && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// checkHost checks host and port of an origin.
func checkHost(o, scheme, host string) error {
	name, port, hasPort := host, "", false
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']') + 1
		if addr, err := netip.ParseAddr(strings.Trim(host[:end], "[]")); err != nil || !addr.Is6() || addr.Zone() != "" {
			return fmt.Errorf("origin %q has no right address in brackets; write one such as \"http://[::1]:8080\"", o)
		}
		name = ""
		if port, hasPort = strings.CutPrefix(host[end:], ":"); !hasPort && host[end:] != "" {
			return fmt.Errorf("origin %q has text after the address; write a colon and the port", o)
		}
	} else {
		name, port, hasPort = strings.Cut(host, ":")
	}
	if n, err := strconv.ParseUint(port, 10, 16); hasPort && (err != nil || n == 0 || strconv.FormatUint(n, 10) != port) {
		return fmt.Errorf("origin %q has no right port; write a number from 1 to 65535", o)
	}
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		return fmt.Errorf("origin %q has the port that browsers leave out; leave it out", o)
	}
	if name == "" && !strings.HasPrefix(host, "[") {
		return fmt.Errorf("origin %q has no host; write one such as \"https://app.example.com\"", o)
	}
	return checkHostName(o, name)
}

// checkHostName checks the name of a host, which may begin with "*.".
func checkHostName(o, name string) error {
	domain, family := strings.CutPrefix(name, "*.")
	if strings.Contains(domain, "*") {
		return fmt.Errorf("origin %q has a * that is no whole first label; write one such as \"https://*.example.com\"", o)
	}
	if family && domain != "localhost" && !strings.Contains(strings.Trim(domain, "."), ".") {
		return fmt.Errorf("origin %q would allow a whole top-level domain; name the domain that is yours", o)
	}
	if name != "" && !isHostName(domain) {
		return fmt.Errorf("origin %q has no right host; write one such as \"https://app.example.com\"", o)
	}
	return nil
}

// isHostName reports whether s is labels of letters, digits, - and _, in lower case.
func isHostName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
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

// A corsPlan is what an endpoint answers to preflights.
type corsPlan struct {
	judge *cors.Cors
	any   bool // every header is allowed
}

// planCORS makes what the endpoint answers to preflights.
func (p *plan) planCORS() {
	policy := p.settings.cors
	if policy == nil {
		return
	}
	headers := slices.Clone(policy.config.Headers)
	for _, name := range p.readHeaders() {
		if !slices.ContainsFunc(headers, func(h string) bool { return strings.EqualFold(h, name) }) {
			headers = append(headers, name)
		}
	}
	o := cors.Options{
		AllowedMethods:       p.corsMethods(),
		AllowedHeaders:       headers,
		AllowCredentials:     policy.config.Credentials,
		MaxAge:               int(policy.config.MaxAge / time.Second),
		OptionsSuccessStatus: p.settings.preflightStatus,
		AllowOriginVaryRequestFunc: func(r *http.Request, _ string) (bool, []string) {
			return policy.allows(RequestFrom(r.Context()).call), nil
		},
	}
	if len(headers) == 0 {
		o.AllowedHeaders = []string{"Accept"} // none would stand for a list of its own
	}
	p.cors = &corsPlan{cors.New(o), slices.Contains(headers, "*")}
}

// corsMethods returns the methods that a preflight may ask for.
func (p *plan) corsMethods() []string {
	methods := slices.Clone(p.settings.methods)
	if methods[0] == anyMethod {
		return []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY"}
	}
	if slices.Contains(methods, http.MethodGet) && !slices.Contains(methods, http.MethodHead) && !p.settings.manner.exactMethods() {
		methods = append(methods, http.MethodHead)
	}
	return methods
}

// readHeaders returns the names of the request headers that the functions of
// the endpoint read, as far as they tell, and Content-Type if they read a body.
func (p *plan) readHeaders() []string {
	var names []string
	body := p.consumer != ""
	for f := range p.functions() {
		for i := range f.params {
			switch q := &f.params[i]; q.kind {
			case paramRequest, paramHTTP, paramParams:
				body = true
			case paramInput:
				for _, field := range q.input.fields {
					if field.source == fromHeader {
						names = append(names, field.name)
					}
				}
			}
		}
	}
	if body {
		names = append(names, "Content-Type")
	}
	return names
}

// isPreflight reports whether a browser asks whether it may send another request.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header["Origin"]) > 0 && len(r.Header[askedMethod]) > 0
}

// preflight answers a preflight by the endpoint that the request it asks for
// leads to; it reports false if there is none, or one without CORS.
func (t *table) preflight(c *call, n *pathNode) bool {
	asked := c.r.Header[askedMethod][0]
	p := n.plan(asked, c.path)
	if p == nil && n.bareOf != nil {
		p = n.bareOf.plan(asked, c.path) // by way of the redirect
	}
	if p == nil || p.cors == nil {
		return false
	}
	c.plan, c.settings = p, &p.settings
	if p.settings.manner.exactMethods() && !p.settings.cors.allows(c) {
		return false // it is OPTIONS like any other
	}
	c.preflight = true
	c.answerWith(func() {
		p.cors.judge.HandlerFunc(&preflightWriter{&c.outer, p.cors}, c.request().Request)
	})
	return true
}

// A preflightWriter completes what the judge says.
type preflightWriter struct {
	*writer

	plan *corsPlan
}

// maxAskedHeaders is the longest list of headers that is allowed name by name
// where every header is, in bytes.
const maxAskedHeaders = 1 << 10

// WriteHeader sends the answer.
func (w *preflightWriter) WriteHeader(status int) {
	h := w.Header()
	if h[allowOrigin] != nil {
		policy := w.call.settings.cors
		h[allowOrigin] = policy.originOf(w.call)
		if w.plan.any {
			delete(h, allowHeaders)
			if list := policy.anyHeaders(w.call.r.Header[askedHeaders]); list != "" {
				h[allowHeaders] = []string{list}
			}
		}
	}
	w.write(status, nil)
}

// anyHeaders allows the headers that are asked for where every header is
// allowed, and those on every answer; what is too long to be honest is
// answered with those alone.
func (p *corsPolicy) anyHeaders(asked []string) string {
	list := slices.Clone(p.headers)
	if len(asked) != 1 || len(asked[0]) > maxAskedHeaders {
		return strings.Join(list, ", ")
	}
	for name := range strings.SplitSeq(asked[0], ",") {
		name = strings.TrimSpace(name)
		if !isToken(name) {
			return strings.Join(p.headers, ", ")
		}
		if !slices.ContainsFunc(list, func(h string) bool { return strings.EqualFold(h, name) }) {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
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
