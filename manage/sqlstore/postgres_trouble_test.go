package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/sqlstore"
)

// tooLong is how long a call may take when the server does not answer.
const tooLong = 3 * time.Second

// recovery is how soon calls succeed when the server is back.
const recovery = 2 * time.Second

func TestPostgresRefuses(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct{ reason, dsn, want string }{
		{"nothing is named", "", "write postgres://"},
		{"not a DSN", "postgres://user:secret@host:port/db", "cannot be read"},
		{"values would be put into statements", "postgres://user:secret@127.0.0.1/db?default_query_exec_mode=simple_protocol", "default_query_exec_mode"},
		{"nobody listens", "postgres://user:secret@" + freeAddress(t) + "/db", "refused"},
	} {
		start := time.Now()
		s, err := sqlstore.Postgres(t.Context(), c.dsn)
		if err == nil {
			s.Close()
			t.Errorf("%s: %q was opened", c.reason, c.dsn)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %q must say %q and no password", c.reason, err, c.want)
		}
		if took := time.Since(start); took > tooLong {
			t.Errorf("%s: refused after %v", c.reason, took)
		}
	}
}

// freeAddress returns an address on which nobody listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestPostgresRefusesContent(t *testing.T) {
	for _, c := range []struct{ reason, edit, want string }{
		{"a newer program wrote it", "UPDATE endpoint_schema SET version = 99", "run a newer program"},
		{"a record is not what its change made it", "UPDATE endpoint_records SET handler = 'x' WHERE id = '9'", `endpoint "9" of account "a0"`},
		{"a record was removed", "DELETE FROM endpoint_records WHERE id = '9'", "by the audit trail"},
		{"the end of the trail was removed", "DELETE FROM endpoint_changes WHERE sequence = 61", "audit trail"},
		{"the sequence went back", "UPDATE endpoint_state SET sequence = 3", "audit trail"},
		{"the state was removed", "DELETE FROM endpoint_state", "no row"},
		{"a table was removed", "DROP TABLE endpoint_tokens", "endpoint_tokens"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			leak.Check(t)
			dsn := newSchema(t)
			s, err := sqlstore.Postgres(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			fill(t, s)
			if _, err := s.Delete(t.Context(), "u", "a1", "1", 0); err != nil { // the last line of the trail
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			postgresExec(t, dsn, c.edit)
			s, err = sqlstore.Postgres(t.Context(), dsn)
			if err == nil {
				s.Close()
				t.Fatal("the database was opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
	t.Run("no schema", func(t *testing.T) {
		s, err := sqlstore.Postgres(t.Context(), withParameter(t, newSchema(t), "search_path", "endpoint_missing"))
		if err == nil {
			s.Close()
			t.Fatal("the database was opened")
		}
		if !strings.Contains(err.Error(), "search_path") {
			t.Errorf("error %q does not name search_path", err)
		}
	})
}

// Replicas that start together on an empty schema all get it.
func TestPostgresFirstTogether(t *testing.T) {
	leak.Check(t)
	dsn := newSchema(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s, err := sqlstore.Postgres(t.Context(), dsn)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if _, err := s.Create(t.Context(), "u", newRecord(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(records(t, openPostgres(t, dsn))); n != 8 {
		t.Errorf("%d records, want 8", n)
	}
}

func newRecord(i int) manage.Record {
	return manage.Record{Account: "a", ID: strconv.Itoa(i), Path: strconv.Itoa(i)}
}

// Connections that the server ends are made anew, and nobody notices.
func TestPostgresTerminated(t *testing.T) {
	leak.Check(t)
	dsn := newSchema(t)
	name := "endpoint test " + dsn[len(dsn)-12:]
	s := openPostgres(t, withParameter(t, dsn, "application_name", name))
	other := openPostgres(t, dsn)
	for i := range 5 {
		var wg sync.WaitGroup // several connections are open
		for range 4 {
			wg.Go(func() { _, _ = s.Changes(t.Context(), 0, 1) })
		}
		wg.Wait()
		postgresExec(t, dsn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '"+name+"'")
		kept, err := s.Create(t.Context(), "u", newRecord(i))
		if err != nil {
			t.Fatalf("Create after all connections were ended: %v", err)
		}
		waitFor(t, s, func() error { _, err := other.Update(t.Context(), "u", kept, kept.Revision); return err })
	}
	if n := len(records(t, s)); n != 5 {
		t.Errorf("%d records, want 5", n)
	}
}

// waitFor checks that a store sees a change within a second.
func waitFor(t *testing.T, s manage.Store, change func() error) {
	t.Helper()
	_, after, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	woken := make(chan error, 1)
	go func() { woken <- s.Wait(ctx, after) }()
	if err := change(); err != nil {
		t.Error(err)
		cancel()
	}
	start := time.Now()
	if err := <-woken; err != nil {
		t.Errorf("Wait: %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the change was seen after %v", took)
	}
}

// The connection breaks after any number of bytes of a change: it is made whole
// or not at all, is there if it was acknowledged, and the next call succeeds.
func TestPostgresCut(t *testing.T) {
	leak.Check(t)
	dsn := newSchema(t)
	direct := openPostgres(t, dsn)
	p, through := startProxy(t, dsn)
	s := openPostgres(t, through)
	for i := range 3 { // statements are prepared once
		if _, err := s.Create(t.Context(), "u", newRecord(-i-1)); err != nil {
			t.Fatal(err)
		}
	}
	p.watch(nil, nil)
	if _, err := s.Create(t.Context(), "u", newRecord(-9)); err != nil {
		t.Fatal(err)
	}
	sent, received := p.counts()
	outcomes := map[string]int{}
	const steps = 24
	for i := range 2 * steps {
		cutAt := func(limit int) func(*proxy, int) {
			var once sync.Once
			return func(p *proxy, total int) {
				if total >= limit {
					once.Do(p.cut)
				}
			}
		}
		if i < steps {
			p.watch(cutAt(1+i*sent/steps), nil)
		} else {
			p.watch(nil, cutAt(1+(i-steps)*received/steps))
		}
		kept, err := s.Create(t.Context(), "u", newRecord(i))
		p.watch(nil, nil)
		history, herr := direct.History(t.Context(), "a", strconv.Itoa(i), 10)
		if herr != nil {
			t.Fatal(herr)
		}
		outcomes[fmt.Sprintf("error %t, made %d", err != nil, len(history))]++
		if len(history) > 1 || err == nil && (len(history) != 1 || history[0].Sequence != kept.Revision) {
			t.Errorf("cut %d: Create returned %+v, %v; the trail has %v", i, kept, err, history)
		}
		if _, err := s.Create(t.Context(), "u", newRecord(1000+i)); err != nil {
			t.Errorf("after cut %d: %v", i, err)
		}
	}
	t.Log(outcomes)
	if outcomes["error true, made 0"] == 0 {
		t.Error("no change failed, so nothing was cut")
	}
}

// A server that does not answer is an error within three seconds, and nothing
// is lost or needs to be opened anew when it answers again.
func TestPostgresSilent(t *testing.T) {
	leak.Check(t)
	dsn := newSchema(t)
	direct := openPostgres(t, dsn)
	p, through := startProxy(t, dsn)
	s := openPostgres(t, through)
	token, err := s.AddToken(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := s.Create(t.Context(), "u", newRecord(0))
	if err != nil {
		t.Fatal(err)
	}
	p.set(false, true)
	allFail(t, s, tooLong)
	if account, err := s.Account(t.Context(), token); account != "a" || err != nil {
		t.Errorf("a known token while the server is silent: %q, %v", account, err)
	}
	if _, err := s.Account(t.Context(), "new"); err == nil || errors.Is(err, sqlstore.ErrUnknownToken) {
		t.Errorf("an unknown token while the server is silent: %v, want an error that does not judge it", err)
	}
	changed, err := direct.Update(t.Context(), "u", kept, 0)
	if err != nil {
		t.Fatal(err)
	}
	p.set(false, false) // the old connections stay silent
	recovers(t, s, 10)
	changes, err := s.Changes(t.Context(), kept.Revision, 1)
	if err != nil || len(changes) != 1 || changes[0].Sequence != changed.Revision {
		t.Errorf("Changes after the silence: %+v, %v; want the change meanwhile", changes, err)
	}
	waitFor(t, s, func() error { _, err := direct.Create(t.Context(), "u", newRecord(11)); return err })
}

// A server that stops to answer amid a call is an error in time, too.
func TestPostgresSilentAmid(t *testing.T) {
	leak.Check(t)
	// The server shall not end the connection for us.
	dsn := withParameter(t, newSchema(t), "idle_in_transaction_session_timeout", "0")
	dsn = withParameter(t, dsn, "pool_max_conns", "1") // so that statements are prepared once
	if _, err := openPostgres(t, dsn).Create(t.Context(), "u", newRecord(1)); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func(s *sqlstore.Store) error{
		"Update": func(s *sqlstore.Store) error { _, err := s.Update(t.Context(), "u", newRecord(1), 0); return err },
		"Load":   func(s *sqlstore.Store) error { _, _, err := s.Load(t.Context()); return err },
	} {
		p, through := startProxy(t, dsn)
		s := openPostgres(t, through)
		// How long the answers are, when the statements are prepared, and without
		// the notifications that come now and then.
		received := 1 << 20
		for range 8 {
			p.watch(nil, nil)
			if err := do(s); err != nil {
				t.Fatal(err)
			}
			_, n := p.counts()
			received = min(received, n)
		}
		var after atomic.Int64
		for _, part := range []int{2, 3} {
			after.Store(int64(received * part / 4))
			p.watch(nil, func(p *proxy, total int) {
				if int64(total) >= after.Load() {
					p.set(false, true)
				}
			})
			start := time.Now()
			err := do(s)
			took := time.Since(start)
			if err == nil || took > tooLong {
				t.Errorf("%s, silent after %d of %d bytes: %v after %v", name, after.Load(), received, err, took)
			}
			p.watch(nil, nil)
			p.set(false, false)
			p.cut()
		}
	}
}

// allFail makes every call that needs the server, all at a time.
func allFail(t *testing.T, s *sqlstore.Store, limit time.Duration) {
	t.Helper()
	ctx := t.Context()
	var wg sync.WaitGroup
	for name, do := range map[string]func() error{
		"Load":    func() error { _, _, err := s.Load(ctx); return err },
		"Create":  func() error { _, err := s.Create(ctx, "u", newRecord(100)); return err },
		"Update":  func() error { _, err := s.Update(ctx, "u", newRecord(0), 0); return err },
		"Delete":  func() error { _, err := s.Delete(ctx, "u", "a", "0", 0); return err },
		"Changes": func() error { _, err := s.Changes(ctx, 0, 1); return err },
		"History": func() error { _, err := s.History(ctx, "a", "0", 1); return err },
		"Wait":    func() error { return s.Wait(ctx, 1<<40) },
	} {
		wg.Go(func() {
			start := time.Now()
			err := do()
			var taken *manage.TakenError
			if err == nil || errors.Is(err, manage.ErrNotFound) || errors.As(err, &taken) {
				t.Errorf("%s without a server: %v", name, err)
			}
			if took := time.Since(start); took > limit {
				t.Errorf("%s failed after %v, want %v: %v", name, took, limit, err)
			}
		})
	}
	wg.Wait()
}

// recovers checks that a change is possible soon.
func recovers(t *testing.T, s *sqlstore.Store, i int) {
	t.Helper()
	start := time.Now()
	for {
		_, err := s.Create(t.Context(), "u", newRecord(i))
		var taken *manage.TakenError
		if err == nil || errors.As(err, &taken) { // it was made by a try whose answer got lost
			break
		}
		if time.Since(start) > recovery {
			t.Errorf("the store does not recover: %v", err)
			return
		}
	}
	if took := time.Since(start); took > recovery {
		t.Errorf("the store recovered after %v", took)
	}
}

// A replica that freezes amid a change keeps the others out only briefly.
func TestPostgresFrozenReplica(t *testing.T) {
	leak.Check(t)
	dsn := newSchema(t)
	direct := openPostgres(t, dsn)
	p, through := startProxy(t, withParameter(t, dsn, "pool_max_conns", "1"))
	s := openPostgres(t, through)
	for i := range 2 { // to know how long the answers are, when the statements are prepared
		p.watch(nil, nil)
		if _, err := s.Create(t.Context(), "u", newRecord(-i)); err != nil {
			t.Fatal(err)
		}
	}
	_, received := p.counts()
	var frozen atomic.Bool
	p.watch(nil, func(p *proxy, total int) {
		if total > received/2 && frozen.CompareAndSwap(false, true) { // it has the lock
			p.set(false, true)
		}
	})
	done := make(chan error, 1)
	go func() {
		_, err := s.Create(t.Context(), "u", newRecord(1))
		done <- err
	}()
	for deadline := time.Now().Add(5 * time.Second); !frozen.Load() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if !frozen.Load() {
		t.Fatal("the replica did not freeze")
	}
	start := time.Now()
	var err error
	for i := range 3 {
		if _, err = direct.Create(t.Context(), "u", newRecord(2+i)); err == nil {
			break
		}
	}
	t.Logf("the others change again after %v", time.Since(start))
	if err != nil {
		t.Errorf("the others are kept out for %v: %v", time.Since(start), err)
	}
	if err := <-done; err == nil {
		t.Error("Create of the frozen replica returned nil")
	}
}

// A lock on the state by a session that forgot it is an error in time, and
// reads go on.
func TestPostgresLocked(t *testing.T) {
	leak.Check(t)
	dsn := newSchema(t)
	s := openPostgres(t, dsn)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "BEGIN; UPDATE endpoint_state SET sequence = sequence"); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := s.Create(t.Context(), "u", newRecord(0)); err == nil {
		t.Error("Create succeeded")
	}
	if took := time.Since(start); took > tooLong {
		t.Errorf("Create failed after %v", took)
	}
	if got := records(t, s); len(got) != 0 {
		t.Errorf("%d records", len(got))
	}
	if _, err := conn.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	recovers(t, s, 0)
}

// A start with 10,000 endpoints is quick.
func TestPostgresStart(t *testing.T) {
	leak.Check(t)
	dsn := newSchema(t)
	if err := openPostgres(t, dsn).Close(); err != nil {
		t.Fatal(err)
	}
	for _, statement := range manyRecords {
		postgresExec(t, dsn, statement)
	}
	start := time.Now()
	list := records(t, openPostgres(t, dsn))
	took := time.Since(start)
	t.Logf("%d records opened and loaded in %v", len(list), took)
	if len(list) != 10_000 || took > startLimit {
		t.Errorf("%d records in %v, want 10000 within %v", len(list), took, startLimit)
	}
}

// In two stores the same changes leave the same records and trail.
func TestStoresAgree(t *testing.T) {
	dsn := newSchema(t)
	stores := []manage.Store{openPostgres(t, dsn), openSQLite(t, t.TempDir()+"/x.db")}
	var trails [][]manage.Change
	for _, s := range stores {
		fill(t, s)
		changes, err := s.Changes(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range changes {
			changes[i].Time = time.Time{}
			for _, r := range []*manage.Record{changes[i].Before, changes[i].After} {
				if r != nil {
					r.Modified = time.Time{}
				}
			}
		}
		trails = append(trails, changes)
	}
	if diff := cmp.Diff(trails[0], trails[1]); diff != "" {
		t.Errorf("trails (-PostgreSQL +SQLite):\n%s", diff)
	}
}
