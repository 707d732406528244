package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A fuzzAnswer is every byte of an answer that does not change by itself.
type fuzzAnswer struct {
	Code   int
	Header http.Header
	Body   string
	Cut    bool // the connection was cut
}

func fuzzAnswerOf(h http.Handler, r *http.Request) (a fuzzAnswer) {
	w := httptest.NewRecorder()
	defer func() {
		if v := recover(); v != nil {
			a.Cut = true
		}
		w.Header().Del("X-Request-Id") // random
		a.Code, a.Header, a.Body = w.Code, w.Header(), w.Body.String()
	}()
	h.ServeHTTP(w, r)
	return a
}

type (
	fuzzEqualInput struct {
		ID   int      `path:"a"`
		Tags []string `query:"tag" validate:"max=2"`
		Key  string   `header:"X-Key"`
	}
	fuzzEqualConfig struct {
		Configuration
		Greeting string
	}
	fuzzEqualDep struct{ n int }
)

var errFuzzEqual = errors.New("mapped")

// fuzzEqualPlain are handlers of every form: those with a path of their own
// take its parameters.
var fuzzEqualPlain = []struct {
	name, path string
	fn         any
}{
	{"nothing", "x", func() {}},
	{"an error, nil", "x", func() error { return nil }},
	{"an error", "x", func() error { return errFuzzEqual }},
	{"an error of ours", "x", func() error { return Errorf(404, "gone") }},
	{"a panic", "x", func() string { panic("x") }},
	{"ErrAbortHandler", "x", func() { panic(http.ErrAbortHandler) }},
	{"a text", "x", func() string { return "text" }},
	{"an empty text", "x", func() string { return "" }},
	{"a long text", "x", func() string { return strings.Repeat("x", 10_000) }},
	{"a text and an error", "x", func() (string, error) { return "t", errFuzzEqual }},
	{"a text and no error", "x", func() (string, error) { return "t", nil }},
	{"a context to a text", "x", func(ctx context.Context) string { return RequestFrom(ctx).Method }},
	{"a context to a text or error", "x", func(ctx context.Context) (string, error) { return RequestFrom(ctx).URL.Path, ctx.Err() }},
	{"a context to an error", "x", func(ctx context.Context) error { return ctx.Err() }},
	{"a path text", "x/:a", func(s string) string { return s }},
	{"a path text or error", "x/:a", func(s string) (string, error) {
		if s == "b" {
			return s, errFuzzEqual
		}
		return s, nil
	}},
	{"a context and a path text", "x/:a", func(_ context.Context, s string) (string, error) { return s, nil }},
	{"a rest", "x/*a", func(s string) string { return s }},
	{"a writer", "x", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Method) }},
	{"a writer that is left alone", "x", func(http.ResponseWriter, *http.Request) {}},
	{"a writer or error", "x", func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(202)
		return errFuzzEqual
	}},
	{"a writer and an error before", "x/:a", func(_ http.ResponseWriter, r *http.Request) error { return Errorf(400, "%s", r.PathValue("a")) }},
	{"an http.Handler", "x", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "e", http.StatusTeapot) })},
	{"two path parameters", "x/:a/:b", func(a int, b bool) string { return fmt.Sprint(a, b) }},
	{"a request", "x/:a", func(r *Request) string { return r.Param("a") + r.FullPath() }},
	{"all parameters", "x/:a", func(p Params) Params { return p }},
	{"a query", "x", func(v url.Values) url.Values { return v }},
	{"a header", "x", func(h http.Header) string { return h.Get("X-Key") }},
	{"a body of bytes", "x", func(b []byte) []byte { return b }},
	{"a reader", "x", func(r io.Reader) io.Reader { return r }},
	{"a document", "x", func(d fuzzInner) fuzzInner { return d }},
	{"a pointer to a document", "x", func(d *fuzzInner) *fuzzInner { return d }},
	{"a configuration", "x", func(c fuzzEqualConfig) string { return c.Greeting }},
	{"a dependency", "x", func(d *fuzzEqualDep) int { return d.n }},
	{"any, nil", "x", func() any { return nil }},
	{"any, a text", "x", func() any { return "t" }},
	{"a response", "x", func() *Response { return Respond(201, "t").Set("X-A", "b") }},
	{"a nil response", "x", func() *Response { return nil }},
	{"media", "x", func() Media { return Media{Content: strings.NewReader("abc"), Name: "a"} }},
	{"a sequence", "x", func() iter.Seq[int] { return func(yield func(int) bool) { _ = yield(1) && yield(2) } }},
	{"an element that fails", "x", func() iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, errFuzzEqual) }
	}},
	{"a result that cannot be JSON", "x", func() any { return map[string]any{"a": func() {}} }},
	{"a named text", "x", func() fuzzName { return "n" }},
	{"a map in order", "x", func() map[string]int { return map[string]int{"b": 1, "a": 2, "c": 3} }},
}

