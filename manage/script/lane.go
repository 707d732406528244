package script

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A lane has places for calls, and a queue in front of it.
type lane struct {
	places  chan struct{}
	waiting atomic.Int32
	queue   int // calls that may wait
}

func newLane(places, queue int) *lane {
	return &lane{places: make(chan struct{}, places), queue: queue}
}

// try takes a place if there is one.
func (l *lane) try() bool {
	select {
	case l.places <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l *lane) leave() { <-l.places }

// crowded reports whether somebody waits.
func (l *lane) crowded() bool { return l.waiting.Load() > 0 }

// enter takes a place, and waits for one until a time.
func (l *lane) enter(ctx context.Context, until time.Time, stop <-chan struct{}) error {
	if l.try() {
		return nil
	}
	defer l.waiting.Add(-1)
	if int(l.waiting.Add(1)) > l.queue {
		return errQueue
	}
	late := time.NewTimer(time.Until(until))
	defer late.Stop()
	select {
	case l.places <- struct{}{}:
		return nil
	case <-late.C:
		return errBusy
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-stop:
		return errClosed
	}
}

// A visit is the time that a call has a worker. One that gets long needs a
// place in the slow lane. Where there is none it goes on as long as nobody
// waits for what it has, and then it is ended.
type visit struct {
	pool   *pool
	worker *worker

	mu      sync.Mutex
	lane    *lane // where it has a place, beside that in the lane of all; nil if nowhere
	timer   *time.Timer
	over    bool
	evicted bool
}

// long is when a visit gets long: several that are new, and one that is known
// to be quick, fit into the time that a call waits.
func (v *visit) long() time.Duration {
	if v.lane == nil {
		return v.pool.limits.Time / 4
	}
	return v.pool.limits.Time / 10
}

// begin gives the visit its worker.
func (v *visit) begin(w *worker) {
	v.worker = w
	if v.lane == v.pool.slow {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.timer = time.AfterFunc(v.long(), v.move)
}

// move is called when the visit gets long.
func (v *visit) move() {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.over:
	case v.pool.slow.try():
		v.leave()
		v.lane = v.pool.slow
	case v.pool.all.crowded() || v.lane != nil && v.lane.crowded():
		v.evicted = true
		v.worker.kill()
	default:
		v.timer.Reset(v.long())
	}
}

// end reports whether the visit was ended for the sake of others.
func (v *visit) end() (evicted bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.over = true
	if v.timer != nil {
		v.timer.Stop()
	}
	return v.evicted
}

// leave gives back the place beside that in the lane of all.
func (v *visit) leave() {
	if v.lane != nil {
		v.lane.leave()
	}
}
