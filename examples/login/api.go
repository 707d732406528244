package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/seed217079a1/endpoint"
)

// newAPI registers every endpoint. Partners are the origins whose pages may
// act for the user.
func newAPI(users *Users, notes *Notes, sessions *scs.SessionManager, partners []string) *endpoint.API {
	api := endpoint.New(
		endpoint.Prefix("/api"),
		endpoint.Sessions(sessions),
		endpoint.Auth(endpoint.SessionAuth(users.Load), passwordAuth(users)),
		endpoint.UserRequired(),
	)
	api.Get("whoami", whoami, endpoint.Summary("Who is logged in"))
	api.Get("notes", notes.List, endpoint.Summary("The user's notes"))
	api.Post("notes", notes.Create, endpoint.Status(http.StatusCreated), endpoint.Summary("Add a note"))
	api.Delete("notes/:id", notes.Delete, endpoint.Summary("Remove a note"))

	// The session is the resource: POST logs in, DELETE logs out. Logging in
	// takes a password even of somebody who has a session.
	session := api.Group("session")
	session.Post("", whoami, endpoint.Summary("Log in"),
		endpoint.Auth(passwordAuth(users)), endpoint.RememberUser(users.Remember))
	session.Delete("", func(r *http.Request) error { return sessions.Destroy(r.Context()) },
		endpoint.Public(), endpoint.Summary("Log out"))

	// Any site may read how many notes there are, none with a session.
	api.Get("statistics", notes.Count, endpoint.Public(),
		endpoint.CORS(endpoint.CORSConfig{Origins: []string{"*"}}), endpoint.Summary("How many notes there are"))

	if len(partners) > 0 {
		addPartners(api, notes, partners)
	}
	return api
}

// addPartners registers what pages of other origins may do for the user.
// CrossSiteSession alone would let every site act for the user: CORS keeps
// them from reading, and the guard from doing.
func addPartners(api *endpoint.API, notes *Notes, origins []string) {
	partner := api.Group("partner",
		endpoint.CrossSiteSession(),
		endpoint.CORS(endpoint.CORSConfig{
			Origins:     origins,
			Headers:     []string{"Content-Type"},
			Credentials: true,
			MaxAge:      10 * time.Minute,
		}),
		endpoint.Depends(func(r *endpoint.Request) error {
			if origin := r.Header.Get("Origin"); !slices.Contains(origins, origin) {
				return endpoint.Errorf(http.StatusForbidden, "only pages of partners may ask for this")
			}
			return nil
		}))
	partner.Get("notes", notes.List, endpoint.Name("partnerList"))
	partner.Post("notes", notes.Create, endpoint.Name("partnerCreate"), endpoint.Status(http.StatusCreated))
}

// An Account is what the API tells of a user.
type Account struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// whoami tells who the user is, however they showed it.
func whoami(user *endpoint.User) Account {
	return Account{Name: user.Name, Email: user.Email}
}

// passwordAuth takes name and password as HTTP Basic does, but never asks a
// browser for them: a browser that was asked shows a dialog of its own, and
// then sends the password along with whatever another site makes it request.
func passwordAuth(users *Users) endpoint.Authenticator {
	return quiet{endpoint.BasicAuth("login", users.Check)}
}

// quiet is an authenticator with a challenge that no browser acts on.
type quiet struct{ endpoint.Authenticator }

// Challenge names a scheme of our own: a 401 has to have one.
func (quiet) Challenge() string { return `Password realm="login"` }
