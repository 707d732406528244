package manage_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
)

// A flaky store fails, hangs, or keeps a change and says that it failed.
type flaky struct {
	manage.Store

	failing, hanging, lying atomic.Bool
}

var errDown = errors.New("the database is down")

func (s *flaky) trouble(ctx context.Context) error {
	if s.hanging.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	if s.failing.Load() {
		return errDown
	}
	return nil
}

func (s *flaky) Create(ctx context.Context, user string, r manage.Record) (manage.Record, error) {
	if err := s.trouble(ctx); err != nil {
		return manage.Record{}, err
	}
	r, err := s.Store.Create(ctx, user, r)
	if s.lying.Load() {
		return manage.Record{}, errDown
	}
	return r, err
}

func (s *flaky) Update(ctx context.Context, user string, r manage.Record, revision int64) (manage.Record, error) {
	if err := s.trouble(ctx); err != nil {
		return manage.Record{}, err
	}
	return s.Store.Update(ctx, user, r, revision)
}

func (s *flaky) Delete(ctx context.Context, user, account, id string, revision int64) (manage.Change, error) {
	if err := s.trouble(ctx); err != nil {
		return manage.Change{}, err
	}
	return s.Store.Delete(ctx, user, account, id, revision)
}

func (s *flaky) Changes(ctx context.Context, after int64, limit int) ([]manage.Change, error) {
	if err := s.trouble(ctx); err != nil {
		return nil, err
	}
	return s.Store.Changes(ctx, after, limit)
}

func (s *flaky) Wait(ctx context.Context, after int64) error {
	if err := s.trouble(ctx); err != nil {
		return err
	}
	return s.Store.Wait(ctx, after)
}

func (s *flaky) History(ctx context.Context, account, id string, limit int) ([]manage.Change, error) {
	if err := s.trouble(ctx); err != nil {
		return nil, err
	}
	return s.Store.History(ctx, account, id, limit)
}

// While the store is away, what is there is served, and writes say so soon.
func TestStoreDown(t *testing.T) {
	leak.Check(t)
	for _, trouble := range []string{"failing", "hanging"} {
		t.Run(trouble, func(t *testing.T) {
			store := &flaky{Store: manage.Memory()}
			s := open(t, func(o *manage.Options) { o.Store = store })
			s.put("A", "x", "p", "hello")
			away := &store.failing
			if trouble == "hanging" {
				away = &store.hanging
			}
			away.Store(true)
			var wg sync.WaitGroup
			for _, r := range [][3]string{
				{"PUT", "y", `{"path":"q","handler_script_path":"/h.py"}`},
				{"PATCH", "x", `{"enabled":false}`},
				{"DELETE", "x", ""},
				{"GET", "x/history", ""},
			} {
				wg.Go(func() {
					start := time.Now()
					w := s.do("A", r[0], r[1], r[2])
					if w.Code != 503 || w.Header().Get("Retry-After") != "1" || strings.Contains(w.Body.String(), "database") {
						t.Errorf("%s %s: status %d: %s", r[0], r[1], w.Code, w.Body)
					}
					if took := time.Since(start); took > 3*time.Second {
						t.Errorf("%s %s took %v, want at most 3 s", r[0], r[1], took)
					}
				})
			}
			s.want(200, "A", "GET", "u/p", "")
			wg.Wait()
			s.want(200, "A", "GET", "u/p", "")
			s.want(200, "A", "GET", "list", "")
			s.want(404, "A", "GET", "y", "")
			away.Store(false)
			s.want(200, "A", "PATCH", "x", `{"enabled":false}`)
			s.want(404, "A", "GET", "u/p", "")
			s.want(200, "A", "DELETE", "x", "")
		})
	}
}

// What a store kept although it failed to say so is served.
func TestUnknownOutcome(t *testing.T) {
	leak.Check(t)
	store := &flaky{Store: manage.Memory()}
	s := open(t, func(o *manage.Options) { o.Store = store })
	store.lying.Store(true)
	s.script("h.py", "# go: hello")
	body := `{"path":"p","handler_script_path":"/h.py"}`
	s.want(503, "A", "PUT", "x", body)
	eventually(t, "the endpoint that was created all the same", func() bool { return s.do("A", "GET", "u/p", "").Code == 200 })
	store.lying.Store(false)
	s.want(409, "A", "PUT", "x", body)
}

