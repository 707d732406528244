package endpointtest

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/seed217079a1/endpoint"
)

// Lines waits for the next n lines of a stream, such as those of
// application/jsonl, and returns them without their line feeds. It fails if the
// stream ends before; 0 stands for all lines up to its end.
func (a *Answer) Lines(n int) []string {
	a.client.t.Helper()
	return a.pieces(n, "lines", "\n", func(string) bool { return true })
}

// Events waits for the next n server-sent events, and returns them with their
// data as text; comments, such as those that keep a connection alive, do not
// count. It fails if the stream ends before; 0 stands for all events up to its
// end.
func (a *Answer) Events(n int) []endpoint.Event {
	a.client.t.Helper()
	if got := a.mediaType(); got != "text/event-stream" {
		a.fail("content type %q is no text/event-stream", got)
	}
	var list []endpoint.Event
	for _, block := range a.pieces(n, "events", "\n\n", isEvent) {
		list = append(list, parseEvent(block))
	}
	return list
}

// Close is the client going away: the context of the request ends, and Close
// returns when the handler has. Streams are closed at the end of the test.
func (a *Answer) Close() {
	a.client.t.Helper()
	a.exchange.close()
	a.await()
	a.check()
	if _, ended := a.exchange.state(); !ended {
		a.fail("the handler goes on %v after the client went away", patience)
	}
}

// pieces returns the next n pieces of the stream that count.
func (a *Answer) pieces(n int, what, end string, counts func(string) bool) []string {
	a.client.t.Helper()
	a.await()
	x := a.exchange
	var list []string
	next := 0
	enough := func() bool {
		list, next = nil, a.read
		for n == 0 || len(list) < n {
			piece, _, ok := bytes.Cut(x.body[next:], []byte(end))
			if !ok {
				break
			}
			next += len(piece) + len(end)
			if counts(string(piece)) {
				list = append(list, string(piece))
			}
		}
		return x.ended || n > 0 && len(list) == n
	}
	if !x.wait(enough, patience) {
		a.fail("%d %s after %v, want %d", len(list), what, patience, n)
	}
	a.read = next
	if len(list) < n {
		a.fail("the stream ended after %d %s, want %d", len(list), what, n)
	}
	if _, ended := x.state(); ended {
		a.check()
	}
	return list
}

// isEvent reports whether a block has anything but comments.
func isEvent(block string) bool {
	for line := range strings.SplitSeq(block, "\n") {
		if line != "" && line[0] != ':' {
			return true
		}
	}
	return false
}

// parseEvent reads the fields of an event as a browser does.
func parseEvent(block string) endpoint.Event {
	var e endpoint.Event
	var data []string
	for line := range strings.SplitSeq(block, "\n") {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			e.ID = value
		case "event":
			e.Type = value
		case "data":
			data = append(data, value)
		case "retry":
			ms, _ := strconv.Atoi(value)
			e.Retry = time.Duration(ms) * time.Millisecond
		}
	}
	e.Data = strings.Join(data, "\n")
	return e
}
