package canister_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
)

// flowAsk serves one request from a recorder.
func flowAsk(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w
}

// flowAPI is an API with one service below a path.
func flowAPI(t testing.TB, path string, s canister.Service, opts ...endpoint.Option) *endpoint.API {
	t.Helper()
	api := endpoint.New(icQuiet())
	canister.Handle(api, path, s, opts...)
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	return api
}

// TestRequest checks the records that query and update get.
func TestRequest(t *testing.T) {
	var got []request
	note := func(upgrade bool) canister.Func {
		return func(_ context.Context, req request) (response, error) {
			got = append(got, req)
			return response{StatusCode: 200, Upgrade: upgrade}, nil
		}
	}
	api := flowAPI(t, "/", canister.Service{Query: note(true), Update: note(false)})
	r := httptest.NewRequest("REPORT", "http://example.com/a%2Fb/%C3%BC?x=%20&x=", strings.NewReader("body"))
	r.Header = http.Header{"X-B": {"2", "1"}, "X-A": {"3"}, "Accept-Encoding": {"br", "gzip"}}
	api.ServeHTTP(httptest.NewRecorder(), r)

	want := request{
		Method: "REPORT", URL: "/a%2Fb/%C3%BC?x=%20&x=", Body: []byte("body"), CertificateVersion: 2,
		Headers: []field{
			{"accept-encoding", "br"},
			{"accept-encoding", "gzip, identity"},
			{"host", "example.com"},
			{"x-a", "3"},
			{"x-b", "2"},
			{"x-b", "1"},
		},
	}
	if len(got) != 2 {
		t.Fatalf("%d calls, want the query and the update", len(got))
	}
	if d := cmp.Diff(want, got[0]); d != "" {
		t.Errorf("query (-want +got):\n%s", d)
	}
	want.CertificateVersion = 0
	if d := cmp.Diff(want, got[1]); d != "" {
		t.Errorf("update (-want +got):\n%s", d)
	}
}

// TestRequestIsOwn checks that the update gets the request as the client sent
// it, whatever the query made of its own.
func TestRequestIsOwn(t *testing.T) {
	api := flowAPI(t, "/", canister.Service{
		Query: func(_ context.Context, req request) (response, error) {
			req.Body[0], req.Headers[0] = 'X', field{"x", "x"}
			return response{Upgrade: true}, nil
		},
		Update: func(_ context.Context, req request) (response, error) {
			return response{StatusCode: 200, Body: append(req.Body, req.Headers[0].Name...)}, nil
		},
	})
	if got := flowAsk(api, "POST", "/", "body").Body.String(); got != "bodyhost" {
		t.Errorf("update got %q, want the client's", got)
	}
}

// TestMethods checks that the method decides nothing.
func TestMethods(t *testing.T) {
	api := flowAPI(t, "x", canister.Service{Query: func(_ context.Context, req request) (response, error) {
		return response{StatusCode: 200, Headers: []field{{"X-Method", req.Method}, {"access-control-allow-origin", "null"}}}, nil
	}})
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
		if w := flowAsk(api, method, "/x", ""); w.Code != 200 || w.Header().Get("X-Method") != method {
			t.Errorf("%s: status %d, the query got %q", method, w.Code, w.Header().Get("X-Method"))
		}
	}
}

// TestRegistration checks what Compile says of a service, and where.
func TestRegistration(t *testing.T) {
	fn := icAlways(response{StatusCode: 200})
	tests := []struct {
		reason  string
		service canister.Service
		want    string // "" compiles
	}{
		{"a query alone is a canister", canister.Service{Query: fn}, ""},
		{"both halves", canister.Service{Query: fn, Update: fn, Upgrades: true}, ""},
		{"every request goes to the query", canister.Service{Update: fn}, "the service has no Query, which gets every request first; give one"},
		{"an upgrade leads nowhere", canister.Service{Query: fn, Upgrades: true}, "the service says Upgrades but has no Update; give one, or leave Upgrades out"},
	}
	for _, tt := range tests {
		api := endpoint.New()
		canister.Handle(api, "a", tt.service)
		err := api.Compile()
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.reason, err)
			}
			continue
		}
		if err == nil || !strings.HasSuffix(err.Error(), ": "+tt.want) || !strings.Contains(err.Error(), "registered at canister/flow_test.go:") {
			t.Errorf("%s: fault %v, want %q at this file", tt.reason, err, tt.want)
		}
	}
}

