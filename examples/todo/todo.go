package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed217079a1/endpoint/canister"
)

// A Todo is one thing to do.
type Todo struct {
	ID        uint32 `json:"id"`
	Title     string `json:"title"`
	Completed bool   `json:"completed"`
}

// A list is the state: all things to do, and the id of the next.
type list struct {
	Next  uint32          `json:"next"`
	Items map[uint32]Todo `json:"items"`
}

// clone copies the map; a Todo has nothing to share.
func (l list) clone() list { return list{l.Next, maps.Clone(l.Items)} }

// todos is the canister.
type todos struct {
	state *canister.State[list]
}

func newTodos() *todos {
	return &todos{canister.NewState(list{Items: map[uint32]Todo{}}, list.clone)}
}

func (t *todos) service() canister.Service {
	return canister.Service{Query: t.httpRequest, Update: t.httpRequestUpdate, Upgrades: true}
}

// httpRequest is the query: it lists, and hands what changes to the update.
func (t *todos) httpRequest(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) {
	id, onItem, found := route(req.URL)
	switch {
	case !found:
		return fail(http.StatusNotFound, "Not found")
	case onItem && id == nil:
		return fail(http.StatusNotFound, "Not found")
	case onItem && (req.Method == http.MethodPatch || req.Method == http.MethodDelete),
		!onItem && req.Method == http.MethodPost:
		return canister.HTTPResponse{StatusCode: http.StatusOK, Upgrade: true}, nil
	case !onItem && req.Method == http.MethodGet:
		return ok(http.StatusOK, t.sorted(ctx))
	}
	return fail(http.StatusMethodNotAllowed, "Method not allowed")
}

// httpRequestUpdate is the update; the query has let it get only what it knows.
func (t *todos) httpRequestUpdate(ctx context.Context, req canister.HTTPRequest) (canister.HTTPResponse, error) {
	id, _, _ := route(req.URL)
	switch req.Method {
	case http.MethodPost:
		return t.create(ctx, req.Body)
	case http.MethodPatch:
		return t.change(ctx, *id, req.Body)
	}
	delete(t.state.Edit(ctx).Items, *id) // what is gone already is gone
	return ok(http.StatusNoContent, nil)
}

// route tells /todos from /todos/{id}; id is nil if it is no number.
func route(url string) (id *uint32, onItem, found bool) {
	path, _, _ := strings.Cut(url, "?")
	rest, found := strings.CutPrefix(path, "/todos")
	if !found || rest == "" {
		return nil, false, found
	}
	text, onItem := strings.CutPrefix(rest, "/")
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return nil, onItem, onItem
	}
	number := uint32(n)
	return &number, onItem, onItem
}

// sorted returns all things to do by id. It views the state: nothing is copied
// but what is answered.
func (t *todos) sorted(ctx context.Context) []Todo {
	items := t.state.View(ctx).Items
	all := make([]Todo, 0, len(items))
	for _, id := range slices.Sorted(maps.Keys(items)) {
		all = append(all, items[id])
	}
	return all
}

func (t *todos) create(ctx context.Context, body []byte) (canister.HTTPResponse, error) {
	var in struct{ Title *string }
	if err := json.Unmarshal(body, &in); err != nil || in.Title == nil {
		return fail(http.StatusBadRequest, `The body must be JSON such as {"title":"Buy milk"}`)
	}
	l := t.state.Edit(ctx)
	item := Todo{ID: l.Next, Title: *in.Title}
	l.Next++
	l.Items[item.ID] = item
	return ok(http.StatusCreated, item)
}

func (t *todos) change(ctx context.Context, id uint32, body []byte) (canister.HTTPResponse, error) {
	var in struct {
		Title     *string
		Completed *bool
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return fail(http.StatusBadRequest, `The body must be JSON such as {"completed":true}`)
	}
	item, found := t.state.View(ctx).Items[id]
	if !found {
		return fail(http.StatusNotFound, "Not found")
	}
	if in.Title != nil {
		item.Title = *in.Title
	}
	if in.Completed != nil {
		item.Completed = *in.Completed
	}
	t.state.Edit(ctx).Items[id] = item
	return ok(http.StatusOK, nil)
}

// ok answers data in the envelope of the API.
func ok(status uint16, data any) (canister.HTTPResponse, error) {
	return answer(status, map[string]any{"ok": map[string]any{"data": data}})
}

// fail answers a fault in the envelope of the API.
func fail(status uint16, message string) (canister.HTTPResponse, error) {
	return answer(status, map[string]any{"err": map[string]any{"code": status, "message": message}})
}

func answer(status uint16, v any) (canister.HTTPResponse, error) {
	body, err := json.Marshal(v)
	return canister.HTTPResponse{
		StatusCode: status,
		Headers:    []canister.HeaderField{{Name: "content-type", Value: "application/json"}},
		Body:       body,
	}, err
}
