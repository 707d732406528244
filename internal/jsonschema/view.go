package jsonschema

import (
	"math/big"
	"slices"
)

// A view is what all schemas that hold for one value want of it together:
// references and allOf are followed, and of anyOf and oneOf one branch.
type view []*Schema

// see follows the schemas that hold together. pick chooses the branch among
// several, nil for none.
func see(s *Schema, pick func(s *Schema, branches []*Schema) *Schema) view {
	var v view
	var follow func(s *Schema)
	follow = func(s *Schema) {
		if s == nil {
			return
		}
		v = append(v, s)
		follow(s.ref)
		for _, part := range s.allOf {
			follow(part)
		}
		for _, branches := range [][]*Schema{s.anyOf, s.oneOf} {
			if len(branches) > 0 {
				follow(pick(s, branches))
			}
		}
	}
	follow(s)
	return v
}

// seeValue is the view that a value was made by.
func seeValue(s *Schema, value any) view {
	return see(s, func(s *Schema, branches []*Schema) *Schema {
		if object, ok := value.(map[string]any); ok {
			if name, ok := object[s.choose.property].(string); ok && s.choose.mapping[name] != nil {
				return s.choose.mapping[name]
			}
		}
		for _, b := range branches {
			if b.valid(value) {
				return b
			}
		}
		return nil
	})
}

// types returns the types that every schema allows.
func (v view) types() []string {
	list := []string{"null", "boolean", "integer", "number", "string", "array", "object"}
	return slices.DeleteFunc(list, func(name string) bool {
		return slices.ContainsFunc(v, func(s *Schema) bool { return s.never || !hasType(s.types, name) })
	})
}

// enum returns the shortest list of values, nil if there is none.
func (v view) enum() []any {
	var list []any
	for _, s := range v {
		if s.enum != nil && (list == nil || len(s.enum) < len(list)) {
			list = s.enum
		}
	}
	return list
}

// between returns the greater of lows and the lesser of highs.
func (v view) between(low, high func(s *Schema) int) (least, most int) {
	most = unlimited
	for _, s := range v {
		least = max(least, low(s))
		if h := high(s); h != unlimited && (most == unlimited || h < most) {
			most = h
		}
	}
	return least, most
}

func (v view) lengths() (least, most int) {
	return v.between(func(s *Schema) int { return s.minLength }, func(s *Schema) int { return s.maxLength })
}

func (v view) counts() (least, most int) {
	return v.between(func(s *Schema) int { return s.minItems }, func(s *Schema) int { return s.maxItems })
}

func (v view) members() (least, most int) {
	return v.between(func(s *Schema) int { return s.minMembers }, func(s *Schema) int { return s.maxMembers })
}

// bounds returns the limits of a number, nil for none; exclusive ones are
// returned as they are, to be tried and refused.
func (v view) bounds() (low, high *big.Rat) {
	raise := func(r *big.Rat) {
		if r != nil && (low == nil || r.Cmp(low) > 0) {
			low = r
		}
	}
	lower := func(r *big.Rat) {
		if r != nil && (high == nil || r.Cmp(high) < 0) {
			high = r
		}
	}
	for _, s := range v {
		raise(s.minimum)
		raise(s.overMinimum)
		lower(s.maximum)
		lower(s.underMaximum)
		if bits := integerFormats[s.format]; bits != 0 {
			least, most := integerRange(bits)
			raise(newRat().SetInt(least))
			lower(newRat().SetInt(most))
		}
	}
	return low, high
}

func (v view) multiple() *big.Rat {
	for _, s := range v {
		if s.multipleOf != nil {
			return s.multipleOf
		}
	}
	return nil
}

func (v view) has(want func(s *Schema) bool) bool { return slices.ContainsFunc(v, want) }

// item is a schema that holds if all schemas of an item do, nil for none.
func (v view) item(i int) *Schema {
	return together(v, func(s *Schema) *Schema { return s.item(i) })
}

// member is likewise for a member.
func (v view) member(name string) *Schema {
	return together(v, func(s *Schema) *Schema { return s.member(name) })
}

// names is likewise for the names of members.
func (v view) names() *Schema {
	return together(v, func(s *Schema) *Schema { return s.names })
}

func together(v view, of func(s *Schema) *Schema) *Schema {
	var list []*Schema
	for _, s := range v {
		if inner := of(s); inner != nil {
			list = append(list, inner)
		}
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	all := open()
	all.allOf = list
	return all
}

// open is the schema that allows everything.
func open() *Schema {
	return &Schema{maxMembers: unlimited, maxItems: unlimited, maxLength: unlimited}
}

// properties returns the names of the members that some schema names, sorted.
func (v view) properties() []string {
	names := map[string]bool{}
	for _, s := range v {
		for name := range s.properties {
			names[name] = true
		}
		for _, name := range s.required {
			names[name] = true
		}
	}
	return sorted(names)
}

func (v view) required(name string) bool {
	return v.has(func(s *Schema) bool { return slices.Contains(s.required, name) })
}

// takesOthers reports whether an object may have members that no schema names.
func (v view) takesOthers() bool {
	return !v.has(func(s *Schema) bool { return s.additional != nil && s.additional.never })
}
