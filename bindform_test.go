package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

func TestBindMedia(t *testing.T) {
	leak.Check(t)
	bindRun(t, bindServe(t, bindAPI()), bindMediaCases())
}

// bindMediaCases are rows 72 and 73.
func bindMediaCases() []bindCase {
	const person = `{"name":"a"}`
	var cases []bindCase
	add := func(row, reason, want, header string) {
		cases = append(cases, bindCase{name: fmt.Sprintf("%s %.40q", row, header), reason: reason, want: want, raw: func() string {
			return bindText("POST", "/people", header, person)
		}})
	}
	for _, kind := range []string{
		"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "json", "",
		"text/plain; application/json", "application/json, text/plain", "application/json;charset=utf-16", "application/json; charset=latin1",
		"application/xml", "text/json", "application/", "/json", "+json", "*/*", "application/*",
	} {
		add("72", "a form of another site must not reach a JSON endpoint", "415", "Content-Type: "+kind+"\r\n")
	}
	add("72", "no type is no JSON", "415", "")
	add("72 two", "two types are none", "415", "Content-Type: application/json\r\nContent-Type: application/json\r\n")
	add("72 two", "two types are none", "415", "Content-Type: text/plain\r\nContent-Type: application/json\r\n")
	for _, kind := range []string{
		"application/json", "APPLICATION/JSON", "application/json ; charset=utf-8", "application/json; charset=UTF-8",
		"application/problem+json", `application/json; charset="utf-8"`, "application/json;",
	} {
		add("72 right", "case and blanks mean nothing", "200", "Content-Type: "+kind+"\r\n")
	}
	for _, encoding := range []string{"gzip", "gzip, gzip", "br", "x", "deflate", "identity, gzip", "gzip\r\nContent-Encoding: identity", "*"} {
		add("73", "an encoding is never ignored", "415", "Content-Type: application/json\r\nContent-Encoding: "+encoding+"\r\n")
	}
	add("73 identity", "no encoding at all", "200", "Content-Type: application/json\r\nContent-Encoding: identity\r\n")
	for path, want := range map[string]string{"/fields": "415", "/params/a": "415", "/upload": "415"} {
		cases = append(cases, bindCase{
			name: "73 form " + path, reason: "nor is that of a form", want: want,
			raw: func() string {
				return bindText("POST", path, "Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\n", "name=b")
			},
		})
	}
	return cases
}

func TestBindRules(t *testing.T) {
	cases := bindOf("75 characters", "/people", "limits count characters, not bytes", "200",
		`{"name":"`+strings.Repeat("ж", 50)+`"}`, `{"name":"`+strings.Repeat("😀", 50)+`"}`, `{"name":"a","age":0}`, `{"name":"a","age":150}`,
		`{"name":"a","email":"a.b+c@example.com"}`, `{"name":"a","email":""}`)
	cases = append(cases, bindOf("75 limits", "/people", "rules hold", "422",
		`{"name":"`+strings.Repeat("ж", 51)+`"}`, `{"name":"`+strings.Repeat("a", 51)+`"}`, `{"name":""}`, `{}`, `{"age":1}`,
		`{"name":"a","age":-1}`, `{"name":"a","age":151}`)...)
	for _, email := range []string{
		"a", "@", "a@", "@b", "a@@b.example", "a b@c.example", "a@b c.example", "a@b.example\\r\\nBcc: x@y.example", "a\\n@b.example",
		"a@b.example\\r", "<a@b.example>", "A <a@b.example>", "a@.example", "a..b@c.example", "a@b..example", "(c)a@b.example",
	} {
		cases = append(cases, bindNever("75 email", "/people", "no address", "422", "b.example", `{"name":"a","email":"`+email+`"}`)...)
	}
	bindRun(t, bindServe(t, bindAPI()), cases)
}

type (
	bindPanicking struct {
		A string `json:"a"`
		N *int64 `json:"n" validate:"required_if=A x,gte=1"`
	}
	bindMaxStruct struct {
		T bindInner `json:"t" validate:"max=3"`
	}
	bindUnknownRule struct {
		A string `json:"a" validate:"nosuchrule"`
	}
	bindMisfit struct {
		A bool `json:"a" validate:"email"`
	}
	bindMaxTime struct {
		A time.Time `json:"a" validate:"max=abc"`
	}
	bindDivePlain struct {
		A int `json:"a" validate:"dive,min=1"`
	}
)

