package manage

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A table holds every endpoint in memory. A look-up costs the same whatever
// their number, and a change touches one of them. Methods may be called
// concurrently.
type table struct {
	resolve func(r *Record) handler
	release func(h handler)

	mu       sync.RWMutex
	accounts map[string]*account
	position int64         // the sequence up to which the store's changes were followed
	gone     map[key]int64 // deletions beyond position, by their sequence
}

// A key names an endpoint.
type key struct{ account, id string }

// An account is one tenant.
type account struct {
	byID   map[string]*entry
	byPath map[string]*entry
	calls  callLog
	// running counts the calls that run.
	running atomic.Int64
}

// An entry is an endpoint as it is now; a change replaces it.
type entry struct {
	Record
	handler handler
	stats   *stats // goes on from one entry to the next
	log     *callLog
	running *atomic.Int64 // of the account
}

func newTable(resolve func(*Record) handler, release func(handler)) *table {
	return &table{resolve: resolve, release: release, accounts: map[string]*account{}, gone: map[key]int64{}}
}

// id returns the endpoint with an id, nil if the account has none.
func (t *table) id(name, id string) *entry {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if a := t.accounts[name]; a != nil {
		return a.byID[id]
	}
	return nil
}

// path returns the endpoint with a path, nil if the account has none.
func (t *table) path(name, path string) *entry {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if a := t.accounts[name]; a != nil {
		return a.byPath[path]
	}
	return nil
}

// list returns the endpoints of an account that match, ordered by id.
func (t *table) list(name string, match func(*entry) bool) []*entry {
	var list []*entry
	t.mu.RLock()
	if a := t.accounts[name]; a != nil {
		for _, e := range a.byID {
			if match(e) {
				list = append(list, e)
			}
		}
	}
	t.mu.RUnlock()
	slices.SortFunc(list, func(a, b *entry) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// last returns the position.
func (t *table) last() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.position
}

// load sets an endpoint before anything is served.
func (t *table) load(r Record) { t.set(&r) }

// keep applies a change that this process made, before its position is
// reached. What was followed further is newer and stays.
func (t *table) keep(c Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.Sequence > t.position {
		t.apply(c)
	}
}

// follow applies the next changes of the store, in their order.
func (t *table) follow(changes []Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range changes {
		if c.Sequence > t.position {
			t.apply(c)
			t.position = c.Sequence
		}
	}
	for k, sequence := range t.gone {
		if sequence <= t.position {
			delete(t.gone, k)
		}
	}
}

// apply applies a change unless a later one of the same endpoint was applied,
// as the changes of this process do not wait for those of others.
func (t *table) apply(c Change) {
	k := key{c.Account, c.ID}
	if t.gone[k] >= c.Sequence {
		return
	}
	if a := t.accounts[c.Account]; a != nil {
		if e := a.byID[c.ID]; e != nil && e.Revision >= c.Sequence {
			return
		}
	}
	if c.After == nil {
		t.remove(k)
		t.gone[k] = c.Sequence
		return
	}
	t.set(c.After)
}

// set puts a record in the place of what its id had. Its path may belong to a
// later endpoint already, which then keeps it.
func (t *table) set(r *Record) {
	a := t.accounts[r.Account]
	if a == nil {
		a = &account{byID: map[string]*entry{}, byPath: map[string]*entry{}}
		t.accounts[r.Account] = a
	}
	e := &entry{Record: *r, log: &a.calls, running: &a.running, handler: t.resolve(r)}
	old := a.byID[r.ID]
	if old == nil {
		e.stats = new(stats)
	} else {
		e.stats = old.stats
		a.dropPath(old)
		t.release(old.handler)
	}
	a.byID[r.ID] = e
	if other := a.byPath[r.Path]; other == nil || other.Revision < r.Revision {
		a.byPath[r.Path] = e
	}
}

func (t *table) remove(k key) {
	a := t.accounts[k.account]
	if a == nil || a.byID[k.id] == nil {
		return
	}
	e := a.byID[k.id]
	delete(a.byID, k.id)
	a.dropPath(e)
	t.release(e.handler)
	if len(a.byID) == 0 {
		delete(t.accounts, k.account)
	}
}

// dropPath frees the path of an entry unless it belongs to another one.
func (a *account) dropPath(e *entry) {
	if a.byPath[e.Path] == e {
		delete(a.byPath, e.Path)
	}
}
