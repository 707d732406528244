package route

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/julienschmidt/httprouter"
)

// trees is the real thing: a router for each layer.
type trees []*httprouter.Router

// newTrees fills the routers in the order of patterns; what a router refuses is an error.
func newTrees(patterns []Pattern) (ts trees, err error) {
	layer, count := Layers(patterns)
	for range count {
		ts = append(ts, httprouter.New())
	}
	for i, p := range patterns {
		if err := ts.insert(layer[i], p, i); err != nil {
			return nil, fmt.Errorf("%q in layers %d: %w", patterns, layer, err)
		}
	}
	return ts, nil
}

// insert adds pattern number i, which its handle reports as a status.
func (ts trees) insert(layer int, p Pattern, i int) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("layer %d: %v", layer, v)
		}
	}()
	ts[layer].Handle("GET", p.Key(), func(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) {
		w.WriteHeader(i)
	})
	return nil
}

// A number is a response writer that keeps the status.
type number int

func (n *number) Header() http.Header         { return nil }
func (n *number) Write(b []byte) (int, error) { return len(b), nil }
func (n *number) WriteHeader(status int)      { *n = number(status) }

// lookup returns the number of the first pattern found, or -1.
func (ts trees) lookup(path Path) int {
	for _, router := range ts {
		if handle, params, _ := router.Lookup("GET", path.Key()); handle != nil {
			var n number
			handle(&n, nil, params)
			return int(n)
		}
	}
	return -1
}

// naive returns the number of the most specific pattern that matches, or -1.
func naive(patterns []Pattern, path Path) int {
	best := -1
	for i, p := range patterns {
		if p.Match(path) && (best < 0 || Compare(p, patterns[best]) < 0) {
			best = i
		}
	}
	return best
}

// checkTrees compares routers with the naive matcher.
func checkTrees(t *testing.T, patterns []Pattern, paths []Path) {
	t.Helper()
	ts, err := newTrees(patterns)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if got, want := ts.lookup(path), naive(patterns, path); got != want {
			t.Fatalf("%q: path %q goes to %d, want %d", patterns, path.Key(), got, want)
		}
	}
}

// Every set is accepted by real routers; pairs, in both orders, also answer as they should.
func TestLayersHTTPRouter(t *testing.T) {
	s := newSample(t)
	paths := targets(t)
	for set := range s.sets {
		var patterns []Pattern
		for _, i := range set {
			patterns = append(patterns, s.patterns[i])
		}
		if len(set) == 2 {
			checkTrees(t, patterns, paths)
			slices.Reverse(patterns)
			checkTrees(t, patterns, paths)
			continue
		}
		if _, err := newTrees(patterns); err != nil {
			t.Fatal(err)
		}
	}
}

// randomPattern makes a pattern with texts that share beginnings and with marks of a tree.
func randomPattern(t *testing.T, random *rand.Rand) Pattern {
	t.Helper()
	texts := []string{"a", "b", "ab", "abc", "a%2Fb", "%3Aa", "%2A", "%25", "é", ":p", ":p", ":p"}
	var b strings.Builder
	for i := range random.IntN(5) {
		text := texts[random.IntN(len(texts))]
		if text == ":p" {
			text += strconv.Itoa(i)
		}
		b.WriteString("/" + text)
	}
	switch random.IntN(4) {
	case 0:
		b.WriteString("/")
	case 1:
		b.WriteString("/*rest")
	}
	return mustParse(t, b.String())
}

// randomPath makes a path that some of the patterns are likely to match.
func randomPath(t *testing.T, random *rand.Rand) Path {
	t.Helper()
	texts := []string{"a", "b", "ab", "abc", "a%2Fb", ":a", "*", "%25", "%C3%A9", "c"}
	var b strings.Builder
	for range random.IntN(6) {
		b.WriteString("/" + texts[random.IntN(len(texts))])
	}
	if b.Len() == 0 || random.IntN(3) == 0 {
		b.WriteString("/")
	}
	return mustSplit(t, b.String())
}

func TestLayersRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 3_000 {
		var patterns []Pattern
		for range 1 + random.IntN(20) {
			patterns = append(patterns, randomPattern(t, random))
		}
		slices.SortFunc(patterns, Compare)
		patterns = slices.CompactFunc(patterns, func(a, b Pattern) bool { return Compare(a, b) == 0 })
		random.Shuffle(len(patterns), func(i, j int) { patterns[i], patterns[j] = patterns[j], patterns[i] })
		var paths []Path
		for range 50 {
			paths = append(paths, randomPath(t, random))
		}
		checkTrees(t, patterns, paths)
	}
}

func TestLayers(t *testing.T) {
	tests := []struct {
		patterns string
		layers   []int
		why      string
	}{
		{"", []int{}, "no pattern, no layer"},
		{"=", []int{0}, "the root alone"},
		{"a b a/b a/c/d", []int{0, 0, 0, 0}, "literals never overlap"},
		{"u u/:id u/:id/x", []int{0, 0, 0}, "nor do other lengths"},
		{"u/:id u/me", []int{1, 0}, "a literal before a parameter"},
		{"u/ u/:id u/me", []int{2, 1, 0}, "a parameter before a rest"},
		{"u u/", []int{0, 0}, "an exact path beside its prefix"},
		{"/ =", []int{1, 0}, "the root before everything"},
		{"/ a = :x", []int{2, 0, 0, 1}, "the root beside others"},
		{"a/:x b/y b/:x b/ :x c", []int{0, 0, 1, 2, 3, 0}, "subtrees of literals side by side"},
		{":a/x y/:b", []int{1, 0}, "from the left"},
		{"u/:a u/:b u/", []int{0, 0, 1}, "equal shapes"},
	}
	for _, tt := range tests {
		var patterns []Pattern
		for _, s := range strings.Fields(tt.patterns) {
			patterns = append(patterns, mustParse(t, strings.TrimPrefix(s, "=")))
		}
		got, count := Layers(patterns)
		want := 0
		if len(tt.layers) > 0 {
			want = slices.Max(tt.layers) + 1
		}
		if !slices.Equal(got, tt.layers) || count != want {
			t.Errorf("%s: layers %d, count %d; want %d, %d", tt.why, got, count, tt.layers, want)
		}
	}
}

