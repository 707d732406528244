package endpointtest_test

import (
	"os"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/endpointtest"
	"github.com/seed217079a1/endpoint/internal/everything"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// TestEverything holds an API with every form of parameter and result to its
// document.
func TestEverything(t *testing.T) {
	leak.Check(t)
	tries := 300
	if os.Getenv("ENDPOINT_SOAK") != "" {
		tries = 10_000
	}
	user := &endpoint.User{ID: "1", Name: "ada"}
	endpointtest.New(t, everything.API()).As(user).Agree(tries)
}
