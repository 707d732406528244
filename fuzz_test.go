package endpoint

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// The fuzz targets hold every reader of outside text to an invariant or to an
// independent reference; see fuzz_reference_test.go.

// A fuzzProblem is a problem document as a client reads it.
type fuzzProblem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Errors []FieldError `json:"errors"`
}

// fuzzCheckProblem checks a problem document and returns it.
func fuzzCheckProblem(t testing.TB, w *httptest.ResponseRecorder) fuzzProblem {
	t.Helper()
	var p fuzzProblem
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("status %d has content type %q", w.Code, got)
	}
	if w.Body.Len() > 16<<10 {
		t.Fatalf("problem of %d bytes", w.Body.Len())
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("problem is no JSON: %v: %s", err, w.Body)
	}
	if p.Status != w.Code || p.Title == "" || len(p.Errors) > 32 {
		t.Fatalf("problem of status %d is %s", w.Code, w.Body)
	}
	for _, f := range p.Errors {
		if f.In == "" || f.Code == "" || f.Message == "" {
			t.Fatalf("fault without source, code or message: %s", w.Body)
		}
	}
	return p
}

func fuzzSilent() Option { return Logger(slog.New(slog.NewTextHandler(io.Discard, nil))) }

// fuzzCapture returns an API with one endpoint that keeps what it was given.
func fuzzCapture[In any](t testing.TB, path string, opts ...Option) (api *API, got *In, calls *int) {
	t.Helper()
	got, calls = new(In), new(int)
	api = New(append(opts, fuzzSilent())...)
	api.Handle(path, func(in In) { *got = in; *calls++ }, Methods("*"))
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api, got, calls
}

// fuzzCompare holds an answer to what the reference says.
func fuzzCompare[In any](t testing.TB, w *httptest.ResponseRecorder, got In, r fuzzRequest) {
	t.Helper()
	want, faults, broken := fuzzBind(reflect.TypeFor[In](), r)
	switch {
	case broken:
		if w.Code != http.StatusBadRequest {
			t.Fatalf("status %d for what cannot be split: %+q", w.Code, r)
		}
	case len(faults) > 0:
		if w.Code != http.StatusUnprocessableEntity || !maps.Equal(fuzzFaults(t, w), faults) {
			t.Fatalf("status %d, faults %v, want %v: %+q", w.Code, fuzzFaults(t, w), faults, r)
		}
	case w.Code != http.StatusNoContent:
		t.Fatalf("status %d for %+q: %s", w.Code, r, w.Body)
	case !reflect.DeepEqual(got, want.Interface()):
		t.Fatalf("bound %+v, want %+v: %+q", got, want.Interface(), r)
	}
}

type fuzzQueryInput struct {
	Text   string            `query:"a"`
	Int    int8              `query:"n" default:"7"`
	Bool   *bool             `query:"b"`
	Float  Opt[float32]      `query:"f"`
	List   []string          `query:"l"`
	Comma  []uint16          `query:"c,comma"`
	Map    map[string]string `query:"m"`
	Named  map[fuzzName]int  `query:"k"`
	Color  fuzzColor         `query:"color"`
	Length time.Duration     `query:"d"`
	Times  []time.Time       `query:"t"`
	Level  Opt[fuzzLevel]    `query:"level"`
}

func FuzzQuery(f *testing.F) {
	api, got, _ := fuzzCapture[fuzzQueryInput](f, "q")
	for _, s := range []string{
		"", "a=1&n=2&b=true", "a=%zz", "a=1;n=2", "m[x]=1&m[y]=2", "m[x]=1&m[x]=2", "c=1,2&c=3,+4", "c=&c=,",
		"l=1&l=2&l=%00", "f=1e3", "f=NaN", "color=red&color=red", "d=1m30s", "t=2006-01-02T15:04:05Z", "a=%ff",
		"&&a&=&=1", "n=+1", "n=-0", "level=200", "level=-128", "m[%00]=1", "m[[]=1&m[]=2", "k[a]=x", "a=+%2B", "%61=1",
		"unknown=%zz", "b=TRUE", "n=1&n=x&n=3",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.Count(raw, "&") > 5000 {
			return // url.ParseQuery has a limit of its own
		}
		r := httptest.NewRequest("GET", "/q", nil)
		r.URL.RawQuery = raw
		w := fuzzServe(t, api, r)
		fuzzCompare(t, w, *got, fuzzRequest{query: raw})
	})
}

type fuzzFormInput struct {
	Text  string      `form:"a" validate:"required"`
	Int   int64       `form:"n"`
	Float float64     `form:"f" default:"0.5"`
	List  []fuzzName  `form:"l"`
	Comma []string    `form:"c,comma"`
	Uint  *uint32     `form:"u"`
	Opt   Opt[string] `form:"o"`
	Def   []int       `form:"def" default:"1,2"`
	I     string      `form:"i"`
	J     string      `form:"j"`
}

