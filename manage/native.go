package manage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"

	"github.com/seed217079a1/endpoint"
)

// A native is a Go function that endpoints may name. It runs in an API of its
// own, which takes every path, so that it sees the request as it came.
type native struct{ api *endpoint.API }

// compileHandlers compiles the Go functions, by their names without a leading
// slash, and returns all their faults.
func compileHandlers(o *Options) (map[string]*native, error) {
	handlers := map[string]*native{}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(o.Handlers)) {
		n, err := newNative(o, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("handler %q: %w", name, err))
		}
		handlers[fileOf(name)] = n
	}
	return handlers, errors.Join(faults...)
}

func newNative(o *Options, name string) (*native, error) {
	api := endpoint.New()
	if o.HandlerAPI != nil {
		api = o.HandlerAPI()
	}
	if api == nil {
		return nil, errString("HandlerAPI returned nil; return endpoint.New()")
	}
	api.Handle("/", o.Handlers[name],
		endpoint.Methods("*"), endpoint.Name(name),
		endpoint.Auth(knownUser{}), endpoint.MaxBody(o.MaxBody), endpoint.ErrorFormat(problemAsJSON),
		endpoint.Logger(slog.New(causes{})))
	return &native{api}, api.Compile()
}

func (n *native) fault() string { return "" }

func (n *native) run(c *execution) error {
	w := &recorder{live: http.Header{}}
	n.api.ServeHTTP(w, c.r.WithContext(context.WithValue(c.ctx, executionKey{}, c)))
	w.WriteHeader(http.StatusOK)
	c.answer = w.answer
	return c.ctx.Err()
}

// executionKey is the key of the execution in the context of a Go function.
type executionKey struct{}

// knownUser is an authenticator that has the user of the trigger.
type knownUser struct{}

func (knownUser) Authenticate(r *endpoint.Request) (*endpoint.User, error) {
	c, _ := r.Context().Value(executionKey{}).(*execution)
	if c == nil {
		return nil, endpoint.ErrCredentials
	}
	return c.user, nil
}

func (knownUser) Challenge() string { return "" }

// A problem is an error of a Go function: the document of RFC 9457 under the
// name that answers of handlers may have.
type problem struct {
	Type   string                `json:"type,omitempty"`
	Title  string                `json:"title"`
	Status int                   `json:"status"`
	Detail string                `json:"detail,omitempty"`
	Errors []endpoint.FieldError `json:"errors,omitempty"`
}

// problemAsJSON answers an error of a Go function.
func problemAsJSON(_ *endpoint.Request, e *endpoint.Error) *endpoint.Response {
	body := problem{e.Type, e.Title, e.Status, e.Detail, e.Fields}
	return (&endpoint.Response{Status: e.Status, Body: body}).Set("Content-Type", "application/json")
}

// causes is a log that keeps the cause of a failure with its execution, which
// the Manager logs.
type causes struct{}

func (causes) Enabled(_ context.Context, at slog.Level) bool { return at >= slog.LevelError }
func (h causes) WithAttrs([]slog.Attr) slog.Handler          { return h }
func (h causes) WithGroup(string) slog.Handler               { return h }

func (causes) Handle(ctx context.Context, line slog.Record) error {
	c, _ := ctx.Value(executionKey{}).(*execution)
	if c == nil {
		return nil
	}
	line.Attrs(func(a slog.Attr) bool {
		if a.Key == "cause" {
			c.cause = errString(a.Value.String())
		}
		return true
	})
	return nil
}

// A recorder keeps the answer of a Go function, up to one byte beyond what may
// be answered.
type recorder struct {
	live   http.Header
	answer answer
}

func (w *recorder) Header() http.Header { return w.live }

func (w *recorder) WriteHeader(status int) {
	if w.answer.status == 0 && status >= 200 {
		w.answer.status, w.answer.header = status, w.live.Clone()
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	room := maxAnswer + 1 - len(w.answer.body)
	w.answer.body = append(w.answer.body, b[:min(len(b), room)]...)
	if len(b) > room {
		return room, errString("the answer is too large")
	}
	return len(b), nil
}
