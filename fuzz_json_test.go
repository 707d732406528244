package endpoint

import (
	stdjson "encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// An independent reading of JSON: a parser after RFC 8259 that refuses what
// the documentation says is refused, and an assignment by hand.

// A fuzzJSONValue is one of nil, bool, fuzzNumber, string, []any and fuzzObject.
type (
	fuzzNumber string
	fuzzObject map[string]any
)

var (
	errFuzzJSON   = errors.New("no JSON")
	fuzzJSONDigit = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`)
)

// A fuzzParser parses strictly; its faults are panics with errFuzzJSON.
type fuzzParser struct {
	text  string
	depth int
}

// fuzzParse returns the value of a text, or errFuzzJSON.
func fuzzParse(text string) (v any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	p := &fuzzParser{text: text}
	v = p.value()
	p.space()
	if p.text != "" {
		panic(errFuzzJSON)
	}
	return v, nil
}

func (p *fuzzParser) space() { p.text = strings.TrimLeft(p.text, " \t\r\n") }

// take removes a literal that must be there.
func (p *fuzzParser) take(s string) {
	rest, ok := strings.CutPrefix(p.text, s)
	if !ok {
		panic(errFuzzJSON)
	}
	p.text = rest
}

// ahead reports whether the next token begins with s.
func (p *fuzzParser) ahead(s string) bool {
	p.space()
	return strings.HasPrefix(p.text, s)
}

func (p *fuzzParser) value() any {
	switch {
	case p.ahead("{"):
		return p.object()
	case p.ahead("["):
		return p.array()
	case p.ahead(`"`):
		return p.str()
	case p.ahead("null"):
		p.take("null")
		return nil
	case p.ahead("true"):
		p.take("true")
		return true
	case p.ahead("false"):
		p.take("false")
		return false
	}
	n := fuzzJSONDigit.FindString(p.text)
	if n == "" {
		panic(errFuzzJSON)
	}
	p.take(n)
	return fuzzNumber(n)
}

func (p *fuzzParser) enter() {
	if p.depth++; p.depth > 64 {
		panic(errFuzzJSON)
	}
}

func (p *fuzzParser) object() any {
	p.enter()
	p.take("{")
	o := fuzzObject{}
	for first := true; !p.ahead("}"); first = false {
		if !first {
			p.take(",")
			p.space()
		}
		name := p.str()
		if _, twice := o[name]; twice {
			panic(errFuzzJSON)
		}
		p.space()
		p.take(":")
		o[name] = p.value()
	}
	p.take("}")
	p.depth--
	return o
}

func (p *fuzzParser) array() any {
	p.enter()
	p.take("[")
	list := []any{}
	for first := true; !p.ahead("]"); first = false {
		if !first {
			p.take(",")
		}
		list = append(list, p.value())
	}
	p.take("]")
	p.depth--
	return list
}

var fuzzSurrogate = regexp.MustCompile(`(?i)\\u(d[89ab][0-9a-f]{2})(\\u(d[c-f][0-9a-f]{2}))?|\\u(d[c-f][0-9a-f]{2})`)

// str reads a string; encoding/json unescapes what was found to be strict.
func (p *fuzzParser) str() string {
	if !strings.HasPrefix(p.text, `"`) {
		panic(errFuzzJSON)
	}
	end := 1
	for end < len(p.text) && p.text[end] != '"' {
		if p.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.text) {
		panic(errFuzzJSON)
	}
	raw := p.text[:end+1]
	p.text = p.text[end+1:]
	var s string
	if !utf8.ValidString(raw) || stdjson.Unmarshal([]byte(raw), &s) != nil || strings.Contains(s, "\x00") {
		panic(errFuzzJSON)
	}
	plain := strings.ReplaceAll(raw, `\\`, "") // so that \\u is not \u
	for _, m := range fuzzSurrogate.FindAllStringSubmatch(plain, -1) {
		if m[1] == "" || m[2] == "" {
			panic(errFuzzJSON) // half of a pair
		}
	}
	return s
}

