package endpoint

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// acceptPass lets compiled checks accept what is certainly valid, so that
// validator/v10, which stays the authority, sees only what may be wrong. Tests
// turn it off to prove that it changes no answer.
var acceptPass = true //nolint:gochecknoglobals // changed by tests alone

// A check reports whether a value is certainly valid.
type check func(v reflect.Value) bool

// acceptRules compiles rules into one check that accepts only what the
// authority would; a rule it does not know makes it accept nothing.
func acceptRules(t reflect.Type, tokens []string) check {
	if inner, ok := isOpt(t); ok {
		c, nilOK := acceptRules(inner, tokens), acceptsNil(tokens)
		return func(v reflect.Value) bool {
			if !v.Field(1).Bool() || v.Field(2).Bool() {
				return nilOK
			}
			return c(v.Field(0))
		}
	}
	if t.Kind() == reflect.Pointer {
		nilOK := acceptsNil(tokens)
		if nilOK {
			tokens = tokens[1:] // what is behind a pointer is looked at, be it empty
		}
		if rules, _, _ := strings.Cut(strings.Join(tokens, ","), "dive"); strings.Contains(rules, "omit") {
			return never
		}
		c := acceptRules(t.Elem(), tokens)
		return func(v reflect.Value) bool {
			if v.IsNil() {
				return nilOK
			}
			return c(v.Elem())
		}
	}
	var checks []check
	for i, token := range tokens {
		name, param, _ := strings.Cut(token, "=")
		switch name {
		case "omitnil":
			if t.Kind() != reflect.Slice && t.Kind() != reflect.Map {
				continue
			}
			rest := acceptRules(t, tokens[i+1:])
			return all(append(checks, func(v reflect.Value) bool { return v.IsNil() || rest(v) }))
		case "omitempty":
			rest := acceptRules(t, tokens[i+1:])
			return all(append(checks, func(v reflect.Value) bool { return v.IsZero() || rest(v) }))
		case "dive":
			if t.Kind() != reflect.Slice || slices.Contains(tokens[i+1:], "keys") {
				return never
			}
			rest := acceptRules(t.Elem(), tokens[i+1:])
			return all(append(checks, each(rest)))
		}
		c := acceptRule(t, name, param)
		if c == nil {
			return never
		}
		checks = append(checks, c)
	}
	return all(checks)
}

func never(reflect.Value) bool { return false }

// acceptsNil reports whether rules begin with one that leaves nil alone.
func acceptsNil(tokens []string) bool {
	return len(tokens) > 0 && (tokens[0] == "omitnil" || tokens[0] == "omitempty")
}

// all joins checks.
func all(checks []check) check {
	switch len(checks) {
	case 0:
		return func(reflect.Value) bool { return true }
	case 1:
		return checks[0]
	case 2:
		a, b := checks[0], checks[1]
		return func(v reflect.Value) bool { return a(v) && b(v) }
	}
	return func(v reflect.Value) bool {
		for _, c := range checks {
			if !c(v) {
				return false
			}
		}
		return true
	}
}

// each checks the elements of a slice.
func each(c check) check {
	return func(v reflect.Value) bool {
		for i := range v.Len() {
			if !c(v.Index(i)) {
				return false
			}
		}
		return true
	}
}

// acceptRule compiles one rule for a type, nil if there is no check for it.
func acceptRule(t reflect.Type, name, param string) check {
	if strings.Contains(param, "|") || strings.Contains(param, "0x2C") || strings.Contains(param, "0x7C") {
		return nil // alternatives and escapes are the authority's
	}
	switch name {
	case "min", "gte":
		return compare(t, param, func(order int) bool { return order >= 0 })
	case "max", "lte":
		return compare(t, param, func(order int) bool { return order <= 0 })
	case "gt":
		return compare(t, param, func(order int) bool { return order > 0 })
	case "lt":
		return compare(t, param, func(order int) bool { return order < 0 })
	case "len":
		return compare(t, param, func(order int) bool { return order == 0 })
	case "oneof":
		return oneOf(t, param)
	}
	if t.Kind() != reflect.String {
		return nil
	}
	switch name {
	case "email":
		return func(v reflect.Value) bool { return isPlainEmail(v.String()) }
	case "alpha":
		return func(v reflect.Value) bool { return consists(v.String(), isLetter) }
	case "alphanum":
		return func(v reflect.Value) bool { return consists(v.String(), isAlphanumeric) }
	}
	return nil
}

