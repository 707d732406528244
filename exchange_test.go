package endpoint_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/golden"
)

// TestExchange plays the requests of testdata/exchange and compares the
// answers; -update rewrites them. What every answer has is checked here and
// left out of the files: X-Content-Type-Options, and a random X-Request-Id.
func TestExchange(t *testing.T) {
	files, err := filepath.Glob("testdata/exchange/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no exchanges: %v", err)
	}
	host := exchangeHost(t)
	total := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			cases, err := golden.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			total += len(cases)
			for i := range cases {
				c := &cases[i]
				t.Run(c.Name, func(t *testing.T) { exchangeCase(t, host, file, c) })
			}
			if *update {
				if err := golden.Write(file, cases); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if least := 120; total < least && !t.Failed() {
		t.Errorf("%d exchanges are played, want %d at least", total, least)
	}
}

// exchangeCase plays one case, and compares or replaces its response.
func exchangeCase(t *testing.T, host http.Handler, file string, c *golden.Case) {
	t.Helper()
	r, err := exchangeRequest(c.Get("request"))
	if err != nil {
		t.Fatalf("%s:%d: %v", file, c.Line, err)
	}
	got := exchangePlay(t, host, r)
	if *update {
		c.Set("response", got)
		return
	}
	if d := cmp.Diff(c.Get("response"), got); d != "" {
		t.Errorf("%s:%d: %s: the answer differs (-want +got):\n%s", file, c.Line, c.Reason, d)
	}
}

// exchangeRequest reads a request: a line of method and target, header fields,
// a blank line and the body. HTTP/1.1, Host and Content-Length are added; the
// lines of a multipart body end in CRLF.
func exchangeRequest(text string) (*http.Request, error) {
	head, body, _ := strings.Cut(text, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	line, fields, _ := strings.Cut(strings.TrimSuffix(head, "\n"), "\n")
	if strings.Contains(fields, "multipart/") {
		body = strings.ReplaceAll(body, "\n", "\r\n") + "\r\n"
	}
	var b strings.Builder
	b.WriteString(line + " HTTP/1.1\r\n")
	if !strings.Contains(fields, "Host: ") {
		b.WriteString("Host: example.com\r\n")
	}
	for field := range strings.Lines(fields) {
		b.WriteString(strings.TrimSuffix(field, "\n") + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	b.WriteString("\r\n" + body)
	return http.ReadRequest(bufio.NewReader(strings.NewReader(b.String())))
}

// exchangePlay serves a request and prints the answer.
func exchangePlay(t *testing.T, host http.Handler, r *http.Request) string {
	t.Helper()
	w := httptest.NewRecorder()
	cut := exchangeServe(t, host, w, r)
	if cut && len(w.Header()) == 0 {
		return "(the connection is cut)\n"
	}
	answer := w.Result()
	if answer.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the answer has no X-Content-Type-Options: nosniff")
	}
	answer.Header.Del("X-Content-Type-Options")
	if id := answer.Header.Get("X-Request-Id"); (id != "") != (answer.StatusCode >= 500) {
		t.Errorf("status %d has X-Request-Id %q", answer.StatusCode, id)
	}
	answer.Header.Del("X-Request-Id")
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d %s\n", answer.StatusCode, http.StatusText(answer.StatusCode))
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		for _, v := range answer.Header[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	if len(body) > 0 {
		b.WriteString("\n" + exchangeText(body) + "\n")
	}
	if cut {
		b.WriteString("(the connection is cut)\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// exchangeText shows a body that is not text in quotes.
func exchangeText(body []byte) string {
	if !utf8.Valid(body) || bytes.ContainsAny(body, "\x00\x1b") {
		return strconv.Quote(string(body))
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}

// exchangeServe serves a request and reports whether the connection is cut.
func exchangeServe(t *testing.T, host http.Handler, w http.ResponseWriter, r *http.Request) (cut bool) {
	t.Helper()
	defer func() {
		if v := recover(); v == http.ErrAbortHandler {
			cut = true
		} else if v != nil {
			t.Errorf("panic: %v", v)
		}
	}()
	host.ServeHTTP(w, r)
	return false
}
