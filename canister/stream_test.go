package canister_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// streamCount streams n chunks of one byte and counts the calls.
func streamCount(n int, calls *int) canister.StreamingStrategy {
	return canister.Callback(1, func(_ context.Context, i int) ([]byte, *int, error) {
		*calls++
		next := i + 1
		if i == n {
			return []byte("x"), nil, nil
		}
		return []byte("x"), &next, nil
	})
}

// TestLimit checks how often a strategy calls back.
func TestLimit(t *testing.T) {
	tests := []struct {
		reason string
		chunks int
		limit  int // 0: not set
		calls  int
		whole  bool
	}{
		{"as many as are allowed", 1000, 0, 1000, true},
		{"one more", 1001, 0, 1000, false},
		{"a limit of its own", 3, 3, 3, true},
		{"one more than that", 4, 3, 3, false},
		{"more than by default", 2500, 2500, 2500, true},
		{"a limit of nothing is the default", 1001, -1, 1000, false},
	}
	for _, tt := range tests {
		calls := 0
		s := streamCount(tt.chunks, &calls)
		if tt.limit != 0 {
			s = s.Limit(tt.limit)
		}
		_, body, err := icExchange(t, canister.Service{Query: icAlways(response{StatusCode: 200, StreamingStrategy: s})}, "GET", "/", nil, "")
		if calls != tt.calls || len(body) != tt.calls || (err == nil) != tt.whole {
			t.Errorf("%s: %d calls, %d bytes, %v; want %d, whole %t", tt.reason, calls, len(body), err, tt.calls, tt.whole)
		}
	}
}

// TestFlush checks that a chunk is with the client before the next is asked for.
func TestFlush(t *testing.T) {
	leak.Check(t)
	arrived := make(chan struct{})
	s := canister.Callback("a", func(_ context.Context, token string) ([]byte, *string, error) {
		<-arrived
		if token == "aaa" {
			return []byte(token + "\n"), nil, nil
		}
		next := token + "a"
		return []byte(token + "\n"), &next, nil
	})
	address := icServe(t, canister.Service{Query: icAlways(response{StatusCode: 200, Body: []byte("body\n"), StreamingStrategy: s})})
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(resp.Body)
	for _, want := range []string{"body\n", "a\n", "aa\n", "aaa\n"} {
		line, err := lines.ReadString('\n') // would never return if the chunk were held back
		if err != nil || line != want {
			t.Fatalf("line %q, %v; want %q", line, err, want)
		}
		if want != "aaa\n" {
			arrived <- struct{}{}
		}
	}
	if _, err := lines.ReadByte(); err != io.EOF {
		t.Errorf("after the last chunk: %v", err)
	}
}

// TestClientGone checks that the calls end when nobody reads the answer.
func TestClientGone(t *testing.T) {
	leak.Check(t)
	ended := make(chan struct{})
	watch := endpoint.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			next.ServeHTTP(w, r)
		})
	})
	chunk := make([]byte, 1<<16)
	s := canister.Callback(0, func(_ context.Context, n int) ([]byte, *int, error) { return chunk, &n, nil }).Limit(1 << 30)
	address := icServe(t, canister.Service{Query: icAlways(response{StatusCode: 200, StreamingStrategy: s})}, watch)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := io.ReadFull(conn, make([]byte, 1<<18)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Error("callbacks go on though the client is gone")
	}
}

// TestCallbackIsQuery checks that each call sees the state as it is then, and
// cannot change it.
func TestCallbackIsQuery(t *testing.T) {
	s := canister.NewState(0, nil)
	var api http.Handler
	count := canister.Callback(0, func(ctx context.Context, n int) ([]byte, *int, error) {
		before := s.Get(ctx)
		flowAsk(api, "POST", "/", "")
		if before != n || s.Get(ctx) != n {
			t.Errorf("call %d sees %d and %d", n, before, s.Get(ctx))
		}
		if n == 2 {
			return nil, nil, nil
		}
		next := n + 1
		return []byte("x"), &next, nil
	})
	edit := canister.Callback(0, func(ctx context.Context, _ int) ([]byte, *int, error) {
		*s.Edit(ctx) = 99
		return nil, nil, nil
	})
	api = flowAPI(t, "/", canister.Service{
		Query: func(_ context.Context, req request) (response, error) {
			strategy := map[string]canister.StreamingStrategy{"/": count, "/edit": edit}[req.URL]
			return response{StatusCode: 200, StreamingStrategy: strategy, Upgrade: req.Method == "POST"}, nil
		},
		Update: func(ctx context.Context, _ request) (response, error) {
			*s.Edit(ctx)++
			return response{StatusCode: 200}, nil
		},
	})
	if w := flowAsk(api, "GET", "/", ""); w.Body.String() != "xx" {
		t.Errorf("body %q", w.Body)
	}
	if w := flowAsk(api, "GET", "/edit", ""); w.Code != 500 || s.Get(t.Context()) != 3 {
		t.Errorf("a callback that edits: status %d, state %d", w.Code, s.Get(t.Context()))
	}
}

