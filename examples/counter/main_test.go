package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed217079a1/endpoint/internal/leak"
)

// start runs the program on a free port until stop is called or the test ends,
// and returns where it listens.
func start(t *testing.T, state string) (url string, stop func()) {
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
	url = strings.TrimPrefix(line, "Listening on ")
	url, _, _ = strings.Cut(url, ",")
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
	return url, stop
}

// client asks for no encoding but what the test says.
func client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
}

// ask sends a request and returns the answer and its body.
func ask(t *testing.T, method, url string, header map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// TestExchanges plays the exchanges of the document's counter, but for the one
// that takes gzip;q=0 for a wish.
func TestExchanges(t *testing.T) {
	leak.Check(t)
	text, err := os.ReadFile("../../canister/testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ID, Fixture string
		Request     struct {
			Method, Target string
			Header         map[string]string
		}
		Response struct {
			Status int
			Header map[string]string
			Body   string
		}
	}
	// Other fixtures have lists for header fields.
	_ = json.Unmarshal(text, &cases)
	played := 0
	for _, c := range cases {
		if c.Fixture != "ic.counter" || c.ID == "IC-007" {
			continue
		}
		played++
		url, stop := start(t, "")
		resp, body := ask(t, c.Request.Method, url+c.Request.Target, c.Request.Header)
		stop()
		want := c.Response.Body
		if digits, ok := strings.CutPrefix(want, "hex:"); ok {
			b, _ := hex.DecodeString(digits)
			want = string(b)
		}
		if resp.StatusCode != c.Response.Status || body != want {
			t.Errorf("%s: %d %q, want %d %q", c.ID, resp.StatusCode, body, c.Response.Status, want)
		}
		for name, value := range c.Response.Header {
			if got := resp.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", c.ID, name, got, value)
			}
		}
	}
	if played != 7 {
		t.Errorf("%d exchanges were played, want 7", played)
	}
}

// TestCounts checks that updates add up, and that a restart keeps them.
func TestCounts(t *testing.T) {
	leak.Check(t)
	state := filepath.Join(t.TempDir(), "counter.state")
	url, stop := start(t, state)
	for _, want := range []string{"Counter updated to 1\n", "Counter updated to 2\n"} {
		if resp, body := ask(t, "POST", url, nil); resp.StatusCode != 201 || body != want {
			t.Errorf("%d %q, want %q", resp.StatusCode, body, want)
		}
	}
	if resp, body := ask(t, "PUT", url, nil); resp.StatusCode != 400 || body != "Invalid request" {
		t.Errorf("PUT: %d %q", resp.StatusCode, body)
	}
	stop()
	url, _ = start(t, state)
	if _, body := ask(t, "GET", url+"/stream", map[string]string{"Accept-Encoding": "gzip;q=0"}); body != "Counter is 2 streaming\n" {
		t.Errorf("after a restart: %q", body)
	}
}

// TestFaults checks that the program says why it does not start.
func TestFaults(t *testing.T) {
	state := filepath.Join(t.TempDir(), "counter.state")
	if err := os.WriteFile(state, []byte("no state"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range []settings{{addr: "127.0.0.1:0", state: state}, {addr: "127.0.0.1:none"}} {
		if err := run(t.Context(), s, io.Discard); err == nil || !strings.Contains(err.Error(), "; ") {
			t.Errorf("%+v: %v, want a fault and a remedy", s, err)
		}
	}
}
