package manage

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// An answer is what a handler answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// answerOf reads the response of an engine.
func answerOf(r *http.Response) (answer, error) {
	if r == nil {
		return answer{}, errString("the engine gave no response")
	}
	a := answer{status: r.StatusCode, header: r.Header}
	if r.Body == nil {
		return a, nil
	}
	defer func() { _ = r.Body.Close() }() // it was read
	var err error
	a.body, err = io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	return a, err
}

// check returns an error for an answer that may not be sent: this origin
// belongs to the host, and what handlers answer must not run there, nor steer
// browsers or proxies in the host's name. Header fields that would are left out,
// which the owner is told.
func (a *answer) check(output io.Writer) error {
	if a.status < 200 || a.status > 599 || http.StatusText(a.status) == "" {
		return fmt.Errorf("the handler answered with the status %d; use a registered one from 200 to 599", a.status)
	}
	if len(a.body) > maxAnswer {
		return fmt.Errorf("the handler answered with more than %d bytes; answer with less", maxAnswer)
	}
	header := http.Header{}
	for name, values := range a.header {
		for _, v := range values {
			if !isToken(name) || !isFieldValue(v) {
				return fmt.Errorf("the handler answered with a header field %.64q that has control characters; remove them", name)
			}
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		switch {
		case name == "Content-Type", name == "Content-Length": // judged below, and set anew
		case mayAnswer(name):
			header[name] = append(header[name], values...)
		default:
			_, _ = fmt.Fprintf(output, "the header field %.64s is not for handlers to set; it was left out\n", name)
		}
	}
	if values := header["Cache-Control"]; len(values) > 0 {
		header.Set("Cache-Control", privately(values))
	}
	kind, err := contentType(a.header["Content-Type"])
	switch {
	case err == nil:
		header.Set("Content-Type", kind)
	case len(a.body) > 0:
		return err
	}
	a.header = header
	return nil
}

// privately returns what a handler says to caches without what it says to those
// that people share: the same address is another endpoint for another account.
func privately(values []string) string {
	kept := []string{"private"}
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		part = strings.TrimSpace(part)
		name, _, _ := strings.Cut(strings.ToLower(part), "=")
		if !slices.Contains([]string{"", "private", "public", "s-maxage", "proxy-revalidate"}, strings.TrimSpace(name)) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ", ")
}

// contentType returns the content type to send, or an error for one that is
// not allowed.
func contentType(values []string) (string, error) {
	if len(values) != 1 {
		return "", errString("the handler answered without one Content-Type; use text/plain or application/json")
	}
	kind, params, err := mime.ParseMediaType(values[0])
	charset, has := params["charset"]
	if err != nil || kind != "text/plain" && kind != "application/json" || len(params) > 1 || len(params) == 1 && !has {
		return "", fmt.Errorf("the handler answered with the Content-Type %.64q; only text/plain and application/json are allowed", values[0])
	}
	if has && !strings.EqualFold(charset, "utf-8") {
		return "", fmt.Errorf("the handler answered with the charset %.64q; only utf-8 is allowed", charset)
	}
	if kind == "text/plain" && !has {
		return "text/plain; charset=utf-8", nil // browsers would guess one
	}
	return values[0], nil
}

// mayAnswer reports whether a handler may set a header field. It is a list of
// what may, because new fields that steer browsers keep being invented; names
// with X- are free but for those that proxies obey.
func mayAnswer(name string) bool {
	if slices.Contains([]string{
		"Allow", "Cache-Control", "Content-Disposition", "Content-Language", "Deprecation", "Etag", "Expires",
		"Last-Modified", "Pragma", "Retry-After", "Sunset", "Vary",
	}, name) {
		return true
	}
	custom, ok := strings.CutPrefix(name, "X-")
	if !ok {
		return false
	}
	return !slices.ContainsFunc([]string{
		"Accel-", "Sendfile", "Lighttpd-", "Litespeed-", "Reproxy-", // files and other services, fetched by proxies
		"Forwarded-", "Real-", "Original-", "Rewrite-", "Envoy-", "Amz", // what services behind proxies believe
		"Content-", "Frame-", "Xss-", "Permitted-", "Dns-", "Download-", "Webkit-", "Ua-", "Sourcemap", // browsers
		"Request-Id", // ours
	}, func(prefix string) bool { return strings.HasPrefix(custom, prefix) })
}

// isToken reports whether a text can be the name of a header field.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// isFieldValue reports whether a text can be the value of a header field.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
