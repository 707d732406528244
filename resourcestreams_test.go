//go:build !race

// The race detector's memory is not the library's.

package endpoint_test

import (
	"io"
	"iter"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

func TestResourceStreams(t *testing.T) {
	// 104: streams side by side, whole, at most 64 KiB each on the server's side.
	// Both ends are in this process, so the figure holds the client's part too.
	leak.Check(t)
	// Ten thousand, but for what else needs one of the 20,000 descriptors that
	// a process often has: each stream takes two.
	streams := resourceSize(500, 9_900)
	for what, handler := range map[string]func(open *atomic.Int64, release <-chan struct{}) any{
		"iterator": func(open *atomic.Int64, release <-chan struct{}) any {
			return func() iter.Seq[int] {
				return func(yield func(int) bool) {
					if !yield(1) {
						return
					}
					open.Add(1)
					<-release
					yield(2)
				}
			}
		},
		"events": func(open *atomic.Int64, release <-chan struct{}) any {
			return func() respEvents {
				return func(yield func(endpoint.Event, error) bool) {
					if !yield(endpoint.Event{Data: "1"}, nil) {
						return
					}
					open.Add(1)
					<-release
					yield(endpoint.Event{Data: "2"}, nil)
				}
			}
		},
		"reader": func(open *atomic.Int64, release <-chan struct{}) any {
			return func() io.Reader {
				step := 0
				return respReader(func(p []byte) (int, error) {
					switch step++; step {
					case 1:
						return copy(p, "1\n"), nil
					case 2:
						open.Add(1)
						<-release
						return copy(p, "2\n"), nil
					}
					return 0, io.EOF
				})
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			var open atomic.Int64
			release := make(chan struct{})
			api := endpoint.New(bindQuiet())
			api.Get("stream", handler(&open, release))
			resourceHold(t, api, streams, &open, release)
		})
	}
}

// resourceHold opens streams, measures the memory of each and reads them whole.
func resourceHold(t *testing.T, api *endpoint.API, streams int, open *atomic.Int64, release chan struct{}) {
	t.Helper()
	addr := bindServe(t, api)
	before := resourceMemory()
	conns := make([]net.Conn, streams)
	for i := range conns {
		conn, err := bindConnect(addr, 5*time.Minute)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		conns[i] = conn
		_, _ = io.WriteString(conn, "GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	}
	if !bindSoon(time.Minute, func() bool { return open.Load() == int64(streams) }) {
		t.Fatalf("%d of %d streams are open", open.Load(), streams)
	}
	each := (resourceMemory() - before) / int64(streams)
	t.Logf("%d streams, %d bytes each", streams, each)
	if each > 64<<10 {
		t.Errorf("104: %d bytes a stream, want at most %d", each, 64<<10)
	}
	close(release)
	for i, conn := range conns {
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasSuffix(string(answer), "\r\n0\r\n\r\n") || strings.Count(string(answer), "2\n") < 1 {
			t.Fatalf("104 stream %d: %q %v, want it whole", i, answer, err)
		}
	}
}

// resourceMemory is the memory of heap and stacks in use, in bytes.
func resourceMemory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
