package main

import (
	"testing"

	"github.com/seed217079a1/endpoint/internal/documents"
	"github.com/seed217079a1/endpoint/openapi"
)

func TestDocument(t *testing.T) {
	db, err := openDatabase(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	sessions := newSessions(db, true)
	users := &Users{db: db, sessions: sessions, hasher: NewHasher()}
	api := newAPI(users, &Notes{db}, sessions, []string{"https://partner.example"})
	documents.Check(t, api, openapi.Info{Title: "Login", Version: "1.0.0"}, *update)
}
