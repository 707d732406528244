package main

import (
	"log/slog"
	"net/http"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/openapi"
)

// newAPI registers what the service answers below /api.
func newAPI(store *Users) *endpoint.API {
	api := endpoint.New(
		endpoint.Prefix("/api"),
		// Errors of the domain get their answer here, so that handlers
		// return them without a thought of HTTP.
		endpoint.MapError(ErrNoUser, http.StatusNotFound, "there is no such user"),
		endpoint.MapError(ErrTaken, http.StatusConflict, "another user has this email address"),
	)

	users := api.Group("users", endpoint.Tags("users"))
	users.Get("", listUsers, endpoint.Summary("List users"))
	users.Post("", createUser, endpoint.Status(http.StatusCreated),
		openapi.Answer(http.StatusCreated, "The user, whose address is in Location.", User{})) // what a Response holds, types do not say
	user := users.Get(":id", getUser)
	users.Put(":id", updateUser)
	users.Delete(":id", deleteUser)

	api.Get("users.csv", exportUsers)
	api.Get("events", followUsers)
	api.Get("greetings/:name", greet)
	api.Post("hooks/github", receiveHook, endpoint.MaxBody(25<<20)) // GitHub sends up to 25 MB
	serveDocument(api)

	// What handlers take beside the request, found by its type: a value that
	// all requests share, and a function that is called once a request, if
	// something needs its result.
	api.Provide(store, Links{User: user}, requestLogger)
	return api
}

// Links are the endpoints that answers point to.
type Links struct{ User *endpoint.Endpoint }

// requestLogger makes the logger of one request.
func requestLogger(r *endpoint.Request) *slog.Logger {
	return slog.With("request_id", r.RequestID())
}
