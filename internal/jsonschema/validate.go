package jsonschema

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Fault is one reason why a value is not valid.
type Fault struct {
	Pointer string // into the value, "" for all of it
	Message string
}

// String returns such as "/users/0/id: -1 is less than 0".
func (f Fault) String() string {
	if f.Pointer == "" {
		return f.Message
	}
	return f.Pointer + ": " + f.Message
}

// Validate returns why a value is not valid, nil if it is. A nil schema allows
// everything.
func (s *Schema) Validate(v any) []Fault {
	if s == nil {
		return nil
	}
	c := &checker{}
	c.check(s, "", v)
	return c.faults
}

// valid is Validate for those who need no reasons.
func (s *Schema) valid(v any) bool { return len(s.Validate(v)) == 0 }

type checker struct{ faults []Fault }

func (c *checker) fault(at, format string, args ...any) {
	c.faults = append(c.faults, Fault{at, fmt.Sprintf(format, args...)})
}

func (c *checker) check(s *Schema, at string, v any) {
	if s.never {
		c.fault(at, "nothing may stand here")
		return
	}
	got := typeOf(v)
	if !hasType(s.types, got) {
		c.fault(at, "%s is %s, not %s", show(v), got, strings.Join(s.types, " or "))
		return
	}
	if s.enum != nil && !slices.ContainsFunc(s.enum, func(e any) bool { return equal(e, v) }) {
		c.fault(at, "%s is not one of %s", show(v), show(s.enum))
	}
	switch v := v.(type) {
	case json.Number:
		c.number(s, at, v)
	case string:
		c.text(s, at, v)
	case []any:
		c.array(s, at, v)
	case map[string]any:
		c.object(s, at, v)
	}
	c.combined(s, at, v)
}

// combined checks the schemas that speak of the same value.
func (c *checker) combined(s *Schema, at string, v any) {
	if s.ref != nil {
		c.check(s.ref, at, v)
	}
	for _, part := range s.allOf {
		c.check(part, at, v)
	}
	if s.not != nil && s.not.valid(v) {
		c.fault(at, "%s is what must not stand here", show(v))
	}
	if s.choose.property != "" && len(s.choose.mapping) > 0 {
		c.chosen(s, at, v)
		return
	}
	if s.anyOf != nil && count(s.anyOf, v) == 0 {
		c.branches(s.anyOf, at, v)
	}
	if s.oneOf != nil {
		switch n := count(s.oneOf, v); {
		case n == 0:
			c.branches(s.oneOf, at, v)
		case n > 1:
			c.fault(at, "%s is valid by %d schemas of which one alone may hold", show(v), n)
		}
	}
}

// chosen checks the branch that the discriminator names. Whether others hold
// too does not matter: the discriminator tells them apart.
func (c *checker) chosen(s *Schema, at string, v any) {
	object, ok := v.(map[string]any)
	if !ok {
		if count(append(slices.Clone(s.anyOf), s.oneOf...), v) == 0 { // such as null
			c.fault(at, "%s is not an object", show(v))
		}
		return
	}
	name, _ := object[s.choose.property].(string)
	branch := s.choose.mapping[name]
	if branch == nil {
		c.fault(Join(at, s.choose.property), "%s is not one of %s", show(object[s.choose.property]), strings.Join(sorted(s.choose.mapping), ", "))
		return
	}
	c.check(branch, at, v)
}

func count(branches []*Schema, v any) int {
	n := 0
	for _, s := range branches {
		if s.valid(v) {
			n++
		}
	}
	return n
}

// branches reports a value that none of several schemas allows: by the reasons
// of the one that comes nearest, which is the one whose type fits.
func (c *checker) branches(list []*Schema, at string, v any) {
	var nearest []Fault
	for _, s := range list {
		inner := &checker{}
		inner.check(s, at, v)
		if len(inner.faults) > 0 && inner.faults[0].Pointer != at && nearest == nil {
			nearest = inner.faults
		}
	}
	if nearest == nil {
		c.fault(at, "%s is valid by none of %d schemas", show(v), len(list))
		return
	}
	c.faults = append(c.faults, nearest...)
}

