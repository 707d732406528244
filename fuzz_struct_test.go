package endpoint

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fuzzForms are the field types that are made of each scalar; Opt needs its
// types written out.
func fuzzForms() []reflect.Type {
	types := []reflect.Type{
		reflect.TypeFor[Opt[string]](), reflect.TypeFor[Opt[bool]](), reflect.TypeFor[Opt[int]](), reflect.TypeFor[Opt[uint8]](),
		reflect.TypeFor[Opt[float64]](), reflect.TypeFor[Opt[time.Time]](), reflect.TypeFor[Opt[time.Duration]](),
		reflect.TypeFor[Opt[fuzzColor]](), reflect.TypeFor[Opt[fuzzName]](), reflect.TypeFor[Opt[fuzzLevel]](),
	}
	for _, t := range fuzzScalars {
		types = append(types, t, reflect.PointerTo(t), reflect.MapOf(reflect.TypeFor[string](), t), reflect.MapOf(reflect.TypeFor[fuzzName](), t))
		if t.Kind() != reflect.Uint8 {
			types = append(types, reflect.SliceOf(t))
		}
	}
	return types
}

// fuzzTexts are values that some type takes and others refuse.
var fuzzTexts = []string{
	"", "0", "1", "-1", "7", "255", "256", "-129", "1.5", "1e3", "true", "false", "yes", "red", "blue", "green",
	"a b", "a,b", "1,2,3", "1, 2", ",", "1m30s", "2006-01-02T15:04:05Z", "9223372036854775807", "18446744073709551616",
	"\x00", "\xff", "é", "％", strings.Repeat("9", 400),
}

// fuzzStruct makes an input struct: each field has a random type and source.
func fuzzStruct(rnd *rand.Rand, forms []reflect.Type, body bool) (reflect.Type, []string) {
	var fields []reflect.StructField
	var path []string
	for i := range 1 + rnd.IntN(12) {
		typ := forms[rnd.IntN(len(forms))]
		many := typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map
		sources := []string{"query", "header", "cookie", "path"}
		if body {
			sources = append(sources, "form")
		}
		source := sources[rnd.IntN(len(sources))]
		if typ.Kind() == reflect.Map || many && (source == "path" || source == "cookie") {
			source = "query"
		}
		name := fmt.Sprintf("%c%d", 'a'+rune(rnd.IntN(26)), i)
		option, extra := "", ""
		if typ.Kind() == reflect.Slice && rnd.IntN(2) == 0 {
			option = ",comma"
		}
		switch {
		case source == "path":
			path = append(path, name)
		case rnd.IntN(4) == 0:
			extra = ` validate:"required"`
		case rnd.IntN(3) == 0 && typ.Kind() != reflect.Map && !isOptType(typ):
			if def := fuzzDefault(typ); def != "" {
				extra = fmt.Sprintf(" default:%q", def)
			}
		}
		if source == "header" {
			name = "X-" + name
		}
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", i), Type: typ,
			Tag: reflect.StructTag(fmt.Sprintf("%s:%q%s", source, name+option, extra)),
		})
	}
	return reflect.StructOf(fields), path
}

// fuzzDefault returns a text that a type takes, or the elements of a map.
func fuzzDefault(t reflect.Type) string {
	if t.Kind() == reflect.Map {
		t = t.Elem()
	}
	for _, s := range []string{"1", "red", "1m30s", "2006-01-02T15:04:05Z"} {
		if fuzzField(reflect.New(t).Elem(), reflect.StructField{}, []string{s}, false) {
			return s
		}
	}
	return ""
}

// fuzzFill makes a request for a struct: most fields get what their type takes.
func fuzzFill(rnd *rand.Rand, t reflect.Type) fuzzRequest {
	r := fuzzRequest{path: map[string]string{}, headers: http.Header{}}
	var query, form, cookies []string
	for i := range t.NumField() {
		f := t.Field(i)
		n := 1
		if rnd.IntN(4) == 0 {
			n = rnd.IntN(4)
		}
		if _, ok := f.Tag.Lookup("path"); ok {
			n = 1
		}
		for range n {
			text := fuzzTexts[rnd.IntN(len(fuzzTexts))]
			if def := fuzzDefault(f.Type); def != "" && rnd.IntN(8) > 0 {
				text = def
			}
			switch tag := f.Tag; {
			case tag.Get("path") != "":
				if text == "" || strings.Contains(text, "\x00") || strings.Contains(text, "\xff") {
					text = "1"
				}
				r.path[tag.Get("path")] = text
			case tag.Get("header") != "":
				name, _, _ := strings.Cut(tag.Get("header"), ",")
				r.headers.Add(name, text)
			case tag.Get("cookie") != "":
				cookies = append(cookies, tag.Get("cookie")+"="+text)
			case tag.Get("form") != "":
				name, _, _ := strings.Cut(tag.Get("form"), ",")
				form = append(form, name+"="+url.QueryEscape(text))
			default:
				name, _, _ := strings.Cut(tag.Get("query"), ",")
				if f.Type.Kind() == reflect.Map {
					name += "[" + fuzzTexts[rnd.IntN(len(fuzzTexts))] + "]"
				}
				query = append(query, url.QueryEscape(name)+"="+url.QueryEscape(text))
			}
		}
	}
	if rnd.IntN(50) == 0 {
		query = append(query, "x=%zz")
	}
	if len(cookies) > 0 {
		r.headers.Set("Cookie", strings.Join(cookies, "; "))
	}
	r.query, r.form = strings.Join(query, "&"), strings.Join(form, "&")
	return r
}

