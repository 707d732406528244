package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
)

// A finding is what the authenticators of an endpoint say of a request.
type finding struct {
	judgement

	wrong   error  // the first wrong credential
	which   []int  // the authenticators that said so
	answer  *Error // the first that is answered as it is
	failure error  // of one that could not tell
}

// authenticate lets a request in, or says why not. It runs before the body is read
// and before anything of the request is judged.
func (c *call) authenticate() error {
	sec := c.plan.security
	if sec.session.manager != nil {
		if err := c.openSession(); err != nil {
			return err
		}
	}
	var f finding
	if len(sec.asked) > 0 {
		f = c.find(sec)
	}
	c.user = f.user
	if sec.need != 0 || c.user != nil {
		c.noStore()
	}
	if err := c.refusal(sec, &f); err != nil {
		return err
	}
	if c.user != nil && sec.session.remember != nil && !c.bySession {
		return c.rememberUser()
	}
	return nil
}

// noStore keeps answers out of caches unless something said how to cache them.
func (c *call) noStore() {
	c.uncached = true
	h := c.out.Header()
	if _, ok := h["Cache-Control"]; !ok {
		h["Cache-Control"] = noStore
	}
}

// find asks the authenticators until one gives a user.
func (c *call) find(sec *security) finding {
	var f finding
	r := c.request()
	for i := range sec.asked {
		j, err := c.ask(sec.asked[i].Authenticator, r)
		f.key = f.key || j.key
		if err == nil && j.user != nil {
			f.user = j.user
			c.bySession = isSession(sec.asked[i].Authenticator)
			if f.failure != nil {
				c.log(slog.LevelError, "authenticator failed beside one that knows the user", 0, f.failure)
			}
			return f
		}
		f.note(i, err)
	}
	return f
}

// note keeps what an authenticator says that gives no user.
func (f *finding) note(i int, err error) {
	if err == nil {
		return
	}
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		switch {
		case e.status() >= 500 && f.failure == nil:
			f.failure = e
		case e.status() < 500 && f.answer == nil:
			f.answer = e
		}
		return
	}
	if !errors.Is(err, ErrCredentials) {
		if f.failure == nil {
			f.failure = err
		}
		return
	}
	f.which = append(f.which, i)
	if f.wrong == nil {
		f.wrong = err
	}
}

// ask asks one authenticator; its panic is an error.
func (c *call) ask(a Authenticator, r *Request) (j judgement, err error) {
	defer func() {
		if v := recover(); v != nil {
			if isAbort(v) {
				cutConnection()
			}
			j, err = judgement{}, asPanic(v)
		}
	}()
	j, err = judged(a, r)
	if err != nil {
		j = judgement{}
	}
	return j, err
}

// refusal returns why the request is not let in, nil if it is.
func (c *call) refusal(sec *security, f *finding) error {
	if f.user == nil && f.failure != nil {
		return c.failed(f.failure)
	}
	enough := true
	if sec.need&(needUser|needSignIn) != 0 {
		enough = f.user != nil
	}
	if sec.need&needKey != 0 {
		enough = enough && (f.key || f.user != nil)
	}
	if sec.need&needCredentials != 0 && sec.need&needSignIn == 0 {
		b, err := basicOf(c.request())
		enough = enough && err == nil && b.sent
	}
	if enough {
		return nil
	}
	if f.answer != nil {
		return c.challenged(sec, f, f.answer)
	}
	return c.challenged(sec, f, c.denied(f))
}

// failed is the answer when nobody can tell who the user is: a 500, or a 503
// if it took too long. What the request carries as credentials is cut out of
// the cause, as checks like to repeat it.
func (c *call) failed(err error) error {
	if errors.Is(err, context.Canceled) && c.base.Err() != nil {
		return context.Canceled // the client is gone
	}
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Err != nil {
			e = e.Wrap(c.redacted(e.Err))
		}
		return e
	}
	e := &Error{Status: http.StatusInternalServerError}
	if errors.Is(err, context.DeadlineExceeded) {
		e = Errorf(http.StatusServiceUnavailable, "the answer took too long")
	}
	return e.Wrap(fmt.Errorf("authenticator: %w", c.redacted(err)))
}

// denied is the 401 of the API, the same for every wrong credential.
func (c *call) denied(f *finding) *Error {
	if say := c.settings.access.denial; say != nil {
		return say(denial{f.wrong, f.key, c.request()})
	}
	return Errorf(http.StatusUnauthorized, "right credentials are needed")
}

// challenged adds the challenges to a 401 that has none.
func (c *call) challenged(sec *security, f *finding, e *Error) *Error {
	if e.status() != http.StatusUnauthorized || len(sec.challenges) == 0 || e.Header.Get("Www-Authenticate") != "" {
		return e
	}
	list := append([]string(nil), sec.challenges...)
	for _, i := range f.which {
		if q := &sec.asked[i]; q.challenge >= 0 {
			list[q.challenge] = q.wrong
		}
	}
	copied := *e
	copied.Header = e.Header.Clone()
	if copied.Header == nil {
		copied.Header = http.Header{}
	}
	copied.Header["Www-Authenticate"] = list
	return &copied
}

// A redactedError is an error whose text does not repeat credentials.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }

// Unwrap returns the cause, for [OnError].
func (e *redactedError) Unwrap() error { return e.err }

// redacted cuts the credentials of the request out of the text of an error.
func (c *call) redacted(err error) error {
	text := err.Error()
	for _, s := range c.secrets() {
		text = strings.ReplaceAll(text, s, "[credentials]")
	}
	return &redactedError{text, err}
}

// shortestSecret is the length from which a credential is cut out of texts:
// shorter ones are words, and no secrets.
const shortestSecret = 4

// secrets returns the credentials that the request carries, the longest forms
// of each first.
func (c *call) secrets() []string {
	var list []string
	add := func(texts ...string) {
		for _, s := range texts {
			if len(s) >= shortestSecret {
				list = append(list, s)
			}
		}
	}
	r := c.request()
	for _, v := range r.Header["Authorization"] {
		_, rest, _ := strings.Cut(v, " ")
		add(v, strings.TrimSpace(rest))
	}
	if b, err := basicOf(r); err == nil {
		add(b.password)
	}
	for _, cookie := range r.Cookies() {
		add(cookie.Value)
	}
	for _, a := range c.settings.access.authenticators {
		anyOf(a, func(a Authenticator) bool {
			switch a := a.(type) {
			case *keyAuth:
				add(r.Header.Values(a.header)...)
			case *skygearAuth:
				add(r.Header.Values(skygearKeyHeader)...)
				add(r.Header.Values(skygearTokenHeader)...)
			}
			return false
		})
	}
	return list
}
