package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A rightShape is a handler of an accepted form, and one request of it.
type rightShape struct {
	form    string
	path    string
	fn      any
	typed   any // the same for Typed, nil if it has another shape
	method  string
	target  string // default: the path
	kind    string // content type of the body
	body    string
	accept  string
	status  int // default 200
	want    string
	wantTyp string // media type of the answer, "" for not looked at
}

type (
	rightUser struct {
		Name string `json:"name"`
	}
	rightInput struct {
		ID   int    `path:"id"`
		Full bool   `query:"full"`
		Lang string `header:"Accept-Language"`
	}
	rightForm struct {
		Name string `form:"name"`
	}
	rightFile struct {
		Doc  *File   `file:"doc"`
		More []*File `file:"more"`
	}
	rightMixed struct {
		rightInput
		User rightUser `body:""`
	}
	rightFields struct {
		Time   time.Time         `query:"time"`
		Wait   time.Duration     `query:"wait" default:"1s"`
		Opt    Opt[int]          `query:"opt"`
		Ptr    *string           `query:"ptr"`
		IDs    []int             `query:"ids,comma"`
		Tags   []string          `query:"tag"`
		Filter map[string]string `query:"filter"`
		Seen   string            `cookie:"seen" default:"never"`
	}
	rightGreeting struct {
		Configuration
		Text string
	}
	rightDefault struct {
		Configuration
		Text string
	}
	rightStore  struct{ name string }
	rightReader interface{ Load() string }
	rightColour string
)

func (rightDefault) Default() rightDefault { return rightDefault{Text: "default"} }

func (s *rightStore) Load() string { return s.name }

func (c *rightColour) UnmarshalText(b []byte) error {
	if len(b) != 3 {
		return errors.New("three letters")
	}
	*c = rightColour(b)
	return nil
}

const rightJSON = "application/json"

