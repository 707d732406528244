package endpoint

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/julienschmidt/httprouter"
	"github.com/seed217079a1/endpoint/internal/route"
)

// A forest is a set of patterns as httprouter trees. A tree cannot hold
// patterns that overlap, so overlapping ones are in different trees; each tree
// has at most one match for a path. A look-up that fails costs as much as one
// that succeeds, so some patterns are set apart and asked first, but only if
// the path has one of their literals.
type forest struct {
	apart    []*httprouter.Router // in order of precedence, before the others
	literals []map[string]bool    // by segment: a path with none of them is not in apart
	others   []*httprouter.Router // likewise in order
}

// treeMethod is the method under which all paths are kept: which methods a
// path has is the node's business.
const treeMethod = http.MethodGet

// plant puts the nodes into the trees.
func (t *table) plant() {
	slices.SortFunc(t.nodes, func(a, b *pathNode) int { return route.Compare(a.pattern, b.pattern) })
	t.literal = make(map[string]*pathNode)
	bySize := map[int][]*pathNode{}
	var prefixes []*pathNode
	for i, n := range t.nodes {
		n.rank = i
		switch {
		case n.pattern.IsPrefix():
			prefixes = append(prefixes, n)
		case len(n.pattern.Params()) == 0:
			t.literal[n.pattern.Key()] = n
			for len(t.literals) <= n.pattern.Len() {
				t.literals = append(t.literals, false)
			}
			t.literals[n.pattern.Len()] = true
		default:
			bySize[n.pattern.Len()] = append(bySize[n.pattern.Len()], n)
		}
	}
	for size, nodes := range bySize {
		for len(t.exact) <= size {
			t.exact = append(t.exact, nil)
		}
		t.exact[size] = newForest(nodes, route.Turns)
	}
	t.prefixes = newForest(prefixes, route.LastLiterals)
}

// newForest distributes nodes over as many trees as their overlaps require.
func newForest(nodes []*pathNode, setApart func([]route.Pattern) ([]bool, []map[string]bool)) *forest {
	if len(nodes) == 0 {
		return nil
	}
	patterns := make([]route.Pattern, len(nodes))
	for i, n := range nodes {
		patterns[i] = n.pattern
	}
	f := &forest{}
	var is []bool
	is, f.literals = setApart(patterns)
	var apart, others []*pathNode
	for i, n := range nodes {
		if is[i] {
			apart = append(apart, n)
		} else {
			others = append(others, n)
		}
	}
	f.apart, f.others = newTrees(apart), newTrees(others)
	return f
}

// newTrees puts nodes into trees, in order of precedence.
func newTrees(nodes []*pathNode) []*httprouter.Router {
	patterns := make([]route.Pattern, len(nodes))
	for i, n := range nodes {
		patterns[i] = n.pattern
	}
	layers, count := route.Layers(patterns)
	trees := make([]*httprouter.Router, count)
	for i := range trees {
		// The zero Router redirects nothing, fixes nothing and answers nothing by itself.
		trees[i] = &httprouter.Router{NotFound: nothing{}}
	}
	for i, n := range nodes {
		trees[layers[i]].Handle(treeMethod, n.pattern.Key(), func(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) {
			w.(*probe).found = n
		})
	}
	return trees
}

// nothing leaves a probe as it is.
type nothing struct{}

// ServeHTTP does nothing.
func (nothing) ServeHTTP(http.ResponseWriter, *http.Request) {}

// A probe asks a tree for a path. It goes through the tree's ServeHTTP, which
// alone keeps its parameters in a pool, and so plays both request and writer.
type probe struct {
	http.ResponseWriter // nil: a tree only hands the probe on

	request http.Request
	url     url.URL
	found   *pathNode
}

var probes = sync.Pool{New: func() any {
	p := &probe{}
	p.request.Method, p.request.URL = treeMethod, &p.url
	return p
}}