// TestFailures checks what becomes of a canister that fails.
func TestFailures(t *testing.T) {
	good := response{StatusCode: 200, Body: []byte("ok")}
	tests := []struct {
		reason string
		query  canister.Func
		opts   []endpoint.Option
		body   string
		status int
		detail string
	}{
		{"an error is not for the client", func(context.Context, request) (response, error) {
			return good, errors.New("secret")
		}, nil, "", 500, ""},
		{"an Error is", func(context.Context, request) (response, error) {
			return good, endpoint.Errorf(402, "pay first")
		}, nil, "", 402, "pay first"},
		{"mapped errors are too", func(context.Context, request) (response, error) {
			return good, errCallback
		}, []endpoint.Option{endpoint.MapError(errCallback, 409, "not now")}, "", 409, "not now"},
		{"a panic", func(context.Context, request) (response, error) { panic("secret") }, nil, "", 500, ""},
		{"no status", icAlways(response{}), nil, "", 500, "Invalid canister response status code: 0"},
		{"1xx does not end an answer", icAlways(response{StatusCode: 101}), nil, "", 500, "Invalid canister response status code: 101"},
		{"four digits", icAlways(response{StatusCode: 1000}), nil, "", 500, "Invalid canister response status code: 1000"},
		{"a line break would begin a field", icAlways(response{StatusCode: 200, Headers: []field{{"a", "b\r\nc: d"}}}), nil, "", 500, ""},
		{"a name is a token", icAlways(response{StatusCode: 200, Headers: []field{{"a b", ""}}}), nil, "", 500, ""},
		{"a body within the limit", icAlways(good), []endpoint.Option{endpoint.MaxBody(4)}, "1234", 200, ""},
		{"one beyond it", icAlways(good), []endpoint.Option{endpoint.MaxBody(4)}, "12345", 413, "the body is larger"},
		{"a callback that may answer", icAlways(response{StatusCode: 200, StreamingStrategy: canister.Callback(0,
			func(context.Context, int) ([]byte, *int, error) {
				return nil, nil, endpoint.Errorf(404, "no such file")
			})}), nil, "", 404, "no such file"},
		{"a callback that is none", icAlways(response{StatusCode: 200, StreamingStrategy: canister.Callback[int](0, nil)}), nil, "", 500, "Failed to parse"},
	}
	for _, tt := range tests {
		w := flowAsk(flowAPI(t, "/", canister.Service{Query: tt.query}, tt.opts...), "POST", "/", tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.detail) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s, want %d with %q", tt.reason, w.Code, w.Body, tt.status, tt.detail)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: a page of another origin cannot read the answer", tt.reason)
		}
	}
}

// TestAnswer checks what of a response is sent.
func TestAnswer(t *testing.T) {
	tests := []struct {
		reason string
		method string
		resp   response
		want   http.Header // beside those of CORS; nil values: absent
		body   string
	}{
		{"nothing is guessed", "GET", response{StatusCode: 200, Body: []byte("<html>")},
			http.Header{"Content-Type": nil, "Content-Length": {"6"}, "X-Content-Type-Options": {"nosniff"}}, "<html>"},
		{"the length is the server's to say", "GET", response{StatusCode: 200, Headers: []field{{"content-length", "99"}}, Body: []byte("abc")},
			http.Header{"Content-Length": {"3"}}, "abc"},
		{"HEAD has the length of its body, and no body", "HEAD", response{StatusCode: 200, Body: []byte("abc")},
			http.Header{"Content-Length": {"3"}}, ""},
		{"or the one that the service says", "HEAD", response{StatusCode: 200, Headers: []field{{"content-length", "99"}}},
			http.Header{"Content-Length": {"99"}}, ""},
		{"204 has neither", "GET", response{StatusCode: 204, Headers: []field{{"content-length", "3"}}, Body: []byte("abc")},
			http.Header{"Content-Length": nil}, ""},
		{"nor does it stream", "GET", response{StatusCode: 304, StreamingStrategy: icChunks("abc")},
			http.Header{"Content-Length": nil}, ""},
		{"fields of the connection are not the service's", "GET", response{StatusCode: 200, Headers: []field{{"connection", "close"}, {"transfer-encoding", "x"}, {"keep-alive", "9"}}},
			http.Header{"Connection": nil, "Transfer-Encoding": nil, "Keep-Alive": nil}, ""},
		{"cookies add up with those of middleware", "GET", response{StatusCode: 200, Headers: []field{{"set-cookie", "a=1"}, {"set-cookie", "b=2"}}},
			http.Header{"Set-Cookie": {"m=0", "a=1", "b=2"}}, ""},
		{"others replace theirs", "GET", response{StatusCode: 200, Headers: []field{{"x-frame-options", "DENY"}}},
			http.Header{"X-Frame-Options": {"DENY"}}, ""},
	}
	middleware := endpoint.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", "m=0")
			w.Header().Set("X-Frame-Options", "SAMEORIGIN")
			next.ServeHTTP(w, r)
		})
	})
	for _, tt := range tests {
		w := flowAsk(flowAPI(t, "/", canister.Service{Query: icAlways(tt.resp)}, middleware), tt.method, "/", "")
		if w.Body.String() != tt.body {
			t.Errorf("%s: body %q, want %q", tt.reason, w.Body, tt.body)
		}
		for name, want := range tt.want {
			if d := cmp.Diff(want, w.Result().Header[name]); d != "" {
				t.Errorf("%s: %s (-want +got):\n%s", tt.reason, name, d)
			}
		}
	}
}

