package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hostileTime is how soon a hostile script must have ended, and hostileMemory
// how much the server may grow meanwhile.
const (
	hostileTime   = 2 * time.Second
	hostileMemory = 32 << 20
)

// TestHostile mounts hostile scripts of package script, every fourth or on
// request all, and calls them, while a neighbour is called all the time: each
// script ends with an error that tells nothing, no call of the neighbour is
// lost, and the server stays small.
func TestHostile(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "script", "testdata", "hostile", "*.star"))
	if err != nil || len(files) < 80 {
		t.Fatalf("%d hostile scripts, %v; there are more than 80", len(files), err)
	}
	if !soak() {
		files = every(files, 4)
	}
	scripts := t.TempDir()
	writeScript(t, scripts, "admin/hello.star", sample)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		writeScript(t, scripts, "admin/"+filepath.Base(f), string(text))
	}
	outside := filepath.Join(t.TempDir(), "outside.star")
	if err := os.WriteFile(outside, []byte(sample), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(scripts, "admin", "link.star")); err != nil {
		t.Fatal(err)
	}
	d := start(t, "-scripts", scripts)
	token := d.token()
	d.want(201, token, "PUT", "hello", define("hello", "/admin/hello.star"))
	for range 20 {
		d.want(200, token, "GET", "u/hello", "")
	}
	before := resident(d.cmd.Process.Pid)

	stop := neighbour(t, d, token)
	watch := watchMemory(d.cmd.Process.Pid)
	var longest time.Duration
	var slowest string
	for i, f := range append(files, "link.star") {
		id := fmt.Sprintf("h%d", i)
		took := attack(t, d, token, id, filepath.Base(f))
		if took > longest {
			longest, slowest = took, filepath.Base(f)
		}
	}
	calls := stop()
	most := watch()
	for _, path := range []string{"../admin/hello.star", "/../outside.star", "admin/../../outside.star", `..\outside.star`, "/admin//hello.star", "/admin/hello.star\x00"} {
		a, err := d.ask(token, "PUT", "escape", define("escape", path))
		if err != nil || a.status != 400 {
			t.Errorf("%q: %d %s %v, want 400", path, a.status, a.body, err)
		}
	}
	if runtime.GOOS == "linux" && most-before > hostileMemory*raceFactor {
		t.Errorf("the server grew by %d KiB", (most-before)>>10)
	}
	t.Logf("%d scripts, the longest %v (%s); %d calls of the neighbour; the server grew by %d KiB from %d KiB",
		len(files)+1, longest, slowest, calls, (most-before)>>10, before>>10)
}

// every returns each nth of a list.
func every(list []string, n int) []string {
	var some []string
	for i := 0; i < len(list); i += n {
		some = append(some, list[i])
	}
	return some
}

// attack mounts a script, which may be refused, and calls it, which must fail.
func attack(t *testing.T, d *daemon, token, id, file string) time.Duration {
	t.Helper()
	begun := time.Now()
	a, err := d.ask(token, "PUT", id, define(id, "/admin/"+file))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	switch a.status {
	case 400, 413:
	case 201:
		begun = time.Now()
		if a, err = d.ask(token, "GET", "u/"+id, ""); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if a.status < 500 || a.status == 503 {
			t.Errorf("%s: %d %q, want a failure of the script", file, a.status, tail(a.body, 200))
		}
		if len(a.body) > 100 || strings.Contains(a.body, file) || strings.Contains(a.body, "star") {
			t.Errorf("%s: the caller is told %q", file, tail(a.body, 200))
		}
	default:
		t.Errorf("%s: %d %s", file, a.status, a.body)
	}
	took := time.Since(begun)
	if limit := hostileTime * raceFactor; took > limit {
		t.Errorf("%s took %v", file, took)
	}
	return took
}

// neighbour calls a good endpoint until it is stopped, and returns how often.
func neighbour(t *testing.T, d *daemon, token string) (stop func() int64) {
	var calls atomic.Int64
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
			a, err := d.ask(token, "GET", "u/hello?name=Bo", "")
			if err != nil || a.status != 200 || a.body != "Hello, Bo!\n" {
				t.Errorf("the neighbour got %d %q %v", a.status, a.body, err)
			}
			calls.Add(1)
		}
	})
	return func() int64 {
		close(done)
		wg.Wait()
		return calls.Load()
	}
}

// watchMemory looks at the memory of a process until it is stopped, and returns
// the most that it saw.
func watchMemory(pid int) (stop func() int64) {
	done := make(chan struct{})
	most := make(chan int64)
	go func() {
		var m int64
		for {
			m = max(m, resident(pid))
			select {
			case <-done:
				most <- m
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-most
	}
}
