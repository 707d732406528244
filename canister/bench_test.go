package canister_test

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/seed217079a1/endpoint/canister"
)

// BenchmarkState measures what a request with a state costs: nothing is cloned
// for a number; a map is, unless it is viewed.
func BenchmarkState(b *testing.B) {
	number := canister.NewState(0, nil)
	b.Run("number/query", func(b *testing.B) { benchService(b, "GET", func(ctx context.Context) { number.Get(ctx) }) })
	b.Run("number/update", func(b *testing.B) { benchService(b, "POST", func(ctx context.Context) { *number.Edit(ctx)++ }) })
	for _, size := range []int{100, 10_000, 1_000_000} {
		m := make(map[int]*pair, size)
		for i := range size {
			m[i] = &pair{}
		}
		s := canister.NewState(m, maps.Clone)
		b.Run(fmt.Sprintf("map%d/get", size), func(b *testing.B) { benchService(b, "GET", func(ctx context.Context) { s.Get(ctx) }) })
		b.Run(fmt.Sprintf("map%d/view", size), func(b *testing.B) { benchService(b, "GET", func(ctx context.Context) { s.View(ctx) }) })
		b.Run(fmt.Sprintf("map%d/update", size), func(b *testing.B) {
			benchService(b, "POST", func(ctx context.Context) { (*s.Edit(ctx))[0] = &pair{1, 1} })
		})
	}
	kept := canister.NewState(0, nil)
	if err := kept.Persist(filepath.Join(b.TempDir(), "state")); err != nil {
		b.Fatal(err)
	}
	b.Run("persisted/update", func(b *testing.B) { benchService(b, "POST", func(ctx context.Context) { *kept.Edit(ctx)++ }) })
}

// BenchmarkNoState measures what a canister without state costs, to compare with.
func BenchmarkNoState(b *testing.B) { benchService(b, "GET", func(context.Context) {}) }

func benchService(b *testing.B, method string, f func(ctx context.Context)) {
	api := flowAPI(b, "/", stateService(f, func(ctx context.Context) error { f(ctx); return nil }))
	r := httptest.NewRequest(method, "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		api.ServeHTTP(httptest.NewRecorder(), r)
	}
}
