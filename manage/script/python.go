package script

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// blankable is the modules whose imports are blanked: what they offer is
// predeclared, or is used in annotations only.
var blankable = []string{"flask", "typing", "json", "math", "time", "hmac", "hashlib"}

// importLine is an import as far as its names: "import a, b" or "from a import ".
var importLine = regexp.MustCompile(`^(?:import[ \t]+([\w \t,]+?)[ \t]*(?:#[^\n]*)?(?:\r?\n|$)|from[ \t]+(\w+)[ \t]+import[ \t]+)`)

// importedNames is the names of a from-import, on one line or in parentheses.
var importedNames = regexp.MustCompile(`^(?:\([\w \t\r\n,]*\)|[\w, \t]+?)[ \t]*(?:#[^\n]*)?(?:\r?\n|$)`)

// blankPython replaces by spaces what handlers written for Python have and
// Starlark lacks: imports of known modules that begin a line, and the
// annotations of def. Every character that is left keeps its line and column.
// It reports brackets nested so deeply that a parser could fail over them.
func blankPython(file string, text []byte) ([]byte, error) {
	b := &blanker{file: file, src: text, out: make([]byte, 0, len(text))}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, b.faultAt(i, "the text has a NUL character") // a parser would end there
	}
	for b.pos < len(b.src) && b.fault == nil {
		b.step()
	}
	if b.fault != nil {
		return nil, b.fault
	}
	return b.out, nil
}

// A blanker copies src to out from left to right.
type blanker struct {
	file  string
	src   []byte
	pos   int
	out   []byte
	depth int // open brackets
	fault *Error
}

// step handles an import, a def, or one token.
func (b *blanker) step() {
	if b.depth == 0 && b.atLineStart() {
		if n := importLength(b.src[b.pos:]); n > 0 {
			b.blank(n)
			return
		}
		b.copyWhile(" \t")
		if b.word() == "def" {
			b.header()
			return
		}
	}
	if b.pos < len(b.src) {
		b.token()
	}
}

func (b *blanker) atLineStart() bool {
	if b.pos == 0 {
		return true
	}
	before := bytes.TrimSuffix(b.src[:b.pos], []byte("\n"))
	return len(before) < b.pos && !bytes.HasSuffix(bytes.TrimSuffix(before, []byte("\r")), []byte("\\"))
}

// importLength returns how long the import is that text begins with, 0 if it
// is none that may be blanked.
func importLength(text []byte) int {
	m := importLine.FindSubmatch(text)
	if m == nil {
		return 0
	}
	if m[2] == nil {
		for name := range strings.SplitSeq(string(m[1]), ",") {
			if !slices.Contains(blankable, strings.TrimSpace(name)) {
				return 0
			}
		}
		return len(m[0])
	}
	names := importedNames.Find(text[len(m[0]):])
	if !slices.Contains(blankable, string(m[2])) || names == nil || renames(names) {
		return 0
	}
	return len(m[0]) + len(names)
}

// renames reports whether an import says "a as b", or other words side by side.
func renames(names []byte) bool {
	list, _, _ := bytes.Cut(names, []byte("#"))
	for name := range bytes.SplitSeq(bytes.Trim(list, "() \t\r\n"), []byte(",")) {
		if len(bytes.Fields(name)) > 1 {
			return true
		}
	}
	return false
}

// header copies the header of a def without its annotations, up to the colon
// that ends it.
func (b *blanker) header() {
	for b.pos < len(b.src) && b.src[b.pos] != '(' && b.src[b.pos] != '\n' && b.src[b.pos] != ':' {
		b.token()
	}
	if b.peek() != '(' {
		return
	}
	outer := b.depth
	b.token()
	b.parameters(outer + 1)
	b.copyWhile(" \t")
	if bytes.HasPrefix(b.src[b.pos:], []byte("->")) {
		b.blankUntil(outer, ":\n")
	}
}

