package sqlstore_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/sqlstore"
	"github.com/seed217079a1/endpoint/manage/storetest"
)

// defaultPostgres is where a server is looked for.
const defaultPostgres = "postgres://postgres@127.0.0.1:5432/test"

func TestPostgres(t *testing.T) {
	storetest.Test(t, func(t *testing.T) func() manage.Store {
		leak.Check(t)
		dsn := newSchema(t)
		return func() manage.Store { return openPostgres(t, dsn) }
	})
}

// newSchema makes a schema of its own for a test and returns the DSN that leads
// to it. Without a server the test is skipped, but not in CI.
func newSchema(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("ENDPOINT_POSTGRES")
	if dsn == "" {
		dsn = defaultPostgres
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	switch {
	case err == nil:
	case os.Getenv("CI") != "" || os.Getenv("ENDPOINT_POSTGRES") != "":
		t.Fatalf("no PostgreSQL: %v", err)
	default:
		t.Skipf("no PostgreSQL on %s; start one, or set ENDPOINT_POSTGRES to its DSN", defaultPostgres)
	}
	defer conn.Close(context.Background())
	schema := "endpoint_" + strings.ToLower(rand.Text())
	if _, err := conn.Exec(ctx, "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { postgresExec(t, dsn, "DROP SCHEMA "+schema+" CASCADE") })
	return withParameter(t, dsn, "search_path", schema)
}

// withParameter adds a parameter to a DSN that is a URL.
func withParameter(t testing.TB, dsn, name, value string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		t.Fatalf("the DSN in ENDPOINT_POSTGRES must be a URL, as %s is", defaultPostgres)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// postgresExec runs a statement on a connection of its own, also after the
// test.
func postgresExec(t testing.TB, dsn, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

// openPostgres opens a store that is closed when the test ends.
func openPostgres(t testing.TB, dsn string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Postgres(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
