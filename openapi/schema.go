package openapi

import (
	"slices"
	"strings"
)

// A schema is what JSON values must be, whatever the version of the document.
// Its zero value allows everything.
type schema struct {
	comp     *component // what it refers to; beside it only nullable and the notes count
	use      use        // of comp
	kind     string     // JSON type, "" for any
	nullable bool
	enum     []any // without null
	not      *schema

	format    string
	pattern   string
	media     string // of a text that holds something else
	encoding  string
	minLength string
	maxLength string

	minimum, maximum                   string
	exclusiveMinimum, exclusiveMaximum string

	items    *schema
	minItems string
	maxItems string
	unique   bool

	properties    []property
	required      []string
	additional    *schema // of members that properties does not have; nil allows all
	closed        bool    // there are no such members
	propertyNames *schema
	minProperties string
	maxProperties string

	anyOf, oneOf, allOf []*schema
	tells               string             // the member that tells the variants of oneOf apart
	mapping             map[string]*schema // the variants by its value

	description string
	deflt       any
	hasDefault  bool
	examples    []any
	raw         *object // replaces all
}

// A property is a member of an object.
type property struct {
	name   string
	schema *schema
}

// property returns the schema of a member, nil if there is none.
func (s *schema) property(name string) *schema {
	for _, p := range s.properties {
		if p.name == name {
			return p.schema
		}
	}
	return nil
}

const refPrefix = "#/components/schemas/"

// object writes the schema in the words of a version.
func (s *schema) object(v version) *object {
	if s.raw != nil {
		return s.raw
	}
	if s.comp != nil {
		return s.reference(v)
	}
	o := &object{}
	if s.nullable && len(s.anyOf)+len(s.allOf)+len(s.oneOf) > 0 {
		there := *s // what holds of null would have to hold of each part
		there.nullable, there.description, there.hasDefault, there.examples = false, "", false, nil
		o.add("anyOf", []any{there.object(v), nullSchema(v)})
		s.addNotes(o, v)
		return o
	}
	s.addType(o, v)
	s.addText(o, v)
	s.addNumber(o, v)
	s.addArray(o, v)
	s.addObject(o, v)
	addSchemas(o, "allOf", s.allOf, v)
	addSchemas(o, "oneOf", s.oneOf, v)
	addSchemas(o, "anyOf", s.anyOf, v)
	if s.not != nil {
		o.add("not", s.not.object(v))
	}
	o.add("discriminator", s.discriminator())
	s.addNotes(o, v)
	return o
}

// reference writes a schema that is a component.
func (s *schema) reference(v version) *object {
	ref := &object{}
	ref.add("$ref", refPrefix+s.comp.names[s.use])
	noted := s.description != "" || s.hasDefault || len(s.examples) > 0
	if !s.nullable && !noted {
		return ref
	}
	o := &object{}
	switch {
	case s.nullable:
		o.add("anyOf", []any{ref, nullSchema(v)})
	case v == v30:
		o.add("allOf", []any{ref}) // beside $ref nothing counts there
	default:
		o = ref
	}
	s.addNotes(o, v)
	return o
}

// nullSchema allows null alone. 3.0 has no word for it, and lets nullable count
// beside a type only.
func nullSchema(v version) *object {
	o := &object{}
	if v >= v31 {
		o.add("type", "null")
		return o
	}
	o.add("type", "object")
	o.add("nullable", true)
	o.set("enum", []any{nil})
	return o
}

func (s *schema) addType(o *object, v version) {
	switch {
	case s.kind == "null":
		o.members = nullSchema(v).members
	case s.nullable && s.kind != "" && v == v30:
		o.add("type", s.kind)
		o.add("nullable", true)
	case s.nullable && s.kind != "":
		o.add("type", []any{s.kind, "null"})
	default:
		o.add("type", s.kind)
	}
	enum := s.enum
	if s.nullable && len(enum) > 0 {
		enum = append(slices.Clip(enum), nil)
	}
	if len(enum) == 1 && v >= v31 {
		o.add("const", enum[0])
		return
	}
	o.add("enum", enum)
}

func (s *schema) addText(o *object, v version) {
	switch {
	case s.encoding == "base64" && v == v30:
		o.add("format", "byte")
	default:
		o.add("format", s.format)
	}
	if v >= v31 {
		o.add("contentEncoding", s.encoding)
		o.add("contentMediaType", s.media)
	}
	o.add("pattern", s.pattern)
	o.add("minLength", number(s.minLength))
	o.add("maxLength", number(s.maxLength))
}

