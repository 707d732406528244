package endpoint

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzEmail: what the accept pass takes for an address, the authority does too.
func FuzzEmail(f *testing.F) {
	for _, s := range []string{"a@b.co", "a.b+c@d-e.example", "a@b", "a@b.c", ".a@b.co", "a.@b.co", "a..b@c.de", "-a@b.co", "a@-b.co", "a@b-.co", "a@xn--bcher-kva.example", "a_b@1.2.co", strings.Repeat("a", 64) + "@b.co", "a@" + strings.Repeat("b", 63) + ".co", "a@b.co\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if isPlainEmail(s) && len(validateValue(s, "email")) > 0 {
			t.Fatalf("accepted %q, which the authority refuses", s)
		}
	})
}

// fuzzRuleTags are tags over all kinds, sensible ones and borders.
var fuzzRuleTags = []string{
	"min=3", "max=3", "len=3", "gt=3", "lt=3", "gte=3", "lte=3", "min=0", "max=0", "min=-1", "max=010", "min=010", "min=0x3", "max=1_0", "min=+3", "lte=3.5", "min=1,max=5",
	"oneof=a b c", "oneof=1 2 3", "oneof=01 2", "oneof='a b' c", "oneof=a0x2Cb", "oneof=a0x7Cb", "oneof=a\u00a0b", "oneof=-1 +1",
	"email", "alpha", "alphanum", "email|alpha", "oneof=a|alpha", "min=3|max=1", "omitempty,min=3", "omitempty,email", "omitnil,min=3", "omitzero,min=3",
	"dive,min=3", "min=2,dive,min=3", "max=2,dive,alpha", "dive,omitempty,min=3", "omitempty,dive,min=1,max=2", "dive,email", "dive,dive,min=2", "dive,required", "dive,keys,min=1,endkeys,min=3", "dive,oneof=1 2 3",
	"required", "required,min=3", "required,omitempty,max=2", "unique", "eq=3", "ne=3", "startswith=a", "numeric", "uuid", "url", "datetime=2006-01-02", "min=1s", "gt=1m",
}

// fuzzRuleTypes are the types that tags are tried on.
func fuzzRuleTypes() []reflect.Type {
	base := []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[fuzzName](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[uint](), reflect.TypeFor[uint64](),
		reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[time.Duration](), reflect.TypeFor[fuzzLevel](),
	}
	var all []reflect.Type
	for _, t := range base {
		all = append(all, t, reflect.PointerTo(t), reflect.SliceOf(t), reflect.SliceOf(reflect.PointerTo(t)), reflect.PointerTo(reflect.SliceOf(t)),
			reflect.MapOf(reflect.TypeFor[string](), t), reflect.SliceOf(reflect.SliceOf(t)))
	}
	return append(all, reflect.TypeFor[Opt[string]](), reflect.TypeFor[Opt[int]](), reflect.TypeFor[Opt[float64]](), reflect.TypeFor[Opt[[]string]](),
		reflect.TypeFor[[]Opt[int]](), reflect.TypeFor[[3]int](), reflect.TypeFor[fuzzFlat](), reflect.TypeFor[*fuzzFlat](), reflect.TypeFor[[]fuzzFlat](),
		reflect.TypeFor[[]*fuzzFlat](), reflect.TypeFor[Opt[fuzzFlat]](), reflect.TypeFor[map[string]fuzzFlat](), reflect.TypeFor[fuzzColor](), reflect.TypeFor[time.Time](), reflect.TypeFor[any]())
}

// fuzzFlat is a struct without rules of its own.
type fuzzFlat struct {
	Text string
	N    int
}

