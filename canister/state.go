package canister

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

// A State is a value that queries see and updates change. It is changed by the
// updates of any number of canisters, one at a time. Its methods may be called
// concurrently.
type State[T any] struct {
	clone   func(T) T
	id      uint64 // orders states, so that several are always taken in the same order
	turn    turn   // of the update that reads or edits it
	publish sync.RWMutex
	current atomic.Pointer[T] // what was committed last
	kept    keeper[T]
}

// NewState returns a state with a first value. clone returns a copy that
// shares nothing with its argument which anybody changes in place; it is called
// once by each update that asks for the state and once by each query that calls
// Get, and so may be the price of the service: the package comment says how to
// keep it low. It may be nil if T has no pointers, maps, slices, interfaces,
// channels or functions; [time.Time] counts as having none. NewState panics if
// T has one and clone is nil.
func NewState[T any](initial T, clone func(T) T) *State[T] {
	if clone == nil {
		t := reflect.TypeFor[T]()
		if part := sharedPart(t, t.String()); part != "" {
			panic(fmt.Sprintf("canister: NewState[%s]: copies would share %s; give a clone function, such as maps.Clone", t, part)) //nolint:forbidigo // a fault of registration that no error can carry
		}
		clone = func(v T) T { return v }
	}
	s := &State[T]{clone: clone, id: rand.Uint64(), turn: newTurn()}
	initial = clone(initial)
	s.current.Store(&initial)
	return s
}

// sharedPart returns the first part of a type that copies of its values would
// share, "" if there is none.
func sharedPart(t reflect.Type, name string) string {
	if t == reflect.TypeFor[time.Time]() {
		return ""
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return fmt.Sprintf("%s (%s)", name, t)
	case reflect.Array:
		return sharedPart(t.Elem(), name+"[0]")
	case reflect.Struct:
		for f := range t.Fields() {
			if part := sharedPart(f.Type, name+"."+f.Name); part != "" {
				return part
			}
		}
	}
	return ""
}

// Get returns the state as the query or update that ctx belongs to sees it: a
// copy of its own. All states that one query asks for are of one moment, and
// stay so while it runs. An update sees what it changed itself. Outside of a
// call Get returns a copy of what was committed last.
func (s *State[T]) Get(ctx context.Context) T {
	c := callOf(ctx)
	if c == nil || !c.enter() {
		return s.clone(*s.current.Load())
	}
	defer c.mu.Unlock()
	return *s.own(c)
}

// View is Get without the copy, for states whose copies are dear: the value is
// shared with everybody who reads it, so nothing reached from it may be changed.
func (s *State[T]) View(ctx context.Context) T {
	c := callOf(ctx)
	if c == nil || !c.enter() {
		return *s.current.Load()
	}
	defer c.mu.Unlock()
	if p, ok := c.copies[s]; ok {
		return *p.(*T)
	}
	return *c.seen(s).(*T)
}

// Edit returns the working copy of the update that ctx belongs to, which is
// committed if the update succeeds, together with those of all other states
// that it edited. The pointer is not to be used after the update returned. In
// a query, and outside of a call, Edit panics, which endpoint answers with 500
// and logs.
func (s *State[T]) Edit(ctx context.Context) *T {
	c := callOf(ctx)
	if c == nil || !c.enter() {
		panic("canister: State.Edit outside of an update; call it with the context that Update was given, before Update returns") //nolint:forbidigo // documented: there is nothing to edit
	}
	defer c.mu.Unlock()
	if !c.update {
		panic("canister: State.Edit in a query, which cannot change state; answer Upgrade and edit in Update") //nolint:forbidigo // documented: a query changes nothing
	}
	p := s.own(c)
	if !c.edited[s] {
		if c.edited == nil {
			c.edited = map[cell]bool{}
		}
		c.edited[s] = true
	}
	return p
}

// own returns the copy of the state that belongs to a call.
func (s *State[T]) own(c *call) *T {
	if p, ok := c.copies[s]; ok {
		return p.(*T)
	}
	v := s.clone(*c.seen(s).(*T))
	if c.copies == nil {
		c.copies = map[cell]any{}
	}
	c.copies[s] = &v
	return &v
}

// A cell is a State of any type.
type cell interface {
	order() uint64
	queue() turn
	publisher() *sync.RWMutex
	load() any
	store(p any)
	file() *file
}

func (s *State[T]) order() uint64            { return s.id }
func (s *State[T]) queue() turn              { return s.turn }
func (s *State[T]) publisher() *sync.RWMutex { return &s.publish }
func (s *State[T]) load() any                { return s.current.Load() }

// store commits a copy, so that who kept the pointer changes nothing.
func (s *State[T]) store(p any) {
	v := *p.(*T)
	s.current.Store(&v)
}

// A turn is a lock that is waited for no longer than a request lasts.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// try takes the turn if nobody has it.
func (t turn) try() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turn) give() { <-t }
