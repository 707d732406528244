package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/leak"
)

// start runs the program on a free port until stop is called or the test ends,
// and returns the address.
func start(t *testing.T, state string) (address string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, settings{addr: "127.0.0.1:0", state: state}, out)
		out.CloseWithError(io.ErrUnexpectedEOF) // if nothing was printed
		ended <- err
	}()
	lines := bufio.NewReader(in)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err, <-ended)
	}
	go io.Copy(io.Discard, lines) // ends with run
	address = strings.TrimPrefix(line, "Listening on http://")
	address, _, _ = strings.Cut(address, ",")
	stop = func() {
		if ctx.Err() != nil {
			return
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	t.Cleanup(stop)
	return address, stop
}

// ask sends a request as it is written, CONNECT too, and returns the answer.
func ask(t *testing.T, address, method, target, body string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", method, target, len(body), body)
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// An exchange is a request and its answer.
type exchange struct {
	reason         string
	method, target string
	body           string
	status         int
	want           string
}

const (
	notAllowed = `{"err":{"code":405,"message":"Method not allowed"}}`
	notFound   = `{"err":{"code":404,"message":"Not found"}}`
)

// TestExchanges plays one conversation, in its order.
func TestExchanges(t *testing.T) {
	leak.Check(t)
	exchanges := []exchange{
		{"nothing to do yet", "GET", "/todos", "", 200, `{"ok":{"data":[]}}`},
		{"one thing", "POST", "/todos", `{"title":"Buy milk"}`, 201, `{"ok":{"data":{"id":0,"title":"Buy milk","completed":false}}}`},
		{"it is there", "GET", "/todos", "", 200, `{"ok":{"data":[{"id":0,"title":"Buy milk","completed":false}]}}`},
		{"another one", "POST", "/todos", `{"title":"Drink it"}`, 201, `{"ok":{"data":{"id":1,"title":"Drink it","completed":false}}}`},
		{"done", "PATCH", "/todos/0", `{"completed":true}`, 200, `{"ok":{"data":null}}`},
		{"another title", "PATCH", "/todos/1", `{"title":"Drink tea"}`, 200, `{"ok":{"data":null}}`},
		{"by id", "GET", "/todos?x=1", "", 200, `{"ok":{"data":[{"id":0,"title":"Buy milk","completed":true},{"id":1,"title":"Drink tea","completed":false}]}}`},
		{"gone; a body that a 204 cannot have is dropped", "DELETE", "/todos/0", "", 204, ""},
		{"gone already", "DELETE", "/todos/0", "", 204, ""},
		{"the other one stays", "GET", "/todos", "", 200, `{"ok":{"data":[{"id":1,"title":"Drink tea","completed":false}]}}`},
		{"what is gone cannot be changed", "PATCH", "/todos/0", `{}`, 404, notFound},
		{"a title is needed", "POST", "/todos", `{}`, 400, `{"err":{"code":400,"message":"The body must be JSON such as {\"title\":\"Buy milk\"}"}}`},
		{"and JSON", "PATCH", "/todos/1", `{`, 400, `{"err":{"code":400,"message":"The body must be JSON such as {\"completed\":true}"}}`},
		{"an id is a number", "DELETE", "/todos/first", "", 404, notFound},
		{"an unknown route", "GET", "/unknown", "", 404, notFound},
		{"one that begins alike", "GET", "/todosx", "", 404, notFound},
		{"PUT", "PUT", "/todos", "", 405, notAllowed},
		{"TRACE", "TRACE", "/todos", "", 405, notAllowed},
		{"CONNECT", "CONNECT", "/todos", "", 405, notAllowed},
		{"HEAD has no body", "HEAD", "/todos", "", 405, ""},
		{"an item is not read alone", "GET", "/todos/1", "", 405, notAllowed},
	}
	address, _ := start(t, "")
	for _, e := range exchanges {
		resp, body := ask(t, address, e.method, e.target, e.body)
		if resp.StatusCode != e.status || body != e.want {
			t.Errorf("%s: %s %s: %d %s, want %d %s", e.reason, e.method, e.target, resp.StatusCode, body, e.status, e.want)
		}
		if got := resp.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s: content type %q", e.reason, got)
		}
	}
	if resp, _ := ask(t, address, "OPTIONS", "/todos", ""); resp.StatusCode != 200 || resp.Header.Get("Access-Control-Max-Age") != "7200" {
		t.Errorf("OPTIONS: %d %v, want the preflight of a gateway", resp.StatusCode, resp.Header)
	}
}

// TestRestart checks that a restart keeps the list.
func TestRestart(t *testing.T) {
	leak.Check(t)
	state := filepath.Join(t.TempDir(), "todo.state")
	address, stop := start(t, state)
	ask(t, address, "POST", "/todos", `{"title":"Buy milk"}`)
	stop()
	address, _ = start(t, state)
	ask(t, address, "POST", "/todos", `{"title":"Drink it"}`)
	want := `{"ok":{"data":[{"id":0,"title":"Buy milk","completed":false},{"id":1,"title":"Drink it","completed":false}]}}`
	if _, body := ask(t, address, "GET", "/todos", ""); body != want {
		t.Errorf("%s, want %s", body, want)
	}
}

// TestFaults checks that the program says why it does not start.
func TestFaults(t *testing.T) {
	state := filepath.Join(t.TempDir(), "todo.state")
	if err := os.WriteFile(state, []byte("no state"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range []settings{{addr: "127.0.0.1:0", state: state}, {addr: "127.0.0.1:none"}} {
		if err := run(t.Context(), s, io.Discard); err == nil || !strings.Contains(err.Error(), "; ") {
			t.Errorf("%+v: %v, want a fault and a remedy", s, err)
		}
	}
}
