package endpoint

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
)

// minBodyRate is how many bytes a second a body must bring at least, once
// twice its BodyTimeout has passed: a client that sends a byte now and then
// would hold its connection for ever.
const minBodyRate = 1 << 10

// A limitedBody is a request body within its limits of size and time. Its
// errors are for the client.
type limitedBody struct {
	body     io.ReadCloser
	deadline readDeadliner // nil if the connection has none to set
	limit    int64         // bytes
	length   int64         // announced, -1 if unknown
	idle     time.Duration

	read int64
	over *atomic.Bool // the handler returned
	err  error

	mu      sync.Mutex // held while a deadline is set: once over, the connection is another's
	started time.Time  // of the first read
	done    bool       // the end was seen

	kept     bool // it was read whole, to be asked for again
	whole    []byte
	wholeErr error
	buffer   *bytes.Buffer // from the pool, holds whole; nil if user code may keep that
}

type readDeadliner interface{ SetReadDeadline(time.Time) error }

// Read reads the body. Past the limit it fails with 413, without progress for
// the idle time with 408, and if the body ends early with 400.
func (b *limitedBody) Read(p []byte) (int, error) {
	switch {
	case b.over.Load():
		return 0, errBodyClosed
	case b.err != nil:
		return 0, b.err
	case b.done:
		return 0, io.EOF
	case b.length > b.limit:
		b.err = b.tooLarge()
		return 0, b.err
	case len(p) == 0:
		return 0, nil
	}
	if left := b.limit - b.read; int64(len(p)) > left+1 {
		p = p[:left+1] // one more, to see whether there is more
	}
	b.extend()
	n, err := b.body.Read(p)
	b.read += int64(n)
	if b.read > b.limit {
		b.err = b.tooLarge()
		return n - 1, b.err
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		b.settle()
		return n, io.EOF
	}
	b.err = b.broken(err)
	return n, b.err
}

// Close leaves the connection's body to the server.
func (b *limitedBody) Close() error { return nil }

// extend moves the deadline before a read.
func (b *limitedBody) extend() {
	if b.deadline == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over.Load() {
		return
	}
	now := time.Now()
	if b.started.IsZero() {
		b.started = now
	}
	until := now.Add(b.idle)
	latest := b.started.Add(2*b.idle + time.Duration(b.read)*(time.Second/minBodyRate))
	if latest.Before(until) {
		until = latest
	}
	if b.deadline.SetReadDeadline(until) != nil {
		b.deadline = nil
	}
}

// settle notes the end of the body and takes the deadline back: the server
// watches the connection from now on, and a deadline would look like a lost client.
func (b *limitedBody) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = true
	if b.deadline != nil && !b.started.IsZero() && !b.over.Load() {
		_ = b.deadline.SetReadDeadline(time.Time{}) // what it was set on once takes it again
	}
}

// state reports whether the end was seen, and whether somebody began to read.
func (b *limitedBody) state() (done, begun bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done, !b.started.IsZero()
}

func (b *limitedBody) tooLarge() error {
	return Errorf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", b.limit)
}

// broken turns the error of a read into one for the client.
func (b *limitedBody) broken(err error) error {
	if t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && t.Timeout() {
		return Errorf(http.StatusRequestTimeout, "the body came too slowly").Wrap(err)
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return Errorf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", large.Limit).Wrap(err)
	}
	return Errorf(http.StatusBadRequest, "the body ends early or is malformed").Wrap(err)
}

// readAll appends the whole body to buf; of no body, which is nil, nothing.
func (b *limitedBody) readAll(buf []byte) ([]byte, error) {
	if b == nil || b.done {
		return buf, nil
	}
	if b.length > b.limit {
		b.err = b.tooLarge()
		return buf, b.err
	}
	if want := int(b.length) + 1; b.length >= 0 && cap(buf) < want {
		// Announced is not sent: a large buffer grows with what comes.
		buf = make([]byte, 0, min(want, 64<<10))
	}
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := b.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			if errors.Is(err, io.EOF) {
				return buf, nil
			}
			return buf, err
		}
	}
}

// buffers holds buffers for bodies and answers; large ones are not kept.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxPooledBuffer = 1 << 18 // bytes: a burst of large bodies must not stay in memory

func getBuffer() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxPooledBuffer {
		b.Reset()
		buffers.Put(b)
	}
}

// What a content type must be.
type mediaCheck struct {
	ok   func(kind string) bool
	want string
}

var (
	jsonMedia      = mediaCheck{isJSON, "application/json"}
	formMedia      = mediaCheck{func(k string) bool { return k == "application/x-www-form-urlencoded" }, "application/x-www-form-urlencoded"}
	multipartMedia = mediaCheck{func(k string) bool { return k == "multipart/form-data" }, "multipart/form-data"}
)

// isJSON reports whether a media type is application/json or has the suffix
// +json.
func isJSON(kind string) bool {
	if kind == "application/json" {
		return true
	}
	_, suffix, ok := strings.Cut(kind, "+")
	return ok && suffix == "json" && strings.Contains(kind, "/")
}

// mediaType returns the content type in lower case and its parameters; "" if
// there is none, several, or one that cannot be read.
func mediaType(h http.Header) (kind string, params map[string]string) {
	values := h["Content-Type"]
	if len(values) != 1 {
		return "", nil
	}
	switch values[0] {
	case "application/json", "application/x-www-form-urlencoded":
		return values[0], nil
	}
	kind, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		return "", nil
	}
	return kind, params
}

