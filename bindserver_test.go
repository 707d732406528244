package endpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
)

// The helpers of the tests that attack binding, answers and resources over raw
// sockets.

// bindQuiet drops what is logged.
func bindQuiet() endpoint.Option {
	return endpoint.Logger(slog.New(slog.DiscardHandler))
}

// bindServe serves h on a loopback port until the test ends, and returns the
// address. The header timeout is short, so that no test waits for it.
func bindServe(t testing.TB, h http.Handler) string {
	t.Helper()
	if api, ok := h.(*endpoint.API); ok {
		if err := api.Compile(); err != nil {
			t.Fatal(err)
		}
	}
	l := bindListen(t)
	bindServeOn(t, l, h)
	return l.Addr().String()
}

func bindListen(t testing.TB) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func bindServeOn(t testing.TB, l net.Listener, h http.Handler) *http.Server {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 2 * time.Second,
		IdleTimeout:       5 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with ErrServerClosed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return server
}

// bindDial opens a connection that ends with the test, or after the longest
// time that any exchange may take.
func bindDial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	conn, err := bindConnect(addr, 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func bindConnect(addr string, limit time.Duration) (*net.TCPConn, error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), conn.SetDeadline(time.Now().Add(limit))
}

// A bindAnswer is one answer as it came over the wire.
type bindAnswer struct {
	status int
	header http.Header
	length int64 // Content-Length, -1 for none
	chunks bool
	body   string
	err    error // why the answer ended early, nil if it is whole
	took   time.Duration
}

// bindSend sends a raw request on a connection of its own and reads one
// answer, while it may still be sending.
func bindSend(addr, raw string) (bindAnswer, error) {
	conn, err := bindConnect(addr, 20*time.Second)
	if err != nil {
		return bindAnswer{}, err
	}
	defer conn.Close()
	start := time.Now()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(conn, raw) // refused early: the answer tells
	}()
	method, _, _ := strings.Cut(raw, " ")
	a, err := bindRead(bufio.NewReader(conn), method)
	a.took = time.Since(start)
	_ = conn.Close()
	<-sent
	return a, err
}

// bindRead reads one answer; its error is for one without a whole header.
func bindRead(r *bufio.Reader, method string) (bindAnswer, error) {
	response, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		return bindAnswer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return bindAnswer{
		status: response.StatusCode,
		header: response.Header,
		length: response.ContentLength,
		chunks: len(response.TransferEncoding) > 0,
		body:   string(body),
		err:    err,
	}, nil
}

// bindMust is bindSend for requests that must get a whole answer.
func bindMust(t testing.TB, addr, raw string) bindAnswer {
	t.Helper()
	a, err := bindSend(addr, raw)
	if err != nil {
		t.Fatalf("no answer to %.80q: %v", raw, err)
	}
	return a
}

// bindText writes a request with a body and its length; header is lines that
// end in CRLF.
func bindText(method, target, header, body string) string {
	length := ""
	if body != "" || method == "POST" {
		length = fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return method + " " + target + " HTTP/1.1\r\nHost: api.test\r\n" + header + length + "\r\n" + body
}

func bindJSON(target, body string) string {
	return bindText("POST", target, "Content-Type: application/json\r\n", body)
}

func bindForm(target, body string) string {
	return bindText("POST", target, "Content-Type: application/x-www-form-urlencoded\r\n", body)
}

// bindChunked writes a JSON request whose body is one chunk.
func bindChunked(target, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\n"+
		"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", target, len(body), body)
}

// A bindPart is one part of a multipart body.
type bindPart struct{ field, file, content string }

// bindMultipart writes an upload; file names are sent as they are.
func bindMultipart(target string, parts ...bindPart) string {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		disposition := fmt.Sprintf(`form-data; name="%s"`, p.field)
		if p.file != "" {
			disposition += fmt.Sprintf(`; filename="%s"`, p.file)
		}
		dst, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}}) // a buffer never fails
		_, _ = io.WriteString(dst, p.content)
	}
	_ = w.Close()
	return bindText("POST", target, "Content-Type: "+w.FormDataContentType()+"\r\n", body.String())
}

