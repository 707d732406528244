package openapi

import (
	"reflect"
	"slices"
	"strings"

	"github.com/seed217079a1/endpoint"
)

// durationPattern is that of the texts of a time.Duration.
const durationPattern = `^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+)$`

// parameterSchema is that of a value that is read from text, not from JSON.
func (b *builder) parameterSchema(p *endpoint.OperationParameter) *schema {
	s := b.textTypeSchema(p.Type, p)
	applyRules(s, p.Type, p.Rules, b.wireNames(p))
	if p.In == "path" && !p.Rest {
		s.neverEmpty()
	}
	if p.HasDefault {
		s.setDefault(p.Default, p.Type)
	}
	if p.Owner != nil {
		if f, ok := p.Owner.FieldByName(p.Field); ok {
			b.annotate(s, p.Owner, f)
		}
	}
	return s
}

// neverEmpty takes out of the schema of a text that it may be empty.
func (s *schema) neverEmpty() {
	s.anyOf = slices.DeleteFunc(s.anyOf, func(one *schema) bool { return one.maxLength == "0" })
	if len(s.anyOf) == 1 {
		s.allOf, s.anyOf = append(s.allOf, s.anyOf[0]), nil
	}
	if s.kind == "string" && s.minLength+s.format+s.pattern == "" && len(s.anyOf)+len(s.allOf)+len(s.enum) == 0 {
		s.minLength = "1"
	}
}

// wireNames returns the names of the other parameters by their Go names.
func (b *builder) wireNames(p *endpoint.OperationParameter) map[string]string {
	if p.Owner == nil {
		return nil
	}
	names := map[string]string{}
	for f := range p.Owner.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get(p.In), ","); name != "" {
			names[f.Name] = name
		}
	}
	return names
}

func (b *builder) textTypeSchema(t reflect.Type, p *endpoint.OperationParameter) *schema {
	if elem, ok := optElem(t); ok {
		return b.textTypeSchema(elem, p)
	}
	if s := b.textScalar(t); s != nil {
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.textTypeSchema(t.Elem(), p)
	case reflect.Map:
		s := &schema{kind: "object", additional: b.textTypeSchema(t.Elem(), p)}
		s.propertyNames = &schema{pattern: `^[^\[\]]*$`}
		return s
	case reflect.Slice:
		s := &schema{kind: "array", items: b.textTypeSchema(t.Elem(), p)}
		if i := s.items; p.Comma && i.kind == "string" && i.format == "" && i.pattern == "" && i.enum == nil {
			i.pattern = "^[^,]*$"
		}
		return s
	}
	return &schema{kind: "string"}
}

// textScalar is the schema of a type that one text can hold, nil for others.
func (b *builder) textScalar(t reflect.Type) *schema {
	if t.Kind() != reflect.Pointer && !isPlainKind(t.Kind()) {
		if s := b.described(t, input); s != nil {
			return s
		}
	} else if raw, ok := b.info.Schemas[t]; ok {
		return b.rawSchema(t, raw)
	}
	switch {
	case t == durationType:
		return &schema{kind: "string", pattern: durationPattern, examples: []any{"1m30s"}}
	case reflect.PointerTo(t).Implements(textUnmarshalerType):
		return textSchema(t)
	case !isPlainKind(t.Kind()):
		return nil
	}
	s := scalarSchema(t)
	if list := b.info.Comments[commentKey(t)].Enum; len(list) > 0 {
		s = b.enumSchema(t, list)
	}
	return s
}

// isIgnored reports whether OpenAPI has no parameters of a header field, which
// it tells elsewhere.
func isIgnored(p *endpoint.OperationParameter) bool {
	if p.In != "header" {
		return false
	}
	switch p.Name {
	case "Accept", "Content-Type", "Authorization":
		return true
	}
	return false
}

// parameters writes the parameters of an operation. path renames those of the
// path, where another operation of the same one calls them otherwise.
func (b *builder) parameters(op *endpoint.Operation, path *pathTemplate) []any {
	var list []any
	for _, p := range merged(op.Parameters) {
		if isIgnored(&p) {
			continue
		}
		name := p.Name
		if p.In == "path" {
			name = path.names[p.Name]
		}
		list = append(list, b.parameter(&p, name))
	}
	if path.rest != "" {
		rest := endpoint.OperationParameter{In: "path", Name: path.rest, Type: reflect.TypeFor[string](), Required: true, Rest: true}
		list = append(list, b.parameter(&rest, path.rest))
	}
	return list
}

// merged returns parameters without those that several functions of an endpoint
// read: the value has to obey all of them.
func merged(list []endpoint.OperationParameter) []endpoint.OperationParameter {
	out := make([]endpoint.OperationParameter, 0, len(list))
	for _, p := range list {
		i := slices.IndexFunc(out, func(q endpoint.OperationParameter) bool { return q.In == p.In && q.Name == p.Name })
		if i < 0 {
			out = append(out, p)
			continue
		}
		out[i].Required = out[i].Required || p.Required
		if out[i].Type == p.Type {
			out[i].Rules = append(slices.Clip(out[i].Rules), p.Rules...)
		}
	}
	return out
}

func (b *builder) parameter(p *endpoint.OperationParameter, name string) *object {
	s := b.parameterSchema(p)
	o := &object{}
	o.add("name", name)
	o.add("in", p.In)
	description := s.description
	s.description = ""
	kind := reflect.Invalid
	if isList(p.Type) {
		kind = reflect.Slice
	} else if s.kind == "object" {
		kind = reflect.Map
	}
	switch {
	case p.Rest:
		description = joinSentences(description, "The rest of the path, which may hold several segments.")
	case p.In == "header" && kind == reflect.Slice && !p.Comma:
		// A list in one field would be one value to the server.
		description = joinSentences(description, "The field may be sent several times, with one value each.")
		items := s.items
		s = items
	}
	o.add("description", description)
	o.add("required", p.Required || p.In == "path")
	switch {
	case kind == reflect.Map:
		o.add("style", "deepObject")
		o.add("explode", true)
	case kind == reflect.Slice && p.In == "query":
		o.add("style", "form")
		o.set("explode", !p.Comma)
	}
	o.set("schema", s)
	if p.Rest {
		o.add("x-several-segments", true)
	}
	return o
}

// isList reports whether a parameter takes several values.
func isList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && !reflect.PointerTo(t).Implements(textUnmarshalerType)
}