func FuzzForm(f *testing.F) {
	api, got, _ := fuzzCapture[fuzzFormInput](f, "f")
	for _, s := range []string{"", "a=", "a=1&n=9223372036854775808", "a=%", "a=1;b", "a=\xff", "a=x&c=1,2&l=1&l=2&u=3&o=&def=5", "a=1&a=2", "i=%F0%9F%98%80&a=0", "j=\x00&a=+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.Count(raw, "&") > 5000 {
			return
		}
		r := httptest.NewRequest("POST", "/f", strings.NewReader(raw))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := fuzzServe(t, api, r)
		fuzzCompare(t, w, *got, fuzzRequest{form: raw})
	})
}

type fuzzHeaderInput struct {
	Text  string        `header:"X-Text"`
	Int   uint8         `header:"x-int"`
	List  []string      `header:"X-List"`
	Comma []int         `header:"X-Comma,comma"`
	Opt   Opt[bool]     `header:"X-Opt"`
	When  *time.Time    `header:"X-When"`
	Wait  time.Duration `header:"X-Wait" default:"1s"`
}

func FuzzHeader(f *testing.F) {
	api, got, _ := fuzzCapture[fuzzHeaderInput](f, "h")
	names := []string{"X-Text", "X-Int", "X-List", "X-Comma", "X-Opt", "X-When", "X-Wait"}
	f.Add("a", "b", uint16(0))
	f.Add("255", "256", uint16(1|1<<3))
	f.Add("1, 2", "3,", uint16(3|3<<3))
	f.Add("true", "\xff", uint16(4|0<<3))
	f.Add("2006-01-02T15:04:05.5+01:00", "-1h", uint16(5|6<<3))
	f.Fuzz(func(t *testing.T, one, two string, which uint16) {
		h := http.Header{}
		h.Add(names[int(which&7)%len(names)], one)
		h.Add(names[int(which>>3&7)%len(names)], two)
		r := httptest.NewRequest("GET", "/h", nil)
		r.Header = h
		w := fuzzServe(t, api, r)
		fuzzCompare(t, w, *got, fuzzRequest{headers: h})
	})
}

type fuzzCookieInput struct {
	Session string     `cookie:"session"`
	Page    int        `cookie:"page" default:"1"`
	Theme   *fuzzColor `cookie:"theme"`
	Seen    Opt[bool]  `cookie:"seen"`
}

func FuzzCookie(f *testing.F) {
	api, got, _ := fuzzCapture[fuzzCookieInput](f, "c")
	for _, s := range []string{"", "session=a; page=2", `session="a b"; theme="red"`, "session=a; session=a", "page=", "session", "seen=1;;;", `session="`, "session=\x00", "a=b; a=c", strings.Repeat("a=b;", 60)} {
		f.Add(s, "")
		f.Add(s, "seen=0")
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		h := http.Header{"Cookie": {one, two}}
		r := httptest.NewRequest("GET", "/c", nil)
		r.Header = h
		w := fuzzServe(t, api, r)
		fuzzCompare(t, w, *got, fuzzRequest{headers: h})
	})
}

// fuzzScalars is a field of every scalar type.
var fuzzScalars = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](),
	reflect.TypeFor[int32](), reflect.TypeFor[int64](), reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](),
	reflect.TypeFor[uint32](), reflect.TypeFor[uint64](), reflect.TypeFor[float32](), reflect.TypeFor[float64](),
	reflect.TypeFor[time.Duration](), reflect.TypeFor[time.Time](), reflect.TypeFor[fuzzColor](), reflect.TypeFor[fuzzName](), reflect.TypeFor[fuzzLevel](),
}

func FuzzConvert(f *testing.F) {
	for _, s := range []string{"", "1", "-1", "+1", "01", "1_0", "0x10", "1e3", "1.", ".5", "-.5", "1e", "1e+", "NaN", "Inf", "-inf", "1e400", "1e-400", "３", " 1", "1 ", "true", "True", "t", "127", "128", "-129", "18446744073709551615", "18446744073709551616", "340282356779733661637539395458142568448", "1h", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05,5Z", "2006-01-02T5:04:05Z", "red"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range fuzzScalars {
			c, ok := scalar(typ)
			if !ok {
				t.Fatalf("%s has no converter", typ)
			}
			v := reflect.New(typ)
			got := c.set(v.Convert(c.ptr).Interface(), text)
			want, accepted := fuzzScalar(typ, text)
			if got != accepted {
				t.Fatalf("%s %q: accepted %v, want %v", typ, text, got, accepted)
			}
			if got && !reflect.DeepEqual(v.Elem().Interface(), want.Interface()) {
				t.Fatalf("%s %q: %v, want %v", typ, text, v.Elem(), want)
			}
		}
	})
}

func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"", "a+b", "%41", "%4", "%", "%zz", "a;b", "+;", "%3b", "\xff%ff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, "&=") {
			return // one value alone
		}
		p, ok := decodePairs([]byte("k=" + s))
		want, err := url.QueryUnescape(s)
		if accepted := err == nil && !strings.Contains(s, ";"); ok != accepted {
			t.Fatalf("%q: accepted %v, want %v", s, ok, accepted)
		}
		if ok && p.text[p.ends[0]:p.ends[1]] != want {
			t.Fatalf("%q: %q, want %q", s, p.text[p.ends[0]:p.ends[1]], want)
		}
	})
}
