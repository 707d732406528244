package canister_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
)

type (
	request  = canister.HTTPRequest
	response = canister.HTTPResponse
	field    = canister.HeaderField
)

// icQuiet drops the log: many tests want faults.
func icQuiet() endpoint.Option {
	return endpoint.Logger(slog.New(slog.NewTextHandler(io.Discard, nil)))
}

// icFixtures are the services of the cases, by name without "ic.".
var icFixtures = map[string]func() canister.Service{
	"counter":          icCounter,
	"todos":            icTodos,
	"mutate":           icMutate,
	"headers":          func() canister.Service { return canister.Service{Query: icHeaders} },
	"teapot":           func() canister.Service { return icUpgrade(418, "I'm a teapot", nil, false) },
	"updUpgrade":       func() canister.Service { return icUpgrade(200, "u", nil, true) },
	"upgradeStream":    func() canister.Service { return icUpgrade(200, "update", icChunks("x"), false) },
	"noUpdate":         func() canister.Service { return canister.Service{Query: icAlways(response{Upgrade: true})} },
	"upgradeFalse":     icFixed(response{StatusCode: 200, Body: []byte("q")}),
	"corsown":          icFixed(response{StatusCode: 200, Headers: []field{{"Access-Control-Allow-Origin", "https://own.example"}}}),
	"badStatus":        icFixed(response{StatusCode: 99}),
	"repeatHeaders":    icFixed(response{StatusCode: 200, Headers: []field{{"X-A", "1"}, {"X-A", "2"}}}),
	"stream0":          icFixed(response{StatusCode: 200, StreamingStrategy: icChunks("a", "b", "c")}),
	"streamEmptyChunk": icFixed(response{StatusCode: 200, StreamingStrategy: icChunks("a", "", "b")}),
	"streamEndless": icFixed(response{StatusCode: 200, StreamingStrategy: canister.Callback(0,
		func(_ context.Context, n int) ([]byte, *int, error) { return []byte("x"), &n, nil })}),
	"streamErrFirst": icFixed(response{StatusCode: 200, StreamingStrategy: icFailing(0)}),
	"streamErrLate":  icFixed(response{StatusCode: 200, StreamingStrategy: icFailing(4)}),
	"azle":           icFixed(response{StatusCode: 200, Body: []byte("hello")}),
	"kybra":          icFixed(response{StatusCode: 200}),
	"rust":           func() canister.Service { return canister.Service{Query: icRust} },
	"rustAck":        func() canister.Service { return canister.Service{Query: icRustAck} },
}

// icAlways answers one response.
func icAlways(r response) canister.Func {
	return func(context.Context, request) (response, error) { return r, nil }
}

func icFixed(r response) func() canister.Service {
	return func() canister.Service { return canister.Service{Query: icAlways(r)} }
}

// icUpgrade upgrades to an update that answers a text. What the query answers
// beside must not be seen.
func icUpgrade(status uint16, text string, s canister.StreamingStrategy, again bool) canister.Service {
	return canister.Service{
		Query: icAlways(response{
			StatusCode: 500, Headers: []field{{"X-Query", "1"}}, Body: []byte("query"), StreamingStrategy: s, Upgrade: true,
		}),
		Update:   icAlways(response{StatusCode: status, Body: []byte(text), Upgrade: again}),
		Upgrades: true,
	}
}

// icChunks streams texts, one a call.
func icChunks(chunks ...string) canister.StreamingStrategy {
	return canister.Callback(0, func(_ context.Context, i int) ([]byte, *int, error) {
		next := i + 1
		if next == len(chunks) {
			return []byte(chunks[i]), nil, nil
		}
		return []byte(chunks[i]), &next, nil
	})
}

// errCallback is the fault of a callback; its text is not for clients.
var errCallback = errors.New("secret of the callback")

