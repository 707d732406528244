package endpointtest

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/seed217079a1/endpoint/internal/jsonschema"
)

// A draft is a request that is made from the document, before it is written.
type draft struct {
	op     *operation
	g      *jsonschema.Generator
	values map[*param]any // of those that are sent
	twice  *param         // sent two times
	fields []*param       // of a form
	media  string         // of the body, "" for none
	value  any            // of a JSON body
	raw    []byte         // of any other body
	asType string         // sent in place of media, if not ""
	broken string         // what is wrong with it, "" for nothing
}

// draft makes a valid request; ok is false if none could be made.
func (op *operation) draft(g *jsonschema.Generator) (d *draft, ok bool) {
	d = &draft{op: op, g: g, values: map[*param]any{}}
	if !d.fill(op.params) {
		return nil, false
	}
	return d, d.fillBody()
}

// fill makes values for parameters.
func (d *draft) fill(params []*param) bool {
	for _, p := range params {
		delete(d.values, p)
		if !p.required && d.g.Rand.IntN(3) == 0 {
			continue
		}
		v, ok := d.valueOf(p)
		if !ok && p.required {
			return false
		}
		if ok {
			d.values[p] = v
		}
	}
	return true
}

// valueOf makes a value that a parameter can carry.
func (d *draft) valueOf(p *param) (any, bool) {
	d.g.Accept = p.carriesText
	defer func() { d.g.Accept = nil }()
	for range 20 {
		if v, ok := d.g.Generate(p.schema); ok && p.carries(v) && p.schema.FromTexts(v) != nil {
			return v, true
		}
	}
	return nil, false
}

// carries reports whether a value can be written as the parameter.
func (p *param) carries(v any) bool {
	switch v := v.(type) {
	case []any:
		return p.in != "path" && len(v) > 0 && !slices.ContainsFunc(v, func(item any) bool { return !p.carriesScalar(item) })
	case map[string]any:
		for name, member := range v {
			if name == "" || strings.ContainsAny(name, "[]") || !p.carriesScalar(member) {
				return false
			}
		}
		return p.style == "deepObject" && len(v) > 0
	}
	return p.carriesScalar(v)
}

func (p *param) carriesScalar(v any) bool {
	text, ok := jsonschema.Text(v)
	return ok && p.carriesText(text)
}

