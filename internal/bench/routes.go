package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// githubTable is the route table that router benchmarks use; see testdata/README.md.
//
//go:embed testdata/github-bench.txt
var githubTable string

// A route is a method and the segments of a path.
type route struct {
	method   string
	segments []segment
}

// A segment is a literal, or a parameter if text is "".
type segment struct {
	text string
	rest bool // the last one: everything that follows
}

// parseRoute reads "/a/:b/*c". Names are dropped: parameters are p1, p2 and so
// on in every contender, so that one input type a number of parameters is enough.
func parseRoute(method, path string) route {
	rt := route{method: method}
	for part := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		switch {
		case strings.HasPrefix(part, ":"):
			rt.segments = append(rt.segments, segment{})
		case strings.HasPrefix(part, "*"):
			rt.segments = append(rt.segments, segment{rest: true})
		default:
			rt.segments = append(rt.segments, segment{text: part})
		}
	}
	return rt
}

// params returns the number of parameters, the rest included.
func (rt route) params() (n int) {
	for _, s := range rt.segments {
		if s.text == "" {
			n++
		}
	}
	return n
}

// path writes the route for a router: param and rest are what it puts around a
// name. "{" stands for "{p1}", another mark is put before the name, and the
// marks "*-" and "+-" are a star and a plus without a name.
func (rt route) path(param, rest string) string {
	var b strings.Builder
	n := 0
	for _, s := range rt.segments {
		b.WriteByte('/')
		if s.text != "" {
			b.WriteString(s.text)
			continue
		}
		n++
		switch {
		case s.rest && (rest == "*-" || rest == "+-"):
			b.WriteByte(rest[0])
		case s.rest && rest == "{":
			fmt.Fprintf(&b, "{p%d...}", n)
		case s.rest:
			fmt.Fprintf(&b, "%sp%d", rest, n)
		case param == "{":
			fmt.Fprintf(&b, "{p%d}", n)
		default:
			fmt.Fprintf(&b, "%sp%d", param, n)
		}
	}
	return b.String()
}

// exchange returns a request for the route; each parameter gets a value of its own.
func (rt route) exchange() exchange {
	var b strings.Builder
	for i, s := range rt.segments {
		b.WriteByte('/')
		switch {
		case s.text != "":
			b.WriteString(s.text)
		case s.rest:
			fmt.Fprintf(&b, "left%d/over", i)
		default:
			fmt.Fprintf(&b, "value%d", i)
		}
	}
	return exchange{method: rt.method, target: b.String()}
}

// githubRoutes returns the 203 routes without overlaps, or all 239.
func githubRoutes(all bool) []route {
	var routes []route
	for text := range strings.Lines(githubTable) {
		words := strings.Fields(text)
		if len(words) == 3 && !all {
			continue
		}
		routes = append(routes, parseRoute(words[0], words[1]))
	}
	return routes
}

// syntheticRoutes returns n routes: the usual five operations of n/5 resources,
// fifty to a service. n is a multiple of 5.
func syntheticRoutes(n int) []route {
	routes := make([]route, 0, n)
	for i := range n / 5 {
		base := fmt.Sprintf("/service%d/resource%d", i/50, i)
		routes = append(routes,
			parseRoute("GET", base),
			parseRoute("POST", base),
			parseRoute("GET", base+"/:a"),
			parseRoute("DELETE", base+"/:a"),
			parseRoute("GET", base+"/:a/details/:b"),
		)
	}
	return routes
}

// requestsFor returns one request a route.
func requestsFor(routes []route) []exchange {
	out := make([]exchange, len(routes))
	for i, rt := range routes {
		out[i] = rt.exchange()
	}
	return out
}

// names returns the names that [route.path] gives the parameters; rest is the
// name of the last one where the router names it itself, "" if it does not.
func (rt route) names(rest string) []string {
	var names []string
	for _, s := range rt.segments {
		switch {
		case s.text != "":
		case s.rest && rest != "":
			names = append(names, rest)
		default:
			names = append(names, fmt.Sprintf("p%d", len(names)+1))
		}
	}
	return names
}

// typedPaths returns n paths that end in one parameter, written as param.
func typedPaths(n int, param string) []string {
	paths := make([]string, n)
	for i := range paths {
		paths[i] = fmt.Sprintf("/service%d/resource%d/%s", i/50, i, param)
	}
	return paths
}

// specificFirst returns the indices of routes, the more specific ones first:
// segment by segment from the left, a literal before a parameter before a rest.
func specificFirst(routes []route) []int {
	order := make([]int, len(routes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return slices.CompareFunc(routes[a].segments, routes[b].segments, func(x, y segment) int {
			return x.rank() - y.rank()
		})
	})
	return order
}

func (s segment) rank() int {
	switch {
	case s.text != "":
		return 0
	case !s.rest:
		return 1
	}
	return 2
}