// fuzzValue makes a random value near the borders of the tags.
func fuzzValue(rnd *rand.Rand, t reflect.Type, text string) reflect.Value {
	v := reflect.New(t).Elem()
	n := rnd.IntN(14) - 2
	if rnd.IntN(8) == 0 {
		n = int(rnd.Int64())
	}
	if strings.HasPrefix(t.Name(), "Opt[") {
		o := v.Addr().Interface().(optional)
		if rnd.IntN(4) > 0 {
			reflect.ValueOf(o.value()).Elem().Set(fuzzValue(rnd, o.inner(), text))
			o.mark(false)
		} else if rnd.IntN(2) == 0 {
			o.mark(true)
		}
		return v
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString([]string{"", "a", "b", "abc", "abcd", "a@b.co", "é", "ééé", "1", "2", "a,b", "a|b", "a|alpha", "a0x2Cb", "a0x7Cb", "a b", "a\u00a0b", "01", text, text + "a"}[rnd.IntN(20)])
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(n))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(n))
	case reflect.Float32, reflect.Float64:
		v.SetFloat([]float64{float64(n), 3, 3.5, 3.4999999, 0.1, 1e30}[rnd.IntN(6)])
	case reflect.Bool:
		v.SetBool(n > 4)
	case reflect.Struct:
		if t == reflect.TypeFor[fuzzFlat]() {
			v.Set(reflect.ValueOf(fuzzFlat{text, n}))
		}
	case reflect.Pointer:
		if n > 0 {
			v.Set(reflect.New(t.Elem()))
			v.Elem().Set(fuzzValue(rnd, t.Elem(), text))
		}
	case reflect.Slice:
		if n > 0 {
			v.Set(reflect.MakeSlice(t, 0, 1))
			for range rnd.IntN(5) {
				v.Set(reflect.Append(v, fuzzValue(rnd, t.Elem(), text)))
			}
		}
	case reflect.Map:
		if n > 0 {
			v.Set(reflect.MakeMap(t))
			for range rnd.IntN(5) {
				v.SetMapIndex(reflect.ValueOf(text[:min(len(text), rnd.IntN(4))]), fuzzValue(rnd, t.Elem(), text))
			}
		}
	}
	return v
}

// fuzzParseRules is parseRules with the learning of Opt that inputs do.
func fuzzParseRules(typ reflect.Type, tag string) (rules, bool) {
	r, err := parseRules(typ, tag, nil)
	if err != nil || r.tag == "" {
		return r, false
	}
	var opts []reflect.Type
	for t := typ; ; t = t.Elem() {
		if _, ok := isOpt(t); ok {
			opts = append(opts, t)
		}
		if k := t.Kind(); k != reflect.Pointer && k != reflect.Slice {
			break
		}
	}
	authorityOf().learn(nil, opts)
	return r, true
}

// FuzzRules: what the accept pass accepts, the authority accepts.
func FuzzRules(f *testing.F) {
	types := fuzzRuleTypes()
	for i := range 40 {
		f.Add(uint64(i), "abc")
	}
	f.Add(uint64(7), "a@b.co")
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		for range 20 {
			typ, tag := types[rnd.IntN(len(types))], fuzzRuleTags[rnd.IntN(len(fuzzRuleTags))]
			if utf8.ValidString(text) {
				fuzzAgree(t, rnd, typ, tag, text)
			}
		}
	})
}

// fuzzAgree holds one value against one tag.
func fuzzAgree(t *testing.T, rnd *rand.Rand, typ reflect.Type, tag, text string) {
	t.Helper()
	r, ok := fuzzParseRules(typ, tag)
	if !ok || r.accept == nil {
		return
	}
	v := fuzzValue(rnd, typ, text)
	if tooLongForEmail(&r, v) || !r.accept(v) {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s %q: the authority panics for %+v: %v", typ, tag, v, p)
		}
	}()
	if faults := validateValue(v.Interface(), r.tag); len(faults) > 0 {
		t.Errorf("%s %q (%s): accepted %+v, which the authority refuses: %v", typ, tag, r.tag, v, faults)
	}
}

