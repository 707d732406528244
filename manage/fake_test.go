package manage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/script"
)

func TestMain(m *testing.M) {
	script.Worker()
	os.Exit(m.Run())
}

var _ manage.Engine = (*script.Engine)(nil)

// An engine runs scripts whose first line is "# go: name" by a Go function of
// that name; other scripts do not compile.
type engine struct {
	programs  map[string]manage.Program
	compiled  atomic.Int64
	closed    atomic.Int64
	temporary atomic.Bool // Compile has no time
	slow      time.Duration
}

type temporaryError struct{}

func (temporaryError) Error() string   { return "all workers are busy" }
func (temporaryError) Temporary() bool { return true }

func (e *engine) Compile(ctx context.Context, file string, source []byte) (manage.Program, error) {
	e.compiled.Add(1)
	if e.temporary.Load() {
		return nil, temporaryError{}
	}
	select {
	case <-time.After(e.slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	line, _, _ := strings.Cut(string(source), "\n")
	name, ok := strings.CutPrefix(line, "# go: ")
	if !ok {
		return nil, fmt.Errorf("%s:1:5: got newline, want go", file)
	}
	if text, ok := strings.CutPrefix(name, "say "); ok {
		return answer(200, "text/plain; charset=utf-8", text), nil
	}
	p := e.programs[name]
	if p == nil {
		return func(context.Context, *http.Request, io.Writer) (*http.Response, error) {
			return nil, fmt.Errorf("%s: def handler is missing", file)
		}, nil
	}
	return p, nil
}

func (e *engine) Close() error {
	e.closed.Add(1)
	return nil
}

// answer returns a program that always answers the same.
func answer(status int, kind, body string) manage.Program {
	return func(context.Context, *http.Request, io.Writer) (*http.Response, error) {
		return response(status, kind, body), nil
	}
}

func response(status int, kind, body string) *http.Response {
	h := http.Header{}
	if kind != "" {
		h.Set("Content-Type", kind)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// newEngine returns an engine with the handlers of the fixtures.
func newEngine() *engine {
	return &engine{programs: map[string]manage.Program{
		"hello": func(_ context.Context, r *http.Request, _ io.Writer) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return response(200, "text/plain", "Hello World"), nil
			}
			return response(404, "text/html; charset=utf-8", ""), nil
		},
		"json":        answer(200, "application/json", `{"a":1}`),
		"jsoncharset": answer(200, "application/json; charset=utf-8", `{"a":1}`),
		"html":        answer(200, "text/html", "<script>alert(1)</script>"),
		"dict": func(context.Context, *http.Request, io.Writer) (*http.Response, error) {
			return nil, errors.New("dict.py:2:2: handler returned dict; return a string or a Response")
		},
		"raise": func(_ context.Context, _ *http.Request, log io.Writer) (*http.Response, error) {
			fmt.Fprintln(log, "about to fail")
			return nil, errors.New("raise.py:3:1: in handler: secret text")
		},
		"busy": func(context.Context, *http.Request, io.Writer) (*http.Response, error) { return nil, temporaryError{} },
		"echo": func(_ context.Context, r *http.Request, _ io.Writer) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			return response(200, "text/plain; charset=utf-8", strings.TrimSpace(r.Method+" "+r.URL.RawQuery+" "+string(body))), err
		},
		"seen": func(ctx context.Context, r *http.Request, _ io.Writer) (*http.Response, error) {
			b, err := json.Marshal(map[string]any{
				"account": manage.AccountFrom(ctx), "path": r.URL.Path, "header": r.Header, "length": r.ContentLength,
			})
			return response(200, "application/json", string(b)), err
		},
		"panic": func(context.Context, *http.Request, io.Writer) (*http.Response, error) { panic("secret panic") },
		"wait": func(ctx context.Context, _ *http.Request, _ io.Writer) (*http.Response, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}}
}

// bearer knows tokA of account A, and so on.
func bearer() []endpoint.Authenticator {
	return []endpoint.Authenticator{endpoint.BearerAuth(func(_ context.Context, token string) (*endpoint.User, error) {
		account, ok := strings.CutPrefix(token, "tok")
		if !ok || len(account) != 1 {
			return nil, endpoint.ErrCredentials
		}
		return &endpoint.User{ID: account}, nil
	})}
}

// A service is a Manager being served, with what is around it.
type service struct {
	*manage.Manager

	t       testing.TB
	api     *endpoint.API
	engine  *engine
	dir     string // of the scripts
	log     *lockedLog
	options manage.Options
	source  func(name string) string // of the script for a handler of the fixtures
}

// open serves a Manager with the scripts of a new directory.
func open(t testing.TB, change ...func(o *manage.Options)) *service {
	t.Helper()
	s := &service{t: t, engine: newEngine(), dir: t.TempDir(), log: new(lockedLog), source: func(name string) string { return "# go: " + name + "\n" }}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	s.options = manage.Options{
		Scripts: root, Engine: s.engine, Authenticators: bearer(),
		Logger: slog.New(slog.NewTextHandler(s.log, nil)),
	}
	for _, f := range change {
		f(&s.options)
	}
	s.Manager, err = manage.Open(t.Context(), s.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.api = endpoint.New(endpoint.Logger(s.options.Logger))
	s.api.Add(s.Manager)
	if err := s.api.Compile(); err != nil {
		t.Fatal(err)
	}
	return s
}

// A lockedLog may be written and read concurrently.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const root = "/api/v1/http-endpoint/"

// do sends a request as an account; header has names and values in turn.
func (s *service) do(account, method, path, body string, header ...string) *httptest.ResponseRecorder {
	return s.doContext(context.Background(), account, method, path, body, header...)
}

func (s *service) doContext(ctx context.Context, account, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, root+path, strings.NewReader(body))
	if account != "" {
		r.Header.Set("Authorization", "Bearer tok"+account)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return w
}

// want sends a request and fails the test unless the answer has the status.
func (s *service) want(status int, account, method, path, body string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.do(account, method, path, body, header...)
	if w.Code != status {
		s.t.Fatalf("%s %s %s: status %d, want %d: %s", method, path, body, w.Code, status, w.Body)
	}
	return w
}

// script writes a file of the scripts.
func (s *service) script(file, source string) {
	s.t.Helper()
	name := filepath.Join(s.dir, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(source), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// put creates an endpoint whose handler is a script of the engine.
func (s *service) put(account, id, path, script string) {
	s.t.Helper()
	s.script(account+"/"+script+".py", s.source(script))
	s.want(201, account, "PUT", id, fmt.Sprintf(`{"path":%q,"handler_script_path":"/%s/%s.py"}`, path, account, script))
}

func decode[T any](t testing.TB, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return v
}

// eventually polls until ok says true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 5 s", what)
		}
	}
}
