package endpoint_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// Row 89: what a handler says may hold what a client said.

func TestRespHeaderValues(t *testing.T) {
	leak.Check(t)
	api, _ := respAPI()
	bad := []string{"a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\x00b", "a\r\n\r\n<html>", "\x7f", "a\r\n X-Evil: 1"}
	type in struct {
		I int `path:"i"`
	}
	api.Get("value/:i", func(in in) *endpoint.Response { return endpoint.Respond(200, "x").Set("X-A", bad[in.I]) })
	api.Get("name/:i", func(in in) *endpoint.Response { return endpoint.Respond(200, "x").Set(bad[in.I], "a") })
	api.Get("location/:i", func(in in) *endpoint.Response { return endpoint.Redirect(302, "/"+bad[in.I]) })
	api.Get("cookie/:i", func(in in) *endpoint.Response {
		return endpoint.Respond(200, "x").Cookie(&http.Cookie{Name: "a", Value: bad[in.I]})
	})
	api.Get("cookiename/:i", func(in in) *endpoint.Response {
		return endpoint.Respond(200, "x").Cookie(&http.Cookie{Name: bad[in.I], Value: "a"})
	})
	api.Get("type/:i", func(in in) endpoint.Media {
		return endpoint.Media{ContentType: "text/" + bad[in.I], Content: strings.NewReader("x")}
	})
	api.Get("media/:i", func(in in) endpoint.Media {
		return endpoint.Media{Name: bad[in.I], Content: strings.NewReader("x")}
	})
	addr := bindServe(t, api)
	for _, path := range []string{"value", "name", "location", "cookie", "cookiename", "type", "media"} {
		for i, text := range bad {
			a := bindMust(t, addr, bindText("GET", fmt.Sprintf("/%s/%d", path, i), "", ""))
			if err := respPlain(a, 500); err != nil || a.header.Get("X-Evil") != "" {
				t.Errorf("89 %s %q: %v %v", path, text, a.header, err)
			}
		}
	}
}

func TestRespHeadersThatPass(t *testing.T) {
	api, _ := respAPI()
	api.Get("escaped", func() *endpoint.Response { return endpoint.Respond(200, "x").Set("X-A", "%e5%98%8a%0d%0aX-Evil: 1") })
	api.Get("wide", func() *endpoint.Response { return endpoint.Respond(200, "x").Set("X-A", "\u560d\u560aX-Evil: 1") })
	api.Get("writer", func(w http.ResponseWriter) { w.Header().Set("X-A", "a\r\nX-Evil: 1"); _, _ = io.WriteString(w, "x") })
	api.Get("error", func() error {
		e := endpoint.Errorf(409, "no")
		e.Header = http.Header{"X-A": {"a\r\nX-Evil: 1"}, "X-B": {"right"}}
		return e
	})
	api.Get("domain", func() *endpoint.Response {
		return endpoint.Respond(200, "x").Cookie(&http.Cookie{Name: "a", Value: "b; Domain=evil.example"})
	})
	api.Get("quote", func() endpoint.Media {
		return endpoint.Media{Name: `a"; filename="evil.html`, Content: strings.NewReader("x")}
	})
	addr := bindServe(t, api)
	for path, want := range map[string]int{"escaped": 200, "wide": 200, "writer": 200, "error": 409, "domain": 500, "quote": 200} {
		a := bindMust(t, addr, bindText("GET", "/"+path, "", ""))
		if a.status != want || a.header.Get("X-Evil") != "" || strings.Contains(a.header.Get("Set-Cookie"), "evil") {
			t.Errorf("89 %s: %d %v, want %d and one clean field", path, a.status, a.header, want)
		}
		if d := a.header.Get("Content-Disposition"); path == "quote" && d != `inline; filename="a\"; filename=\"evil.html"` {
			t.Errorf("82 disposition %s", d)
		}
	}
}

