package script

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// How long the pool waits before it tries again to start workers that do not
// start: the time doubles with every failure.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

var (
	errClosed = &trouble{text: "the engine is closed"}
	errBusy   = &trouble{text: "all workers are busy"}
	errQueue  = &trouble{text: "all workers are busy and the queue is full"}
)

// A pool runs scripts in workers, one call at a time in each.
type pool struct {
	limits Limits
	// slots has room for each call that may have a worker. Calls of scripts
	// that are not known to be quick need a place in the slow lane first, which
	// is half as wide: they cannot take all workers from the others.
	slots, slow               chan struct{}
	waitingSlots, waitingSlow atomic.Int32

	mu        sync.Mutex
	idle      []*worker // the one used last at the end
	workers   map[*worker]bool
	failures  int       // of starts, in a row
	notBefore time.Time // of the next start
	closed    bool

	stop       chan struct{} // closed by close
	background sync.WaitGroup
	launching  sync.Once
	launches   chan func()
}

func newPool(limits Limits) *pool {
	return &pool{
		limits:   limits,
		slots:    make(chan struct{}, limits.Processes),
		slow:     make(chan struct{}, (limits.Processes+1)/2),
		workers:  make(map[*worker]bool),
		stop:     make(chan struct{}),
		launches: make(chan func()),
	}
}

func (p *pool) compile(ctx context.Context, s *source) error {
	return p.with(ctx, true, func(w *worker) error { return w.compile(ctx, s) })
}

func (p *pool) run(ctx context.Context, s *source, c *call) (out *response, err error) {
	err = p.with(ctx, s.credit.Load() > 0, func(w *worker) error {
		began := time.Now()
		out, err = w.run(ctx, s, c)
		if ctx.Err() == nil {
			p.judge(s, w, time.Since(began))
		}
		return err
	})
	return out, err
}

// judge remembers how a call went. A script that ends soon gets credit for some
// calls that do not; without credit it has to use the slow lane. One that is
// new, or has cost a worker, has none.
func (p *pool) judge(s *source, w *worker, took time.Duration) {
	const most = 3
	switch credit := s.credit.Load(); {
	case w.broken:
		s.credit.Store(0)
	case took < p.limits.Time/4:
		s.credit.Store(most)
	case credit > 0:
		s.credit.Store(credit - 1)
	}
}

// with lends a worker to f, after a wait of at most half the time of a call.
func (p *pool) with(ctx context.Context, quick bool, f func(*worker) error) error {
	began := time.Now()
	if !quick {
		if err := p.wait(ctx, p.slow, &p.waitingSlow, began); err != nil {
			return err
		}
		defer func() { <-p.slow }()
	}
	if err := p.wait(ctx, p.slots, &p.waitingSlots, began); err != nil {
		return err
	}
	w, err := p.take()
	if err != nil {
		<-p.slots
		return err
	}
	defer p.give(w)
	return f(w)
}

// wait takes a place in a lane.
func (p *pool) wait(ctx context.Context, lane chan struct{}, queue *atomic.Int32, began time.Time) error {
	select {
	case lane <- struct{}{}:
		return nil
	default:
	}
	defer queue.Add(-1)
	if int(queue.Add(1)) > p.limits.Queue {
		return errQueue
	}
	late := time.NewTimer(p.limits.Time/2 - time.Since(began))
	defer late.Stop()
	select {
	case lane <- struct{}{}:
		return nil
	case <-late.C:
		return errBusy
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.stop:
		return errClosed
	}
}

// take returns a worker that lives: the one that was used last, since it is
// the most likely to have its memory at hand, or a new one.
func (p *pool) take() (*worker, error) {
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return nil, errClosed
		}
		last := len(p.idle) - 1
		if last < 0 {
			p.mu.Unlock()
			return p.start()
		}
		w := p.idle[last]
		p.idle = p.idle[:last]
		p.mu.Unlock()
		if !w.ended() {
			return w, nil
		}
		p.bury(w)
	}
}

// give puts a worker and its slot back. A broken worker is replaced first,
// while its caller goes on already.
func (p *pool) give(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		<-p.slots
	case w.broken:
		p.background.Go(func() {
			defer func() { <-p.slots }()
			p.replace(w)
		})
	default:
		p.idle = append(p.idle, w)
		<-p.slots
	}
}

func (p *pool) replace(w *worker) {
	p.bury(w)
	w, err := p.start()
	if err != nil {
		return // the next call tries again, and tells
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, w)
}

// bury ends a worker and forgets it.
func (p *pool) bury(w *worker) {
	w.kill()
	<-w.done
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.workers, w)
}

// start starts a worker, unless the last starts failed and it is too early to
// try again.
func (p *pool) start() (*worker, error) {
	p.mu.Lock()
	pause := time.Until(p.notBefore)
	p.mu.Unlock()
	if pause > 0 {
		return nil, &trouble{text: fmt.Sprintf("workers do not start; the next try is in %v", pause.Round(time.Millisecond))}
	}
	w, err := p.launch()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.notBefore = time.Now().Add(min(firstPause<<min(p.failures, 10), lastPause))
		p.failures++
		return nil, &trouble{text: "a worker could not be started", cause: err}
	}
	p.failures = 0
	if p.closed {
		w.kill()
		<-w.done
		return nil, errClosed
	}
	p.workers[w] = true
	return w, nil
}

// launch starts a process from the one thread that lives as long as the pool:
// Linux ends the workers with the thread that started them.
func (p *pool) launch() (w *worker, err error) {
	p.launching.Do(func() { p.background.Go(p.launcher) })
	var connected func() (*worker, error)
	started := make(chan struct{})
	launch := func() {
		connected, err = launchWorker(p.limits)
		close(started)
	}
	select {
	case p.launches <- launch:
		<-started
	case <-p.stop:
		return nil, errClosed
	}
	if err != nil {
		return nil, err
	}
	return connected()
}

func (p *pool) launcher() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case launch := <-p.launches:
			launch()
		case <-p.stop:
			return
		}
	}
}

// close ends the workers and waits until they are gone.
func (p *pool) close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.stop)
	}
	workers := p.workers
	p.workers = nil
	p.idle = nil
	p.mu.Unlock()
	for w := range workers {
		w.kill()
		<-w.done
	}
	p.background.Wait()
	return nil
}
