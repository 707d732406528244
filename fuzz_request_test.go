package endpoint

import (
	"bufio"
	"bytes"
	"context"
	stdjson "encoding/json"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

type fuzzUpload struct {
	Title string     `form:"title" validate:"required,max=20"`
	Count *int       `form:"count"`
	Tags  []fuzzName `form:"tag"`
	One   *File      `file:"one"`
	Many  []*File    `file:"many"`
}

// fuzzParts reads a multipart body with the standard library; ok is false for
// one that ends early or is no multipart body.
func fuzzParts(body string) (texts, files map[string][]string, ok bool) {
	texts, files = map[string][]string{}, map[string][]string{}
	r := multipart.NewReader(strings.NewReader(body), "xyz")
	for {
		part, err := r.NextPart()
		if err != nil {
			return texts, files, err == io.EOF && len(texts)+len(files) > 0
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return texts, files, false
		}
		switch name := part.FormName(); name {
		case "one", "many":
			files[name] = append(files[name], string(data))
		default:
			texts[name] = append(texts[name], string(data))
		}
	}
}

func FuzzMultipart(f *testing.F) {
	part := func(disposition, body string) string {
		return "--xyz\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + body + "\r\n"
	}
	const end = "--xyz--\r\n"
	title := part(`name="title"`, "a")
	for _, s := range []string{
		"", end, title + end, title, title + part(`name="count"`, "7") + end, title + title + end,
		title + part(`name="one"; filename="a.txt"`, "content") + end, title + part(`name="one"; filename="../../x"`, "content") + end,
		title + part(`name="many"; filename="a\"b"`, "1") + part(`name="many"; filename="C:\x"`, "2") + end,
		title + part(`name="one"; filename=""`, "") + end, title + part(`name="one"`, "x") + end, title + part(`name="tag"`, "\xff") + end,
		title + part(`name="one"; filename*=UTF-8''%e2%80%ae`, "x") + end, "preamble\r\n" + title + end + "epilogue", strings.Repeat(part(`name="tag"`, "x"), 101) + end,
		"--xyz\r\nContent-Disposition: form-data; name=title\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41\r\n" + end,
	} {
		f.Add(s)
	}
	tmp := f.TempDir()
	f.Setenv("TMPDIR", tmp)
	var got fuzzUpload
	contents := map[string][]string{}
	api := New(fuzzSilent())
	api.Post("up", func(in fuzzUpload) error {
		got = in
		clear(contents)
		for name, list := range map[string][]*File{"one": {in.One}, "many": in.Many} {
			for _, file := range list {
				if file == nil {
					continue
				}
				r, err := file.Open()
				if err != nil {
					return err
				}
				data, err := io.ReadAll(r)
				_ = r.Close()
				if err != nil || int64(len(data)) != file.Size || strings.ContainsAny(file.Name, "/\\\x00\r\n") {
					return &Error{Status: 500, Detail: "bad file"}
				}
				contents[name] = append(contents[name], string(data))
			}
		}
		return nil
	})
	if err := api.Compile(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := fuzzServe(t, api, fuzzPost("/up", "multipart/form-data; boundary=xyz", body))
		if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 && strings.HasPrefix(left[0].Name(), "endpoint") {
			t.Fatalf("temporary files are left: %v %v", left, err)
		}
		texts, files, ok := fuzzParts(body)
		if w.Code != http.StatusNoContent {
			if w.Code != 400 && w.Code != 413 && w.Code != 422 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			return
		}
		if !ok || len(texts["title"]) != 1 || texts["title"][0] != got.Title || len(texts["tag"]) != len(got.Tags) || (len(texts["count"]) == 1) != (got.Count != nil) {
			t.Fatalf("bound %+v from %q (%v)", got, texts, ok)
		}
		for _, name := range []string{"one", "many"} {
			if strings.Join(files[name], "\x00") != strings.Join(contents[name], "\x00") {
				t.Fatalf("files %q are %q, want %q", name, contents[name], files[name])
			}
		}
	})
}