// A second Manager on the same store sees what the first one changes.
func TestReplicas(t *testing.T) {
	leak.Check(t)
	store := manage.Memory()
	share := func(o *manage.Options) { o.Store = store }
	one, two := open(t, share), open(t, share)
	two.script("A/hello.py", "# go: hello")
	one.put("A", "x", "p", "hello")
	served := func(code int) func() bool {
		return func() bool { return two.do("A", "GET", "u/p", "").Code == code }
	}
	eventually(t, "the endpoint at the other", served(200))
	one.want(200, "A", "PATCH", "x", `{"enabled":false}`)
	eventually(t, "the endpoint disabled at the other", served(404))
	// A change is judged by what the other has, at once.
	for i := range 50 {
		tag := one.want(200, "A", "PATCH", "x", `{"enabled":true}`).Header().Get("ETag")
		two.want(200, "A", "PATCH", "x", fmt.Sprintf(`{"path":"p%d"}`, i), "If-Match", tag)
		two.want(412, "A", "PATCH", "x", `{"path":"q"}`, "If-Match", tag)
		one.want(200, "A", "PATCH", "x", `{"path":"p"}`)
	}
	one.want(200, "A", "DELETE", "x", "")
	two.want(404, "A", "DELETE", "x", "")
	two.put("A", "x", "p", "hello")
	one.want(409, "A", "PUT", "x", `{"path":"r","handler_script_path":"/A/hello.py"}`)
}

// Own changes hold with the answer, on every connection, while the follower
// brings them again.
func TestReadYourWrites(t *testing.T) {
	leak.Check(t)
	s := open(t)
	s.script("h.py", "# go: hello")
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			id := fmt.Sprint("x", i)
			check := func(code int) {
				for range 3 {
					if got := s.do("A", "GET", "u/"+id, "").Code; got != code {
						t.Errorf("trigger %d, want %d", got, code)
					}
				}
			}
			for range 50 {
				s.do("A", "PUT", id, `{"path":"`+id+`","handler_script_path":"/h.py"}`)
				check(200)
				s.do("A", "PATCH", id, `{"enabled":false}`)
				check(404)
				s.do("A", "PATCH", id, `{"enabled":true}`)
				check(200)
				s.do("A", "DELETE", id, ``)
				check(404)
			}
		})
	}
	wg.Wait()
}

// Of 64 who create one endpoint, one does.
func TestCreatedOnce(t *testing.T) {
	leak.Check(t)
	store := manage.Memory()
	share := func(o *manage.Options) { o.Store = store }
	replicas := []*service{open(t, share), open(t, share)}
	for round := range 10 {
		var created, taken atomic.Int64
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				s := replicas[i%2]
				w := s.do("A", "PUT", fmt.Sprint("x", round), fmt.Sprintf(`{"path":"p%d-%d","handler_script_path":"/h%d.py"}`, round, i, i))
				switch w.Code {
				case http.StatusCreated:
					created.Add(1)
				case http.StatusConflict:
					taken.Add(1)
				}
			})
		}
		wg.Wait()
		if created.Load() != 1 || taken.Load() != 63 {
			t.Errorf("%d were created and %d taken, want 1 and 63", created.Load(), taken.Load())
		}
	}
}

// No change without a condition is lost or refused, however many there are at
// once; with one, exactly one wins.
func TestLostUpdate(t *testing.T) {
	leak.Check(t)
	s := open(t)
	s.put("A", "x", "p", "hello")
	tag := s.want(200, "A", "GET", "x", "").Header().Get("ETag")
	var won, lost atomic.Int64
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			switch s.do("A", "PATCH", "x", fmt.Sprintf(`{"path":"q%d"}`, i), "If-Match", tag).Code {
			case 200:
				won.Add(1)
			case 412:
				lost.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 63 {
		t.Errorf("%d won and %d lost, want 1 and 63", won.Load(), lost.Load())
	}
	for i := range 32 {
		body := `{"enabled":false}`
		if i%2 == 0 {
			body = fmt.Sprintf(`{"path":"r%d"}`, i)
		}
		wg.Go(func() {
			if w := s.do("A", "PATCH", "x", body); w.Code != 200 {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
	wg.Wait()
	v := decode[struct{ Path, State string }](t, s.want(200, "A", "GET", "x", ""))
	if v.State != "DISABLED" || !strings.HasPrefix(v.Path, "r") {
		t.Errorf("in the end it is %+v, so that an update was lost", v)
	}
	h := decode[struct{ Changes []struct{} }](t, s.want(200, "A", "GET", "x/history", ""))
	if len(h.Changes) != 34 {
		t.Errorf("%d changes are in the trail, want 34", len(h.Changes))
	}
}
