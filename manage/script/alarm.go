package script

import (
	"sync"
	"time"
)

// An alarm calls a function when a call takes too long. It is set for one call
// after another, always for the same time; so its timer need not be moved for
// each of them, which could cost more than the call: when it fires it looks
// whether the time is really over, and else sets itself for what is left.
type alarm struct {
	after time.Duration

	mu    sync.Mutex
	timer *time.Timer // nil before the first call
	armed bool        // timer will fire
	at    time.Time   // when the call of now is late
	f     func()      // nil if there is no call, or the alarm rang
}

// set sets the alarm. The function runs in another goroutine, but never after
// clear.
func (a *alarm) set(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at, a.f = time.Now().Add(a.after), f
	switch {
	case a.armed:
	case a.timer == nil:
		a.timer = time.AfterFunc(a.after, a.ring)
	default:
		a.timer.Reset(a.after)
	}
	a.armed = true
}

// clear ends a call and reports whether the alarm rang for it.
func (a *alarm) clear() (rang bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	rang = a.f == nil
	a.f = nil
	return rang
}

// hurry lets the alarm ring after d at the latest, if it is set.
func (a *alarm) hurry(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := time.Now().Add(d)
	if a.f == nil || at.After(a.at) {
		return
	}
	a.at = at
	a.timer.Reset(d)
	a.armed = true
}

func (a *alarm) ring() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.armed = false
	if a.f == nil {
		return
	}
	if left := time.Until(a.at); left > 0 {
		a.timer.Reset(left)
		a.armed = true
		return
	}
	a.f()
	a.f = nil
}
