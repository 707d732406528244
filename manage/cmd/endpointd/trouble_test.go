package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A place is a server that scripts call, so that a test knows that they run.
type place struct {
	t    *testing.T
	url  string
	came chan struct{} // a call has come
	left chan struct{} // a call was given up
}

// newPlace starts a place, which answers at once or holds its callers until
// they go.
func newPlace(t *testing.T, holds bool) *place {
	t.Helper()
	p := &place{t: t, came: make(chan struct{}, 100), left: make(chan struct{}, 100)}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		p.came <- struct{}{}
		if holds {
			<-r.Context().Done()
			p.left <- struct{}{}
		}
	}))
	t.Cleanup(s.Close)
	p.url = s.URL
	return p
}

// await waits for what a channel tells.
func (p *place) await(what string, c <-chan struct{}) {
	p.t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		p.t.Fatalf("%s does not come", what)
	}
}

// visitors starts endpointd with an endpoint whose calls go to the place, and
// then compute for a while.
func (p *place) visitors(args ...string) (d *daemon, token string) {
	p.t.Helper()
	scripts := p.t.TempDir()
	writeScript(p.t, scripts, "admin/hello.star", sample)
	writeScript(p.t, scripts, "admin/visit.star", fmt.Sprintf(
		"def handler(request):\n    http.get(%q)\n    for i in range(%d):\n        sorted(range(100000), reverse=True)\n    return 'done'\n", p.url, max(1, 12/raceFactor)))
	d = start(p.t, append(args, "-scripts", scripts, "-script-time", "60s", "-allow-http", p.url)...)
	token = d.token()
	d.want(201, token, "PUT", "visit", define("visit", "/admin/visit.star"))
	d.want(201, token, "PUT", "hello", define("hello", "/admin/hello.star"))
	d.want(200, token, "GET", "u/hello", "")
	return d, token
}

// workers returns the processes that a server has started.
func workers(t *testing.T, d *daemon) []int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("processes are found in /proc; run this test on Linux")
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[0] != "Z" && fields[1] == strconv.Itoa(d.cmd.Process.Pid) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			found = append(found, pid)
		}
	}
	return found
}