func TestBindPanickingRules(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		fn           any
	}{
		{"required_if", "required_if and gte on a pointer: validator#907", bindEcho[bindPanicking]},
		{"max on struct", "a rule that panics on the type", bindEcho[bindMaxStruct]},
		{"unknown", "a rule nobody knows", bindEcho[bindUnknownRule]},
		{"misfit", "a rule for text on a bool", bindEcho[bindMisfit]},
		{"max on time", "a parameter that is none", bindEcho[bindMaxTime]},
		{"dive", "nothing to go into", bindEcho[bindDivePlain]},
	} {
		t.Run("76 "+c.name, func(t *testing.T) {
			api := endpoint.New(bindQuiet())
			api.Get("hello", func() string { return "hello" })
			api.Post("x", c.fn)
			if api.Compile() != nil {
				return // found at registration
			}
			addr := bindServe(t, api)
			for _, body := range []string{`{}`, `{"a":"x"}`, `{"a":"x","n":null}`, `{"a":"x","n":0}`, `{"a":true}`, `{"a":1,"t":{"level":9}}`} {
				if a := bindMust(t, addr, bindJSON("/x", body)); a.status != 200 && bindProblem(a.body) != nil {
					t.Errorf("%s: %s: %d %s", c.reason, body, a.status, a.body)
				}
			}
			bindHealthy(t, addr)
		})
	}
}

func TestBindSources(t *testing.T) {
	addr := bindServe(t, bindAPI())
	for _, c := range []struct{ name, reason, raw, want string }{
		{"query beside body", "a query fills its own field", bindJSON("/both?name=q", `{"name":"b"}`), `{Q:q Body:{Name:b `},
		{"no query", "a body never fills it", bindJSON("/both", `{"name":"b","Q":"x"}`), `{Q: Body:{Name:b `},
		{"query of another field", "nor does a query fill a body", bindJSON("/both?age=7&Body=x", `{"name":"b"}`), `Name:b Email: Age:0 `},
		{"form from query", "nor a form", bindForm("/fields?name=q&age=3", "tag=x"), `{Name: Age:0 IDs:[] Tags:[x]`},
		{"query from form", "and the reverse", bindForm("/fields", "n=4&filter[a]=b"), `Filter:map[] N:0 `},
		{"params path", "in Params the path wins", bindForm("/params/p?name=q", "name=f"), "p"},
	} {
		t.Run("77 "+c.name, func(t *testing.T) {
			if a := bindMust(t, addr, c.raw); a.status != 200 || !strings.Contains(a.body, c.want) {
				t.Errorf("%s: %d %s, want %s", c.reason, a.status, a.body, c.want)
			}
		})
	}
}

func TestBindForms(t *testing.T) {
	leak.Check(t)
	bindRun(t, bindServe(t, bindAPI()), bindFormCases())
}

