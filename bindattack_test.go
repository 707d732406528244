package endpoint_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

type (
	bindPerson struct {
		Name   string         `json:"name" validate:"required,min=1,max=50"`
		Email  string         `json:"email" validate:"omitempty,email"`
		Age    int            `json:"age" validate:"min=0,max=150"`
		Score  float64        `json:"score"`
		Tags   []string       `json:"tags"`
		Extra  map[string]any `json:"extra"`
		Inner  *bindInner     `json:"inner"`
		Secret string         `json:"-"`
		hidden string
	}
	bindInner struct {
		Level int `json:"level"`
	}
	bindMixed struct {
		Q    string     `query:"name"`
		Body bindPerson `body:""`
	}
	bindFields struct {
		Name   string            `form:"name" validate:"max=50"`
		Age    int               `form:"age"`
		IDs    []int             `form:"id"`
		Tags   []string          `form:"tag"`
		Score  float64           `form:"score"`
		Filter map[string]string `query:"filter"`
		N      int               `query:"n"`
		Mark   *bool             `query:"mark"`
		List   []string          `query:"x"`
	}
	bindHead struct {
		Token  string `header:"X-Token"`
		Cookie string `cookie:"a"`
		Number int    `header:"X-Number"`
	}
)

// bindEcho answers what was bound, so that a test sees it.
func bindEcho[T any](_ context.Context, in T) (string, error) {
	return fmt.Sprintf("%+v", in), nil
}

// bindAPI is the server that the cases attack.
func bindAPI(opts ...endpoint.Option) *endpoint.API {
	api := endpoint.New(append([]endpoint.Option{bindQuiet(), endpoint.BodyTimeout(2 * time.Second)}, opts...)...)
	api.Get("hello", func() string { return "hello" })
	api.Post("people", func(_ context.Context, p bindPerson) (string, error) {
		return fmt.Sprintf("%+v secret=%q hidden=%q", p, p.Secret, p.hidden), nil
	})
	api.Post("strict", bindEcho[bindPerson], endpoint.Strict())
	api.Post("any", func(m map[string]any) int { return len(m) })
	api.Post("list", func(l []bindPerson) int { return len(l) })
	api.Post("both", bindEcho[bindMixed])
	api.Handle("fields", bindEcho[bindFields])
	api.Get("head", bindEcho[bindHead])
	api.Handle("params/:name", func(p endpoint.Params) string { return p.Get("name") })
	bindUploads(api)
	return api
}

// bindOf makes cases of one row that differ in their body alone.
func bindOf(row, target, reason, want string, bodies ...string) []bindCase {
	var cases []bindCase
	for i, body := range bodies {
		cases = append(cases, bindCase{
			name:   fmt.Sprintf("%s/%d %.24q", row, i+1, body),
			reason: reason,
			raw:    func() string { return bindJSON(target, body) },
			want:   want,
		})
	}
	return cases
}

func TestBindJSON(t *testing.T) {
	leak.Check(t)
	bindRun(t, bindServe(t, bindAPI()), bindJSONCases())
}

func TestBindJSONTyped(t *testing.T) {
	// The adapter binds through the same code; that it stays so is held here.
	leak.Check(t)
	api := endpoint.New(bindQuiet())
	api.Get("hello", func() string { return "hello" })
	for path, fn := range map[string]any{
		"people": endpoint.Typed(bindEcho[bindPerson]),
		"strict": endpoint.Typed(bindEcho[bindPerson]),
		"any": endpoint.Typed(func(_ context.Context, m map[string]any) (int, error) {
			return len(m), nil
		}),
	} {
		if path == "strict" {
			api.Post(path, fn, endpoint.Strict())
			continue
		}
		api.Post(path, fn)
	}
	bindRun(t, bindServe(t, api), bindJSONCases())
}

