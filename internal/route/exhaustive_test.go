package route

import (
	"slices"
	"testing"
)

// mixed reports whether a tree that holds both patterns has a place where two classes of
// segments continue, or the root beside everything. It knows nothing of Layers.
func mixed(a, b Pattern) bool {
	s, t := a.Segments(), b.Segments()
	for i := range max(len(s), len(t)) {
		switch {
		case i == len(s):
			return i == 0 && t[0].Kind == Rest
		case i == len(t):
			return i == 0 && s[0].Kind == Rest
		case s[i].Kind != t[i].Kind:
			return true
		case s[i].Kind == Literal && s[i].Text != t[i].Text:
			return false
		}
	}
	return false
}

// A sample holds what is known of the patterns of alphabet by pairs.
type sample struct {
	patterns        []Pattern
	table           [][]bool // pattern, path: match
	mixed, overlaps [][]bool
	before          [][]bool // by Compare
}

// newSample compares all pairs.
func newSample(t testing.TB) *sample {
	s := &sample{patterns: alphabet(t)}
	s.table = matchTable(s.patterns, targets(t))
	n := len(s.patterns)
	for i, a := range s.patterns {
		m, o, l := make([]bool, n), make([]bool, n), make([]bool, n)
		for j, b := range s.patterns {
			m[j], l[j] = mixed(a, b), Compare(a, b) < 0
			o[j], _ = common(s.table[i], s.table[j])
		}
		s.mixed, s.overlaps, s.before = append(s.mixed, m), append(s.overlaps, o), append(s.before, l)
	}
	return s
}

// sets calls yield with each set of one, two or three patterns.
func (s *sample) sets(yield func(set []int) bool) {
	for i := range s.patterns {
		if !yield([]int{i}) {
			return
		}
		for j := range i {
			if !yield([]int{i, j}) {
				return
			}
			for k := range j {
				if !yield([]int{i, j, k}) {
					return
				}
			}
		}
	}
}

// allowed reports whether layer is an assignment that trees can hold and that gives the more
// specific of two overlapping patterns the smaller number.
func (s *sample) allowed(set, layer []int) bool {
	for x, i := range set {
		for y, j := range set {
			if i == j {
				continue
			}
			if layer[x] == layer[y] && s.mixed[i][j] || s.overlaps[i][j] && s.before[i][j] && layer[x] >= layer[y] {
				return false
			}
		}
	}
	return true
}

// smallest returns the least number of layers of any allowed assignment to at most three.
func (s *sample) smallest(set []int) int {
	least := len(set) + 1
	for code := range 27 {
		layer := []int{code % 3, code / 3 % 3, code / 9}[:len(set)]
		if count := slices.Max(layer) + 1; count < least && s.allowed(set, layer) {
			least = count
		}
	}
	return least
}

func TestLayersExhaustive(t *testing.T) {
	s := newSample(t)
	sets := 0
	for set := range s.sets {
		sets++
		var patterns []Pattern
		for _, i := range set {
			patterns = append(patterns, s.patterns[i])
		}
		layer, count := Layers(patterns)
		if !s.allowed(set, layer) {
			t.Fatalf("%q: layers %d", patterns, layer)
		}
		if least := s.smallest(set); count != least || count != slices.Max(layer)+1 {
			t.Fatalf("%q: layers %d, count %d, want %d", patterns, layer, count, least)
		}
		for path := range s.table[0] {
			if got, want := s.first(set, layer, count, path), s.best(set, path); got != want {
				t.Fatalf("%q in layers %d: path %d goes to %d, want %d", patterns, layer, path, got, want)
			}
		}
	}
	if sets != 80+80*79/2+80*79*78/6 {
		t.Errorf("%d sets", sets)
	}
}

// first asks the layers in order; -1 is none and -2 two in one layer.
func (s *sample) first(set, layer []int, count, path int) int {
	for l := range count {
		found := -1
		for x, i := range set {
			if layer[x] != l || !s.table[i][path] {
				continue
			}
			if found >= 0 {
				return -2
			}
			found = i
		}
		if found >= 0 {
			return found
		}
	}
	return -1
}

// best returns the most specific pattern that matches, or -1.
func (s *sample) best(set []int, path int) int {
	best := -1
	for _, i := range set {
		if s.table[i][path] && (best < 0 || s.before[i][best]) {
			best = i
		}
	}
	return best
}
