package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/seed217079a1/endpoint/internal/funcname"
)

// A paramKind is a form that a parameter of a handler may have. This list and
// the one of results are closed.
type paramKind uint8

const (
	paramContext  paramKind = iota // context.Context
	paramRequest                   // *Request
	paramHTTP                      // *http.Request
	paramWriter                    // http.ResponseWriter
	paramParams                    // Params
	paramQuery                     // url.Values
	paramHeader                    // http.Header
	paramUser                      // *User
	paramBody                      // io.Reader, []byte, or a type decoded from JSON
	paramInput                     // a struct whose fields name sources
	paramPath                      // a scalar: the next path parameter
	paramConstant                  // a configuration, or a dependency that is a value
	paramProvided                  // a dependency
)

// builtin are the parameter forms that are one type each.
var builtin = map[reflect.Type]paramKind{
	reflect.TypeFor[context.Context]():     paramContext,
	reflect.TypeFor[*Request]():            paramRequest,
	reflect.TypeFor[*http.Request]():       paramHTTP,
	reflect.TypeFor[http.ResponseWriter](): paramWriter,
	reflect.TypeFor[Params]():              paramParams,
	reflect.TypeFor[url.Values]():          paramQuery,
	reflect.TypeFor[http.Header]():         paramHeader,
	reflect.TypeFor[*User]():               paramUser,
	reflect.TypeFor[io.Reader]():           paramBody,
	reflect.TypeFor[[]byte]():              paramBody,
}

// A param is one parameter of a function, and how it is filled.
type param struct {
	kind     paramKind
	typ      reflect.Type
	input    *inputType    // of paramInput
	pointer  bool          // of paramInput: the parameter is a pointer to it
	path     []int         // of paramInput: index of the path parameter of each path field
	segment  int           // of paramPath: index of the path parameter
	scalar   target        // of paramPath
	body     *bodyPlan     // of paramBody
	constant reflect.Value // of paramConstant
	dep      int           // of paramProvided: index among the plan's providers
}

// A userFunc is user code with handler parameters: a handler, guard or
// provider.
type userFunc struct {
	fn     reflect.Value
	typ    reflect.Type
	params []param
}

// typedFunction is a function that was given to Typed.
type typedFunction interface {
	function() any
	newFrame() *frame
	invoke(f *frame) error
}

// Typed returns fn as a handler that is called without reflection. It behaves
// as fn itself does, and saves some hundred nanoseconds a request.
func Typed[In, Out any](fn func(ctx context.Context, in In) (Out, error)) any {
	return typed[In, Out]{fn}
}

type typed[In, Out any] struct {
	fn func(context.Context, In) (Out, error)
}

func (t typed[In, Out]) function() any { return t.fn }

// plainFunc returns the function that stands behind a handler value: fn
// itself, or what Typed was given.
func plainFunc(fn any) any {
	if t, ok := fn.(typedFunction); ok {
		return t.function()
	}
	return fn
}

// analyse finds the form of each parameter of fn for the plan under
// construction. what names the function in faults, such as "parameter" of the
// handler or "guard auth, parameter".
func (b *builder) analyse(fn any, what string) (userFunc, bool) {
	f := newUserFunc(fn)
	t := f.typ
	switch {
	case fn == nil:
		b.fault("%sthe function is nil; give a function", what)
		return f, false
	case t.Kind() != reflect.Func:
		switch {
		case what != "":
			b.fault("%s%s is not a function; give a function", what, t)
		case reflect.PointerTo(t).Implements(handlerType):
			b.fault("%s is not a function, and only *%[1]s is an http.Handler; give a pointer to it", t)
		default:
			b.fault("%s is not a function; give a function or an http.Handler", t)
		}
		return f, false
	case f.fn.IsNil():
		b.fault("%sthe function is a nil %s; give a function", what, t)
		return f, false
	}
	ok, n := true, t.NumIn()
	if t.IsVariadic() {
		b.fault("%sthe function takes a variable number of arguments; take a slice in an input struct instead", what)
		ok, n = false, n-1
	}
	positions := 0
	for i := range n {
		b.at = reader{what, i, t.In(i)}
		p, err := b.param(t.In(i), &positions)
		if err != nil {
			for _, e := range unjoin(err) {
				if e != errReported { //nolint:errorlint // the value itself
					b.fault("%sparameter %d (%s): %w", what, i+1, t.In(i), e)
				}
			}
			ok = false
		}
		f.params = append(f.params, p)
	}
	if n := len(b.plan.pathParams); positions > 0 && positions < n && !b.noPath {
		b.misbound = true
		b.fault("%sthe path has %s and the function takes %d by position; take each of them, or bind them with fields tagged path", what, count(n, "parameter"), positions)
		ok = false
	}
	return f, ok
}