// compare checks the order of a value, or of its length, and a number.
func compare(t reflect.Type, param string, ok func(order int) bool) check {
	switch t.Kind() {
	case reflect.String:
		n, err := strconv.ParseInt(param, 0, 64)
		if err != nil {
			return nil
		}
		return func(v reflect.Value) bool {
			return ok(sign(int64(utf8.RuneCountInString(v.String())), n))
		}
	case reflect.Slice, reflect.Map:
		n, err := strconv.ParseInt(param, 0, 64)
		if err != nil {
			return nil
		}
		return func(v reflect.Value) bool { return ok(sign(int64(v.Len()), n)) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(param, 0, 64)
		if err != nil || t == durationType {
			return nil
		}
		return func(v reflect.Value) bool { return ok(sign(v.Int(), n)) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(param, 0, 64)
		if err != nil {
			return nil
		}
		return func(v reflect.Value) bool { return ok(sign(v.Uint(), n)) }
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(param, t.Bits())
		if err != nil {
			return nil
		}
		return func(v reflect.Value) bool { return ok(sign(v.Float(), n)) }
	}
	return nil
}

// sign is cmp.Compare for values that are never NaN.
func sign[T int64 | uint64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// oneOf checks that a text or integer is one of a list without quotes.
func oneOf(t reflect.Type, param string) check {
	if strings.ContainsRune(param, '\'') {
		return nil
	}
	list := strings.FieldsFunc(param, func(r rune) bool { return strings.ContainsRune(" \t\n\f\r", r) })
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) bool { return slices.Contains(list, v.String()) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var numbers []int64
		for _, s := range list {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil || strconv.FormatInt(n, 10) != s {
				return nil
			}
			numbers = append(numbers, n)
		}
		return func(v reflect.Value) bool { return slices.Contains(numbers, v.Int()) }
	}
	return nil
}

// maxEmail is the longest address, in bytes, that is looked at at all: RFC
// 5321 allows no longer one.
const maxEmail = 254

// isPlainEmail reports whether s is an address of the common form
// local.part+tag@host.example, in ASCII.
func isPlainEmail(s string) bool {
	at := strings.IndexByte(s, '@')
	if at <= 0 || at > 64 || len(s) > maxEmail {
		return false
	}
	local, host := s[:at], s[at+1:]
	dot := true // a dot may not come first, twice in a row, or last
	for i := range len(local) {
		c := local[i]
		if c == '.' {
			if dot {
				return false
			}
			dot = true
			continue
		}
		if !isAlphanumeric(c) && c != '+' && c != '-' && c != '_' {
			return false
		}
		dot = false
	}
	return !dot && isPlainHost(host)
}

// isPlainHost reports whether s is two or more labels, the last of letters.
func isPlainHost(s string) bool {
	labels := 0
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || !isAlphanumeric(label[0]) || !isAlphanumeric(label[len(label)-1]) {
			return false
		}
		for i := range len(label) {
			if !isAlphanumeric(label[i]) && label[i] != '-' {
				return false
			}
		}
		labels++
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	return labels >= 2 && len(last) >= 2 && consists(last, isLetter)
}

func consists(s string, of func(byte) bool) bool {
	for i := range len(s) {
		if !of(s[i]) {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isAlphanumeric(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }

// tooLongForEmail reports a text that the email rule may not even be tried on,
// because the authority's expression takes long over it.
func tooLongForEmail(r *rules, v reflect.Value) bool {
	return strings.Contains(r.tag, "email") && holdsLongText(v)
}

// holdsLongText reports whether a value is, or holds, a text longer than any
// address.
func holdsLongText(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Len() > maxEmail
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && holdsLongText(v.Elem())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if holdsLongText(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for k, e := range v.Seq2() {
			if holdsLongText(k) || holdsLongText(e) {
				return true
			}
		}
	case reflect.Struct:
		_, ok := isOpt(v.Type())
		return ok && holdsLongText(v.Field(0))
	}
	return false
}
