package main

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A relay passes connections on to a server, until it is cut.
type relay struct {
	to   string
	addr string

	mu    sync.Mutex
	l     net.Listener
	down  bool
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	r := &relay{to: to, addr: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	r.mend(t)
	t.Cleanup(func() {
		r.cut()
		r.wg.Wait()
	})
	return r
}

func (r *relay) address() string { return r.addr }

// mend listens again, at the same address.
func (r *relay) mend(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.l, r.addr, r.down = l, l.Addr().String(), false
	r.mu.Unlock()
	r.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.wg.Go(func() { r.pass(c) })
		}
	})
}

// cut closes everything.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = true
	_ = r.l.Close()
	for c := range r.conns {
		_ = c.Close()
	}
}

// keep notes a connection for cut to close; if the relay is cut already, it
// closes it.
func (r *relay) keep(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = true
	if r.down {
		_ = c.Close()
	}
}

func (r *relay) pass(c net.Conn) {
	r.keep(c)
	defer c.Close()
	s, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	r.keep(s)
	defer s.Close()
	r.wg.Go(func() {
		_, _ = io.Copy(s, c)
		_ = s.Close()
	})
	_, _ = io.Copy(c, s)
}
