package endpoint_test

import (
	_ "expvar" // row 24: it registers on http.DefaultServeMux
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	_ "net/http/pprof" // likewise
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// Rows 1 to 26 of the catalogue: routing and path confusion.

func TestAttackPaths(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls))
	attackRun(t, addr, attackDotCases(), attackSpellingCases(), attackEscapeCases())
	if n := calls.Load(); n != 0 {
		t.Errorf("a function was called %d times, want 0: none of these requests names one", n)
	}
}

// attackDotCases are rows 1 to 4: dots, backslashes and empty segments.
func attackDotCases() (cases []attackCase) {
	add := func(c []attackCase) { cases = append(cases, c...) }
	add(attackTargets("1", "a dot segment matches nothing", "404", "",
		"/files/../private", "/files/%2e%2e/private", "/files/.%2e/private", "/files/%2E./private", "/files/..%2fprivate",
		"/files/a%2f..%2f..%2fx", "/files/a%2F..%2Fb", "/files/.", "/files/..", "/files/./a", "/files/a/.", "/files/%2e",
		"/files/a%2f.", "/files/.%2fa", "/..", "/.", "/../hello", "/./hello", "/x/../hello", "/hello/.", "/hello/..", "/users/..", "/users/%2e"))
	add(attackTargets("1", "dots that are no dot segment are text", "200", "", "/files/...", "/files/.hidden", "/files/a..b", "/files/..a", "/files/a."))
	add(attackTargets("2", "a backslash separates somewhere", "404", "",
		`/files/..\private`, "/files/..%5c..%5cwin.ini", "/%5cprivate", `/\private`, `/files\..\private`, "/files%5Cprivate",
		`/hello\`, "/hello%5c", `/files/a\b`, "/files/a%5Cb"))
	add(attackTargets("3", "a second name escapes rules that go by the path", "404", "",
		"//hello", "///hello", "/.//hello", "/hello//", "//hello/", "//", "///", "//api.test/hello", "/%2fhello", "//private", "/;/hello"))
	add(attackTargets("4", "an empty segment is not dropped", "404", "", "/files/a//b", "/files//a", "/files//", "//files/a", "/files/a//"))
	add(attackTargets("4", "a trailing slash is kept", "200", attackFiles+"a/", "/files/a/"))
	return cases
}

// attackSpellingCases are rows 5, 6, 11 and 12: other names for a path.
func attackSpellingCases() (cases []attackCase) {
	add := func(c []attackCase) {
		for i := range c {
			c[i].never = "alice"
		}
		cases = append(cases, c...)
	}
	add(attackTargets("5", "only /hello is /hello", "404", "",
		"/hello/", "/HELLO", "/Hello", "/hello.", "/hello%20", "/%20hello", "/hello;v=1", "/hello%3bv=1", "/hello%3fx", "/hello%3Fx=1", "/hello%2f", "/hello.json", "/hello%23", "/hello,", "/hello+", "/hello*", "/hello:", "/hello%2500"))
	add(attackTargets("5", "a control character is no text", "400", "", "/hello%00", "/hello%0a", "/hello%0d%0a", "/hello%09", "/hello%7f", "/%00hello"))
	add(attackTargets("5", "an escaped letter is the letter", "200", "hello", "/%68ello", "/hell%6F", "/hello?", "/hello?/private", "/hello?x=%2e%2e/"))
	add(attackTargets("6", "no spelling opens what is guarded", "401", "", "/private", "/%70rivate", "/privat%65", "/%70%72%69%76%61%74%65", "/private?", "/private?x=/hello", "/private?;x", "/private/docs/", "/private/docs/a", "/%70rivate/docs/a"))
	add(attackTargets("6", "what is no path of an endpoint is not found", "404", "",
		"/private/", "/private/..;/", "/private;x", "/private%20", "/private.json", "//private", "/x/../private", "/PRIVATE", "/Private",
		"/private%e2%80%8b", "/private.", "/private%2f", "/private%2F", "/%2fprivate", "/./private", "/private/.", "/;/private", "/private%3b", "/private%3f",
		"/private%23", "/hello/../private", "/hello/..;/private", "/private..", "/private~", "/%2570rivate", "/files/%2e%2e/private", "/private+", "/private/docs/../docs/a", "/private%2fdocs/a"))
	add(attackTargets("6", "what cannot be decoded is refused", "400", "", "/private%c0%80", "/private%00", "/private%0a", "/private%ff", "/%c0%afprivate", "/private%"))
	add(attackTargets("11", "invalid UTF-8 is never a dot or slash", "400", "",
		"/files/%c0%ae%c0%ae/", "/files/%e0%80%ae", "/files/%ed%a0%80", "/files/%ff", "/files/%c0%af", "/files/%f0%80%80%af", "/files/%f4%90%80%80", "/users/%80", "/files/a\xffb", "/files/%e2%82"))
	add(attackTargets("12", "nothing is normalised or folded", "404", "",
		"/%ef%bc%8e%ef%bc%8e%ef%bc%8f", "/file%c5%bf/x", "/%ef%bd%88ello", "/hello%cc%81", "/hell%d0%be", "/%ef%bc%8fhello", "/hello%e2%80%8b", "/%ef%bb%bfhello", "/hello%c2%a0"))
	add(attackTargets("12", "text arrives as it was sent", "200", attackFiles+"．．／x", "/files/%ef%bc%8e%ef%bc%8e%ef%bc%8fx", "/files/．．／x"))
	return cases
}

// attackEscapeCases are rows 7 to 10, 20 and 24.
func attackEscapeCases() (cases []attackCase) {
	add := func(c []attackCase) { cases = append(cases, c...) }
	add(attackTargets("7", "an escaped slash never separates", "404", "", "/files%2fsecret", "/files%2Fsecret", "/users%2f1", "/users%2F1", "%2ffiles/a", "/files%2f", "/%66iles%2Fa"))
	cases[4].want = "400" // "%2ffiles/a" is no path
	add(attackTargets("8", "an id has no slash in it", "422", "", "/users/1%2f2", "/users/1%2F", "/users/%2f1"))
	add(attackTargets("8", "an escaped slash is data", "200", attackFiles+"a/b", "/files/a%2fb", "/files/a%2Fb", "/files/%61%2fb"))
	add(attackTargets("8", "nothing is decoded twice", "200", attackFiles+"%2e%2e%2f", "/files/%252e%252e%252f", "/files/%25%32%65%252e%252f"))
	add(attackTargets("8", "an escaped percent before an escape", "200", attackFiles+"%00", "/files/%2500"))
	add(attackTargets("9", "NUL is refused everywhere", "400", "", "/%00", "/files/%00", "/files/a%00b", "/users/1%00", "/files%00/a", "/files/a/%00", "/private%00", "/files/%2f%00"))
	add(attackTargets("9", "a raw control character is refused", "400", "", "/hel\x00lo", "/hello\x01", "/files/\x7f", "/files/\x1b[31m", "/hello?x=\x00", "/hello?\x01"))
	add(attackTargets("10", "a bad escape is refused", "400", "", "/users/%zz", "/%", "/files/%1", "/files/%u0041", "/files/%%41", "/hello%", "/%g0", "/files/a%2", "/files/%+1"))
	add(attackTargets("20", "there are no fragments in a request", "4xx", "", "/hello#/private", "/private#/hello", "/hello#", "/private#", "/#/hello"))
	add(attackTargets("24", "the default mux is no fallback", "404", "", "/debug/pprof/", "/debug/pprof/goroutine?debug=2", "/debug/vars", "/debug/pprof/cmdline"))
	return cases
}

func TestAttackTargets(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls))
	attackRun(t, addr, attackFormCases(addr), attackLineCases(), attackMethodCases(), attackIDCases(), attackQueryCases())
}

// attackFormCases are rows 13 and 14: the forms of a target.
func attackFormCases(addr string) (cases []attackCase) {
	add := func(c []attackCase) { cases = append(cases, c...) }
	add(attackTargets("13", "an absolute target names the path", "200", "hello", "http://"+addr+"/hello", "http://api.test/hello", "HTTP://evil.example/hello"))
	add(attackTargets("13", "another host opens nothing", "401", "", "http://evil.example/private", "http://"+attackKey+"@api.test/private"))
	add(attackTargets("13", "no path, no dot segment, nothing behind the host", "404", "", "http://evil.example", "http://evil.example/", "http://evil.example//hello", "http://evil.example/x/../hello"))
	add(attackTargets("13", "what is no URL with a path is refused", "400", "", "mailto:x@y", "http:hello", "a:b", "hello:80", "x:/%zz", "urn:x:y", "javascript:alert(1)"))
	add(attackRaw("14", "OPTIONS of the server has no content", "200|204|4xx", attackText("OPTIONS *", "")))
	add(attackRaw("14", "the asterisk is for OPTIONS", "400|404", attackText("GET *", ""), attackText("POST *", ""), attackText("DELETE *", ""), attackText("PRI *", "")))
	add(attackRaw("14", "this is no proxy", "4xx|501",
		attackText("CONNECT /private", ""), attackText("CONNECT evil:443", ""), attackText("CONNECT api.test:80", ""), attackText("CONNECT http://evil.example/hello", ""),
		attackText("CONNECT /hello", ""), attackText("CONNECT *", ""), "CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n"))
	return cases
}

// attackLineCases are rows 19 and 21: request lines that are long or broken.
func attackLineCases() (cases []attackCase) {
	add := func(c []attackCase) { cases = append(cases, c...) }
	add(attackTargets("19", "a long path below a prefix", "200", attackFiles+strings.Repeat("x", 8<<10), "/files/"+strings.Repeat("x", 8<<10)))
	add(attackTargets("19", "a long path that is nothing", "404", "", "/"+strings.Repeat("x", 60<<10), strings.Repeat("/a", 20_000),
		strings.Repeat("/..", 20_000), strings.Repeat("/", 20_000), "/files/"+strings.Repeat("a/", 20_000), "/files/"+strings.Repeat("%2f", 20_000), "/hello"+strings.Repeat("/.", 20_000)))
	cases[len(cases)-2].want = "200" // one segment of slashes
	add(attackTargets("19", "longer than the header may be", "414|431", "", "/"+strings.Repeat("x", 80<<10), "/files/"+strings.Repeat("x", 2<<20), "/hello?"+strings.Repeat("x", 2<<20)))
	add(attackTargets("19", "256 segments are the limit", "200", "", "/files"+strings.Repeat("/a", 254), "/files"+strings.Repeat("/a", 255), "/files"+strings.Repeat("/a", 255)+"/"))
	add(attackTargets("19", "257 segments match nothing", "404", "", "/files"+strings.Repeat("/a", 256), "/files"+strings.Repeat("/a", 256)+"/", "/files"+strings.Repeat("/%61", 256)))
	add(attackTargets("21", "a target begins with a slash", "400", "", "hello", "private", "?x=1", "", ".", "..", "%2fhello", "x/hello", `\hello`, "@api.test/hello", ":80/hello"))
	for _, line := range []string{"GET /hello x HTTP/1.1", "GET  /hello HTTP/1.1", "GET /hello  HTTP/1.1", "GET\t/hello HTTP/1.1", "GET /hello\tHTTP/1.1", "GET /hello http/1.1",
		"GET /hello HTTP/1.1 ", " GET /hello HTTP/1.1", "GET /hello HTTP/1", "GET /hello HTTP/1.10", "GET /hello HTTP/01.1", "GET /hello HTTP/+1.1", "GET /hello HTTQ/1.1", "GET /hello", "GET", "/hello", "GET /hello\vHTTP/1.1", "GET /hel lo HTTP/1.1"} {
		add(attackRaw("21", "a request line is three words with one space between", "400|505", line+"\r\nHost: api.test\r\n\r\n"))
	}
	return cases
}

// attackMethodCases are rows 15 to 17.
func attackMethodCases() (cases []attackCase) {
	add := func(field, never string, c []attackCase) {
		for i := range c {
			c[i].field, c[i].never = field, never
		}
		cases = append(cases, c...)
	}
	add("Allow: GET, HEAD, OPTIONS", attackKey, attackRaw("15", "TRACE echoes nothing", "405|501",
		attackText("TRACE /hello", "", "X-Api-Key: "+attackKey), attackText("TRACE /hello", "", "X-Api-Key: "+attackKey, "Max-Forwards: 0")))
	add("Allow: GET, HEAD, OPTIONS", "", attackRaw("16", "a method is exact, and a wrong one is told the right ones", "405",
		attackText("get /hello", ""), attackText("Get /hello", ""), attackText("FOO /hello", ""), attackText("DELETE /hello", ""), attackText("POST /hello", "x"),
		attackText("GETT /hello", ""), attackText("GET! /hello", ""), attackText("TRACE /stream", ""), attackText("QUERY /hello", "")))
	add("Allow: OPTIONS, POST", "", attackRaw("16", "HEAD follows GET alone", "405", attackText("GET /form", ""), attackText("HEAD /form", ""), attackText("PUT /users", "{}")))
	add("", "", attackRaw("16", "a method that is no token, or too long", "400|405|431", attackText(strings.Repeat("A", 5000)+" /hello", ""),
		attackText("G\x00T /hello", ""), attackText("GE(T /hello", ""), attackText("GÉT /hello", ""), attackText("G\x7fT /hello", ""), attackText(" /hello", "")))
	add("", "", attackRaw("16", "a wrong method of nothing is not found", "404", attackText("DELETE /nothing", ""), attackText("FOO /nothing", ""), attackText("OPTIONS /nothing", "")))
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"} {
		for _, method := range []string{"GET", "DELETE", "OPTIONS"} {
			add("Allow: OPTIONS, POST", "", attackRaw("17", "the method is that of the request line", "405", attackText("GET /form", "", name+": "+method), attackText("DELETE /form?_method=POST", "", name+": POST")))
			add("", "", attackRaw("17", "a POST stays one", "415|422", attackText("POST /form?_method="+method, "_method="+method, name+": "+method, "Content-Type: application/x-www-form-urlencoded")))
		}
	}
	return cases
}

// attackIDCases are row 22.
func attackIDCases() (cases []attackCase) {
	add := func(c []attackCase) { cases = append(cases, c...) }
	add(attackTargets("22", "no other number comes out", "422", "",
		"/users/9223372036854775808", "/users/-9223372036854775809", "/users/18446744073709551616", "/users/1e3", "/users/0x10", "/users/1_000", "/users/%201", "/users/1%20", "/users/１", "/users/٣",
		"/users/--1", "/users/+-1", "/users/-", "/users/1.0", "/users/1,000", "/users/0b1", "/users/0o7", "/users/NaN", "/users/1;2", "/users/"+strings.Repeat("9", 5000), "/users/1%2e", "/users/%2b"))
	add(attackTargets("22", "a control character is refused with the path", "400", "", "/users/1%0a", "/users/1%00", "/users/%0d1"))
	for _, id := range []string{"9223372036854775807", "-9223372036854775808", "0", "-1", "1"} {
		add(attackTargets("22", "digit for digit", "200", `{"id":`+id+`}`, "/users/"+id))
	}
	return cases
}

// attackQueryCases are row 23, and NUL in a parameter.
func attackQueryCases() (cases []attackCase) {
	add := func(c []attackCase) { cases = append(cases, c...) }
	add(attackTargets("23", "a query that nothing reads is nobody's fault", "200", "hello", "/hello?a=1;b=2", "/hello?x=%zz", "/hello?"+strings.Repeat("x&", 20_000), "/hello?"+strings.Repeat("&", 50_000)))
	add(attackTargets("23", "many parameters beside the declared one", "200", "1,0", "/search?a=1&"+strings.Repeat("x&", 20_000), "/search?"+strings.Repeat("x&", 20_000)+"a=1"))
	add(attackTargets("23", "never half parsed for a declared parameter", "400", "", "/search?a=1;b=2", "/search?a=%zz", "/search?a=1&x=%zz", "/search?x=%&a=1", "/search?a=1&;", "/search?%zz=1&a=1"))
	add(attackTargets("23", "a scalar comes once", "422", "", "/search?a=1&a=2", "/search?a=1&%61=1", "/search?"+strings.Repeat("a&", 20_000)))
	add(attackTargets("23", "more than the header may have", "414|431", "", "/search?"+strings.Repeat("abcd=1&", 20_000)))
	add(attackTargets("9", "NUL and broken text in a parameter", "422", "", "/search?a=%00", "/search?a=%ff", "/search?a=%c0%ae", "/search?n=%00", "/search?n=1%00"))
	return cases
}

// Row 18: HEAD has the fields of GET and no body.
func TestAttackHead(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe(t, attackDemo(&calls))
	for _, target := range []string{"/hello", "/files/a/b", "/users/7", "/search?a=1", "/stream", "/private", "/nothing", "/users/x", "/files", "/files/" + strings.Repeat("x", 5000), "/panic"} {
		var both [2]attackAnswer
		for i, method := range []string{"GET", "HEAD"} {
			answers, _, err := attackSend(addr, attackText(method+" "+target, "", attackClose))
			if err != nil || len(answers) != 1 {
				t.Fatalf("%s %.40s: %v, %v", method, target, answers, err)
			}
			both[i] = answers[0]
			for _, name := range []string{"Date", "X-Request-Id", "Transfer-Encoding"} { // a time, an id, and how the body would be sent
				both[i].header.Del(name)
			}
		}
		get, head := both[0], both[1]
		if head.body != "" || head.status != get.status || fmt.Sprint(head.header) != fmt.Sprint(get.header) {
			t.Errorf("HEAD %.40s: %d %v %q; GET: %d %v", target, head.status, head.header, head.body, get.status, get.header)
		}
	}
}

// Row 25: a path and its escaped form that are out of step.
func TestAttackMountOutOfStep(t *testing.T) {
	var calls atomic.Int64
	api := attackDemo(&calls)
	tests := []struct {
		reason, path, raw string
		want              int
	}{
		{"only the path was stripped", "/private", "/api/private", 400},
		{"only the escaped path was stripped", "/api/hello", "/hello", 400},
		{"another path", "/hello", "/private", 400},
		{"a shorter one", "/private", "/privat", 400},
		{"a longer one", "/hello", "/hello%20", 400},
		{"a bad escape", "/hello", "/hello%", 400},
		{"decoded twice", "/files/../private", "/files/%252e%252e/private", 400},
		{"both forms", "/files/a/b", "/files/a%2Fb", 200},
		{"no escaped form", "/files/a/b", "", 200},
		{"the same form", "/hello", "/hello", 200},
		{"a path that does not begin with a slash", "hello", "", 404},
		{"a path of an escaped slash", "/hello", "%2Fhello", 404},
	}
	for _, test := range tests {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = &url.URL{Path: test.path, RawPath: test.raw}
		api.ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("%s: Path %q, RawPath %q: %d, want %d", test.reason, test.path, test.raw, w.Code, test.want)
		}
	}
	for _, target := range []string{"/api/users%2f7", "/%61pi/private", "/api%2Fhello", "/api/%2e%2e/hello", "/api//hello", "/apihello"} {
		w := httptest.NewRecorder()
		http.StripPrefix("/api", api).ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if w.Code != 400 && w.Code != 401 && w.Code != 404 {
			t.Errorf("below StripPrefix, %s: %d %s, want a refusal", target, w.Code, w.Body)
		}
	}
}

// Row 26: the more specific endpoint wins, in whatever order they were registered.
func TestAttackOrder(t *testing.T) {
	paths := []string{"a/:x", "a/b", "a/", ":y/b", "*all"}
	want := map[string]string{"/a/b": "a/b", "/a/c": "a/:x", "/z/b": ":y/b", "/a/": "a/", "/a/b/c": "a/", "/z": "*all", "/a/b/": "a/", "/z/b/": "*all"}
	n := 0
	for order := range attackOrders(len(paths)) {
		n++
		api := endpoint.New()
		for _, i := range order {
			api.Get(paths[i], func(*endpoint.Request) string { return paths[i] })
		}
		routerCompile(t, api)
		for target, path := range want {
			if got := routerAsk(t, api, "GET", target); got != "OK "+path {
				t.Fatalf("registered in the order %v, %s is answered by %q, want %q", order, target, got, path)
			}
		}
	}
	if n != 120 {
		t.Errorf("%d orders of five, want 120", n)
	}
}

// attackOrders gives every order of the numbers below n.
func attackOrders(n int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		order := make([]int, 0, n)
		var next func(used int) bool
		next = func(used int) bool {
			if len(order) == n {
				return yield(order)
			}
			for i := range n {
				if used&(1<<i) != 0 {
					continue
				}
				order = append(order, i)
				if !next(used | 1<<i) {
					return false
				}
				order = order[:len(order)-1]
			}
			return true
		}
		next(0)
	}
}

// Row 13: a target without a path is not the root, nor below the widest prefix.
func TestAttackOpaque(t *testing.T) {
	for _, path := range []string{"", "/", "*all", ":x"} {
		api := endpoint.New(endpoint.Logger(slog.New(slog.DiscardHandler)))
		api.Handle(path, func(*endpoint.Request) string { return "reached" }, endpoint.Methods("*"))
		addr := attackServe(t, api)
		for _, line := range []string{"GET mailto:x@y", "GET a:b", "POST http:x", "OPTIONS urn:x", "GET *", "CONNECT evil:443", "CONNECT *"} {
			answers, _, err := attackSend(addr, attackText(line, ""))
			if err != nil || len(answers) != 1 || answers[0].status < 400 || answers[0].status > 501 {
				t.Errorf("%q at %q: %v, %v; want a refusal", line, path, answers, err)
			}
		}
	}
}

// Row 19 on the clock: the longest path that the header allows, many times.
func TestAttackLongPathsAreCheap(t *testing.T) {
	var calls atomic.Int64
	api := attackDemo(&calls)
	long := []string{strings.Repeat("/a", 30_000), strings.Repeat("/%2e", 15_000), "/files/" + strings.Repeat("%2f", 20_000), strings.Repeat("/%3a", 15_000), strings.Repeat("/..", 20_000)}
	start := time.Now()
	for range 20 {
		for _, target := range long {
			api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", target, nil))
		}
	}
	if each := time.Since(start) / 100; each > 50*time.Millisecond {
		t.Errorf("a path of 60 KB takes %v, want at most 50ms", each)
	}
}
