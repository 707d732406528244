package endpoint

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// An OperationSecurity is what an endpoint wants to know of who calls it, as it
// is enforced.
type OperationSecurity struct {
	// Required is "user", "key", "credentials", or "" if none is refused.
	Required string
	// Schemes are the kinds of credentials that are read, in their order; one
	// that is right is enough.
	Schemes []OperationScheme
	// Sessions is the name of the session cookie, "" if there are no sessions.
	Sessions string
	// CrossSite says that requests caused by other sites run in the session.
	CrossSite bool
}

// An OperationScheme is one kind of credentials.
type OperationScheme struct {
	Kind   string            // basic, bearer, key, session, all, other
	Header string            // of a key: the header field; of other: ""
	Cookie string            // of a session, or of a bearer token: the cookie, "" for none
	Realm  string            // of basic
	All    []OperationScheme // of all: those that are wanted together

	Challenge string // of other: what its authenticator asks for in a 401, "" for nothing
}

// describeSecurity describes what the endpoint enforces.
func (p *plan) describeSecurity() OperationSecurity {
	var d OperationSecurity
	sec := p.security
	if sec == nil {
		return d
	}
	d.Required = sec.need.String()
	if m := sec.session.manager; m != nil {
		d.Sessions, d.CrossSite = m.Cookie.Name, sec.session.crossSite
	}
	for _, q := range sec.asked {
		d.Schemes = append(d.Schemes, p.schemes(q.Authenticator)...)
	}
	if sec.need == needCredentials && !slices.ContainsFunc(d.Schemes, func(s OperationScheme) bool { return s.Kind == "basic" }) {
		d.Schemes = append(d.Schemes, OperationScheme{Kind: "basic", Realm: defaultRealm})
	}
	return d
}

// schemes describes an authenticator: Skygear's reads two kinds.
func (p *plan) schemes(a Authenticator) []OperationScheme {
	switch a := a.(type) {
	case *basicAuth:
		return []OperationScheme{{Kind: "basic", Realm: a.realm}}
	case *bearerAuth:
		return []OperationScheme{{Kind: "bearer", Cookie: p.settings.access.bearerCookie}}
	case *keyAuth:
		return []OperationScheme{{Kind: "key", Header: a.header}}
	case *skygearAuth:
		list := []OperationScheme{{Kind: "key", Header: skygearTokenHeader}}
		if p.security.need&(needUser|needSignIn) == 0 {
			list = append(list, OperationScheme{Kind: "key", Header: skygearKeyHeader})
		}
		return list
	case *sessionAuth:
		return []OperationScheme{{Kind: "session", Cookie: p.settings.session.manager.Cookie.Name}}
	case allOf:
		all := OperationScheme{Kind: "all"}
		for _, member := range a {
			all.All = append(all.All, p.schemes(member)...)
		}
		return []OperationScheme{all}
	}
	return []OperationScheme{{Kind: "other", Challenge: a.Challenge()}}
}

// addRefusals lists the refusals of the description.
func (d *OperationSecurity) addRefusals(add func(when bool, status int, reason string)) {
	reason := ""
	switch d.Required {
	case "user":
		reason = "the request has no user"
	case "key":
		reason = "the request has no right key"
	case "credentials":
		reason = "the request has no credentials"
	}
	add(reason != "", http.StatusUnauthorized, reason)
}

// explain writes the description for people.
func (d *OperationSecurity) explain(b *strings.Builder) {
	var kinds []string
	for _, s := range d.Schemes {
		kinds = append(kinds, s.String())
	}
	switch {
	case d.Required != "":
		fmt.Fprintf(b, "\trequires %s: %s\n", d.Required, strings.Join(kinds, ", "))
	case len(kinds) > 0:
		fmt.Fprintf(b, "\tpublic, knows users by %s\n", strings.Join(kinds, ", "))
	}
	if d.Sessions != "" {
		where := "of our own pages alone"
		if d.CrossSite {
			where = "also of other sites"
		}
		fmt.Fprintf(b, "\tsession in cookie %s, %s\n", d.Sessions, where)
	}
}

// String returns such as "key in X-Api-Key".
func (s OperationScheme) String() string {
	switch s.Kind {
	case "basic":
		return fmt.Sprintf("basic %q", s.Realm)
	case "key":
		return "key in " + s.Header
	case "session":
		return "session"
	case "bearer":
		if s.Cookie != "" {
			return "bearer, or cookie " + s.Cookie
		}
	case "all":
		var list []string
		for _, part := range s.All {
			list = append(list, part.String())
		}
		return strings.Join(list, " with ")
	}
	return s.Kind
}
