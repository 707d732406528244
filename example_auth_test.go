package endpoint_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"

	"github.com/seed217079a1/endpoint"
)

// exampleUsers stands for the table of users of a service.
func exampleUsers(_ context.Context, token string) (*endpoint.User, error) {
	if !endpoint.SameSecret(token, "token-of-ann") {
		return nil, endpoint.ErrCredentials
	}
	return &endpoint.User{ID: "7", Name: "Ann", Email: "ann@example.com", Groups: []string{"staff"}}, nil
}

// exampleAs asks for a target with header fields "Name: value", and prints the
// answer.
func exampleAs(h http.Handler, target string, fields ...string) {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer := w.Result()
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(w.Code, strings.Join(append(answer.Header["Www-Authenticate"], string(body)), " "))
}

// Every endpoint of this API needs a user, but for one.
func ExampleUserRequired() {
	api := endpoint.New(
		endpoint.Auth(endpoint.BearerAuth(exampleUsers)),
		endpoint.UserRequired(),
	)
	api.Get("me", func(u *endpoint.User) string { return u.Name })
	api.Get("greeting", func(ctx context.Context) string {
		if endpoint.CurrentUser(ctx) == nil {
			return "Hello, whoever you are"
		}
		return "Hello, user " + endpoint.CurrentUserID(ctx)
	}, endpoint.Public())

	exampleAs(api, "/me")
	exampleAs(api, "/me", "Authorization: Bearer wrong")
	exampleAs(api, "/me", "Authorization: Bearer token-of-ann")
	exampleAs(api, "/greeting")
	exampleAs(api, "/greeting", "Authorization: Bearer token-of-ann")
	// Output:
	// 401 Bearer realm="API" {"title":"Unauthorized","status":401,"detail":"right credentials are needed"}
	// 401 Bearer realm="API", error="invalid_token" {"title":"Unauthorized","status":401,"detail":"right credentials are needed"}
	// 200 Ann
	// 200 Hello, whoever you are
	// 200 Hello, user 7
}

// Several authenticators are tried in order.
func ExampleAuth() {
	byPassword := func(_ context.Context, name, password string) (*endpoint.User, error) {
		if name != "bob" || !endpoint.SameSecret(password, "secret") {
			return nil, endpoint.ErrCredentials
		}
		return &endpoint.User{ID: "8"}, nil
	}
	api := endpoint.New(endpoint.Auth(endpoint.BearerAuth(exampleUsers), endpoint.BasicAuth("shop", byPassword)))
	api.Get("id", endpoint.CurrentUserID, endpoint.UserRequired())

	exampleAs(api, "/id", "Authorization: Basic Ym9iOnNlY3JldA==")
	exampleAs(api, "/id")
	// Output:
	// 200 8
	// 401 Bearer realm="API" Basic realm="shop" {"title":"Unauthorized","status":401,"detail":"right credentials are needed"}
}

// A key names the program and a token the person: both are needed.
func ExampleAllOf() {
	programs := func(_ context.Context, key string) (*endpoint.User, error) {
		if !endpoint.SameSecret(key, "key-of-the-app") {
			return nil, endpoint.ErrCredentials
		}
		return &endpoint.User{ID: "app"}, nil
	}
	both := endpoint.AllOf(endpoint.BearerAuth(exampleUsers), endpoint.APIKeyAuth("X-Api-Key", programs))
	api := endpoint.New(endpoint.Auth(both), endpoint.UserRequired())
	api.Get("id", endpoint.CurrentUserID)

	exampleAs(api, "/id", "X-Api-Key: key-of-the-app")
	exampleAs(api, "/id", "X-Api-Key: key-of-the-app", "Authorization: Bearer token-of-ann")
	// Output:
	// 401 Bearer realm="API", APIKey header="X-Api-Key" {"title":"Unauthorized","status":401,"detail":"right credentials are needed"}
	// 200 7
}

// A key of Skygear lets a program in; a token also names the user.
func ExampleSkygearAuth() {
	api := endpoint.New(endpoint.Auth(endpoint.SkygearAuth([]string{"client-key"}, exampleUsers)))
	api.Get("news", func(u *endpoint.User) bool { return u != nil }, endpoint.KeyRequired())

	exampleAs(api, "/news", "X-Skygear-API-Key: client-key")
	exampleAs(api, "/news", "X-Skygear-API-Key: client-key", "X-Skygear-Access-Token: token-of-ann")
	// Output:
	// 200 false
	// 200 true
}

