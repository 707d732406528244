package canister_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/canister"
)

// stateService upgrades every POST to update and answers GET with query.
func stateService(query func(ctx context.Context), update func(ctx context.Context) error) canister.Service {
	return canister.Service{
		Query: func(ctx context.Context, req request) (response, error) {
			if req.Method == "POST" {
				return response{Upgrade: true}, nil
			}
			query(ctx)
			return response{StatusCode: 200}, nil
		},
		Update: func(ctx context.Context, _ request) (response, error) {
			return response{StatusCode: 200}, update(ctx)
		},
	}
}

// TestNewState checks which types need a clone.
func TestNewState(t *testing.T) {
	type flat struct {
		A    [3]int
		Name string
		At   time.Time
	}
	tests := []struct {
		reason string
		make1  func()
		want   string // "" is right
	}{
		{"a number is copied whole", func() { canister.NewState(0, nil) }, ""},
		{"strings do not change", func() { canister.NewState("", nil) }, ""},
		{"a struct of such, and a time, which does not change", func() { canister.NewState(flat{}, nil) }, ""},
		{"a map with a clone", func() { canister.NewState(map[string]int{}, maps.Clone) }, ""},
		{"a map", func() { canister.NewState(map[string]int{}, nil) }, "map[string]int"},
		{"a slice in a struct", func() { canister.NewState(struct{ IDs []int }{}, nil) }, "IDs ([]int)"},
		{"a pointer in an array", func() { canister.NewState([1]*int{}, nil) }, "[0] (*int)"},
		{"an interface may hold one", func() { canister.NewState[error](nil, nil) }, "error"},
		{"a function has what it closes over", func() { canister.NewState[func()](nil, nil) }, "func()"},
		{"a channel", func() { canister.NewState[chan int](nil, nil) }, "chan int"},
		{"an unexported field counts", func() { canister.NewState(strings.Builder{}, nil) }, "addr (*strings.Builder)"},
	}
	for _, tt := range tests {
		got := statePanic(tt.make1)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) || tt.want != "" && !strings.Contains(got, "; give a clone") {
			t.Errorf("%s: panic %q, want %q and a remedy", tt.reason, got, tt.want)
		}
	}
}

// statePanic returns the text that f panics with, "" if it does not.
func statePanic(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text, _ = v.(string)
		}
	}()
	f()
	return ""
}

// TestCommit checks what of an update is kept.
func TestCommit(t *testing.T) {
	tests := []struct {
		reason string
		update func(ctx context.Context, s *canister.State[int]) (response, error)
		want   int
	}{
		{"success", func(ctx context.Context, s *canister.State[int]) (response, error) {
			*s.Edit(ctx) = 7
			return response{StatusCode: 201}, nil
		}, 7},
		{"an answer of 4xx is a success of the update", func(ctx context.Context, s *canister.State[int]) (response, error) {
			*s.Edit(ctx) = 7
			return response{StatusCode: 404}, nil
		}, 7},
		{"an error", func(ctx context.Context, s *canister.State[int]) (response, error) {
			*s.Edit(ctx) = 7
			return response{StatusCode: 200}, errors.New("no")
		}, 1},
		{"a panic", func(ctx context.Context, s *canister.State[int]) (response, error) {
			*s.Edit(ctx) = 7
			panic("no")
		}, 1},
		{"the goroutine ends", func(ctx context.Context, s *canister.State[int]) (response, error) {
			done := make(chan struct{})
			go func() { // on behalf of the update, and waited for
				defer close(done)
				*s.Edit(ctx) = 7
				runtime.Goexit()
			}()
			<-done
			return response{StatusCode: 200}, nil
		}, 7},
		{"an answer that cannot be sent", func(ctx context.Context, s *canister.State[int]) (response, error) {
			*s.Edit(ctx) = 7
			return response{StatusCode: 42}, nil
		}, 1},
		{"asked for and not edited", func(ctx context.Context, s *canister.State[int]) (response, error) {
			v := s.Get(ctx)
			v++
			return response{StatusCode: 200, Body: fmt.Append(nil, v)}, nil
		}, 1},
	}
	for _, tt := range tests {
		s := canister.NewState(1, nil)
		api := flowAPI(t, "/", canister.Service{
			Query:  icAlways(response{Upgrade: true}),
			Update: func(ctx context.Context, _ request) (response, error) { return tt.update(ctx, s) },
		})
		flowAsk(api, "POST", "/", "")
		if got := s.Get(t.Context()); got != tt.want {
			t.Errorf("%s: %d is kept, want %d", tt.reason, got, tt.want)
		}
		// The turn was given back, whatever happened.
		if w := flowAsk(api, "POST", "/", ""); w.Code == 0 {
			t.Errorf("%s: no answer", tt.reason)
		}
	}
}

