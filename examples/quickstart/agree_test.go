package main

import (
	"os"
	"testing"

	"github.com/seed217079a1/endpoint/endpointtest"
)

// TestAgree holds the service to its OpenAPI document: requests made from the
// schemas are accepted, broken ones are refused, and answers are as described.
func TestAgree(t *testing.T) {
	tries := 300
	if os.Getenv("ENDPOINT_SOAK") != "" {
		tries = 10_000
	}
	users := NewUsers("Ada", "Grace")
	users.Close() // so that its feed ends
	api := newAPI(users)
	api.Configure(Greetings{Word: "Hello"})
	endpointtest.New(t, api).Agree(tries)
}
