package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// A resourceListener shortens the write deadlines of its connections, so that
// a stalled reader need not be waited for, and notes the longest one.
type resourceListener struct {
	net.Listener

	limit   time.Duration
	longest atomic.Int64
}

func (l *resourceListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	_ = conn.(*net.TCPConn).SetWriteBuffer(16 << 10) // a small one is full sooner
	return &resourceConn{conn, l}, nil
}

type resourceConn struct {
	net.Conn

	l *resourceListener
}

func (c *resourceConn) SetWriteDeadline(at time.Time) error {
	if at.IsZero() {
		return c.Conn.SetWriteDeadline(at)
	}
	asked := int64(time.Until(at))
	if old := c.l.longest.Load(); asked > old {
		c.l.longest.CompareAndSwap(old, asked)
	}
	return c.Conn.SetWriteDeadline(time.Now().Add(c.l.limit))
}

// resourceWhole is the size of a finite answer, in bytes: more than the
// buffers of a connection hold.
const resourceWhole = 16 << 20

// resourceStalled has answers that never end for a client that reads nothing.
func resourceStalled(api *endpoint.API, ended *atomic.Int64) {
	whole := strings.Repeat("x", resourceWhole)
	piece := whole[:32<<10]
	api.Get("elements", func() iter.Seq[string] {
		return func(yield func(string) bool) {
			defer ended.Add(1)
			for yield(piece) {
			}
		}
	})
	api.Get("reader", func() io.Reader { return &resourceEndless{ended: ended} })
	api.Get("large", func() string { return whole }, endpoint.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer ended.Add(1)
			next.ServeHTTP(w, r)
		})
	}))
	api.Get("media", func() endpoint.Media {
		return endpoint.Media{Content: struct {
			io.ReadSeeker
			io.Closer
		}{strings.NewReader(whole), &resourceEndless{ended: ended}}}
	})
}

// A resourceEndless is a reader without end that notes when it is closed.
type resourceEndless struct{ ended *atomic.Int64 }

