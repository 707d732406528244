package main

import (
	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/openapi"
)

//go:generate go run github.com/seed217079a1/endpoint/cmd/endpoint-doc

// info is what the OpenAPI document says beside what the API knows of itself.
func info() openapi.Info {
	return openapi.Info{
		Title:   "Quickstart",
		Version: "1.0.0",
		Summary: "Users kept in memory, a feed of what happens to them, and a webhook.",
		License: openapi.License{Name: "MIT", Identifier: "MIT"},
		Tags:    []openapi.Tag{{Name: "users", Description: "People with a name and an address."}},
		// The comments of this program, see go:generate above.
		Comments: docComments,
	}
}

// serveDocument serves the document of the API as docs/openapi.json and
// docs/openapi.yaml, and a page that shows it at docs/. It follows the API
// while that changes.
func serveDocument(api *endpoint.API) {
	api.Get("docs/", openapi.Handler(api, info()), endpoint.Hidden())
}
