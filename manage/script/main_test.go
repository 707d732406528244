package script

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Worker()
	os.Exit(m.Run())
}

// engines runs a test with each engine. Without a limit on time it is patient:
// the machine may be busy.
func engines(t *testing.T, limits Limits, test func(t *testing.T, e *Engine), opts ...Option) {
	if limits.Time == 0 {
		limits.Time = 20 * time.Second
	}
	t.Run("in-process", func(t *testing.T) { test(t, opened(t, InProcess(limits, opts...))) })
	t.Run("workers", func(t *testing.T) { test(t, opened(t, Workers(limits, opts...))) })
}

// opened closes an engine after a test, which may leave no goroutine behind.
func opened(t testing.TB, e *Engine) *Engine {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		t.Helper()
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				stacks := make([]byte, 64<<10)
				t.Fatalf("%d goroutines before and %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
	return e
}

// An outcome is what became of a call.
type outcome struct {
	status int
	header http.Header
	body   string
	log    string
	err    error
}

// run compiles a script and runs it once.
func run(ctx context.Context, e *Engine, text string, r *http.Request) outcome {
	program, err := e.Compile(ctx, "/a/test.py", []byte(text))
	if err != nil {
		return outcome{err: err}
	}
	return call1(ctx, program, r)
}

func call1(ctx context.Context, program func(context.Context, *http.Request, io.Writer) (*http.Response, error), r *http.Request) outcome {
	var log bytes.Buffer
	resp, err := program(ctx, r, &log)
	if err != nil {
		return outcome{err: err, log: log.String()}
	}
	body, err := io.ReadAll(resp.Body)
	return outcome{resp.StatusCode, resp.Header, string(body), log.String(), err}
}

func get(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }

// handler is a script whose handler has the given lines.
func handler(lines ...string) string {
	return "def handler(request, *args, **kwargs):\n    " + strings.Join(lines, "\n    ") + "\n"
}

// temporary reports whether package manage would answer 503.
func temporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}
