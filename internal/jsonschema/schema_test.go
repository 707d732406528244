package jsonschema

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// compile returns the schema of a text; "#/components/schemas/Tree" and others
// can be referred to.
func compile(t testing.TB, schema string) *Schema {
	t.Helper()
	doc, err := Parse([]byte(`{"s": ` + schema + `, "components": {"schemas": {
		"Tree": {"type": "object", "required": ["name"], "properties": {
			"name": {"type": "string", "minLength": 1},
			"parent": {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]},
			"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}},
		"Cat": {"type": "object", "required": ["kind", "lives"], "properties": {
			"kind": {"const": "cat"}, "lives": {"type": "integer", "minimum": 0, "maximum": 9}}},
		"Dog": {"type": "object", "required": ["kind"], "properties": {
			"kind": {"const": "dog"}, "loud": {"type": "boolean"}}}
	}}}`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := doc.Schema("/s")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	tree = `{"$ref": "#/components/schemas/Tree"}`
	pets = `{"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
		"discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"}}}`
)

// TestValidate has a value that is valid and one that is not for each keyword.
func TestValidate(t *testing.T) {
	tests := []struct{ reason, schema, value, fault string }{
		{"every value", `true`, `[1]`, ""},
		{"no value", `false`, `1`, "nothing may stand here"},
		{"type", `{"type": "string"}`, `1`, "1 is integer, not string"},
		{"integer is a number", `{"type": "number"}`, `1`, ""},
		{"1.0 is an integer", `{"type": "integer"}`, `1.0`, ""},
		{"1.5 is none", `{"type": "integer"}`, `1.5`, "1.5 is number, not integer"},
		{"types", `{"type": ["string", "null"]}`, `null`, ""},
		{"none of the types", `{"type": ["string", "null"]}`, `true`, "true is boolean, not string or null"},
		{"enum", `{"enum": ["a", 1, null]}`, `1.0`, ""},
		{"not in enum", `{"enum": ["a", 1]}`, `"b"`, `"b" is not one of ["a",1]`},
		{"const", `{"const": {"a": [1]}}`, `{"a": [1]}`, ""},
		{"not const", `{"const": "a"}`, `"A"`, `"A" is not one of ["a"]`},
		{"required", `{"required": ["a"]}`, `{"b": 1}`, `member "a" is missing`},
		{"property", `{"properties": {"a/b": {"type": "string"}}}`, `{"a/b": 1}`, "/a~1b: 1 is integer, not string"},
		{"closed", `{"properties": {"a": true}, "additionalProperties": false}`, `{"b": 1}`, `member "b" is not known`},
		{"map", `{"additionalProperties": {"type": "integer"}}`, `{"b": "x"}`, `/b: "x" is string, not integer`},
		{"names", `{"propertyNames": {"pattern": "^[0-9]+$"}}`, `{"x": 1}`, `member "x" must not have this name`},
		{"fewest members", `{"minProperties": 1}`, `{}`, "0 members are less than 1"},
		{"most members", `{"maxProperties": 1}`, `{"a":1,"b":2}`, "2 members are more than 1"},
		{"items", `{"items": {"type": "integer"}}`, `[1, "x"]`, `/1: "x" is string, not integer`},
		{"prefix items", `{"prefixItems": [{"type": "string"}], "items": false}`, `["x", 1]`, "/1: nothing may stand here"},
		{"fewest items", `{"minItems": 2}`, `[1]`, "1 items are less than 2"},
		{"most items", `{"maxItems": 1}`, `[1, 2]`, "2 items are more than 1"},
		{"unique", `{"uniqueItems": true}`, `[1, 1.0]`, "/1: 1.0 stands there twice"},
		{"minimum", `{"minimum": 1}`, `0.99`, "0.99 is less than 1"},
		{"maximum beyond floats", `{"maximum": 9007199254740992}`, `9007199254740993`, "9007199254740993 is more than 9007199254740992"},
		{"exclusive minimum", `{"exclusiveMinimum": 0}`, `0`, "0 is not more than 0"},
		{"exclusive maximum", `{"exclusiveMaximum": 10}`, `10`, "10 is not less than 10"},
		{"multiple", `{"multipleOf": 0.1}`, `0.3`, ""},
		{"no multiple", `{"multipleOf": 2}`, `3`, "3 is no multiple of 2"},
		{"a number of a billion digits", `{"minimum": 0}`, `1e999999999`, "1e999999999 is out of every range"},
		{"characters, not bytes", `{"maxLength": 2}`, `"日本"`, ""},
		{"too long", `{"maxLength": 2}`, `"abc"`, `"abc" has 3 characters, more than 2`},
		{"too short", `{"minLength": 2}`, `"日"`, `"日" has 1 characters, less than 2`},
		{"pattern", `{"pattern": "^a+$"}`, `"ab"`, `"ab" does not match ^a+$`},
		{"pattern of other types", `{"pattern": "^a+$"}`, `1`, ""},
		{"int32", `{"format": "int32"}`, `2147483648`, "2147483648 is no int32"},
		{"uint8", `{"format": "uint8"}`, `-1`, "-1 is no uint8"},
		{"int64", `{"format": "int64"}`, `-9223372036854775808`, ""},
		{"float", `{"format": "float"}`, `1e39`, "1e39 is no float"},
		{"double", `{"format": "double"}`, `1e309`, "1e309 is no double"},
		{"date-time", `{"format": "date-time"}`, `"2026-01-02 03:04:05Z"`, `"2026-01-02 03:04:05Z" is no date-time`},
		{"date", `{"format": "date"}`, `"2026-02-30"`, `"2026-02-30" is no date`},
		{"email", `{"format": "email"}`, `"A <a@example.com>"`, `"A \u003ca@example.com\u003e" is no email`},
		{"uuid", `{"format": "uuid"}`, `"123"`, `"123" is no uuid`},
		{"uri", `{"format": "uri"}`, `"/a"`, `"/a" is no uri`},
		{"base64", `{"contentEncoding": "base64"}`, `"a"`, `"a" is not base64`},
		{"not", `{"not": {"const": 0}}`, `0`, "0 is what must not stand here"},
		{"all of", `{"allOf": [{"minimum": 0}, {"maximum": 1}]}`, `2`, "2 is more than 1"},
		{"any of", `{"anyOf": [{"type": "string"}, {"type": "null"}]}`, `1`, "1 is valid by none of 2 schemas"},
		{"any of, one comes near", `{"anyOf": [{"properties": {"a": {"type": "string"}}}, {"type": "null"}]}`, `{"a": 1}`, "/a: 1 is integer, not string"},
		{"one of", `{"oneOf": [{"minimum": 0}, {"minimum": 1}]}`, `1`, "1 is valid by 2 schemas of which one alone may hold"},
		{"recursion", tree, `{"name":"a","children":[{"name":"b","parent":null,"children":[{}]}]}`, `/children/0/children/0: member "name" is missing`},
		{"discriminator", pets, `{"kind":"cat","lives":10}`, "/lives: 10 is more than 9"},
		{"unknown kind", pets, `{"kind":"cow"}`, `/kind: "cow" is not one of cat, dog`},
		{"no kind", pets, `{}`, `/kind: null is not one of cat, dog`},
		{"annotations", `{"title": "T", "description": "D", "default": 1, "examples": [1], "deprecated": true, "x-own": 1}`, `1`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			s := compile(t, tt.schema)
			v, err := Decode([]byte(tt.value))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range s.Validate(v) {
				got += f.String()
			}
			if d := cmp.Diff(tt.fault, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// TestCompileFaults checks that nothing of a schema is passed over.
func TestCompileFaults(t *testing.T) {
	tests := []struct{ schema, fault string }{
		{`{"patternProperties": {}}`, "schema /s/patternProperties: the keyword is not known"},
		{`{"properties": {"a": {"if": true}}}`, "schema /s/properties/a/if: the keyword is not known"},
		{`{"type": "text"}`, "text is not a type"},
		{`{"type": 1}`, "1 is not a list of texts"},
		{`{"minLength": -1}`, "-1 is not a number of things"},
		{`{"minLength": "1"}`, "1 is not a number of things"},
		{`{"minimum": "1"}`, "1 is not a number"},
		{`{"multipleOf": 0}`, "0 is not a number"},
		{`{"pattern": "("}`, "missing closing"},
		{`{"format": "iban"}`, "iban is not a format"},
		{`{"contentEncoding": "gzip"}`, "gzip is not base64"},
		{`{"$ref": "other.json"}`, "other.json does not refer into this document"},
		{`{"$ref": "#/nowhere"}`, "schema /nowhere: there is nothing there"},
		{`{"enum": []}`, "[] is not a list of values"},
		{`{"allOf": {}}`, "is not a list of schemas"},
		{`{"discriminator": {}}`, "is not a discriminator"},
		{`{"uniqueItems": 1}`, "1 is not true or false"},
		{`7`, "7 is no schema"},
		{`{"$ref": "#/s"}`, "schema /s: it refers to itself for the same value"},
		{`{"items": {"anyOf": [{"not": {"$ref": "#/s/items"}}]}}`, "schema /s/items: it refers to itself"},
	}
	for _, tt := range tests {
		doc, err := Parse([]byte(`{"s": ` + tt.schema + `}`))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a second look must not find it half compiled
			if _, err = doc.Schema("/s"); err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%s: %v, want %q", tt.schema, err, tt.fault)
			}
		}
	}
	for _, text := range []string{``, `{`, `{} {}`} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q is taken for a document", text)
		}
	}
}

// samples are schemas of every kind, and whether they refuse anything.
var samples = []struct {
	schema string
	open   bool
}{
	{`true`, true},
	{`{}`, true},
	{`{"type": "null"}`, false},
	{`{"type": "boolean"}`, false},
	{`{"type": "integer"}`, false},
	{`{"type": "integer", "format": "int64"}`, false},
	{`{"type": "integer", "format": "uint64"}`, false},
	{`{"type": "integer", "minimum": -128, "maximum": 127}`, false},
	{`{"type": "integer", "minimum": 5}`, false},
	{`{"type": "integer", "maximum": -5}`, false},
	{`{"type": "integer", "minimum": 9223372036854775800, "maximum": 9223372036854775807}`, false},
	{`{"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2}`, false},
	{`{"type": "integer", "multipleOf": 7, "minimum": 3}`, false},
	{`{"type": "number"}`, false},
	{`{"type": "number", "format": "float", "minimum": 0.5, "exclusiveMaximum": 0.75}`, false},
	{`{"type": "number", "minimum": 1000000000}`, false},
	{`{"type": "string"}`, false},
	{`{"type": ["string", "null"], "maxLength": 3}`, false},
	{`{"type": "string", "minLength": 3, "maxLength": 3}`, false},
	{`{"type": "string", "minLength": 100}`, false},
	{`{"type": "string", "pattern": "^[a-z]+$", "maxLength": 5}`, false},
	{`{"type": "string", "pattern": "^ab", "minLength": 5}`, false},
	{`{"type": "string", "pattern": "(x|yy)?z{2,3}$"}`, false},
	{`{"type": "string", "pattern": "^\\S+\\d[^a]$"}`, false},
	{`{"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "b$"}, {"maxLength": 9}]}`, false},
	{`{"type": "string", "contentEncoding": "base64"}`, false},
	{`{"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/]{5}[AQgw]==$"}`, false},
	{`{"type": "string", "enum": ["a", "b"]}`, false},
	{`{"type": ["integer", "null"], "enum": [1, 2, null]}`, false},
	{`{"const": true}`, false},
	{`{"type": "array"}`, false},
	{`{"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3, "uniqueItems": true}`, false},
	{`{"type": "array", "items": {"type": "boolean"}, "minItems": 4, "maxItems": 4}`, false},
	{`{"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false}`, false},
	{`{"type": "object"}`, false},
	{`{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}`, false},
	{`{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}`, false},
	{`{"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 2}`, false},
	{`{"type": "object", "propertyNames": {"pattern": "^-?[0-9]+$"}, "additionalProperties": {"type": "string"}}`, false},
	{`{"allOf": [{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 1}}}, {"properties": {"a": {"maximum": 3}}}]}`, false},
	{`{"anyOf": [{"type": "string"}, {"type": "integer"}]}`, false},
	{`{"type": "string", "not": {"const": ""}}`, false},
	{tree, false},
	{pets, false},
	{`{"anyOf": [` + pets + `, {"type": "null"}]}`, false},
}

// TestGenerate checks that what is made is valid, and what is broken is not.
func TestGenerate(t *testing.T) {
	schemas := samples
	for name := range textFormats {
		schemas = append(schemas, struct {
			schema string
			open   bool
		}{`{"type": "string", "format": "` + name + `"}`, false})
	}
	for _, tt := range schemas {
		s := compile(t, tt.schema)
		g := &Generator{Rand: rand.New(rand.NewPCG(1, 2))}
		broken := map[string]int{}
		for range 300 {
			v, ok := g.Generate(s)
			if !ok {
				t.Fatalf("%s: nothing could be made", tt.schema)
			}
			if faults := s.Validate(v); faults != nil {
				t.Fatalf("%s: made %s: %v", tt.schema, show(v), faults)
			}
			before := clone(v)
			m, ok := g.Mutate(s, v)
			if ok == tt.open {
				t.Fatalf("%s: %s could be broken: %v", tt.schema, show(v), ok)
			}
			if ok && s.Validate(m.Value) == nil {
				t.Fatalf("%s: %s at %q did not break %s: %s", tt.schema, m.Name, m.Pointer, show(v), show(m.Value))
			}
			if !equal(before, v) {
				t.Fatalf("%s: a mutation changed the value %s", tt.schema, show(before))
			}
			broken[m.Name]++
		}
	}
}

// TestMutationNames checks that every kind of break comes about.
func TestMutationNames(t *testing.T) {
	seen := map[string]bool{}
	for _, tt := range samples {
		s := compile(t, tt.schema)
		g := &Generator{Rand: rand.New(rand.NewPCG(3, 4))}
		for range 200 {
			if v, ok := g.Generate(s); ok {
				m, _ := g.Mutate(s, v)
				seen[m.Name] = true
			}
		}
	}
	for _, name := range []string{
		"null", "wrong type", "not in enum", "below minimum", "above maximum", "at exclusive minimum", "at exclusive maximum",
		"fraction", "no multiple", "above format", "too short", "too long", "pattern", "not base64", "too few items",
		"too many items", "item twice", "missing member", "unknown member", "too many members", "name of a member", "discriminator",
	} {
		if !seen[name] {
			t.Errorf("no value is broken by %q", name)
		}
	}
}

// TestSameSeed checks that a failure can be made again.
func TestSameSeed(t *testing.T) {
	for _, tt := range samples {
		s := compile(t, tt.schema)
		a := &Generator{Rand: rand.New(rand.NewPCG(5, 6))}
		b := &Generator{Rand: rand.New(rand.NewPCG(5, 6))}
		for range 20 {
			x, _ := a.Generate(s)
			y, _ := b.Generate(s)
			m, _ := a.Mutate(s, x)
			n, _ := b.Mutate(s, y)
			if !equal(x, y) || !equal(m.Value, n.Value) {
				t.Fatalf("%s: %s and %s, %s and %s from one seed", tt.schema, show(x), show(y), show(m.Value), show(n.Value))
			}
		}
	}
}

// TestImpossible checks that a schema which nothing can satisfy ends.
func TestImpossible(t *testing.T) {
	for _, schema := range []string{
		`false`,
		`{"type": "string", "minLength": 2, "maxLength": 1}`,
		`{"type": "integer", "minimum": 2, "maximum": 1}`,
		`{"allOf": [{"type": "string"}, {"type": "integer"}]}`,
		`{"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/s"}}}`,
		`{"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/s"}}`,
		`{"type": "array", "minItems": 2, "items": {"$ref": "#/s"}}`,
		`{"type": "array", "minItems": 3, "uniqueItems": true, "items": {"type": "boolean"}}`,
	} {
		g := &Generator{Rand: rand.New(rand.NewPCG(1, 1))}
		if v, ok := g.Generate(compile(t, schema)); ok {
			t.Errorf("%s: made %s", schema, show(v))
		}
	}
}

// FuzzSchema checks that no schema and no value break what they are given to.
func FuzzSchema(f *testing.F) {
	for _, tt := range samples {
		f.Add([]byte(tt.schema), []byte(`{"a": 1}`), uint64(1))
	}
	f.Add([]byte(`{"$ref": "#/s"}`), []byte(`[1e99]`), uint64(2))
	f.Fuzz(func(t *testing.T, schema, value []byte, seed uint64) {
		if len(schema) > 1000 || len(value) > 1000 {
			return
		}
		doc, err := Parse([]byte(`{"s": ` + string(schema) + `}`))
		if err != nil {
			return
		}
		s, err := doc.Schema("/s")
		if err != nil {
			return
		}
		if v, err := Decode(value); err == nil {
			s.Validate(v)
		}
		g := &Generator{Rand: rand.New(rand.NewPCG(seed, 0))}
		v, ok := g.Generate(s)
		if !ok {
			return
		}
		if faults := s.Validate(v); faults != nil {
			t.Fatalf("made %s: %v", show(v), faults)
		}
		if m, ok := g.Mutate(s, v); ok && s.Validate(m.Value) == nil {
			t.Fatalf("%s did not break %s: %s", m.Name, show(v), show(m.Value))
		}
	})
}
