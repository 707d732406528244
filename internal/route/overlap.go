package route

import (
	"cmp"
	"net/url"
	"strings"
)

// Compare orders patterns so that of two that match a path the more specific comes first:
// segment by segment from the left, a literal before a parameter before a rest, and an exact end
// before all of them. The order is total; the result is 0 only if the shapes are equal.
func Compare(a, b Pattern) int {
	for i := range min(len(a.segments), len(b.segments)) {
		s, t := a.segments[i], b.segments[i]
		if s.Kind != t.Kind {
			return cmp.Compare(s.Kind, t.Kind)
		}
		if s.Kind == Literal && s.Text != t.Text {
			return strings.Compare(s.Text, t.Text)
		}
	}
	return cmp.Compare(len(a.segments), len(b.segments))
}

// Overlap returns a path that both patterns match, escaped as a request line would have it, or
// false if there is none. Where any value would do the path has "x".
func Overlap(a, b Pattern) (witness string, ok bool) {
	if b.Len() > a.Len() {
		a, b = b, a
	}
	n := b.Len() // the segments that both have
	if a.Len() > n && !b.IsPrefix() {
		return "", false
	}
	if a.Len() == n && n > 0 && a.IsPrefix() != b.IsPrefix() {
		return "", false
	}
	var path strings.Builder
	for i, s := range a.segments[:a.Len()] {
		if i < n {
			t := b.segments[i]
			if s.Kind == Literal && t.Kind == Literal && s.Text != t.Text {
				return "", false
			}
			if s.Kind == Param {
				s = t
			}
		}
		if s.Kind == Param {
			s.Text = "x"
		}
		path.WriteString("/" + url.PathEscape(s.Text))
	}
	if a.Len() == 0 || a.IsPrefix() {
		path.WriteByte('/')
	}
	return path.String(), true
}
