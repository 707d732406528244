package leak

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// recorder is a test that keeps its cleanups and errors.
type recorder struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// block waits until stop is closed.
func block(stop chan struct{}) { <-stop }

func TestRemainingFindsTheNewOnes(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	go block(stop)
	before := goroutines()
	go block(stop)
	got := remaining(before, 50*time.Millisecond)
	if len(got) != 1 || !strings.Contains(got[0], "leak.block") {
		t.Errorf("remaining goroutines %q, want the second one alone", got)
	}
}

func TestCheckReports(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	r := &recorder{}
	check(r, 50*time.Millisecond)
	go block(stop)
	r.cleanups[0]()
	if len(r.errors) != 1 || !strings.Contains(r.errors[0], "leak.block") {
		t.Errorf("errors %q, want one with the function", r.errors)
	}
}

func TestCheckWaits(t *testing.T) {
	stop := make(chan struct{})
	r := &recorder{}
	Check(r)
	go block(stop)
	time.AfterFunc(50*time.Millisecond, func() { close(stop) })
	r.cleanups[0]()
	if len(r.errors) != 0 {
		t.Errorf("errors %q, want none: the goroutine ended in time", r.errors)
	}
}

func TestCheckIgnoresTesting(t *testing.T) {
	Check(t)
	t.Run("subtest", func(t *testing.T) {
		Check(t) // the parent test waits meanwhile
	})
}

func TestIgnored(t *testing.T) {
	tests := []struct {
		stack  string
		want   bool
		reason string
	}{
		{"goroutine 1 [chan receive]:\ntesting.(*T).Run(0x0)\n\t/x:1\nmain.main()", true, "the main goroutine waits for a test"},
		{"goroutine 7 [select]:\nos/signal.loop()\n\t/x:1\ncreated by os/signal.Notify.func1.1 in goroutine 1", true, "started once by os/signal"},
		{"goroutine 7 [select]:\na.F()\n\t/x:1\ncreated by testing.(*T).Run in goroutine 1\n\t/x:1", true, "another test"},
		{"goroutine 7 [select]:\na.F()\n\t/x:1\ncreated by a.TestF in goroutine 6\n\t/x:1", false, "started by a test"},
		{"goroutine 7 [IO wait]:\ninternal/poll.runtime_pollWait()\n\t/x:1\ncreated by net/http.(*Server).Serve in goroutine 6", false, "a connection that nobody closed"},
	}
	for _, tt := range tests {
		if got := ignored(tt.stack); got != tt.want {
			t.Errorf("ignored = %v, want %v: %s", got, tt.want, tt.reason)
		}
	}
}
