package main

import (
	"os"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/endpointtest"
)

// TestAgree holds the service to the OpenAPI document of its API, which stands
// below /api there.
func TestAgree(t *testing.T) {
	tries := 300
	if os.Getenv("ENDPOINT_SOAK") != "" {
		tries = 10_000
	}
	mux, err := service()
	if err != nil {
		t.Fatal(err)
	}
	api := endpoint.New()
	api.Get("hello/:name", hello)
	endpointtest.New(t, mux).Contract(api, "/api").Agree(tries)
}