// icFailing streams n chunks and fails then.
func icFailing(n int) canister.StreamingStrategy {
	return canister.Callback(0, func(_ context.Context, i int) ([]byte, *int, error) {
		if i == n {
			return nil, nil, errCallback
		}
		next := i + 1
		return []byte("x"), &next, nil
	})
}

// Compressed bodies of the seed.
const (
	icGzipQuery  = "\x1f\x8b\x08\x00\x98\x02\x1b\x62\x00\x03\x2b\x2c\x4d\x2d\xaa\xe4\x02\x00\xd6\x80\x2b\x05\x06\x00\x00\x00"
	icGzipUpdate = "\x1f\x8b\x08\x00\x37\x02\x1b\x62\x00\x03\x2b\x2d\x48\x49\x2c\x49\xe5\x02\x00\xa8\xda\x91\x6c\x07\x00\x00\x00"
)

// icCounter is the counter of the seed, negotiating gzip as HTTP has it.
func icCounter() canister.Service {
	counter := canister.NewState(0, nil)
	plain := []field{{"content-type", "text/plain"}}
	stream := func(ctx context.Context, token string) ([]byte, *string, error) {
		next := map[string]string{"start": "next", "next": "last"}[token]
		body := map[string]string{"start": " is ", "next": fmt.Sprint(counter.Get(ctx)), "last": " streaming\n"}[token]
		if next == "" {
			return []byte(body), nil, nil
		}
		return []byte(body), &next, nil
	}
	query := func(ctx context.Context, req request) (response, error) {
		switch gzip := canister.AcceptsGzip(req); {
		case req.Method == "POST":
			return response{StatusCode: 204, Upgrade: true}, nil
		case req.Method != "GET":
			return response{StatusCode: 400, Body: []byte("Invalid request")}, nil
		case !gzip && req.URL == "/stream":
			return response{StatusCode: 200, Headers: plain, Body: []byte("Counter"), StreamingStrategy: canister.Callback("start", stream)}, nil
		}
		text := fmt.Sprintf("Counter is %d\n%s\n", counter.Get(ctx), req.URL)
		return canister.WithGzip(req, response{StatusCode: 200, Headers: plain, Body: []byte(text)}, []byte(icGzipQuery)), nil
	}
	update := func(ctx context.Context, req request) (response, error) {
		*counter.Edit(ctx)++
		text := fmt.Sprintf("Counter updated to %d\n", counter.Get(ctx))
		return canister.WithGzip(req, response{StatusCode: 201, Headers: plain, Body: []byte(text)}, []byte(icGzipUpdate)), nil
	}
	return canister.Service{Query: query, Update: update, Upgrades: true}
}

// icMutate edits in the query.
func icMutate() canister.Service {
	s := canister.NewState(0, nil)
	return canister.Service{Query: func(ctx context.Context, _ request) (response, error) {
		*s.Edit(ctx)++
		return response{StatusCode: 200}, nil
	}}
}

// icTodos answers what the to-do API answers to a method that /todos has not.
func icTodos() canister.Service {
	return canister.Service{Query: func(_ context.Context, req request) (response, error) {
		body, err := json.Marshal(map[string]any{"err": map[string]any{"code": 405, "message": "Method not allowed"}})
		return response{StatusCode: 405, Headers: []field{{"content-type", "application/json"}}, Body: body}, err
	}}
}

// icHeaders answers the header that the canister got.
func icHeaders(_ context.Context, req request) (response, error) {
	var b strings.Builder
	for _, f := range req.Headers {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	return response{StatusCode: 200, Body: []byte(b.String())}, nil
}

func icRust(_ context.Context, req request) (response, error) {
	if req.URL != "/hello" {
		return response{StatusCode: 404}, nil
	}
	return response{StatusCode: 200}, nil
}

func icRustAck(_ context.Context, req request) (response, error) {
	resp := response{StatusCode: 200}
	if req.Header("Another-Header") != "" {
		resp.Headers = []field{{"Another-Header", "Ack"}}
	}
	return resp, nil
}
