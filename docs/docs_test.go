package docs_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/docs"
)

// ask sends a request and returns the answer with its body as it came.
func ask(t *testing.T, h http.Handler, method, target string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer := w.Result()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// logged sends what is logged into a buffer until the test ends.
func logged(t testing.TB) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &b
}

// links returns the addresses of the files that the page asks for.
func links(page string) []string {
	var list []string
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]+\.(?:js|css))"`).FindAllStringSubmatch(page, -1) {
		list = append(list, m[1])
	}
	return list
}

// TestChecksums checks that the files are those that update.sh made.
func TestChecksums(t *testing.T) {
	list, err := os.ReadFile("checksums.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(list)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("checksums.txt has the line %q", line)
		}
		want[name] = sum
	}
	names, err := filepath.Glob("assets/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(body)
		got[filepath.Base(name)] = hex.EncodeToString(sum[:])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files beside checksums.txt (-want +got); run update.sh:\n%s", diff)
	}
	for _, name := range []string{"LICENSE", "NOTICE", "LICENSES-bundled.txt"} {
		if got[name] == "" {
			t.Errorf("%s is missing, which the licence asks for", name)
		}
	}
}

func TestPage(t *testing.T) {
	h := docs.Handler("openapi.json?a=1&b=\"")
	answer, page := ask(t, h, "GET", "/docs/")
	got := map[string]string{}
	for _, name := range []string{"Cache-Control", "X-Content-Type-Options", "Referrer-Policy", "Content-Type"} {
		got[name] = answer.Header.Get(name)
	}
	want := map[string]string{
		"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer", "Content-Type": "text/html; charset=utf-8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if !strings.Contains(page, `data-spec="openapi.json?a=1&amp;b=&#34;"`) {
		t.Errorf("the page has not the document:\n%s", page)
	}
	if n := len(links(page)); n != 4 || strings.Contains(page, "://") {
		t.Errorf("the page asks for %d files, want 4, and no address of a host:\n%s", n, page)
	}
	nonce := regexp.MustCompile(`'nonce-([A-Z2-7]{26})'`).FindStringSubmatch(answer.Header.Get("Content-Security-Policy"))
	if nonce == nil || strings.Count(page, `nonce="`+nonce[1]+`"`) != 4 {
		t.Errorf("the policy %q and the page differ:\n%s", answer.Header.Get("Content-Security-Policy"), page)
	}
	again, _ := ask(t, h, "GET", "/docs/")
	if again.Header.Get("Content-Security-Policy") == answer.Header.Get("Content-Security-Policy") {
		t.Error("the nonce is used twice")
	}
	if again.Header.Get("ETag") != answer.Header.Get("ETag") || answer.Header.Get("ETag") == "" {
		t.Errorf("the ETag %q became %q", answer.Header.Get("ETag"), again.Header.Get("ETag"))
	}
	for _, word := range []string{"unsafe", "http:", "https:", "*"} {
		if strings.Contains(answer.Header.Get("Content-Security-Policy"), word) {
			t.Errorf("the policy has %q: %s", word, answer.Header.Get("Content-Security-Policy"))
		}
	}
}

func TestNotModified(t *testing.T) {
	h := docs.Handler("openapi.json")
	first, page := ask(t, h, "GET", "/docs/")
	targets := []string{"/docs/"}
	for _, name := range links(page) {
		targets = append(targets, "/docs/"+name)
	}
	for _, target := range targets {
		answer, _ := ask(t, h, "GET", target)
		tag := answer.Header.Get("ETag")
		for _, test := range []struct {
			match  string
			status int
		}{{tag, 304}, {`"other", ` + tag, 304}, {"W/" + strings.TrimPrefix(tag, "W/"), 304}, {"*", 304}, {`"other"`, 200}, {"", 200}} {
			answer, body := ask(t, h, "GET", target, "If-None-Match", test.match)
			if answer.StatusCode != test.status || (body == "") != (test.status == 304) {
				t.Errorf("%s with If-None-Match %q: %d, %d bytes, want %d", target, test.match, answer.StatusCode, len(body), test.status)
			}
			if test.status == 304 && answer.Header.Get("Content-Security-Policy") != "" {
				t.Errorf("%s: the 304 would replace the policy that was kept with the page", target)
			}
		}
	}
	other, _ := ask(t, docs.Handler("other.json"), "GET", "/docs/")
	if other.Header.Get("ETag") == first.Header.Get("ETag") {
		t.Error("two pages have one ETag")
	}
}

