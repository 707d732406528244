package route

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A SyntaxError tells what is wrong with a pattern, where, and what to write instead.
type SyntaxError struct {
	Pattern string // as given to Parse
	Offset  int    // in bytes, of the fault in Pattern
	Msg     string // the fault
	Remedy  string // what to do about it
}

// Error returns pattern, fault, offset and remedy in one line.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("path %q: %s at offset %d; %s", e.Pattern, e.Msg, e.Offset, e.Remedy)
}

// remedyWhole is the remedy where somebody wants a parameter to be part of a segment.
const remedyWhole = "a parameter is a whole segment; bind it and check the suffix in the handler, or escape as "

// Parse reads a pattern as users write it. A leading slash is optional. "" is exactly the root,
// "/" is everything.
//
// A segment ":name" or "{name}" is a parameter. A trailing "/" makes a prefix, a last segment
// "*name" a prefix whose rest has a name. Any other segment is literal: decoded text in which
// percent escapes are decoded too, so "a%2Fb" is the one segment "a/b".
//
// A pattern that no request could match is a fault, as is one that means something in another
// router and nothing here. The error is a *[SyntaxError].
func Parse(s string) (Pattern, error) {
	if s == "" {
		return Pattern{}, nil
	}
	p := parser{text: s}
	if err := p.checkText(); err != nil {
		return Pattern{}, err
	}
	p.next = len(s) - len(strings.TrimPrefix(s, "/"))
	for done := false; !done; {
		segment, err := p.segment()
		if err != nil {
			return Pattern{}, err
		}
		p.segments = append(p.segments, segment)
		done = p.next > len(s) || segment.Kind == Rest
	}
	return newPattern(p.segments), nil
}

// A parser holds the state of Parse.
type parser struct {
	text     string
	next     int // offset of the segment to read; beyond the text after the last one
	segments []Segment
}

// fault returns a SyntaxError.
func (p *parser) fault(offset int, msg, remedy string) error {
	return &SyntaxError{p.text, offset, msg, remedy}
}

// checkText looks for what is a fault in any kind of segment.
func (p *parser) checkText() error {
	if msg, i := findFault(p.text); msg != "" {
		return p.fault(i, msg, "no request can have it")
	}
	if i := strings.IndexByte(p.text, '?'); i >= 0 {
		return p.fault(i, `"?" in a path`, "query parameters are fields tagged query; escape as %3F if it is text")
	}
	if i := strings.IndexByte(p.text, '#'); i >= 0 {
		return p.fault(i, `"#" in a path`, "a fragment never reaches a server; escape as %23 if it is text")
	}
	method, _, found := strings.Cut(p.text, " /")
	if found && method != "" && strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return p.fault(0, "method in a path", fmt.Sprintf("name it in the option Methods(%q), or escape the space as %%20", method))
	}
	return nil
}

// segment reads the next segment. The empty one after a trailing slash is a Rest.
func (p *parser) segment() (Segment, error) {
	start := p.next
	raw, _, more := strings.Cut(p.text[start:], "/")
	p.next = start + len(raw) + 1
	switch {
	case raw == "" && more:
		return Segment{}, p.fault(start, "empty segment", "write one slash")
	case raw == "":
		return Segment{Kind: Rest}, nil
	case raw[0] == '*' && more:
		return Segment{}, p.fault(start, fmt.Sprintf("%q before the end", raw), "only the last segment may be the rest; write a parameter such as :name here")
	case raw[0] == '*':
		return p.named(Rest, raw[1:], start)
	case len(p.segments) == MaxSegments:
		return Segment{}, p.fault(start, "more than "+strconv.Itoa(MaxSegments)+" segments", "shorten it")
	case raw[0] == ':':
		return p.named(Param, raw[1:], start)
	case raw[0] == '{':
		return p.braced(raw, start)
	}
	return p.literal(raw, start)
}

