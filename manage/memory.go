package manage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Memory returns a store that forgets everything when the program ends. Its
// trail grows with every change, so it is for tests and trials.
func Memory() Store {
	return &memory{records: map[key]Record{}, paths: map[key]string{}, trails: map[key][]int{}, changed: make(chan struct{})}
}

type memory struct {
	mu      sync.Mutex
	records map[key]Record
	paths   map[key]string // ids by account and path
	changes []Change       // the change with sequence n is at n-1
	trails  map[key][]int  // changes of each endpoint, by their index
	changed chan struct{}  // closed by the next change
}

func (s *memory) Load(ctx context.Context) ([]Record, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Record, 0, len(s.records))
	for _, r := range s.records {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.ID, b.ID))
	})
	return list, int64(len(s.changes)), nil
}

func (s *memory) Create(ctx context.Context, user string, r Record) (Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	if err := storable(user, &r); err != nil {
		return Record{}, err
	}
	if _, ok := s.records[key{r.Account, r.ID}]; ok {
		return Record{}, &TakenError{"id", r.ID}
	}
	if err := s.checkPath(&r); err != nil {
		return Record{}, err
	}
	return *s.change(user, Created, nil, &r).After, nil
}

func (s *memory) Update(ctx context.Context, user string, r Record, revision int64) (Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := storable(user, &r); err != nil {
		return Record{}, err
	}
	old, err := s.present(ctx, r.Account, r.ID, revision)
	if err != nil {
		return Record{}, err
	}
	if err := s.checkPath(&r); err != nil {
		return Record{}, err
	}
	return *s.change(user, Updated, &old, &r).After, nil
}

func (s *memory) Delete(ctx context.Context, user, account, id string, revision int64) (Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := storable(user, &Record{Account: account, ID: id}); err != nil {
		return Change{}, err
	}
	old, err := s.present(ctx, account, id, revision)
	if err != nil {
		return Change{}, err
	}
	return s.change(user, Deleted, &old, nil), nil
}

// present returns a record if it has the revision, or any for 0.
func (s *memory) present(ctx context.Context, account, id string, revision int64) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	r, ok := s.records[key{account, id}]
	switch {
	case !ok:
		return Record{}, ErrNotFound
	case revision != 0 && revision != r.Revision:
		return Record{}, ErrStale
	}
	return r, nil
}

// storable returns an error for text that not every store could keep.
func storable(user string, r *Record) error {
	for _, v := range [][2]string{{"user", user}, {"account", r.Account}, {"id", r.ID}, {"path", r.Path}, {"handler", r.Handler}} {
		if !utf8.ValidString(v[1]) || strings.Contains(v[1], "\x00") {
			return fmt.Errorf("%s %q is not UTF-8 or has a NUL; use other text", v[0], v[1])
		}
	}
	return nil
}

// checkPath returns an error if another endpoint has the path.
func (s *memory) checkPath(r *Record) error {
	if id, ok := s.paths[key{r.Account, r.Path}]; ok && id != r.ID {
		return &TakenError{"path", r.Path}
	}
	return nil
}

// change makes a change and its line of the trail.
func (s *memory) change(user string, action Action, before, after *Record) Change {
	c := Change{Sequence: int64(len(s.changes)) + 1, Time: time.Now().UTC(), User: user, Action: action, Before: before}
	if before != nil {
		c.Account, c.ID = before.Account, before.ID
		delete(s.paths, key{before.Account, before.Path})
		delete(s.records, key{before.Account, before.ID})
	}
	if after != nil {
		c.Account, c.ID = after.Account, after.ID
		kept := *after
		kept.Revision, kept.Modified = c.Sequence, c.Time
		c.After = &kept
		s.paths[key{kept.Account, kept.Path}] = kept.ID
		s.records[key{kept.Account, kept.ID}] = kept
	}
	k := key{c.Account, c.ID}
	s.trails[k] = append(s.trails[k], len(s.changes))
	s.changes = append(s.changes, c)
	close(s.changed)
	s.changed = make(chan struct{})
	return c.clone()
}

func (s *memory) Changes(ctx context.Context, after int64, limit int) ([]Change, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	first := min(max(after, 0), int64(len(s.changes)))
	last := min(first+int64(max(limit, 0)), int64(len(s.changes)))
	var list []Change
	for _, c := range s.changes[first:last] {
		list = append(list, c.clone())
	}
	return list, nil
}

func (s *memory) Wait(ctx context.Context, after int64) error {
	for {
		s.mu.Lock()
		last, changed := int64(len(s.changes)), s.changed
		s.mu.Unlock()
		if err := ctx.Err(); err != nil || last > after {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (s *memory) History(ctx context.Context, account, id string, limit int) ([]Change, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Change
	for _, i := range slices.Backward(s.trails[key{account, id}]) {
		if len(list) >= limit {
			break
		}
		list = append(list, s.changes[i].clone())
	}
	return list, nil
}

// clone returns a change whose records are the caller's.
func (c Change) clone() Change {
	if c.Before != nil {
		before := *c.Before
		c.Before = &before
	}
	if c.After != nil {
		after := *c.After
		c.After = &after
	}
	return c
}
