package endpoint_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/testdata/shape"
)

// shapeText returns a handler that answers a text.
func shapeText(text string) func() string { return func() string { return text } }

// shapeAsk returns status and body of a GET request.
func shapeAsk(h http.Handler, target string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, http.NoBody))
	if w.Code != http.StatusOK {
		return fmt.Sprint(w.Code)
	}
	return w.Body.String()
}

// TestShapeNames checks how faults name functions: what a reader of the fault
// searches for in the source.
func TestShapeNames(t *testing.T) {
	api := endpoint.New(endpoint.Prefix("/api"))
	g := api.Group("v1", endpoint.Methods("GET"))
	tests := []struct {
		reason   string
		endpoint *endpoint.Endpoint
		want     string // places without lines
	}{
		{"a function", api.Post("a/:id", shapeNamed), "POST /a/:id: shapeNamed (endpoint/F.go) registered at endpoint/F.go"},
		{"a method value has no line", api.Get("b/:id", shapeMethods{}.Get), "GET /b/:id: shapeMethods.Get registered at endpoint/F.go"},
		{"a method of a pointer", api.Get("c/:id", (&shapePointer{}).Get), "GET /c/:id: (*shapePointer).Get registered at endpoint/F.go"},
		{"a closure is named after what it stands in", api.Get("d/:id", func() string { return "" }), "GET /d/:id: closure in TestShapeNames (endpoint/F.go) registered at endpoint/F.go"},
		{"a closure in a package variable", api.Get("e/:id", shapeClosure), "GET /e/:id: closure in package endpoint (endpoint/F.go) registered at endpoint/F.go"},
		{"what Typed was given", api.Get("f/:id", endpoint.Typed(shapeTyped)), "GET /f/:id: shapeTyped (endpoint/F.go) registered at endpoint/F.go"},
		{"an instance", api.Get("g/:id", shapeGeneric[int]), "GET /g/:id: shapeGeneric[...] (endpoint/F.go) registered at endpoint/F.go"},
		{"a group is part of the path, the API's prefix is not", g.Handle("h/:id", shapeNamed), "GET /v1/h/:id: shapeNamed (endpoint/F.go) registered at endpoint/F.go"},
		{"several methods", api.Handle("{i}/", shapeNamed), "GET,POST,PUT /:i/: shapeNamed (endpoint/F.go) registered at endpoint/F.go"},
		{"defined now, added later", shapeDefined, "GET,POST,PUT /j/:id: shapeNamed (endpoint/F.go) registered at endpoint/F.go"},
	}
	api.Add(shapeDefined)
	defer api.Remove(shapeDefined)
	err := api.Compile()
	if err == nil {
		t.Fatal("compiles")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(tests) {
		t.Fatalf("%d faults, want %d:\n%v", len(lines), len(tests), err)
	}
	place := regexp.MustCompile(`(endpoint/)shape_compile_test(\.go):\d+`)
	for i, tt := range tests {
		got, _, _ := strings.Cut(place.ReplaceAllString(lines[i], "${1}F$2"), ": path parameter ")
		if diff := cmp.Diff("endpoint: "+tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
		}
	}
}

type (
	shapeMethods struct{}
	shapePointer struct{}
)

func (shapeMethods) Get() string { return "" }

func (*shapePointer) Get() string { return "" }

func shapeNamed() string { return "" }

func shapeGeneric[T any]() string { return "" }

func shapeTyped(context.Context, struct{}) (string, error) { return "", nil }

var (
	shapeClosure = func() string { return "" }
	shapeDefined = endpoint.Define("j/:id", shapeNamed)
)

// TestCompileReportsAll puts all wrong endpoints into one API: each fault that
// one of them has alone is among those of the one Compile.
func TestCompileReportsAll(t *testing.T) {
	api := endpoint.New()
	var want []string
	for _, c := range shape.Cases() {
		one := c.API()
		api.Add(one)
		for text := range strings.SplitSeq(one.Compile().Error(), "\n") {
			ofNew := strings.Contains(text, "option UserRequired") && strings.Contains(text, "cors.go") // the dialect's, which stays behind
			if strings.Contains(text, " registered at ") && !strings.Contains(text, ": provider ") && !ofNew {
				want = append(want, shapePlain(text))
			}
		}
	}
	if len(want) < 120 {
		t.Fatalf("%d faults: too few to show anything", len(want))
	}
	err := api.Compile()
	if err == nil {
		t.Fatal("compiles")
	}
	got := map[string]int{}
	for text := range strings.SplitSeq(err.Error(), "\n") {
		got[shapePlain(text)]++
	}
	for _, text := range want {
		if got[text]--; got[text] < 0 {
			t.Errorf("not told: %s", text)
		}
	}
}

// shapePlain leaves lines out: a case called twice is registered twice.
func shapePlain(text string) string { return shapePlace.ReplaceAllString(text, "$1") }

// TestCompileKeepsServing serves without a pause while Compile fails and
// succeeds beside it.
func TestCompileKeepsServing(t *testing.T) {
	leak.Check(t)
	api := endpoint.New()
	api.Get("a", shapeText("first"))
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var asked, other atomic.Int64
	var clients sync.WaitGroup
	for range 2 {
		clients.Go(func() {
			for !stop.Load() || asked.Load() < 100 {
				asked.Add(1)
				if shapeAsk(api, "/a") != "first" {
					other.Add(1)
				}
			}
		})
	}
	for range 20 {
		wrong := api.Get("users/:id", shapeText(""))
		if api.Compile() == nil {
			t.Error("a wrong registration compiles")
		}
		api.Remove(wrong)
		if err := api.Compile(); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	clients.Wait()
	if n := other.Load(); n > 0 {
		t.Errorf("%d of %d requests were answered otherwise", n, asked.Load())
	}
}

// TestCompileTakesEffect follows registrations on an API that serves: each of
// them shows from the next Compile on, and only if that succeeds.
func TestCompileTakesEffect(t *testing.T) {
	api := endpoint.New()
	a := api.Get("a", shapeText("a"))
	ask := func(reason, want string) {
		t.Helper()
		got := fmt.Sprint(shapeAsk(api, "/a"), " ", shapeAsk(api, "/b"), " ", shapeAsk(api, "/c"))
		if got != want {
			t.Errorf("%s: a, b and c answer %s, want %s", reason, got, want)
		}
	}
	compile := func(fails bool) {
		t.Helper()
		if err := api.Compile(); (err != nil) != fails {
			t.Errorf("error %v, want one: %t", err, fails)
		}
	}
	compile(false)
	ask("compiled", "a 404 404")
	compile(false)
	ask("compiled twice", "a 404 404")

	api.Get("b", shapeText("b"))
	ask("registered", "a 404 404")
	compile(false)
	ask("and compiled", "a b 404")

	api.Configure(shapeConfiguration{Text: "one"})
	api.Get("c", func(c shapeConfiguration) string { return c.Text })
	compile(false)
	ask("configured", "a b one")
	api.Configure(shapeConfiguration{Text: "two"})
	ask("configured again", "a b one")
	compile(false)
	ask("and compiled", "a b two")

	api.Remove(a)
	wrong := api.Get("users/:id", shapeText(""))
	compile(true)
	ask("a failed Compile changes nothing", "a b two")
	compile(true)
	ask("nor does the next", "a b two")
	api.Remove(wrong)
	compile(false)
	ask("mended", "404 b two")
	api.Add(a)
	compile(false)
	ask("added again", "a b two")
}

type shapeConfiguration struct {
	endpoint.Configuration
	Text string
}

// TestCompileOnFirstRequest sends the first requests to an API that nobody
// compiled: it compiles once, however many come.
func TestCompileOnFirstRequest(t *testing.T) {
	leak.Check(t)
	shapeDefaults.Store(0)
	api := endpoint.New()
	api.Get("a", func(c shapeCounted) string { return c.Text })
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			if got := shapeAsk(api, "/a"); got != "counted" {
				t.Errorf("answer %s", got)
			}
		})
	}
	clients.Wait()
	if n := shapeDefaults.Load(); n != 1 {
		t.Errorf("compiled %d times", n)
	}
}

