package route

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mustParse parses a pattern that the test knows to be right.
func mustParse(t testing.TB, s string) Pattern {
	t.Helper()
	p, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParse(t *testing.T) {
	lit := func(s string) Segment { return Segment{Literal, s} }
	param := func(s string) Segment { return Segment{Param, s} }
	rest := func(s string) Segment { return Segment{Rest, s} }
	tests := []struct {
		in, text, key string
		segments      []Segment
		why           string
	}{
		{"", "", "/", nil, "exactly the root"},
		{"/", "/", "/*r", []Segment{rest("")}, "everything"},
		{"*all", "/*all", "/*r", []Segment{rest("all")}, "everything, named"},
		{"/*all", "/*all", "/*r", []Segment{rest("all")}, "everything, named, with a slash"},
		{"users", "/users", "/users", []Segment{lit("users")}, "the slash is optional"},
		{"/users", "/users", "/users", []Segment{lit("users")}, "the slash means nothing"},
		{"users/:id", "/users/:id", "/users/:0", []Segment{lit("users"), param("id")}, "parameter"},
		{"users/{id}", "/users/:id", "/users/:0", []Segment{lit("users"), param("id")}, "the other spelling"},
		{":a/:_B9", "/:a/:_B9", "/:0/:1", []Segment{param("a"), param("_B9")}, "parameters are numbered"},
		{"files/", "/files/", "/files/*r", []Segment{lit("files"), rest("")}, "prefix"},
		{"files/*rest", "/files/*rest", "/files/*r", []Segment{lit("files"), rest("rest")}, "named prefix"},
		{"a%20b", "/a b", "/a b", []Segment{lit("a b")}, "escapes are decoded"},
		{"id/:id", "/id/:id", "/id/:0", []Segment{lit("id"), param("id")}, "a literal may be called as a parameter"},
		{" /a", "/ /a", "/ /a", []Segment{lit(" "), lit("a")}, "no method before the space"},
		{"a b", "/a b", "/a b", []Segment{lit("a b")}, "a space is text"},
		{"a%2Fb", "/a%2Fb", "/a%2Fb", []Segment{lit("a/b")}, "an escaped slash is text"},
		{"a%2fb", "/a%2Fb", "/a%2Fb", []Segment{lit("a/b")}, "in both cases"},
		{"%252e", "/%252e", "/%252e", []Segment{lit("%2e")}, "decoded once"},
		{"100%25", "/100%25", "/100%25", []Segment{lit("100%")}, "percent sign"},
		{"%3Aid", "/%3Aid", "/%3Aid", []Segment{lit(":id")}, "an escaped colon is text"},
		{"%2A", "/%2A", "/%2A", []Segment{lit("*")}, "an escaped star is text"},
		{"%7bid%7D", "/%7Bid%7D", "/{id}", []Segment{lit("{id}")}, "escaped braces are text"},
		{"%3Cb%3E", "/%3Cb%3E", "/<b>", []Segment{lit("<b>")}, "escaped angle brackets are text"},
		{"a%3Fb%23c", "/a%3Fb%23c", "/a?b#c", []Segment{lit("a?b#c")}, "escaped question mark and hash"},
		{"GET%20/x", "/GET /x", "/GET /x", []Segment{lit("GET "), lit("x")}, "no method if the space is escaped"},
		{"caf%C3%A9", "/café", "/café", []Segment{lit("café")}, "UTF-8"},
		{"\uFFFD", "/\uFFFD", "/\uFFFD", []Segment{lit("\uFFFD")}, "the replacement character is text"},
		{".well-known/...", "/.well-known/...", "/.well-known/...", []Segment{lit(".well-known"), lit("...")}, "dots that are no dot segment"},
		{"a;v=1,2/b@c+d$e&f!'()~", "/a;v=1,2/b@c+d$e&f!'()~", "/a;v=1,2/b@c+d$e&f!'()~", []Segment{lit("a;v=1,2"), lit("b@c+d$e&f!'()~")}, "other marks are text"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			p := mustParse(t, tt.in)
			if p.String() != tt.text || p.Key() != tt.key {
				t.Errorf("Parse(%q) = %q with key %q, want %q with %q", tt.in, p, p.Key(), tt.text, tt.key)
			}
			if diff := cmp.Diff(tt.segments, p.Segments()); diff != "" {
				t.Errorf("segments (-want +got):\n%s", diff)
			}
			again := mustParse(t, p.String())
			if diff := cmp.Diff(p, again, cmp.AllowUnexported(Pattern{})); diff != "" {
				t.Errorf("Parse(String()) differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseFaults(t *testing.T) {
	const (
		whole = "a parameter is a whole segment; bind it and check the suffix in the handler, or escape as "
		none  = "no request can have it"
	)
	tests := []struct{ in, want, why string }{
		{"users//x", `path "users//x": empty segment at offset 6; write one slash`, "two slashes"},
		{"//x", `path "//x": empty segment at offset 1; write one slash`, "two in front"},
		{"//", `path "//": empty segment at offset 1; write one slash`, "two and nothing"},
		{"x//", `path "x//": empty segment at offset 2; write one slash`, "two at the end"},
		{"a/./b", `path "a/./b": dot segment "." at offset 2; ` + none, "dot"},
		{"../b", `path "../b": dot segment ".." at offset 0; ` + none, "dots"},
		{"a/..", `path "a/..": dot segment ".." at offset 2; ` + none, "dots at the end"},
		{"%2e.", `path "%2e.": dot segment "%2e." at offset 0; ` + none, "escaped dots"},
		{"a/b%2F..%2Fc", `path "a/b%2F..%2Fc": dot segment "b%2F..%2Fc" at offset 2; ` + none, "dots between escaped slashes"},
		{`a\b`, `path "a\\b": backslash at offset 1; ` + none, "backslash"},
		{"x/%5C", `path "x/%5C": escaped backslash at offset 2; ` + none, "escaped backslash"},
		{"a\x00", `path "a\x00": control character at offset 1; ` + none, "NUL"},
		{"a\nb", `path "a\nb": control character at offset 1; ` + none, "line feed"},
		{"a\x7f", `path "a\x7f": control character at offset 1; ` + none, "delete"},
		{"a%00", `path "a%00": escaped control character at offset 0; ` + none, "escaped NUL"},
		{"é\xff", `path "é\xff": invalid UTF-8 at offset 2; ` + none, "invalid UTF-8"},
		{"a/%ff", `path "a/%ff": escaped invalid UTF-8 at offset 2; ` + none, "escaped invalid UTF-8"},
		{"%ed%a0%80", `path "%ed%a0%80": escaped invalid UTF-8 at offset 0; ` + none, "surrogate half"},
		{"%zz", `path "%zz": bad percent escape at offset 0; write two hexadecimal digits after %, or %25 for the sign itself`, "no digits"},
		{"a%41/b%4", `path "a%41/b%4": bad percent escape at offset 6; write two hexadecimal digits after %, or %25 for the sign itself`, "one digit"},
		{"100%", `path "100%": bad percent escape at offset 3; write two hexadecimal digits after %, or %25 for the sign itself`, "no room"},
		{"a%20%", `path "a%20%": bad percent escape at offset 4; write two hexadecimal digits after %, or %25 for the sign itself`, "a good escape before"},
		{"x/:", `path "x/:": parameter without a name at offset 2; write a name after it, as in :id`, "no name"},
		{"{}", `path "{}": parameter without a name at offset 0; write a name after it, as in :id`, "no name in braces"},
		{"x/*", `path "x/*": parameter without a name at offset 2; write a name after it, as in *rest, or end the path in "/"`, "star alone"},
		{"a/{1st}", `path "a/{1st}": parameter name "1st" is not a name at offset 3; use letters, digits, underscores and hyphens, a letter first`, "digit first"},
		{":größe", `path ":größe": parameter name "größe" is not a name at offset 1; use letters, digits, underscores and hyphens, a letter first`, "other letters"},
		{"files/:name.json", `path "files/:name.json": ".json" after a parameter at offset 11; ` + whole + "%3A if it is text", "suffix"},
		{":a:b", `path ":a:b": ":b" after a parameter at offset 2; ` + whole + "%3A if it is text", "two parameters"},
		{":.", `path ":.": "." after a parameter at offset 1; ` + whole + "%3A if it is text", "suffix without a name"},
		{"{a}.json", `path "{a}.json": ".json" after a parameter at offset 3; ` + whole + "%7B if it is text", "suffix after braces"},
		{"{a}{b}", `path "{a}{b}": "{b}" after a parameter at offset 3; ` + whole + "%7B if it is text", "two in braces"},
		{"{a{b}", `path "{a{b}": "{b" after a parameter at offset 2; ` + whole + "%7B if it is text", "brace in braces"},
		{"*a*", `path "*a*": "*" after a parameter at offset 2; ` + whole + "%2A if it is text", "second star"},
		{"v:a", `path "v:a": ':' inside a segment at offset 1; ` + whole + "%3A", "colon inside"},
		{"a/b*c", `path "a/b*c": '*' inside a segment at offset 3; ` + whole + "%2A", "star inside"},
		{"a{b}", `path "a{b}": '{' inside a segment at offset 1; ` + whole + "%7B", "brace inside"},
		{"a}", `path "a}": '}' inside a segment at offset 1; ` + whole + "%7D", "closing brace"},
		{"{a", `path "{a": "{" without "}" at offset 0; write {name} or :name, or escape as %7B if it is text`, "open brace"},
		{"files/{path...}", `path "files/{path...}": "{path...}" in a path at offset 6; write *path`, "rest as ServeMux writes it"},
		{"files/{$}", `path "files/{$}": "{$}" in a path at offset 6; a path without "/" at its end is exact already; leave it out`, "end as ServeMux writes it"},
		{"{id:[0-9]+}", `path "{id:[0-9]+}": "{id:[0-9]+}" in a path at offset 0; a parameter has no expression; write :id and check it with its type or a validate tag`, "expression"},
		{"u/<int:id>", `path "u/<int:id>": ':' inside a segment at offset 6; ` + whole + "%3A", "typed converter"},
		{"u/<id>", `path "u/<id>": "<" in a path at offset 2; write a parameter as :name, or escape as %3C`, "converter"},
		{"*rest/x", `path "*rest/x": "*rest" before the end at offset 0; only the last segment may be the rest; write a parameter such as :name here`, "rest first"},
		{"*rest/", `path "*rest/": "*rest" before the end at offset 0; only the last segment may be the rest; write a parameter such as :name here`, "slash after a rest"},
		{"a/:id/b/{id}", `path "a/:id/b/{id}": second parameter "id" at offset 8; give it another name`, "same name"},
		{":id/*id", `path ":id/*id": second parameter "id" at offset 4; give it another name`, "same name for the rest"},
		{"a?b=c", `path "a?b=c": "?" in a path at offset 1; query parameters are fields tagged query; escape as %3F if it is text`, "query"},
		{":id?", `path ":id?": "?" in a path at offset 3; query parameters are fields tagged query; escape as %3F if it is text`, "optional parameter"},
		{"a#b", `path "a#b": "#" in a path at offset 1; a fragment never reaches a server; escape as %23 if it is text`, "fragment"},
		{"GET /users", `path "GET /users": method in a path at offset 0; name it in the option Methods("GET"), or escape the space as %20`, "method"},
		{"https://a.example/b", `path "https://a.example/b": ':' inside a segment at offset 5; ` + whole + "%3A", "address"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			p, err := Parse(tt.in)
			if err == nil {
				t.Fatalf("Parse(%q) = %q, want an error", tt.in, p)
			}
			if err.Error() != tt.want {
				t.Errorf("Parse(%q):\n got %s\nwant %s", tt.in, err, tt.want)
			}
			if e, ok := errors.AsType[*SyntaxError](err); !ok || e.Pattern != tt.in {
				t.Errorf("Parse(%q): %T, want *SyntaxError of that pattern", tt.in, err)
			}
		})
	}
}

func TestParseLength(t *testing.T) {
	long := strings.Repeat("a/", MaxSegments-1)
	tests := []struct {
		in, why string
		n       int // segments; 0: a fault
	}{
		{long + "a", "as many as allowed", 256},
		{long + "a/", "the rest does not count", 256},
		{long + "a/*rest", "nor does a named one", 256},
		{long + "a/a", "one too many", 0},
		{long + "a/:id/", "one parameter too many", 0},
	}
	for _, tt := range tests {
		p, err := Parse(tt.in)
		if tt.n == 0 {
			if e, ok := errors.AsType[*SyntaxError](err); !ok || e.Msg != "more than 256 segments" || e.Offset != 512 {
				t.Errorf("%s: error %v", tt.why, err)
			}
			continue
		}
		if err != nil || p.Len() != tt.n {
			t.Errorf("%s: %d segments, error %v; want %d", tt.why, p.Len(), err, tt.n)
		}
	}
}

func TestPattern(t *testing.T) {
	tests := []struct {
		in     string
		n      int
		prefix bool
		bare   string
		params []string
	}{
		{"", 0, false, "", nil},
		{"/", 0, true, "", nil},
		{"*all", 0, true, "", []string{"all"}},
		{"files", 1, false, "/files", nil},
		{"files/", 1, true, "/files", nil},
		{"u/:id/f/*path", 3, true, "/u/:id/f", []string{"id", "path"}},
		{":a/:b", 2, false, "/:a/:b", []string{"a", "b"}},
	}
	for _, tt := range tests {
		p := mustParse(t, tt.in)
		if p.Len() != tt.n || p.IsPrefix() != tt.prefix || p.Bare().String() != tt.bare || !slices.Equal(p.Params(), tt.params) {
			t.Errorf("%q: Len %d, IsPrefix %t, Bare %q, Params %q; want %d, %t, %q, %q", tt.in,
				p.Len(), p.IsPrefix(), p.Bare(), p.Params(), tt.n, tt.prefix, tt.bare, tt.params)
		}
		if bare := mustParse(t, tt.bare); p.Bare().Key() != bare.Key() {
			t.Errorf("%q: Bare has key %q, want %q", tt.in, p.Bare().Key(), bare.Key())
		}
	}
}

func TestJoin(t *testing.T) {
	tests := []struct{ p, q, want, why string }{
		{"v1", "users", "/v1/users", "one slash"},
		{"/v1/", "/users", "/v1/users", "one slash of three"},
		{"v1/", "users/", "/v1/users/", "prefix below"},
		{"v1", "", "/v1", "the group's own path"},
		{"v1/", "", "/v1", "exact although the group has a slash"},
		{"v1", "/", "/v1/", "the group's prefix"},
		{"v1", "*rest", "/v1/*rest", "the group's prefix, named"},
		{"", "", "", "root in root"},
		{"/", "", "", "root in everything"},
		{"", "/", "/", "everything in root"},
		{"/", "users/:id", "/users/:id", "group without a segment"},
		{"u/:id", "f/:name", "/u/:id/f/:name", "parameters"},
		{"v1/*rest", "users", "/v1/users", "a named rest is dropped too"},
	}
	for _, tt := range tests {
		p, q := mustParse(t, tt.p), mustParse(t, tt.q)
		got, want := p.Join(q), mustParse(t, tt.want)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Pattern{})); got.String() != tt.want || diff != "" && tt.want != "" {
			t.Errorf("%s: %q joined with %q is %q, want %q\n%s", tt.why, tt.p, tt.q, got, tt.want, diff)
		}
	}
}

func TestJoinDoesNotShare(t *testing.T) {
	group := mustParse(t, "a/b/c/")
	first := group.Join(mustParse(t, "x"))
	group.Join(mustParse(t, "y"))
	_ = append(group.Bare().Segments(), Segment{Literal, "z"})
	if first.String() != "/a/b/c/x" || group.String() != "/a/b/c/" || first.Segments()[3].Text != "x" || group.Segments()[3].Kind != Rest {
		t.Errorf("a later Join or append changed %v or %v", first.Segments(), group.Segments())
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "/", "users/:id", "{a}/*b", "a%2Fb/%3A%25", "x//", "%zz", "../a", ":id.json", "GET /x", "é/\xff", "{a...}", "<id>", "*a/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			e, ok := errors.AsType[*SyntaxError](err)
			if !ok || e.Offset < 0 || e.Offset > len(s) || e.Msg == "" || e.Remedy == "" {
				t.Fatalf("Parse(%q): %#v", s, err)
			}
			return
		}
		again, err := Parse(p.String())
		if err != nil {
			t.Fatalf("Parse(%q) of Parse(%q): %v", p, s, err)
		}
		if diff := cmp.Diff(p, again, cmp.AllowUnexported(Pattern{})); diff != "" {
			t.Fatalf("Parse(%q).String() = %q makes another pattern:\n%s", s, p, diff)
		}
		if witness, ok := Overlap(p, p); !ok || !p.Match(mustSplit(t, witness)) {
			t.Fatalf("Parse(%q) matches nothing, not %q", s, witness)
		}
	})
}
