package endpoint

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// A source is where in a request a field comes from.
type source uint8

const (
	fromPath source = iota
	fromQuery
	fromHeader
	fromCookie
	fromForm
	fromFile
	fromBody
)

// sourceNames are the tags of the sources, and their names in a FieldError.
var sourceNames = [...]string{"path", "query", "header", "cookie", "form", "file", "body"}

func (s source) String() string { return sourceNames[s] }

// An inputType is a struct whose fields name sources, analysed once.
type inputType struct {
	typ    reflect.Type
	fields []inputField
	query  names
	form   names
	header []int // fields by source
	cookie []int
	path   []int
	file   []int
	body   int  // index of the body field, -1 without
	ruled  bool // some field has rules, a default or is required
	cross  bool // some rule looks at other fields
	faults []error

	badPath bool // a field of a path parameter is at fault
}

// An inputField is one field of an input struct.
type inputField struct {
	goName string
	source source
	name   string // on the wire; of a header in its canonical form
	index  []int
	typ    reflect.Type
	target target
	comma  bool // values are separated by commas too
	rules  rules
	def    string
	hasDef bool
	body   *bodyPlan
}

// inputTypes caches by reflect.Type: an input depends on its type alone.
var inputTypes sync.Map

// inputTypeOf analyses a struct type once.
func inputTypeOf(t reflect.Type) *inputType {
	if in, ok := inputTypes.Load(t); ok {
		return in.(*inputType)
	}
	in := &inputType{typ: t, body: -1}
	tags := map[reflect.Type]map[string]string{}
	var opts []reflect.Type
	in.add(t, nil, tags, &opts)
	for i := range in.fields {
		in.index(i)
	}
	in.checkBody()
	if len(in.faults) == 0 && in.ruled {
		authorityOf().learn(tags, opts)
	}
	got, _ := inputTypes.LoadOrStore(t, in)
	return got.(*inputType)
}

// isInput reports whether some field of a struct, or of one that it embeds,
// names a source.
func isInput(t reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		for _, s := range sourceNames {
			if _, ok := f.Tag.Lookup(s); ok {
				return true
			}
		}
		if f.Anonymous && f.Type.Kind() == reflect.Struct && isInput(f.Type) || isEmbeddedPointer(f) {
			return true
		}
	}
	return false
}

// isEmbeddedPointer reports whether a field embeds a pointer to a struct with
// a field that names a source.
func isEmbeddedPointer(f reflect.StructField) bool {
	if !f.Anonymous || f.Type.Kind() != reflect.Pointer || f.Type.Elem().Kind() != reflect.Struct {
		return false
	}
	for inner := range f.Type.Elem().Fields() {
		if len(sourcesOf(inner)) > 0 {
			return true
		}
	}
	return false
}

// add analyses the fields of a struct, embedded ones included.
func (in *inputType) add(t reflect.Type, index []int, tags map[reflect.Type]map[string]string, opts *[]reflect.Type) {
	tags[t] = map[string]string{}
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clip(index), i)
		found := sourcesOf(f)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct && len(found) == 0 && (isInput(f.Type) || f.Type.NumField() == 0):
			in.add(f.Type, at, tags, opts)
			continue
		case isEmbeddedPointer(f):
			in.fault(f, "it is embedded as a pointer, which nothing would make; embed %s itself", f.Type.Elem())
			continue
		case !f.IsExported():
			if len(found) > 0 {
				in.fault(f, "it is not exported, so nothing can set it; write %s", strings.ToUpper(f.Name[:1])+f.Name[1:])
			}
			continue
		case len(found) == 0:
			in.fault(f, "it names no source; add one of the tags %s", strings.Join(sourceNames[:], ", "))
			continue
		case len(found) > 1:
			in.fault(f, "it names %d sources, %s and %s; a field has exactly one, so keep one", len(found), found[0], found[1])
			continue
		}
		r, err := parseRules(f.Type, f.Tag.Get("validate"), t)
		if err != nil {
			in.fault(f, "%w", err)
			continue
		}
		tags[t][f.Name] = r.tag
		if _, ok := isOpt(f.Type); ok {
			*opts = append(*opts, f.Type)
		}
		in.addField(f, found[0], at, r)
	}
}

func (in *inputType) fault(f reflect.StructField, format string, args ...any) {
	_, path := f.Tag.Lookup(fromPath.String())
	in.badPath = in.badPath || path
	in.faults = append(in.faults, fmt.Errorf("field %s: %w", f.Name, fmt.Errorf(format, args...)))
}

