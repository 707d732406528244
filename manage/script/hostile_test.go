package script

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A hostile is a script that must not hurt. Files of testdata/hostile begin
// with a comment that has a part of the error that has to come.
type hostile struct{ name, text, want string }

// met reports whether an error is one of those that may come. On a busy machine
// the time can be over before anything else is.
func (h hostile) met(text string) bool {
	if strings.Contains(text, "the time limit of") {
		return true
	}
	return strings.Contains(text, h.want)
}

func hostiles(t testing.TB) []hostile {
	files, err := filepath.Glob("testdata/hostile/*.star")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var all []hostile
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		want, ok := strings.CutPrefix(first, "# want: ")
		if !ok {
			t.Fatalf("%s does not say what has to come", file)
		}
		all = append(all, hostile{strings.TrimSuffix(filepath.Base(file), ".star"), string(text), want})
	}
	return append(all, generated()...)
}

// generated is the scripts that are large.
func generated() []hostile {
	deep := func(open, middle, end string, n int) string {
		return "x = " + strings.Repeat(open, n) + middle + strings.Repeat(end, n) + "\n"
	}
	return []hostile{
		{"source_limit", strings.Repeat("#", 64<<10+1), "the source limit is 65536 bytes; this script has 65537"},
		{"source_megabytes", strings.Repeat("x = 1\n", 1<<18), "source limit"},
		{"source_brackets_limit", deep("(", "1", ")", 100_000), "source limit"},
		{"source_parentheses", deep("(", "1", ")", 32_000), ":1:205: more than 200 brackets are open here"},
		{"source_brackets", deep("[", "", "]", 32_000), "brackets"},
		{"source_braces", deep("{1:", "2", "}", 16_000), "brackets"},
		{"source_brackets_open", deep("[", "", "", 65_000), "brackets"},
		{"source_calls", deep("f(", "", ")", 21_000), "brackets"},
		{"source_not", deep("not ", "1", "", 16_000), ""},
		{"source_minus", deep("-", "1", "", 65_000), ""},
		{"source_lambda", deep("lambda: ", "1", "", 8_000), ""},
		{"source_if_else", deep("1 if 0 else ", "1", "", 5_000), ""},
		{"source_sum", deep("1+", "1", "", 32_000), ""},
		{"source_dots", "x = request" + strings.Repeat(".a", 32_000) + "\n", "undefined: request"},
		{"source_chained_calls", "def f(): return f\n" + "x = f" + strings.Repeat("()", 32_000) + "\n", "handler is missing"},
		{"source_defs", strings.Repeat("def f(): pass\n", 4_600), "handler is missing"},
		{"source_globals", many(6_000), "handler is missing"},
		{"source_parameters", "def handler(" + strings.Repeat("a,", 32_000) + "): pass\n", ""},
		{"source_string", "x = '" + strings.Repeat("\\n", 32_000) + "'\n", "handler is missing"},
		{"source_invalid_utf8", strings.Repeat("\xff", 60_000), ""},
		{"source_annotations", "def handler(" + strings.Repeat("a:[", 20_000) + "): pass\n", "brackets"},
		{"source_quotes", strings.Repeat("'''", 21_000), ""},
		{"source_nested_defs", nested(1_000), ""},
		{"source_comprehension_ifs", "x = [1 for a in []" + strings.Repeat(" if 1", 12_000) + "]\n", ""},
		{"source_comprehension_fors", "x = [1" + strings.Repeat(" for a in []", 5_000) + "]\n", ""},
		{"source_shifts", deep("", "1", "<<500", 12_000), ""},
		{"source_slices", "x = ''" + strings.Repeat("[:]", 21_000) + "\n", "handler is missing"},
		{"source_annotation_lambdas", "def handler(r: " + strings.Repeat("lambda x: ", 6_000) + "1): pass\n", ""},
		{"source_import_names", "from typing import " + strings.Repeat("A,", 30_000) + "B\n", ""},
		{"source_loads", strings.Repeat("load('a', 'b')\n", 4_000), ""},
		{"source_carriage_returns", "def handler(r):\r    while True:\r        pass\r", "the step limit"},
		{"source_name_long", "def " + strings.Repeat("a", 30_000) + "(r): fail()\nhandler = " + strings.Repeat("a", 30_000) + "\n", "fail"},
	}
}

