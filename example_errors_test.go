package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/seed217079a1/endpoint"
)

// exampleQuiet keeps logs out of the examples.
func exampleQuiet() endpoint.Option { return endpoint.Logger(slog.New(slog.DiscardHandler)) }

// A handler chooses the answer to an error.
func ExampleErrorf() {
	api := endpoint.New(exampleQuiet())
	api.Get("users/:name", func(name string) error {
		err := errors.New("pq: relation users does not exist")
		return endpoint.Errorf(http.StatusNotFound, "there is no user %q", name).Wrap(err) // err is for the log
	})

	exampleGet(api, "/users/ada")
	// Output:
	// 404 {"title":"Not Found","status":404,"detail":"there is no user \"ada\""}
}

// What is no *Error and was not mapped is a 500 that tells nothing.
func ExampleError() {
	api := endpoint.New(exampleQuiet())
	api.Get("told", func() error {
		return &endpoint.Error{
			Status: http.StatusPaymentRequired,
			Type:   "https://example.com/problems/balance",
			Title:  "The balance is too low",
			Detail: "30 are needed",
			Extra:  map[string]any{"balance": 12},
			Header: http.Header{"Retry-After": {"3600"}},
		}
	})
	api.Get("untold", func() error { return errors.New("the password of the database is hunter2") })

	exampleGet(api, "/told")
	exampleGet(api, "/untold")
	// Output:
	// 402 {"type":"https://example.com/problems/balance","title":"The balance is too low","status":402,"detail":"30 are needed","balance":12}
	// 500 {"title":"Internal Server Error","status":500}
}

// A handler may report faults of its own as the library does.
func ExampleFieldError() {
	api := endpoint.New()
	api.Get("trips", func(in struct {
		From time.Time `query:"from" validate:"required"`
		To   time.Time `query:"to" validate:"required"`
	}) error {
		if in.To.Before(in.From) {
			return &endpoint.Error{Status: http.StatusUnprocessableEntity, Fields: []endpoint.FieldError{
				{In: "query", Name: "to", Code: "order", Message: "must not be before from"},
			}}
		}
		return nil
	})

	exampleGet(api, "/trips?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")
	// Output:
	// 422 {"title":"Unprocessable Entity","status":422,"errors":[{"in":"query","name":"to","code":"order","message":"must not be before from"}]}
}

// The wrapped cause is found by errors.Is.
func ExampleError_Wrap() {
	err := endpoint.Errorf(http.StatusNotFound, "there is no such file").Wrap(fs.ErrNotExist)
	fmt.Println(err)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// 404 Not Found: there is no such file: file does not exist
	// true
}

// Errors of other packages are mapped once.
func ExampleMapError() {
	api := endpoint.New(exampleQuiet(), endpoint.MapError(fs.ErrNotExist, http.StatusNotFound, "there is no such file"))
	api.Get("size/:name", func(name string) (int64, error) {
		info, err := os.Stat(name)
		if err != nil {
			return 0, err
		}
		return info.Size(), nil
	})

	exampleGet(api, "/size/no-such-file")
	// Output:
	// 404 {"title":"Not Found","status":404,"detail":"there is no such file"}
}

// A quota is an error with a number.
type quota struct{ left int }

func (q quota) Error() string { return fmt.Sprint("quota: ", q.left, " left") }

func ExampleMapErrorAs() {
	api := endpoint.New(exampleQuiet(), endpoint.MapErrorAs(func(q quota) *endpoint.Error {
		return &endpoint.Error{Status: http.StatusTooManyRequests, Extra: map[string]any{"left": q.left}}
	}))
	api.Get("mail", func() error { return fmt.Errorf("send: %w", quota{left: 0}) })

	exampleGet(api, "/mail")
	// Output:
	// 429 {"title":"Too Many Requests","status":429,"left":0}
}

// OnError has the last say before an error becomes an answer.
func ExampleOnError() {
	api := endpoint.New(exampleQuiet(), endpoint.OnError(func(r *endpoint.Request, err error) error {
		fmt.Println("count an error of", r.Pattern)
		return err
	}))
	api.Get("fail/:n", func(int) error { return errors.New("no luck") })

	exampleGet(api, "/fail/1")
	// Output:
	// count an error of /fail/:n
	// 500 {"title":"Internal Server Error","status":500}
}

// ErrorFormat replaces the problem document, also of 404 and of panics.
func ExampleErrorFormat() {
	api := endpoint.New(exampleQuiet(), endpoint.ErrorFormat(func(_ *endpoint.Request, e *endpoint.Error) *endpoint.Response {
		return endpoint.Respond(e.Status, map[string]any{"ok": false, "message": e.Detail})
	}))
	api.Get("panic", func() string { panic("never told") })

	exampleGet(api, "/panic")
	exampleGet(api, "/unknown")
	// Output:
	// 500 {"message":"","ok":false}
	// 404 {"message":"nothing is served at this path","ok":false}
}

// What was not answered in time is answered with 503, and the handler's
// context ends.
func ExampleTimeout() {
	api := endpoint.New(exampleQuiet())
	api.Get("slow", func(ctx context.Context) error {
		<-ctx.Done() // a query of a database would return here
		return ctx.Err()
	}, endpoint.Timeout(time.Millisecond))

	exampleGet(api, "/slow")
	// Output:
	// 503 {"title":"Service Unavailable","status":503,"detail":"the answer took too long"}
}

func ExampleLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, "duration", "request_id": // not the same twice
				return slog.Attr{}
			}
			return a
		},
	}))
	api := endpoint.New(endpoint.Logger(logger))
	api.Get("users/:id", func(int) error { return errors.New("the disk is full") })

	exampleGet(api, "/users/7?token=secret")
	// Output:
	// level=ERROR msg="request failed" method=GET pattern=/users/:id status=500 cause="the disk is full"
	// 500 {"title":"Internal Server Error","status":500}
}
