package route

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// mustSplit splits a target as it stands in a request line.
func mustSplit(t testing.TB, target string) Path {
	t.Helper()
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Split(u.Path, u.RawPath)
	if err != nil {
		t.Fatalf("Split(%q, %q): %v", u.Path, u.RawPath, err)
	}
	return p
}

// segmentsOf returns all segments of p.
func segmentsOf(p Path) []string {
	var all []string
	for i := range p.Len() {
		all = append(all, p.Segment(i))
	}
	return all
}

func TestSplit(t *testing.T) {
	tests := []struct {
		path, raw, key string
		segments       []string
		why            string
	}{
		{"/", "", "/", nil, "root"},
		{"", "", "/", nil, "empty is root"},
		{"/hello", "", "/hello", []string{"hello"}, "one segment"},
		{"/hello/", "", "/hello/", []string{"hello"}, "a trailing slash is kept"},
		{"/a/bc/d", "", "/a/bc/d", []string{"a", "bc", "d"}, "several"},
		{"/a/bc/d", "/a/bc/d", "/a/bc/d", []string{"a", "bc", "d"}, "escaped form without escapes"},
		{"/a", "/%61", "/a", []string{"a"}, "escape of a letter"},
		{"/a/b", "/a%2Fb", "/a%2Fb", []string{"a/b"}, "an escaped slash is text"},
		{"/a/b", "/a%2fb", "/a%2Fb", []string{"a/b"}, "in both cases"},
		{"/a/b/", "/a%2Fb/", "/a%2Fb/", []string{"a/b"}, "before a trailing slash"},
		{"/a//b", "/a/%2Fb", "/a/%2Fb", []string{"a", "/b"}, "first in a segment"},
		{"/hello/", "/hello%2f", "/hello%2F", []string{"hello/"}, "last: no trailing slash"},
		{"//", "/%2F", "/%2F", []string{"/"}, "a segment that is a slash"},
		{"/a//b", "/a%2F%2Fb", "/a%2F%2Fb", []string{"a//b"}, "two in a segment"},
		{"/%", "", "/%25", []string{"%"}, "percent sign"},
		{"/%2e%2e%2f", "", "/%252e%252e%252f", []string{"%2e%2e%2f"}, "never decoded twice"},
		{"/%2F", "/%252F", "/%252F", []string{"%2F"}, "nor when escaped"},
		{"/:id/*r", "", "/%3Aid/%2Ar", []string{":id", "*r"}, "marks of a tree"},
		{"/v:a", "/v%3Aa", "/v%3Aa", []string{"v:a"}, "escaped colon"},
		{"/a*/:", "/a%2A/%3A", "/a%2A/%3A", []string{"a*", ":"}, "escaped marks"},
		{"/café", "", "/café", []string{"café"}, "UTF-8"},
		{"/caf\uFFFD", "/caf%EF%BF%BD", "/caf\uFFFD", []string{"caf\uFFFD"}, "the replacement character"},
		{"/．．／", "", "/．．／", []string{"．．／"}, "full width is not folded"},
		{"/HELLO", "", "/HELLO", []string{"HELLO"}, "case is not folded"},
		{"/hello.", "", "/hello.", []string{"hello."}, "a trailing dot is kept"},
		{"/hello;v=1", "", "/hello;v=1", []string{"hello;v=1"}, "parameters are text"},
		{"/..;/x", "", "/..;/x", []string{"..;", "x"}, "not quite a dot segment"},
		{"/.../.a/..a", "", "/.../.a/..a", []string{"...", ".a", "..a"}, "dots that are text"},
		{"/hello ?#", "/hello%20%3f%23", "/hello ?#", []string{"hello ?#"}, "escapes that need no escape here"},
		{"/a!b", "/a!b", "/a!b", []string{"a!b"}, "raw form of what url escapes"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			p, err := Split(tt.path, tt.raw)
			if err != nil {
				t.Fatal(err)
			}
			if p.Key() != tt.key || !slices.Equal(segmentsOf(p), tt.segments) {
				t.Errorf("key %q, segments %q; want %q, %q", p.Key(), segmentsOf(p), tt.key, tt.segments)
			}
			if p.Slash() != strings.HasSuffix(tt.key, "/") || p.Len() != len(tt.segments) {
				t.Errorf("Slash %t, Len %d", p.Slash(), p.Len())
			}
		})
	}
}

