package route

import (
	"slices"
	"strings"
	"testing"
)

// alphabet returns all patterns of up to three segments from a, b and :x, exact and prefix.
func alphabet(t testing.TB) []Pattern {
	t.Helper()
	texts := []string{""}
	for i := 0; i < len(texts); i++ {
		if strings.Count(texts[i], "/") == 3 {
			break
		}
		for _, s := range []string{"a", "b", ":x"} {
			if s == ":x" {
				s += strings.Repeat("x", strings.Count(texts[i], ":")) // its own name
			}
			texts = append(texts, texts[i]+"/"+s)
		}
	}
	var patterns []Pattern
	for _, s := range texts {
		patterns = append(patterns, mustParse(t, s), mustParse(t, s+"/"))
	}
	return patterns
}

// targets returns all paths of up to four segments from a, b and c, with and without a trailing
// slash. Two patterns of alphabet match the same of them only if they match the same paths.
func targets(t testing.TB) []Path {
	t.Helper()
	texts := []string{""}
	for i := 0; i < len(texts); i++ {
		if strings.Count(texts[i], "/") == 4 {
			break
		}
		texts = append(texts, texts[i]+"/a", texts[i]+"/b", texts[i]+"/c")
	}
	paths := []Path{mustSplit(t, "/")}
	for _, s := range texts[1:] {
		paths = append(paths, mustSplit(t, s), mustSplit(t, s+"/"))
	}
	return paths
}

// matchTable returns for each pattern which of paths it matches.
func matchTable(patterns []Pattern, paths []Path) [][]bool {
	table := make([][]bool, len(patterns))
	for i, p := range patterns {
		for _, path := range paths {
			table[i] = append(table[i], p.Match(path))
		}
	}
	return table
}

// common reports whether a path is in both rows of a match table, and within whether all paths
// of a are in b.
func common(a, b []bool) (overlap, within bool) {
	within = true
	for i := range a {
		overlap = overlap || a[i] && b[i]
		within = within && (!a[i] || b[i])
	}
	return overlap, within
}

func TestAlphabet(t *testing.T) {
	if n, m := len(alphabet(t)), len(targets(t)); n != 80 || m != 241 {
		t.Fatalf("%d patterns and %d paths, want 80 and 241: the other tests check less than they say", n, m)
	}
}

func TestOverlapExhaustive(t *testing.T) {
	patterns := alphabet(t)
	table := matchTable(patterns, targets(t))
	for i, a := range patterns {
		for j, b := range patterns {
			witness, ok := Overlap(a, b)
			want, within := common(table[i], table[j])
			if ok != want {
				t.Fatalf("Overlap(%q, %q) = %q, %t, want %t", a, b, witness, ok, want)
			}
			if ok {
				if path := mustSplit(t, witness); !a.Match(path) || !b.Match(path) {
					t.Fatalf("Overlap(%q, %q) = %q, which matches %t, %t", a, b, witness, a.Match(path), b.Match(path))
				}
			}
			if (a.Shape() == b.Shape()) != slices.Equal(table[i], table[j]) {
				t.Fatalf("shapes of %q and %q: %q and %q", a, b, a.Shape(), b.Shape())
			}
			if within && i != j && Compare(a, b) >= 0 {
				t.Fatalf("all paths of %q are paths of %q, yet it does not come first", a, b)
			}
		}
	}
}

func TestOverlap(t *testing.T) {
	tests := []struct{ a, b, witness, why string }{
		{"users/:id", "users/:name", "/users/x", "names mean nothing"},
		{"users/me", "users/:id", "/users/me", "literal and parameter"},
		{":a/x", "y/:b", "/y/x", "neither is more specific throughout"},
		{"users/:id", "users", "", "other length"},
		{"a/:x", "b/:x", "", "other literals"},
		{"files/", "files", "", "a prefix is not its bare form"},
		{"files/", "files/*rest", "/files/", "the same prefix"},
		{"files/", "files/:a/:b", "/files/x/x", "parameters below a prefix"},
		{"files/", ":dir/a%2Fb%20c/", "/files/a%2Fb%20c/", "escapes"},
		{":a/", "x/y/", "/x/y/", "prefix below a prefix"},
		{"/", "", "/", "root and everything"},
		{"", "", "/", "root"},
		{"", ":a", "", "a parameter is not empty"},
		{"/", "a/:b", "/a/x", "everything"},
		{"100%25/%3Fé", ":a/:b", "/100%25/%3F%C3%A9", "text that a request line escapes"},
	}
	for _, tt := range tests {
		a, b := mustParse(t, tt.a), mustParse(t, tt.b)
		for range 2 {
			if got, ok := Overlap(a, b); got != tt.witness || ok != (tt.witness != "") {
				t.Errorf("%s: Overlap(%q, %q) = %q, %t; want %q", tt.why, a, b, got, ok, tt.witness)
			}
			a, b = b, a
		}
	}
}

func TestCompareTotal(t *testing.T) {
	patterns := alphabet(t)
	for _, a := range patterns {
		for _, b := range patterns {
			ab := Compare(a, b)
			if ab != -Compare(b, a) || (ab == 0) != (a.Shape() == b.Shape()) {
				t.Fatalf("Compare(%q, %q) = %d, the other way %d", a, b, ab, Compare(b, a))
			}
			for _, c := range patterns {
				if ab < 0 && Compare(b, c) < 0 && Compare(a, c) >= 0 {
					t.Fatalf("%q before %q before %q, yet not the first before the last", a, b, c)
				}
			}
		}
	}
}

func TestCompare(t *testing.T) {
	want := []string{
		"", "a", "a/b", "a/b/c", "a/b/:x", "a/b/", "a/c/", "a/:x", "a/:x/b", "a/:x/", "a/", "ab", ":x", ":x/a", ":x/:y", ":x/", "/",
	}
	var patterns []Pattern
	for _, s := range want {
		patterns = append(patterns, mustParse(t, s))
	}
	slices.Reverse(patterns)
	slices.SortFunc(patterns, Compare)
	for i, p := range patterns {
		if p.Shape() != mustParse(t, want[i]).Shape() {
			t.Errorf("place %d has %q, want %q", i, p, want[i])
		}
	}
	if Compare(mustParse(t, ":a/*b"), mustParse(t, ":c/")) != 0 {
		t.Error("names make a difference")
	}
}
