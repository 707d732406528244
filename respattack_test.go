package endpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

const respSecret = "postgres://user:hunter2@db.internal"

// respNever are texts that no answer may hold.
var respNever = []string{"hunter2", "postgres", "goroutine", ".go:", "runtime", "panic", "respCycle", "respFails", "endpoint_test"}

type (
	respCycle struct {
		Next *respCycle `json:"next"`
	}
	respFails struct{ A int }
	respBox   struct {
		Items []any `json:"items"`
	}
	respWorks struct{ A int }
)

func (respFails) MarshalJSON() ([]byte, error) { return nil, errors.New(respSecret) }

// A respLog collects what is logged.
type respLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *respLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *respLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// respAPI returns an API with /hello, and what it logs.
func respAPI(opts ...endpoint.Option) (*endpoint.API, *respLog) {
	log := &respLog{}
	logger := endpoint.Logger(slog.New(slog.NewTextHandler(log, nil)))
	api := endpoint.New(append([]endpoint.Option{logger}, opts...)...)
	api.Get("hello", func() string { return "hello" })
	return api, log
}

// respPlain says what is wrong with an error that must say nothing.
func respPlain(a bindAnswer, status int) error {
	if a.status != status || a.err != nil || a.header.Get("Content-Type") != "application/problem+json" {
		return fmt.Errorf("%d %s %q %w, want a problem with status %d", a.status, a.header.Get("Content-Type"), a.body, a.err, status)
	}
	for _, text := range respNever {
		if strings.Contains(a.body, text) {
			return fmt.Errorf("the answer holds %q: %s", text, a.body)
		}
	}
	return bindProblem(a.body)
}

// respCase is a handler and why its failure must say nothing.
type respCase struct {
	name, reason string
	fn           any
}

func respPanics() []respCase {
	var m map[string]int
	var p *respCycle
	return []respCase{
		{"85 text", "a text may hold anything", func() string { panic(respSecret) }},
		{"85 error", "so may an error", func() string { panic(errors.New(respSecret)) }},
		{"85 nil map", "a fault of the runtime names code", func() { m["a"] = 1 }},
		{"85 nil pointer", "likewise", func() string { return fmt.Sprint(p.Next) }},
		{"85 index", "likewise", func(ctx context.Context) string { return "a"[len(ctx.Err().Error()):] }},
		{"85 *Error", "a panic is a 500 whatever it was called with", func() { panic(endpoint.Errorf(418, "%s", respSecret)) }},
		{"85 nil", "a panic of nil is one", func() { panic(nil) }}, //nolint:govet // what Go makes of it is the point
		{"85 with a writer", "nothing was written yet", func(w http.ResponseWriter) { w.Header().Set("X-A", "b"); panic(respSecret) }},
		{"85 in an iterator", "before its first element", func() iter.Seq[int] { return func(func(int) bool) { panic(respSecret) } }},
		{"85 in a reader", "before its first byte", func() io.Reader { return respReader(func([]byte) (int, error) { panic(respSecret) }) }},
		{"85 in Marshal", "while the answer is made", func() any { return respMarshalPanics{} }},
	}
}

type respReader func(p []byte) (int, error)

func (r respReader) Read(p []byte) (int, error) { return r(p) }

type respMarshalPanics struct{}

func (respMarshalPanics) MarshalJSON() ([]byte, error) { panic(respSecret) }

