package openapi

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A field is a member of the JSON of a struct.
type field struct {
	reflect.StructField

	owner     reflect.Type
	name      string // in JSON
	tagged    bool   // the tag says the name
	depth     int    // of embedding
	optional  bool   // behind an embedded pointer, which may be nil
	omitZero  bool
	omitEmpty bool
	quoted    bool // a number in a string
	rest      bool // takes the members that no other field has
}

// fieldsOf returns the members of a struct as the JSON library finds them, in
// the order of the fields with embedded structs in their place. Of those with
// one name the least deep is a member, or the one whose tag says the name, or
// none.
func fieldsOf(t reflect.Type) []field {
	var all []field
	addFields(&all, t, 0, false, map[reflect.Type]bool{})
	groups := map[string][]*field{}
	for i := range all {
		groups[all[i].name] = append(groups[all[i].name], &all[i])
	}
	var list []field
	for i := range all {
		if f := &all[i]; f.rest || chosen(groups[f.name]) == f {
			list = append(list, *f)
		}
	}
	return list
}

// chosen returns the one of several fields of one name that is the member, nil
// if none is.
func chosen(list []*field) *field {
	var best *field
	several := false
	for _, f := range list {
		switch {
		case best == nil || f.depth < best.depth || f.depth == best.depth && f.tagged && !best.tagged:
			best, several = f, false
		case f.depth == best.depth && f.tagged == best.tagged:
			several = true
		}
	}
	if several {
		return nil
	}
	return best
}

// addFields adds the fields of a struct. within holds the structs that it is
// embedded in.
func addFields(list *[]field, t reflect.Type, depth int, optional bool, within map[reflect.Type]bool) {
	if within[t] {
		return
	}
	within[t] = true
	defer delete(within, t)
	for f := range t.Fields() {
		m, embed, ok := memberOf(f)
		if !ok {
			continue
		}
		m.owner, m.depth, m.optional = t, depth, optional
		if !embed {
			*list = append(*list, m)
			continue
		}
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			addFields(list, inner, depth+1, optional || f.Type.Kind() == reflect.Pointer, within)
			continue
		}
		m.rest, m.Type = true, inner
		*list = append(*list, m)
	}
}

// memberOf reads the json tag of a field; ok is false if it is no member.
func memberOf(f reflect.StructField) (m field, embed, ok bool) {
	tag, tagged := f.Tag.Lookup("json")
	if tag == "-" || !f.IsExported() && !f.Anonymous {
		return m, false, false
	}
	m = field{StructField: f}
	name, options, _ := strings.Cut(tag, ",")
	if strings.HasPrefix(tag, "'") { // a quoted name may hold commas
		if end := strings.Index(tag[1:], "'"); end >= 0 {
			name, options = tag[:end+2], strings.TrimPrefix(tag[end+2:], ",")
			if s, err := strconv.Unquote(`"` + strings.Trim(name, "'") + `"`); err == nil {
				name = s
			}
		}
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitzero":
			m.omitZero = true
		case "omitempty":
			m.omitEmpty = true
		case "string":
			m.quoted = true
		case "embed":
			return m, true, true
		}
	}
	m.name, m.tagged = name, tagged && name != ""
	if f.Anonymous && !m.tagged {
		t := f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() == reflect.Struct {
			return m, true, true
		}
	}
	if m.name == "" {
		m.name = f.Name
	}
	return m, false, f.IsExported()
}

// structSchema is the schema of a struct that the JSON library takes apart.
func (b *builder) structSchema(t reflect.Type, u use) *schema {
	s := &schema{kind: "object", closed: u == inputOnly, description: b.info.Comments[commentKey(t)].Text}
	fields := fieldsOf(t)
	wire := map[string]string{} // names in JSON by those in Go, for rules that name a field
	for i := range fields {
		wire[fields[i].Name] = fields[i].name
	}
	for i := range fields {
		f := &fields[i]
		if f.rest {
			s.closed = false
			if f.Type.Kind() == reflect.Map {
				s.additional = b.schema(f.Type.Elem(), u)
			}
			continue
		}
		p, required := b.member(f, u, wire)
		s.properties = append(s.properties, property{f.name, p})
		if required {
			s.required = append(s.required, f.name)
		}
	}
	b.addVariantValues(s, t)
	return s
}

