package canister_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed217079a1/endpoint"
	"github.com/seed217079a1/endpoint/canister"
	"github.com/seed217079a1/endpoint/internal/leak"
)

// A pair is torn if its halves differ.
type pair struct{ A, B int }

// TestManyCalls sends 10,000 queries and updates at once. Some updates fail;
// the counter equals those that succeeded, and no query sees half of one.
func TestManyCalls(t *testing.T) {
	leak.Check(t)
	const calls, workers = 10_000, 64
	counter, mirror := canister.NewState(pair{}, nil), canister.NewState(0, nil)
	api := flowAPI(t, "/", canister.Service{
		Query: func(ctx context.Context, req request) (response, error) {
			if req.Method == "POST" {
				return response{Upgrade: true}, nil
			}
			c := counter.Get(ctx)
			return response{StatusCode: 200, Body: fmt.Appendf(nil, "%d %d %d", c.A, c.B, mirror.Get(ctx))}, nil
		},
		Update: func(ctx context.Context, req request) (response, error) {
			c := counter.Edit(ctx)
			c.A++
			*mirror.Edit(ctx)++
			switch req.URL {
			case "/error":
				return response{}, errors.New("no")
			case "/panic":
				panic("no")
			}
			c.B++
			return response{StatusCode: 200}, nil
		},
	})
	var succeeded atomic.Int64
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for n := i; n < calls; n += workers {
				manyCall(t, api, n, &succeeded)
			}
		})
	}
	wg.Wait()
	want := int(succeeded.Load())
	if c, m := counter.Get(t.Context()), mirror.Get(t.Context()); c != (pair{want, want}) || m != want {
		t.Errorf("counter %v and mirror %d, want %d updates", c, m, want)
	}
	if want != calls/4 {
		t.Errorf("%d updates succeeded, want %d", want, calls/4)
	}
}

// manyCall makes the call of a number: two queries, an update, and one that fails.
func manyCall(t *testing.T, api http.Handler, n int, succeeded *atomic.Int64) {
	switch n % 4 {
	case 0, 1:
		var a, b, m int
		if _, err := fmt.Sscan(flowAsk(api, "GET", "/", "").Body.String(), &a, &b, &m); err != nil || a != b || a != m {
			t.Errorf("a query sees %d, %d and %d: %v", a, b, m, err)
		}
	case 2:
		if w := flowAsk(api, "POST", "/", ""); w.Code == 200 {
			succeeded.Add(1)
		} else {
			t.Errorf("update: status %d", w.Code)
		}
	case 3:
		if w := flowAsk(api, "POST", []string{"/error", "/panic"}[n/4%2], ""); w.Code != 500 {
			t.Errorf("failing update: status %d", w.Code)
		}
	}
}

// TestManyStates commits many states together, over and over: every query sees
// all of them before a commit or all of them after it.
func TestManyStates(t *testing.T) {
	leak.Check(t)
	const updates, readers = 200, 4
	states := make([]*canister.State[int], 200)
	for i := range states {
		states[i] = canister.NewState(0, nil)
	}
	api := flowAPI(t, "/", stateService(func(ctx context.Context) {
		first := states[0].Get(ctx)
		for i, s := range states {
			if got := s.Get(ctx); got != first {
				t.Errorf("state %d is %d beside %d", i, got, first)
				return
			}
		}
	}, func(ctx context.Context) error {
		for _, s := range states {
			*s.Edit(ctx)++
		}
		return nil
	}))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					flowAsk(api, "GET", "/", "")
				}
			}
		})
	}
	for range updates {
		if w := flowAsk(api, "POST", "/", ""); w.Code != 200 {
			t.Errorf("status %d", w.Code)
		}
	}
	close(done)
	wg.Wait()
}

