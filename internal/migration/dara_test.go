package migration

import (
	"context"
	"errors"
	"testing"

	"github.com/seed217079a1/endpoint"
)

// tokens knows one token.
func tokens(_ context.Context, token string) (*endpoint.User, error) {
	if endpoint.SameSecret(token, "good") {
		return &endpoint.User{ID: "alice", Name: "Alice", Session: "s1"}, nil
	}
	return nil, endpoint.ErrCredentials
}

// good are the credentials that tokens knows.
var good = []string{"Authorization", "Bearer good"}

func TestDaraEndpoint(t *testing.T) {
	// guide: endpoint
	api := endpoint.New(endpoint.Dara(), endpoint.Auth(endpoint.BearerAuth(tokens)))

	customHandler := func() string { return "Hello World" }
	api.Get("custom/", customHandler)
	// end
	play(t, api, get("/api/custom/", `"Hello World"`, good...), exchange{method: "GET", target: "/api/custom/", status: 401},
		get("/api/custom/", `"Hello World"`, "Cookie", "dara_session_token=good"))
}

func TestDaraPublic(t *testing.T) {
	api := endpoint.New(endpoint.Dara(), endpoint.Auth(endpoint.BearerAuth(tokens)))
	// guide: arguments
	fresh := func(r *endpoint.Request) error { // dependencies=[Depends(fresh)]
		if r.Header.Get("X-Stale") != "" {
			return endpoint.Errorf(409, "stale")
		}
		return nil
	}
	api.Get("open", func() string { return "open" },
		endpoint.Public(), // authenticated=False
		endpoint.Depends(fresh))
	// end
	play(t, api, get("/api/open", `"open"`), exchange{method: "GET", target: "/api/open", header: []string{"X-Stale", "1"}, status: 409, want: `{"detail":"stale"}`})
}

// guide: component
var upload = endpoint.Define("/upload", func() map[string]bool {
	return map[string]bool{"ok": true}
}, endpoint.Methods("POST"))

type UploadDropzone struct{}

// Endpoints is required_routes.
func (UploadDropzone) Endpoints() []*endpoint.Endpoint { return []*endpoint.Endpoint{upload} }

// end

func TestDaraComponent(t *testing.T) {
	api := endpoint.New(endpoint.Dara(), endpoint.Auth(endpoint.BearerAuth(tokens)))
	// guide: registration
	api.Add(UploadDropzone{}) // implicit: what the component requires
	api.Add(upload)           // explicit: config.add_endpoint(upload); it counts once
	// end
	play(t, api, exchange{method: "POST", target: "/api/upload", header: good, status: 200, want: `{"ok":true}`})
}

// guide: configuration
type GreetingsConfiguration struct {
	endpoint.Configuration

	Country string
}

// Default makes the configuration optional.
func (GreetingsConfiguration) Default() GreetingsConfiguration {
	return GreetingsConfiguration{Country: "United Kingdom"}
}

func greetingsHandler(config GreetingsConfiguration) string {
	return "Hello from " + config.Country
}

// end

func TestDaraConfiguration(t *testing.T) {
	api := endpoint.New(endpoint.Dara(), endpoint.Auth(endpoint.BearerAuth(tokens)))
	// guide: default
	api.Get("/greetings", greetingsHandler) // Hello from United Kingdom
	// end
	play(t, api, get("/api/greetings", `"Hello from United Kingdom"`, good...))
	// guide: configured
	api.Configure(GreetingsConfiguration{Country: "USA"}) // Hello from USA
	// end
	play(t, api, get("/api/greetings", `"Hello from USA"`, good...))
}

func TestDaraUser(t *testing.T) {
	api := endpoint.New(endpoint.Dara(), endpoint.Auth(endpoint.BearerAuth(tokens)))
	// guide: user
	custom := func(user *endpoint.User, r *endpoint.Request) string {
		return user.Name + " in " + r.SessionID()
	}
	api.Get("/custom", custom)
	// end
	play(t, api, get("/api/custom", `"Alice in s1"`, good...))
}

func TestDaraErrors(t *testing.T) {
	errGone := errors.New("gone")
	api := endpoint.New(endpoint.Dara(), endpoint.Public())
	// guide: errors
	api.Get("tea", func() error { return endpoint.Errorf(418, "tea") })
	api.Get("gone", func() error { return errGone }, endpoint.MapError(errGone, 410, "no longer here"))
	// end
	play(t, api, exchange{method: "GET", target: "/api/tea", status: 418, want: `{"detail":"tea"}`},
		exchange{method: "GET", target: "/api/gone", status: 410, want: `{"detail":"no longer here"}`})
}
