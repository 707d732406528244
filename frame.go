package endpoint

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"sync"
)

// fastPaths lets handlers of common shapes be called without reflection. Tests
// turn it off to prove that all shapes behave the same.
var fastPaths = true //nolint:gochecknoglobals // changed by tests alone

// A frame is the memory of one call of a handler.
type frame struct {
	slots []slot
	args  []reflect.Value
	out   any // *T of the result
	value reflect.Value
	state any // of Typed and the common shapes
	reset func()
}

// call returns where frames come from and how the handler is called with one.
func (p *plan) call(fn any, ready typedFunction) (*sync.Pool, func(*frame) error) {
	var newEmpty func() *frame
	var invoke func(*frame) error
	params, out := p.handler.params, p.out // not p: the pool may outlive the API
	switch {
	case fastPaths && ready != nil:
		bare := reflect.Zero(reflect.TypeOf(ready)).Interface().(typedFunction) // likewise
		newEmpty, invoke = bare.newFrame, ready.invoke
	case fastPaths:
		newEmpty, invoke = common(fn)
	}
	if newEmpty == nil {
		newEmpty, invoke = func() *frame { return reflectFrame(params, out) }, p.reflectCall
	}
	pool := &sync.Pool{New: func() any { return prepareFrame(newEmpty(), params) }}
	for i := range params {
		if kind := params[i].kind; kind == paramConstant || kind == paramProvided {
			return pool, invoke // what is in the frame is this API's alone
		}
	}
	shared, _ := framePools.LoadOrStore(frameKey{p.handler.typ, ready != nil, fastPaths}, pool)
	return shared.(*sync.Pool), invoke
}

// framePools holds the pools of frames by the type of the handler, which alone
// decides what a frame is: endpoints of one type use the same few frames.
var framePools sync.Map

type frameKey struct {
	handler   reflect.Type
	typed     bool
	fastPaths bool
}

// prepareFrame makes a frame ready to be filled any number of times.
func prepareFrame(f *frame, params []param) *frame {
	f.args = make([]reflect.Value, len(f.slots))
	for i := range f.slots {
		f.args[i] = f.slots[i].value
		params[i].prepare(&f.slots[i])
	}
	keepConstants(f, params)
	return f
}

// keepConstants makes a frame set its constant parameters again after a reset.
func keepConstants(f *frame, params []param) {
	for i := range params {
		if q := &params[i]; q.kind == paramConstant {
			reset := f.reset
			f.reset = func() {
				reset()
				f.args[i].Set(q.constant)
			}
		}
	}
}

// reflectFrame makes a frame for a call by reflection.
func reflectFrame(params []param, out reflect.Type) *frame {
	f := &frame{slots: make([]slot, len(params))}
	for i := range f.slots {
		f.slots[i].value = reflect.New(params[i].typ).Elem()
	}
	if out != nil {
		v := reflect.New(out)
		f.out, f.value = v.Interface(), v.Elem()
	}
	f.reset = func() {
		for i := range f.args {
			f.args[i].SetZero()
		}
		if f.value.IsValid() {
			f.value.SetZero()
		}
	}
	return f
}

func (p *plan) reflectCall(f *frame) error {
	out := p.handler.fn.Call(f.args)
	if p.out != nil {
		f.value.Set(out[0])
	}
	if p.fails {
		err, _ := out[len(out)-1].Interface().(error)
		return err
	}
	return nil
}

// A typedState is the memory of a call of a typed function.
type typedState[In, Out any] struct {
	ctx context.Context
	in  In
	out Out
}

func (t typed[In, Out]) newFrame() *frame {
	s := &typedState[In, Out]{}
	return &frame{
		slots: []slot{{value: reflect.ValueOf(&s.ctx).Elem()}, {value: reflect.ValueOf(&s.in).Elem()}},
		out:   &s.out,
		state: s,
		reset: func() { *s = typedState[In, Out]{} },
	}
}

func (t typed[In, Out]) invoke(f *frame) (err error) {
	s := f.state.(*typedState[In, Out])
	s.out, err = t.fn(s.ctx, s.in)
	return err
}

// A textState is the memory of the common shapes below.
type textState struct {
	ctx    context.Context
	w      http.ResponseWriter
	r      *http.Request
	in     string
	result string
}

