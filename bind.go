package endpoint

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
)

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
		in.blame(c, f, "repeated", "must be sent once")
		return
	}
	s.seen[i] = seenOnce
	if !isText(text) {
		s.seen[i] = seenBad
		in.blame(c, f, "text", "must be UTF-8 text without NUL")
		return
	}
	if f.comma {
		in.putList(c, s, i, text)
		return
	}
	if !f.target.put(s.dst[i], key, text) {
		s.seen[i] = seenBad
		in.blame(c, f, "type", f.target.scalar.want)
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
			in.blame(c, f, "type", f.target.scalar.want)
			return
		}
	}
}

func (in *inputType) blame(c *call, f *inputField, code, message string) {
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
		for i < len(text) && !formSyntax[text[i]] {
			text[w] = text[i]
			i, w = i+1, w+1
		}
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

// formSyntax tells the bytes that mean something in an urlencoded text.
var formSyntax = [256]bool{'&': true, '=': true, ';': true, '+': true, '%': true}

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
			in.blame(c, f, "type", "must be sent as "+f.name+"[key]=value")
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
		in.blame(c, &in.fields[i], "text", "must be UTF-8 text without NUL")
		return
	}
	if m := s.field[i]; m.Len() > 0 && s.seen[i] != seenBad && m.MapIndex(reflect.ValueOf(key).Convert(m.Type().Key())).IsValid() {
		s.seen[i] = seenBad
		in.blame(c, &in.fields[i], "repeated", "must have each key once")
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
				in.blame(c, f, "required", "is required")
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
			in.blame(c, f, "email", ruleText("email", "", reflect.String))
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
			in.blame(c, f, v.Tag(), ruleText(v.Tag(), v.Param(), v.Kind()))
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
		in.blame(c, f, v.Tag(), ruleText(v.Tag(), param, v.Kind()))
	}
}