// sourcesOf returns the sources that the tags of a field name.
func sourcesOf(f reflect.StructField) []source {
	var found []source
	for s, name := range sourceNames {
		if _, ok := f.Tag.Lookup(name); ok {
			found = append(found, source(s))
		}
	}
	return found
}

var (
	fileType      = reflect.TypeFor[*File]()
	fileSliceType = reflect.TypeFor[[]*File]()
)

// addField analyses one field.
func (in *inputType) addField(f reflect.StructField, s source, at []int, r rules) {
	name, option, _ := strings.Cut(f.Tag.Get(s.String()), ",")
	field := inputField{goName: f.Name, source: s, name: name, index: at, typ: f.Type, rules: r}
	field.comma = option == "comma"
	switch {
	case s == fromBody:
		plan, faults := bodyPlanOf(f.Type)
		for _, err := range faults {
			in.fault(f, "%w", err)
		}
		field.body = plan
		if _, ok := f.Tag.Lookup("default"); ok {
			in.fault(f, "a body takes no default; set the defaults of its members")
			return
		}
		in.fields = append(in.fields, field)
		return
	case name == "":
		in.fault(f, "the tag %s is empty; write the name on the wire, such as %s:%q", s, s, strings.ToLower(f.Name))
		return
	case option != "" && option != "comma":
		in.fault(f, "the tag option %q is unknown; the one option is comma", option)
		return
	case s == fromHeader && !isToken(name), s == fromCookie && !isToken(name):
		in.fault(f, "%q is not a name of a %s; write letters, digits and hyphens", name, s)
		return
	case s == fromFile:
		if f.Type != fileType && f.Type != fileSliceType {
			in.fault(f, "type %s cannot hold a file; use *endpoint.File or []*endpoint.File", f.Type)
			return
		}
		in.fields = append(in.fields, field)
		return
	}
	if s == fromHeader {
		field.name = http.CanonicalHeaderKey(name)
	}
	target, ok := targetOf(f.Type)
	if !ok {
		in.fault(f, "type %s cannot be read from text; use a scalar, an encoding.TextUnmarshaler, a pointer, Opt or slice of one", f.Type)
		return
	}
	field.target = target
	switch {
	case target.many() && s == fromPath, target.many() && s == fromCookie:
		in.fault(f, "a %s has one value and type %s takes several; use the type of one", s, f.Type)
		return
	case target.form == formMap && s != fromQuery:
		in.fault(f, "only a query makes a map, as %s[key]=value; use a slice or scalar", name)
		return
	case field.comma && (!target.many() || target.form == formMap):
		in.fault(f, "the tag option comma is for slices; drop it or make the field a slice")
		return
	}
	if in.setDefault(f, &field) {
		in.fields = append(in.fields, field)
	}
}

// setDefault checks and keeps the default of a field.
func (in *inputType) setDefault(f reflect.StructField, field *inputField) bool {
	text, ok := f.Tag.Lookup("default")
	if !ok {
		return true
	}
	switch {
	case field.source == fromPath:
		in.fault(f, "a path parameter is always there and never takes its default; drop it")
	case field.rules.required:
		in.fault(f, "a required field never takes its default %q; drop one of the two", text)
	case field.target.form == formMap:
		in.fault(f, "a map takes no default; set it in the handler")
	case field.target.form == formOpt:
		in.fault(f, "an Opt tells that nothing was sent, so it takes no default %q; drop it, or make the field a %s", text, field.target.elem)
	default:
		field.def, field.hasDef = text, true
		if err := checkDefault(f.Type, &field.target, text, &field.rules); err != nil {
			in.fault(f, "default %q: %w", text, err)
			return false
		}
		return true
	}
	return false
}

// index files a field under its source, and refuses a name that is taken.
func (in *inputType) index(i int) {
	f := &in.fields[i]
	in.ruled = in.ruled || f.rules.required || f.rules.tag != "" || f.hasDef
	in.cross = in.cross || f.rules.cross
	for _, other := range in.fields[:i] {
		if other.source == f.source && other.name == f.name && f.source != fromBody {
			in.faults = append(in.faults, fmt.Errorf("fields %s and %s both bind %s %q; keep one", other.goName, f.goName, f.source, f.name))
			return
		}
	}
	switch f.source {
	case fromPath:
		in.path = append(in.path, i)
	case fromQuery:
		in.query.add(f.name, i)
	case fromHeader:
		in.header = append(in.header, i)
	case fromCookie:
		in.cookie = append(in.cookie, i)
	case fromForm:
		in.form.add(f.name, i)
	case fromFile:
		in.file = append(in.file, i)
	case fromBody:
		if in.body >= 0 {
			in.faults = append(in.faults, fmt.Errorf("fields %s and %s both are the body; a request has one, so keep one", in.fields[in.body].goName, f.goName))
		}
		in.body = i
	}
}

