// Package route knows path patterns and how they overlap; it knows nothing of HTTP.
//
// A [Pattern] is what a user registers, a [Path] is what a request asks for. Both have a key in
// one syntax, that of a radix tree of the httprouter kind: a tree filled with [Pattern.Key] is
// asked for [Path.Key]. Such a tree can't hold overlapping patterns, so [Layers] spreads them
// over several trees that are asked in order.
//
// All types are immutable and safe for concurrent use.
package route

import (
	"slices"
	"strconv"
	"strings"
)

// MaxSegments is the largest number of segments that a pattern or a path may have. The rest of
// a prefix and the empty segment after a trailing slash are not counted.
const MaxSegments = 256

// A Kind says what a segment of a pattern matches. Kinds are in order of precedence.
type Kind uint8

const (
	Literal Kind = iota // one segment with this text
	Param               // any one segment
	Rest                // a slash and whatever follows it, also nothing
)

// A Segment is one part of a pattern.
type Segment struct {
	Kind Kind

	// Text is the decoded text of a Literal, or the name of a Param or Rest. It is "" only for
	// the rest of an unnamed prefix.
	Text string
}

// A Pattern is a path with parameters, exact or a prefix. The zero value is exactly the root.
type Pattern struct {
	segments []Segment // a Rest stands last
	text     string    // what String returns
	key      string    // what Key returns; "" in the zero value
}

// newPattern makes the pattern of segments, which it keeps.
func newPattern(segments []Segment) Pattern {
	segments = slices.Clip(segments)
	return Pattern{segments, writeText(segments), writeKey(segments)}
}

// String returns the canonical form: "/users/:id", "/files/", "/files/*rest", "/" for
// everything, "" for exactly the root. [Parse] makes the same pattern of it.
func (p Pattern) String() string { return p.text }

// Key returns the pattern in the syntax of httprouter: "/users/:0", "/files/*r", "/" for exactly
// the root, "/*r" for everything. The bytes '/', '%', ':' and '*' of a literal are escaped.
func (p Pattern) Key() string {
	if p.key == "" {
		return "/"
	}
	return p.key
}

// Shape returns a string that two patterns share exactly if they match the same paths.
func (p Pattern) Shape() string { return p.Key() }

// Segments returns all segments; that of a prefix ends with a [Rest]. It must not be changed.
func (p Pattern) Segments() []Segment { return p.segments }

// Len returns the number of segments without the rest of a prefix.
func (p Pattern) Len() int {
	if p.IsPrefix() {
		return len(p.segments) - 1
	}
	return len(p.segments)
}

// IsPrefix reports whether the pattern also matches what is below it.
func (p Pattern) IsPrefix() bool {
	n := len(p.segments)
	return n > 0 && p.segments[n-1].Kind == Rest
}

// Bare returns the pattern without its rest: "/files" for "/files/", "" for "/". Of an exact
// pattern it returns the pattern itself.
func (p Pattern) Bare() Pattern {
	if !p.IsPrefix() {
		return p
	}
	return newPattern(p.segments[:p.Len()])
}

// Params returns the names of the parameters in order, that of a named rest included.
func (p Pattern) Params() []string {
	var names []string
	for _, s := range p.segments {
		if s.Kind != Literal && s.Text != "" {
			names = append(names, s.Text)
		}
	}
	return names
}

// Join returns q below p. The rest of p is dropped, so the group "v1/" is the group "v1". Below
// any p, "" is p as an exact path and "/" is p as a prefix.
//
// The result may use a name twice or have more than [MaxSegments] segments; [Parse] of its
// String reports that.
func (p Pattern) Join(q Pattern) Pattern {
	return newPattern(slices.Concat(p.segments[:p.Len()], q.segments))
}

// Match reports whether the pattern matches path. An exact pattern matches no path that ends in
// a slash, but for the root. It looks at every segment; to choose among many patterns use a
// tree.
func (p Pattern) Match(path Path) bool {
	n := p.Len()
	switch {
	case path.n < n:
		return false
	case p.IsPrefix():
		if path.n == n && !path.slash {
			return false
		}
	case path.n > n, path.slash && n > 0:
		return false
	}
	for i, s := range p.segments[:n] {
		if s.Kind == Literal && s.Text != path.Segment(i) {
			return false
		}
	}
	return true
}

// writeText writes segments in canonical form.
func writeText(segments []Segment) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		switch {
		case s.Kind == Literal:
			escape(&b, s.Text, "/%:*{}<>?#")
		case s.Kind == Param:
			b.WriteString(":" + s.Text)
		case s.Text != "":
			b.WriteString("*" + s.Text)
		}
	}
	return b.String()
}

// writeKey writes segments for a radix tree. Parameters are numbered, so that patterns that
// differ only in names have the same key.
func writeKey(segments []Segment) string {
	var b strings.Builder
	params := 0
	for _, s := range segments {
		b.WriteByte('/')
		switch s.Kind {
		case Literal:
			escape(&b, s.Text, keySpecial)
		case Param:
			b.WriteString(":" + strconv.Itoa(params))
			params++
		case Rest:
			b.WriteString("*r")
		}
	}
	return b.String()
}

// keySpecial holds the bytes that are escaped inside the segments of a key.
const keySpecial = "/%:*"

// escape writes s with the bytes in special as percent escapes.
func escape(b *strings.Builder, s, special string) {
	for {
		i := strings.IndexAny(s, special)
		if i < 0 {
			b.WriteString(s)
			return
		}
		b.WriteString(s[:i])
		escapeByte(b, s[i])
		s = s[i+1:]
	}
}

// escapeByte writes c as a percent escape with upper-case digits.
func escapeByte(b *strings.Builder, c byte) {
	const digits = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}

// unescape decodes percent escapes once. It reports false if one is malformed.
func unescape(s string) (string, bool) {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s, true
	}
	b := append(make([]byte, 0, len(s)), s[:i]...)
	for i < len(s) {
		if s[i] != '%' {
			b = append(b, s[i])
			i++
			continue
		}
		c, ok := unescapeByte(s[i:])
		if !ok {
			return "", false
		}
		b = append(b, c)
		i += 3
	}
	return string(b), true
}

// unescapeByte decodes the percent escape at the start of s.
func unescapeByte(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	hi, ok1 := hexDigit(s[1])
	lo, ok2 := hexDigit(s[2])
	return hi<<4 | lo, ok1 && ok2
}

// hexDigit returns the value of a hexadecimal digit of either case.
func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
