package manage

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/manage/console"
)

// root is where the API lives.
const root = "api/v1/http-endpoint/"

// writeLimit bounds a change and what it waits for, so that a store that hangs
// is a 503 soon.
const writeLimit = 2500 * time.Millisecond

// maxUnknown is how many unknown members are told.
const maxUnknown = 10

// define makes the endpoints of the API.
func (m *Manager) define() []*endpoint.Endpoint {
	common := func(methods ...string) []endpoint.Option {
		return []endpoint.Option{
			endpoint.Methods(methods...), endpoint.Auth(m.options.Authenticators...), endpoint.UserRequired(),
			m.logger(), endpoint.Tags("managed endpoints"),
		}
	}
	api := func(name, path, summary string, fn any, methods string, opts ...endpoint.Option) *endpoint.Endpoint {
		all := append(common(methods), endpoint.Name("manage."+name), endpoint.Summary(summary),
			endpoint.OnError(asBadRequest))
		return endpoint.Define(root+path, fn, append(all, opts...)...)
	}
	change := []endpoint.Option{endpoint.MaxBody(maxChange), endpoint.Use(anyContentType)}
	list := []*endpoint.Endpoint{
		api("create", ":id", "Create an endpoint", m.create, http.MethodPut, append(change, endpoint.Status(http.StatusCreated))...),
		api("get", ":id", "Show an endpoint", m.get, http.MethodGet),
		api("update", ":id", "Change an endpoint", m.update, http.MethodPatch, change...),
		api("delete", ":id", "Delete an endpoint", m.delete, http.MethodDelete),
		api("list", "list", "List endpoints", m.list, http.MethodGet, endpoint.Strict()),
		api("history", ":id/history", "List the changes of an endpoint", m.history, http.MethodGet),
		api("calls", ":id/calls", "List the last calls of an endpoint", m.calls, http.MethodGet),
		api("script", ":id/script", "Show the script of an endpoint", m.readScript, http.MethodGet),
		api("saveScript", ":id/script", "Save the script of an endpoint", m.saveScript, http.MethodPut, endpoint.MaxBody(maxScript)),
		endpoint.Define(root+"list", reserved, append(common("PUT", "PATCH", "DELETE"), endpoint.Hidden(), endpoint.Name("manage.reserved"))...),
		endpoint.Define(root+"u/:path", m.trigger, append(common("*"), endpoint.Name("manage.trigger"),
			endpoint.Summary("Call the handler of an endpoint"), endpoint.MaxBody(m.options.MaxBody))...),
	}
	if !m.options.NoConsole {
		list = append(list, endpoint.Define("console/", console.Handler(), endpoint.Methods(http.MethodGet), endpoint.Public(),
			endpoint.Name("manage.console"), endpoint.Hidden(), m.logger()))
	}
	return list
}

// logger is the option for the log of the Manager; without one the log is that
// of the API which serves.
func (m *Manager) logger() endpoint.Option {
	if m.options.Logger == nil {
		return endpoint.Option{}
	}
	return endpoint.Logger(m.options.Logger)
}

// anyContentType has the body read as JSON whatever the client calls it, as the
// usual clients of this API call it nothing.
func anyContentType(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(r.Context())
		r.Header = r.Header.Clone()
		r.Header.Set("Content-Type", "application/json")
		next.ServeHTTP(w, r)
	})
}

// asBadRequest answers what is wrong with the values of a request with 400, as
// all faults of this API.
func asBadRequest(_ *endpoint.Request, err error) error {
	e, ok := errors.AsType[*endpoint.Error](err)
	if !ok || e == nil || e.Status != http.StatusUnprocessableEntity && e.Status != http.StatusUnsupportedMediaType {
		return nil
	}
	bad := *e
	bad.Status = http.StatusBadRequest
	return &bad
}

// reserved answers attempts to manage an endpoint named list.
func reserved() error {
	var f faults
	f.add("path", "id", "reserved", checkID("list"))
	return f.err()
}

// A target is the endpoint that a request is about, and on which condition.
type target struct {
	ID          string   `path:"id"`
	IfMatch     []string `header:"If-Match"`
	IfNoneMatch []string `header:"If-None-Match"`
}

