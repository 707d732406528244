package endpoint_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed217079a1/endpoint"
)

// An oracleEntry is an endpoint as the naive router below sees it.
type oracleEntry struct {
	path     string
	segments []string // of the path, ":" for a parameter, without an empty last one
	kinds    string   // by segment: L, P, and R for a prefix, which is the order of precedence
	prefix   bool
	methods  []string
	disabled bool
}

func newOracleEntry(path string, methods ...string) oracleEntry {
	e := oracleEntry{path: path, methods: methods}
	for s := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		switch {
		case s == "":
		case s[0] == ':':
			e.segments, e.kinds = append(e.segments, ":"), e.kinds+"P"
		default:
			text, _ := url.PathUnescape(s)
			e.segments, e.kinds = append(e.segments, text), e.kinds+"L"
		}
	}
	if e.prefix = strings.HasSuffix(path, "/"); e.prefix {
		e.kinds += "R"
	}
	return e
}

// An oracleAnswer is what a request gets: a handler (200), a redirect, Allow
// (204 and 405), or nothing (404, or 400 for a path that nobody may send).
type oracleAnswer struct {
	Status   int
	Endpoint string
	Location string
	Allow    string
}

// oracle answers as the package documentation says of paths, by
// looking at every endpoint.
func oracle(entries []oracleEntry, method, target string) oracleAnswer {
	segments, slash, status := oracleSplit(target)
	if status != 0 {
		return oracleAnswer{Status: status}
	}
	found, bare := map[string][]int{}, map[string][]int{} // by kinds, the most specific first
	for i, e := range entries {
		if e.disabled || len(e.segments) > len(segments) || !oracleMatch(e.segments, segments) {
			continue
		}
		same := len(segments) == len(e.segments)
		switch {
		case e.prefix && (slash || !same), !e.prefix && same && (!slash || len(segments) == 0):
			found[e.kinds] = append(found[e.kinds], i)
		case e.prefix:
			k := strings.TrimSuffix(e.kinds, "R")
			bare[k] = append(bare[k], i)
		}
	}
	var order []string
	for k := range found {
		order = append(order, k)
	}
	for k := range bare {
		order = append(order, k)
	}
	slices.Sort(order)
	for _, k := range slices.Compact(order) {
		if list := found[k]; list != nil {
			return oracleMethod(entries, list, method)
		}
		for _, i := range bare[k] {
			if location := oracleLocation(segments, target); oracleTakes(entries[i], method) && location != "" {
				return oracleAnswer{Status: 308, Location: location}
			}
		}
	}
	return oracleAnswer{Status: 404}
}

func oracleMatch(pattern, segments []string) bool {
	for i, s := range pattern {
		if s != ":" && s != segments[i] {
			return false
		}
	}
	return true
}

func oracleTakes(e oracleEntry, method string) bool {
	return slices.Contains(e.methods, method) || slices.Contains(e.methods, "*") ||
		method == "HEAD" && slices.Contains(e.methods, "GET")
}

// oracleMethod chooses among endpoints that share a path.
func oracleMethod(entries []oracleEntry, list []int, method string) oracleAnswer {
	allow := []string{"OPTIONS"}
	var head oracleAnswer
	for _, i := range list {
		e := entries[i]
		hit := oracleAnswer{Status: 200, Endpoint: fmt.Sprint(i)}
		switch {
		case slices.Contains(e.methods, method), slices.Contains(e.methods, "*"):
			return hit
		case oracleTakes(e, method):
			head = hit
		}
		allow = append(allow, e.methods...)
	}
	if head.Status != 0 {
		return head
	}
	if slices.Contains(allow, "GET") {
		allow = append(allow, "HEAD")
	}
	slices.Sort(allow)
	status := 405
	if method == "OPTIONS" {
		status = 204
	}
	return oracleAnswer{Status: status, Allow: strings.Join(slices.Compact(allow), ", ")}
}

