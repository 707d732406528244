package openapi

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/seed217079a1/endpoint"
)

// operation writes the operation object of one method.
func (b *builder) operation(op *endpoint.Operation, path *pathTemplate, method, id string) *object {
	o := &object{}
	o.add("tags", texts(op.Tags))
	summary, description := b.texts(op, method+" "+path.text)
	o.add("summary", summary)
	o.add("description", description)
	o.add("operationId", id)
	o.add("parameters", b.parameters(op, path))
	if op.Body != nil {
		o.add("requestBody", b.requestBody(op))
	}
	responses := b.responses(op)
	if method == http.MethodHead {
		withoutContent(responses)
	}
	o.set("responses", responses)
	o.add("deprecated", op.Deprecated)
	o.set("security", b.requirements(&op.Security))
	return o
}

// withoutContent takes the bodies out of responses that have none on the wire.
func withoutContent(responses *object) {
	for _, m := range responses.members {
		if r, ok := m.value.(*object); ok {
			bare := &object{} // r may be shared
			bare.set("description", r.get("description"))
			responses.set(m.name, bare)
		}
	}
}

// texts returns the summary and the description: those of the options, else
// those of the source, else what the name says.
func (b *builder) texts(op *endpoint.Operation, where string) (summary, description string) {
	summary, description = op.Summary, op.Description
	comment := b.info.Comments[op.Symbol].Text
	if description == "" && comment != summary {
		description = comment
	}
	if summary == "" && comment != "" {
		first, rest := firstSentence(comment)
		if len(first) <= 120 {
			summary = first
			if rest == "" && op.Description == "" {
				description = ""
			}
		}
	}
	if summary == "" {
		summary = nameWords(op)
	}
	if summary == "" {
		summary = where
	}
	for _, p := range op.Parameters {
		if isIgnored(&p) {
			description = joinSentences(description, "Reads the header field "+p.Name+".")
		}
	}
	return summary, description
}

// firstSentence splits a text after its first sentence, whose full stop it drops.
func firstSentence(s string) (first, rest string) {
	s = strings.TrimSpace(s)
	paragraph, rest, _ := strings.Cut(s, "\n\n")
	paragraph = strings.Join(strings.Fields(paragraph), " ")
	if first, more, ok := strings.Cut(paragraph, ". "); ok {
		return first, more
	}
	return strings.TrimSuffix(paragraph, "."), rest
}

// nameWords returns the name of an operation as words, "" if it has none of its own.
func nameWords(op *endpoint.Operation) string {
	name := ownName(op)
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case r == '_' || r == '-' || r == '.':
			b.WriteByte(' ')
			continue
		case i == 0:
			b.WriteRune(unicode.ToUpper(r))
			continue
		case unicode.IsUpper(r) && !unicode.IsUpper(runes[i-1]):
			b.WriteByte(' ')
		}
		if i+1 < len(runes) && unicode.IsUpper(r) && !unicode.IsUpper(runes[i+1]) && runes[i+1] != '_' {
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// ownName returns the name of an operation, "" for a closure, whose name
// changes with every line before it.
func ownName(op *endpoint.Operation) string {
	if !op.Named && op.Symbol == "" {
		return ""
	}
	return op.Name
}

// operationIDs names the operations of a document. A name that several have
// gets the path of each.
func operationIDs(items []*pathItem) map[*endpoint.Operation]map[string]string {
	count := map[string]int{}
	each := func(f func(item *pathItem, m *methodOperation)) {
		for _, item := range items {
			for i := range item.ops {
				f(item, &item.ops[i])
			}
		}
	}
	each(func(_ *pathItem, m *methodOperation) { count[simpleID(m)]++ })
	taken := map[string]bool{}
	ids := map[*endpoint.Operation]map[string]string{}
	give := func(m *methodOperation, id string) {
		taken[id] = true
		if ids[m.op] == nil {
			ids[m.op] = map[string]string{}
		}
		ids[m.op][m.method] = id
	}
	each(func(_ *pathItem, m *methodOperation) {
		if id := simpleID(m); id != "" && count[id] == 1 {
			give(m, id)
		}
	})
	each(func(item *pathItem, m *methodOperation) {
		id := simpleID(m)
		if id != "" && count[id] == 1 {
			return
		}
		base := cmpOr(identifier(ownName(m.op)), strings.ToLower(m.method)) + "_" + identifier(item.path.text)
		if id != "" && len(m.op.Methods) != 1 {
			base += "_" + strings.ToLower(m.method)
		}
		base = strings.TrimRight(base, "_")
		for n := 1; ; n++ {
			id := base
			if n > 1 {
				id += "_" + strconv.Itoa(n)
			}
			if !taken[id] {
				give(m, id)
				return
			}
		}
	})
	return ids
}

// simpleID returns the id that an operation has if no other wants it, "" if
// only its path names it.
func simpleID(m *methodOperation) string {
	name := identifier(ownName(m.op))
	if name == "" || len(m.op.Methods) == 1 && m.op.Methods[0] != "*" {
		return name
	}
	return name + "_" + strings.ToLower(m.method)
}

// identifier replaces what no name in a program can have.
func identifier(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)), r == '-' && b.Len() > 0:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	return strings.TrimRight(b.String(), "_")
}

