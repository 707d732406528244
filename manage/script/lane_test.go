package script

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// turncoat is quick, and when it has been believed it never ends.
const turncoat = `
def handler(request, *args, **kwargs):
    while "loop" in request.args:
        pass
    return "hello"
`

// TestNeighbours has eight callers attack without a pause, each in a way that
// takes all workers it can get. Neither a script that is known to be quick nor
// one that nobody has called yet loses a call by it.
func TestNeighbours(t *testing.T) {
	slowText := "x = [1 for a in []" + strings.Repeat(" if 1", 12_000) + "]\n"
	tests := []struct {
		reason string
		attack func(t *testing.T, e *Engine, round int)
	}{
		{"new scripts that never end", func(t *testing.T, e *Engine, round int) {
			run(t.Context(), e, fmt.Sprintf("# %d\n", round)+endless, get("/"))
		}},
		{"new scripts that cost a worker at once", func(t *testing.T, e *Engine, round int) {
			run(t.Context(), e, handler(fmt.Sprintf("x = (None,) * ((1 << 30) - %d)", round)), get("/"))
		}},
		{"texts that take long to compile", func(t *testing.T, e *Engine, round int) {
			run(t.Context(), e, slowText+fmt.Sprint(round), get("/"))
		}},
		{"scripts that were quick until now", func(t *testing.T, e *Engine, round int) {
			program, err := e.Compile(t.Context(), fmt.Sprint("/a/", round), []byte(turncoat))
			if err != nil {
				return
			}
			call1(t.Context(), program, get("/"))
			call1(t.Context(), program, get("/?loop"))
		}},
		{"callers that go away", func(t *testing.T, e *Engine, round int) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			run(ctx, e, endless, get("/"))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			e := opened(t, Workers(Limits{Time: min(1+memoryFactor, 4) * time.Second, Steps: steps}))
			neighbour := compiled(t, e, handler(`return "hello"`))
			if got := call1(t.Context(), neighbour, get("/")); got.err != nil {
				t.Fatal(got.err)
			}
			var rounds atomic.Int32
			ctx, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			defer stop()
			var callers sync.WaitGroup
			for range 8 {
				callers.Go(func() {
					for ctx.Err() == nil {
						tt.attack(t, e, int(rounds.Add(1)))
					}
				})
			}
			calls, slowest := 0, time.Duration(0)
			for ; ctx.Err() == nil; calls++ {
				began := time.Now()
				if got := call1(t.Context(), neighbour, get("/")); got.err != nil {
					t.Errorf("call %d of the neighbour: %v", calls, got.err)
				}
				slowest = max(slowest, time.Since(began))
				time.Sleep(time.Millisecond)
				if calls%50 != 0 {
					continue
				}
				if got := run(t.Context(), e, handler(fmt.Sprintf(`return "%d"`, calls)), get("/")); got.err != nil {
					t.Errorf("a new neighbour, %d: %v", calls, got.err)
				}
			}
			callers.Wait()
			t.Logf("%d attacks; %d calls of the neighbour, the slowest took %v", rounds.Load(), calls, slowest)
		})
	}
}

// TestEvicted has two scripts that never end in the two lanes for them: the one
// without a place in the slow lane is ended when a third one waits, and is
// known to be slow then.
func TestEvicted(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 3, Time: 10 * time.Second, Steps: steps}))
	var calls sync.WaitGroup
	defer calls.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := e.runner.(*pool)
	calls.Go(func() { run(ctx, e, endless, get("/")) })
	poll(t, "a place in the slow lane", func() bool { return len(p.slow.places) == 1 })
	ended := make(chan error)
	program := compiled(t, e, `print("running")`+"\n"+endless)
	log := &signalWriter{written: make(chan struct{})}
	go func() {
		_, err := program(ctx, get("/"), log)
		ended <- err
	}()
	<-log.written
	if got := run(t.Context(), e, handler(`return "hello"`), get("/")); got.err != nil {
		t.Errorf("a new script: %v", got.err)
	}
	if err := <-ended; !errors.Is(err, errEvicted) || !temporary(err) {
		t.Errorf("the call that was in the way: %v", err)
	}
	calls.Go(func() { _, _ = program(ctx, get("/"), nil) })
	poll(t, "a call that waits in the slow lane", p.slow.crowded)
	poll(t, "an empty lane for new scripts", func() bool { return len(p.fresh.places) == 0 })
}

// TestFarewell has callers that are gone before a quick script has answered:
// the worker stays.
func TestFarewell(t *testing.T) {
	e := opened(t, Workers(Limits{Processes: 1, Time: 20 * time.Second}, Secrets(func(ctx context.Context, _ string) (string, bool) {
		ctx.Value(cancelKey{}).(context.CancelFunc)()
		return "x", true
	})))
	program := compiled(t, e, handler(`return secret("x")`))
	seen := make(map[int]bool)
	for range 40 {
		for _, pid := range e.runner.(*pool).pids() {
			seen[pid] = true
		}
		ctx, cancel := context.WithCancel(t.Context())
		got := call1(context.WithValue(ctx, cancelKey{}, cancel), program, get("/"))
		if !errors.Is(got.err, context.Canceled) {
			t.Fatalf("got %q, %v", got.body, got.err)
		}
	}
	if len(seen) > 20 { // on a busy machine some calls take too long
		t.Errorf("40 calls had %d workers", len(seen))
	}
}

type cancelKey struct{}
