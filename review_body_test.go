package endpoint

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// What a review of pooled memory, bodies and middleware found.

type (
	reviewMarshal   struct{}
	reviewUnmarshal struct{}
)

// MarshalJSONTo panics.
func (reviewMarshal) MarshalJSONTo(*jsontext.Encoder) error { panic("marshalling") }

// UnmarshalJSONFrom panics.
func (*reviewUnmarshal) UnmarshalJSONFrom(*jsontext.Decoder) error { panic("unmarshalling") }

// What panics within JSON spoils no answer but its own.
func TestReviewPanicInJSON(t *testing.T) {
	api := reviewAPI()
	api.Post("marshal", func() reviewMarshal { return reviewMarshal{} })
	api.Post("unmarshal", func([]reviewUnmarshal) {})
	api.Post("good", func(in []int) []int { return in })
	for range 20 {
		for _, path := range []string{"/marshal", "/unmarshal"} {
			if w := reviewAsk(api, reviewPost(path, "[1]")); w.Code != 500 {
				t.Fatalf("%s: status %d", path, w.Code)
			}
			if w := reviewAsk(api, reviewPost("/good", "[1]")); w.Code != 200 || w.Body.String() != "[1]" {
				t.Fatalf("after %s: %d %s", path, w.Code, w.Body)
			}
		}
	}
}

// Below http.TimeoutHandler as middleware a handler may outlive the request: no
// memory is shared without care, and no file of an upload is left.
func TestReviewTimeoutHandler(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	release, ended := make(chan struct{}), make(chan struct{})
	api := reviewAPI(MaxBody(8<<20), Use(func(next http.Handler) http.Handler { return next }))
	timeout := func(next http.Handler) http.Handler {
		return http.TimeoutHandler(next, 10*time.Millisecond, "slow")
	}
	api.Post("x", func(struct {
		F *File `file:"f"`
	}) {
	}, Use(timeout, reviewEnded(ended)))
	body := "--b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n" + strings.Repeat("x", 3<<20) + "\r\n--b--\r\n"
	rest := reviewWait{release, strings.NewReader(body[2<<20:])}
	r := httptest.NewRequest("POST", "/x", io.MultiReader(strings.NewReader(body[:2<<20]), rest))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	if w := reviewAsk(api, r); w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
	close(release)
	<-ended
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Middleware may try again: the second answer is that of the second try.
func TestReviewRetry(t *testing.T) {
	tries := 0
	api := reviewAPI()
	api.Get("x", func() error { tries++; return Errorf(503, "try %d", tries) }, Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(httptest.NewRecorder(), r)
			next.ServeHTTP(w, r)
		})
	}))
	if w := reviewAsk(api, httptest.NewRequest("GET", "/x", nil)); w.Code != 503 || !strings.Contains(w.Body.String(), "try 2") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A body that middleware took away is not there.
func TestReviewBodyTakenAway(t *testing.T) {
	api := reviewAPI()
	for _, body := range []io.ReadCloser{nil, http.NoBody} {
		path := fmt.Sprintf("x%v", body != nil)
		api.Post(path, func(b []byte) string { return string(b) }, Use(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r = r.Clone(r.Context())
				r.Body = body
				next.ServeHTTP(w, r)
			})
		}))
		if err := api.Compile(); err != nil {
			t.Fatal(err)
		}
		if w := reviewAsk(api, reviewPost("/"+path, "secret")); w.Code != 200 || w.Body.String() != "" {
			t.Errorf("body %v: %d %s", body, w.Code, w.Body)
		}
	}
}

// Who read the body by BodyBytes before leaves it to the handler.
func TestReviewBodyBytesBefore(t *testing.T) {
	read := func(ctx context.Context) error {
		b, err := RequestFrom(ctx).BodyBytes()
		if err == nil && len(b) == 0 {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	middleware := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := read(r.Context()); err != nil {
				t.Error(err)
			}
			next.ServeHTTP(w, r)
		})
	}
	list := func(in []int) []int { return in }
	form := func(in struct {
		A int `form:"a"`
	}) []int {
		return []int{in.A}
	}
	for _, tt := range []struct {
		name, body string
		fn         any
		opt        Option
	}{
		{"JSON below a guard", "[1]", list, Depends(read)},
		{"JSON below middleware", "[1]", list, Use(middleware)},
		{"a form below a guard", "a=1", form, Depends(read)},
		{"a form below middleware", "a=1", form, Use(middleware)},
	} {
		api := reviewAPI()
		api.Post("x", tt.fn, tt.opt)
		r := reviewPost("/x", tt.body)
		if tt.body == "a=1" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if w := reviewAsk(api, r); w.Body.String() != "[1]" {
			t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
		}
	}
}

