package route

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Faults of a request path, as [Split] returns them.
var (
	// ErrControl is broken or hostile encoding: a control character, NUL, invalid UTF-8, a bad
	// escape, an escaped path that does not decode to the path. The answer is 400.
	ErrControl = errors.New("malformed path")

	// ErrNoMatch is a path that no pattern matches: an empty segment, a dot segment, a
	// backslash, no slash in front, more than MaxSegments segments. The answer is 404.
	ErrNoMatch = errors.New("path matches no pattern")
)

// A Path is the path of a request, split and decoded once. Only [Split] makes one.
type Path struct {
	key     string
	n       int  // segments
	slash   bool // ends in a slash
	escaped bool // key has escapes
}

// stops tells the bytes that need a look from those that are text and nothing else: the slash,
// and what is escaped in a key, refused, or part of UTF-8. It is never written to.
var stops = func() (t [256]bool) {
	for c := range t {
		t[c] = isControl(rune(c)) || c >= utf8.RuneSelf || strings.IndexByte(keySpecial+`\`, byte(c)) >= 0
	}
	return t
}()

// Split splits and decodes the path of a request once. The arguments are URL.Path and
// URL.RawPath: path is decoded, and rawPath is "" or the same path with its escapes. An empty
// path is the root.
//
// The error is [ErrControl], [ErrNoMatch] or nil. Neither errors nor paths without ':', '*',
// '%' and escaped slashes allocate.
func Split(path, rawPath string) (Path, error) {
	if rawPath != "" && rawPath != path || path == "" || path[0] != '/' {
		return splitSlow(path, rawPath)
	}
	n, start := 0, 1 // segments so far, and where the current one begins
	for i := 1; ; i++ {
		for i < len(path) && !stops[path[i]] {
			i++
		}
		end := i == len(path)
		if end && i == start {
			break // after a trailing slash
		}
		if !end && path[i] != '/' || i == start || path[start] == '.' && isDots(path[start:i]) {
			return splitSlow(path, rawPath)
		}
		n++
		if end {
			break
		}
		start = i + 1
	}
	if n > MaxSegments {
		return splitSlow(path, rawPath)
	}
	return Path{key: path, n: n, slash: start == len(path)}, nil
}

// splitSlow is Split for any path; it decides between the errors, ErrControl first.
func splitSlow(path, rawPath string) (Path, error) {
	if path == "" && rawPath == "" {
		path = "/"
	}
	if rawPath == path && strings.IndexByte(path, '%') < 0 {
		rawPath = "" // there was nothing to decode
	}
	if hasControl(path) || rawPath != "" && !decodesTo(rawPath, path) {
		return Path{}, ErrControl
	}
	if strings.IndexByte(path, '\\') >= 0 || hasDotPiece(path) {
		return Path{}, ErrNoMatch
	}
	n, ok := countSegments(path, rawPath)
	if !ok {
		return Path{}, ErrNoMatch
	}
	key := path
	escapes := countEscapes(path, rawPath)
	if escapes > 0 {
		key = pathKey(path, rawPath, escapes)
	}
	return Path{key: key, n: n, slash: key[len(key)-1] == '/', escaped: escapes > 0}, nil
}

// hasControl reports whether s has a control character or invalid UTF-8.
func hasControl(s string) bool {
	for i := range len(s) {
		if isControl(rune(s[i])) {
			return true
		}
	}
	return !utf8.ValidString(s)
}

// decodesTo reports whether raw decodes to path, and has no bad escape.
func decodesTo(raw, path string) bool {
	j := 0
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' {
			var ok bool
			if c, ok = unescapeByte(raw[i:]); !ok {
				return false
			}
			i += 2
		}
		if j == len(path) || path[j] != c {
			return false
		}
		j++
	}
	return j == len(path)
}

// bytesOf calls yield with each byte of path and whether it separates segments. A slash that
// raw has as an escape does not. Raw is "" or decodes to path.
func bytesOf(path, raw string) func(yield func(c byte, separator bool) bool) {
	return func(yield func(byte, bool) bool) {
		i := 0 // in raw
		for j := range len(path) {
			separator := path[j] == '/'
			if raw != "" {
				if raw[i] == '%' {
					separator = false
					i += 2
				}
				i++
			}
			if !yield(path[j], separator) {
				return
			}
		}
	}
}

// countSegments counts segments. It reports false if the path does not begin with a separator,
// if a segment other than the last is empty, or if there are too many.
func countSegments(path, raw string) (n int, ok bool) {
	length := -1 // of the current segment; -1 before the first
	for _, separator := range bytesOf(path, raw) {
		switch {
		case !separator && length < 0, separator && length == 0:
			return 0, false
		case separator:
			length = 0
		default:
			if length == 0 {
				n++
			}
			length++
		}
	}
	return n, n <= MaxSegments
}

// countEscapes counts the bytes that are escaped in the key: those that mean something there and
// stand inside a segment.
func countEscapes(path, raw string) (n int) {
	for c, separator := range bytesOf(path, raw) {
		if !separator && strings.IndexByte(keySpecial, c) >= 0 {
			n++
		}
	}
	return n
}

// pathKey returns path with that number of escapes.
func pathKey(path, raw string, escapes int) string {
	var b strings.Builder
	b.Grow(len(path) + 2*escapes)
	for c, separator := range bytesOf(path, raw) {
		if !separator && strings.IndexByte(keySpecial, c) >= 0 {
			escapeByte(&b, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Key returns the path as trees made of [Pattern.Key] are asked for it: "/a/b/". Inside
// segments '/', '%', ':' and '*' are escaped and nothing else is.
func (p Path) Key() string { return p.key }

// Len returns the number of segments. The empty one after a trailing slash does not count.
func (p Path) Len() int { return p.n }

// Slash reports whether the path ends in a slash, as the root does.
func (p Path) Slash() bool { return p.slash }

// Segment returns segment i, decoded, or "" if there is none. It allocates only if the path has
// escapes in its key.
func (p Path) Segment(i int) string {
	if i < 0 || i >= p.n {
		return ""
	}
	s := p.from(i)
	if end := strings.IndexByte(s, '/'); end >= 0 {
		s = s[:end]
	}
	return p.decode(s)
}

// Rest returns what follows segment i-1, decoded: segments i and up joined by slashes, with a
// trailing slash if the path has one. It is "" if nothing follows. A slash inside a segment
// can't be told from one between segments.
func (p Path) Rest(i int) string {
	if i < 0 || i >= p.n {
		return ""
	}
	return p.decode(p.from(i))
}

// from returns the key from the start of segment i.
func (p Path) from(i int) string {
	s := p.key[1:]
	for range i {
		s = s[strings.IndexByte(s, '/')+1:]
	}
	return s
}

// decode undoes the escapes of a part of the key.
func (p Path) decode(s string) string {
	if !p.escaped {
		return s
	}
	text, _ := unescape(s)
	return text
}