func TestRespFailedHeaders(t *testing.T) {
	// 87 and 95: an error takes back what its handler said of another body.
	api, _ := respAPI()
	fail := errors.New("no")
	api.Get("length", func(w http.ResponseWriter) error { w.Header().Set("Content-Length", "5"); return fail })
	api.Get("panic", func(w http.ResponseWriter) { w.Header().Set("Content-Length", "500"); panic(fail) })
	api.Get("media", func() endpoint.Media {
		return endpoint.Media{Name: "a", Modified: time.Unix(1, 0), Content: respReader(func([]byte) (int, error) { return 0, fail })}
	})
	api.Get("response", func() *endpoint.Response {
		return endpoint.Respond(200, func() {}).Set("Cache-Control", "public").Cookie(&http.Cookie{Name: "a", Value: "b"})
	})
	addr := bindServe(t, api)
	for _, path := range []string{"length", "panic", "media", "response"} {
		a := bindMust(t, addr, bindText("GET", "/"+path, "", ""))
		if err := respPlain(a, 500); err != nil || a.length != int64(len(a.body)) {
			t.Errorf("%s: Content-Length %d of %d: %v", path, a.length, len(a.body), err)
		}
		for _, name := range []string{"Content-Disposition", "Etag", "Last-Modified", "Cache-Control", "Set-Cookie"} {
			if v := a.header.Get(name); v != "" {
				t.Errorf("%s: the error has %s: %s", path, name, v)
			}
		}
	}
}

// Row 90: streams.

func respHundred() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range 100 {
			if !yield(i) {
				return
			}
		}
	}
}

func TestRespChunks(t *testing.T) {
	leak.Check(t)
	api, _ := respAPI()
	pulled := 0
	api.Get("hundred", respHundred)
	api.Get("count", func() iter.Seq[int] {
		return func(yield func(int) bool) { pulled++; yield(1) }
	})
	addr := bindServe(t, api)
	raw := func(method, version string) string {
		conn := bindDial(t, addr)
		_, _ = io.WriteString(conn, method+" /hundred HTTP/"+version+"\r\nHost: a\r\nConnection: close\r\n\r\n")
		answer, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		return string(answer)
	}
	head, body, _ := strings.Cut(raw("GET", "1.1"), "\r\n\r\n")
	if !strings.Contains(head, "Transfer-Encoding: chunked") || strings.Contains(head, "Content-Length") {
		t.Errorf("90: header %s, want chunks", head)
	}
	var want strings.Builder
	for i := range 100 {
		line := fmt.Sprintln(i)
		fmt.Fprintf(&want, "%x\r\n%s\r\n", len(line), line)
	}
	if want.WriteString("0\r\n\r\n"); body != want.String() {
		t.Errorf("90: body %q, want exactly 100 chunks and the last", body)
	}
	head, body, _ = strings.Cut(raw("GET", "1.0"), "\r\n\r\n")
	if strings.Contains(head, "chunked") || strings.Contains(head, "Content-Length") || strings.Count(body, "\n") != 100 {
		t.Errorf("90 HTTP/1.0: %s with %d lines, want 100 lines until the end of the connection", head, strings.Count(body, "\n"))
	}
	if _, body, _ = strings.Cut(raw("HEAD", "1.1"), "\r\n\r\n"); body != "" {
		t.Errorf("90 HEAD: body %q", body)
	}
	if a := bindMust(t, addr, bindText("HEAD", "/count", "", "")); a.status != 200 || pulled != 0 {
		t.Errorf("90 HEAD: %d, pulled %d times, want 200 and none", a.status, pulled)
	}
}

// respGzip compresses; its writer can be unwrapped and flushed, as it should be.
func respGzip(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			next.ServeHTTP(w, r)
			return
		}
		z := &respGzipWriter{ResponseWriter: w, z: gzip.NewWriter(w)}
		next.ServeHTTP(z, r)
		_ = z.z.Close() // nobody is left to be told
	})
}

type respGzipWriter struct {
	http.ResponseWriter

	z *gzip.Writer
}

func (w *respGzipWriter) WriteHeader(status int) {
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(status)
}

func (w *respGzipWriter) Write(p []byte) (int, error) { return w.z.Write(p) }

