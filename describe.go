package endpoint

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/seed217079a1/endpoint/internal/funcname"
)

// An Operation is what an API knows of one endpoint, as compiled: documents,
// clients and tools read it. It is a copy; changing it changes nothing.
type Operation struct {
	Endpoint    *Endpoint
	Name        string   // of the option Name, else the function's
	Named       bool     // Name was given by the option, so it is unique
	Methods     []string // as registered; "*" is every method
	Path        string   // with the API's prefix, such as /api/users/:id
	Function    string   // readable name of the handler
	Symbol      string   // its import path and name, as example.com/users.Get or users.Users.Get; "" for a closure
	Place       string   // file:line of the registration
	Summary     string
	Description string
	Tags        []string
	Deprecated  bool
	Hidden      bool
	Annotations []any // of the option Annotate, those of the API first

	Security   OperationSecurity
	CORS       *CORSConfig          // nil if pages of no other origin may call
	Parameters []OperationParameter // path, query, header, cookie; in the order of the function
	Body       *OperationBody       // nil if no body is read
	Result     OperationResult
	Errors     []OperationError
	MaxBody    int64         // bytes
	Timeout    time.Duration // 0 for none
	Strict     bool          // unknown parameters and members are refused
	Prefix     bool          // all that is below the path is served too
	Fails      bool          // user code returns errors, so that statuses beside those in Errors may occur
	ErrorBody  OperationErrorBody

	needs []string // types of configurations and dependencies, for Explain
	steps []string // what runs before the handler, likewise
}

// An OperationParameter is one value that an endpoint reads from a request.
type OperationParameter struct {
	In       string // path, query, header, cookie, form, file
	Name     string // on the wire
	Type     reflect.Type
	Required bool
	Default  string   // "" if there is none, see HasDefault
	Rules    []string // of the validate tag, such as min=1
	Comma    bool     // a list is separated by commas too
	Rest     bool     // a path parameter that takes several segments

	HasDefault bool

	Owner reflect.Type // the struct that declares it, nil for a parameter by position
	Field string       // its Go name there, "" without an owner
}

// An OperationBody is the body that an endpoint reads.
type OperationBody struct {
	MediaType string       // application/json, ..., or "" for any
	Type      reflect.Type // of what it is decoded into; nil for a form
	Required  bool
	Fields    []OperationParameter // of a form
}

// An OperationResult is the answer of a success.
type OperationResult struct {
	Status    int
	MediaType string       // "" if the handler chooses it, or there is no body
	Type      reflect.Type // nil for no result
	Element   reflect.Type // of a stream; nil otherwise
	Open      bool         // the handler may choose another status and content
}

// An OperationErrorBody is what errors look like.
type OperationErrorBody struct {
	MediaType string       // "" if the option ErrorFormat decides
	Type      reflect.Type // of JSON; nil for text, and if the option decides
}

// An OperationError is an answer other than a success, and why it occurs.
type OperationError struct {
	Status int
	Reason string
}

// Operations returns the description of every endpoint that is registered
// now and enabled, in order of precedence, or the faults of Compile.
func (a *API) Operations() ([]Operation, error) {
	a.compiling.Lock()
	t, err := a.compile()
	a.compiling.Unlock()
	if err != nil {
		return nil, err
	}
	return t.operations(), nil
}

// Served is [API.Operations] for what the API serves now, that is for what the
// last [API.Compile] published; it compiles if nobody did. The error is that
// of an API that could not be compiled at all. [API.Version] tells when the
// answer changes.
func (a *API) Served() ([]Operation, error) {
	a.first.Do(a.compileFirst)
	t := a.current.Load()
	if t.fault != nil {
		return nil, t.fault
	}
	return t.operations(), nil
}

