package jsonschema

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Mutation is a value that is not valid, and how it came to be so.
type Mutation struct {
	Value   any
	Pointer string // what was changed
	Name    string // how: "wrong type", "missing member" ...
}

// Mutate breaks a valid value in one place; ok is false if nothing that was
// tried is refused, as by a schema that allows everything. The value is not
// changed. Accept, of the generator, is not asked.
func (g *Generator) Mutate(s *Schema, valid any) (m Mutation, ok bool) {
	b := &breaker{g: g}
	b.walk(s, "", valid)
	// A kind of break first, and then a place: else long lists hide the rest.
	kinds := map[string][]attempt{}
	for _, a := range b.attempts {
		kinds[a.name] = append(kinds[a.name], a)
	}
	names := sorted(kinds)
	g.Rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		a := kinds[name][g.Rand.IntN(len(kinds[name]))]
		made, ok := a.make()
		if !ok {
			continue
		}
		value := replace(valid, a.at, made)
		if !s.valid(value) {
			return Mutation{value, a.at, name}, true
		}
	}
	return Mutation{}, false
}

// A breaker collects what could be broken in a value, and how.
type breaker struct {
	g        *Generator
	attempts []attempt
}

// An attempt makes another value for one place, which may turn out to be valid.
type attempt struct {
	name, at string
	make     func() (any, bool)
}

func (b *breaker) add(name, at string, make func() (any, bool)) {
	b.attempts = append(b.attempts, attempt{name, at, make})
}

// put adds an attempt whose value is known.
func (b *breaker) put(name, at string, value any) {
	b.add(name, at, func() (any, bool) { return value, true })
}

// maxWalk is how deep a value is looked into.
const maxWalk = 20

func (b *breaker) walk(s *Schema, at string, value any) {
	if s == nil || strings.Count(at, "/") > maxWalk {
		return
	}
	v := seeValue(s, value)
	types := v.types()
	if !slices.Contains(types, "null") {
		b.put("null", at, nil)
	}
	b.add("wrong type", at, func() (any, bool) { return b.wrongType(types) })
	if v.enum() != nil {
		b.add("not in enum", at, func() (any, bool) { return b.notIn(v.enum()) })
	}
	switch value := value.(type) {
	case json.Number:
		b.number(v, at, types)
	case string:
		b.text(v, at, value)
	case []any:
		b.array(v, at, value)
	case map[string]any:
		b.object(v, at, value)
	}
}

// wrongType makes a value of a type that is not allowed.
func (b *breaker) wrongType(types []string) (any, bool) {
	others := []any{true, json.Number("7"), json.Number("7.5"), "text", []any{}, map[string]any{}}
	others = slices.DeleteFunc(others, func(v any) bool { return hasType(types, typeOf(v)) })
	if len(others) == 0 {
		return nil, false
	}
	return others[b.g.Rand.IntN(len(others))], true
}

// notIn makes a value like those of an enum, but none of them.
func (b *breaker) notIn(list []any) (any, bool) {
	switch v := list[b.g.Rand.IntN(len(list))].(type) {
	case string:
		return v + "x", true
	case json.Number:
		r, ok := rational(v)
		if !ok || !r.IsInt() {
			return nil, false
		}
		return json.Number(new(big.Int).Add(r.Num(), big.NewInt(1)).String()), true
	case bool:
		return !v, true
	}
	return nil, false
}

func (b *breaker) number(v view, at string, types []string) {
	low, high := v.bounds()
	one := newRat().SetInt64(1)
	if low != nil {
		b.put("below minimum", at, number(newRat().Sub(low, one)))
		b.put("at exclusive minimum", at, number(low))
	}
	if high != nil {
		b.put("above maximum", at, number(newRat().Add(high, one)))
		b.put("at exclusive maximum", at, number(high))
	}
	if !slices.Contains(types, "number") {
		b.put("fraction", at, json.Number("1.5"))
		if low != nil && high != nil {
			b.put("fraction", at, number(newRat().Add(low, newRat().SetFrac64(1, 2))))
		}
	}
	if m := v.multiple(); m != nil {
		b.put("no multiple", at, number(newRat().Mul(m, newRat().SetFrac64(3, 2))))
	}
	for _, s := range v {
		if s.format == "float" {
			b.put("above format", at, json.Number("1e39"))
		}
		if s.format == "double" {
			b.put("above format", at, json.Number("1e309"))
		}
	}
}