// bindJSONCases are rows 63 to 71.
func bindJSONCases() []bindCase {
	return slices.Concat(
		bindOf("63 shape", "/people", "a struct is read from an object alone", "4xx",
			"", " \r\n\t", "null", "[]", `[{"name":"a"}]`, `"x"`, "1", "true", `{"name":"a"`, `{"name"`, "{"),
		bindOf("63 trailing", "/people", "one value is the whole body", "4xx",
			`{"name":"a"}{}`, `{"name":"a"} x`, `{"name":"a"}]`, "{\"name\":\"a\"}\x00", "{\"name\":\"a\"}\nnull", `{"name":"a"},`),
		bindOf("63 blank around", "/people", "blanks around the value are JSON", "200", " \r\n\t{\"name\":\"a\"}\n "),
		bindOf("63 BOM", "/people", "a byte order mark is no fault of the server's", "200|4xx", "\ufeff{\"name\":\"a\"}"),
		bindOf("63 UTF-16", "/people", "JSON is UTF-8", "4xx",
			"\xff\xfe{\x00\"\x00n\x00\"\x00:\x001\x00}\x00", "\x00{\x00}"),
		bindOf("64 duplicate", "/people", "two parsers must not see two values", "4xx",
			`{"name":"a","name":"b"}`, `{"name":"a","\u006eame":"b"}`, `{"name":"a","inner":{"level":1,"level":2}}`,
			`{"name":"a","extra":{"k":1,"k":2}}`, `{"name":"a","unknown":1,"unknown":2}`, `{"name":"a","age":1,"age":1}`),
		bindNever("65 case", "/people", "a name in another case is another name", "200|4xx", "administrator",
			`{"name":"a","NAME":"administrator"}`, `{"NAME":"administrator","name":"a"}`, `{"name":"a","ſecret":"administrator"}`),
		bindOf("65 case alone", "/people", "and does not stand in for it", "422", `{"NAME":"a"}`, `{"Name":"a"}`),
		bindNever("66 unknown", "/people", "unknown, hidden and ignored members are never set", "200|4xx", "evilvalue",
			`{"name":"a","admin":"evilvalue"}`, `{"name":"a","role":"evilvalue"}`, `{"name":"a","__proto__":{"x":"evilvalue"}}`,
			`{"name":"a","hidden":"evilvalue"}`, `{"name":"a","Secret":"evilvalue"}`, `{"name":"a","-":"evilvalue"}`, `{"name":"a","":"evilvalue"}`),
		bindNever("66 strict", "/strict", "a strict endpoint refuses them without repeating them", "422", "evil",
			`{"name":"a","evilname":1}`, `{"name":"a","inner":{"evilname":"evilvalue"}}`, `{"name":"a","evil~/name":1}`),
		bindOf("69 number", "/people", "an integer that is none, or too large", "4xx", bindBad("age", bindNumbers)...),
		bindOf("69 float", "/people", "a float that is none, or too large", "4xx", bindBad("score",
			strings.Fields(`1e400 -1e400 "12" NaN Infinity -Infinity 01 +1 .5 5. 0x10 1_0 1e 1e+ -- 1.2.3 true [] {}`))...),
		bindOf("69 exact", "/people", "other spellings of an integer are exact or refused", "200|4xx",
			`{"name":"a","age":150.0}`, `{"name":"a","age":1e2}`, `{"name":"a","age":-0}`),
		bindOf("70 text", "/people", "text is valid UTF-8 without NUL", "4xx",
			"{\"name\":\"a\xff\"}", "{\"name\":\"\xc0\xaf\"}", "{\"name\":\"\xed\xa0\x80\"}", "{\"na\xffme\":\"a\"}",
			`{"name":"a\u0000"}`, `{"name":"a","tags":["\u0000"]}`, `{"name":"a","extra":{"\u0000":1}}`, "{\"name\":\"a\x00\"}"),
		bindNever("70 surrogate", "/people", "half a pair is refused, or U+FFFD", "200|4xx", "\xed",
			`{"name":"\ud800"}`, `{"name":"\udc00\ud800"}`, `{"name":"\ud800x"}`),
		bindOf("71 almost", "/people", "what is nearly JSON is not JSON", "4xx",
			"{\"name\":\"a\nb\"}", "{\"name\":\"a\tb\"}", "{\"name\":\"\x01\"}", `{'name':'a'}`, `{name:"a"}`, `{"name":"a",}`,
			`{"name":"a"/*x*/}`, "{\"name\":\"a\"}//x", "name: a", "<name>a</name>", `{"name":"\x41"}`, `{"name":True}`, `{"name" "a"}`),
	)
}

