package openapi

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A use is how a type is used: the schemas of what is read and what is written
// differ.
type use uint8

const (
	output    use = iota // the server writes it
	input                // the server reads it
	inputOnly            // likewise, and refuses unknown members
	uses                 // how many there are
)

// names gives components their names: that of the type, or of its use too if
// there are several. What makes the name of a type is the type alone, as far
// as no other has the same one.
func (b *builder) assignNames() {
	groups := map[string][]*component{}
	for _, c := range b.list {
		base := typeName(c.typ)
		groups[base] = append(groups[base], c)
	}
	taken := map[string]bool{}
	for base := range groups {
		taken[base] = true
	}
	for _, base := range sortedKeys(groups) {
		group := groups[base]
		slices.SortStableFunc(group, func(x, y *component) int { // the same whatever is registered first
			return cmp.Or(cmp.Compare(x.typ.PkgPath(), y.typ.PkgPath()), cmp.Compare(x.typ.String(), y.typ.String()))
		})
		for i, c := range group {
			name := base
			if i > 0 {
				name = free(taken, base)
			}
			c.assign(name, taken)
		}
	}
}

// assign names the uses of a type.
func (c *component) assign(name string, taken map[string]bool) {
	first := true
	for u, s := range c.uses {
		if s == nil {
			continue
		}
		if same := c.sameAs(use(u)); same >= 0 {
			c.names[u] = c.names[same]
			continue
		}
		switch {
		case first:
			c.names[u] = name
		case use(u) == input || c.uses[input] == nil:
			c.names[u] = free(taken, name+"Input")
		case c.uses[output] == nil:
			c.names[u] = free(taken, name+"Strict")
		default:
			c.names[u] = free(taken, name+"StrictInput")
		}
		first = false
	}
}

// free returns the name, or one with a number that nobody has.
func free(taken map[string]bool, name string) string {
	unique := name
	for n := 2; taken[unique]; n++ {
		unique = name + strconv.Itoa(n)
	}
	taken[unique] = true
	return unique
}

// typeName returns the name of a type for a document: of a generic one with
// those of its arguments, as PageOfUser, and never with a package.
func typeName(t reflect.Type) string {
	name := t.Name()
	if name == "" {
		return "Value"
	}
	return genericName(name)
}

// genericName turns Page[example.com/users.User] into PageOfUser.
func genericName(name string) string {
	base, rest, generic := strings.Cut(name, "[")
	base = upperFirst(lastName(base))
	if !generic {
		return base
	}
	var parts []string
	for _, arg := range splitArguments(strings.TrimSuffix(rest, "]")) {
		parts = append(parts, argumentName(arg))
	}
	return base + "Of" + strings.Join(parts, "And")
}

// argumentName names a type argument, which may be any type.
func argumentName(arg string) string {
	switch {
	case strings.HasPrefix(arg, "*"):
		return argumentName(arg[1:])
	case strings.HasPrefix(arg, "[]"):
		return argumentName(arg[2:]) + "List"
	case strings.HasPrefix(arg, "map["):
		depth := 0
		for i := range len(arg) {
			switch arg[i] {
			case '[':
				depth++
			case ']':
				if depth--; depth == 0 {
					return argumentName(arg[i+1:]) + "Map"
				}
			}
		}
	case strings.HasPrefix(arg, "["):
		if _, elem, ok := strings.Cut(arg, "]"); ok {
			return argumentName(elem) + "Array"
		}
	case strings.HasPrefix(arg, "struct {"):
		return "Object"
	case strings.HasPrefix(arg, "interface {"), strings.HasPrefix(arg, "func("):
		return "Any"
	}
	return genericName(arg)
}

// splitArguments splits type arguments at the commas between them.
func splitArguments(s string) []string {
	var list []string
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '[', '{', '(':
			depth++
		case ']', '}', ')':
			depth--
		case ',':
			if depth == 0 {
				list = append(list, s[start:i])
				start = i + 1
			}
		}
	}
	return append(list, s[start:])
}

// lastName returns what follows the package in a qualified name, without what
// a name of a component cannot have.
func lastName(s string) string {
	if i := strings.LastIndexAny(s, "./"); i >= 0 {
		s = s[i+1:]
	}
	s, _, _ = strings.Cut(s, "·") // the number of a type that is declared in a function
	clean := strings.Map(func(r rune) rune {
		if r == '_' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '_'
	}, s)
	if clean == "" {
		return "Value"
	}
	return clean
}

func upperFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