// best returns the node of lowest rank that matches a path, from the given
// rank on; nil if there is none. p is the probe for the path.
func (f *forest) best(p *probe, path route.Path, from int) *pathNode {
	if f == nil {
		return nil
	}
	var best *pathNode
	for i, literals := range f.literals {
		if i < path.Len() && literals[path.Segment(i)] {
			best = p.ask(f.apart, from, nil)
			break
		}
	}
	if best != nil && from == 0 {
		return best // the trees are in order
	}
	return p.ask(f.others, from, best)
}

// ask looks the path up in trees and returns the node of lowest rank from the
// given one on, best included.
func (p *probe) ask(trees []*httprouter.Router, from int, best *pathNode) *pathNode {
	for _, tree := range trees {
		p.found = nil
		tree.ServeHTTP(p, &p.request)
		n := p.found
		if n == nil || n.rank < from {
			continue
		}
		if from == 0 {
			return n
		}
		if best == nil || n.rank < best.rank {
			best = n
		}
	}
	return best
}

// find returns the most specific node that matches a path, from the given rank
// on; nil if there is none.
func (t *table) find(path route.Path, from int) *pathNode {
	key := path.Key()
	size := path.Len()
	if size < len(t.literals) && t.literals[size] {
		if n := t.literal[key]; n != nil && n.rank >= from {
			return n
		}
	}
	var exact *forest
	if !path.Slash() && size < len(t.exact) {
		exact = t.exact[size]
	}
	if exact == nil && t.prefixes == nil {
		return nil
	}
	p := probes.Get().(*probe)
	p.url.Path = key
	n := exact.best(p, path, from)
	if m := t.prefixes.best(p, path, from); m != nil && (n == nil || m.rank < n.rank) {
		n = m
	}
	p.url.Path, p.found = "", nil
	probes.Put(p)
	return n
}

// redirect sends the bare form of a prefix to the prefix, with 308 so that the
// method and body stay. It reports false if there is no safe location.
func (t *table) redirect(w http.ResponseWriter, r *http.Request, prefix *pathNode, path route.Path) bool {
	var values []string
	for i, s := range prefix.pattern.Segments() {
		if s.Kind == route.Param {
			values = append(values, path.Segment(i))
		}
	}
	below, err := prefix.pattern.Bare().Expand(values...)
	mount, ok := mountOf(r)
	if err != nil || !ok {
		return false
	}
	location := escapeQuery(mount) + below + "/"
	if second := strings.ToLower(location[1:min(4, len(location))]); second == "%2f" || second == "%5c" {
		return false // some clients take an escaped slash for one, and the rest for a host
	}
	if r.URL.RawQuery != "" {
		location += "?" + escapeQuery(r.URL.RawQuery)
	}
	c := t.call(w, r)
	if s := prefix.anySettings(path); s != nil {
		c.settings = s // a page of another origin follows the redirect only if it may
	}
	c.outer.Header()["Location"] = []string{location}
	if m := t.settings.manner; m != nil {
		m.redirect(c, location)
		return true
	}
	c.outer.write(http.StatusPermanentRedirect, nil)
	return true
}

// mountOf returns what the request line has before the path that the API sees;
// ok is false if it could lead to another host.
func mountOf(r *http.Request) (mount string, ok bool) {
	target, _ := originForm(r.RequestURI)
	target, _, _ = strings.Cut(target, "?")
	below := r.URL.RawPath // as requested; EscapedPath would escape more
	if below == "" {
		below = r.URL.EscapedPath()
	}
	mount, found := strings.CutSuffix(target, below)
	if !found || mount == "" {
		return "", true
	}
	plain, err := url.PathUnescape(mount)
	if err != nil {
		return "", false
	}
	p, err := route.Split(plain, mount)
	return mount, err == nil && !p.Slash()
}

// escapeQuery escapes what no Location may have: bytes outside visible ASCII,
// quotes and angle brackets.
func escapeQuery(q string) string {
	var b strings.Builder
	for i := range len(q) {
		if c := q[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