// carriesText reports whether a text can be written where the parameter stands.
func (p *param) carriesText(text string) bool {
	control := strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
	separated := p.schema.IsList() && (!p.explode || p.in == "header")
	switch {
	case separated && (text == "" || strings.Contains(text, ",") || strings.TrimSpace(text) != text):
		return false
	case p.in == "path":
		return !control && !strings.Contains(text, `\`) && !slices.ContainsFunc(strings.Split(text, "/"), isNoSegment)
	case p.in == "header":
		return !control && text != "" && strings.TrimSpace(text) == text
	case p.in == "cookie":
		return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`",;\`, r) })
	}
	return true
}

// isNoSegment reports segments that no path may have.
func isNoSegment(s string) bool { return s == "" || s == "." || s == ".." }

const multipartForm = "multipart/form-data"

func isForm(mediaType string) bool {
	return mediaType == multipartForm || mediaType == "application/x-www-form-urlencoded"
}

// fillBody makes a body in one of the media types of the operation.
func (d *draft) fillBody() bool {
	known := slices.Sorted(maps.Keys(d.op.bodies))
	if len(known) == 0 || !d.op.required && d.g.Rand.IntN(4) == 0 {
		return true
	}
	d.media = known[d.g.Rand.IntN(len(known))]
	m := d.op.bodies[d.media]
	switch {
	case isForm(d.media):
		return d.fillForm(m)
	case isJSON(d.media):
		v, ok := d.g.Generate(m.schema)
		d.value = v
		return ok
	}
	d.raw = make([]byte, d.g.Rand.IntN(200))
	for i := range d.raw {
		d.raw[i] = byte(d.g.Rand.Uint32())
	}
	if strings.Contains(d.media, "*") {
		d.asType = "application/octet-stream"
	}
	return true
}

// fillForm makes the fields of a form, as if they were parameters.
func (d *draft) fillForm(m *media) bool {
	members := m.schema.Properties()
	for _, name := range slices.Sorted(maps.Keys(members)) {
		schema := members[name]
		style := "form"
		if schema.IsObject() {
			style = "deepObject"
		}
		d.fields = append(d.fields, &param{
			in: "form", name: name, style: style, explode: !m.commas[name], required: m.schema.Requires(name), schema: schema,
		})
	}
	for range 20 {
		form := map[string]any{}
		ok := d.fill(d.fields)
		for _, p := range d.fields {
			if v, sent := d.values[p]; sent {
				form[p.name] = v
			}
		}
		if ok && m.schema.Validate(form) == nil {
			return true
		}
	}
	return false
}

// request writes the draft.
func (d *draft) request(c *Client) *Request {
	r := c.Do(d.op.method, strings.TrimSuffix(c.contract.mount, "/")+d.path())
	form := url.Values{}
	for _, p := range slices.Concat(d.op.params, d.fields) {
		v, sent := d.values[p]
		if !sent {
			continue
		}
		for _, part := range p.write(v) {
			for range d.times(p) {
				d.place(r, form, p, part)
			}
		}
	}
	switch {
	case d.media == "":
	case isForm(d.media):
		r.Body(form)
		if d.media == multipartForm && len(r.files) == 0 { // then Body alone would not be one
			body, contentType, _ := r.multipart() // writing into memory does not fail
			r.Body(body).Header("Content-Type", contentType)
		}
	case d.raw != nil:
		r.Body(d.raw).Header("Content-Type", d.media)
	default:
		text, _ := json.Marshal(d.value) // a value of JSON is one
		r.Body(text).Header("Content-Type", d.media)
	}
	if d.asType != "" {
		r.Header("Content-Type", d.asType)
	}
	return r
}

func (d *draft) times(p *param) int {
	if d.twice == p {
		return 2
	}
	return 1
}

// A part is a name and a text of a parameter.
type part struct{ name, text string }

// write returns the texts of a value.
func (p *param) write(v any) []part {
	switch v := v.(type) {
	case []any:
		var parts []part
		var texts []string
		for _, item := range v {
			text, _ := jsonschema.Text(item)
			parts, texts = append(parts, part{p.name, text}), append(texts, text)
		}
		if !p.explode || p.in == "header" {
			return []part{{p.name, strings.Join(texts, ",")}}
		}
		return parts
	case map[string]any:
		var parts []part
		for _, name := range slices.Sorted(maps.Keys(v)) {
			text, _ := jsonschema.Text(v[name])
			parts = append(parts, part{p.name + "[" + name + "]", text})
		}
		return parts
	}
	text, _ := jsonschema.Text(v)
	return []part{{p.name, text}}
}

// place puts a part where the parameter stands.
func (d *draft) place(r *Request, form url.Values, p *param, q part) {
	switch p.in {
	case "query":
		r.Query(q.name, q.text)
	case "header":
		r.Header(q.name, append(r.header.Values(q.name), q.text)...)
	case "cookie":
		r.Cookie(q.name, q.text)
	case "form":
		if p.schema.IsBinary() {
			r.File(q.name, "file.bin", strings.NewReader(q.text))
			return
		}
		form.Add(q.name, q.text)
	}
}

// path is the template with its parameters.
func (d *draft) path() string {
	var b strings.Builder
	for _, s := range d.op.path.segments {
		b.WriteByte('/')
		if s.param == "" {
			b.WriteString(url.PathEscape(s.literal))
			continue
		}
		for _, p := range d.op.params {
			if p.in != "path" || p.name != s.param {
				continue
			}
			text, _ := jsonschema.Text(d.values[p])
			if text = url.PathEscape(text); s.rest {
				text = strings.ReplaceAll(text, "%2F", "/")
			}
			b.WriteString(text)
		}
	}
	return b.String()
}
