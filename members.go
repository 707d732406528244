package endpoint

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	stdjson "encoding/json"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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
	for (t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map) && !decodesItself(t) {
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

// errStop ends a walk whose faults would not be reported any more.
var errStop = errors.New("enough faults")

// A walker goes through the text of a body beside its decoded value: only the
// text tells what is absent, null or an explicit zero.
type walker struct {
	call    *call
	text    []byte
	root    *node
	value   reflect.Value // of the root
	dec     *jsontext.Decoder
	pointer []byte
	absent  map[string]bool // pointers of absent members that have rules; nil before the text was read
}

// walk reports required members that are absent and nulls that no type holds,
// and sets the defaults of what is absent.
func (w *walker) walk(n *node, v reflect.Value) error {
	if w.dec.PeekKind() == 'n' {
		if !n.nullable {
			w.fault("type", "must not be null")
			w.absent[string(w.pointer)] = true // what null would break beside that is not told
		}
		return w.dec.SkipValue()
	}
	if !n.checked && !n.defaults && !n.strict || n.kind == leafNode {
		return w.dec.SkipValue()
	}
	switch n.kind {
	case pointerNode:
		return w.walk(n.elem, v.Elem())
	case optNode:
		return w.walk(n.elem, v.Field(0))
	case sliceNode:
		return w.elements(n, v)
	case mapNode:
		return w.entries(n, v)
	}
	return w.members(n, v)
}

func (w *walker) elements(n *node, v reflect.Value) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	for i := 0; w.dec.PeekKind() != ']'; i++ {
		if len(w.call.faults) >= maxFaults || i >= v.Len() {
			return errStop
		}
		base := len(w.pointer)
		w.pointer = strconv.AppendInt(append(w.pointer, '/'), int64(i), 10)
		if err := w.walk(n.elem, v.Index(i)); err != nil {
			return err
		}
		w.pointer = w.pointer[:base]
	}
	_, err := w.dec.ReadToken()
	return err
}

func (w *walker) entries(n *node, v reflect.Value) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	for w.dec.PeekKind() != '}' {
		if len(w.call.faults) >= maxFaults {
			return errStop
		}
		name, err := w.dec.ReadToken()
		if err != nil {
			return err
		}
		key := name.String()
		base := len(w.pointer)
		w.pointer = appendPointer(w.pointer, key)
		k, ok := mapKey(n.typ.Key(), key)
		if err := w.entry(n, v, k, ok); err != nil {
			return err
		}
		w.pointer = w.pointer[:base]
	}
	_, err := w.dec.ReadToken()
	return err
}

// entry walks the element of a map, which cannot be changed in place.
func (w *walker) entry(n *node, v, key reflect.Value, ok bool) error {
	if ok {
		if old := v.MapIndex(key); old.IsValid() {
			elem := reflect.New(n.typ.Elem()).Elem()
			elem.Set(old)
			err := w.walk(n.elem, elem)
			v.SetMapIndex(key, elem)
			return err
		}
	}
	return w.dec.SkipValue()
}

// mapKey returns the key of a map for the name of a JSON member.
func mapKey(t reflect.Type, name string) (reflect.Value, bool) {
	if t.Kind() == reflect.String && !reflect.PointerTo(t).Implements(textUnmarshalerType) {
		return reflect.ValueOf(name).Convert(t), true
	}
	k := reflect.New(t)
	if u, ok := k.Interface().(encoding.TextUnmarshaler); ok {
		return k.Elem(), u.UnmarshalText([]byte(name)) == nil
	}
	c, ok := scalar(t)
	return k.Elem(), ok && c.set(k.Convert(c.ptr).Interface(), name)
}

func (w *walker) members(n *node, v reflect.Value) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	seen := make([]bool, len(n.members))
	base := len(w.pointer)
	for w.dec.PeekKind() != '}' {
		if len(w.call.faults) >= maxFaults {
			return errStop
		}
		i, err := w.name(n)
		if err != nil {
			return err
		}
		if i < 0 {
			if err := w.dec.SkipValue(); err != nil {
				return err
			}
			continue
		}
		seen[i] = true
		m := &n.members[i]
		w.pointer = appendPointer(w.pointer, m.name)
		if m.rules.required && w.dec.PeekKind() == 'n' && m.node.kind != optNode {
			w.fault("required", "is required and must not be null")
			w.absent[string(w.pointer)] = true
			if err := w.dec.SkipValue(); err != nil {
				return err
			}
		} else if err := w.walk(m.node, v.FieldByIndex(m.index)); err != nil {
			return err
		}
		w.pointer = w.pointer[:base]
	}
	for i := range n.members {
		if !seen[i] {
			w.missing(&n.members[i], v)
		}
	}
	_, err := w.dec.ReadToken()
	return err
}