// TestUpdateStreams checks that an update may stream, after it was committed.
func TestUpdateStreams(t *testing.T) {
	s := canister.NewState(0, nil)
	tail := canister.Callback(0, func(ctx context.Context, _ int) ([]byte, *int, error) {
		return []byte{byte('0' + s.Get(ctx))}, nil, nil
	})
	api := flowAPI(t, "/", canister.Service{
		Query: icAlways(response{Upgrade: true}),
		Update: func(ctx context.Context, _ request) (response, error) {
			*s.Edit(ctx) = 7
			return response{StatusCode: 200, StreamingStrategy: tail}, nil
		},
	})
	if got := flowAsk(api, "POST", "/", "").Body.String(); got != "7" {
		t.Errorf("body %q, want the state that was committed", got)
	}
}

// TestAnywhere checks chunks and readers in handlers that are no canisters.
func TestAnywhere(t *testing.T) {
	leak.Check(t)
	api := endpoint.New(icQuiet())
	api.Get("file", func(ctx context.Context) io.Reader { return icChunks("a", "", "b").Reader(ctx) })
	api.Get("first", func(ctx context.Context) io.Reader { return icFailing(0).Reader(ctx) })
	api.Get("late", func(ctx context.Context) io.Reader { return icFailing(2).Reader(ctx) })
	server := httptest.NewServer(api)
	defer server.Close()
	tests := []struct {
		reason, path string
		status       int
		body         string // "" where it does not matter
		whole        bool
	}{
		{"chunks in a row", "/file", 200, "ab", true},
		{"an error before the first byte", "/first", 500, "", true},
		{"an error after it", "/late", 200, "xx", false},
	}
	for _, tt := range tests {
		status, body, err := rawGet(server.Listener.Addr().String(), tt.path)
		if status != 0 && status != tt.status || (err == nil) != tt.whole || tt.whole && tt.body != "" && body != tt.body {
			t.Errorf("%s: %d %q %v", tt.reason, status, body, err)
		}
		if strings.Contains(body, "secret") {
			t.Errorf("%s: the text of the error is in the answer: %s", tt.reason, body)
		}
	}
}

// TestChunks checks the iterator.
func TestChunks(t *testing.T) {
	s := icChunks("a", "", "b")
	for range 2 { // from the first token, each time
		var got []string
		for chunk, err := range s.Chunks(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(chunk))
		}
		if d := cmp.Diff([]string{"a", "", "b"}, got); d != "" {
			t.Errorf("chunks (-want +got):\n%s", d)
		}
	}
	for range s.Chunks(t.Context()) {
		break
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCallback)
	n := 0
	for _, err := range s.Chunks(ctx) {
		if n++; !errors.Is(err, errCallback) || n > 1 {
			t.Errorf("element %d after the context ended: %v", n, err)
		}
	}
}

// TestReader checks the reader: its pieces, its end, and Close.
func TestReader(t *testing.T) {
	r := icChunks("abc", "", "de").Reader(t.Context())
	p := make([]byte, 2)
	var got []string
	for {
		n, err := r.Read(p)
		if err == io.EOF {
			break
		}
		got = append(got, string(p[:n]))
	}
	if d := cmp.Diff([]string{"ab", "c", "de"}, got); d != "" {
		t.Errorf("pieces (-want +got):\n%s", d)
	}
	calls := 0
	r = streamCount(9, &calls).Reader(t.Context())
	if n, err := r.Read(nil); n != 0 || err != nil || calls != 0 {
		t.Errorf("reading nothing: %d, %v, %d calls", n, err, calls)
	}
	r.Read(p)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Read(p); err == nil || calls != 1 {
		t.Errorf("after Close: %v, %d calls", err, calls)
	}
}

// TestStreamMemory streams much more than may be in memory: 1 GiB if
// ENDPOINT_SOAK is set, else 64 MiB, in chunks of 1 MiB.
func TestStreamMemory(t *testing.T) {
	leak.Check(t)
	const chunkSize, most = 1 << 20, 8 // chunks in memory, those of the test included
	chunks := 64
	if os.Getenv("ENDPOINT_SOAK") != "" {
		chunks = 1024
	}
	base := streamHeap()
	var peak uint64
	s := canister.Callback(chunks, func(_ context.Context, left int) ([]byte, *int, error) {
		if left%16 == 0 {
			peak = max(peak, streamHeap())
		}
		chunk := make([]byte, chunkSize)
		if left--; left == 0 {
			return chunk, nil, nil
		}
		return chunk, &left, nil
	}).Limit(chunks)
	address := icServe(t, canister.Service{Query: icAlways(response{StatusCode: 200, StreamingStrategy: s})})
	resp, err := (&http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}).Get("http://" + address + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || n != int64(chunks)*chunkSize {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if grown := int64(peak) - int64(base); grown > most*chunkSize {
		t.Errorf("the heap grew by %d bytes, more than %d chunks", grown, most)
	} else {
		t.Logf("%d MiB streamed; the live heap grew by %d KiB at most", n>>20, grown>>10)
	}
}

// streamHeap returns what is on the heap and in use.
func streamHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