// many assigns to n variables.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("v" + strconv.Itoa(i) + "=1\n")
	}
	return b.String()
}

// nested is functions within functions, as many as fit.
func nested(n int) string {
	var b strings.Builder
	for i := range n {
		line := strings.Repeat(" ", i) + "def f():\n"
		if b.Len()+len(line) > 60_000 {
			return b.String() + strings.Repeat(" ", i) + "pass\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// TestHostile runs every hostile script while a neighbour's script answers.
// Each has to end with its error within two seconds.
func TestHostile(t *testing.T) {
	limits := Limits{Time: 500 * time.Millisecond, Processes: 8} // so that each script finds a worker on a busy machine
	if os.Getenv("ENDPOINT_SOAK") != "" {
		limits = Limits{}
	}
	e := opened(t, Workers(limits, Secrets(func(context.Context, string) (string, bool) { return "x", true })))
	neighbour, err := e.Compile(t.Context(), "/b/hello.py", []byte(handler(`return "hello"`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := call1(t.Context(), neighbour, get("/")); got.err != nil {
		t.Fatal(got.err)
	}
	all := hostiles(t)
	runtime.GC()
	memory := watchRSS(t)

	var stop atomic.Bool
	var calls int
	var background sync.WaitGroup
	background.Go(func() {
		for ; !stop.Load(); calls++ {
			if got := call1(t.Context(), neighbour, get("/")); got.err != nil || got.body != "hello" {
				t.Errorf("the neighbour's call %d: %q, %v", calls, got.body, got.err)
			}
			time.Sleep(time.Millisecond)
		}
	})
	scripts := make(chan hostile)
	var slowest time.Duration
	var mu sync.Mutex
	var attackers sync.WaitGroup
	for range 2 {
		attackers.Go(func() {
			for h := range scripts {
				began := time.Now()
				got := run(t.Context(), e, h.text, get("/u/x?x=1&x=2"))
				took := time.Since(began)
				checkHostile(t, h, got, took)
				mu.Lock()
				slowest = max(slowest, took)
				mu.Unlock()
			}
		})
	}
	for _, h := range all {
		scripts <- h
	}
	close(scripts)
	attackers.Wait()
	stop.Store(true)
	background.Wait()
	grown := memory()
	t.Logf("%d scripts, the slowest took %v; %d calls of the neighbour; memory grew by %d KiB", len(all), slowest, calls, grown>>10)
	if grown > 32<<20 && memoryFactor == 1 {
		t.Errorf("memory grew by %d bytes", grown)
	}
}

func checkHostile(t *testing.T, h hostile, got outcome, took time.Duration) {
	fault, ok := errors.AsType[*Error](got.err)
	switch {
	case !ok || temporary(got.err):
		t.Errorf("%s: got %d %.40q, %v; want %q", h.name, got.status, got.body, got.err, h.want)
	case !h.met(fault.Error()):
		t.Errorf("%s: got %.200v, want %q", h.name, fault, h.want)
	case len(fault.Message) > maxMessage+8 || len(fault.Backtrace) > maxMessage+8:
		t.Errorf("%s: the error has %d and %d bytes", h.name, len(fault.Message), len(fault.Backtrace))
	}
	if took > 2*time.Second {
		t.Errorf("%s: took %v", h.name, took)
	}
	if len(got.log) > maxPrint+200 {
		t.Errorf("%s: printed %d bytes", h.name, len(got.log))
	}
}

// watchRSS returns a function that tells how much the memory of this process
// grew at most, 0 where the system does not say it.
func watchRSS(t *testing.T) func() int64 {
	before := status(t, "VmRSS:")
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return func() int64 { return 0 }
	}
	return func() int64 { return status(t, "VmHWM:") - before }
}

// status reads a size from /proc/self/status, in bytes.
func status(t *testing.T, name string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), name)
	n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}
