package openapi

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// appendYAML writes a tree as YAML 1.2 in block style, so that readers of YAML
// 1.1 read the same: what one of them takes for anything but text is quoted.
func appendYAML(b []byte, v any, indent int) []byte {
	switch v := v.(type) {
	case *object:
		for i, m := range v.members {
			if i > 0 {
				b = appendLine(b, indent)
			}
			b = append(appendYAMLText(b, m.name), ':')
			b = appendYAMLValue(b, m.value, indent)
		}
	case []any:
		for i, e := range v {
			if i > 0 {
				b = appendLine(b, indent)
			}
			b = append(b, '-')
			if isEmpty(e) || !isCollection(e) {
				b = appendYAMLValue(b, e, indent)
				continue
			}
			b = appendYAML(append(b, ' '), e, indent+1)
		}
	}
	return b
}

// appendYAMLValue writes what follows a name or the dash of a scalar.
func appendYAMLValue(b []byte, v any, indent int) []byte {
	if isCollection(v) && !isEmpty(v) {
		return appendYAML(appendLine(b, indent+1), v, indent+1)
	}
	b = append(b, ' ')
	switch v := v.(type) {
	case *object:
		return append(b, "{}"...)
	case []any:
		return append(b, "[]"...)
	case string:
		return appendYAMLText(b, v)
	}
	return appendScalar(b, v)
}

func isCollection(v any) bool {
	switch v.(type) {
	case *object, []any:
		return true
	}
	return false
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case *object:
		return len(v.members) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// appendYAMLText writes a string, in double quotes unless it is plainly text.
func appendYAMLText(b []byte, s string) []byte {
	if isPlainYAML(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b = append(b, "\uFFFD"...) // a byte that is not UTF-8
		case r > 0xffff:
			b = utf8.AppendRune(b, r)
		case !unicode.IsPrint(r):
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// isPlainYAML reports whether a text needs no quotes: it begins with a letter,
// holds nothing that could mean something, and is no word of YAML's.
func isPlainYAML(s string) bool {
	if s == "" || len(s) > 100 || !isASCIILetter(s[0]) && s[0] != '/' && s[0] != '$' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isASCIILetter(c) && (c < '0' || c > '9') && strings.IndexByte(" _-./+$(){}", c) < 0 {
			return false
		}
	}
	if s[len(s)-1] == ' ' {
		return false
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	return true
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