// A bindCase is one attack: what is sent, and what may come back.
type bindCase struct {
	name   string // begins with the row of the catalogue
	reason string
	raw    func() string
	want   string // statuses and classes such as "200|4xx"
	within time.Duration
	never  []string // texts that the answer must not hold
	holds  string   // a text that a 2xx answer must hold
}

// bindCheck runs one case and says what is wrong with the answer.
func bindCheck(addr string, c *bindCase) error {
	raw := c.raw()
	a, err := bindSend(addr, raw)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	limit := c.within
	if limit == 0 {
		limit = time.Second
	}
	switch {
	case !bindMatches(c.want, a.status):
		return fmt.Errorf("status %d, want %s: %.300s", a.status, c.want, a.body)
	case a.err != nil:
		return fmt.Errorf("the answer ends early: %w", a.err)
	case a.took > limit*bindSlack():
		return fmt.Errorf("took %v, want at most %v", a.took, limit)
	case a.status >= 400 && len(a.body) > 16<<10:
		return fmt.Errorf("the error has %d bytes, want at most 16 KiB", len(a.body))
	case a.header.Get("X-Content-Type-Options") != "nosniff":
		return fmt.Errorf("no nosniff in %v", a.header)
	case a.status >= 400 && a.header.Get("Content-Type") != "application/problem+json":
		return fmt.Errorf("content type %q of an error", a.header.Get("Content-Type"))
	case a.status < 300 && !strings.Contains(a.body, c.holds):
		return fmt.Errorf("answer %.300q, want it to hold %q", a.body, c.holds)
	}
	for _, text := range c.never {
		if strings.Contains(a.body, text) {
			return fmt.Errorf("the answer holds %q: %.300s", text, a.body)
		}
	}
	if a.status >= 400 {
		return bindProblem(a.body)
	}
	return nil
}

// bindProblem says what is wrong with a problem document.
func bindProblem(body string) error {
	var p struct {
		Title  string
		Status int
		Errors []endpoint.FieldError
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		return fmt.Errorf("problem %.100q: %w", body, err)
	}
	if p.Status < 400 || p.Title == "" || len(p.Errors) > 32 {
		return fmt.Errorf("problem has status %d, title %q and %d errors", p.Status, p.Title, len(p.Errors))
	}
	return nil
}

// bindMatches reports whether a status is one of a list such as "200|4xx".
func bindMatches(want string, status int) bool {
	for w := range strings.SplitSeq(want, "|") {
		if w == fmt.Sprint(status) || w == fmt.Sprintf("%dxx", status/100) {
			return true
		}
	}
	return false
}

// bindRun runs cases one after the other, and asks for the health of the
// server in the end.
func bindRun(t *testing.T, addr string, cases []bindCase) {
	t.Helper()
	for i := range cases {
		c := &cases[i]
		t.Run(c.name, func(t *testing.T) {
			if err := bindCheck(addr, c); err != nil {
				t.Errorf("%s: %v", c.reason, err)
			}
		})
	}
	bindHealthy(t, addr)
}

// bindHealthy asks for /hello, which must be answered in half a second.
func bindHealthy(t testing.TB, addr string) {
	t.Helper()
	a := bindMust(t, addr, bindText("GET", "/hello", "", ""))
	if a.status != 200 || a.body != "hello" || a.took > 500*time.Millisecond*bindSlack() {
		t.Errorf("GET /hello: %d %q after %v, want 200 hello within 500ms", a.status, a.body, a.took)
	}
}

// bindSoon polls until ok or the limit is over.
func bindSoon(limit time.Duration, ok func() bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok() {
			return true
		}
		select {
		case <-ctx.Done():
			return ok()
		case <-tick.C:
		}
	}
}

// bindSlack multiplies the limits of time of the catalogue, because tests share
// the machine with others and the race detector slows everything.
func bindSlack() time.Duration {
	if raceEnabled() {
		return 10
	}
	return 3
}
