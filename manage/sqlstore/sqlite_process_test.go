package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/sqlstore"
)

// writeUntilKilled makes changes, each by a user of its own, and acknowledges
// each of them with a line: its sequence and its user.
func writeUntilKilled(path string) error {
	ctx := context.Background()
	s, err := sqlstore.SQLite(ctx, path)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	random := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for i := 0; ; i++ {
		user := fmt.Sprintf("%d-%d", os.Getpid(), i)
		id := strconv.Itoa(random.IntN(50))
		sequence, err := changeOne(ctx, s, user, id, random.IntN(3))
		if err != nil {
			return err
		}
		fmt.Println(sequence, user)
	}
}

// changeOne changes an endpoint, and if that cannot be, makes it.
func changeOne(ctx context.Context, s manage.Store, user, id string, how int) (int64, error) {
	r := manage.Record{Account: "a", ID: id, Path: id, Handler: strings.Repeat(user, 20)}
	if how == 0 {
		if c, err := s.Delete(ctx, user, r.Account, r.ID, 0); !errors.Is(err, manage.ErrNotFound) {
			return c.Sequence, err
		}
	}
	kept, err := s.Update(ctx, user, r, 0)
	if errors.Is(err, manage.ErrNotFound) {
		kept, err = s.Create(ctx, user, r)
	}
	return kept.Revision, err
}

