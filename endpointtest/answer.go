package endpointtest

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// An Answer is what a handler answered. A check that fails ends the test.
type Answer struct {
	client   *Client
	exchange *exchange
	sent     []byte // the body of the request
	read     int    // how much of a stream was returned
	awaited  bool

	headChecked, checked bool // the header, and all of it, was held against the document
}

// await waits for the beginning of the answer, and looks at it.
func (a *Answer) await() {
	c, x := a.client, a.exchange
	c.t.Helper()
	if a.awaited {
		return
	}
	a.awaited = true
	begun := x.wait(func() bool { return x.flushed || x.ended }, patience)
	switch {
	case !begun:
		c.t.Fatalf("endpointtest: no answer after %v%s", patience, a.dump())
	case x.panicked != nil:
		c.t.Fatalf("endpointtest: the handler panics: %v\n%s%s", x.panicked, x.stack, a.dump())
	case x.left:
		c.t.FailNow() // it has said why
	}
	c.jar.SetCookies(address(x.request), a.result().Cookies())
	a.check()
}

// fail reports what is wrong, with the request and the answer.
func (a *Answer) fail(format string, args ...any) {
	a.client.t.Helper()
	a.client.t.Fatalf(format+"%s", append(args, a.dump())...)
}

// Status checks the status.
func (a *Answer) Status(want int) *Answer {
	a.client.t.Helper()
	if got := a.Result().StatusCode; got != want {
		a.fail("status %d, want %d", got, want)
	}
	return a
}

// Header checks that a header field has one value, and which; "" wants it
// absent.
func (a *Answer) Header(name, want string) *Answer {
	a.client.t.Helper()
	got := a.Result().Header.Values(name)
	if want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{want}) {
		a.fail("header %s is %q, want %q", name, got, want)
	}
	return a
}

// JSON decodes the body, whose content type must be JSON, into what v points
// to. Members that v has no place for are ignored.
func (a *Answer) JSON(v any) *Answer {
	a.client.t.Helper()
	body := a.body()
	if got := a.mediaType(); !isJSON(got) {
		a.fail("content type %q is no JSON", got)
	}
	if err := json.Unmarshal(body, v); err != nil {
		a.fail("the body does not fit into %T: %v", v, err)
	}
	return a
}

// Equal checks the body. It is decoded into a value of the type of want, by
// [Answer.JSON], and compared by go-cmp with these options. A []byte is
// compared with the body itself, and a string with its text unless the answer
// is JSON. A nil slice comes back empty, as the server writes it; the option
// cmpopts.EquateEmpty takes both for one.
func (a *Answer) Equal(want any, opts ...cmp.Option) *Answer {
	a.client.t.Helper()
	var got any
	switch want.(type) {
	case nil:
		a.JSON(&got)
	case []byte:
		got = a.body()
	case string:
		got = string(a.body())
		if isJSON(a.mediaType()) {
			got = *a.decoded(want).(*string)
		}
	default:
		got = reflect.ValueOf(a.decoded(want)).Elem().Interface()
	}
	d, err := difference(want, got, opts)
	if err != nil {
		a.fail("the body cannot be compared; give Equal an option of go-cmp: %v", err)
	}
	if d != "" {
		a.fail("the body differs (-want +got):\n%s", d)
	}
	return a
}

// difference is cmp.Diff, which panics where it finds unexported fields and no
// option that says what to do with them.
func difference(want, got any, opts []cmp.Option) (d string, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	return cmp.Diff(want, got, opts...), nil
}

// decoded returns a pointer to the body as the type of a value.
func (a *Answer) decoded(like any) any {
	a.client.t.Helper()
	v := reflect.New(reflect.TypeOf(like)).Interface()
	a.JSON(v)
	return v
}

// Text returns the body; that of a stream when it has ended.
func (a *Answer) Text() string {
	a.client.t.Helper()
	return string(a.body())
}

// Problem checks that the answer is a problem document with this status and, if
// any are named, exactly these faults in any order. A fault is written as
// "query limit max" or "body /users/0/email email": where it is, its name or
// pointer, and its code.
func (a *Answer) Problem(status int, faults ...string) *Answer {
	a.client.t.Helper()
	a.Status(status)
	if got := a.mediaType(); got != "application/problem+json" {
		a.fail("content type %q is no application/problem+json", got)
	}
	var problem struct {
		Errors []endpoint.FieldError `json:"errors"`
	}
	a.JSON(&problem)
	if len(faults) == 0 {
		return a
	}
	var got []string
	for _, f := range problem.Errors {
		got = append(got, strings.Join(slices.DeleteFunc([]string{f.In, f.Name, f.Pointer, f.Code}, isEmpty), " "))
	}
	slices.Sort(got)
	if d := cmp.Diff(slices.Sorted(slices.Values(faults)), got); d != "" {
		a.fail("the faults differ (-want +got):\n%s", d)
	}
	return a
}

func isEmpty(s string) bool { return s == "" }

// Result returns the answer as a client of net/http gets it; the body of a
// stream is what has come so far.
func (a *Answer) Result() *http.Response {
	a.client.t.Helper()
	a.await()
	return a.result()
}

func (a *Answer) result() *http.Response {
	x := a.exchange
	x.mu.Lock()
	defer x.mu.Unlock()
	return &http.Response{
		StatusCode: x.status, Status: statusLine(x.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: x.sent.Clone(), ContentLength: x.length, Request: x.request,
		Body: io.NopCloser(bytes.NewReader(slices.Clone(x.body))),
	}
}

// body waits for the end of the answer and returns all of it.
func (a *Answer) body() []byte {
	a.client.t.Helper()
	a.await()
	x := a.exchange
	if !x.wait(func() bool { return x.ended }, patience) {
		a.fail("the answer has not ended after %v; read a stream by Events or Lines", patience)
	}
	if a.check(); x.over {
		a.fail("the answer has more than %d bytes", maxBody)
	}
	if x.cut {
		a.fail("the connection was cut")
	}
	return x.received()
}

func (a *Answer) mediaType() string { return mediaType(a.Result().Header) }

// mediaType returns a content type without its parameters.
func mediaType(h http.Header) string {
	name, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return h.Get("Content-Type")
	}
	return name
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}
