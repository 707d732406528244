package endpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// The harness of the tests that attack a server with raw requests: the server,
// what sends to it, and a reader that takes no answer that is not exact.

const (
	attackKey     = "letmein"       // opens /private
	attackPatient = 5 * time.Second // for a whole exchange, unless a row says less
	attackFiles   = "files:"        // what answers of files/ begin with
)

type (
	attackUser struct {
		Name string `json:"name" validate:"required,max=50"`
		Age  int    `json:"age" validate:"min=0,max=150"`
	}
	attackForm struct {
		Name string `form:"name" validate:"required"`
		Age  int    `form:"age"`
	}
	attackSearch struct {
		A string `query:"a"`
		N int    `query:"n"`
	}
)

// attackDemo is the API of the catalogue. Each call of a function that has a
// body or an id as input counts.
func attackDemo(calls *atomic.Int64, opts ...endpoint.Option) *endpoint.API {
	api := endpoint.New(append([]endpoint.Option{endpoint.Logger(slog.New(slog.DiscardHandler))}, opts...)...)
	api.Get("hello", func() string { return "hello" })
	api.Handle("files/", func(r *endpoint.Request) string { return attackFiles + r.Rest() })
	api.Get("users/:id", func(id int64) map[string]int64 { calls.Add(1); return map[string]int64{"id": id} })
	api.Post("users", func(u attackUser) attackUser { calls.Add(1); return u })
	api.Post("form", func(f attackForm) string { calls.Add(1); return f.Name })
	api.Post("raw", func(body []byte) int { calls.Add(1); return len(body) })
	api.Post("reader", func(body io.Reader) (int64, error) { return io.Copy(io.Discard, body) })
	api.Get("search", func(s attackSearch) string { return fmt.Sprintf("%s,%d", s.A, s.N) })
	api.Handle("private", func() string { return "alice" }, endpoint.Depends(attackGuard))
	api.Handle("private/docs/", func() string { return "alice" }, endpoint.Depends(attackGuard))
	api.Get("panic", func() string { panic("deliberate") })
	api.Get("stream", func() iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := 0; i < 100 && yield(i); i++ {
			}
		}
	})
	return api
}

// attackGuard stands in for authentication: it runs before the body is read.
func attackGuard(h http.Header) error {
	if v := h["X-Api-Key"]; len(v) == 1 && v[0] == attackKey {
		return nil
	}
	return endpoint.Errorf(http.StatusUnauthorized, "no")
}

// attackServe serves h with ServeListener until the test ends, and returns the
// address. No line may be logged by the server meanwhile, and no goroutine stay.
func attackServe(t testing.TB, h http.Handler) string {
	t.Helper()
	leak.Check(t)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	lines := attackLog(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- endpoint.ServeListener(ctx, l, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ServeListener: %v", err)
		}
		if text := lines(); text != "" {
			t.Errorf("the server logged:\n%.2000s", text)
		}
	})
	return l.Addr().String()
}

// attackLog catches what goes to the default logger, as the server's does.
func attackLog(t testing.TB) (lines func() string) {
	var mu sync.Mutex
	var text bytes.Buffer
	before, output, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(attackWriter(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return text.Write(p)
	}), nil)))
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(output)
		log.SetFlags(flags)
	})
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return text.String()
	}
}

// attackWriter is a function as an io.Writer.
type attackWriter func(p []byte) (int, error)

func (w attackWriter) Write(p []byte) (int, error) { return w(p) }

// An attackAnswer is one answer, with the interim ones before it.
type attackAnswer struct {
	interim []int // statuses of 1xx answers
	old     bool  // HTTP/1.0: the end of the connection is that of the body
	status  int
	header  http.Header
	body    string
}

// attackDial connects for at most attackPatient.
func attackDial(addr string) (*net.TCPConn, error) {
	conn, err := net.DialTimeout("tcp", addr, attackPatient)
	if err != nil {
		return nil, err
	}
	tcp := conn.(*net.TCPConn)
	_ = tcp.SetLinger(0) // when it is closed all is read; nothing stays in TIME_WAIT
	return tcp, conn.SetDeadline(time.Now().Add(attackPatient))
}

// attackClose makes attackSend leave its side of the connection open: net/http
// takes a client that ended it for gone, and then streams stop.
const attackClose = "Connection: close"

// attackSend writes a raw request, ends its side of the connection, and reads
// answers until the server ends the other side.
func attackSend(addr, raw string) (answers []attackAnswer, took time.Duration, err error) {
	return attackExchange(addr, raw, !strings.Contains(raw, attackClose))
}

// attackExchange is attackSend; end says whether it ends its side.
func attackExchange(addr, raw string, end bool) (answers []attackAnswer, took time.Duration, err error) {
	start := time.Now()
	conn, err := attackDial(addr)
	if err != nil {
		return nil, 0, err
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if _, err := io.WriteString(conn, raw); err == nil && end { // refused early: the answer tells
			_ = conn.CloseWrite()
		}
	}()
	answers, err = attackReadAll(conn, raw)
	took = time.Since(start)
	_ = conn.Close()
	<-sent
	return answers, took, err
}