func (*resourceEndless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (r *resourceEndless) Close() error {
	r.ended.Add(1)
	return nil
}

func TestResourceSlowClients(t *testing.T) {
	// 105: each kind of slow client is let go, and others are served meanwhile.
	leak.Check(t)
	var ended atomic.Int64
	api := bindAPI(endpoint.BodyTimeout(100 * time.Millisecond))
	resourceStalled(api, &ended)
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	l := &resourceListener{Listener: bindListen(t), limit: 200 * time.Millisecond}
	bindServeOn(t, l, api)
	resourceSlow(t, l.Addr().String(), 10, 5*time.Second, &ended)
	if longest := time.Duration(l.longest.Load()); longest == 0 || longest > 20*time.Second {
		t.Errorf("105: the longest write deadline is %v, want at most 20s", longest)
	}
}

func TestResourceSlowClientsOfServe(t *testing.T) {
	// 105 with the real limits.
	if !resourceSoak() {
		t.Skip("takes 30s; ENDPOINT_SOAK=1 runs it")
	}
	leak.Check(t)
	var ended atomic.Int64
	api := bindAPI(endpoint.BodyTimeout(10 * time.Second))
	resourceStalled(api, &ended)
	ctx, cancel := context.WithCancel(t.Context())
	l := bindListen(t)
	served := make(chan error, 1)
	go func() { served <- endpoint.ServeListener(ctx, l, api) }()
	resourceSlow(t, l.Addr().String(), 50, 30*time.Second, &ended)
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// resourceSlow holds many slow connections of each kind until the server ends
// them, and asks for /hello beside them. The four kinds of stalled readers count
// in ended when they are let go.
func resourceSlow(t *testing.T, addr string, each int, limit time.Duration, ended *atomic.Int64) {
	t.Helper()
	release := make(chan struct{})
	const head = "POST /people HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
	trickle := func(first string) func(net.Conn) {
		return func(conn net.Conn) {
			_, err := io.WriteString(conn, first)
			for tick := time.NewTicker(20 * time.Millisecond); err == nil; <-tick.C {
				_, err = io.WriteString(conn, " ")
			}
		}
	}
	once := func(text string) func(net.Conn) {
		return func(conn net.Conn) { _, _ = io.WriteString(conn, text) }
	}
	var wg sync.WaitGroup
	for name, slow := range map[string]struct {
		client func(net.Conn)
		want   string // how the answer begins
		stall  bool   // it reads nothing
	}{
		"slowloris":     {trickle("GET /hello HTTP/1.1\r\nX-A: "), "", false},
		"trickled body": {trickle(head + "Content-Length: 100000\r\n\r\n{"), "HTTP/1.1 408", false},
		"no body":       {once(head + "Content-Length: 10\r\n\r\n"), "HTTP/1.1 408", false},
		"no chunk":      {once(head + "Transfer-Encoding: chunked\r\n\r\n5\r\n"), "HTTP/1.1 408", false},
		"no upload":     {once("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 10\r\n\r\n"), "HTTP/1.1 408", false},
		"no form":       {once("POST /fields HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\na"), "HTTP/1.1 408", false},
		"unread body":   {once("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"), "HTTP/1.1 405", false},
		"body of a GET": {once("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"), "", false},
		"elements":      {once(bindText("GET", "/elements", "", "")), "HTTP/1.1 200", true},
		"reader":        {once(bindText("GET", "/reader", "", "")), "HTTP/1.1 200", true},
		"large":         {once(bindText("GET", "/large", "", "")), "HTTP/1.1 200", true},
		"media":         {once(bindText("GET", "/media", "", "")), "HTTP/1.1 200", true},
	} {
		for range each {
			wg.Go(func() {
				conn, err := bindConnect(addr, limit*bindSlack())
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				_ = conn.SetReadBuffer(4 << 10) // a small one is full sooner
				start := time.Now()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					slow.client(conn)
				}()
				if slow.stall {
					<-sent
					<-release // reads nothing until then
					return
				}
				answer, err := io.ReadAll(conn)
				if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
					t.Errorf("105 %s: still open after %v", name, time.Since(start))
				} else if !strings.HasPrefix(string(answer), slow.want) {
					t.Errorf("105 %s: %.100q, %v after %v, want %s", name, answer, err, time.Since(start), slow.want)
				}
				_ = conn.Close()
				<-sent
			})
		}
	}
	for range 10 {
		bindHealthy(t, addr)
	}
	if !bindSoon(limit*bindSlack(), func() bool { return ended.Load() == int64(4*each) }) {
		t.Errorf("105: %d of %d stalled streams ended within %v", ended.Load(), 4*each, limit*bindSlack())
	}
	close(release)
	wg.Wait()
}

