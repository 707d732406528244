package endpoint

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A context that outlives the answer gives the request that it belonged to,
// never another one, although its call is used again.
func TestContextAfterTheAnswer(t *testing.T) {
	var mu sync.Mutex
	kept := map[string]context.Context{}
	asked := map[string]*Request{}
	api := New()
	api.Get("kept/:id", Typed(func(ctx context.Context, in struct {
		ID string `path:"id"`
	}) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		kept[in.ID] = ctx
		if strings.HasPrefix(in.ID, "a") {
			asked[in.ID] = RequestFrom(ctx)
		}
		return in.ID, nil
	}))
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	ids := []string{"a1", "b1", "a2", "b2", "b3", "a3"}
	for range 50 {
		for _, id := range ids {
			w := httptest.NewRecorder()
			api.ServeHTTP(w, httptest.NewRequest("GET", "/kept/"+id, nil))
			if w.Body.String() != id {
				t.Fatalf("answer %q, want %q", w.Body, id)
			}
		}
	}
	seen := map[string]bool{}
	for _, id := range ids {
		r := RequestFrom(kept[id])
		if r == nil {
			t.Fatalf("%s: no request after the answer", id)
		}
		if r != RequestFrom(kept[id]) {
			t.Errorf("%s: two requests of one context", id)
		}
		if asked[id] != nil && asked[id] != r {
			t.Errorf("%s: another request than during the answer", id)
		}
		got := []string{r.Param("id"), r.PathValue("id"), r.URL.Path, r.Pattern}
		want := []string{id, id, "/kept/" + id, "/kept/:id"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: (-want +got)\n%s", id, d)
		}
		if requestID := r.RequestID(); requestID == "" || seen[requestID] || requestID != r.RequestID() {
			t.Errorf("%s: request id %q is empty, not the only one or not the same", id, requestID)
		} else {
			seen[requestID] = true
		}
		if r.Context().Err() != nil {
			t.Errorf("%s: the context ended: %v", id, r.Context().Err())
		}
	}
}
