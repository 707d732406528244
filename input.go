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
	owner  reflect.Type // the struct that declares it
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
		in.addField(t, f, found[0], at, r)
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
func (in *inputType) addField(owner reflect.Type, f reflect.StructField, s source, at []int, r rules) {
	name, option, _ := strings.Cut(f.Tag.Get(s.String()), ",")
	field := inputField{goName: f.Name, owner: owner, source: s, name: name, index: at, typ: f.Type, rules: r}
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