func TestAssets(t *testing.T) {
	h := docs.Handler("openapi.json")
	_, page := ask(t, h, "GET", "/")
	for _, name := range links(page) {
		packed, body := ask(t, h, "GET", "/a/"+name, "Accept-Encoding", "br, gzip;q=0.5")
		plain, text := ask(t, h, "GET", "/b/"+name, "Accept-Encoding", "identity")
		if packed.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := io.ReadAll(z)
			if err != nil || string(unpacked) != text {
				t.Errorf("%s: unpacked it is another file, %v", name, err)
			}
			if packed.Header.Get("ETag") == plain.Header.Get("ETag") || packed.Header.Get("Vary") != "Accept-Encoding" || plain.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: a cache takes both forms for one", name)
			}
		} else if strings.HasPrefix(name, "swagger-ui.") {
			t.Errorf("%s is not compressed", name)
		}
		if strings.Contains(text, "sourceMappingURL") {
			t.Errorf("%s names a source map", name)
		}
		if got := plain.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
		if got := plain.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", name, got)
		}
		if got, want := plain.Header.Get("Content-Type"), map[bool]string{true: "text/javascript; charset=utf-8", false: "text/css; charset=utf-8"}[strings.HasSuffix(name, ".js")]; got != want {
			t.Errorf("%s: Content-Type %q, want %q", name, got, want)
		}
		if head, body := ask(t, h, "HEAD", "/"+name); body != "" || head.Header.Get("Content-Length") == "" || head.StatusCode != 200 {
			t.Errorf("%s: HEAD is %d with %d bytes, %v", name, head.StatusCode, len(body), head.Header)
		}
	}
}

func TestAcceptEncoding(t *testing.T) {
	h := docs.Handler("openapi.json")
	_, page := ask(t, h, "GET", "/")
	name := regexp.MustCompile(`swagger-ui\.[0-9a-f]+\.css`).FindString(page)
	for _, test := range []struct {
		header []string
		want   bool
		reason string
	}{
		{nil, false, "nothing is said"},
		{[]string{"gzip"}, true, "by name"},
		{[]string{"GZIP"}, true, "names have no case"},
		{[]string{"deflate, gzip ; q=0.1"}, true, "a small weight"},
		{[]string{"gzip;q=0"}, false, "refused"},
		{[]string{"gzip; q=0.000, *"}, false, "refused by name, before the rest"},
		{[]string{"*, gzip;q=0"}, false, "the same, after it"},
		{[]string{"*"}, true, "anything"},
		{[]string{"br", "gzip"}, true, "two lines"},
		{[]string{"gzip;q=much"}, false, "no weight"},
		{[]string{"xgzip, gzipped"}, false, "other names"},
	} {
		var header []string
		for _, line := range test.header {
			header = append(header, "Accept-Encoding", line)
		}
		answer, _ := ask(t, h, "GET", "/"+name, header...)
		if got := answer.Header.Get("Content-Encoding") == "gzip"; got != test.want {
			t.Errorf("%q: gzip %v, want %v: %s", test.header, got, test.want, test.reason)
		}
	}
}

// TestPaths asks for paths as a mux without a prefix of its own sees them.
func TestPaths(t *testing.T) {
	h := docs.Handler("openapi.json")
	for _, test := range []struct {
		method, target string
		status         int
		location       string
		reason         string
	}{
		{"GET", "/", 200, "", "the page"},
		{"GET", "/a/b/", 200, "", "the page, wherever it is"},
		{"GET", "/docs/index.html", 200, "", "its other name"},
		{"HEAD", "/docs/", 200, "", "HEAD follows GET"},
		{"GET", "/service/docs", 307, "./docs/", "files are found below the path"},
		{"GET", "/service/docs?a=%2F&b", 307, "./docs/?a=%2F&b", "the query is kept"},
		{"GET", "/service/d%2Fo:c%20s", 307, "./d%2Fo:c%20s/", "the path stays escaped, and its colon makes no scheme"},
		{"GET", "//evil.example", 404, "", "no host is taken from a path"},
		{"GET", "/docs/swagger-ui.0000000000000000.js", 404, "", "a file of another version"},
		{"GET", "/docs/NOTICE.txt", 404, "", "no other file is there"},
		{"POST", "/docs/", 405, "", "nothing is changed here"},
	} {
		answer, _ := ask(t, h, test.method, test.target)
		if answer.StatusCode != test.status || answer.Header.Get("Location") != test.location {
			t.Errorf("%s %s: %d to %q, want %d to %q: %s", test.method, test.target,
				answer.StatusCode, answer.Header.Get("Location"), test.status, test.location, test.reason)
		}
	}
}

// TestStripped mounts the page where its own path is cut off.
func TestStripped(t *testing.T) {
	for _, prefix := range []string{"/docs", "/docs/"} {
		h := http.StripPrefix(prefix, docs.Handler("openapi.json"))
		if answer, _ := ask(t, h, "GET", "/docs/"); answer.StatusCode != 200 {
			t.Errorf("without %s the page is %d", prefix, answer.StatusCode)
		}
	}
	h := http.StripPrefix("/docs", docs.Handler("openapi.json"))
	answer, _ := ask(t, h, "GET", "/docs")
	if got := answer.Header.Get("Location"); answer.StatusCode != 307 || got != "./docs/" {
		t.Errorf("the bare path is %d to %q", answer.StatusCode, got)
	}
}

