package endpoint

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"reflect"
)

// A Response gives a result a status, header fields and cookies. A nil
// *Response is answered with 204.
type Response struct {
	Status  int         // 0 means the endpoint's default
	Header  http.Header // a Content-Type in it wins, and string and []byte bodies then go out as they are
	Cookies []*http.Cookie
	Body    any // marshalled as if it had been returned itself; nil means no body
}

// Respond returns a Response with a status and a body.
func Respond(status int, body any) *Response {
	return &Response{Status: status, Body: body}
}

// Redirect returns a Response that sends the client to a location. The
// location may be an absolute URL, as logins and payments need it: never build
// it from what a request says.
func Redirect(status int, location string) *Response {
	return (&Response{Status: status}).Set("Location", location)
}

// Set sets a header field and returns r.
func (r *Response) Set(key, value string) *Response {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(key, value)
	return r
}

// Add adds a value to a header field and returns r.
func (r *Response) Add(key, value string) *Response {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Add(key, value)
	return r
}

// Cookie adds a cookie and returns r.
func (r *Response) Cookie(c *http.Cookie) *Response {
	r.Cookies = append(r.Cookies, c)
	return r
}

// Values of header fields, shared by all answers: nothing changes them.
var (
	typeJSON    = []string{"application/json"}
	typeProblem = []string{"application/problem+json"}
	typeText    = []string{"text/plain; charset=utf-8"}
	typeOctets  = []string{"application/octet-stream"}
	typeLines   = []string{"application/jsonl"}
	typeEvents  = []string{"text/event-stream"}
	noSniff     = []string{"nosniff"}
	noCache     = []string{"no-cache"}
	closing     = []string{"close"}
	noStore     = []string{"no-store"}
)

// reply answers with the result that out points to.
func (c *call) reply(form resultForm, out any) error {
	switch form {
	case resultNone:
		if c.plan.answersNull() {
			return c.replyJSON(nil)
		}
		status := http.StatusNoContent
		if c.plan.writes {
			status = http.StatusOK // as net/http does for a handler that writes nothing
		}
		if !c.out.wrote {
			c.out.write(c.status(status), nil)
		}
		return nil
	case resultString:
		if c.settings.textAsJSON {
			return c.replyJSON(out)
		}
		c.replyText(*out.(*string))
		return nil
	case resultJSON:
		return c.replyJSON(out)
	}
	v := reflect.ValueOf(out).Elem()
	if t := v.Type(); t.Kind() == reflect.Interface && v.IsNil() && (t.Implements(readerType) || t.Implements(handlerType)) {
		return c.noContent() // a nil reader or handler; any other interface without a value is null
	}
	return c.respondWith(c.status(http.StatusOK), v.Interface())
}

// status returns the status of a success.
func (c *call) status(otherwise int) int {
	if s := c.settings.status; s != 0 {
		return s
	}
	return otherwise
}

func (c *call) replyText(s string) {
	c.setType(typeText)
	buf := getBuffer()
	buf.WriteString(s)
	c.out.write(c.status(http.StatusOK), buf.Bytes())
	putBuffer(buf)
}

func (c *call) replyJSON(v any) error {
	return c.writeJSON(c.status(http.StatusOK), v)
}

// writeJSON marshals v whole before the first byte is written.
func (c *call) writeJSON(status int, v any) error {
	buf := jsonBuffers.Get().(*jsonBuffer)
	defer buf.free()
	if err := buf.encodeAs(v, c.settings.nullFloats); err != nil {
		return fmt.Errorf("result cannot be marshalled: %w", err)
	}
	c.setType(typeJSON)
	c.out.write(status, buf.text())
	return nil
}

// setType sets the content type unless the handler chose one.
func (c *call) setType(shared []string) {
	if !c.typed {
		c.out.Header()["Content-Type"] = shared
	}
}

// noContent answers for results that are nil where nil is nothing.
func (c *call) noContent() error {
	c.out.write(c.status(http.StatusNoContent), nil)
	return nil
}