// The handler judges the credentials itself.
func ExampleRequireCredentials() {
	api := endpoint.New(endpoint.RequireCredentials())
	api.Get("login", func(r *endpoint.Request) (string, error) {
		if r.Username() != "bob" || !endpoint.SameSecret(r.Password(), "secret") {
			return "", endpoint.Errorf(http.StatusForbidden, "not you")
		}
		return "welcome", nil
	})

	exampleAs(api, "/login")
	exampleAs(api, "/login", "Authorization: Basic Ym9iOnNlY3JldA==")
	// Output:
	// 401 Basic realm="API" {"title":"Unauthorized","status":401,"detail":"right credentials are needed"}
	// 200 welcome
}

// staffOnly is an authenticator that reads a field of its own.
type staffOnly struct{}

func (staffOnly) Authenticate(r *endpoint.Request) (*endpoint.User, error) {
	badge, err := r.Credential("X-Badge")
	if err != nil || badge == "" {
		return nil, err
	}
	if !endpoint.SameSecret(badge, "badge-of-eve") {
		return nil, endpoint.ErrCredentials
	}
	return &endpoint.User{ID: "eve", Session: "badge", Data: "whatever the service knows"}, nil
}

func (staffOnly) Challenge() string { return "Badge" }

// An authenticator of one's own.
func ExampleAuthenticator() {
	var own endpoint.Authenticator = staffOnly{}
	api := endpoint.New(endpoint.Auth(own), endpoint.UserRequired())
	api.Get("session", func(r *endpoint.Request) string { return r.User().ID + " by " + r.SessionID() })

	exampleAs(api, "/session", "X-Badge: badge-of-eve")
	exampleAs(api, "/session")
	// Output:
	// 200 eve by badge
	// 401 Badge {"title":"Unauthorized","status":401,"detail":"right credentials are needed"}
}

// What is enforced is described.
func ExampleOperationSecurity() {
	api := endpoint.New(endpoint.Auth(endpoint.BearerAuth(exampleUsers)))
	api.Get("me", endpoint.CurrentUserID, endpoint.UserRequired())
	operations, err := api.Operations()
	if err != nil {
		log.Fatal(err)
	}
	security := operations[0].Security
	show := func(scheme endpoint.OperationScheme) { fmt.Println(security.Required, scheme) }
	show(security.Schemes[0])
	// Output:
	// user bearer
}

// Behind a proxy, a request comes from the client, not from the proxy.
func ExampleTrustedProxies() {
	api := endpoint.New(
		endpoint.TrustedProxies(netip.MustParsePrefix("192.0.2.0/24")),
		endpoint.ExternalURL("https://www.example.com"),
		endpoint.Prefix("/api"),
	)
	api.Get("where", func(r *endpoint.Request) []string {
		return []string{r.Origin(), r.APIOrigin(), r.AppOrigin(), r.RemoteAddress().String()}
	})
	exampleAs(api, "/api/where", "X-Forwarded-For: 203.0.113.9, 198.51.100.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: api.example.com")
	// Output:
	// 200 ["https://api.example.com","https://api.example.com/api","https://www.example.com","198.51.100.7"]
}

// An API that is served to who knows the key, besides its usual place.
func ExamplePrivateKey() {
	api := endpoint.New(endpoint.Prefix("/_/api"), endpoint.PrivateKey("long-and-random"))
	api.Get("users/:id", func(id int) int { return id })

	exampleAs(api, "/_/private_api/long-and-random/users/7")
	exampleAs(api, "/_/private_api/guess/users/7")
	// Output:
	// 200 7
	// 403 {"title":"Forbidden","status":403,"detail":"the key of this place is wrong"}
}

// Explain tells who is let in.
func ExampleKeyRequired() {
	api := endpoint.New(endpoint.Auth(endpoint.SkygearAuth([]string{"client-key"}, exampleUsers)), endpoint.KeyRequired())
	api.Get("news", func() string { return "none" })
	var text strings.Builder
	if err := api.Explain(&text); err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if strings.Contains(line, "requires") {
			fmt.Fprint(os.Stdout, line)
		}
	}
	// Output:
	// 	requires key: key in X-Skygear-Access-Token, key in X-Skygear-API-Key
}
