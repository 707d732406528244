package endpoint_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// Row 91: server-sent events.

type respEvents = iter.Seq2[endpoint.Event, error]

func TestRespEventFields(t *testing.T) {
	leak.Check(t)
	api, _ := respAPI()
	texts := []string{"a\nid: 1", "a\r\nevent: x\r\n\r\ndata: y", "a\revent: x", "\n\n", "a\n\nevent: evil\ndata: b\n\n", ": comment", "\x00", "\xff"}
	api.Get("events", func() respEvents {
		return func(yield func(endpoint.Event, error) bool) {
			for _, text := range texts {
				if !yield(endpoint.Event{Data: text}, nil) {
					return
				}
			}
			yield(endpoint.Event{ID: "7", Type: "t", Data: map[string]string{"a": "b\r\nid: 1"}, Retry: 1500 * time.Millisecond}, nil)
		}
	})
	a := bindMust(t, bindServe(t, api), bindText("GET", "/events", "", ""))
	if a.status != 200 || a.err != nil || a.header.Get("Content-Type") != "text/event-stream" || a.header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("91: %d %v %v", a.status, a.header, a.err)
	}
	if strings.Contains(a.body, "\r") {
		t.Errorf("91: a bare CR ends a line of the format: %q", a.body)
	}
	events := strings.Split(strings.TrimSuffix(a.body, "\n\n"), "\n\n")
	if len(events) != len(texts)+1 {
		t.Fatalf("91: %d events, want %d: %q", len(events), len(texts)+1, a.body)
	}
	for i, text := range texts {
		for line := range strings.SplitSeq(events[i], "\n") {
			if !strings.HasPrefix(line, "data: ") {
				t.Errorf("91: %q started the field %q", text, line)
			}
		}
	}
	if want := "id: 7\nevent: t\nretry: 1500\ndata: {\"a\":\"b\\r\\nid: 1\"}"; events[len(texts)] != want {
		t.Errorf("91: event %q, want %q", events[len(texts)], want)
	}
}

func TestRespEventNames(t *testing.T) {
	// A line break in an id or type is a fault of the handler, found before the first byte.
	api, _ := respAPI()
	for i, e := range []endpoint.Event{{ID: "a\nb"}, {ID: "a\rb"}, {ID: "\x00"}, {Type: "a\ndata: b"}, {Type: "a\rb"}} {
		api.Get(fmt.Sprint("events/", i), func() respEvents {
			return func(yield func(endpoint.Event, error) bool) { yield(e, nil) }
		})
	}
	addr := bindServe(t, api)
	for i := range 5 {
		if err := respPlain(bindMust(t, addr, bindText("GET", fmt.Sprint("/events/", i), "", "")), 500); err != nil {
			t.Errorf("91 %d: %v", i, err)
		}
	}
}

// respWaits is a stream of one event that then waits for the end of its
// context; left is what its deferred code tells.
func respWaits(left chan<- error) func(context.Context, *endpoint.Request) respEvents {
	return func(ctx context.Context, r *endpoint.Request) respEvents {
		return func(yield func(endpoint.Event, error) bool) {
			defer func() { left <- context.Cause(ctx) }()
			if !yield(endpoint.Event{Data: "last=" + r.Header.Get("Last-Event-ID")}, nil) {
				return
			}
			<-ctx.Done()
		}
	}
}

func TestRespEventsClientGone(t *testing.T) {
	leak.Check(t)
	t.Cleanup(endpoint.SetRespKeepAlive(20 * time.Millisecond))
	type body struct {
		A int `json:"a"`
	}
	for what, opts := range map[string][]endpoint.Option{
		"plain": nil, "middleware": {endpoint.Use(func(h http.Handler) http.Handler { return h })},
	} {
		left := make(chan error, 1)
		api, _ := respAPI(append(opts, endpoint.BodyTimeout(100*time.Millisecond))...)
		api.Get("events", respWaits(left))
		events := respWaits(left)
		api.Post("events", func(ctx context.Context, r *endpoint.Request, _ body) respEvents { return events(ctx, r) })
		addr := bindServe(t, api)
		for name, raw := range map[string]string{
			"GET":  bindText("GET", "/events", "Last-Event-ID: 41\r\n", ""),
			"POST": bindText("POST", "/events", "Last-Event-ID: 41\r\nContent-Type: application/json\r\n", `{"a":1}`),
		} {
			t.Run("91 "+what+" "+name, func(t *testing.T) { respGone(t, addr, raw, left) })
		}
	}
}