// name reads the name of a member and returns its index, -1 for an unknown one.
func (w *walker) name(n *node) (int, error) {
	raw, err := w.dec.ReadValue()
	if err != nil {
		return -1, err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		if i, ok := n.byName[string(raw[1:len(raw)-1])]; ok {
			return i, nil
		}
		return -1, nil
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if i, ok := n.byName[string(text)]; ok {
		return i, err
	}
	return -1, err
}

// missing deals with a member that was not sent.
func (w *walker) missing(m *member, v reflect.Value) {
	base := len(w.pointer)
	w.pointer = appendPointer(w.pointer, m.name)
	defer func() { w.pointer = w.pointer[:base] }()
	switch {
	case m.rules.required:
		w.fault("required", "is required")
		w.absent[string(w.pointer)] = true
	case m.hasDef:
		f := v.FieldByIndex(m.index)
		f.SetZero()
		putDefault(&m.target, m.target.pointer(f), m.def)
	case m.rules.tag != "" || m.node.checked:
		w.absent[string(w.pointer)] = true
	}
}

func (w *walker) fault(code, message string) {
	w.call.fault(FieldError{In: "body", Pointer: string(w.pointer), Code: code, Message: message})
}

// appendPointer adds a reference token of RFC 6901.
func appendPointer(b []byte, token string) []byte {
	b = append(b, '/')
	for i := range len(token) {
		switch c := token[i]; c {
		case '~':
			b = append(b, '~', '0')
		case '/':
			b = append(b, '~', '1')
		default:
			b = append(b, c)
		}
	}
	return b
}

// check validates a decoded body against its text and reports whether it is
// valid; v is addressable.
func (b *bodyType) check(c *call, text []byte, v reflect.Value) bool {
	n := b.root
	mayNull := n.strict && bytes.Contains(text, []byte("null"))
	if acceptPass && !mayNull && !n.defaults && (!n.checked || n.accept(v)) {
		return true
	}
	before := len(c.faults)
	w := walker{call: c, text: text, root: n, value: v}
	if (mayNull || n.defaults || !acceptPass || n.zeroRequired(v)) && !w.walkText() {
		return false
	}
	if n.checked {
		w.judge(n, v)
	}
	if n.cross && len(c.faults) < maxFaults {
		w.judgeTogether(n, v)
	}
	return len(c.faults) == before
}

// zeroRequired reports whether some required member is zero, so that only the
// text tells whether it was sent.
func (n *node) zeroRequired(v reflect.Value) bool {
	if !n.checked {
		return false
	}
	switch n.kind {
	case pointerNode:
		return !v.IsNil() && n.elem.zeroRequired(v.Elem())
	case optNode:
		return n.elem.zeroRequired(v.Field(0))
	case sliceNode:
		for i := range v.Len() {
			if n.elem.zeroRequired(v.Index(i)) {
				return true
			}
		}
	case mapNode:
		return v.Len() > 0
	case structNode:
		for i := range n.members {
			m := &n.members[i]
			f := v.FieldByIndex(m.index)
			if m.rules.required && f.IsZero() || m.node.zeroRequired(f) {
				return true
			}
		}
	}
	return false
}

// walkText goes through the text, once; it reports false for a text that
// cannot be read.
func (w *walker) walkText() bool {
	w.absent = map[string]bool{}
	w.dec = jsontext.NewDecoder(bytes.NewBuffer(w.text))
	base := len(w.pointer)
	err := w.walk(w.root, w.value)
	w.pointer = w.pointer[:base]
	if err != nil && !errors.Is(err, errStop) {
		w.call.broken = badJSON(err)
		return false
	}
	return true
}

// judge asks the authority about each member that is not certainly valid, and
// reports its faults but for members that are absent.
func (w *walker) judge(n *node, v reflect.Value) {
	if !n.checked || len(w.call.faults) >= maxFaults {
		return
	}
	base := len(w.pointer)
	switch n.kind {
	case pointerNode:
		if !v.IsNil() {
			w.judge(n.elem, v.Elem())
		}
	case optNode:
		if v.Field(1).Bool() && !v.Field(2).Bool() {
			w.judge(n.elem, v.Field(0)) // neither absent nor null
		}
	case sliceNode:
		for i := range v.Len() {
			w.pointer = strconv.AppendInt(append(w.pointer, '/'), int64(i), 10)
			w.judge(n.elem, v.Index(i))
			w.pointer = w.pointer[:base]
		}
	case mapNode:
		doubtful := map[string]reflect.Value{}
		for k, e := range v.Seq2() {
			if !acceptPass || !n.elem.accept(e) {
				doubtful[keyText(k)] = e
			}
		}
		for _, k := range sortedKeys(doubtful) { // the same faults whenever it is sent
			w.pointer = appendPointer(w.pointer, k)
			w.judge(n.elem, doubtful[k])
			w.pointer = w.pointer[:base]
		}
	case structNode:
		for i := range n.members {
			m := &n.members[i]
			w.pointer = appendPointer(w.pointer, m.name)
			w.judgeMember(m, v.FieldByIndex(m.index))
			w.pointer = w.pointer[:base]
		}
	}
}

// keyText returns the key of a map as JSON has it.
func keyText(k reflect.Value) string {
	if t, ok := k.Interface().(encoding.TextMarshaler); ok {
		text, _ := t.MarshalText() // it was read from text before
		return string(text)
	}
	return fmt.Sprint(k.Interface())
}

func (w *walker) judgeMember(m *member, f reflect.Value) {
	r := &m.rules
	if r.tag != "" && !r.cross && !(acceptPass && r.accept(f)) && !(f.IsZero() && w.isAbsent()) {
		w.judgeValue(r, f, m.node.checked)
	}
	if m.node.checked && !(f.IsZero() && m.node.kind == structNode && w.isAbsent()) {
		w.judge(m.node, f)
	}
}

// judgeValue asks the authority about one value. If what it holds is judged
// too, faults of members that the authority dived into are left to that.
func (w *walker) judgeValue(r *rules, f reflect.Value, within bool) {
	if tooLongForEmail(r, f) {
		w.fault("email", ruleText("email", "", reflect.String))
		return
	}
	base := len(w.pointer)
	for _, v := range validateValue(f.Interface(), r.tag) {
		if field := v.StructField(); within && field != "" && field[0] != '[' {
			continue
		}
		w.pointer = append(w.pointer, pointerOf(f.Type(), v.StructNamespace())...)
		w.fault(v.Tag(), ruleText(v.Tag(), v.Param(), v.Kind()))
		w.pointer = w.pointer[:base]
	}
}

// isAbsent reports whether the member at the walker's pointer, or one that
// holds it, was not sent.
func (w *walker) isAbsent() bool {
	if w.absent == nil && !w.walkAgain() {
		return false
	}
	return w.isAbsentAt(string(w.pointer))
}

// walkAgain reads the text for the first time, when it turns out to be needed.
func (w *walker) walkAgain() bool {
	at := append([]byte(nil), w.pointer...)
	w.pointer = w.pointer[:0]
	ok := w.walkText()
	w.pointer = append(w.pointer[:0], at...)
	return ok
}

func (w *walker) isAbsentAt(pointer string) bool {
	for p := pointer; p != ""; p = p[:strings.LastIndexByte(p, '/')] {
		if w.absent[p] {
			return true
		}
	}
	return w.absent[""] // null for the whole
}

// judgeTogether asks the authority about rules that look at several members.
func (w *walker) judgeTogether(n *node, v reflect.Value) {
	for n.kind == pointerNode && !v.IsNil() {
		n, v = n.elem, v.Elem()
	}
	var faults violations
	prefix := ""
	switch n.kind {
	case structNode:
		faults, prefix = validateStruct(v.Addr().Interface()), n.typ.Name()+"."
	case sliceNode, mapNode:
		faults = validateValue(v.Interface(), "dive")
	}
	if w.absent == nil && len(faults) > 0 && !w.walkAgain() {
		return
	}
	for _, f := range faults {
		if !isCrossRule(f.Tag()) {
			continue
		}
		namespace := strings.TrimPrefix(f.StructNamespace(), prefix)
		pointer := pointerOf(n.typ, namespace)
		if strings.HasPrefix(f.Tag(), "required") && !w.isAbsentAt(pointer) {
			continue // an explicit zero was sent
		}
		other := f.Param()
		if other != "" && !strings.ContainsAny(other, " .") { // the client knows no Go names
			other = pointerOf(n.typ, strings.TrimSuffix(namespace, f.StructField())+other)
			other = other[strings.LastIndexByte(other, '/')+1:]
		}
		w.call.fault(FieldError{In: "body", Pointer: pointer, Code: f.Tag(), Message: ruleText(f.Tag(), other, f.Kind())})
	}
}

// pointerOf turns the authority's path, such as Lines[0].SKU, into a JSON
// pointer.
func pointerOf(t reflect.Type, path string) string {
	var b []byte
	for path != "" {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if inner, ok := isOpt(t); ok {
			t = inner
		}
		if path[0] == '.' {
			path = path[1:]
			continue
		}
		if path[0] == '[' {
			key, rest := cutIndex(path)
			b = appendPointer(b, key)
			path = rest
			if t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
				t = t.Elem()
			}
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		var f reflect.StructField
		if t.Kind() == reflect.Struct {
			f, _ = t.FieldByName(path[:end])
		}
		if f.Type == nil {
			return string(appendPointer(b, path))
		}
		if name, _, inline := jsonName(f); !inline {
			b = appendPointer(b, name)
		}
		t, path = f.Type, path[end:]
	}
	return string(b)
}

// cutIndex splits "[key]rest"; a key may hold brackets of its own.
func cutIndex(path string) (key, rest string) {
	for i := 1; i < len(path); i++ {
		if path[i] == ']' && (i+1 == len(path) || path[i+1] == '.' || path[i+1] == '[') {
			return path[1:i], path[i+1:]
		}
	}
	return path[1:], ""
}
