// Package everything has an API that uses every form of parameter and result
// that package endpoint knows, for tests of what describes and calls APIs. A
// request that its description allows is never answered with an error.
package everything

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/seed217079a1/endpoint"
)

// API returns the API. Its credentials are the user "ada" with the password
// "secret", the token "token" and the key "key".
func API() *endpoint.API {
	api := endpoint.New(
		endpoint.Prefix("/api"),
		endpoint.Logger(slog.New(slog.DiscardHandler)),
		endpoint.Auth(basic(), bearer(), endpoint.APIKeyAuth("X-Api-Key", byKey)),
		endpoint.MapError(errNothing, http.StatusNotFound, "there is no such thing"),
	)
	registerParameters(api.Group("parameters", endpoint.Tags("parameters")))
	registerBodies(api.Group("bodies", endpoint.Tags("bodies")))
	registerResults(api.Group("results", endpoint.Tags("results")))
	registerPaths(api.Group("paths", endpoint.Tags("paths")))
	registerAccess(api.Group("access", endpoint.Tags("access")))
	api.Configure(Settings{Greeting: "hello"})
	api.Provide(&Store{}, newSession)
	return api
}

// Settings is a configuration, which no request sees.
type Settings struct {
	endpoint.Configuration

	Greeting string
}

// A Store is a dependency that is a value.
type Store struct{}

// A Session is a dependency that is made for each request, from a part of it.
type Session struct{ ID string }

func newSession(in struct {
	ID string `header:"X-Session" validate:"omitempty,alphanum"`
}) Session {
	return Session{in.ID}
}

func basic() endpoint.Authenticator {
	return endpoint.BasicAuth("everything", func(_ context.Context, name, password string) (*endpoint.User, error) {
		if !endpoint.SameSecret(name, "ada") || !endpoint.SameSecret(password, "secret") {
			return nil, endpoint.ErrCredentials
		}
		return &endpoint.User{ID: "1", Name: "ada"}, nil
	})
}

func bearer() endpoint.Authenticator { return endpoint.BearerAuth(byToken) }

func byToken(_ context.Context, token string) (*endpoint.User, error) {
	if !endpoint.SameSecret(token, "token") {
		return nil, endpoint.ErrCredentials
	}
	return &endpoint.User{ID: "1", Name: "ada"}, nil
}

func byKey(_ context.Context, key string) (*endpoint.User, error) {
	if !endpoint.SameSecret(key, "key") {
		return nil, endpoint.ErrCredentials
	}
	return &endpoint.User{ID: "2", Name: "machine"}, nil
}
