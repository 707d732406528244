package storetest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/storetest"
)

func TestMemory(t *testing.T) { storetest.Test(t, memory) }

func memory(*testing.T) func() manage.Store {
	s := manage.Memory()
	return func() manage.Store { return s }
}

// A faulty store breaks one sentence of the contract.
type faulty struct {
	name  string // of the test that must notice
	fault string
	store func() manage.Store
}

var faults = []faulty{
	{"Empty", "has a sequence before the first change", func() manage.Store {
		return &funcs{load: func(s manage.Store, ctx context.Context) ([]manage.Record, int64, error) {
			r, n, err := s.Load(ctx)
			return r, n + 1, err
		}}
	}},
	{"Create", "returns local times", func() manage.Store {
		return &funcs{create: func(s manage.Store, ctx context.Context, user string, r manage.Record) (manage.Record, error) {
			r, err := s.Create(ctx, user, r)
			r.Modified = r.Modified.Local()
			return r, err
		}}
	}},
	{"Update", "does not look at the revision", blindUpdate},
	{"LostUpdate", "does not look at the revision", blindUpdate},
	{"Delete", "does not return what was deleted", func() manage.Store {
		return &funcs{delete: func(s manage.Store, ctx context.Context, user, account, id string, revision int64) (manage.Change, error) {
			c, err := s.Delete(ctx, user, account, id, revision)
			c.Before = nil
			return c, err
		}}
	}},
	{"Taken", "replaces what exists", overwrite},
	{"Creators", "replaces what exists", overwrite},
	{"Refused", "makes a change before it refuses another", func() manage.Store {
		return &funcs{create: func(s manage.Store, ctx context.Context, user string, r manage.Record) (manage.Record, error) {
			kept, err := s.Create(ctx, user, r)
			if err != nil {
				_, _ = s.Create(ctx, user, manage.Record{Account: "trace"})
				_, _ = s.Delete(ctx, user, "trace", "", 0)
			}
			return kept, err
		}}
	}},
	{"Trail", "returns the newest first", func() manage.Store {
		return &funcs{changes: func(s manage.Store, ctx context.Context, after int64, limit int) ([]manage.Change, error) {
			c, err := s.Changes(ctx, after, limit)
			slices.Reverse(c)
			return c, err
		}}
	}},
	{"Followers", "leaves a change out now and then", func() manage.Store {
		return &funcs{changes: func(s manage.Store, ctx context.Context, after int64, limit int) ([]manage.Change, error) {
			c, err := s.Changes(ctx, after, limit)
			if len(c) > 2 && c[1].Sequence%10 == 2 {
				c = slices.Delete(c, 1, 2)
			}
			return c, err
		}}
	}},
	{"History", "returns the oldest first", func() manage.Store {
		return &funcs{history: func(s manage.Store, ctx context.Context, account, id string, limit int) ([]manage.Change, error) {
			c, err := s.History(ctx, account, id, limit)
			slices.Reverse(c)
			return c, err
		}}
	}},
	{"Copies", "returns its own pointers", func() manage.Store {
		var mu sync.Mutex
		known := map[int64]manage.Change{}
		return &funcs{changes: func(s manage.Store, ctx context.Context, after int64, limit int) ([]manage.Change, error) {
			changes, err := s.Changes(ctx, after, limit)
			mu.Lock()
			defer mu.Unlock()
			for i, c := range changes {
				if k, ok := known[c.Sequence]; ok {
					changes[i] = k
				}
				known[c.Sequence] = changes[i]
			}
			return changes, err
		}}
	}},
	{"Literal", "trims text", rewrite(strings.TrimSpace)},
	{"Unstorable", "drops what it cannot keep", rewrite(func(text string) string {
		return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	})},
	{"WaitBehind", "waits for the next change only", func() manage.Store {
		return &funcs{wait: func(s manage.Store, ctx context.Context, _ int64) error {
			_, n, err := s.Load(ctx)
			if err != nil {
				return err
			}
			return s.Wait(ctx, n)
		}}
	}},
	{"WaitWakes", "wakes late", func() manage.Store {
		return &funcs{wait: func(s manage.Store, ctx context.Context, after int64) error {
			err := s.Wait(ctx, after)
			time.Sleep(1100 * time.Millisecond)
			return err
		}}
	}},
	{"WaitEnds", "does not wait", func() manage.Store {
		return &funcs{wait: func(manage.Store, context.Context, int64) error { return nil }}
	}},
	{"Cancelled", "does not look at the context", func() manage.Store {
		return &funcs{create: func(s manage.Store, ctx context.Context, user string, r manage.Record) (manage.Record, error) {
			return s.Create(context.WithoutCancel(ctx), user, r)
		}}
	}},
	{"CancelledMeanwhile", "undoes a change whose context has ended", func() manage.Store {
		return &funcs{create: func(s manage.Store, ctx context.Context, user string, r manage.Record) (manage.Record, error) {
			kept, err := s.Create(context.WithoutCancel(ctx), user, r)
			time.Sleep(time.Millisecond)
			if err == nil && ctx.Err() != nil {
				_, err = s.Delete(context.WithoutCancel(ctx), user, r.Account, r.ID, 0)
				return manage.Record{}, errors.Join(ctx.Err(), err)
			}
			return kept, err
		}}
	}},
	{"Linear", "loads what was there a while ago", func() manage.Store {
		var mu sync.Mutex
		var old []manage.Record
		var sequence int64
		calls := 0
		return &funcs{load: func(s manage.Store, ctx context.Context) ([]manage.Record, int64, error) {
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls%5 == 0 {
				return old, sequence, nil
			}
			r, n, err := s.Load(ctx)
			if err == nil {
				old, sequence = r, n
			}
			return r, n, err
		}}
	}},
	{"Many", "loads a page only", func() manage.Store {
		return &funcs{load: func(s manage.Store, ctx context.Context) ([]manage.Record, int64, error) {
			r, n, err := s.Load(ctx)
			return r[:min(len(r), 256)], n, err
		}}
	}},
}

