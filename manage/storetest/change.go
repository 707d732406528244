package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/manage"
)

func testEmpty(t *testing.T, open func() manage.Store) {
	s := open()
	if sequence := loaded(t, s); sequence != 0 {
		t.Errorf("Load returned sequence %d, want 0", sequence)
	}
	trailIs(t, s)
	if h, err := s.History(t.Context(), "a", "x", 10); err != nil || len(h) != 0 {
		t.Errorf("History returned %v, %v; want nothing", h, err)
	}
	if _, err := s.Update(t.Context(), "u", record("a", "x"), 0); !errors.Is(err, manage.ErrNotFound) {
		t.Errorf("Update of nothing: %v, want ErrNotFound", err)
	}
	if _, err := s.Delete(t.Context(), "u", "a", "x", 0); !errors.Is(err, manage.ErrNotFound) {
		t.Errorf("Delete of nothing: %v, want ErrNotFound", err)
	}
}

func testCreate(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	for _, want := range []manage.Record{
		record("a", "x"),
		{Account: "a", ID: "y", Path: "q", Handler: "", Enabled: false},
	} {
		given := want
		given.Revision, given.Modified = 77, time.Unix(1, 0)
		before := time.Now()
		kept := create(t, s, given)
		if kept.Revision <= 0 || kept.Revision == given.Revision {
			t.Errorf("Revision %d was not set by the store", kept.Revision)
		}
		// Stores may keep no more than milliseconds.
		if kept.Modified.Before(before.Add(-time.Millisecond)) || kept.Modified.After(time.Now()) {
			t.Errorf("Modified %v is not the time of the change", kept.Modified)
		}
		if kept.Modified.Location() != time.UTC {
			t.Errorf("Modified %v is not in UTC", kept.Modified)
		}
		want.Revision, want.Modified = kept.Revision, kept.Modified
		if !same(kept, want) {
			t.Errorf("Create returned %+v, want %+v", kept, want)
		}
	}
	records, sequence, err := other.Load(t.Context())
	if err != nil || len(records) != 2 {
		t.Fatalf("Load of another handle returned %+v, %v", records, err)
	}
	if sequence != max(records[0].Revision, records[1].Revision) {
		t.Errorf("Load returned sequence %d, want the last revision of %+v", sequence, records)
	}
}

func testUpdate(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	first := create(t, s, record("a", "x"))
	neighbour := create(t, s, record("a", "y"))

	next := manage.Record{Account: "a", ID: "x", Path: "new", Handler: "go", Enabled: false, Revision: 5}
	second := update(t, other, next, first.Revision)
	if second.Revision <= neighbour.Revision {
		t.Errorf("revision %d does not grow after %d", second.Revision, neighbour.Revision)
	}
	next.Revision, next.Modified = second.Revision, second.Modified
	if !same(second, next) {
		t.Errorf("Update returned %+v, want %+v", second, next)
	}
	third := update(t, s, record("a", "x"), 0)
	fourth := update(t, s, record("a", "x"), third.Revision) // nothing new is a change, too
	if fourth.Revision <= third.Revision {
		t.Errorf("revision %d does not grow after %d", fourth.Revision, third.Revision)
	}
	for _, stale := range []int64{first.Revision, second.Revision, third.Revision, fourth.Revision + 1, -1} {
		if _, err := s.Update(t.Context(), "u", next, stale); !errors.Is(err, manage.ErrStale) {
			t.Errorf("Update at revision %d of %d: %v, want ErrStale", stale, fourth.Revision, err)
		}
	}
	if sequence := loaded(t, other, fourth, neighbour); sequence != fourth.Revision {
		t.Errorf("Load returned sequence %d, want %d", sequence, fourth.Revision)
	}
	trailIs(t, other,
		made("alice", manage.Created, nil, &first), made("alice", manage.Created, nil, &neighbour),
		made("bob", manage.Updated, &first, &second), made("bob", manage.Updated, &second, &third),
		made("bob", manage.Updated, &third, &fourth))
}

func testDelete(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	x, y := create(t, s, record("a", "x")), create(t, s, record("a", "y"))
	x2 := update(t, s, x, 0)
	if _, err := other.Delete(t.Context(), "u", "a", "x", x.Revision); !errors.Is(err, manage.ErrStale) {
		t.Errorf("Delete at a former revision: %v, want ErrStale", err)
	}
	goneX, goneY := remove(t, other, x, x2.Revision), remove(t, other, y, 0)
	for _, gone := range []manage.Change{goneX, goneY} {
		if gone.Sequence <= x2.Revision || gone.Time.Location() != time.UTC {
			t.Errorf("Delete returned %s; want a new sequence, and UTC", show(gone))
		}
	}
	if _, err := s.Delete(t.Context(), "u", "a", "x", 0); !errors.Is(err, manage.ErrNotFound) {
		t.Errorf("Delete again: %v, want ErrNotFound", err)
	}
	if _, err := s.Update(t.Context(), "u", x, x2.Revision); !errors.Is(err, manage.ErrNotFound) {
		t.Errorf("Update after Delete: %v, want ErrNotFound", err)
	}
	if sequence := loaded(t, s); sequence != goneY.Sequence {
		t.Errorf("Load returned sequence %d, want that of the deletion, %d", sequence, goneY.Sequence)
	}
	again := create(t, s, record("a", "x"))
	if again.Revision <= goneY.Sequence {
		t.Errorf("revision %d after a deletion with sequence %d", again.Revision, goneY.Sequence)
	}
	for gone, before := range map[*manage.Change]*manage.Record{&goneX: &x2, &goneY: &y} {
		want := made("carol", manage.Deleted, before, nil)
		want.Account, want.ID, want.Sequence, want.Time = before.Account, before.ID, gone.Sequence, gone.Time
		if !sameChange(*gone, want) {
			t.Errorf("Delete returned\n%s, want\n%s", show(*gone), show(want))
		}
	}
	trailIs(t, other,
		made("alice", manage.Created, nil, &x), made("alice", manage.Created, nil, &y),
		made("bob", manage.Updated, &x, &x2), goneX, goneY, made("alice", manage.Created, nil, &again))
}

