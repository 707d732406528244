package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/manage"
)

// The random test makes calls by several workers through several handles, some
// with contexts that end meanwhile. Afterwards the trail is the order in which
// all changes happened; a model that follows it must explain the answer of each
// call at some point between its begin and its end.
const (
	linearHandles = 4
	linearWorkers = 8
)

var (
	linearAccounts = []string{"a", "b"}
	linearNames    = []string{"v", "w", "x", "y"} // of ids and paths
)

// A call is one call of a store, and what came of it.
type call struct {
	user       string // unique, so that the trail tells whose change it is
	action     manage.Action
	record     manage.Record
	revision   int64
	begin, end time.Time
	err        error
	sequence   int64 // of the change that it made, or of the state that it loaded
	loaded     []manage.Record
}

// load is the action of a call of Load.
const load manage.Action = "load"

func testLinear(t *testing.T, open func() manage.Store) {
	calls := size(60, 100_000/linearWorkers)
	var handles []manage.Store
	for range linearHandles {
		handles = append(handles, open())
	}
	history := make([][]*call, linearWorkers)
	var wg sync.WaitGroup
	for w := range linearWorkers {
		wg.Go(func() {
			worker := worker{s: handles[w%len(handles)], random: rand.New(rand.NewPCG(7, uint64(w))), revisions: map[[2]string]int64{}}
			for i := range calls {
				history[w] = append(history[w], worker.call(t.Context(), fmt.Sprintf("%d.%d", w, i)))
			}
		})
	}
	wg.Wait()
	changes := trail(t, handles[0])
	loaded(t, handles[1], replay(t, changes)...)
	newModel(t, changes, slices.Concat(history...)).check()
}

// A worker makes random calls of a handle.
type worker struct {
	s         manage.Store
	random    *rand.Rand
	revisions map[[2]string]int64 // that it saw last
}

func (w *worker) pick(of []string) string { return of[w.random.IntN(len(of))] }

func (w *worker) call(ctx context.Context, user string) *call {
	c := &call{user: user, action: manage.Updated, record: manage.Record{
		Account: w.pick(linearAccounts), ID: w.pick(linearNames), Path: w.pick(linearNames),
		Handler: user, Enabled: w.random.IntN(2) == 0,
	}}
	switch w.random.IntN(10) {
	case 0:
		c.action = load
	case 1, 2, 3:
		c.action = manage.Created
	case 4, 5:
		c.action = manage.Deleted
	}
	key := [2]string{c.record.Account, c.record.ID}
	if seen := w.revisions[key]; c.action != manage.Created && seen > 1 {
		c.revision = []int64{0, seen, seen, seen - 1}[w.random.IntN(4)]
	}
	if w.random.IntN(20) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(w.random.Int64N(int64(3*time.Millisecond))))
		defer cancel()
	}
	c.begin = time.Now()
	w.do(ctx, c)
	c.end = time.Now()
	if c.err == nil && c.action != load && w.random.IntN(2) == 0 { // what it missed is stale
		w.revisions[key] = c.sequence
	}
	for _, r := range c.loaded {
		w.revisions[[2]string{r.Account, r.ID}] = r.Revision
	}
	return c
}

func (w *worker) do(ctx context.Context, c *call) {
	switch c.action {
	case load:
		c.loaded, c.sequence, c.err = w.s.Load(ctx)
	case manage.Created:
		var kept manage.Record
		kept, c.err = w.s.Create(ctx, c.user, c.record)
		c.sequence = kept.Revision
	case manage.Updated:
		var kept manage.Record
		kept, c.err = w.s.Update(ctx, c.user, c.record, c.revision)
		c.sequence = kept.Revision
	case manage.Deleted:
		var gone manage.Change
		gone, c.err = w.s.Delete(ctx, c.user, c.record.Account, c.record.ID, c.revision)
		c.sequence = gone.Sequence
	}
}

