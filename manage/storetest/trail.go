package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/manage"
)

func testTrail(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	for range 3 {
		for _, id := range []string{"x", "y", "z"} {
			r := create(t, s, record("a", id))
			update(t, other, r, 0)
			remove(t, s, r, 0)
		}
	}
	all := trail(t, other)
	if len(all) != 27 {
		t.Fatalf("%d changes, want 27", len(all))
	}
	for i, c := range all {
		for _, limit := range []int{1, 2, 100} {
			part, err := s.Changes(t.Context(), c.Sequence, limit)
			if err != nil {
				t.Fatalf("Changes(%d, %d): %v", c.Sequence, limit, err)
			}
			rest := all[i+1:]
			changesAre(t, part, rest[:min(limit, len(rest))])
		}
	}
	for _, c := range []struct {
		reason string
		after  int64
		limit  int
	}{
		{"after the end", all[26].Sequence + 1000, 10},
		{"nothing asked for", 0, 0},
		{"less than nothing asked for", 0, -1},
	} {
		if part, err := s.Changes(t.Context(), c.after, c.limit); err != nil || len(part) != 0 {
			t.Errorf("%s: Changes returned %d changes, %v; want none", c.reason, len(part), err)
		}
	}
}

func testHistory(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	r := create(t, s, record("a", "x"))
	create(t, s, record("b", "x"))
	create(t, s, record("a", "y"))
	update(t, s, r, 0)
	remove(t, s, r, 0)
	create(t, s, record("a", "x"))
	update(t, s, record("b", "x"), 0)
	remove(t, s, r, 0)

	var want []manage.Change
	for _, c := range trail(t, s) {
		if c.Account == "a" && c.ID == "x" {
			want = append(want, c)
		}
	}
	slices.Reverse(want)
	if len(want) != 5 {
		t.Fatalf("the trail has %d changes of the endpoint, want 5", len(want))
	}
	for limit := -1; limit < 8; limit++ {
		got, err := other.History(t.Context(), "a", "x", limit)
		if err != nil {
			t.Fatalf("History with limit %d: %v", limit, err)
		}
		changesAre(t, got, want[:min(max(limit, 0), len(want))])
	}
	for _, none := range [][2]string{{"c", "x"}, {"a", "z"}, {"", ""}, {"a\x00", "x"}} {
		if got, err := other.History(t.Context(), none[0], none[1], 8); err != nil || len(got) != 0 {
			t.Errorf("History of %q: %v, %v; want nothing", none, got, err)
		}
	}
}

func testWaitBehind(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	create(t, s, record("a", "x"))
	sequence := remove(t, s, record("a", "x"), 0).Sequence
	for _, h := range []manage.Store{s, other} {
		for _, after := range []int64{0, sequence - 1} {
			ctx, cancel := context.WithTimeout(t.Context(), within)
			if err := h.Wait(ctx, after); err != nil {
				t.Errorf("Wait(%d) at sequence %d: %v", after, sequence, err)
			}
			cancel()
		}
	}
}

func testWaitWakes(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	r := record("a", "x")
	for _, c := range []struct {
		name string
		by   manage.Store
		do   func(by manage.Store)
	}{
		{"creation by the same handle", s, func(by manage.Store) { create(t, by, r) }},
		{"deletion by the same handle", s, func(by manage.Store) { remove(t, by, r, 0) }},
		{"creation by another handle", other, func(by manage.Store) { create(t, by, r) }},
		{"update by another handle", other, func(by manage.Store) { update(t, by, r, 0) }},
		{"deletion by another handle", other, func(by manage.Store) { remove(t, by, r, 0) }},
	} {
		sequence := latest(t, s)
		woken := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 10*within)
		go func() { woken <- s.Wait(ctx, sequence) }()
		select {
		case err := <-woken:
			t.Fatalf("%s: Wait returned %v before it", c.name, err)
		case <-time.After(20 * time.Millisecond): // it is likely to wait by now
		}
		c.do(c.by)
		start := time.Now()
		if err := <-woken; err != nil {
			t.Errorf("%s: Wait: %v", c.name, err)
		}
		if took := time.Since(start); took > within {
			t.Errorf("%s: seen after %v, want within %v", c.name, took, within)
		}
		if now := latest(t, s); now <= sequence {
			t.Errorf("%s: Wait returned, but the sequence is still %d", c.name, now)
		}
		cancel()
	}
}

func testWaitEnds(t *testing.T, open func() manage.Store) {
	s := open()
	r := create(t, s, record("a", "x"))
	for _, c := range []struct {
		reason string
		ctx    func() (context.Context, context.CancelFunc)
		want   error
	}{
		{"a deadline", func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 50*time.Millisecond)
		}, context.DeadlineExceeded},
		{"cancelled before", func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx, cancel
		}, context.Canceled},
	} {
		ctx, cancel := c.ctx()
		start := time.Now()
		if err := s.Wait(ctx, r.Revision); !errors.Is(err, c.want) {
			t.Errorf("%s: Wait returned %v, want %v", c.reason, err, c.want)
		}
		if took := time.Since(start); took > within {
			t.Errorf("%s: Wait ended after %v", c.reason, took)
		}
		cancel()
	}
}

func latest(t *testing.T, s manage.Store) int64 {
	t.Helper()
	_, sequence, err := s.Load(t.Context())
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return sequence
}
