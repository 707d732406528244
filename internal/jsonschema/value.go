package jsonschema

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// The types of JSON Schema.
var typeNames = []string{"null", "boolean", "integer", "number", "string", "array", "object"}

func isType(name string) bool { return slices.Contains(typeNames, name) }

// typeOf returns the type of a value; a number without a fraction is an integer.
func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		if r, ok := rational(v); ok && r.IsInt() {
			return "integer"
		}
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "nothing" // no value of this package
}

// hasType reports whether a value of type got is one of the types; nil are all.
func hasType(types []string, got string) bool {
	return types == nil || slices.Contains(types, got) || got == "integer" && slices.Contains(types, "number")
}

// maxExponent keeps short texts from becoming numbers of many digits.
const maxExponent = 1000

// rational returns the exact value of a number.
func rational(n json.Number) (*big.Rat, bool) {
	text := n.String()
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(text[i+1:])
		if err != nil || e > maxExponent || e < -maxExponent {
			return nil, false
		}
	}
	if text == "" || strings.ContainsAny(text, "/_xXpP") {
		return nil, false // forms of big.Rat that JSON has not
	}
	return new(big.Rat).SetString(text)
}

// equal reports whether two values are the same; numbers by their value.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		n, ok := b.(json.Number)
		if !ok {
			return false
		}
		x, known := rational(a)
		y, alsoKnown := rational(n)
		if !known || !alsoKnown {
			return a == n
		}
		return x.Cmp(y) == 0
	case []any:
		list, ok := b.([]any)
		return ok && slices.EqualFunc(a, list, equal)
	case map[string]any:
		object, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, object, equal)
	}
	return a == b
}

// clone copies a value whole.
func clone(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = clone(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, member := range v {
			object[name] = clone(member)
		}
		return object
	}
	return v
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