// fuzzEqualTyped are handlers that Typed takes: plain and typed.
var fuzzEqualTyped = []struct {
	name, path   string
	plain, typed any
}{
	fuzzPair("an input", "x/:a", func(_ context.Context, in fuzzEqualInput) (fuzzEqualInput, error) { return in, nil }),
	fuzzPair("a pointer to an input", "x/:a", func(_ context.Context, in *fuzzEqualInput) (*fuzzEqualInput, error) { return in, nil }),
	fuzzPair("a document", "x", func(_ context.Context, in fuzzInner) (fuzzInner, error) { return in, nil }),
	fuzzPair("a pointer to a document", "x", func(_ context.Context, in *fuzzInner) (*fuzzInner, error) { return in, nil }),
	fuzzPair("a path text", "x/:a", func(_ context.Context, a string) (string, error) { return a, nil }),
	fuzzPair("a path number", "x/:a", func(_ context.Context, a uint8) (uint8, error) { return a, nil }),
	fuzzPair("a list", "x", func(_ context.Context, in []int) (any, error) { return in, nil }),
	fuzzPair("bytes", "x", func(_ context.Context, in []byte) ([]byte, error) { return in, nil }),
	fuzzPair("a request", "x", func(_ context.Context, r *Request) (*Response, error) { return Respond(203, r.Method), nil }),
	fuzzPair("a configuration", "x", func(_ context.Context, c fuzzEqualConfig) (string, error) { return c.Greeting, nil }),
	fuzzPair("a dependency", "x", func(_ context.Context, d *fuzzEqualDep) (string, error) { return fmt.Sprint(d.n), nil }),
	fuzzPair("a dependency by value", "x", func(ctx context.Context, d time.Month) (string, error) {
		return fmt.Sprint(d, RequestFrom(ctx).Method), ctx.Err()
	}),
	fuzzPair("an error", "x/:a", func(_ context.Context, _ fuzzEqualInput) (fuzzEqualInput, error) {
		return fuzzEqualInput{}, errFuzzEqual
	}),
	fuzzPair("a panic", "x", func(_ context.Context, in fuzzInner) (fuzzInner, error) { panic(in.X) }),
	fuzzPair("a stream", "x", func(_ context.Context, in io.Reader) (io.Reader, error) { return in, nil }),
	fuzzPair("nil", "x", func(_ context.Context, _ url.Values) (any, error) { return nil, nil }),
}

func fuzzPair[In, Out any](name, path string, fn func(context.Context, In) (Out, error)) struct {
	name, path   string
	plain, typed any
} {
	return struct {
		name, path   string
		plain, typed any
	}{name, path, fn, Typed(fn)}
}

// fuzzEqualRequests are sent to every handler, twice, since frames are used again.
func fuzzEqualRequests() []*http.Request {
	var list []*http.Request
	for range 2 {
		for _, target := range []string{"/x", "/x/1", "/x/b", "/x/é", "/x/1/true", "/x/256/x", "/x/1?tag=a&tag=b", "/x/1?tag=a&tag=b&tag=c", "/x/%00", "/x?a=%zz", "/x/a%2Fb"} {
			for _, method := range []string{"GET", "HEAD", "PUT"} {
				r := httptest.NewRequest(method, target, nil)
				r.Header.Set("X-Key", "k")
				list = append(list, r)
			}
		}
		for _, body := range []string{"", "{}", `{"x":1}`, `{"x":1,"y":null,"w":[{"x":2}]}`, `{"x":"1"}`, "[1,2]", "null", "[", `{"x":1}{}`} {
			for _, target := range []string{"/x", "/x/1"} {
				list = append(list, fuzzPost(target, "application/json", body), fuzzPost(target, "text/plain", body))
			}
		}
	}
	return list
}