// shapeDefaults counts calls of Default, which Compile asks once.
var shapeDefaults atomic.Int64

type shapeCounted struct {
	endpoint.Configuration
	Text string
}

func (shapeCounted) Default() shapeCounted {
	shapeDefaults.Add(1)
	return shapeCounted{Text: "counted"}
}

// TestCompileFailsOnFirstRequest sends requests to an API with faults: each is
// answered with 500 that tells nothing, the log has the faults once, and a
// Compile that succeeds ends it.
func TestCompileFailsOnFirstRequest(t *testing.T) {
	leak.Check(t)
	var log bytes.Buffer // slog's handlers have a lock
	api := endpoint.New(endpoint.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	api.Get("a", shapeText("a"))
	wrong := api.Get("users/:id", shapeText(""))
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			w := httptest.NewRecorder()
			api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/a", http.NoBody))
			if body := w.Body.String(); w.Code != 500 || strings.Contains(body, "users") || strings.Contains(body, "compile") {
				t.Errorf("%d %s", w.Code, body)
			}
		})
	}
	clients.Wait()
	if n := strings.Count(log.String(), "bound by nothing"); n != 1 {
		t.Errorf("the fault is in the log %d times", n)
	}
	if n := strings.Count(log.String(), "request failed"); n != 16 {
		t.Errorf("%d of 16 refusals are in the log, as every 500 is", n)
	}
	if n := strings.Count(log.String(), "\n"); n != 17 {
		t.Errorf("%d lines, want 17:\n%s", n, log.String())
	}
	api.Remove(wrong)
	if got := shapeAsk(api, "/a"); got != "500" {
		t.Errorf("without Compile: %s", got)
	}
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	if got := shapeAsk(api, "/a"); got != "a" {
		t.Errorf("after Compile: %s", got)
	}
}
