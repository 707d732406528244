package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// TestSessionStore checks what the session manager expects of a store.
func TestSessionStore(t *testing.T) {
	db, err := openDatabase(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := SessionStore{db}
	find := func(token, want string) {
		t.Helper()
		data, found, err := s.Find(token)
		if err != nil || string(data) != want || found != (want != "") {
			t.Errorf("Find(%q): %q, %v, %v; want %q", token, data, found, err, want)
		}
	}
	commit := func(token, data string, left time.Duration) {
		t.Helper()
		if err := s.Commit(token, []byte(data), time.Now().Add(left)); err != nil {
			t.Fatal(err)
		}
	}
	find("none", "")
	commit("a", "first", time.Hour)
	find("a", "first")
	commit("a", "second", time.Hour)
	find("a", "second")
	find("A", "") // tokens are exact
	commit("over", "data", -time.Millisecond)
	find("over", "") // before it is cleaned

	ctx, cancel := context.WithCancel(t.Context())
	cleaned := make(chan struct{})
	go func() { defer close(cleaned); s.Clean(ctx, time.Millisecond) }()
	service := &service{db: db}
	for deadline := time.Now().Add(10 * time.Second); service.sessionCount(t) != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the session that is over was never removed")
		}
	}
	cancel()
	<-cleaned
	find("a", "second")
	if err := s.Delete("a"); err != nil {
		t.Fatal(err)
	}
	find("a", "")
	if err := s.Delete("a"); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.FindCtx(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %v", err)
	}
}

// TestPassword checks which passwords a hash takes.
func TestPassword(t *testing.T) {
	h := NewHasher()
	hash := hashPassword(password)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(hash, password) {
		t.Errorf("hash %q", hash)
	}
	if hashPassword(password) == hash {
		t.Error("two hashes of one password are equal: there is no salt")
	}
	for _, test := range []struct {
		hash, password string
		right          bool
		err            error
		reason         string
	}{
		{hash, password, true, nil, "the right one"},
		{hash, password + " ", false, nil, "one more character"},
		{hash, "", false, nil, "none"},
		{hash, strings.ToUpper(password), false, nil, "case counts"},
		{"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$", "", false, errHash, "an empty hash would match all"},
		{"$argon2id$v=16$m=64,t=1,p=1$c2FsdA$c3Vtc3Vtc3Vtc3VtcQ", "", false, errHash, "another version"},
		{"$argon2i$v=19$m=64,t=1,p=1$c2FsdA$c3Vtc3Vtc3Vtc3VtcQ", "", false, errHash, "another algorithm"},
		{"$argon2id$v=19$m=64,t=0,p=1$c2FsdA$c3Vtc3Vtc3Vtc3VtcQ", "", false, errHash, "no passes, where the library panics"},
		{strings.Replace(hash, "t=2", "t=1", 1), password, false, nil, "the cost is part of the hash"},
		{"", "", false, errHash, "nothing"},
	} {
		right, err := h.Matches(t.Context(), test.hash, test.password)
		if right != test.right || !errors.Is(err, test.err) {
			t.Errorf("%s: %v, %v; want %v, %v", test.reason, right, err, test.right, test.err)
		}
	}
}

// TestEqualCost checks that a name nobody has costs a hash like any other: both
// wait for a free slot, which only hashing does.
func TestEqualCost(t *testing.T) {
	db, err := openDatabase(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	users := &Users{db: db, hasher: NewHasher()}
	if err := users.Add(t.Context(), ada, password); err != nil {
		t.Fatal(err)
	}
	check := func(ctx context.Context, name, password string) (*endpoint.User, error) {
		return users.Check(ctx, name, password)
	}
	want := &endpoint.User{ID: "1", Name: ada, Email: "ada@example.com"}
	if got, err := check(t.Context(), ada, password); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("the right password: %v\n%s", err, cmp.Diff(want, got))
	}
	for _, name := range []string{ada, "nobody", "", "ADA", "ada' OR '1'='1"} {
		if got, err := check(t.Context(), name, "wrong"); got != nil || !errors.Is(err, endpoint.ErrCredentials) {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
	for range hashesAtOnce {
		users.hasher.slots <- struct{}{}
	}
	for _, name := range []string{ada, "nobody"} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := check(ctx, name, "wrong"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q is answered without a hash: %v", name, err)
		}
		cancel()
	}
}