func (c *checker) number(s *Schema, at string, n json.Number) {
	r, ok := rational(n)
	if !ok {
		c.fault(at, "%s is out of every range", show(n))
		return
	}
	if s.minimum != nil && r.Cmp(s.minimum) < 0 {
		c.fault(at, "%s is less than %s", n, s.minimum.RatString())
	}
	if s.maximum != nil && r.Cmp(s.maximum) > 0 {
		c.fault(at, "%s is more than %s", n, s.maximum.RatString())
	}
	if s.overMinimum != nil && r.Cmp(s.overMinimum) <= 0 {
		c.fault(at, "%s is not more than %s", n, s.overMinimum.RatString())
	}
	if s.underMaximum != nil && r.Cmp(s.underMaximum) >= 0 {
		c.fault(at, "%s is not less than %s", n, s.underMaximum.RatString())
	}
	if s.multipleOf != nil && !newRat().Quo(r, s.multipleOf).IsInt() {
		c.fault(at, "%s is no multiple of %s", n, s.multipleOf.RatString())
	}
	if !inNumberFormat(s.format, r) {
		c.fault(at, "%s is no %s", n, s.format)
	}
}

func (c *checker) text(s *Schema, at, text string) {
	if s.minLength > 0 || s.maxLength != unlimited {
		switch n := utf8.RuneCountInString(text); {
		case n < s.minLength:
			c.fault(at, "%s has %d characters, less than %d", show(text), n, s.minLength)
		case s.maxLength != unlimited && n > s.maxLength:
			c.fault(at, "%s has %d characters, more than %d", show(text), n, s.maxLength)
		}
	}
	if s.pattern != nil && !s.pattern.MatchString(text) {
		c.fault(at, "%s does not match %s", show(text), s.pattern)
	}
	if !inTextFormat(s.format, text) {
		c.fault(at, "%s is no %s", show(text), s.format)
	}
	if s.base64 {
		if _, err := base64.StdEncoding.Strict().DecodeString(text); err != nil || strings.ContainsAny(text, "\r\n") {
			c.fault(at, "%s is not base64", show(text))
		}
	}
}

func (c *checker) array(s *Schema, at string, list []any) {
	if len(list) < s.minItems {
		c.fault(at, "%d items are less than %d", len(list), s.minItems)
	}
	if s.maxItems != unlimited && len(list) > s.maxItems {
		c.fault(at, "%d items are more than %d", len(list), s.maxItems)
	}
	for i, item := range list {
		if inner := s.item(i); inner != nil {
			c.check(inner, at+"/"+strconv.Itoa(i), item)
		}
		if s.unique && slices.ContainsFunc(list[:i], func(other any) bool { return equal(other, item) }) {
			c.fault(at+"/"+strconv.Itoa(i), "%s stands there twice", show(item))
		}
	}
}

// item returns the schema of an item, nil if there is none.
func (s *Schema) item(i int) *Schema {
	if i < len(s.prefix) {
		return s.prefix[i]
	}
	return s.items
}

func (c *checker) object(s *Schema, at string, object map[string]any) {
	for _, name := range s.required {
		if _, ok := object[name]; !ok {
			c.fault(at, "member %q is missing", name)
		}
	}
	if len(object) < s.minMembers {
		c.fault(at, "%d members are less than %d", len(object), s.minMembers)
	}
	if s.maxMembers != unlimited && len(object) > s.maxMembers {
		c.fault(at, "%d members are more than %d", len(object), s.maxMembers)
	}
	for _, name := range sorted(object) {
		if s.names != nil && !s.names.valid(name) {
			c.fault(at, "member %q must not have this name", name)
		}
		switch inner := s.member(name); {
		case inner == nil:
		case inner.never:
			c.fault(at, "member %q is not known", name)
		default:
			c.check(inner, Join(at, name), object[name])
		}
	}
}

// member returns the schema of a member, nil if there is none.
func (s *Schema) member(name string) *Schema {
	if inner := s.properties[name]; inner != nil {
		return inner
	}
	return s.additional
}

// maxShown is how many bytes of a value a fault repeats.
const maxShown = 80

// show prints a value, shortened.
func show(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%v", v)
	}
	if len(data) > maxShown {
		return strings.ToValidUTF8(string(data[:maxShown]), "") + "..."
	}
	return string(data)
}