// requestBody writes the body that an endpoint reads.
func (b *builder) requestBody(op *endpoint.Operation) *object {
	body := op.Body
	media := &object{}
	kind := body.MediaType
	switch {
	case len(body.Fields) > 0:
		b.formBody(media, op)
	case kind == "":
		kind = "*/*"
		media.set("schema", &schema{kind: "string", format: "binary"})
	default:
		u := input
		if op.Strict {
			u = inputOnly
		}
		media.set("schema", b.schema(body.Type, u))
	}
	b.addExamples(media, op, func(e example) any { return e.request })
	o := &object{}
	content := &object{}
	content.set(kind, media)
	o.set("content", content)
	o.add("required", body.Required)
	return o
}

// formBody describes a form.
func (b *builder) formBody(media *object, op *endpoint.Operation) {
	s := &schema{kind: "object", closed: op.Strict}
	encodings := &object{}
	for _, f := range merged(op.Body.Fields) {
		p := b.fieldSchema(&f)
		s.properties = append(s.properties, property{f.Name, p})
		if f.Required {
			s.required = append(s.required, f.Name)
		}
		if f.Comma && op.Body.MediaType == "application/x-www-form-urlencoded" {
			e := encodings.child(f.Name)
			e.set("style", "form")
			e.set("explode", false)
		}
	}
	if op.Body.MediaType == "multipart/form-data" && len(s.required) == 0 {
		s.minProperties = "1" // a body without parts is none
	}
	media.set("schema", s)
	media.add("encoding", encodings)
}

func (b *builder) fieldSchema(f *endpoint.OperationParameter) *schema {
	if f.In != "file" {
		return b.parameterSchema(f)
	}
	file := &schema{kind: "string", format: "binary", media: "application/octet-stream"}
	s := file
	if isList(f.Type) {
		s = &schema{kind: "array", items: file}
	}
	applyRules(s, f.Type, f.Rules, nil)
	if p, ok := f.Owner.FieldByName(f.Field); ok {
		b.annotate(s, f.Owner, p)
	}
	return s
}

// addExamples adds what the option Example says of one side.
func (b *builder) addExamples(media *object, op *endpoint.Operation, side func(example) any) {
	list := &object{}
	for _, a := range op.Annotations {
		e, ok := a.(example)
		if !ok || side(e) == nil {
			continue
		}
		value, err := tree(side(e), nil)
		if err != nil {
			b.operationFault(op, "example %q: %w", e.name, err)
			continue
		}
		list.child(e.name).set("value", value)
	}
	media.add("examples", list)
}

// responses writes what an endpoint answers: the success, refusals in order,
// and what only its code knows.
func (b *builder) responses(op *endpoint.Operation) *object {
	o := &object{}
	o.set(strconv.Itoa(op.Result.Status), b.success(op))
	reasons := map[int]string{}
	var order []int
	for _, e := range op.Errors {
		if _, ok := reasons[e.Status]; !ok {
			order = append(order, e.Status)
		}
		reasons[e.Status] = joinSentences(reasons[e.Status], sentence(e.Reason, e.Status))
	}
	slices.Sort(order)
	for _, status := range order {
		o.set(strconv.Itoa(status), b.refusal(op, reasons[status]))
	}
	success := b.declared(o, op)
	open := op.Result.Open && !success
	o.sort()
	if !op.Fails && !open {
		return o
	}
	if !open {
		o.set("default", b.refusal(op, "Another error."))
		return o
	}
	other := b.newRefusal(op, "Another answer.")
	other.child("content").set("*/*", &object{})
	o.set("default", other)
	return o
}

// declared adds the responses of the option Answer, and reports whether there
// are successes among them: then the handler answers nothing else.
func (b *builder) declared(o *object, op *endpoint.Operation) bool {
	success := false
	for _, annotation := range op.Annotations {
		a, ok := annotation.(answer)
		if !ok {
			continue
		}
		if err := a.check(); err != nil {
			b.operationFault(op, "%w", err)
			continue
		}
		if a.status < 400 && !success && op.Result.Open {
			success = true
			o.members = o.members[1:] // what any answer of the handler might have been
		}
		description := cmpOr(a.description, sentence("", a.status))
		r := &object{}
		r.set("description", description)
		switch body := a.body.(type) {
		case nil:
			if a.status >= 400 {
				r = b.refusal(op, description)
			}
		case string:
			r.child("content").child("text/plain").set("schema", &schema{kind: "string"})
		case []byte:
			r.child("content").child("application/octet-stream").set("schema", &schema{kind: "string", format: "binary"})
		default:
			result := &endpoint.OperationResult{Type: reflect.TypeOf(body)}
			r.child("content").child("application/json").set("schema", b.resultSchema(result))
		}
		o.set(strconv.Itoa(a.status), r)
	}
	return success
}

