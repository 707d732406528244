package endpoint

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

func reviewAPI(t *testing.T, opts ...Option) *API {
	t.Helper()
	return New(append([]Option{Logger(slog.New(slog.DiscardHandler))}, opts...)...)
}

func reviewAsk(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func reviewPost(path, body string) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

type reviewPanics struct{ N int }

func (reviewPanics) MarshalJSONTo(*jsontext.Encoder) error { panic("marshalling") }

func TestReviewEncoderAfterPanic(t *testing.T) {
	api := reviewAPI(t)
	api.Get("bad", func() reviewPanics { return reviewPanics{} })
	api.Get("good", func() []int { return []int{1} })
	for range 20 {
		if w := reviewAsk(api, httptest.NewRequest("GET", "/bad", nil)); w.Code != 500 {
			t.Fatalf("bad: %d", w.Code)
		}
		if w := reviewAsk(api, httptest.NewRequest("GET", "/good", nil)); w.Code != 200 || w.Body.String() != "[1]" {
			t.Fatalf("good after bad: %d %s", w.Code, w.Body)
		}
	}
}

// A reviewConn is a server's writer that tells what is done to it once the
// server has it back.
type reviewConn struct {
	*httptest.ResponseRecorder
	over atomic.Bool
	mu   sync.Mutex
	late []string
}

func (c *reviewConn) note(what string) {
	if c.over.Load() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.late = append(c.late, what)
	}
}
func (c *reviewConn) SetReadDeadline(time.Time) error  { c.note("read deadline"); return nil }
func (c *reviewConn) SetWriteDeadline(time.Time) error { c.note("write deadline"); return nil }
func (c *reviewConn) Write(p []byte) (int, error) {
	c.note("write")
	return c.ResponseRecorder.Write(p)
}
func (c *reviewConn) WriteHeader(status int) {
	c.note("header")
	c.ResponseRecorder.WriteHeader(status)
}
func (c *reviewConn) Flush() { c.note("flush"); c.ResponseRecorder.Flush() }
func (c *reviewConn) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}

func (c *reviewConn) told() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.late
}

func TestReviewTimedConnection(t *testing.T) {
	for _, tt := range []struct {
		name string
		fn   func(release, done chan struct{}) any
		body string
	}{
		{"body", func(release, done chan struct{}) any {
			return func(r io.Reader) string {
				defer close(done)
				<-release
				_, _ = io.ReadAll(r)
				return "x"
			}
		}, "hello"},
		{"stream", func(release, done chan struct{}) any {
			return func() iter.Seq[int] {
				return func(yield func(int) bool) {
					defer close(done)
					<-release
					_ = yield(1) && yield(2)
				}
			}
		}, ""},
		{"media", func(release, done chan struct{}) any {
			return func() Media {
				return Media{Content: &reviewSlow{strings.NewReader("abc"), release, done}}
			}
		}, ""},
		{"large", func(release, done chan struct{}) any {
			return func() []byte {
				defer close(done)
				<-release
				return make([]byte, 200<<10)
			}
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			release, done := make(chan struct{}), make(chan struct{})
			api := reviewAPI(t, Timeout(5*time.Millisecond))
			api.Handle("x", tt.fn(release, done))
			conn := &reviewConn{ResponseRecorder: httptest.NewRecorder()}
			api.ServeHTTP(conn, reviewPost("/x", tt.body))
			if conn.Code != 503 {
				t.Fatalf("status %d", conn.Code)
			}
			conn.over.Store(true)
			close(release)
			<-done
			time.Sleep(50 * time.Millisecond)
			if late := conn.told(); len(late) > 0 {
				t.Errorf("after the answer: %q", late)
			}
		})
	}
}

type reviewSlow struct {
	io.Reader
	release, done chan struct{}
}

func (s *reviewSlow) Read(p []byte) (int, error) {
	<-s.release
	return s.Reader.Read(p)
}
func (s *reviewSlow) Close() error { close(s.done); return nil }

func TestReviewTimedPathValues(t *testing.T) {
	done := make(chan struct{}, 100)
	api := reviewAPI(t, OnError(func(r *Request, err error) error { _ = r.PathValue("a"); return err }))
	api.Get("x/:a/:b", func(r *http.Request) string {
		defer func() { done <- struct{}{} }()
		for r.Context().Err() == nil {
			_ = r.PathValue("a")
		}
		for range 1000 {
			_ = r.PathValue("b")
		}
		return "x"
	}, Timeout(time.Millisecond))
	for range 20 {
		reviewAsk(api, httptest.NewRequest("GET", "/x/1/2", nil))
		<-done
	}
}

