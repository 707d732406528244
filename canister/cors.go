package canister

import (
	"net/http"
	"strings"
)

// What a gateway says of other origins where the canister says nothing. The
// answers need no credentials, so every origin may read them.
const (
	corsMethods = "HEAD, GET, POST, PUT, DELETE, PATCH"
	corsHeaders = "user-agent, dnt, if-none-match, if-modified-since, cache-control, content-type, range, cookie, x-requested-with, x-ic-canister-id, x-oc-jwt, x-oc-api-key"
	corsExposed = "accept-ranges, content-length, content-range, x-request-id, x-ic-canister-id"
	corsVary    = "origin, access-control-request-method, access-control-request-headers"
	corsMaxAge  = "7200" // seconds
)

// gatewayCORS returns what adds the fields that are missing; those of the
// service stay. If middleware around it decides on other origins, which h
// shows before the service runs, nothing is added: what it did not say was a no.
func gatewayCORS(h http.Header) (add func()) {
	if decidesCORS(h) {
		return func() {}
	}
	return func() {
		if _, ok := h["Access-Control-Allow-Methods"]; !ok { // not a preflight, which exposes nothing
			addMissing(h, "Access-Control-Expose-Headers", corsExposed)
		}
		addMissing(h, "Access-Control-Allow-Origin", "*")
		addMissing(h, "Vary", corsVary)
	}
}

// decidesCORS reports whether a header was made by somebody who judges origins:
// it has a field of CORS, or it varies with Origin.
func decidesCORS(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			return true
		}
	}
	for _, v := range h["Vary"] {
		for name := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(name), "Origin") {
				return true
			}
		}
	}
	return false
}

func addMissing(h http.Header, key, value string) {
	if len(h[key]) == 0 {
		h[key] = []string{value}
	}
}

// preflight is the answer to OPTIONS of a service that has none.
func preflight() HTTPResponse {
	return HTTPResponse{StatusCode: http.StatusOK, Headers: []HeaderField{
		{"access-control-allow-methods", corsMethods},
		{"access-control-allow-headers", corsHeaders},
		{"access-control-max-age", corsMaxAge},
		{"access-control-allow-origin", "*"},
		{"vary", corsVary},
	}}
}

// isPreflight reports whether the service itself answered a preflight: with a
// success, without a body, and with a word on other origins.
func (r *HTTPResponse) isPreflight() bool {
	if r.StatusCode < 200 || r.StatusCode > 299 || len(r.Body) > 0 || r.StreamingStrategy != nil {
		return false
	}
	for _, f := range r.Headers {
		if strings.HasPrefix(strings.ToLower(f.Name), "access-control-") {
			return true
		}
	}
	return false
}
