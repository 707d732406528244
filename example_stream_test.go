package endpoint_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/seed217079a1/endpoint"
)

// Each element of an iterator is written and flushed as it comes, as a line of
// JSON.
func ExampleAPI_Get_iterator() {
	api := endpoint.New()
	api.Get("users", func() iter.Seq[user] {
		return slices.Values([]user{{ID: 1, Name: "Ada"}, {ID: 2, Name: "Bob"}})
	})

	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/users", nil))
	fmt.Print(w.Header().Get("Content-Type"), "\n", w.Body)

	r := httptest.NewRequest(http.MethodGet, "/users", nil)
	r.Header.Set("Accept", "application/json")
	w = httptest.NewRecorder()
	api.ServeHTTP(w, r)
	fmt.Print(w.Header().Get("Content-Type"), "\n", w.Body)
	// Output:
	// application/jsonl
	// {"id":1,"name":"Ada"}
	// {"id":2,"name":"Bob"}
	// application/json
	// [{"id":1,"name":"Ada"},{"id":2,"name":"Bob"}]
}

// An error before the first element is an ordinary error; one after it cuts
// the connection.
func ExampleAPI_Get_iteratorError() {
	api := endpoint.New(endpoint.Logger(slog.New(slog.DiscardHandler)))
	api.Get("rows", func() iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			yield(0, errors.New("the database is gone"))
		}
	}, endpoint.OnError(func(_ *endpoint.Request, err error) error {
		return endpoint.Errorf(http.StatusServiceUnavailable, "come back later").Wrap(err)
	}))

	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/rows", nil))
	fmt.Println(w.Code)
	// Output: 503
}

// A browser's EventSource reads this stream, and says where it stopped when it
// comes back.
func ExampleEvent() {
	api := endpoint.New()
	api.Get("feed", func(ctx context.Context, in struct {
		Last int `header:"Last-Event-ID"`
	}) iter.Seq2[endpoint.Event, error] {
		return func(yield func(endpoint.Event, error) bool) {
			for i := in.Last + 1; i <= 3 && ctx.Err() == nil; i++ {
				e := endpoint.Event{ID: fmt.Sprint(i), Type: "tick", Data: map[string]int{"n": i}}
				if i == 1 {
					e.Retry = 2 * time.Second
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	})

	r := httptest.NewRequest(http.MethodGet, "/feed", nil)
	r.Header.Set("Last-Event-ID", "2")
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	fmt.Print(w.Header().Get("Content-Type"), "\n", w.Body)
	// Output:
	// text/event-stream
	// id: 3
	// event: tick
	// data: {"n":3}
}

// A reader is sent as it comes, and closed. The request's context lives until
// then.
func ExampleAPI_Get_reader() {
	api := endpoint.New()
	api.Get("log", func(ctx context.Context) io.Reader {
		r, w := io.Pipe()
		go func() {
			for i := range 3 {
				if _, err := fmt.Fprintln(w, "line", i); err != nil || ctx.Err() != nil {
					return
				}
			}
			_ = w.Close() // a pipe's Close returns nil
		}()
		return r
	})

	server := httptest.NewServer(api)
	defer server.Close()
	answer, err := server.Client().Get(server.URL + "/log")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		fmt.Println(strings.ToUpper(lines.Text()))
	}
	// Output:
	// LINE 0
	// LINE 1
	// LINE 2
}
