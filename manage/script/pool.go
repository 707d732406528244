package script

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// How long the pool waits before it tries again to start workers that do not
// start: the time doubles with every failure.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

var (
	errClosed  = &trouble{text: "the engine is closed"}
	errBusy    = &trouble{text: "all workers are busy"}
	errQueue   = &trouble{text: "all workers are busy and the queue is full"}
	errLate    = &trouble{text: "a worker took so long to start that too little time was left for the call"}
	errEvicted = &trouble{text: "all workers are busy, and this call took so long that it was ended for others that wait"}
)

// A pool runs scripts in workers, one call at a time in each.
type pool struct {
	limits Limits
	// all has a place for each worker. What is not known to be quick needs a
	// place in one more lane first: fresh for texts to compile and scripts
	// without a record, slow for those with a bad one. Each has three of eight
	// places; so a quarter of the workers is left to scripts known to be quick,
	// and what is new need not wait for what is known to be slow.
	all, fresh, slow *lane

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
	part := max(1, limits.Processes*3/8)
	return &pool{
		limits:   limits,
		all:      newLane(limits.Processes, limits.Queue),
		fresh:    newLane(part, limits.Queue),
		slow:     newLane(part, limits.Queue),
		workers:  make(map[*worker]bool),
		stop:     make(chan struct{}),
		launches: make(chan func()),
	}
}

func (p *pool) compile(ctx context.Context, s *source) error {
	return p.with(ctx, p.fresh, func(w *worker) error { return w.compile(ctx, s) })
}

func (p *pool) run(ctx context.Context, s *source, c *call) (out *response, err error) {
	err = p.with(ctx, p.laneOf(s), func(w *worker) error {
		began := time.Now()
		out, err = w.run(ctx, s, c)
		p.judge(s, w, time.Since(began), ctx.Err() != nil)
		return err
	})
	return out, err
}

// A source's credit is how many calls that are not quick it may make before it
// has to use the slow lane.
const (
	noRecord  = 0
	badRecord = -1
	maxCredit = 3
)

func (p *pool) laneOf(s *source) *lane {
	switch credit := s.credit.Load(); {
	case credit == noRecord:
		return p.fresh
	case credit < noRecord:
		return p.slow
	}
	return nil
}

// judge remembers how a call went. One that costs a worker takes all credit.
// That its caller went away is no fault of a script that was quick until then.
func (p *pool) judge(s *source, w *worker, took time.Duration, gone bool) {
	quick := took < p.limits.Time/4
	switch credit := s.credit.Load(); {
	case gone && quick:
	case w.broken && !gone:
		s.credit.Store(badRecord)
	case quick && !w.tired:
		s.credit.Store(maxCredit)
	case credit > 1:
		s.credit.Store(credit - 1)
	default:
		s.credit.Store(badRecord)
	}
}

// patience is how long a call may wait: half the time of a call. Scripts known
// to be quick can wait longer and still answer in time.
func (p *pool) patience(in *lane) time.Duration {
	if in == nil {
		return p.limits.Time * 3 / 4
	}
	return p.limits.Time / 2
}

// with lends a worker to f.
func (p *pool) with(ctx context.Context, in *lane, f func(*worker) error) error {
	until := time.Now().Add(p.patience(in))
	v := &visit{pool: p, lane: in}
	if in != nil {
		if err := in.enter(ctx, until, p.stop); err != nil {
			return err
		}
	}
	if err := p.all.enter(ctx, until, p.stop); err != nil {
		v.leave()
		return err
	}
	w, err := p.take()
	if err != nil {
		p.leave(v)
		return err
	}
	defer p.give(w, v)
	w.until = until
	v.begin(w)
	err = f(w)
	if v.end() {
		w.broken = true
		return errEvicted
	}
	return err
}

// leave gives back the places of a visit.
func (p *pool) leave(v *visit) {
	p.all.leave()
	v.leave()
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

// give puts a worker back, and then leaves its places to others. A worker that
// is used up is replaced first, while its caller goes on already.
func (p *pool) give(w *worker, v *visit) {
	v.end() // should f have panicked
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		p.leave(v)
	case w.broken || w.tired:
		p.background.Go(func() {
			defer p.leave(v)
			p.replace(w)
		})
	default:
		p.idle = append(p.idle, w)
		p.leave(v)
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