// respGone reads events for longer than a body may take, then goes away.
func respGone(t *testing.T, addr, raw string, left <-chan error) {
	conn := bindDial(t, addr)
	_, _ = io.WriteString(conn, raw)
	lines := bufio.NewScanner(conn)
	seen, comments, deadline := false, 0, time.Now().Add(300*time.Millisecond)
	for lines.Scan() {
		seen = seen || lines.Text() == "data: last=41"
		if lines.Text() == ":" {
			comments++
		}
		if comments >= 5 && time.Now().After(deadline) {
			break
		}
	}
	if !seen || comments < 5 {
		t.Fatalf("event %v, %d comments, %v, want the event with the header and at least 5", seen, comments, lines.Err())
	}
	select {
	case cause := <-left:
		t.Fatalf("the stream ended while the client was there: %v", cause)
	default:
	}
	gone := time.Now()
	bindReset(conn)
	select {
	case cause := <-left:
		if took := time.Since(gone); cause == nil || took > time.Second*bindSlack() {
			t.Errorf("cause %v after %v, want one within 1s", cause, took)
		}
	case <-time.After(10 * time.Second):
		t.Error("the iterator still runs 10s after its client went away")
	}
}

func TestRespStreamOutlivesBody(t *testing.T) {
	// A body that was read leaves no deadline behind which looks like a lost client.
	leak.Check(t)
	type body struct {
		A int `json:"a"`
	}
	for what, opts := range map[string][]endpoint.Option{
		"plain": nil, "middleware": {endpoint.Use(func(h http.Handler) http.Handler { return h })},
	} {
		api, _ := respAPI(append(opts, endpoint.BodyTimeout(50*time.Millisecond))...)
		slow := func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for i := range 5 {
					select {
					case <-ctx.Done():
						yield(0, context.Cause(ctx))
						return
					case <-time.After(50 * time.Millisecond):
					}
					if !yield(i, nil) {
						return
					}
				}
			}
		}
		api.Post("json", func(ctx context.Context, _ body) iter.Seq2[int, error] { return slow(ctx) })
		api.Post("form", func(ctx context.Context, _ bindFields) iter.Seq2[int, error] { return slow(ctx) })
		api.Post("upload", func(ctx context.Context, _ bindUpload) iter.Seq2[int, error] { return slow(ctx) })
		api.Post("fault", func(body) error { return endpoint.Errorf(409, "no") })
		addr := bindServe(t, api)
		for name, raw := range map[string]string{
			"json": bindJSON("/json", `{"a":1}`), "chunked": bindChunked("/json", `{"a":1}`), "form": bindForm("/form", "name=a"),
			"upload": bindMultipart("/upload", bindPart{"file", "f", "content"}),
		} {
			if a := bindMust(t, addr, raw); a.status != 200 || a.err != nil || strings.Count(a.body, "\n") != 5 {
				t.Errorf("91 %s, %s: %d %q %v, want 5 lines", what, name, a.status, a.body, a.err)
			}
		}
		if a := bindMust(t, addr, bindJSON("/fault", `{"a":1}`)); a.status != 409 || a.header.Get("Connection") == "close" {
			t.Errorf("%s: %d, Connection: %q: a refusal whose body was read keeps the connection", what, a.status, a.header.Get("Connection"))
		}
	}
}

// Row 94 to 96.

func TestRespMarkup(t *testing.T) {
	addr := bindServe(t, bindAPI())
	const markup = "<script>alert(1)</script>"
	escaped := "%3Cscript%3Ealert(1)%3C/script%3E"
	accept := "Accept: text/html\r\n"
	for name, raw := range map[string]string{
		"path":    bindText("GET", "/"+escaped, accept, ""),
		"query":   bindText("GET", "/fields?n="+escaped, accept, ""),
		"name":    bindText("GET", "/fields?"+escaped+"=1", accept+"Content-Type: application/x-www-form-urlencoded\r\n", ""),
		"field":   bindText("POST", "/fields", accept+"Content-Type: application/x-www-form-urlencoded\r\n", "age="+markup),
		"member":  bindText("POST", "/people", accept+"Content-Type: application/json\r\n", `{"name":"a","`+markup+`":1,"age":"`+markup+`"}`),
		"strict":  bindText("POST", "/strict", accept+"Content-Type: application/json\r\n", `{"name":"a","`+markup+`":1}`),
		"method":  bindText("DELETE", "/hello", accept, ""),
		"text":    bindText("GET", "/params/"+escaped, accept, ""),
		"text ok": bindText("GET", "/params/%3Cscript%3E", accept, ""),
	} {
		a := bindMust(t, addr, raw)
		kind := a.header.Get("Content-Type")
		if a.header.Get("X-Content-Type-Options") != "nosniff" || a.status >= 400 && (kind != "application/problem+json" || strings.Contains(a.body, "<script")) ||
			a.status < 400 && kind != "text/plain; charset=utf-8" {
			t.Errorf("94 %s: %d %v %s", name, a.status, a.header, a.body)
		}
		if a.header.Get("Server") != "" || a.header.Get("X-Powered-By") != "" {
			t.Errorf("96 %s: %v names the software", name, a.header)
		}
	}
}

