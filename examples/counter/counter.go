package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
)

// A counter is the canister.
type counter struct {
	count *canister.State[int]
}

func newCounter() *counter { return &counter{canister.NewState(0, nil)} }

func (c *counter) service() canister.Service {
	return canister.Service{Query: c.httpRequest, Update: c.httpRequestUpdate, Upgrades: true}
}

// plain is the header of every answer.
func plain() []canister.HeaderField {
	return []canister.HeaderField{{Name: "content-type", Value: "text/plain"}}
}

// Bodies compressed beforehand: "query\n" and "update\n".
const (
	gzippedQuery  = "\x1f\x8b\x08\x00\x98\x02\x1b\x62\x00\x03\x2b\x2c\x4d\x2d\xaa\xe4\x02\x00\xd6\x80\x2b\x05\x06\x00\x00\x00"
	gzippedUpdate = "\x1f\x8b\x08\x00\x37\x02\x1b\x62\x00\x03\x2b\x2d\x48\x49\x2c\x49\xe5\x02\x00\xa8\xda\x91\x6c\x07\x00\x00\x00"
)

// httpRequest is the query: it answers GET, and hands POST to the update.
func (c *counter) httpRequest(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) {
	switch {
	case req.Method == http.MethodPost:
		return canister.HTTPResponse{StatusCode: http.StatusNoContent, Upgrade: true}, nil
	case req.Method != http.MethodGet:
		return invalid(), nil
	case req.URL == "/stream" && !canister.AcceptsGzip(req):
		return canister.HTTPResponse{
			StatusCode:        http.StatusOK,
			Headers:           append(plain(), canister.HeaderField{Name: "vary", Value: "accept-encoding"}),
			Body:              []byte("Counter"),
			StreamingStrategy: canister.Callback("start", c.httpStreaming),
		}, nil
	}
	text := fmt.Sprintf("Counter is %d\n%s\n", c.count.Get(ctx), req.URL)
	resp := canister.HTTPResponse{StatusCode: http.StatusOK, Headers: plain(), Body: []byte(text)}
	return canister.WithGzip(req, resp, []byte(gzippedQuery)), nil
}

// httpRequestUpdate is the update: what it edits is kept if it succeeds.
func (c *counter) httpRequestUpdate(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) {
	if req.Method != http.MethodPost {
		return invalid(), nil
	}
	n := c.count.Edit(ctx)
	*n++
	text := fmt.Sprintf("Counter updated to %d\n", *n)
	resp := canister.HTTPResponse{StatusCode: http.StatusCreated, Headers: plain(), Body: []byte(text)}
	return canister.WithGzip(req, resp, []byte(gzippedUpdate)), nil
}

// httpStreaming brings what follows "Counter", a piece for each token.
func (c *counter) httpStreaming(ctx context.Context, token string) ([]byte, *string, error) {
	next := func(t string) *string { return &t }
	switch token {
	case "start":
		return []byte(" is "), next("next"), nil
	case "next":
		return fmt.Append(nil, c.count.Get(ctx)), next("last"), nil
	case "last":
		return []byte(" streaming\n"), nil, nil
	}
	return nil, nil, endpoint.Errorf(http.StatusInternalServerError, "there is no such token")
}

func invalid() canister.HTTPResponse {
	return canister.HTTPResponse{StatusCode: http.StatusBadRequest, Body: []byte("Invalid request")}
}
