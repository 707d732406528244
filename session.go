package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
)

// sessionSettings is what the options of this file set.
type sessionSettings struct {
	manager   *scs.SessionManager
	crossSite bool
	remember  func(ctx context.Context, u *User) error
}

// Sessions gives requests the session that a cookie of the manager names; its
// methods take the request's context. The session is saved, and its cookie
// set, before the first byte of the answer: what changes later is lost, as is
// all that a request changed that fails with 5xx. A cookie is Secure where the client is connected by TLS, whatever the manager
// says.
//
// A request that another site caused gets an empty session that is thrown
// away, GET too: it has no cookies, and none is set in its answer. Of
// Sec-Fetch-Site, Origin and Referer, each that is sent has to say that the
// request comes from [Request.Origin] or from the origin of [ExternalURL].
// [CrossSiteSession] lifts this. The default is no sessions.
//
// Compile refuses managers whose cookie scripts could read, or that browsers
// do not take. What a manager is set to must not change afterwards.
func Sessions(m *scs.SessionManager) Option {
	return Option{"Sessions", anywhere, func(s *settings) error {
		s.session.manager = m
		return checkManager(m)
	}}
}

// CrossSiteSession lets requests that another site caused run in the browser's
// session. Whoever says so has to expect forged requests.
func CrossSiteSession() Option {
	return set("CrossSiteSession", anywhere, func(s *settings) { s.session.crossSite = true })
}

// RememberUser logs the user in with [Sessions]: after credentials were right
// the token of the session is renewed and save called, which notes the user in
// the session. It is not called for a user whom [SessionAuth] found, nor in a
// session that is thrown away. An error of save is that of the request.
func RememberUser(save func(ctx context.Context, u *User) error) Option {
	return Option{"RememberUser", anywhere, func(s *settings) error {
		s.session.remember = save
		if save == nil {
			return errors.New("the function is nil; give one that notes the user in the session")
		}
		return nil
	}}
}

// checkManager reports managers that could not work, or not safely.
func checkManager(m *scs.SessionManager) error {
	if m == nil {
		return errors.New("the manager is nil; give one made by scs.New")
	}
	cookie := m.Cookie
	hostOnly := strings.HasPrefix(cookie.Name, "__Host-")
	switch {
	case m.Store == nil || m.Codec == nil:
		return errors.New("the manager has no store or codec; give one made by scs.New")
	case !isToken(cookie.Name):
		return fmt.Errorf("%q cannot be the name of a cookie; write one such as \"session\"", cookie.Name)
	case !cookie.HttpOnly:
		return errors.New("scripts could read the cookie; set Cookie.HttpOnly")
	case cookie.SameSite == http.SameSiteNoneMode && !cookie.Secure:
		return errors.New("browsers do not take a cookie with SameSite=None that is not Secure; set Cookie.Secure, or another SameSite")
	case cookie.SameSite == 0 || cookie.SameSite == http.SameSiteDefaultMode:
		return errors.New("the cookie says nothing of other sites; set Cookie.SameSite to http.SameSiteLaxMode or another mode")
	case hostOnly && (!cookie.Secure || cookie.Domain != "" || cookie.Path != "/"):
		return errors.New("browsers take a cookie named __Host- only if it is Secure, has the path / and no domain; set these, or another name")
	case strings.HasPrefix(cookie.Name, "__Secure-") && !cookie.Secure:
		return errors.New("browsers take a cookie named __Secure- only if it is Secure; set Cookie.Secure, or another name")
	}
	return nil
}

// checkSessions reports options that need a session where there is none.
func (b *builder) checkSessions() {
	s := &b.plan.settings.session
	if s.manager != nil {
		return
	}
	if s.crossSite {
		b.fault("option CrossSiteSession: there are no sessions; add the option Sessions with a manager")
	}
	if s.remember != nil {
		b.fault("option RememberUser: there are no sessions; add the option Sessions with a manager")
	}
}

type sessionAuth struct {
	load func(ctx context.Context) (*User, error)
}

// SessionAuth finds the user in the session: load gets a context for the
// manager given to [Sessions], and returns nil if nobody is logged in.
func SessionAuth(load func(ctx context.Context) (*User, error)) Authenticator {
	return &sessionAuth{load}
}

// Authenticate implements [Authenticator].
func (a *sessionAuth) Authenticate(r *Request) (*User, error) {
	if a.load == nil {
		return nil, errNoCheck
	}
	return a.load(r.Context())
}

// Challenge implements [Authenticator].
func (*sessionAuth) Challenge() string { return `Session realm="` + defaultRealm + `"` }

func (a *sessionAuth) fault() error { return faultOf("SessionAuth", a.load == nil) }

func (*sessionAuth) needsSession() bool { return true }

// SessionID returns the token of the cookie session, or else what the user says
// in Session; "" if there is none. Who knows the token has the session: it is
// not for logs.
func (r *Request) SessionID() string {
	if r.call == nil {
		return ""
	}
	if s := r.call.session; s != nil && !s.foreign {
		if token := s.manager.Token(s.ctx); token != "" {
			return token
		}
	}
	if u := r.call.user; u != nil {
		return u.Session
	}
	return ""
}