// TestLargeAnswer checks a body of several pieces through a server.
func TestLargeAnswer(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 1<<16)
	_, got, err := icExchange(t, canister.Service{Query: icAlways(response{StatusCode: 200, Body: []byte(body)})}, "GET", "/", nil, "")
	if err != nil || string(got) != body {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(body))
	}
}

// A deadlineRecorder notes the write deadlines that are set.
type deadlineRecorder struct {
	*httptest.ResponseRecorder

	set []time.Time
}

func (r *deadlineRecorder) SetWriteDeadline(at time.Time) error {
	r.set = append(r.set, at)
	return nil
}

// TestDeadlines checks that what may take long is written under deadlines, and
// that none is left for the next request of the connection.
func TestDeadlines(t *testing.T) {
	large := make([]byte, 200<<10)
	tests := []struct {
		reason string
		resp   response
		want   int // deadlines, the one that is taken back included
	}{
		{"a small body fits the buffers", response{StatusCode: 200, Body: []byte("x")}, 0},
		{"four pieces", response{StatusCode: 200, Body: large}, 5},
		{"three chunks", response{StatusCode: 200, StreamingStrategy: icChunks("a", "b", "c")}, 4},
		{"a body and a chunk", response{StatusCode: 200, Body: large, StreamingStrategy: icChunks("a")}, 6},
	}
	for _, tt := range tests {
		w := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder()}
		flowAPI(t, "/", canister.Service{Query: icAlways(tt.resp)}).ServeHTTP(w, httptest.NewRequest("GET", "/", http.NoBody))
		if len(w.set) != tt.want || tt.want > 0 && !w.set[tt.want-1].IsZero() {
			t.Errorf("%s: deadlines %v, want %d, the last of them none", tt.reason, w.set, tt.want)
		}
		for _, at := range w.set[:max(len(w.set)-1, 0)] {
			if left := time.Until(at); left < 10*time.Second || left > 20*time.Second {
				t.Errorf("%s: a deadline in %v, want 20s", tt.reason, left)
			}
		}
	}
}

// TestContentLength checks that a stream longer than it says is cut, and logged.
func TestContentLength(t *testing.T) {
	resp := response{StatusCode: 200, Headers: []field{{"content-length", "3"}}, StreamingStrategy: icChunks("ab", "cd")}
	var log strings.Builder
	api := endpoint.New(endpoint.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	canister.Handle(api, "/", canister.Service{Query: icAlways(resp)})
	server := httptest.NewServer(api)
	_, body, err := rawGet(server.Listener.Addr().String(), "/")
	server.Close()
	if err == nil || len(body) > 3 || !strings.Contains(log.String(), "longer than its Content-Length") {
		t.Errorf("body %q, %v, log %s", body, err, log.String())
	}
}

// TestTimeout checks that an update whose client was told of a time-out
// changes nothing.
func TestTimeout(t *testing.T) {
	s := canister.NewState(0, nil)
	ended := make(chan error, 1)
	api := flowAPI(t, "/", canister.Service{
		Query: icAlways(response{Upgrade: true}),
		Update: func(ctx context.Context, _ request) (response, error) {
			*s.Edit(ctx)++
			<-ctx.Done()
			defer func() { ended <- ctx.Err() }()
			return response{StatusCode: 200}, nil
		},
	}, endpoint.Timeout(10*time.Millisecond))
	if w := flowAsk(api, "POST", "/", ""); w.Code != 503 {
		t.Errorf("status %d, want 503", w.Code)
	}
	<-ended
	// The next update waits for the end of this one, so what it sees is decided.
	after := make(chan int, 1)
	next := flowAPI(t, "/", canister.Service{
		Query: icAlways(response{Upgrade: true}),
		Update: func(ctx context.Context, _ request) (response, error) {
			after <- s.Get(ctx)
			return response{StatusCode: 200}, nil
		},
	})
	if flowAsk(next, "POST", "/", ""); <-after != 0 {
		t.Error("the update was kept, though its client got a 503")
	}
}
