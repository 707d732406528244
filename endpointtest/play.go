package endpointtest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/golden"
)

// Play sends the requests of text files, one after the other, and compares the
// answers; each file and each case is a subtest. If update is true it writes
// the answers into the files instead: read the difference before you commit it.
// A file looks so, and any text may stand before its first case:
//
//	# case: unknown user
//	# reason: what is not there is a 404
//	-- request --
//	GET /users/7
//	Accept: application/json
//	-- response --
//	404 Not Found
//	Content-Type: application/problem+json
//
//	{"title":"Not Found","status":404,"detail":"there is no such user"}
//
// A body follows the header after an empty line; the lines of a multipart body
// end in CRLF when they are sent. Host and Content-Length are added. Of the
// answer, X-Content-Type-Options: nosniff is left out, which every answer has,
// and X-Request-Id, which is random. A body that is no text is quoted.
func Play(t *testing.T, h http.Handler, pattern string, update bool) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatalf("endpointtest: the pattern %q: %v; write one of path/filepath.Match", pattern, err)
	}
	if len(files) == 0 {
		t.Fatalf("endpointtest: no file is named as %q", pattern)
	}
	c := New(t, h)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), func(t *testing.T) {
			cases, err := golden.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			for i := range cases {
				t.Run(cases[i].Name, func(t *testing.T) { c.With(t).play(file, &cases[i], update) })
			}
			if !update {
				return
			}
			if err := golden.Write(file, cases); err != nil {
				t.Error(err)
			}
		})
	}
}

// play plays one case, and compares or replaces its response.
func (c *Client) play(file string, example *golden.Case, update bool) {
	c.t.Helper()
	r, body, err := readRequest(example.Get("request"))
	if err != nil {
		c.t.Fatalf("%s:%d: %v", file, example.Line, err)
	}
	a := c.start(r, body)
	a.await()
	if !a.exchange.wait(func() bool { return a.exchange.ended }, patience) {
		a.fail("%s:%d: the answer has not ended after %v", file, example.Line, patience)
	}
	a.check()
	got := a.text()
	if update {
		example.Set("response", got)
		return
	}
	if d := cmp.Diff(example.Get("response"), got); d != "" {
		c.t.Errorf("%s:%d: %s: the answer differs (-want +got):\n%s", file, example.Line, example.Reason, d)
	}
}

// readRequest reads a request as it stands in a file.
func readRequest(text string) (*http.Request, []byte, error) {
	head, body, _ := strings.Cut(text, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	line, fields, _ := strings.Cut(strings.TrimSuffix(head, "\n"), "\n")
	if strings.Contains(fields, "multipart/") {
		body = strings.ReplaceAll(body, "\n", "\r\n") + "\r\n"
	}
	var b strings.Builder
	b.WriteString(line + " HTTP/1.1\r\n")
	if !strings.Contains("\n"+fields, "\nHost: ") {
		b.WriteString("Host: example.com\r\n")
	}
	if fields != "" {
		b.WriteString(strings.ReplaceAll(strings.TrimSuffix(fields, "\n"), "\n", "\r\n") + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(b.String() + "\r\n" + body)))
	if err != nil {
		return nil, nil, err
	}
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	r.RemoteAddr = "192.0.2.1:1234"
	return r, sent, nil
}

// text is the answer as it stands in a file.
func (a *Answer) text() string {
	x := a.exchange
	x.mu.Lock()
	defer x.mu.Unlock()
	const cut = "(the connection is cut)\n"
	if x.sent == nil || x.cut && len(x.sent) == 0 {
		return cut
	}
	var b strings.Builder
	b.WriteString(statusLine(x.status) + "\n")
	for _, name := range slices.Sorted(maps.Keys(x.sent)) {
		for _, value := range x.sent[name] {
			if name != "X-Request-Id" && (name != "X-Content-Type-Options" || value != "nosniff") {
				fmt.Fprintf(&b, "%s: %s\n", name, value)
			}
		}
	}
	if len(x.body) > 0 {
		b.WriteString("\n" + plain(x.body) + "\n")
	}
	text := strings.TrimRight(b.String(), "\n") + "\n"
	if x.cut {
		text += cut
	}
	return text
}

// plain shows a body that is not text in quotes.
func plain(body []byte) string {
	if !utf8.Valid(body) || bytes.ContainsAny(body, "\x00\x1b") {
		return strconv.Quote(string(body))
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}
