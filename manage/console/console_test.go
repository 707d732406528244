package console_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/manage/console"
)

// ask sends a request to the handler, each header as "Name: value".
func ask(t *testing.T, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	console.Handler().ServeHTTP(w, r)
	return w.Result()
}

// text returns the body, unpacked.
func text(t *testing.T, response *http.Response) string {
	t.Helper()
	body := response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			t.Fatal(err)
		}
		body = unpacked
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHandler(t *testing.T) {
	asset := assets(t)[0]
	for _, c := range []struct {
		method, target string
		status         int
		header, value  string
		reason         string
	}{
		{"GET", "/console/", 200, "Content-Type", "text/html; charset=utf-8", "the page"},
		{"GET", "/a/b/console/", 200, "Cache-Control", "no-cache", "below any prefix"},
		{"GET", "/console/?x=1", 200, "Content-Type", "text/html; charset=utf-8", "a query changes nothing"},
		{"GET", "/", 200, "Content-Type", "text/html; charset=utf-8", "with the prefix stripped"},
		{"HEAD", "/console/", 200, "Content-Type", "text/html; charset=utf-8", "the page looks whether the server is there"},
		{"GET", "/a/console", 308, "Location", "./console/", "the page's addresses are relative to the slash"},
		{"GET", "//other.example/console", 308, "Location", "./console/", "a redirect never leaves the host"},
		{"GET", "/console/" + asset, 200, "Cache-Control", "public, max-age=31536000, immutable", "the name has a hash"},
		{"GET", "/console/licenses.txt", 200, "Content-Type", "text/plain; charset=utf-8", "the licences of what is in it"},
		{"GET", "/console/app.js", 404, "Cache-Control", "no-cache", "no such name, which nobody keeps"},
		{"GET", "/console/x/", 404, "", "", "the page elsewhere would not find the API"},
		{"GET", "/console/x/" + asset, 404, "", "", "one address a file"},
		{"GET", "/console/../console.go", 404, "", "", "nothing but its files"},
		{"GET", "/console/index.html.gz", 404, "", "", "names are those of the unpacked files"},
		{"GET", "/console/SHA256SUMS", 404, "", "", "not part of the page"},
		{"POST", "/console/", 405, "Allow", "GET, HEAD", "there is nothing to change"},
	} {
		response := ask(t, c.method, c.target)
		if response.StatusCode != c.status {
			t.Errorf("%s %s: status %d, want %d: %s", c.method, c.target, response.StatusCode, c.status, c.reason)
		}
		if got := response.Header.Get(c.header); got != c.value {
			t.Errorf("%s %s: %s %q, want %q: %s", c.method, c.target, c.header, got, c.value, c.reason)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s %s: %s %q, want %q", c.method, c.target, name, got, want)
			}
		}
		policy := response.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; ") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s %s: policy %q", c.method, c.target, policy)
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
			t.Errorf("%s %s: policy %q allows more than the page needs", c.method, c.target, policy)
		}
	}
}

// assets returns the names of the files that the page names.
func assets(t *testing.T) []string {
	t.Helper()
	var names []string
	page := text(t, ask(t, "GET", "/console/"))
	for _, m := range regexp.MustCompile(`(?:src|href)="\./([^"]+-[^"]+)"`).FindAllStringSubmatch(page, -1) {
		names = append(names, m[1])
	}
	if len(names) < 3 {
		t.Fatalf("the page names only %q:\n%s", names, page)
	}
	return names
}

func TestEncoding(t *testing.T) {
	for _, c := range []struct{ accept, want, reason string }{
		{"gzip", "gzip", "as it is kept"},
		{"br, GZIP;q=0.5", "gzip", "names have no case"},
		{"*", "gzip", "any one"},
		{"*;q=0, gzip", "gzip", "the name says more than any one"},
		{"", "", "not asked for"},
		{"gzip;q=0", "", "refused"},
		{"gzip;q=0.0, *", "", "refused by name"},
		{"identity, br", "", "others only"},
		{"x-gzip,,;=", "", "nonsense is not followed"},
	} {
		response := ask(t, "GET", "/console/", "Accept-Encoding: "+c.accept)
		if got := response.Header.Get("Content-Encoding"); got != c.want {
			t.Errorf("Accept-Encoding %q: %q, want %q: %s", c.accept, got, c.want, c.reason)
		}
		if response.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: Vary %q", c.accept, response.Header.Get("Vary"))
		}
		if page := text(t, response); !strings.HasPrefix(page, "<!doctype html>") {
			t.Errorf("Accept-Encoding %q: the page begins %.40q", c.accept, page)
		}
	}
}

func TestCondition(t *testing.T) {
	tag := ask(t, "GET", "/console/").Header.Get("ETag")
	for _, c := range []struct {
		match  string
		status int
	}{
		{tag, 304}, {strings.TrimPrefix(tag, "W/"), 304}, {`"x", ` + tag, 304}, {"*", 304}, {`"x"`, 200}, {"", 200}, {`W/""`, 200},
	} {
		response := ask(t, "GET", "/console/", "If-None-Match: "+c.match)
		if response.StatusCode != c.status {
			t.Errorf("If-None-Match %s: status %d, want %d", c.match, response.StatusCode, c.status)
		}
		if response.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: ETag %q, want %q", c.match, response.Header.Get("ETag"), tag)
		}
	}
}

// TestPage holds what the policy asks for: nothing inline, nothing from elsewhere.
func TestPage(t *testing.T) {
	page := text(t, ask(t, "GET", "/console/"))
	for _, wrong := range []string{"://", "<style", "style=", " on", "javascript:"} {
		if strings.Contains(page, wrong) {
			t.Errorf("the page has %q:\n%s", wrong, page)
		}
	}
	for _, name := range assets(t) {
		if code := text(t, ask(t, "GET", "/console/"+name)); strings.Contains(code, "sourceMappingURL") || strings.Contains(code, "innerHTML") {
			t.Errorf("%s names a source map, or sets markup", name)
		}
	}
}

func ExampleHandler() {
	mux := http.NewServeMux()
	mux.Handle("/service/console/", console.Handler())
	// The API of package manage is at /service/api/v1/http-endpoint/.

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/service/console/", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}

func FuzzHandler(f *testing.F) {
	for _, seed := range []string{"/console/", "/console", "/x/console/app-ABCDEFGH.js", "/console//", "/console/%2e%2e/x"} {
		f.Add(seed, "gzip;q=1", `"x"`)
	}
	handler := console.Handler()
	f.Fuzz(func(t *testing.T, path, accept, match string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = path
		r.Header.Set("Accept-Encoding", accept)
		r.Header.Set("If-None-Match", match)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		switch w.Code {
		case 200, 304, 308, 404:
		default:
			t.Errorf("path %q: status %d", path, w.Code)
		}
		if location := w.Header().Get("Location"); location != "" && location != "./console/" {
			t.Errorf("path %q: redirected to %q", path, location)
		}
	})
}

func unpack(t *testing.T, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
