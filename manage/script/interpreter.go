package script

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// An interpreter compiles and runs scripts in this process. It is the whole of
// an in-process engine, and what a worker works with.
type interpreter struct {
	limits      Limits
	predeclared starlark.StringDict // frozen, the same for all scripts
	// after calls a function when the time is over, unless it is stopped first.
	after func(f func()) (stop func())
}

func newInterpreter(limits Limits) *interpreter {
	p := predeclared()
	p.Freeze()
	after := func(f func()) func() {
		t := time.AfterFunc(limits.Time, f)
		return func() { t.Stop() }
	}
	return &interpreter{limits: limits, predeclared: p, after: after}
}

func (i *interpreter) compile(_ context.Context, s *source) error {
	program, err := i.program(s.file, s.text)
	s.program.Store(program)
	return err
}

func (i *interpreter) run(ctx context.Context, s *source, c *call) (*response, error) {
	return i.exec(ctx, s.program.Load(), c)
}

func (i *interpreter) close() error { return nil }

// A program is a compiled script. It has no values, so that calls may share it.
type program struct {
	file string
	code *starlark.Program
}

// program compiles a text.
func (i *interpreter) program(file string, text []byte) (p *program, err error) {
	defer recovered(file, &err)
	text, err = blankPython(file, text)
	if err != nil {
		return nil, err
	}
	options := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
	_, code, err := starlark.SourceProgramOptions(options, file, text, i.predeclared.Has)
	if err != nil {
		return nil, compileError(file, err)
	}
	return &program{file: file, code: code}, nil
}

// exec runs the file and then its handler.
func (i *interpreter) exec(ctx context.Context, p *program, c *call) (out *response, err error) {
	defer recovered(p.file, &err)
	thread := i.thread(c)
	c.ctx, c.deadline = ctx, time.Now().Add(i.limits.Time)
	defer i.after(func() {
		c.late.Store(true)
		thread.Cancel("time")
	})()
	defer context.AfterFunc(ctx, func() { thread.Cancel("context") })()
	value, handler, err := i.call(thread, p, c)
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, i.explain(p.file, c, err)
	}
	out, err = result(value, i.limits.Output)
	if err != nil {
		at := handler.Position()
		return nil, &Error{File: p.file, Line: int(at.Line), Column: int(at.Col), Function: "handler", Message: err.Error()}
	}
	return out, nil
}

// call runs the top level and calls the handler that it leaves.
func (i *interpreter) call(thread *starlark.Thread, p *program, c *call) (starlark.Value, *starlark.Function, error) {
	globals, err := p.code.Init(thread, i.predeclared)
	if err != nil {
		return nil, nil, err
	}
	globals.Freeze()
	handler, ok := globals["handler"].(*starlark.Function)
	if !ok {
		return nil, nil, &Error{File: p.file, Message: missing(globals["handler"])}
	}
	value, err := starlark.Call(thread, handler, starlark.Tuple{newRequestValue(c.in)}, nil)
	return value, handler, err
}

func missing(handler starlark.Value) string {
	if handler == nil {
		return "def handler is missing; write def handler(request, *args, **kwargs)"
	}
	return fmt.Sprintf("handler is a %s; write def handler(request, *args, **kwargs)", handler.Type())
}

// thread returns a thread that keeps the limits on steps and recursion. The
// interpreter has no hook for calls; so every few steps are a limit of their
// own, whose handler looks at the depth and moves the limit on.
func (i *interpreter) thread(c *call) *starlark.Thread {
	const interval = 256
	thread := &starlark.Thread{
		Name:  "handler",
		Print: func(_ *starlark.Thread, text string) { c.print(text) },
		Load: func(*starlark.Thread, string) (starlark.StringDict, error) {
			return nil, errors.New("load is not available: a script is one file")
		},
		OnMaxSteps: func(thread *starlark.Thread) {
			switch steps := thread.ExecutionSteps(); {
			case steps >= i.limits.Steps:
				c.stop(thread, fmt.Sprintf("the step limit of %d steps is over", i.limits.Steps))
			case thread.CallStackDepth() > i.limits.Recursion:
				c.stop(thread, fmt.Sprintf("the recursion limit of %d nested calls is over", i.limits.Recursion))
			default:
				thread.SetMaxExecutionSteps(min(steps+interval, i.limits.Steps))
			}
		},
	}
	thread.SetMaxExecutionSteps(min(interval, i.limits.Steps))
	thread.SetLocal(callKey, c)
	return thread
}

// explain turns a failure of the interpreter into an Error. Where a limit was
// the reason it says so.
func (i *interpreter) explain(file string, c *call, err error) error {
	if fault, ok := errors.AsType[*Error](err); ok {
		return fault
	}
	e := runError(file, err)
	switch {
	case c.stopped != "":
		e.Message = c.stopped
	case c.late.Load():
		e.Message = fmt.Sprintf("the time limit of %v is over", i.limits.Time)
	}
	return e
}

// recovered turns a panic of the interpreter into an error of the script that
// caused it. The runtime panics where a list is to be longer than any memory.
func recovered(file string, err *error) {
	r := recover()
	if r == nil {
		return
	}
	message := cut(fmt.Sprintf("the interpreter failed: %v", r))
	if strings.Contains(message, "makeslice:") || strings.Contains(message, "growslice:") {
		message = "the memory limit is over: a list would have more elements than any memory holds; use a smaller range"
	}
	*err = &Error{File: file, Message: message}
}
