// Package shape holds wrong registrations, each with what Compile says of it.
//
// A comment at the end of a line holds the faults reported for that line, one
// in backquotes each: the text after the place. Other places in a text have N
// for the line. The test of the root package compares them with Compile; what
// judges handlers without running them can read the same comments.
package shape

import (
	"slices"

	"github.com/seed217079a1/endpoint"
)

// A Case is an API that must not compile.
type Case struct {
	Name   string
	Reason string // why nothing like it can be served
	API    func() *endpoint.API
}

// Cases returns all cases.
func Cases() []Case {
	return slices.Concat(
		functions(), positions(), paths(), inputs(), rules(), bodies(), results(),
		options(), levels(), configurations(), providers(), guards(), routes(), groups(), several(),
		origins(), resources(), dialects(),
		accounts(), sessions(), networks(),
	)
}

// on makes an API without options and registers something wrong on it.
func on(register func(api *endpoint.API)) func() *endpoint.API {
	return func() *endpoint.API {
		api := endpoint.New()
		register(api)
		return api
	}
}

// with makes an API of options that are wrong themselves.
func with(make1 func() *endpoint.API) func() *endpoint.API { return make1 }

// ok is a right handler.
func ok() string { return "ok" }

// user is a right body and result.
type user struct {
	Name string `json:"name"`
}
