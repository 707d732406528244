package endpoint

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
)

// acceptPass lets compiled checks accept what is certainly valid, so that
// validator/v10, which stays the authority, sees only what may be wrong. Tests
// turn it off to prove that it changes no answer.
var acceptPass = true //nolint:gochecknoglobals // changed by tests alone

// rules are the parsed `validate` tag of a field.
type rules struct {
	required  bool     // must be sent; the zero value will do
	tag       string   // for validator/v10, without required; "" for no rules
	described []string // as written, for descriptions
	accept    check    // reports that a value certainly obeys tag; nil if there are no rules
	cross     bool     // a rule looks at other fields
}

// A check reports whether a value is certainly valid.
type check func(v reflect.Value) bool

// parseRules reads a validate tag of a field of type t. The fault says what
// cannot be a rule of that type.
func parseRules(t reflect.Type, tag string, owner reflect.Type) (r rules, err error) {
	if tag == "" || tag == "-" {
		return rules{}, nil
	}
	var kept []string
	elem, inElem := t, false
	var keys, values reflect.Type // of the map that was dived into; values while in its keys
	for _, token := range strings.Split(tag, ",") {
		name, _, _ := strings.Cut(token, "=")
		r.described = append(r.described, token)
		switch {
		case name == "required" && !inElem:
			r.required = true
			continue
		case name == "required" && elem.Kind() != reflect.Pointer && elem.Kind() != reflect.Interface:
			continue // an element is always there
		case name == "dive":
			keys, values = keyOf(elem), nil
			if elem = elementOf(elem); elem == nil {
				return r, fmt.Errorf("rule dive does not fit type %s; it goes into slices, arrays and maps", t)
			}
			inElem = true
		case name == "keys":
			if keys == nil || !strings.HasPrefix(kept[len(kept)-1], "dive") {
				return r, fmt.Errorf("rule keys does not fit type %s; it stands after the dive into a map", t)
			}
			elem, values = keys, elem
		case name == "endkeys":
			if values == nil {
				return r, fmt.Errorf("rule endkeys has no keys before it; take it out")
			}
			elem, values = values, nil
		case slices.ContainsFunc(strings.Split(token, "|"), isCrossToken):
			r.cross = true
			for alternative := range strings.SplitSeq(token, "|") {
				name, param, _ := strings.Cut(alternative, "=")
				if err := checkNamedField(name, param, owner); err != nil && isCrossRule(name) {
					return r, err
				}
			}
		case !isStructuralRule(name):
			if err := tryRule(elem, token); err != nil {
				return r, err
			}
		}
		kept = append(kept, token)
	}
	if values != nil {
		return r, fmt.Errorf("rule keys has no end; write endkeys after the rules of the keys")
	}
	if len(kept) == 0 {
		return r, nil
	}
	if isNilable(t) && !strings.HasPrefix(kept[0], "omit") {
		kept = append([]string{"omitnil"}, kept...) // absent, which is the business of required
	}
	r.tag = strings.Join(kept, ",")
	if !r.cross {
		r.accept = acceptRules(t, kept)
	}
	return r, nil
}

func isNilable(t reflect.Type) bool {
	if _, ok := isOpt(t); ok {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return false
}

// elementOf returns what dive goes into, nil if there is nothing.
func elementOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if inner, ok := isOpt(t); ok {
		t = inner
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return t.Elem()
	}
	return nil
}

// keyOf returns the type of a map's keys, nil for other types.
func keyOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Map {
		return nil
	}
	return t.Key()
}

// isStructuralRule reports whether a rule steers the others and checks nothing.
func isStructuralRule(name string) bool {
	switch name {
	case "omitempty", "omitnil", "omitzero", "keys", "endkeys", "structonly", "nostructlevel", "required":
		return true
	}
	return false
}

// isCrossRule reports whether a rule looks at other fields of the struct.
func isCrossRule(name string) bool {
	switch name {
	case "fieldcontains", "fieldexcludes", "skip_unless":
		return true
	}
	return strings.HasSuffix(name, "field") ||
		strings.HasPrefix(name, "required_") || strings.HasPrefix(name, "excluded_")
}

// isCrossToken is isCrossRule for a rule with its parameter.
func isCrossToken(token string) bool {
	name, _, _ := strings.Cut(token, "=")
	return isCrossRule(name)
}

// checkNamedField reports a cross-field rule whose field the struct lacks.
func checkNamedField(rule, param string, owner reflect.Type) error {
	if owner == nil || param == "" || strings.HasSuffix(rule, "csfield") || strings.Contains(param, ".") {
		return nil
	}
	names := strings.Fields(param)
	if strings.HasSuffix(rule, "_if") || strings.HasSuffix(rule, "_unless") {
		// pairs of a field and a value
		names = names[:min(1, len(names))]
	}
	for _, n := range names {
		if _, ok := owner.FieldByName(n); !ok {
			return fmt.Errorf("rule %s=%s names no field of %s; write the Go name of a field", rule, param, owner.Name())
		}
	}
	return nil
}

// An authority is validator/v10 with our reading of the tags.
type authority struct {
	mu    sync.RWMutex // held for writing while rules are registered
	check *validator.Validate
	known map[reflect.Type]bool
}

// authorityOf returns the one authority: what it knows of a type depends on
// the type alone.
var authorityOf = sync.OnceValue(func() *authority {
	return &authority{check: validator.New(), known: map[reflect.Type]bool{}}
})

