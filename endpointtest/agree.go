package endpointtest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/seed217079a1/endpoint"
)

// Agree holds the API to its document, both ways: for each operation it makes
// so many requests from the schemas and sends each, once as it is and once
// broken in one way that the document forbids, such as a number beyond its
// maximum or a body without a required member. It reports, with a request that
// shows it,
//
//   - a valid request that is refused: one answered with 400, 415 or 422, where
//     the document has this status, with 401, or with 5xx; rules that compare
//     one value with another are no part of a document, and may refuse it,
//   - a broken request that is not answered with 4xx,
//   - an answer that the document does not have.
//
// The requests are the same each time. They change what the API stores, so give
// it one of its own; endpoints that want a user are reached by [Client.As] or
// [Client.Header]. A stream is left after a moment. In a test of type
// [testing.T] each operation is a subtest. A rule that the document tells in
// words alone, and a type whose text has a form that only its code knows, are
// reported as refusals; an [openapi.Describer] says what such a type takes.
func (c *Client) Agree(tries int) {
	c.t.Helper()
	for i, op := range c.operations() {
		run := func(c *Client) {
			c.t.Helper()
			c.agree(op, uint64(i)<<32, tries)
		}
		if t, ok := c.t.(*testing.T); ok {
			t.Run(op.method+" "+op.path.template, func(t *testing.T) { run(c.With(t)) })
		} else {
			run(c)
		}
	}
}

// Fuzz is [Client.Agree] as a fuzz target, which looks for requests that nobody
// thought of:
//
//	func FuzzAPI(f *testing.F) { endpointtest.New(f, api).Fuzz(f) }
func (c *Client) Fuzz(f *testing.F) {
	f.Helper()
	operations := c.With(f).operations()
	for i := range operations {
		f.Add(uint16(i), uint64(i))
	}
	f.Fuzz(func(t *testing.T, which uint16, seed uint64) {
		c.With(t).agree(operations[int(which)%len(operations)], seed, 1)
	})
}

// operations returns those of the document.
func (c *Client) operations() []*operation {
	c.t.Helper()
	if c.contract == nil {
		c.t.Fatalf("endpointtest: there is no document to agree with; give New an *endpoint.API, or call Contract with it")
	}
	doc, err := c.contract.document()
	if err != nil {
		c.t.Fatalf("endpointtest: the API has no document: %v", err)
	}
	var list []*operation
	for _, p := range doc.paths {
		for _, method := range slices.Sorted(maps.Keys(p.operations)) {
			list = append(list, p.operations[method])
		}
	}
	if len(list) == 0 {
		c.t.Fatalf("endpointtest: the document has no operation")
	}
	return list
}

// maxExamples is how many counter-examples of one operation are reported.
const maxExamples = 3

// agree tries one operation.
func (c *Client) agree(op *operation, seed uint64, tries int) {
	c.t.Helper()
	valid, broken, good, examples := 0, 0, 0, 0
	for i := range tries {
		for _, breaking := range []bool{false, true} {
			d, ok := op.draft(generator(seed + uint64(i)))
			if ok && breaking {
				ok = d.mutate()
			}
			if !ok {
				continue
			}
			if breaking {
				broken++
			} else {
				valid++
			}
			status, fault := c.try(d)
			if status < 400 && !breaking {
				good++
			}
			if fault != "" {
				examples++
				c.t.Errorf("%s %s, try %d: %s", op.method, op.path.template, i, fault)
			}
			if examples == maxExamples {
				return
			}
		}
	}
	if valid == 0 {
		c.t.Errorf("%s %s: no valid request could be made from its schemas", op.method, op.path.template)
	}
	c.t.Logf("%s %s: %d valid requests, %d of them successful, and %d broken ones; %d counter-examples",
		op.method, op.path.template, valid, good, broken, examples)
}

// try sends a draft. It returns the status, and what is wrong with the answer,
// "" for nothing.
func (c *Client) try(d *draft) (status int, fault string) {
	req, body, err := d.request(c).build()
	if err != nil {
		return 0, fmt.Sprintf("the request cannot be written: %v", err)
	}
	a := &Answer{client: c, exchange: c.exchange(req), sent: body}
	a.complete()
	x := a.exchange
	if x.panicked != nil {
		return 0, fmt.Sprintf("the handler panics: %v\n%s%s", x.panicked, x.stack, a.dump())
	}
	if fault = d.judge(x.status); fault != "" && !(d.broken == "" && a.comparesFields()) {
		return x.status, fault + a.dump()
	}
	faults, err := a.faults(c.contract)
	if err != nil {
		return x.status, err.Error()
	}
	if len(faults) > 0 {
		return x.status, "the document does not have this answer: " + strings.Join(faults, "\n\t") + a.dump()
	}
	return x.status, ""
}

// exchange begins to serve a request.
func (c *Client) exchange(r *http.Request) *exchange {
	ctx, cancel := context.WithCancel(c.t.Context())
	x := newExchange(r.WithContext(ctx), cancel)
	go x.serve(c.handler)
	return x
}

// streamPatience is how long a stream is read whose end nobody knows.
const streamPatience = 20 * time.Millisecond

// complete waits for the end of the answer, and ends a stream.
func (a *Answer) complete() {
	x := a.exchange
	x.wait(func() bool { return x.flushed || x.ended }, patience)
	x.wait(func() bool { return x.ended }, streamPatience)
	x.close()
}

// judge says what is wrong with a status, "" for nothing.
func (d *draft) judge(status int) string {
	switch {
	case status == 0:
		return "there is no answer"
	case status >= 500:
		return fmt.Sprintf("the server fails with %d%s", status, d.how())
	case d.broken != "" && (status < 400 || status == http.StatusUnauthorized):
		return fmt.Sprintf("a broken request is answered with %d%s", status, d.how())
	case d.broken != "":
		return ""
	case status == http.StatusUnauthorized:
		return "a valid request is refused by 401; give the client a user by As, or credentials by Header"
	case d.op.responses[fmt.Sprint(status)] != nil && slices.Contains(refusals, status):
		return fmt.Sprintf("a valid request is refused by %d", status)
	}
	return ""
}

func (d *draft) how() string {
	if d.broken == "" {
		return ""
	}
	return " (" + d.broken + ")"
}

// comparesFields reports whether all that is wrong with a request are rules for
// which schemas have no words: those that compare a value with another.
func (a *Answer) comparesFields() bool {
	var problem struct {
		Errors []endpoint.FieldError `json:"errors"`
	}
	if a.exchange.status != http.StatusUnprocessableEntity || json.Unmarshal(a.exchange.body, &problem) != nil {
		return false
	}
	words := func(f endpoint.FieldError) bool {
		return !strings.HasSuffix(f.Code, "field") && !strings.HasPrefix(f.Code, "required_") && !strings.HasPrefix(f.Code, "excluded_")
	}
	return len(problem.Errors) > 0 && !slices.ContainsFunc(problem.Errors, words)
}

// refusals are the statuses by which the library refuses what the document
// forbids. A handler may use them too, for reasons of its own: then they are
// not documented but by "default". 413 is none of them: documents do not say how
// long a body may be.
var refusals = []int{
	http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
}