func TestSplitFaults(t *testing.T) {
	many := strings.Repeat("/a", MaxSegments)
	tests := []struct {
		path, raw string
		want      error
		why       string
	}{
		{"hello", "", ErrNoMatch, "no slash in front"},
		{"*", "", ErrNoMatch, "target of OPTIONS"},
		{"/hello", "%2Fhello", ErrNoMatch, "escaped slash in front"},
		{"//hello", "", ErrNoMatch, "empty segment in front"},
		{"//", "", ErrNoMatch, "two slashes"},
		{"///hello", "", ErrNoMatch, "two empty segments"},
		{"/hello//", "", ErrNoMatch, "empty segment at the end"},
		{"/files/a//b", "", ErrNoMatch, "empty segment inside"},
		{"/a//b/c", "/a//b%2Fc", ErrNoMatch, "empty segment beside an escaped slash"},
		{"/.", "", ErrNoMatch, "dot"},
		{"/..", "", ErrNoMatch, "dots"},
		{"/./", "", ErrNoMatch, "dot and slash"},
		{"/a/../b", "", ErrNoMatch, "dots inside"},
		{"/a/./b", "", ErrNoMatch, "dot inside"},
		{"/a/../b", "/a/%2e%2e/b", ErrNoMatch, "escaped dots"},
		{"/a/../b", "/a/.%2E/b", ErrNoMatch, "half-escaped dots"},
		{"/a/../b", "/a/..%2fb", ErrNoMatch, "dots before an escaped slash"},
		{"/a/../../x", "/a%2f..%2f..%2fx", ErrNoMatch, "dots between escaped slashes"},
		{"/a/.", "/a%2F.", ErrNoMatch, "dot after an escaped slash"},
		{"/:/..", "", ErrNoMatch, "dots after a mark"},
		{"/é/./x", "", ErrNoMatch, "dot after UTF-8"},
		{`/files/..\private`, "", ErrNoMatch, "backslash"},
		{`/\private`, "/%5cprivate", ErrNoMatch, "escaped backslash"},
		{many + "/a", "", ErrNoMatch, "one segment too many"},
		{many + "/:", "", ErrNoMatch, "one too many with a mark"},
		{"/a\x00", "", ErrControl, "NUL"},
		{"/a\x00", "/a%00", ErrControl, "escaped NUL"},
		{"/\x01", "", ErrControl, "control character"},
		{"/a\nb", "/a%0ab", ErrControl, "line feed"},
		{"/\x1f", "", ErrControl, "last of the control characters"},
		{"/\x7f", "", ErrControl, "delete"},
		{"/\xff", "", ErrControl, "invalid UTF-8"},
		{"/\xc0\xae\xc0\xae/", "/%c0%ae%c0%ae/", ErrControl, "overlong dots"},
		{"/\xe0\x80\xae", "/%e0%80%ae", ErrControl, "overlong dot"},
		{"/\xed\xa0\x80", "/%ed%a0%80", ErrControl, "surrogate half"},
		{"/\xc3", "", ErrControl, "cut character"},
		{"/%zz", "/%zz", ErrControl, "no digits"},
		{"/%", "/%", ErrControl, "escape without digits"},
		{"/%1", "/%1", ErrControl, "escape with one digit"},
		{"/%u0041", "/%u0041", ErrControl, "another kind of escape"},
		{"/a", "/b", ErrControl, "escaped form of another path"},
		{"/a", "/a/b", ErrControl, "escaped form that is longer"},
		{"/a/b", "/a", ErrControl, "escaped form that is shorter"},
		{"", "/", ErrControl, "escaped form of nothing"},
		{"/%41", "/%41", ErrControl, "escaped form taken for the path"},
		{"//\x00", "", ErrControl, "worse of two faults, last"},
		{"/\x00//..", "", ErrControl, "worse of two faults, first"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			p, err := Split(tt.path, tt.raw)
			if err != tt.want || p != (Path{}) {
				t.Errorf("Split(%q, %q) = %+v, %v; want %v", tt.path, tt.raw, p, err, tt.want)
			}
		})
	}
}

func TestSplitLimit(t *testing.T) {
	for _, path := range []string{strings.Repeat("/a", MaxSegments), strings.Repeat("/a", MaxSegments) + "/", strings.Repeat("/:", MaxSegments)} {
		if p, err := Split(path, ""); err != nil || p.Len() != MaxSegments {
			t.Errorf("%.6q...: %d segments, error %v", path, p.Len(), err)
		}
	}
}

