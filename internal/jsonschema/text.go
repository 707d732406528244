package jsonschema

import (
	"encoding/base64"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// alphabets are what texts are made of: plain, punctuated, and of all scripts.
// Control characters are left out: what a server says of NUL no schema tells.
var alphabets = [][]rune{
	[]rune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
	[]rune(`abc XYZ 019 -_.~!*'()@:$,;?&=#%+/\"<>[]{}|^` + "`"),
	[]rune("aé ñßøŁ ΩД ש ع 日本 한 🙂👩‍👧 e\u0301 \u00a0\u200b\u202e\ufeff\ufffd"),
}

// text makes a text: by its format, by its pattern, or of any characters.
func (g *Generator) text(v view) (any, bool) {
	least, most := v.lengths()
	for range maxTries {
		text := g.oneText(v, least, most)
		n := utf8.RuneCountInString(text)
		if n < least || most != unlimited && n > most || g.Accept != nil && !g.Accept(text) {
			continue
		}
		c := &checker{}
		for _, s := range v {
			c.text(s, "", text)
		}
		if len(c.faults) == 0 {
			return text, true
		}
	}
	return nil, false
}

func (g *Generator) oneText(v view, least, most int) string {
	length := g.size(least, most, maxText)
	patterned := v.has(func(s *Schema) bool { return s.pattern != nil })
	for _, s := range v {
		if text := g.random(s.format); text != "" && g.coin() {
			return text
		}
		if f := textFormats[s.format]; f.examples != nil {
			return f.examples[g.Rand.IntN(len(f.examples))]
		}
		if s.base64 && !patterned {
			return base64.StdEncoding.EncodeToString([]byte(g.anyText(length * 3 / 4)))
		}
	}
	for _, s := range v {
		if s.pattern != nil {
			return g.matching(s.pattern.String(), min(length, least+maxRepeat))
		}
	}
	return g.anyText(length)
}

func (g *Generator) anyText(length int) string {
	alphabet := alphabets[g.Rand.IntN(len(alphabets))]
	var b strings.Builder
	for range length {
		b.WriteRune(alphabet[g.Rand.IntN(len(alphabet))])
	}
	return b.String()
}

// matching makes a text that a pattern matches, of about some length. Around a
// pattern without anchors there is other text.
func (g *Generator) matching(pattern string, length int) string {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	var b strings.Builder
	g.match(&b, tree, length)
	text := b.String()
	more := max(length-utf8.RuneCountInString(text), 0)
	if !strings.HasPrefix(pattern, "^") {
		before := g.Rand.IntN(more + 1)
		text = g.anyText(before) + text
		more -= before
	}
	if !strings.HasSuffix(pattern, "$") {
		text += g.anyText(more)
	}
	return text
}

func (g *Generator) match(b *strings.Builder, re *syntax.Regexp, length int) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(g.ofClass(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteString(g.anyText(1))
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			g.match(b, sub, length)
		}
	case syntax.OpAlternate:
		g.match(b, re.Sub[g.Rand.IntN(len(re.Sub))], length)
	case syntax.OpStar:
		g.repeat(b, re, 0, unlimited, length)
	case syntax.OpPlus:
		g.repeat(b, re, 1, unlimited, length)
	case syntax.OpQuest:
		g.repeat(b, re, 0, 1, length)
	case syntax.OpRepeat:
		g.repeat(b, re, re.Min, re.Max, length)
	}
}

func (g *Generator) repeat(b *strings.Builder, re *syntax.Regexp, least, most, length int) {
	n := max(least, length-utf8.RuneCountInString(b.String()))
	if most != unlimited {
		n = least + g.Rand.IntN(most-least+1)
	} else if g.Rand.IntN(4) == 0 {
		n = least
	}
	for range n {
		g.match(b, re.Sub[0], length)
	}
}

// ofClass picks a character of ranges, a plain one if there is one.
func (g *Generator) ofClass(ranges []rune) rune {
	if len(ranges) == 0 {
		return 'a'
	}
	for range maxTries {
		i := g.Rand.IntN(len(ranges)/2) * 2
		low, high := ranges[i], ranges[i+1]
		if low < ' ' && high >= ' ' {
			low = ' '
		}
		r := low + g.Rand.Int32N(min(high-low, 0x2ff)+1)
		if r >= ' ' && utf8.ValidRune(r) && (r < 0x7f || r > 0x9f) {
			return r
		}
	}
	return ranges[0]
}