// A writer is killed at any instant: what it acknowledged is kept, and what it
// did not is kept whole or not at all.
func TestSQLiteKill(t *testing.T) {
	leak.Check(t)
	rounds := 20
	if os.Getenv("ENDPOINT_SOAK") == "1" {
		rounds = 300
	}
	path := filepath.Join(t.TempDir(), "x.db")
	random := rand.New(rand.NewPCG(3, 4))
	acknowledged := map[int64]string{}
	start := time.Now()
	var slowest time.Duration
	for round := range rounds {
		kill(t, startChild(t, "write", path), random, acknowledged)
		opened := time.Now()
		checkKilled(t, path, acknowledged, round+1)
		slowest = max(slowest, time.Since(opened))
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills, %d acknowledged changes, %v; the slowest look at them %v", rounds, len(acknowledged), time.Since(start), slowest)
	if len(acknowledged) < rounds {
		t.Errorf("only %d changes were acknowledged", len(acknowledged))
	}
}

// kill ends a writer at a random instant: one in four times while it opens the
// file, else after some changes.
func kill(t *testing.T, c *child, random *rand.Rand, acknowledged map[int64]string) {
	t.Helper()
	wait := time.Duration(random.Int64N(int64(100 * time.Millisecond)))
	if random.IntN(4) > 0 {
		wait /= 20
		for lines := 1 + random.IntN(20); lines > 0 && c.lines.Scan(); lines-- {
			acknowledge(c.lines.Text(), acknowledged)
		}
	}
	timer := time.AfterFunc(wait, func() { _ = c.Process.Kill() })
	defer timer.Stop()
	for c.lines.Scan() {
		acknowledge(c.lines.Text(), acknowledged)
	}
	_ = c.Wait() // killed
}

// acknowledge remembers what a writer said.
func acknowledge(line string, acknowledged map[int64]string) {
	sequence, user, ok := strings.Cut(line, " ")
	if n, err := strconv.ParseInt(sequence, 10, 64); ok && err == nil {
		acknowledged[n] = user // else it said that it is ready
	}
}

func checkKilled(t *testing.T, path string, acknowledged map[int64]string, kills int) {
	t.Helper()
	s, err := sqlstore.SQLite(t.Context(), path) // compares records and trail
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	changes, err := s.Changes(t.Context(), 0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	state := map[string]*manage.Record{}
	for i, c := range changes {
		if c.Sequence != int64(i+1) {
			t.Fatalf("change %d has sequence %d", i+1, c.Sequence)
		}
		if user, ok := acknowledged[c.Sequence]; ok {
			found++
			if user != c.User {
				t.Errorf("change %d is by %s, and was acknowledged to %s", c.Sequence, c.User, user)
			}
		}
		if diff := cmp.Diff(state[c.ID], c.Before); diff != "" {
			t.Errorf("change %d (-former +before):\n%s", c.Sequence, diff)
		}
		if state[c.ID] = c.After; c.After != nil && c.After.Handler != strings.Repeat(c.User, 20) {
			t.Errorf("change %d is half: %+v", c.Sequence, c.After)
		}
	}
	if found != len(acknowledged) {
		t.Errorf("%d of %d acknowledged changes are there", found, len(acknowledged))
	}
	if unknown := len(changes) - found; unknown > kills {
		t.Errorf("%d changes were not acknowledged after %d kills", unknown, kills)
	}
	for _, r := range records(t, s) {
		if diff := cmp.Diff(state[r.ID], &r); diff != "" {
			t.Errorf("record %s (-trail +record):\n%s", r.ID, diff)
		}
	}
}

// counts is how often each process of TestSQLiteProcesses counts.
const counts = 100

// countUp adds to the number that is the handler of the only record.
func countUp(path string) error {
	ctx := context.Background()
	s, err := sqlstore.SQLite(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	for range counts {
		if err := increment(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func increment(ctx context.Context, s manage.Store) error {
	for {
		list, _, err := s.Load(ctx)
		if err != nil {
			return err
		}
		r := list[0]
		n, err := strconv.Atoi(r.Handler)
		if err != nil {
			return err
		}
		r.Handler = strconv.Itoa(n + 1)
		if _, err := s.Update(ctx, "u", r, r.Revision); !errors.Is(err, manage.ErrStale) {
			return err
		}
	}
}

// Processes that share a file lose no update, and see those of the others
// within a second.
func TestSQLiteProcesses(t *testing.T) {
	leak.Check(t)
	path := filepath.Join(t.TempDir(), "x.db")
	s := openSQLite(t, path)
	first, err := s.Create(t.Context(), "u", manage.Record{Account: "a", ID: "x", Handler: "0"})
	if err != nil {
		t.Fatal(err)
	}
	processes := []*child{startChild(t, "count", path), startChild(t, "count", path), startChild(t, "count", path)}
	after := first.Revision
	for total := first.Revision + int64(len(processes)*counts); after < total; {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err := s.Wait(ctx, after)
		cancel()
		if err != nil {
			t.Fatalf("Wait after change %d: %v", after, err)
		}
		changes, err := s.Changes(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			// The time of a change is that of its begin, a little before others can see it.
			if late := time.Since(c.Time); late > 2*time.Second {
				t.Errorf("change %d was seen after %v", c.Sequence, late)
			}
			after = c.Sequence
		}
	}
	for _, p := range processes {
		p.all(t)
	}
	want := strconv.Itoa(len(processes) * counts)
	if got := records(t, s)[0].Handler; got != want {
		t.Errorf("counted to %s, want %s", got, want)
	}
}

// A start with 10,000 endpoints is quick.
func TestSQLiteStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s, err := sqlstore.SQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, statement := range manyRecords {
		edit(t, path, statement)
	}
	start := time.Now()
	list := records(t, openSQLite(t, path))
	took := time.Since(start)
	t.Logf("%d records opened and loaded in %v", len(list), took)
	if len(list) != 10_000 || took > startLimit {
		t.Errorf("%d records in %v, want 10000 within %v", len(list), took, startLimit)
	}
}

// startLimit is how long a start with 10,000 records may take: a second, and
// some more for the race detector on a busy machine.
const startLimit = 5 * time.Second

// manyRecords makes 10,000 records with two changes each, in both databases.
var manyRecords = []string{
	`INSERT INTO endpoint_changes WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		SELECT i, i, 'user', 'create', 'account' || i % 100, 'id' || i, 'path' || i, '/a/script.star', i > 0, NULL FROM n`,
	`INSERT INTO endpoint_changes
		SELECT sequence + 10000, time + 10000, username, 'update', account, id, path, handler, enabled, sequence FROM endpoint_changes`,
	`INSERT INTO endpoint_records
		SELECT account, id, path, handler, enabled, sequence, time FROM endpoint_changes WHERE sequence > 10000`,
	`UPDATE endpoint_state SET sequence = 20000`,
}
