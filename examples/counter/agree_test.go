package main

import (
	"os"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
	"github.com/seed217079a1/endpoint/endpointtest"
)

// TestAgree holds the counter to its OpenAPI document, which allows much:
// canisters choose their answers.
func TestAgree(t *testing.T) {
	tries := 300
	if os.Getenv("ENDPOINT_SOAK") != "" {
		tries = 10_000
	}
	api := endpoint.New()
	canister.Handle(api, "/", newCounter().service())
	endpointtest.New(t, api).Agree(tries)
}
