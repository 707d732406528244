package canister_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/canister"
)

// persistStates are two states that one file keeps, one as JSON and one in a
// form of its own.
func persistStates() (*canister.State[map[string]int], *canister.State[int], []canister.Stored) {
	a, b := canister.NewState(map[string]int{"first": 1}, maps.Clone), canister.NewState(5, nil)
	encode := func(n int) ([]byte, error) {
		if n < 0 {
			return nil, errCallback
		}
		return strconv.AppendInt(nil, int64(n), 2), nil
	}
	decode := func(text []byte) (int, error) {
		n, err := strconv.ParseInt(string(text), 2, 64)
		return int(n), err
	}
	return a, b, []canister.Stored{a, b.Encoded(encode, decode)}
}

// TestPersist checks that a restart finds what was answered, and nothing else.
func TestPersist(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	a, b, states := persistStates()
	if err := canister.Persist(path, states...); err != nil {
		t.Fatal(err)
	}
	set := 0
	api := flowAPI(t, "/", stateService(nil, func(ctx context.Context) error {
		(*a.Edit(ctx))["n"] = set
		*b.Edit(ctx) = set
		if set == 9 {
			return errCallback
		}
		return nil
	}))
	for n, status := range map[int]int{7: 200, 9: 500, -1: 500} {
		set = n
		if w := flowAsk(api, "POST", "/", ""); w.Code != status {
			t.Errorf("update to %d: status %d, want %d", n, w.Code, status)
		}
	}
	for range 2 {
		a, b, states = persistStates()
		if err := canister.Persist(path, states...); err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"first": 1, "n": 7}
		if d := cmp.Diff(want, a.Get(t.Context())); d != "" || b.Get(t.Context()) != 7 {
			t.Errorf("after a restart %d and (-want +got):\n%s", b.Get(t.Context()), d)
		}
	}
}

// TestPersistFirst checks that the file is there from the start, for its owner alone.
func TestPersistFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := canister.NewState(3, nil).Persist(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want a file of mode 0600", info, err)
	}
	// What a crash left of the next version is not looked at.
	os.WriteFile(path+".new", []byte("half"), 0o600)
	s := canister.NewState(0, nil)
	if err := s.Persist(path); err != nil || s.Get(t.Context()) != 3 {
		t.Errorf("%d, %v; want 3", s.Get(t.Context()), err)
	}
}

// TestPersistGrows checks that a new state may follow those of an old file, and
// that none may go.
func TestPersistGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := canister.NewState(3, nil).Persist(path); err != nil {
		t.Fatal(err)
	}
	old, added := canister.NewState(0, nil), canister.NewState("new", nil)
	if err := canister.Persist(path, old, added); err != nil || old.Get(t.Context()) != 3 || added.Get(t.Context()) != "new" {
		t.Fatalf("%d, %q, %v", old.Get(t.Context()), added.Get(t.Context()), err)
	}
	persistSet(t, added, "changed")
	again := canister.NewState("", nil)
	if err := canister.Persist(path, canister.NewState(0, nil), again); err != nil || again.Get(t.Context()) != "changed" {
		t.Errorf("the new state is %q after a restart, %v", again.Get(t.Context()), err)
	}
	if err := canister.NewState(0, nil).Persist(path); err == nil || !strings.Contains(err.Error(), "2 states but Persist was given 1") {
		t.Errorf("one of two states: %v", err)
	}
	if err := canister.Persist(path, canister.NewState("", nil), canister.NewState(0, nil)); err == nil || !strings.Contains(err.Error(), "state 1 cannot be decoded") {
		t.Errorf("states in another order: %v", err)
	}
}

// persistSet sets a state by an update.
func persistSet[T any](t *testing.T, s *canister.State[T], v T) {
	t.Helper()
	api := flowAPI(t, "/", stateService(nil, func(ctx context.Context) error { *s.Edit(ctx) = v; return nil }))
	if w := flowAsk(api, "POST", "/", ""); w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
}

// TestPersistDamaged changes every byte of a file, and cuts it everywhere: each
// is an error, and the state and the file stay as they are.
func TestPersistDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	_, _, states := persistStates()
	if err := canister.Persist(path, states...); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(text []byte, what string, i int) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		a, b, states := persistStates()
		err := canister.Persist(path, states...)
		if err == nil || !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), "; put a copy in its place") {
			t.Errorf("%s %d: %v", what, i, err)
		}
		if a.Get(t.Context())["first"] != 1 || b.Get(t.Context()) != 5 {
			t.Errorf("%s %d: the states changed", what, i)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, text) {
			t.Errorf("%s %d: the file changed", what, i)
		}
	}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		try(changed, "changed byte", i)
		try(whole[:i], "cut at byte", i)
	}
	try(append(bytes.Clone(whole), 'x'), "longer than", len(whole))
}

// TestPersistFaults checks what Persist and updates refuse.
func TestPersistFaults(t *testing.T) {
	dir := t.TempDir()
	s, other := canister.NewState(1, nil), canister.NewState(1, nil)
	for _, err := range []error{s.Persist(filepath.Join(dir, "a")), other.Persist(filepath.Join(dir, "b"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		reason string
		err    error
		want   string
	}{
		{"a state has one file", s.Persist(filepath.Join(dir, "c")), "is kept in"},
		{"nil is no state", canister.Persist(filepath.Join(dir, "d"), nil), "is nil; leave it out"},
		{"the directory is not made", canister.NewState(1, nil).Persist(filepath.Join(dir, "none", "a")), "no such file"},
		{"a directory is no file", canister.NewState(1, nil).Persist(dir), "is a directory"},
		{"not every value is JSON", canister.NewState(struct{ F func() }{}, func(v struct{ F func() }) struct{ F func() } { return v }).Persist(filepath.Join(dir, "e")), "func()"},
	}
	for _, tt := range tests {
		if tt.err == nil || !strings.HasPrefix(tt.err.Error(), "canister: ") || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.reason, tt.err, tt.want)
		}
	}
	both := flowAPI(t, "/", stateService(nil, func(ctx context.Context) error {
		*s.Edit(ctx), *other.Edit(ctx) = 2, 2
		return nil
	}))
	if w := flowAsk(both, "POST", "/", ""); w.Code != 500 || s.Get(t.Context()) != 1 || other.Get(t.Context()) != 1 {
		t.Errorf("states of two files in one update: status %d, %d and %d", w.Code, s.Get(t.Context()), other.Get(t.Context()))
	}
}

// TestPersistFails checks that an update that cannot be written changes
// nothing, and that the next one can.
func TestPersistFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := canister.NewState(1, nil)
	if err := s.Persist(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	api := flowAPI(t, "/", stateService(nil, func(ctx context.Context) error { *s.Edit(ctx)++; return nil }))
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if w := flowAsk(api, "POST", "/", ""); w.Code != 500 || s.Get(t.Context()) != 1 || strings.Contains(w.Body.String(), dir) {
		t.Errorf("without its directory: status %d, state %d, %s", w.Code, s.Get(t.Context()), w.Body)
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	if w := flowAsk(api, "POST", "/", ""); w.Code != 200 || s.Get(t.Context()) != 2 {
		t.Errorf("with it again: status %d, state %d", w.Code, s.Get(t.Context()))
	}
}
