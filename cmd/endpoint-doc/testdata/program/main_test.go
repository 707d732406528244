package main

import (
	"os"
	"testing"
)

// TestDocument writes the document to the file that the environment names.
func TestDocument(t *testing.T) {
	text, err := document()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv("DOCUMENT"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}