// respFailures are rows 87 and 88.
func respFailures() []respCase {
	cycle := &respCycle{}
	cycle.Next = cycle
	deep := func(v any) respBox { return respBox{[]any{1, "a", map[string]any{"k": []any{v}}}} }
	return []respCase{
		{"87 NaN", "no JSON", func() float64 { return math.NaN() }},
		{"87 Inf", "no JSON", func() []float64 { return []float64{1, math.Inf(1)} }},
		{"87 -Inf deep", "found before the first byte", func() respBox { return deep(math.Inf(-1)) }},
		{"87 cycle", "no end", func() *respCycle { return cycle }},
		{"87 cycle of maps", "no end", func() any { m := map[string]any{}; m["m"] = m; return m }},
		{"87 cycle of slices", "no end", func() any { s := make([]any, 1); s[0] = s; return s }},
		{"87 channel", "no JSON", func() any { return make(chan int) }},
		{"87 function deep", "no JSON", func() respBox { return deep(func() {}) }},
		{"87 failing", "the error is not the client's", func() respFails { return respFails{} }},
		{"87 failing deep", "found before the first byte", func() respBox { return deep(respFails{}) }},
		{"87 late in a large answer", "whole or not at all", func() []any {
			list := make([]any, 20_000)
			list[len(list)-1] = math.NaN()
			return list
		}},
		{"87 response", "a body is a result", func() *endpoint.Response { return endpoint.Respond(201, math.NaN()).Set("X-A", "b") }},
		{"87 invalid UTF-8", "no JSON", func() any { return map[string]string{"a": "\xff"} }},
		{"88 error", "an error's text is not the client's", func() error { return errors.New(respSecret) }},
		{"88 wrapped", "nor one inside", func() error { return fmt.Errorf("save: %w", errors.New(respSecret)) }},
		{"88 cause", "nor a cause", func() error { return endpoint.Errorf(500, "").Wrap(errors.New(respSecret)) }},
		{"88 joined", "nor several", func() (string, error) { return respSecret, errors.Join(errors.New(respSecret), io.EOF) }},
		{"88 first element", "before a stream began", func() iter.Seq2[int, error] {
			return func(yield func(int, error) bool) { yield(0, errors.New(respSecret)) }
		}},
		{"88 first read", "before a reader gave a byte", func() io.Reader {
			return respReader(func([]byte) (int, error) { return 0, errors.New(respSecret) })
		}},
	}
}

func TestRespFailures(t *testing.T) {
	leak.Check(t)
	for i, c := range append(respPanics(), respFailures()...) {
		t.Run(c.name, func(t *testing.T) {
			api, log := respAPI()
			api.Get("x", c.fn)
			addr := bindServe(t, api)
			conn := bindDial(t, addr)
			r := bufio.NewReader(conn)
			for range 2 { // the connection is sound afterwards
				_, _ = io.WriteString(conn, bindText("GET", "/x", "", ""))
				a, err := bindRead(r, "GET")
				if err != nil {
					t.Fatalf("%d: %s: %v", i, c.reason, err)
				}
				if err := respPlain(a, 500); err != nil {
					t.Errorf("%s: %v", c.reason, err)
				}
				if a.header.Get("X-A") != "" && strings.HasPrefix(c.name, "87") {
					t.Errorf("%s: a header of the lost answer is left", c.reason)
				}
			}
			_, _ = io.WriteString(conn, bindText("GET", "/hello", "", ""))
			if a, err := bindRead(r, "GET"); err != nil || a.body != "hello" {
				t.Errorf("then /hello: %q, %v", a.body, err)
			}
			if !strings.Contains(log.String(), "request failed") {
				t.Errorf("%s: nothing is logged: %s", c.reason, log)
			}
		})
	}
}

func TestRespNil(t *testing.T) {
	api, _ := respAPI()
	for name, fn := range map[string]any{
		"pointer":  func() *respWorks { return nil },
		"response": func() *endpoint.Response { return nil },
		"reader":   func() io.Reader { return nil },
		"iterator": func() iter.Seq[int] { return nil },
		"handler":  func() http.Handler { return nil },
		"any":      func() any { return nil },
		"map":      func() map[string]int { return nil },
	} {
		api.Get("nil/"+name, fn)
	}
	addr := bindServe(t, api)
	for _, name := range []string{"pointer", "response", "reader", "iterator", "handler", "any", "map"} {
		a := bindMust(t, addr, bindText("GET", "/nil/"+name, "", ""))
		if a.status != 204 && (a.status != 200 || a.body != "null" && a.body != "{}") {
			t.Errorf("87 nil %s: %d %q, want 204, null or {}", name, a.status, a.body)
		}
	}
}

