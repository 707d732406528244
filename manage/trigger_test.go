package manage_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
)

func TestTriggerMethods(t *testing.T) {
	s := open(t)
	s.put("A", "x", "p", "echo")
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "REPORT"} {
		w := s.want(200, "A", method, "u/p?x=1", "body")
		if got, want := w.Body.String(), method+" x=1 body"; got != want {
			t.Errorf("%s: body %q, want %q", method, got, want)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: header %v", method, w.Header())
		}
	}
	w := s.want(200, "A", "HEAD", "u/p", "")
	if w.Body.Len() != 0 || w.Header().Get("Content-Length") != "3" {
		t.Errorf("HEAD: body %q, header %v, want those of GET without the body", w.Body, w.Header())
	}
}

func TestTriggerRefusals(t *testing.T) {
	s := open(t, func(o *manage.Options) { o.MaxBody = 1000 })
	s.put("A", "x", "p", "echo")
	s.want(200, "A", "POST", "u/p", strings.Repeat("a", 1000))
	s.want(413, "A", "POST", "u/p", strings.Repeat("a", 1001))
	s.want(401, "", "POST", "u/p", "")
	s.want(404, "A", "GET", "u/P", "")
	s.want(404, "A", "GET", "u/x", "")
	s.want(404, "A", "GET", "u/p/", "")
	s.want(404, "A", "GET", "u/p/more", "")
	s.want(404, "B", "GET", "u/p", "")
	s.want(200, "A", "PATCH", "x", `{"enabled":false}`)
	s.want(404, "A", "GET", "u/p", "")
	s.want(200, "A", "PATCH", "x", `{"enabled":true,"path":"q"}`)
	s.want(404, "A", "GET", "u/p", "")
	s.want(200, "A", "GET", "u/q", "")
	s.want(200, "A", "DELETE", "x", "")
	s.want(404, "A", "GET", "u/q", "")
}

// What a handler may be told: the request, but no credential that it could use
// in the caller's name.
func TestForwarded(t *testing.T) {
	s := open(t)
	s.put("A", "x", "p", "seen")
	w := s.want(200, "A", "POST", "u/p?q=1", "1234", "Cookie", "session=secret", "X-Signature", "abc",
		"Proxy-Authorization", "Basic secret", "Content-Type", "text/csv")
	type seen struct {
		Account, Path string
		Header        http.Header
		Length        int
	}
	want := seen{"A", root + "u/p", http.Header{"X-Signature": {"abc"}, "Content-Type": {"text/csv"}}, 4}
	if diff := cmp.Diff(want, decode[seen](t, w)); diff != "" {
		t.Error(diff)
	}
	if got := manage.AccountFrom(t.Context()); got != "" {
		t.Errorf("outside of a handler there is the account %q", got)
	}
}

// Of what fails, the caller learns nothing, and the owner everything.
func TestFailures(t *testing.T) {
	s := open(t)
	for _, test := range []struct {
		script string
		status int
		body   string
		cause  string
	}{
		{"raise", 500, "the handler failed", "raise.py:3:1: in handler: secret text"},
		{"html", 500, "the handler failed", `Content-Type "text/html"`},
		{"dict", 500, "the handler failed", "returned dict"},
		{"panic", 500, "the handler failed", "secret panic"},
		{"nohandler", 500, "the handler failed", "def handler is missing"},
		{"busy", 503, "the handler cannot run now; try again", "all workers are busy"},
	} {
		t.Run(test.script, func(t *testing.T) {
			s.put("A", test.script, test.script, test.script)
			w := s.want(test.status, "A", "GET", "u/"+test.script+"?token=hidden", "")
			if w.Body.String() != test.body || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Errorf("body %q, header %v", w.Body, w.Header())
			}
			if (w.Header().Get("Retry-After") == "1") != (test.status == 503) {
				t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
			}
			c := s.lastCall("A", test.script)
			id := w.Header().Get("X-Request-Id")
			if c.Status != test.status || !strings.Contains(c.Error, test.cause) || c.RequestID != id {
				t.Errorf("the owner sees %+v, want the request %s", c, id)
			}
			line := s.log.String()
			for _, part := range []string{"account=A", "id=" + test.script, "request_id=" + id} {
				if !strings.Contains(line, part) {
					t.Errorf("the log has no %s: %s", part, line)
				}
			}
			if strings.Contains(line, "hidden") {
				t.Errorf("the log has the query: %s", line)
			}
		})
	}
	if c := s.lastCall("A", "raise"); c.Output != "about to fail\n" {
		t.Errorf("printed %q", c.Output)
	}
}

