package jsonschema

import (
	"encoding/json"
	"slices"
	"strconv"
)

// FromTexts returns a value as one reads it from texts, such as those of a
// query, where the number 7 and the text "7" are the same: each scalar becomes
// what the schema allows if there is such a reading, else a string.
func (s *Schema) FromTexts(v any) any {
	if s == nil {
		return v
	}
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = seeValue(s, v).item(i).FromTexts(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, member := range v {
			object[name] = seeValue(s, v).member(name).FromTexts(member)
		}
		return object
	}
	text, ok := Text(v)
	if !ok {
		return v
	}
	for _, reading := range readings(text) {
		if s.valid(reading) {
			return reading
		}
	}
	return text
}

// Text returns a scalar as it stands in a query; ok is false for other values.
func Text(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// readings returns all that a text may stand for. Where a boolean is wanted,
// servers take 1 and 0.
func readings(text string) []any {
	list := []any{text}
	switch text {
	case "true", "1":
		list = append(list, true)
	case "false", "0":
		list = append(list, false)
	}
	if _, ok := rational(json.Number(text)); ok {
		list = append(list, json.Number(text))
	}
	return list
}

// Properties returns the members that the schema of an object names.
func (s *Schema) Properties() map[string]*Schema {
	members := map[string]*Schema{}
	v := s.first()
	for _, name := range v.properties() {
		members[name] = v.member(name)
	}
	return members
}

// Requires reports whether an object must have a member.
func (s *Schema) Requires(name string) bool { return s.first().required(name) }

// IsList reports whether only arrays are valid, and IsObject whether only
// objects are.
func (s *Schema) IsList() bool { return slices.Equal(s.first().types(), []string{"array"}) }

// IsObject is explained at IsList.
func (s *Schema) IsObject() bool { return slices.Equal(s.first().types(), []string{"object"}) }

// IsBinary reports whether a text stands for the bytes of a file, or the items
// of an array do.
func (s *Schema) IsBinary() bool {
	v := s.first()
	if inner := v.item(0); inner != nil {
		v = inner.first()
	}
	return v.has(func(s *Schema) bool { return s.format == "binary" || s.media != "" && !s.base64 })
}

// first is the view with the first of several branches.
func (s *Schema) first() view {
	return see(s, func(_ *Schema, branches []*Schema) *Schema { return branches[0] })
}
