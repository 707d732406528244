package script

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestDefaults(t *testing.T) {
	got, err := Limits{Time: time.Minute, Processes: 3}.withDefaults()
	want := Limits{Steps: 10_000_000, Time: time.Minute, Memory: 64 << 20, Output: 1 << 20, Source: 64 << 10, Recursion: 500, Processes: 3, Queue: 64}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, _ := (Limits{}).withDefaults(); got.Time != time.Second || got.Processes < 4 {
		t.Errorf("got %+v", got)
	}
}

func TestWrongOptions(t *testing.T) {
	limits := Limits{Time: -1, Memory: -1, Output: -1, Source: -1, Recursion: -1, Processes: -1, Queue: -1}
	e := opened(t, InProcess(limits, Secrets(nil), AllowHTTP("x")))
	_, err := e.Compile(t.Context(), "x", nil)
	if err == nil || temporary(err) {
		t.Fatal("no error")
	}
	for _, want := range []string{"Time", "Memory", "Output", "Source", "Recursion", "Processes", "Queue"} {
		if !strings.Contains(err.Error(), "script: Limits."+want+" is negative; give a positive number, or 0 for ") {
			t.Errorf("%v does not tell %s", err, want)
		}
	}
	for _, want := range []string{"Secrets is given nil", `AllowHTTP: "x" is no origin`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell %s", err, want)
		}
	}
}

// TestLimits sets one limit after another so low that a script goes over it,
// and then so high that it does not.
func TestLimits(t *testing.T) {
	count := handler("for i in range(100000):", "    pass", "return ''")
	deep := "def f(n):\n  return '' if n == 0 else f(n-1)\n"
	tests := []struct {
		reason    string
		low, high Limits
		text      string
		want      string
	}{
		{"steps", Limits{Steps: 1000}, Limits{Steps: 10_000_000}, count, "/a/test.py:2:5: in handler: the step limit of 1000 steps is over"},
		{"very few steps", Limits{Steps: 1}, Limits{}, count, "the step limit of 1 steps is over"},
		{"time", Limits{Time: time.Millisecond, Steps: steps}, Limits{}, handler("for i in range(300000):", "    pass", "return ''"), "the time limit of 1ms is over"},
		{"recursion", Limits{Recursion: 100}, Limits{Recursion: 1000}, deep + handler("return f(900)"), "/a/test.py:2:"},
		{"output", Limits{Output: 100}, Limits{Output: 1000}, handler("return 'x' * 500"), "/a/test.py:1:1: in handler: the output limit is 100 bytes; the response has 537"},
		{"source", Limits{Source: 10}, Limits{Source: 1000}, handler("return ''"), "/a/test.py: the source limit is 10 bytes; this script has 53"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			engines(t, tt.low, func(t *testing.T, e *Engine) {
				got := run(t.Context(), e, tt.text, get("/"))
				if _, ok := got.err.(*Error); !ok || !strings.Contains(got.err.Error(), tt.want) {
					t.Errorf("got %v, want %s", got.err, tt.want)
				}
			})
			engines(t, tt.high, func(t *testing.T, e *Engine) {
				if got := run(t.Context(), e, tt.text, get("/")); got.err != nil {
					t.Errorf("got %v", got.err)
				}
			})
		})
	}
}

func TestMemoryLimit(t *testing.T) {
	text := handler(`return str(len("x" * (120 << 20)))`)
	t.Run("little", func(t *testing.T) {
		if memoryFactor > 1 {
			return // the race detector needs so much memory that this limit is not exact
		}
		got := run(t.Context(), opened(t, Workers(Limits{Memory: 16 << 20, Time: 20 * time.Second})), text, get("/"))
		if got.err == nil || !strings.Contains(got.err.Error(), "the memory limit of 16777216 bytes is over") {
			t.Errorf("got %v", got.err)
		}
	})
	t.Run("much", func(t *testing.T) {
		if got := run(t.Context(), opened(t, Workers(Limits{Memory: 256 << 20, Time: 20 * time.Second})), text, get("/")); got.err != nil {
			t.Errorf("got %v", got.err)
		}
	})
}

func TestBody(t *testing.T) {
	engines(t, Limits{Memory: 32 << 20}, func(t *testing.T, e *Engine) {
		program := compiled(t, e, handler(`return str(len(request.body))`))
		most := strings.Repeat("x", 8<<20)
		if got := call1(t.Context(), program, httptest.NewRequest("POST", "/", strings.NewReader(most))); got.err != nil || got.body != "8388608" {
			t.Errorf("the largest body: %q, %v", got.body, got.err)
		}
		got := call1(t.Context(), program, httptest.NewRequest("POST", "/", strings.NewReader(most+"x")))
		if got.err == nil || !strings.Contains(got.err.Error(), "the body of the request has more than 8388608 bytes, a quarter of the memory limit") {
			t.Errorf("a larger one: %v", got.err)
		}
		got = call1(t.Context(), program, httptest.NewRequest("POST", "/", failing{}))
		if !errors.Is(got.err, errFailing) {
			t.Errorf("a body that cannot be read: %v", got.err)
		}
		if got := call1(t.Context(), program, &http.Request{Method: "GET", URL: get("/").URL}); got.err != nil || got.body != "0" {
			t.Errorf("no body: %v", got.err)
		}
	})
}

