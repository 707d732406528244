package route

import (
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestExpand(t *testing.T) {
	tests := []struct {
		pattern, want, why string
		values             []string
	}{
		{"", "/", "root", nil},
		{"/", "/", "everything", nil},
		{"users/:id", "/users/1", "parameter", []string{"1"}},
		{"users/:id/", "/users/1/", "prefix", []string{"1"}},
		{":a/:b", "/x/y", "in order", []string{"x", "y"}},
		{":a", "/a%2Fb%25%3F%3B%20%23", "what a path escapes", []string{"a/b%?; #"}},
		{":a", "/%2F%2Fx", "slashes of a parameter", []string{"//x"}},
		{":a", "/%C3%A9:%2A", "UTF-8 and marks", []string{"é:*"}},
		{"a%2Fb/%3Ac", "/a%2Fb/:c", "literals", nil},
		{"f/*rest", "/f/a/b%20c/", "a rest keeps its slashes", []string{"a/b c/"}},
		{"f/*rest", "/f/", "a rest may be empty", []string{""}},
		{"f/*rest", "/f/a%252Fb", "an escape in a rest is text", []string{"a%2Fb"}},
		{"*rest", "/a", "rest of everything", []string{"a"}},
	}
	for _, tt := range tests {
		got, err := mustParse(t, tt.pattern).Expand(tt.values...)
		if err != nil || got != tt.want {
			t.Errorf("%s: %q with %q is %q, error %v; want %q", tt.why, tt.pattern, tt.values, got, err, tt.want)
		}
	}
}

func TestExpandFaults(t *testing.T) {
	const none = "; no request can carry it"
	tests := []struct {
		pattern, want, why string
		values             []string
	}{
		{"u/:id", `path "/u/:id": number of values is 0, want 1; give one for each parameter`, "too few", nil},
		{"u/:id", `path "/u/:id": number of values is 2, want 1; give one for each parameter`, "too many", []string{"1", "2"}},
		{"u/", `path "/u/": number of values is 1, want 0; give one for each parameter`, "a rest without a name takes none", []string{"x"}},
		{":id", `path "/:id": parameter "id": value "" is empty; a segment has at least one character`, "empty", []string{""}},
		{":id", `path "/:id": parameter "id": value "." has a segment "." or ".."` + none, "dot", []string{"."}},
		{":id", `path "/:id": parameter "id": value "a/../b" has a segment "." or ".."` + none, "dots between slashes", []string{"a/../b"}},
		{":id", `path "/:id": parameter "id": value "a\\b" has a fault: backslash` + none, "backslash", []string{`a\b`}},
		{":id", `path "/:id": parameter "id": value "a\n" has a fault: control character` + none, "line feed", []string{"a\n"}},
		{":id", `path "/:id": parameter "id": value "\xff" has a fault: invalid UTF-8` + none, "invalid UTF-8", []string{"\xff"}},
		{"*r", `path "/*r": parameter "r": value "../x" has a segment "." or ".."` + none, "dots in a rest", []string{"../x"}},
		{"*r", `path "/*r": parameter "r": value "/x" has an empty segment; write one slash between segments and none in front`, "slash before a rest", []string{"/x"}},
		{"*r", `path "/*r": parameter "r": value "a//b" has an empty segment; write one slash between segments and none in front`, "two slashes in a rest", []string{"a//b"}},
		{"a/*r", `path "/a/*r": has more than 256 segments with these values; shorten the rest`, "too long", []string{strings.Repeat("/a", MaxSegments)[1:]}},
	}
	for _, tt := range tests {
		got, err := mustParse(t, tt.pattern).Expand(tt.values...)
		if err == nil || err.Error() != tt.want || got != "" {
			t.Errorf("%s: got %q, error\n     %v\nwant %s", tt.why, got, err, tt.want)
		}
	}
}

func TestExpandLimit(t *testing.T) {
	p := mustParse(t, "a/*r")
	for _, rest := range []string{strings.Repeat("/a", MaxSegments-1)[1:], strings.Repeat("a/", MaxSegments-1)} {
		target, err := p.Expand(rest)
		if err != nil {
			t.Fatal(err)
		}
		if path := mustSplit(t, target); path.Len() != MaxSegments || path.Rest(1) != rest {
			t.Errorf("%d segments come back", path.Len())
		}
	}
}

// carriable says by other means than Expand which value a parameter or a rest may have.
func carriable(kind Kind, value string) bool {
	for _, r := range value {
		if r < 32 || r == 127 || r == '\\' {
			return false
		}
	}
	ok := utf8.ValidString(value) && !dotSegment.MatchString(value)
	if kind == Param {
		return ok && value != ""
	}
	return ok && !strings.Contains("/"+value, "//")
}

// checkExpand checks that values come back from the path that p makes of them, or are refused
// for a reason.
func checkExpand(t *testing.T, p Pattern, first, last string) (expanded bool) {
	t.Helper()
	want := carriable(Param, first) && carriable(Rest, last)
	target, err := p.Expand(first, last)
	if (err == nil) != want {
		t.Fatalf("%q with %q, %q: error %v, want %t", p, first, last, err, want)
	}
	if err != nil {
		return false
	}
	if u, err := url.ParseRequestURI(target); err != nil || u.RawQuery != "" || u.Host != "" {
		t.Fatalf("%q is no path: %v", target, err)
	}
	path := mustSplit(t, target)
	if got := path.Segment(1); got != first {
		t.Fatalf("%q in %q comes back as %q", first, target, got)
	}
	if got := path.Rest(2); got != last {
		t.Fatalf("%q in %q comes back as %q", last, target, got)
	}
	if !p.Match(path) {
		t.Fatalf("%q does not match its %q", p, target)
	}
	return true
}

func TestExpandRoundTrip(t *testing.T) {
	p := mustParse(t, "a b/:first/*last")
	pieces := []string{"a", "..", ".", "/", "%", "%2F", "?", "#", ";", ":", "*", " ", "+", "é", "\uFFFD", "\xc3", "\\", "\x00", "\x7f", "\u0085", "&=", "x"}
	random := rand.New(rand.NewPCG(1, 2))
	value := func() string {
		var b strings.Builder
		for range random.IntN(5) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	expanded := 0
	for range 20_000 {
		if checkExpand(t, p, value(), value()) {
			expanded++
		}
	}
	if expanded < 4_000 || expanded > 16_000 {
		t.Errorf("%d of 20,000 expanded: too one-sided to show much", expanded)
	}
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{"", "a", "a/b", "..", "a/./b", "%2F", "\xff", "é", "\\", "//", "?#;", "a/"} {
		f.Add(s, "x/y/")
		f.Add("x", s)
	}
	f.Fuzz(func(t *testing.T, first, last string) {
		if strings.Count(last, "/") > MaxSegments-3 {
			last = "" // too long a rest has a test of its own
		}
		checkExpand(t, mustParse(t, "a/:first/*last"), first, last)
	})
}
