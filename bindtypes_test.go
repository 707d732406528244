package endpoint_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// Row 84: structs that nobody wrote, and texts that nobody expects.

type (
	bindEnum        string
	bindCount       uint8
	bindBase        struct{ A, B int }
	bindPair[T any] struct {
		First, Second T
	}
)

// bindKinds are the types of generated fields.
var bindKinds = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](),
	reflect.TypeFor[netip.Addr](), reflect.TypeFor[bindEnum](), reflect.TypeFor[bindCount](), reflect.TypeFor[[]int](), reflect.TypeFor[[]string](),
	reflect.TypeFor[[]time.Time](), reflect.TypeFor[*int](), reflect.TypeFor[*time.Time](), reflect.TypeFor[*netip.Prefix](),
	reflect.TypeFor[endpoint.Opt[int]](), reflect.TypeFor[endpoint.Opt[string]](), reflect.TypeFor[map[string]int](), reflect.TypeFor[map[bindEnum]bool](),
}

// bindBodyKinds are further types of members of a body.
var bindBodyKinds = append([]reflect.Type{
	reflect.TypeFor[bindBase](), reflect.TypeFor[*bindBase](), reflect.TypeFor[bindPair[int]](), reflect.TypeFor[bindPair[*bindPair[string]]](),
	reflect.TypeFor[[]bindBase](), reflect.TypeFor[[]*bindBase](), reflect.TypeFor[map[string]bindBase](), reflect.TypeFor[map[int]string](),
	reflect.TypeFor[map[netip.Addr]int](), reflect.TypeFor[[3]int](), reflect.TypeFor[[]byte](), reflect.TypeFor[any](), reflect.TypeFor[map[string]any](),
	reflect.TypeFor[endpoint.Opt[bindBase]](), reflect.TypeFor[endpoint.Opt[[]int]](), reflect.TypeFor[**int](), reflect.TypeFor[bindMine](),
}, bindKinds...)

// bindRuleTexts are rules that some of the types take.
var bindRuleTexts = []string{"", "", "required", "min=1", "max=3", "omitempty,min=2", "required,max=10", "oneof=1 2 a", "len=2", "email", "gte=1,lte=5", "dive,min=1", "unique"}

// bindStruct makes a struct type with up to five fields, each from a source.
func bindStruct(r *rand.Rand, kinds []reflect.Type, sources ...string) reflect.Type {
	var fields []reflect.StructField
	for i := range 1 + r.IntN(5) {
		tag := fmt.Sprintf(`%s:"f%d"`, sources[r.IntN(len(sources))], i)
		if rule := bindRuleTexts[r.IntN(len(bindRuleTexts))]; rule != "" {
			tag += fmt.Sprintf(` validate:"%s"`, rule)
		} else if r.IntN(3) == 0 {
			tag += ` default:"1"`
		}
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: kinds[r.IntN(len(kinds))], Tag: reflect.StructTag(tag)})
	}
	return reflect.StructOf(fields)
}

// bindHandler makes func(in T) string.
func bindHandler(in reflect.Type) any {
	t := reflect.FuncOf([]reflect.Type{in}, []reflect.Type{reflect.TypeFor[string]()}, false)
	return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf("bound")} }).Interface()
}

var bindTexts = []string{
	"", "1", "-1", "2.5", "1e3", "NaN", "true", "a", "\x00", "\xff", "１", "127.0.0.1", "10.0.0.0/8", "2006-01-02T15:04:05Z", "1h", "-9223372036854775809",
	"a@b.example", "1,2,3", ",", "%", ";", "[", "{}", "null", "panic", "index", strings.Repeat("9", 400), "é́", "\u202e",
}

var bindValues = []string{
	`1`, `-1`, `1.5`, `"a"`, `"1"`, `""`, `null`, `true`, `[]`, `[1,2]`, `["a","b","c"]`, `[null]`, `{}`, `{"A":1}`, `{"A":null}`, `{"a":{"A":"x"}}`,
	`{"1":"a"}`, `{"127.0.0.1":1}`, `[{"A":1},{}]`, `[[1]]`, `"2006-01-02T15:04:05Z"`, `"AAAA"`, `{"First":1,"Second":2}`, `{"First":{"First":"x"}}`,
	`"panic"`, `"index"`, `1e400`, `{"":0}`, `{"a~/b":[]}`, `[1,2,3,4]`,
}

func TestBindGenerated(t *testing.T) {
	r := rand.New(rand.NewPCG(84, 2026))
	compiled := 0
	for range 400 {
		in := bindStruct(r, bindKinds, "query", "header", "form", "cookie")
		if api := bindGenerated(in); api.Compile() == nil {
			compiled++
			for range 12 {
				bindAttack(t, api, in, bindRandomFields(r))
			}
		}
		body := bindStruct(r, bindBodyKinds, "json")
		if api := bindGenerated(body); api.Compile() == nil {
			compiled++
			for range 12 {
				bindAttack(t, api, body, bindRandomBody(r))
			}
		}
	}
	if compiled < 100 {
		t.Errorf("%d generated types compile, want at least 100: the test tests little", compiled)
	}
}

func bindGenerated(in reflect.Type) *endpoint.API {
	api := endpoint.New(bindQuiet())
	api.Handle("x", bindHandler(in))
	return api
}

// bindAttack sends a request; a 500 is allowed for the type that panics alone.
func bindAttack(t *testing.T, api *endpoint.API, in reflect.Type, r *http.Request) {
	t.Helper()
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if w.Code < 500 || strings.Contains(in.String(), "bindMine") && w.Code == 500 {
		return
	}
	t.Errorf("84 %v: %s %s: %d %s", in, r.URL, r.Header, w.Code, w.Body)
}

func bindRandomFields(r *rand.Rand) *http.Request {
	text := func() string { return bindTexts[r.IntN(len(bindTexts))] }
	form, query, cookie := url.Values{}, url.Values{}, ""
	for i := range 5 {
		name := fmt.Sprintf("f%d", i)
		query.Add(name, text())
		form.Add(name, text())
		query.Add(name+"["+text()+"]", text())
		cookie += name + "=" + text() + "; "
	}
	request := httptest.NewRequest("POST", "/x?"+query.Encode(), strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Cookie", cookie)
	for i := range 5 {
		request.Header.Set(fmt.Sprintf("F%d", i), text())
	}
	return request
}

func bindRandomBody(r *rand.Rand) *http.Request {
	var members []string
	for i := range 5 {
		if r.IntN(4) > 0 {
			members = append(members, fmt.Sprintf(`"f%d":%s`, i, bindValues[r.IntN(len(bindValues))]))
		}
	}
	request := httptest.NewRequest("POST", "/x", strings.NewReader("{"+strings.Join(members, ",")+"}"))
	request.Header.Set("Content-Type", "application/json")
	return request
}