// respond answers with a Response.
func (c *call) respond(r *Response) error {
	if r == nil {
		return c.noContent()
	}
	status := r.Status
	switch {
	case status == 0:
		status = c.status(http.StatusOK)
	case status < 200 || status > 599:
		return fmt.Errorf("response has status %d; write one from 200 to 599", status)
	}
	if err := checkResponse(r); err != nil {
		return err
	}
	h := c.out.Header()
	for name, values := range r.Header {
		key := http.CanonicalHeaderKey(name)
		if key == "Content-Type" && len(values) > 0 {
			c.typed = true
		}
		h[key] = append([]string(nil), values...)
	}
	for _, cookie := range r.Cookies {
		h.Add("Set-Cookie", cookie.String())
	}
	if r.Body == nil {
		c.out.write(status, nil)
		return nil
	}
	failed := true
	defer func() {
		if failed && !c.out.wrote {
			r.takeBack(h)
		}
	}()
	err := c.respondWith(status, r.Body)
	failed = err != nil
	return err
}

// takeBack removes the header fields of a response that is not sent, so that
// the error in its place does not carry them.
func (r *Response) takeBack(h http.Header) {
	for name := range r.Header {
		delete(h, http.CanonicalHeaderKey(name))
	}
	if len(r.Cookies) > 0 {
		delete(h, "Set-Cookie")
	}
}

// checkResponse refuses what could break out of its line.
func checkResponse(r *Response) error {
	for name, values := range r.Header {
		for _, v := range values {
			if !isToken(name) || !isFieldValue(v) {
				return fmt.Errorf("response header %q has a name or value that no header can have", name)
			}
		}
	}
	for _, cookie := range r.Cookies {
		if cookie == nil {
			return errors.New("response has a nil cookie")
		}
		if err := cookie.Valid(); err != nil {
			return fmt.Errorf("response cookie: %w", err)
		}
	}
	return nil
}

// isFieldValue reports whether s can be the value of a header field.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// respondWith answers with any value, by its dynamic type.
func (c *call) respondWith(status int, v any) error {
	switch v := v.(type) {
	case string:
		return c.respondText(status, v)
	case []byte:
		c.setType(typeOctets)
		c.out.write(status, v)
		return nil
	case *Response:
		return c.respond(v)
	case Response:
		return c.respond(&v)
	case *Media:
		if v == nil {
			return c.noContent()
		}
		return c.respondMedia(status, v)
	case Media:
		return c.respondMedia(status, &v)
	case iter.Seq2[Event, error]:
		return c.respondEvents(status, v)
	}
	if isNothing(v) {
		return c.noContent()
	}
	switch v := v.(type) {
	case error:
		return v // as an interface's value it is still no success
	case http.Handler:
		v.ServeHTTP(c.out, c.request().Request)
		if !c.out.wrote {
			c.out.write(status, nil) // as net/http would, with our header fields
		}
		return nil
	case io.Reader:
		return c.respondReader(status, v)
	}
	rv := reflect.ValueOf(v)
	if v != nil && isIterator(rv.Type()) {
		return c.respondIterator(status, rv)
	}
	if rv.Kind() == reflect.String && !marshalsItself(rv.Type()) {
		return c.respondText(status, rv.String())
	}
	return c.writeJSON(status, v)
}

// isNothing reports a nil reader, iterator or handler.
func isNothing(v any) bool {
	if v == nil {
		return false // an interface without a value is null
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Func:
		return rv.IsNil() && (isIterator(rv.Type()) || rv.Type().Implements(handlerType))
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Chan:
		return rv.IsNil() && (rv.Type().Implements(readerType) || rv.Type().Implements(handlerType))
	}
	return false
}

func (c *call) respondText(status int, s string) error {
	if c.settings.textAsJSON && !c.typed {
		return c.writeJSON(status, s)
	}
	c.setType(typeText)
	c.out.write(status, []byte(s))
	return nil
}
