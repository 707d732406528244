package script

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFixtures(t *testing.T) {
	const text = "text/plain; charset=utf-8"
	tests := []struct {
		file, method, target string
		status               int
		contentType, body    string
		fault                string
	}{
		{file: "hello.py", method: "GET", status: 200, contentType: text, body: "Hello World"},
		{file: "hello.py", method: "POST", status: 404},
		{file: "str.star", method: "GET", status: 200, contentType: text, body: "hello"},
		{file: "json.star", method: "GET", status: 200, contentType: "application/json", body: `{"a":1}`},
		{file: "jsoncharset.star", method: "GET", status: 200, contentType: "application/json; charset=utf-8", body: `{"a": 1}`},
		{file: "html.star", method: "GET", status: 200, contentType: "text/html; charset=utf-8", body: "<b>hello</b>"},
		{file: "dict.star", method: "GET", fault: "dict.star:1:1: in handler: handler returned a dict; return a string or Response(...)"},
		{file: "raise.star", method: "GET", fault: "raise.star:2:9: in handler: fail: secret detail"},
		{file: "echo.star", method: "GET", target: "/u/echo?x=1", status: 200, contentType: text, body: "GET x=1"},
		{file: "nohandler.star", method: "GET", fault: "nohandler.star: def handler is missing; write def handler(request, *args, **kwargs)"},
	}
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		for _, tt := range tests {
			t.Run(tt.file+" "+tt.method, func(t *testing.T) {
				source, err := os.ReadFile("testdata/ib/" + tt.file)
				if err != nil {
					t.Fatal(err)
				}
				program, err := e.Compile(t.Context(), tt.file, source)
				if err != nil {
					t.Fatal(err)
				}
				target := tt.target
				if target == "" {
					target = "/u/x"
				}
				got := call1(t.Context(), program, httptest.NewRequest(tt.method, target, nil))
				if got.err != nil || tt.fault != "" {
					if got.err == nil || got.err.Error() != tt.fault {
						t.Fatalf("error %v, want %q", got.err, tt.fault)
					}
					return
				}
				if got.status != tt.status || got.body != tt.body || got.header.Get("Content-Type") != tt.contentType {
					t.Errorf("got %d %q %q", got.status, got.header.Get("Content-Type"), got.body)
				}
			})
		}
	})
}

