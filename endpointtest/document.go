package endpointtest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/jsonschema"
	"github.com/seed217079a1/endpoint/openapi"
)

// A document is what the OpenAPI document of an API says, compiled.
type document struct {
	paths []*pathItem // the most specific first
}

// A pathItem is one template of paths.
type pathItem struct {
	template   string
	segments   []segment
	operations map[string]*operation // by method
}

// A segment is a part of a template between two slashes.
type segment struct {
	literal string // "" for a parameter
	param   string
	rest    bool // it takes all segments from here on
}

// An operation is one method of a path.
type operation struct {
	method    string
	path      *pathItem
	params    []*param
	bodies    map[string]*media // of requests, by media type
	required  bool              // the body is
	responses map[string]*response
}

// A param is a parameter of a request, or a field of a form.
type param struct {
	in, name, style string
	explode         bool
	required        bool
	schema          *jsonschema.Schema
}

// A response is what an operation may answer with a status, "4XX" or "default".
type response struct {
	content map[string]*media
}

// A media is the content of one media type; nil schemas say nothing.
type media struct {
	at     string             // JSON pointer
	schema *jsonschema.Schema // of all of it
	item   *jsonschema.Schema // of one element of a stream
	commas map[string]bool    // fields of a form whose items are separated by commas
}

// loadDocument writes and reads the document of an API, hidden endpoints too: in
// version 3.2, which has words for every method and for the elements of streams.
func loadDocument(api *endpoint.API, info openapi.Info) (*document, error) {
	info.Title, info.Version = cmp.Or(info.Title, "API"), cmp.Or(info.Version, "1")
	info.OpenAPI = "3.2"
	info.Include = func(endpoint.Operation) bool { return true }
	text, err := openapi.Document(api, info)
	if err != nil {
		return nil, err
	}
	return readDocument(text)
}

// A docReader collects what is wrong while it reads.
type docReader struct {
	doc    *jsonschema.Document
	faults []error
}

func readDocument(text []byte) (*document, error) {
	doc, err := jsonschema.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the document is no JSON: %w", err)
	}
	r := &docReader{doc: doc}
	d := &document{}
	for _, template := range r.keys("/paths") {
		d.paths = append(d.paths, r.path(template))
	}
	slices.SortFunc(d.paths, func(a, b *pathItem) int { return slices.CompareFunc(a.segments, b.segments, moreSpecific) })
	return d, errors.Join(r.faults...)
}

// keys returns the names of the members of an object, sorted; none if there is
// no object.
func (r *docReader) keys(at string) []string {
	v, _ := r.doc.At(at)
	object, _ := v.(map[string]any)
	return slices.Sorted(maps.Keys(object))
}

func (r *docReader) text(at string) string {
	v, _ := r.doc.At(at)
	text, _ := v.(string)
	return text
}

func (r *docReader) isTrue(at string) bool {
	v, _ := r.doc.At(at)
	return v == true
}

func (r *docReader) has(at string) bool {
	_, ok := r.doc.At(at)
	return ok
}

// follow resolves a reference that may stand in place of an object.
func (r *docReader) follow(at string) string {
	if ref, ok := strings.CutPrefix(r.text(at+"/$ref"), "#"); ok {
		return ref
	}
	return at
}

// schema compiles a schema, nil if there is none.
func (r *docReader) schema(at string) *jsonschema.Schema {
	if !r.has(at) {
		return nil
	}
	s, err := r.doc.Schema(at)
	if err != nil {
		r.faults = append(r.faults, err)
		return nil
	}
	return s
}

func (r *docReader) path(template string) *pathItem {
	at := jsonschema.Join("/paths", template)
	p := &pathItem{template: template, operations: map[string]*operation{}}
	for _, key := range r.keys(at) {
		switch key {
		case "get", "put", "post", "delete", "options", "head", "patch", "trace", "query":
			p.add(r.operation(strings.ToUpper(key), at+"/"+key))
		}
	}
	for _, method := range r.keys(at + "/additionalOperations") {
		p.add(r.operation(method, jsonschema.Join(at+"/additionalOperations", method)))
	}
	p.split()
	return p
}

