package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// sqliteApplication marks a file as ours: "endp" in ASCII.
const sqliteApplication = 0x656e6470

// sqliteSchema has one step for each version of the schema, which is the
// user_version of the file. A step that was released is never changed.
var sqliteSchema = []string{
	fmt.Sprintf(`PRAGMA application_id = %d;
	CREATE TABLE endpoint_state (
		one      INTEGER PRIMARY KEY CHECK (one = 1),
		sequence INTEGER NOT NULL, -- of the last change
		tokens   INTEGER NOT NULL  -- how often endpoint_tokens was changed
	) STRICT;
	INSERT INTO endpoint_state VALUES (1, 0, 0);
	CREATE TABLE endpoint_changes (
		sequence INTEGER PRIMARY KEY,
		time     INTEGER NOT NULL, -- microseconds since 1970
		username TEXT NOT NULL,
		action   TEXT NOT NULL CHECK (action IN ('create', 'update', 'delete')),
		account  TEXT NOT NULL,
		id       TEXT NOT NULL,
		path     TEXT,
		handler  TEXT,
		enabled  INTEGER CHECK (enabled IN (0, 1)),
		previous INTEGER REFERENCES endpoint_changes (sequence),
		CHECK ((action = 'create') = (previous IS NULL)),
		CHECK ((action = 'delete') = (path IS NULL)),
		CHECK ((action = 'delete') = (handler IS NULL)),
		CHECK ((action = 'delete') = (enabled IS NULL))
	) STRICT;
	CREATE INDEX endpoint_changes_of ON endpoint_changes (account, id, sequence);
	CREATE TABLE endpoint_records (
		account  TEXT NOT NULL,
		id       TEXT NOT NULL,
		path     TEXT NOT NULL,
		handler  TEXT NOT NULL,
		enabled  INTEGER NOT NULL CHECK (enabled IN (0, 1)),
		revision INTEGER NOT NULL REFERENCES endpoint_changes (sequence),
		modified INTEGER NOT NULL,
		PRIMARY KEY (account, id),
		UNIQUE (account, path)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE endpoint_tokens (
		hash    TEXT PRIMARY KEY, -- SHA-256 in hexadecimal
		account TEXT NOT NULL,
		created INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;`, sqliteApplication),
}

// sqlitePath makes a path absolute and refuses what SQLite would not take for
// a path.
func sqlitePath(path string) (string, error) {
	switch {
	case path == "":
		return "", errors.New("no path of an SQLite file; name one")
	case path == ":memory:":
		return "", errors.New(`":memory:" keeps nothing; use the store of package manage that is in memory, or name a file`)
	case strings.HasPrefix(path, "file:"):
		return "", fmt.Errorf("%q is a URI; write the path alone", path)
	case strings.ContainsRune(path, 0):
		return "", fmt.Errorf("path %q has a NUL", path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%q is not a file; name a file, which may not exist yet", path)
	}
	return path, nil
}

// openSQLite looks at the file before anything in it is changed.
func openSQLite(ctx context.Context, path string) (*sqliteFile, error) {
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	if err := inspect(ctx, path); err != nil {
		return nil, err
	}
	writer, err := openPool(path, writerBusy,
		"journal_mode(WAL)", "synchronous(FULL)", "fullfsync(1)", "foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	readers, err := openPool(path, readerBusy, "query_only(1)")
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	f := &sqliteFile{writer: writer, readers: readers}
	f.writer.SetMaxOpenConns(1)
	f.readers.SetMaxOpenConns(sqliteReaders)
	f.readers.SetMaxIdleConns(sqliteReaders)
	if err := f.migrate(ctx); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// createPrivate makes an empty file that only this user can read, if there is
// none. It is linked into its place after it was closed: to close a file drops
// the locks that SQLite has on it elsewhere in this process.
func createPrivate(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// inspect refuses a file that is not wholly ours.
func inspect(ctx context.Context, path string) error {
	db, err := openPool(path, readerBusy, "query_only(1)")
	if err != nil {
		return err
	}
	defer db.Close()
	var application, version, tables int
	err = db.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`).
		Scan(&application, &version, &tables)
	switch {
	case err != nil:
		return err
	case tables == 0 && application == 0:
		return nil // new
	case application != sqliteApplication:
		return errors.New("it is the database of another program; name another file")
	case version > len(sqliteSchema):
		return newer(version, len(sqliteSchema))
	}
	return quickCheck(ctx, db)
}

// newer refuses the schema of a later version.
func newer(version, known int) error {
	return fmt.Errorf("its schema has version %d, and this program knows up to %d; run a newer program", version, known)
}

// quickCheck reads the whole file.
func quickCheck(ctx context.Context, db *sql.DB) error {
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("the file is damaged; restore a backup: %s", strings.TrimSpace(found))
	}
	return nil
}

// migrate brings the schema up to date, each step in a transaction of its own.
func (f *sqliteFile) migrate(ctx context.Context) error {
	for {
		var version int
		err := f.write(ctx, func(ctx context.Context, t tx) error {
			if err := t.one(ctx, "PRAGMA user_version", nil, &version); err != nil || version >= len(sqliteSchema) {
				return err
			}
			return t.exec(ctx, fmt.Sprintf("%s PRAGMA user_version = %d", sqliteSchema[version], version+1))
		})
		if err != nil {
			return fmt.Errorf("schema: %w", err)
		}
		if version > len(sqliteSchema) {
			return newer(version, len(sqliteSchema))
		}
		if version == len(sqliteSchema) {
			return nil
		}
	}
}

// openPool opens connections to a file, which must exist.
func openPool(path string, busy time.Duration, pragmas ...string) (*sql.DB, error) {
	query := url.Values{"mode": {"rw"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds())}}
	query["_pragma"] = append(query["_pragma"], pragmas...)
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	connector, err := sqlite.NewConnector("file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}