// fuzzSend makes the http.Request of a fuzzRequest for an endpoint at "s/" and
// its path parameters.
func fuzzSend(r fuzzRequest, path []string) *http.Request {
	target := "/s"
	for _, name := range path {
		target += "/" + url.PathEscape(r.path[name])
	}
	request := httptest.NewRequest("POST", target, strings.NewReader(r.form))
	request.URL.RawQuery = r.query
	maps.Copy(request.Header, r.headers)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request
}

// TestFuzzStructs binds random input structs from random requests, by value
// and by pointer, and holds them to the independent binder: row 84 of the
// catalogue of attacks.
func TestFuzzStructs(t *testing.T) {
	structs := 150
	if os.Getenv("ENDPOINT_SOAK") != "" {
		structs = 10_000
	}
	rnd := rand.New(rand.NewPCG(84, 1))
	forms := fuzzForms()
	counts := map[int]int{}
	for range structs {
		typ, path := fuzzStruct(rnd, forms, true)
		in := typ
		if rnd.IntN(2) == 0 {
			in = reflect.PointerTo(typ)
		}
		var got reflect.Value
		fn := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{in}, nil, false), func(args []reflect.Value) []reflect.Value {
			got = reflect.Indirect(args[0])
			return nil
		})
		pattern := "s"
		for _, name := range path {
			pattern += "/:" + name
		}
		api := New(fuzzSilent())
		api.Post(pattern, fn.Interface())
		if err := api.Compile(); err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
		for range 20 {
			r := fuzzFill(rnd, typ)
			w := fuzzServe(t, api, fuzzSend(r, path))
			counts[w.Code]++
			fuzzHold(t, typ, r, w, func() any { return got.Interface() })
		}
	}
	for _, code := range []int{204, 400, 422} {
		if counts[code] < structs/20 {
			t.Errorf("only %d answers of status %d: %v", counts[code], code, counts)
		}
	}
}

// fuzzHold holds the answer for a struct to the independent binder.
func fuzzHold(t *testing.T, typ reflect.Type, r fuzzRequest, w *httptest.ResponseRecorder, got func() any) {
	t.Helper()
	want, faults, broken := fuzzBind(typ, r)
	switch {
	case broken:
		if w.Code != http.StatusBadRequest {
			t.Fatalf("%s: status %d for what cannot be split: %+q", typ, w.Code, r)
		}
	case len(faults) > 0:
		if w.Code != http.StatusUnprocessableEntity || !maps.Equal(fuzzFaults(t, w), faults) {
			t.Fatalf("%s: status %d, faults %v, want %v: %+q", typ, w.Code, fuzzFaults(t, w), faults, r)
		}
	case w.Code != http.StatusNoContent:
		t.Fatalf("%s: status %d for %+q: %s", typ, w.Code, r, w.Body)
	case !reflect.DeepEqual(got(), want.Interface()):
		t.Fatalf("%s: bound %+v, want %+v: %+q", typ, got(), want.Interface(), r)
	}
}

// A fuzzBomb panics when it is read.
type fuzzBomb struct{}

func (*fuzzBomb) UnmarshalText([]byte) error { panic("bomb") }

// TestFuzzPanickingType has a type of the user's panic while it is read: a 500
// without its text, and the next requests are served.
func TestFuzzPanickingType(t *testing.T) {
	type query struct {
		Bomb fuzzBomb `query:"bomb"`
	}
	type list struct {
		Bombs []fuzzBomb `header:"X-Bomb"`
	}
	type document struct {
		Bomb fuzzBomb `json:"bomb"`
	}
	api := New(fuzzSilent())
	api.Get("query", func(query) string { return "fine" })
	api.Get("list", func(*list) string { return "fine" })
	api.Get("path/:bomb", func(fuzzBomb) string { return "fine" })
	api.Post("body", func(document) string { return "fine" })
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	post := func(body string) *http.Request {
		r := httptest.NewRequest("POST", "/body", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		return r
	}
	header := httptest.NewRequest("GET", "/list", nil)
	header.Header.Set("X-Bomb", "1")
	tests := []struct {
		name    string
		request *http.Request
		status  int
	}{
		{"a query parameter panics", httptest.NewRequest("GET", "/query?bomb=1", nil), 500},
		{"the same endpoint without it serves on", httptest.NewRequest("GET", "/query", nil), 200},
		{"an element of a slice panics", header, 500},
		{"the same endpoint without it serves on", httptest.NewRequest("GET", "/list", nil), 200},
		{"a path parameter panics", httptest.NewRequest("GET", "/path/1", nil), 500},
		{"a member of a body panics", post(`{"bomb":"1"}`), 500},
		{"the same endpoint without it serves on", post(`{}`), 200},
	}
	for range 3 { // frames and calls are used again
		for _, tt := range tests {
			w := httptest.NewRecorder()
			r := tt.request
			if r.URL.Path == "/body" {
				r = post(map[int]string{500: `{"bomb":"1"}`, 200: `{}`}[tt.status])
			}
			api.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("%s: status %d, want %d", tt.name, w.Code, tt.status)
			}
			if w.Code == 500 && (strings.Contains(w.Body.String(), "bomb") || fuzzCheckProblem(t, w).Detail != "") {
				t.Errorf("%s: the answer tells what happened: %s", tt.name, w.Body)
			}
		}
	}
}

// isOptType reports an Opt, which takes no default.
func isOptType(t reflect.Type) bool {
	_, ok := isOpt(t)
	return ok
}