func blindUpdate() manage.Store {
	return &funcs{update: func(s manage.Store, ctx context.Context, user string, r manage.Record, _ int64) (manage.Record, error) {
		return s.Update(ctx, user, r, 0)
	}}
}

func overwrite() manage.Store {
	return &funcs{create: func(s manage.Store, ctx context.Context, user string, r manage.Record) (manage.Record, error) {
		kept, err := s.Create(ctx, user, r)
		var taken *manage.TakenError
		if errors.As(err, &taken) && taken.Field == "id" {
			return s.Update(ctx, user, r, 0)
		}
		return kept, err
	}}
}

func rewrite(f func(string) string) func() manage.Store {
	return func() manage.Store {
		return &funcs{create: func(s manage.Store, ctx context.Context, user string, r manage.Record) (manage.Record, error) {
			r.Account, r.ID, r.Path, r.Handler = f(r.Account), f(r.ID), f(r.Path), f(r.Handler)
			return s.Create(ctx, f(user), r)
		}}
	}
}

// funcs is a store in memory of which some methods are replaced.
type funcs struct {
	manage.Store
	load    func(s manage.Store, ctx context.Context) ([]manage.Record, int64, error)
	create  func(s manage.Store, ctx context.Context, user string, r manage.Record) (manage.Record, error)
	update  func(s manage.Store, ctx context.Context, user string, r manage.Record, revision int64) (manage.Record, error)
	delete  func(s manage.Store, ctx context.Context, user, account, id string, revision int64) (manage.Change, error)
	changes func(s manage.Store, ctx context.Context, after int64, limit int) ([]manage.Change, error)
	wait    func(s manage.Store, ctx context.Context, after int64) error
	history func(s manage.Store, ctx context.Context, account, id string, limit int) ([]manage.Change, error)
}

func (f *funcs) Load(ctx context.Context) ([]manage.Record, int64, error) {
	if f.load == nil {
		return f.Store.Load(ctx)
	}
	return f.load(f.Store, ctx)
}

func (f *funcs) Create(ctx context.Context, user string, r manage.Record) (manage.Record, error) {
	if f.create == nil {
		return f.Store.Create(ctx, user, r)
	}
	return f.create(f.Store, ctx, user, r)
}

func (f *funcs) Update(ctx context.Context, user string, r manage.Record, revision int64) (manage.Record, error) {
	if f.update == nil {
		return f.Store.Update(ctx, user, r, revision)
	}
	return f.update(f.Store, ctx, user, r, revision)
}

func (f *funcs) Delete(ctx context.Context, user, account, id string, revision int64) (manage.Change, error) {
	if f.delete == nil {
		return f.Store.Delete(ctx, user, account, id, revision)
	}
	return f.delete(f.Store, ctx, user, account, id, revision)
}

func (f *funcs) Changes(ctx context.Context, after int64, limit int) ([]manage.Change, error) {
	if f.changes == nil {
		return f.Store.Changes(ctx, after, limit)
	}
	return f.changes(f.Store, ctx, after, limit)
}

func (f *funcs) Wait(ctx context.Context, after int64) error {
	if f.wait == nil {
		return f.Store.Wait(ctx, after)
	}
	return f.wait(f.Store, ctx, after)
}

func (f *funcs) History(ctx context.Context, account, id string, limit int) ([]manage.Change, error) {
	if f.history == nil {
		return f.Store.History(ctx, account, id, limit)
	}
	return f.history(f.Store, ctx, account, id, limit)
}

// faultVariable has the fault with which a started test binary tests a store.
const faultVariable = "ENDPOINT_STORETEST_FAULT"

// Each test of the suite notices a store that breaks its sentence. The suite
// runs in a process of its own, because it fails.
func TestFaults(t *testing.T) {
	if name := os.Getenv(faultVariable); name != "" {
		storetest.Test(t, func(*testing.T) func() manage.Store {
			i := slices.IndexFunc(faults, func(f faulty) bool { return f.name == name })
			s := faults[i].store()
			s.(*funcs).Store = manage.Memory()
			return func() manage.Store { return s }
		})
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			cmd := exec.Command(self, "-test.run", "^TestFaults$/^"+f.name+"$")
			cmd.Env = append(os.Environ(), faultVariable+"="+f.name, "ENDPOINT_SOAK=")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestFaults/"+f.name) {
				t.Errorf("a store that %s passes: %v\n%s", f.fault, err, out)
			}
		})
	}
}