// Version is a number that grows whenever the API serves something else: after
// [API.Compile], and when one of its endpoints is enabled or disabled. It is 0
// until the API compiles for the first time. What was read of the API after a
// call is at least as new as its result, so that it may be kept until Version
// returns another one. A call costs next to nothing.
func (a *API) Version() uint64 {
	t := a.current.Load()
	if t == nil {
		return 0
	}
	switches := uint64(a.switches.Load())
	for _, e := range t.foreign {
		switches += uint64(e.switches.Load())
	}
	return uint64(t.published)<<32 + switches
}

// operations describes the endpoints of the table that are enabled.
func (t *table) operations() []Operation {
	var list []Operation
	for _, n := range t.nodes {
		for _, d := range n.operations() {
			if d.Endpoint.Enabled() {
				list = append(list, d)
			}
		}
	}
	return list
}

// operations describes the endpoints of a node, each once.
func (n *pathNode) operations() []Operation {
	var list []Operation
	var seen []*plan
	for _, e := range n.entries {
		if !e.alias && !slices.Contains(seen, e.plan) {
			seen = append(seen, e.plan)
			list = append(list, e.plan.describe())
		}
	}
	return list
}

// describe describes a plan.
func (p *plan) describe() Operation {
	s := &p.settings
	e := p.endpoint
	d := Operation{
		Endpoint: e, Name: s.name, Named: s.name != "",
		Methods: slices.Clone(s.methods), Path: p.path,
		Function: e.display(), Symbol: funcname.Symbol(e.source()), Place: e.place.String(),
		Summary: s.summary, Description: s.description, Tags: slices.Clone(s.tags),
		Deprecated: s.deprecated, Hidden: s.hidden,
		MaxBody: s.maxBody, Timeout: s.timeout, Strict: s.strict,
		Annotations: slices.Clone(s.annotations), ErrorBody: s.errorBody,
		Prefix: p.pattern.IsPrefix() && !p.exact, Fails: p.anyFails(),
	}
	if s.format == nil {
		d.ErrorBody = OperationErrorBody{typeProblem[0], reflect.TypeFor[problem]()}
	}
	if d.Name == "" {
		d.Name = e.Name()
	}
	for f := range p.functions() {
		for i := range f.params {
			d.addParam(p, &f.params[i])
		}
	}
	d.Security = p.describeSecurity()
	d.CORS = s.cors.describe()
	d.addUnbound(p)
	d.addSteps(p)
	d.Result = p.describeResult()
	d.addErrors(p)
	return d
}

// addSteps names what a request passes before the handler.
func (d *Operation) addSteps(p *plan) {
	for _, m := range p.settings.middleware {
		d.steps = append(d.steps, "middleware "+funcname.Of(m))
	}
	for i := range p.guards {
		when := "before the body is read"
		if !p.guards[i].early {
			when = "after the body is read"
		}
		d.steps = append(d.steps, "guard "+displayName(p.guards[i].function.fn.Interface())+", "+when)
	}
}

// addParam describes what one parameter of a function reads.
func (d *Operation) addParam(p *plan, q *param) {
	switch q.kind {
	case paramPath:
		path := p.pathParams[q.segment]
		d.Parameters = append(d.Parameters, OperationParameter{In: "path", Name: path.name, Type: q.typ, Required: true, Rest: path.rest})
	case paramBody:
		d.Body = describeBody(q.body, q.typ)
	case paramInput:
		d.addInput(p, q.input)
	case paramConstant, paramProvided:
		if name := q.typ.String(); !slices.Contains(d.needs, name) {
			d.needs = append(d.needs, name)
		}
	}
}

func (d *Operation) addInput(p *plan, in *inputType) {
	for i := range in.fields {
		f := &in.fields[i]
		v := OperationParameter{
			In: f.source.String(), Name: f.name, Type: f.typ, Required: f.rules.required,
			Default: f.def, HasDefault: f.hasDef, Rules: slices.Clone(f.rules.described), Comma: f.comma,
			Owner: f.owner, Field: f.goName,
		}
		switch f.source {
		case fromBody:
			d.Body = describeBody(f.body, f.typ)
			d.Body.Required = d.Body.Required || f.rules.required
		case fromForm, fromFile:
			if d.Body == nil {
				d.Body = &OperationBody{MediaType: formMedia.want, Required: true}
			}
			if f.source == fromFile {
				d.Body.MediaType = multipartMedia.want
			}
			d.Body.Fields = append(d.Body.Fields, v)
		case fromPath:
			v.Required = true
			v.Rest = p.pathParams[p.pathParam(f.name)].rest
			d.Parameters = append(d.Parameters, v)
		default:
			d.Parameters = append(d.Parameters, v)
		}
	}
}