// TestWorkerKilled kills one of two workers that run a call each: the call of
// that one is told to come again, the other one and all that follow succeed.
func TestWorkerKilled(t *testing.T) {
	p := newPlace(t, false)
	d, token := p.visitors("-workers", "2")
	d.want(200, token, "GET", "u/visit", "") // now it is known to end, and may have both workers
	p.await("the call", p.came)
	answers := make(chan answer, 2)
	for range cap(answers) {
		go func() {
			a, err := d.ask(token, "GET", "u/visit", "")
			if err != nil {
				t.Error(err)
			}
			answers <- a
		}()
	}
	for range cap(answers) {
		p.await("the call", p.came)
	}
	both := workers(t, d)
	if len(both) != 2 {
		t.Fatalf("%d workers, want 2", len(both))
	}
	victim, err := os.FindProcess(both[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	d.want(200, token, "GET", "u/hello", "")
	lost := 0
	for range cap(answers) {
		switch a := <-answers; {
		case a.status == 503 && a.header.Get("Retry-After") == "1" && !strings.Contains(a.body, "worker"):
			lost++
		case a.status != 200 || a.body != "done":
			t.Errorf("a call: %d %v %s", a.status, a.header, a.body)
		}
	}
	if lost != 1 {
		t.Errorf("%d calls were lost with one worker", lost)
	}
	for range 5 {
		d.want(200, token, "GET", "u/hello", "")
	}
	if left := workers(t, d); slices.Contains(left, both[0]) {
		t.Error("the killed worker is there still")
	}
}

// TestClientGone has clients go away in the middle of their calls: what the
// calls held is free at once.
func TestClientGone(t *testing.T) {
	p := newPlace(t, true)
	d, token := p.visitors("-workers", "4")
	const calls = 2 // scripts that are new get half of the workers
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gone := make(chan error, calls)
	for range calls {
		go func() {
			_, err := send(request(t, d, token, "GET", "u/visit", "").WithContext(ctx))
			gone <- err
		}()
		p.await("the call", p.came)
	}
	cancel()
	for range calls {
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("the client got %v", err)
		}
		p.await("the end of what the script did", p.left)
	}
	d.want(200, token, "GET", "u/hello", "")
	poll(t, "the calls in the log", func() string {
		if n := strings.Count(d.want(200, token, "GET", "visit/calls", "").body, `"status":499`); n == calls {
			return "there"
		}
		return ""
	})
}

// TestHugeBodies sends more than is taken, with and without telling first.
func TestHugeBodies(t *testing.T) {
	d := start(t)
	token := d.token()
	d.want(201, token, "PUT", "hello", define("hello", "/admin/hello.star"))
	const mib = 1 << 20
	for _, c := range []struct {
		reason, method, target string
		size                   int
		status                 int
	}{
		{"as much as a trigger takes", "POST", "u/hello", mib, 200},
		{"a byte more", "POST", "u/hello", mib + 1, 413},
		{"far more", "POST", "u/hello", 64 * mib, 413},
		{"an endpoint is small", "PUT", "other", 64<<10 + 1, 413},
		{"so is what changes it", "PATCH", "hello", 64<<10 + 1, 413},
		{"a script has 64 KiB", "PUT", "hello/script", 64<<10 + 1, 413},
	} {
		for _, told := range []bool{true, false} {
			r := request(t, d, token, c.method, c.target, "")
			r.Body = io.NopCloser(io.LimitReader(blanks{}, int64(c.size)))
			r.ContentLength = -1
			if told {
				r.ContentLength = int64(c.size)
			}
			a, err := send(r)
			if err != nil && !wasCut(err) || err == nil && a.status != c.status || c.status == 200 && err != nil {
				t.Errorf("%s, length told %t: %d %.200s %v, want %d", c.reason, told, a.status, a.body, err, c.status)
			}
		}
	}
	d.want(200, token, "GET", "u/hello", "")
	if grown := resident(d.cmd.Process.Pid); grown > 200*mib*raceFactor {
		t.Errorf("the server has %d MiB", grown/mib)
	}
}

// wasCut reports whether a server closed a connection on which a client still
// wrote; the client may then miss the answer.
func wasCut(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// blanks are endless.
type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// TestSlowClients has clients that never end their requests, and others that
// never read their answers, while a neighbour is served by the only worker.
func TestSlowClients(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	writeScript(t, filepath.Join(data, "scripts"), "admin/hello.star", sample)
	writeScript(t, filepath.Join(data, "scripts"), "admin/large.star", "def handler(request):\n    return 'x' * 1000000\n")
	d := start(t, "-data", data, "-workers", "1")
	token := d.token()
	d.want(201, token, "PUT", "hello", define("hello", "/admin/hello.star"))
	d.want(201, token, "PUT", "large", define("large", "/admin/large.star"))
	d.want(200, token, "GET", "u/large", "")

	const clients = 20
	header := "Host: x\r\nAuthorization: Bearer " + token + "\r\n"
	for range clients {
		d.raw("POST " + root + "u/hello HTTP/1.1\r\n" + header + "Content-Length: 1000\r\n\r\nslow") // and no more
		d.raw("PUT " + root + "x HTTP/1.1\r\n" + header + "Transfer-Encoding: chunked\r\n\r\n4\r\nslow\r\n")
		d.raw("GET " + root + "u/hello HTTP/1.1\r\nHost: x\r\n") // a header without an end
		c := d.raw(strings.Repeat("GET "+root+"u/large HTTP/1.1\r\n"+header+"\r\n", 10))
		if line, err := bufio.NewReaderSize(c, 16).ReadSlice('\n'); err == nil {
			t.Errorf("a line of 16 bytes: %q", line) // the answer has begun, and is read no further
		}
	}
	var longest time.Duration
	for range 50 {
		begun := time.Now()
		d.want(200, token, "GET", "u/hello", "")
		longest = max(longest, time.Since(begun))
	}
	t.Logf("%d slow clients of each kind; the neighbour waited at most %v", clients, longest)
}

// raw writes to a new connection, which has little room for what comes back,
// and is closed with the test.
func (d *daemon) raw(text string) net.Conn {
	d.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = c.Close() }) // the server may have closed it
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		d.t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		d.t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		d.t.Fatal(err)
	}
	return c
}