// number writes an exact number as JSON does.
func number(r *big.Rat) json.Number {
	if r.IsInt() {
		return json.Number(r.Num().String())
	}
	f, _ := r.Float64()
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
}

func (b *breaker) text(v view, at, value string) {
	least, most := v.lengths()
	if least > 0 {
		b.put("too short", at, string([]rune(value)[:min(least-1, utf8.RuneCountInString(value))]))
	}
	if most != unlimited && most <= maxLong {
		more := max(most+1-utf8.RuneCountInString(value), 0)
		last := "a"
		if r, _ := utf8.DecodeLastRuneInString(value); value != "" && r != utf8.RuneError {
			last = string(r) // keeps most patterns
		}
		b.put("too long", at, value+strings.Repeat(last, more))
	}
	for _, s := range v {
		if s.pattern != nil {
			b.put("pattern", at, value+"!")
			b.put("pattern", at, "é"+value)
			b.put("pattern", at, "")
		}
		if textFormats[s.format].valid != nil {
			b.put("format", at, "no "+s.format)
			b.put("format", at, value+" ")
		}
		if s.base64 {
			b.put("not base64", at, value+"*")
		}
	}
}

func (b *breaker) array(v view, at string, list []any) {
	least, most := v.counts()
	if least > 0 {
		b.put("too few items", at, list[:min(least-1, len(list))])
	}
	if most != unlimited && most < maxLong {
		b.add("too many items", at, func() (any, bool) { return b.longer(v, list, most+1) })
	}
	if len(list) > 0 && v.has(func(s *Schema) bool { return s.unique }) {
		b.put("item twice", at, append(slices.Clone(list[:len(list)-1]), list[0], list[0]))
	}
	for i, item := range list {
		b.walk(v.item(i), at+"/"+strconv.Itoa(i), item)
	}
}

// longer makes a list of n items.
func (b *breaker) longer(v view, list []any, n int) (any, bool) {
	list = slices.Clone(list)
	for len(list) < n {
		inner := v.item(len(list))
		if inner != nil && inner.never {
			inner = nil
		}
		item, ok := b.g.value(inner, maxDepth)
		if !ok {
			return nil, false
		}
		list = append(list, item)
	}
	return list, true
}

func (b *breaker) object(v view, at string, object map[string]any) {
	least, most := v.members()
	for _, name := range sorted(object) {
		if v.required(name) || least == len(object) {
			b.put("missing member", at, without(object, name))
		}
		if inner := v.member(name); inner != nil {
			b.walk(inner, Join(at, name), object[name])
		}
	}
	b.put("unknown member", at, with(object, "unknown member", json.Number("1")))
	if most != unlimited && most < maxLong {
		b.add("too many members", at, func() (any, bool) {
			larger := object
			for i := 0; len(larger) <= most && i < maxLong; i++ {
				name, ok := b.g.name(v)
				member, made := b.g.value(v.member(name), maxDepth)
				if ok && made {
					larger = with(larger, name, member)
				}
			}
			return larger, len(larger) > most
		})
	}
	if v.names() != nil {
		for _, name := range []string{"", "unknown name!", "é"} {
			b.add("name of a member", at, func() (any, bool) {
				member, ok := b.g.value(v.member(name), maxDepth)
				return with(object, name, member), ok
			})
		}
	}
	for _, s := range v {
		if name := s.choose.property; name != "" {
			b.put("discriminator", Join(at, name), "unknown kind")
		}
	}
}

func without(object map[string]any, name string) map[string]any {
	object = clone(object).(map[string]any)
	delete(object, name)
	return object
}

func with(object map[string]any, name string, value any) map[string]any {
	object = clone(object).(map[string]any)
	object[name] = value
	return object
}

// replace returns a copy of a value with another in one place.
func replace(value any, at string, by any) any {
	if at == "" {
		return clone(by)
	}
	return replaceIn(clone(value), strings.Split(at[1:], "/"), by)
}

func replaceIn(value any, keys []string, by any) any {
	if len(keys) == 0 {
		return clone(by)
	}
	switch in := value.(type) {
	case map[string]any:
		key := unescape.Replace(keys[0])
		in[key] = replaceIn(in[key], keys[1:], by)
	case []any:
		i, _ := strconv.Atoi(keys[0])
		in[i] = replaceIn(in[i], keys[1:], by)
	}
	return value
}
