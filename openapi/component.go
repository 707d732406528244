package openapi

import (
	"reflect"
	"slices"
)

// A component is a type that has a name in the document, and its schemas.
type component struct {
	typ   reflect.Type
	uses  [uses]*schema // nil for those that do not occur
	names [uses]string  // the same one for uses that are equal
}

// component returns a reference to the schema of a type, which make makes when
// it is asked for the first time: types may be recursive.
func (b *builder) component(t reflect.Type, u use, make func() *schema) *schema {
	c := b.components[t]
	if c == nil {
		c = &component{typ: t}
		b.components[t] = c
		b.list = append(b.list, c)
	}
	if c.uses[u] == nil {
		c.uses[u] = &schema{}
		*c.uses[u] = *make()
	}
	return &schema{comp: c, use: u}
}

// sameAs returns the first use whose schema is that of u too, -1 if there is none.
func (c *component) sameAs(u use) int {
	for first := range u {
		if c.uses[first] != nil && equalUses(c, first, c, u, map[usePair]bool{}) {
			return int(first)
		}
	}
	return -1
}

// A usePair is a question whether two schemas are equal.
type usePair struct {
	a, b       *component
	useA, useB use
}

func equalUses(a *component, useA use, b *component, useB use, assumed map[usePair]bool) bool {
	if a != b {
		return false
	}
	p := usePair{a, b, useA, useB}
	if useA == useB || assumed[p] {
		return true // what is recursive is equal unless something else differs
	}
	assumed[p] = true
	if b.uses[useB] == nil || a.uses[useA] == nil {
		return false
	}
	return a.uses[useA].equal(b.uses[useB], assumed)
}

// equal reports whether two schemas of one type say the same.
func (s *schema) equal(o *schema, assumed map[usePair]bool) bool {
	if s == nil || o == nil {
		return s == o
	}
	if (s.comp == nil) != (o.comp == nil) || s.comp != nil && !equalUses(s.comp, s.use, o.comp, o.use, assumed) {
		return false
	}
	same := func(a, b *schema) bool { return a.equal(b, assumed) }
	return s.kind == o.kind && s.nullable == o.nullable && s.format == o.format && s.pattern == o.pattern &&
		s.minLength == o.minLength && s.maxLength == o.maxLength &&
		s.minimum == o.minimum && s.maximum == o.maximum &&
		s.exclusiveMinimum == o.exclusiveMinimum && s.exclusiveMaximum == o.exclusiveMaximum &&
		s.minItems == o.minItems && s.maxItems == o.maxItems && s.unique == o.unique &&
		s.minProperties == o.minProperties && s.maxProperties == o.maxProperties &&
		s.closed == o.closed && s.hasDefault == o.hasDefault && s.description == o.description &&
		slices.Equal(s.required, o.required) && reflect.DeepEqual(s.enum, o.enum) &&
		reflect.DeepEqual(s.raw, o.raw) &&
		same(s.items, o.items) && same(s.additional, o.additional) && same(s.not, o.not) &&
		same(s.propertyNames, o.propertyNames) &&
		slices.EqualFunc(s.allOf, o.allOf, same) && slices.EqualFunc(s.anyOf, o.anyOf, same) &&
		slices.EqualFunc(s.oneOf, o.oneOf, same) &&
		slices.EqualFunc(s.properties, o.properties, func(a, b property) bool {
			return a.name == b.name && same(a.schema, b.schema)
		})
}

// schemas writes the components, sorted by name.
func (b *builder) schemas() *object {
	o := &object{}
	for _, c := range b.list {
		for u, s := range c.uses {
			if s != nil && o.get(c.names[u]) == nil {
				o.members = append(o.members, objectMember{c.names[u], s.object(b.version)})
			}
		}
	}
	o.sort()
	return o
}
