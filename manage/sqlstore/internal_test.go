package sqlstore

import (
	"path/filepath"
	"strings"
	"testing"
)

// Acknowledged changes survive the loss of power only with these settings.
func TestSQLiteSettings(t *testing.T) {
	f, err := openSQLite(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for _, c := range []struct{ reason, pragma, want string }{
		{"readers do not block writers", "journal_mode", "wal"},
		{"every commit reaches the disk", "synchronous", "2"},
		{"macOS needs more than fsync", "fullfsync", "1"},
		{"revisions are lines of the trail", "foreign_keys", "1"},
		{"the file is marked as ours", "application_id", "1701733488"},
		{"its schema is known", "user_version", "1"},
	} {
		var got string
		if err := f.writer.QueryRow("PRAGMA " + c.pragma).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: %s is %s, %v; want %s", c.reason, c.pragma, got, err, c.want)
		}
	}
	if _, err := f.readers.Exec("DELETE FROM endpoint_state"); err == nil {
		t.Error("a reader wrote")
	}
}

// FuzzPostgresDSN checks that a DSN is taken or refused, and that no error has
// its password.
func FuzzPostgresDSN(f *testing.F) {
	for _, dsn := range []string{
		"", "postgres://", "postgres://u@h/d", "host=h user=u dbname=d", "postgres://u@h:99999/d", "x=", "postgres://u@h/d?connect_timeout=x",
		"postgres://u@h/d?default_query_exec_mode=simple_protocol", "postgres://u@h/d?pool_max_conns=0", "host='", "postgres://[::1/d",
	} {
		f.Add(dsn)
	}
	const secret = "hunter2secret"
	f.Fuzz(func(t *testing.T, dsn string) {
		for _, dsn := range []string{
			dsn,
			strings.Replace(dsn, "u@", "u:"+secret+"@", 1),
			dsn + " password=" + secret,
		} {
			config, err := postgresConfig(dsn)
			if (config == nil) != (err != nil) {
				t.Fatalf("%q: %v, %v", dsn, config, err)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("error %q has the password", err)
			}
			if err == nil && (config.ConnConfig.ConnectTimeout == 0 || config.ConnConfig.ConnectTimeout > patience) {
				t.Errorf("%q: a connection may take %v", dsn, config.ConnConfig.ConnectTimeout)
			}
		}
	})
}
