package openapi

import (
	"slices"
	"strings"
)

// A pageSchema is a schema as the page shows it: its type in words, its rules,
// and its members with those of objects and lists within it.
type pageSchema struct {
	Text    string
	Type    []pageWord
	Rules   []pageRule
	Members []pageField
}

// A pageWord is a piece of a type in words, which leads to a schema or nowhere.
type pageWord struct{ Text, Anchor string }

// A pageRule is what a value must obey, or a remark on it.
type pageRule struct{ Name, Value string }

// A pageField is a member by its path: "address.street", "lines[].price".
type pageField struct {
	Name     string
	Required bool
	Schema   pageSchema
}

func (r *pageReader) schema(n pageNode) pageSchema {
	s := pageSchema{Text: n.string("description"), Type: r.typeWords(n), Rules: pageRules(n)}
	s.Members = r.fields("", n, nil)
	return s
}

// fields appends the members of a schema whose path is prefix. Only what stands
// in the schema itself is unfolded, so it ends as the document does.
func (r *pageReader) fields(prefix string, n pageNode, to []pageField) []pageField {
	required := pageTexts(n.get("required"))
	for _, m := range n.get("properties").members {
		name := prefix + m.name
		to = append(to, pageField{
			Name: name, Required: slices.Contains(required, m.name),
			Schema: pageSchema{Text: m.value.string("description"), Type: r.typeWords(m.value), Rules: pageRules(m.value)},
		})
		to = r.fields(name+".", m.value, to)
	}
	if items := n.get("items"); items.kind == '{' {
		to = r.fields(pageWithin(prefix, "[]"), items, to)
	}
	if values := n.get("additionalProperties"); values.kind == '{' {
		to = r.fields(pageWithin(prefix, "[name]"), values, to)
	}
	for _, part := range n.get("allOf").items {
		to = r.fields(prefix, part, to)
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		for _, variant := range n.get(key).items {
			to = r.fields(prefix, variant, to)
		}
	}
	return to
}

// pageWithin returns the path of the members of what a list or map holds.
func pageWithin(prefix, step string) string { return strings.TrimSuffix(prefix, ".") + step + "." }

// typeWords returns a type in words: "list of User or null".
func (r *pageReader) typeWords(n pageNode) []pageWord {
	words := r.plainType(n)
	if n.true("nullable") && len(words) > 0 {
		words = append(words, pageWord{Text: " or null"})
	}
	return words
}

func (r *pageReader) plainType(n pageNode) []pageWord {
	if ref := n.string("$ref"); ref != "" {
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		return []pageWord{{name, r.schemas[name]}}
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if variants := n.get(key).items; len(variants) > 0 {
			return r.join(variants, " or ")
		}
	}
	if parts := n.get("allOf").items; len(parts) > 0 {
		return r.join(parts, " and ")
	}
	types := pageTexts(n.get("type"))
	if t := n.string("type"); t != "" {
		types = []string{t}
	}
	var words []pageWord
	for i, t := range types {
		if i > 0 {
			words = append(words, pageWord{Text: " or "})
		}
		words = append(words, r.oneType(t, n)...)
	}
	switch {
	case words != nil:
		return words
	case n.kind == 'f':
		return []pageWord{{Text: "nothing"}}
	case n.kind == '{' && len(n.get("enum").items) == 0 && n.get("const").kind == 0 || n.kind == 't':
		return []pageWord{{Text: "any"}}
	}
	return nil
}

// oneType returns the words of one of the types of a schema.
func (r *pageReader) oneType(t string, n pageNode) []pageWord {
	switch t {
	case "array":
		if items := n.get("items"); items.kind != 0 {
			return append([]pageWord{{Text: "list of "}}, r.typeWords(items)...)
		}
		return []pageWord{{Text: "list"}}
	case "object":
		if values := n.get("additionalProperties"); values.kind == '{' && len(n.get("properties").members) == 0 {
			return append([]pageWord{{Text: "map of "}}, r.typeWords(values)...)
		}
	case "null":
		return []pageWord{{Text: t}}
	}
	if format := n.string("format"); format != "" {
		return []pageWord{{Text: t + " (" + format + ")"}}
	}
	return []pageWord{{Text: t}}
}

func (r *pageReader) join(list []pageNode, separator string) []pageWord {
	var words []pageWord
	for i, n := range list {
		if i > 0 {
			words = append(words, pageWord{Text: separator})
		}
		words = append(words, r.typeWords(n)...)
	}
	return words
}

// pageRules returns what a schema says beside its type, in a fixed order.
func pageRules(n pageNode) []pageRule {
	var rules []pageRule
	if values := n.get("enum").items; len(values) > 0 {
		var texts []string
		for _, v := range values {
			texts = append(texts, v.json())
		}
		rules = append(rules, pageRule{"one of", strings.Join(texts, ", ")})
	}
	for _, rule := range []struct{ key, name string }{
		{"const", "always"},
		{"minimum", "at least"}, {"exclusiveMinimum", "more than"},
		{"maximum", "at most"}, {"exclusiveMaximum", "less than"}, {"multipleOf", "multiple of"},
		{"minLength", "characters at least"}, {"maxLength", "characters at most"}, {"pattern", "matches"},
		{"minItems", "elements at least"}, {"maxItems", "elements at most"},
		{"minProperties", "members at least"}, {"maxProperties", "members at most"},
		{"contentEncoding", "encoded as"}, {"contentMediaType", "content is"},
		{"default", "default"}, {"example", "example"},
	} {
		rules = appendRule(rules, n, rule.key, rule.name)
	}
	for _, example := range n.get("examples").items {
		rules = append(rules, pageRule{"example", example.json()})
	}
	if items := n.get("items"); items.kind == '{' && items.string("$ref") == "" {
		for _, rule := range pageRules(items) {
			rules = append(rules, pageRule{"each element: " + rule.Name, rule.Value})
		}
	}
	for _, flag := range []struct{ key, name string }{
		{"uniqueItems", "no element twice"}, {"readOnly", "only in answers"}, {"writeOnly", "only in requests"}, {"deprecated", "deprecated"},
	} {
		if n.true(flag.key) {
			rules = append(rules, pageRule{Name: flag.name})
		}
	}
	if values := n.get("additionalProperties"); values.kind == 'f' {
		rules = append(rules, pageRule{Name: "no other members"})
	}
	return rules
}

// appendRule appends a rule that a schema has. In version 3.0 exclusiveMinimum
// and exclusiveMaximum are remarks on the bound beside them.
func appendRule(rules []pageRule, n pageNode, key, name string) []pageRule {
	v := n.get(key)
	switch {
	case v.kind == 0:
		return rules
	case strings.HasPrefix(key, "exclusive") && v.kind != '0':
		return rules
	case key == "minimum" && n.true("exclusiveMinimum"):
		name = "more than"
	case key == "maximum" && n.true("exclusiveMaximum"):
		name = "less than"
	}
	if v.kind == '"' && (key == "pattern" || strings.HasPrefix(key, "content")) {
		return append(rules, pageRule{name, v.text})
	}
	return append(rules, pageRule{name, v.json()})
}
