package script

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// large is what can make a single step take all memory, which no in-process
// engine survives: numbers of more than four digits, and operators that make
// large things of small ones in few steps.
var large = regexp.MustCompile(`\d{5}|\d[eE]|0[xXoObB]|\*|<<|\+=|join|replace|extend|%`)

// FuzzScript runs any text as a script with tiny limits. It may fail in any
// way but a panic, and always soon.
func FuzzScript(f *testing.F) {
	f.Add("from flask import Response\ndef handler(request: Request, *args: Any):\n  return Response(json.dumps(dict(request.args)), 201, 'application/json')\n")
	f.Add("def handler(r):\n  while True: print(r.form, r.headers.get('x', type=int))\n")
	f.Add("def f(x): return f(x)\nhandler = lambda r: f(sorted([r.json(1), hashlib.md5('x').digest()], key=str))\n")
	f.Add("def handler(r):\n  return secret(str(r)) + http.get('http://x/').body + hmac.new('', r.body, 'md5').hexdigest()\n")
	f.Add("x = [i for i in range(9999)]\nhandler = time.now() - time.parse_duration('1s')\nload('a', 'b')\n")
	e := InProcess(Limits{Steps: 20_000, Time: 200 * time.Millisecond, Recursion: 50, Output: 1000, Source: 4 << 10})
	f.Fuzz(func(t *testing.T, text string) {
		if large.MatchString(text) {
			return
		}
		r := get("/u/x?a=1&b=%zz")
		began := time.Now()
		got := run(t.Context(), e, text, r)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		if got.err != nil && strings.Contains(got.err.Error(), "the interpreter failed") {
			t.Errorf("%v", got.err)
		}
		if len(got.body) > 1000 || got.err == nil && (got.status < 200 || got.status > 599) {
			t.Errorf("got %d with %d bytes", got.status, len(got.body))
		}
	})
}

// FuzzJSON holds that what can be decoded can be encoded, and is then decoded
// to the same.
func FuzzJSON(f *testing.F) {
	f.Add(`{"a": [1, -2.5e3, "é\u0041\n", null, true], "b": {}}`)
	f.Add(`[[[[[[]]]]]]`)
	f.Add(`1e400`)
	f.Fuzz(func(t *testing.T, text string) {
		value, err := decodeJSON([]byte(text))
		if err != nil {
			return
		}
		again, err := encodeJSON("encode", value)
		if err != nil {
			t.Fatalf("%q cannot be encoded: %v", text, err)
		}
		same, err := decodeJSON([]byte(again))
		if err != nil {
			t.Fatalf("%q became %q: %v", text, again, err)
		}
		if third, err := encodeJSON("encode", same); err != nil || third != again {
			t.Errorf("%q became %q and then %q, %v", text, again, third, err)
		}
	})
}
