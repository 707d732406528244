package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// What a review of lifetimes found: what a handler, its goroutines and
// middleware do once the server has its writer and request back.

func reviewAPI(opts ...Option) *API {
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

// reviewEnded is middleware that closes a channel when what it wraps has
// returned, be it late.
func reviewEnded(ended chan<- struct{}) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			next.ServeHTTP(w, r)
		})
	}
}

// A reviewConn is a server's writer that notes what is done to it once the
// server has it back.
type reviewConn struct {
	*httptest.ResponseRecorder

	mu   sync.Mutex
	over bool
	late []string
	read time.Time // the last read deadline
}

func newReviewConn() *reviewConn { return &reviewConn{ResponseRecorder: httptest.NewRecorder()} }

func (c *reviewConn) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		c.late = append(c.late, what)
	}
}

func (c *reviewConn) serve(h http.Handler, r *http.Request) {
	h.ServeHTTP(c, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}

func (c *reviewConn) told() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.late
}

func (c *reviewConn) readDeadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read
}

// SetReadDeadline keeps the deadline.
func (c *reviewConn) SetReadDeadline(at time.Time) error {
	c.note("read deadline")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = at
	return nil
}

// SetWriteDeadline notes that it was called.
func (c *reviewConn) SetWriteDeadline(time.Time) error {
	c.note("write deadline")
	return nil
}

// Write notes that it was called.
func (c *reviewConn) Write(p []byte) (int, error) {
	c.note("write")
	return c.ResponseRecorder.Write(p)
}

// ReadFrom copies as a server's writer does, with no lock but its own.
func (c *reviewConn) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}

// Hijack gives a connection to nobody.
func (c *reviewConn) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, _ := net.Pipe()
	return conn, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)), nil
}

// A late handler leaves the connection alone: it may serve another request, and
// below HTTP/2 its writer panics.
func TestReviewTimedConnection(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		fn         func(release <-chan struct{}) any
	}{
		{"reads the body", "hello", func(release <-chan struct{}) any {
			return func(r io.Reader) ([]byte, error) {
				<-release
				return io.ReadAll(r)
			}
		}},
		{"streams elements", "", func(release <-chan struct{}) any {
			return func() iter.Seq[int] {
				return func(yield func(int) bool) {
					<-release
					_ = yield(1) && yield(2)
				}
			}
		}},
		{"streams a reader", "", func(release <-chan struct{}) any {
			return func() io.Reader { return reviewWait{release, strings.NewReader("abc")} }
		}},
		{"sends much", "", func(release <-chan struct{}) any {
			return func() []byte {
				<-release
				return make([]byte, 4*chunkSize)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			release, ended := make(chan struct{}), make(chan struct{})
			api := reviewAPI(Timeout(time.Millisecond))
			api.Post("x", tt.fn(release), Use(reviewEnded(ended)))
			conn := newReviewConn()
			conn.serve(api, reviewPost("/x", tt.body))
			close(release)
			<-ended
			if late := conn.told(); conn.Code != 503 || len(late) > 0 {
				t.Errorf("status %d; after the answer: %q", conn.Code, late)
			}
		})
	}
}

// A reviewWait is a reader that waits.
type reviewWait struct {
	release <-chan struct{}
	io.Reader
}

// Read reads once it is released.
func (w reviewWait) Read(p []byte) (int, error) {
	<-w.release
	return w.Reader.Read(p)
}

// The answer of the clock and a late handler have the path values of one
// request each: a map read and written at once ends the program.
func TestReviewTimedPathValues(t *testing.T) {
	ended := make(chan struct{}, 1)
	api := reviewAPI(OnError(func(r *Request, err error) error { _ = r.PathValue("a"); return err }))
	api.Get("x/:a/:b", func(r *http.Request) {
		for r.Context().Err() == nil {
			_ = r.PathValue("a")
		}
		for range 1000 {
			r.SetPathValue("b", "3")
		}
		ended <- struct{}{}
	}, Timeout(time.Millisecond))
	for range 20 {
		r := httptest.NewRequest("GET", "/x/1/2", nil)
		if w := reviewAsk(api, r); w.Code != 503 || r.PathValue("b") != "2" {
			t.Fatalf("status %d, outside the path value is %q", w.Code, r.PathValue("b"))
		}
		<-ended
	}
}