// common returns how functions of the most common exact types are called.
func common(fn any) (func() *frame, func(*frame) error) {
	switch fn := fn.(type) {
	case func() string:
		return textFrame(), func(f *frame) error { f.text().result = fn(); return nil }
	case func() (string, error):
		return textFrame(), func(f *frame) (err error) { f.text().result, err = fn(); return err }
	case func(context.Context) string:
		return textFrame(ctxSlot), func(f *frame) error { f.text().result = fn(f.text().ctx); return nil }
	case func(context.Context) (string, error):
		return textFrame(ctxSlot), func(f *frame) (err error) { f.text().result, err = fn(f.text().ctx); return err }
	case func(string) string:
		return textFrame(inSlot), func(f *frame) error { f.text().result = fn(f.text().in); return nil }
	case func(string) (string, error):
		return textFrame(inSlot), func(f *frame) (err error) { f.text().result, err = fn(f.text().in); return err }
	case func(context.Context, string) (string, error):
		return textFrame(ctxSlot, inSlot), func(f *frame) (err error) {
			f.text().result, err = fn(f.text().ctx, f.text().in)
			return err
		}
	case func(context.Context) error:
		return textFrame(ctxSlot), func(f *frame) error { return fn(f.text().ctx) }
	case func() error:
		return textFrame(), func(*frame) error { return fn() }
	case func():
		return textFrame(), func(*frame) error { fn(); return nil }
	case func(http.ResponseWriter, *http.Request):
		return textFrame(writerSlot, requestSlot), func(f *frame) error { fn(f.text().w, f.text().r); return nil }
	case func(http.ResponseWriter, *http.Request) error:
		return textFrame(writerSlot, requestSlot), func(f *frame) error { return fn(f.text().w, f.text().r) }
	}
	return nil, nil
}

func (f *frame) text() *textState { return f.state.(*textState) }

func ctxSlot(s *textState) slot { return slot{value: reflect.ValueOf(&s.ctx).Elem()} }

func inSlot(s *textState) slot { return slot{value: reflect.ValueOf(&s.in).Elem()} }

func writerSlot(s *textState) slot { return slot{value: reflect.ValueOf(&s.w).Elem()} }

func requestSlot(s *textState) slot { return slot{value: reflect.ValueOf(&s.r).Elem()} }

// textFrame returns how frames of a common shape are made.
func textFrame(slots ...func(*textState) slot) func() *frame {
	return func() *frame {
		s := &textState{}
		f := &frame{out: &s.result, state: s, reset: func() { *s = textState{} }}
		for _, newSlot := range slots {
			f.slots = append(f.slots, newSlot(s))
		}
		return f
	}
}

// prepare makes a slot ready to be filled any number of times; its value is set.
func (p *param) prepare(s *slot) {
	switch p.kind {
	case paramConstant:
		s.value.Set(p.constant)
	case paramPath:
		s.ptr = p.scalar.pointer(s.value)
	case paramInput:
		if !p.pointer {
			p.input.prepare(s, s.value)
		}
	default:
		s.ptr = s.value.Addr().Interface()
	}
}

// fill puts into a slot what the request has for the parameter. Dependencies
// are left to supply.
func (p *param) fill(c *call, s *slot) {
	switch p.kind {
	case paramContext:
		*s.ptr.(*context.Context) = c.visible
	case paramRequest:
		*s.ptr.(**Request) = c.request()
	case paramHTTP:
		*s.ptr.(**http.Request) = c.request().Request
	case paramWriter:
		*s.ptr.(*http.ResponseWriter) = c.out
	case paramParams:
		*s.ptr.(*Params) = c.params()
	case paramQuery:
		*s.ptr.(*url.Values) = c.query()
	case paramHeader:
		*s.ptr.(*http.Header) = c.r.Header
	case paramUser:
		*s.ptr.(**User) = c.user
	case paramBody:
		p.body.bind(c, s.value, s.ptr)
	case paramPath:
		p.fillPath(c, s)
	case paramInput:
		p.fillInput(c, s)
	}
}

func (p *param) fillPath(c *call, s *slot) {
	text := c.pathValue(p.segment)
	f := FieldError{In: "path", Name: c.plan.pathParams[p.segment].name}
	switch {
	case !isText(text):
		f.Code, f.Message = "text", "must be UTF-8 text without NUL"
	case !p.scalar.put(s.ptr, "", text):
		f.Code, f.Message = "type", p.scalar.scalar.want
	default:
		return
	}
	c.fault(f)
}

func (p *param) fillInput(c *call, s *slot) {
	if !p.pointer {
		p.input.bind(c, s, p.path)
		return
	}
	// The handler may keep the struct, so each request has its own.
	v := reflect.New(p.input.typ)
	fresh := slot{value: v.Elem()}
	p.input.prepare(&fresh, fresh.value)
	p.input.bind(c, &fresh, p.path)
	s.value.Set(v)
}

// bind makes the arguments of a guard or provider from the request.
func (f *userFunc) bind(c *call) []reflect.Value {
	args := make([]reflect.Value, len(f.params))
	for i := range f.params {
		args[i] = reflect.New(f.params[i].typ).Elem()
		s := slot{value: args[i]}
		f.params[i].prepare(&s)
		f.params[i].fill(c, &s)
	}
	return args
}

// supply adds the dependencies to arguments.
func (f *userFunc) supply(c *call, args []reflect.Value) error {
	for i := range f.params {
		if p := &f.params[i]; p.kind == paramProvided {
			v, err := c.dependency(p.dep)
			if err != nil {
				return err
			}
			args[i].Set(v)
		}
	}
	return nil
}