func TestReviewTimedHeaders(t *testing.T) {
	api := reviewAPI(t, Timeout(time.Minute))
	api.Get("x", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Del("X-Outer")
		h.Set("Link", "</a>")
		w.WriteHeader(103)
		h.Del("Link")
		h.Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "abc")
		h.Set("X-Sum", "1")
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Outer", "yes")
		api.ServeHTTP(w, r)
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	b, _ := io.ReadAll(conn)
	t.Logf("%s", b)
	text := string(b)
	if !strings.Contains(text, "103 Early Hints\r\nLink: </a>") {
		t.Error("no link in 103")
	}
	if strings.Contains(text, "X-Outer") {
		t.Error("deleted header sent")
	}
	if !strings.Contains(text, "X-Sum: 1") {
		t.Error("no trailer")
	}
}

func TestReviewTimedHijack(t *testing.T) {
	gone := make(chan error, 1)
	api := reviewAPI(t)
	api.Get("x", func(w http.ResponseWriter, r *http.Request) error {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return err
		}
		defer conn.Close()
		select {
		case <-r.Context().Done():
			gone <- r.Context().Err()
		case <-time.After(300 * time.Millisecond):
			gone <- nil
		}
		_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return err
	}, Timeout(30*time.Millisecond))
	server := httptest.NewServer(api)
	defer server.Close()
	w, err := http.Get(server.URL + "/x")
	if err != nil {
		t.Error(err)
	} else {
		t.Log(w.Status)
		w.Body.Close()
	}
	if err := <-gone; err != nil {
		t.Error("context of the hijacked connection:", err)
	}
}

func TestReviewTimedID(t *testing.T) {
	var id string
	var lines strings.Builder
	done := make(chan struct{})
	api := New(Logger(slog.New(slog.NewTextHandler(&lines, nil))))
	api.Get("x", func(ctx context.Context) error {
		id = RequestFrom(ctx).RequestID()
		<-ctx.Done()
		close(done)
		return nil
	}, Timeout(50*time.Millisecond))
	w := reviewAsk(api, httptest.NewRequest("GET", "/x", nil))
	<-done
	if got := w.Header().Get("X-Request-Id"); got != id {
		t.Errorf("answer says %s, handler %s", got, id)
	}
	t.Log(lines.String())
}

func TestReviewReadFromAfterReturn(t *testing.T) {
	pr, pw := io.Pipe()
	copied := make(chan error, 1)
	api := reviewAPI(t)
	api.Get("x", func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "head")
		go func() {
			_, err := io.Copy(w, pr)
			copied <- err
		}()
		_, _ = pw.Write([]byte("begun"))
	})
	conn := &reviewConn{ResponseRecorder: httptest.NewRecorder()}
	api.ServeHTTP(conn, httptest.NewRequest("GET", "/x", nil))
	conn.over.Store(true)
	go func() { _, _ = pw.Write([]byte("late")); pw.Close() }()
	err := <-copied
	if late := conn.told(); len(late) > 0 {
		t.Errorf("after the answer: %q, %v", late, err)
	}
}

func TestReviewTimeoutHandler(t *testing.T) {
	done := make(chan struct{}, 1)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	api := reviewAPI(t, MaxBody(8<<20))
	slow := make(chan struct{})
	api.Post("x", func(in struct {
		F *File `file:"f"`
	}) string {
		done <- struct{}{}
		return "x"
	}, Use(func(next http.Handler) http.Handler { return http.TimeoutHandler(next, 20*time.Millisecond, "slow") }))
	body := "--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n" + strings.Repeat("x", 3<<20) + "\r\n--b--\r\n"
	r := httptest.NewRequest("POST", "/x", io.MultiReader(strings.NewReader(body[:2<<20]), reviewWait{slow}, strings.NewReader(body[2<<20:])))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	w := reviewAsk(api, r)
	if w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
	close(slow)
	select {
	case <-done:
	case <-time.After(time.Second):
	}
	time.Sleep(50 * time.Millisecond)
	if list, _ := os.ReadDir(dir); len(list) > 0 {
		t.Errorf("left %v", list)
	}
}

type reviewWait struct{ c chan struct{} }

func (w reviewWait) Read([]byte) (int, error) { <-w.c; return 0, io.EOF }

func TestReviewRetry(t *testing.T) {
	n := 0
	api := reviewAPI(t)
	api.Get("x", func() error { n++; return Errorf(503, "no %d", n) }, Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(httptest.NewRecorder(), r)
			next.ServeHTTP(w, r)
		})
	}))
	w := reviewAsk(api, httptest.NewRequest("GET", "/x", nil))
	if w.Code != 503 || !strings.Contains(w.Body.String(), "no 2") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestReviewMiddlewareStripsBody(t *testing.T) {
	api := reviewAPI(t)
	api.Post("x", func(b []byte) string { return string(b) }, Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = r.Clone(r.Context())
			r.Body = http.NoBody
			next.ServeHTTP(w, r)
		})
	}))
	if w := reviewAsk(api, reviewPost("/x", "secret")); w.Body.String() != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestReviewBodyBytesBefore(t *testing.T) {
	api := reviewAPI(t)
	guard := func(ctx context.Context) error {
		b, err := RequestFrom(ctx).BodyBytes()
		if string(b) != "[1]" {
			return fmt.Errorf("guard has %q", b)
		}
		return err
	}
	api.Post("guard", func(in []int) []int { return in }, Depends(guard))
	api.Post("form", func(in struct {
		A string `form:"a"`
	}) string {
		return in.A
	}, Depends(func(ctx context.Context) error { _, err := RequestFrom(ctx).BodyBytes(); return err }))
	api.Post("use", func(in []int) []int { return in }, Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := guard(r.Context()); err != nil {
				t.Error(err)
			}
			next.ServeHTTP(w, r)
		})
	}))
	api.Post("after", func(ctx context.Context, in []int) (string, error) {
		b, err := RequestFrom(ctx).BodyBytes()
		return string(b), err
	})
	for _, path := range []string{"guard", "use", "after"} {
		if w := reviewAsk(api, reviewPost("/"+path, "[1]")); w.Body.String() != "[1]" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	r := reviewPost("/form", "a=1")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w := reviewAsk(api, r); w.Body.String() != "1" {
		t.Errorf("form: %d %s", w.Code, w.Body)
	}
}

