package endpoint

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"reflect"
)

// A User is who a request acts for, as an [Authenticator] found out. The
// library reads ID and Session alone.
type User struct {
	ID, Name, Email string
	Groups          []string
	Session         string // what SessionID reports when there is no cookie session
	Data            any    // the embedder's own record
}

// An Authenticator finds the user of a request by one kind of credentials. It
// is called concurrently, before the body is read, at most once a request.
type Authenticator interface {
	// Authenticate returns nil, nil when the request carries no credentials of
	// its kind, and ErrCredentials when they are wrong, which is answered with
	// 401. An *Error is answered as it is; any other error, or a panic, is a
	// logged 500 and denies.
	Authenticate(r *Request) (*User, error)
	// Challenge returns the value for WWW-Authenticate, "" for none. It is
	// asked for once, by Compile.
	Challenge() string
}

// ErrCredentials is what a check returns for wrong credentials. The client is
// not told more than that: every wrong credential gets the same answer.
var ErrCredentials = errors.New("the credentials are wrong")

// CurrentUser returns the user of the request that a context belongs to, nil
// if there is none.
func CurrentUser(ctx context.Context) *User {
	r := RequestFrom(ctx)
	if r == nil {
		return nil
	}
	return r.User()
}

// CurrentUserID returns the ID of [CurrentUser], "" if there is none.
func CurrentUserID(ctx context.Context) string {
	u := CurrentUser(ctx)
	if u == nil {
		return ""
	}
	return u.ID
}

// User returns the user that the endpoint's authenticators found, nil if there
// is none. It is known from the first guard on, not yet in middleware.
func (r *Request) User() *User {
	if r.call == nil {
		return nil
	}
	return r.call.user
}

// SameSecret reports whether two secrets are equal, in a time that tells
// nothing of where they differ or how long they are. Empty ones are never equal.
func SameSecret(a, b string) bool {
	return secretOf(a).matches(b)
}

// A secret is the hash of one: what holds it cannot print it.
type secret [sha256.Size]byte

func secretOf(s string) secret { return sha256.Sum256([]byte(s)) }

// matches compares in constant time; the empty text never matches.
func (s secret) matches(text string) bool {
	other := secretOf(text)
	return subtle.ConstantTimeCompare(s[:], other[:]) == 1 && text != ""
}

// A need is what an endpoint requires of the credentials of a request. Several
// may be required together.
type need uint8

const (
	needUser        need = 1 << iota // UserRequired
	needKey                          // KeyRequired
	needCredentials                  // RequireCredentials
	needSignIn                       // AuthenticateUsers
	needNothing                      // Public, among those of one place
)

// access is what the options of this file set.
type access struct {
	authenticators []Authenticator
	need           need // never needNothing
	here           need // of the options beside the one that is being applied

	denial       func(d denial) *Error // of a dialect: the answer instead of the 401 of [unauthorised]
	challenges   []string              // of a dialect: instead of the authenticators' own, if not nil
	bearerCookie string                // of a dialect: read by BearerAuth where there is no Authorization
	blind        bool                  // of a dialect: Public evaluates no credentials
}

// A denial is why a request is refused with 401, for dialects that tell.
type denial struct {
	err error // of the credentials that are wrong; nil if there are none
	key bool  // there is a right key, so only the user is missing
	r   *Request
}

// Auth sets how the user of a request is found: authenticators are tried in
// order and the first user wins. An error of one is answered only if no later
// one gives a user. Without a requirement such as [UserRequired] wrong
// credentials count as none, but an authenticator that fails denies. The
// default is no authenticator, so that no request has a user.
func Auth(authenticators ...Authenticator) Option {
	return Option{"Auth", anywhere, func(s *settings) error {
		s.access.authenticators = authenticators
		if len(authenticators) == 0 {
			return errors.New("no authenticator given; name at least one, such as BearerAuth")
		}
		return checkAuthenticators(authenticators)
	}}
}

// checkAuthenticators reports those that could never work.
func checkAuthenticators(list []Authenticator) error {
	var faults []error
	for i, a := range list {
		if isNilAuthenticator(a) {
			faults = append(faults, fmt.Errorf("authenticator %d is nil; leave it out", i+1))
			continue
		}
		if f, ok := a.(interface{ fault() error }); ok {
			if err := f.fault(); err != nil {
				faults = append(faults, err)
			}
		}
	}
	return errors.Join(faults...)
}

// isNilAuthenticator reports nil and pointers that are nil.
func isNilAuthenticator(a Authenticator) bool {
	if a == nil {
		return true
	}
	switch v := reflect.ValueOf(a); v.Kind() {
	case reflect.Pointer, reflect.Func:
		return v.IsNil()
	}
	return false
}