// member returns the schema of a member, and whether it is always there.
func (b *builder) member(f *field, u use, wire map[string]string) (s *schema, required bool) {
	s = b.schema(f.Type, u)
	if f.quoted {
		s = quotedNumber(s, f.Type)
	}
	if u == output { // which no rule is checked for
		required = !f.optional && !f.omitZero && !(f.omitEmpty && mayBeEmpty(f.Type))
		s.nullable = s.nullable && !f.omitsNull()
	} else {
		required = f.restrict(s, wire)
	}
	b.annotate(s, f.owner, f.StructField)
	return s, required
}

// restrict adds what the tags of a field ask of what is sent, and reports
// whether it has to be sent.
func (f *field) restrict(s *schema, wire map[string]string) (required bool) {
	tokens := ruleTokens(f.Tag.Get("validate"))
	required = isRequired(tokens)
	if _, opt := optElem(f.Type); required && !opt {
		s.notNull()
	}
	if text, ok := f.Tag.Lookup("default"); ok {
		s.setDefault(text, f.Type)
	}
	if f.quoted {
		s.noteRules(tokens, wire)
		return required
	}
	applyRules(s, f.Type, tokens, wire)
	return required
}

// isRequired reports whether rules ask that a value be sent.
func isRequired(tokens []string) bool {
	if i := slices.Index(tokens, "dive"); i >= 0 {
		tokens = tokens[:i]
	}
	return slices.Contains(tokens, "required")
}

// omitsNull reports whether the member is left out where it would be null.
func (f *field) omitsNull() bool {
	if f.omitEmpty {
		return true
	}
	_, opt := optElem(f.Type)
	return f.omitZero && !opt // an Opt that is null was set
}

// mayBeEmpty reports whether omitempty can leave a type out, whose JSON would
// be null, "", [] or {}.
func mayBeEmpty(t reflect.Type) bool {
	if t == timeType {
		return false
	}
	if own, text := makesJSON(t, output); own || text {
		return t != bigIntType
	}
	switch t.Kind() {
	case reflect.String, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Interface:
		return true
	case reflect.Array:
		return t.Len() == 0
	case reflect.Struct:
		for _, f := range fieldsOf(t) {
			if !f.rest && !f.optional && !f.omitZero && !(f.omitEmpty && mayBeEmpty(f.Type)) {
				return false
			}
		}
		return true
	}
	return false
}

// quotedNumber is the schema of a number in a string.
func quotedNumber(s *schema, t reflect.Type) *schema {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	pattern := numberPattern
	if s.kind == "integer" {
		pattern = integerPattern(t)
	}
	return &schema{kind: "string", pattern: pattern, nullable: s.nullable}
}

// annotate adds what the source says of a field.
func (b *builder) annotate(s *schema, owner reflect.Type, f reflect.StructField) {
	text := f.Tag.Get("doc")
	if text == "" && owner != nil {
		text = b.info.Comments[commentKey(owner)+"."+f.Name].Text
	}
	if text != "" {
		notes := s.description
		s.description = text
		if s.comp == nil {
			s.note(notes)
		}
	}
	if example, ok := f.Tag.Lookup("example"); ok {
		if v, ok := parseText(example, f.Type); ok {
			s.examples = append(s.examples, v)
		}
	}
}

// setDefault notes the default of a field.
func (s *schema) setDefault(text string, t reflect.Type) {
	if v, ok := parseText(text, t); ok {
		s.deflt, s.hasDefault = v, true
	}
}

// parseText turns the text of a default or example into a value of JSON: of a
// list, its elements are separated by commas.
func parseText(text string, t reflect.Type) (any, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if elem, ok := optElem(t); ok {
		t = elem
	}
	if _, own := makesJSON(t, input); own || t == durationType {
		return text, true
	}
	switch k := t.Kind(); {
	case k == reflect.String:
		return text, true
	case k == reflect.Bool:
		return text == "true" || text == "1", true
	case k == reflect.Slice:
		list := []any{}
		for part := range strings.SplitSeq(text, ",") {
			v, ok := parseText(part, t.Elem())
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		return list, true
	case isPlainKind(k):
		v, err := parseTree([]byte(text))
		_, isNumber := v.(number)
		return v, err == nil && isNumber
	}
	v, err := parseTree([]byte(text))
	return v, err == nil
}

// commentKey is the name of a type in Comments.
func commentKey(t reflect.Type) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	if name == "" {
		return ""
	}
	return t.PkgPath() + "." + name
}
