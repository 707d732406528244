package endpoint

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

// A node is what a JSON value of one Go type must obey: which members are
// required, what they default to, and their rules. The nodes of a type form a
// graph, with cycles where the type has them.
type node struct {
	typ      reflect.Type
	kind     nodeKind
	nullable bool
	elem     *node    // of a pointer, Opt, slice, array or map
	members  []member // of a struct
	byName   map[string]int

	checked  bool // it or what it holds has rules or required members
	defaults bool // it or what it holds has defaults that prefill cannot set
	strict   bool // it or what it holds may not be null
	cross    bool // it or what it holds has rules that look at other members
}

type nodeKind uint8

const (
	leafNode nodeKind = iota // a value that is judged by its decoder alone
	structNode
	pointerNode
	optNode
	sliceNode
	mapNode
)

// A member is a field of a struct that JSON knows by a name.
type member struct {
	name   string
	index  []int
	node   *node
	rules  rules
	def    string // text of the default
	hasDef bool
	target target // how the default reaches the field
}

// bodyType is what a JSON body is decoded into.
type bodyType struct {
	root   *node
	faults []error
}

// bodyTypes caches by reflect.Type: what a body obeys depends on its type alone.
var bodyTypes sync.Map

// bodyTypeOf analyses a type once.
func bodyTypeOf(t reflect.Type) *bodyType {
	if b, ok := bodyTypes.Load(t); ok {
		return b.(*bodyType)
	}
	g := grapher{nodes: map[reflect.Type]*node{}, tags: map[reflect.Type]map[string]string{}}
	b := &bodyType{root: g.node(t)}
	g.settle()
	g.checkPointers()
	b.faults = g.faults
	if len(b.faults) == 0 {
		authorityOf().learn(g.tags, g.opts)
	}
	got, _ := bodyTypes.LoadOrStore(t, b)
	return got.(*bodyType)
}

// A grapher builds the nodes of a type.
type grapher struct {
	nodes  map[reflect.Type]*node
	tags   map[reflect.Type]map[string]string // the authority's rules by struct and field
	opts   []reflect.Type
	faults []error

	pointers []embeddedPointer
}

// An embeddedPointer is an embedded field that may be nil, so that nothing can
// hold what its members must obey.
type embeddedPointer struct {
	owner reflect.Type
	field reflect.StructField
	node  *node
}

// checkPointers reports embedded pointers to structs with rules or defaults.
func (g *grapher) checkPointers() {
	for _, p := range g.pointers {
		if p.node.checked || p.node.defaults || p.node.hasDefaults() {
			g.faults = append(g.faults, fmt.Errorf("field %s.%s: what an embedded pointer leads to takes no rules and defaults; embed %s by value, or give it a name in JSON", p.owner.Name(), p.field.Name, p.node.typ))
		}
	}
}

var (
	jsonUnmarshalerType     = reflect.TypeFor[stdjson.Unmarshaler]()
	jsonUnmarshalerFromType = reflect.TypeFor[json.UnmarshalerFrom]()
)

// decodesItself reports whether a type brings its own decoding.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonUnmarshalerFromType) || p.Implements(jsonUnmarshalerType) || p.Implements(textUnmarshalerType)
}

// node returns the node of a type, which may still be under construction.
func (g *grapher) node(t reflect.Type) *node {
	if n := g.nodes[t]; n != nil {
		return n
	}
	n := &node{typ: t}
	g.nodes[t] = n
	if t == fileType.Elem() {
		g.faults = append(g.faults, errors.New("a file is no JSON; take a struct with fields tagged file and form"))
		return n
	}
	if inner, ok := isOpt(t); ok {
		n.kind, n.nullable, n.elem = optNode, true, g.node(inner)
		g.opts = append(g.opts, t)
		return n
	}
	switch t.Kind() {
	case reflect.Pointer:
		n.kind, n.nullable, n.elem = pointerNode, true, g.node(t.Elem())
	case reflect.Int64:
		if t == durationType {
			g.faults = append(g.faults, errDuration)
		}
	case reflect.Interface:
		n.nullable = true
		if t.NumMethod() > 0 {
			g.faults = append(g.faults, fmt.Errorf("type %s cannot be read from JSON, which does not say what to make; use a struct or any", t))
		}
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		if !decodesItself(t) {
			g.faults = append(g.faults, fmt.Errorf("type %s cannot be read from JSON; use a type that can", t))
		}
	case reflect.Slice, reflect.Array:
		n.nullable = t.Kind() == reflect.Slice
		if !decodesItself(t) && t.Elem().Kind() != reflect.Uint8 {
			n.kind, n.elem = sliceNode, g.node(t.Elem())
		}
	case reflect.Map:
		n.nullable = true
		if !decodesItself(t) {
			n.kind, n.elem = mapNode, g.node(t.Elem())
			if err := keyFault(t, decodesItself); err != nil {
				g.faults = append(g.faults, err)
			}
		}
	case reflect.Struct:
		if !decodesItself(t) {
			n.kind = structNode
			if err := structFault(t); err != nil {
				g.faults = append(g.faults, err)
			}
			g.structMembers(n, t, nil, map[reflect.Type]bool{})
		}
	}
	return n
}

