package migration

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/seed217079a1/endpoint"
)

func TestAnvilList(t *testing.T) {
	// guide: list
	api := endpoint.New(endpoint.Anvil())

	getUserList := func() []string { return []string{"a@x.org", "b@x.org"} }
	api.Handle("/users/list", getUserList)
	// end
	play(t, api, get("/_/api/users/list", `["a@x.org","b@x.org"]`))
}

func TestAnvilParameter(t *testing.T) {
	api := endpoint.New(endpoint.Anvil())
	// guide: parameter
	getUser := func(id string) string { return "You requested user " + id }
	api.Handle("/users/:id", getUser)

	getItem := func(user, item string) string { return user + "/" + item }
	api.Handle("/users/:user_id/history/:item_id", getItem)
	// end
	play(t, api, get("/_/api/users/42", "You requested user 42"), get("/_/api/users/42/history/7", "42/7"))
}

func TestAnvilQuery(t *testing.T) {
	api := endpoint.New(endpoint.Anvil())
	// guide: query
	getUser := func(p endpoint.Params) string { // **params: path, query and form
		return fmt.Sprintf("You requested user %s with x=%s", p.Get("id"), p.Get("x"))
	}
	api.Handle("/users/:id", getUser)

	type search struct { // better: what is wanted, with its type
		ID int64  `path:"id"`
		X  string `query:"x"`
	}
	api.Handle("/typed/:id", func(in search) string { return fmt.Sprint(in.ID, " ", in.X) })
	// end
	play(t, api, get("/_/api/users/42?x=foo", "You requested user 42 with x=foo"), get("/_/api/typed/42?x=foo", "42 foo"))
}

func TestAnvilOptions(t *testing.T) {
	password := func(_ context.Context, username, password string) (*endpoint.User, error) {
		if username == "u" && endpoint.SameSecret(password, "p") {
			return &endpoint.User{ID: "u", Email: "u@x.org"}, nil
		}
		return nil, endpoint.ErrCredentials
	}
	// guide: options
	api := endpoint.New(endpoint.Anvil(), endpoint.Auth(endpoint.BasicAuth("Anvil App API", password)))

	api.Handle("/put", func() string { return "put" },
		endpoint.Methods("PUT"), // methods=["PUT"]
		endpoint.EnableCORS())   // enable_cors=True
	api.Handle("/mine", func(u *endpoint.User) string { return u.Email },
		endpoint.AuthenticateUsers()) // authenticate_users=True
	api.Handle("/judged", func(r *endpoint.Request) string { return r.Username() + "/" + r.Password() },
		endpoint.RequireCredentials()) // require_credentials=True
	// end
	basic := []string{"Authorization", "Basic dTpw"}
	play(t, api, exchange{method: "PUT", target: "/_/api/put", status: 200, want: "put", has: "Access-Control-Allow-Origin: *"},
		get("/_/api/mine", "u@x.org", basic...), get("/_/api/judged", "u/p", basic...),
		exchange{method: "GET", target: "/_/api/mine", status: 401, want: "Unauthorized", has: `Www-Authenticate: Basic realm="Anvil App API"`})
}

func TestAnvilSessions(t *testing.T) {
	// guide: sessions
	sessions := scs.New()
	sessions.Cookie.Name = "anvil-session"
	loggedIn := func(ctx context.Context) (*endpoint.User, error) {
		if id := sessions.GetString(ctx, "user"); id != "" {
			return &endpoint.User{ID: id}, nil
		}
		return nil, nil
	}
	api := endpoint.New(
		endpoint.Anvil(),
		endpoint.ExternalURL("https://my-app.anvil.app"),
		endpoint.Sessions(sessions),
		endpoint.Auth(endpoint.SessionAuth(loggedIn)),
	)
	whoami := func(ctx context.Context) string { return "user " + endpoint.CurrentUserID(ctx) }
	api.Handle("/whoami", whoami)                              // other sites get an empty session
	api.Handle("/widget", whoami, endpoint.CrossSiteSession()) // cross_site_session=True
	// end
	play(t, api, get("/_/api/whoami", "user "), get("/_/api/widget", "user "))
}

func TestAnvilOrigins(t *testing.T) {
	// guide: origins
	api := endpoint.New(
		endpoint.Anvil(),
		endpoint.ExternalURL("https://my-app.anvil.app"),
		endpoint.TrustedProxies(netip.MustParsePrefix("192.0.2.0/24")),
		endpoint.PrivateKey("your-private-access-key"),
	)
	links := func(r *endpoint.Request) []string {
		return []string{r.APIOrigin() + "/users", r.AppOrigin()} // get_api_origin, get_app_origin
	}
	api.Handle("/links", links)
	// end
	want := `["https://my-custom-domain.com/_/api/users","https://my-app.anvil.app"]`
	play(t, api, get("/_/api/links", want, "X-Forwarded-Proto", "https", "X-Forwarded-Host", "my-custom-domain.com"),
		exchange{method: "GET", target: "/_/private_api/your-private-access-key/links", status: 200})
}

func TestAnvilRequest(t *testing.T) {
	api := endpoint.New(endpoint.Anvil())
	// guide: request
	getUser := func(r *endpoint.Request) string {
		return fmt.Sprintf("You requested user %s from IP %s", r.Param("id"), r.RemoteAddress())
	}
	api.Handle("/users/:id", getUser)
	// end
	play(t, api, get("/_/api/users/42", "You requested user 42 from IP 192.0.2.1"))
}

func TestAnvilResponses(t *testing.T) {
	picture := strings.NewReader("png")
	api := endpoint.New(endpoint.Anvil())
	// guide: responses
	api.Handle("/foo", func() map[string]string { return map[string]string{"key": "value"} })
	api.Handle("/body", func() *endpoint.Response {
		return endpoint.Respond(200, "Body goes here").Set("X-Custom-Header", "Custom value")
	})
	api.Handle("/pic", func() endpoint.Media {
		return endpoint.Media{ContentType: "image/png", Name: "a.png", Content: picture}
	})
	// end
	play(t, api, get("/_/api/foo", `{"key":"value"}`), exchange{method: "GET", target: "/_/api/body", status: 200, want: "Body goes here", has: "X-Custom-Header: Custom value"},
		exchange{method: "GET", target: "/_/api/pic", status: 200, want: "png", has: `Content-Disposition: inline; filename="a.png"`})
}