// attackReadAll reads answers until the end of the connection. Raw tells the
// method of the first: the answer to HEAD has no body.
func attackReadAll(conn io.Reader, raw string) (answers []attackAnswer, err error) {
	r := bufio.NewReader(conn)
	method, _, _ := strings.Cut(strings.TrimLeft(raw, "\r\n"), " ")
	for {
		if _, err := r.Peek(1); err != nil {
			if errors.Is(err, io.EOF) || len(answers) > 0 && attackReset(err) {
				return answers, nil
			}
			return answers, err
		}
		a, err := attackRead(r, method)
		if err != nil {
			return answers, err
		}
		answers = append(answers, a)
		method = "GET"
	}
}

// attackReset reports whether the server ended the connection while there was
// more to read for it.
func attackReset(err error) bool {
	return strings.Contains(err.Error(), "connection reset by peer")
}

// attackRead reads one final answer.
func attackRead(r *bufio.Reader, method string) (a attackAnswer, err error) {
	var interim []int
	for {
		if err = a.head(r); err != nil {
			return a, err
		}
		if a.status >= 200 || a.status == http.StatusSwitchingProtocols {
			break
		}
		interim = append(interim, a.status)
	}
	a.interim = interim
	a.body, err = a.read(r, method)
	return a, err
}

// head reads a status line and the fields below it.
func (a *attackAnswer) head(r *bufio.Reader) error {
	line, err := attackLine(r)
	if err != nil {
		return err
	}
	proto, rest, _ := strings.Cut(line, " ")
	code, _, ok := strings.Cut(rest, " ")
	a.status, err = strconv.Atoi(code)
	a.old = proto == "HTTP/1.0"
	if err != nil || !ok || len(code) != 3 || proto != "HTTP/1.1" && !a.old {
		return fmt.Errorf("status line %q", line)
	}
	a.header = http.Header{}
	for {
		if line, err = attackLine(r); err != nil || line == "" {
			return err
		}
		name, value, ok := strings.Cut(line, ": ")
		if !ok || name == "" || strings.ContainsAny(name, " \t\"(),/;<=>?@[\\]{}") || value != strings.TrimSpace(value) {
			return fmt.Errorf("header field %q", line)
		}
		a.header.Add(name, value)
	}
}

// attackLine reads a line that ends in CRLF and has no control character.
func attackLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("within a line %.80q: %w", line, err)
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", fmt.Errorf("line %q", line)
	}
	return text, nil
}

// read reads the body that the header announces.
func (a *attackAnswer) read(r *bufio.Reader, method string) (string, error) {
	length, coding := a.header["Content-Length"], a.header["Transfer-Encoding"]
	if len(length)+len(coding) > 1 || a.old && len(coding) > 0 {
		return "", fmt.Errorf("Content-Length %q and Transfer-Encoding %q", length, coding)
	}
	switch {
	case method == http.MethodHead, a.status == http.StatusNotModified:
		return "", nil
	case a.status == http.StatusNoContent:
		if len(length)+len(coding) > 0 {
			return "", errors.New("a 204 with the length of a body")
		}
		return "", nil
	case len(coding) == 1:
		if coding[0] != "chunked" {
			return "", fmt.Errorf("Transfer-Encoding %q", coding)
		}
		return attackChunks(r)
	case len(length) == 1:
		n, err := strconv.ParseUint(length[0], 10, 31)
		if err != nil {
			return "", fmt.Errorf("Content-Length %q", length)
		}
		body := make([]byte, n)
		_, err = io.ReadFull(r, body)
		return string(body), err
	case a.header.Get("Connection") != "close" && !a.old:
		return "", errors.New("a body without an end")
	}
	body, err := io.ReadAll(r)
	if err != nil && attackReset(err) {
		err = nil // the bytes that came before it are whole
	}
	return string(body), err
}

// attackChunks reads a chunked body to its last chunk, which is required.
func attackChunks(r *bufio.Reader) (string, error) {
	var body strings.Builder
	for {
		line, err := attackLine(r)
		if err != nil {
			return body.String(), err
		}
		n, err := strconv.ParseUint(line, 16, 31)
		if err != nil {
			return body.String(), fmt.Errorf("chunk size %q", line)
		}
		if _, err := io.CopyN(&body, r, int64(n)); err != nil {
			return body.String(), err
		}
		if line, err = attackLine(r); err != nil || line != "" {
			return body.String(), fmt.Errorf("end of a chunk %q: %w", line, err)
		}
		if n == 0 {
			return body.String(), nil
		}
	}
}

// attackText writes a request; fields are lines without their ends. A body
// gets its length.
func attackText(line, body string, fields ...string) string {
	text := line + " HTTP/1.1\r\nHost: api.test\r\n"
	for _, f := range fields {
		text += f + "\r\n"
	}
	if body != "" {
		text += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return text + "\r\n" + body
}
