// Package endpoint makes plain functions HTTP endpoints with one line each,
// inside a service that already exists.
//
//	api := endpoint.New()
//	api.Get("users/:id", getUser)
//	http.Handle("/api/", http.StripPrefix("/api", api))
//
// The documentation below is the whole model: what a path matches, what a
// handler may take and return, and what happens to a request on its way.
package endpoint
