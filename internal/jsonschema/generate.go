package jsonschema

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
)

// A Generator makes values, the same ones for the same source of randomness.
type Generator struct {
	Rand *rand.Rand
	// Accept says whether a text can be sent where the value goes; nil takes
	// every text.
	Accept func(text string) bool
}

// Limits of what a Generator tries before it gives up, and of what it makes.
const (
	maxTries = 60
	maxDepth = 5  // deeper, only what is required is made
	maxDeep  = 40 // deeper, nothing is
	maxMore  = 3  // items beyond the least
	maxText  = 40 // characters beyond the least, where no limit asks for more
	maxLong  = 4096
	// maxRepeat is how long a text grows by the repetitions of a pattern: more
	// digits would be no number to many who read it.
	maxRepeat = 6
)

// Generate returns a value that is valid; ok is false if none was found.
func (g *Generator) Generate(s *Schema) (v any, ok bool) {
	for range maxTries {
		if v, ok := g.value(s, 0); ok && s.valid(v) {
			return v, true
		}
	}
	return nil, false
}

// value makes a value that is probably valid.
func (g *Generator) value(s *Schema, depth int) (any, bool) {
	if s == nil {
		return g.anything(depth), true
	}
	if depth > maxDeep {
		return nil, false
	}
	v := see(s, func(_ *Schema, branches []*Schema) *Schema { return g.branch(branches, depth) })
	if list := v.enum(); list != nil {
		return clone(list[g.Rand.IntN(len(list))]), true
	}
	types := v.types()
	if len(types) == 0 {
		return nil, false
	}
	switch g.oneType(types, depth) {
	case "null":
		return nil, true
	case "boolean":
		return g.coin(), true
	case "integer":
		return g.integer(v)
	case "number":
		return g.number(v)
	case "string":
		return g.text(v)
	case "array":
		return g.array(v, depth)
	}
	return g.object(v, depth)
}

// oneType picks a type, and the small ones where it is deep.
func (g *Generator) oneType(types []string, depth int) string {
	if depth >= maxDepth {
		return types[0] // in the order of their size
	}
	if len(types) > 1 && types[0] == "null" && g.Rand.IntN(4) > 0 {
		types = types[1:] // null is the least telling
	}
	return types[g.Rand.IntN(len(types))]
}

// branch picks a schema of several: where it is deep, one without members.
func (g *Generator) branch(branches []*Schema, depth int) *Schema {
	if depth >= maxDepth {
		for _, b := range branches {
			if b.types != nil && !slices.Contains(b.types, "object") && !slices.Contains(b.types, "array") {
				return b
			}
		}
	}
	return branches[g.Rand.IntN(len(branches))]
}

func (g *Generator) coin() bool { return g.Rand.IntN(2) == 0 }

// anything makes a small value of any type.
func (g *Generator) anything(depth int) any {
	s := open()
	if depth > 1 {
		s.types = []string{"null", "boolean", "integer", "string"}
	}
	v, _ := g.value(s, depth)
	return v
}

// integer picks a bound, its neighbour, or a number between.
func (g *Generator) integer(v view) (any, bool) {
	low, high := v.bounds()
	least, most := big.NewInt(-1<<53+1), big.NewInt(1<<53-1) // what every reader of JSON can hold
	if low != nil {
		least = ceil(low)
		if high == nil && most.Cmp(least) < 0 {
			most = new(big.Int).Add(least, big.NewInt(100))
		}
	}
	if high != nil {
		most = floor(high)
		if low == nil && least.Cmp(most) > 0 {
			least = new(big.Int).Sub(most, big.NewInt(100))
		}
	}
	n := g.between(least, most)
	if m := v.multiple(); m != nil && m.IsInt() {
		n.Sub(n, new(big.Int).Mod(n, m.Num()))
	}
	return json.Number(n.String()), true
}

func (g *Generator) between(least, most *big.Int) *big.Int {
	near := big.NewInt(int64(g.Rand.IntN(3)))
	switch g.Rand.IntN(5) {
	case 0:
		return near.Add(least, near)
	case 1:
		return near.Sub(most, near)
	case 2:
		if n := near.Sub(near, big.NewInt(1)); n.Cmp(least) >= 0 && n.Cmp(most) <= 0 {
			return n
		}
	}
	span := new(big.Int).Sub(most, least)
	if span.Sign() <= 0 {
		return new(big.Int).Set(least)
	}
	if g.coin() && span.IsInt64() || span.BitLen() < 10 {
		span.Add(span, big.NewInt(1))
	} else {
		span.SetInt64(1000) // people's numbers are small
		if least.Sign() < 0 && most.Cmp(span) > 0 {
			return span.SetInt64(g.Rand.Int64N(1000))
		}
	}
	n := new(big.Int).SetUint64(g.Rand.Uint64())
	n.Mod(n, span)
	return n.Add(n, least)
}

