package main

import (
	"flag"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
	"github.com/seed217079a1/endpoint/internal/documents"
	"github.com/seed217079a1/endpoint/openapi"
)

var update = flag.Bool("update", false, "rewrite the documents in testdata")

func TestDocument(t *testing.T) {
	api := endpoint.New()
	canister.Handle(api, "/", newTodos().service(), endpoint.MaxBody(64<<10))
	documents.Check(t, api, openapi.Info{Title: "Todo", Version: "1.0.0"}, *update)
}