type fuzzDoc struct {
	fuzzBase
	Name  string               `json:"name" validate:"required"`
	Age   int8                 `json:"age" default:"7"`
	Ratio float32              `json:"ratio"`
	Ptr   *uint16              `json:"ptr" default:"3"`
	Opt   Opt[string]          `json:"opt"`
	Tags  []string             `json:"tags" default:"a,b"`
	Inner fuzzInner            `json:"inner"`
	Child *fuzzInner           `json:"child"`
	List  []fuzzInner          `json:"list"`
	Map   map[string]fuzzInner `json:"map"`
	Maps  []map[string]*int    `json:"maps"`
	Any   any                  `json:"any"`
	Color fuzzColor            `json:"color"`
	OptIn Opt[fuzzInner]       `json:"optin"`
	Pair  [2]bool              `json:"pair"`
	Skip  string               `json:"-"`
	Odd   string               `json:"a/b~c"`
}

type fuzzInner struct {
	X int         `json:"x" validate:"required"`
	Y *int        `json:"y" default:"5"`
	Z *fuzzInner  `json:"z"`
	W []fuzzInner `json:"w"`
}

// fuzzBase is embedded; its name is hidden by the outer one.
type fuzzBase struct {
	Name bool   `json:"name"`
	Base string `json:"base" default:"b"`
}

// fuzzAssign puts a parsed value into v; it reports what does not fit.
func fuzzAssign(v reflect.Value, j any) bool {
	t := v.Type()
	if strings.HasPrefix(t.Name(), "Opt[") {
		v.FieldByName("Set").SetBool(true)
		v.FieldByName("Null").SetBool(j == nil)
		return j == nil || fuzzAssign(v.FieldByName("Value"), j)
	}
	if j == nil {
		v.SetZero()
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
			return true
		}
		return false
	}
	if t == reflect.TypeFor[fuzzColor]() {
		s, ok := j.(string)
		return ok && v.Addr().Interface().(*fuzzColor).UnmarshalText([]byte(s)) == nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		return fuzzAssign(v.Elem(), j)
	case reflect.Interface:
		plain, ok := fuzzPlain(j)
		v.Set(reflect.ValueOf(plain))
		return ok
	case reflect.Struct:
		o, ok := j.(fuzzObject)
		return ok && fuzzMembers(v, o, map[string]bool{})
	case reflect.Slice, reflect.Array:
		return fuzzElements(v, j)
	case reflect.Map:
		o, ok := j.(fuzzObject)
		v.Set(reflect.MakeMap(t))
		for name, e := range o {
			elem := reflect.New(t.Elem()).Elem()
			ok = fuzzAssign(elem, e) && ok
			v.SetMapIndex(reflect.ValueOf(name), elem)
		}
		return ok
	}
	return fuzzBasic(v, j)
}

func fuzzElements(v reflect.Value, j any) bool {
	list, ok := j.([]any)
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
	}
	ok = ok && v.Len() == len(list)
	for i := range min(len(list), v.Len()) {
		ok = fuzzAssign(v.Index(i), list[i]) && ok
	}
	return ok
}

// fuzzBasic assigns strings, booleans and numbers.
func fuzzBasic(v reflect.Value, j any) bool {
	switch x := j.(type) {
	case string:
		if v.Kind() != reflect.String {
			return false
		}
		v.SetString(x)
		return true
	case bool:
		if v.Kind() != reflect.Bool {
			return false
		}
		v.SetBool(x)
		return true
	case fuzzNumber:
		if v.Kind() == reflect.String || v.Kind() == reflect.Bool {
			return false
		}
		n, ok := fuzzScalar(v.Type(), string(x))
		v.Set(n)
		return ok
	}
	return false
}

// fuzzMembers assigns the members of an object, defaults and what is required.
func fuzzMembers(v reflect.Value, o fuzzObject, hidden map[string]bool) bool {
	ok := true
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("json")
		if f.Anonymous || name == "-" || hidden[name] {
			continue
		}
		hidden[name] = true
		j, sent := o[name]
		switch required := f.Tag.Get("validate") == "required"; {
		case !sent && required, sent && j == nil && required:
			ok = false
		case sent:
			ok = fuzzAssign(v.Field(i), j) && ok
		default:
			ok = fuzzField(v.Field(i), reflect.StructField{Tag: f.Tag}, nil, false) && ok
			fuzzNested(v.Field(i), f)
		}
	}
	for i := range t.NumField() {
		if t.Field(i).Anonymous {
			ok = fuzzMembers(v.Field(i), o, hidden) && ok
		}
	}
	return ok
}

// fuzzNested sets the defaults within a struct that was not sent.
func fuzzNested(v reflect.Value, f reflect.StructField) {
	if f.Type == reflect.TypeFor[fuzzInner]() {
		v.Set(reflect.ValueOf(fuzzInner{Y: new(5)}))
	}
}