// maxSessionToken is the longest token that is looked up, in bytes.
const maxSessionToken = 1024

// A session is the session of one request.
type session struct {
	manager *scs.SessionManager
	ctx     context.Context // has the session's data
	foreign bool            // another site caused the request
	outside bool            // middleware around the API loaded it, and saves it
	varies  bool            // the answer depends on where the request comes from
	saved   bool
	sent    bool
	cookie  *http.Cookie // to be set, nil for none
}

// sessionContext is a context whose values are looked up in a session first.
type sessionContext struct {
	context.Context

	session context.Context
}

// Value returns the session's data for the manager's key.
func (c sessionContext) Value(key any) any {
	if v := c.session.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}

// openSession loads the session of the request, an empty one if another site
// caused it.
func (c *call) openSession() error {
	opt := &c.plan.security.session
	s := &session{manager: opt.manager, varies: !opt.crossSite}
	s.foreign = !opt.crossSite && !c.request().sameSite()
	if s.foreign {
		fresh, err := opt.manager.Load(context.Background(), "")
		if err != nil {
			return fmt.Errorf("session: %w", err)
		}
		s.ctx = sessionContext{c.visible, fresh}
		c.dropCookies()
	} else {
		token, _, _ := oneCookie(c.r, opt.manager.Cookie.Name) // sent twice it is none
		if len(token) > maxSessionToken {
			token = ""
		}
		ctx, err := opt.manager.Load(c.visible, token)
		if err != nil {
			return fmt.Errorf("session cannot be loaded: %w", c.redacted(err))
		}
		s.ctx, s.outside = ctx, ctx == c.visible
	}
	c.session, c.visible = s, s.ctx
	c.req.Request = c.request().WithContext(s.ctx)
	return nil
}

// dropCookies takes the cookies off the request, for all that comes after.
func (c *call) dropCookies() {
	request := c.request()
	if _, ok := c.r.Header["Cookie"]; !ok {
		return
	}
	header := maps.Clone(c.r.Header)
	delete(header, "Cookie")
	r := *c.r
	r.Header = header
	c.r = &r
	request.Request = request.WithContext(request.Context())
	request.Header = header
}

// rememberUser logs the user in.
func (c *call) rememberUser() error {
	s := c.session
	if s.foreign {
		return nil
	}
	if err := s.manager.RenewToken(s.ctx); err != nil {
		return fmt.Errorf("session cannot be renewed: %w", c.redacted(err))
	}
	return c.plan.security.session.remember(s.ctx, c.user)
}

// save commits the session, once.
func (c *call) saveSession() (err error) {
	s := c.session
	if s == nil || s.saved {
		return nil
	}
	s.saved = true
	if s.foreign || s.outside {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = asPanic(v)
		}
	}()
	switch s.manager.Status(s.ctx) {
	case scs.Modified:
		token, expiry, err := s.manager.Commit(s.ctx)
		if err != nil {
			return fmt.Errorf("session cannot be saved: %w", err)
		}
		s.cookie = c.sessionCookie(token, expiry)
	case scs.Destroyed:
		s.cookie = c.sessionCookie("", time.Time{})
	}
	return nil
}

// rememberKey is where scs notes RememberMe.
const rememberKey = "__rememberMe"

// sessionCookie makes the cookie for a token; that of the empty one ends it.
func (c *call) sessionCookie(token string, expiry time.Time) *http.Cookie {
	m := c.session.manager
	cookie := &http.Cookie{
		Name: m.Cookie.Name, Value: token, Domain: m.Cookie.Domain, Path: m.Cookie.Path,
		HttpOnly: m.Cookie.HttpOnly, SameSite: m.Cookie.SameSite, Partitioned: m.Cookie.Partitioned,
		Secure: m.Cookie.Secure || strings.HasPrefix(c.request().Origin(), "https:"),
	}
	switch {
	case expiry.IsZero():
		cookie.Expires, cookie.MaxAge = time.Unix(1, 0), -1
	case m.Cookie.Persist || m.GetBool(c.session.ctx, rememberKey):
		cookie.Expires = time.Unix(expiry.Unix()+1, 0) // whole seconds, not earlier
		cookie.MaxAge = int(time.Until(expiry).Seconds() + 1)
	}
	return cookie
}

// closeSession puts what the session has to say into the header, before it is
// sent. It reports false if the session could not be saved and the answer is a
// success, which it then must not be.
func (c *call) closeSession(h http.Header, status int) bool {
	s := c.session
	if s.sent {
		return true
	}
	s.sent = true
	if status >= 500 && s.manager.Status(s.ctx) != scs.Destroyed {
		s.saved = true // half of a login must not stay
	}
	err := c.saveSession()
	if err != nil {
		c.log(slog.LevelError, "session could not be saved", status, err)
	}
	h.Add("Vary", "Cookie")
	if s.varies {
		for _, name := range []string{"Origin", "Referer", "Sec-Fetch-Site"} {
			h.Add("Vary", name)
		}
	}
	if s.foreign {
		delete(h, "Set-Cookie")
	}
	if s.cookie != nil {
		h.Add("Set-Cookie", s.cookie.String())
		h.Add("Cache-Control", `no-cache="Set-Cookie"`)
	}
	return err == nil || status >= 400
}