// checkBody reports a body beside fields of a form, which is the body too.
func (in *inputType) checkBody() {
	if in.body < 0 {
		return
	}
	for _, f := range in.fields {
		if f.source == fromForm || f.source == fromFile {
			in.faults = append(in.faults, fmt.Errorf("fields %s and %s both read the body, as %s and %s; a request has one, so take all from one of them", f.goName, in.fields[in.body].goName, f.source, fromBody))
			return
		}
	}
}

// consumes says what of the body the input reads: "form", "multipart", "body",
// or "" for nothing.
func (in *inputType) consumes() string {
	switch {
	case len(in.file) > 0:
		return "multipart"
	case len(in.form.list) > 0:
		return "form"
	case in.body >= 0:
		return "body"
	}
	return ""
}

// names finds a field by its name on the wire.
type names struct {
	list []named
	big  map[string]int // made once the list is long
}

type named struct {
	name  string
	field int
}

func (n *names) add(name string, field int) {
	n.list = append(n.list, named{name, field})
	if len(n.list) <= 8 {
		return
	}
	if n.big == nil {
		n.big = map[string]int{}
		for _, e := range n.list {
			n.big[e.name] = e.field
		}
	}
	n.big[name] = field
}

// find returns the index of the field with a name, -1 if there is none.
func (n *names) find(name string) int {
	if n.big != nil {
		if i, ok := n.big[name]; ok {
			return i
		}
		return -1
	}
	for i := range n.list {
		if e := &n.list[i]; e.name == name {
			return e.field
		}
	}
	return -1
}

// A slot is the memory of one parameter: the value, and for an input struct a
// pointer to each field, made once and used again.
type slot struct {
	ptr   any // *T of the parameter
	value reflect.Value
	dst   []any           // what target.put writes to
	field []reflect.Value // each field, for the rules
	seen  []seenState
}

type seenState uint8

const (
	unseen seenState = iota
	seenOnce
	seenBad // sent, but not a value of the type
)

// prepare makes the slot ready for an input struct, value being addressable.
func (in *inputType) prepare(s *slot, value reflect.Value) {
	n := len(in.fields)
	s.dst, s.field, s.seen = make([]any, n), make([]reflect.Value, n), make([]seenState, n)
	for i := range in.fields {
		f := &in.fields[i]
		s.field[i] = value.FieldByIndex(f.index)
		if f.source == fromBody || f.source == fromFile {
			s.dst[i] = s.field[i].Addr().Interface()
		} else {
			s.dst[i] = f.target.pointer(s.field[i])
		}
	}
}

// bind fills an input struct from the request, and collects its faults.
// path holds the index of the path parameter of each field in in.path.
func (in *inputType) bind(c *call, s *slot, path []int) {
	clear(s.seen)
	for k, i := range in.path {
		in.put(c, s, i, "", c.pathValue(path[k]))
	}
	if len(in.query.list) > 0 {
		if raw := c.r.URL.RawQuery; raw != "" {
			in.bindQuery(c, s, raw)
		}
	}
	for _, i := range in.header {
		in.bindHeader(c, s, i)
	}
	if len(in.cookie) > 0 {
		in.bindCookies(c, s)
	}
	switch {
	case len(in.file) > 0:
		in.bindMultipart(c, s)
	case len(in.form.list) > 0:
		in.bindForm(c, s)
	}
	if in.ruled {
		in.check(c, s)
	}
	if in.body >= 0 {
		f := &in.fields[in.body]
		f.body.bind(c, s.field[in.body], s.dst[in.body])
		if f.rules.required && f.body.ptr && s.field[in.body].IsNil() && c.broken == nil {
			c.fault(FieldError{In: "body", Code: "required", Message: "is required"})
		}
	}
}

// put parses one value that was sent for a field.
func (in *inputType) put(c *call, s *slot, i int, key, text string) {
	f := &in.fields[i]
	if s.seen[i] == seenBad {
		return
	}
	if s.seen[i] == seenOnce && !f.target.many() {
		s.seen[i] = seenBad
		in.fault2(c, f, "repeated", "must be sent once")
		return
	}
	s.seen[i] = seenOnce
	if !isText(text) {
		s.seen[i] = seenBad
		in.fault2(c, f, "text", "must be UTF-8 text without NUL")
		return
	}
	if f.comma {
		in.putList(c, s, i, text)
		return
	}
	if !f.target.put(s.dst[i], key, text) {
		s.seen[i] = seenBad
		in.fault2(c, f, "type", f.target.scalar.want)
	}
}

