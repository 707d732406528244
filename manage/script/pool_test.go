package script

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// program compiles a script that has to be right.
func compiled(t testing.TB, e *Engine, text string) func(context.Context, *http.Request, io.Writer) (*http.Response, error) {
	t.Helper()
	program, err := e.Compile(t.Context(), "/a/test.py", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return program
}

const endless = "def handler(request, *args, **kwargs):\n    while True:\n        pass\n"

// poll waits until f is true.
func poll(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

func (p *pool) count() (workers, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.workers), len(p.idle)
}

// pids returns the processes of the workers.
func (p *pool) pids() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var pids []int
	for w := range p.workers {
		pids = append(pids, w.cmd.Process.Pid)
	}
	return pids
}

// steps is so many that only time ends a script.
const steps = 1 << 60

func TestWorkerKilledInCall(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 1, Time: 20 * time.Second, Steps: steps}))
	slow, quick := compiled(t, e, `print("running")`+"\n"+endless), compiled(t, e, handler(`return "hello"`))
	log := &signalWriter{written: make(chan struct{})}
	failed := make(chan error)
	go func() {
		_, err := slow(t.Context(), get("/"), log)
		failed <- err
	}()
	<-log.written
	pids := e.runner.(*pool).pids()
	if len(pids) != 1 {
		t.Fatalf("processes %v", pids)
	}
	process, err := os.FindProcess(pids[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := <-failed; !temporary(err) {
		t.Errorf("the call that was killed: %v", err)
	}
	if got := call1(t.Context(), quick, get("/")); got.err != nil || got.body != "hello" {
		t.Errorf("the next call: %q, %v", got.body, got.err)
	}
	t.Logf("the next call was answered %v after the kill", time.Since(began))
}

// signalWriter tells when something is written to it.
type signalWriter struct {
	once    sync.Once
	written chan struct{}
}

func (w *signalWriter) Write(text []byte) (int, error) {
	w.once.Do(func() { close(w.written) })
	return len(text), nil
}

func TestIdleWorkerKilled(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 1, Time: 20 * time.Second}))
	program := compiled(t, e, handler(`return "hello"`))
	p := e.runner.(*pool)
	for range 5 {
		p.mu.Lock()
		w := p.idle[0]
		p.mu.Unlock()
		if err := w.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-w.done
		if got := call1(t.Context(), program, get("/")); got.err != nil {
			t.Errorf("the call after a worker died: %v", got.err)
		}
	}
	if workers, idle := p.count(); workers != 1 || idle != 1 {
		t.Errorf("%d workers, %d idle", workers, idle)
	}
}

// TestReplaced has scripts cost one worker after another; there is always a
// new one, and never one too many.
func TestReplaced(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 2, Time: 20 * time.Second}))
	bomb := compiled(t, e, handler(`x = (None,) * ((1 << 30) - 1)`))
	good := compiled(t, e, handler(`return "hello"`))
	for range 10 {
		if got := call1(t.Context(), bomb, get("/")); got.err == nil || temporary(got.err) {
			t.Errorf("a bomb: %v", got.err)
		}
		if got := call1(t.Context(), good, get("/")); got.err != nil {
			t.Errorf("a good call: %v", got.err)
		}
	}
	if workers, _ := e.runner.(*pool).count(); workers > 2 {
		t.Errorf("%d workers", workers)
	}
}

// TestTired lets a script use most of the memory and end well. The next one
// still has all of it.
func TestTired(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 1, Memory: 64 << 20, Time: 20 * time.Second}))
	hungry := compiled(t, e, handler(`x = "x" * (30 << 20)`, `y = x + "y"`, `return str(len(y))`))
	seen := make(map[int]bool)
	for range 5 {
		for _, pid := range e.runner.(*pool).pids() {
			seen[pid] = true
		}
		if got := call1(t.Context(), hungry, get("/")); got.err != nil {
			t.Errorf("%v", got.err)
		}
	}
	if len(seen) < 2 {
		t.Error("the worker was never replaced")
	}
}

