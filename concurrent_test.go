package endpoint_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// Two configurations and a provided value that are always given together: a
// request that sees different numbers saw half of a change.
type (
	concurrentFirst struct {
		endpoint.Configuration
		A, B int
	}
	concurrentSecond struct {
		endpoint.Configuration
		A, B int
	}
	concurrentDep   struct{ n int }
	concurrentValue struct{ n int }
)

// concurrentClients is how many clients ask at once.
const concurrentClients = 16

// A concurrentRun is an API under load, and what its clients counted.
type concurrentRun struct {
	t        *testing.T
	api      *endpoint.API
	stop     atomic.Bool
	asked    atomic.Int64
	failures atomic.Int64
	toggled  []*endpoint.Endpoint
}

func (c *concurrentRun) fail(format string, args ...any) {
	c.t.Helper()
	if c.failures.Add(1) <= 10 {
		c.t.Errorf(format, args...)
	}
	c.stop.Store(true)
}

// newConcurrentRun has endpoints that are always there, and endpoints that are
// switched on and off: a literal over a parameter, so that the path is always
// answered, by one or the other.
func newConcurrentRun(t *testing.T) *concurrentRun {
	c := &concurrentRun{t: t, api: endpoint.New(endpoint.Use(func(next http.Handler) http.Handler { return next }))}
	c.api.Provide(func(first concurrentFirst) concurrentDep { return concurrentDep{first.A} })
	guard := func(r *endpoint.Request, first concurrentFirst, second concurrentSecond) error {
		if first.A != first.B || first.A != second.A {
			return fmt.Errorf("the guard sees %v and %v", first, second)
		}
		return nil
	}
	c.api.Get("config", func(first concurrentFirst, second concurrentSecond, dep concurrentDep) (string, error) {
		if n := first.A; n != first.B || n != second.A || n != second.B || n != dep.n {
			return "", fmt.Errorf("the handler sees %v, %v and %v", first, second, dep)
		}
		return fmt.Sprint(first.A), nil
	}, endpoint.Depends(guard))
	c.api.Get("always/:id", func(id string) string { return "always " + id })
	c.api.Get("files/", func(r *endpoint.Request) string { return "files " + r.Rest() })
	for i := range 4 {
		e := c.api.Get(fmt.Sprintf("always/t%d", i), func() string { return fmt.Sprintf("toggled t%d", i) })
		c.toggled = append(c.toggled, e)
	}
	c.api.Get("provided", func(v concurrentValue) string { return fmt.Sprint(v.n) })
	c.api.Provide(concurrentValue{})
	c.configure(0)
	routerCompile(t, c.api)
	return c
}

func (c *concurrentRun) configure(n int) {
	c.api.Configure(concurrentFirst{A: n, B: n}, concurrentSecond{A: n, B: n})
}

// A concurrentAsk makes a request and returns status and body.
type concurrentAsk func(path string) (int, string, error)

// client asks for what is always there until told to stop.
func (c *concurrentRun) client(n int, ask concurrentAsk) {
	for i := 0; !c.stop.Load(); i++ {
		path, want, or := fmt.Sprintf("/always/%d-%d", n, i), fmt.Sprintf("always %d-%d", n, i), ""
		switch i % 4 {
		case 1:
			path, want = "/files/a/b", "files a/b"
		case 2:
			path, want, or = fmt.Sprintf("/always/t%d", i/4%4), fmt.Sprintf("always t%d", i/4%4), fmt.Sprintf("toggled t%d", i/4%4)
		case 3:
			path, want = "/config", ""
		}
		status, body, err := ask(path)
		c.asked.Add(1)
		if err != nil || status != 200 || want != "" && body != want && body != or {
			c.fail("%s: status %d, %q, %v", path, status, body, err)
		}
	}
}

// changes returns what changes the API while it serves; each is called again and
// again by one goroutine. Each checks that the change holds as soon as the call
// that makes it has returned.
func (c *concurrentRun) changes(ask concurrentAsk) []func(round int) {
	expect := func(path string, status int, text string) {
		got, body, err := ask(path)
		if err != nil || got != status || status == 200 && body != text {
			c.fail("%s: status %d, %q, %v; want %d, %q", path, got, body, err, status, text)
		}
	}
	compile := func() {
		if err := c.api.Compile(); err != nil {
			c.fail("Compile: %v", err)
		}
	}
	return []func(int){
		func(round int) { // registered and removed
			path, text := fmt.Sprintf("/handled/%d", round), fmt.Sprint("handled ", round)
			e := c.api.Get(path, func() string { return text })
			compile()
			expect(path, 200, text)
			c.api.Remove(e)
			compile()
			expect(path, 404, "")
		},
		func(round int) { // added and removed, over a prefix that is always there
			e := endpoint.Define("files/defined", func() string { return fmt.Sprint("defined ", round) })
			c.api.Add(e)
			compile()
			expect("/files/defined", 200, fmt.Sprint("defined ", round))
			c.api.Remove(e)
			compile()
			expect("/files/defined", 200, "files defined")
		},
		func(round int) { // disabled and enabled, at once
			i := round % len(c.toggled)
			path := fmt.Sprintf("/always/t%d", i)
			c.toggled[i].Disable()
			expect(path, 200, fmt.Sprintf("always t%d", i))
			c.toggled[i].Enable()
			expect(path, 200, fmt.Sprintf("toggled t%d", i))
		},
		func(round int) { // configured
			c.configure(round + 1)
			compile()
			expect("/config", 200, fmt.Sprint(round+1))
		},
		func(round int) { // provided
			c.api.Provide(concurrentValue{round})
			compile()
			expect("/provided", 200, fmt.Sprint(round))
		},
		func(int) { // refused: what served before goes on
			e := endpoint.Define("always/:other", func(string) {})
			other := endpoint.New()
			other.Add(c.api, e)
			if other.Compile() == nil {
				c.fail("two endpoints for one path are accepted")
			}
			expect("/always/1", 200, "always 1")
		},
	}
}

