package manage_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
)

// A model is what three accounts should have.
type model map[string]map[string]*modelEndpoint

type modelEndpoint struct {
	path, handler string
	enabled       bool
}

func (m model) byPath(account, path string) (string, *modelEndpoint) {
	for id, e := range m[account] {
		if e.path == path {
			return id, e
		}
	}
	return "", nil
}

// Accounts never see, change or stop each other's endpoints: random operations
// are answered as by a model that keeps accounts apart.
func TestTenantIsolation(t *testing.T) {
	leak.Check(t)
	rounds := 10_000
	if testing.Short() {
		rounds = 1000
	}
	store := manage.Memory()
	s := open(t, func(o *manage.Options) { o.Store = store })
	for _, account := range []string{"A", "B", "C"} {
		for i := range 2 {
			s.script(fmt.Sprintf("%s%d.py", account, i), fmt.Sprintf("# go: say %s%d", account, i))
		}
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	have := model{"A": {}, "B": {}, "C": {}}
	for i := range rounds {
		account := string("ABC"[random.IntN(3)])
		if fault := have.step(s, random, account); fault != "" {
			t.Fatalf("operation %d of seed %d, account %s: %s", i, seed, account, fault)
		}
	}
	for account, endpoints := range have {
		l := decode[struct{ Endpoints []struct{ ID string } }](t, s.want(200, account, "GET", "list", ""))
		var ids []string
		for _, e := range l.Endpoints {
			ids = append(ids, e.ID)
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(endpoints)), ids); diff != "" {
			t.Errorf("account %s: %s", account, diff)
		}
	}
}

// step does one random operation and returns how the answer differs from that
// of the model, "" if it does not.
func (m model) step(s *service, random *rand.Rand, account string) string {
	id, path := fmt.Sprint("e", random.IntN(4)), fmt.Sprint("p", random.IntN(4))
	e := m[account][id]
	owner, _ := m.byPath(account, path)
	taken := owner != "" && owner != id
	do := func(method, path, body string, code int, text string) string {
		w := s.do(account, method, path, body)
		if w.Code != code || !strings.Contains(w.Body.String(), text) {
			return fmt.Sprintf("%s %s %s: %d %s, want %d with %q", method, path, body, w.Code, w.Body, code, text)
		}
		return ""
	}
	status := func(ok int) int {
		switch {
		case e == nil:
			return 404
		case taken:
			return 409
		}
		return ok
	}
	switch random.IntN(7) {
	case 0:
		handler := fmt.Sprintf("%s%d", account, random.IntN(2))
		body := fmt.Sprintf(`{"path":%q,"handler_script_path":"/%s.py"}`, path, handler)
		if e != nil || owner != "" {
			return do("PUT", id, body, 409, "")
		}
		m[account][id] = &modelEndpoint{path, handler, true}
		return do("PUT", id, body, 201, id)
	case 1:
		fault := do("PATCH", id, fmt.Sprintf(`{"path":%q}`, path), status(200), "")
		if e != nil && !taken {
			e.path = path
		}
		return fault
	case 2:
		taken = false
		on := random.IntN(3) > 0
		if e != nil {
			e.enabled = on
		}
		return do("PATCH", id, fmt.Sprintf(`{"enabled":%t}`, on), status(200), "")
	case 3:
		taken = false
		delete(m[account], id)
		return do("DELETE", id, "", status(200), "")
	case 4:
		taken = false
		if e == nil {
			return do("GET", id, "", 404, "")
		}
		return do("GET", id, "", 200, fmt.Sprintf(`"path":%q,"handler_script_path":"/%s.py"`, e.path, e.handler))
	default:
		_, e := m.byPath(account, path)
		if e == nil || !e.enabled {
			return do("POST", "u/"+path, "", 404, "")
		}
		return do("POST", "u/"+path, "", 200, e.handler)
	}
}
