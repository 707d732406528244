//go:build unix

package main

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/manage/internal/ownpostgres"
)

// TestDatabaseRestarts kills a real PostgreSQL server twice below two
// endpointd, while a client creates endpoints with one of them: what is known is
// served on, nothing that was acknowledged is lost, and both go on by
// themselves.
func TestDatabaseRestarts(t *testing.T) {
	server := ownpostgres.Start(t)
	if server == nil {
		t.Log("initdb and pg_ctl are missing here, or a user postgres to run them as root; TestReplicas has played a part of it")
		return
	}
	scripts := t.TempDir()
	writeScript(t, scripts, "admin/hello.star", sample)
	args := []string{"-postgres", server.DSN, "-scripts", scripts}
	one := start(t, args...)
	token := one.token()
	two := start(t, args...)
	one.want(201, token, "PUT", "first", define("first", "/admin/hello.star"))
	appears(t, two, token, "first")

	w := one.keepWriting(token)
	defer w.stop()
	for range 2 {
		w.awaitMore(t)
		server.Stop()
		for _, d := range []*daemon{one, two} {
			d.want(200, token, "GET", "u/first", "")
			d.want(200, token, "GET", "list", "")
			begun := time.Now()
			d.want(503, token, "PATCH", "first", `{"enabled":true}`)
			if took := time.Since(begun); took > 4*time.Second {
				t.Errorf("a write without a database took %v", took)
			}
		}
		begun := time.Now()
		server.Start()
		up := time.Now()
		w.awaitMore(t)
		t.Logf("the server was up after %v, and had 20 changes more %v later", up.Sub(begun), time.Since(up))
	}
	w.stop()
	for _, id := range w.acknowledged {
		one.want(200, token, "GET", "u/"+id, "")
		two.answers(token, "u/"+id, 200)
	}
	list := one.want(200, token, "GET", "list", "").body
	poll(t, "the same list", func() string {
		if two.want(200, token, "GET", "list", "").body == list {
			return "there"
		}
		return ""
	})
	t.Logf("%d endpoints were acknowledged, %d refused", len(w.acknowledged), w.refused)
}

// A writer creates endpoints until it is stopped, one after another, whatever
// the answer.
type writer struct {
	mu           sync.Mutex
	acknowledged []string // ids
	refused      int

	once sync.Once
	end  chan struct{}
	done sync.WaitGroup
}

func (d *daemon) keepWriting(token string) *writer {
	w := &writer{end: make(chan struct{})}
	w.done.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-w.end:
				return
			case <-time.After(5 * time.Millisecond):
			}
			id := fmt.Sprintf("w%d", i)
			a, err := d.ask(token, "PUT", id, define(id, "/admin/hello.star"))
			w.mu.Lock()
			switch {
			case err != nil || a.status != 201 && a.status != 503:
				d.t.Errorf("%s: %d %s %v", id, a.status, a.body, err)
			case a.status == 201:
				w.acknowledged = append(w.acknowledged, id)
			default:
				w.refused++
			}
			w.mu.Unlock()
		}
	})
	return w
}

// awaitMore waits until some more changes were acknowledged.
func (w *writer) awaitMore(t *testing.T) {
	t.Helper()
	count := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.acknowledged)
	}
	enough := count() + 20
	poll(t, "the next change", func() string {
		if count() >= enough {
			return "there"
		}
		return ""
	})
}

func (w *writer) stop() {
	w.once.Do(func() { close(w.end) })
	w.done.Wait()
}
