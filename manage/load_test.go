package manage_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
)

// fill returns a store with n endpoints of account A, whose handler is a Go
// function.
func fill(t testing.TB, n int) manage.Store {
	store := manage.Memory()
	for i := range n {
		r := manage.Record{Account: "A", ID: fmt.Sprint("e", i), Path: fmt.Sprint("p", i), Handler: "hello", Enabled: true}
		if _, err := store.Create(context.Background(), "A", r); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// openFilled serves n endpoints.
func openFilled(t testing.TB, n int) *service {
	return open(t, func(o *manage.Options) {
		o.Scripts, o.Engine, o.Store = nil, nil, fill(t, n)
		o.Handlers = map[string]any{"hello": func() string { return "Hello World" }, "bye": func() string { return "Bye" }}
	})
}

// While 100 endpoints a second change, 5,000 requests a second are served, and
// none of them fails. In short: a tenth of the time.
func TestChangeStorm(t *testing.T) {
	leak.Check(t)
	length := time.Second
	if os.Getenv("ENDPOINT_SOAK") != "" {
		length = 10 * time.Second
	}
	const endpoints, stable = 10_000, 5_000 // the others change
	s := openFilled(t, endpoints)
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var served, failed, changed atomic.Int64
	var slowest atomic.Int64
	var wg sync.WaitGroup
	for client := range 10 { // each sends 500 a second
		wg.Go(func() {
			each(ctx, 2*time.Millisecond, func(i int) {
				start := time.Now()
				if s.do("A", "GET", fmt.Sprint("u/p", (client*997+i)%stable), "").Code != 200 {
					failed.Add(1)
				}
				served.Add(1)
				slowest.Store(max(slowest.Load(), int64(time.Since(start))))
			})
		})
	}
	wg.Go(func() {
		each(ctx, 10*time.Millisecond, func(i int) {
			id := fmt.Sprint("e", stable+i%stable)
			want, method, path, body := 200, "PATCH", id, fmt.Sprintf(`{"path":"q%d","handler_script_path":"bye"}`, i)
			switch i % 3 {
			case 1:
				method, body = "DELETE", ""
			case 2:
				want, method, path, body = 201, "PUT", fmt.Sprint("n", i), fmt.Sprintf(`{"path":"n%d","handler_script_path":"bye"}`, i)
			}
			if w := s.do("A", method, path, body); w.Code != want {
				t.Errorf("%s %s: status %d: %s", method, path, w.Code, w.Body)
			}
			changed.Add(1)
		})
	})
	wg.Wait()
	t.Logf("in %v: %d requests served, slowest %v, %d changes", length, served.Load(), time.Duration(slowest.Load()), changed.Load())
	if failed.Load() > 0 {
		t.Errorf("%d requests failed", failed.Load())
	}
	seconds := int64(length / time.Second)
	if served.Load() < 2500*seconds || changed.Load() < 50*seconds {
		t.Logf("the machine is too busy for 5,000 requests and 100 changes a second")
	}
}

// each calls f at a rate until ctx ends; who is late catches up.
func each(ctx context.Context, every time.Duration, f func(i int)) {
	start := time.Now()
	for i := 0; ctx.Err() == nil; i++ {
		if wait := time.Until(start.Add(time.Duration(i) * every)); wait > 0 {
			time.Sleep(wait)
		}
		f(i)
	}
}

// A trigger costs the same whatever the number of endpoints.
func BenchmarkTrigger(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			call := openFilled(b, n).caller()
			for i := range 20 * n { // what is kept of calls is full
				call(i % n)
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				i++
				call(i * 17 % n)
			}
		})
	}
}

// caller returns a function that calls the endpoint with a number, and costs
// little itself.
func (s *service) caller() func(i int) {
	r := httptest.NewRequest("GET", root+"u/p", nil)
	r.Header.Set("Authorization", "Bearer tokA")
	w := &sink{header: http.Header{}}
	return func(i int) {
		u := *r.URL
		u.Path = fmt.Sprint(root, "u/p", i)
		call := *r
		call.URL, call.RequestURI = &u, u.Path
		clear(w.header)
		s.api.ServeHTTP(w, &call)
		if w.status != http.StatusOK {
			s.t.Fatalf("status %d", w.status)
		}
	}
}

// A sink is a ResponseWriter that keeps the status alone.
type sink struct {
	header http.Header
	status int
}

func (w *sink) Header() http.Header         { return w.header }
func (w *sink) WriteHeader(status int)      { w.status = status }
func (w *sink) Write(b []byte) (int, error) { return len(b), nil }

// The bound is wide, as machines that run tests are busy; the benchmark
// measures what ten thousand endpoints cost more than ten.
func TestTriggerCost(t *testing.T) {
	few, many := openFilled(t, 10).caller(), openFilled(t, 10_000).caller()
	if os.Getenv("ENDPOINT_SOAK") != "" { // what is kept of calls is full
		for i := range 200_000 {
			few(i % 10)
			many(i % 10_000)
		}
	}
	cost := func(call func(int), n int) time.Duration {
		start := time.Now()
		for i := range 1000 {
			call(i * 17 % n)
		}
		return time.Since(start)
	}
	var ratios []float64
	for range 21 {
		ratios = append(ratios, float64(cost(many, 10_000))/float64(cost(few, 10)))
	}
	slices.Sort(ratios)
	t.Logf("median ratio %.2f", ratios[len(ratios)/2])
	if ratios[len(ratios)/2] > 2 {
		t.Errorf("10,000 endpoints cost %.2f times what ten cost", ratios[len(ratios)/2])
	}
}