// rightParameters is every accepted form of a parameter.
func rightParameters() []rightShape {
	return []rightShape{
		{form: "nothing", path: "x", fn: func() string { return "ok" }, want: "ok"},
		{form: "context", path: "x", fn: func(ctx context.Context) string { return RequestFrom(ctx).Method }, want: "GET"},
		{form: "*Request", path: "x/:id", target: "/x/7", fn: func(r *Request) string { return r.Param("id") }, want: "7"},
		{form: "*http.Request", path: "x/:id", target: "/x/7", fn: func(r *http.Request) string { return r.PathValue("id") }, want: "7"},
		{form: "writer", path: "x", fn: func(w http.ResponseWriter) { fmt.Fprint(w, "ok") }, want: "ok"},
		{form: "writer and error", path: "x", fn: func(w http.ResponseWriter, _ *http.Request) error {
			_, err := fmt.Fprint(w, "ok")
			return err
		}, want: "ok"},
		{form: "http.Handler", path: "x/:id", target: "/x/7", fn: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.PathValue("id"))
		}), want: "7"},
		{form: "string", path: "x/:id", target: "/x/a%2Fb", fn: func(id string) string { return id }, want: "a/b"},
		{form: "rest by position", path: "x/*rest", target: "/x/a/b", fn: func(rest string) string { return rest }, want: "a/b"},
		{form: "scalars", path: "x/:a/:b/:c", target: "/x/true/-7/2.5", fn: func(a bool, b int8, c float64) string { return fmt.Sprint(a, b, c) }, want: "true -7 2.5"},
		{form: "unsigned and duration", path: "x/:a/:b", target: "/x/7/1m", fn: func(b uint16, d time.Duration) string { return fmt.Sprint(b, d) }, want: "7 1m0s"},
		{form: "text unmarshaler", path: "x/:a", target: "/x/red", fn: func(c rightColour) string { return string(c) }, want: "red"},
		{form: "Params", path: "x/:id", target: "/x/7?id=8&q=1", fn: func(p Params) string { return p.Get("id") + p.Get("q") }, want: "71"},
		{form: "url.Values", path: "x", target: "/x?q=1&q=2", fn: func(v url.Values) string { return strings.Join(v["q"], "+") }, want: "1+2"},
		{form: "*endpoint.User", path: "x", fn: func(u *User) string { return fmt.Sprint(u == nil) }, want: "true"},
		{form: "http.Header", path: "x", accept: "text/plain", fn: func(h http.Header) string { return h.Get("Accept") }, want: "text/plain"},
		{form: "io.Reader", path: "x", method: "POST", body: "raw", fn: func(r io.Reader) (string, error) {
			b, err := io.ReadAll(r)
			return string(b), err
		}, want: "raw"},
		{form: "[]byte", path: "x", method: "POST", body: "raw", fn: func(b []byte) string { return string(b) }, want: "raw"},
		{form: "input", path: "x/:id", target: "/x/7?full=true", fn: func(_ context.Context, in rightInput) (string, error) {
			return fmt.Sprint(in.ID, in.Full), nil
		}, typed: Typed(func(_ context.Context, in rightInput) (string, error) { return fmt.Sprint(in.ID, in.Full), nil }), want: "7 true"},
		{form: "pointer to input", path: "x/:id", target: "/x/7", fn: func(_ context.Context, in *rightInput) (string, error) {
			return fmt.Sprint(in.ID), nil
		}, typed: Typed(func(_ context.Context, in *rightInput) (string, error) { return fmt.Sprint(in.ID), nil }), want: "7"},
		{form: "every kind of field", path: "x", target: "/x?time=2006-01-02T15:04:05Z&opt=1&ids=1,2&tag=a&tag=b&filter[k]=v", fn: rightFieldsText,
			want: "2006 1s {1 true false} true [1 2] [a b] map[k:v] never"},
		{form: "no input", path: "x", fn: func(context.Context, struct{}) (string, error) { return "ok", nil },
			typed: Typed(func(context.Context, struct{}) (string, error) { return "ok", nil }), want: "ok"},
		{form: "form", path: "x", method: "POST", kind: "application/x-www-form-urlencoded", body: "name=Ann", fn: func(in rightForm) string { return in.Name }, want: "Ann"},
		{form: "body field", path: "x/:id", method: "POST", target: "/x/7", kind: rightJSON, body: `{"name":"Ann"}`, fn: func(in rightMixed) string {
			return fmt.Sprint(in.ID, in.User.Name)
		}, want: "7Ann"},
		{form: "body", path: "x", method: "POST", kind: rightJSON, body: `{"name":"Ann"}`, fn: func(_ context.Context, u rightUser) (rightUser, error) { return u, nil },
			typed: Typed(func(_ context.Context, u rightUser) (rightUser, error) { return u, nil }), want: `{"name":"Ann"}`, wantTyp: rightJSON},
		{form: "pointer to body", path: "x", method: "POST", kind: rightJSON, body: `{"name":"Ann"}`, fn: func(_ context.Context, u *rightUser) (*rightUser, error) { return u, nil },
			typed: Typed(func(_ context.Context, u *rightUser) (*rightUser, error) { return u, nil }), want: `{"name":"Ann"}`},
		{form: "map", path: "x", method: "POST", kind: rightJSON, body: `{"a":1}`, fn: func(m map[string]int) string { return fmt.Sprint(m["a"]) }, want: "1"},
		{form: "slice", path: "x", method: "POST", kind: rightJSON, body: `[1,2]`, fn: func(l []int) string { return fmt.Sprint(l) }, want: "[1 2]"},
		{form: "body beside position", path: "x/:id", method: "POST", target: "/x/7", kind: rightJSON, body: `{"name":"Ann"}`, fn: func(u rightUser, id int) string { return fmt.Sprint(id, u.Name) }, want: "7Ann"},
		{form: "configuration", path: "x", fn: func(g rightGreeting) string { return g.Text }, want: "hello"},
		{form: "default configuration", path: "x", fn: func(d rightDefault) string { return d.Text }, want: "default"},
		{form: "provided value", path: "x", fn: func(s *rightStore) string { return s.name }, want: "store"},
		{form: "provided interface", path: "x", fn: func(r rightReader) string { return r.Load() }, want: "store"},
		{form: "any order", path: "x/:id", method: "POST", target: "/x/7", kind: rightJSON, body: `{"name":"Ann"}`, fn: func(id int, s *rightStore, u rightUser, ctx context.Context, g rightGreeting, h http.Header) string {
			return fmt.Sprint(id, s.name, u.Name, ctx.Err(), g.Text, len(h) > 0)
		}, want: "7storeAnn<nil>hellotrue"},
	}
}