// putList parses values that are separated by commas; an empty text is none.
func (in *inputType) putList(c *call, s *slot, i int, text string) {
	if text == "" {
		return
	}
	f := &in.fields[i]
	for part := range strings.SplitSeq(text, ",") {
		if !f.target.put(s.dst[i], "", strings.TrimSpace(part)) {
			s.seen[i] = seenBad
			in.fault2(c, f, "type", f.target.scalar.want)
			return
		}
	}
}

func (in *inputType) fault2(c *call, f *inputField, code, message string) {
	from := f.source
	if from == fromFile {
		from = fromForm // on the wire a file is a part of the form
	}
	c.fault(FieldError{In: from.String(), Name: f.name, Code: code, Message: message})
}

// bindQuery binds the query. A bad escape or a semicolon refuses all of it,
// wherever it stands: a text that is half understood is not understood.
func (in *inputType) bindQuery(c *call, s *slot, raw string) {
	if strings.ContainsAny(raw, "%+;") {
		buf := getBuffer()
		p, ok := decodePairs(append(buf.AvailableBuffer(), raw...))
		putBuffer(buf)
		if !ok {
			c.refuse(badQuery)
			return
		}
		in.putPairs(c, s, &in.query, p)
		return
	}
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if key, value, _ := strings.Cut(pair, "="); pair != "" {
			in.putPair(c, s, &in.query, key, value)
		}
	}
}

// pairs are decoded key=value pairs, all in one text.
type pairs struct {
	text string
	ends []int // of a key, of its value, and so on
}

// decodePairs undoes the escapes of an urlencoded text, in place; ok is false
// for a bad escape and for a semicolon.
func decodePairs(text []byte) (p pairs, ok bool) {
	w, start, inKey := 0, 0, true
	ends := make([]int, 0, 32)
	for i := 0; i <= len(text); i++ {
		if i == len(text) || text[i] == '&' {
			if inKey && w > start {
				ends = append(ends, w)
			}
			if w > start || !inKey {
				ends = append(ends, w)
			}
			start, inKey = w, true
			continue
		}
		c := text[i]
		switch c {
		case ';':
			return p, false
		case '=':
			if inKey {
				ends, inKey = append(ends, w), false
				continue
			}
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2]) {
				return p, false
			}
			c = unhex(text[i+1])<<4 | unhex(text[i+2])
			i += 2
		}
		text[w] = c
		w++
	}
	return pairs{string(text[:w]), ends}, true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func (in *inputType) putPairs(c *call, s *slot, fields *names, p pairs) {
	start := 0
	for i := 0; i < len(p.ends); i += 2 {
		in.putPair(c, s, fields, p.text[start:p.ends[i]], p.text[p.ends[i]:p.ends[i+1]])
		start = p.ends[i+1]
	}
}

// putPair binds one pair, if a field wants it.
func (in *inputType) putPair(c *call, s *slot, fields *names, key, value string) {
	if i := fields.find(key); i >= 0 {
		if f := &in.fields[i]; f.target.form != formMap {
			in.put(c, s, i, "", value)
		} else {
			in.fault2(c, f, "type", "must be sent as "+f.name+"[key]=value")
		}
		return
	}
	if fields == &in.form {
		if c.settings.strict {
			in.unknownField(c)
		}
		return // only a query makes a map
	}
	if name, rest, ok := strings.Cut(key, "["); ok {
		in.putEntry(c, s, fields, name, rest, value)
	}
}

// unknownField reports once that a form has a field that nothing binds. Its
// name is the client's own, so those that are known are named instead.
func (in *inputType) unknownField(c *call) {
	for i := range c.faults {
		if f := &c.faults[i]; f.In == "form" && f.Code == "unknown" {
			return
		}
	}
	var known []string
	for i := range in.fields {
		if f := &in.fields[i]; f.source == fromForm || f.source == fromFile {
			known = append(known, f.name)
		}
	}
	slices.Sort(known)
	c.fault(FieldError{In: "form", Code: "unknown", Message: "has a field that is not known here; known are " + strings.Join(known, ", ")})
}

