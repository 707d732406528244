package manage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/seed217079a1/endpoint"
)

// An execution is one call of a handler.
type execution struct {
	ctx    context.Context // of the request, with the account
	r      *http.Request   // as the handler gets it, the body in memory
	user   *endpoint.User
	output printed
	answer answer
	cause  error // why a Go function failed, where it says so
}

// trigger calls the handler of an endpoint. It looks into memory alone.
func (m *Manager) trigger(w http.ResponseWriter, r *endpoint.Request) error {
	account, err := m.account(r.User())
	if err != nil {
		return err
	}
	e := m.table.path(account, r.Param("path"))
	if e == nil || !e.Enabled {
		return endpoint.Errorf(http.StatusNotFound, "you have no enabled endpoint with this path")
	}
	if running := e.running.Add(1); m.options.MaxCalls > 0 && running > int64(m.options.MaxCalls) {
		e.running.Add(-1)
		return errTooMany()
	}
	defer e.running.Add(-1)
	body, err := r.BodyBytes()
	if err != nil {
		return err
	}
	c := newExecution(r, account, body)
	start := time.Now()
	err = c.run(e.handler)
	call := Call{
		Account: account, ID: e.ID, Method: r.Method, Time: start.UTC(), Duration: time.Since(start),
		RequestID: r.RequestID(), Output: c.output.String(),
	}
	if gone := r.Context().Err(); gone != nil && err != nil {
		call.Status, call.Error = statusGone, gone.Error()
		m.note(e, &call)
		return gone
	}
	call.Status = c.settle(err)
	if call.Error = c.reason(err); call.Status >= 500 {
		w.Header().Set("X-Request-Id", call.RequestID)
		m.logFailure(r.Context(), e, &call)
	}
	c.answer.write(w, r.Method)
	m.note(e, &call)
	return nil
}

func errTooMany() *endpoint.Error {
	e := endpoint.Errorf(http.StatusTooManyRequests, "too many calls of your account run at once; try again")
	e.Header = http.Header{"Retry-After": {"1"}}
	return e
}

// statusGone stands in the log of calls for a client that went away, or a
// time-out of the host.
const statusGone = 499

// newExecution prepares a call. The credentials of the caller are not the
// handler's business: a script could keep them, or the session of another page
// of this origin.
func newExecution(r *endpoint.Request, account string, body []byte) *execution {
	ctx := context.WithValue(r.Context(), accountKey{}, account)
	forwarded := r.WithContext(ctx)
	forwarded.Header = r.Header.Clone()
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie"} {
		forwarded.Header.Del(name)
	}
	if r.Method == http.MethodHead {
		forwarded.Method = http.MethodGet // so that it has the header of what GET would give
	}
	forwarded.Body, forwarded.ContentLength = http.NoBody, int64(len(body))
	forwarded.TransferEncoding = nil
	if len(body) > 0 {
		forwarded.Body = io.NopCloser(bytes.NewReader(body))
	}
	return &execution{ctx: ctx, r: forwarded, user: r.User()}
}

// run runs a handler; what it panics with is an error.
func (c *execution) run(h handler) (err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler: // also of an answer that failed after its first byte
			err = errString("the handler gave its answer up")
		default:
			err = errString("panic: " + panicText(v) + "\n" + string(debug.Stack()))
		}
	}()
	if err := h.run(c); err != nil {
		return err
	}
	return c.answer.check(&c.output)
}

func panicText(v any) string {
	switch v := v.(type) {
	case error:
		return v.Error()
	case string:
		return v
	}
	return "of another type than error and string"
}

// settle turns the error of a handler into its answer, which tells nothing of
// it, and returns the status.
func (c *execution) settle(err error) int {
	var t interface{ Temporary() bool }
	switch {
	case err == nil:
	case errors.As(err, &t) && t.Temporary():
		c.answer = plain(http.StatusServiceUnavailable, "the handler cannot run now; try again")
		c.answer.header.Set("Retry-After", "1")
	default:
		c.answer = plain(http.StatusInternalServerError, "the handler failed")
	}
	return c.answer.status
}

// reason returns why a call failed, "" if it did not.
func (c *execution) reason(err error) string {
	if c.cause != nil {
		err = c.cause
	}
	if err == nil {
		return ""
	}
	return clip(err.Error(), maxCallText)
}

func (m *Manager) logFailure(ctx context.Context, e *entry, c *Call) {
	m.options.log().LogAttrs(ctx, slog.LevelError, "handler failed",
		slog.String("account", e.Account), slog.String("id", e.ID), slog.String("handler", e.Handler),
		slog.Int("status", c.Status), slog.Duration("duration", c.Duration),
		slog.String("request_id", c.RequestID), slog.String("cause", c.Error))
}

// note counts a call and keeps it for the owner.
func (m *Manager) note(e *entry, c *Call) {
	e.stats.add(c)
	e.log.add(e.stats, c)
	if m.options.Observe != nil {
		m.options.Observe(*c)
	}
}

// plain returns an answer of text.
func plain(status int, text string) answer {
	return answer{status: status, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: []byte(text)}
}

// write sends the answer; that of HEAD without its body. Who is gone cannot be
// told.
func (a *answer) write(w http.ResponseWriter, method string) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	bodiless := a.status == http.StatusNoContent || a.status == http.StatusNotModified
	if !bodiless {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if !bodiless && method != http.MethodHead {
		_, _ = w.Write(a.body)
	}
}