// TestUpdateSeesItself checks what an update reads between its edits.
func TestUpdateSeesItself(t *testing.T) {
	s := canister.NewState(map[string]int{"a": 1}, maps.Clone)
	var kept *map[string]int
	api := flowAPI(t, "/", stateService(func(context.Context) {}, func(ctx context.Context) error {
		m := s.Edit(ctx)
		(*m)["b"] = 2
		if got := s.Get(ctx); got["b"] != 2 {
			t.Errorf("Get gives %v, without what the update changed", got)
		}
		if got := s.View(ctx); got["b"] != 2 {
			t.Errorf("View gives %v, without what the update changed", got)
		}
		if again := s.Edit(ctx); again != m {
			t.Error("a second Edit gives another copy")
		}
		if got := s.Get(context.Background()); len(got) != 1 {
			t.Errorf("outside of the update there is %v before it ends", got)
		}
		kept = m
		return nil
	}))
	if w := flowAsk(api, "POST", "/", ""); w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	*kept = nil // who keeps the pointer changes nothing
	if got := s.Get(t.Context()); got["a"] != 1 || got["b"] != 2 {
		t.Errorf("%v is kept", got)
	}
}

// TestQueryChangesNothing checks that what a query writes to is its own.
func TestQueryChangesNothing(t *testing.T) {
	initial := map[string]int{"a": 1}
	s := canister.NewState(initial, maps.Clone)
	initial["a"] = 9 // the caller's own from now on
	var leaked context.Context
	api := flowAPI(t, "/", stateService(func(ctx context.Context) {
		s.Get(ctx)["a"]++
		if got := s.Get(ctx)["a"]; got != 2 {
			t.Errorf("the query does not see its own change: %d", got)
		}
		leaked = ctx
	}, nil))
	for range 3 {
		if w := flowAsk(api, "GET", "/", ""); w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
	}
	if got := s.Get(t.Context())["a"]; got != 1 {
		t.Errorf("a query changed the state to %d", got)
	}
	if got := s.Get(leaked)["a"]; got != 1 {
		t.Errorf("after its query a context sees %d, want what was committed", got)
	}
	s.Get(t.Context())["a"] = 5
	if got := s.View(t.Context())["a"]; got != 1 {
		t.Errorf("outside of calls Get gives the state itself: %d", got)
	}
}

// TestEditOutside checks that there is nothing to edit but in an update.
func TestEditOutside(t *testing.T) {
	s := canister.NewState(0, nil)
	var ended context.Context
	api := flowAPI(t, "/", stateService(func(context.Context) {}, func(ctx context.Context) error { ended = ctx; return nil }))
	flowAsk(api, "POST", "/", "")
	for reason, ctx := range map[string]context.Context{"no call": t.Context(), "an update that ended": ended} {
		if text := statePanic(func() { s.Edit(ctx) }); !strings.Contains(text, "outside of an update; call it with") {
			t.Errorf("%s: panic %q", reason, text)
		}
	}
}

// TestSnapshot checks that all states of a query are of one moment, also those
// that are asked for later and those that no call asked for before.
func TestSnapshot(t *testing.T) {
	a, b := canister.NewState(0, nil), canister.NewState(0, nil)
	var inside func(ctx context.Context)
	api := flowAPI(t, "/", stateService(func(ctx context.Context) { inside(ctx) }, func(ctx context.Context) error {
		*a.Edit(ctx)++
		*b.Edit(ctx)++
		return nil
	}))
	for round := range 3 {
		inside = func(ctx context.Context) {
			first := a.Get(ctx)
			flowAsk(api, "POST", "/", "")
			if b, again := b.Get(ctx), a.Get(ctx); first != round || b != round || again != round {
				t.Errorf("round %d: the query sees %d, %d and %d", round, first, b, again)
			}
			if now := b.Get(context.Background()); now != round+1 {
				t.Errorf("round %d: %d is committed", round, now)
			}
		}
		if w := flowAsk(api, "GET", "/", ""); w.Code != 200 {
			t.Fatalf("round %d: status %d", round, w.Code)
		}
	}
}