// fields are the members that make or change an endpoint.
type fields struct {
	ID      endpoint.Opt[string] `json:"id"`
	Path    endpoint.Opt[string] `json:"path"`
	Handler endpoint.Opt[string] `json:"handler_script_path"`
	Enabled endpoint.Opt[bool]   `json:"enabled"`
	Others  map[string]any       `json:",embed"`
}

// A change is a request that makes or changes an endpoint.
type change struct {
	target
	Body fields `body:""`
}

// A named is the answer to a change.
type named struct {
	ID string `json:"id"`
}

// check returns what is wrong with a change, whatever there is already.
func (c *change) check() faults {
	var f faults
	f.add("path", "id", "id", checkID(c.ID))
	null := func(name string, isNull bool) bool {
		if isNull {
			f.add("body", name, "type", "is null; give a value or leave the member out")
		}
		return isNull
	}
	if !null("id", c.Body.ID.Null) && c.Body.ID.Set && c.Body.ID.Value != c.ID {
		f.add("body", "id", "id", "is not the id of the URL; an endpoint keeps its id, so write the same or leave it out")
	}
	if !null("path", c.Body.Path.Null) && c.Body.Path.Set {
		f.add("body", "path", "path", checkName(c.Body.Path.Value))
	}
	if !null("handler_script_path", c.Body.Handler.Null) && c.Body.Handler.Set {
		f.add("body", "handler_script_path", "handler", checkHandler(c.Body.Handler.Value))
	}
	null("enabled", c.Body.Enabled.Null)
	unknown := slices.Sorted(maps.Keys(c.Body.Others))
	for _, name := range unknown[:min(len(unknown), maxUnknown)] {
		name = strings.NewReplacer("~", "~0", "/", "~1").Replace(clip(name, maxName)) // as a JSON pointer has it
		f.add("body", name, "unknown", "is not known here; known are id, path, handler_script_path and enabled")
	}
	return f
}

// checkRun returns an error if the account cannot use the handler: it is no
// script of the account, or there is one that does not compile. A script that is
// not there yet is none.
func (m *Manager) checkRun(ctx context.Context, account, path string) error {
	if m.handlers[fileOf(path)] != nil {
		return nil
	}
	var f faults
	if m.scripts == nil {
		f.add("body", "handler_script_path", "handler", "names no handler; write one of "+m.some())
		return f.err()
	}
	if err := m.checkOwner(account, path); err != nil {
		f.add("body", "handler_script_path", "handler", err.Error())
		return f.err()
	}
	s := m.scripts.acquire(fileOf(path))
	defer m.scripts.release(s)
	return m.scripts.compileError(s.load(ctx))
}