// A call as the API shows it.
type call struct {
	Method, Error, Output string
	Status                int
	RequestID             string  `json:"request_id"`
	Duration              float64 `json:"duration_ms"`
}

func (s *service) calls(account, id string) []call {
	s.t.Helper()
	return decode[struct{ Calls []call }](s.t, s.want(200, account, "GET", id+"/calls", "")).Calls
}

func (s *service) lastCall(account, id string) call {
	s.t.Helper()
	list := s.calls(account, id)
	if len(list) == 0 {
		s.t.Fatal("no call is known")
	}
	return list[0]
}

func TestAnswers(t *testing.T) {
	with := func(status int, kind, body string, header ...string) func(*http.Response) *http.Response {
		return func(*http.Response) *http.Response {
			r := response(status, kind, body)
			for i := 0; i < len(header); i += 2 {
				r.Header[header[i]] = append(r.Header[header[i]], header[i+1])
			}
			return r
		}
	}
	for _, test := range []struct {
		reason string
		answer func(*http.Response) *http.Response
		status int
		header map[string]string // "" must not be there
	}{
		{"text", with(200, "text/plain", "x"), 200, map[string]string{"Content-Type": "text/plain; charset=utf-8"}},
		{"JSON in other letters", with(200, "Application/JSON; Charset=UTF-8", "1"), 200, map[string]string{"Content-Type": "Application/JSON; Charset=UTF-8"}},
		{"nothing, of any type", with(404, "text/html", ""), 404, map[string]string{"Content-Type": ""}},
		{"nothing, of no type", with(204, "", ""), 204, map[string]string{"Content-Length": ""}},
		{"a teapot", with(418, "text/plain", "x"), 418, nil},
		{"HTML", with(200, "text/html", "x"), 500, nil},
		{"no type", with(200, "", "x"), 500, nil},
		{"two types", with(200, "text/plain", "x", "Content-Type", "text/html"), 500, nil},
		{"a type in a strange spelling", with(200, "text/plain, text/html", "x"), 500, nil},
		{"another charset", with(200, "text/plain; charset=utf-7", "x"), 500, nil},
		{"another parameter", with(200, "application/json; profile=x", "1"), 500, nil},
		{"SVG", with(200, "image/svg+xml", "x"), 500, nil},
		{"XML that is JSON", with(200, "application/problem+json", "{}"), 500, nil},
		{"100", with(100, "text/plain", "x"), 500, nil},
		{"101", with(101, "text/plain", "x"), 500, nil},
		{"299", with(299, "text/plain", "x"), 500, nil},
		{"600", with(600, "text/plain", "x"), 500, nil},
		{"0", with(0, "text/plain", "x"), 500, nil},
		{"-1", with(-1, "text/plain", "x"), 500, nil},
		{"one MiB", with(200, "text/plain", strings.Repeat("x", 1<<20)), 200, map[string]string{"Content-Length": "1048576"}},
		{"more than one MiB", with(200, "text/plain", strings.Repeat("x", 1<<20+1)), 500, nil},
		{"a new line in a value", with(200, "text/plain", "x", "X-A", "a\r\nSet-Cookie: a=b"), 500, nil},
		{"a new line in a name", with(200, "text/plain", "x", "X-A\r\nB", "a"), 500, nil},
		{"a NUL in a value", with(200, "text/plain", "x", "X-A", "\x00"), 500, nil},
		{"an empty name", with(200, "text/plain", "x", "", "a"), 500, nil},
		{"a cookie", with(200, "text/plain", "x", "Set-Cookie", "a=b"), 200, map[string]string{"Set-Cookie": ""}},
		{"a cookie in other letters", with(200, "text/plain", "x", "set-cookie", "a=b"), 200, map[string]string{"Set-Cookie": ""}},
		{"a redirect", with(302, "text/plain", "x", "Location", "https://evil.example"), 302, map[string]string{"Location": ""}},
		{"CORS", with(200, "text/plain", "x", "Access-Control-Allow-Origin", "*"), 200, map[string]string{"Access-Control-Allow-Origin": ""}},
		{"a hop", with(200, "text/plain", "x", "Connection", "X-A", "Transfer-Encoding", "chunked"), 200, map[string]string{"Connection": "", "Transfer-Encoding": ""}},
		{"a length", with(200, "text/plain", "x", "Content-Length", "7"), 200, map[string]string{"Content-Length": "1"}},
		{"an encoding", with(200, "text/plain", "x", "Content-Encoding", "gzip"), 200, map[string]string{"Content-Encoding": ""}},
		{"a policy of the origin", with(200, "text/plain", "x", "Clear-Site-Data", "*", "Strict-Transport-Security", "max-age=1"), 200,
			map[string]string{"Clear-Site-Data": "", "Strict-Transport-Security": ""}},
		{"a file of the proxy", with(200, "text/plain", "x", "X-Accel-Redirect", "/etc/passwd", "X-Sendfile", "/etc/passwd"), 200,
			map[string]string{"X-Accel-Redirect": "", "X-Sendfile": ""}},
		{"sniffing", with(200, "text/plain", "x", "X-Content-Type-Options", "no"), 200, map[string]string{"X-Content-Type-Options": "nosniff"}},
		{"what is free", with(200, "text/plain", "x", "X-A", "1", "Etag", `"v"`, "Cache-Control", "private"), 200,
			map[string]string{"X-A": "1", "Etag": `"v"`, "Cache-Control": "private"}},
		{"caches of one person", with(200, "text/plain", "x", "Cache-Control", "max-age=60, must-revalidate"), 200,
			map[string]string{"Cache-Control": "private, max-age=60, must-revalidate"}},
		{"caches that people share, for whom this address is one", with(200, "text/plain", "x", "Cache-Control", "PUBLIC,S-MaxAge = 60 , max-age=5", "Cache-Control", "public"), 200,
			map[string]string{"Cache-Control": "private, max-age=5"}},
		{"no response", func(*http.Response) *http.Response { return nil }, 500, nil},
		{"no body", func(*http.Response) *http.Response { return &http.Response{StatusCode: 200} }, 200, map[string]string{"Content-Length": "0"}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			s := open(t)
			s.engine.programs["this"] = func(context.Context, *http.Request, io.Writer) (*http.Response, error) {
				return test.answer(nil), nil
			}
			s.put("A", "x", "p", "this")
			w := s.want(test.status, "A", "GET", "u/p", "")
			for name, want := range test.header {
				if got := strings.Join(w.Header().Values(name), "|"); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if test.status == 500 {
				if w.Body.String() != "the handler failed" || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
					t.Errorf("body %q, header %v", w.Body, w.Header())
				}
				return
			}
			if c := s.lastCall("A", "x"); c.Error != "" || test.reason == "a cookie" && !strings.Contains(c.Output, "Set-Cookie is not for handlers") {
				t.Errorf("the owner sees %+v", c)
			}
		})
	}
}

