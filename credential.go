package endpoint

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// maxCredential is the longest credential that a check is asked about, in bytes.
const maxCredential = 16 << 10

// defaultRealm is the realm of challenges whose authenticator has none.
const defaultRealm = "API"

// Credential returns the one value of a header field that carries credentials,
// "" if it is not sent, and [ErrCredentials] if it is sent twice: which of two
// is meant is not for a server to guess.
func (r *Request) Credential(header string) (string, error) {
	switch values := r.Header.Values(header); len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", ErrCredentials
}

// A judgement is what the credentials of a request say.
type judgement struct {
	user *User
	key  bool // the credentials are right, with or without a user
}

// A judge is an authenticator that can find credentials right without a user.
type judge interface {
	judge(r *Request) (judgement, error)
}

// judged asks an authenticator.
func judged(a Authenticator, r *Request) (judgement, error) {
	if j, ok := a.(judge); ok {
		return j.judge(r)
	}
	u, err := a.Authenticate(r)
	return judgement{u, u != nil}, err
}

// A secretCheck is a function of the embedder that knows users by a secret.
type secretCheck func(ctx context.Context, secret string) (*User, error)

// ask runs the check on what was sent. A nil user is a wrong credential.
func (f secretCheck) ask(r *Request, text string) (*User, error) {
	if f == nil {
		return nil, errNoCheck
	}
	if text == "" || len(text) > maxCredential || !isText(text) {
		return nil, ErrCredentials
	}
	return found(f(r.Context(), text))
}

// found makes a nil user ErrCredentials.
func found(u *User, err error) (*User, error) {
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, ErrCredentials
	}
	return u, nil
}

// errNoCheck is the fault of an authenticator without a check.
var errNoCheck = errors.New("the check is nil; give a function that knows the credentials")

// faultOf reports a check that is nil.
func faultOf(name string, missing bool) error {
	if missing {
		return fmt.Errorf("%s: %w", name, errNoCheck)
	}
	return nil
}

type basicAuth struct {
	realm string
	check func(ctx context.Context, username, password string) (*User, error)
}

// BasicAuth reads HTTP Basic credentials (RFC 7617). The check is called for a
// name that is unknown as for one that is known, and should cost the same for
// both, by comparing with a hash of nobody's password.
func BasicAuth(realm string, check func(ctx context.Context, username, password string) (*User, error)) Authenticator {
	return &basicAuth{realm, check}
}

// Authenticate implements [Authenticator].
func (a *basicAuth) Authenticate(r *Request) (*User, error) {
	c, err := basicOf(r)
	if err != nil || !c.sent {
		return nil, err
	}
	if a.check == nil {
		return nil, errNoCheck
	}
	return found(a.check(r.Context(), c.username, c.password))
}

// Challenge implements [Authenticator].
func (a *basicAuth) Challenge() string { return basicChallenge(a.realm) }

func (a *basicAuth) fault() error {
	if !isFieldValue(a.realm) {
		return fmt.Errorf("BasicAuth: the realm %q has control characters; leave them out", a.realm)
	}
	return faultOf("BasicAuth", a.check == nil)
}

// basicChallenge quotes a realm.
func basicChallenge(realm string) string {
	return `Basic realm="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(realm) + `"`
}

// basicCredentials are those of HTTP Basic.
type basicCredentials struct {
	sent               bool
	username, password string
}

// basicOf reads HTTP Basic credentials; broken ones are ErrCredentials.
func basicOf(r *Request) (basicCredentials, error) {
	value, err := r.Credential("Authorization")
	if err != nil {
		return basicCredentials{}, err
	}
	rest, ok := ofScheme(value, "Basic")
	if !ok {
		return basicCredentials{}, nil
	}
	encoded, ok := strings.CutPrefix(rest, " ")
	if !ok || len(encoded) > maxCredential {
		return basicCredentials{}, ErrCredentials
	}
	plain, err := base64.StdEncoding.Strict().DecodeString(strings.TrimLeft(encoded, " "))
	if err != nil {
		return basicCredentials{}, ErrCredentials // the cause would repeat what was sent
	}
	username, password, ok := strings.Cut(string(plain), ":")
	if !ok || !isText(string(plain)) || hasControlText(string(plain)) {
		return basicCredentials{}, ErrCredentials
	}
	return basicCredentials{true, username, password}, nil
}

