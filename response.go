package endpoint

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	stdjson "encoding/json"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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

// Media is content with a type of its own. Content that is an [io.ReadSeeker]
// gets ranges, an ETag and If-Modified-Since.
type Media struct {
	ContentType string    // "" means application/octet-stream
	Name        string    // for Content-Disposition: inline; "" for none
	Content     io.Reader // closed after the answer if it is an io.Closer; nil means 204
	Modified    time.Time // zero means unknown
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
)

// lengthThreshold is the size up to which net/http finds the Content-Length by
// itself, in bytes.
const lengthThreshold = 2048

// chunkSize is how much of a large answer is written under one deadline, in bytes.
const chunkSize = 64 << 10

// A writer is a ResponseWriter that knows what was written. The outer one, by
// the server, also ends the reading of a body that a refusal leaves unread.
type writer struct {
	http.ResponseWriter

	call   *call
	outer  bool
	wrote  bool // the header is out
	status int
	closed atomic.Bool // the handler returned
	kept   bool        // user code may keep the writer, so mu is held while writing
	mu     sync.Mutex  // so that no write goes on when the handler has returned
}

// lock keeps close out while the writer is in use.
func (w *writer) lock() {
	if w.kept {
		w.mu.Lock()
	}
}

func (w *writer) unlock() {
	if w.kept {
		w.mu.Unlock()
	}
}

// close waits for a write that goes on and refuses all that come later.
func (w *writer) close() {
	w.lock()
	w.closed.Store(true)
	w.unlock()
}

// errClosed is the error of writing after the handler returned.
var errClosed = errors.New("endpoint: the answer cannot be written to after the handler returned")

// WriteHeader sends the header once; what comes later is ignored.
func (w *writer) WriteHeader(status int) {
	w.lock()
	defer w.unlock()
	w.writeHeader(status)
}