// putEntry binds name[key]=value to a map.
func (in *inputType) putEntry(c *call, s *slot, fields *names, name, rest, value string) {
	i := fields.find(name)
	key, ok := strings.CutSuffix(rest, "]")
	if i < 0 || in.fields[i].target.form != formMap || !ok || strings.ContainsAny(key, "[]") {
		return
	}
	if !isText(key) {
		in.fault2(c, &in.fields[i], "text", "must be UTF-8 text without NUL")
		return
	}
	if m := s.field[i]; m.Len() > 0 && s.seen[i] != seenBad && m.MapIndex(reflect.ValueOf(key).Convert(m.Type().Key())).IsValid() {
		s.seen[i] = seenBad
		in.fault2(c, &in.fields[i], "repeated", "must have each key once")
		return
	}
	in.put(c, s, i, key, value)
}

func (in *inputType) bindHeader(c *call, s *slot, i int) {
	f := &in.fields[i]
	r := c.r
	if f.name == "Host" {
		in.put(c, s, i, "", r.Host)
		return
	}
	for _, v := range r.Header[f.name] {
		in.put(c, s, i, "", v)
	}
}

// maxCookies is how many cookies of a request are looked at.
const maxCookies = 50

func (in *inputType) bindCookies(c *call, s *slot) {
	n := 0
	for _, line := range c.r.Header["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			if n++; n > maxCookies {
				c.refuse(Errorf(http.StatusBadRequest, "the request has more than %d cookies", maxCookies))
				return
			}
			name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
			if !ok {
				continue
			}
			for _, i := range in.cookie {
				if in.fields[i].name == name {
					in.put(c, s, i, "", unquote(value))
				}
			}
		}
	}
}

// unquote takes the quotes off a cookie value that has them.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

func (in *inputType) bindForm(c *call, s *slot) {
	if e := checkMediaType(c.r.Header, formMedia); e != nil {
		c.refuse(e)
		return
	}
	if p, ok := c.bodyPairs(); ok {
		in.putPairs(c, s, &in.form, p)
	}
}

// check sets defaults, and reports required fields that are absent and rules
// that fail.
func (in *inputType) check(c *call, s *slot) {
	for i := range in.fields {
		f := &in.fields[i]
		switch {
		case f.source == fromBody:
			continue
		case s.seen[i] == unseen:
			unread := c.broken != nil && f.source >= fromForm || c.broken == badQuery && f.source == fromQuery
			if f.rules.required && !unread {
				in.fault2(c, f, "required", "is required")
				s.seen[i] = seenBad
			} else if f.hasDef {
				putDefault(&f.target, s.dst[i], f.def)
			}
			continue
		case s.seen[i] == seenBad || f.rules.tag == "" || f.rules.cross:
			continue
		}
		if acceptPass && f.rules.accept(s.field[i]) {
			continue
		}
		if tooLongForEmail(&f.rules, s.field[i]) {
			in.fault2(c, f, "email", ruleText("email", "", reflect.String))
			continue
		}
		if !in.cross {
			in.report(c, f, validateValue(s.field[i].Interface(), f.rules.tag))
		}
	}
	if in.cross {
		in.checkTogether(c, s)
	}
}

// report words the faults of one field: one for each rule.
func (in *inputType) report(c *call, f *inputField, faults violations) {
	last := ""
	for _, v := range faults {
		if v.Tag() != last { // of a slice's elements, the first
			last = v.Tag()
			in.fault2(c, f, v.Tag(), ruleText(v.Tag(), v.Param(), v.Kind()))
		}
	}
}

// checkTogether asks the authority about the whole struct, because some rule
// looks at several fields.
func (in *inputType) checkTogether(c *call, s *slot) {
	for _, v := range validateStruct(s.value.Addr().Interface()) {
		name, _, _ := strings.Cut(v.StructField(), "[")
		i := slices.IndexFunc(in.fields, func(f inputField) bool { return f.goName == name })
		if i < 0 {
			continue
		}
		f := &in.fields[i]
		required := strings.HasPrefix(v.Tag(), "required")
		absent := s.seen[i] == unseen
		if s.seen[i] == seenBad || absent && !f.hasDef && !isCrossRule(v.Tag()) || !absent && required {
			continue
		}
		param := v.Param()
		if k := slices.IndexFunc(in.fields, func(f inputField) bool { return f.goName == param }); k >= 0 && isCrossRule(v.Tag()) {
			param = in.fields[k].name // the client knows no Go names
		}
		in.fault2(c, f, v.Tag(), ruleText(v.Tag(), param, v.Kind()))
	}
}