// Under a Timeout header fields go out as without one.
func TestReviewTimedHeader(t *testing.T) {
	var texts []string
	for _, limit := range []time.Duration{0, time.Minute} {
		api := reviewAPI(Timeout(limit))
		api.Get("x", func(w http.ResponseWriter) {
			h := w.Header()
			h.Del("X-Outer")
			h.Set("Link", "</a>")
			w.WriteHeader(http.StatusEarlyHints)
			h.Del("Link")
			h["Date"] = nil
			h.Set("Trailer", "X-Sum")
			_, _ = io.WriteString(w, "abc")
			h.Set("X-Sum", "1")
		})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Outer", "yes")
			api.ServeHTTP(w, r)
		}))
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		text, err := io.ReadAll(conn)
		if err != nil {
			t.Error(err)
		}
		texts = append(texts, string(text))
		_ = conn.Close()
		server.Close()
	}
	if d := cmp.Diff(texts[0], texts[1]); d != "" || !strings.Contains(texts[0], "X-Sum: 1") {
		t.Errorf("without a limit\n%s(-without +with)\n%s", texts[0], d)
	}
}

// A connection that was handed over is no longer the clock's.
func TestReviewTimedHijack(t *testing.T) {
	api := reviewAPI()
	var cancelled error
	api.Get("x", func(w http.ResponseWriter, r *http.Request) error {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return err
		}
		select {
		case <-r.Context().Done():
			cancelled = r.Context().Err()
		case <-time.After(50 * time.Millisecond): // the clock would have been first
		}
		return conn.Close()
	}, Timeout(10*time.Millisecond))
	conn := newReviewConn()
	conn.serve(api, httptest.NewRequest("GET", "/x", nil))
	if cancelled != nil || conn.Body.Len() > 0 {
		t.Errorf("the context says %v, the clock answered %q", cancelled, conn.Body)
	}
}

// The answer of the clock has the request's id and duration.
func TestReviewTimedID(t *testing.T) {
	ids := make(chan string, 1)
	var log bytes.Buffer
	api := New(Logger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "duration" {
			a.Value = slog.BoolValue(a.Value.Duration() >= 10*time.Millisecond)
		}
		return a
	}}))))
	api.Get("x", func(ctx context.Context) {
		<-ctx.Done()
		ids <- RequestFrom(ctx).RequestID()
	}, Timeout(10*time.Millisecond))
	w := reviewAsk(api, httptest.NewRequest("GET", "/x", nil))
	id := <-ids
	if got := w.Header().Get("X-Request-Id"); got != id || !strings.Contains(log.String(), "duration=true request_id="+id) {
		t.Errorf("the handler has %s, the answer %s, the log %s", id, got, &log)
	}
}

// A goroutine that still copies when the handler has returned stops there.
func TestReviewCopyAfterReturn(t *testing.T) {
	leak.Check(t)
	from, to := io.Pipe()
	copied := make(chan error, 1)
	api := reviewAPI()
	api.Get("x", func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "head")
		go func() {
			_, err := io.Copy(w, from)
			copied <- err
		}()
		_, _ = io.WriteString(to, "begun")
	})
	conn := newReviewConn()
	conn.serve(api, httptest.NewRequest("GET", "/x", nil))
	go func() {
		_, _ = io.WriteString(to, "late") // whether it arrives is the question
		_ = to.Close()
	}()
	err := <-copied
	_ = from.Close()
	if late := conn.told(); len(late) > 0 || !errors.Is(err, errClosed) {
		t.Errorf("after the answer: %q, error %v", late, err)
	}
}

// A goroutine that still reads when the handler has returned, as a proxy's
// does, sets no deadline: below HTTP/2 that would end the program.
func TestReviewReadAfterReturn(t *testing.T) {
	leak.Check(t)
	var readers sync.WaitGroup
	api := reviewAPI()
	api.Post("x", func(r *http.Request) {
		body := r.Body
		readers.Go(func() {
			for b := make([]byte, 1); ; {
				if _, err := body.Read(b); err != nil {
					return
				}
			}
		})
	})
	server := httptest.NewUnstartedServer(api)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	defer server.Close()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for range 500 {
		w, err := client.Post(server.URL+"/x", "text/plain", strings.NewReader(strings.Repeat("x", 4000)))
		if err == nil { // else the stream was reset, as it may be
			_ = w.Body.Close()
		}
	}
	readers.Wait()
}

// A context that is asked for its request after the answer does not write to
// the request of those outside.
func TestReviewLatePathValues(t *testing.T) {
	var kept context.Context
	api := reviewAPI()
	api.Get("x/:id", func(ctx context.Context, id string) (string, error) { kept = ctx; return id, nil })
	r := httptest.NewRequest("GET", "/x/1", nil)
	r.SetPathValue("outer", "o")
	reviewAsk(api, r)
	before := r.PathValue("id")
	if late := RequestFrom(kept).PathValue("id"); late != "1" || before != r.PathValue("id") {
		t.Errorf("late %q; outside %q and then %q", late, before, r.PathValue("id"))
	}
}
