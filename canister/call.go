package canister

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/seed217079a1/endpoint"
)

// A canister is a service that was registered.
type canister struct {
	service Service
	turn    turn // of the update that runs

	mu      sync.RWMutex   // guards what follows, and what each query has seen
	known   []cell         // states that its calls asked for, by order
	queries map[*call]bool // those that asked for one and still run
}

func newCanister(s Service) *canister {
	return &canister{service: s, turn: newTurn(), queries: map[*call]bool{}}
}

// A call is a query or an update that runs.
type call struct {
	canister *canister
	update   bool
	ctx      context.Context // of an update, which ends its waiting

	pins map[cell]any // of a query: what it sees, by state; guarded by canister.mu

	mu     sync.Mutex // guards what follows: user code may start goroutines
	ended  bool
	copies map[cell]any // its own copies, as *T
	edited map[cell]bool
	held   []cell // states whose turn an update has
	abort  error  // why an update cannot be committed
}

// callKey is the key of the *call in a context.
type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// queryContext returns a context for one callback, which is a query of the
// canister that ctx belongs to, and what ends it. Elsewhere it is ctx itself.
func queryContext(ctx context.Context) (context.Context, func()) {
	c := callOf(ctx)
	if c == nil {
		return ctx, func() {}
	}
	q := &call{canister: c.canister}
	return context.WithValue(ctx, callKey{}, q), q.end
}

// enter locks the call, unless it has ended.
func (c *call) enter() bool {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return false
	}
	return true
}

// end lets go of what the call holds; what is asked of its context from now on
// is asked outside of a call.
func (c *call) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for _, s := range c.held {
		s.queue().give()
	}
	c.held = nil
	if !c.update {
		c.canister.forget(c)
	}
}

// seen returns the committed value that the call sees, as *T.
func (c *call) seen(s cell) any {
	if !c.update {
		return c.canister.pinned(c, s)
	}
	c.hold(s)
	return s.load()
}

// errConflict is the fault of two updates that wait for each other.
var errConflict = errors.New("canister: two updates of different canisters edit the same states in different orders; edit them in one order")

// hold takes the state's turn for an update, until its end. Only updates of
// other canisters can have it. Several are taken in their order, or not waited
// for, so that no two updates wait for each other. An update that cannot have a
// state goes on with a copy that is not committed.
func (c *call) hold(s cell) {
	if c.abort != nil || slices.Contains(c.held, s) {
		return
	}
	inOrder := !slices.ContainsFunc(c.held, func(h cell) bool { return h.order() > s.order() })
	switch {
	case s.queue().try():
	case inOrder:
		c.abort = s.queue().take(c.ctx)
	default:
		c.abort = endpoint.Errorf(http.StatusServiceUnavailable, "another update is in the way; try again").Wrap(errConflict)
	}
	if c.abort != nil {
		return
	}
	c.held = append(c.held, s)
	c.canister.register(s)
}

// commit makes what an update edited the states of all that follow: written to
// its file first, then published at once.
func (c *call) commit() error {
	if !c.enter() {
		return nil
	}
	defer c.mu.Unlock()
	switch {
	case c.abort != nil:
		return c.abort
	case c.ctx.Err() != nil:
		return context.Cause(c.ctx) // the client was told otherwise, or is gone
	case len(c.edited) == 0:
		return nil
	}
	edited := slices.SortedFunc(maps.Keys(c.edited), byOrder)
	f, err := commonFile(edited)
	if err != nil {
		return err
	}
	if f != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		if err := f.save(c.copies, c.edited); err != nil {
			return fmt.Errorf("canister: the state cannot be written: %w", err)
		}
	}
	for _, s := range edited {
		s.publisher().Lock()
		defer s.publisher().Unlock()
	}
	for _, s := range edited {
		s.store(c.copies[s])
	}
	return nil
}

func byOrder(a, b cell) int { return cmp.Compare(a.order(), b.order()) }

// pinned returns what a query sees of a state. When it asks for the first
// time, it is given all states that the canister knows, as they are at one
// moment.
func (c *canister) pinned(q *call, s cell) any {
	c.mu.RLock()
	p, ok := q.pins[s]
	c.mu.RUnlock()
	if ok {
		return p
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.learn(s)
	if q.pins == nil {
		c.queries[q] = true
		q.pins = moment(c.known)
	}
	return q.pins[s]
}

// register notes a state before it is edited.
func (c *canister) register(s cell) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.learn(s)
}

// learn adds a state to those that the canister knows. Queries that run have it
// as it is now: the canister has not edited it since they began.
func (c *canister) learn(s cell) {
	i, found := slices.BinarySearchFunc(c.known, s, byOrder)
	if found {
		return
	}
	c.known = slices.Insert(c.known, i, s)
	for q := range c.queries {
		q.pins[s] = s.load()
	}
}

// forget ends a query.
func (c *canister) forget(q *call) {
	c.mu.RLock()
	pinned := q.pins != nil
	c.mu.RUnlock()
	if pinned {
		c.mu.Lock()
		delete(c.queries, q)
		c.mu.Unlock()
	}
}

// moment returns the values of states, which are in order, at one moment.
func moment(states []cell) map[cell]any {
	for _, s := range states {
		s.publisher().RLock()
	}
	values := make(map[cell]any, len(states))
	for _, s := range states {
		values[s] = s.load()
	}
	for _, s := range states {
		s.publisher().RUnlock()
	}
	return values
}
