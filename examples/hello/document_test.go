package main

import (
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/internal/documents"
	"github.com/seed217079a1/endpoint/openapi"
)

func TestDocument(t *testing.T) {
	api := endpoint.New()
	api.Get("hello/:name", hello)
	documents.Check(t, api, openapi.Info{Title: "Hello", Version: "1.0.0", Servers: []string{"/api"}}, *update)
}