// structMembers adds the members of struct t, reached from the node's type by
// index, and the rules of its fields for the authority.
func (g *grapher) structMembers(n *node, t reflect.Type, index []int, embedded map[reflect.Type]bool) {
	if embedded[t] {
		return
	}
	embedded[t] = true
	tags := map[string]string{}
	g.tags[t] = tags
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(append([]int(nil), index...), i)
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		name, ignored, inline := jsonName(f)
		if ignored {
			tags[f.Name] = "-"
			continue
		}
		r, err := parseRules(f.Type, f.Tag.Get("validate"), t)
		if err != nil {
			g.faults = append(g.faults, fmt.Errorf("field %s.%s: %w", t.Name(), f.Name, err))
			continue
		}
		tags[f.Name] = g.deepTag(f, r.tag)
		if inline {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			switch {
			case inner.Kind() != reflect.Struct:
			case f.Type.Kind() == reflect.Pointer && !f.IsExported():
				g.faults = append(g.faults, fmt.Errorf("field %s.%s: it is an embedded pointer to an unexported struct, which nothing can make; embed %s by value", t.Name(), f.Name, inner))
			case f.Type.Kind() == reflect.Pointer:
				g.pointers = append(g.pointers, embeddedPointer{t, f, g.node(inner)})
			default:
				g.structMembers(n, inner, at, embedded)
			}
			continue
		}
		if _, ok := f.Tag.Lookup(fromPath.String()); ok {
			g.faults = append(g.faults, fmt.Errorf("field %s.%s: it is a member of the body and cannot bind a path parameter; take that in an input struct beside the body", t.Name(), f.Name))
		}
		before := len(g.faults)
		m := member{name: name, index: at, node: g.node(f.Type), rules: r}
		for i := before; i < len(g.faults); i++ {
			g.faults[i] = fmt.Errorf("field %s.%s: %w", t.Name(), f.Name, g.faults[i])
		}
		if text, ok := f.Tag.Lookup("default"); ok {
			g.setDefault(&m, t, f, text)
		}
		if n.byName == nil {
			n.byName = map[string]int{}
		}
		if k, taken := n.byName[name]; !taken {
			n.byName[name] = len(n.members)
			n.members = append(n.members, m)
		} else if len(at) < len(n.members[k].index) {
			n.members[k] = m // the outer field hides the embedded one
		}
	}
}

// deepTag makes the authority look into slices and maps of structs, which it
// would only do where the tag says dive.
func (g *grapher) deepTag(f reflect.StructField, tag string) string {
	if tag == "" && f.Tag.Get("validate") == "-" {
		return "-"
	}
	t := f.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var dives []string
	seen := map[reflect.Type]bool{}
	for (t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map) && !decodesItself(t) {
		if seen[t] { // it holds itself, and so no struct
			return tag
		}
		seen[t] = true
		dives = append(dives, "dive")
		for t = t.Elem(); t.Kind() == reflect.Pointer; t = t.Elem() {
		}
	}
	if t.Kind() != reflect.Struct || decodesItself(t) || strings.Contains(tag, "dive") || len(dives) == 0 {
		return tag
	}
	if tag == "" {
		tag = "omitnil"
	}
	return tag + "," + strings.Join(dives, ",")
}

// setDefault checks and keeps the default of a member.
func (g *grapher) setDefault(m *member, owner reflect.Type, f reflect.StructField, text string) {
	fault := func(format string, args ...any) {
		g.faults = append(g.faults, fmt.Errorf("field %s.%s: default %q: %w", owner.Name(), f.Name, text, fmt.Errorf(format, args...)))
	}
	target, ok := targetOf(f.Type)
	switch {
	case !ok || target.form == formMap:
		fault("type %s takes no default; set it in the handler", f.Type)
	case target.form == formOpt:
		fault("an Opt tells that nothing was sent; drop it, or make the field a %s", target.elem)
	case m.rules.required:
		fault("a required member never takes its default; drop one of the two")
	default:
		m.def, m.hasDef, m.target = text, true, target
		if err := checkDefault(f.Type, &target, text, &m.rules); err != nil {
			fault("%w", err)
		}
	}
}

