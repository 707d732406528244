package endpoint

import (
	"bufio"
	"context"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

// A timedAnswer is a ResponseWriter that either the handler or the clock
// claims: who comes first answers.
type timedAnswer struct {
	w      http.ResponseWriter
	header http.Header // the handler's, until it claims the answer

	mu      sync.Mutex
	claimed bool
	late    bool // the clock was first
}

// Header returns the handler's own header, so that it is not shared with the
// answer of the clock.
func (t *timedAnswer) Header() http.Header { return t.header }

// WriteHeader claims the answer for the handler.
func (t *timedAnswer) WriteHeader(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.late {
		return
	}
	h := t.w.Header()
	if status < 200 && status != http.StatusSwitchingProtocols {
		before := h.Clone() // what the clock answers with
		copyHeader(h, t.header)
		t.w.WriteHeader(status)
		copyHeader(h, before)
		return
	}
	if !t.claimed {
		t.claimed = true
		copyHeader(h, t.header)
	}
	t.w.WriteHeader(status)
}

// copyHeader makes a header the same as another.
func copyHeader(to, from http.Header) {
	clear(to)
	maps.Copy(to, from)
}

// Write sends bytes of the handler's answer; if it is late they are dropped.
func (t *timedAnswer) Write(p []byte) (int, error) {
	t.mu.Lock()
	late := t.late
	t.mu.Unlock()
	if late {
		return 0, http.ErrHandlerTimeout
	}
	return t.w.Write(p)
}

// Unwrap returns the writer inside, unless the answer is the clock's.
func (t *timedAnswer) Unwrap() http.ResponseWriter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.late {
		return nil
	}
	return t.w
}

// Hijack hands the connection over and claims the answer with it.
func (t *timedAnswer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.late {
		return nil, nil, http.ErrHandlerTimeout
	}
	conn, rw, err := http.NewResponseController(t.w).Hijack()
	t.claimed = t.claimed || err == nil
	return conn, rw, err
}

// SetReadDeadline sets the deadline unless the answer is the clock's: by then
// the connection may serve another request.
func (t *timedAnswer) SetReadDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.late {
		return http.ErrHandlerTimeout
	}
	return http.NewResponseController(t.w).SetReadDeadline(at)
}

// SetWriteDeadline does likewise.
func (t *timedAnswer) SetWriteDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.late {
		return http.ErrHandlerTimeout
	}
	return http.NewResponseController(t.w).SetWriteDeadline(at)
}

// finish copies what was set after the header went out, which are trailers.
func (t *timedAnswer) finish() { maps.Copy(t.w.Header(), t.header) }

// expire claims the answer for the clock and reports whether it could.
func (t *timedAnswer) expire() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.late = !t.claimed
	return t.late
}

// runTimed runs the call beside a clock. If the first byte is not out in time,
// the context is cancelled, the client gets a 503, and the handler goes on
// with an answer that is dropped.
func (c *call) runTimed(w http.ResponseWriter) {
	answer := &timedAnswer{w: w, header: w.Header().Clone()}
	if answer.header == nil {
		answer.header = http.Header{}
	}
	original, limit := c.r, c.settings.timeout
	if c.plan.showsPath {
		c.plan.setPathValues(original, c.path) // what wraps the API sees them too
	}
	// A late handler must not write to what the server has back.
	c.r = original.Clone(original.Context())
	c.r.Trailer = original.Trailer // the server fills it as the body ends
	if c.body != nil {
		c.body.deadline = answer
	}
	c.outer.ResponseWriter = answer
	done := make(chan any, 1)
	go func() {
		defer func() {
			v := recover()
			c.end()
			done <- v
		}()
		c.run()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case v := <-done:
		answer.finish()
		repanic(v)
		return
	case <-timer.C:
	}
	if !answer.expire() {
		v := <-done
		answer.finish()
		repanic(v)
		return
	}
	c.cancel()
	late := new(call)
	late.begin(c.table, c.plan, c.settings, w, original)
	late.path, late.start = c.path, c.start
	late.idOnce.Do(func() { late.id = c.req.RequestID() }) // it is the same request
	if sec := c.plan.security; sec != nil && sec.need != 0 {
		late.noStore()
	}
	late.fail(context.DeadlineExceeded)
	late.end()
}

// repanic goes on with a panic of the handler's goroutine.
func repanic(v any) {
	if v != nil {
		panic(v) //nolint:forbidigo // it began on another goroutine
	}
}
