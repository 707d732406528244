package route

// Layers gives each pattern the number of the tree that it goes in, and returns how many trees
// there are. Asked in order, the first tree that has a match has the most specific one, as
// [Compare] orders them. Patterns of equal shape get the same number.
//
// Within one tree, at each place, either literals, or one parameter, or one rest continue, and
// the root is not beside the prefix of everything; a tree of httprouter holds nothing else, and
// within it no two patterns overlap. The count is the smallest possible. Time and space are
// linear in the number of segments.
func Layers(patterns []Pattern) (layer []int, count int) {
	root := &node{root: true}
	ends := make([]*node, len(patterns))
	for i, p := range patterns {
		ends[i] = root.insert(p.segments)
	}
	count = root.assign(0)
	layer = make([]int, len(patterns))
	for i, n := range ends {
		layer[i] = n.layer
	}
	return layer, count
}

// A node of the trie of all patterns is a place where patterns continue or end.
type node struct {
	literals    map[string]*node
	param, rest *node
	root        bool // the place before the first segment
	end         bool // a pattern ends here
	layer       int  // of that pattern
}

// insert adds a pattern and returns the node where it ends.
func (n *node) insert(segments []Segment) *node {
	for _, s := range segments {
		n = n.child(s)
	}
	n.end = true
	return n
}

// child returns the node that s leads to.
func (n *node) child(s Segment) *node {
	var next **node
	switch s.Kind {
	case Param:
		next = &n.param
	case Rest:
		next = &n.rest
	default:
		return n.literal(s.Text)
	}
	if *next == nil {
		*next = new(node)
	}
	return *next
}

// literal returns the node that a literal leads to.
func (n *node) literal(text string) *node {
	next := n.literals[text]
	if next != nil {
		return next
	}
	if n.literals == nil {
		n.literals = make(map[string]*node)
	}
	next = new(node)
	n.literals[text] = next
	return next
}

// assign gives the patterns at and below n layers from first on, and returns the layer after
// the last one used. Literals never overlap, so their subtrees use the same layers; those of a
// parameter come after them, and the rest last.
//
// An exact end overlaps nothing but at the root: "/a" is no "/a/", and only "/" is both the root
// and everything. Elsewhere it may share the layer of the rest.
func (n *node) assign(first int) (after int) {
	n.layer = first
	after = first
	for _, child := range n.literals {
		after = max(after, child.assign(first))
	}
	if n.param != nil {
		after = n.param.assign(after)
	}
	if n.end && n.root {
		after = max(after, first+1)
	}
	if n.rest != nil {
		after = n.rest.assign(after)
	}
	if n.end {
		after = max(after, first+1)
	}
	return after
}

// Turns finds the patterns that somewhere go on with a literal where others go on with a
// parameter or rest. It returns which they are, and the literals at which they turn off, by index
// of the segment; an index without any has a nil map. A path that has none of these literals in
// its place matches none of these patterns, and of those that match a path the others are all
// less specific.
func Turns(patterns []Pattern) (turning []bool, literals []map[string]bool) {
	root := &node{root: true}
	for _, p := range patterns {
		root.insert(p.segments)
	}
	turning = make([]bool, len(patterns))
	for i, p := range patterns {
		n := root
		for at, s := range p.segments {
			if s.Kind == Literal && (n.param != nil || n.rest != nil) {
				turning[i] = true
				literals = addLiteral(literals, at, s.Text)
			}
			n = n.child(s)
		}
	}
	return turning, literals
}

// LastLiterals returns which patterns have a literal, and the last literal of each of them, by
// index of the segment as in [Turns]. A path that has none of these literals in its place matches
// none of these patterns, and of those that match a path the others are all less specific.
func LastLiterals(patterns []Pattern) (having []bool, literals []map[string]bool) {
	having = make([]bool, len(patterns))
	for i, p := range patterns {
		for at := len(p.segments) - 1; at >= 0; at-- {
			if s := p.segments[at]; s.Kind == Literal {
				having[i] = true
				literals = addLiteral(literals, at, s.Text)
				break
			}
		}
	}
	return having, literals
}

// addLiteral notes a literal at the index of its segment.
func addLiteral(literals []map[string]bool, at int, text string) []map[string]bool {
	for len(literals) <= at {
		literals = append(literals, nil)
	}
	if literals[at] == nil {
		literals[at] = make(map[string]bool)
	}
	literals[at][text] = true
	return literals
}
