// Package leak tells a test which goroutines it left behind.
package leak

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// wait is how long goroutines may take to end after a test, and interval how
// often they are looked at.
const (
	wait     = 5 * time.Second
	interval = 10 * time.Millisecond
)

// Check registers a cleanup which fails the test if goroutines that did not
// exist when Check was called are still there up to five seconds after it.
// Call it first, so that its cleanup runs last, and close what the test opened:
// servers, and idle connections of clients. Tests that run in parallel see each
// other's goroutines, so Check is not for them.
func Check(t testing.TB) {
	t.Helper()
	check(t, wait)
}

func check(t testing.TB, wait time.Duration) {
	t.Helper()
	before := goroutines()
	t.Cleanup(func() {
		t.Helper()
		for _, stack := range remaining(before, wait) {
			t.Errorf("goroutine left behind:\n%s", stack)
		}
	})
}

// remaining returns the stacks of new goroutines, once there are none or the
// time is over.
func remaining(before map[string]string, wait time.Duration) []string {
	deadline := time.Now().Add(wait)
	for {
		var stacks []string
		for id, stack := range goroutines() {
			if _, old := before[id]; !old {
				stacks = append(stacks, stack)
			}
		}
		if len(stacks) == 0 || time.Now().After(deadline) {
			slices.Sort(stacks)
			return stacks
		}
		time.Sleep(interval)
	}
}

// goroutines returns the stack of each goroutine by its number, which is never
// given twice, without the caller's and those of testing and the runtime.
func goroutines() map[string]string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	stacks := make(map[string]string)
	for i, block := range bytes.Split(buf, []byte("\n\n")) {
		stack := strings.TrimSpace(string(block))
		// The first is the goroutine that asks.
		if i == 0 || ignored(stack) {
			continue
		}
		id, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		stacks[id] = stack
	}
	return stacks
}

// ignored reports whether a stack is that of testing or of the runtime: tests
// that wait for a subtest, the alarm of -timeout, the fuzz coordinator, and
// what os/signal and runtime start once for the whole program.
func ignored(stack string) bool {
	_, frames, _ := strings.Cut(stack, "\n")
	if strings.HasPrefix(frames, "testing.") || strings.HasPrefix(frames, "os/signal.") {
		return true
	}
	return strings.Contains(stack, "\ncreated by runtime") ||
		strings.Contains(stack, "\ncreated by testing.runTests") ||
		strings.Contains(stack, "\ncreated by testing.(*M)") ||
		strings.Contains(stack, "\ncreated by testing.(*T).Run") ||
		strings.Contains(stack, "\ncreated by os/signal.")
}
