package openapi

import "github.com/go-json-experiment/json/jsontext"

// appendJSON writes a tree as JSON, two spaces a level.
func appendJSON(b []byte, v any, indent int) []byte {
	switch v := v.(type) {
	case *object:
		if len(v.members) == 0 {
			return append(b, "{}"...)
		}
		b = append(b, '{')
		for i, m := range v.members {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendQuoted(appendLine(b, indent+1), m.name)
			b = appendJSON(append(b, ": "...), m.value, indent+1)
		}
		return append(appendLine(b, indent), '}')
	case []any:
		if len(v) == 0 {
			return append(b, "[]"...)
		}
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(appendLine(b, indent+1), e, indent+1)
		}
		return append(appendLine(b, indent), ']')
	}
	return appendScalar(b, v)
}

// appendLine begins a line.
func appendLine(b []byte, indent int) []byte {
	b = append(b, '\n')
	for range indent {
		b = append(b, "  "...)
	}
	return b
}

func appendScalar(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendQuoted(b, v)
	case number:
		return append(b, v...)
	case bool:
		if v {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	}
	return append(b, "null"...)
}

// appendQuoted writes a JSON string; what is not UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // it fails for invalid UTF-8 alone, and replaces it all the same
	return b
}
