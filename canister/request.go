package canister

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed217079a1/endpoint"
)

// certificateVersion is the form of certification that gateways ask for today.
const certificateVersion = 2

// newRequest makes the record of a request; each call gets its own.
func newRequest(r *endpoint.Request, body []byte, version uint16) HTTPRequest {
	return HTTPRequest{
		Method:             r.Method,
		URL:                r.FullPath(),
		Headers:            headersOf(r),
		Body:               slices.Clone(body),
		CertificateVersion: version,
	}
}

// headersOf returns the header sorted by name, with Host, which net/http keeps
// apart.
func headersOf(r *endpoint.Request) []HeaderField {
	names := slices.Sorted(maps.Keys(r.Header))
	fields := make([]HeaderField, 0, len(names)+1)
	host := r.Host != ""
	for _, name := range names {
		if host && name > "Host" {
			fields = append(fields, HeaderField{"host", r.Host})
			host = false
		}
		lower := strings.ToLower(name)
		values := r.Header[name]
		if lower == "accept-encoding" {
			values = withIdentity(values)
		}
		for _, v := range values {
			fields = append(fields, HeaderField{lower, v})
		}
	}
	if host {
		fields = append(fields, HeaderField{"host", r.Host})
	}
	return fields
}

// withIdentity adds identity to the last value of Accept-Encoding, unless one
// names it.
func withIdentity(values []string) []string {
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			coding, _, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(coding), "identity") {
				return values
			}
		}
	}
	if len(values) == 0 {
		return values
	}
	values = slices.Clone(values)
	last := &values[len(values)-1]
	if strings.TrimSpace(*last) == "" {
		*last = "identity"
	} else {
		*last += ", identity"
	}
	return values
}

// header returns the first value of a field, "" if there is none.
func header(fields []HeaderField, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// AcceptsGzip reports whether the client takes the content coding gzip: if
// Accept-Encoding names gzip, x-gzip or "*" with a q that is not 0, where what
// is named precedes "*". A q that is none counts as 0. An answer that depends
// on it says so with Vary; [WithGzip] does.
func AcceptsGzip(req HTTPRequest) bool {
	named, any1 := -1, -1 // -1: not there, 0: refused, 1: taken
	for _, f := range req.Headers {
		if !strings.EqualFold(f.Name, "Accept-Encoding") {
			continue
		}
		for item := range strings.SplitSeq(f.Value, ",") {
			coding, params, _ := strings.Cut(item, ";")
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "gzip", "x-gzip":
				named = max(named, taken(params))
			case "*":
				any1 = max(any1, taken(params))
			}
		}
	}
	if named >= 0 {
		return named == 1
	}
	return any1 == 1
}

// taken returns 1 if the parameters of a coding have no q or one above 0, else 0.
func taken(params string) int {
	name, value, found := strings.Cut(params, "=")
	switch {
	case strings.TrimSpace(params) == "":
		return 1
	case !found || !strings.EqualFold(strings.TrimSpace(name), "q"):
		return 0
	}
	value = strings.TrimSpace(value)
	q, err := strconv.ParseFloat(value, 64)
	if err != nil || strings.Trim(value, "0123456789.") != "" || q <= 0 || q > 1 {
		return 0
	}
	return 1
}

// WithGzip returns resp with Vary: Accept-Encoding and, if the client takes
// gzip, with gzipped as its whole body and a Content-Encoding. A nil gzipped
// means that there is no such form of this answer.
func WithGzip(req HTTPRequest, resp HTTPResponse, gzipped []byte) HTTPResponse {
	resp.Headers = append(slices.Clip(resp.Headers), HeaderField{"vary", "accept-encoding"})
	if gzipped != nil && AcceptsGzip(req) {
		resp.Headers = append(resp.Headers, HeaderField{"content-encoding", "gzip"})
		resp.Body, resp.StreamingStrategy = gzipped, nil
	}
	return resp
}