// checkDefault applies a default to a sample and reports what is wrong with it.
func checkDefault(t reflect.Type, target *target, text string, r *rules) error {
	v := reflect.New(t).Elem()
	if !putDefault(target, target.pointer(v), text) {
		return fmt.Errorf("it %s; write such a value", target.scalar.want)
	}
	if r.tag != "" && !r.cross {
		if faults := validateValue(v.Interface(), r.tag); len(faults) > 0 {
			return fmt.Errorf("it breaks the rule %s; write a value that obeys it", faults[0].Tag())
		}
	}
	return nil
}

// putDefault puts the text of a default into a field: for a slice, its
// elements separated by commas.
func putDefault(t *target, dst any, text string) bool {
	if !t.many() {
		return t.put(dst, "", text)
	}
	for part := range strings.SplitSeq(text, ",") {
		if !t.put(dst, "", part) {
			return false
		}
	}
	return true
}

// jsonName returns the name of a field in JSON, and whether it is left out or
// its own members stand in its place.
func jsonName(f reflect.StructField) (name string, ignored, inline bool) {
	tag, ok := f.Tag.Lookup("json")
	if tag == "-" {
		return "", true, false
	}
	name, options, _ := strings.Cut(tag, ",")
	if strings.HasPrefix(name, "'") {
		if quoted, err := strconv.Unquote(`"` + strings.Trim(name, "'") + `"`); err == nil {
			name = quoted
		}
	}
	for option := range strings.SplitSeq(options, ",") {
		if option == "embed" {
			return "", false, true
		}
	}
	if f.Anonymous && (!ok || name == "") {
		t := f.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() == reflect.Struct {
			return "", false, true
		}
	}
	if name == "" {
		name = f.Name
	}
	return name, !f.IsExported(), false
}

// settle marks which nodes hold rules, defaults and values that may not be
// null, until nothing changes: types may be recursive.
func (g *grapher) settle() {
	for changed := true; changed; {
		changed = false
		for _, n := range g.nodes {
			before := [4]bool{n.checked, n.defaults, n.strict, n.cross}
			n.strict = n.strict || !n.nullable
			if n.elem != nil {
				n.checked = n.checked || n.elem.checked
				n.strict = n.strict || n.elem.strict
				n.cross = n.cross || n.elem.cross
				n.defaults = n.defaults || n.elem.defaults || n.elem.hasDefaults()
			}
			for i := range n.members {
				m := &n.members[i]
				n.checked = n.checked || m.rules.required || m.rules.tag != "" || m.node.checked
				n.defaults = n.defaults || m.node.defaults
				n.strict = n.strict || m.node.strict
				n.cross = n.cross || m.rules.cross || m.node.cross
			}
			changed = changed || before != [4]bool{n.checked, n.defaults, n.strict, n.cross}
		}
	}
}

// hasDefaults reports whether prefill would set anything in a value of the node.
func (n *node) hasDefaults() bool {
	if n.kind != structNode {
		return false
	}
	for i := range n.members {
		if m := &n.members[i]; m.hasDef || m.node.hasDefaults() {
			return true
		}
	}
	return false
}

// prefill sets the defaults of a struct before it is decoded into, so that
// what is absent keeps them.
func (n *node) prefill(v reflect.Value) {
	if n.kind != structNode {
		return
	}
	for i := range n.members {
		m := &n.members[i]
		if m.hasDef {
			putDefault(&m.target, m.target.pointer(v.FieldByIndex(m.index)), m.def)
		} else if m.node.kind == structNode && m.node.hasDefaults() {
			m.node.prefill(v.FieldByIndex(m.index))
		}
	}
}

// accept reports whether a decoded value certainly obeys every rule.
func (n *node) accept(v reflect.Value) bool {
	switch n.kind {
	case pointerNode:
		return v.IsNil() || n.elem.accept(v.Elem())
	case optNode:
		return !n.elem.checked || n.elem.accept(v.Field(0))
	case sliceNode:
		if n.elem.checked {
			for i := range v.Len() {
				if !n.elem.accept(v.Index(i)) {
					return false
				}
			}
		}
	case mapNode:
		return !n.elem.checked || v.Len() == 0
	case structNode:
		for i := range n.members {
			if m := &n.members[i]; !m.accept(v) {
				return false
			}
		}
	}
	return true
}

// accept reports whether the member of struct v certainly obeys its rules.
func (m *member) accept(v reflect.Value) bool {
	if !m.rules.required && m.rules.tag == "" && !m.node.checked {
		return true
	}
	var f reflect.Value
	if len(m.index) == 1 {
		f = v.Field(m.index[0])
	} else {
		f = v.FieldByIndex(m.index)
	}
	if m.rules.required && f.IsZero() {
		return false // absent, or an explicit zero: the text tells
	}
	if m.rules.tag != "" && (m.rules.accept == nil || !m.rules.accept(f)) {
		return false
	}
	return !m.node.checked || m.node.accept(f)
}