// callable reports whether f is a function that is not nil.
func (f *userFunc) callable() bool { return f.fn.Kind() == reflect.Func && !f.fn.IsNil() }

// newUserFunc returns fn as a function without its parameters.
func newUserFunc(fn any) userFunc {
	return userFunc{fn: reflect.ValueOf(fn), typ: reflect.TypeOf(fn)}
}

// unjoin returns the errors that were joined.
func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun
	case 1:
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// param finds the form of one parameter type.
func (b *builder) param(t reflect.Type, positions *int) (param, error) {
	p := param{typ: t}
	if kind, ok := builtin[t]; ok {
		p.kind = kind
		if kind != paramBody {
			return p, nil
		}
		return p, b.bodyParam(&p)
	}
	if provider, ok := b.env.providers[t]; ok {
		if provider.fn == nil {
			p.kind, p.constant = paramConstant, provider.value
			return p, nil
		}
		p.kind = paramProvided
		var err error
		p.dep, err = b.need(provider)
		return p, err
	}
	if isConfiguration(t) {
		p.kind = paramConstant
		var err error
		p.constant, err = b.env.configuration(t)
		return p, err
	}
	if target, ok := targetOf(t); ok && target.form == formScalar {
		p.kind, p.scalar, p.segment = paramPath, target, *positions
		*positions++
		switch {
		case b.noPath:
			return p, nil
		case p.segment >= len(b.plan.pathParams):
			b.misbound = true
			return p, fmt.Errorf("the path has %s, so none is left for it; add one to the path, or take a struct with a tagged field", count(len(b.plan.pathParams), "parameter"))
		}
		b.plan.pathParams[p.segment].bound = true
		return p, nil
	}
	return b.compound(p)
}

// compound finds the form of a struct, pointer, map or slice.
func (b *builder) compound(p param) (param, error) {
	t := p.typ
	switch t.Kind() {
	case reflect.Struct:
		switch {
		case foreign(t) != "":
			_, opt := isOpt(t)
			b.misbound = b.misbound || opt
			return p, errors.New(foreign(t))
		case isInput(t), t.NumField() == 0:
			return p, b.inputParam(&p, t)
		case len(exported(t)) == 0 && !decodesItself(t):
			return p, fmt.Errorf("nothing provides it, and a struct without exported fields cannot be a body; call Provide with a %s or a function that returns one", t)
		}
		return p, b.bodyParam(&p)
	case reflect.Pointer:
		elem := t.Elem()
		switch {
		case foreign(elem) != "":
			return p, errors.New(foreign(elem))
		case isConfiguration(elem):
			return p, fmt.Errorf("a configuration is shared by all requests and not to be changed; take %s by value", elem)
		case isScalar(elem):
			b.misbound = true
			return p, fmt.Errorf("a path parameter is always there; take %s by value, or a struct with a tagged field of this type", elem)
		case elem.Kind() == reflect.Struct && isInput(elem):
			p.pointer = true
			return p, b.inputParam(&p, elem)
		case elem.Kind() == reflect.Struct && (len(exported(elem)) > 0 || decodesItself(elem)):
			return p, b.bodyParam(&p)
		case elem.Kind() == reflect.Struct:
			return p, fmt.Errorf("nothing provides it, and a struct without exported fields cannot be a body; call Provide with a %s or a function that returns one", t)
		}
	case reflect.Map, reflect.Slice:
		if t == fileSliceType {
			return p, errors.New(foreign(t.Elem().Elem()))
		}
		return p, b.bodyParam(&p)
	case reflect.Interface:
		if t == errorType {
			return p, errors.New("nothing has an error before the handler runs; take it out and return one")
		}
		if t.NumMethod() == 0 {
			return p, errors.New("it says nothing of what is wanted; take a struct, map or slice for the body")
		}
		return p, fmt.Errorf("nothing provides it; call Provide with a function that returns %s", t)
	}
	return p, errors.New("it is no parameter form; take a context, a request, a scalar of the path, a struct, map or slice, or Provide it")
}