func (s *schema) addNumber(o *object, v version) {
	if v >= v31 {
		o.add("minimum", number(s.minimum))
		o.add("exclusiveMinimum", number(s.exclusiveMinimum))
		o.add("maximum", number(s.maximum))
		o.add("exclusiveMaximum", number(s.exclusiveMaximum))
		return
	}
	low, strict := lower(s.minimum, s.exclusiveMinimum)
	o.add("minimum", number(low))
	o.add("exclusiveMinimum", strict)
	high, strict := upper(s.maximum, s.exclusiveMaximum)
	o.add("maximum", number(high))
	o.add("exclusiveMaximum", strict)
}

// lower returns the stronger of two lower bounds, and whether it is exclusive.
func lower(bound, exclusive string) (string, bool) {
	if exclusive == "" || bound != "" && compareNumbers(bound, exclusive) > 0 {
		return bound, false
	}
	return exclusive, true
}

// upper is lower for upper bounds.
func upper(bound, exclusive string) (string, bool) {
	if exclusive == "" || bound != "" && compareNumbers(bound, exclusive) < 0 {
		return bound, false
	}
	return exclusive, true
}

func (s *schema) addArray(o *object, v version) {
	if s.items != nil {
		o.set("items", s.items.object(v))
	}
	o.add("minItems", number(s.minItems))
	o.add("maxItems", number(s.maxItems))
	o.add("uniqueItems", s.unique)
}

func (s *schema) addObject(o *object, v version) {
	if len(s.properties) > 0 {
		list := &object{}
		for _, p := range s.properties {
			list.members = append(list.members, objectMember{p.name, p.schema.object(v)})
		}
		o.add("properties", list)
	}
	o.add("required", texts(s.required))
	switch {
	case s.closed:
		o.set("additionalProperties", false)
	case s.additional != nil:
		o.set("additionalProperties", s.additional.object(v))
	}
	if s.propertyNames != nil && v >= v31 {
		o.add("propertyNames", s.propertyNames.object(v))
	}
	o.add("minProperties", number(s.minProperties))
	o.add("maxProperties", number(s.maxProperties))
}

func addSchemas(o *object, name string, list []*schema, v version) {
	var out []any
	for _, s := range list {
		out = append(out, s.object(v))
	}
	o.add(name, out)
}

// discriminator returns the object of that name, nil if there is none.
func (s *schema) discriminator() *object {
	if s.tells == "" {
		return nil
	}
	mapping := &object{}
	for _, value := range sortedKeys(s.mapping) {
		if v := s.mapping[value]; v.comp != nil {
			mapping.add(value, refPrefix+v.comp.names[v.use])
		}
	}
	o := &object{}
	o.add("propertyName", s.tells)
	o.add("mapping", mapping)
	return o
}

// addNotes adds what constrains nothing.
func (s *schema) addNotes(o *object, v version) {
	o.add("description", s.description)
	if s.hasDefault {
		o.set("default", s.deflt)
	}
	switch {
	case len(s.examples) == 0:
	case v == v30:
		o.set("example", s.examples[0])
	default:
		o.add("examples", s.examples)
	}
}

// notNull forbids null.
func (s *schema) notNull() {
	s.nullable = false
	if s.kind == "" && s.comp == nil && s.raw == nil && s.not == nil && len(s.anyOf)+len(s.oneOf)+len(s.allOf) == 0 {
		s.not = &schema{kind: "null"}
	}
}

// orNull allows null too, and returns s.
func (s *schema) orNull() *schema {
	s.nullable = true
	if s.not != nil && s.not.kind == "null" {
		s.not = nil
	}
	return s
}

// note adds a sentence to the description.
func (s *schema) note(text string) {
	s.description = joinSentences(s.description, text)
}

// joinSentences joins texts with a space, or an empty line after one of several
// paragraphs.
func joinSentences(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "" || strings.Contains(a, b):
		return a
	case strings.Contains(a, "\n"):
		return a + "\n\n" + b
	}
	if !strings.HasSuffix(a, ".") && !strings.HasSuffix(a, "!") && !strings.HasSuffix(a, "?") {
		a += "."
	}
	return a + " " + b
}
