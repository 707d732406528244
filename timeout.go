package endpoint

import (
	"context"
	"maps"
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
	if !t.claimed && (status >= 200 || status == http.StatusSwitchingProtocols) {
		t.claimed = true
		maps.Copy(t.w.Header(), t.header)
	}
	t.w.WriteHeader(status)
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
		repanic(v)
		return
	case <-timer.C:
	}
	if !answer.expire() {
		repanic(<-done)
		return
	}
	c.cancel()
	late := new(call)
	late.begin(c.table, c.plan, c.settings, w, original)
	late.path = c.path
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