// create makes an endpoint.
func (m *Manager) create(ctx context.Context, u *endpoint.User, in change) (*endpoint.Response, error) {
	account, err := m.account(u)
	if err != nil {
		return nil, err
	}
	f := in.check()
	for name, set := range map[string]bool{"path": in.Body.Path.Set, "handler_script_path": in.Body.Handler.Set} {
		if !set {
			f.add("body", name, "required", "is missing; an endpoint needs path and handler_script_path")
		}
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	if len(in.IfMatch) > 0 {
		e, err := m.present(ctx, account, &in.target)
		if err != nil {
			return nil, preconditionOf(err)
		}
		return nil, taken(&TakenError{"id", e.ID})
	}
	if err := m.checkRun(ctx, account, in.Body.Handler.Value); err != nil {
		return nil, err
	}
	kept, err := m.store.Create(ctx, u.ID, Record{
		Account: account, ID: in.ID, Path: in.Body.Path.Value, Handler: in.Body.Handler.Value,
		Enabled: !in.Body.Enabled.Set || in.Body.Enabled.Value,
	})
	if t, ok := errors.AsType[*TakenError](err); ok && t.Field == "id" && len(in.IfNoneMatch) > 0 {
		return nil, errPrecondition()
	}
	if err != nil {
		return nil, storeError(ctx, err)
	}
	return m.changed(&kept), nil
}

// changed makes a change visible and answers it.
func (m *Manager) changed(kept *Record) *endpoint.Response {
	m.table.keep(Change{Sequence: kept.Revision, Account: kept.Account, ID: kept.ID, After: kept})
	return (&endpoint.Response{Body: named{kept.ID}}).Set("ETag", tagOf(kept.Revision, ""))
}

// update changes an endpoint.
func (m *Manager) update(ctx context.Context, u *endpoint.User, in change) (*endpoint.Response, error) {
	account, err := m.account(u)
	if err != nil {
		return nil, err
	}
	if err := in.check().err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	judged := false
	var kept Record
	err = m.replace(ctx, account, &in.target, func(e *entry) (err error) {
		if in.Body.Handler.Set && !judged {
			if err := m.checkRun(ctx, account, in.Body.Handler.Value); err != nil {
				return err
			}
			judged = true
		}
		kept, err = m.store.Update(ctx, u.ID, in.apply(e.Record), e.Revision)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.changed(&kept), nil
}

// apply returns a record with the members that were sent.
func (c *change) apply(r Record) Record {
	if c.Body.Path.Set {
		r.Path = c.Body.Path.Value
	}
	if c.Body.Handler.Set {
		r.Handler = c.Body.Handler.Value
	}
	if c.Body.Enabled.Set {
		r.Enabled = c.Body.Enabled.Value
	}
	return r
}

// delete removes an endpoint.
func (m *Manager) delete(ctx context.Context, u *endpoint.User, in target) (*endpoint.Response, error) {
	account, err := m.account(u)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	err = m.replace(ctx, account, &in, func(e *entry) error {
		c, err := m.store.Delete(ctx, u.ID, account, in.ID, e.Revision)
		if err == nil {
			m.table.keep(c)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &endpoint.Response{Body: named{in.ID}}, nil
}

// check returns a 400 for an id that no endpoint has.
func (t *target) check() error {
	var f faults
	f.add("path", "id", "id", checkID(t.ID))
	return f.err()
}

// replace runs do with the endpoint as it is, again if somebody else was
// quicker, until the condition of the request fails or the time is over.
func (m *Manager) replace(ctx context.Context, account string, t *target, do func(e *entry) error) error {
	for {
		e, err := m.present(ctx, account, t)
		if err != nil {
			return err
		}
		err = do(e)
		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrNotFound) {
			return storeError(ctx, err)
		}
		if err := m.catchUp(ctx); err != nil {
			return storeError(ctx, err)
		}
	}
}

// present returns the endpoint that a request is about if its condition holds.
// Before it says no, it looks at what others have changed.
func (m *Manager) present(ctx context.Context, account string, t *target) (*entry, error) {
	e := m.table.id(account, t.ID)
	if e != nil && t.matches(e) {
		return e, nil
	}
	if err := m.catchUp(ctx); err != nil {
		return nil, storeError(ctx, err)
	}
	e = m.table.id(account, t.ID)
	switch {
	case e == nil:
		return nil, errNotFound()
	case !t.matches(e):
		return nil, errPrecondition()
	}
	return e, nil
}

func (t *target) matches(e *entry) bool {
	return (len(t.IfMatch) == 0 || matchRevision(t.IfMatch, e.Revision)) &&
		(len(t.IfNoneMatch) == 0 || !matchRevision(t.IfNoneMatch, e.Revision))
}

// preconditionOf answers 412 in place of 404: a condition that names something
// fails where there is nothing.
func preconditionOf(err error) error {
	if e, ok := errors.AsType[*endpoint.Error](err); ok && e.Status == http.StatusNotFound {
		return errPrecondition()
	}
	return err
}

func errNotFound() *endpoint.Error {
	return endpoint.Errorf(http.StatusNotFound, "you have no endpoint with this id")
}

func errPrecondition() *endpoint.Error {
	return endpoint.Errorf(http.StatusPreconditionFailed, "what If-Match or If-None-Match asks for does not hold; get it again and decide anew")
}

func taken(t *TakenError) *endpoint.Error {
	return endpoint.Errorf(http.StatusConflict, "another endpoint of yours has the %s %q; choose another one, or change that endpoint", t.Field, t.Value)
}

// storeError answers an error of the store.
func storeError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if t, ok := errors.AsType[*TakenError](err); ok {
		return taken(t)
	}
	if e, ok := errors.AsType[*endpoint.Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return errNotFound()
	case errors.Is(err, ErrStale):
		return errPrecondition()
	case errors.Is(ctx.Err(), context.Canceled):
		return err
	}
	e := endpoint.Errorf(http.StatusServiceUnavailable, "the store of the endpoints does not answer; look what is there before you try again")
	e.Header = http.Header{"Retry-After": {"1"}}
	return e.Wrap(err)
}