func TestSpecURL(t *testing.T) {
	log := logged(t)
	for _, test := range []struct {
		spec   string
		good   bool
		reason string
	}{
		{"openapi.json", true, "beside the page"},
		{"../v1/openapi.json?group=a&b=%20", true, "elsewhere, with a query"},
		{"/api/openapi.json", true, "an absolute path"},
		{"./a:b.json", true, "a colon behind a slash"},
		{"", false, "nothing"},
		{"?a", false, "the page itself"},
		{"#a", false, "the page itself"},
		{"openapi.json#a", false, "a part of a document"},
		{"https://example.com/openapi.json", false, "another host"},
		{"//example.com/openapi.json", false, "another host"},
		{"///example.com", false, "another host to some"},
		{`/\example.com`, false, "another host to browsers"},
		{"javascript:alert(1)", false, "no address"},
		{"a:b.json", false, "a scheme"},
		{"/a\tb", false, "browsers take the tab out"},
		{" //example.com", false, "browsers take the space out"},
		{"/%zz", false, "a bad escape"},
	} {
		h := docs.Handler(test.spec)
		log.Reset()
		answer, body := ask(t, h, "GET", "/docs/")
		switch {
		case test.good && answer.StatusCode != 200 || !test.good && answer.StatusCode != 500:
			t.Errorf("%q: %d %s; good is %v: %s", test.spec, answer.StatusCode, body, test.good, test.reason)
		case !test.good && body != "the documentation page is set up wrongly; the log says why\n":
			t.Errorf("%q: the client is told %q", test.spec, body)
		case strings.Contains(log.String(), "write a path of the same host") == test.good:
			t.Errorf("%q: the log says %q", test.spec, log)
		}
		api := endpoint.New()
		api.Get("docs/", h)
		err := api.Compile()
		if (err == nil) != test.good || err != nil && !strings.Contains(err.Error(), `write a path of the same host, such as "openapi.json"`) {
			t.Errorf("%q: Compile reports %v; good is %v: %s", test.spec, err, test.good, test.reason)
		}
	}
}

// TestBehindUser registers the page where a user is required.
func TestBehindUser(t *testing.T) {
	api := endpoint.New(endpoint.Auth(endpoint.BasicAuth("docs", func(_ context.Context, name, password string) (*endpoint.User, error) {
		if password != "open" {
			return nil, endpoint.ErrCredentials
		}
		return &endpoint.User{ID: name}, nil
	})))
	api.Get("docs/", docs.Handler("openapi.json"), endpoint.UserRequired())
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	_, page := ask(t, docs.Handler("openapi.json"), "GET", "/docs/")
	for _, name := range append(links(page), "") {
		if answer, _ := ask(t, api, "GET", "/docs/"+name); answer.StatusCode != 401 {
			t.Errorf("%q without a user is %d", name, answer.StatusCode)
		}
		if answer, _ := ask(t, api, "GET", "/docs/"+name, "Authorization", "Basic YTpvcGVu"); answer.StatusCode != 200 {
			t.Errorf("%q with a user is %d", name, answer.StatusCode)
		}
	}
	if answer, _ := ask(t, api, "GET", "/docs", "Authorization", "Basic YTpvcGVu"); answer.StatusCode != 308 || answer.Header.Get("Location") != "/docs/" {
		t.Errorf("the bare path is %d to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
}

func FuzzHandler(f *testing.F) {
	f.Add("/docs", "openapi.json", "gzip;q=0.5", `W/"a"`)
	f.Add("/docs/index.html", "//a", "*", "*")
	f.Add("//a/%2f..", "a\\b", "gzip;;q", `"`)
	log := logged(f)
	f.Fuzz(func(t *testing.T, target, spec, accept, match string) {
		r, err := http.NewRequest("GET", "http://example.com", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.RequestURI, r.URL.Path = target, target
		r.Header["Accept-Encoding"], r.Header["If-None-Match"] = []string{accept}, []string{match}
		w := httptest.NewRecorder()
		docs.Handler(spec).ServeHTTP(w, r)
		log.Reset()
		if to := w.Header().Get("Location"); to != "" && !strings.HasPrefix(to, "./") {
			t.Errorf("%q leads to %q", target, to)
		}
		if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(w.Body.String(), "<script") && !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%q has the policy %q", target, policy)
		}
	})
}

// errGone is what a writer whose client is gone says.
var errGone = errors.New("gone")

type goneWriter struct{ header http.Header }

func (w goneWriter) Header() http.Header       { return w.header }
func (w goneWriter) WriteHeader(int)           {}
func (w goneWriter) Write([]byte) (int, error) { return 0, errGone }

// TestGone checks that a client that went away changes nothing for the next.
func TestGone(t *testing.T) {
	h := docs.Handler("openapi.json")
	h.ServeHTTP(goneWriter{http.Header{}}, httptest.NewRequest("GET", "/docs/", nil))
	if _, page := ask(t, h, "GET", "/docs/"); !bytes.Contains([]byte(page), []byte("</html>")) {
		t.Errorf("the page is\n%s", page)
	}
}
