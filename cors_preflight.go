package endpoint

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"
	"github.com/seed217079a1/endpoint/internal/route"
)

// options answers a preflight, or any OPTIONS where a dialect does. It reports
// false if the request is to go on as any other.
func (t *table) options(w http.ResponseWriter, r *http.Request, path route.Path) bool {
	if t.cors && isPreflight(r) {
		for n := t.find(path, 0); n != nil; n = t.find(path, n.rank+1) {
			c := t.call(w, r)
			c.path = path
			if t.preflight(c, n) {
				return true
			}
			if methods, _ := n.allowed(path); methods != nil {
				break
			}
		}
	}
	if m := t.settings.manner; m != nil && m.answersOptions {
		c := t.call(w, r)
		c.answerWith(func() { c.outer.write(http.StatusOK, nil) })
		return true
	}
	return false
}

// A corsPlan is what an endpoint answers to preflights.
type corsPlan struct {
	judge *cors.Cors
	any   bool // every header is allowed
}

// planCORS makes what the endpoint answers to preflights.
func (p *plan) planCORS() {
	policy := p.settings.cors
	if policy == nil || len(p.settings.methods) == 0 { // a fault that was told
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