// TestRequest looks at a request through the eyes of a script.
func TestRequest(t *testing.T) {
	tests := []struct{ expr, want, reason string }{
		{`request.method`, "POST", "the method as it was sent"},
		{`request.path`, "/u/p q", "the path is decoded"},
		{`request.query_string`, "x=1&x=2&name=J%C3%BCrgen&bad=%zz&e=", "the query is as it was sent"},
		{`request.args.get("x")`, "1", "the first of several values"},
		{`request.args["x"]`, "1", "indexing is the same"},
		{`request.args.get("nope")`, "None", "an absent name is None"},
		{`request.args.get("nope", "d")`, "d", "or the default"},
		{`request.args.get("nope", default="d")`, "d", "by name too"},
		{`request.args.get("x", type=int) + 1`, "2", "type converts"},
		{`request.args.get("name", 7, type=int)`, "7", "what cannot be converted is the default"},
		{`request.args.get("e", "d")`, "", "an empty value is there"},
		{`request.args.get("bad")`, "None", "a pair with a bad escape is left out"},
		{`request.args.get(3)`, "None", "a name that is no string is never there"},
		{`request.args.getlist("x")`, `["1", "2"]`, "all values in order"},
		{`request.args.getlist("nope")`, `[]`, "no values"},
		{`"x" in request.args, "nope" in request.args`, `(True, False)`, "in asks for names"},
		{`request.args.keys()`, `["e", "name", "x"]`, "names are sorted"},
		{`request.args.values()`, `["", "Jürgen", "1"]`, "first values"},
		{`request.args.items()`, `[("e", ""), ("name", "Jürgen"), ("x", "1")]`, "pairs"},
		{`[k for k in request.args]`, `["e", "name", "x"]`, "iteration gives names"},
		{`len(request.args), bool(request.args), type(request.args)`, `(3, True, "args")`, "it has a length"},
		{`dict(request.args)`, `{"e": "", "name": "Jürgen", "x": "1"}`, "it is a mapping"},
		{`request.form.get("a"), request.form.getlist("a")`, `("1", ["1", "2"])`, "an urlencoded body is a form"},
		{`request.headers.get("content-type")`, "application/x-www-form-urlencoded; charset=utf-8", "case does not matter"},
		{`request.headers["X-MANY"], request.headers.getlist("x-many")`, `("a", ["a", "b"])`, "repeated fields"},
		{`"x-many" in request.headers, request.headers.get("x-no", "d")`, `(True, "d")`, "in and default"},
		{`request.headers.get("Host")`, "example.com", "Host is a field"},
		{`request.body`, "a=1&a=2&b=%26", "the body as it was sent"},
		{`request.json("no")`, "no", "what is no JSON is the default"},
		{`type(request), bool(request), str(request)`, `("request", True, "<request POST /u/p q>")`, "it prints without its content"},
		{`dir(request)`, `["args", "body", "form", "headers", "json", "method", "path", "query_string"]`, "nothing else is there"},
		{`dir(request.args)`, `["get", "getlist", "items", "keys", "values"]`, "nor here"},
		{`str(request.headers)`, "<headers with 3 names>", "headers print without their content"},
		{`len(args), len(kwargs)`, "(0, 0)", "a handler gets the request alone"},
	}
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		for _, tt := range tests {
			r := httptest.NewRequest("POST", "/u/p%20q?x=1&x=2&name=J%C3%BCrgen&bad=%zz&e=", strings.NewReader("a=1&a=2&b=%26"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			r.Header["X-Many"] = []string{"a", "b"}
			got := run(t.Context(), e, handler("return str("+wrapped(tt.expr)+")"), r)
			if got.err != nil || got.body != tt.want {
				t.Errorf("%s: %s: got %q, %v; want %q", tt.reason, tt.expr, got.body, got.err, tt.want)
			}
		}
	})
}

// wrapped makes one argument of an expression with commas.
func wrapped(expr string) string { return "(" + expr + ")" }