// An account that calls too often at once is told to come again, before its
// bodies are read; another one is served.
func TestMaxCalls(t *testing.T) {
	leak.Check(t)
	s := open(t, func(o *manage.Options) { o.MaxCalls = 2 })
	begun, end := make(chan struct{}), make(chan struct{})
	s.engine.programs["held"] = func(_ context.Context, r *http.Request, _ io.Writer) (*http.Response, error) {
		begun <- struct{}{}
		<-end
		return response(200, "text/plain", "done"), nil
	}
	s.put("A", "x", "p", "held")
	s.put("B", "x", "p", "hello")
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() { s.want(200, "A", "GET", "u/p", "") })
		<-begun
	}
	if w := s.want(429, "A", "POST", "u/p", "body"); w.Header().Get("Retry-After") != "1" {
		t.Errorf("header %v", w.Header())
	}
	s.want(200, "B", "GET", "u/p", "")
	s.want(200, "A", "GET", "x", "")
	close(end)
	calls.Wait()
	go func() { <-begun }()
	s.want(200, "A", "GET", "u/p", "")
}

// A caller who goes away ends the handler; nobody is to blame.
func TestCallerGone(t *testing.T) {
	leak.Check(t)
	s := open(t)
	s.put("A", "x", "p", "wait")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	func() {
		defer func() { _ = recover() }() // the connection is cut
		s.doContext(ctx, "A", "GET", "u/p", "")
	}()
	if c := s.lastCall("A", "x"); c.Status != 499 || c.Error != "context canceled" {
		t.Errorf("the owner sees %+v", c)
	}
	if line := s.log.String(); strings.Contains(line, "handler failed") {
		t.Errorf("it is logged as a failure: %s", line)
	}
}