// fuzzEqualAPI serves one handler, compiled with or without fast paths.
func fuzzEqualAPI(t *testing.T, fast bool, path string, fn any, opts ...Option) *API {
	t.Helper()
	defer func(old bool) { fastPaths = old }(fastPaths)
	fastPaths = fast
	api := New(append(opts, fuzzSilent(), MapError(errFuzzEqual, 409, "mapped"))...)
	api.Configure(fuzzEqualConfig{Greeting: "hello"})
	api.Provide(func(r *Request) (*fuzzEqualDep, error) { return &fuzzEqualDep{len(r.Method)}, nil }, time.May)
	api.Handle(path, fn)
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api
}

// fuzzEqual sends all requests to two APIs and compares every byte.
func fuzzEqual(t *testing.T, what string, a, b *API) {
	t.Helper()
	ones, others := fuzzEqualRequests(), fuzzEqualRequests()
	for i := range ones {
		x, y := fuzzAnswerOf(a, ones[i]), fuzzAnswerOf(b, others[i])
		if !reflect.DeepEqual(x, y) {
			t.Fatalf("%s: %s %s answers\n%+v and\n%+v", what, ones[i].Method, ones[i].URL, x, y)
		}
	}
}

// fuzzEqualOptions are options under which the forms are compared.
var fuzzEqualOptions = map[string][]Option{
	"bare":      nil,
	"status":    {Status(207)},
	"JSON text": {TextAsJSON()},
	"strict":    {Strict(), OnError(func(_ *Request, err error) error { return err })},
	"timeout":   {Timeout(time.Minute)},
	"guard":     {Depends(func(context.Context) error { return nil })},
	"middleware": {Use(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) })
	})},
	"format": {ErrorFormat(func(_ *Request, e *Error) *Response { return Respond(0, e.Detail) })},
}

// TestFuzzFastPaths answers the requests with fast paths on and off.
func TestFuzzFastPaths(t *testing.T) {
	for name, opts := range fuzzEqualOptions {
		for _, tt := range fuzzEqualPlain {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				fuzzEqual(t, "without fast paths", fuzzEqualAPI(t, true, tt.path, tt.fn, opts...), fuzzEqualAPI(t, false, tt.path, tt.fn, opts...))
			})
		}
	}
}

// TestFuzzTyped answers the requests with typed and plain handlers.
func TestFuzzTyped(t *testing.T) {
	for name, opts := range fuzzEqualOptions {
		for _, tt := range fuzzEqualTyped {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				typed := fuzzEqualAPI(t, true, tt.path, tt.typed, opts...)
				fuzzEqual(t, "plain", typed, fuzzEqualAPI(t, true, tt.path, tt.plain, opts...))
				fuzzEqual(t, "typed without fast paths", typed, fuzzEqualAPI(t, false, tt.path, tt.typed, opts...))
			})
		}
	}
}

// TestFuzzStrictQuery tells the query parameters that Strict knows.
func TestFuzzStrictQuery(t *testing.T) {
	type input struct {
		Page   int            `query:"page"`
		Filter map[string]int `query:"filter"`
		Odd    string         `query:"odd[x]"`
	}
	api := New(fuzzSilent(), Strict())
	api.Get("q", func(input) {})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		query, reason string
		status        int
	}{
		{"page=1", "a declared scalar", 204},
		{"filter[a]=1&filter[b]=2", "entries of a declared map", 204},
		{"odd[x]=1", "a scalar whose name has brackets", 204},
		{"", "nothing", 204},
		{"pages=1", "an unknown name", 422},
		{"Page=1", "another case", 422},
		{"page[a]=1", "an entry of what is no map: nothing binds it", 422},
		{"filter=1", "a map without a key: nothing binds it", 422},
		{"filter[a=1", "an entry without its end", 422},
		{"filter[a][b]=1", "an entry of an entry", 422},
		{"filter[=1", "an entry without key and end", 422},
		{"=1", "an empty name", 422},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/q", nil)
		r.URL.RawQuery = tt.query
		if w := fuzzServe(t, api, r); w.Code != tt.status {
			t.Errorf("%q (%s): status %d, want %d", tt.query, tt.reason, w.Code, tt.status)
		}
	}
}