// TestExpressions runs what modules and results have.
func TestExpressions(t *testing.T) {
	tests := []struct{ expr, want, reason string }{
		{`json.loads('{"a":[1,2.5,"x",null,true]}')`, `{"a": [1, 2.5, "x", None, True]}`, "JSON as Python reads it"},
		{`json.decode("[1e2, -0, 12345678901234567890]")`, `[100.0, 0, 12345678901234567890]`, "integers keep all digits"},
		{`json.decode("x", "d")`, "d", "the default for what is no JSON"},
		{`json.decode(b"1")`, "1", "bytes are text too"},
		{`json.encode({"b": (1, None), "a": "é<\n"})`, `{"a":"é<\n","b":[1,null]}`, "names are sorted, text stays readable"},
		{`json.dumps([1.5, 2.0, True])`, `[1.5,2,true]`, "the same by Python's name"},
		{`json.dumps({"a": [1]}, indent=1)`, "{\n \"a\": [\n  1\n ]\n}", "indent is a number of spaces"},
		{`json.dumps([1], indent="-")`, "[\n-1\n]", "or a string"},
		{`json.indent("[1]", indent=" ")`, "[\n 1\n]", "Starlark's own indent"},
		{`json.encode_indent([1], prefix="", indent=" ")`, "[\n 1\n]", "and its other form"},
		{`math.sqrt(16.0), math.floor(2.5)`, "(4.0, 2)", "math"},
		{`time.parse_time("2026-01-02T03:04:05Z").unix, time.now().year > 2000`, "(1767323045, True)", "time"},
		{`hashlib.sha256("abc").hexdigest()`, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "a known digest"},
		{`hashlib.sha1(b"abc").hexdigest()`, "a9993e364706816aba3e25717850c26c9cd0d89d", "of bytes"},
		{`hashlib.md5("abc").hexdigest()`, "900150983cd24fb0d6963f7d28e17f72", "for old senders"},
		{`hashlib.new("SHA512", "abc").hexdigest()[:16]`, "ddaf35a193617aba", "by name"},
		{`hashlib.sha256("abc").name, hashlib.sha256().digest_size`, `("sha256", 32)`, "attributes"},
		{`type(hashlib.sha256("abc").digest())`, "bytes", "digest is bytes"},
		{`hmac.new("key", "The quick brown fox jumps over the lazy dog", "sha256").hexdigest()`, "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8", "a known signature"},
		{`hmac.new(b"key", msg="x", digestmod=hashlib.sha1).hexdigest() == hmac.new("key", "x", "sha1").hexdigest()`, "True", "a function names a hash"},
		{`hmac.compare_digest("a", "a"), hmac.compare_digest("a", b"b")`, "(True, False)", "comparison"},
		{`secret("token")`, "s3cret", "a secret of the host"},
		{`Response("b", 201, "application/json", {"X-A": "1"}).headers`, `{"X-A": "1", "Content-Type": "application/json"}`, "positions of Response"},
		{`Response("b").status, Response("b").body, Response().headers`, `(200, "b", {})`, "defaults; an empty body has no type"},
		{`Response("b").headers`, `{"Content-Type": "text/plain; charset=utf-8"}`, "a body is text"},
		{`Response("b", headers={"content-type": "application/json"}).headers`, `{"content-type": "application/json"}`, "a type among the headers stays"},
		{`Response("b", mimetype="text/plain", headers={"content-type": "x/y"}).headers`, `{"Content-Type": "text/plain; charset=utf-8"}`, "mimetype wins"},
		{`Response("b", mimetype="text/plain; charset=latin-1").headers`, `{"Content-Type": "text/plain; charset=latin-1"}`, "a charset stays"},
		{`[x for x in range(3) if x] + list(set([1]))`, "[1, 2, 1]", "sets and comprehensions"},
	}
	secrets := Secrets(func(_ context.Context, name string) (string, bool) { return "s3cret", name == "token" })
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		for _, tt := range tests {
			got := run(t.Context(), e, handler("return str("+wrapped(tt.expr)+")"), get("/"))
			if got.err != nil || got.body != tt.want {
				t.Errorf("%s: %s: got %q, %v; want %q", tt.reason, tt.expr, got.body, got.err, tt.want)
			}
		}
	}, secrets)
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		reason, text string
		status       int
		header       http.Header
		body         string
	}{
		{"an empty string is an answer", handler(`return ""`), 200, http.Header{"Content-Type": {plainText}}, ""},
		{"bytes are a body", handler(`return Response(b"\xff\x00", mimetype="application/json")`), 200, http.Header{"Content-Type": {"application/json"}}, "\xff\x00"},
		{"a field may be repeated", handler(`return Response(headers={"X-A": ["1", "2"]})`), 200, http.Header{"X-A": {"1", "2"}}, ""},
		{"headers may be set later", handler(`r = Response("b")`, `r.headers["X-A"] = "1"`, `return r`), 200, http.Header{"Content-Type": {plainText}, "X-A": {"1"}}, "b"},
		{"request headers may be passed on", handler(`return Response(headers=request.headers)`), 200, http.Header{"Host": {"example.com"}}, ""},
		{"the status", handler(`return Response("no", status=418)`), 418, http.Header{"Content-Type": {plainText}}, "no"},
		{"recursion and while are Python's", "def f(n):\n  return n if n < 1 else f(n-1)\n" + handler("i = 0", "while i < 3:", "  i += 1", "return str(i + f(100))"), 200, http.Header{"Content-Type": {plainText}}, "3"},
		{"control flow and assignment at the top", "x = 1\nif x:\n  x = 2\nfor i in range(3): x += i\n" + handler("return str(x)"), 200, http.Header{"Content-Type": {plainText}}, "5"},
		{"lambda as a default", handler("return (lambda a, b=2: str(a + b))(1)"), 200, http.Header{"Content-Type": {plainText}}, "3"},
		{"a handler with the request alone", "def handler(request): return 'x'\n", 200, http.Header{"Content-Type": {plainText}}, "x"},
	}
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		for _, tt := range tests {
			got := run(t.Context(), e, tt.text, get("/"))
			if got.err != nil || got.status != tt.status || got.body != tt.body {
				t.Errorf("%s: got %d %q, %v", tt.reason, got.status, got.body, got.err)
			}
			if diff := cmp.Diff(tt.header, got.header); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
			}
		}
	})
}