// Attack A19: long paths cost time in proportion and memory of the path's own size at most.
func TestSplitLong(t *testing.T) {
	tests := []struct {
		path, raw string
		want      error
		allocs    float64
		why       string
	}{
		{"/" + strings.Repeat("a", 2<<20), "", nil, 0, "2 MiB"},
		{"/" + strings.Repeat("é", 1<<20), "", nil, 0, "2 MiB of UTF-8"},
		{"/" + strings.Repeat(":", 1<<20), "", nil, 1, "1 MiB of marks"},
		{"/" + strings.Repeat("/", 1<<20), "/" + strings.Repeat("%2F", 1<<20), nil, 1, "1 MiB of escaped slashes"},
		{strings.Repeat("/a", 20_000), "", ErrNoMatch, 0, "20,000 segments"},
		{strings.Repeat("/..", 20_000), "", ErrNoMatch, 0, "20,000 dot segments"},
		{strings.Repeat("/", 20_000), "", ErrNoMatch, 0, "20,000 slashes"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			if _, err := Split(tt.path, tt.raw); err != tt.want {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if n := testing.AllocsPerRun(1, func() { Split(tt.path, tt.raw) }); n > tt.allocs {
				t.Errorf("%v allocations, want at most %v", n, tt.allocs)
			}
		})
	}
}

func TestPathRest(t *testing.T) {
	p := mustSplit(t, "/files/a%2Fb/c:d/")
	tests := []struct {
		i                       int
		segment, rest, restRoot string
	}{
		{-1, "", "", ""},
		{0, "files", "files/a/b/c:d/", ""},
		{1, "a/b", "a/b/c:d/", ""},
		{2, "c:d", "c:d/", ""},
		{3, "", "", ""},
		{4, "", "", ""},
	}
	root := mustSplit(t, "/")
	for _, tt := range tests {
		if s, r := p.Segment(tt.i), p.Rest(tt.i); s != tt.segment || r != tt.rest {
			t.Errorf("%d: segment %q, rest %q; want %q, %q", tt.i, s, r, tt.segment, tt.rest)
		}
		if s, r := root.Segment(tt.i), root.Rest(tt.i); s != "" || r != tt.restRoot {
			t.Errorf("%d of the root: segment %q, rest %q; want none", tt.i, s, r)
		}
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, path string
		want          bool
		why           string
	}{
		{"", "/", true, "the root is exactly the root"},
		{"", "/a", false, "and nothing else"},
		{"/", "/", true, "everything has the root"},
		{"/", "/a/b/", true, "and the rest"},
		{"foo", "/foo", true, "exact"},
		{"foo", "/foo/", false, "exact is not its slash"},
		{"foo", "/foo/bar", false, "nor below it"},
		{"foo", "/FOO", false, "nor another case"},
		{"foo/", "/foo", false, "a prefix is not its bare form"},
		{"foo/", "/foo/", true, "a prefix is its slash"},
		{"foo/", "/foo/bar", true, "and below"},
		{"foo/", "/foo/bar/", true, "and its slash"},
		{"foo/", "/foobar", false, "not another segment"},
		{"foo/*rest", "/foo/", true, "a named rest may be empty"},
		{":x", "/a%2Fb", true, "a parameter may have a slash"},
		{":x/b", "/a%2Fb", false, "an escaped slash separates nothing"},
		{":x", "/", false, "a parameter is not empty"},
		{":x/", "/", false, "nor is one before a rest"},
		{"a%2Fb", "/a%2fb", true, "a literal may have a slash"},
		{"a%2Fb", "/a/b", false, "which separates nothing"},
	}
	for _, tt := range tests {
		if got := mustParse(t, tt.pattern).Match(mustSplit(t, tt.path)); got != tt.want {
			t.Errorf("%s: %q matches %q: %t", tt.why, tt.pattern, tt.path, got)
		}
	}
}

