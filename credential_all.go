package endpoint

import (
	"errors"
	"slices"
	"strings"
)

type allOf []Authenticator

// AllOf wants the credentials of every one of its authenticators, such as an
// API key beside a token; the first user counts. Some without the others are
// wrong credentials.
func AllOf(a ...Authenticator) Authenticator { return allOf(a) }

// Authenticate implements [Authenticator].
func (a allOf) Authenticate(r *Request) (*User, error) {
	j, err := a.judge(r)
	return j.user, err
}

func (a allOf) judge(r *Request) (judgement, error) {
	all := judgement{key: len(a) > 0}
	sent := false
	for _, member := range a {
		j, err := judged(member, r)
		if err != nil {
			return judgement{}, err
		}
		right := j.key || j.user != nil
		all.key = all.key && right
		sent = sent || right
		if all.user == nil {
			all.user = j.user
		}
	}
	switch {
	case all.key:
		return all, nil
	case sent:
		return judgement{}, ErrCredentials
	}
	return judgement{}, nil
}

// Challenge implements [Authenticator].
func (a allOf) Challenge() string {
	var list []string
	for _, member := range a {
		if isNilAuthenticator(member) {
			continue // told by fault
		}
		if c := member.Challenge(); c != "" && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return strings.Join(list, ", ")
}

func (a allOf) fault() error {
	if len(a) == 0 {
		return errors.New("AllOf: no authenticator given; without one every request would pass")
	}
	return checkAuthenticators(a)
}

// any reports whether a condition holds for an authenticator, or for one of
// those that AllOf joins.
func anyOf(a Authenticator, is func(Authenticator) bool) bool {
	if all, ok := a.(allOf); ok {
		return slices.ContainsFunc(all, func(member Authenticator) bool { return anyOf(member, is) })
	}
	return is(a)
}

func isBasic(a Authenticator) bool   { _, ok := a.(*basicAuth); return ok }
func isSession(a Authenticator) bool { _, ok := a.(*sessionAuth); return ok }

// hasBasic reports whether one of the authenticators reads HTTP Basic.
func hasBasic(list []Authenticator) bool {
	return slices.ContainsFunc(list, func(a Authenticator) bool { return anyOf(a, isBasic) })
}

// signIn returns the authenticators that AuthenticateUsers asks: sessions, then
// HTTP Basic and what the embedder wrote.
func signIn(list []Authenticator) []Authenticator {
	var first, then []Authenticator
	for _, a := range list {
		switch a := a.(type) {
		case *sessionAuth:
			first = append(first, a)
		case *bearerAuth, *keyAuth, *skygearAuth:
		case allOf:
			if anyOf(a, isBasic) || anyOf(a, isSession) {
				then = append(then, a)
			}
		default:
			then = append(then, a)
		}
	}
	return append(first, then...)
}