func TestReviewStreamUnreadBody(t *testing.T) {
	api := reviewAPI(t, BodyTimeout(100*time.Millisecond))
	api.Post("x", func(ctx context.Context) iter.Seq2[Event, error] {
		return func(yield func(Event, error) bool) {
			for i := range 4 {
				if !yield(Event{Data: fmt.Sprint(i)}, nil) {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
	})
	api.Post("flush", func(w http.ResponseWriter, r *http.Request) error {
		for range 4 {
			_, _ = io.WriteString(w, "data: 1\n\n")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return r.Context().Err()
			case <-time.After(100 * time.Millisecond):
			}
		}
		return nil
	})
	api.Post("write", func(w http.ResponseWriter, r *http.Request) error {
		_, _ = io.WriteString(w, strings.Repeat("x", 10000))
		for range 4 {
			_, _ = io.WriteString(w, "data: 1\n\n")
			select {
			case <-r.Context().Done():
				return r.Context().Err()
			case <-time.After(100 * time.Millisecond):
			}
		}
		return nil
	})
	server := httptest.NewServer(api)
	defer server.Close()
	for _, path := range []string{"x", "flush", "write"} {
		w, err := http.Post(server.URL+"/"+path, "application/json", strings.NewReader(`{"a":1}`))
		if err != nil {
			t.Error(path, err)
			continue
		}
		b, err := io.ReadAll(w.Body)
		w.Body.Close()
		if err != nil || strings.Count(string(b), "data") != 4 {
			t.Errorf("%s: %d events %v", path, strings.Count(string(b), "data"), err)
		}
	}
}

func TestReviewOptionsUnreadBody(t *testing.T) {
	api := reviewAPI(t, BodyTimeout(100*time.Millisecond))
	api.Post("x", func() string { return "" })
	server := httptest.NewServer(api)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "OPTIONS /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	b, err := io.ReadAll(conn)
	if err != nil {
		t.Errorf("the connection is held: %q %v", b, err)
	}
}

func TestReviewStreamFinish(t *testing.T) {
	type tx struct{}
	got := make(chan error, 1)
	api := reviewAPI(t)
	api.Provide(func() (*tx, func(error) error) { return &tx{}, func(err error) error { got <- err; return nil } })
	boom := errors.New("boom")
	api.Get("x", func(*tx) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, boom) }
	})
	func() {
		defer func() { _ = recover() }()
		reviewAsk(api, httptest.NewRequest("GET", "/x", nil))
	}()
	if err := <-got; !errors.Is(err, boom) {
		t.Errorf("finishing function got %v", err)
	}
}

func TestReviewGuardOrder(t *testing.T) {
	type user struct{ name string }
	var order []string
	api := reviewAPI(t)
	api.Provide(func(in struct {
		Name []string `body:""`
	}) (user, error) {
		order = append(order, "provider")
		return user{in.Name[0]}, nil
	})
	api.Post("x", func(u user) string { return u.name }, Depends(
		func(user) { order = append(order, "first") },
		func(user) { order = append(order, "second") },
		func() { order = append(order, "third") },
	))
	w := reviewAsk(api, reviewPost("/x", `["a"]`))
	if d := cmp.Diff([]string{"third", "provider", "first", "second"}, order); d != "" || w.Code != 200 {
		t.Errorf("%d %s %s", w.Code, w.Body, d)
	}
}

func TestReviewLatePathValues(t *testing.T) {
	var ctx context.Context
	api := reviewAPI(t)
	api.Get("x/:id", func(c context.Context, id string) (string, error) { ctx = c; return id, nil })
	var wg sync.WaitGroup
	r := httptest.NewRequest("GET", "/x/1", nil)
	r.SetPathValue("outer", "o")
	reviewAsk(api, r)
	wg.Go(func() { _ = RequestFrom(ctx).PathValue("id") })
	for range 100 {
		_ = r.PathValue("outer")
	}
	wg.Wait()
	if v := r.PathValue("id"); v != "" {
		t.Errorf("the outer request has id %q", v)
	}
}

var _ = bufio.NewReader