func testTaken(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	x := create(t, s, record("a", "x"))
	y := create(t, s, record("a", "y"))
	elsewhere := create(t, other, record("b", "x")) // the same id and path

	with := func(r manage.Record, path string) manage.Record { r.Path = path; return r }
	for _, c := range []struct {
		reason, field, value string
		do                   func() error
	}{
		{"the id exists", "id", "x", func() error { _, err := other.Create(t.Context(), "u", with(x, "free")); return err }},
		{"the path exists", "path", "p-x", func() error { _, err := other.Create(t.Context(), "u", with(record("a", "z"), "p-x")); return err }},
		{"both exist, and the id names the endpoint", "id", "x", func() error { _, err := other.Create(t.Context(), "u", x); return err }},
		{"the path of another", "path", "p-y", func() error { _, err := other.Update(t.Context(), "u", with(x, "p-y"), x.Revision); return err }},
	} {
		var taken *manage.TakenError
		if err := c.do(); !errors.As(err, &taken) || taken.Field != c.field || taken.Value != c.value {
			t.Errorf("%s: %v, want %s %q taken", c.reason, err, c.field, c.value)
		}
	}
	if _, err := s.Update(t.Context(), "u", with(x, "p-y"), y.Revision); !errors.Is(err, manage.ErrStale) {
		t.Errorf("a stale revision and a taken path: %v, want ErrStale", err)
	}
	loaded(t, s, x, y, elsewhere)

	moved := update(t, s, with(x, "new"), 0)
	heir := create(t, other, with(record("a", "z"), "p-x")) // the path is free now
	remove(t, s, y, 0)
	second := create(t, other, record("a", "y"))
	loaded(t, s, moved, heir, second, elsewhere)
}

func testRefused(t *testing.T, open func() manage.Store) {
	s := open()
	x := create(t, s, record("a", "x"))
	y := create(t, s, record("a", "y"))
	sequence, lines := loaded(t, s, x, y), trail(t, s)
	taken := x
	taken.Path = y.Path
	_, _ = s.Create(t.Context(), "u", x)
	_, _ = s.Update(t.Context(), "u", taken, 0)
	_, _ = s.Update(t.Context(), "u", x, y.Revision)
	_, _ = s.Update(t.Context(), "u", record("b", "x"), 0)
	_, _ = s.Delete(t.Context(), "u", "a", "x", y.Revision)
	_, _ = s.Delete(t.Context(), "u", "b", "x", 0)
	if after := loaded(t, s, x, y); after != sequence {
		t.Errorf("the sequence is %d, and was %d", after, sequence)
	}
	trailIs(t, s, lines...)
	create(t, s, record("a", "z"))
	if c := trail(t, s); len(c) != len(lines)+1 {
		t.Errorf("%d changes after one more, want %d", len(c), len(lines)+1)
	}
}

func testCopies(t *testing.T, open func() manage.Store) {
	s := open()
	x := create(t, s, record("a", "x"))
	kept := update(t, s, x, 0)
	want := []manage.Change{
		made("alice", manage.Created, nil, &x), made("bob", manage.Updated, &x, &kept),
	}
	spoil := func(changes []manage.Change) {
		for _, c := range changes {
			for _, r := range []*manage.Record{c.Before, c.After} {
				if r != nil {
					r.Handler = "spoiled"
				}
			}
		}
	}
	spoil(trail(t, s))
	history, err := s.History(t.Context(), "a", "x", 10)
	if err != nil {
		t.Fatalf("History: %v", err)
	}
	spoil(history)
	records, _, err := s.Load(t.Context())
	if err != nil || len(records) != 1 {
		t.Fatalf("Load returned %v, %v", records, err)
	}
	records[0].Handler = "spoiled"
	loaded(t, s, kept)
	trailIs(t, s, want...)
	gone := remove(t, s, kept, 0)
	gone.Before.Handler = "spoiled"
	if last := trail(t, s)[2]; !samePointer(last.Before, &kept) {
		t.Errorf("the trail has %s", show(last))
	}
}
