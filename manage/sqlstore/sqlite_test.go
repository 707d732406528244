package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/sqlstore"
	"github.com/seed217079a1/endpoint/manage/storetest"
)

func TestSQLite(t *testing.T) {
	storetest.Test(t, func(t *testing.T) func() manage.Store {
		leak.Check(t)
		path := filepath.Join(t.TempDir(), "endpoints.db")
		return func() manage.Store { return openSQLite(t, path) }
	})
}

// openSQLite opens a store that is closed when the test ends.
func openSQLite(t testing.TB, path string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.SQLite(t.Context(), path)
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