var errFailing = errors.New("failing")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }

func TestLog(t *testing.T) {
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		got := run(t.Context(), e, handler(`print("a", 1, sep="-")`, `print("b\nc")`, `return ""`), get("/"))
		if got.log != "a-1\nb\nc\n" {
			t.Errorf("got %q", got.log)
		}
		got = run(t.Context(), e, handler(`print("a")`, `fail("b")`), get("/"))
		if got.log != "a\n" || got.err == nil {
			t.Errorf("of a call that fails: %q, %v", got.log, got.err)
		}
		got = run(t.Context(), e, handler(`for i in range(10000): print("0123456789")`, `return ""`), get("/"))
		if notice := "[print: the limit of 65536 bytes is reached; what follows is not shown]\n"; got.err != nil || !strings.HasSuffix(got.log, notice) || strings.Count(got.log, "limit") != 1 || len(got.log) > maxPrint+len(notice)+1 {
			t.Errorf("a flood: %d bytes, %v", len(got.log), got.err)
		}
		if _, err := compiled(t, e, handler(`print("a")`, `return ""`))(t.Context(), get("/"), nil); err != nil {
			t.Errorf("without a log: %v", err)
		}
	})
}

// TestNothingShared has two scripts and many calls: none sees anything of
// another, not even through a secret at the top of equal files.
func TestNothingShared(t *testing.T) {
	type owner struct{}
	secrets := Secrets(func(ctx context.Context, _ string) (string, bool) {
		name, ok := ctx.Value(owner{}).(string)
		return name, ok
	})
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		program := compiled(t, e, "key = secret('key')\nseen = []\nseen.append(key)\n"+handler("return ','.join(seen)"))
		var calls sync.WaitGroup
		for _, name := range []string{"a", "b", "c", "d"} {
			calls.Go(func() {
				ctx := context.WithValue(t.Context(), owner{}, name)
				for range 20 {
					if got := call1(ctx, program, get("/")); got.body != name || got.err != nil {
						t.Errorf("%s: got %q, %v", name, got.body, got.err)
					}
				}
			})
		}
		calls.Wait()
	}, secrets)
}

// TestCache compiles more programs than a worker keeps: the first one still
// runs.
func TestCache(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 1}))
	first := compiled(t, e, handler("return 'first'"))
	for i := range maxPrograms + 1 {
		compiled(t, e, strings.Repeat("#", i)+"\n")
	}
	for range 2 {
		if got := call1(t.Context(), first, get("/")); got.body != "first" || got.err != nil {
			t.Errorf("got %q, %v", got.body, got.err)
		}
	}
	c := newCache(2)
	a, b := &program{}, &program{}
	c.put([32]byte{1}, a)
	c.put([32]byte{2}, b)
	c.put([32]byte{1}, a)
	c.put([32]byte{3}, b)
	if c.get([32]byte{1}) != a || c.get([32]byte{2}) != nil || c.get([32]byte{3}) != b || c.order.Len() != 2 {
		t.Error("the cache does not keep what was used last")
	}
}

// TestTrouble tells what a host sees of an engine's own errors.
func TestTrouble(t *testing.T) {
	cause := errors.New("cause")
	err := &trouble{text: "text", cause: cause}
	if err.Error() != "script: text: cause" || !errors.Is(err, cause) || !temporary(err) {
		t.Errorf("got %v", err)
	}
	if errClosed.Error() != "script: the engine is closed" {
		t.Errorf("got %v", errClosed)
	}
}

func TestBacktrace(t *testing.T) {
	engines(t, Limits{}, func(t *testing.T, e *Engine) {
		got := run(t.Context(), e, "def f():\n  fail('x')\n"+handler("f()"), get("/"))
		fault, ok := errors.AsType[*Error](got.err)
		want := "Traceback (most recent call last):\n  /a/test.py:4:6: in handler\n  /a/test.py:2:7: in f\n  <builtin>: in fail\n"
		if !ok || fault.Backtrace != want {
			t.Errorf("got %+v", fault)
		}
		got = run(t.Context(), e, "def f(n):\n  f(n+1)\n"+handler("f(0)"), get("/"))
		if fault, ok := errors.AsType[*Error](got.err); !ok || len(fault.Backtrace) > maxMessage || !strings.Contains(fault.Backtrace, " more calls ...") {
			t.Errorf("got %+v", fault)
		}
	})
}

func TestAlarm(t *testing.T) {
	a := &alarm{after: 20 * time.Millisecond}
	rang := make(chan bool, 1)
	a.set(func() { rang <- true })
	<-rang
	poll(t, "that the alarm knows", func() bool { a.mu.Lock(); defer a.mu.Unlock(); return a.f == nil })
	if !a.clear() {
		t.Error("it rang and does not know")
	}
	for range 1000 {
		a.set(func() { rang <- true })
		if a.clear() {
			t.Fatal("it rang at once")
		}
	}
	a.set(func() { rang <- true })
	<-rang
	a.clear()
	poll(t, "rest", func() bool { a.mu.Lock(); defer a.mu.Unlock(); return !a.armed })
}
