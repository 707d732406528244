package main

import (
	"net/http"

	"github.com/valyala/fasthttp"
)

// A role says what a contender is compared for.
type role string

// The roles.
const (
	limit role = "limit" // the hand-written limit
	peer  role = "peer"  // a net/http framework as its documentation shows it
	other role = "other" // informative only: not on net/http
	ours  role = "ours"  // endpoint, adapter form
	form  role = "form"  // endpoint, another function shape
)

// A server is an http.Handler or a fasthttp handler.
type server struct {
	http http.Handler
	fast fasthttp.RequestHandler
}

// A contender is one way to write the service of the cases.
// Each function makes a new server; one that is nil is a case the contender does not take part in.
type contender struct {
	name string
	role role
	api  func() (server, error) // the routes of C1 to C5, C7 and C8
	skip string                 // the case of api that it can't do; "" for none
	// table serves routes that answer tableText when they got all their path
	// parameters, after storing the route's index in hit.
	table func(routes []route, hit *int) (server, error)
	// register makes n typed endpoints ready to serve.
	register func(n int) error
}

// tableText is the answer of each route of a table.
const tableText = "ok"

// contenders returns all of them in the order of the tables.
func contenders() []contender {
	all := []contender{handContender(), humaContender(), echoContender(), ginContender(), chiContender(), fiberContender()}
	all = append(all, handLookupContender())
	return append(all, endpointContenders()...)
}
