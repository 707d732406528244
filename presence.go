package endpoint

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

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