func TestRespPanicsInLanes(t *testing.T) {
	leak.Check(t)
	api, _ := respAPI()
	api.Get("panic", func(_ context.Context, in struct {
		N int `query:"n"`
	}) (string, error) {
		panic(fmt.Sprint(respSecret, in.N))
	})
	addr := bindServe(t, api)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			conn, err := bindConnect(addr, 30*time.Second)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			r := bufio.NewReader(conn)
			for n := range 20 {
				_, _ = io.WriteString(conn, bindText("GET", fmt.Sprintf("/panic?n=%d", n), "", ""))
				a, err := bindRead(r, "GET")
				if err == nil {
					err = respPlain(a, 500)
				}
				if err != nil {
					t.Errorf("85 panic %d: %v", n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	bindHealthy(t, addr)
}

// respHalves are handlers that fail after bytes are out: row 86.
func respHalves() []respCase {
	flush := func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
	}
	return []respCase{
		{"panic", "a panic after a flush", func(w http.ResponseWriter) { flush(w); panic(respSecret) }},
		{"error", "an error after a flush", func(w http.ResponseWriter) error { flush(w); return errors.New(respSecret) }},
		{"*Error", "one for the client", func(w http.ResponseWriter) error { flush(w); return endpoint.Errorf(409, "no") }},
		{"unflushed", "bytes that are only written", func(w http.ResponseWriter) error {
			_, _ = io.WriteString(w, "half")
			return errors.New(respSecret)
		}},
		{"elements", "an error between elements", func() iter.Seq2[string, error] {
			return func(yield func(string, error) bool) { _ = yield("half", nil) && yield("", errors.New(respSecret)) }
		}},
		{"elements panic", "a panic between elements", func() iter.Seq[string] {
			return func(yield func(string) bool) { yield("half"); panic(respSecret) }
		}},
		{"element", "an element that cannot be JSON", func() iter.Seq[any] {
			return func(yield func(any) bool) { _ = yield("half") && yield(math.NaN()) }
		}},
		{"events", "an error between events", func() iter.Seq2[endpoint.Event, error] {
			return func(yield func(endpoint.Event, error) bool) {
				_ = yield(endpoint.Event{Data: "half"}, nil) && yield(endpoint.Event{}, errors.New(respSecret))
			}
		}},
		{"reader", "an error between reads", func() io.Reader {
			return io.MultiReader(strings.NewReader("half"), respReader(func([]byte) (int, error) { return 0, errors.New(respSecret) }))
		}},
		{"abort", "the sign for giving up", func(w http.ResponseWriter) { flush(w); panic(http.ErrAbortHandler) }},
		{"abort before", "the sign for giving up, at once", func() { panic(http.ErrAbortHandler) }},
	}
}

func TestRespHalf(t *testing.T) {
	leak.Check(t)
	api, log := respAPI()
	around, aroundLog := respAPI(endpoint.Use(func(h http.Handler) http.Handler { return h }))
	for i, c := range respHalves() {
		api.Get(fmt.Sprint("half/", i), c.fn)
		around.Get(fmt.Sprint("half/", i), c.fn, endpoint.Use(func(h http.Handler) http.Handler { return h }))
	}
	for what, server := range map[string]struct {
		api *endpoint.API
		log *respLog
	}{"plain": {api, log}, "middleware": {around, aroundLog}} {
		addr := bindServe(t, server.api)
		for i, c := range respHalves() {
			before := len(server.log.String())
			raw := bindText("GET", fmt.Sprint("/half/", i), "", "")
			conn := bindDial(t, addr)
			_, _ = io.WriteString(conn, raw+bindText("GET", "/hello", "", ""))
			answer, _ := io.ReadAll(conn) // cut off in any way
			text := string(answer)
			if strings.Contains(text, "0\r\n\r\n") || strings.Contains(text, "hunter2") || strings.Count(text, "HTTP/1.1") > 1 || strings.Contains(text, "title") {
				t.Errorf("86 %s, %s: %q: something is appended", what, c.reason, text)
			}
			logged := server.log.String()[before:]
			if abort := strings.HasPrefix(c.name, "abort"); abort != (logged == "") {
				t.Errorf("86 %s, %s: logged %q", what, c.reason, logged)
			}
		}
		bindHealthy(t, addr)
	}
}