// TestFuzzRuleTable tries every tag on every type: accepted by Compile means
// that the authority never panics, and that the accept pass is right.
func TestFuzzRuleTable(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	compiled, accepted := 0, 0
	for _, typ := range fuzzRuleTypes() {
		for _, tag := range fuzzRuleTags {
			r, ok := fuzzParseRules(typ, tag)
			if !ok {
				continue
			}
			compiled++
			for range 40 {
				v := fuzzValue(rnd, typ, "abcde")
				valid, panicked := false, any(nil)
				func() {
					defer func() { panicked = recover() }()
					valid = len(validateValue(v.Interface(), r.tag)) == 0
				}()
				if panicked != nil {
					t.Errorf("%s %q: the authority panics for %+v: %v", typ, tag, v, panicked)
					break
				}
				if r.accept == nil || !r.accept(v) {
					continue
				}
				if accepted++; !valid {
					t.Errorf("%s %q: accepted %+v, which the authority refuses", typ, tag, v)
					break
				}
			}
		}
	}
	if compiled < 1000 || accepted < 2000 {
		t.Errorf("only %d pairs of type and tag compiled, and %d values were accepted", compiled, accepted)
	}
}

type fuzzRuled struct {
	Name   string            `query:"name" validate:"required,min=2,max=5"`
	Mail   string            `query:"mail" validate:"email"`
	Age    *int              `query:"age" validate:"min=1,max=9"`
	Nick   *string           `query:"nick" validate:"omitempty,min=3"`
	Score  Opt[float64]      `query:"score" validate:"gt=0,lt=1"`
	Tags   []string          `query:"tags,comma" validate:"max=3,dive,min=1,alpha"`
	Color  string            `query:"color" default:"red" validate:"oneof=red green"`
	Filter map[string]string `query:"f" validate:"max=1"`
	Limit  uint8             `query:"limit" validate:"max=010"`
}

type fuzzCrossed struct {
	From int    `query:"from" validate:"ltefield=To"`
	To   int    `query:"to" default:"5"`
	Mail string `query:"mail" validate:"omitempty,email"`
	Name string `query:"name" validate:"required_with=Mail"`
}

type fuzzRuledDoc struct {
	Name  string              `json:"name" validate:"required,min=2,max=5"`
	Mail  *string             `json:"mail" validate:"omitempty,email"`
	Age   Opt[int]            `json:"age" validate:"min=1,max=9"`
	Lines []fuzzRuledLine     `json:"lines" validate:"required,max=2"`
	Map   map[string]fuzzLine `json:"map"`
	Kind  string              `json:"kind" default:"a" validate:"oneof=a b"`
	Child *fuzzRuledDoc       `json:"child"`
	Words []string            `json:"words" validate:"dive,alpha"`
	From  int                 `json:"from"`
	To    int                 `json:"to" validate:"gtefield=From"`
	Line  fuzzLine            `json:"line"`
	OptL  Opt[fuzzLine]       `json:"optline"`
}

type fuzzRuledLine struct {
	SKU      string `json:"sku" validate:"required,alphanum"`
	Quantity int    `json:"quantity" default:"1" validate:"min=1,max=10"`
}

type fuzzLine struct {
	Text string `json:"text" validate:"max=3"`
	Zero bool   `json:"zero" validate:"required"`
}

// fuzzBoth answers a request with the accept pass on and off, and compares
// every byte.
func fuzzBoth(t testing.TB, api *API, newEmpty func() *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	on := fuzzServe(t, api, newEmpty())
	acceptPass = false
	off := fuzzServe(t, api, newEmpty())
	acceptPass = true
	if on.Code != off.Code || on.Body.String() != off.Body.String() || !reflect.DeepEqual(on.Header(), off.Header()) {
		t.Fatalf("the accept pass changes the answer: %d %s, without %d %s", on.Code, on.Body, off.Code, off.Body)
	}
	return on
}

