package main

import "github.com/seed217079a1/endpoint"

// Greetings configures the greeting. A handler that takes it receives the
// value that main.go gives to Configure; without one Compile reports a fault,
// because there is no method Default (webhook.go has one).
type Greetings struct {
	endpoint.Configuration

	Word string
}

// Greets somebody.
func greet(name string, cfg Greetings) string { // a path parameter by position
	return cfg.Word + ", " + name + "!\n" // a string is answered as text
}