// addUnbound adds path parameters that only the request gives.
func (d *Operation) addUnbound(p *plan) {
	for _, q := range p.pathParams {
		known := func(v OperationParameter) bool { return v.In == "path" && v.Name == q.name }
		if !slices.ContainsFunc(d.Parameters, known) {
			d.Parameters = append(d.Parameters, OperationParameter{In: "path", Name: q.name, Type: reflect.TypeFor[string](), Required: true, Rest: q.rest})
		}
	}
}

func describeBody(b *bodyPlan, t reflect.Type) *OperationBody {
	if b.form != bodyJSON {
		return &OperationBody{Type: t}
	}
	return &OperationBody{MediaType: jsonMedia.want, Type: t, Required: !b.ptr}
}

// describeResult describes the answer of a success.
func (p *plan) describeResult() OperationResult {
	r := OperationResult{Type: p.out, Status: p.settings.status, Open: p.writes || p.isOpen()}
	if r.Status == 0 {
		r.Status = http.StatusOK
		if p.form == resultNone && !p.writes && !p.answersNull() {
			r.Status = http.StatusNoContent
		}
	}
	switch {
	case p.form == resultNone && p.answersNull():
		r.MediaType = typeJSON[0]
	case p.form == resultString && p.settings.textAsJSON, p.form == resultJSON:
		r.MediaType = typeJSON[0]
	case p.form == resultString:
		r.MediaType = typeText[0]
	case p.form == resultDynamic && p.out.Kind() == reflect.String:
		r.MediaType = typeText[0]
		if p.settings.textAsJSON {
			r.MediaType = typeJSON[0]
		}
	case p.out == bytesType:
		r.MediaType = typeOctets[0]
	case p.out != nil && isIterator(p.out):
		r.Element = p.out.In(0).In(0)
		r.MediaType = typeLines[0]
		if r.Element == reflect.TypeFor[Event]() {
			r.MediaType = typeEvents[0]
		}
	case p.out != nil && p.out.Implements(readerType):
		r.MediaType = typeOctets[0]
	}
	return r
}

// isOpen reports whether a result chooses its status and content itself.
func (p *plan) isOpen() bool {
	switch t := p.out; {
	case t == nil:
		return false
	case t.Kind() == reflect.Interface && !t.Implements(readerType), t == responseType, t == reflect.PointerTo(responseType),
		t == mediaStructType, t == reflect.PointerTo(mediaStructType):
		return true
	default:
		return t.Implements(handlerType)
	}
}

// anyFails reports whether the handler, a guard or a dependency returns errors.
func (p *plan) anyFails() bool {
	return p.fails ||
		slices.ContainsFunc(p.guards, func(g guardPlan) bool { return g.fails }) ||
		slices.ContainsFunc(p.providers, func(q providerPlan) bool { return q.fails > 0 || q.finish > 0 })
}

// A problem is what a problem document holds, for descriptions; extension
// members may be beside them.
type problem struct {
	Type   string       `json:"type,omitempty"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail,omitempty"`
	Errors []FieldError `json:"errors,omitempty"`
}