// FuzzRedirect mounts an API below a prefix of any request target: a Location
// stays on the host, and leads to the path with a slash.
func FuzzRedirect(f *testing.F) {
	for _, s := range []string{
		"/files", "/files?a=b", "/m/files?<\"é>", "//evil.test/files", "/\\evil.test/files", "/%2fevil.test/files", "/%5cevil/files", "/%09/evil/files", "http://evil.test/files", "http://evil.test/m/files",
		"/m/../files", "/./files", "/m/u/a%2Fb", "/u/%2F%2Fevil", "/u/..", "/u/é", "/u/%C3%A9?%0d%0aX:y", "/files?//evil", "/m//files", "/;/files", "/@evil/files", "/files#x", "/u/a?b?c", "*", "/%2e%2e/files", "/u/%25", "/u/:", "///files", "/m /files", "/m/u/a|b", "/m/u/{a}%2F", "/é/files", "/\"<>/files", "htkp://evil.test/files",
	} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(1))
		f.Add(s, uint8(2))
	}
	f.Fuzz(func(t *testing.T, target string, strip uint8) {
		u, err := url.ParseRequestURI(target)
		if err != nil || target[0] != '/' && !strings.Contains(target, "://") {
			return // "http:/path" is no form of a request target
		}
		api := New(fuzzSilent())
		api.Get("files/", func() {})
		api.Get("u/:id/", func(string) {})
		var h http.Handler = api
		// The mount is what the first segments of the path are.
		if parts := strings.SplitAfterN(u.EscapedPath(), "/", int(strip%4)+2); strip%4 > 0 && len(parts) > int(strip%4)+1 {
			mount, err := url.PathUnescape(strings.TrimSuffix(strings.Join(parts[:strip%4+1], ""), "/"))
			if err != nil {
				return
			}
			h = http.StripPrefix(mount, api)
		}
		r := &http.Request{Method: "GET", URL: u, RequestURI: target, Host: "host.test", Header: http.Header{}, ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(t.Context()))
		location := w.Header().Get("Location")
		if (w.Code == http.StatusPermanentRedirect) != (location != "") {
			t.Fatalf("%q: status %d with Location %q", target, w.Code, location)
		}
		if location == "" {
			return
		}
		fuzzSafeLocation(t, target, location)
		pathOf, query, _ := strings.Cut(location, "?")
		want := u.RawPath
		if want == "" {
			want = u.EscapedPath()
		}
		if !fuzzSamePath(pathOf, want+"/") {
			t.Fatalf("%q leads to %q, want the path %q", target, location, want+"/")
		}
		if back, err := url.ParseQuery(query); err == nil {
			if want, err := url.ParseQuery(u.RawQuery); err == nil && back.Encode() != want.Encode() {
				t.Fatalf("%q: the query became %q", target, query)
			}
		}
	})
}

// fuzzSamePath compares escaped paths by what they decode to, segment by segment.
func fuzzSamePath(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	if len(as) != len(bs) {
		return false
	}
	for i := range as {
		x, err1 := url.PathUnescape(as[i])
		y, err2 := url.PathUnescape(bs[i])
		if err1 != nil || err2 != nil || x != y {
			return false
		}
	}
	return true
}