// bindFormCases are rows 78 to 80.
func bindFormCases() []bindCase {
	form := func(name, reason, want string, bodies ...string) []bindCase {
		var cases []bindCase
		for i, body := range bodies {
			cases = append(cases, bindCase{
				name: fmt.Sprintf("%s/%d %.24q", name, i+1, body), reason: reason, want: want, within: 2 * time.Second,
				raw: func() string { return bindForm("/fields", body) },
			})
		}
		return cases
	}
	var cases []bindCase
	cases = append(cases, form("78 repeated", "a scalar has one value", "422", "name=a&name=b", "name=a&n%61me=b", "age=1&age=1")...)
	cases = append(cases, form("78 split", "what cannot be split is not guessed at", "400",
		"name=a;age=2", "name=a&x=1;2", ";", "name=%", "name=%4", "name=%zz", "%zz=a", "name=a&x=%", "name=a+;")...)
	cases = append(cases, form("78 right", "odd but whole", "200", "name=a%3Bb", "&&name=a&", "name=", "name", "=", "name=a%26b%3Dc", "NAME=x&NAME=y")...)
	cases = append(cases, form("79 int", "an int is ASCII digits", "422",
		"age=1e3", "age=%00", "age=１", "age=1,2", "age=", "age=+1", "age=%2B1", "age=0x1", "age=1_0", "age= 1", "age=1%20", "age=9223372036854775808", "id=1&id=x")...)
	cases = append(cases, form("79 float", "a float is decimal and finite", "422",
		"score=NaN", "score=Inf", "score=0x1p4", "score=1_0", "score=1e999", "score=.5", "score=%2B1")...)
	cases = append(cases, form("79 text", "text is UTF-8 without NUL", "4xx", "name=%ff", "name=\xff", "name=a%00b", "tag=%c0%af", "tag=\x00")...)
	cases = append(cases, form("79 many parameters", "bounded by the body", "200", strings.Repeat("a=1&", 200_000), strings.Repeat("tag=1&", 150_000), strings.Repeat("id=1&", 200_000))...)
	cases = append(cases, form("79 many repeated", "one fault, not one each", "422", strings.Repeat("name=1&", 100_000), strings.Repeat("id=x&", 200_000))...)
	cases = append(cases, form("79 semicolons", "refused at the first", "400", strings.Repeat(";", 500_000))...)
	cases = append(cases, form("79 percent", "linear escapes", "400", strings.Repeat("%41", 300_000)+";")...)
	cases = append(cases, form("79 value 10 MB", "more than MaxBody", "413", "name="+strings.Repeat("a", 10<<20))...)
	cases = append(cases, form("80 index", "a key is text, never an index", "200",
		"x[999999999]=1", "a.0.b=1", "name[999999999]=1", "id[999999999]=1", "tag[0]=a", strings.Repeat("[x]", 30_000)+"=1", "id"+strings.Repeat("[x]", 30_000)+"=1")...)
	return cases
}

func TestBindQuery(t *testing.T) {
	var cases []bindCase
	api := bindAPI()
	api.Get("query", bindEcho[struct {
		Filter map[string]string `query:"filter"`
		N      int               `query:"n"`
		Mark   *bool             `query:"mark"`
		X      []string          `query:"x"`
		IDs    []int             `query:"ids,comma"`
	}])
	add := func(row, reason, want, holds string, queries ...string) {
		for i, q := range queries {
			cases = append(cases, bindCase{
				name: fmt.Sprintf("%s/%d %.24q", row, i+1, q), reason: reason, want: want, holds: holds, within: 2 * time.Second,
				raw: func() string { return bindText("GET", "/query?"+q, "", "") },
			})
		}
	}
	add("78 query repeated", "a scalar has one value", "422", "", "n=1&n=2", "mark=true&mark=", "filter[a]=1&filter[a]=2")
	add("78 query split", "what cannot be split is not guessed at", "400", "", "n=1;x=2", "n=%", "%zz", "x=%f")
	add("79 query int", "an int is ASCII digits", "422", "", "n=1e3", "n=%00", "n=%EF%BC%91", "n=1,2", "n=", "ids=1,,2", "ids=1,x")
	add("79 query text", "text is UTF-8 without NUL", "422", "", "x=%ff", "x=%00", "filter[a]=%ff", "filter[%ff]=a", "filter[%00]=a")
	add("80 query index", "no memory by index", "200", "Filter:map[]", "x[999999999]=1", "filter.0.b=1", "filter"+strings.Repeat("[x]", 30_000)+"=1", "filter[a=1", "filter]=1", "[]=1", "filter[a][b]=1")
	add("80 query entry", "a key is what stands in brackets", "200", "Filter:map[999999999:1]", "filter[999999999]=1")
	bindRun(t, bindServe(t, api), cases)
}

