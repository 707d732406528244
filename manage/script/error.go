package script

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// An Error is a fault of a script: it cannot be compiled, it failed, it went
// over a limit, or it returned what no handler may return. It is for the owner
// of the script; its text may hold anything the script knows.
type Error struct {
	File      string
	Line      int    // from 1; 0 if the fault has no place, or it is not known
	Column    int    // from 1, in characters; 0 like Line
	Function  string // the function that failed; "" outside of one
	Message   string // what is wrong, without the place; at most 4 KiB
	Backtrace string // the calls that led to it, the last one last; "" if there were none
}

// Error returns place, function and message in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	if e.Function != "" {
		b.WriteString(": in " + e.Function)
	}
	b.WriteString(": " + e.Message)
	return b.String()
}

// trouble is an error of the engine, which no script is to blame for. Trying
// again helps.
type trouble struct {
	text  string
	cause error // nil if there is none
}

func (t *trouble) Error() string {
	if t.cause == nil {
		return "script: " + t.text
	}
	return "script: " + t.text + ": " + t.cause.Error()
}

func (t *trouble) Unwrap() error { return t.cause }

// Temporary is always true; it tells package manage to answer 503.
func (t *trouble) Temporary() bool { return true }

// compileError tells the first fault of a text that does not compile.
func compileError(file string, err error) *Error {
	var list resolve.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		e := placed(file, list[0].Pos, list[0].Msg)
		if more := len(list) - 1; more > 0 {
			e.Message += fmt.Sprintf(" (and %d more)", more)
		}
		return e
	}
	if syntaxErr, ok := errors.AsType[syntax.Error](err); ok {
		return placed(file, syntaxErr.Pos, syntaxErr.Msg+lacking(syntaxErr.Msg))
	}
	return &Error{File: file, Message: cut(err.Error())}
}

// lacking explains a syntax error at something of Python that Starlark lacks.
func lacking(message string) string {
	word, found := strings.CutPrefix(message, "got ")
	if !found {
		return ""
	}
	word, wanted, _ := strings.Cut(word, ", want ")
	switch word {
	case "as", "async", "await", "class", "except", "finally", "global", "nonlocal", "try", "with", "yield":
		return "; Starlark has no " + word
	case "import", "from":
		return "; Starlark has no " + word + ", and json, math, time, hmac and hashlib are there without it"
	case "raise", "assert":
		return "; Starlark has no " + word + ", write fail(...)"
	case "del":
		return "; Starlark has no del, write d.pop(key)"
	case "is":
		return "; Starlark has no is, write =="
	case "'**'":
		return "; Starlark has no **, write math.pow(x, y)"
	case "string literal":
		if wanted == "newline" {
			return "; Starlark has no f-strings, write \"{}\".format(x), and joins strings with + only"
		}
	}
	return ""
}

// runError tells why a script failed: where, in the innermost function that
// the script has itself, and through which calls.
func runError(file string, err error) *Error {
	failed, ok := errors.AsType[*starlark.EvalError](err)
	if !ok {
		return &Error{File: file, Message: cut(err.Error())}
	}
	e := &Error{File: file, Message: cut(failed.Msg), Backtrace: backtrace(failed)}
	for i := range failed.CallStack {
		frame := failed.CallStack.At(i)
		if frame.Pos.Line == 0 {
			continue // a function of the interpreter
		}
		e.Line, e.Column, e.Function = int(frame.Pos.Line), int(frame.Pos.Col), cut(frame.Name)
		break
	}
	if e.Function == "<toplevel>" {
		e.Function = ""
	}
	return e
}

// backtrace returns the calls of a failure. Of very many it keeps the outer
// and the inner ones.
func backtrace(failed *starlark.EvalError) string {
	const ends = 10
	stack := failed.CallStack
	if len(stack) <= 2*ends {
		return cut(stack.String())
	}
	outer, inner := stack[:ends:ends], stack[len(stack)-ends:]
	return cut(fmt.Sprintf("%s  ... %d more calls ...\n%s", outer, len(stack)-2*ends, inner))
}

func placed(file string, pos syntax.Position, message string) *Error {
	return &Error{File: file, Line: int(pos.Line), Column: int(pos.Col), Message: cut(message)}
}

// cut shortens a text to maxMessage, between two characters.
func cut(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	end := maxMessage
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + " ..."
}
