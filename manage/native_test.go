package manage_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
)

type greeting struct {
	Name  string `query:"name" validate:"required"`
	Times int    `query:"times" default:"1" validate:"max=3"`
}

type database struct{ name string }

var errSold = errors.New("sold out")

func TestGoHandlers(t *testing.T) {
	leak.Check(t)
	s := open(t, func(o *manage.Options) {
		o.HandlerAPI = func() *endpoint.API {
			api := endpoint.New(
				endpoint.MapError(errSold, http.StatusGone, "nothing is left"),
				endpoint.Depends(func(r *http.Request) error {
					if r.Header.Get("X-Guard") != "" {
						return endpoint.Errorf(http.StatusForbidden, "the guard says no")
					}
					return nil
				}))
			api.Provide(&database{"db"})
			return api
		}
		o.Handlers = map[string]any{
			"greet": func(in greeting, u *endpoint.User, db *database) string {
				return strings.Repeat("hello "+in.Name, in.Times) + " from " + u.ID + " of " + db.name
			},
			"account": func(ctx context.Context) string { return manage.AccountFrom(ctx) + " " + endpoint.CurrentUserID(ctx) },
			"json":    func(in map[string]any) map[string]any { return in },
			"path":    func(r *http.Request) string { return r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization") },
			"nothing": func() {},
			"sold":    func() error { return errSold },
			"fail":    func() error { return errors.New("secret cause") },
			"panic":   func() { panic("secret panic") },
			"html": func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, "<script>")
			},
			"cookie": func() *endpoint.Response {
				return (&endpoint.Response{Body: "x"}).Cookie(&http.Cookie{Name: "a", Value: "b"})
			},
			"endless": func() iter.Seq2[string, error] {
				return func(yield func(string, error) bool) {
					for yield(strings.Repeat("x", 1000), nil) {
					}
				}
			},
			"half": func(w http.ResponseWriter) error {
				w.Header().Set("Content-Type", "text/plain")
				_, _ = io.WriteString(w, "half")
				return errors.New("secret cause")
			},
			"abort":   func() { panic(http.ErrAbortHandler) },
			"late":    func(w http.ResponseWriter) { w.WriteHeader(204); w.Header().Set("X-Late", "x") },
			"handler": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", http.StatusGone) }),
		}
	})
	for name := range s.options.Handlers {
		s.want(201, "A", "PUT", name, `{"path":"`+name+`","handler_script_path":"`+name+`"}`)
	}
	const text, js = "text/plain; charset=utf-8", "application/json"
	for _, test := range []struct {
		reason, method, path, body string
		header                     []string
		status                     int
		kind, answer               string
	}{
		{"typed input", "GET", "greet?name=bo&times=2", "", nil, 200, text, "hello bohello bo from A of db"},
		{"a fault of the input", "GET", "greet?times=9", "", nil, 422, js, `"name":"times","code":"max"`},
		{"a guard", "GET", "greet?name=bo", "", []string{"X-Guard", "x"}, 403, js, `"detail":"the guard says no"`},
		{"the account", "POST", "account", "", nil, 200, text, "A A"},
		{"JSON", "POST", "json", `{"b":1,"a":[2]}`, []string{"Content-Type", js}, 200, js, `{"a":[2],"b":1}`},
		{"JSON of another type", "POST", "json", `{}`, nil, 415, js, ""},
		{"the path as requested", "DELETE", "path?x", "", nil, 200, text, "DELETE " + root + "u/path"},
		{"HEAD is GET to it", "HEAD", "path", "", nil, 200, text, ""},
		{"no result", "GET", "nothing", "", nil, 204, "", ""},
		{"a mapped error", "GET", "sold", "", nil, 410, js, "nothing is left"},
		{"an error", "GET", "fail", "", nil, 500, js, `{"title":"Internal Server Error","status":500}`},
		{"a panic", "GET", "panic", "", nil, 500, js, `{"title":"Internal Server Error","status":500}`},
		{"HTML", "GET", "html", "", nil, 500, text, "the handler failed"},
		{"a cookie", "GET", "cookie", "", nil, 200, text, "x"},
		{"a stream without end", "GET", "endless", "", nil, 500, text, "the handler failed"},
		{"half an answer", "GET", "half", "", nil, 500, text, "the handler failed"},
		{"an abort", "GET", "abort", "", nil, 500, text, "the handler failed"},
		{"a late header", "GET", "late", "", nil, 204, "", ""},
		{"an http.Handler", "GET", "handler", "", nil, 410, text, "gone"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := s.want(test.status, "A", test.method, "u/"+test.path, test.body, test.header...)
			if got := w.Header().Get("Content-Type"); got != test.kind {
				t.Errorf("content type %q, want %q", got, test.kind)
			}
			if !strings.Contains(w.Body.String(), test.answer) || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("body %q, want %q", w.Body, test.answer)
			}
			if h := w.Header(); h.Get("Set-Cookie") != "" || h.Get("X-Late") != "" {
				t.Errorf("header %v", h)
			}
			id, _, _ := strings.Cut(test.path, "?")
			if c := s.lastCall("A", id); c.Status != test.status || (c.Error != "") != (test.status >= 500) {
				t.Errorf("the owner sees %+v", c)
			}
		})
	}
	if c := s.lastCall("A", "fail"); !strings.Contains(c.Error, "secret cause") {
		t.Errorf("the owner sees %+v", c)
	}
	if c := s.lastCall("A", "half"); !strings.Contains(c.Error, "secret cause") {
		t.Errorf("the owner sees %+v", c)
	}
	s.want(400, "A", "PATCH", "fail", `{"handler_script_path":"../x"}`)
}