// fuzzPlain is a value as it stands in an any.
func fuzzPlain(j any) (any, bool) {
	ok := true
	switch x := j.(type) {
	case fuzzNumber:
		n, err := strconv.ParseFloat(string(x), 64)
		return n, err == nil
	case fuzzObject:
		m := map[string]any{}
		for k, e := range x {
			plain, good := fuzzPlain(e)
			m[k], ok = plain, ok && good
		}
		return m, ok
	case []any:
		list := []any{}
		for _, e := range x {
			plain, good := fuzzPlain(e)
			list, ok = append(list, plain), ok && good
		}
		return list, ok
	}
	return j, true
}

var fuzzDocs = []string{
	`{"name":"a"}`, `{}`, `{"name":null}`, `{"name":""}`, `{"name":"a","age":null}`, `{"name":"a","age":128}`, `{"name":"a","age":1.0}`,
	`{"name":"a","opt":null,"ptr":null,"tags":null}`, `{"name":"a","tags":[]}`, `{"name":"a","tags":["x",null]}`,
	`{"name":"a","inner":{"x":0}}`, `{"name":"a","inner":{}}`, `{"name":"a","list":[{"x":1},{"y":2}]}`, `{"name":"a","map":{"k":{"x":1},"l":null}}`,
	`{"name":"a","maps":[{"a":1,"b":null},null]}`, `{"name":"a","any":{"a":[1,"x",null,{"a":1}]}}`, `{"name":"a","color":"red"}`, `{"name":"a","color":"green"}`,
	`{"name":"a","child":{"x":1,"z":{"x":2,"w":[{"x":3}]}}}`, `{"name":"a","optin":{"x":1}}`, `{"name":"a","optin":{}}`, `{"name":"a","pair":[true,false]}`, `{"name":"a","pair":[true]}`,
	`{"name":"a","name":"b"}`, `{"name":"a","\u006eame":"b"}`, `{"NAME":"a"}`, `{"name":"a","x":{"a":1,"a":2}}`, `{"name":"\u0000"}`, `{"name":"\\u0000"}`, `{"name":"\ud800"}`, `{"name":"\ud83d\ude00"}`,
	`{"name":"` + "\xff" + `"}`, `{"name":"a"} `, `{"name":"a"}{}`, `{"name":"a",}`, "null", "[]", "", " ", `"x"`, "\xef\xbb\xbf{}",
	`{"name":"a","any":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, `{"name":"a","any":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
	`{"name":"[[[[{{{{","a/b~c":"x","base":"y"}`, `{"name":"a","ratio":1e39}`, `{"name":"a","ratio":-0.0e-1}`, `{"name":"a","any":1e999}`, `{"name":"a","Skip":"x","-":"y"}`,
	`{"name":"a","inner":{"x":null}}`, `{"name":"a","map":{"a/b":{}}}`, `{"name":"\/\b\f\n\r\t\"\\\u00e9"}`, `{"name":"` + "a\nb" + `"}`,
}

func FuzzJSON(f *testing.F) {
	var got *fuzzDoc
	api := New(fuzzSilent())
	api.Post("doc", func(in *fuzzDoc) { got = in })
	if err := api.Compile(); err != nil {
		f.Fatal(err)
	}
	for _, s := range fuzzDocs {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest("POST", "/doc", strings.NewReader(text))
		r.Header.Set("Content-Type", "application/json")
		got = nil
		w := fuzzServe(t, api, r)
		j, err := fuzzParse(text)
		if err != nil {
			// A member of the wrong type may come before what is no JSON.
			if w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity {
				t.Fatalf("status %d for what is no JSON: %q", w.Code, text)
			}
			return
		}
		want := new(fuzzDoc)
		ok := true
		if j == nil {
			want = nil
		} else {
			ok = fuzzAssign(reflect.ValueOf(want).Elem(), j)
		}
		switch {
		case !ok && w.Code != http.StatusUnprocessableEntity:
			t.Fatalf("status %d for what does not fit: %q", w.Code, text)
		case ok && w.Code != http.StatusNoContent:
			t.Fatalf("status %d for %q: %s", w.Code, text, w.Body)
		case ok && !reflect.DeepEqual(got, want):
			t.Fatalf("%q: got\n%+v, want\n%+v", text, got, want)
		}
	})
}