// hasControlText reports control characters, which RFC 7617 forbids.
func hasControlText(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// ofScheme returns what follows the scheme of credentials, whose case does not
// matter; ok is false for another scheme.
func ofScheme(value, scheme string) (rest string, ok bool) {
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	rest = value[len(scheme):]
	if rest != "" && isToken(rest[:1]) {
		return "", false // a longer name
	}
	return rest, true
}

// Username returns the user name of HTTP Basic credentials, unchecked; "" if
// there are none, or if they are broken or sent twice.
func (r *Request) Username() string {
	c, _ := basicOf(r) // what is wrong with them is for the authenticators
	return c.username
}

// Password returns the password of HTTP Basic credentials, unchecked; "" if
// there are none, or if they are broken or sent twice.
func (r *Request) Password() string {
	c, _ := basicOf(r) // likewise
	return c.password
}

type bearerAuth struct{ check secretCheck }

// BearerAuth reads bearer tokens (RFC 6750) from the Authorization header,
// nowhere else.
func BearerAuth(check func(ctx context.Context, token string) (*User, error)) Authenticator {
	return &bearerAuth{check}
}

// Authenticate implements [Authenticator].
func (a *bearerAuth) Authenticate(r *Request) (*User, error) {
	value, err := r.Credential("Authorization")
	if err != nil {
		return nil, err
	}
	if value == "" {
		return a.cookie(r)
	}
	rest, ok := ofScheme(value, "Bearer")
	if !ok {
		return nil, nil
	}
	token, ok := strings.CutPrefix(rest, " ")
	if !ok || !isToken68(token) {
		return nil, ErrCredentials
	}
	return a.check.ask(r, token)
}

// cookie reads the token from the cookie of a dialect.
func (a *bearerAuth) cookie(r *Request) (*User, error) {
	if r.call == nil || r.call.settings.access.bearerCookie == "" {
		return nil, nil
	}
	token, sent, err := oneCookie(r.Request, r.call.settings.access.bearerCookie)
	if err != nil || !sent {
		return nil, err
	}
	return a.check.ask(r, token)
}

// oneCookie returns the value of a cookie, and ErrCredentials if it is sent twice.
func oneCookie(r *http.Request, name string) (value string, sent bool, err error) {
	switch list := r.CookiesNamed(name); len(list) {
	case 0:
		return "", false, nil
	case 1:
		return list[0].Value, true, nil
	}
	return "", true, ErrCredentials
}

// Challenge implements [Authenticator].
func (*bearerAuth) Challenge() string { return `Bearer realm="` + defaultRealm + `"` }

func (a *bearerAuth) fault() error { return faultOf("BearerAuth", a.check == nil) }

// isToken68 reports whether s has the syntax of RFC 9110 for tokens in one piece.
func isToken68(s string) bool {
	s = strings.TrimRight(s, "=")
	other := func(c rune) bool {
		return (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && !strings.ContainsRune("-._~+/", c)
	}
	return s != "" && !strings.ContainsFunc(s, other)
}

type keyAuth struct {
	header string
	check  secretCheck
}

// APIKeyAuth reads a key from a header field of its own, such as X-Api-Key.
func APIKeyAuth(header string, check func(ctx context.Context, key string) (*User, error)) Authenticator {
	return &keyAuth{header, check}
}

// Authenticate implements [Authenticator].
func (a *keyAuth) Authenticate(r *Request) (*User, error) {
	key, err := r.Credential(a.header)
	if err != nil || key == "" {
		return nil, err
	}
	return a.check.ask(r, key)
}

// Challenge implements [Authenticator].
func (a *keyAuth) Challenge() string { return `APIKey header="` + a.header + `"` }

func (a *keyAuth) fault() error {
	if !isToken(a.header) {
		return fmt.Errorf("APIKeyAuth: %q cannot be the name of a header field; write one such as \"X-Api-Key\"", a.header)
	}
	return faultOf("APIKeyAuth", a.check == nil)
}

// The header fields of Skygear.
const (
	skygearKeyHeader   = "X-Skygear-API-Key"
	skygearTokenHeader = "X-Skygear-Access-Token" //nolint:gosec // a name
)

// What is wrong with the credentials of Skygear, for its dialect.
var (
	errSkygearKey   = fmt.Errorf("the key is unknown: %w", ErrCredentials)
	errSkygearToken = fmt.Errorf("the access token is unknown: %w", ErrCredentials)
)

type skygearAuth struct {
	keys  []secret
	empty bool // one of the keys is
	check secretCheck
}

// SkygearAuth reads X-Skygear-API-Key and X-Skygear-Access-Token. A right key
// alone satisfies [KeyRequired]; a user needs a token, which needs no key
// beside it, but a wrong one spoils it. Neither is read from the query, where
// logs and links would show it.
func SkygearAuth(apiKeys []string, check func(ctx context.Context, accessToken string) (*User, error)) Authenticator {
	a := &skygearAuth{check: check, empty: slices.Contains(apiKeys, "")}
	for _, k := range apiKeys {
		a.keys = append(a.keys, secretOf(k))
	}
	return a
}

// Authenticate implements [Authenticator].
func (a *skygearAuth) Authenticate(r *Request) (*User, error) {
	j, err := a.judge(r)
	return j.user, err
}

func (a *skygearAuth) judge(r *Request) (judgement, error) {
	key, err := r.Credential(skygearKeyHeader)
	if err != nil || key != "" && !a.knows(key) {
		return judgement{}, errSkygearKey
	}
	token, err := r.Credential(skygearTokenHeader)
	if err != nil {
		return judgement{}, errSkygearToken
	}
	if token == "" {
		return judgement{key: key != ""}, nil
	}
	u, err := a.check.ask(r, token)
	if err == ErrCredentials { //nolint:errorlint // a wrapped one says more
		err = errSkygearToken
	}
	return judgement{u, u != nil}, err
}

// knows compares with every key, however early one matches.
func (a *skygearAuth) knows(key string) bool {
	known := false
	for _, k := range a.keys {
		known = k.matches(key) || known
	}
	return known
}

// Challenge implements [Authenticator].
func (*skygearAuth) Challenge() string { return `APIKey header="` + skygearKeyHeader + `"` }

func (a *skygearAuth) fault() error {
	if a.empty {
		return errors.New("SkygearAuth: an API key is empty; leave it out, or every request would have it")
	}
	return faultOf("SkygearAuth", a.check == nil)
}