// sentence writes a reason as a sentence.
func sentence(reason string, status int) string {
	if reason == "" {
		reason = http.StatusText(status)
	}
	r := []rune(reason)
	if len(r) == 0 {
		return "Status " + strconv.Itoa(status) + "."
	}
	r[0] = unicode.ToUpper(r[0])
	if s := string(r); strings.HasSuffix(s, ".") {
		return s
	}
	return string(r) + "."
}

// A refusalKey is what decides how the answer of an error is written.
type refusalKey struct {
	description string
	body        endpoint.OperationErrorBody
}

// refusal writes the answer of an error, which operations share: there are few
// of them, and they would be half of a large document.
func (b *builder) refusal(op *endpoint.Operation, description string) *object {
	key := refusalKey{description, op.ErrorBody}
	o := b.refusals[key]
	if o == nil {
		o = b.newRefusal(op, description)
		b.refusals[key] = o
	}
	return o
}

func (b *builder) newRefusal(op *endpoint.Operation, description string) *object {
	o := &object{}
	o.set("description", description)
	if kind := baseMedia(op.ErrorBody.MediaType); kind != "" {
		s := &schema{kind: "string"}
		if op.ErrorBody.Type != nil {
			s = b.schema(op.ErrorBody.Type, output)
		}
		o.child("content").child(kind).set("schema", s)
	}
	return o
}

// baseMedia returns a media type without its parameters.
func baseMedia(kind string) string {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.TrimSpace(kind)
}

// success writes the answer of a success.
func (b *builder) success(op *endpoint.Operation) *object {
	r := &op.Result
	o := &object{}
	o.set("description", cmpOr(http.StatusText(r.Status), "Success"))
	if r.Status == http.StatusNoContent || r.Status == http.StatusResetContent || r.Status == http.StatusNotModified {
		return o
	}
	content := &object{}
	kind := baseMedia(r.MediaType)
	switch {
	case r.Type != nil && b.unions[r.Type] != nil:
		content.child("application/json").set("schema", b.schema(r.Type, output))
	case r.Open:
		content.set("*/*", &object{})
	case r.Element != nil:
		b.stream(content, r, kind)
	case kind == "":
	case kind == "application/json":
		content.child(kind).set("schema", b.resultSchema(r))
	case kind == "text/plain":
		content.child(kind).set("schema", &schema{kind: "string"})
	default:
		content.child(kind).set("schema", &schema{kind: "string", format: "binary"})
	}
	for _, m := range content.members {
		if media, ok := m.value.(*object); ok {
			b.addExamples(media, op, func(e example) any { return e.response })
		}
	}
	o.add("content", content)
	return o
}

// resultSchema is that of a JSON result. A nil pointer, which would be null, is
// left out: a handler that returns one without an error forgot the value.
func (b *builder) resultSchema(r *endpoint.OperationResult) *schema {
	if r.Type == nil {
		return &schema{kind: "null"}
	}
	s := b.schema(r.Type, output)
	if _, opt := optElem(r.Type); !opt {
		s.nullable = false
	}
	return s
}

// stream describes what comes piece by piece: since 3.2 there is a word for it.
func (b *builder) stream(content *object, r *endpoint.OperationResult, kind string) {
	element := func() *schema {
		if kind == "text/event-stream" {
			return eventSchema()
		}
		s := b.schema(r.Element, output)
		s.nullable = false
		return s
	}
	media := content.child(kind)
	if b.version == v32 {
		media.set("itemSchema", element())
	} else {
		text := "One JSON value a line; x-itemSchema describes each."
		if kind == "text/event-stream" {
			text = "Server-sent events; x-itemSchema describes each."
		}
		media.set("schema", &schema{kind: "string", description: text})
		media.set("x-itemSchema", element())
	}
	if kind != "text/event-stream" { // for clients that accept JSON alone
		content.child("application/json").set("schema", &schema{kind: "array", items: element()})
	}
}

// eventSchema describes a server-sent event.
func eventSchema() *schema {
	return &schema{kind: "object", properties: []property{
		{"id", &schema{kind: "string"}},
		{"event", &schema{kind: "string"}},
		{"data", &schema{kind: "string"}},
		{"retry", &schema{kind: "integer", minimum: "0"}},
	}}
}
