package main

import (
	"testing"

	"github.com/seed217079a1/endpoint/internal/readme"
)

// TestFault shows what Compile says of a tag that is misspelt.
func TestFault(t *testing.T) {
	api := newAPI(NewUsers())
	api.Configure(Greetings{Word: "Hello"})
	api.Get("teams/:id", getTeam)
	err := api.Compile()
	if err == nil {
		t.Fatal("the fault was not found")
	}
	readme.Check(t, readmeFile, "a fault of registration", err.Error(), *update)
}

// TeamID has a tag that is misspelt.
type TeamID struct {
	ID int64 `path:"idd"`
}

func getTeam(TeamID) string { return "" }