// What is kept of calls is bounded, for each endpoint and each account.
func TestCallsKept(t *testing.T) {
	s := open(t)
	s.engine.programs["loud"] = func(_ context.Context, _ *http.Request, log io.Writer) (*http.Response, error) {
		fmt.Fprint(log, strings.Repeat("x", 5<<10), "\xff")
		return nil, fmt.Errorf("%s", strings.Repeat("y", 5<<10))
	}
	for i := range 15 {
		id := fmt.Sprint("e", i)
		s.put("A", id, id, "loud")
		for range 25 {
			s.want(500, "A", "GET", "u/"+id, "")
		}
		if n := len(s.calls("A", id)); n != 20 {
			t.Fatalf("%d calls are kept, want 20", n)
		}
	}
	size := 0
	for i := range 15 {
		for _, c := range s.calls("A", fmt.Sprint("e", i)) {
			size += len(c.Error) + len(c.Output)
		}
	}
	if size < 100*6<<10 || size > 200*(6<<10+100) {
		t.Errorf("%d bytes of text are kept, want those of up to 200 calls", size)
	}
	s.want(200, "A", "DELETE", "e0", "")
	s.put("A", "e0", "e0", "loud")
	if n := len(s.calls("A", "e0")); n != 0 {
		t.Errorf("%d calls of an endpoint outlived it", n)
	}
}

func TestObserve(t *testing.T) {
	var mu sync.Mutex
	var seen []manage.Call
	s := open(t, func(o *manage.Options) {
		o.Observe = func(c manage.Call) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, c)
		}
	})
	s.put("A", "x", "p", "raise")
	s.want(500, "A", "POST", "u/p", "")
	s.want(404, "A", "POST", "u/unknown", "")
	if len(seen) != 1 {
		t.Fatalf("%d calls were observed, want 1", len(seen))
	}
	c := seen[0]
	if c.Duration <= 0 || time.Since(c.Time) > time.Minute || c.RequestID == "" {
		t.Errorf("call %+v", c)
	}
	want := manage.Call{Account: "A", ID: "x", Method: "POST", Status: 500, Error: "raise.py:3:1: in handler: secret text", Output: "about to fail\n"}
	c.Duration, c.Time, c.RequestID = 0, time.Time{}, ""
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

// The host's Timeout and middleware hold for triggers, too.
func TestHostTimeout(t *testing.T) {
	leak.Check(t)
	var through atomic.Int64
	s := open(t)
	s.put("A", "x", "p", "wait")
	s.api = endpoint.New(endpoint.Timeout(20*time.Millisecond), endpoint.Logger(s.options.Logger),
		endpoint.Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				through.Add(1)
				next.ServeHTTP(w, r)
			})
		}))
	s.api.Add(s.Manager)
	s.want(503, "A", "GET", "u/p", "")
	if through.Load() != 1 {
		t.Errorf("middleware ran %d times", through.Load())
	}
}
