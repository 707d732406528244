package endpointtest

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Limits of an exchange.
const (
	patience = 30 * time.Second // for the beginning of an answer, and for what a test waits for in a stream
	maxBody  = 64 << 20         // bytes of an answer; one that is longer is ended
)

// An exchange is a request and the answer that a handler gives to it, in
// memory. It is the http.ResponseWriter of net/http as far as a handler can
// see: the same defaults, no body where none is allowed, no more than the
// declared length. There is no connection to hijack.
type exchange struct {
	request *http.Request
	cancel  context.CancelFunc
	header  http.Header // the handler's, which it may change too late

	mu       sync.Mutex
	news     chan struct{} // closed when something changed
	sent     http.Header   // when it was written; nil before
	status   int
	length   int64 // declared, -1 for none
	body     []byte
	flushed  bool
	ended    bool
	cut      bool // the connection was closed instead of the answer ended
	over     bool // the body was longer than maxBody
	left     bool // the handler ended its goroutine, as t.FailNow does
	panicked any
	stack    []byte
}

func newExchange(r *http.Request, cancel context.CancelFunc) *exchange {
	return &exchange{request: r, cancel: cancel, header: http.Header{}, news: make(chan struct{}), length: -1}
}

// serve runs the handler to its end.
func (x *exchange) serve(h http.Handler) {
	returned := false
	defer func() {
		v := recover()
		x.mu.Lock()
		defer x.mu.Unlock()
		switch {
		case returned:
		case v == nil:
			x.left = true
		case v == http.ErrAbortHandler: //nolint:errorlint // the value itself is the signal
			x.cut = true
		default:
			x.cut, x.panicked, x.stack = true, v, debug.Stack()
		}
		if returned && x.sent == nil {
			x.write(http.StatusOK)
		}
		if x.length > int64(len(x.body)) && !bodiless(x.request.Method, x.status) {
			x.cut = true
		}
		x.ended = true
		x.changed()
		x.cancel()
	}()
	h.ServeHTTP(writer{x}, x.request)
	returned = true
}

// changed wakes who waits. The lock is held.
func (x *exchange) changed() {
	close(x.news)
	x.news = make(chan struct{})
}

// wait returns when something is true, which it looks at with the lock held, or
// false if the time is over before.
func (x *exchange) wait(is func() bool, longest time.Duration) bool {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	for {
		x.mu.Lock()
		ok, news := is(), x.news
		x.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-news:
		case <-timer.C:
			return false
		}
	}
}

// state tells whether the answer has begun and whether the handler has ended.
func (x *exchange) state() (started, ended bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sent != nil, x.ended
}

// received returns a copy of the body so far.
func (x *exchange) received() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.body)
}

// close is the client going away: it waits for the handler.
func (x *exchange) close() {
	x.cancel()
	x.wait(func() bool { return x.ended }, patience)
}

// write fixes status and header. The lock is held.
func (x *exchange) write(status int) {
	x.status, x.sent = status, maps.Clone(x.header)
	for name, values := range x.sent {
		x.sent[name] = slices.Clone(values)
	}
	if n, err := strconv.ParseInt(x.sent.Get("Content-Length"), 10, 64); err == nil {
		x.length = n
	}
	x.changed()
}

// bodiless reports answers that have no body whatever the handler writes.
func bodiless(method string, status int) bool {
	return method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified
}

// A writer is an exchange as its handler sees it.
type writer struct{ *exchange }

// Header implements [http.ResponseWriter].
func (w writer) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter]. Informational answers are not
// kept.
func (w writer) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent == nil && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.write(status)
	}
}

// Write implements [http.ResponseWriter].
func (w writer) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent == nil {
		w.write(http.StatusOK)
	}
	if _, typed := w.sent["Content-Type"]; !typed && len(w.body) == 0 && len(data) > 0 && !bodiless("", w.status) {
		w.sent.Set("Content-Type", http.DetectContentType(data))
	}
	switch {
	case w.ended:
		return 0, errEnded
	case w.request.Context().Err() != nil:
		return 0, io.ErrClosedPipe // the client is gone
	case bodiless("", w.status):
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && int64(len(w.body)+len(data)) > w.length && w.request.Method != http.MethodHead:
		return 0, http.ErrContentLength
	case w.request.Method == http.MethodHead:
		return len(data), nil
	case len(w.body)+len(data) > maxBody:
		w.over = true
		w.cancel()
		return 0, io.ErrShortWrite
	}
	w.body = append(w.body, data...)
	return len(data), nil
}

// errEnded is what a handler gets that writes after it has returned.
var errEnded = errors.New("the handler has returned")

// FlushError implements what [http.ResponseController] asks for.
func (w writer) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent == nil {
		w.write(http.StatusOK)
	}
	w.flushed = true
	w.changed()
	return nil
}

// Flush implements [http.Flusher].
func (w writer) Flush() { _ = w.FlushError() }

// SetReadDeadline does nothing: the body is in memory.
func (writer) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: so is the answer.
func (writer) SetWriteDeadline(time.Time) error { return nil }

// EnableFullDuplex does nothing: reading never stops writing here.
func (writer) EnableFullDuplex() error { return nil }