// checkMediaType refuses a body of another content type or charset, and any
// content encoding: middleware that undoes one takes the field away.
func checkMediaType(h http.Header, want mediaCheck) *Error {
	if encodings := h["Content-Encoding"]; len(encodings) > 0 && (len(encodings) > 1 || !strings.EqualFold(encodings[0], "identity")) {
		return Errorf(http.StatusUnsupportedMediaType, "the body must be sent without a content encoding")
	}
	kind, params := mediaType(h)
	if !want.ok(kind) {
		return Errorf(http.StatusUnsupportedMediaType, "the body must be sent as %s", want.want)
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return Errorf(http.StatusUnsupportedMediaType, "the body must be sent in UTF-8")
	}
	return nil
}

// badForm and badQuery are the answers to forms and queries that cannot be split.
var (
	badForm  = Errorf(http.StatusBadRequest, "the form has a bad escape or a semicolon; separate with & and escape with %%")
	badQuery = Errorf(http.StatusBadRequest, "the query has a bad escape or a semicolon; separate with & and escape with %%")
)

// A bodyPlan is how a parameter or field receives the body.
type bodyPlan struct {
	form bodyForm
	json *bodyType // of bodyJSON
	ptr  bool      // the value is a pointer, nil without a body
}

type bodyForm uint8

const (
	bodyJSON   bodyForm = iota
	bodyBytes           // []byte
	bodyReader          // io.Reader
)

var (
	bytesType  = reflect.TypeFor[[]byte]()
	readerType = reflect.TypeFor[io.Reader]()
)

// bodyPlanOf returns how type t receives the body, and the faults of t.
func bodyPlanOf(t reflect.Type) (*bodyPlan, []error) {
	switch t {
	case bytesType:
		return &bodyPlan{form: bodyBytes}, nil
	case readerType:
		return &bodyPlan{form: bodyReader}, nil
	}
	b := bodyTypeOf(t)
	return &bodyPlan{form: bodyJSON, json: b, ptr: t.Kind() == reflect.Pointer}, b.faults
}

// bind reads the body into v, which is addressable, and ptr, a pointer to it.
func (p *bodyPlan) bind(c *call, v reflect.Value, ptr any) {
	switch p.form {
	case bodyReader:
		*ptr.(*io.Reader) = c.bodyReader()
	case bodyBytes:
		text, err := c.bodyBytes()
		if err != nil {
			c.refuse(err)
			return
		}
		*ptr.(*[]byte) = text
	case bodyJSON:
		p.bindJSON(c, v, ptr)
	}
}

// bodyReader returns the body for a handler to read.
func (c *call) bodyReader() io.Reader {
	switch b := c.input; {
	case b == nil:
		return http.NoBody
	case b.kept:
		return bytes.NewReader(b.whole)
	default:
		return b
	}
}

// refuse notes an error that is more than a fault of a field.
func (c *call) refuse(err error) {
	if e, ok := errors.AsType[*Error](err); ok && c.broken == nil {
		if e.Status == http.StatusUnprocessableEntity {
			c.faults = append(c.faults, e.Fields...)
			return
		}
		c.broken = e
	}
}

func (p *bodyPlan) bindJSON(c *call, v reflect.Value, ptr any) {
	h := c.r.Header
	if p.ptr && c.input == nil && len(h["Content-Type"]) == 0 {
		return // no body: the pointer stays nil
	}
	if e := c.checkJSONType(); e != nil {
		c.refuse(e)
		return
	}
	text, err := c.bodyBytes()
	if err != nil {
		c.refuse(err)
		return
	}
	p.decode(c, text, v, ptr)
}

// checkJSONType refuses a body that is not sent as JSON.
func (c *call) checkJSONType() *Error {
	if c.settings.untypedJSON && len(c.r.Header["Content-Type"]) == 0 && len(c.r.Header["Content-Encoding"]) == 0 {
		return nil
	}
	return checkMediaType(c.r.Header, jsonMedia)
}

func (p *bodyPlan) decode(c *call, text []byte, v reflect.Value, ptr any) {
	if len(text) == 0 && c.settings.manner != nil && c.emptyIsObject() {
		text = []byte("{}")
	}
	if e := checkJSON(text); e != nil {
		c.notJSON = true
		c.refuse(e)
		return
	}
	if root := p.json.root; root.kind == structNode {
		root.prefill(v)
	} else if root.kind == pointerNode && root.elem.hasDefaults() {
		v.Set(reflect.New(root.elem.typ))
		root.elem.prefill(v.Elem())
	}
	var err error
	if c.settings.strict {
		err = json.Unmarshal(text, ptr, strictOptions)
	} else {
		err = json.Unmarshal(text, ptr) // options cost, even if they change nothing
	}
	if err != nil {
		e := jsonError(err, c.settings.strict)
		c.notJSON = e.Status == http.StatusBadRequest
		c.refuse(e)
		return
	}
	p.json.check(c, text, v)
}

// bodyPairs reads the body as key=value pairs; ok is false if it was refused.
func (c *call) bodyPairs() (p pairs, ok bool) {
	text, err := c.bodyBytes()
	if err != nil {
		c.refuse(err)
		return p, false
	}
	buf := getBuffer()
	text = append(buf.AvailableBuffer(), text...) // the body itself may be asked for again
	if p, ok = decodePairs(text); !ok {
		c.refuse(badForm)
	}
	if cap(text) > buf.Cap() {
		buf = bytes.NewBuffer(text)
	}
	putBuffer(buf)
	return p, ok
}

// errBodyClosed is the error of reading a body after the handler returned.
var errBodyClosed = errors.New("endpoint: the body cannot be read after the handler returned")