// braced reads a segment that begins with "{".
func (p *parser) braced(raw string, start int) (Segment, error) {
	name, after, closed := strings.Cut(raw[1:], "}")
	switch {
	case !closed:
		return Segment{}, p.fault(start, `"{" without "}"`, "write {name} or :name, or escape as %7B if it is text")
	case after != "":
		return Segment{}, p.fault(start+len(name)+2, fmt.Sprintf("%q after a parameter", after), remedyWhole+"%7B if it is text")
	case name == "$":
		return Segment{}, p.fault(start, `"{$}" in a path`, `a path without "/" at its end is exact already; leave it out`)
	case strings.HasSuffix(name, "..."):
		return Segment{}, p.fault(start, fmt.Sprintf("%q in a path", raw), "write *"+strings.TrimSuffix(name, "..."))
	case strings.Contains(name, ":"):
		name, _, _ := strings.Cut(name, ":")
		return Segment{}, p.fault(start, fmt.Sprintf("%q in a path", raw), "a parameter has no expression; write :"+name+" and check it with its type or a validate tag")
	}
	return p.named(Param, name, start)
}

// named makes a segment with a name; the segment begins at start, the name one byte later.
func (p *parser) named(kind Kind, name string, start int) (Segment, error) {
	if name == "" {
		remedy := "write a name after it, as in :id"
		if kind == Rest {
			remedy = `write a name after it, as in *rest, or end the path in "/"`
		}
		return Segment{}, p.fault(start, "parameter without a name", remedy)
	}
	if i := strings.IndexFunc(name, notName); i >= 0 {
		return Segment{}, p.badName(name, start+1, i)
	}
	if c := name[0]; c == '-' || '0' <= c && c <= '9' {
		return Segment{}, p.badName(name, start+1, 0)
	}
	if slices.ContainsFunc(p.segments, func(s Segment) bool { return s.Kind != Literal && s.Text == name }) {
		return Segment{}, p.fault(start, fmt.Sprintf("second parameter %q", name), "give it another name")
	}
	return Segment{kind, name}, nil
}

// badName reports the fault that is at i in name, which stands at offset.
func (p *parser) badName(name string, offset, i int) error {
	if c := name[i]; c < utf8.RuneSelf && c != '-' && (c < '0' || '9' < c) {
		return p.fault(offset+i, fmt.Sprintf("%q after a parameter", name[i:]), remedyWhole+escapeOf(p.text[offset-1])+" if it is text")
	}
	return p.fault(offset, fmt.Sprintf("parameter name %q is not a name", name), "use letters, digits, underscores and hyphens, a letter first")
}

// notName reports whether no name of a parameter has r.
func notName(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-')
}

// literal reads a literal segment.
func (p *parser) literal(raw string, start int) (Segment, error) {
	if i := strings.IndexAny(raw, ":*{}"); i >= 0 {
		c := raw[i]
		return Segment{}, p.fault(start+i, fmt.Sprintf("%q inside a segment", c), remedyWhole+escapeOf(c))
	}
	if i := strings.IndexAny(raw, "<>"); i >= 0 {
		return Segment{}, p.fault(start+i, fmt.Sprintf("%q in a path", raw[i:i+1]), "write a parameter as :name, or escape as "+escapeOf(raw[i]))
	}
	text, ok := unescape(raw)
	if !ok {
		return Segment{}, p.fault(start+badEscape(raw), "bad percent escape", "write two hexadecimal digits after %, or %25 for the sign itself")
	}
	if msg, _ := findFault(text); msg != "" {
		return Segment{}, p.fault(start, "escaped "+msg, "no request can have it")
	}
	if hasDotPiece(text) {
		return Segment{}, p.fault(start, fmt.Sprintf("dot segment %q", raw), "no request can have it")
	}
	return Segment{Literal, text}, nil
}

// escapeOf returns c as a percent escape.
func escapeOf(c byte) string {
	var b strings.Builder
	escapeByte(&b, c)
	return b.String()
}

// badEscape returns the offset of the first malformed escape of s, which has one.
func badEscape(s string) int {
	for i := 0; ; {
		i += strings.IndexByte(s[i:], '%')
		if _, ok := unescapeByte(s[i:]); !ok {
			return i
		}
		i += 3
	}
}

// findFault returns the first byte of decoded text that no path may have and what it is, or "".
func findFault(s string) (msg string, offset int) {
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			return "invalid UTF-8", i
		case r == '\\':
			return "backslash", i
		case isControl(r):
			return "control character", i
		}
	}
	return "", 0
}

// isControl reports whether r is an ASCII control character, NUL included.
func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// hasDotPiece reports whether s has "." or ".." between slashes, or as a whole.
func hasDotPiece(s string) bool {
	for piece := range strings.SplitSeq(s, "/") {
		if isDots(piece) {
			return true
		}
	}
	return false
}

// isDots reports whether s is "." or "..".
func isDots(s string) bool { return s == "." || s == ".." }