// Without scripts a handler has to be one of the host's.
func TestGoHandlersAlone(t *testing.T) {
	s := open(t, func(o *manage.Options) {
		o.Scripts, o.Engine = nil, nil
		o.Handlers = map[string]any{"b": func() {}, "a": func() {}}
	})
	w := s.want(400, "A", "PUT", "x", `{"path":"p","handler_script_path":"/h.py"}`)
	if !strings.Contains(w.Body.String(), "names no handler; write one of a, b") {
		t.Error(w.Body)
	}
}

// A handler that the host took away is an error of the endpoint.
func TestGoHandlerGone(t *testing.T) {
	store := manage.Memory()
	r := manage.Record{Account: "A", ID: "x", Path: "p", Handler: "old", Enabled: true}
	if _, err := store.Create(t.Context(), "A", r); err != nil {
		t.Fatal(err)
	}
	s := open(t, func(o *manage.Options) {
		o.Scripts, o.Engine, o.Store = nil, nil, store
		o.Handlers = map[string]any{"new": func() {}}
	})
	s.want(500, "A", "GET", "u/p", "")
	if w := s.want(200, "A", "GET", "x", ""); !strings.Contains(w.Body.String(), `"error":"no Go function has this name`) {
		t.Error(w.Body)
	}
}

// TestHandlerNames checks that a Go function may have the name of a file, which
// it takes the place of, and that without an engine there are no files.
func TestHandlerNames(t *testing.T) {
	leak.Check(t)
	const name = "/jaydoe/my_repo/fs/Instabase Drive/handlers/hello.py"
	s := open(t, func(o *manage.Options) {
		o.Engine = nil
		o.Handlers = map[string]any{name: func() string { return "Hello World" }}
	})
	for path, target := range map[string]string{"one": name, "two": name[1:]} {
		s.want(201, "A", "PUT", path, `{"path":"`+path+`","handler_script_path":"`+target+`"}`)
		if a := s.want(200, "A", "GET", "u/"+path, ""); a.Body.String() != "Hello World" {
			t.Errorf("%s: %q", target, a.Body)
		}
	}
	s.want(400, "A", "PUT", "three", `{"path":"three","handler_script_path":"/other.py"}`)
}