// addErrors lists the refusals that can really occur. A status may have several
// reasons.
func (d *Operation) addErrors(p *plan) {
	add := func(when bool, status int, reason string) {
		if e := (OperationError{status, reason}); when && !slices.Contains(d.Errors, e) {
			d.Errors = append(d.Errors, e)
		}
	}
	body := d.Body != nil
	decoded := body && d.Body.MediaType != ""
	from := func(in string) bool {
		return slices.ContainsFunc(d.Parameters, func(v OperationParameter) bool { return v.In == in })
	}
	add(body || from("query") || from("cookie") || p.takesAll(), http.StatusBadRequest, "the request is malformed")
	d.Security.addRefusals(add)
	add(body, http.StatusRequestTimeout, "the body came too slowly")
	add(body, http.StatusRequestEntityTooLarge, "the body is too large")
	add(decoded, http.StatusUnsupportedMediaType, "the body has the wrong content type")
	add(decoded || p.readsValues() || d.Strict, http.StatusUnprocessableEntity, "the request has invalid values")
	for _, e := range p.settings.mapped {
		add(d.Fails, e.Status, e.Reason)
	}
	add(p.settings.timeout > 0, http.StatusServiceUnavailable, "the answer took too long")
	add(true, http.StatusInternalServerError, "something failed inside")
}

// takesAll reports whether something takes the whole query, which may be
// malformed.
func (p *plan) takesAll() bool {
	return p.anyParam(func(q *param) bool { return q.kind == paramQuery || q.kind == paramParams })
}

// readsValues reports whether something reads values that may be wrong: a path
// parameter that is taken from the request, or by position as a text, is not.
func (p *plan) readsValues() bool {
	return p.takesAll() || p.anyParam(func(q *param) bool {
		return q.kind == paramPath || q.kind == paramInput && len(q.input.fields) > 0
	})
}

func (p *plan) anyParam(is func(*param) bool) bool {
	for f := range p.functions() {
		for i := range f.params {
			if is(&f.params[i]) {
				return true
			}
		}
	}
	return false
}

// explain writes the description for people.
func (d *Operation) explain(b *strings.Builder) {
	path := d.Path
	if path == "" {
		path = `""`
	}
	state := ""
	if !d.Endpoint.Enabled() {
		state = " (disabled)"
	}
	fmt.Fprintf(b, "%s %s%s\n\thandler %s, registered at %s\n", strings.Join(d.Methods, ","), path, state, d.Function, d.Place)
	for _, step := range d.steps {
		fmt.Fprintf(b, "\t%s\n", step)
	}
	if d.Strict {
		b.WriteString("\tstrict: what is not known is a fault\n")
	}
	if d.Timeout > 0 {
		fmt.Fprintf(b, "\twithin %v\n", d.Timeout)
	}
	d.Security.explain(b)
	d.CORS.explain(b)
	for _, v := range d.Parameters {
		v.explain(b)
	}
	if d.Body != nil {
		d.Body.explain(b, d.MaxBody)
	}
	if len(d.needs) > 0 {
		fmt.Fprintf(b, "\tneeds %s\n", strings.Join(d.needs, ", "))
	}
	fmt.Fprintf(b, "\tanswers %d", d.Result.Status)
	if d.Result.MediaType != "" {
		fmt.Fprintf(b, " %s", d.Result.MediaType)
	}
	if d.Result.Type != nil {
		fmt.Fprintf(b, " from %s", d.Result.Type)
	}
	b.WriteByte('\n')
}

func (v *OperationParameter) explain(b *strings.Builder) {
	fmt.Fprintf(b, "\t%s %s %s", v.In, v.Name, v.Type)
	if v.Required {
		b.WriteString(", required")
	}
	if v.HasDefault {
		fmt.Fprintf(b, ", default %q", v.Default)
	}
	for _, r := range v.Rules {
		if r != "required" {
			b.WriteString(", " + r)
		}
	}
	b.WriteByte('\n')
}

func (d *OperationBody) explain(b *strings.Builder, limit int64) {
	kind := d.MediaType
	if kind == "" {
		kind = "of any type"
	}
	fmt.Fprintf(b, "\tbody %s", kind)
	if d.Type != nil {
		fmt.Fprintf(b, " into %s", d.Type)
	}
	fmt.Fprintf(b, ", at most %d bytes\n", limit)
	for i := range d.Fields {
		d.Fields[i].explain(b)
	}
}