// foreign says what to write instead of a struct of this package or net/http
// that is no parameter and would pass for a body; "" for all other types.
func foreign(t reflect.Type) string {
	if _, ok := isOpt(t); ok {
		return "a parameter by position is always there; take the type inside by value, or a struct with a tagged field of this type"
	}
	switch t {
	case reflect.TypeFor[Request](), reflect.TypeFor[http.Request]():
		return fmt.Sprintf("a request is not to be copied; take *%s", t)
	case reflect.TypeFor[User]():
		return "the user may be missing; take *endpoint.User, nil if there is none"
	case reflect.TypeFor[File]():
		return "a file is found by its name in the form; take a struct with a field tagged file"
	case reflect.TypeFor[Response](), reflect.TypeFor[Media](), reflect.TypeFor[Event](), reflect.TypeFor[Error]():
		return "it is a result and nothing that a request has; return it"
	}
	return ""
}

// exported returns the exported fields of a struct.
func exported(t reflect.Type) []reflect.StructField {
	var list []reflect.StructField
	for f := range t.Fields() {
		if f.IsExported() || f.Anonymous {
			list = append(list, f)
		}
	}
	return list
}

// bodyParam makes p the body.
func (b *builder) bodyParam(p *param) error {
	p.kind = paramBody
	if err := b.consume("body"); err != nil {
		return err
	}
	plan, faults := bodyPlanOf(p.typ)
	p.body = plan
	return errors.Join(faults...)
}

// inputParam makes p an input struct of type t.
func (b *builder) inputParam(p *param, t reflect.Type) error {
	p.kind, p.input = paramInput, inputTypeOf(t)
	faults := append([]error(nil), p.input.faults...)
	b.misbound = b.misbound || p.input.badPath
	if what := p.input.consumes(); what != "" {
		if err := b.consume(what); err != nil {
			faults = append(faults, err)
		}
	}
	for _, i := range p.input.path {
		f := &p.input.fields[i]
		k := b.plan.pathParam(f.name)
		if k < 0 && b.noPath {
			continue
		}
		if k < 0 {
			b.misbound = true
			faults = append(faults, fmt.Errorf("field %s: the tag path:%q names no parameter of the path; %s", f.goName, f.name, b.plan.pathRemedy()))
			continue
		}
		b.plan.pathParams[k].bound = true
		p.path = append(p.path, k)
	}
	return errors.Join(faults...)
}

// consume notes that something reads the body: once an endpoint, all guards
// and providers included.
func (b *builder) consume(what string) error {
	if b.consumer != "" {
		return fmt.Errorf("the body is read already, by %s; a request has one body, so take all that is in it as one parameter", b.reader)
	}
	b.consumer, b.reader = what, b.at
	return nil
}

// pathParam returns the index of a path parameter, -1 if the path has none of
// that name.
func (p *plan) pathParam(name string) int {
	for i := range p.pathParams {
		if p.pathParams[i].name == name {
			return i
		}
	}
	return -1
}

// pathRemedy says which names a path tag may have.
func (p *plan) pathRemedy() string {
	var list []string
	for _, q := range p.pathParams {
		list = append(list, fmt.Sprintf("path:%q", q.name))
	}
	if len(list) == 0 {
		return "add a parameter such as :id to the path"
	}
	return "write " + strings.Join(list, " or ")
}

// checkResults finds how the results of the handler are answered.
func (b *builder) checkResults(f *userFunc) {
	t, p := f.typ, b.plan
	switch t.NumOut() {
	case 0:
	case 1:
		if t.Out(0) == errorType {
			p.fails = true
		} else {
			p.out = t.Out(0)
		}
	case 2:
		p.out, p.fails = t.Out(0), true
		if t.Out(1) != errorType {
			b.fault("the handler returns %s; return nothing, error, T, or (T, error)", results(t))
			return
		}
		if t.Out(0) == errorType {
			b.fault("the handler returns two errors; return one")
			return
		}
	default:
		b.fault("the handler returns %s; return nothing, error, T, or (T, error)", results(t))
		return
	}
	for i := range f.params {
		if f.params[i].kind == paramWriter && p.out != nil {
			b.fault("the handler takes an http.ResponseWriter and returns %s; write the answer or return it, and nothing or an error beside a writer", p.out)
			return
		}
	}
	form, err := resultOf(p.out)
	if err != nil {
		b.fault("result %s: %w", p.out, err)
	}
	p.form = form
	switch code := p.settings.status; code {
	case http.StatusNoContent, http.StatusResetContent, http.StatusNotModified:
		if form == resultString || form == resultJSON {
			b.fault("status %d has no body and the handler returns %s; return nothing, or give it another status", code, p.out)
		}
	}
}

// displayName names a function in a fault.
func displayName(fn any) string {
	if fn == nil {
		return "nil"
	}
	if _, ok := fn.(http.Handler); ok && reflect.TypeOf(fn).Kind() != reflect.Func {
		return reflect.TypeOf(fn).String()
	}
	return funcname.Of(plainFunc(fn))
}
