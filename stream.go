package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// Event is one server-sent event. A handler that returns
// iter.Seq2[Event, error] answers text/event-stream; the last event id that
// the client saw is in the header field Last-Event-ID of its request.
type Event struct {
	ID    string        // "" for none
	Type  string        // "" means message
	Data  any           // a string as it is, one data: field a line; other values as JSON; nil for none
	Retry time.Duration // how long the client shall wait before it connects again, to the millisecond; 0 for no change
}

// keepAlive is how long a stream of events may be silent before a comment is
// sent, so that neither side takes the connection for dead.
var keepAlive = 15 * time.Second //nolint:gochecknoglobals // shortened by tests

// A stream writes an answer piece by piece. The header goes out with the first
// piece, so that an error before it is an ordinary error.
type stream struct {
	call   *call
	status int

	mu       sync.Mutex // held while writing: keep-alive comments come from beside
	deadline deadlines
	started  bool
	err      error
}

func (c *call) newStream(status int) *stream {
	return &stream{call: c, status: status, deadline: deadlines{unwrapTo[writeDeadliner](c.out)}}
}

// send writes and flushes a piece. After an error the request's context is
// cancelled and nothing more is written.
func (s *stream) send(p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.deadline.extend()
	s.start()
	_, s.err = s.call.out.Write(p)
	if s.err == nil {
		s.err = s.call.out.FlushError()
		if errors.Is(s.err, errors.ErrUnsupported) {
			s.err = nil // middleware that cannot flush: it comes late, but whole
		}
	}
	if s.err != nil && s.call.cancel != nil {
		s.call.cancel()
	}
	return s.err
}

// start sends the header, once.
func (s *stream) start() {
	if !s.started {
		s.started = true
		s.call.out.WriteHeader(s.status)
	}
}

// end finishes the answer: with an error before the first piece it is an
// ordinary error, after it the connection is cut.
func (s *stream) end(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline.clear()
	c := s.call
	if s.err == nil && c.base.Err() != nil {
		s.err = context.Cause(c.base)
	}
	switch {
	case !s.started && err != nil:
		return err
	case !s.started && s.err != nil:
		return s.err
	case err != nil:
		c.log(slog.LevelError, "stream failed", s.status, err)
		c.cut, c.broke = true, err
	case c.out.dropped:
	case s.err != nil:
		c.log(slog.LevelDebug, "stream ended by the client or the server", s.status, s.err)
		c.cut = true
	default:
		s.start()
	}
	return nil
}

// respondReader streams a reader, and closes it.
func (c *call) respondReader(status int, r io.Reader) error {
	if closer, ok := r.(io.Closer); ok {
		defer closer.Close()
	}
	c.setType(typeOctets)
	return c.stream(status, r, time.Time{})
}

// stream copies a reader to the answer as it comes.
func (c *call) stream(status int, r io.Reader, modified time.Time) error {
	if !modified.IsZero() {
		c.out.Header().Set("Last-Modified", modified.UTC().Format(http.TimeFormat))
	}
	if c.r.Method == http.MethodHead || !bodyAllowed(status) {
		c.out.WriteHeader(status)
		return nil
	}
	s := c.newStream(status)
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 && s.send(buf[:n]) != nil {
			return s.end(nil)
		}
		if err == io.EOF {
			return s.end(nil)
		}
		if err != nil {
			return s.end(fmt.Errorf("result cannot be read: %w", err))
		}
	}
}

// respondIterator streams an iter.Seq or iter.Seq2 of any element type.
func (c *call) respondIterator(status int, v reflect.Value) error {
	elements := elementsOf(v)
	if v.Type().In(0).In(0) == reflect.TypeFor[Event]() {
		return c.respondEvents(status, func(yield func(Event, error) bool) {
			for e, err := range elements {
				event, _ := e.(Event)
				if !yield(event, err) {
					return
				}
			}
		})
	}
	h := c.out.Header()
	h.Add("Vary", "Accept")
	accept := c.r.Header["Accept"]
	array := !accepts(accept, "application/jsonl") && accepts(accept, "application/json")
	if array {
		c.setType(typeJSON)
	} else {
		c.setType(typeLines)
	}
	if c.r.Method == http.MethodHead || !bodyAllowed(status) {
		c.out.WriteHeader(status)
		return nil
	}
	return c.streamElements(status, elements, array)
}

