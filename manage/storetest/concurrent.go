package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/manage"
)

func testCancelled(t *testing.T, open func() manage.Store) {
	s := open()
	x := create(t, s, record("a", "x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, do := range map[string]func() error{
		"Create": func() error { _, err := s.Create(ctx, "u", record("a", "y")); return err },
		"Update": func() error { _, err := s.Update(ctx, "u", record("a", "x"), 0); return err },
		"Delete": func() error { _, err := s.Delete(ctx, "u", "a", "x", 0); return err },
		"Load":   func() error { _, _, err := s.Load(ctx); return err },
	} {
		if err := do(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
	loaded(t, s, x)
	if n := len(trail(t, s)); n != 1 {
		t.Errorf("the trail has %d lines, want 1", n)
	}
}

func testCancelledMeanwhile(t *testing.T, open func() manage.Store) {
	s, other := open(), open()
	random := rand.New(rand.NewPCG(1, 2))
	longest := time.Millisecond
	for i := range size(100, 2000) {
		r := record("a", strconv.Itoa(i))
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.Int64N(int64(longest))))
		kept, err := s.Create(ctx, "alice", r)
		cancel()
		if err == nil {
			longest = max(longest, 2*time.Since(start))
		}
		h, herr := other.History(t.Context(), r.Account, r.ID, 10)
		if herr != nil {
			t.Fatalf("History: %v", herr)
		}
		switch {
		case err == nil:
			changesAre(t, h, []manage.Change{made("alice", manage.Created, nil, &kept)})
		case answersCaller(err):
			t.Fatalf("Create: %v, want an error about the context", err)
		case len(h) > 1:
			t.Fatalf("%d changes after one Create", len(h))
		}
	}
	replayed := replay(t, trail(t, other))
	loaded(t, other, replayed...)
}

// answersCaller reports whether an error is about what the caller asked for.
func answersCaller(err error) bool {
	var taken *manage.TakenError
	return errors.Is(err, manage.ErrNotFound) || errors.Is(err, manage.ErrStale) || errors.As(err, &taken)
}

// replay follows a trail, checks that each change begins where the one before
// it ended, and returns the records to which it leads.
func replay(t *testing.T, changes []manage.Change) []manage.Record {
	t.Helper()
	state := map[[2]string]*manage.Record{}
	for _, c := range changes {
		key := [2]string{c.Account, c.ID}
		if !samePointer(c.Before, state[key]) {
			t.Errorf("the trail has\n%s, but it was %+v", show(c), state[key])
		}
		if c.After != nil && (c.After.Revision != c.Sequence || !c.After.Modified.Equal(c.Time)) {
			t.Errorf("revision or time is not that of the change:\n%s", show(c))
		}
		if c.After == nil {
			delete(state, key)
			continue
		}
		state[key] = c.After
	}
	var records []manage.Record
	for _, r := range state {
		records = append(records, *r)
	}
	return records
}

func testCreators(t *testing.T, open func() manage.Store) {
	const creators = 64
	handles := []manage.Store{open(), open(), open(), open()}
	for _, c := range []struct {
		field  string
		record func(i int) manage.Record
	}{
		{"id", func(i int) manage.Record { r := record("a", "x"); r.Path = strconv.Itoa(i); return r }},
		{"path", func(i int) manage.Record { r := record("b", strconv.Itoa(i)); r.Path = "p"; return r }},
	} {
		var won atomic.Int64
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range creators {
			wg.Go(func() {
				<-start
				_, err := handles[i%len(handles)].Create(t.Context(), "u", c.record(i))
				var taken *manage.TakenError
				switch {
				case err == nil:
					won.Add(1)
				case !errors.As(err, &taken) || taken.Field != c.field:
					t.Errorf("creator %d of one %s: %v, want it taken", i, c.field, err)
				}
			})
		}
		close(start)
		wg.Wait()
		if n := won.Load(); n != 1 {
			t.Errorf("%d of %d creators of one %s succeeded, want 1", n, creators, c.field)
		}
	}
	if records := replay(t, trail(t, handles[0])); len(records) != 2 {
		t.Errorf("%d records, want 2", len(records))
	}
}

func testLostUpdate(t *testing.T, open func() manage.Store) {
	const workers = 8
	rounds := size(10, 100)
	handles := []manage.Store{open(), open()}
	first := record("a", "x")
	first.Handler = "0"
	create(t, handles[0], first)
	var wg sync.WaitGroup
	for w := range workers {
		s := handles[w%len(handles)]
		wg.Go(func() {
			for range rounds {
				if err := increment(t.Context(), s); err != nil {
					t.Errorf("worker %d: %v", w, err)
					return
				}
			}
		})
	}
	wg.Wait()
	records, _, err := handles[1].Load(t.Context())
	if err != nil || len(records) != 1 || records[0].Handler != strconv.Itoa(workers*rounds) {
		t.Errorf("Load returned %+v, %v; want handler %d", records, err, workers*rounds)
	}
}

// increment adds one to the number that is the only record's handler.
func increment(ctx context.Context, s manage.Store) error {
	for {
		records, _, err := s.Load(ctx)
		if err != nil {
			return err
		}
		r := records[0]
		n, err := strconv.Atoi(r.Handler)
		if err != nil {
			return err
		}
		r.Handler = strconv.Itoa(n + 1)
		time.Sleep(time.Duration(rand.Int64N(int64(100 * time.Microsecond)))) // let others come between
		_, err = s.Update(ctx, "u", r, r.Revision)
		if !errors.Is(err, manage.ErrStale) {
			return err
		}
	}
}

func testFollowers(t *testing.T, open func() manage.Store) {
	const writers, followers = 4, 3
	changes := size(40, 1000)
	handles := []manage.Store{open(), open(), open()}
	var writing, following sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range changes {
				if _, err := handles[w%len(handles)].Create(t.Context(), "u", record(strconv.Itoa(w), strconv.Itoa(i))); err != nil {
					t.Errorf("Create: %v", err)
					return
				}
			}
		})
	}
	var end atomic.Int64 // the last sequence, when the writers are done
	seen := make([][]manage.Change, followers)
	for f := range followers {
		following.Go(func() {
			got, err := follow(t.Context(), handles[f%len(handles)], &end)
			if err != nil {
				t.Errorf("follower %d: %v", f, err)
			}
			seen[f] = got
		})
	}
	writing.Wait()
	all := trail(t, handles[0])
	if len(all) != writers*changes {
		t.Errorf("the trail has %d changes, want %d", len(all), writers*changes)
	}
	end.Store(latest(t, handles[0]))
	following.Wait()
	for _, got := range seen {
		changesAre(t, got, all)
	}
}