// TestHostPanics has a function of the host that panics: the panic is the
// host's, and the worker that waits for its answer is not used again.
func TestHostPanics(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 1, Time: 20 * time.Second}, Secrets(func(context.Context, string) (string, bool) { panic("host") })))
	program := compiled(t, e, handler(`return secret("x")`))
	func() {
		defer func() {
			if r := recover(); r != "host" {
				t.Errorf("recovered %v", r)
			}
		}()
		_, err := program(t.Context(), get("/"), nil)
		t.Errorf("it returned %v", err)
	}()
	if got := run(t.Context(), e, handler(`return "hello"`), get("/")); got.body != "hello" || got.err != nil {
		t.Errorf("the next call: %q, %v", got.body, got.err)
	}
}

func TestCancelled(t *testing.T) {
	engines(t, Limits{Time: 20 * time.Second, Steps: steps, Processes: 1}, func(t *testing.T, e *Engine) {
		program := compiled(t, e, `print("running")`+"\n"+endless)
		ctx, cancel := context.WithCancelCause(t.Context())
		log := &signalWriter{written: make(chan struct{})}
		gone := errors.New("the client is gone")
		go func() {
			<-log.written
			cancel(gone)
		}()
		began := time.Now()
		if _, err := program(ctx, get("/"), log); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		if _, err := program(ctx, get("/"), nil); !errors.Is(err, gone) {
			t.Errorf("a call that is cancelled already: %v", err)
		}
		if got := run(t.Context(), e, handler(`return "hello"`), get("/")); got.err != nil {
			t.Errorf("the next call: %v", got.err)
		}
	})
}

// TestBusy fills all workers and then the queue.
func TestBusy(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 1, Queue: 1, Time: 2 * time.Second, Steps: steps}))
	hog, program := compiled(t, e, `print("running")`+"\n"+endless), compiled(t, e, handler(`return "hello"`))
	if got := call1(t.Context(), program, get("/")); got.err != nil {
		t.Fatal(got.err)
	}
	log := &signalWriter{written: make(chan struct{})}
	var calls sync.WaitGroup
	defer calls.Wait()
	calls.Go(func() { _, _ = hog(t.Context(), get("/"), log) })
	<-log.written
	p := e.runner.(*pool)
	calls.Go(func() {
		began := time.Now()
		if _, err := program(t.Context(), get("/"), nil); !temporary(err) || !errors.Is(err, errBusy) {
			t.Errorf("a call that waits too long: %v", err)
		}
		if took := time.Since(began); took < 1500*time.Millisecond || took > 2500*time.Millisecond {
			t.Errorf("it waited %v", took)
		}
	})
	poll(t, "a call that waits", func() bool { return p.all.crowded() })
	if _, err := program(t.Context(), get("/"), nil); !temporary(err) || !errors.Is(err, errQueue) {
		t.Errorf("a call too many: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := program(ctx, get("/"), nil); err == nil {
		t.Error("a cancelled call waits")
	}
}

// TestBulkhead lets scripts that never end take all they can get: a script that
// is known to be quick still finds a worker.
func TestBulkhead(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 2, Time: 2 * time.Second, Steps: steps}))
	quick := compiled(t, e, handler(`return "hello"`))
	if got := call1(t.Context(), quick, get("/")); got.err != nil {
		t.Fatal(got.err)
	}
	slow := compiled(t, e, endless)
	var calls sync.WaitGroup
	var ended atomic.Bool
	for range 5 {
		calls.Go(func() {
			defer ended.Store(true)
			_, _ = slow(t.Context(), get("/"), nil)
		})
	}
	n := 0
	for ; !ended.Load(); n++ {
		if got := call1(t.Context(), quick, get("/")); got.err != nil {
			t.Fatalf("call %d: %v", n, got.err)
		}
	}
	if n == 0 {
		t.Error("no call was made")
	}
	calls.Wait()
}

// TestWorkerEndsItself has an engine that is late with its alarm: the worker
// ends first, and the script is to blame.
func TestWorkerEndsItself(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 1, Time: 200 * time.Millisecond}))
	program := compiled(t, e, handler("return str(max(range(1 << 40)))"))
	w := e.runner.(*pool).idle[0]
	w.late.mu.Lock()
	w.late.after = time.Minute
	w.late.mu.Unlock()
	got := call1(t.Context(), program, get("/"))
	if got.err == nil || temporary(got.err) || !strings.Contains(got.err.Error(), "the time limit of 200ms is over") {
		t.Errorf("got %v", got.err)
	}
	if code := w.cmd.ProcessState.ExitCode(); code != exitTime {
		t.Errorf("the worker exited with %d", code)
	}
}