// elementsOf gives the elements of an iterator as values.
func elementsOf(v reflect.Value) iter.Seq2[any, error] {
	if v.Type().In(0).NumIn() == 1 {
		return func(yield func(any, error) bool) {
			for e := range v.Seq() {
				if !yield(e.Interface(), nil) {
					return
				}
			}
		}
	}
	return func(yield func(any, error) bool) {
		for e, err := range v.Seq2() {
			fault, _ := err.Interface().(error)
			if !yield(e.Interface(), fault) {
				return
			}
		}
	}
}

// streamElements writes elements as lines or as one array.
func (c *call) streamElements(status int, elements iter.Seq2[any, error], array bool) error {
	s := c.newStream(status)
	buf := jsonBuffers.Get().(*jsonBuffer)
	defer buf.free()
	first := true
	for e, err := range elements {
		if err != nil {
			return s.end(err)
		}
		if c.base.Err() != nil {
			return s.end(nil)
		}
		buf.Reset()
		if array {
			buf.WriteByte(",["[b2i(first)])
		}
		first = false
		if err := buf.encodeAs(e, c.settings.nullFloats); err != nil {
			return s.end(fmt.Errorf("element cannot be marshalled: %w", err))
		}
		piece := buf.Bytes()
		if array {
			piece = buf.text()
		}
		if s.send(piece) != nil {
			return s.end(nil)
		}
	}
	if array {
		tail := "]"
		if first {
			tail = "[]"
		}
		if c.base.Err() == nil {
			_ = s.send([]byte(tail)) // end sees the error
		}
	}
	return s.end(nil)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// respondEvents streams server-sent events, with comments while there are none.
func (c *call) respondEvents(status int, events iter.Seq2[Event, error]) error {
	if events == nil {
		return c.noContent()
	}
	c.setType(typeEvents)
	h := c.out.Header()
	if _, ok := h["Cache-Control"]; !ok {
		h["Cache-Control"] = noCache
	}
	if c.r.Method == http.MethodHead || !bodyAllowed(status) {
		c.out.WriteHeader(status)
		return nil
	}
	s := c.newStream(status)
	stop := s.keepAlive()
	defer stop() // also if the iterator panics
	var buf bytes.Buffer
	for e, err := range events {
		if err != nil {
			stop()
			return s.end(err)
		}
		if c.base.Err() != nil {
			break
		}
		buf.Reset()
		if err := appendEvent(&buf, &e); err != nil {
			stop()
			return s.end(fmt.Errorf("event: %w", err))
		}
		if s.send(buf.Bytes()) != nil {
			break
		}
	}
	stop()
	return s.end(nil)
}

// keepAlive sends a comment whenever the stream was silent, until the function
// that it returns is called, which waits for the last one.
func (s *stream) keepAlive() (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(keepAlive)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-s.call.base.Done():
				return
			case <-ticker.C:
				if s.send([]byte(":\n\n")) != nil {
					return
				}
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		wg.Wait()
	})
}

// appendEvent writes an event so that nothing in it can start a field or an
// event of its own.
func appendEvent(buf *bytes.Buffer, e *Event) error {
	if strings.ContainsAny(e.ID, "\r\n\x00") || strings.ContainsAny(e.Type, "\r\n\x00") {
		return fmt.Errorf("id %q and type %q must be one line each", e.ID, e.Type)
	}
	if e.ID != "" {
		appendField(buf, "id", e.ID)
	}
	if e.Type != "" {
		appendField(buf, "event", e.Type)
	}
	if e.Retry > 0 {
		appendField(buf, "retry", strconv.FormatInt(e.Retry.Milliseconds(), 10))
	}
	switch data := e.Data.(type) {
	case nil:
	case string:
		// All three line ends of the format begin a new line.
		data = strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n")
		for line := range strings.SplitSeq(data, "\n") {
			appendField(buf, "data", line)
		}
	default:
		text, err := json.Marshal(data, encodeOptions)
		if err != nil {
			return err
		}
		appendField(buf, "data", string(text))
	}
	buf.WriteByte('\n')
	return nil
}

func appendField(buf *bytes.Buffer, name, value string) {
	buf.WriteString(name)
	buf.WriteString(": ")
	buf.WriteString(strings.ToValidUTF8(value, "\uFFFD"))
	buf.WriteByte('\n')
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