func TestRespStatus(t *testing.T) {
	leak.Check(t)
	api, _ := respAPI()
	api.Get("hints", func(w http.ResponseWriter) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(103)
		w.WriteHeader(200)
		_, _ = io.WriteString(w, "body")
	})
	for _, status := range []int{204, 304} {
		api.Get(fmt.Sprint("response/", status), func() *endpoint.Response { return endpoint.Respond(status, "body").Set("Content-Type", "text/plain") })
		api.Get(fmt.Sprint("stream/", status), respHundred, endpoint.Status(status))
	}
	for name, n := range map[string]int{"empty": 0, "small": 10, "large": 5000, "huge": 300_000} {
		api.Get("text/"+name, func() string { return strings.Repeat("a", n) })
		api.Get("bytes/"+name, func() []byte { return make([]byte, n) })
		api.Get("json/"+name, func() []int { return make([]int, n) })
	}
	addr := bindServe(t, api)
	conn := bindDial(t, addr)
	_, _ = io.WriteString(conn, bindText("GET", "/hints", "Connection: close\r\n", ""))
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 103 Early Hints\r\n") || !strings.Contains(string(answer), "\r\n\r\nHTTP/1.1 200 OK\r\n") || !strings.HasSuffix(string(answer), "body") {
		t.Errorf("95: %q, want 103 and 200", answer)
	}
	for _, status := range []int{204, 304} {
		for _, form := range []string{"response", "stream"} {
			a := bindMust(t, addr, bindText("GET", fmt.Sprintf("/%s/%d", form, status), "", ""))
			if a.status != status || a.body != "" || a.header.Get("Content-Length") != "" || a.chunks || a.err != nil {
				t.Errorf("95 %s %d: %d %v %q", form, status, a.status, a.header, a.body)
			}
		}
	}
	for _, form := range []string{"text", "bytes", "json"} {
		for _, size := range []string{"empty", "small", "large", "huge"} {
			get := bindMust(t, addr, bindText("GET", "/"+form+"/"+size, "", ""))
			head := bindMust(t, addr, bindText("HEAD", "/"+form+"/"+size, "", ""))
			if get.length != int64(len(get.body)) || head.length != get.length || head.body != "" || get.err != nil {
				t.Errorf("95 %s %s: length %d of %d, HEAD %d", form, size, get.length, len(get.body), head.length)
			}
		}
	}
}

func TestRespAfterReturn(t *testing.T) {
	leak.Check(t)
	for what, opts := range map[string][]endpoint.Option{
		"plain": nil, "middleware": {endpoint.Use(func(h http.Handler) http.Handler { return h })},
	} {
		api, _ := respAPI()
		late := make(chan error, 3)
		answered := make(chan struct{})
		api.Get("late", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "in time")
			go func() {
				<-answered
				_, err := io.WriteString(w, "late")
				late <- err
				late <- http.NewResponseController(w).Flush()
				w.WriteHeader(500)
				_, err = r.Body.Read(make([]byte, 1))
				late <- err
			}()
		}, opts...)
		addr := bindServe(t, api)
		if a := bindMust(t, addr, bindText("GET", "/late", "", "")); a.status != 200 || a.body != "in time" {
			t.Errorf("95 %s: %d %q", what, a.status, a.body)
		}
		close(answered)
		for _, call := range []string{"Write", "Flush", "Body.Read"} {
			if err := <-late; err == nil {
				t.Errorf("95 %s: %s after the return gives no error", what, call)
			}
		}
		bindHealthy(t, addr)
	}
}

func TestRespWritesAcrossReturn(t *testing.T) {
	// 95: a goroutine that goes on writing while the handler returns.
	leak.Check(t)
	api, _ := respAPI()
	var ended atomic.Int32
	api.Get("across", func(w http.ResponseWriter) {
		begun := make(chan struct{})
		go func() {
			defer ended.Add(1)
			for i := 0; ; i++ {
				if _, err := w.Write([]byte("x")); err != nil {
					return
				}
				if i == 100 {
					close(begun)
				}
			}
		}()
		<-begun
	})
	addr := bindServe(t, api)
	const requests = 50
	for range requests {
		if a, err := bindSend(addr, bindText("GET", "/across", "", "")); err == nil && strings.Trim(a.body, "x") != "" {
			t.Errorf("95: body %q", a.body)
		} else if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("95: %v", err)
		}
	}
	if !bindSoon(5*time.Second, func() bool { return ended.Load() == requests }) {
		t.Errorf("95: %d of %d writers got an error", ended.Load(), requests)
	}
	bindHealthy(t, addr)
}