func rightFieldsText(in rightFields) string {
	return fmt.Sprint(in.Time.Year(), " ", in.Wait, " ", in.Opt, " ", in.Ptr == nil, " ", in.IDs, " ", in.Tags, " ", in.Filter, " ", in.Seen)
}

func rightSeq(yield func(int) bool) { _ = yield(1) && yield(2) }

func rightSeq2(yield func(rightUser, error) bool) { yield(rightUser{"Ann"}, nil) }

// rightResults is every accepted form of a result.
func rightResults() []rightShape {
	ok := errors.New("no")
	return []rightShape{
		{form: "no result", path: "x", fn: func() {}, status: 204},
		{form: "nil error", path: "x", fn: func() error { return nil }, status: 204},
		{form: "error", path: "x", fn: func() error { return Errorf(409, "taken").Wrap(ok) }, status: 409, wantTyp: "application/problem+json"},
		{form: "text", path: "x", fn: func() string { return "ok" }, want: "ok", wantTyp: "text/plain"},
		{form: "text and error", path: "x", fn: func() (string, error) { return "", Errorf(409, "taken") }, status: 409},
		{form: "own text type", path: "x", fn: func() rightColour { return "red" }, want: "red", wantTyp: "text/plain"},
		{form: "bytes", path: "x", fn: func() []byte { return []byte("ok") }, want: "ok", wantTyp: "application/octet-stream"},
		{form: "Response", path: "x", fn: func() Response { return Response{Status: 201, Body: "ok"} }, status: 201, want: "ok"},
		{form: "*Response", path: "x", fn: func() *Response { return Respond(201, rightUser{"Ann"}) }, status: 201, want: `{"name":"Ann"}`, wantTyp: rightJSON},
		{form: "nil *Response", path: "x", fn: func() *Response { return nil }, status: 204},
		{form: "Media", path: "x", fn: func() Media { return Media{ContentType: "text/css", Content: strings.NewReader("a{}")} }, want: "a{}", wantTyp: "text/css"},
		{form: "io.Reader", path: "x", fn: func() io.Reader { return strings.NewReader("raw") }, want: "raw", wantTyp: "application/octet-stream"},
		{form: "reader type", path: "x", fn: func() (*strings.Reader, error) { return strings.NewReader("raw"), nil }, want: "raw"},
		{form: "iter.Seq", path: "x", fn: func() iter.Seq[int] { return rightSeq }, want: "1\n2\n", wantTyp: "application/jsonl"},
		{form: "iter.Seq as JSON", path: "x", accept: rightJSON, fn: func() iter.Seq[int] { return rightSeq }, want: "[1,2]", wantTyp: rightJSON},
		{form: "iter.Seq2", path: "x", fn: func() iter.Seq2[rightUser, error] { return rightSeq2 }, want: `{"name":"Ann"}` + "\n"},
		{form: "nil iterator", path: "x", fn: func() iter.Seq[int] { return nil }, status: 204},
		{form: "events", path: "x", fn: func() iter.Seq2[Event, error] {
			return func(yield func(Event, error) bool) { yield(Event{Data: "a\nb"}, nil) }
		}, want: "data: a\ndata: b\n\n", wantTyp: "text/event-stream"},
		{form: "http.Handler", path: "x", fn: func() http.Handler { return http.RedirectHandler("/y", http.StatusFound) }, status: 302},
		{form: "struct", path: "x", fn: func() rightUser { return rightUser{"Ann"} }, want: `{"name":"Ann"}`, wantTyp: rightJSON},
		{form: "nil pointer", path: "x", fn: func() *rightUser { return nil }, want: "null", wantTyp: rightJSON},
		{form: "nil slice", path: "x", fn: func() []int { return nil }, want: "[]"},
		{form: "map", path: "x", fn: func() map[int]string { return map[int]string{2: "b", 1: "a"} }, want: `{"1":"a","2":"b"}`},
		{form: "number", path: "x", fn: func() int { return 7 }, want: "7", wantTyp: rightJSON},
		{form: "bool and error", path: "x", fn: func() (bool, error) { return true, nil }, want: "true"},
		{form: "any", path: "x", fn: func() any { return "text" }, want: "text", wantTyp: "text/plain"},
		{form: "nil any", path: "x", fn: func() any { return nil }, want: "null", wantTyp: rightJSON},
	}
}

