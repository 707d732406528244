package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// schema is all that the service keeps. The table of sessions is the only one
// that an existing service may have to add.
const schema = `
CREATE TABLE IF NOT EXISTS users (
	id    INTEGER PRIMARY KEY,
	name  TEXT NOT NULL UNIQUE,
	email TEXT NOT NULL,
	hash  TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS notes (
	id    INTEGER PRIMARY KEY AUTOINCREMENT,
	owner INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	text  TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS notes_owner ON notes (owner);
CREATE TABLE IF NOT EXISTS sessions (
	token  TEXT PRIMARY KEY,
	data   BLOB NOT NULL,
	expiry INTEGER NOT NULL -- Unix time in milliseconds
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_expiry ON sessions (expiry);
`

// openDatabase opens the SQLite file, which is made if there is none, and its
// tables. The empty file name is a database in memory, gone with the program.
func openDatabase(ctx context.Context, file string) (*sql.DB, error) {
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "foreign_keys(1)", "journal_mode(wal)", "synchronous(normal)"}}
	name := "file::memory:?" + pragmas.Encode()
	if file != "" {
		name = (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: pragmas.Encode()}).String()
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	if file == "" {
		db.SetMaxOpenConns(1) // each connection would have a memory of its own
		db.SetConnMaxIdleTime(0)
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open database %q: %w", file, err)
	}
	return db, nil
}