func (w *respGzipWriter) FlushError() error {
	if err := w.z.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *respGzipWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestRespGzip(t *testing.T) {
	leak.Check(t)
	for what, where := range map[string]bool{"around the API": true, "around the endpoint": false} {
		t.Run(what, func(t *testing.T) {
			use := endpoint.Use(respGzip)
			var onAPI, onEndpoint []endpoint.Option
			if where {
				onAPI = append(onAPI, use)
			} else {
				onEndpoint = append(onEndpoint, use)
			}
			api, _ := respAPI(onAPI...)
			next := make(chan int)
			api.Get("stream", func(ctx context.Context) iter.Seq[int] {
				return func(yield func(int) bool) {
					for i := range next {
						if !yield(i) {
							return
						}
					}
				}
			}, onEndpoint...)
			api.Get("large", func() string { return strings.Repeat("a", 100_000) }, onEndpoint...)
			addr := bindServe(t, api)
			a := bindMust(t, addr, bindText("GET", "/large", "Accept-Encoding: gzip\r\n", ""))
			z, err := gzip.NewReader(strings.NewReader(a.body))
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(z); err != nil || len(text) != 100_000 || a.length != -1 && a.length != int64(len(a.body)) {
				t.Errorf("92: %d bytes, Content-Length %d of %d, %v", len(text), a.length, len(a.body), err)
			}
			respFlushes(t, addr, next)
		})
	}
}

// respFlushes sees each element before the next is made.
func respFlushes(t *testing.T, addr string, next chan<- int) {
	t.Helper()
	conn := bindDial(t, addr)
	_, _ = io.WriteString(conn, bindText("GET", "/stream", "Accept-Encoding: gzip\r\n", ""))
	next <- 0
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	z, err := gzip.NewReader(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	for i := range 5 {
		if i > 0 {
			next <- i
		}
		if !lines.Scan() || lines.Text() != fmt.Sprint(i) {
			t.Fatalf("90 gzip: line %q %v, want %d at once", lines.Text(), lines.Err(), i)
		}
	}
	close(next)
	if lines.Scan() || lines.Err() != nil {
		t.Errorf("90 gzip: %q %v at the end", lines.Text(), lines.Err())
	}
}

func TestRespCannotFlush(t *testing.T) {
	// 90 and 108: below a writer that cannot flush a stream still comes whole.
	api, _ := respAPI()
	api.Get("stream", respHundred)
	addr := bindServe(t, http.TimeoutHandler(api, 10*time.Second, "late"))
	if a := bindMust(t, addr, bindText("GET", "/stream", "", "")); a.status != 200 || a.err != nil || strings.Count(a.body, "\n") != 100 {
		t.Errorf("%d with %d lines, %v, want 100", a.status, strings.Count(a.body, "\n"), a.err)
	}
}

// Row 93 and 92: request headers that cost.

func TestRespCostlyHeaders(t *testing.T) {
	leak.Check(t)
	api, _ := respAPI()
	content := bytes.Repeat([]byte("0123456789"), 10_000)
	api.Get("media", func() endpoint.Media {
		return endpoint.Media{Content: bytes.NewReader(content), Modified: time.Unix(1e9, 0)}
	})
	api.Get("stream", respHundred)
	addr := bindServe(t, api)
	long := strings.Repeat("a,", 100_000)
	for _, c := range []struct {
		name, reason, path, header string
		status, limit              int
	}{
		{"93 ranges 10000", "each costs a part's header", "/media", "Range: bytes=" + strings.Repeat("0-,", 9_999) + "0-\r\n", 200, len(content)},
		{"93 small ranges", "likewise", "/media", "Range: bytes=" + strings.Repeat("1-1,", 9_999) + "1-1\r\n", 200, len(content)},
		{"93 a few ranges", "overlapping ones are no multiple", "/media", "Range: bytes=" + strings.Repeat("0-,", 9) + "0-\r\n", 0, len(content) + 8192},
		{"93 one range", "as asked", "/media", "Range: bytes=5-9\r\n", 206, 5},
		{"93 no such range", "as asked", "/media", "Range: bytes=100000-\r\n", 416, 200},
		{"93 If-None-Match", "tags are compared once", "/media", "If-None-Match: " + long + "\r\n", 0, len(content)},
		{"93 If-None-Match quotes", "tags are compared once", "/media", "If-None-Match: " + strings.Repeat(`"a",`, 50_000) + "\r\n", 0, len(content)},
		{"93 Accept", "as many ranges are looked at as make sense", "/stream", "Accept: " + long + "\r\n", 200, 4096},
		{"93 Accept parameters", "likewise", "/stream", "Accept: a/b" + strings.Repeat(";a=b", 50_000) + "\r\n", 200, 4096},
		{"93 Accept-Language", "nothing parses it", "/hello", "Accept-Language: " + long + "\r\n", 200, 10},
		{"92 Accept-Encoding", "nothing parses it", "/hello", "Accept-Encoding: " + long + "\r\n", 200, 10},
		{"92 q=0", "no coding is made up", "/hello", "Accept-Encoding: gzip;q=0, *;q=0\r\n", 200, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := bindMust(t, addr, bindText("GET", c.path, c.header, ""))
			if c.status != 0 && a.status != c.status || a.status >= 500 || len(a.body) > c.limit || a.took > time.Second*bindSlack() {
				t.Errorf("%s: %d with %d bytes after %v, want %d with at most %d within 1s", c.reason, a.status, len(a.body), a.took, c.status, c.limit)
			}
		})
	}
	bindHealthy(t, addr)
}
