package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresSchema has one step for each version of the schema, which is the row
// of endpoint_schema. A step that was released is never changed. Text is
// compared by its bytes, as SQLite does.
var postgresSchema = []string{
	`CREATE TABLE endpoint_state (
		one      INTEGER PRIMARY KEY CHECK (one = 1),
		sequence BIGINT NOT NULL,
		tokens   BIGINT NOT NULL
	);
	COMMENT ON COLUMN endpoint_state.sequence IS 'of the last change';
	COMMENT ON COLUMN endpoint_state.tokens IS 'how often endpoint_tokens was changed';
	INSERT INTO endpoint_state VALUES (1, 0, 0);
	CREATE TABLE endpoint_changes (
		sequence BIGINT PRIMARY KEY,
		time     BIGINT NOT NULL,
		username TEXT COLLATE "C" NOT NULL,
		action   TEXT COLLATE "C" NOT NULL CHECK (action IN ('create', 'update', 'delete')),
		account  TEXT COLLATE "C" NOT NULL,
		id       TEXT COLLATE "C" NOT NULL,
		path     TEXT COLLATE "C",
		handler  TEXT COLLATE "C",
		enabled  BOOLEAN,
		previous BIGINT REFERENCES endpoint_changes (sequence),
		CHECK ((action = 'create') = (previous IS NULL)),
		CHECK ((action = 'delete') = (path IS NULL)),
		CHECK ((action = 'delete') = (handler IS NULL)),
		CHECK ((action = 'delete') = (enabled IS NULL))
	);
	COMMENT ON COLUMN endpoint_changes.time IS 'microseconds since 1970: to_timestamp(time / 1e6)';
	CREATE INDEX endpoint_changes_of ON endpoint_changes (account, id, sequence);
	CREATE TABLE endpoint_records (
		account  TEXT COLLATE "C" NOT NULL,
		id       TEXT COLLATE "C" NOT NULL,
		path     TEXT COLLATE "C" NOT NULL,
		handler  TEXT COLLATE "C" NOT NULL,
		enabled  BOOLEAN NOT NULL,
		revision BIGINT NOT NULL REFERENCES endpoint_changes (sequence),
		modified BIGINT NOT NULL,
		PRIMARY KEY (account, id),
		UNIQUE (account, path)
	);
	CREATE TABLE endpoint_tokens (
		hash    TEXT COLLATE "C" PRIMARY KEY,
		account TEXT COLLATE "C" NOT NULL,
		created BIGINT NOT NULL
	);
	COMMENT ON COLUMN endpoint_tokens.hash IS 'SHA-256 in hexadecimal';`,
}

// migrationLock keeps out other replicas that start: "endp" in ASCII. A second
// key is the schema.
const migrationLock = 0x656e6470

// migrationTime is how long a start waits for the start of another replica.
const migrationTime = time.Minute

// migrate brings the schema up to date, all steps in one transaction.
func (p *postgres) migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, migrationTime)
	defer cancel()
	err := p.transact(ctx, pgx.TxOptions{}, func(t pgx.Tx) error { return migrate(ctx, t) })
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, t pgx.Tx) error {
	var schema *string
	if err := t.QueryRow(ctx, `SELECT current_schema()`).Scan(&schema); err != nil {
		return err
	}
	if schema == nil {
		return errors.New("no schema of the search path exists; create it, or name another search_path in the DSN")
	}
	if _, err := t.Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2))`, migrationLock, *schema); err != nil {
		return err
	}
	version, err := schemaVersion(ctx, t, *schema)
	if err != nil {
		return err
	}
	if version > len(postgresSchema) {
		return newer(version, len(postgresSchema))
	}
	for _, step := range postgresSchema[version:] {
		if _, err := t.Exec(ctx, step); err != nil { // without arguments several statements are one
			return err
		}
	}
	_, err = t.Exec(ctx, `UPDATE endpoint_schema SET version = $1 WHERE version <> $1`, len(postgresSchema))
	return err
}

// schemaVersion returns 0 for a schema that has no tables of ours yet. The
// table is only made if it is missing, so that a program without the right to
// make tables can use those that exist.
func schemaVersion(ctx context.Context, t pgx.Tx, schema string) (version int, err error) {
	var exists bool
	err = t.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'endpoint_schema')`,
		schema).Scan(&exists)
	if err != nil {
		return 0, err
	}
	if !exists {
		_, err := t.Exec(ctx, `CREATE TABLE endpoint_schema (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL);
			INSERT INTO endpoint_schema VALUES (1, 0)`)
		return 0, err
	}
	err = t.QueryRow(ctx, `SELECT version FROM endpoint_schema`).Scan(&version)
	return version, err
}