func TestBindHeadersAndCookies(t *testing.T) {
	var cases []bindCase
	add := func(row, reason, want, holds, header string) {
		cases = append(cases, bindCase{name: fmt.Sprintf("83 %s %.24q", row, header), reason: reason, want: want, holds: holds, raw: func() string {
			return bindText("GET", "/head", header, "")
		}})
	}
	add("right", "one of each", "200", "{Token:t Cookie:c Number:0}", "X-Token: t\r\nCookie: a=c\r\n")
	add("repeated header", "two values are no scalar", "422", "", "X-Token: a\r\nX-Token: b\r\n")
	add("repeated header", "also in another case", "422", "", "X-Token: a\r\nx-token: a\r\n")
	add("repeated cookie", "two values are no scalar", "422", "", "Cookie: a=b; a=c\r\n")
	add("repeated cookie", "also in two fields", "422", "", "Cookie: a=b\r\nCookie: a=c\r\n")
	add("long", "8 KB fit", "200", "", "X-Token: "+strings.Repeat("a", 8<<10)+"\r\n")
	add("bytes", "text is UTF-8", "422", "", "X-Token: \xff\xfe\r\n")
	add("cookie bytes", "text is UTF-8", "422", "", "Cookie: a=\xff\r\n")
	add("number", "an int is digits", "422", "", "X-Number: 1, 2\r\n")
	add("50 cookies", "as many are looked at", "200", "", "Cookie: "+strings.Repeat("b=1; ", 49)+"a=1\r\n")
	add("51 cookies", "no more", "400", "", "Cookie: "+strings.Repeat("b=1; ", 50)+"a=1\r\n")
	add("many cookies", "the first limit ends it", "400", "", "Cookie: "+strings.Repeat("a;", 60_000)+"\r\n")
	add("case", "cookie names have case", "200", "Cookie: ", "Cookie: A=b\r\n")
	bindRun(t, bindServe(t, bindAPI()), cases)
	for _, control := range []string{"\x00", "\x01", "\x7f", "\n x"} {
		a := bindMust(t, bindServe(t, bindAPI()), bindText("GET", "/head", "X-Token: a"+control+"b\r\n", ""))
		if a.status/100 != 4 && !(control == "\n x" && a.status == 200) {
			t.Errorf("83 control byte %q: %d %s, want 4xx", control, a.status, a.body)
		}
	}
}

// bindMine is a type whose decoding panics, as user code may.
type bindMine struct{ s string }

func (m *bindMine) UnmarshalText(b []byte) error {
	switch string(b) {
	case "panic":
		panic(errors.New("hunter2"))
	case "index":
		m.s = string(b[len(b)+1:])
	case "bad":
		return errors.New("hunter2")
	}
	m.s = string(b)
	return nil
}

func TestBindOwnTypes(t *testing.T) {
	leak.Check(t)
	api := bindAPI()
	api.Get("own", func(_ context.Context, in struct {
		M bindMine               `query:"m"`
		P *bindMine              `query:"p"`
		O endpoint.Opt[bindMine] `query:"o"`
		L []bindMine             `query:"l"`
		K map[string]bindMine    `query:"k"`
		H bindMine               `header:"X-M"`
	}) (string, error) {
		return in.M.s, nil
	})
	api.Get("own/:m", func(m bindMine) string { return m.s })
	api.Post("own", func(_ context.Context, m map[string]bindMine) (int, error) { return len(m), nil })
	addr := bindServe(t, api)
	var cases []bindCase
	add := func(want, raw string) {
		cases = append(cases, bindCase{
			name: fmt.Sprintf("84 %.40q", raw), reason: "a fault of a type is one request's", want: want, never: []string{"hunter2", "goroutine", "bindMine"},
			raw: func() string { return raw },
		})
	}
	for _, param := range []string{"m=%s", "p=%s", "o=%s", "l=a&l=%s", "k[a]=%s"} {
		for value, want := range map[string]string{"panic": "500", "index": "500", "bad": "422", "right": "200"} {
			add(want, bindText("GET", "/own?"+fmt.Sprintf(param, value), "", ""))
		}
	}
	for value, want := range map[string]string{"panic": "500", "index": "500", "bad": "422", "right": "200"} {
		add(want, bindText("GET", "/own", "X-M: "+value+"\r\n", ""))
		add(want, bindText("GET", "/own/"+value, "", ""))
		add(want, bindJSON("/own", `{"a":"`+value+`"}`))
	}
	bindRun(t, addr, cases)
}