// bindNumbers are values that no int may take.
var bindNumbers = []string{
	"150.5", "1e400", "9223372036854775808", "-9223372036854775809", `"12"`, "NaN", "01", "+1", ".5", "5.", "0x10", "1_0",
	"1e", "1e+", "--1", "1-", "Infinity", "-Infinity", "true", "[]", "{}", `""`, "null", "0b1", "0o7", "1,5", "1 2", "-",
}

func bindBad(member string, values []string) []string {
	var bodies []string
	for _, v := range values {
		bodies = append(bodies, fmt.Sprintf(`{"name":"a","%s":%s}`, member, v))
	}
	return bodies
}

// bindNever is bindOf with a text that no answer may hold.
func bindNever(row, target, reason, want, never string, bodies ...string) []bindCase {
	cases := bindOf(row, target, reason, want, bodies...)
	for i := range cases {
		cases[i].never = []string{never}
	}
	return cases
}

func TestBindExactNumbers(t *testing.T) {
	addr := bindServe(t, bindAPI())
	for value, want := range map[string]string{"150.0": "Age:150 ", "1e2": "Age:100 ", "-0": "Age:0 ", "150": "Age:150 "} {
		a := bindMust(t, addr, bindJSON("/people", `{"name":"a","age":`+value+`}`))
		if a.status/100 != 4 && (a.status != 200 || !strings.Contains(a.body, want)) {
			t.Errorf("69 %s: %d %s, want exactly %s or 4xx", value, a.status, a.body, want)
		}
	}
}

func TestBindHeavy(t *testing.T) {
	leak.Check(t)
	bindRun(t, bindServe(t, bindAPI()), bindHeavyCases())
}