// run keeps the clients asking while all changes are made so many times.
func (c *concurrentRun) run(rounds int, ask func(client int) concurrentAsk) {
	var clients, changes sync.WaitGroup
	for n := range concurrentClients {
		clients.Go(func() { c.client(n, ask(n)) })
	}
	for _, change := range c.changes(ask(concurrentClients)) {
		changes.Go(func() {
			for round := 0; round < rounds && c.failures.Load() == 0; round++ {
				change(round)
			}
		})
	}
	changes.Wait()
	c.stop.Store(true)
	clients.Wait()
	c.t.Logf("%d requests of %d clients while each of the changes was made %d times", c.asked.Load(), concurrentClients, rounds)
	if c.asked.Load() < concurrentClients {
		c.t.Errorf("only %d requests were made", c.asked.Load())
	}
}

// concurrentRounds is how often each change is made.
func concurrentRounds() int {
	if os.Getenv("ENDPOINT_SOAK") != "" {
		return 5000
	}
	return 50
}

// Endpoints are added, removed, disabled, configured and provided under load:
// no request is lost, none sees half a change.
func TestChangesUnderLoad(t *testing.T) {
	leak.Check(t)
	c := newConcurrentRun(t)
	c.run(concurrentRounds(), func(int) concurrentAsk {
		return func(path string) (int, string, error) {
			w := httptest.NewRecorder()
			c.api.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			return w.Code, w.Body.String(), nil
		}
	})
}

// The same over sockets, with connections that are kept: a change must not cut
// one.
func TestChangesUnderLoadOnSockets(t *testing.T) {
	leak.Check(t)
	c := newConcurrentRun(t)
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(c.api)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	askers := concurrentClients + len(c.changes(nil))
	transport := &http.Transport{MaxIdleConnsPerHost: 2 * askers}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	c.run(concurrentRounds(), func(int) concurrentAsk {
		return func(path string) (int, string, error) {
			response, err := client.Get(server.URL + path)
			if err != nil {
				return 0, "", err
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			return response.StatusCode, string(body), err
		}
	})
	// A transport may dial once more each time that a connection has not come
	// back to it yet; changes that cut connections would make a thousand.
	if n := connections.Load(); n > int64(10*askers) {
		t.Errorf("%d connections for %d askers: they are not kept", n, askers)
	}
}

// The first requests compile, once, and all wait for it.
func TestFirstRequestsCompile(t *testing.T) {
	leak.Check(t)
	api := endpoint.New()
	var defaults atomic.Int64
	concurrentDefaults.Store(&defaults)
	api.Get("a", func(concurrentDefault) string { return "a" })
	var clients sync.WaitGroup
	for range concurrentClients {
		clients.Go(func() {
			if got := routerAsk(t, api, "GET", "/a"); got != "OK a" {
				t.Error(got)
			}
		})
	}
	clients.Wait()
	if n := defaults.Load(); n != 1 {
		t.Errorf("compiled %d times", n)
	}
}

// A concurrentDefault counts how often it is asked for, which is once a Compile.
type concurrentDefault struct{ endpoint.Configuration }

var concurrentDefaults atomic.Pointer[atomic.Int64]

func (concurrentDefault) Default() concurrentDefault {
	concurrentDefaults.Load().Add(1)
	return concurrentDefault{}
}

// A request that has begun keeps the table, the configuration and the endpoint
// that it began with.
func TestBegunRequestKeepsItsTable(t *testing.T) {
	leak.Check(t)
	api := endpoint.New()
	begun, changed := make(chan struct{}), make(chan struct{})
	api.Configure(concurrentFirst{A: 1})
	api.Provide(func(first concurrentFirst) concurrentDep { return concurrentDep{first.A} })
	e := api.Get("slow/:id", func(r *endpoint.Request, dep concurrentDep, first concurrentFirst) string {
		return fmt.Sprint(r.Param("id"), dep.n, first.A)
	}, endpoint.Depends(func() { close(begun); <-changed }))
	var request sync.WaitGroup
	request.Go(func() {
		if got := routerAsk(t, api, "GET", "/slow/x"); got != "OK x1 1" {
			t.Errorf("got %q", got)
		}
	})
	<-begun
	api.Configure(concurrentFirst{A: 2})
	e.Disable()
	api.Remove(e)
	routerCompile(t, api)
	close(changed)
	request.Wait()
	routerRun(t, api, []routerCase{{"a new request sees the new table", "GET", "/slow/x", "Not Found"}})
}

// What was configured or provided before is not kept once it was replaced.
func TestReplacedIsFreed(t *testing.T) {
	type config struct {
		endpoint.Configuration
		p *[64]byte
	}
	api := endpoint.New()
	api.Get("config", func(config) {})
	api.Get("dep", func(*[64]byte) {})
	var old []weak.Pointer[[64]byte]
	fresh := func() *[64]byte {
		p := new([64]byte)
		old = append(old, weak.Make(p))
		return p
	}
	for range 3 {
		api.Configure(config{p: fresh()})
		api.Provide(fresh())
		routerCompile(t, api)
	}
	old = old[:len(old)-2] // without those that hold
	deadline := time.Now().Add(10 * time.Second)
	alive := func(p weak.Pointer[[64]byte]) bool { return p.Value() != nil }
	for slices.ContainsFunc(old, alive) {
		if time.Now().After(deadline) {
			t.Fatal("replaced values are still reachable")
		}
		runtime.GC()
	}
	runtime.KeepAlive(api)
}