func ceil(r *big.Rat) *big.Int {
	n := new(big.Int).Neg(r.Num())
	return n.Neg(n.Div(n, r.Denom()))
}

func floor(r *big.Rat) *big.Int { return new(big.Int).Div(r.Num(), r.Denom()) }

// number picks a bound, or a number with a fraction between.
func (g *Generator) number(v view) (any, bool) {
	low, high := v.bounds()
	least, most := -1e6, 1e6
	if low != nil {
		least, _ = low.Float64()
		most = max(most, least+100)
	}
	if high != nil {
		most, _ = high.Float64()
		least = min(least, most)
		if low != nil {
			least, _ = low.Float64()
		} else {
			least = min(least, most-100)
		}
	}
	n := least + g.Rand.Float64()*(most-least)
	switch g.Rand.IntN(5) {
	case 0:
		n = least
	case 1:
		n = most
	case 2:
		n = max(least, min(most, 0))
	case 3:
		n = max(least, min(most, float64(g.Rand.IntN(200))/8))
	}
	if m := v.multiple(); m != nil {
		step, _ := m.Float64()
		n = float64(int64(n/step)) * step
	}
	bits := 64
	if v.has(func(s *Schema) bool { return s.format == "float" }) {
		bits = 32
	}
	return json.Number(strconv.FormatFloat(n, 'g', -1, bits)), true
}

// size picks how many there are of something.
func (g *Generator) size(least, most, more int) int {
	top := least + more
	if most != unlimited && most < top {
		top = most
	}
	switch g.Rand.IntN(4) {
	case 0:
		return least
	case 1:
		if most != unlimited && most <= maxLong {
			return most
		}
		return top
	}
	return least + g.Rand.IntN(max(top-least, 0)+1)
}

func (g *Generator) array(v view, depth int) (any, bool) {
	least, most := v.counts()
	n := least
	if depth < maxDepth {
		n = g.size(least, most, maxMore)
	}
	list := []any{}
	unique := v.has(func(s *Schema) bool { return s.unique })
	for tries := 0; len(list) < n && tries < n+maxTries; tries++ {
		inner := v.item(len(list))
		if inner != nil && inner.never {
			break
		}
		item, ok := g.value(inner, depth+1)
		if !ok {
			return nil, false
		}
		if !unique || !slices.ContainsFunc(list, func(other any) bool { return equal(other, item) }) {
			list = append(list, item)
		}
	}
	return list, len(list) >= least
}

func (g *Generator) object(v view, depth int) (any, bool) {
	object := map[string]any{}
	least, most := v.members()
	rarely := g.Rand.IntN(4) // 0: only what is required; otherwise most of it
	for _, name := range v.properties() {
		required := v.required(name)
		full := most != unlimited && len(object) >= most
		if !required && (full || depth >= maxDepth || rarely == 0 || g.Rand.IntN(4) == 0) {
			continue
		}
		inner := v.member(name)
		if inner != nil && inner.never {
			continue
		}
		member, ok := g.value(inner, depth+1)
		if ok {
			object[name] = member
		} else if required {
			return nil, false
		}
	}
	return object, g.others(v, object, least, most, depth)
}

// others adds members that no schema names, where an object may have them.
func (g *Generator) others(v view, object map[string]any, least, most, depth int) bool {
	if !v.takesOthers() {
		return len(object) >= least
	}
	n := max(least-len(object), 0)
	isMap := v.has(func(s *Schema) bool { return s.additional != nil })
	if depth < maxDepth && (isMap || g.Rand.IntN(8) == 0) {
		n += g.Rand.IntN(maxMore + 1)
	}
	for tries := 0; n > 0 && tries < maxTries && (most == unlimited || len(object) < most); tries++ {
		name, ok := g.name(v)
		if _, known := object[name]; !ok || known || slices.Contains(v.properties(), name) {
			continue
		}
		member, ok := g.value(v.member(name), depth+1)
		if !ok {
			break // another try would be as deep
		}
		object[name] = member
		n--
	}
	return len(object) >= least
}

// name makes the name of a member that no schema names.
func (g *Generator) name(v view) (string, bool) {
	names := v.names()
	if names == nil {
		return "other" + strconv.Itoa(g.Rand.IntN(1000)), true
	}
	name, ok := g.value(names, maxDepth)
	text, isText := name.(string)
	return text, ok && isText
}