// oracleLocation writes the path again, with a slash at the end. It is "" if
// the path begins with an escaped slash or backslash, which some clients take
// for the beginning of a host.
func oracleLocation(segments []string, target string) string {
	if strings.HasPrefix(segments[0], "/") {
		return ""
	}
	location := ""
	for _, s := range segments {
		location += "/" + url.PathEscape(s)
	}
	if _, query, ok := strings.Cut(target, "?"); ok && query != "" {
		return location + "/?" + query
	}
	return location + "/"
}

// oracleSplit splits a path. A status other than 0 is the answer: 404 for a
// path that can match nothing, 400 for one with bytes that no path may have.
func oracleSplit(target string) (segments []string, slash bool, status int) {
	path, _, _ := strings.Cut(target, "?")
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range parts {
		s, err := url.PathUnescape(part)
		if err != nil || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, false, 400
		}
		if slash = s == ""; slash && i == len(parts)-1 {
			break
		}
		for piece := range strings.SplitSeq(s, "/") {
			if piece == "." || piece == ".." {
				status = 404
			}
		}
		if slash || strings.Contains(s, `\`) || i >= 256 {
			status = 404
		}
		segments = append(segments, s)
	}
	return segments, slash, status
}

// oracleClash reports whether two endpoints cannot stand together: they match
// the same paths with the same method.
func oracleClash(entries []oracleEntry) bool {
	for i, a := range entries {
		for _, b := range entries[:i] {
			if a.kinds != b.kinds || !slices.Equal(a.segments, b.segments) {
				continue
			}
			for _, m := range a.methods {
				if m == "*" || slices.Contains(b.methods, m) || slices.Contains(b.methods, "*") {
					return true
				}
			}
		}
	}
	return false
}

// An oracleAPI is the router under test with the same endpoints.
type oracleAPI struct {
	entries   []oracleEntry
	endpoints []*endpoint.Endpoint
	api       *endpoint.API
	hit       string
}

// newOracleAPI registers the entries; it is nil, rightly, if they clash.
func newOracleAPI(t testing.TB, entries []oracleEntry) *oracleAPI {
	t.Helper()
	o := &oracleAPI{entries: entries, api: endpoint.New()}
	for i, e := range entries {
		name := fmt.Sprint(i)
		o.endpoints = append(o.endpoints, o.api.Handle(e.path, func(*endpoint.Request) { o.hit = name }, endpoint.Methods(e.methods...), endpoint.Status(200)))
		if e.disabled {
			o.endpoints[i].Disable()
		}
	}
	if err := o.api.Compile(); (err != nil) != oracleClash(entries) {
		t.Fatalf("%s: Compile returns %v", oracleText(entries), err)
	} else if err != nil {
		return nil
	}
	return o
}

// ask compares one answer.
func (o *oracleAPI) ask(t testing.TB, method string, u *url.URL, target string) {
	t.Helper()
	o.hit = ""
	w := oracleWriter{header: http.Header{}}
	o.api.ServeHTTP(&w, &http.Request{Method: method, URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody})
	got := oracleAnswer{w.status, o.hit, w.header.Get("Location"), w.header.Get("Allow")}
	want := oracle(o.entries, method, target)
	if want.Status == 400 && got.Status == 404 {
		got.Status = 400 // malformed in two ways; either answer is right
	}
	if got != want {
		t.Errorf("%s: %s %s is answered with %+v, want %+v", oracleText(o.entries), method, target, got, want)
	}
}

// An oracleWriter keeps the head of an answer.
type oracleWriter struct {
	header http.Header
	status int
}

func (w *oracleWriter) Header() http.Header { return w.header }

func (w *oracleWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *oracleWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return len(b), nil
}

func oracleText(entries []oracleEntry) string {
	var list []string
	for _, e := range entries {
		s := fmt.Sprintf("%s %q", strings.Join(e.methods, ","), e.path)
		if e.disabled {
			s += " (disabled)"
		}
		list = append(list, s)
	}
	return strings.Join(list, "; ")
}

// oraclePaths returns all paths of up to depth segments of an alphabet, exact
// and prefix.
func oraclePaths(depth int, alphabet ...string) []string {
	paths, last := []string{"", "/"}, []string{""}
	for d := range depth {
		var next []string
		for _, p := range last {
			for _, s := range alphabet {
				// Names differ, and each is used once in a path.
				next = append(next, p+"/"+strings.Replace(s, ":", fmt.Sprintf(":p%d", d), 1))
			}
		}
		for _, p := range next {
			paths = append(paths, p, p+"/")
		}
		last = next
	}
	return paths
}

// The router agrees with the naive one on every set of up to three endpoints.
// ENDPOINT_SOAK adds a larger alphabet.
func TestRoutesExhaustive(t *testing.T) {
	type row struct {
		reason   string
		depth    int
		alphabet []string
		methods  [][]string
		ask      []string
		deep     int // segments of the requests
	}
	tests := []row{
		{"backtracking and precedence two segments deep", 2, []string{"a", "b", ":"}, [][]string{{"GET"}}, []string{"GET"}, 3},
		{"backtracking three segments deep", 3, []string{"a", ":"}, [][]string{{"GET"}}, []string{"GET"}, 3},
		{"methods, merged and apart", 1, []string{"a", ":"}, [][]string{{"GET"}, {"POST"}, {"GET", "POST"}, {"OPTIONS"}, {"HEAD"}, {"*"}}, []string{"GET", "HEAD", "POST", "PUT", "OPTIONS"}, 1},
		{"methods two segments deep", 2, []string{"a", ":"}, [][]string{{"GET"}, {"POST"}}, []string{"GET", "POST"}, 3},
	}
	if os.Getenv("ENDPOINT_SOAK") != "" {
		tests = append(tests, row{"three segments deep beside another literal", 3, []string{"a", "b", ":"}, [][]string{{"GET"}}, []string{"GET", "POST"}, 3})
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			var list []oracleEntry
			for _, p := range oraclePaths(test.depth, test.alphabet...) {
				for _, m := range test.methods {
					list = append(list, newOracleEntry(p, m...))
				}
			}
			race := raceEnabled()
			targets := oracleTargets(t, oraclePaths(test.deep, "a", "c"))
			sets := 0
			for set := range oracleSets(list) {
				if sets++; t.Failed() {
					t.Fatal("stopped at the first set that fails")
				}
				if race && sets%8 != 0 {
					continue // one goroutine races with nobody, and takes long to
				}
				o := newOracleAPI(t, set)
				if o == nil {
					continue
				}
				for _, target := range targets {
					for _, m := range test.ask {
						o.ask(t, m, target, target.Path)
					}
				}
			}
			n := len(list)
			if want := n + n*(n-1)/2 + n*(n-1)*(n-2)/6; sets != want {
				t.Errorf("%d sets, want %d", sets, want)
			}
		})
	}
}

// oracleTargets makes URLs of paths.
func oracleTargets(t testing.TB, paths []string) []*url.URL {
	var list []*url.URL
	for _, p := range paths[1:] { // without "", which no request line has
		u, err := url.ParseRequestURI(p)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, u)
	}
	return list
}

// oracleSets gives every set of one, two or three entries.
func oracleSets(list []oracleEntry) func(yield func([]oracleEntry) bool) {
	return func(yield func([]oracleEntry) bool) {
		for i, a := range list {
			if !yield([]oracleEntry{a}) {
				return
			}
			for j, b := range list[:i] {
				if !yield([]oracleEntry{a, b}) {
					return
				}
				for _, c := range list[:j] {
					if !yield([]oracleEntry{a, b, c}) {
						return
					}
				}
			}
		}
	}
}