// require makes the option of a requirement: those of one place hold together,
// and replace those of the places around it.
func require(name string, n need) Option {
	return Option{name, anywhere, func(s *settings) error {
		a := &s.access
		contradicts := a.here != 0 && (a.here|n)&needNothing != 0 && a.here != n
		a.here |= n
		a.need = a.here &^ needNothing
		if contradicts {
			return errors.New("Public and a requirement stand beside each other; give one of them")
		}
		return nil
	}}
}

// UserRequired answers requests without a user with 401. It needs [Auth].
// Answers get Cache-Control: no-store unless they set their own. Requirements
// replace those of the groups and the API around; beside each other they hold
// together.
func UserRequired() Option { return require("UserRequired", needUser) }

// KeyRequired answers requests without a right key with 401, as [SkygearAuth]
// judges it; a user of any authenticator will do. It needs [Auth].
func KeyRequired() Option { return require("KeyRequired", needKey) }

// RequireCredentials answers requests without HTTP Basic credentials with 401.
// Whether they are right is for the handler to judge, by [Request.Username]
// and [Request.Password]. It needs no [Auth].
func RequireCredentials() Option { return require("RequireCredentials", needCredentials) }

// AuthenticateUsers answers requests with 401 that neither belong to the
// session of a user nor carry right HTTP Basic credentials. Of the built-in
// authenticators it asks [SessionAuth] first, then [BasicAuth], and no other;
// it needs one of them.
func AuthenticateUsers() Option { return require("AuthenticateUsers", needSignIn) }

// Public undoes the requirement of the group, API or dialect around. Good
// credentials still give a user.
func Public() Option { return require("Public", needNothing) }

// String names the requirement as descriptions do, "" for none.
func (n need) String() string {
	switch {
	case n&(needUser|needSignIn) != 0:
		return "user"
	case n&needKey != 0:
		return "key"
	case n&needCredentials != 0:
		return "credentials"
	}
	return ""
}

// guarded are the names of options that need an authenticator.
func (n need) guarded() string {
	switch {
	case n&needSignIn != 0:
		return "AuthenticateUsers"
	case n&needUser != 0:
		return "UserRequired"
	case n&needKey != 0:
		return "KeyRequired"
	}
	return ""
}

// A security is what an endpoint does before it lets a request in, compiled.
type security struct {
	asked      []asked // in the order of asking
	need       need
	challenges []string // for a 401; those of asked come from them
	session    sessionSettings
}

// An asked is an authenticator that an endpoint asks.
type asked struct {
	Authenticator

	challenge int    // index among the challenges, -1 for none
	wrong     string // the challenge when its credentials were wrong
}

// secure compiles the security of the endpoint, nil if there is none.
func (b *builder) secure() {
	s := &b.plan.settings
	a := &s.access
	b.checkSessions()
	if len(a.authenticators) == 0 {
		if name := a.need.guarded(); name != "" {
			b.fault("option %s: nothing can tell who a request acts for, so it would always be refused; add the option Auth with an authenticator", name)
			return
		}
	}
	list := a.authenticators
	if a.need&needSignIn != 0 {
		if list = signIn(list); len(list) == 0 {
			b.fault("option AuthenticateUsers: no authenticator knows sessions or HTTP Basic; give Auth a SessionAuth or a BasicAuth")
		}
	}
	if a.need == 0 && a.blind {
		list = nil
	}
	sec := &security{need: a.need, session: s.session}
	for _, authenticator := range list {
		if !isNilAuthenticator(authenticator) { // told of the option
			b.ask(sec, authenticator)
		}
	}
	if a.challenges != nil {
		sec.challenges = a.challenges
	} else if a.need&needCredentials != 0 && !hasBasic(list) {
		sec.challenges = append(sec.challenges, basicChallenge(defaultRealm))
	}
	if len(sec.asked) > 0 || sec.need != 0 || sec.session.manager != nil {
		b.plan.security = sec
	}
}

// ask adds an authenticator, and its challenge unless another has the same.
func (b *builder) ask(sec *security, a Authenticator) {
	q := asked{Authenticator: a, challenge: -1}
	text := a.Challenge()
	switch {
	case !isFieldValue(text):
		b.fault("option Auth: the challenge %q of %T has control characters; leave them out", text, a)
	case b.plan.settings.access.challenges != nil || text == "":
	default:
		q.wrong = text
		if _, ok := a.(*bearerAuth); ok {
			q.wrong = text + `, error="invalid_token"`
		}
		q.challenge = len(sec.challenges)
		for i, other := range sec.challenges {
			if other == text {
				q.challenge = i
			}
		}
		if q.challenge == len(sec.challenges) {
			sec.challenges = append(sec.challenges, text)
		}
	}
	if s, ok := a.(interface{ needsSession() bool }); ok && s.needsSession() && sec.session.manager == nil {
		b.fault("option Auth: SessionAuth needs a session; add the option Sessions with a manager")
	}
	sec.asked = append(sec.asked, q)
}
