package openapi

import (
	"fmt"
	"net/http"

	"github.com/seed217079a1/endpoint"
)

// An amendment changes a finished operation object.
type amendment func(object map[string]any)

// An example is a named example of what is sent and answered.
type example struct {
	name              string
	request, response any
}

// Amend returns an option for the endpoints whose operation objects f changes,
// for what has no option of its own. The object is as it will be written, in
// values of the types map[string]any, []any, string, bool, nil and, for
// numbers, a type that is a string; what f puts there may be anything that can
// be JSON. Members keep their places, and new ones follow.
func Amend(f func(object map[string]any)) endpoint.Option {
	return endpoint.Annotate(amendment(f))
}

// Example returns an option that shows an example of the body that an endpoint
// reads, and of the one that it answers with on success; nil leaves one out.
// The name tells several examples of an endpoint apart.
func Example(name string, request, response any) endpoint.Option {
	return endpoint.Annotate(example{name, request, response})
}

// An answer is a response that an option declares.
type answer struct {
	status      int
	description string
	body        any
}

// check reports what no response can be.
func (a *answer) check() error {
	switch {
	case a.status < 200 || a.status > 599:
		return fmt.Errorf("openapi.Answer: there is no answer with status %d; write one from 200 to 599", a.status)
	case a.body != nil && (a.status == http.StatusNoContent || a.status == http.StatusNotModified):
		return fmt.Errorf("openapi.Answer: status %d has no body; write nil", a.status)
	}
	return nil
}

// Answer returns an option that declares a response which the types of a
// handler do not show: the body of a [endpoint.Response], or an error that the
// handler makes itself. It takes the place of what the document would say of
// the status. The type of body is that of the response: a string is text, a
// []byte binary, nil nothing, and any other value JSON; for a status from 400
// on nil is the API's own form of errors.
func Answer(status int, description string, body any) endpoint.Option {
	return endpoint.Annotate(answer{status, description, body})
}

// amend lets the options and the Info change an operation object.
func (b *builder) amend(op *endpoint.Operation, o *object) *object {
	var list []amendment
	for _, a := range op.Annotations {
		if f, ok := a.(amendment); ok && f != nil {
			list = append(list, f)
		}
	}
	if b.info.Amend != nil {
		list = append(list, func(m map[string]any) { b.info.Amend(*op, m) })
	}
	if list == nil {
		return o
	}
	m, _ := plain(o).(map[string]any)
	for _, f := range list {
		f(m)
	}
	amended, err := mapTree(m, o)
	if err != nil {
		b.operationFault(op, "what Amend made of it: %w", err)
		return o
	}
	return amended
}
