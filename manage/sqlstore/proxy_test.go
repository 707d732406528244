package sqlstore_test

import (
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// A proxy stands between a store and its server, and is the network that fails.
type proxy struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool // new connections are closed, too
	silent bool // what comes is dropped, and its connection never recovers

	sent, received int // bytes from and to the store
	onSent, onBack func(p *proxy, total int)
}

// startProxy returns a proxy to the server of a DSN, and the DSN that leads
// through it.
func startProxy(t testing.TB, dsn string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: u.Host, conns: map[net.Conn]bool{}}
	if u.Port() == "" {
		p.target = net.JoinHostPort(u.Hostname(), "5432")
	}
	p.wg.Go(p.accept)
	t.Cleanup(p.stop)
	u.Host = listener.Addr().String()
	return p, u.String()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.add(client, server) {
		return
	}
	defer p.forget(client, server)
	var wg sync.WaitGroup
	var lost atomic.Bool
	wg.Go(func() { p.forward(server, client, &lost, &p.sent, true) })
	wg.Go(func() { p.forward(client, server, &lost, &p.received, false) })
	wg.Wait()
}

func (p *proxy) forward(to, from net.Conn, lost *atomic.Bool, count *int, up bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !p.pass(n, count, up) {
			lost.Store(true)
		}
		if n > 0 && !lost.Load() {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass reports whether bytes go on.
func (p *proxy) pass(n int, count *int, up bool) bool {
	p.mu.Lock()
	*count += n
	total, watch := *count, p.onBack
	if up {
		watch = p.onSent
	}
	p.mu.Unlock()
	if watch != nil {
		watch(p, total)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.silent
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = true
	}
	return !p.closed
}

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}

// set changes how the network is.
func (p *proxy) set(closed, silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.silent = closed, silent
}

// watch sets what is called before bytes from or to the store go on, with how
// many there were since.
func (p *proxy) watch(onSent, onBack func(p *proxy, total int)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onSent, p.onBack = onSent, onBack
	p.sent, p.received = 0, 0
}

func (p *proxy) counts() (sent, received int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent, p.received
}

// cut breaks all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, so that what is under way is lost
		}
		_ = c.Close()
	}
}

func (p *proxy) stop() {
	_ = p.listener.Close()
	p.set(true, false)
	p.cut()
	p.wg.Wait()
}