type (
	FuzzEmbedded struct {
		Name string `json:"name" validate:"required,min=3"`
	}
	fuzzHides struct {
		FuzzEmbedded
		Name string `json:"name" validate:"max=2"`
	}
	fuzzPointed struct {
		*FuzzEmbedded
		X int `json:"x"`
	}
	fuzzPlainPointed struct {
		*FuzzPlainBase
		X int `json:"x" validate:"min=1"`
	}
	FuzzPlainBase struct {
		Y *int `json:"y"`
	}
	fuzzNullable struct {
		Opt  Opt[fuzzBounded]  `json:"opt"`
		Ptr  *fuzzBounded      `json:"ptr"`
		Opts []Opt[int]        `json:"opts" validate:"dive,omitnil,min=1"`
		Num  Opt[int]          `json:"num" validate:"min=1"`
		Deep Opt[*fuzzBounded] `json:"deep"`
	}
	fuzzBounded struct {
		N int `json:"n" validate:"min=1"`
		R int `json:"r" validate:"required"`
	}
	fuzzMapped struct {
		Map map[string]fuzzBounded `json:"map"`
	}
)

// TestFuzzEmbedding has what embedding hides and what null leaves alone.
func TestFuzzEmbedding(t *testing.T) {
	api := New(fuzzSilent())
	api.Post("hides", func(d fuzzHides) string { return d.Name + "|" + d.FuzzEmbedded.Name })
	api.Post("nullable", func(fuzzNullable) {})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path, body, reason string
		status             int
	}{
		{"/hides", `{"name":"ab"}`, "the outer field's rules hold", 200},
		{"/hides", `{}`, "the hidden field's required does not", 200},
		{"/hides", `{"name":"abc"}`, "the outer field's rules hold", 422},
		{"/nullable", `{}`, "nothing was sent", 204},
		{"/nullable", `{"opt":null,"ptr":null,"opts":null,"num":null,"deep":null}`, "null has no members that rules could hold", 204},
		{"/nullable", `{"opts":[null,1]}`, "omitnil lets null elements be", 204},
		{"/nullable", `{"opts":[0]}`, "an element breaks its rule", 422},
		{"/nullable", `{"num":0}`, "an explicit zero breaks its rule", 422},
		{"/nullable", `{"opt":{"n":1,"r":0}}`, "an explicit zero is present", 204},
		{"/nullable", `{"opt":{"r":0}}`, "an absent member has no rules to break", 204},
		{"/nullable", `{"opt":{"n":0,"r":1}}`, "an explicit zero breaks its rule", 422},
		{"/nullable", `{"opt":{"n":1}}`, "a required member is absent", 422},
		{"/nullable", `{"deep":{"n":1}}`, "a required member is absent", 422},
	}
	for _, tt := range tests {
		w := fuzzBoth(t, api, func() *http.Request { return fuzzPost(tt.path, "application/json", tt.body) })
		if w.Code != tt.status {
			t.Errorf("%s %s (%s): status %d, want %d: %s", tt.path, tt.body, tt.reason, w.Code, tt.status, w.Body)
		}
	}
}

// TestFuzzEmbeddedPointer: rules behind an embedded pointer would hold nothing,
// so they are refused when compiling; without rules it is fine.
func TestFuzzEmbeddedPointer(t *testing.T) {
	api := New(fuzzSilent())
	api.Post("p", func(fuzzPointed) {})
	if err := api.Compile(); err == nil || !strings.Contains(err.Error(), "embedded pointer") {
		t.Errorf("rules behind an embedded pointer give %v", err)
	}
	api = New(fuzzSilent())
	api.Post("p", func(fuzzPlainPointed) {})
	if err := api.Compile(); err != nil {
		t.Error(err)
	}
}

// TestFuzzMapOrder: the faults of a map's elements come in the order of their
// keys, so that the same request gets the same answer.
func TestFuzzMapOrder(t *testing.T) {
	api := New(fuzzSilent())
	api.Post("m", func(fuzzMapped) {})
	var b strings.Builder
	for i := range 60 {
		b.WriteString(`,"k` + strconv.Itoa(i) + `":{"n":-1,"r":1}`)
	}
	body := `{"map":{` + b.String()[1:] + `}}`
	first := fuzzServe(t, api, fuzzPost("/m", "application/json", body)).Body.String()
	for range 10 {
		if again := fuzzServe(t, api, fuzzPost("/m", "application/json", body)).Body.String(); again != first {
			t.Fatalf("the same request is answered\n%s and\n%s", first, again)
		}
	}
}