// TestRightShapes proves that every accepted form compiles and answers, and
// that calls with and without reflection answer alike.
func TestRightShapes(t *testing.T) {
	defer func() { fastPaths = true }()
	for _, list := range [][]rightShape{rightParameters(), rightResults()} {
		for _, s := range list {
			for _, fast := range []bool{true, false} {
				fastPaths = fast
				t.Run(fmt.Sprintf("%s/fast=%t", s.form, fast), func(t *testing.T) { s.try(t, s.fn) })
				if s.typed != nil {
					t.Run(fmt.Sprintf("%s/Typed/fast=%t", s.form, fast), func(t *testing.T) { s.try(t, s.typed) })
				}
			}
		}
	}
}

// try serves fn and checks the answer to three requests, so that what a frame
// keeps of the one before would be seen.
func (s rightShape) try(t *testing.T, fn any) {
	t.Helper()
	api := New(Logger(slog.New(slog.DiscardHandler)))
	api.Configure(rightGreeting{Text: "hello"})
	api.Provide(&rightStore{"store"}, func(s *rightStore) rightReader { return s })
	api.Handle(s.path, fn)
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, s.request())
		status := s.status
		if status == 0 {
			status = http.StatusOK
		}
		if w.Code != status || s.want != "" && w.Body.String() != s.want {
			t.Errorf("%d %q, want %d %q", w.Code, w.Body, status, s.want)
		}
		if got, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); s.wantTyp != "" && got != s.wantTyp {
			t.Errorf("content type %q, want %q", got, s.wantTyp)
		}
	}
}

func (s rightShape) request() *http.Request {
	method, target := s.method, s.target
	if method == "" {
		method = http.MethodGet
	}
	if target == "" {
		target = "/" + s.path
	}
	r := httptest.NewRequest(method, target, strings.NewReader(s.body))
	if s.body == "" {
		r.Body = http.NoBody
	}
	for name, value := range map[string]string{"Content-Type": s.kind, "Accept": s.accept} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return r
}

// TestRightShapeFile is the form whose request a table cannot hold.
func TestRightShapeFile(t *testing.T) {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for _, name := range []string{"doc", "more", "more"} {
		w, err := m.CreateFormFile(name, name+".txt")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, "content of "+name)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	read := func(_ context.Context, in rightFile) (string, error) {
		f, err := in.Doc.Open()
		if err != nil {
			return "", err
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		return fmt.Sprintf("%s: %s, %d more", in.Doc.Name, b, len(in.More)), err
	}
	shape := rightShape{path: "x", method: "POST", kind: m.FormDataContentType(), body: body.String(), want: "doc.txt: content of doc, 2 more"}
	defer func() { fastPaths = true }()
	for _, fast := range []bool{true, false} {
		fastPaths = fast
		shape.try(t, read)
		shape.try(t, Typed(read))
	}
}
