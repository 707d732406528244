package openapi

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// ruleTokens splits a validate tag.
func ruleTokens(tag string) []string {
	if tag == "" || tag == "-" {
		return nil
	}
	return strings.Split(tag, ",")
}

// applyRules adds the rules of a validate tag to the schema of a type. What no
// keyword says is told in the description. wire names the fields of the struct
// around by their Go names.
func applyRules(s *schema, t reflect.Type, tokens []string, wire map[string]string) {
	behind := false // behind a pointer no value counts as empty
	for t.Kind() == reflect.Pointer {
		t, behind = t.Elem(), true
	}
	if elem, ok := optElem(t); ok {
		t, behind = elem, false
	}
	var untold []string
	for i, token := range tokens {
		name, _, _ := strings.Cut(token, "=")
		switch name {
		case "required", "omitnil", "structonly", "nostructlevel", "":
			continue
		case "omitempty", "omitzero":
			if !behind && isPlainKind(t.Kind()) {
				allowZero(s, t, tokens[i+1:], wire)
				s.noteRules(untold, wire)
				return
			}
			continue
		case "dive":
			dive(s, t, tokens[i+1:], wire)
			s.noteRules(untold, wire)
			return
		}
		if !s.rule(t, token) {
			untold = append(untold, token)
		}
	}
	s.noteRules(untold, wire)
}

// dive adds the rules of elements, and those of the keys of a map.
func dive(s *schema, t reflect.Type, tokens []string, wire map[string]string) {
	if len(tokens) > 0 && tokens[0] == "keys" {
		end := slices.Index(tokens, "endkeys")
		if end < 0 {
			return
		}
		if s.kind == "object" && t.Kind() == reflect.Map {
			names := s.propertyNames
			if names == nil {
				names = &schema{}
			}
			keys := &schema{kind: "string"}
			if t.Key().Kind() == reflect.String {
				applyRules(keys, t.Key(), tokens[1:end], wire)
				*names = *keys
				names.kind = ""
			}
			s.propertyNames = names
		}
		tokens = tokens[end+1:]
	}
	elem := s.items
	if s.kind == "object" {
		elem = s.additional
	}
	if elem == nil || t.Kind() != reflect.Slice && t.Kind() != reflect.Array && t.Kind() != reflect.Map {
		return
	}
	if len(tokens) > 0 && tokens[0] == "required" {
		elem.notNull()
	}
	applyRules(elem, t.Elem(), tokens, wire)
}

// allowZero adds rules that an empty value need not obey.
func allowZero(s *schema, t reflect.Type, tokens []string, wire map[string]string) {
	rest := &schema{kind: s.kind}
	applyRules(rest, t, tokens, wire)
	zero := &schema{kind: s.kind}
	switch s.kind {
	case "string":
		zero.maxLength = "0"
	case "boolean":
		zero.enum = []any{false}
	default:
		zero.enum = []any{number("0")}
	}
	notes := rest.description
	rest.description = ""
	s.note(notes)
	switch {
	case rest.isBare():
	case rest.takesZero():
		s.allOf = append(s.allOf, rest)
	default:
		s.anyOf = append(s.anyOf, zero, rest)
	}
}

// isBare reports whether a schema says nothing but its type.
func (s *schema) isBare() bool {
	return s.equal(&schema{kind: s.kind}, nil)
}

// takesZero reports whether an empty value obeys a schema made of rules alone.
func (s *schema) takesZero() bool {
	if s.not != nil || len(s.anyOf)+len(s.allOf)+len(s.oneOf) > 0 || s.format != "" {
		return false
	}
	if s.kind == "string" {
		return s.minLength == "" && len(s.enum) == 0 && s.pattern == ""
	}
	low, strict := lower(s.minimum, s.exclusiveMinimum)
	high, strictHigh := upper(s.maximum, s.exclusiveMaximum)
	return len(s.enum) == 0 &&
		(low == "" || compareNumbers(low, "0") < 0 || !strict && compareNumbers(low, "0") == 0) &&
		(high == "" || compareNumbers(high, "0") > 0 || !strictHigh && compareNumbers(high, "0") == 0)
}

// noteRules tells rules that no keyword says.
func (s *schema) noteRules(tokens []string, wire map[string]string) {
	var list []string
	for _, token := range tokens {
		name, param, has := strings.Cut(token, "=")
		switch name {
		case "required", "omitempty", "omitnil", "omitzero", "dive", "":
			continue
		}
		if has {
			words := strings.Fields(param)
			for i, w := range words {
				if to, ok := wire[w]; ok {
					words[i] = to
				}
			}
			name += "=" + strings.Join(words, " ")
		}
		list = append(list, name)
	}
	if len(list) > 0 {
		s.note("Must obey " + strings.Join(list, ", ") + ".")
	}
}

