package main

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// What can be wrong with a change. Only api.go knows how HTTP says it.
var (
	ErrNoUser = errors.New("no such user")
	ErrTaken  = errors.New("email address is taken")
)

// A User is one record.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// A Change is one entry of the log of changes.
type Change struct {
	Number int64 // from 1 on
	Kind   string
	User   User
}

// maxChanges is how many changes are kept for followers that come late.
const maxChanges = 1000

// Users is the store: a map and the log of its changes. Its methods may be
// called concurrently.
type Users struct {
	mu       sync.Mutex
	byID     map[int64]User
	lastID   int64
	modified time.Time
	changes  []Change
	number   int64         // of the last change
	news     chan struct{} // closed by the next change
	closed   bool
}

// NewUsers returns a store with users of these names.
func NewUsers(names ...string) *Users {
	s := &Users{byID: map[int64]User{}, news: make(chan struct{})}
	for _, name := range names {
		// Addresses made of different names are never taken.
		_, _ = s.Create(name, strings.ToLower(name)+"@example.com")
	}
	return s
}

// List returns all users by id, and when one changed last.
func (s *Users) List() ([]User, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := slices.SortedFunc(maps.Values(s.byID), func(a, b User) int { return cmp.Compare(a.ID, b.ID) })
	return users, s.modified
}

// Get returns one user, or ErrNoUser.
func (s *Users) Get(id int64) (User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.byID[id]
	if !ok {
		return u, ErrNoUser
	}
	return u, nil
}

// Create adds a user, or returns ErrTaken.
func (s *Users) Create(name, email string) (User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := User{ID: s.lastID + 1, Name: name, Email: email}
	if s.taken(u) {
		return User{}, ErrTaken
	}
	s.lastID++
	s.byID[u.ID] = u
	s.record("created", u)
	return u, nil
}

// Update replaces a user, or returns ErrNoUser or ErrTaken.
func (s *Users) Update(u User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byID[u.ID]; !ok {
		return ErrNoUser
	}
	if s.taken(u) {
		return ErrTaken
	}
	s.byID[u.ID] = u
	s.record("updated", u)
	return nil
}

// Delete removes a user, or returns ErrNoUser.
func (s *Users) Delete(id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.byID[id]
	if !ok {
		return ErrNoUser
	}
	delete(s.byID, id)
	s.record("deleted", u)
	return nil
}

// taken reports whether another user has the address.
func (s *Users) taken(u User) bool {
	for _, other := range s.byID {
		if other.ID != u.ID && strings.EqualFold(other.Email, u.Email) {
			return true
		}
	}
	return false
}

// record notes a change and wakes those who wait for one.
func (s *Users) record(kind string, u User) {
	s.number++
	s.modified = time.Now()
	s.changes = append(s.changes, Change{s.number, kind, u})
	if len(s.changes) > maxChanges {
		s.changes = slices.Delete(s.changes, 0, len(s.changes)-maxChanges)
	}
	close(s.news)
	s.news = make(chan struct{})
}

// Since returns the changes after the one with this number, and a channel that
// is closed when there are more. The channel is nil once the store was closed.
func (s *Users) Since(number int64) ([]Change, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.changes, number+1, func(c Change, n int64) int { return cmp.Compare(c.Number, n) })
	if s.closed {
		return slices.Clone(s.changes[i:]), nil
	}
	return slices.Clone(s.changes[i:]), s.news
}

// Close tells those who wait for changes that none will come. Users can still
// be read and changed.
func (s *Users) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.news)
		s.news = make(chan struct{})
	}
}