// manyPatterns makes n patterns with literals, parameters and prefixes in each part.
func manyPatterns(t testing.TB, n int) []Pattern {
	t.Helper()
	forms := []string{"s%d/:id", "s%d/me", "s%d/", "s%d/:id/items/:item", "s%d/:id/items/all", ":any/t%d", "s%d/:id/*rest"}
	patterns := make([]Pattern, n)
	for i := range n {
		patterns[i] = mustParse(t, fmt.Sprintf(forms[i%len(forms)], i/len(forms)))
	}
	return patterns
}

// Four times the patterns take four times the work, and deep overlaps do not multiply.
func TestLayersLinear(t *testing.T) {
	small, large := manyPatterns(t, 2_000), manyPatterns(t, 8_000)
	a := testing.AllocsPerRun(3, func() { Layers(small) })
	b := testing.AllocsPerRun(3, func() { Layers(large) })
	if b > 4.4*a {
		t.Errorf("%v allocations for 2,000 patterns, %v for 8,000", a, b)
	}
	var deep []Pattern
	for i := range MaxSegments { // literals above, a parameter at place i, literals below
		deep = append(deep, mustParse(t, strings.Repeat("a/", i)+":x"+strings.Repeat("/a", MaxSegments-1-i)))
	}
	allocs := testing.AllocsPerRun(1, func() { Layers(deep) })
	if segments := float64(MaxSegments * MaxSegments); allocs > 3*segments {
		t.Errorf("%v allocations for %v segments", allocs, segments)
	}
	if _, count := Layers(deep); count != MaxSegments {
		t.Errorf("%d layers, want %d", count, MaxSegments)
	}
}

func FuzzLayers(f *testing.F) {
	f.Add("users/:id\nusers/me\nusers/\n/\n", "/users/me")
	f.Add(":a/x\ny/:b\n:a/:b\n*r", "/y/x")
	f.Add("a/b\na/:c/d\na/*r\n:x/", "/a/b/d/")
	f.Add("a%2Fb\n:x\n%3Ax\n%25/*r", "/a%2Fb")
	f.Add("\n/", "/")
	f.Fuzz(func(t *testing.T, texts, target string) {
		var patterns []Pattern
		seen := make(map[string]bool)
		for s := range strings.SplitSeq(texts, "\n") {
			p, err := Parse(s)
			if err != nil || seen[p.Shape()] || len(patterns) == 50 {
				continue
			}
			seen[p.Shape()] = true
			patterns = append(patterns, p)
		}
		var paths []Path
		if path, err := Split(target, ""); err == nil {
			paths = append(paths, path)
		}
		for _, p := range patterns {
			witness, _ := Overlap(p, p)
			paths = append(paths, mustSplit(t, witness))
		}
		checkTrees(t, patterns, paths)
	})
}

func BenchmarkLayers(b *testing.B) {
	patterns := manyPatterns(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		Layers(patterns)
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Parse("/repos/:owner/:repo/issues/{number}")
	}
}

// Of the patterns that match a path, those that are set apart are more specific than all others,
// and a path without their literals matches none of them.
func TestSetApart(t *testing.T) {
	tests := []struct {
		name     string
		setApart func([]Pattern) ([]bool, []map[string]bool)
		patterns []string
	}{
		{"Turns", Turns, []string{"a/:x", "a/b", ":x/b", "a/b/:x", "a/:x/c", "a/:x/:y", ":x/:y/b", ":x/b/c", ":x/:y/:z"}},
		{"LastLiterals", LastLiterals, []string{"/", "a/", ":x/", ":x/b/", "a/:x/", ":x/:y/", ":x/:y/c/", "a/b/*r", ":x/b/:y/"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var patterns []Pattern
			for _, text := range test.patterns {
				patterns = append(patterns, mustParse(t, text))
			}
			apart, literals := test.setApart(patterns)
			for _, text := range smallPaths() {
				checkSetApart(t, mustSplit(t, text), patterns, apart, literals)
			}
		})
	}
}

// smallPaths returns all paths of up to three segments over a small alphabet.
func smallPaths() []string {
	var list []string
	texts := []string{"a", "b", "c"}
	for _, x := range texts {
		list = append(list, "/"+x, "/"+x+"/")
		for _, y := range texts {
			list = append(list, "/"+x+"/"+y, "/"+x+"/"+y+"/")
			for _, z := range texts {
				list = append(list, "/"+x+"/"+y+"/"+z)
			}
		}
	}
	return list
}

func checkSetApart(t *testing.T, path Path, patterns []Pattern, apart []bool, literals []map[string]bool) {
	t.Helper()
	has := false
	for i := range min(path.Len(), len(literals)) {
		has = has || literals[i][path.Segment(i)]
	}
	for i, p := range patterns {
		if !p.Match(path) || !apart[i] {
			continue
		}
		if !has {
			t.Errorf("%s matches %s, whose literals it has not", path.Key(), p)
		}
		for j, q := range patterns {
			if !apart[j] && q.Match(path) && Compare(p, q) > 0 {
				t.Errorf("%s matches %s, less specific than %s that is not set apart", path.Key(), p, q)
			}
		}
	}
}
