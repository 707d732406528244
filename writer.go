package endpoint

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
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

	call    *call
	r       *http.Request // as its side of the middleware has it
	outer   bool
	wrote   bool        // the header is out
	dropped bool        // a session could not be saved: the body is not sent
	closed  atomic.Bool // of the outer one: the handler returned
	kept    bool        // user code may keep the writer, so mu is held while writing
	mu      sync.Mutex  // so that no write goes on when the handler has returned

	draining readDeadliner // has a deadline to drain the body, until the header is flushed
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

// errDropped is the error of writing an answer that is a 500 now.
var errDropped = errors.New("endpoint: the session could not be saved, so the answer is not sent")

// WriteHeader sends the header once; what comes later is ignored.
func (w *writer) WriteHeader(status int) {
	w.lock()
	defer w.unlock()
	w.writeHeader(status)
}

func (w *writer) writeHeader(status int) {
	if w.wrote || w.call.outer.closed.Load() {
		return
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.call.session != nil && w.call.out == w && !w.call.closeSession(w.ResponseWriter.Header(), status) {
		w.dropped, status = true, http.StatusInternalServerError
		dropContent(w.ResponseWriter.Header())
	}
	w.wrote = true
	if w.outer {
		h := w.ResponseWriter.Header()
		if _, ok := h["X-Content-Type-Options"]; !ok {
			h["X-Content-Type-Options"] = noSniff
		}
		w.call.setCORS(h, status)
		w.call.leaveBody(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// dropContent removes the header fields that describe a body.
func dropContent(h http.Header) {
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition", "Content-Range", "Etag", "Last-Modified"} {
		delete(h, name)
	}
	h["Content-Length"] = []string{"0"}
}

// Write sends bytes of the body, after the header.
func (w *writer) Write(p []byte) (int, error) {
	w.lock()
	defer w.unlock()
	if w.call.outer.closed.Load() {
		return 0, errClosed
	}
	if !w.wrote {
		w.writeHeader(http.StatusOK)
	}
	if w.dropped {
		return 0, errDropped
	}
	if w.outer && w.r.Method == http.MethodHead {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom copies piece by piece, so that no copy goes on when the handler has
// returned. A file does not keep close waiting, so it takes the fast path whole.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	to := w.readerFrom()
	if to == nil || !isFile(r) {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	w.lock()
	defer w.unlock()
	if w.call.outer.closed.Load() {
		return 0, errClosed
	}
	return to.ReadFrom(r)
}

// isFile reports whether a reader is a file, be it a limited part of one.
func isFile(r io.Reader) bool {
	if limited, ok := r.(*io.LimitedReader); ok {
		r = limited.R
	}
	_, ok := r.(*os.File)
	return ok
}

// readerFrom returns the server's fast path, nil if there is none now.
func (w *writer) readerFrom() io.ReaderFrom {
	w.lock()
	defer w.unlock()
	if to, ok := w.ResponseWriter.(io.ReaderFrom); ok && w.wrote && !w.dropped && w.r.Method != http.MethodHead {
		return to
	}
	return nil
}

// FlushError sends what is buffered.
func (w *writer) FlushError() error {
	w.lock()
	defer w.unlock()
	if w.call.outer.closed.Load() {
		return errClosed
	}
	if !w.wrote {
		w.writeHeader(http.StatusOK)
	}
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if w.draining != nil {
		// The header is out, so the server has drained the body. If it had been read
		// before, by who wraps the API, the deadline would look like a lost client.
		_ = w.draining.SetReadDeadline(time.Time{}) // what it was set on once takes it again
		w.draining = nil
	}
	return err
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
	head := w.r.Method == http.MethodHead
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
var writeTimeout = 20 * time.Second //nolint:gochecknoglobals // shortened by tests

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
			around.call.body.settle()
		}
	}
	b := c.body
	if b == nil {
		return
	}
	done, begun := b.state()
	if done {
		return
	}
	deadline := unwrapTo[readDeadliner](c.outer.ResponseWriter)
	if status < 400 {
		if deadline != nil {
			_ = deadline.SetReadDeadline(time.Now().Add(b.idle)) // else the server's own limits hold
			if !begun {
				c.outer.draining = deadline
			}
		}
		return
	}
	if c.outer.r.ProtoMajor == 1 {
		c.outer.ResponseWriter.Header()["Connection"] = closing
	}
	if deadline != nil {
		_ = deadline.SetReadDeadline(time.Unix(1, 0)) // likewise
	}
}
