package sqlstore

import "sync"

// A signal wakes everybody who waits for it. The zero value is ready.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

// next returns a channel that the next wake closes.
func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
