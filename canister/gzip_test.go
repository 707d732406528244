package canister_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/canister"
)

// TestAcceptsGzip checks the reading of Accept-Encoding.
func TestAcceptsGzip(t *testing.T) {
	tests := []struct {
		reason string
		values []string
		want   bool
	}{
		{"nothing is asked for", nil, false},
		{"an empty value takes identity alone", []string{""}, false},
		{"named", []string{"gzip"}, true},
		{"in any case", []string{"GZip"}, true},
		{"the old name", []string{"x-gzip"}, true},
		{"among others", []string{"deflate, gzip, br"}, true},
		{"in a field of its own", []string{"br", "gzip"}, true},
		{"with a q", []string{"gzip;q=0.5"}, true},
		{"with blanks", []string{"gzip ; q = 0.5"}, true},
		{"the smallest q", []string{"gzip;q=0.001"}, true},
		{"refused", []string{"gzip;q=0"}, false},
		{"refused with decimals", []string{"gzip;q=0.000"}, false},
		{"refused in upper case", []string{"gzip;Q=0"}, false},
		{"a q that is none", []string{"gzip;q=yes"}, false},
		{"a q beyond 1", []string{"gzip;q=2"}, false},
		{"a q below 0", []string{"gzip;q=-1"}, false},
		{"an exponent", []string{"gzip;q=1e0"}, false},
		{"another parameter", []string{"gzip;level=9"}, false},
		{"any coding", []string{"*"}, true},
		{"any coding refused", []string{"*;q=0"}, false},
		{"named before any", []string{"*, gzip;q=0"}, false},
		{"named after any", []string{"*;q=0, gzip"}, true},
		{"part of another name", []string{"gzipped"}, false},
		{"a name that holds it", []string{"x-not-gzip"}, false},
	}
	for _, tt := range tests {
		var req request
		for _, v := range tt.values {
			req.Headers = append(req.Headers, field{"Accept-Encoding", v})
		}
		if got := canister.AcceptsGzip(req); got != tt.want {
			t.Errorf("%s: %q gives %t", tt.reason, tt.values, got)
		}
	}
}

// TestWithGzip checks that both forms say what they depend on.
func TestWithGzip(t *testing.T) {
	plain := response{StatusCode: 200, Headers: []field{{"etag", `"1"`}}, Body: []byte("plain"), StreamingStrategy: icChunks("more")}
	taken := request{Headers: []field{{"accept-encoding", "gzip"}}}
	tests := []struct {
		reason  string
		req     request
		gzipped []byte
		body    string
		want    []field
	}{
		{"taken", taken, []byte("small"), "small", []field{{"etag", `"1"`}, {"vary", "accept-encoding"}, {"content-encoding", "gzip"}}},
		{"not taken", request{}, []byte("small"), "plain", []field{{"etag", `"1"`}, {"vary", "accept-encoding"}}},
		{"not there", taken, nil, "plain", []field{{"etag", `"1"`}, {"vary", "accept-encoding"}}},
	}
	for _, tt := range tests {
		got := canister.WithGzip(tt.req, plain, tt.gzipped)
		if d := cmp.Diff(tt.want, got.Headers); d != "" || string(got.Body) != tt.body {
			t.Errorf("%s: body %q, header (-want +got):\n%s", tt.reason, got.Body, d)
		}
		if whole := tt.body == "small"; whole != (got.StreamingStrategy == nil) {
			t.Errorf("%s: the gzipped body is whole, the plain one goes on", tt.reason)
		}
	}
	if len(plain.Headers) != 1 {
		t.Error("the response that was given is changed")
	}
}