func TestClose(t *testing.T) {
	engine := Workers(Limits{Processes: 2, Time: 20 * time.Second, Steps: steps})
	e := opened(t, engine)
	program := compiled(t, e, `print("running")`+"\n"+endless)
	log := &signalWriter{written: make(chan struct{})}
	failed := make(chan error)
	go func() {
		_, err := program(t.Context(), get("/"), log)
		failed <- err
	}()
	<-log.written
	pids := e.runner.(*pool).pids()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !temporary(err) {
		t.Errorf("the call that ran: %v", err)
	}
	if _, err := program(t.Context(), get("/"), nil); !errors.Is(err, errClosed) || !temporary(err) {
		t.Errorf("a later call: %v", err)
	}
	if _, err := e.Compile(t.Context(), "x", nil); !errors.Is(err, errClosed) {
		t.Errorf("a later Compile: %v", err)
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d is left", pid)
		}
	}
}

// alive reports whether a process is there and no zombie, where the system
// tells.
func alive(pid int) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, state, _ := bytes.Cut(text, []byte(") "))
	return len(state) > 0 && state[0] != 'Z'
}

// TestLate has a worker that was long in starting: what the call has waited is
// taken from its time.
func TestLate(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 1, Time: 4 * time.Second, Steps: steps}))
	program := compiled(t, e, handler("return 'hello'"))
	w := e.runner.(*pool).idle[0]
	s := newSource("/a/test.py", []byte(endless))
	w.until = time.Now().Add(-20 * time.Second)
	began := time.Now()
	_, err := w.run(t.Context(), s, newCall(&host{}, &request{}, nil))
	if took := time.Since(began); !errors.Is(err, errLate) || !temporary(err) || took < time.Second || took > 4*time.Second {
		t.Errorf("got %v after %v", err, took)
	}
	if got := call1(t.Context(), program, get("/")); got.err != nil {
		t.Errorf("the next call: %v", got.err)
	}
}

// TestUnstartable has a program that is no worker: the engine says so, and
// does not start it again and again.
func TestUnstartable(t *testing.T) {
	e := opened(t, Workers(Limits{}))
	p := e.runner.(*pool)
	p.notBefore = time.Now().Add(time.Hour)
	_, err := e.Compile(t.Context(), "/a/test.py", nil)
	if !temporary(err) || !strings.Contains(err.Error(), "workers do not start; the next try is in") {
		t.Errorf("got %v", err)
	}
	p.notBefore = time.Time{}
	if _, err := e.Compile(t.Context(), "/a/test.py", nil); err != nil {
		t.Errorf("the next try: %v", err)
	}
}

// TestParentKilled starts this test again as a host, kills it, and looks
// whether its workers go too.
func TestParentKilled(t *testing.T) {
	if os.Getenv("SCRIPT_TEST_HOST") != "" {
		hostUntilKilled(t)
		return
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("needs /proc to look at processes")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestParentKilled$", "-test.count=1")
	cmd.Env = append(os.Environ(), "SCRIPT_TEST_HOST=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	for line := make([]byte, 256); len(pids) == 0; {
		n, err := out.Read(line)
		if err != nil {
			t.Fatal(err)
		}
		for field := range strings.FieldsSeq(string(line[:n])) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	for _, pid := range pids {
		if !alive(pid) {
			t.Errorf("process %d is not there yet", pid)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for _, pid := range pids {
		poll(t, "the end of a worker", func() bool { return !alive(pid) })
	}
}

// hostUntilKilled has one worker that runs and one that is idle.
func hostUntilKilled(t *testing.T) {
	e := Workers(Limits{Time: time.Minute, Steps: steps})
	program := compiled(t, e, `print("running")`+"\n"+endless)
	log := &signalWriter{written: make(chan struct{})}
	go func() { _, _ = program(context.Background(), get("/"), log) }()
	<-log.written
	compiled(t, e, "x = 1\n")
	line := ""
	for _, pid := range e.runner.(*pool).pids() {
		line += strconv.Itoa(pid) + " "
	}
	_, _ = os.Stdout.WriteString(line + "\n")
	time.Sleep(time.Minute)
}
