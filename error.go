package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An Error is an error for the client: all but Err is sent, as a problem
// document of RFC 9457. A handler returns one, or an error that wraps one, to
// choose the answer.
type Error struct {
	Status int    // of the response; 0 means 500
	Type   string // a URI that identifies the kind of problem; "" means about:blank
	Title  string // of the kind of problem; "" means the text of the status
	Detail string // what happened, for the person who reads it; "" for nothing to say
	Fields []FieldError
	Extra  map[string]any // extension members; one named like a member of the document is left out
	Header http.Header    // sent with the response
	Err    error          // the cause: logged, never sent
}

// A FieldError says what is wrong with one input. It never repeats the value.
type FieldError struct {
	In      string `json:"in"`                // path, query, header, cookie, form, body
	Name    string `json:"name,omitempty"`    // as on the wire
	Pointer string `json:"pointer,omitempty"` // JSON pointer into the body
	Code    string `json:"code"`              // the rule that failed: required, type, min, email, unknown ...
	Message string `json:"message"`
}

// Limits of a problem document, which a request must not be able to make large.
const (
	maxFaults      = 32
	maxProblem     = 16 << 10 // bytes
	maxPointerText = 256      // bytes of a pointer or name, which may hold keys of the client's
)

// Errorf returns an Error with a status and a formatted Detail. The detail is
// sent to the client, so an error never goes into args: give it to
// [Error.Wrap].
func Errorf(status int, format string, args ...any) *Error {
	return &Error{Status: status, Detail: fmt.Sprintf(format, args...)}
}

