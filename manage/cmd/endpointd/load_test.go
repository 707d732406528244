package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestLoad changes endpoints while others are called, with ten thousand of them
// on request: no call fails. The rates are what is aimed at; a slow machine
// that misses them is told and is no failure.
func TestLoad(t *testing.T) {
	endpoints, length, perSecond := 300, 2*time.Second, 500
	if soak() {
		endpoints, length, perSecond = 10_000, 10*time.Second, 5_000
	}
	const changesPerSecond = 100
	data := filepath.Join(t.TempDir(), "data")
	d := start(t, "-data", data, "-log", "json")
	token := d.token()
	pooled := &http.Client{Timeout: patience, Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64,
		DialContext: (&net.Dialer{Timeout: patience}).DialContext,
	}}
	defer pooled.CloseIdleConnections()
	ask := func(method, target, body string) (int, error) {
		r := request(t, d, token, method, target, body)
		resp, err := pooled.Do(r)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	begun := time.Now()
	inParallel(t, 16, endpoints, func(i int) error {
		id := fmt.Sprintf("e%d", i)
		if status, err := ask("PUT", id, define(id, "/admin/hello.star")); status != 201 || err != nil {
			return fmt.Errorf("%s: %d %w", id, status, err)
		}
		return nil
	})
	t.Logf("%d endpoints made in %v", endpoints, time.Since(begun))

	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var changes, calls, failed atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		pace(ctx, changesPerSecond, 4, func(i int) {
			id := fmt.Sprintf("e%d", i%(endpoints/2)) // the upper half is called
			status, err := ask("PATCH", id, fmt.Sprintf(`{"enabled":%t}`, i%3 == 0))
			if status != 200 || err != nil {
				failed.Add(1)
				t.Errorf("a change of %s: %d %v", id, status, err)
			}
			changes.Add(1)
		})
	})
	wg.Go(func() {
		pace(ctx, perSecond, 32, func(i int) {
			id := fmt.Sprintf("u/e%d", endpoints/2+i%(endpoints/2))
			status, err := ask("GET", id, "")
			if status != 200 || err != nil {
				failed.Add(1)
				t.Errorf("%s: %d %v", id, status, err)
			}
			calls.Add(1)
		})
	})
	wg.Wait()
	if calls.Load() == 0 || changes.Load() == 0 {
		t.Error("nothing was called, or nothing changed")
	}
	seconds := length.Seconds()
	t.Logf("%d endpoints: %.0f calls and %.0f changes a second, %d failed",
		endpoints, float64(calls.Load())/seconds, float64(changes.Load())/seconds, failed.Load())

	if soak() {
		d.kill()
		begun = time.Now()
		start(t, "-data", data)
		t.Logf("restarted with %d endpoints in %v", endpoints, time.Since(begun))
	}
}

// pace calls f so many times a second, with so many at once at most, until ctx
// ends. A call that is late is not made up for.
func pace(ctx context.Context, perSecond, workers int, f func(i int)) {
	turns := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range turns {
				f(i)
			}
		})
	}
	defer wg.Wait()
	defer close(turns)
	begun := time.Now()
	for i := 0; ; i++ {
		if wait := time.Until(begun.Add(time.Duration(i) * time.Second / time.Duration(perSecond))); wait > 0 {
			time.Sleep(wait)
		}
		select {
		case turns <- i:
		case <-ctx.Done():
			return
		}
	}
}

// inParallel calls f for 0 to n-1 in so many goroutines.
func inParallel(t *testing.T, workers, n int, f func(i int) error) {
	t.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