// parameters copies a parameter list as far as its closing bracket, without
// what follows the colons of parameters. The colon of a lambda is none.
func (b *blanker) parameters(depth int) {
	lambdas := 0
	value := false // behind a "="
	for b.pos < len(b.src) && b.depth >= depth && b.fault == nil {
		if b.depth > depth {
			b.token()
			continue
		}
		switch c := b.peek(); {
		case value && b.word() == "lambda":
			lambdas++
		case c == '=':
			value = true
		case c == ':' && lambdas > 0:
			lambdas--
		case c == ',' && lambdas == 0:
			value = false
		case c == ':' && !value:
			b.blankUntil(depth, ",=)")
			continue
		}
		b.token()
	}
}

// blankUntil blanks as far as one of the ends, which is not within brackets.
func (b *blanker) blankUntil(depth int, ends string) {
	for b.pos < len(b.src) && b.fault == nil {
		if b.depth == depth && strings.IndexByte(ends, b.peek()) >= 0 {
			return
		}
		if b.peek() == '#' {
			b.token()
			continue
		}
		from, length := b.pos, len(b.out)
		b.token()
		b.out = appendBlank(b.out[:length], b.src[from:b.pos])
	}
}

// token copies one word, string, comment or other character.
func (b *blanker) token() {
	c := b.peek()
	switch {
	case c == '#':
		b.copy(lineLength(b.src[b.pos:]))
	case c == '"' || c == '\'':
		b.copy(stringLength(b.src[b.pos:]))
	case strings.IndexByte("([{", c) >= 0:
		b.depth++
		if b.depth > maxNesting {
			b.fault = b.faultAt(b.pos, fmt.Sprintf("more than %d brackets are open here; use variables for parts of it", maxNesting))
		}
		b.copy(1)
	case strings.IndexByte(")]}", c) >= 0:
		b.depth = max(0, b.depth-1)
		b.copy(1)
	default:
		b.copy(max(1, len(b.word())))
	}
}

func (b *blanker) faultAt(pos int, message string) *Error {
	before := b.src[:pos]
	start := bytes.LastIndexByte(before, '\n') + 1
	return &Error{
		File: b.file, Line: 1 + bytes.Count(before, []byte("\n")), Column: 1 + utf8.RuneCount(before[start:]),
		Message: message,
	}
}

// word returns the word that begins here, "" if there is none.
func (b *blanker) word() string {
	rest := b.src[b.pos:]
	n := 0
	for n < len(rest) && isWord(rest[n]) {
		n++
	}
	return string(rest[:n])
}

func isWord(c byte) bool {
	return c == '_' || c >= utf8.RuneSelf || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// peek returns the next byte, 0 at the end.
func (b *blanker) peek() byte {
	if b.pos == len(b.src) {
		return 0
	}
	return b.src[b.pos]
}

func (b *blanker) copy(n int) {
	b.out = append(b.out, b.src[b.pos:b.pos+n]...)
	b.pos += n
}

func (b *blanker) blank(n int) {
	b.out = appendBlank(b.out, b.src[b.pos:b.pos+n])
	b.pos += n
}

func (b *blanker) copyWhile(chars string) {
	for b.pos < len(b.src) && strings.IndexByte(chars, b.src[b.pos]) >= 0 {
		b.copy(1)
	}
}

// appendBlank appends a space for every character that does not end a line.
func appendBlank(out, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r != '\n' && r != '\r' {
			r = ' '
		}
		out = append(out, byte(r))
		text = text[n:]
	}
	return out
}

// lineLength returns how long the line is, without its end.
func lineLength(text []byte) int {
	if n := bytes.IndexByte(text, '\n'); n >= 0 {
		return n
	}
	return len(text)
}

// stringLength returns how long the string is that begins text. One that is
// not closed ends with its line, a long one with the text.
func stringLength(text []byte) int {
	quote := text[:1]
	if long := bytes.Repeat(quote, 3); bytes.HasPrefix(text, long) {
		quote = long
	}
	for i := len(quote); i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '\n' && len(quote) == 1:
			return i
		case bytes.HasPrefix(text[i:], quote):
			return i + len(quote)
		}
	}
	return len(text)
}