// tryRule runs one rule on a sample of its type, because validator/v10 reports
// unknown and misfitting rules by panicking when they run.
func tryRule(t reflect.Type, token string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			name, _, _ := strings.Cut(token, "=")
			if strings.HasPrefix(fmt.Sprint(p), "Undefined validation function") {
				err = fmt.Errorf("validate rule %q is unknown; write one that validator/v10 lists", name)
				return
			}
			err = fmt.Errorf("validate rule %q does not fit type %s; write a rule and a value for that type", token, t)
		}
	}()
	if token == "" {
		return fmt.Errorf("validate tag has an empty rule; take the extra comma out")
	}
	if isPlainStruct(t) && token != "isdefault" {
		return fmt.Errorf("validate rule %q does not fit type %s, a struct; put rules on its fields", token, t)
	}
	if t.Kind() == reflect.Interface {
		return fmt.Errorf("validate rule %q does not fit every value of type %s; use a type of its own, or check the value in the handler", token, t)
	}
	a := authorityOf()
	a.mu.RLock()
	defer a.mu.RUnlock()
	_ = a.check.Var(sample(t), token) // only a panic counts: the sample need not be valid
	return nil
}

// isPlainStruct reports whether t is, or leads to, a struct that is no time:
// the authority ignores rules of such a value, or panics over them.
func isPlainStruct(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if inner, ok := isOpt(t); ok {
		return isPlainStruct(inner)
	}
	return t.Kind() == reflect.Struct && !t.ConvertibleTo(timeType)
}

// sample returns a value of t that is not zero where that is easy, so that
// rules look at it.
func sample(t reflect.Type) any {
	if inner, ok := isOpt(t); ok {
		t = inner
	}
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Pointer:
		return sample(t.Elem())
	case reflect.String:
		v.SetString("a")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Bool:
		v.SetBool(true)
	}
	return v.Interface()
}

// learn registers the rules of a struct type and those it holds, and warms the
// authority's cache, so that requests only read it.
func (a *authority) learn(types map[reflect.Type]map[string]string, opts []reflect.Type) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range opts {
		if !a.known[t] {
			a.known[t] = true
			a.check.RegisterCustomTypeFunc(optValue, reflect.Zero(t).Interface())
		}
	}
	var fresh []reflect.Type
	for t, fields := range types {
		if !a.known[t] {
			a.known[t] = true
			a.check.RegisterStructValidationMapRules(fields, reflect.Zero(t).Interface())
			fresh = append(fresh, t)
		}
	}
	for _, t := range fresh {
		func() {
			// Every rule was tried alone before; what a zero value makes one do is not of interest.
			defer func() { _ = recover() }()
			_ = a.check.Struct(reflect.New(t).Interface())
		}()
	}
}

// optValue shows the authority what an Opt holds; a nil pointer where there is nothing.
func optValue(v reflect.Value) any {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	o := p.Interface().(optional)
	if set, null := o.state(); !set || null {
		return reflect.Zero(reflect.PointerTo(o.inner())).Interface()
	}
	return reflect.ValueOf(o.value()).Elem().Interface()
}

// violations are the faults that the authority found.
type violations = validator.ValidationErrors

// validateStruct asks the authority about a struct.
func validateStruct(ptr any) violations {
	a := authorityOf()
	a.mu.RLock()
	defer a.mu.RUnlock()
	faults, _ := a.check.Struct(ptr).(validator.ValidationErrors)
	return faults
}

// validateValue asks the authority about one value.
func validateValue(v any, tag string) violations {
	a := authorityOf()
	a.mu.RLock()
	defer a.mu.RUnlock()
	faults, _ := a.check.Var(v, tag).(validator.ValidationErrors)
	return faults
}

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

func isLetter(c byte) bool       { return 'a' <= c|0x20 && c|0x20 <= 'z' }
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

// ruleText says what a value must be to obey a rule; kind is that of the value.
func ruleText(rule, param string, kind reflect.Kind) string {
	noun, at := "", "must be "
	switch kind {
	case reflect.String:
		noun, at = " characters", "must have "
	case reflect.Slice, reflect.Map, reflect.Array:
		noun, at = " items", "must have "
	}
	if param == "1" {
		noun = strings.TrimSuffix(noun, "s")
	}
	switch rule {
	case "required", "required_if", "required_unless", "required_with", "required_with_all", "required_without", "required_without_all":
		return "is required"
	case "min", "gte":
		return at + "at least " + param + noun
	case "max", "lte":
		return at + "at most " + param + noun
	case "gt":
		return at + "more than " + param + noun
	case "lt":
		return at + "less than " + param + noun
	case "len":
		return at + "exactly " + param + noun
	case "eq":
		return "must be " + param
	case "ne":
		return "must not be " + param
	case "oneof", "oneofci":
		return "must be one of " + strings.Join(strings.Fields(param), ", ")
	case "email":
		return "must be an e-mail address"
	case "url", "http_url":
		return "must be a URL"
	case "uri":
		return "must be a URI"
	case "uuid", "uuid3", "uuid4", "uuid5", "uuid_rfc4122":
		return "must be a UUID"
	case "ip", "ipv4", "ipv6":
		return "must be an IP address"
	case "alpha":
		return "must consist of letters"
	case "alphanum":
		return "must consist of letters and digits"
	case "numeric", "number":
		return "must be a number"
	case "datetime":
		return "must be a date and time of the form " + param
	case "unique":
		return "must not have the same item twice"
	case "startswith":
		return "must start with " + param
	case "endswith":
		return "must end with " + param
	case "contains":
		return "must contain " + param
	case "eqfield":
		return "must equal " + param
	case "nefield":
		return "must not equal " + param
	}
	if param != "" {
		return "must obey " + rule + "=" + param
	}
	return "must obey " + rule
}
