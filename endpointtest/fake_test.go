package endpointtest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// A fakeTB is a test that may fail without failing the test that looks at it.
type fakeTB struct {
	testing.TB // nil: what is not written below is not used
	ctx        context.Context

	mu       sync.Mutex
	messages []string
	failed   bool
	cleanups []func()
}

// run runs a test to its end and returns what it reported.
func run(test func(t testing.TB)) []string {
	ctx, cancel := context.WithCancel(context.Background())
	t := &fakeTB{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(t)
	}()
	<-done
	cancel()
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
	return t.messages
}

func (t *fakeTB) Helper()                  {}
func (t *fakeTB) Context() context.Context { return t.ctx }
func (t *fakeTB) Cleanup(f func())         { t.cleanups = append(t.cleanups, f) }
func (t *fakeTB) Logf(string, ...any)      {}

func (t *fakeTB) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
	t.messages = append(t.messages, fmt.Sprintf(format, args...))
}

func (t *fakeTB) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	t.FailNow()
}

func (t *fakeTB) FailNow() {
	t.mu.Lock()
	t.failed = true
	t.mu.Unlock()
	runtime.Goexit()
}

// wantMessage checks that a test reported one thing that has all of the texts.
func wantMessage(t *testing.T, reason string, messages []string, texts ...string) {
	t.Helper()
	if len(messages) != 1 {
		t.Errorf("%s: %d messages, want 1:\n%s", reason, len(messages), strings.Join(messages, "\n"))
		return
	}
	for _, text := range texts {
		if !strings.Contains(messages[0], text) {
			t.Errorf("%s: the message lacks %q:\n%s", reason, text, messages[0])
		}
	}
}
