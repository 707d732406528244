package endpoint_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// Row 45 of the catalogue: below HTTP/2 the library is what it is below 1.1,
// and adds nothing that outlives a stream.

// attackServe2 serves h over HTTP/2 in clear text until the test ends.
func attackServe2(t *testing.T, h http.Handler) string {
	t.Helper()
	leak.Check(t)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), Protocols: new(http.Protocols), ReadHeaderTimeout: attackPatient}
	server.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with ErrServerClosed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return l.Addr().String()
}

// attackClient2 speaks HTTP/2 in clear text.
func attackClient2(t *testing.T) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: attackPatient, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// attackGet2 asks and returns the status and body.
func attackGet2(client *http.Client, method, url, body string) (int, string, http.Header, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	w, err := client.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	return w.StatusCode, string(text), w.Header, err
}

func TestAttackHTTP2(t *testing.T) {
	var calls atomic.Int64
	base := "http://" + attackServe2(t, attackDemo(&calls))
	client := attackClient2(t)
	for _, test := range []struct {
		reason, method, target, body string
		want                         int
		text                         string
	}{
		{"a text", "GET", "/hello", "", 200, "hello"},
		{"an id", "GET", "/users/9223372036854775807", "", 200, `{"id":9223372036854775807}`},
		{"an escaped slash", "GET", "/files/a%2Fb", "", 200, attackFiles + "a/b"},
		{"a dot segment", "GET", "/files/%2e%2e/private", "", 404, ""},
		{"NUL", "GET", "/files/%00", "", 400, ""},
		{"a body", "POST", "/users", `{"name":"a"}`, 200, `{"name":"a","age":0}`},
		{"a body that is not valid", "POST", "/users", `{"name":1}`, 422, ""},
		{"a body larger than MaxBody", "POST", "/users", strings.Repeat(" ", 2<<20), 413, ""},
		{"no credentials", "POST", "/private", strings.Repeat(" ", 2<<20), 401, ""},
		{"a redirect", "GET", "/files?a=b", "", 308, ""},
		{"a panic", "GET", "/panic", "", 500, ""},
		{"after the panic, on the same connection", "GET", "/hello", "", 200, "hello"},
	} {
		status, text, header, err := attackGet2(client, test.method, base+test.target, test.body)
		if err != nil && test.want == 413 || err != nil && test.want == 401 {
			continue // the stream was reset while the body was being sent, as it may
		}
		if err != nil || status != test.want || test.text != "" && text != test.text {
			t.Errorf("%s: %d %.100q, %v; want %d %q", test.reason, status, text, err, test.want, test.text)
		}
		if header.Get("Connection") != "" || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: header %v", test.reason, header)
		}
	}
	attackMany2(t, client, base)
}

// attackMany2 asks for 200 streams at a time on one connection.
func attackMany2(t *testing.T, client *http.Client, base string) {
	t.Helper()
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			status, text, _, err := attackGet2(client, "GET", base+"/stream", "")
			if err != nil || status != 200 || strings.Count(text, "\n") != 100 {
				t.Errorf("a stream of 100 lines: %d, %d lines, %v", status, strings.Count(text, "\n"), err)
			}
		})
	}
	all.Wait()
}

// An attackWire writes frames of HTTP/2 by hand.
type attackWire struct{ *net.TCPConn }

// Frames and flags of RFC 9113.
const (
	frameHeaders, frameReset, frameSettings, frameContinuation = 0x1, 0x3, 0x4, 0x9

	flagEndStream, flagEndHeaders = 0x1, 0x4
)

// attackBegin2 connects and sends the preface.
func attackBegin2(t *testing.T, addr string) attackWire {
	t.Helper()
	conn, err := attackDial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	wire := attackWire{conn}
	_, _ = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	if err := wire.frame(frameSettings, 0, 0, nil); err != nil {
		t.Fatal(err)
	}
	return wire
}

// frame writes one frame.
func (w attackWire) frame(kind, flags byte, stream uint32, payload []byte) error {
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[5:], stream)
	_, err := w.Write(append(head, payload...))
	return err
}

// attackGetBlock is a header block: GET http://api.test and a path below 127 bytes.
func attackGetBlock(path string) []byte {
	block := []byte{0x82, 0x86, 0x41, 8} // from the static table, then :authority as a literal
	block = append(block, "api.test"...)
	return append(append(block, 0x04, byte(len(path))), path...)
}

// attackEnd2 reads to the end of the connection and reports whether it came.
func attackEnd2(conn net.Conn) bool {
	_, err := io.Copy(io.Discard, bufio.NewReader(conn))
	timeout, ok := err.(net.Error)
	return !ok || !timeout.Timeout()
}

// Streams that are opened and reset at once leave no call behind, and no more
// calls run than a connection may have.
func TestAttackRapidReset(t *testing.T) {
	var running, most, all atomic.Int64
	api := endpoint.New(endpoint.Logger(slog.New(slog.DiscardHandler)))
	api.Get("hello", func() string { return "hello" })
	api.Get("slow", func(ctx context.Context) (string, error) {
		all.Add(1)
		now := running.Add(1)
		defer running.Add(-1)
		for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
		}
		<-ctx.Done()
		return "", ctx.Err()
	})
	addr := attackServe2(t, api)
	wire := attackBegin2(t, addr)
	go func() { _, _ = io.Copy(io.Discard, wire) }() // ends with the connection
	block, reset := attackGetBlock("/slow"), []byte{0, 0, 0, 8}
	for i := range uint32(20_000) {
		stream := 2*i + 1
		if wire.frame(frameHeaders, flagEndHeaders|flagEndStream, stream, block) != nil || wire.frame(frameReset, 0, stream, reset) != nil {
			break // the server had enough
		}
	}
	if !bindSoon(attackPatient, func() bool { return running.Load() == 0 }) {
		t.Errorf("%d calls still run after their streams were reset", running.Load())
	}
	if all.Load() == 0 || most.Load() > 1000 {
		t.Errorf("%d calls in all and %d at a time, want some and at most 1000", all.Load(), most.Load())
	}
	if status, text, _, err := attackGet2(attackClient2(t), "GET", "http://"+addr+"/hello", ""); err != nil || status != 200 || text != "hello" {
		t.Errorf("GET /hello: %d %q, %v", status, text, err)
	}
	t.Logf("%d calls, at most %d at a time", all.Load(), most.Load())
}

// A header that goes on for ever is cut off.
func TestAttackContinuation(t *testing.T) {
	var calls atomic.Int64
	addr := attackServe2(t, attackDemo(&calls))
	wire := attackBegin2(t, addr)
	ended := make(chan bool, 1)
	go func() { ended <- attackEnd2(wire) }()
	err := wire.frame(frameHeaders, flagEndStream, 1, attackGetBlock("/users/1"))
	field := append([]byte{0x00, 1, 'x', 0x7f, 0x80, 0x3e}, strings.Repeat("y", 127+0x1f00)...) // a literal of 8063 bytes
	sent := 0
	for start := time.Now(); err == nil && time.Since(start) < attackPatient; sent += len(field) {
		err = wire.frame(frameContinuation, 0, 1, field)
	}
	if err == nil || !<-ended || sent > 64<<20 {
		t.Errorf("after %d bytes of header the connection is open, %v", sent, err)
	}
	if calls.Load() != 0 {
		t.Error("the function was called without a whole header")
	}
	if status, text, _, err := attackGet2(attackClient2(t), "GET", "http://"+addr+"/hello", ""); err != nil || status != 200 || text != "hello" {
		t.Errorf("GET /hello: %d %q, %v", status, text, err)
	}
	t.Logf("cut off after %d bytes", sent)
}