// A model is the trail, with the calls that it must explain.
type model struct {
	*testing.T
	changes []manage.Change
	calls   []*call
	states  map[[2]string][]int // of each endpoint: indexes of its changes
	byUser  map[string]int      // index of the change

}

func newModel(t *testing.T, changes []manage.Change, calls []*call) *model {
	m := &model{T: t, changes: changes, calls: calls, states: map[[2]string][]int{}, byUser: map[string]int{}}
	for i, c := range changes {
		key := [2]string{c.Account, c.ID}
		m.states[key] = append(m.states[key], i)
		if _, twice := m.byUser[c.User]; twice {
			t.Errorf("call %s made two changes", c.User)
		}
		m.byUser[c.User] = i
	}
	return m
}

// at returns an endpoint after the first n changes, nil if there is none.
func (m *model) at(n int, account, id string) *manage.Record {
	of := m.states[[2]string{account, id}]
	i := sort.SearchInts(of, n)
	if i == 0 {
		return nil
	}
	return m.changes[of[i-1]].After
}

// judge is what the contract says to a call after the first n changes.
func (m *model) judge(n int, c *call) string {
	r := m.at(n, c.record.Account, c.record.ID)
	switch {
	case c.action == manage.Created && r != nil:
		return "id taken"
	case c.action != manage.Created && r == nil:
		return "not found"
	case c.action != manage.Created && c.revision != 0 && c.revision != r.Revision:
		return "stale"
	case c.action == manage.Deleted:
		return "made"
	}
	for _, id := range linearNames {
		other := m.at(n, c.record.Account, id)
		if id != c.record.ID && other != nil && other.Path == c.record.Path {
			return "path taken"
		}
	}
	return "made"
}

// verdict names what a call returned; unknown is "".
func verdict(err error) string {
	var taken *manage.TakenError
	switch {
	case err == nil:
		return "made"
	case errors.As(err, &taken):
		return taken.Field + " taken"
	case errors.Is(err, manage.ErrNotFound):
		return "not found"
	case errors.Is(err, manage.ErrStale):
		return "stale"
	}
	return ""
}

func (m *model) check() {
	order := m.acknowledged()
	kinds := map[string]int{}
	for _, c := range m.calls {
		said := verdict(c.err)
		kinds[string(c.action)+" "+said]++
		low, high := order.bounds(c)
		switch {
		case said == "" && !errors.Is(c.err, context.Canceled) && !errors.Is(c.err, context.DeadlineExceeded):
			m.Errorf("call %s: %v", c.user, c.err)
		case said == "":
			m.unknown(c)
		case c.action == load:
			m.loaded(c, low, high)
		case said == "made":
			m.made(c, low, high)
		default:
			m.refused(c, said, low, high)
		}
	}
	m.Log("calls: ", kinds)
	for _, want := range []string{"create made", "update stale", "delete made", "update path taken", "load made"} {
		if kinds[want] == 0 {
			m.Errorf("no call was %q, so the test says little", want)
		}
	}
	m.exclusive(order)
}

// exclusive checks that every change was asked for, and may be made at its
// place of the trail.
func (m *model) exclusive(order *order) {
	byUser := map[string]*call{}
	for _, c := range m.calls {
		byUser[c.user] = c
	}
	for i, change := range m.changes {
		c := byUser[change.User]
		if c == nil || c.action != change.Action {
			m.Errorf("nobody asked for\n%s", show(change))
			continue
		}
		if said := m.judge(i, c); said != "made" {
			m.Errorf("call %s made\n%s, but was to be refused: %s", c.user, show(change), said)
		}
		if r := change.After; r != nil && (r.Path != c.record.Path || r.Handler != c.record.Handler || r.Enabled != c.record.Enabled) {
			m.Errorf("call %s asked for %+v and made\n%s", c.user, c.record, show(change))
		}
		if low, _ := order.bounds(c); i < low {
			m.Errorf("call %s made change %d, but change %d was made before it began", c.user, i, low-1)
		}
	}
}