// What wraps the API may have read the body. No deadline is left on the
// connection then, which would look like a lost client to a long answer.
func TestReviewBufferedBody(t *testing.T) {
	buffer := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body) // of a string
			r.Body = io.NopCloser(bytes.NewReader(b))
			next.ServeHTTP(w, r)
		})
	}
	var conn *reviewConn
	handler := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(200)
		if conn.readDeadline().IsZero() {
			t.Error("no deadline while the server may have to drain the body")
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		if at := conn.readDeadline(); !at.IsZero() {
			t.Errorf("the deadline %v is left", time.Until(at))
		}
	}
	outside, inside, nothing := reviewAPI(), reviewAPI(Use(buffer)), reviewAPI(Use(buffer), NotFound(http.HandlerFunc(handler)))
	outside.Post("x", handler)
	inside.Post("x", handler)
	for _, h := range []http.Handler{buffer(outside), inside, nothing} {
		conn = newReviewConn()
		conn.serve(h, reviewPost("/x", "[1]"))
	}
}

// OPTIONS is bounded as every other answer is: a client that announces a body
// and does not send it is let go.
func TestReviewOptionsUnreadBody(t *testing.T) {
	api := reviewAPI()
	api.Post("x", func() {})
	conn := newReviewConn()
	r := reviewPost("/x", "never sent")
	r.Method = http.MethodOptions
	conn.serve(api, r)
	if at := conn.readDeadline(); conn.Code != 204 || conn.Header().Get("Allow") != "OPTIONS, POST" || time.Until(at) <= 0 {
		t.Errorf("status %d, %v, deadline %v", conn.Code, conn.Header(), at)
	}
}

// Guards that need the body, be it by a provider that another guard asked for
// first, run in their order after those that need none.
func TestReviewGuardOrder(t *testing.T) {
	type user struct{ name string }
	var order []string
	note := func(what string) func(user) { return func(user) { order = append(order, what) } }
	api := reviewAPI()
	api.Provide(func(in struct {
		Names []string `body:""`
	}) user {
		order = append(order, "provider")
		return user{in.Names[0]}
	})
	api.Post("x", func(u user) string { return u.name },
		Depends(note("first"), note("second"), func() { order = append(order, "early") }))
	w := reviewAsk(api, reviewPost("/x", `["a"]`))
	if d := cmp.Diff([]string{"early", "provider", "first", "second"}, order); d != "" || w.Code != 200 {
		t.Errorf("%d %s: (-want +got)\n%s", w.Code, w.Body, d)
	}
}

// reviewKept tells whether APIs with the functions that make returns are kept
// when nobody has them any more, and what the functions hold.
func reviewKept(t *testing.T, fn func(held *[64]byte) any) (api, held bool) {
	t.Helper()
	a, h := func() (weak.Pointer[API], weak.Pointer[[64]byte]) {
		api, held := reviewAPI(), new([64]byte)
		api.Post("x", fn(held))
		if w := reviewAsk(api, reviewPost("/x", "{}")); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		return weak.Make(api), weak.Make(held)
	}()
	for range 5 {
		runtime.GC()
	}
	return a.Value() != nil, h.Value() != nil
}

// Frames are shared by the type of the handler, and outlive an API. They hold
// nothing of it.
func TestReviewDroppedAPI(t *testing.T) {
	type in struct{ A int }
	type result struct{ A byte }
	for _, tt := range []struct {
		name string
		fn   func(held *[64]byte) any
	}{
		{"by reflection", func(held *[64]byte) any { return func(in in) result { return result{held[in.A]} } }},
		{"typed", func(held *[64]byte) any {
			return Typed(func(_ context.Context, in in) (result, error) { return result{held[in.A]}, nil })
		}},
	} {
		if api, held := reviewKept(t, tt.fn); api || held {
			t.Errorf("%s: the API is kept: %v, what the handler holds: %v", tt.name, api, held)
		}
	}
}

type (
	nested  []nested
	nestedA map[string]nestedB
	nestedB []nestedA
)

// TestReviewNestedCollections compiles bodies with collections that hold
// themselves, where the search for structs must end.
func TestReviewNestedCollections(t *testing.T) {
	type body struct {
		List nested  `json:"list" validate:"max=2"`
		Map  nestedA `json:"map"`
	}
	api := New()
	api.Post("/", func(in body) body { return in })
	for _, c := range []struct {
		body string
		want int
	}{
		{`{"list":[[],[[]]],"map":{"a":[{}]}}`, 200},
		{`{"list":[[],[],[]]}`, 422},
		{`{"map":{"a":[[]]}}`, 422},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", c.body, w.Code, w.Body, c.want)
		}
	}
}