// rule adds one rule, and reports whether a keyword says it.
func (s *schema) rule(t reflect.Type, token string) bool {
	if strings.Contains(token, "|") {
		return s.alternatives(t, strings.Split(token, "|"))
	}
	name, param, _ := strings.Cut(token, "=")
	param = strings.NewReplacer("0x2C", ",", "0x7C", "|").Replace(param)
	if own, text := makesJSON(t, input); own || text || s.raw != nil {
		return false // the rule looks at what the type makes of the text
	}
	switch k := t.Kind(); {
	case k == reflect.String:
		return s.textRule(t, name, param)
	case t == durationType:
		return false
	case k >= reflect.Int && k <= reflect.Float64:
		return s.numberRule(name, param)
	case k == reflect.Bool && name == "eq":
		s.restrict([]any{param == "true"})
		return param == "true" || param == "false"
	case (k == reflect.Slice || k == reflect.Array) && s.kind == "array":
		return s.listRule(t, name, param)
	case k == reflect.Map && s.kind == "object":
		return s.mapRule(name, param)
	}
	return false
}

// alternatives adds rules of which one is enough.
func (s *schema) alternatives(t reflect.Type, tokens []string) bool {
	var list []*schema
	for _, token := range tokens {
		one := &schema{kind: s.kind}
		if s.comp != nil || !one.rule(t, token) {
			return false
		}
		list = append(list, one)
	}
	if len(s.anyOf) > 0 {
		s.allOf = append(s.allOf, &schema{anyOf: list})
		return true
	}
	s.anyOf = list
	return true
}

// restrict allows some values alone. Where the type has constants of its own,
// those of the rule hold.
func (s *schema) restrict(values []any) {
	if s.comp != nil {
		*s = schema{kind: s.comp.uses[s.use].kind, nullable: s.nullable, description: s.description}
	}
	s.enum = values
}

// exclude forbids a value.
func (s *schema) exclude(value any) bool {
	if s.not != nil || s.comp != nil {
		return false
	}
	s.not = &schema{enum: []any{value}}
	return true
}

func (s *schema) numberRule(name, param string) bool {
	switch name {
	case "oneof":
		var values []any
		for _, word := range words(param) {
			n, ok := numberText(word)
			if !ok {
				return false
			}
			values = append(values, number(n))
		}
		s.restrict(values)
		return true
	case "isdefault":
		s.restrict([]any{number("0")})
		return true
	}
	n, ok := numberText(param)
	if !ok || s.comp != nil {
		return false
	}
	switch name {
	case "min", "gte":
		s.minimum, _ = lower(s.minimum, n)
	case "max", "lte":
		s.maximum, _ = upper(s.maximum, n)
	case "gt":
		s.exclusiveMinimum = n
	case "lt":
		s.exclusiveMaximum = n
	case "eq", "len":
		s.restrict([]any{number(n)})
	case "ne":
		return s.exclude(number(n))
	default:
		return false
	}
	return true
}

func (s *schema) listRule(t reflect.Type, name, param string) bool {
	if name == "unique" {
		s.unique = param == "" || s.unique
		return param == ""
	}
	least, most, ok := lengths(name, param)
	if ok {
		s.minItems, _ = lower(s.minItems, least)
		s.maxItems, _ = upper(s.maxItems, most)
	}
	return ok && t.Kind() != reflect.Array
}

func (s *schema) mapRule(name, param string) bool {
	least, most, ok := lengths(name, param)
	if ok {
		s.minProperties = cmpOr(least, s.minProperties)
		s.maxProperties = cmpOr(most, s.maxProperties)
	}
	return ok
}

// lengths returns the bounds of a length that a rule sets, "" for none.
func lengths(name, param string) (least, most string, ok bool) {
	n, err := strconv.ParseInt(param, 0, 64)
	if err != nil {
		return "", "", false
	}
	text := func(n int64) string { return strconv.FormatInt(max(n, 0), 10) }
	switch name {
	case "min", "gte":
		return text(n), "", true
	case "max", "lte":
		return "", text(n), true
	case "gt":
		return text(n + 1), "", true
	case "lt":
		return "", text(n - 1), n > 0
	case "len", "eq":
		return text(n), text(n), true
	}
	return "", "", false
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// words splits the parameter of oneof: at spaces, but not within single quotes.
func words(param string) []string {
	var list []string
	for param = strings.TrimSpace(param); param != ""; param = strings.TrimSpace(param) {
		word, rest, _ := strings.Cut(param, " ")
		if quoted, ok := strings.CutPrefix(param, "'"); ok && strings.Contains(quoted, "'") {
			word, rest, _ = strings.Cut(quoted, "'")
		}
		list = append(list, word)
		param = rest
	}
	return list
}

// numberText returns the number of a rule in the form of JSON: rules may be
// hexadecimal.
func numberText(text string) (string, bool) {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return strconv.FormatInt(n, 10), true
	}
	if n, err := strconv.ParseUint(text, 0, 64); err == nil {
		return strconv.FormatUint(n, 10), true
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f-f == 0 {
		return strconv.FormatFloat(f, 'f', -1, 64), true
	}
	return "", false
}

// compareNumbers compares the texts of two numbers.
func compareNumbers(a, b string) int {
	if x, err := strconv.ParseInt(a, 10, 64); err == nil {
		if y, err := strconv.ParseInt(b, 10, 64); err == nil {
			return compare(x, y)
		}
	}
	x, _ := strconv.ParseFloat(a, 64)
	y, _ := strconv.ParseFloat(b, 64)
	return compare(x, y)
}

func compare[T int64 | float64](x, y T) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
