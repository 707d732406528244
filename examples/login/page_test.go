package main

import (
	"testing"

	"github.com/seed217079a1/endpoint/internal/browser"
)

// logIn logs in as a person does.
func logIn(t *testing.T, p *browser.Page, name, password string) {
	t.Helper()
	p.Write("#login [name=name]", name)
	p.Write("#login [name=password]", password)
	p.Click("#login button")
}