// TestFaults is one row for each way in which a script is to blame.
func TestFaults(t *testing.T) {
	tests := []struct{ reason, text, want string }{
		{"a syntax error", "def handler(request)\n  pass", "/a/test.py:2:1: got newline, want ':'"},
		{"columns behind an annotation", strings.Replace(handler("pass"), "request,", "request: dict[str, int],", 1) + "x = = 1\n", "/a/test.py:3:5: got '=', want primary expression"},
		{"an unknown name", "x = nope\n", "/a/test.py:1:5: undefined: nope"},
		{"more of them", "x = nope\ny = nope\n", "/a/test.py:1:5: undefined: nope (and 1 more)"},
		{"Python that Starlark lacks", "class A: pass\n", "/a/test.py:1:1: got class, want primary expression; Starlark has no class"},
		{"an import that is not known", "import os\n", "/a/test.py:1:1: got import, want primary expression; Starlark has no import"},
		{"an f-string", handler("return f'{request}'"), `/a/test.py:2:24: got string literal, want newline; Starlark has no f-strings, write "{}".format(x)`},
		{"a power", "x = 2 ** 8\n", "/a/test.py:1:9: got '**', want newline; Starlark has no **, write math.pow(x, y)"},
		{"an exception", handler("raise ValueError"), "got raise, want primary expression; Starlark has no raise, write fail(...)"},
		{"a failure in a function", "def f():\n  return 1 // 0\n" + handler("return f()"), "/a/test.py:2:12: in f: floored division by zero"},
		{"a failure at the top", "x = 1 // 0\n", "/a/test.py:1:7: floored division by zero"},
		{"a failure in a builtin", handler("return int('x')"), "/a/test.py:2:15: in handler: int: invalid literal"},
		{"an unknown key", handler("return request.args['x']"), "/a/test.py:2:24: in handler: key \"x\" not in args"},
		{"an unknown attribute", handler("return request.cookies"), "/a/test.py:2:19: in handler: request has no .cookies"},
		{"a change of the request", handler("request.method = 'x'"), "can't assign to .method"},
		{"a change of the arguments", handler("request.args['x'] = 'x'"), "args"},
		{"no handler", "x = 1\n", "def handler is missing"},
		{"a handler that is no function", "handler = 3\n", "handler is a int; write def handler"},
		{"a handler that is a builtin", "handler = len\n", "handler is a builtin_function_or_method; write def handler"},
		{"a handler without parameters", "def handler(): return ''\n", "function handler accepts no arguments (1 given)"},
		{"None", handler("return None"), "handler returned a NoneType; return a string or Response(...)"},
		{"an int", handler("return 1"), "/a/test.py:1:1: in handler: handler returned a int"},
		{"bytes", handler("return b''"), "handler returned a bytes"},
		{"a tuple", handler("return ('x', 200)"), "handler returned a tuple"},
		{"a wrong status", handler("return Response(status=99)"), "/a/test.py:2:20: in handler: Response: status is 99; give one from 200 to 599"},
		{"a high status", handler("return Response(status=600)"), "give one from 200 to 599"},
		{"a status that is text", handler("return Response(status='200')"), "Response: for parameter \"status\": got string, want int"},
		{"a body that is a dict", handler("return Response({})"), "Response: body is a dict; give a string or bytes, for example json.dumps(...)"},
		{"headers that are a list", handler("return Response(headers=[])"), "Response: headers is a list; give a dict"},
		{"a mimetype that is no string", handler("return Response(mimetype=1)"), "Response: mimetype is a int"},
		{"too many header fields", handler("return Response(headers={'X': [''] * 101})"), "the output limit is 100 header fields; each value in a list counts as one"},
		{"a list longer than memory", handler("return str(list(range(1 << 60)))"), "a list would have more elements than any memory holds; use a smaller range"},
		{"a header value that is a number", handler("return Response(headers={'X': 1})"), `header field "X" is a int; give a string or a list of strings`},
		{"a header list with a number", handler("return Response(headers={'X': ['a', 1]})"), `header field "X" is a list`},
		{"a header name that is a number", handler("return Response(headers={1: 'x'})"), "a int is no name of a header field"},
		{"a line break in a name", handler(`return Response(headers={"X\r\nY": "x"})`), `"X\r\nY" is no name of a header field`},
		{"an empty name", handler(`return Response(headers={"": "x"})`), `"" is no name of a header field`},
		{"a line break in a value", handler(`return Response(headers={"X": "a\nSet-Cookie: b"})`), `header field "X" has a line break or another control character`},
		{"NUL in a value", handler(`return Response(headers={"X": "\x00"})`), `control character`},
		{"a line break in a mimetype", handler(`return Response("x", mimetype="text/plain\r\nX: y")`), `control character`},
		{"a secret that is not there", handler("return secret('nope')"), `/a/test.py:2:18: in handler: there is no secret "nope"; the host has to offer it`},
		{"requests are off", handler("return http.get('https://example.com/')"), "http.get: requests are off; the host allows them with AllowHTTP"},
		{"load", "load('x', 'y')\n", "load is not available: a script is one file"},
		{"no JSON", handler("return request.json()"), "the body of the request is not JSON: the JSON ends too early"},
		{"JSON with more behind", handler("return json.decode('1 2')"), "something follows the JSON, at byte"},
		{"JSON with a name twice", handler(`return json.decode('{"a":1,"a":2}')`), `the name "a" is given twice`},
		{"JSON with a number that does not fit", handler(`return json.decode('1e999')`), `the number 1e999 does not fit`},
		{"JSON of a function", handler(`return json.encode(len)`), `json.encode: a builtin_function_or_method has no form in JSON`},
		{"JSON of infinity", handler(`return json.encode(float("inf"))`), `+Inf has no form in JSON`},
		{"JSON with keys that are numbers", handler(`return json.dumps({1: 2})`), `json.dumps: a dict has a int among its keys; JSON has strings only`},
		{"JSON of a number", handler(`return json.loads(3)`), `json.loads: got int; give a string or bytes`},
		{"a wide indent", handler(`return json.dumps([], indent=17)`), `prefix and indent may have at most 16 bytes`},
		{"an unknown hash", handler(`return hashlib.new("crc32")`), `there is no hash "crc32"; there are md5, sha1, sha256 and sha512`},
		{"a key that is a number", handler(`return hmac.new(1, "")`), `hmac.new: key is a int`},
		{"a hash of a number", handler(`return hashlib.md5(1)`), `md5: got int; give a string or bytes`},
		{"a frozen hash", "h = hashlib.md5()\n" + handler(`h.update("x")`), `cannot update a frozen hash`},
		{"frozen globals", "x = []\n" + handler(`x.append(1)`), `/a/test.py:3:13: in handler: append: cannot append to frozen list`},
		{"modules that cannot be changed", handler(`json.encode = 1`), `can't assign to .encode`},
		{"fail", handler(`fail("a", 1)`), `/a/test.py:2:9: in handler: fail: a 1`},
	}
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		for _, tt := range tests {
			got := run(t.Context(), e, tt.text, get("/"))
			fault, ok := got.err.(*Error)
			if !ok || !strings.Contains(fault.Error(), tt.want) || temporary(got.err) {
				t.Errorf("%s: got %v, want %q", tt.reason, got.err, tt.want)
			}
		}
	})
}
