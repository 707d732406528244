package sqlstore_test

import (
	"bytes"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/seed217079a1/endpoint/internal/leak"
	"github.com/seed217079a1/endpoint/manage"
	"github.com/seed217079a1/endpoint/manage/sqlstore"
)

// fill makes changes of all kinds and returns what is left.
func fill(t testing.TB, s manage.Store) []manage.Record {
	t.Helper()
	for i := range 40 {
		r := manage.Record{Account: "a" + strconv.Itoa(i%3), ID: strconv.Itoa(i), Path: "p" + strconv.Itoa(i), Handler: strings.Repeat("h", 1+i*5)}
		kept, err := s.Create(t.Context(), "alice", r)
		if err == nil && i%4 == 1 {
			_, err = s.Update(t.Context(), "bob", r, kept.Revision)
		}
		if err == nil && i%4 == 2 {
			_, err = s.Delete(t.Context(), "carol", r.Account, r.ID, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return records(t, s)
}

func records(t testing.TB, s manage.Store) []manage.Record {
	t.Helper()
	list, _, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// filledFile returns the path of a closed database with changes of all kinds,
// and what is in it.
func filledFile(t testing.TB) (string, []manage.Record) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "endpoints.db")
	s, err := sqlstore.SQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	list := fill(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path, list
}

// edit runs statements on a file, as another program could.
func edit(t testing.TB, path string, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
}

func TestSQLiteRefusesPath(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ reason, path, want string }{
		{"nothing is named", "", "name one"},
		{"nothing would be kept", ":memory:", "keeps nothing"},
		{"a URI has parameters that undo what is set here", "file:x.db?mode=memory", "write the path alone"},
		{"no file system has such a name", "a\x00b", "NUL"},
		{"a directory", dir, "not a file"},
		{"a directory that is missing", filepath.Join(dir, "missing", "x.db"), "missing"},
	} {
		s, err := sqlstore.SQLite(t.Context(), c.path)
		if err == nil {
			s.Close()
			t.Errorf("%s: %q was opened", c.reason, c.path)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q does not say %q", c.reason, err, c.want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files were left behind: %v, %v", left, err)
	}
}

func TestSQLiteRefusesContent(t *testing.T) {
	for _, c := range []struct{ reason, edit, want string }{
		{"a newer program wrote it", "PRAGMA user_version = 99", "run a newer program"},
		{"another program has the mark", "PRAGMA application_id = 1", "another program"},
		{"another program without a mark", "PRAGMA application_id = 0", "another program"},
		{"a record is not what its change made it", "UPDATE endpoint_records SET handler = 'x' WHERE id = '9'", `endpoint "9" of account "a0"`},
		{"a record of another revision", "UPDATE endpoint_records SET revision = 1 WHERE id = '9'", `endpoint "9" of account "a0"`},
		{"a record was removed", "DELETE FROM endpoint_records WHERE id = '9'", "by the audit trail"},
		{"a record came from nowhere", "INSERT INTO endpoint_records VALUES ('a', 'b', 'c', 'd', 1, 1, 1)", "by the audit trail"},
		{"a line of the trail was removed", "DELETE FROM endpoint_changes WHERE sequence = 3", "audit trail"},
		{"the end of the trail was removed", "DELETE FROM endpoint_changes WHERE sequence > 40", "audit trail"},
		{"the sequence went back", "UPDATE endpoint_state SET sequence = 3", "audit trail"},
		{"the state was removed", "DELETE FROM endpoint_state", "no row"},
		{"a table was removed", "DROP TABLE endpoint_tokens", "endpoint_tokens"},
		{"a value that no change writes", "PRAGMA ignore_check_constraints = 1; UPDATE endpoint_records SET enabled = 7 WHERE id = '9'", "damaged"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			leak.Check(t)
			path, _ := filledFile(t)
			edit(t, path, c.edit)
			refuses(t, path, c.want)
		})
	}
}

// refuses checks that a file is not opened, and not changed.
func refuses(t *testing.T, path, want string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlstore.SQLite(t.Context(), path)
	if err == nil {
		s.Close()
		t.Fatal("the file was opened")
	}
	if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %q does not say %q and %q", err, want, path)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

func TestSQLiteRefusesFile(t *testing.T) {
	whole, _ := filledFile(t)
	good, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		reason string
		data   []byte
		want   string
	}{
		{"a short text", []byte("hello"), "not a database"},
		{"a long text", bytes.Repeat([]byte("hello\n"), 2000), "not a database"},
		{"zeros", make([]byte, 1<<16), "not a database"},
		{"cut in half", good[:len(good)/2], "damaged"},
		{"the last page cut off", good[:len(good)-4096], "damaged"},
		{"a page of zeros", slicesReplace(good, 4096, make([]byte, 4096)), "damaged"},
		{"a page of noise", slicesReplace(good, 3*4096, bytes.Repeat([]byte{0xa5}, 4096)), "damaged"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.db")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			refuses(t, path, c.want)
		})
	}
}