// fuzzSafeLocation checks a Location as a browser would read it.
func fuzzSafeLocation(t *testing.T, target, location string) {
	t.Helper()
	for i := range len(location) {
		if c := location[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>", c) >= 0 {
			t.Fatalf("%q: Location %q has byte %q", target, location, c)
		}
	}
	if !strings.HasPrefix(location, "/") {
		t.Fatalf("%q: Location %q is not a path", target, location)
	}
	pathOf, _, _ := strings.Cut(location, "?")
	if strings.Contains(pathOf, `\`) || strings.Contains(pathOf, "//") {
		t.Fatalf("%q: Location %q can be read as another host", target, location)
	}
	base := &url.URL{Scheme: "https", Host: "host.test", Path: "/"}
	got, err := base.Parse(location)
	if err != nil || got.Host != "host.test" || got.Scheme != "https" || got.User != nil {
		t.Fatalf("%q: Location %q leads to %v (%v)", target, location, got, err)
	}
}

// fuzzEverything serves an endpoint for every parameter and result form.
func fuzzEverything(t testing.TB) *API {
	t.Helper()
	type input struct {
		ID    int64           `path:"id"`
		Page  int             `query:"page" default:"1" validate:"min=1,max=9"`
		Since Opt[time.Time]  `query:"since"`
		F     map[string]bool `query:"f"`
		Agent string          `header:"User-Agent"`
		Color *fuzzColor      `cookie:"color"`
		Doc   *fuzzRuledDoc   `body:"json"`
	}
	type form struct {
		Name string `form:"name" validate:"required,email"`
	}
	api := New(fuzzSilent(), MaxBody(4<<10))
	api.Handle("input/:id", func(in input) input { return in }, Methods("*"))
	api.Handle("form", func(in form) form { return in })
	api.Handle("upload", func(in fuzzUpload) string { return in.Title })
	api.Handle("doc", func(in fuzzDoc) fuzzDoc { return in }, Strict())
	api.Handle("map", func(in map[string]any) map[string]any { return in })
	api.Handle("list", func(in []float64) []float64 { return in })
	api.Handle("raw", func(in []byte) []byte { return in })
	api.Handle("reader", func(in io.Reader) io.Reader { return in })
	api.Handle("params/:a", func(in Params) Params { return in })
	api.Handle("query", func(in url.Values) url.Values { return in })
	api.Handle("header", func(in http.Header) int { return len(in) })
	api.Handle("two/:a/:b", func(_ context.Context, a string, b uint8) string { return a + string(rune('0'+b%10)) })
	api.Handle("files/*rest", func(r *Request) string { return r.Rest() + r.Path() + r.FullPath() + r.Param("rest") })
	api.Handle("std", func(r *http.Request) string { return r.URL.String() })
	api.Handle("writer", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	api.Handle("seq/:n", func(n uint8) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range int(n) {
				if !yield(i) {
					return
				}
			}
		}
	})
	api.Handle("events", func() iter.Seq2[Event, error] {
		return func(yield func(Event, error) bool) { yield(Event{Data: "x"}, nil) }
	})
	api.Handle("media", func() *Media {
		return &Media{Name: "é.txt", Content: strings.NewReader("content"), Modified: time.Unix(1, 0)}
	})
	api.Handle("error", func() error { return io.ErrUnexpectedEOF }, MapError(io.ErrUnexpectedEOF, 409, "no"))
	api.Handle("prefix/", func() string { return "p" })
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api
}

// FuzzRequest sends any bytes that net/http takes for a request to every form
// of parameter and result.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		"GET /input/1?page=2&f[a]=true HTTP/1.1\r\nHost: a\r\nCookie: color=red\r\n\r\n",
		"POST /input/x?page=0&since=2006-01-02T15:04:05Z HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"name\":\"ab\",\"lines\":[],\"x\":1}",
		"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nname=a@b.co",
		"POST /doc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{\"name\":\"a\"}\r\n0\r\n\r\n",
		"PUT /map HTTP/1.0\r\nContent-Type: application/vnd.x+json;charset=utf-8\r\nContent-Length: 8\r\n\r\n{\"a\":[]}",
		"POST /list HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n[1,2]", "POST /raw HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
		"POST /reader HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", "GET /params/%2F?a=b&c HTTP/1.1\r\nHost: a\r\n\r\n", "GET /query?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n", "GET /header HTTP/1.1\r\nHost: a\r\nX: y\r\nX: z\r\n\r\n",
		"GET /two/%00/3 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /two/a/300 HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://b/files/a%2Fb/?x HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /media HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1,3-4\r\nIf-Range: x\r\n\r\n",
		"GET /seq/3 HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n", "GET /events HTTP/1.1\r\nHost: a\r\n\r\n", "GET /prefix HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE /std HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 70\r\n\r\n--b\r\nContent-Disposition: form-data; name=title\r\n\r\nx\r\n--b--\r\n",
		"POST /writer HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "POST /error HTTP/1.1\r\nHost: a\r\n\r\n", "GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", "QUERY /input/1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nnull",
	} {
		f.Add([]byte(s))
	}
	api := fuzzEverything(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return
		}
		r = r.WithContext(t.Context())
		w := httptest.NewRecorder()
		defer func() {
			if v := recover(); v != nil && v != http.ErrAbortHandler {
				panic(v)
			}
		}()
		api.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != http.StatusNotImplemented {
			t.Fatalf("status %d for %q: %s", w.Code, raw, w.Body)
		}
		if w.Code < 200 || w.Code == http.StatusOK && w.Header().Get("Content-Type") == "" && w.Body.Len() > 0 && r.URL.Path != "/writer" {
			t.Fatalf("status %d without content type for %q", w.Code, raw)
		}
		if w.Code >= 400 && r.Method != "HEAD" && w.Code != http.StatusRequestedRangeNotSatisfiable && w.Code != http.StatusPreconditionFailed {
			fuzzCheckProblem(t, w)
		}
		if w.Header().Get("Content-Type") == "application/json" && r.Method != "HEAD" && !stdjson.Valid(w.Body.Bytes()) {
			t.Fatalf("answer is no JSON: %s", w.Body)
		}
	})
}