// Wrap returns a copy of e with the cause err, for the log and [errors.Is].
func (e *Error) Wrap(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// Error returns status, detail and cause in one line, for logs.
func (e *Error) Error() string {
	if e == nil {
		return "a nil *endpoint.Error was returned as an error; return nil itself"
	}
	text := strconv.Itoa(e.status()) + " " + e.title()
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	for _, f := range e.Fields {
		text += "; " + f.In + " " + f.Name + f.Pointer + " " + f.Message
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

func (e *Error) status() int {
	if e.Status < 200 || e.Status > 999 { // 1xx would not end the answer
		return http.StatusInternalServerError
	}
	return e.Status
}

func (e *Error) title() string {
	if e.Title != "" {
		return e.Title
	}
	return http.StatusText(e.status())
}

// problem returns the document of RFC 9457, at most maxProblem bytes of it
// by leaving out fields, then extensions, then the detail.
func (e *Error) problem() ([]byte, error) {
	fields := e.Fields[:min(len(e.Fields), maxFaults)]
	extra, detail := e.Extra, e.Detail
	for {
		b, err := appendProblem(nil, e, detail, fields, extra)
		if err != nil || len(b) <= maxProblem {
			return b, err
		}
		switch {
		case len(fields) > 0:
			fields = fields[:len(fields)/2]
		case len(extra) > 0:
			extra = nil
		case detail != "":
			detail = ""
		default:
			return appendProblem(nil, &Error{Status: e.status()}, "", nil, nil)
		}
	}
}

// appendProblem writes the document with the given detail, fields and extensions.
func appendProblem(b []byte, e *Error, detail string, fields []FieldError, extra map[string]any) ([]byte, error) {
	b = append(b, '{')
	if e.Type != "" {
		b = appendMember(b, "type", e.Type)
	}
	b = appendMember(b, "title", e.title())
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(e.status()), 10)
	if detail != "" {
		b = appendMember(b, "detail", detail)
	}
	if len(fields) > 0 {
		b = append(b, `,"errors":[`...)
		for i, f := range fields {
			if i > 0 {
				b = append(b, ',')
			}
			b = f.append(b)
		}
		b = append(b, ']')
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		switch name {
		case "type", "title", "status", "detail", "errors":
			continue
		}
		value, err := json.Marshal(extra[name], encodeOptions)
		if err != nil {
			return nil, fmt.Errorf("extension member %q of a problem: %w", name, err)
		}
		b = append(appendText(append(b, ','), name), ':')
		b = append(b, value...)
	}
	return append(b, '}'), nil
}

// append writes the fault as a JSON object.
func (f *FieldError) append(b []byte) []byte {
	b = append(b, '{')
	b = appendMember(b, "in", f.In)
	if f.Name != "" {
		b = appendMember(b, "name", clip(f.Name))
	}
	if f.Pointer != "" {
		b = appendMember(b, "pointer", clip(f.Pointer))
	}
	b = appendMember(b, "code", f.Code)
	return append(appendMember(b, "message", f.Message), '}')
}

// clip shortens a text that may hold keys of the client's.
func clip(s string) string {
	if len(s) <= maxPointerText {
		return s
	}
	return s[:maxPointerText] + "..."
}

// appendMember writes a member of a JSON object, with a comma if it is not the first.
func appendMember(b []byte, name, value string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(append(append(b, '"'), name...), '"', ':')
	return appendText(b, value)
}

// appendText writes a JSON string; what is not UTF-8 becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	// AppendQuote fails for invalid UTF-8 alone, and replaces it all the same.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// tooLong is the detail of an answer to what took too long.
const tooLong = "the answer took too long"

// asError turns any error into one for the client, in the documented order.
// It returns nil if the client is gone, so that nothing is to be written.
func (s *settings) asError(ctx context.Context, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e
	}
	for _, m := range slices.Backward(s.mappers) {
		if e := m(err); e != nil {
			return e
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Errorf(http.StatusServiceUnavailable, tooLong).Wrap(err)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	return &Error{Status: http.StatusInternalServerError, Err: err}
}

// fail answers an error. If bytes of an answer are out already, the connection
// is cut, so that no client takes half an answer for a whole one.
func (c *call) fail(err error) {
	s := c.settings
	if c.failing {
		// What answers errors failed itself.
		c.log(slog.LevelError, "error could not be answered", http.StatusInternalServerError, err)
		c.giveUp()
		return
	}
	c.failing = true
	if s.onError != nil || s.format != nil {
		c.lend()
	}
	if s.onError != nil {
		if other := s.onError(c.request(), err); other != nil {
			err = other
		}
	}
	e := s.asError(c.base, err)
	if e == nil {
		c.log(slog.LevelDebug, "client is gone", 0, err)
		c.cut = true
		return
	}
	if status := e.status(); status >= 500 || c.out.wrote {
		c.log(slog.LevelError, "request failed", status, err)
	} else if e.Err != nil {
		c.log(slog.LevelInfo, "request refused", status, err)
	}
	if c.out.wrote {
		c.cut = true
		return
	}
	c.typed = false
	h := c.out.Header()
	for _, name := range []string{"Content-Length", "Content-Disposition", "Etag", "Last-Modified"} {
		delete(h, name) // of the answer that failed
	}
	if c.uncached {
		c.noStore() // what the result said of caches is gone
	}
	c.setHeader(e.Header)
	if e.status() >= 500 {
		c.out.Header().Set("X-Request-Id", c.req.RequestID())
	}
	if s.format != nil {
		c.failFormatted(e)
		return
	}
	body, err := e.problem()
	if err != nil {
		c.log(slog.LevelError, "problem cannot be marshalled", e.status(), err)
		c.out.Header().Set("X-Request-Id", c.req.RequestID())
		e = &Error{Status: http.StatusInternalServerError}
		body, _ = e.problem() // nothing is in it that could fail
	}
	c.out.Header()["Content-Type"] = typeProblem
	c.out.write(e.status(), body)
}

// giveUp answers 500 without a body, or cuts the connection.
func (c *call) giveUp() {
	if c.out.wrote {
		c.cut = true
		return
	}
	c.out.write(http.StatusInternalServerError, nil)
}

// failFormatted answers an error in the format of the option ErrorFormat.
func (c *call) failFormatted(e *Error) {
	told := *e
	told.Status, told.Title = e.status(), e.title()
	response := c.settings.format(c.request(), &told)
	if response == nil {
		c.giveUp()
		return
	}
	if response.Status == 0 {
		r := *response
		r.Status = e.status()
		response = &r
	}
	if err := c.respond(response); err != nil {
		c.log(slog.LevelError, "ErrorFormat made no response", e.status(), err)
		c.giveUp()
	}
}

// setHeader adds the header fields of an error to the answer. A field that
// could break out of its line is left out and logged.
func (c *call) setHeader(header http.Header) {
	h := c.out.Header()
	for name, values := range header {
		for i, v := range values {
			if !isToken(name) || !isFieldValue(v) {
				c.log(slog.LevelError, "header field of an error has control characters", 0, fmt.Errorf("field %q", name))
				continue
			}
			if i == 0 {
				h.Set(name, v)
			} else {
				h.Add(name, v)
			}
		}
	}
}

// log writes a line about the request: no query, header or body is in it.
func (c *call) log(at slog.Level, message string, status int, cause error) {
	logger := c.settings.log()
	ctx := c.base
	if !logger.Enabled(ctx, at) {
		return
	}
	attrs := make([]slog.Attr, 0, 6)
	attrs = append(attrs, slog.String("method", logText(c.r.Method)), slog.String("pattern", c.r.Pattern))
	if status != 0 {
		attrs = append(attrs, slog.Int("status", status))
	}
	attrs = append(attrs,
		slog.Duration("duration", now()-c.start),
		slog.String("request_id", c.req.RequestID()))
	if cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	logger.LogAttrs(ctx, at, message, attrs...)
}

// logText bounds a text of the client's in a log line; the handler quotes it.
func logText(s string) string { return s[:min(len(s), 32)] }

// asPanic turns what was recovered into an error with the stack, for the log.
func asPanic(value any) error {
	err, ok := value.(error)
	if !ok {
		err = fmt.Errorf("%v", value)
	}
	return &panicError{err, stack()}
}

// A panicError is a panic with its stack, for the log. It does not unwrap: a
// panic is a 500 whatever it was called with.
type panicError struct {
	err   error
	stack string
}

func (p *panicError) Error() string { return "panic: " + p.err.Error() + "\n" + p.stack }
