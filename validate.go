package endpoint

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// rules are the parsed `validate` tag of a field.
type rules struct {
	required  bool     // must be sent; the zero value will do
	tag       string   // for validator/v10, without required; "" for no rules
	described []string // as written, for descriptions
	accept    check    // reports that a value certainly obeys tag; nil if there are no rules
	cross     bool     // a rule looks at other fields
}

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
	faults, _ := errors.AsType[violations](a.check.Struct(ptr))
	return faults
}

// validateValue asks the authority about one value.
func validateValue(v any, tag string) violations {
	a := authorityOf()
	a.mu.RLock()
	defer a.mu.RUnlock()
	faults, _ := errors.AsType[violations](a.check.Var(v, tag))
	return faults
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