func TestResourceVanished(t *testing.T) {
	// 106: clients that vanish with a RST, and idle ones, leave nothing behind.
	t.Setenv("TMPDIR", t.TempDir())
	var ended atomic.Int64
	api := bindAPI(endpoint.BodyTimeout(5 * time.Second))
	resourceStalled(api, &ended)
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	addr := bindServe(t, api)
	bindHealthy(t, addr)
	base := runtime.NumGoroutine()
	upload := bindMultipart("/upload", bindPart{"file", "f", strings.Repeat("c", 2<<20)})
	var conns []net.Conn
	for i := range resourceSize(100, 400) {
		conn, err := bindConnect(addr, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		switch i % 4 {
		case 0:
			_, _ = io.WriteString(conn, bindText("GET", "/elements", "", ""))
		case 1:
			_, _ = io.WriteString(conn, bindText("GET", "/reader", "", ""))
		case 2:
			_, _ = io.WriteString(conn, upload[:1<<20+1<<19])
		case 3:
			_, _ = io.WriteString(conn, bindJSON("/people", `{"name":"a"}`)[:100])
		}
	}
	for range resourceSize(200, 2000) {
		conn, err := bindConnect(addr, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		bindReset(conn)
	}
	if !bindSoon(10*time.Second, func() bool { return runtime.NumGoroutine() <= base+5 }) {
		t.Errorf("106: %d goroutines, want at most %d", runtime.NumGoroutine(), base+5)
	}
	if n := bindTemporary(); n != 0 {
		t.Errorf("106: %d temporary files are left", n)
	}
	bindHealthy(t, addr)
}

func TestResourceChanges(t *testing.T) {
	// 107: endpoints come, change and go while the API serves.
	leak.Check(t)
	api := resourceAPI()
	addr := bindServe(t, api)
	stop, changed := make(chan struct{}), make(chan struct{})
	var versions atomic.Int64
	go func() {
		defer close(changed)
		var last *endpoint.Endpoint
		for version := int64(1); ; version++ {
			select {
			case <-stop:
				return
			default:
			}
			next := api.Get("changing", func() string { return fmt.Sprint("version=", version) })
			if last != nil {
				api.Remove(last)
			}
			extra := api.Get(fmt.Sprint("extra/", version, "/:n"), func(n int) int { return n })
			if err := api.Compile(); err != nil {
				t.Error(err)
				return
			}
			extra.Disable()
			api.Remove(extra)
			versions.Store(version)
			last = next
		}
	}()
	if !bindSoon(5*time.Second, func() bool { return versions.Load() > 0 }) {
		t.Fatal("107: nothing was compiled")
	}
	for range 200 {
		a := bindMust(t, addr, bindText("GET", "/changing", "", ""))
		if a.status != 200 || !strings.HasPrefix(a.body, "version=") {
			t.Fatalf("107: %d %q, want a version at all times", a.status, a.body)
		}
	}
	resourceLanes(t, addr, "107", resourceSize(10, 50), 40)
	close(stop)
	<-changed
	t.Logf("%d versions", versions.Load())
}

func TestResourceShutdown(t *testing.T) {
	// 109: what began is answered whole, and Serve returns within its grace.
	leak.Check(t)
	requests, streams := resourceSize(100, 1000), resourceSize(20, 100)
	var begun, cut atomic.Int64
	release := make(chan struct{})
	api := bindAPI()
	api.Get("slow/:n", func(n int) string {
		begun.Add(1)
		<-release
		return fmt.Sprint("n=", n, ";")
	})
	api.Get("numbers", func() iter.Seq[int] {
		return func(yield func(int) bool) {
			yield(0)
			begun.Add(1)
			<-release
			yield(1)
		}
	})
	api.Get("endless", func(ctx context.Context) iter.Seq[int] {
		return func(yield func(int) bool) {
			yield(0)
			begun.Add(1)
			<-ctx.Done()
			cut.Add(1)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := bindListen(t)
	served := make(chan error, 1)
	go func() { served <- endpoint.ServeListener(ctx, l, api) }()
	endless := resourceSize(0, 100) // these need the whole grace of 10s
	var wg sync.WaitGroup
	for n := range requests + streams + endless {
		raw, want := bindText("GET", fmt.Sprintf("/slow/%d", n), "", ""), fmt.Sprint("n=", n, ";")
		if n >= requests+streams {
			raw, want = bindText("GET", "/endless", "", ""), ""
		} else if n >= requests {
			raw, want = bindText("GET", "/numbers", "", ""), "0\n1\n"
		}
		wg.Go(func() {
			a, err := bindSend(l.Addr().String(), raw)
			if err != nil || want != "" && (a.body != want || a.err != nil) || want == "" && a.err == nil {
				t.Errorf("109 request %d: %d %q %v %v, want %q", n, a.status, a.body, err, a.err, want)
			}
		})
	}
	if !bindSoon(20*time.Second, func() bool { return begun.Load() == int64(requests+streams+endless) }) {
		t.Errorf("%d requests began", begun.Load())
	}
	start := time.Now()
	cancel()
	if !bindSoon(5*time.Second, func() bool {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}) {
		t.Error("109: new connections are taken after the end")
	}
	close(release)
	select {
	case err := <-served:
		if took := time.Since(start); err != nil || took > 13*time.Second {
			t.Errorf("109: %v after %v, want nil within 12s", err, took)
		}
	case <-time.After(20 * time.Second):
		t.Error("109: Serve does not return")
	}
	wg.Wait()
	if cut.Load() != int64(endless) {
		t.Errorf("109: %d of %d endless streams were told", cut.Load(), endless)
	}
	if _, err := http.Get("http://" + l.Addr().String()); err == nil { //nolint:noctx // it fails at once
		t.Error("109: still served")
	}
}