// slicesReplace returns data with other bytes from an index on.
func slicesReplace(data []byte, at int, with []byte) []byte {
	data = bytes.Clone(data)
	copy(data[at:], with)
	return data
}

// A file with damage anywhere is refused, or the damage is where no record is.
func TestSQLiteDamage(t *testing.T) {
	path, want := filledFile(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	refused := 0
	for i := range 300 {
		bad := bytes.Clone(good)
		at, n := random.IntN(len(bad)), 1+random.IntN(16)
		for j := at; j < min(at+n, len(bad)); j++ {
			bad[j] ^= byte(1 + random.IntN(255))
		}
		damaged := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(damaged, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := sqlstore.SQLite(t.Context(), damaged)
		if err != nil {
			refused++
			continue
		}
		got, _, err := s.Load(t.Context())
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			t.Errorf("damage %d, %d bytes at %d, is served (-want +got):\n%s", i, n, at, diff)
		}
		s.Close()
	}
	t.Logf("%d of 300 refused", refused)
	if refused < 50 {
		t.Errorf("only %d of 300 damaged files were refused", refused)
	}
}

func TestSQLiteReopen(t *testing.T) {
	leak.Check(t)
	path, want := filledFile(t)
	for range 3 {
		s, err := sqlstore.SQLite(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, records(t, s)); diff != "" {
			t.Errorf("after opening again (-want +got):\n%s", diff)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, _, err := s.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("Load after Close: %v", err)
		}
		if err := s.Wait(t.Context(), 1<<40); err == nil {
			t.Error("Wait after Close returned nil")
		}
	}
}

// Only the user who runs the program reads the files.
func TestSQLiteMode(t *testing.T) {
	dir := t.TempDir()
	openSQLite(t, filepath.Join(dir, "x.db"))
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 {
		t.Fatalf("files %v, %v; want the database, its log and its index", files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
}

// Several who make one file at a time all get it.
func TestSQLiteFirstTogether(t *testing.T) {
	leak.Check(t)
	for range 5 {
		path := filepath.Join(t.TempDir(), "x.db")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				s, err := sqlstore.SQLite(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				if _, err := s.Create(t.Context(), "u", manage.Record{Account: "a", ID: strconv.Itoa(i), Path: strconv.Itoa(i)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(records(t, openSQLite(t, path))); n != 8 {
			t.Errorf("%d records, want 8", n)
		}
	}
}

// The lock of another process is waited for, but not for long, and no longer
// than the context lasts.
func TestSQLiteLocked(t *testing.T) {
	leak.Check(t)
	path, want := filledFile(t)
	s := openSQLite(t, path)
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	r := manage.Record{Account: "z", ID: "z", Path: "z"}
	if _, err := s.Create(t.Context(), "u", r); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("Create while the file is locked: %v", err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("Create failed after %v, want within 3 s", took)
	}
	if diff := cmp.Diff(want, records(t, s)); diff != "" {
		t.Errorf("Load while the file is locked (-want +got):\n%s", diff)
	}
	waited := make(chan error)
	go func() {
		_, err := s.Create(t.Context(), "u", r)
		waited <- err
	}()
	time.Sleep(100 * time.Millisecond) // it is likely to wait by now
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Errorf("Create after the lock was given back: %v", err)
	}
}

// FuzzSQLitePath checks that every name of a file is that file.
func FuzzSQLitePath(f *testing.F) {
	for _, name := range []string{"x", "a b", "a?mode=memory", "a%20b", "a#b", "a&b=c", "a;b", "'", `"`, "%", "%00", "ä", "\xff", "-", "~", "a:b", "\\", "\n"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || name == "." || name == ".." || len(name) > 200 || strings.ContainsAny(name, "/\x00") || os.PathSeparator != '/' {
			return
		}
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if _, err := openSQLite(t, path).Create(t.Context(), "u", manage.Record{Account: "a", ID: "x"}); err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range files {
			got = append(got, f.Name())
		}
		if diff := cmp.Diff([]string{name, name + "-shm", name + "-wal"}, got); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	})
}
