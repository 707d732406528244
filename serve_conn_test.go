package endpoint

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/internal/leak"
)

// A client that sends requests and never reads an answer is let go, although
// every answer is small.
func TestServeClientThatNeverReads(t *testing.T) {
	leak.Check(t)
	old := writeTimeout
	writeTimeout = 200 * time.Millisecond
	t.Cleanup(func() { writeTimeout = old })

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	body := strings.Repeat("x", 32<<10)
	go func() {
		served <- ServeListener(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, body)
		}))
	}()

	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	request := strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 100)
	for err == nil {
		_, err = io.WriteString(conn, request)
	}
	if e, ok := err.(net.Error); ok && e.Timeout() {
		t.Errorf("the server still holds the connection after 10 s: %v", err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("ServeListener: %v", err)
	}
}

// What somebody sets as a deadline holds instead of the limit, and files go
// through ReadFrom whole.
func TestServeConnDeadline(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	received := make(chan int64, 1)
	go func() {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			received <- -1
			return
		}
		defer c.Close()
		n, _ := io.Copy(io.Discard, c)
		received <- n
	}()
	accepted, err := patientListener{l}.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := accepted.(*patientConn)
	if !ok {
		t.Fatalf("accepted a %T, want a *patientConn", accepted)
	}
	past := time.Now().Add(-time.Second)
	for name, set := range map[string]func(time.Time) error{"SetWriteDeadline": conn.SetWriteDeadline, "SetDeadline": conn.SetDeadline} {
		if err := set(past); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("x")); err == nil {
			t.Errorf("%s to the past: a write went through", name)
		}
		if _, err := conn.ReadFrom(strings.NewReader("x")); err == nil {
			t.Errorf("%s to the past: a copy went through", name)
		}
		if err := set(time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	const size = 3*chunkSize + 17
	n, err := conn.ReadFrom(io.LimitReader(zeros{}, size))
	if err != nil || n != size {
		t.Errorf("ReadFrom copied %d bytes, %v, want %d", n, err, size)
	}
	_ = conn.Close()
	if n := <-received; n != size {
		t.Errorf("the client received %d bytes, want %d", n, size)
	}
}

// zeros reads as zero bytes without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
