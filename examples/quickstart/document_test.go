package main

import (
	"testing"

	"github.com/seed217079a1/endpoint/endpointtest"
	"github.com/seed217079a1/endpoint/internal/documents"
)

func TestDocument(t *testing.T) {
	api := newAPI(NewUsers())
	api.Configure(Greetings{Word: "Hello"})
	documents.Check(t, api, info(), *update)
}

// TestDocumentServed checks that the service shows its own document.
func TestDocumentServed(t *testing.T) {
	api := newAPI(NewUsers())
	api.Configure(Greetings{Word: "Hello"})
	c := endpointtest.New(t, newService(api))
	var document struct {
		OpenAPI string `json:"openapi"`
	}
	c.Get("/api/docs/openapi.json").Status(200).JSON(&document)
	if document.OpenAPI != "3.1.1" {
		t.Errorf("the version is %q", document.OpenAPI)
	}
	c.Get("/api/docs/openapi.yaml").Status(200).Header("Content-Type", "application/yaml")
	c.Get("/api/docs/").Status(200).Header("Content-Type", "text/html; charset=utf-8")
	c.Get("/api/docs").Status(308).Header("Location", "/api/docs/")
}