// unknown checks a call that ended with its context: it made one change, or
// none.
func (m *model) unknown(c *call) {
	if i, ok := m.byUser[c.user]; ok && c.action == load {
		m.Errorf("a load made\n%s", show(m.changes[i]))
	}
}

func (m *model) made(c *call, low, high int) {
	i, ok := m.byUser[c.user]
	if !ok || m.changes[i].Sequence != c.sequence {
		m.Errorf("call %s made change %d, which the trail has not", c.user, c.sequence)
		return
	}
	if i < low || i >= high {
		m.Errorf("call %s made change number %d, want one from %d to %d", c.user, i, low, high-1)
	}
}

func (m *model) refused(c *call, said string, low, high int) {
	if i, ok := m.byUser[c.user]; ok {
		m.Errorf("call %s returned %v, but made\n%s", c.user, c.err, show(m.changes[i]))
	}
	for n := low; n <= high; n++ {
		if m.judge(n, c) == said {
			return
		}
	}
	m.Errorf("call %s returned %v, which no state from %d to %d explains: %s %+v at revision %d",
		c.user, c.err, low, high, c.action, c.record, c.revision)
}

// loaded checks that a load saw one state, and one that was not past.
func (m *model) loaded(c *call, low, high int) {
	n := sort.Search(len(m.changes), func(i int) bool { return m.changes[i].Sequence > c.sequence })
	if n < low || n > high {
		m.Errorf("call %s loaded the state after %d changes, want one from %d to %d", c.user, n, low, high)
	}
	found := 0
	for _, account := range linearAccounts {
		for _, id := range linearNames {
			want := m.at(n, account, id)
			i := slices.IndexFunc(c.loaded, func(r manage.Record) bool { return r.Account == account && r.ID == id })
			if i < 0 && want == nil {
				continue
			}
			if i < 0 || want == nil || !same(c.loaded[i], *want) {
				m.Errorf("call %s loaded endpoint %s of %s unlike %+v:\n%+v", c.user, id, account, want, c.loaded)
				continue
			}
			found++
		}
	}
	if found != len(c.loaded) {
		m.Errorf("call %s loaded %d records, of which %d are known", c.user, len(c.loaded), found)
	}
}

// An order tells which changes were made before a call began, and which began
// after it ended.
type order struct {
	ends   []time.Time // of calls that were acknowledged, sorted
	before []int       // the number of changes up to the last that one of the first i calls made
	begins []time.Time // of all calls that made a change, sorted
	after  []int       // the first change that one of the calls from i on made
}

func (m *model) acknowledged() *order {
	type made struct {
		begin, end time.Time
		index      int
		known      bool
	}
	var all []made
	for _, c := range m.calls {
		if i, ok := m.byUser[c.user]; ok {
			all = append(all, made{c.begin, c.end, i, c.err == nil})
		}
	}
	o := &order{before: []int{0}}
	slices.SortFunc(all, func(a, b made) int { return a.end.Compare(b.end) })
	for _, c := range all {
		if c.known {
			o.ends = append(o.ends, c.end)
			o.before = append(o.before, max(o.before[len(o.before)-1], c.index+1))
		}
	}
	slices.SortFunc(all, func(a, b made) int { return a.begin.Compare(b.begin) })
	o.after = make([]int, len(all)+1)
	o.after[len(all)] = len(m.changes)
	for i := len(all) - 1; i >= 0; i-- {
		o.after[i] = min(o.after[i+1], all[i].index)
	}
	for _, c := range all {
		o.begins = append(o.begins, c.begin)
	}
	return o
}

// bounds returns how many changes a call must have seen, and how many it can
// have seen.
func (o *order) bounds(c *call) (low, high int) {
	i := sort.Search(len(o.ends), func(i int) bool { return !o.ends[i].Before(c.begin) })
	j := sort.Search(len(o.begins), func(i int) bool { return o.begins[i].After(c.end) })
	return o.before[i], o.after[j]
}
