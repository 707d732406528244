package canister_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
)

const (
	corsVary    = "origin, access-control-request-method, access-control-request-headers"
	corsExposed = "accept-ranges, content-length, content-range, x-request-id, x-ic-canister-id"
)

// TestCORS checks which fields a gateway adds to what the service says.
func TestCORS(t *testing.T) {
	preflight := http.Header{
		"Access-Control-Allow-Methods": {"HEAD, GET, POST, PUT, DELETE, PATCH"},
		"Access-Control-Allow-Headers": {"user-agent, dnt, if-none-match, if-modified-since, cache-control, content-type, range, cookie, x-requested-with, x-ic-canister-id, x-oc-jwt, x-oc-api-key"},
		"Access-Control-Max-Age":       {"7200"},
		"Access-Control-Allow-Origin":  {"*"},
		"Vary":                         {corsVary},
	}
	added := http.Header{
		"Access-Control-Allow-Origin":   {"*"},
		"Access-Control-Expose-Headers": {corsExposed},
		"Vary":                          {corsVary},
	}
	with := func(h http.Header, key string, values ...string) http.Header {
		h = h.Clone()
		h[key] = values
		return h
	}
	tests := []struct {
		reason string
		method string
		resp   response
		status int
		want   http.Header // of CORS
	}{
		{"nothing said: all is added", "GET", response{StatusCode: 200}, 200, added},
		{"whatever the method", "DELETE", response{StatusCode: 404}, 404, added},
		{"the origin is the service's", "GET", response{StatusCode: 200, Headers: []field{{"access-control-allow-origin", "https://a.example"}}}, 200,
			with(added, "Access-Control-Allow-Origin", "https://a.example")},
		{"so is what is exposed", "GET", response{StatusCode: 200, Headers: []field{{"access-control-expose-headers", "etag"}}}, 200,
			with(added, "Access-Control-Expose-Headers", "etag")},
		{"and Vary", "GET", response{StatusCode: 200, Headers: []field{{"vary", "accept-encoding"}, {"Vary", "cookie"}}}, 200,
			with(added, "Vary", "accept-encoding", "cookie")},
		{"a preflight of the service's own", "OPTIONS", response{StatusCode: 204, Headers: []field{{"Access-Control-Allow-Methods", "GET"}}}, 204,
			http.Header{"Access-Control-Allow-Methods": {"GET"}, "Access-Control-Allow-Origin": {"*"}, "Vary": {corsVary}}},
		{"one that fails is none", "OPTIONS", response{StatusCode: 405, Headers: []field{{"Access-Control-Allow-Methods", "GET"}}}, 200, preflight},
		{"one with a body is none", "OPTIONS", response{StatusCode: 200, Headers: []field{{"Access-Control-Allow-Methods", "GET"}}, Body: []byte("x")}, 200, preflight},
		{"one that streams is none", "OPTIONS", response{StatusCode: 200, Headers: []field{{"Access-Control-Allow-Methods", "GET"}}, StreamingStrategy: icChunks("x")}, 200, preflight},
		{"one without a word on origins is none", "OPTIONS", response{StatusCode: 200, Headers: []field{{"Allow", "GET"}}}, 200, preflight},
	}
	for _, tt := range tests {
		w := flowAsk(flowAPI(t, "/", canister.Service{Query: icAlways(tt.resp)}), tt.method, "/", "")
		if w.Code != tt.status {
			t.Errorf("%s: status %d, want %d", tt.reason, w.Code, tt.status)
		}
		got := w.Result().Header
		for name := range got {
			if name != "Vary" && (len(name) < 15 || name[:15] != "Access-Control-") {
				delete(got, name)
			}
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.reason, d)
		}
	}
}

// TestCORSOfMiddleware checks that what stands around the service has the say:
// an origin that it does not name is not let in by a gateway's star.
func TestCORSOfMiddleware(t *testing.T) {
	tests := []struct {
		reason      string
		name, value string
		want        []string // of Access-Control-Allow-Origin
	}{
		{"it names an origin", "Access-Control-Allow-Origin", "https://m.example", []string{"https://m.example"}},
		{"it names none", "Vary", "Accept, origin", nil},
		{"it does not judge", "Vary", "Accept-Language", []string{"*"}},
	}
	for _, tt := range tests {
		around := endpoint.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set(tt.name, tt.value)
				next.ServeHTTP(w, r)
			})
		})
		for _, method := range []string{"GET", "OPTIONS"} {
			w := flowAsk(flowAPI(t, "/", canister.Service{Query: icAlways(response{StatusCode: 200})}, around), method, "/", "")
			if d := cmp.Diff(tt.want, w.Header().Values("Access-Control-Allow-Origin")); d != "" {
				t.Errorf("%s: %s (-want +got):\n%s", tt.reason, method, d)
			}
		}
	}
}