func TestSplitAllocs(t *testing.T) {
	tests := []struct{ path, raw, why string }{
		{"/users/12345/repositories/main", "", "plain"},
		{"/a!b", "/a!b", "plain with a raw form"},
		{"/a b", "/%61%20b", "escapes"},
		{"/café/x", "", "UTF-8"},
		{"//x", "", "no match"},
		{"/a/../b", "/a/%2e%2e/b", "dot segments"},
		{"/x//:", "", "no match with a mark"},
		{"/\x00", "/%00", "control character"},
		{"/%zz", "/%zz", "bad escape"},
	}
	for _, tt := range tests {
		var p Path
		if n := testing.AllocsPerRun(100, func() {
			p, _ = Split(tt.path, tt.raw)
			_, _ = p.Segment(0), p.Rest(0)
		}); n != 0 {
			t.Errorf("%s: %v allocations, want none", tt.why, n)
		}
	}
}

// dotSegment finds a dot segment in a decoded path.
var dotSegment = regexp.MustCompile(`(^|/)\.\.?(/|$)`)

// slowSplit is Split by way of the standard library, on the escaped form.
func slowSplit(path, raw string) (segments []string, slash bool, err error) {
	if path == "" && raw == "" {
		path = "/"
	}
	if raw == "" {
		raw = strings.ReplaceAll(path, "%", "%25")
	}
	decoded, err := url.PathUnescape(raw)
	control := strings.ContainsFunc(decoded, func(r rune) bool { return r <= unicode.MaxASCII && unicode.IsControl(r) })
	switch {
	case err != nil, control, !utf8.ValidString(decoded), decoded != path:
		return nil, false, ErrControl
	case raw[0] != '/', strings.Contains(decoded, `\`), dotSegment.MatchString(decoded):
		return nil, false, ErrNoMatch
	}
	segments = strings.Split(raw[1:], "/")
	if last := len(segments) - 1; segments[last] == "" {
		segments, slash = segments[:last], true
	}
	for i, s := range segments {
		if s == "" {
			return nil, false, ErrNoMatch
		}
		segments[i], _ = url.PathUnescape(s)
	}
	if len(segments) > MaxSegments {
		return nil, false, ErrNoMatch
	}
	return segments, slash, nil
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		"", "/", "/hello", "/a/b/", "//", "/a//b", "/.", "/a/..", "/..a", "/a%2Fb", "/%2e%2e/", "/:x/*y", "/%25", "/%zz", "/é", "/\xff",
		"/\x00", `/\`, "x", strings.Repeat("/a", 257), strings.Repeat("/%2F", 256) + "/", "/a%2F..%2Fb", "/%C3%A9:", "%2Fa",
	} {
		f.Add(s, "")
		decoded, _ := url.PathUnescape(s)
		f.Add(decoded, s)
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, path, raw string) {
		got, err := Split(path, raw)
		segments, slash, wantErr := slowSplit(path, raw)
		if err != wantErr {
			t.Fatalf("Split(%q, %q): error %v, want %v", path, raw, err, wantErr)
		}
		if err != nil {
			return
		}
		if !slices.Equal(segmentsOf(got), segments) || got.Slash() != slash && len(segments) > 0 {
			t.Fatalf("Split(%q, %q) = %q, slash %t; want %q, %t", path, raw, segmentsOf(got), got.Slash(), segments, slash)
		}
		end := ""
		if slash && len(segments) > 0 {
			end = "/"
		}
		for i := range segments {
			if rest := strings.Join(segments[i:], "/") + end; got.Rest(i) != rest {
				t.Fatalf("Split(%q, %q).Rest(%d) = %q, want %q", path, raw, i, got.Rest(i), rest)
			}
			segments[i] = strings.NewReplacer("/", "%2F", "%", "%25", ":", "%3A", "*", "%2A").Replace(segments[i])
		}
		if key := "/" + strings.Join(segments, "/") + end; got.Key() != key {
			t.Fatalf("Split(%q, %q).Key() = %q, want %q", path, raw, got.Key(), key)
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	benchmarks := []struct{ name, path, raw string }{
		{"plain", "/users/12345/repositories/main", ""},
		{"short", "/hello", ""},
		{"utf8", "/users/12345/repositories/café", ""},
		{"escape", "/users/12345/repositories/a b", "/users/12345/repositories/a%20%62"},
		{"slash", "/users/12345/repositories/a/b", "/users/12345/repositories/a%2Fb"},
		{"mark", "/users/12345/repositories/v:1", ""},
		{"refused", "/users/12345/repositories/../x", ""},
	}
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Split(bb.path, bb.raw)
			}
		})
	}
}