// fuzzRulesAPI serves the ruled inputs and answers what was bound.
func fuzzRulesAPI(t testing.TB) *API {
	t.Helper()
	api := New(fuzzSilent())
	api.Get("q", func(in fuzzRuled) fuzzRuled { return in })
	api.Get("c", func(in *fuzzCrossed) fuzzCrossed { return *in })
	api.Post("d", func(in fuzzRuledDoc) fuzzRuledDoc { return in })
	api.Post("l", func(in []fuzzRuledLine) []fuzzRuledLine { return in })
	api.Post("m", func(in map[string]fuzzRuledLine) map[string]fuzzRuledLine { return in })
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api
}

var fuzzRuledBodies = []string{
	`{}`, `{"name":"ab","lines":[]}`, `{"name":"","lines":[{"sku":"a"}]}`, `{"name":"ab","lines":[{"sku":"a","quantity":0}]}`, `{"name":"abc","lines":[{"sku":"a"},{"sku":"-"}]}`,
	`{"name":"ab","mail":"","lines":null}`, `{"name":"ab","mail":"x","lines":[]}`, `{"name":"ab","mail":"a@b.co","lines":[]}`, `{"name":"ab","mail":null,"lines":[],"age":null}`,
	`{"name":"ab","lines":[],"age":0}`, `{"name":"ab","lines":[],"age":9}`, `{"name":"ab","lines":[],"map":{"a":{"text":"long"},"b":{"zero":false}}}`, `{"name":"ab","lines":[],"kind":"c"}`,
	`{"name":"ab","lines":[],"kind":""}`, `{"name":"ab","lines":[],"child":{"name":"a"}}`, `{"name":"ab","lines":[],"child":{"name":"ab","lines":[{}]}}`, `{"name":"ab","lines":[],"words":["a","1",""]}`,
	`{"name":"ab","lines":[],"from":2,"to":1}`, `{"name":"ab","lines":[],"from":2}`, `{"name":"ab","lines":[],"line":{}}`, `{"name":"ab","lines":[],"line":{"zero":false,"text":"abcd"}}`,
	`{"name":"ab","lines":[],"optline":{}}`, `{"name":"ab","lines":[],"optline":null}`, `{"name":"ab","lines":[],"optline":{"zero":true,"text":"abcd"}}`, `{"name":"ab","lines":[],"line":null}`,
	`[{"sku":"a"}]`, `[{"sku":""},{"quantity":11},null]`, `{"x":{"sku":"a"}}`, `{"x":{},"y/z":{"sku":"é","quantity":0}}`, `null`, `[]`,
	`{"name":"ab","mail":"` + strings.Repeat("a", 300) + `@b.co","lines":[]}`, `{"name":"ab","lines":[{"sku":"a"},{"sku":"b"},{"sku":"c"}]}`,
}

var fuzzRuledQueries = []string{
	"", "name=ab", "name=a", "name=abcdef", "name=ab&mail=", "name=ab&mail=x@y.zz", "name=ab&mail=x", "name=ab&age=0", "name=ab&age=1", "name=ab&nick=", "name=ab&nick=ab", "name=ab&nick=abc",
	"name=ab&score=0", "name=ab&score=0.5", "name=ab&score=1", "name=ab&tags=", "name=ab&tags=a,b", "name=ab&tags=a,,b", "name=ab&tags=a,b,c,d", "name=ab&tags=1", "name=ab&color=", "name=ab&color=blue",
	"name=ab&f[a]=1", "name=ab&f[a]=1&f[b]=2", "name=ab&limit=9", "name=ab&limit=8", "name=&mail=%00", "name=%C3%A9%C3%A9", "from=6", "from=5&to=4", "from=1&to=x", "mail=a@b.co", "mail=a@b.co&name=", "name=ab&mail=" + strings.Repeat("a", 300) + "@b.co",
}