// bindHeavyCases are rows 67, 68, 73 and 74, and what is large in 69 and 75.
func bindHeavyCases() []bindCase {
	deep := func(n int, open, end string) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	person := func(member, value string) func() string {
		return func() string { return bindJSON("/people", `{"name":"a","`+member+`":`+value+`}`) }
	}
	body := func(target string, f func() string) func() string {
		return func() string { return bindJSON(target, f()) }
	}
	return []bindCase{
		{name: "67 arrays 100000", reason: "depth costs stack", raw: person("extra", deep(100_000, "[", "]")), want: "4xx"},
		{name: "67 objects 100000", reason: "depth costs stack", raw: person("extra", strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_000)), want: "4xx"},
		{name: "67 opens 500000", reason: "the end never comes", raw: body("/any", func() string { return strings.Repeat("[", 500_000) }), want: "4xx"},
		{name: "67 unknown member 9000", reason: "what is skipped counts too", raw: person("unknown", deep(9000, "[", "]")), want: "4xx"},
		{name: "67 too deep by one", reason: "the limit is 64", raw: person("extra", `{"a":`+deep(63, "[", "]")+"}"), want: "400"},
		{name: "67 just deep enough", reason: "64 levels are allowed", raw: person("extra", `{"a":`+deep(62, "[", "]")+"}"), want: "200"},
		{name: "67 brackets in text", reason: "text does not nest", raw: person("email", `"`+strings.Repeat("[", 100)+`"`), want: "422"},
		{name: "68 string 10 MB", reason: "more than MaxBody", raw: func() string { return bindJSON("/people", `{"name":"`+strings.Repeat("a", 10<<20)+`"}`) }, want: "413"},
		{name: "68 blanks before", reason: "blanks count", raw: func() string { return bindJSON("/people", strings.Repeat(" ", 10<<20)+`{"name":"a"}`) }, want: "413"},
		{name: "68 blanks after", reason: "blanks count", raw: func() string { return bindJSON("/people", `{"name":"a"}`+strings.Repeat(" ", 10<<20)) }, want: "413"},
		{name: "68 chunked string", reason: "no announced length to go by", raw: func() string { return bindChunked("/people", `{"name":"`+strings.Repeat("a", 10<<20)+`"}`) }, want: "413"},
		{name: "68 chunked blanks", reason: "no announced length to go by", raw: func() string { return bindChunked("/people", `{"name":"a"}`+strings.Repeat(" ", 10<<20)) }, want: "413"},
		{name: "68 declared 10 GB", reason: "refused before a byte of it came", want: "413", within: 200 * time.Millisecond, raw: func() string {
			return "POST /people HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n"
		}},
		{name: "69 digits 500000", reason: "no quadratic number", raw: person("age", strings.Repeat("9", 500_000)), want: "4xx"},
		{name: "69 float digits 500000", reason: "no quadratic number", raw: person("score", strings.Repeat("9", 500_000)), want: "4xx"},
		{name: "69 any digits 500000", reason: "no quadratic number", raw: person("extra", `{"a":`+strings.Repeat("9", 500_000)+"}"), want: "4xx"},
		{name: "69 exponent", reason: "an exponent makes no large number", raw: person("score", "1e999999999"), want: "4xx"},
		{name: "69 exponent of int", reason: "an exponent makes no large number", raw: person("age", "1e999999999"), want: "4xx"},
		{name: "73 gzip bomb 200 MB", reason: "nothing is inflated that no middleware was asked to", raw: bindBomb, want: "415", within: 5 * time.Second},
		{name: "74 distinct members", reason: "names must not cost more than their bytes", raw: body("/any", func() string { return bindMembers(90_000, func(i int) int { return i }) }), want: "200|4xx"},
		{name: "74 distinct unknown", reason: "skipped members cost little", raw: body("/people", func() string { return bindMembers(90_000, func(i int) int { return i }) }), want: "4xx"},
		{name: "74 equal members", reason: "a duplicate ends it", raw: body("/any", func() string { return bindMembers(90_000, func(int) int { return 1 }) }), want: "4xx"},
		{name: "74 escapes", reason: "escapes are undone in linear time", raw: person("extra", `{"a":"`+strings.Repeat(`\u0061`, 170_000)+`"}`), want: "200"},
		{name: "74 unknown members strict", reason: "errors must not amplify", raw: body("/strict", func() string { return bindMembers(3000, func(i int) int { return i }) }), want: "422"},
		{name: "74 faulty elements", reason: "errors must not amplify", want: "422", raw: body("/list", func() string {
			return "[" + strings.TrimSuffix(strings.Repeat(`{"age":-1},`, 20_000), ",") + "]"
		})},
		{name: "74 long pointer", reason: "a key of the client's is cut", raw: person("extra", `{"`+strings.Repeat("k", 200_000)+`":"\ud800"}`), want: "4xx"},
		{name: "75 email 200 KB", reason: "the expression is not tried on it", raw: person("email", `"`+strings.Repeat("a", 200_000)+`@example.com"`), want: "422"},
		{name: "75 email brackets", reason: "no nesting of comments", raw: person("email", `"`+strings.Repeat("(", 50_000)+`"`), want: "422"},
		{name: "75 email labels", reason: "no backtracking", raw: person("email", `"a@`+strings.Repeat("a.", 50_000)+`"`), want: "422"},
	}
}

// bindMembers writes an object of numbered members.
func bindMembers(n int, number func(i int) int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":1`, number(i))
	}
	return "{" + b.String()[1:] + "}"
}

// bindBomb is 200 MB of zeros in 1 MB of gzip, made once.
var bindBomb = sync.OnceValue(func() string {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is a valid one
	_, _ = io.CopyN(w, bindZeros{}, 200<<20)        // a buffer never fails
	_ = w.Close()
	return bindText("POST", "/people", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", b.String())
})

type bindZeros struct{}

func (bindZeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestBindErrorsStaySmall(t *testing.T) {
	// 74: the server above answered 31 KB with 127 MB.
	addr := bindServe(t, bindAPI())
	a := bindMust(t, addr, bindJSON("/list", "["+strings.TrimSuffix(strings.Repeat(`{"age":-1},`, 500), ",")+"]"))
	var p struct{ Errors []endpoint.FieldError }
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatal(err)
	}
	if a.status != 422 || len(p.Errors) != 32 || len(a.body) > 16<<10 {
		t.Errorf("%d with %d errors in %d bytes, want 422 with 32 in at most 16 KiB", a.status, len(p.Errors), len(a.body))
	}
}