func (p *pathItem) add(op *operation) {
	op.path = p
	p.operations[op.method] = op
}

// split reads the template.
func (p *pathItem) split() {
	for text := range strings.SplitSeq(strings.TrimPrefix(p.template, "/"), "/") {
		s := segment{literal: unescape(text)}
		if name, ok := strings.CutPrefix(text, "{"); ok {
			s = segment{param: strings.TrimSuffix(name, "}")}
			s.rest = p.takesRest(s.param)
		}
		p.segments = append(p.segments, s)
	}
}

// takesRest reports whether a parameter takes several segments.
func (p *pathItem) takesRest(name string) bool {
	for _, op := range p.operations {
		for _, q := range op.params {
			if q.in == "path" && q.name == name && q.style == styleRest {
				return true
			}
		}
	}
	return false
}

// styleRest is our word for a path parameter that takes several segments.
const styleRest = "rest"

// unescape returns a segment of a path as it is meant.
func unescape(segment string) string {
	text, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return text
}

// moreSpecific orders literals before parameters before rests.
func moreSpecific(a, b segment) int {
	rank := func(s segment) int {
		switch {
		case s.rest:
			return 2
		case s.param != "":
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.literal, b.literal))
}

// matches reports whether an escaped path is one of the template.
func (p *pathItem) matches(segments []string) bool {
	for i, s := range p.segments {
		switch {
		case i >= len(segments):
			return false
		case s.rest:
			return true
		case s.param == "" && s.literal != unescape(segments[i]), s.param != "" && segments[i] == "":
			return false
		}
	}
	return len(segments) == len(p.segments)
}

// find returns the operation of a request, nil if the document has none.
func (d *document) find(method, escapedPath string) *operation {
	segments := strings.Split(strings.TrimPrefix(escapedPath, "/"), "/")
	for _, p := range d.paths {
		if !p.matches(segments) {
			continue
		}
		if op := p.operations[method]; op != nil || method != "HEAD" {
			return op
		}
		return p.operations["GET"]
	}
	return nil
}

func (r *docReader) operation(method, at string) *operation {
	op := &operation{method: method, responses: map[string]*response{}}
	list, _ := r.doc.At(at + "/parameters")
	params, _ := list.([]any)
	for i := range params {
		op.params = append(op.params, r.param(r.follow(at+"/parameters/"+strconv.Itoa(i))))
	}
	body := r.follow(at + "/requestBody")
	op.bodies, op.required = r.content(body), r.isTrue(body+"/required")
	for _, status := range r.keys(at + "/responses") {
		op.responses[status] = &response{r.content(r.follow(jsonschema.Join(at+"/responses", status)))}
	}
	return op
}

func (r *docReader) param(at string) *param {
	p := &param{in: r.text(at + "/in"), name: r.text(at + "/name"), style: r.text(at + "/style"), required: r.isTrue(at + "/required")}
	if p.style == "" {
		p.style = map[string]string{"query": "form", "cookie": "form"}[p.in]
	}
	p.explode = p.style == "form"
	if r.has(at + "/explode") {
		p.explode = r.isTrue(at + "/explode")
	}
	if r.isTrue(at + "/x-several-segments") {
		p.style = styleRest
	}
	if p.schema = r.schema(at + "/schema"); p.schema == nil {
		r.faults = append(r.faults, fmt.Errorf("%s: the parameter has no schema", at))
	}
	return p
}

func (r *docReader) content(at string) map[string]*media {
	content := map[string]*media{}
	for _, name := range r.keys(at + "/content") {
		inner := jsonschema.Join(at+"/content", name)
		m := &media{inner, r.schema(inner + "/schema"), r.schema(inner + "/itemSchema"), map[string]bool{}}
		for _, field := range r.keys(inner + "/encoding") {
			at := jsonschema.Join(inner+"/encoding", field) + "/explode"
			m.commas[field] = r.has(at) && !r.isTrue(at)
		}
		content[name] = m
	}
	return content
}