// follow reads the trail as it grows, until its end is known and reached.
func follow(ctx context.Context, s manage.Store, end *atomic.Int64) ([]manage.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	var all []manage.Change
	var after int64
	for last := end.Load(); last == 0 || after < last; last = end.Load() {
		wait, cancel := context.WithTimeout(ctx, within)
		err := s.Wait(wait, after)
		cancel()
		if err != nil && (ctx.Err() != nil || wait.Err() == nil) {
			return all, fmt.Errorf("after %d changes: %w", len(all), err)
		}
		part, err := s.Changes(ctx, after, 5)
		if err != nil {
			return all, err
		}
		if len(part) > 0 {
			after = part[len(part)-1].Sequence
		}
		all = append(all, part...)
	}
	return all, nil
}

func testMany(t *testing.T, open func() manage.Store) {
	const creators = 8
	n := size(400, 10_000)
	s, other := open(), open()
	records := make([]manage.Record, n)
	var wg sync.WaitGroup
	for w := range creators {
		wg.Go(func() {
			for i := w; i < n; i += creators {
				kept, err := s.Create(t.Context(), "u", record(strconv.Itoa(i%7), strconv.Itoa(i)))
				if err != nil {
					t.Errorf("Create: %v", err)
					return
				}
				records[i] = kept
			}
		})
	}
	wg.Wait()
	start := time.Now()
	loaded(t, other, records...)
	if took := time.Since(start); took > within {
		t.Errorf("Load of %d records took %v", n, took)
	}
}
