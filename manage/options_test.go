package manage_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
)

func TestOptionFaults(t *testing.T) {
	leak.Check(t)
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, test := range []struct {
		change func(o *manage.Options)
		text   string
	}{
		{func(o *manage.Options) { o.Authenticators = nil }, "Authenticators is empty, so that everybody could manage endpoints"},
		{func(o *manage.Options) { o.Authenticators = []endpoint.Authenticator{nil} }, "Authenticators has a nil"},
		{func(o *manage.Options) { o.Scripts = nil }, "Engine is given but no Scripts"},
		{func(o *manage.Options) { o.Engine = nil }, "Scripts is given but no Engine"},
		{func(o *manage.Options) { o.Engine, o.Scripts = nil, nil }, "nothing handles requests; give Scripts and Engine, or Handlers"},
		{func(o *manage.Options) { o.Engine, o.Scripts, o.OwnScripts = nil, nil, true }, "OwnScripts is set but there are no Scripts"},
		{func(o *manage.Options) { o.MaxBody = -1 }, "MaxBody is negative"},
		{func(o *manage.Options) { o.MaxCalls = -1 }, "MaxCalls is negative"},
		{func(o *manage.Options) { o.HandlerAPI = func() *endpoint.API { return endpoint.New() } }, "HandlerAPI is given but no Handlers"},
		{func(o *manage.Options) { o.Handlers = map[string]any{"a/../b": func() {}} }, `Handlers has the name "a/../b", which is no path`},
		{func(o *manage.Options) { o.Handlers = map[string]any{"/a": func() {}, "a": func() {}} }, `Handlers has the names "/a" and "a", which are one`},
		{func(o *manage.Options) { o.Handlers = map[string]any{"": func() {}} }, `Handlers has the name ""`},
		{func(o *manage.Options) { o.Handlers = map[string]any{"x": nil} }, `no function for the name "x"`},
		{func(o *manage.Options) { o.Handlers = map[string]any{"x": func(chan int) {}} }, `handler "x"`},
		{func(o *manage.Options) { o.Handlers = map[string]any{"x": 1} }, `handler "x"`},
		{func(o *manage.Options) {
			o.Handlers = map[string]any{"x": func() {}}
			o.HandlerAPI = func() *endpoint.API { return nil }
		}, "HandlerAPI returned nil"},
		{func(o *manage.Options) { o.Store = brokenStore{manage.Memory()} }, "load the endpoints: the store is broken"},
	} {
		o := manage.Options{Scripts: root, Engine: newEngine(), Authenticators: bearer()}
		test.change(&o)
		m, err := manage.Open(t.Context(), o)
		if err == nil {
			m.Close()
			t.Errorf("opened, want an error with %q", test.text)
			continue
		}
		if !strings.HasPrefix(err.Error(), "manage.Open: ") || !strings.Contains(err.Error(), test.text) {
			t.Errorf("error %q, want one with %q", err, test.text)
		}
	}
	_, err = manage.Open(t.Context(), manage.Options{MaxBody: -1})
	if got := strings.Count(err.Error(), "\n"); got != 2 {
		t.Errorf("not all three faults are told: %v", err)
	}
	//nolint:staticcheck // a nil context is what is tested
	if _, err := manage.Open(nil, manage.Options{}); err == nil || !strings.Contains(err.Error(), "context.Background()") {
		t.Errorf("without a context: %v", err)
	}
}

type brokenStore struct{ manage.Store }

func (brokenStore) Load(context.Context) ([]manage.Record, int64, error) {
	return nil, 0, errors.New("the store is broken")
}

func TestClose(t *testing.T) {
	leak.Check(t)
	s := open(t)
	s.put("A", "x", "p", "hello")
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.engine.closed.Load(); n != 1 {
		t.Errorf("the engine was closed %d times", n)
	}
}

// What no request could have made is left out, and the rest is served.
func TestBadRecords(t *testing.T) {
	store := manage.Memory()
	for _, r := range []manage.Record{
		{Account: "A", ID: "list", Path: "p1", Handler: "/h.py", Enabled: true},
		{Account: "A", ID: "ok", Path: "p2", Handler: "/h.py", Enabled: true},
		{Account: "A", ID: "path", Path: "a/b", Handler: "/h.py", Enabled: true},
		{Account: "A", ID: "handler", Path: "p3", Handler: "/../h.py", Enabled: true},
		{Account: "", ID: "account", Path: "p4", Handler: "/h.py", Enabled: true},
	} {
		if _, err := store.Create(t.Context(), "A", r); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, func(o *manage.Options) { o.Store = store })
	if text := s.want(200, "A", "GET", "list", "").Body.String(); strings.Count(text, `"id"`) != 1 || !strings.Contains(text, `"ok"`) {
		t.Errorf("served are %s", text)
	}
	if n := strings.Count(s.log.String(), "managed endpoint is left out"); n != 4 {
		t.Errorf("%d records are logged, want 4:\n%s", n, s.log)
	}
}

func TestConsole(t *testing.T) {
	s := open(t)
	var paths []string
	for _, e := range s.Endpoints() {
		paths = append(paths, e.Path())
	}
	if !strings.Contains(strings.Join(paths, " "), "console/") {
		t.Errorf("no console in %v", paths)
	}
	s = open(t, func(o *manage.Options) { o.NoConsole = true })
	for _, e := range s.Endpoints() {
		if e.Path() == "console/" {
			t.Error("a console in spite of NoConsole")
		}
	}
}