// TestFuzzAcceptPass answers a corpus with the accept pass on and off.
func TestFuzzAcceptPass(t *testing.T) {
	api := fuzzRulesAPI(t)
	for _, q := range fuzzRuledQueries {
		for _, path := range []string{"/q?", "/c?"} {
			t.Run(path+q, func(t *testing.T) {
				fuzzBoth(t, api, func() *http.Request { return httptest.NewRequest("GET", path+q, nil) })
			})
		}
	}
	for _, b := range fuzzRuledBodies {
		for _, path := range []string{"/d", "/l", "/m"} {
			t.Run(path+" "+b, func(t *testing.T) {
				fuzzBoth(t, api, func() *http.Request { return fuzzPost(path, "application/json", b) })
			})
		}
	}
}

func fuzzPost(path, kind, body string) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	return r
}

// FuzzAcceptPass answers anything with the accept pass on and off.
func FuzzAcceptPass(f *testing.F) {
	api := fuzzRulesAPI(f)
	for _, q := range fuzzRuledQueries {
		f.Add(uint8(0), q)
		f.Add(uint8(1), q)
	}
	for i, b := range fuzzRuledBodies {
		f.Add(uint8(2+i%3), b)
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		fuzzBoth(t, api, func() *http.Request {
			path := []string{"/q", "/c", "/d", "/l", "/m"}[which%5]
			if which%5 < 2 {
				r := httptest.NewRequest("GET", path, nil)
				r.URL.RawQuery = text
				return r
			}
			return fuzzPost(path, "application/json", text)
		})
	})
}

// TestFuzzLongEmail has the e-mail rule on every form of field: the authority
// takes seconds over a long text, so it may not see one.
func TestFuzzLongEmail(t *testing.T) {
	type document struct {
		Text   string            `json:"text" validate:"omitempty,email"`
		Ptr    *string           `json:"ptr" validate:"email"`
		Opt    Opt[string]       `json:"opt" validate:"email"`
		List   []string          `json:"list" validate:"dive,email"`
		Ptrs   []*string         `json:"ptrs" validate:"dive,email"`
		Map    map[string]string `json:"map" validate:"dive,email"`
		Nested [][]string        `json:"nested" validate:"dive,dive,email"`
	}
	type query struct {
		Text string      `query:"text" validate:"email"`
		Ptr  *string     `query:"ptr" validate:"email"`
		Opt  Opt[string] `query:"opt" validate:"email"`
		List []string    `query:"list" validate:"dive,email"`
	}
	api := New(fuzzSilent())
	api.Post("d", func(document) {})
	api.Get("q", func(query) {})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{strings.Repeat("(", 500_000), strings.Repeat("a", 500_000) + "@b.co", strings.Repeat("a.", 250_000)} {
		var requests []*http.Request
		for _, form := range []string{`{"text":%}`, `{"ptr":%}`, `{"opt":%}`, `{"list":["a@b.co",%]}`, `{"ptrs":[null,%]}`, `{"map":{"k":%}}`, `{"nested":[[%]]}`} {
			requests = append(requests, fuzzPost("/d", "application/json", strings.ReplaceAll(form, "%", `"`+text+`"`)))
		}
		for _, name := range []string{"text", "ptr", "opt", "list"} {
			r := httptest.NewRequest("GET", "/q", nil)
			r.URL.RawQuery = name + "=" + text
			requests = append(requests, r)
		}
		for i, r := range requests {
			start := time.Now()
			if w := fuzzServe(t, api, r); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("request %d: status %d", i, w.Code)
			}
			if d := time.Since(start); d > time.Second {
				t.Errorf("request %d (%s) took %v", i, text[:2], d)
			}
		}
	}
}