// TestSlowUpdate checks that queries are answered, with the old state, while an
// update takes its time, and that a second update waits.
func TestSlowUpdate(t *testing.T) {
	leak.Check(t)
	s := canister.NewState(0, nil)
	begun, goOn := make(chan struct{}), make(chan struct{})
	var running atomic.Int32
	api := flowAPI(t, "/", stateService(func(ctx context.Context) {
		if got := s.Get(ctx); got != 0 {
			t.Errorf("a query sees %d of an update that has not ended", got)
		}
	}, func(ctx context.Context) error {
		if running.Add(1) > 1 {
			t.Error("two updates run at once")
		}
		defer running.Add(-1)
		*s.Edit(ctx)++
		begun <- struct{}{}
		<-goOn
		return nil
	}))
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { flowAsk(api, "POST", "/", "") })
	}
	<-begun
	for range 100 {
		if w := flowAsk(api, "GET", "/", ""); w.Code != 200 { // would never return if it waited
			t.Fatalf("status %d", w.Code)
		}
	}
	goOn <- struct{}{}
	<-begun
	goOn <- struct{}{}
	wg.Wait()
	if got := s.Get(t.Context()); got != 2 {
		t.Errorf("%d, want both updates", got)
	}
}

// TestWaitingUpdate checks that an update whose client left while it waited
// does not run.
func TestWaitingUpdate(t *testing.T) {
	leak.Check(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	var ran atomic.Int32
	api := flowAPI(t, "/", stateService(nil, func(context.Context) error {
		ran.Add(1)
		begun <- struct{}{}
		<-goOn
		return nil
	}))
	var wg sync.WaitGroup
	wg.Go(func() { flowAsk(api, "POST", "/", "") })
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	wg.Go(func() {
		defer func() { _ = recover() }() // the connection is cut
		api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", http.NoBody).WithContext(ctx))
	})
	cancel()
	goOn <- struct{}{}
	wg.Wait()
	if got := ran.Load(); got != 1 {
		t.Errorf("%d updates ran, want the first alone", got)
	}
}

// TestSharedState checks a state of two canisters: their updates do not lose
// each other's changes, and neither waits for ever.
func TestSharedState(t *testing.T) {
	leak.Check(t)
	a, b := canister.NewState(0, nil), canister.NewState(0, nil)
	api := endpoint.New(icQuiet())
	add := func(states ...*canister.State[int]) canister.Service {
		return stateService(nil, func(ctx context.Context) error {
			for _, s := range states {
				v := s.Get(ctx)
				*s.Edit(ctx) = v + 1
			}
			return nil
		})
	}
	canister.Handle(api, "one", add(a, b))
	canister.Handle(api, "two", add(a, b))
	canister.Handle(api, "three", add(b, a))
	if err := api.Compile(); err != nil {
		t.Fatal(err)
	}
	var succeeded, refused atomic.Int64
	var wg sync.WaitGroup
	for _, path := range []string{"/one", "/two", "/three"} {
		for range 8 {
			wg.Go(func() {
				for range 200 {
					switch w := flowAsk(api, "POST", path, ""); w.Code {
					case 200:
						succeeded.Add(1)
					case 503:
						refused.Add(1)
					default:
						t.Errorf("status %d: %s", w.Code, w.Body)
					}
				}
			})
		}
	}
	wg.Wait()
	want := int(succeeded.Load())
	if a, b := a.Get(t.Context()), b.Get(t.Context()); a != want || b != want {
		t.Errorf("%d and %d, want %d updates", a, b, want)
	}
	t.Logf("%d updates, %d refused for their order", want, refused.Load())
}

// TestServed does through a server what TestManyCalls does without one.
func TestServed(t *testing.T) {
	leak.Check(t)
	address := icServe(t, icCounter())
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 25 {
				resp, err := client.Post("http://"+address+"/", "", http.NoBody)
				if err != nil {
					t.Error(err)
					return
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != 201 {
					t.Errorf("status %d: %s", resp.StatusCode, body)
				}
			}
		})
	}
	wg.Wait()
	resp, err := client.Get("http://" + address + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	// The client of net/http asks for gzip unless told otherwise.
	if body, _ := io.ReadAll(resp.Body); !strings.HasPrefix(string(body), "query") {
		t.Errorf("body %q", body)
	}
	if _, body, _ := icExchange(t, icCounter(), "GET", "/stream", nil, ""); string(body) != "Counter is 0 streaming\n" {
		t.Errorf("a counter of its own says %q", body)
	}
	w, body, err := rawGet(address, "/stream")
	if err != nil || w != 200 || body != "Counter is 400 streaming\n" {
		t.Errorf("%d %q %v, want 400 updates", w, body, err)
	}
}

// rawGet sends a GET that asks for no encoding.
func rawGet(address, target string) (status int, body string, err error) {
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Get("http://" + address + target)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}
