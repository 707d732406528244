package endpoint_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint"
)

// TestAuthDescribed describes what is enforced.
func TestAuthDescribed(t *testing.T) {
	m, session := sessionOf()
	type list = []endpoint.OperationScheme
	basic, bearer := endpoint.BasicAuth("shop", authByPassword), endpoint.BearerAuth(authBySecret(authToken))
	key, skygear := endpoint.APIKeyAuth("X-Api-Key", authBySecret(authKey)), endpoint.SkygearAuth([]string{authKey}, authBySecret(authToken))
	for _, c := range []struct {
		name    string
		opts    []endpoint.Option
		want    endpoint.OperationSecurity
		refuses bool
		text    string
	}{
		{"nothing", nil, endpoint.OperationSecurity{}, false, ""},
		{"optional", []endpoint.Option{endpoint.Auth(basic)}, endpoint.OperationSecurity{Schemes: list{{Kind: "basic", Realm: "shop"}}}, false, "\tpublic, knows users by basic \"shop\"\n"},
		{"user", []endpoint.Option{endpoint.Auth(bearer, key), endpoint.UserRequired()}, endpoint.OperationSecurity{Required: "user", Schemes: list{{Kind: "bearer"}, {Kind: "key", Header: "X-Api-Key"}}}, true, "\trequires user: bearer, key in X-Api-Key\n"},
		{"user of Skygear", []endpoint.Option{endpoint.Auth(skygear), endpoint.UserRequired()}, endpoint.OperationSecurity{Required: "user", Schemes: list{{Kind: "key", Header: "X-Skygear-Access-Token"}}}, true, "\trequires user: key in X-Skygear-Access-Token\n"},
		{"both", []endpoint.Option{endpoint.Auth(endpoint.AllOf(key, bearer)), endpoint.UserRequired()}, endpoint.OperationSecurity{Required: "user", Schemes: list{{Kind: "all", All: list{{Kind: "key", Header: "X-Api-Key"}, {Kind: "bearer"}}}}}, true, "\trequires user: key in X-Api-Key with bearer\n"},
		{"credentials", []endpoint.Option{endpoint.RequireCredentials()}, endpoint.OperationSecurity{Required: "credentials", Schemes: list{{Kind: "basic", Realm: "API"}}}, true, "\trequires credentials: basic \"API\"\n"},
		{"sign in", []endpoint.Option{endpoint.Sessions(m), endpoint.Auth(basic, bearer, session), endpoint.AuthenticateUsers()}, endpoint.OperationSecurity{Required: "user", Schemes: list{{Kind: "session", Cookie: "session"}, {Kind: "basic", Realm: "shop"}}, Sessions: "session"}, true, "\trequires user: session, basic \"shop\"\n\tsession in cookie session, of our own pages alone\n"},
		{"session alone", []endpoint.Option{endpoint.Sessions(m), endpoint.CrossSiteSession()}, endpoint.OperationSecurity{Sessions: "session", CrossSite: true}, false, "\tsession in cookie session, also of other sites\n"},
		{"own", []endpoint.Option{endpoint.Auth(authSays(nil, nil)), endpoint.UserRequired()}, endpoint.OperationSecurity{Required: "user", Schemes: list{{Kind: "other", Challenge: "Custom"}}}, true, "\trequires user: other\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := endpoint.New()
			api.Get("x", func() {}, c.opts...)
			operations, err := api.Operations()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, operations[0].Security); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			refuses := false
			for _, e := range operations[0].Errors {
				refuses = refuses || e.Status == 401
			}
			if refuses != c.refuses || (authGet(api, "/x").Code == 401) != c.refuses {
				t.Errorf("described as refusing: %v, want %v as it does", refuses, c.refuses)
			}
			var text strings.Builder
			if err := api.Explain(&text); err != nil || !strings.Contains(text.String(), "\n"+c.text+"\tanswers 204") {
				t.Errorf("Explain: %v\n%s", err, text.String())
			}
		})
	}
}