// TestFuzzDiveOnce: what is wrong with an element is said once, also where the
// tag of the slice or map dives into it.
func TestFuzzDiveOnce(t *testing.T) {
	type line struct {
		SKU string `json:"sku" validate:"required,min=3"`
		N   int    `json:"n" validate:"max=5"`
	}
	type document struct {
		Lines []line           `json:"lines" validate:"required,min=1,max=2,dive"`
		Ptrs  []*line          `json:"ptrs" validate:"dive,required"`
		Map   map[string]*line `json:"map" validate:"max=3,dive"`
		Plain []line           `json:"plain"`
	}
	api := New(fuzzSilent())
	api.Post("d", func(document) {})
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		body, reason string
		want         []string
	}{
		{`{"lines":[{"sku":"abc"}]}`, "nothing is wrong", nil},
		{`{"lines":[{"sku":"a"}]}`, "an element of a diving slice", []string{"/lines/0/sku min"}},
		{`{"lines":[{"sku":"abc"}],"plain":[{"sku":"abc","n":6}]}`, "an element of a slice without dive", []string{"/plain/0/n max"}},
		{`{"lines":[{"sku":"abc"}],"ptrs":[{"sku":"abc","n":6}]}`, "a pointer that is an element", []string{"/ptrs/0/n max"}},
		{`{"lines":[{"sku":"abc"}],"map":{"a/b":{"sku":"abcd","n":6}}}`, "an element of a map", []string{"/map/a~1b/n max"}},
		{`{"lines":[{"sku":"abc"},{"sku":"abc"},{"sku":""}]}`, "too many, one of them wrong", []string{"/lines max", "/lines/2/sku min"}},
		{`{"lines":[{}]}`, "a required member is absent", []string{"/lines/0/sku required"}},
	}
	for _, tt := range tests {
		w := fuzzBoth(t, api, func() *http.Request { return fuzzPost("/d", "application/json", tt.body) })
		var got []string
		if w.Code != http.StatusNoContent {
			for _, f := range fuzzCheckProblem(t, w).Errors {
				got = append(got, f.Pointer+" "+f.Code)
			}
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s (%s): faults %q, want %q", tt.body, tt.reason, got, tt.want)
		}
	}
}

// TestFuzzRuleFaults has tags that the authority would panic over, or pass by,
// while requests are served.
func TestFuzzRuleFaults(t *testing.T) {
	tests := []struct {
		tag, reason string
		typ         reflect.Type
		want        string // part of the fault, "" for none
	}{
		{"dive,keys,min=1,endkeys,min=3", "keys of a map", reflect.TypeFor[map[string]int](), ""},
		{"dive,keys,min=1,endkeys,min=3", "a slice has no keys", reflect.TypeFor[[]int](), "rule keys does not fit"},
		{"keys,min=1,endkeys", "no dive before", reflect.TypeFor[map[string]int](), "rule keys does not fit"},
		{"dive,keys,min=1", "no end", reflect.TypeFor[map[string]int](), "rule keys has no end"},
		{"dive,endkeys", "no beginning", reflect.TypeFor[map[string]int](), "rule endkeys has no keys"},
		{"min=1", "a rule of a struct is passed by", reflect.TypeFor[fuzzFlat](), "a struct; put rules on its fields"},
		{"dive,min=1", "a rule of an element that is a struct panics", reflect.TypeFor[[]fuzzFlat](), "a struct; put rules on its fields"},
		{"min=1", "likewise behind a pointer", reflect.TypeFor[*fuzzFlat](), "a struct; put rules on its fields"},
		{"gt", "a time is a struct with rules", reflect.TypeFor[time.Time](), ""},
		{"required,dive", "a struct may be required", reflect.TypeFor[[]fuzzFlat](), ""},
	}
	for _, tt := range tests {
		_, err := parseRules(tt.typ, tt.tag, nil)
		if got := fmt.Sprint(err); tt.want == "" && err != nil || !strings.Contains(got, tt.want) {
			t.Errorf("%s %q (%s): %v, want %q", tt.typ, tt.tag, tt.reason, err, tt.want)
		}
	}
	if r, err := parseRules(reflect.TypeFor[int](), "min=3|eqfield=N", reflect.TypeFor[fuzzFlat]()); err != nil || !r.cross {
		t.Errorf("an alternative that looks at another field: cross %v, %v", r.cross, err)
	}
}
