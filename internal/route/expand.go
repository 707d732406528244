package route

import (
	"fmt"
	"net/url"
	"strings"
)

// Expand returns the escaped path of p with values for its parameters in order. Split of that
// path gives every value back. The value of a named rest keeps its slashes and may be empty; the
// path of an unnamed prefix ends in a slash, that of the root is "/".
//
// It is an error if there are too many or too few values, or if a value is one that no request
// can carry: an empty or a dot segment, a backslash, a control character, invalid UTF-8.
func (p Pattern) Expand(values ...string) (string, error) {
	if names := p.Params(); len(names) != len(values) {
		return "", fmt.Errorf("path %q: number of values is %d, want %d; give one for each parameter", p.text, len(values), len(names))
	}
	var b strings.Builder
	for _, s := range p.segments {
		b.WriteByte('/')
		if s.Kind == Literal {
			b.WriteString(url.PathEscape(s.Text))
			continue
		}
		if s.Text == "" {
			continue // the rest of an unnamed prefix
		}
		if err := checkValue(s.Kind, values[0]); err != nil {
			return "", fmt.Errorf("path %q: parameter %q: %w", p.text, s.Text, err)
		}
		b.WriteString(escapeValue(s.Kind, values[0]))
		values = values[1:]
	}
	path := b.String()
	if path == "" {
		return "/", nil
	}
	if strings.Count(strings.TrimSuffix(path, "/"), "/") > MaxSegments {
		return "", fmt.Errorf("path %q: has more than %d segments with these values; shorten the rest", p.text, MaxSegments)
	}
	return path, nil
}

// checkValue reports why no request can carry value.
func checkValue(kind Kind, value string) error {
	if msg, _ := findFault(value); msg != "" {
		return fmt.Errorf("value %q has a fault: %s; no request can carry it", value, msg)
	}
	if hasDotPiece(value) {
		return fmt.Errorf(`value %q has a segment "." or ".."; no request can carry it`, value)
	}
	if kind == Param && value == "" {
		return fmt.Errorf("value %q is empty; a segment has at least one character", value)
	}
	if kind == Rest && (strings.HasPrefix(value, "/") || strings.Contains(value, "//")) {
		return fmt.Errorf("value %q has an empty segment; write one slash between segments and none in front", value)
	}
	return nil
}

// escapeValue escapes value, and its slashes too if it has to be one segment.
func escapeValue(kind Kind, value string) string {
	escaped := url.PathEscape(value)
	if kind == Rest {
		return strings.ReplaceAll(escaped, "%2F", "/")
	}
	return escaped
}
