package manage

import (
	"context"
	"net/http"
	"time"

	"github.com/seed217079a1/endpoint"
)

// A view is an endpoint as the API shows it.
type view struct {
	ID      string `json:"id"`
	Path    string `json:"path"`
	Handler string `json:"handler_script_path"`
	State   state  `json:"state"`
	Error   string `json:"error,omitempty"` // what is wrong with the handler

	// Shown if details are asked for.
	Revision  int64      `json:"revision,omitzero"`
	Modified  time.Time  `json:"modified,omitzero"`
	Telemetry *telemetry `json:"telemetry,omitzero"`
}

// state of an endpoint.
type state string

const (
	enabled  state = "ENABLED"
	disabled state = "DISABLED"
)

func stateOf(isEnabled bool) state {
	if isEnabled {
		return enabled
	}
	return disabled
}

// truth reads a truth value in the spelling of JSON, Python or Go.
func truth(s string) (value, ok bool) {
	switch s {
	case "true", "True", "1":
		return true, true
	case "false", "False", "0":
		return false, true
	}
	return false, false
}

// view shows an entry.
func (e *entry) view(detail bool) view {
	v := view{ID: e.ID, Path: e.Path, Handler: e.Handler, State: stateOf(e.Enabled), Error: e.handler.fault()}
	if detail {
		t := e.stats.telemetry()
		v.Revision, v.Modified, v.Telemetry = e.Revision, e.Modified, &t
	}
	return v
}

// A getInput asks for one endpoint.
type getInput struct {
	target
	Detail bool `query:"detail"`
}

// get shows an endpoint, after a look at its script.
func (m *Manager) get(ctx context.Context, u *endpoint.User, in getInput) (*endpoint.Response, error) {
	e, err := m.find(u, &in.target)
	if err != nil {
		return nil, err
	}
	if s, ok := e.handler.(*script); ok {
		_, _ = s.load(ctx) // its error is shown below
	}
	v := e.view(in.Detail)
	tag := tagOf(e.Revision, v.Error)
	if len(in.IfMatch) > 0 && !matchRevision(in.IfMatch, e.Revision) {
		return nil, errPrecondition()
	}
	r := (&endpoint.Response{Body: v}).Set("ETag", tag)
	if !in.Detail && len(in.IfNoneMatch) > 0 && matchTag(in.IfNoneMatch, tag) {
		r.Status, r.Body = http.StatusNotModified, nil
	}
	return r, nil
}

// find returns the endpoint of the caller's account that a request is about.
func (m *Manager) find(u *endpoint.User, t *target) (*entry, error) {
	account, err := m.account(u)
	if err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	e := m.table.id(account, t.ID)
	if e == nil {
		return nil, errNotFound()
	}
	return e, nil
}

// A listInput filters a list. Each filter is compared literally.
type listInput struct {
	ID         endpoint.Opt[string] `query:"id"`
	Path       endpoint.Opt[string] `query:"path"`
	Handler    endpoint.Opt[string] `query:"handler"`
	ScriptPath endpoint.Opt[string] `query:"handler_script_path"`
	State      endpoint.Opt[string] `query:"state"`
	Enabled    endpoint.Opt[string] `query:"enabled"`
	Offset     int                  `query:"offset" validate:"min=0"`
	Limit      endpoint.Opt[int]    `query:"limit"`
	Detail     bool                 `query:"detail"`
}

// A listing is the answer to a list.
type listing struct {
	ID        *string `json:"id,omitzero"` // the filter
	Endpoints []view  `json:"endpoints"`
}

// list shows the endpoints that match.
func (m *Manager) list(_ context.Context, u *endpoint.User, in listInput) (*listing, error) {
	account, err := m.account(u)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	found := m.table.list(account, in.match)
	found = found[min(in.Offset, len(found)):]
	if in.Limit.Set {
		found = found[:min(in.Limit.Value, len(found))]
	}
	l := &listing{Endpoints: make([]view, len(found))}
	for i, e := range found {
		l.Endpoints[i] = e.view(in.Detail)
	}
	if in.ID.Set {
		l.ID = &in.ID.Value
	}
	return l, nil
}

func (in *listInput) check() error {
	var f faults
	if s := in.State; s.Set && s.Value != string(enabled) && s.Value != string(disabled) {
		f.add("query", "state", "state", "must be ENABLED or DISABLED")
	}
	if _, ok := truth(in.Enabled.Value); in.Enabled.Set && !ok {
		f.add("query", "enabled", "type", "must be true or false")
	}
	if in.Limit.Value < 0 {
		f.add("query", "limit", "min", "must be at least 0")
	}
	return f.err()
}

func (in *listInput) match(e *entry) bool {
	on, _ := truth(in.Enabled.Value)
	text := func(f endpoint.Opt[string], value string) bool { return !f.Set || f.Value == value }
	return text(in.ID, e.ID) && text(in.Path, e.Path) && text(in.Handler, e.Handler) && text(in.ScriptPath, e.Handler) &&
		(!in.State.Set || in.State.Value == string(stateOf(e.Enabled))) &&
		(!in.Enabled.Set || on == e.Enabled)
}

// A historyInput asks for the changes of an endpoint.
type historyInput struct {
	ID    string `path:"id"`
	Limit int    `query:"limit" default:"100" validate:"min=1,max=1000"`
}

// A changeView is a line of the trail.
type changeView struct {
	Sequence int64     `json:"sequence"`
	Time     time.Time `json:"time"`
	User     string    `json:"user"`
	Action   Action    `json:"action"`
	Before   *view     `json:"before,omitzero"`
	After    *view     `json:"after,omitzero"`
}

// A trail is the answer to a history.
type trail struct {
	ID      string       `json:"id"`
	Changes []changeView `json:"changes"` // the newest first
}

// history shows who changed an endpoint, also after its deletion.
func (m *Manager) history(ctx context.Context, u *endpoint.User, in historyInput) (*trail, error) {
	account, err := m.account(u)
	if err != nil {
		return nil, err
	}
	if err := (&target{ID: in.ID}).check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	changes, err := m.store.History(ctx, account, in.ID, in.Limit)
	if err != nil {
		return nil, storeError(ctx, err)
	}
	if len(changes) == 0 {
		return nil, errNotFound()
	}
	t := &trail{ID: in.ID}
	for _, c := range changes {
		t.Changes = append(t.Changes, changeView{
			Sequence: c.Sequence, Time: c.Time, User: c.User, Action: c.Action, Before: viewOf(c.Before), After: viewOf(c.After),
		})
	}
	return t, nil
}

// viewOf shows a record of the trail, nil for nil.
func viewOf(r *Record) *view {
	if r == nil {
		return nil
	}
	return &view{ID: r.ID, Path: r.Path, Handler: r.Handler, State: stateOf(r.Enabled)}
}

// A callsView is the answer to calls.
type callsView struct {
	ID    string     `json:"id"`
	Calls []callView `json:"calls"` // the newest first
}

// calls shows the last calls of an endpoint that this process answered.
func (m *Manager) calls(u *endpoint.User, in target) (*callsView, error) {
	e, err := m.find(u, &in)
	if err != nil {
		return nil, err
	}
	return &callsView{ID: e.ID, Calls: e.log.last(e.stats)}, nil
}