func (w *writer) writeHeader(status int) {
	if w.wrote || w.closed.Load() {
		return
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.wrote, w.status = true, status
	if w.outer {
		h := w.ResponseWriter.Header()
		if _, ok := h["X-Content-Type-Options"]; !ok {
			h["X-Content-Type-Options"] = noSniff
		}
		w.call.leaveBody(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends bytes of the body, after the header.
func (w *writer) Write(p []byte) (int, error) {
	w.lock()
	defer w.unlock()
	if w.closed.Load() {
		return 0, errClosed
	}
	if !w.wrote {
		w.writeHeader(http.StatusOK)
	}
	if w.outer && w.call.r.Method == http.MethodHead {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets the server use its fast path for files.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	if w.closed.Load() {
		return 0, errClosed
	}
	if to, ok := w.ResponseWriter.(io.ReaderFrom); ok && w.wrote && w.call.r.Method != http.MethodHead {
		return to.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{w}, r)
}

// FlushError sends what is buffered.
func (w *writer) FlushError() error {
	w.lock()
	defer w.unlock()
	if w.closed.Load() {
		return errClosed
	}
	if !w.wrote {
		w.writeHeader(http.StatusOK)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is FlushError for code that knows http.Flusher alone.
func (w *writer) Flush() { _ = w.FlushError() }

// Hijack hands the connection over, where the server can.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.wrote = true
	}
	return conn, rw, err
}

// Unwrap returns the writer inside, for [http.ResponseController].
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// write answers with a status and a whole body.
func (w *writer) write(status int, body []byte) {
	h := w.Header()
	head := w.call.r.Method == http.MethodHead
	if !bodyAllowed(status) {
		body = nil
		delete(h, "Content-Type")
	} else if len(body) > lengthThreshold || head {
		if _, ok := h["Content-Encoding"]; !ok {
			h["Content-Length"] = []string{strconv.Itoa(len(body))}
		}
	}
	w.WriteHeader(status)
	if head || len(body) == 0 {
		return
	}
	if len(body) <= chunkSize {
		_, _ = w.Write(body) // a client that is gone cannot be told
		return
	}
	w.writeLarge(body)
}

// writeLarge writes in chunks, each with a deadline, so that a client that
// does not read is let go.
func (w *writer) writeLarge(body []byte) {
	d := deadlines{w: unwrapTo[writeDeadliner](w.ResponseWriter)}
	for len(body) > 0 {
		n := min(len(body), chunkSize)
		d.extend()
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		body = body[n:]
	}
	d.extend()
	if w.FlushError() == nil {
		d.clear()
	}
}

// bodyAllowed reports whether an answer with this status has a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

type writeDeadliner interface{ SetWriteDeadline(time.Time) error }

// writeTimeout is the longest time that one write of an answer may take.
const writeTimeout = 20 * time.Second

// deadlines sets the deadline of each write, where the connection has one.
type deadlines struct{ w writeDeadliner }

func (d *deadlines) extend() {
	if d.w != nil && d.w.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
		d.w = nil
	}
}

func (d *deadlines) clear() {
	if d.w != nil {
		_ = d.w.SetWriteDeadline(time.Time{}) // what it was set on once takes it again
	}
}

// unwrapTo returns the first writer of a chain that is a T, nil if none is.
func unwrapTo[T any](w http.ResponseWriter) T {
	for {
		if t, ok := w.(T); ok {
			return t
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			var none T
			return none
		}
		w = u.Unwrap()
	}
}

// leaveBody is called when the header goes out while the body may be unread. A
// refusal ends reading at once, so that the refused client holds nothing;
// otherwise the server has the endpoint's time to drain what is left.
func (c *call) leaveBody(status int) {
	if c.plan != nil && c.table.around != nil {
		// The call around the API's middleware has not seen what was read here.
		if around := unwrapTo[*writer](c.outer.ResponseWriter); around != nil && around.call.body != nil {
			around.call.body.done = true
		}
	}
	b := c.body
	if b == nil || b.done {
		return
	}
	deadline := unwrapTo[readDeadliner](c.outer.ResponseWriter)
	if status < 400 {
		if deadline != nil {
			_ = deadline.SetReadDeadline(time.Now().Add(b.idle)) // else the server's own limits hold
		}
		return
	}
	if c.r.ProtoMajor == 1 {
		c.outer.ResponseWriter.Header()["Connection"] = closing
	}
	if deadline != nil {
		_ = deadline.SetReadDeadline(time.Unix(1, 0)) // likewise
	}
}

// A resultForm is how the result of a handler is answered.
type resultForm uint8

const (
	resultNone    resultForm = iota // 204
	resultString                    // text/plain
	resultJSON                      // application/json
	resultDynamic                   // what respond says of the value
	resultStream                    // likewise, and it may take its time
)

var (
	errorType       = reflect.TypeFor[error]()
	responseType    = reflect.TypeFor[Response]()
	mediaStructType = reflect.TypeFor[Media]()
	handlerType     = reflect.TypeFor[http.Handler]()
	jsonMarshaler   = reflect.TypeFor[stdjson.Marshaler]()
	jsonMarshalerTo = reflect.TypeFor[json.MarshalerTo]()
	textMarshaler   = reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()
)

// resultOf returns how values of a type are answered, and why they can't be.
func resultOf(t reflect.Type) (resultForm, error) {
	switch {
	case t == nil:
		return resultNone, nil
	case t == reflect.TypeFor[*Error](), t == reflect.TypeFor[Error]():
		return resultNone, errors.New("it would be answered as a success; return it as an error")
	case t == reflect.TypeFor[Event](), t == reflect.TypeFor[*Event]():
		return resultNone, errors.New("an event is an element of a stream; return iter.Seq2[endpoint.Event, error]")
	case t == reflect.TypeFor[string]():
		return resultString, nil
	case t.Kind() == reflect.Interface:
		return resultStream, nil
	case t == bytesType, t == responseType, t == reflect.PointerTo(responseType):
		// A Response may hold a stream.
		if t == bytesType {
			return resultDynamic, nil
		}
		return resultStream, nil
	case t == mediaStructType, t == reflect.PointerTo(mediaStructType),
		t.Implements(readerType), t.Implements(handlerType):
		return resultStream, nil
	case isIterator(t) && t.In(0).In(0) == reflect.TypeFor[Event]():
		return resultStream, nil // its data may be anything
	case isIterator(t):
		return resultStream, marshalFault(t.In(0).In(0), map[reflect.Type]bool{})
	case t.Kind() == reflect.Func && t.CanSeq2():
		return resultStream, errors.New("the second value of an iterator is its error; return iter.Seq[T] or iter.Seq2[T, error]")
	case t.Kind() == reflect.String && !marshalsItself(t):
		return resultDynamic, nil
	}
	return resultJSON, marshalFault(t, map[reflect.Type]bool{})
}

// isIterator reports whether t is an iter.Seq[T] or iter.Seq2[T, error].
func isIterator(t reflect.Type) bool {
	if !t.CanSeq() && !t.CanSeq2() || t.Kind() != reflect.Func {
		return false
	}
	yield := t.In(0)
	return yield.NumIn() == 1 || yield.NumIn() == 2 && yield.In(1) == errorType
}

func marshalsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonMarshalerTo) || p.Implements(jsonMarshaler) || p.Implements(textMarshaler)
}

// marshalFault says why no value of a type can be marshalled, nil if some can.
func marshalFault(t reflect.Type, seen map[reflect.Type]bool) error {
	if t == durationType {
		return errDuration
	}
	if seen[t] || marshalsItself(t) {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Errorf("type %s can never be JSON; use a type that can, or tag a field json:\"-\" to leave it out", t)
	case reflect.Map:
		if err := keyFault(t, marshalsItself); err != nil {
			return err
		}
		return marshalFault(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return marshalFault(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if _, ignored, _ := jsonName(f); ignored || !f.IsExported() && !f.Anonymous {
				continue
			}
			if err := marshalFault(f.Type, seen); err != nil {
				return fmt.Errorf("field %s.%s: %w", t.Name(), f.Name, err)
			}
		}
		return structFault(t)
	}
	return nil
}

// errDuration is the fault of a duration in JSON, which the JSON library refuses.
var errDuration = errors.New("a time.Duration has no agreed form in JSON; use a number of a unit that its name tells, or a type with MarshalText and UnmarshalText")

// structFault reports tags of a struct that the JSON library refuses.
func structFault(t reflect.Type) error {
	_, err := json.Marshal(reflect.New(t).Interface())
	if e, ok := errors.AsType[*json.SemanticError](err); ok && e.Err != nil &&
		strings.HasPrefix(e.Err.Error(), "Go struct") {
		return fmt.Errorf("type %s: %w; mend the json tags", t, e.Err)
	}
	return nil
}

// keyFault reports a map type whose keys are no names of JSON members, unless
// the key brings its own form.
func keyFault(t reflect.Type, own func(reflect.Type) bool) error {
	key := t.Key()
	for key.Kind() == reflect.Pointer {
		key = key.Elem()
	}
	bad := false
	switch key.Kind() {
	case reflect.Bool, reflect.Struct, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		bad = true
	case reflect.Array:
		bad = key.Elem().Kind() != reflect.Uint8
	}
	if !bad || own(key) {
		return nil
	}
	return fmt.Errorf("type %s has keys that can never be JSON member names; use strings, numbers or an encoding.TextMarshaler", t)
}

// reply answers with the result that out points to.
func (c *call) reply(form resultForm, out any) error {
	switch form {
	case resultNone:
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
	return c.respondWith(c.status(http.StatusOK), reflect.ValueOf(out).Elem().Interface())
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
	if err := buf.encode(v); err != nil {
		return fmt.Errorf("result cannot be marshalled: %w", err)
	}
	c.setType(typeJSON)
	c.out.write(status, buf.text())
	return nil
}

// A jsonBuffer is a buffer with an encoder that writes to it: making an encoder
// costs as much as encoding a small value.
type jsonBuffer struct {
	bytes.Buffer

	encoder *jsontext.Encoder
}

var jsonBuffers = sync.Pool{New: func() any { return &jsonBuffer{encoder: jsontext.NewEncoder(io.Discard)} }}

// encode appends a value and a line end.
func (b *jsonBuffer) encode(v any) error {
	b.encoder.Reset(&b.Buffer, encodeOptions)
	return json.MarshalEncode(b.encoder, v)
}

// text returns what was encoded, without the line end.
func (b *jsonBuffer) text() []byte { return bytes.TrimSuffix(b.Bytes(), newline) }

// newline is what the encoder ends a value with.
var newline = []byte{'\n'}

// free gives the buffer back to the pool.
func (b *jsonBuffer) free() {
	if b.Cap() <= maxPooledBuffer {
		b.Reset()
		jsonBuffers.Put(b)
	}
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

// maxRanges is how many ranges of one resource a request may ask for; with
// more it gets the whole, because each costs a part's header.
const maxRanges = 16

func (c *call) respondMedia(status int, m *Media) error {
	if m.Content == nil || isNothing(m.Content) {
		return c.noContent()
	}
	if closer, ok := m.Content.(io.Closer); ok {
		defer closer.Close()
	}
	if !isFieldValue(m.ContentType) {
		return errors.New("media has a content type that no header can have")
	}
	h := c.out.Header()
	switch {
	case m.ContentType != "":
		c.setType([]string{m.ContentType})
	default:
		c.setType(typeOctets)
	}
	if m.Name != "" {
		if !utf8.ValidString(m.Name) || !isFieldValue(m.Name) {
			return errors.New("media has a name that no header can have")
		}
		h["Content-Disposition"] = []string{disposition(m.Name)}
	}
	seeker, ok := m.Content.(io.ReadSeeker)
	if !ok || status != http.StatusOK {
		return c.stream(status, m.Content, m.Modified)
	}
	if !m.Modified.IsZero() {
		size, err := seeker.Seek(0, io.SeekEnd)
		if err != nil {
			return fmt.Errorf("media: %w", err)
		}
		if _, err := seeker.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("media: %w", err)
		}
		if _, ok := h["Etag"]; !ok {
			h["Etag"] = []string{fmt.Sprintf(`"%x-%x"`, m.Modified.UnixNano(), size)}
		}
	}
	r := c.request().Request
	if ranges := r.Header["Range"]; len(ranges) > 0 && strings.Count(ranges[0], ",") >= maxRanges {
		r = r.Clone(r.Context())
		r.Header.Del("Range")
	}
	d := deadlines{w: unwrapTo[writeDeadliner](c.out)}
	w := &timedWriter{writer: c.out, d: &d}
	http.ServeContent(w, r, "", m.Modified, seeker)
	d.clear()
	if w.refused != 0 {
		delete(h, "Content-Disposition")
		return Errorf(w.refused, "the content cannot be sent as the request asks for it")
	}
	return nil
}

// A timedWriter gives each write a deadline.
type timedWriter struct {
	*writer

	d       *deadlines
	refused int // status of a refusal, which is answered as any other error
}

// WriteHeader keeps a refusal to itself: its text is net/http's own.
func (w *timedWriter) WriteHeader(status int) {
	if status >= 400 && !w.wrote {
		w.refused = status
		return
	}
	w.writer.WriteHeader(status)
}

func (w *timedWriter) Write(p []byte) (int, error) {
	if w.refused != 0 {
		return len(p), nil
	}
	w.d.extend()
	return w.writer.Write(p)
}

// ReadFrom copies in chunks, each under a deadline of its own.
func (w *timedWriter) ReadFrom(r io.Reader) (int64, error) {
	var total int64
	for {
		w.d.extend()
		n, err := w.writer.ReadFrom(io.LimitReader(r, chunkSize))
		total += n
		if err != nil || n < chunkSize {
			return total, err
		}
	}
}

// disposition returns the value of Content-Disposition for a name, quoted, and
// again in the form of RFC 8187 if it is not ASCII.
func disposition(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	var b strings.Builder
	b.WriteString(`inline; filename="`)
	ascii := true
	for _, r := range name {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= utf8.RuneSelf:
			ascii = false
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	if !ascii {
		b.WriteString(`; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
	}
	return b.String()
}

// accepts reports whether an Accept header takes a media type; a missing
// header takes everything.
func accepts(accept []string, kind string) bool {
	if len(accept) == 0 {
		return true
	}
	major, _, _ := strings.Cut(kind, "/")
	ok, best := false, -1
	for i, part := range strings.Split(strings.Join(accept, ","), ",") {
		if i >= maxAccept {
			break
		}
		name, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		precision := -1
		switch name {
		case kind:
			precision = 2
		case major + "/*":
			precision = 1
		case "*/*":
			precision = 0
		}
		if precision > best {
			q, err := strconv.ParseFloat(params["q"], 64)
			best, ok = precision, params["q"] == "" || err == nil && q > 0
		}
	}
	return ok
}

// maxAccept is how many ranges of an Accept header are looked at.
const maxAccept = 32
